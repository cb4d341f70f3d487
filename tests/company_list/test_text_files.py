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


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_stray_quote_costs_no_company_even_with_more_quotes_below(tmp_path: Path, newline: str) -> None:
    lines = ["Firma;Web", *(f"Firma {n};firma{n}.com.tr" for n in range(1, 101))]
    lines[3] = '"Acme A.Ş;firma3.com.tr'
    lines[5] = 'Firma "Öz" 5;firma5.com.tr'
    path = tmp_path / "list.csv"
    path.write_bytes(newline.join(lines).encode())
    rows = read(path)
    assert [(row.number, row.claims[0].domain) for row in rows] == [(n + 1, f"firma{n}.com.tr") for n in range(1, 101)]
    assert [row.company_name for row in rows[2:5]] == ["Acme A.Ş", "Firma 4", 'Firma "Öz" 5']


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('"Acme;"acme.com"', "Acme"),
        ('"Acme";"acme.com', "Acme"),
        ('"Acme; Oğulları";"acme.com', "Acme; Oğulları"),
        ('"""Öz"" Acme;acme.com', "Öz Acme"),
        ('"Öz" Acme;acme.com', "Öz Acme"),
        ('"Acme;acme.com;Ay "Işık" Han', "Acme"),
        ('Acme 12";acme.com', 'Acme 12"'),
    ],
)
def test_a_quote_out_of_place_harms_its_own_field_only(tmp_path: Path, line: str, name: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f'Firma;Web;Adres\nBir;bir.com;x\n{line}\n"İki";"iki.com";"x"\nÜç;uc.com;"y"\n', "utf-8")
    assert [(row.number, row.company_name, row.claims[0].domain) for row in read(path)] == [
        (2, "Bir", "bir.com"),
        (3, name, "acme.com"),
        (4, "İki", "iki.com"),
        (5, "Üç", "uc.com"),
    ]


def test_a_stray_quote_behind_a_field_of_two_lines(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text('Firma;Web;Not\n"Çok\nSatırlı";cok.com;"açık\nAy;ay.com;"x"\n', "utf-8")
    assert [(row.number, row.company_name) for row in read(path)] == [(2, "Çok Satırlı"), (3, "Ay")]


def test_quotes_not_doubled_inside_a_quoted_name(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text('Firma,Web\n"Acme, "Öz" Ltd",acme.com\n"Ay","ay.com"\n', "utf-8")
    assert domains(path) == ["acme.com", "ay.com"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_several_quoted_fields_with_line_breaks_and_doubled_quotes(tmp_path: Path, newline: str) -> None:
    address = '"Ay Han; ""B"" Blok\nKat 3\n\n""Kapı"" 5"'
    lines = ["Firma;Adres;Web;Not", *(f'"Firma\n""{n}""";{address};f{n}.com;"son\n"' for n in range(50))]
    path = tmp_path / "list.csv"
    path.write_bytes("\n".join(lines).replace("\n", newline).encode())
    rows = read(path)
    assert [(row.number, row.claims[0].domain) for row in rows] == [(n + 2, f"f{n}.com") for n in range(50)]
    assert rows[7].company_name == 'Firma "7"'


def test_a_quoted_field_reaches_over_twenty_lines_at_most(tmp_path: Path) -> None:
    def listing(breaks: int) -> Path:
        path = tmp_path / f"{breaks}.csv"
        path.write_text('Firma;Web;Not\nBir;bir.com;"' + "a\n" * breaks + '"\nAy;ay.com;\n', "utf-8")
        return path

    assert [row.number for row in read(listing(19))] == [2, 3]
    assert [row.number for row in read(listing(20)) if row.claims] == [2, 23]


def test_delimiters_inside_quotes_do_not_choose_the_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Firma,Web\n" + "".join(f'"Un;Yem;Süt;Et {n}",f{n}.com\n' for n in range(50)), "utf-8")
    assert preview(path).delimiter == ","


@pytest.mark.parametrize("line", ['";"b', '"a;', 'a;"" ""', '"a;"'])
def test_quotes_in_every_line_are_read_in_flat_memory(tmp_path: Path, line: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Firma;Web\nAy;ay.com\n" + f"{line}{'x' * 90}\n" * 60_000, "utf-8")
    table = open_table(path, path.name)
    tracemalloc.start()
    assert sum(1 for _ in table.rows()) > 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 << 20 < path.stat().st_size


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
