"""From a row to a company: which claim counts, what is kept, and why a row is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from leads.company_list.header import Role
from leads.company_list.reading import open_table
from leads.company_list.rows import CompanyRow, iter_rows, preview
from tests.company_list.files import COMPANIES, HEADER, text_file, workbook

TITLES = ["Firma", "Web", "E-posta", "Alan Adı", "Şehir", "Adres"]


def read_one(path: Path, *cells: str, titles: list[str] = TITLES) -> CompanyRow:
    table = open_table(text_file(path / "list.csv", [titles, list(cells), ["Son", "son.com"]], "\t"), "list.csv")
    return next(iter_rows(table, table.mapping))


def named(row: CompanyRow) -> list[tuple[str, str]]:
    return [(claim.domain, claim.via) for claim in row.claims]


def test_the_mail_domain_is_not_claimed_next_to_a_web_site(tmp_path: Path) -> None:
    row = read_one(tmp_path, "Işık", "isik.com", "info@muhasebeci.com")
    assert named(row) == [("isik.com", "website")]
    assert row.contacts == {"isik.com": []}
    assert (row.shown_contacts, row.shown_others) == ([], ["info@muhasebeci.com"])


def test_a_row_of_a_table_is_one_company_with_its_addresses(tmp_path: Path) -> None:
    mails = "info@isik.com, b@mail.isik.com, isik@gmail.com, satis@isik.com.tr, biz@ajans.com"
    row = read_one(tmp_path, "Işık", "www.isik.com", mails)
    assert row.contacts == {"isik.com": ["info@isik.com", "b@mail.isik.com", "satis@isik.com.tr", "isik@gmail.com"]}
    assert row.shown_others == ["biz@ajans.com"]
    both = read_one(tmp_path, "Işık", "isik.com, isik.com.tr", "info@isik.com, satis@isik.com.tr, isik@gmail.com")
    assert both.contacts == {
        "isik.com": ["info@isik.com", "isik@gmail.com"],
        "isik.com.tr": ["satis@isik.com.tr", "isik@gmail.com"],
    }
    mailed = read_one(tmp_path, "Işık", "", "info@isik.com, info@ay.com")
    assert mailed.contacts == {"isik.com": ["info@isik.com"], "ay.com": ["info@ay.com"]}


def read_text(path: Path, line: str) -> CompanyRow:
    path = path / "list.txt"
    path.write_text(f"{line}\nSon A.Ş. son.com\n", "utf-8")
    table = open_table(path, "list.txt", delimiter="")
    return next(iter_rows(table, table.mapping_of({"0": "mixed"}, 0)))


@pytest.mark.parametrize(
    ("line", "contacts"),
    [
        (
            "https://www.KIRMIZI.example/a?b=c, info@mavi.example",
            {"kirmizi.example": [], "mavi.example": ["info@mavi.example"]},
        ),
        ("kirmizi.com info@kirmizi.com.tr", {"kirmizi.com": [], "kirmizi.com.tr": ["info@kirmizi.com.tr"]}),
        ("isik.example isik@gmail.com", {"isik.example": ["isik@gmail.com"]}),
        ("isik.example, ay.example, ali@gmail.com", {"isik.example": [], "ay.example": []}),
    ],
)
def test_an_address_in_a_line_of_text_is_for_the_lead_of_its_own_domain(
    tmp_path: Path, line: str, contacts: dict[str, list[str]]
) -> None:
    assert read_text(tmp_path, line).contacts == contacts


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('"Çift, Tırnak" <x@tirnak.example>', ""),  # a person
        ('"Çift, Tırnak A.Ş." x@tirnak.example', "Çift, Tırnak A.Ş."),
        ('"Çift; Tırnak A.Ş.", tirnak.example', "Çift; Tırnak A.Ş."),
        ("“Çift, Tırnak” A.Ş. – tirnak.example", "Çift, Tırnak A.Ş."),
        ('"Çift Tırnak A.Ş. tirnak.example"', "Çift Tırnak A.Ş."),
        ('Çift Tırnak A.Ş. "tirnak.example,info@tirnak.example"', ""),
        ('5" Boru, tirnak.example, 6" Boru', '5" Boru'),
        ('"Çift Tırnak A.Ş.; tirnak.example', "Çift Tırnak A.Ş."),
    ],
)
def test_what_stands_in_quotes_stays_together(tmp_path: Path, line: str, name: str) -> None:
    row = read_text(tmp_path, line)
    assert {claim.domain for claim in row.claims} == {"tirnak.example"}
    assert row.rejections == []
    assert row.company_name == name


def test_addresses_are_shown_as_people_write_them(tmp_path: Path) -> None:
    row = read_one(tmp_path, "Şişli", "şişli.example", "işıl@şişli.example, a@çağ.example")
    assert row.contacts == {"xn--ili-rzab.example": ["işıl@xn--ili-rzab.example"]}
    assert (row.shown_contacts, row.shown_others) == (["işıl@şişli.example"], ["a@çağ.example"])


def test_the_mail_domain_is_claimed_when_there_is_no_web_site(tmp_path: Path) -> None:
    assert named(read_one(tmp_path, "Işık", "yok", "info@isik.com")) == [("isik.com", "email")]
    assert named(read_one(tmp_path, "Işık", "facebook.com/isik", "info@isik.com")) == [("isik.com", "email")]
    assert named(read_one(tmp_path, "Işık", "info@isik.com")) == [("isik.com", "email")]


def test_a_domain_column_is_as_good_as_a_web_site(tmp_path: Path) -> None:
    assert named(read_one(tmp_path, "Işık", "", "a@b.com", "isik.com")) == [("isik.com", "domain")]


def test_a_row_may_name_several_domains_each_counts_once(tmp_path: Path) -> None:
    row = read_one(tmp_path, "Işık", "www.isik.com, isik.com.tr / isik.com", "", "isik.com")
    assert [domain for domain, _ in named(row)] == ["isik.com", "isik.com.tr"]


def test_a_private_address_is_kept_but_refused_as_a_claim(tmp_path: Path) -> None:
    row = read_one(tmp_path, "Işık", "", "isik@gmail.com, i.isik@hotmail.com")
    assert row.claims == []
    assert [rejection.reason for rejection in row.rejections] == ["consumer_email", "consumer_email"]
    assert row.emails == ["isik@gmail.com", "i.isik@hotmail.com"]


@pytest.mark.parametrize(
    ("cells", "reason", "raw"),
    [
        (("Işık", "", ""), "no_domain", "Işık"),
        (("Işık", "yok", "-", "N/A"), "no_domain", "Işık"),
        (("", "", "", "", "İzmir"), "empty_row", ""),
        (("Işık", "isik"), "invalid_domain", "isik"),
        (("Işık", "10.1.1.1"), "ip_address", "10.1.1.1"),
        (("Işık", "instagram.com/isik", "isik@gmail.com"), "shared_platform", "instagram.com/isik"),
    ],
)
def test_a_refused_row_says_why(tmp_path: Path, cells: tuple[str, ...], reason: str, raw: str) -> None:
    row = read_one(tmp_path, *cells)
    assert row.claims == []
    assert (row.rejections[0].reason, row.rejections[0].raw) == (reason, raw)


def test_nothing_is_taken_from_an_address(tmp_path: Path) -> None:
    row = read_one(tmp_path, "Işık", "isik.com", "", "", "İzmir", "Plaza.com Sok. no:5 baska.com.tr")
    assert named(row) == [("isik.com", "website")]
    assert row.city == "İzmir"


def test_names_are_trimmed_and_blanks_collapsed(tmp_path: Path) -> None:
    assert read_one(tmp_path, "  Işık \u00a0  Şişe  A.Ş. ", "isik.com").company_name == "Işık Şişe A.Ş."


def test_the_preview_shows_every_column_with_samples(tmp_path: Path) -> None:
    found = preview(workbook(tmp_path / "list.xlsx", Liste=[["LİSTE"], HEADER, *COMPANIES]), "list.xlsx")
    assert [(column.index, column.title, column.role) for column in found.columns] == [
        (0, "FİRMA ÜNVANI", Role.COMPANY),
        (1, "WEB SİTESİ", Role.WEBSITE),
        (2, "E-POSTA", Role.EMAIL),
        (3, "ŞEHİR", Role.CITY),
        (4, "ÜLKE", Role.COUNTRY),
    ]
    assert found.columns[4].samples == ["Türkiye"]
    assert found.columns[0].confidence == 1.0
    assert (found.header_row, found.sheet, found.sheets, found.kind) == (2, "Liste", ("Liste",), "xlsx")
    assert [row.number for row in found.rows] == [3, 4, 5]


def test_the_preview_follows_the_header_a_person_named(tmp_path: Path) -> None:
    path = text_file(tmp_path / "list.csv")
    assert preview(path, header_row=3).columns[0].title == COMPANIES[1][0]
    assert preview(path, header_row=0).columns[0].samples[0] == "FİRMA ÜNVANI"
    assert preview(path, header_row=500).columns == []


def test_the_columns_a_person_chose_are_used(tmp_path: Path) -> None:
    table = open_table(text_file(tmp_path / "list.csv"), "list.csv")
    chosen = table.mapping_of({"0": "", "1": "", "2": "email", "3": "company", "4": ""}, 2)
    rows = list(iter_rows(table, chosen))
    assert [(row.number, row.company_name, named(row)) for row in rows] == [
        (3, "İzmir", []),
        (4, "Ağrı", [("gunesgida.example", "email")]),
    ]
    assert table.mapping_of({}, None).header_row == 1


def dealer_list(path: Path, kind: str) -> Path:
    rows = [
        ["2024 YILI BAYİ LİSTESİ"],
        ["Satış Müdürlüğü", "", "Sayfa 1"],
        [""],
        ["S.NO", "FİRMA ÜNVANI", "WEB SİTESİ", "E-POSTA", "TELEFON", "ŞEHİR"],
        ["1", "Işık Tekstil A.Ş.", "www.isik-tekstil.example", "info@isik-tekstil.example", "0212 000 00 00", "Bursa"],
        ["2", "Güneş Gıda", "", "satis@gunesgida.example", "", "Şanlıurfa"],
    ]
    if kind == "xlsx":
        return workbook(path / "bayiler.xlsx", Bayiler=rows)
    return text_file(path / "bayiler.csv", rows, encoding="cp1254")


@pytest.mark.parametrize("kind", ["xlsx", "cp1254"])
def test_a_dealer_list_with_titles_above_and_abbreviated_headers(tmp_path: Path, kind: str) -> None:
    found = preview(dealer_list(tmp_path, kind))
    assert found.header_row == 4
    assert [column.role.value for column in found.columns] == ["", "company", "website", "email", "phone", "city"]
    table = open_table(dealer_list(tmp_path, kind))
    rows = list(iter_rows(table, table.mapping))
    assert [(row.claims[0].domain, row.city) for row in rows] == [
        ("isik-tekstil.example", "Bursa"),
        ("gunesgida.example", "Şanlıurfa"),
    ]
