"""The pages about referrals as people use them: list, page and dialog, queue without a domain, panels on lead pages."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from jobs.models import Job
from leads import knowledge
from leads.models import Event, Lead
from referrals.models import Referral, ReferralLink, SignIn, SyncCursor, SyncRun
from referrals.storing import store_rows
from tests.factories import make_lead

HTMX = {"HX-Request": "true"}
State = ReferralLink.State
Store = Callable[..., Referral]


@pytest.fixture(autouse=True)
def switched_on(settings: Any) -> None:
    settings.HUNTER_PARTNER_CENTER_ENABLED = True
    settings.HUNTER_PARTNER_CENTER_CLIENT_ID = "app"
    settings.HUNTER_PARTNER_CENTER_TENANT_ID = "tenant"


@pytest.fixture
def store(db: None) -> Store:
    """Stores one referral as a sync would. `left`: until its deadline; `email`: of the customer's only person."""

    def run(
        number: int = 1,
        *,
        name: str = "Ege Soğutma Ltd. Şti.",
        email: str | tuple[str, ...] = "kaan@egesogutma.example",
        left: timedelta = timedelta(days=10),
        **values: Any,
    ) -> Referral:
        emails = (email,) if isinstance(email, str) else email
        row: dict[str, Any] = {
            "id": f"6f0d1c52-7b0e-4a53-9a0c-{number:012d}",
            "engagementId": f"deal-{number}",
            "name": f"Geçiş {number}",
            "organizationName": "Örnek Bilişim A.Ş.",
            "createdDateTime": "2026-10-12T06:15:09Z",
            "updatedDateTime": f"2026-10-14T08:41:27.{number:07d}Z",
            "expirationDateTime": _utc(timezone.now() + left),
            "status": "New",
            "substatus": "Pending",
            "qualification": "SalesQualified",
            "type": "Shared",
            "mpnId": "7001234",
            "inviteContext": {"invitedBy": {"organizationId": "partner", "organizationName": "Örnek Bilişim A.Ş."}},
            "consent": {"consentToContact": True},
            "customerProfile": {
                "name": name,
                "size": "51to250employees",
                "address": {"addressLine1": "10003 Sk. No 7", "postalCode": "35620", "city": "Çiğli", "country": "TR"},
                "team": [
                    {"firstName": "Kaan", "lastName": "Deneme", "email": address, "phoneNumber": "+90 232 000 00 00"}
                    for address in emails
                ],
            },
            "team": [{"firstName": "Selin", "lastName": "Satıcı", "email": "selin@ornekbilisim.example"}],
            "details": {
                "notes": "120 kullanıcı\nÖnce posta",
                "dealValue": 480000.5,
                "currency": "TRY",
                "closingDateTime": "2026-12-30T21:00:00Z",
                "requirements": {"services": [{"id": "DeploymentOrMigration"}]},
            },
        } | values  # fmt: skip
        with transaction.atomic():
            store_rows([row], now=timezone.now())
        return Referral.objects.get(remote_id=row["id"])

    return run


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(client: Client, url: str, **headers: str) -> str:
    response = client.get(url, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def _order(text: str, *parts: str) -> bool:
    places = [text.index(part) for part in parts]
    return places == sorted(places)


LIST = "/referrals/"


# The list


def test_the_list_shows_what_decides_and_the_shortest_time_first(as_seller: Client, store: Store) -> None:
    store(1, name="Sonra A.Ş.", email="a@sonra.example", left=timedelta(days=9, hours=1))
    store(2, name="Hemen A.Ş.", email="a@hemen.example", left=timedelta(hours=5, minutes=30))
    store(3, name="Yakında A.Ş.", email="a@gmail.com", left=timedelta(days=2, hours=1))
    page = _text(as_seller, LIST)
    assert _order(page, "Hemen A.Ş.", "Yakında A.Ş.", "Sonra A.Ş.")
    for shown in ("5 hours left", "2 days left", "9 days left", "480,000.50 TRY", "New · Pending", "Needs a domain"):
        assert shown in page
    assert "hemen.example" in page
    assert "3 referrals" in page


@pytest.mark.parametrize(
    ("left", "words", "tone"),
    [
        (timedelta(seconds=-5), "overdue", "danger"),
        (timedelta(seconds=40), "less than a minute left", "danger"),
        (timedelta(minutes=12, seconds=30), "12 minutes left", "danger"),
        (timedelta(hours=1, minutes=30), "1 hour left", "danger"),
        (timedelta(days=1, minutes=30), "1 day left", "warning"),
        (timedelta(days=2, hours=23), "2 days left", "warning"),
        (timedelta(days=3, minutes=5), "3 days left", "quiet"),
    ],
)
def test_the_clock_counts_in_words_and_colours(left: timedelta, words: str, tone: str) -> None:
    with translation.override("en"):
        shown = Template("{% load leads %}{% clock until %}").render(Context({"until": timezone.now() + left}))
    assert words in shown
    assert f"badge--{tone}" in shown


def test_no_clock_runs_once_it_is_answered(as_seller: Client, store: Store) -> None:
    store(status="Active", substatus="Accepted", left=timedelta(hours=5))
    assert "hours left" not in _text(as_seller, LIST)


@pytest.mark.parametrize(
    ("value", "currency", "language", "shown"),
    [
        (480000.5, "TRY", "tr", "480.000,50 TRY"),
        (480000.5, "TRY", "en", "480,000.50 TRY"),
        (7, "EUR", "en", "7.00 EUR"),
        (0.1234, "USD", "en", "0.1234 USD"),
    ],
)
def test_amounts_are_written_as_the_language_does(value: float, currency: str, language: str, shown: str) -> None:
    with translation.override(language):
        text = Template("{% load referrals %}{% money value currency %}").render(
            Context({"value": Decimal(str(value)), "currency": currency})
        )
    assert shown in text


def test_an_unknown_currency_is_said_and_no_amount_is_a_dash(as_seller: Client, store: Store) -> None:
    store(details={"dealValue": 7, "currency": "??"})
    assert "currency unknown" in _text(as_seller, LIST)


def test_unknown_states_are_shown_as_they_came(as_seller: Client, store: Store) -> None:
    store(status="Paused", substatus="Engaged")
    assert "Paused · Engaged" in _text(as_seller, LIST)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=hemen", {"Hemen A.Ş."}),
        ("?status=Closed", {"Kapalı A.Ş."}),
        ("?status=other", {"Garip A.Ş."}),
        ("?category=co_sell", {"Hemen A.Ş.", "Kapalı A.Ş.", "Garip A.Ş."}),
        ("?link=needs_domain", {"Kapalı A.Ş."}),
        ("?deadline=1", {"Hemen A.Ş."}),
        ("?owner=me", {"Hemen A.Ş."}),
        ("?value_min=500000", {"Garip A.Ş."}),
        ("?value_max=480001", {"Hemen A.Ş.", "Kapalı A.Ş."}),
        ("?status=nonsense&deadline=x", {"Hemen A.Ş.", "Kapalı A.Ş.", "Garip A.Ş."}),
    ],
)
def test_filters_live_in_the_url(as_seller: Client, seller: User, store: Store, query: str, found: set[str]) -> None:
    make_lead("hemen.example", owner=seller)
    store(1, name="Hemen A.Ş.", email="a@hemen.example", left=timedelta(hours=5))
    store(2, name="Kapalı A.Ş.", email="a@gmail.com", status="Closed", substatus="Won")
    store(3, name="Garip A.Ş.", email="a@garip.example", status="Paused", details={"dealValue": 900000})
    page = _text(as_seller, LIST + query, **HTMX)
    assert {name for name in ("Hemen A.Ş.", "Kapalı A.Ş.", "Garip A.Ş.") if name in page} == found


