"""Search over everything, the palette's part of it, and what a page says when its session or a request is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads import search
from leads.models import LeadVisit
from tests.factories import make_lead

pytestmark = pytest.mark.django_db
SEARCH = "/search/"
HTMX = {"HX-Request": "true", "HX-Target": "palette-results"}


def test_the_page_works_without_a_script(as_seller: Client) -> None:
    make_lead("isik.example", company_name="IŞIK Tekstil")
    make_lead("baska.example", company_name="Başka A.Ş.")
    text = as_seller.get(SEARCH, {"q": "ışık"}).content.decode()
    assert 'href="/leads/isik.example/"' in text
    assert 'href="/leads/baska.example/"' not in text
    assert 'action="/search/"' in text


@pytest.mark.parametrize("typed", ["IŞIK", "Işık", "ışık", "ISIK", "isik"])
def test_letters_are_folded(as_seller: Client, typed: str) -> None:
    lead = make_lead("bir.example", company_name="Işık Tekstil")
    assert list(as_seller.get(SEARCH, {"q": typed}).context["leads"]) == [lead]


@pytest.mark.parametrize(
    ("language", "typed", "view"),
    [
        ("en", "add", "leads:add"),
        ("tr", "aday ekle", "leads:add"),
        ("tr", "UYARILAR", "leads:alerts"),
        ("en", "won lost", "leads:outcomes"),
    ],
)
def test_pages_and_actions_are_found_by_their_words(as_seller: Client, language: str, typed: str, view: str) -> None:
    page = as_seller.get(SEARCH, {"q": typed}, headers={"accept-language": language})
    assert view in [command.view for command in page.context["commands"]]
    assert f'href="{reverse(view)}"' in page.content.decode()


def test_only_what_the_person_may_do_is_offered(
    as_viewer: Client, as_operator: Client, viewer: User, operator: User, settings: Any
) -> None:
    settings.HUNTER_PARTNER_CENTER_ENABLED = settings.HUNTER_D365_ENABLED = False

    def offered(client: Client) -> set[str]:
        return {command.key for command in client.get(SEARCH).context["commands"]}

    assert not offered(as_viewer) & {"add", "import", "connect", "referrals", "pushes"}
    assert {"add", "import", "connect"} <= offered(as_operator)
    settings.HUNTER_PARTNER_CENTER_ENABLED = settings.HUNTER_D365_ENABLED = True
    assert {"referrals", "pushes"} <= offered(as_viewer)


def test_every_command_leads_to_a_page(as_administrator: Client, settings: Any) -> None:
    settings.HUNTER_PARTNER_CENTER_ENABLED = settings.HUNTER_D365_ENABLED = True
    for command in search.COMMANDS:
        if command.view:
            assert as_administrator.get(command.url).status_code == 200, command.key


def test_without_words_the_last_looks_come_first(as_seller: Client, seller: User) -> None:
    leads = [make_lead(f"a{number}.example") for number in range(3)]
    for lead in leads:
        LeadVisit.objects.create(user=seller, lead=lead, at=timezone.now())
    assert as_seller.get(SEARCH).context["leads"] == leads[::-1]


def test_the_palette_gets_options_and_no_page(as_seller: Client) -> None:
    make_lead("isik.example", company_name="Işık Tekstil")
    text = as_seller.get(SEARCH, {"q": "isik"}, headers=HTMX).content.decode()
    assert "<html" not in text
    assert text.count('role="option"') == 1
    nothing = as_seller.get(SEARCH, {"q": "nothing-has-this-name"}, headers=HTMX).content.decode()
    assert 'aria-disabled="true"' in nothing


def test_referrals_are_found_by_their_own_room(as_seller: Client, settings: Any) -> None:
    settings.HUNTER_PARTNER_CENTER_ENABLED = True
    assert 'hx-get="/referrals/?q=i%C5%9F%26"' in as_seller.get(SEARCH, {"q": "iş&"}).content.decode()
    for part in ("palette-referrals", "search-referrals"):
        answer = as_seller.get("/referrals/", {"q": "x"}, headers={"HX-Request": "true", "HX-Target": part})
        assert "<table" not in answer.content.decode()


def test_a_page_full_of_results_takes_few_queries(as_seller: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        make_lead(f"isik{number}.example")
    with django_assert_max_num_queries(12):
        as_seller.get(SEARCH, {"q": "isik"})


def test_a_lost_session_puts_no_sign_in_page_into_a_part(client: Client, seller: User) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/leads/?q=i%C5%9F&page=2"}
    answer = client.get("/leads/?q=i", headers=headers)
    assert (answer.status_code, answer.content) == (401, b"")
    sign_in = answer.headers["X-Sign-In"]
    assert sign_in == "/accounts/login/?next=%2Fleads%2F%3Fq%3Di%25C5%259F%26page%3D2"
    back = client.post(sign_in, {"username": "seller", "password": "a long test password"})
    assert back.headers["Location"] == "/leads/?q=i%C5%9F&page=2"


def test_the_way_back_stays_on_this_site(client: Client) -> None:
    answer = client.get("/", headers={"HX-Request": "true", "HX-Current-URL": "https://evil.example/leads/"})
    assert answer.headers["X-Sign-In"] == "/accounts/login/?next=%2Fleads%2F"


def test_a_whole_page_is_sent_to_sign_in_and_back(client: Client) -> None:
    assert client.get("/alerts/").headers["Location"] == "/accounts/login/?next=/alerts/"


def test_every_answer_has_a_reference_that_the_log_knows(
    as_seller: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    references = {as_seller.get("/alerts/").headers["X-Reference"] for _ in range(3)}
    assert len(references) == 3

    def break_down(*_args: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(search, "leads", break_down)
    as_seller.raise_request_exception = False
    answer = as_seller.get(SEARCH)
    assert answer.status_code == 500
    assert f"<code>{answer.headers['X-Reference']}</code>" in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("eşitle", "runs"), ("ESITLE", "runs"), ("oturum", "sign-out"), ("çıkış", "sign-out"), ("kısayol", "shortcuts"),
        ("KISAYOL", "shortcuts"), ("yönetim", "administration"), ("ertele", "asleep"), ("sistem", "health"),
        ("içe aktar", "imports"),
    ],
)  # fmt: skip
def test_words_on_the_screen_are_found(as_administrator: Client, settings: Any, typed: str, key: str) -> None:
    settings.HUNTER_PARTNER_CENTER_ENABLED = True
    page = as_administrator.get(SEARCH, {"q": typed}, headers={"accept-language": "tr"})
    assert key in [command.key for command in page.context["commands"]]


def test_what_the_menu_has_the_palette_has(as_seller: Client) -> None:
    keys = {command.key for command in as_seller.get(SEARCH).context["commands"]}
    assert {"today", "leads", "imports", "jobs", "alerts", "sign-out", "shortcuts", "password"} <= keys
    assert not keys & {"health", "administration", "import"}


def test_the_page_of_a_lead_offers_what_can_be_done_with_it(as_seller: Client, as_viewer: Client) -> None:
    lead = make_lead("isik.example", company_name="Işık Tekstil")

    def offered(client: Client, text: str = "", page: str = "/leads/isik.example/?from=q%3Dx") -> list[str]:
        headers = HTMX | {"HX-Current-URL": f"http://testserver{page}"}
        return [
            command.key for command, _url in client.get(SEARCH, {"q": text}, headers=headers).context["lead_commands"]
        ]

    assert offered(as_seller) == ["note", "work", "outcome", "brief", "rescan", "snooze", "dismiss"]
    assert offered(as_seller, "snooze") == ["snooze"]
    assert offered(as_viewer) == ["brief"]
    assert offered(as_seller, page="/leads/") == []
    assert offered(as_seller, page="/leads/nobody.example/") == []
    lead.dismissed_at = timezone.now()
    lead.save()
    assert offered(as_seller) == ["note", "work", "outcome", "brief", "restore"]


def test_an_action_of_the_palette_is_done(as_seller: Client) -> None:
    lead = make_lead("isik.example")
    as_seller.post(reverse("leads:snooze", args=[lead.domain]), {"snooze-until_change": "on"})
    lead.refresh_from_db()
    assert lead.snoozed_until_change_since is not None
    as_seller.post(reverse("leads:dismiss", args=[lead.domain]))
    lead.refresh_from_db()
    assert lead.dismissed_at is not None
