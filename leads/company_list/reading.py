"""Open a company list by what the file really is; its name decides nothing."""

from __future__ import annotations

import mmap
from itertools import islice
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from leads.company_list.header import find_mapping
from leads.company_list.messages import UnreadableFile
from leads.company_list.tables import Row, Table
from leads.company_list.text_table import TextTable
from leads.company_list.workbook import Workbook

HEAD_ROWS = 100  # enough to find the header and to judge columns by content
MAX_SHEETS_TRIED = 20

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"BM", "image"),
    (b"RIFF", "image"),
    (b"II*\0", "image"),
    (b"MM\0*", "image"),
    (b"\x1f\x8b", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ", "archive"),
)
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<table", b"<meta", b"<?xml", b"<script", b"<div", b"<style")


def open_table(path: Path | str, filename: str = "", sheet: str = "") -> Table:
    """The table in `path`: XLSX, CSV, TSV or other delimited text.

    Of a workbook without `sheet`, the first visible sheet with a company column and a domain column is taken, else
    the first with text. `filename` is what the person called the file; it is used for nothing but symmetry with
    uploads and never trusted. Raises UnreadableFile with a code of `messages.FILE_ERRORS`; OSError when the file is gone.
    """
    path = Path(path)
    kind = _kind(path)
    if kind == "text":
        table: Table = TextTable(path)
        if not any(True for _ in table.rows()):
            raise UnreadableFile("empty")
        return table
    workbook = Workbook(path, sheet)
    if not sheet:
        workbook.select(_best_sheet(workbook))
    return workbook


def head(table: Table, count: int = HEAD_ROWS) -> list[Row]:
    """The first `count` rows with text."""
    return list(islice(table.rows(), count))


def _best_sheet(workbook: Workbook) -> str:
    first_with_text = ""
    for name in workbook.sheets[:MAX_SHEETS_TRIED]:
        workbook.select(name)
        rows = head(workbook)
        first_with_text = first_with_text or (name if rows else "")
        if rows and find_mapping(rows).names_companies:
            return name
    if not first_with_text:
        raise UnreadableFile("no_rows")
    return first_with_text


def _kind(path: Path) -> str:
    """ "text" or "xlsx"; raises UnreadableFile for every other content."""
    with path.open("rb") as file:
        start = file.read(4096)
    if not start:
        raise UnreadableFile("empty")
    if start.startswith(_OLE):
        raise UnreadableFile("password_protected" if _holds(path, "EncryptedPackage") else "old_excel")
    if start.startswith(b"PK"):
        return _kind_of_archive(path)
    for signature, code in _SIGNATURES:
        if start.startswith(signature) and (len(signature) > 3 or b"\0" in start or signature[0] > 127):
            raise UnreadableFile(code)
    if start.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_MARKUP):
        raise UnreadableFile("web_page")
    return "text"


def _kind_of_archive(path: Path) -> str:
    try:
        with ZipFile(path) as archive:
            names = set(archive.namelist())
    except (BadZipFile, ValueError, NotImplementedError) as error:
        raise UnreadableFile("damaged_workbook") from error
    if "xl/workbook.bin" in names:
        raise UnreadableFile("binary_excel")
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if "mimetype" in names and "content.xml" in names:
        raise UnreadableFile("open_document")
    if any(name.startswith(("word/", "ppt/")) for name in names):
        raise UnreadableFile("word_document")
    raise UnreadableFile("archive")


def _holds(path: Path, stream_name: str) -> bool:
    """Whether an OLE file has a stream of this name; names are stored in UTF-16."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(stream_name.encode("utf-16-le")) >= 0
