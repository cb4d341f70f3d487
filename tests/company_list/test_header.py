"""What columns mean, by title and by content."""

from __future__ import annotations

import pytest
from django.utils import translation

from leads.company_list.header import ColumnMapping, Role, find_mapping, kind_of_cell, role_of_title
from leads.company_list.tables import Row


def mapping(*rows: list[str], header_row: int | None = None) -> ColumnMapping:
    return find_mapping([Row(number, cells) for number, cells in enumerate(rows, 1) if any(cells)], header_row)


def roles(*rows: list[str]) -> list[str]:
    return [str(role) for role in mapping(*rows).roles.values()]


@pytest.mark.parametrize(
    ("role", "titles"),
    [
        (
            "company",
            "FİRMA ÜNVANI,FİRMA ADI,ŞİRKET ADI,ÜNVAN,ünvanı,KURUM,Kuruluş Adı,Müşteri,Cari Ünvanı,Company Name",
        ),
        ("company", "company,Account Name,Firma/Kurum Ünvanı,TİCARET ÜNVANI,FIRMA UNVANI,firma_adi,Firma İsmi *"),
        ("website", "WEB SİTESİ,WEB ADRESİ,İNTERNET SİTESİ,WEB,SİTE,İnternet Adresi,website,Web Site,URL,web-sitesi"),
        ("website", "Firma Web Sitesi,Kurumsal Web Adresi (varsa),Website URL,Company Website,Web 2"),
        (
            "email",
            "E-POSTA,EPOSTA,E-MAIL,MAIL ADRESİ,E Posta Adresi,email,Mail,Firma E-Postası,E-posta 1",
        ),
        ("email", "Yetkili Mail,Contact Email,İletişim E-Posta Adresi"),
        ("domain", "ALAN ADI,DOMAIN,Domain Adı,Email Domain,domain name,Kurumsal Alan Adı"),
        ("city", "ŞEHİR,İL,city,İli,Bulunduğu İl"),
        ("country", "ÜLKE,country,Ülkesi"),
        ("phone", "TELEFON,Tel No,GSM,Faks,Phone,Cep Telefonu"),
        ("address", "ADRES,ADDRESS,Açık Adres,Firma Adresi,Posta Kodu,İlçe"),
        ("tax", "VERGİ NO,Vergi Dairesi,VKN,Tax Number,V.NO,VERGİ.NO,V.D.,Vergi Dairesi / No"),
        (
            "company",
            "Firma.Adı,MÜŞ.ADI,MÜŞ. ÜNVANI,CARİ ÜNVAN,FİRMA ADI / ÜNVANI,Cari Hesap Adı,MÜŞTERİ ADI SOYADI / ÜNVANI",
        ),
        ("email", "E.POSTA,E.MAIL,e-mail adresi,E POSTA"),
        ("phone", "TEL.NO,Tel. No,CEP.TEL,GSM NO,FAKS NO"),
        ("city", "İL/İLÇE,İl / İlçe,ŞEHİR/İLÇE"),
        ("", "S.NO,S. NO,SIRA.NO,SIRA NO,MÜŞ.NO,NO.,NO,YETKİLİ,NACE,NACE KODU"),
        (
            "",
            "Sıra No,Sektör,Firma Kodu,Firma No,Firma Yetkilisi,Firma Türü,Açıklama",
        ),
        ("", "Çalışan Sayısı,Mail Sunucusu,Ürün Alanı,2024,Kampanya"),
    ],
)
def test_titles_as_they_occur(role: str, titles: str) -> None:
    assert {title: str(role_of_title(title)[0]) for title in titles.split(",")} == dict.fromkeys(
        titles.split(","), role
    )


def test_an_unknown_wording_is_less_sure_than_a_known_one() -> None:
    assert role_of_title("WEB SİTESİ") == (Role.WEBSITE, 1.0)
    assert role_of_title("Şubenin web sayfası")[1] < 1.0


def test_a_title_row_is_not_the_header() -> None:
    found = mapping(["FİRMA LİSTESİ 2024"], [""], ["Sıra", "FİRMA ADI", "WEB"], ["1", "Işık", "isik.com"])
    assert found.header_row == 3
    assert found.roles[1] == Role.COMPANY


DEALERS = "{};FİRMA ÜNVANI;WEB SİTESİ;E-POSTA;TELEFON;ŞEHİR"
TITLE_ROWS = [["2024 YILI BAYİ LİSTESİ"], ["Hazırlayan: Satış Müdürlüğü", "", "Sayfa 1"]]
DATA_ROW = [
    "1",
    "Işık Tekstil A.Ş.",
    "www.isik-tekstil.example",
    "info@isik-tekstil.example",
    "0212 000 00 00",
    "Bursa",
]


@pytest.mark.parametrize(
    "number_title",
    [
        "S.NO",
        "S. NO",
        "S.No.",
        "V.NO",
        "VERGİ.NO",
        "TEL.NO",
        "SIRA.NO",
        "MÜŞ.NO",
        "MÜŞTERİ.NO",
        "NO.",
        "NO",
        "Cari.No",
        "#",
    ],
)
def test_an_abbreviated_title_is_not_a_domain(number_title: str) -> None:
    found = mapping(*TITLE_ROWS, DEALERS.format(number_title).split(";"), DATA_ROW)
    assert (found.header_row, found.titles[1]) == (3, "FİRMA ÜNVANI")
    assert [str(found.roles[column]) for column in range(1, 6)] == ["company", "website", "email", "phone", "city"]


