"""Open a company list by what the file really is; its name decides nothing."""

from __future__ import annotations

import math
import mmap
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice
from pathlib import Path

from leads.company_list.header import ColumnMapping, Role, find_mapping
from leads.company_list.messages import UnreadableFile
from leads.company_list.tables import MAX_FILE_BYTES, Row, Source
from leads.company_list.text_table import TextTable
from leads.company_list.workbook import Workbook, open_archive

__all__ = ["Table", "UnreadableFile", "head", "open_table"]

HEAD_ROWS = 100  # enough to find the header and to judge columns by content
MAX_SHEETS_TRIED = 20

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES = (
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


class Table:
    """An opened company list. It holds no file handle, so there is nothing to close."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def rows(self) -> Iterator[Row]:
        """Rows with text in the order of the file. Raises UnreadableFile when the file turns out to be broken."""
        return self.source.rows()

    @cached_property
    def mapping(self) -> ColumnMapping:
        """The columns as understood without a person's help."""
        return find_mapping(head(self.source))

    def mapping_at(self, header_row: int | None) -> ColumnMapping:
        """The columns when a person says where the header is: a row number, 0 = there is none, None = look for it."""
        if header_row is None:
            return self.mapping
        return find_mapping(head(self.source, header_row), header_row)

    def mapping_of(self, columns: Mapping[str, str], header_row: int | None) -> ColumnMapping:
        """The columns as a person decided: index to a value of Role. Raises ValueError for any other value."""
        roles = {int(column): Role(role) for column, role in columns.items()}
        return ColumnMapping(self.mapping.header_row if header_row is None else header_row, roles)


def open_table(
    path: Path | str,
    filename: str = "",
    sheet: str | None = None,
    *,
    encoding: str = "",
    delimiter: str | None = None,
) -> Table:
    """The table in `path`: XLSX, CSV, TSV or other delimited text.

    Of a workbook without `sheet`, the visible sheet that looks most like a company list is taken. `filename` is what
    the person called the file; only the content decides. `encoding` and `delimiter` of a text file: see TextTable.
    Raises UnreadableFile with a code of `messages.FILE_ERRORS`; OSError when the file is gone.
    """
    path = Path(path)
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise UnreadableFile("too_large", size_mb=math.ceil(size / 2**20), limit_mb=MAX_FILE_BYTES >> 20)
    if _kind(path) == "xlsx":
        workbook = Workbook(path, sheet or "")
        if not sheet:
            workbook.select(_best_sheet(workbook))
        return Table(workbook)
    text = TextTable(path, encoding=encoding, delimiter=delimiter)
    if not any(True for _ in text.rows()):
        raise UnreadableFile("empty")
    return Table(text)


def head(source: Source, start: int = 0) -> list[Row]:
    """The first rows with text from row `start` on."""
    return list(islice((row for row in source.rows() if row.number >= start), HEAD_ROWS))


def _best_sheet(workbook: Workbook) -> str:
    best, best_score = "", -1.0
    for name in workbook.sheets[:MAX_SHEETS_TRIED]:
        workbook.select(name)
        rows = head(workbook)
        score = find_mapping(rows).score if rows else -1.0
        if score > best_score:
            best, best_score = name, score
    if not best:
        raise UnreadableFile("no_rows")
    return best


def _kind(path: Path) -> str:
    """ "text" or "xlsx"; raises UnreadableFile for every other content."""
    with path.open("rb") as file:
        start = file.read(4096)
    if not start.strip(b"\0\r\n\t \xef\xbb\xbf"):
        raise UnreadableFile("empty")
    if start.startswith(_OLE):
        raise UnreadableFile("password_protected" if _holds(path, "EncryptedPackage") else "old_excel")
    if start.startswith(b"PK"):
        return _kind_of_archive(path)
    if b"%PDF-" in start[:1024]:
        raise UnreadableFile("pdf")
    for signature, code in _SIGNATURES:
        if start.startswith(signature) and (len(signature) > 3 or b"\0" in start or signature[0] > 127):
            raise UnreadableFile(code)
    if start.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_MARKUP):
        raise UnreadableFile("web_page")
    return "text"


def _kind_of_archive(path: Path) -> str:
    with open_archive(path) as archive:
        names = set(archive.namelist())
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
