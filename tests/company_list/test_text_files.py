"""CSV, TSV and plain text in every encoding and with every delimiter that Turkish programs write."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from leads.company_list.reading import open_table
from leads.company_list.rows import CompanyRow, iter_rows, preview
from tests.company_list.files import COMPANIES, DOMAINS, HEADER, text_file


def read(path: Path) -> list[CompanyRow]:
    table = open_table(path, path.name)
    return list(iter_rows(table, table.mapping))


def domains(path: Path) -> list[str]:
    return [claim.domain for row in read(path) for claim in row.claims]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1254", "utf-16", "utf-16-le", "utf-16-be", "cp857"])
def test_every_encoding_and_delimiter_gives_the_same_companies(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = read(text_file(tmp_path / "list.csv", delimiter=delimiter, encoding=encoding))
    assert [row.company_name for row in rows] == [company[0] for company in COMPANIES]
    assert [row.city for row in rows] == ["İstanbul", "İzmir", "Ağrı"]
    assert [claim.domain for row in rows for claim in row.claims] == DOMAINS


def test_utf_16_big_endian_with_mark(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(b"\xfe\xff" + ";".join(HEADER).encode("utf-16-be") + "\nIşık;isik.com;;;".encode("utf-16-be"))
    assert domains(path) == ["isik.com"]


def test_the_preview_names_encoding_and_delimiter(tmp_path: Path) -> None:
    found = preview(text_file(tmp_path / "list.csv", delimiter="|", encoding="cp1254"))
    assert (found.kind, found.encoding, found.delimiter, found.header_row) == ("text", "cp1254", "|", 1)
    assert found.row_count >= 4


def test_a_delimiter_inside_quotes_parts_nothing(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text('Firma,Web\n"Işık, Şişe ve ""Cam"" A.Ş.",isik.com\n"Çok\nSatırlı",cok.com\nSon,son.com\n', "utf-8")
    assert [(row.number, row.company_name) for row in read(path)] == [
        (2, 'Işık, Şişe ve "Cam" A.Ş.'),
        (3, "Çok Satırlı"),
        (4, "Son"),
    ]


def test_commas_in_names_do_not_beat_the_semicolon(tmp_path: Path) -> None:
    rows = [["Firma", "Web"], *([f"Deniz, Kara, Hava {n} A.Ş.", f"d{n}.com"] for n in range(20))]
    assert preview(text_file(tmp_path / "list.csv", rows)).delimiter == ";"


def test_a_stray_quote_does_not_swallow_the_companies_below(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    lines = ["Firma;Web", '"Açık tırnak;acik.com', *(f"Firma {n};f{n}.com" for n in range(200))]
    path.write_text("\n".join(lines), "utf-8")
    assert len(domains(path)) == 201


def test_excels_own_delimiter_line_is_not_a_row(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("sep=,\nFirma,Web\nIşık,isik.com\n", "utf-8")
    assert [(row.number, row.claims[0].domain) for row in read(path)] == [(2, "isik.com")]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end(tmp_path: Path, newline: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(newline.join(["Firma;Web", "Işık;isik.com", "", "Ay;ay.com"]).encode())
    assert [(row.number, row.company_name) for row in read(path)] == [(2, "Işık"), (4, "Ay")]


def test_a_bare_list_of_domains_needs_no_header(tmp_path: Path) -> None:
    path = tmp_path / "domains.txt"
    path.write_text("isik.com.tr\nwww.cinar.com\n\nhttps://gunes.example/x\n", "utf-8")
    assert domains(path) == ["isik.com.tr", "cinar.com", "gunes.example"]
    assert preview(path).header_row == 0


def test_a_list_of_domains_under_a_title(tmp_path: Path) -> None:
    path = tmp_path / "domains.txt"
    path.write_text("DOMAIN\nisik.com.tr\ncinar.com\n", "utf-8")
    assert domains(path) == ["isik.com.tr", "cinar.com"]
    assert preview(path).header_row == 1


def test_reading_can_go_on_at_any_row(tmp_path: Path) -> None:
    table = open_table(text_file(tmp_path / "list.csv"), "list.csv")
    assert [row.number for row in iter_rows(table, table.mapping, start_row=3)] == [3, 4]
    assert [row.number for row in iter_rows(table, table.mapping, start_row=5)] == []
    assert [row.number for row in iter_rows(table, table.mapping)] == [2, 3, 4]


def test_a_long_list_is_read_in_flat_memory(tmp_path: Path) -> None:
    path = text_file(
        tmp_path / "list.csv", [HEADER, *([f"Firma {n}", f"f{n}.com", "x" * 900, "", ""] for n in range(5000))]
    )
    table = open_table(path, path.name)
    tracemalloc.start()
    assert sum(1 for _ in iter_rows(table, table.mapping)) == 5000
    assert tracemalloc.get_traced_memory()[1] < 2 << 20 < path.stat().st_size
    tracemalloc.stop()