@pytest.mark.parametrize(
    "title", ["S.NO", "MÜŞ.NO", "Firma.Adı", "NO.", "Tel.No", "E.Posta", "Sıra.No", "V.D.", "Web.Adresi"]
)
def test_a_title_with_dots_is_no_domain(title: str) -> None:
    assert kind_of_cell(title) == Role.NONE


@pytest.mark.parametrize("name", ["telenor.no", "vg.no", "firma.com", "web.com.tr", "site.net", "no.com", "tel.com.tr"])
def test_a_domain_that_sounds_like_a_title_is_a_domain(name: str) -> None:
    assert kind_of_cell(name) == Role.DOMAIN


def test_norwegian_domains_without_a_header_are_known_by_content() -> None:
    found = mapping(["Telenor", "telenor.no"], ["Vipps", "vipps.no"])
    assert (found.header_row, found.roles[1]) == (0, Role.DOMAIN)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("SIRA NO;MÜŞTERİ ADI;İNTERNET ADRESİ;E POSTA;GSM;İL", ",company,website,email,phone,city"),
        ("S. NO;CARİ ADI;WEB;e-mail adresi;FAKS;İL/İLÇE", ",company,website,email,phone,city"),
        ("No.;CARİ ÜNVAN;YETKİLİ;WEB ADRESİ;VERGİ DAİRESİ;V.NO", ",company,,website,tax,tax"),
        ("FİRMA ADI / ÜNVANI;NACE;E-MAIL;TEL.NO;ADRES;ŞEHİR", "company,,email,phone,address,city"),
        ("Müş.No;Müş.Adı;Mail;Cep.Tel;İlçe;İl", ",company,email,phone,address,city"),
        ("Firma.Adı;Web.Sitesi;E.Posta;Tel.No;Vergi.No;Ülke", "company,website,email,phone,tax,country"),
        ("SN;ÜNVAN;ALAN ADI;MAİL ADRESİ;CEP TELEFONU;BULUNDUĞU İL", ",company,domain,email,phone,city"),
        ("Üye No;Ticaret Ünvanı;Web Sayfası;E-Posta Adresi;Faks No;Sektör", ",company,website,email,phone,"),
        (
            "Firma;Web (örn. www.ornek.example);www.ornek.example;E-posta;Şehir;Tel",
            "company,website,website,email,city,phone",
        ),
        ("Firma Adı;E-posta (ornek@firma.example);Telefon;Şehir;Ülke;Not", "company,email,phone,city,country,"),
    ],
)
@pytest.mark.parametrize("row", [1, 2, 7, 30])
def test_a_header_is_found_below_titles_and_blank_rows(header: str, expected: str, row: int) -> None:
    above = [[] if number % 3 == 1 else [f"Bölge bayileri, bölüm {number}"] for number in range(1, row)]
    found = mapping(*above, header.split(";"), ["1", "Işık", "x"])
    assert found.header_row == row
    assert [str(role) for role in found.roles.values()] == expected.split(",")


def test_data_with_one_word_like_a_title_is_not_the_header() -> None:
    assert mapping(["Firma", "firma.com", "Bursa"], ["Ay", "ay.com", "İzmir"]).header_row == 0
    assert mapping(["Unvan", "www.unvan.com", "info@unvan.com", "Tel"]).header_row == 0


def test_a_company_named_like_a_title_is_not_the_header() -> None:
    assert mapping(["Web Bilişim", "webbilisim.com"], ["Kurum Yazılım", "kurum.com"]).header_row == 0


def test_an_address_with_dots_is_never_a_domain() -> None:
    header = ["Firma", "ADRES", "Web"]
    data = ["Işık", "Atatürk.Cad.No", "isik.com"]
    assert roles(header, data) == ["company", "address", "website"]
    assert roles(["Firma", "Address"], ["Işık", "isik.com"]) == ["company", "address"]


def test_columns_without_titles_are_known_by_their_content() -> None:
    found = mapping(
        ["1", "Işık Şişe A.Ş.", "www.isik.com", "info@isik.com"],
        ["2", "Çınar Ltd. Şti.", "www.cinar.com", "info@cinar.com"],
    )
    assert [str(role) for role in found.roles.values()] == ["", "company", "website", "email"]
    assert found.header_row == 0
    assert all(0 < found.confidence[column] < 1 for column in (1, 2, 3))


def test_a_column_its_content_does_not_bear_out_is_doubted() -> None:
    assert mapping(["Firma", "Web"], ["Işık", "var"], ["Ay", "yok"]).confidence[1] == 0.5


def test_a_person_can_name_the_header_or_say_there_is_none() -> None:
    rows = (["Domain", "x"], ["Firma", "Web"], ["Işık", "isik.com"])
    assert mapping(*rows, header_row=2).titles == {0: "Firma", 1: "Web"}
    assert mapping(*rows, header_row=0).header_row == 0
    assert mapping(*rows, header_row=99).roles == {}


def test_the_surest_column_of_a_role_comes_first() -> None:
    found = mapping(["Firma yeri adı", "Ticaret Ünvanı"], ["Ay", "Ay A.Ş."])
    assert found.columns(Role.COMPANY) == [1, 0]


def test_every_role_has_a_label() -> None:
    with translation.override("en"):
        assert [role.label for role in Role][:5] == ["Not used", "Company name", "Web site", "E-mail", "Domain"]
        assert all(role.label for role in Role)