def test_active_filters_are_chips_that_take_themselves_away(as_seller: Client, store: Store) -> None:
    store()
    page = _text(as_seller, LIST + "?status=New&status=Closed&deadline=7&value_min=5&q=ege", **HTMX)
    for words in ("3 to 7 days", "Value from 5", "“ege”"):
        assert words in page
    assert 'href="/referrals/?q=ege&amp;status=Closed&amp;deadline=7&amp;value_min=5#count"' in page


def test_what_partner_center_does_not_show_any_more_has_no_clock(as_seller: Client, store: Store) -> None:
    referral = store(left=timedelta(hours=5, minutes=30))
    Referral.objects.update(not_visible_since=timezone.now())
    panel = reverse("referrals:lead_panel", args=["egesogutma.example"])
    for page in (_text(as_seller, url, **HTMX) for url in (LIST, referral.get_absolute_url(), panel)):
        assert "No longer in Partner Center" in page
        assert "hours left" not in page
        assert "New · Pending" not in page


@pytest.mark.parametrize(
    ("customer", "name", "headline", "deal"),
    [
        ("Ege Soğutma", "Ege Soğutma: 120 kullanıcı", "Ege Soğutma", "120 kullanıcı"),
        ("Ege Soğutma", "EGE Soğutma – Geçiş", "Ege Soğutma", "Geçiş"),
        ("Ege Soğutma", "Ege Soğutma", "Ege Soğutma", ""),
        ("Ege", "Egemen projesi", "Ege", "Egemen projesi"),
        ("Ege", "", "Ege", ""),
        ("", "Geçiş", "Geçiş", ""),
        ("", "", "Referral without a name", "r-1"),
    ],
)
def test_the_deal_is_named_without_the_customer(customer: str, name: str, headline: str, deal: str) -> None:
    referral = Referral(remote_id="r-1", customer_name=customer, name=name)
    with translation.override("en"):
        shown = Template("{% load referrals %}{{ referral|headline }}/{{ referral|deal_name }}").render(
            Context({"referral": referral})
        )
    assert shown == f"{headline}/{deal}"


def test_the_deal_is_named_wherever_its_customer_is(as_seller: Client, store: Store) -> None:
    referral = store(name="Ege A.Ş.", email="a@gmail.com")
    Referral.objects.update(name="Ege A.Ş.: 120 kullanıcı")
    due = {**HTMX, "HX-Target": "referrals-due"}
    for url, headers in ((LIST, HTMX), (referral.get_absolute_url(), HTMX), (QUEUE, {}), (LIST, due)):
        page = _text(as_seller, url, **headers)
        assert ">120 kullanıcı<" in page, url


def test_a_referral_without_a_name_has_its_id_in_small(as_seller: Client, store: Store) -> None:
    referral = store(email="a@gmail.com")
    Referral.objects.update(name="", customer_name="")
    page = _text(as_seller, LIST, **HTMX)
    assert "Referral without a name" in page
    assert f">{referral.remote_id}</a>" not in page


