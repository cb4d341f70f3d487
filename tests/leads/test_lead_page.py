"""The lead page stays quick however long its story is, and shows what changed since the reader looked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from leads import knowledge, lead_page, outcomes, scanning, services, snoozing
from leads.brief import brief_of
from leads.event_words import event_value
from leads.models import Event, Lead, LeadVisit, Scan
from leads.templatetags.leads import _EVENT_ICONS
from tests.factories import make_lead
from tests.leads.conftest import Served
from tests.worlds import google, microsoft

pytestmark = pytest.mark.django_db
WorkOff = Callable[[], None]
ACME = "acme.example"
MOST_QUERIES = 15


@pytest.fixture
def scanned(dns: Served, work_off: WorkOff) -> Lead:
    dns(google(ACME))
    lead = make_lead(ACME, company_name="Acme A.Ş.")
    scanning.queue_scan(Lead.objects.all(), title="scan.list")
    work_off()
    lead.refresh_from_db()
    return lead


def a_long_story(lead: Lead, seller: User) -> None:
    """500 events, 50 scans, notes, tags and a watcher's visit."""
    first = lead.scans.get()
    now = timezone.now()
    Scan.objects.bulk_create(
        Scan(
            lead=lead, status=first.status, observations=first.observations, facts=first.facts, verdict=first.verdict,
            rules_version="v1", duration=0.1, created_at=now - timedelta(days=number + 1),
        )
        for number in range(49)
    )  # fmt: skip
    scans = list(Scan.objects.order_by("pk"))
    Event.objects.bulk_create(
        Event(
            lead=lead, kind=Event.Kind.SCORE, old="60", new="70", at=now - timedelta(hours=number),
            scan=scans[number % 50], by=seller if number % 3 else None,
        )
        for number in range(500)
    )  # fmt: skip
    services.add_note(lead, "Aradım", by=seller)
    services.set_tags(lead, ["önemli", "fuar"], by=seller)


