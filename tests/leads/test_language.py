"""The language of an account: chosen once, the same on every machine, in pages and e-mails, with dates and numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format, number_format

from leads.models import BulkAction, Preference
from leads.preferences import language_of
from tests.factories import make_lead

pytestmark = pytest.mark.django_db
SWITCH = "/i18n/setlang/"


def language(client: Client, url: str = "/alerts/") -> str:
    return client.get(url).content.decode().partition('<html lang="')[2][:2]


def test_the_choice_follows_the_person_to_another_machine(as_seller: Client, seller: User) -> None:
    assert language(as_seller) == "en"  # as the browser asks
    assert as_seller.post(SWITCH, {"language": "tr", "next": "/alerts/"}).headers["Location"] == "/alerts/"
    assert language_of(User.objects.get(pk=seller.pk)) == "tr"
    other_machine = Client(headers={"accept-language": "en"})
    assert language(other_machine, "/accounts/login/") == "en"
    other_machine.post("/accounts/login/", {"username": "seller", "password": "a long test password"})
    assert language(other_machine) == "tr"
    page = other_machine.get("/alerts/")
    assert page.headers["Content-Language"] == "tr"


def test_a_change_is_seen_at_once_where_somebody_is_signed_in_already(as_seller: Client, seller: User) -> None:
    elsewhere = Client(headers={"accept-language": "en"})
    elsewhere.force_login(seller)
    as_seller.post(SWITCH, {"language": "tr"})
    assert language(elsewhere) == "tr"
    elsewhere.post(SWITCH, {"language": "en"})
    assert language(as_seller) == "en"
    assert Preference.objects.count() == 1


def test_the_admin_speaks_the_language_of_the_account(as_administrator: Client) -> None:
    as_administrator.post(SWITCH, {"language": "tr"})
    assert language(as_administrator, "/admin/") == "tr"


def test_roles_are_named_in_the_language_of_the_account(as_administrator: Client, administrator: User) -> None:
    as_administrator.post(SWITCH, {"language": "tr"})
    pages = (
        reverse("admin:auth_group_changelist"),
        reverse("admin:auth_user_changelist"),
        reverse("admin:auth_user_change", args=[administrator.pk]),
    )
    for page in pages:
        shown = as_administrator.get(page).content.decode()
        assert "Satış operasyonu" in shown, page
        assert "Sales operations" not in shown, page


def test_the_sign_in_page_is_switched_without_an_account(client: Client) -> None:
    client.post(SWITCH, {"language": "en"}, headers={"accept-language": "tr"})
    assert language(client, "/accounts/login/") == "en"
    assert not Preference.objects.exists()


def test_a_language_nobody_speaks_is_ignored(as_seller: Client) -> None:
    as_seller.post(SWITCH, {"language": "xx"})
    assert not Preference.objects.exists()
    assert as_seller.get(SWITCH).status_code == 405


def test_the_language_costs_no_query(as_seller: Client, seller: User) -> None:
    def queries() -> int:
        return int(as_seller.get("/alerts/").headers["X-Query-Count"])

    before = queries()
    Preference.objects.create(user=seller, language="tr")
    assert queries() == before


def test_dates_and_numbers_are_written_as_the_language_does() -> None:
    day = datetime(2026, 11, 23, 20, 30, tzinfo=UTC)
    with translation.override("tr"):
        assert date_format(day.date(), "SHORT_DATE_FORMAT") == "23.11.2026"
        assert number_format(1234.56, 2, use_l10n=True, force_grouping=True) == "1.234,56"
    with translation.override("en"):
        assert number_format(1234.56, 2, use_l10n=True, force_grouping=True) == "1,234.56"


def test_times_are_those_of_istanbul(as_seller: Client) -> None:
    lead = make_lead("acme.example", snoozed_until=datetime(2099, 1, 1, 21, 30, tzinfo=UTC))
    text = as_seller.get(lead.get_absolute_url(), headers={"accept-language": "tr"}).content.decode()
    assert "02.01.2099" in text


@pytest.mark.parametrize("typed", ["IŞIK", "Işık", "ışık", "ISIK", "isik"])
@pytest.mark.parametrize("stored", ["IŞIK Tekstil", "Işık Tekstil", "ışık tekstil", "ISIK TEKSTİL", "isik tekstil"])
def test_every_way_to_write_a_name_finds_it(as_seller: Client, typed: str, stored: str) -> None:
    lead = make_lead("bir.example", company_name=stored)
    make_lead("iki.example", company_name="Işıl Tekstil")
    assert [found.pk for found in as_seller.get(reverse("leads:list"), {"q": typed}).context["page"]] == [lead.pk]


def test_names_stand_in_turkish_order(as_seller: Client) -> None:
    names = ["Cem", "Çam", "Demir", "Giz", "Ğ", "Hale", "Irmak", "İnci", "Oya", "Öz", "Su", "Şan", "Ufuk", "Ün", "Zeki"]
    for number, name in enumerate(reversed(names)):
        make_lead(f"a{number}.example", company_name=name)
    page = as_seller.get(reverse("leads:list"), {"sort": "name"}).context["page"]
    assert [lead.company_name for lead in page] == names


def test_buttons_say_what_they_do_and_results_what_was_done(as_administrator: Client) -> None:
    """In English one word serves for both; in Turkish none does."""
    lead = make_lead()
    as_administrator.post(SWITCH, {"language": "tr"})
    drawer = as_administrator.get(reverse("leads:peek", args=[lead.domain])).content.decode()
    assert re.search(r'class="button button--primary"[^>]*>Aç<', drawer)
    chosen = {"action": "tag", "lead": [lead.pk]}
    as_administrator.post(reverse("leads:bulk"), chosen)
    action = BulkAction.objects.get()
    as_administrator.post(action.get_absolute_url(), {"tag": "fuar"})
    result = as_administrator.get(action.get_absolute_url()).content.decode()
    assert "<dt>Değiştirildi</dt>" in result
    administration = as_administrator.get("/admin/").content.decode()
    assert re.search(r'class="changelink"[^>]*>Değiştir<', administration)
    assert ">Adaylar<" in administration