@pytest.mark.parametrize(
    ("now", "left", "shown"),
    [
        ("2026-11-25T06:00:00Z", timedelta(hours=5), "today 14:00"),
        ("2026-11-25T06:00:00Z", timedelta(hours=19, minutes=22), "tomorrow 04:22"),
        ("2026-11-25T20:59:00Z", timedelta(hours=2), "tomorrow 01:59"),
        ("2026-11-25T18:00:00Z", timedelta(hours=47), "Friday 20:00"),
        ("2026-11-25T06:00:00Z", timedelta(days=2), ""),
        ("2026-11-25T06:00:00Z", timedelta(), ""),
    ],
)
def test_a_near_deadline_has_its_exact_local_time(now: str, left: timedelta, shown: str) -> None:
    with time_machine.travel(datetime.fromisoformat(now), tick=False), translation.override("en"):
        referral = Referral(deadline_at=timezone.now() + left)
        assert Template("{% load referrals %}{{ r|answer_moment }}").render(Context({"r": referral})) == shown


def test_a_span_that_no_value_can_have_is_said(as_seller: Client, store: Store) -> None:
    store()
    said = "The lowest value is above the highest."
    for headers in ({}, HTMX):
        page = _text(as_seller, LIST + "?value_min=9&value_max=5", **headers)
        assert page.split('id="value-error"')[1].split("</div>")[0].count(said) == 1
    assert said not in _text(as_seller, LIST + "?value_min=5&value_max=9")
    assert 'id="value-error" hx-swap-oob="true"' in _text(as_seller, LIST + "?value_min=5&value_max=9", **HTMX)


def test_amounts_in_order_are_said_not_to_be_converted(as_seller: Client, store: Store) -> None:
    store()
    said = '<span class="small muted">not converted between currencies</span>'
    assert said in _text(as_seller, LIST + "?sort=value")
    assert said not in _text(as_seller, LIST)


def test_my_referrals_are_one_press_away(as_seller: Client, store: Store) -> None:
    store()
    assert "?status=New&amp;owner=me" in _text(as_seller, LIST, **HTMX)
    assert "No referral matches" in _text(as_seller, LIST + "?status=New&owner=me", **HTMX)


def test_a_page_for_people_and_a_fragment_for_htmx(as_seller: Client, store: Store) -> None:
    store()
    assert "<html" in _text(as_seller, LIST)
    response = as_seller.get(LIST, headers=HTMX)
    assert "<html" not in response.content.decode()
    assert 'id="table"' in response.content.decode()
    assert "HX-Request" in response.headers["Vary"]


def test_the_list_asks_the_same_number_of_questions_for_one_and_for_many(as_seller: Client, store: Store) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            as_seller.get(LIST)
        return len(captured)

    store(0)
    as_seller.get(LIST)
    one = queries()
    for number in range(1, 12):
        store(number, email=f"a@firma{number}.example" if number % 2 else "a@gmail.com")
    assert queries() == one <= 10


def test_empty_lists_say_what_to_do(as_seller: Client, as_operator: Client, store: Store) -> None:
    assert "Ask sales operations to sign in" in _text(as_seller, LIST, **HTMX)
    assert reverse("referrals:connect") in _text(as_operator, LIST, **HTMX)
    store()
    assert "No referral matches these filters" in _text(as_seller, LIST + "?q=yok", **HTMX)


def test_the_list_follows_a_running_sync(as_seller: Client) -> None:
    assert "every 3s" not in _text(as_seller, LIST)
    cursor = SyncCursor.get()
    SignIn.objects.update(state=SignIn.State.OK)
    job = Job.objects.create(kind="referrals", state=Job.State.RUNNING, heartbeat=timezone.now())
    cursor.run = SyncRun.objects.create(mode=SyncRun.Mode.INCREMENTAL, job=job)
    cursor.save()
    page = _text(as_seller, LIST, **HTMX)
    assert 'hx-trigger="every 3s, referral-changed from:body, sync-changed from:body"' in page
    assert "The referrals are on their way" in page


def test_switched_off_it_explains_itself_and_still_shows_what_is_stored(
    as_seller: Client, store: Store, settings: Any
) -> None:
    settings.HUNTER_PARTNER_CENTER_ENABLED = False
    page = _text(as_seller, LIST)
    assert "HUNTER_PARTNER_CENTER_ENABLED=true" in page
    assert 'id="table"' not in page
    store()
    page = _text(as_seller, LIST)
    assert "HUNTER_PARTNER_CENTER_ENABLED=true" in page
    assert "Ege Soğutma" in page
    assert reverse("referrals:sync_now") not in page


# The page and the dialog


def test_the_page_shows_everything_a_seller_needs(as_seller: Client, store: Store) -> None:
    referral = store()
    page = _text(as_seller, referral.get_absolute_url())
    for shown in (
        "Ege Soğutma Ltd. Şti.", "9 days left", "New · Pending", "Co-sell opportunity", "480,000.50 TRY",
        "31 Dec 2026",  # 21:00Z is the next day in Istanbul
        "7001234", "51–250 employees", "35620 Çiğli", 'href="mailto:kaan@egesogutma.example"',
        'href="tel:+902320000000"', "120 kullanıcı\nÖnce posta", "Deployment Or Migration", "Selin Satıcı",
        referral.remote_id, "egesogutma.example", "can be the company&#x27;s domain", "Dynamics 365 is not switched on",
        "https://partner.microsoft.com/",
    ):  # fmt: skip
        assert shown in page, shown
    assert "30 Dec 2026" not in page


def test_the_dialog_gets_the_same_content_without_the_frame(as_seller: Client, store: Store) -> None:
    referral = store()
    fragment = _text(as_seller, referral.get_absolute_url(), **HTMX)
    assert "<html" not in fragment
    assert 'id="referral"' in fragment
    assert "120 kullanıcı" in fragment


