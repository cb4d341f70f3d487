"""XLSX as Excel, ERP programs and people make it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from leads.company_list.messages import UnreadableFile
from leads.company_list.reading import open_table
from leads.company_list.rows import CompanyRow, iter_rows, preview
from tests.company_list.files import COMPANIES, DOMAINS, HEADER, edited_workbook, repacked, workbook


def read(path: Path, sheet: str | None = None) -> list[CompanyRow]:
    table = open_table(path, path.name, sheet=sheet)
    return list(iter_rows(table, table.mapping))


def test_a_plain_workbook(tmp_path: Path) -> None:
    rows = read(workbook(tmp_path / "list.xlsx", Liste=[HEADER, *COMPANIES]))
    assert [row.company_name for row in rows] == [company[0] for company in COMPANIES]
    assert [claim.domain for row in rows for claim in row.claims] == DOMAINS
    assert [row.country for row in rows] == ["Türkiye"] * 3


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    path = workbook(tmp_path / "list.csv", Liste=[HEADER, *COMPANIES])
    assert preview(path, "list.csv").kind == "xlsx"


def test_the_header_may_stand_in_row_17_below_titles_and_gaps(tmp_path: Path) -> None:
    titles = [["2024 FİRMA LİSTESİ"], [], ["Hazırlayan: Satış"], *([] for _ in range(13))]
    path = workbook(tmp_path / "list.xlsx", Liste=[*titles, HEADER, *COMPANIES])
    assert preview(path).header_row == 17
    assert [row.number for row in read(path)] == [18, 19, 20]


def test_a_value_merged_over_rows_counts_for_each_of_them(tmp_path: Path) -> None:
    def merge(book: Workbook) -> None:
        book["Liste"].merge_cells("A2:A3")
        book["Liste"].merge_cells("B2:C2")

    rows = [["Firma", "Web", "E-posta"], ["Işık", "isik.com", ""], ["", "isik.com.tr", ""], ["Ay", "ay.com", ""]]
    found = read(edited_workbook(tmp_path / "list.xlsx", merge, Liste=rows))
    assert [(row.company_name, row.claims[0].domain) for row in found] == [
        ("Işık", "isik.com"),
        ("Işık", "isik.com.tr"),
        ("Ay", "ay.com"),
    ]


def test_a_header_of_two_rows_with_merged_groups(tmp_path: Path) -> None:
    def merge(book: Workbook) -> None:
        book["Liste"].merge_cells("A1:A2")
        book["Liste"].merge_cells("B1:C1")

    rows = [["FİRMA ÜNVANI", "İLETİŞİM", ""], ["", "WEB SİTESİ", "E-POSTA"], ["Işık", "isik.com", ""]]
    assert preview(edited_workbook(tmp_path / "list.xlsx", merge, Liste=rows)).header_row == 2


def test_the_sheet_with_the_best_header_is_taken(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "list.xlsx",
        Özet=[["Toplam", 3], ["Tarih", "2024"]],
        Kişiler=[["Ad Soyad", "Telefon"], ["Ali", "0212"]],
        Firmalar=[HEADER, *COMPANIES],
    )
    found = preview(path)
    assert (found.sheet, found.sheets) == ("Firmalar", ("Özet", "Kişiler", "Firmalar"))
    assert len(read(path)) == 3
    assert read(path, sheet="Kişiler")[0].claims == []


def test_hidden_sheets_are_skipped(tmp_path: Path) -> None:
    def hide(book: Workbook) -> None:
        book["Gizli"].sheet_state = "hidden"

    path = edited_workbook(tmp_path / "list.xlsx", hide, Gizli=[HEADER, *COMPANIES], Açık=[["Domain"], ["ay.com"]])
    assert preview(path).sheets == ("Açık",)
    assert [claim.domain for row in read(path) for claim in row.claims] == ["ay.com"]


def test_a_link_behind_a_cell_counts_when_its_text_names_nothing(tmp_path: Path) -> None:
    def link(book: Workbook) -> None:
        book["Liste"]["B2"].hyperlink = "https://www.isik.com.tr/"
        book["Liste"]["B3"].hyperlink = "https://elsewhere.example/"
        book["Liste"]["C3"].hyperlink = "mailto:info@ay.com"
        book["Liste"]["B4"] = '=HYPERLINK("http://www.gun.com.tr";"Site")'

    rows = [HEADER[:3], ["Işık", "tıklayın", ""], ["Ay", "ay.com", "bize yazın"], ["Gün", "", ""]]
    found = read(edited_workbook(tmp_path / "list.xlsx", link, Liste=rows))
    assert [row.claims[0].domain for row in found] == ["isik.com.tr", "ay.com", "gun.com.tr"]
    assert found[1].emails == ["info@ay.com"]


def test_numbers_dates_and_truth_values_become_text(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Firma", "Web", "Şehir"], [1923, "a.com", date(2024, 5, 19)], [True, "b.com", 1.5]]
    found = read(workbook(tmp_path / "list.xlsx", Liste=rows))
    assert [(row.company_name, row.city) for row in found] == [("1923", "2024-05-19"), ("TRUE", "1.5")]


def test_blank_rows_are_skipped_and_keep_their_numbers(tmp_path: Path) -> None:
    rows = [["Firma", "Web"], [], ["Ay", "ay.com"], ["", "  "], ["Gün", "gun.com"]]
    assert [row.number for row in read(workbook(tmp_path / "list.xlsx", Liste=rows))] == [3, 5]


def test_an_unknown_sheet_is_refused_by_name(tmp_path: Path) -> None:
    path = workbook(tmp_path / "list.xlsx", Liste=[HEADER, *COMPANIES])
    with pytest.raises(UnreadableFile, match="Olmayan") as caught:
        open_table(path, "list.xlsx", sheet="Olmayan")
    assert caught.value.code == "no_such_sheet"


def test_a_workbook_without_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as caught:
        open_table(workbook(tmp_path / "list.xlsx", Liste=[[]]), "list.xlsx")
    assert caught.value.code == "no_rows"


def test_texts_inside_the_cells_are_read_like_shared_ones(tmp_path: Path) -> None:
    def inline(name: str, content: bytes) -> bytes:
        cell = b'<c r="A2" t="inlineStr"><is><r><t>Ay</t></r><r><t> Ltd.</t></r></is></c>'
        return re.sub(rb'<c r="A2".*?</c>', cell, content) if name.endswith("sheet1.xml") else content

    path = repacked(workbook(tmp_path / "list.xlsx", Liste=[["Firma", "Web"], ["x", "ay.com"]]), inline)
    assert [row.company_name for row in read(path)] == ["Ay Ltd."]