@pytest.mark.parametrize("integrations", [False, True])
def test_500_events_and_50_scans_take_at_most_15_queries(
    as_seller: Client, scanned: Lead, seller: User, settings: Any, integrations: bool
) -> None:
    settings.HUNTER_PARTNER_CENTER_ENABLED = settings.HUNTER_D365_ENABLED = integrations
    settings.HUNTER_D365_BASE_URL = "https://acme.crm4.dynamics.com"
    for name in ("CLIENT_ID", "CLIENT_SECRET", "TENANT_ID"):
        setattr(settings, f"HUNTER_D365_{name}", "set")
        setattr(settings, f"HUNTER_PARTNER_CENTER_{name}", "set")
    a_long_story(scanned, seller)
    with time_machine.travel(timezone.now() - timedelta(days=3), tick=False):
        as_seller.get(scanned.get_absolute_url())
    for what in ("a new look", "a reload"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = as_seller.get(scanned.get_absolute_url())
        assert response.status_code == 200
        assert len(queries) <= MOST_QUERIES, [what, *(query["sql"][:150] for query in queries)]
        read = [query["sql"] for query in queries if '"leads_scan"."observations"' in query["sql"]]
        assert len(read) == 1, read  # the look-ups of one scan, however many there are


@pytest.mark.parametrize("page", ["1", "2"])
def test_a_busy_lead_has_the_brief_of_its_own_page_and_shows_what_is_in_force(
    as_seller: Client, scanned: Lead, seller: User, page: str
) -> None:
    """The worst case: everything a person can enter, more events and more entries than one page holds."""
    knowledge.enter(scanned, "tenant_size", "large", reason="900 kişi", by=seller)
    entry = knowledge.enter(scanned, "provider", "Zoho", reason="aradım", by=seller)
    for number in range(52):
        knowledge.enter(scanned, "contact", f"c{number}@acme.example", reason="kartvizit", by=seller)
    services.set_follow_up(scanned, timezone.localdate() + timedelta(days=5), by=seller)
    snoozing.snooze(scanned, until=timezone.localdate() + timedelta(days=9), until_change=True, by=seller)
    scanned.refresh_from_db()
    Event.objects.create(lead=scanned, kind="mx", old="a.example", new="b.example")
    for number in range(35):
        services.add_note(scanned, f"{number}", by=seller)
    outcomes.decide(scanned, "won", by=seller)
    scanned.refresh_from_db()
    as_seller.get(scanned.get_absolute_url())
    with CaptureQueriesContext(connection) as queries:
        response = as_seller.get(scanned.get_absolute_url(), {"page": page, "from": "?sort=score"})
    assert len(queries) <= MOST_QUERIES, [query["sql"][:150] for query in queries]
    assert set(response.context["in_force"]) == {"tenant_size", "provider", "contact"}
    assert reverse("leads:known_end", args=[ACME, entry.pk]) in response.content.decode()
    cited = [note.text for note in response.context["brief"].notes]
    with override("en"):
        assert cited == [note.text for note in brief_of(Lead.objects.get(pk=scanned.pk)).notes]
    assert any(said.startswith("follow up on; entered by seller") for said in cited)
    assert any(said.startswith("Timeline of the lead") and said.endswith("Mail host changed") for said in cited)


def test_the_timeline_pages_and_a_page_too_far_gives_the_last(scanned: Lead, seller: User) -> None:
    a_long_story(scanned, seller)
    total = scanned.events.count()

    def page(asked: str) -> lead_page.Timeline:
        return lead_page.timeline(scanned, reader=seller, since=None, asked=asked, size=30)

    assert (page("").page.number, page("2").page.number, page("x").page.number) == (1, 2, 1)
    last = page("999").page
    assert last.number == last.paginator.num_pages == -(-total // 30)
    assert len(last.object_list) == total % 30 or 30
    shown = [event.pk for number in last.paginator.page_range for event in page(str(number)).page]
    assert shown == list(scanned.events.order_by("-at", "-pk").values_list("pk", flat=True))


def test_an_empty_timeline_is_a_page_too(scanned: Lead, seller: User) -> None:
    found = lead_page.timeline(scanned, reader=seller, since=timezone.now(), asked="7", size=30)
    assert (found.page.number, found.marker, found.news, list(found.page)) == (1, None, 0, [])


def test_every_kind_of_event_has_words_and_a_picture() -> None:
    for kind in Event.Kind:
        assert str(kind.label)
        assert kind in _EVENT_ICONS, kind
    values = {
        "override": ("provider:M365", "Mail provider: Microsoft 365"), "snoozed": ("change", "until something changes"),
        "outcome": ("won", "Won"), "opt_out": ("asked", "does not want to be contacted"),
        "provider": ("Google", "Google Workspace"), "referral": ("New / Pending", "New / Pending"),
        "segment": ("Cold", "Cold"), "dmarc": ("none", "p=none"), "spf": ("absent", "missing"),
    }  # fmt: skip
    from django.utils import translation

    with translation.override("en"):
        for name, (value, words) in values.items():
            assert event_value(value, name) == words
        assert event_value("2026-12-01 change", "snoozed") == "until 1 Dec 2026 or a change"
        assert event_value("company_name:Acme: Sons", "override") == "Company name: Acme: Sons"


def test_an_event_leads_to_the_look_that_shows_it(
    as_seller: Client, dns: Served, work_off: WorkOff, scanned: Lead
) -> None:
    dns(microsoft(ACME))
    scanning.rescan_lead(scanned, started_by=None)
    work_off()
    event = Event.objects.get(kind="provider")
    url = reverse("leads:scan", args=[ACME, event.scan_id])
    assert url in as_seller.get(scanned.get_absolute_url()).content.decode()
    page = as_seller.get(url).content.decode()
    assert "acme-example.mail.protection.outlook.com" in page
    assert "Microsoft 365" in page
    other = make_lead("other.example")
    assert as_seller.get(reverse("leads:scan", args=[other.domain, event.scan_id])).status_code == 404


def test_the_mark_stands_where_the_reader_stopped(
    as_seller: Client, as_viewer: Client, scanned: Lead, seller: User
) -> None:
    start = timezone.now()
    url = scanned.get_absolute_url()
    with time_machine.travel(start, tick=False) as clock:
        first = as_seller.get(url)
        assert (first.context["timeline"].since, first.context["timeline"].news) == (None, 0)
        clock.shift(timedelta(hours=1))
        Event.objects.create(lead=scanned, kind="gateway", new="Mimecast", at=timezone.now())
        Event.objects.create(lead=scanned, kind="note", new="mine", by=seller, at=timezone.now())
        clock.shift(timedelta(hours=1))
        second = as_seller.get(url)
        timeline = second.context["timeline"]
        assert timeline.since == start
        assert timeline.news == 1
        assert "You last looked here" not in second.content.decode()  # nothing older is there to mark
        clock.shift(timedelta(minutes=3))
        as_seller.get(url, headers={"HX-Request": "true"})
        again = as_seller.get(url)
        assert again.context["timeline"].since == start  # a reload still shows what was new
        clock.shift(timedelta(hours=1))
        Event.objects.create(lead=scanned, kind="score", old="1", new="2", at=timezone.now())
        clock.shift(timedelta(hours=1))
        later = as_seller.get(url)
        assert later.context["timeline"].news == 1
        assert later.context["timeline"].marker == Event.objects.get(kind="note").pk
        assert "You last looked here" in later.content.decode()
        assert as_viewer.get(url).context["timeline"].since is None  # each reader has a mark of their own


def test_a_fragment_moves_no_mark(as_seller: Client, scanned: Lead) -> None:
    as_seller.get(scanned.get_absolute_url(), headers={"HX-Request": "true"})
    as_seller.get(reverse("leads:scan_state", args=[ACME]), headers={"HX-Request": "true"})
    assert not LeadVisit.objects.exists()


def test_the_mark_stands_on_the_page_where_it_belongs(scanned: Lead, seller: User) -> None:
    now = timezone.now()
    Event.objects.bulk_create(
        Event(lead=scanned, kind="score", at=now - timedelta(minutes=number)) for number in range(40)
    )
    events = list(scanned.events.order_by("-at", "-pk"))
    for seen, on_page in ((0, 1), (29, 1), (30, 2), (35, 2)):
        since = events[seen].at
        marks = [
            lead_page.timeline(scanned, reader=seller, since=since, asked=str(number), size=30).marker
            for number in (1, 2)
        ]
        expected = [None, None]
        if seen:
            expected[on_page - 1] = events[seen].pk
        assert marks == expected, seen


def test_the_list_marks_and_filters_what_changed_since_i_looked(
    as_seller: Client, as_viewer: Client, scanned: Lead
) -> None:
    make_lead("never-looked-at.example", changed_at=timezone.now())
    url = reverse("leads:list")
    as_seller.get(scanned.get_absolute_url())
    assert not any(lead.has_news for lead in as_seller.get(url).context["page"])
    later = timezone.now() + timedelta(seconds=1)
    Event.objects.create(lead=scanned, kind="score", old="1", new="2", at=later)
    Lead.objects.filter(pk=scanned.pk).update(changed_at=later)
    page = as_seller.get(url)
    assert [lead.domain for lead in page.context["page"] if lead.has_news] == [ACME]
    assert "changed since you looked" in page.content.decode()
    assert [lead.domain for lead in as_seller.get(url, {"changed": "looked"}).context["page"]] == [ACME]
    assert as_viewer.get(url, {"changed": "looked"}).context["total"] == 0
    (row,) = as_seller.get(reverse("leads:today")).context["rows"]
    assert (row.lead, str(row.reason)) == (scanned, "changed")


def test_page_list_and_first_page_mean_the_same_by_news(
    as_seller: Client, as_operator: Client, scanned: Lead, seller: User, operator: User
) -> None:
    """What somebody else changed of the verdict is news, however they did it; what I did is none, nor is a note."""
    page, listed = scanned.get_absolute_url(), reverse("leads:list")

    def news(client: Client) -> tuple[int, int, int, bool]:
        tiles = {tile.key: tile.count for tile in client.get(reverse("leads:today")).context["tiles"]}
        rows = client.get(listed).context["page"].object_list
        found = client.get(listed, {"changed": "looked"}).context["total"]
        told = client.get(page).context["timeline"].news > 0
        return tiles["changed"], found, sum(lead.has_news for lead in rows), told

    for client in (as_seller, as_operator):
        client.get(page)
        assert news(client) == (0, 0, 0, False)
    services.add_note(scanned, "Called", by=seller)
    assert news(as_operator) == (0, 0, 0, False)
    knowledge.enter(scanned, "provider", "M365", reason="The CEO told me.", by=seller)
    assert news(as_seller) == (0, 0, 0, False)
    assert as_seller.get(listed, {"changed": "7"}).context["total"] == 1
    assert news(as_operator) == (1, 1, 1, True)  # the last of them has looked
    assert news(as_operator)[:3] == (0, 0, 0)
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        services.assign([scanned], seller, by=seller)
        entry = scanned.overrides.get()
        knowledge.end(entry, by=operator)
        assert news(as_operator) == (0, 0, 0, False)
        assert news(as_seller) == (1, 1, 1, True)


def test_one_headline_and_the_other_measures_say_what_they_measure(as_seller: Client, scanned: Lead) -> None:
    Lead.objects.filter(pk=scanned.pk).update(has_dkim=False)
    page = " ".join(as_seller.get(scanned.get_absolute_url()).content.decode().split())
    headline, _details, below = page.partition('id="other-measures"')
    measures = below.partition("</details>")[0]
    names = ("Priority 1–7", "Potential", "Urgency", "Security risk", "Technical heat", "Commercial segment")
    for name in names:
        assert page.count(f"<dt>{name}</dt>") == 1, name
        assert f"<dt>{name}</dt>" in measures, name
    assert measures.count("<dt>") == measures.count('class="small muted"') == len(names)
    assert "Competitive Takeover" in headline
    assert "(weak estimate from the mail host)" in below[: below.index('id="known"')]
    known = below[below.index('id="known"') :]
    assert "Large <span" in known[: known.index("Mail provider")]
    assert "(weak estimate from the mail host)" in known[: known.index("Mail provider")]


def test_answers_of_servers_are_words(as_seller: Client, scanned: Lead) -> None:
    page = as_seller.get(scanned.get_absolute_url()).content.decode()
    assert "there is no such name" in page
    for raw in ("nxdomain", "nodata", "servfail"):
        assert raw not in page, raw


def test_whoever_may_write_notes_watches_a_lead_and_all_see_who_does(
    as_seller: Client, as_viewer: Client, seller: User, operator: User, scanned: Lead
) -> None:
    url = reverse("leads:watch", args=[ACME])
    assert as_viewer.post(url, {"wanted": "1"}).status_code == 403
    scanned.watchers.add(operator)
    page = as_seller.get(scanned.get_absolute_url()).content.decode()
    assert 'name="wanted" value="1"' in page
    for _twice in range(2):
        assert as_seller.post(url, {"wanted": "1"}).headers["Location"] == f"{scanned.get_absolute_url()}#work"
        assert set(scanned.watchers.all()) == {operator, seller}
    page = as_seller.get(scanned.get_absolute_url()).content.decode()
    assert 'name="wanted" value="0"' in page
    seen = as_viewer.get(scanned.get_absolute_url()).content.decode()
    assert url not in seen
    for person in (seller, operator):
        assert person.get_username() in seen.partition('id="watchers"')[2].partition("</p>")[0]
    assert not Event.objects.filter(by=seller).exists()
    as_seller.post(url, {"wanted": "0"})
    assert set(scanned.watchers.all()) == {operator}