def test_one_button_is_the_loudest(as_seller: Client, as_viewer: Client, store: Store) -> None:
    """The answer while the clock runs, else the link that is missing, else Partner Center."""
    due, open_, linked = store(1, email="a@gmail.com"), store(2, email="a@gmail.com", left=timedelta(days=-1)), store(3)
    for referral, loud in ((due, "Answer in Partner Center"), (open_, "Link"), (linked, "in Partner Center")):
        _before, button = _text(as_seller, referral.get_absolute_url(), **HTMX).split("button--primary")
        assert loud in button[:600]
    assert _text(as_viewer, open_.get_absolute_url(), **HTMX).count("button--primary") == 1


def test_the_other_referrals_of_the_deal_stand_beside_it(as_seller: Client, store: Store) -> None:
    store(1, engagementId="shared", organizationName="Microsoft")
    referral = store(2, engagementId="shared")
    page = _text(as_seller, referral.get_absolute_url(), **HTMX)
    assert "Other referrals of this engagement" in page
    assert "Microsoft" in page


def test_raw_data_is_for_those_who_may_see_it(as_seller: Client, as_operator: Client, store: Store) -> None:
    url = store().get_absolute_url()
    assert "consentToContact" not in _text(as_seller, url)
    assert "consentToContact" in _text(as_operator, url)


def test_the_people_of_a_company_that_opted_out_are_hidden(
    as_operator: Client, as_administrator: Client, store: Store, operator: User
) -> None:
    referral = store()
    lead = referral.link.lead
    assert lead is not None
    pages = [
        (as_operator, referral.get_absolute_url()),
        (as_administrator, reverse("admin:referrals_referral_change", args=[referral.pk])),
    ]
    for client, page in pages:
        assert "kaan@egesogutma.example" in _text(client, page).replace("<wbr>", "")
    knowledge.set_opt_out(lead, wanted=True, by=operator)
    for client, page in pages:
        shown = _text(client, page).replace("<wbr>", "")
        assert "kaan@egesogutma.example" not in shown
        assert "+90 232 000 00 00" not in shown
        assert "consentToContact" in shown  # the rest of the row is there
    assert "selin@ornekbilisim.example" in _text(*pages[0]).replace("<wbr>", "")  # a seller of ours


def test_nothing_in_a_referral_becomes_markup(as_operator: Client, store: Store) -> None:
    attack = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    referral = store(
        name=attack,
        email=('"><script>alert(1)</script>@gmail.com', "a@x.example?cc=b@y.example"),
        organizationName=attack, statusReason=attack, substatus=attack, mpnId=attack, engagementId='"><b>',
        details={"notes": attack, "dealValue": attack, "requirements": {"products": [{"id": attack}]}},
    )  # fmt: skip
    pages = (LIST, referral.get_absolute_url(), reverse("referrals:needs_domain"), "/", "/leads/")
    for page in (_text(as_operator, url) for url in pages):
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "mailto:a@x.example?cc" not in page


def test_an_odd_referral_says_so_quietly(as_seller: Client, store: Store) -> None:
    referral = store(status="Paused")
    assert "Its status is not among the documented ones." in _text(as_seller, referral.get_absolute_url())


def test_a_lead_that_is_being_scanned_is_asked_about_again(as_seller: Client, store: Store) -> None:
    referral = store()
    assert referral.link.lead.scan_job_id
    page = _text(as_seller, referral.get_absolute_url(), **HTMX)
    assert "Being scanned" in page
    assert 'hx-trigger="every 2s"' in page
    Lead.objects.update(scan_job=None)
    assert "every 2s" not in _text(as_seller, referral.get_absolute_url(), **HTMX)


@pytest.mark.parametrize("path", ["/referrals/99999/", f"/referrals/{2**63}/", "/referrals/of/none.example/"])
def test_what_is_not_there_is_not_found(as_seller: Client, path: str) -> None:
    assert as_seller.get(path).status_code == 404


# Linking


def test_a_person_links_it_and_the_lead_is_made_and_scanned(as_seller: Client, seller: User, store: Store) -> None:
    referral = store(email="a@gmail.com")
    response = as_seller.post(reverse("referrals:link", args=[referral.pk]), {"domain": "https://www.yeni.example/tr"})
    assert response.headers["Location"] == referral.get_absolute_url()
    link = ReferralLink.objects.get(referral=referral)
    assert (link.state, link.how, link.by) == (State.LINKED, "person", seller)
    assert link.lead is not None
    assert (link.lead.domain, link.lead.referral_count) == ("yeni.example", 1)
    assert link.lead.scan_job_id
    page = _text(as_seller, referral.get_absolute_url())
    assert "Linked to yeni.example." in page
    assert "Linked by seller" in page
    assert "Referral linked" in page


def test_a_text_without_a_company_domain_is_refused_with_its_reason(as_seller: Client, store: Store) -> None:
    referral = store(email="a@gmail.com")
    response = as_seller.post(reverse("referrals:link", args=[referral.pk]), {"domain": "veli@gmail.com"}, headers=HTMX)
    assert response.status_code == 422
    assert "This mail service is open to everyone" in response.content.decode()
    assert 'value="veli@gmail.com"' in response.content.decode()
    assert ReferralLink.objects.get().state == State.NEEDS_DOMAIN
    assert not Lead.objects.exists()


def test_in_the_dialog_linking_gives_the_new_state_and_tells_the_list(as_seller: Client, store: Store) -> None:
    referral = store(email=("a@bir.example", "b@iki.example"))
    page = _text(as_seller, referral.get_absolute_url(), **HTMX)
    assert 'value="bir.example"' in page
    assert 'value="iki.example"' in page
    response = as_seller.post(reverse("referrals:link", args=[referral.pk]), {"domain": "iki.example"}, headers=HTMX)
    assert response.headers["HX-Trigger"] == '{"referral-changed": {}}'
    assert "Linked to iki.example." in response.content.decode()


