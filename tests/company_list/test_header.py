"""What columns mean, by title and by content."""

from __future__ import annotations

import pytest
from django.utils import translation

from leads.company_list.header import ColumnMapping, Role, find_mapping, role_of_title
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
        ("tax", "VERGİ NO,Vergi Dairesi,VKN,Tax Number"),
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
