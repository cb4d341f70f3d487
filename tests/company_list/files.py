"""Company lists written to disk the way people export them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

HEADER = ["FİRMA ÜNVANI", "WEB SİTESİ", "E-POSTA", "ŞEHİR", "ÜLKE"]
COMPANIES = [
    ["Işık Şişe A.Ş.", "www.isiksise.com.tr", "info@isiksise.com.tr", "İstanbul", "Türkiye"],
    ["Çınar Ölçü Ltd. Şti.", "https://cinarolcu.com/iletisim", "", "İzmir", "Türkiye"],
    ["Güneş Gıda", "", "satis@gunesgida.example", "Ağrı", "Türkiye"],
]
DOMAINS = ["isiksise.com.tr", "cinarolcu.com", "gunesgida.example"]


def text_file(
    path: Path, rows: Sequence[Sequence[str]] = (HEADER, *COMPANIES), delimiter: str = ";", encoding: str = "utf-8"
) -> Path:
    """Delimited text without quotes."""
    path.write_bytes("".join(delimiter.join(row) + "\r\n" for row in rows).encode(encoding))
    return path


def workbook(path: Path, **sheets: Sequence[Sequence[Any]]) -> Path:
    """An XLSX file with one sheet for each keyword."""
    return edited_workbook(path, lambda _: None, **sheets)


def edited_workbook(path: Path, edit: Callable[[Workbook], None], **sheets: Sequence[Sequence[Any]]) -> Path:
    """The same, after `edit` did something to it."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet: Worksheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    edit(book)
    book.save(path)
    return path


def repacked(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """Rewrite every part of a packed file."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, change(name, content))
    return path