def test_unlinking_asks_first_and_stays(as_seller: Client, store: Store) -> None:
    referral = store()
    assert 'data-confirm="confirm-unlink"' in _text(as_seller, referral.get_absolute_url())
    as_seller.post(reverse("referrals:unlink", args=[referral.pk]))
    assert ReferralLink.objects.get().state == State.UNLINKED
    assert Lead.objects.get().referral_count == 0
    assert Event.objects.filter(kind=Event.Kind.UNLINKED).count() == 1
    store(1, updatedDateTime="2026-10-15T08:41:27Z")
    assert ReferralLink.objects.get().state == State.UNLINKED
    assert "decided on" in _text(as_seller, referral.get_absolute_url())


@pytest.mark.parametrize("name", ["link", "unlink"])
def test_a_viewer_reads_and_changes_nothing(as_viewer: Client, store: Store, name: str) -> None:
    referral = store(email="a@gmail.com")
    url = reverse(f"referrals:{name}", args=[referral.pk])
    assert url not in _text(as_viewer, referral.get_absolute_url())
    assert url not in _text(as_viewer, reverse("referrals:needs_domain"))
    assert as_viewer.post(url, {"domain": "yeni.example"}).status_code == 403
    assert ReferralLink.objects.get().state == State.NEEDS_DOMAIN
    assert not Lead.objects.exists()


PAGES = [LIST, "/referrals/1/", "/referrals/needs-domain/", "/referrals/of/x.example/"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_need_the_permission_and_only_read(client: Client, as_seller: Client, db: None, path: str) -> None:
    client.force_login(User.objects.create_user("stranger"))
    assert client.get(path).status_code == 403
    assert as_seller.post(path).status_code == 405


def test_decisions_are_posted(as_seller: Client, store: Store) -> None:
    assert as_seller.get(reverse("referrals:link", args=[store().pk])).status_code == 405


def test_without_a_script_unlinking_asks_on_a_page(as_seller: Client, store: Store) -> None:
    referral = store()
    url = reverse("referrals:unlink", args=[referral.pk])
    assert f'no-js-only" href="{url}"' in _text(as_seller, referral.get_absolute_url())
    question = _text(as_seller, url)
    assert "Take this referral away from" in question
    assert ReferralLink.objects.get().state == State.LINKED
    as_seller.post(url, {"seen": _seen(question)})
    assert ReferralLink.objects.get().state == State.UNLINKED


@pytest.mark.parametrize(
    "address", ["a@b.example", "a%0ab@c.example", "a@b.example%2cx@y.example", "a@b.example?cc=x@y.example"]
)
def test_a_mail_link_has_one_plain_address(address: str) -> None:
    shown = Template("{% load referrals %}{{ address|mailable }}").render(Context({"address": address}))
    assert shown == str(address == "a@b.example")


def test_a_dismissed_lead_can_be_brought_back_from_its_referral(as_seller: Client, store: Store) -> None:
    referral = store()
    restore = reverse("leads:restore", args=["egesogutma.example"])
    assert restore not in _text(as_seller, referral.get_absolute_url())
    Lead.objects.update(dismissed_at=timezone.now())
    page = _text(as_seller, referral.get_absolute_url())
    assert "This lead was dismissed on" in page
    response = as_seller.post(restore, {"next": referral.get_absolute_url()})
    assert response.headers["Location"] == referral.get_absolute_url()
    assert "This lead was dismissed on" not in _text(as_seller, referral.get_absolute_url())


def test_a_closing_date_in_the_past_is_marked_while_it_is_open(as_seller: Client, store: Store) -> None:
    past = {"details": {"closingDateTime": "2025-12-30T21:00:00Z"}}
    mark = "closing date has passed"
    assert mark in _text(as_seller, store(1, **past).get_absolute_url())
    assert mark not in _text(as_seller, store(2, status="Closed", substatus="Won", **past).get_absolute_url())


# Two people, or two tabs


def _seen(page: str) -> str:
    """The state of the link that a page was made from."""
    return page.split('name="seen" value="')[1].split('"')[0]


def test_a_decision_made_meanwhile_is_not_overwritten_but_told(
    as_seller: Client, as_operator: Client, store: Store
) -> None:
    referral = store(email="a@gmail.com")
    link, card = reverse("referrals:link", args=[referral.pk]), f"waiting-{referral.pk}"
    old = _seen(_text(as_seller, QUEUE))
    as_operator.post(link, {"domain": "onlar.example", "seen": old})
    headers = {**HTMX, "HX-Target": card}
    for sent, status in ((headers, 422), ({}, 409)):
        response = as_seller.post(link, {"domain": "benim.example", "seen": old, "next": QUEUE}, headers=sent)
        answer = response.content.decode()
        assert response.status_code == status
        assert "operator linked this to onlar.example" in answer
        assert "just now" in answer
        assert "Replace it with benim.example" in answer
        assert "Keep it" in answer
        assert f'id="{card if sent else "referral"}"' in answer
        assert ("<html" in answer) is not bool(sent)
        assert ReferralLink.objects.get().lead.domain == "onlar.example"  # type: ignore[union-attr]
    kept = _text(as_seller, referral.get_absolute_url(), **headers)
    assert "linked to onlar.example" in kept
    as_seller.post(link, {"domain": "benim.example", "seen": _seen(answer)}, headers=headers)
    assert ReferralLink.objects.get().lead.domain == "benim.example"  # type: ignore[union-attr]


def test_the_same_decision_twice_is_no_conflict(as_seller: Client, as_operator: Client, store: Store) -> None:
    referral = store(email="a@gmail.com")
    for name, data in (("link", {"domain": "https://ayni.example/"}), ("unlink", {})):
        url = reverse(f"referrals:{name}", args=[referral.pk])
        data = {**data, "seen": ReferralLink.objects.get().at.isoformat()}
        for person in (as_seller, as_operator):
            assert person.post(url, data, headers=HTMX).status_code == 200


@pytest.mark.parametrize("undo", [{}, {"undo": "1"}])
def test_taking_back_touches_only_the_decision_it_saw(
    as_seller: Client, as_operator: Client, store: Store, undo: dict[str, str]
) -> None:
    referral = store(email="a@gmail.com")
    link, unlink = (reverse(f"referrals:{name}", args=[referral.pk]) for name in ("link", "unlink"))
    card = {**HTMX, "HX-Target": f"waiting-{referral.pk}"}
    mine = _seen(as_seller.post(link, {"domain": "benim.example"}, headers=card).content.decode())
    as_operator.post(link, {"domain": "onlar.example"})
    response = as_seller.post(unlink, {"seen": mine, **undo}, headers=card)
    assert response.status_code == 422
    assert "operator linked this to onlar.example" in response.content.decode()
    assert ReferralLink.objects.get().lead.domain == "onlar.example"  # type: ignore[union-attr]
    response = as_seller.post(unlink, {"seen": _seen(response.content.decode()), **undo}, headers=card)
    assert response.status_code == 200
    assert ReferralLink.objects.get().lead is None


# The queue

QUEUE = "/referrals/needs-domain/"


def test_the_queue_shows_why_and_what_could_be_right_by_deadline(as_seller: Client, store: Store) -> None:
    make_lead("egesogutma.example", company_name="Ege Soğutma")
    store(1, name="Çok A.Ş.", email=("a@bir.example", "b@iki.example"), left=timedelta(days=5))
    store(2, email="derya@hotmail.com.tr", left=timedelta(days=1, hours=2))
    store(3, name="Bağlı A.Ş.", email="a@bagli.example")
    page = _text(as_seller, QUEUE).replace("<wbr>", "")
    assert _order(page, "Ege Soğutma Ltd. Şti.", "Çok A.Ş.")
    assert "Bağlı" not in page
    for shown in ("derya@hotmail.com.tr", "public mail service", 'data-key="1"', "A lead with a similar name"):
        assert shown in page
    assert "2 referrals wait for their lead" in page


def test_a_viewer_is_told_who_links(as_viewer: Client, store: Store) -> None:
    store(email="a@gmail.com")
    assert "You can look; account managers link." in _text(as_viewer, QUEUE)


def test_each_decision_tells_the_head_how_many_wait(as_seller: Client, store: Store) -> None:
    first = store(1, email="a@gmail.com")
    store(2, email="a@gmail.com")
    card = {**HTMX, "HX-Target": f"waiting-{first.pk}"}
    unlink = reverse("referrals:unlink", args=[first.pk])
    done = as_seller.post(unlink, headers=card).content.decode()
    assert 'id="waiting-count" hx-swap-oob="true"' in done
    assert "1 referral waits for its lead" in done
    undone = as_seller.post(unlink, {"undo": "1"}, headers=card).content.decode()
    assert "2 referrals wait for their lead" in undone
    assert _text(as_seller, QUEUE).count('id="waiting-count"') == 1


def test_a_suggested_lead_has_its_score_in_words(as_seller: Client, store: Store) -> None:
    make_lead("egesogutma.example", company_name="Ege Soğutma", score=45, segment="Cold")
    store(email="a@gmail.com")
    assert "score 45 · Cold" in _text(as_seller, QUEUE)


def test_a_confirmed_card_becomes_a_line_that_can_be_undone(as_seller: Client, store: Store) -> None:
    referral = store(email=("a@bir.example", "b@iki.example"))
    card = {**HTMX, "HX-Target": f"waiting-{referral.pk}"}
    line = as_seller.post(reverse("referrals:link", args=[referral.pk]), {"domain": "bir.example"}, headers=card)
    assert "linked to bir.example" in line.content.decode()
    assert "data-done" in line.content.decode()
    again = as_seller.post(reverse("referrals:unlink", args=[referral.pk]), {"undo": "1"}, headers=card)
    assert "data-card" in again.content.decode()
    link = ReferralLink.objects.get()
    assert (link.state, link.lead, link.how) == (State.SEVERAL, None, "")


def test_a_card_keeps_what_was_typed_wrong(as_seller: Client, store: Store) -> None:
    referral = store(email="a@gmail.com")
    card = {**HTMX, "HX-Target": f"waiting-{referral.pk}"}
    response = as_seller.post(reverse("referrals:link", args=[referral.pk]), {"domain": "bozuk"}, headers=card)
    assert response.status_code == 422
    assert 'value="bozuk"' in response.content.decode()
    assert "Enter a name such as company.com.tr." in response.content.decode()
    assert f'id="waiting-{referral.pk}"' in response.content.decode()


def test_a_referral_can_belong_to_no_lead(as_seller: Client, store: Store) -> None:
    referral = store(email="a@gmail.com")
    card = {**HTMX, "HX-Target": f"waiting-{referral.pk}"}
    line = as_seller.post(reverse("referrals:unlink", args=[referral.pk]), headers=card)
    assert "belongs to no lead" in line.content.decode()
    assert "Every referral has its lead" in _text(as_seller, QUEUE)


def test_without_a_script_it_comes_back_to_the_queue(as_seller: Client, store: Store) -> None:
    referral = store(email="a@gmail.com")
    data = {"domain": "yeni.example", "next": QUEUE}
    response = as_seller.post(reverse("referrals:link", args=[referral.pk]), data)
    assert response.headers["Location"] == QUEUE
    page = _text(as_seller, QUEUE)
    message = page.split('class="messages"')[1].split("</form>")[0]
    assert "Linked to yeni.example." in message
    undo = {"undo": "1", "seen": _seen(message), "next": QUEUE}
    assert as_seller.post(reverse("referrals:unlink", args=[referral.pk]), undo).headers["Location"] == QUEUE
    assert ReferralLink.objects.get().state == State.NEEDS_DOMAIN
    data["next"] = "https://evil.example/"
    response = as_seller.post(reverse("referrals:link", args=[referral.pk]), data)
    assert response.headers["Location"] == referral.get_absolute_url()


def test_no_card_is_passed_over_when_others_before_it_are_done(as_seller: Client, store: Store) -> None:
    made = [store(number, name=f"Müşteri {number:02d}", email="a@gmail.com") for number in range(13)]
    Referral.objects.update(deadline_order=made[0].deadline_order)  # ties go by the newest
    first = _text(as_seller, QUEUE)
    assert [f"Müşteri {number:02d}" in first for number in range(13)] == [False] * 3 + [True] * 10
    for number in (12, 11, 3):
        as_seller.post(reverse("referrals:unlink", args=[made[number].pk]), headers=HTMX)
    second = _text(as_seller, f"{QUEUE}?after={made[3].pk}")
    assert [number for number in range(13) if f"Müşteri {number:02d}" in second] == [0, 1, 2]


# On the pages of leads


def test_the_panel_of_a_lead_groups_deals_and_adds_each_value_once(as_seller: Client, store: Store) -> None:
    store(1, engagementId="shared", organizationName="Microsoft")
    store(2, engagementId="shared")
    store(3, details={"dealValue": 100, "currency": "EUR"})
    url = reverse("referrals:lead_panel", args=["egesogutma.example"])
    panel = _text(as_seller, url, **HTMX)
    assert "<html" not in panel
    assert panel.count("<li") == 2
    for shown in ("100.00 EUR", "480,000.50 TRY"):
        assert shown in panel
    assert "960,001.00" not in panel
    assert "<html" in _text(as_seller, url)
    assert url in _text(as_seller, "/leads/egesogutma.example/")


def test_the_panel_adds_only_what_is_still_open(as_seller: Client, store: Store) -> None:
    store(1, details={"dealValue": 100, "currency": "EUR"})
    store(2, details={"dealValue": 30, "currency": "EUR"}, status="Closed", substatus="Lost")
    store(3, details={"dealValue": 5, "currency": "EUR"})
    Referral.objects.filter(deal_value=5).update(not_visible_since=timezone.now())
    panel = _text(as_seller, reverse("referrals:lead_panel", args=["egesogutma.example"]), **HTMX)
    head = panel.split("</h2>")[1].split("<ul")[0]
    assert "100.00 EUR" in head
    assert "Open deals" in head


def test_the_head_of_a_lead_counts_its_referrals_beside_the_clock(as_seller: Client, store: Store) -> None:
    store(1, left=timedelta(hours=5, minutes=30))
    store(2, status="Closed", substatus="Lost")
    page = _text(as_seller, "/leads/egesogutma.example/")
    assert "2 referrals" in page
    assert "To answer ×" not in page


def test_lead_pages_show_referrals_only_when_it_is_on(as_seller: Client, store: Store, settings: Any) -> None:
    store(left=timedelta(hours=5, minutes=30))
    make_lead("baska.example", verdict_state="complete")
    for page in (_text(as_seller, "/leads/?referral=new"), _text(as_seller, "/leads/egesogutma.example/")):
        assert "To answer" in page
        assert "5 hours left" in page
    assert "baska.example" not in _text(as_seller, "/leads/?referral=new", **HTMX)
    assert 'id="referrals-due"' in _text(as_seller, "/")
    assert reverse("referrals:list") in _text(as_seller, "/jobs/")
    settings.HUNTER_PARTNER_CENTER_ENABLED = False
    assert "To answer" not in _text(as_seller, "/leads/")
    assert 'id="referrals-due"' not in _text(as_seller, "/")
    assert reverse("referrals:list") not in _text(as_seller, "/jobs/")
    # What is known of a lead does not vanish with the flag.
    assert "lead-referrals" in _text(as_seller, "/leads/egesogutma.example/")
    assert "lead-referrals" not in _text(as_seller, "/leads/baska.example/")


def test_today_gets_the_first_referrals_to_answer(as_seller: Client, store: Store) -> None:
    for number in range(8):
        store(number, name=f"Müşteri {number}", left=timedelta(days=number + 1, hours=1))
    panel = _text(as_seller, LIST + "?status=New", **HTMX, **{"HX-Target": "referrals-due"})
    assert "Referrals to answer" in panel
    assert "6 of 8" in panel
    assert [f"Müşteri {number}" in panel for number in range(8)] == [True] * 6 + [False] * 2


def test_tile_chart_and_panel_of_today_agree_with_the_list(
    as_seller: Client, as_operator: Client, seller: User, store: Store
) -> None:
    """Every referral that waits for an answer, wherever it is linked: counted once, listed once."""
    spans = [timedelta(hours=-2), timedelta(hours=5), timedelta(days=2), timedelta(days=5), timedelta(days=20)]
    for number, left in enumerate(spans):
        store(number, name=f"Açık {number}", email="a@acik.example", left=left)  # five of one lead
    store(10, name="Ayrılmış", email="a@ayri.example", left=timedelta(days=2))
    as_operator.post(reverse("referrals:unlink", args=[Referral.objects.get(customer_name="Ayrılmış").pk]))
    store(11, name="Alan adsız", email="a@gmail.com", left=timedelta(hours=6))
    store(12, name="Kapatılmış", email="a@kapali.example", left=timedelta(days=2))
    store(13, name="Uyuyan", email="a@uyuyan.example", left=timedelta(days=2))
    store(14, name="Süresiz", email="a@suresiz.example", expirationDateTime=None)
    store(15, name="Yanıtlanmış", email="a@eski.example", status="Closed", substatus="Won")
    store(16, name="Gitmiş", email="a@giden.example", left=timedelta(hours=5))
    Referral.objects.filter(customer_name="Gitmiş").update(not_visible_since=timezone.now())
    Lead.objects.update(verdict_state="complete")
    Lead.objects.filter(domain="kapali.example").update(dismissed_at=timezone.now())
    Lead.objects.filter(domain="uyuyan.example").update(snoozed_until=timezone.now() + timedelta(days=9))
    Lead.objects.filter(domain="acik.example").update(owner=seller)

    for who, count in (("", 10), ("?owner=me", 5)):
        page = as_seller.get(f"/{who}")
        waiting = page.context["referrals_to_answer"]()
        assert (waiting.count, waiting.chart.total, waiting.urgent) == (count, count, True)
        assert f'id="tile-referral" href="{html.escape(waiting.url)}"' in page.content.decode()
        assert as_seller.get(waiting.url).context["total"] == count
        for bar in waiting.chart.bars:
            assert as_seller.get(bar.url).context["total"] == bar.count, bar.label
    shown = [(bar.label, bar.count) for bar in as_seller.get("/").context["referrals_to_answer"]().chart.bars]
    assert shown == [
        ("Overdue", 1), ("Within a day", 2), ("1 to 3 days", 4), ("3 to 7 days", 1), ("Later", 1),
        ("Without a deadline", 1),
    ]  # fmt: skip

    page = as_seller.get("/")
    at_work = {row.lead.domain for row in page.context["rows"] if row.reason == "referral"}
    [url] = re.findall(r'id="referrals-due"[^>]* hx-get="([^"]+)"', page.content.decode())
    panel = as_seller.get(html.unescape(url), headers={**HTMX, "HX-Target": "referrals-due"})
    apart = {referral.customer_name for referral in panel.context["page"]}
    assert apart == {"Ayrılmış", "Alan adsız", "Kapatılmış", "Uyuyan"}
    assert "Referrals without an open lead" in panel.content.decode()
    linked = Referral.objects.filter(status="New", not_visible_since=None, link__lead__domain__in=at_work)
    assert linked.count() + len(apart) == 10


def test_the_referrals_of_today_cost_one_query(
    as_seller: Client, store: Store, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        store(number, name=f"Müşteri {number}", email=f"a@m{number}.example", left=timedelta(hours=number))
    Lead.objects.update(verdict_state="complete")
    as_seller.get("/")  # the first page ever makes the cursor of the sync
    with django_assert_max_num_queries(12):
        as_seller.get("/")


def test_today_says_when_referrals_are_unknown_and_how_old_they_are(as_seller: Client, store: Store) -> None:
    def panel() -> str:
        return _text(as_seller, LIST + "?status=New", **HTMX, **{"HX-Target": "referrals-due"})

    assert "Partner Center is not connected; referrals are unknown." in panel()
    store(status="Closed", substatus="Won")
    SyncCursor.get()
    SyncCursor.objects.update(last_success_at=timezone.now() - timedelta(hours=3, minutes=1))
    assert "No referral waits for an answer." in panel()
    assert "as of" in panel()
    assert "3\xa0hours ago" in panel()


def test_today_puts_the_referrals_first_and_links_them_without_a_script(as_seller: Client, store: Store) -> None:
    store(left=timedelta(hours=5, minutes=30))
    Lead.objects.update(verdict_state="complete")
    page = _text(as_seller, "/")
    assert _order(page, "Referrals to answer", "A referral waits for an answer")
    assert '<a class="no-js-only" href="/referrals/?status=New">Referrals to answer</a>' in page


@pytest.mark.parametrize(
    ("path", "current"),
    [("/referrals/", "Referrals"), ("/referrals/needs-domain/", "Referrals"), ("/leads/", "Leads"), ("/", "Today")],
)
def test_the_navigation_marks_one_part(as_seller: Client, path: str, current: str) -> None:
    page = _text(as_seller, path)
    marked = [part.split("</a>")[0] for part in page.split('<a class="nav__link"')[1:] if "aria-current" in part[:150]]
    assert len(marked) == 2  # in the side and in the phone's menu
    assert all(text.endswith(current) for text in marked)


def test_before_the_first_sync_the_first_page_does_not_say_that_none_waits(
    as_seller: Client, signed_in: object
) -> None:
    make_lead("acme.example", score=70, verdict_state="complete")

    def first_page() -> tuple[str, str]:
        page = as_seller.get("/", headers={"accept-language": "en"}).content.decode()
        return page, page.split('id="tile-referral"')[1].split("</a>")[0]

    page, tile = first_page()
    assert '<span class="tile__value">–</span>' in tile
    assert "Referrals to answer, by deadline" not in page
    SyncCursor.get()
    SyncCursor.objects.update(last_success_at=timezone.now())
    page, tile = first_page()
    assert '<span class="tile__value">0</span>' in tile
    assert "Referrals to answer, by deadline" in page
