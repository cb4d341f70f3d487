"""The first page: one list ranked by urgency, each lead once with its reason and next step, figures that lead to what
they count, and a number of queries that does not depend on either."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.models import Job
from leads.models import Event, Lead, LeadVisit
from leads.today import ROWS, Reason
from tests.factories import make_lead

pytestmark = pytest.mark.django_db
TODAY = "/"
HOT: dict[str, Any] = {
    "segment": "Migration", "priority_score": 1, "score": 90, "priority_category": "P2", "verdict_state": "complete",
    "provider": "Google",
}  # fmt: skip


@pytest.fixture(autouse=True)
def both_integrations(settings: Any) -> None:
    settings.HUNTER_PARTNER_CENTER_ENABLED = True
    settings.HUNTER_D365_ENABLED = True


def make_work(user: User) -> None:
    """One lead for each reason."""
    now = timezone.now()
    for name, hours in (("late", -5), ("soon", 20), ("later", 70)):
        make_lead(
            f"{name}.example", **HOT, referral_state="new", referral_count=1,
            referral_deadline=now + timedelta(hours=hours),
        )  # fmt: skip
    changed = make_lead("changed.example", **HOT, changed_at=now)
    LeadVisit.objects.create(user=user, lead=changed, at=now - timedelta(days=2))
    Event.objects.create(lead=changed, kind="dmarc", old="none", new="reject", at=now - timedelta(days=1))
    Event.objects.create(lead=changed, kind="spf", old="absent", new="present", at=now - timedelta(days=3))
    make_lead("due.example", verdict_state="complete", follow_up_on=timezone.localdate() - timedelta(days=1))
    make_lead("parked.example", verdict_state="complete", push_state="parked")
    make_lead("best.example", **HOT, has_spf=True, has_dkim=False, dmarc_policy="none")
    make_lead("cold.example", verdict_state="complete", segment="Cold", priority_score=6, score=10)


def rows(client: Client, **query: str) -> list[tuple[str, str]]:
    return [(row.lead.domain, str(row.reason)) for row in client.get(TODAY, query).context["rows"]]


def test_one_list_ranked_by_clock_changes_follow_ups_and_priority(as_seller: Client, seller: User) -> None:
    make_work(seller)
    assert rows(as_seller) == [
        ("soon.example", "referral"),
        ("later.example", "referral"),
        ("late.example", "referral"),  # its clock has run out; the others can still be won
        ("changed.example", "changed"),
        ("due.example", "follow_up"),
        ("parked.example", "push"),
        ("best.example", "priority"),
    ]


def test_each_row_says_why_and_offers_its_next_step(as_seller: Client, seller: User) -> None:
    make_work(seller)
    text = " ".join(as_seller.get(TODAY).content.decode().split())
    assert "A referral waits for an answer" in text
    assert "19 hours left" in text
    assert "DMARC changed" in text
    assert "SPF changed" not in text.partition("As a table")[0]  # they have seen that one
    assert "Competitive Takeover: Google Workspace, no DKIM, DMARC p=none" in text
    assert "Its push to Dynamics 365 waits for a decision" in text
    for name, arguments, mark in (
        ("referrals:lead_panel", "soon.example", ""),
        ("leads:detail", "changed.example", "#timeline"),
        ("leads:brief", "due.example", ""),
        ("d365:lead_panel", "parked.example", ""),
        ("leads:brief", "best.example", ""),
    ):
        assert f'href="{reverse(name, args=[arguments])}{mark}"' in text


def test_ones_own_doing_is_no_news(as_seller: Client, seller: User) -> None:
    lead = make_lead("changed.example", **HOT, changed_at=timezone.now())
    LeadVisit.objects.create(user=seller, lead=lead, at=timezone.now() - timedelta(days=2))
    Event.objects.create(lead=lead, kind="note", new="Called", by=seller, at=timezone.now() - timedelta(days=1))
    (row,) = as_seller.get(TODAY).context["rows"]
    assert (row.reason, row.changes) == (Reason.PRIORITY, [])
    Event.objects.create(lead=lead, kind="provider", new="M365", by=seller, at=timezone.now() - timedelta(hours=3))
    assert [row.reason for row in as_seller.get(TODAY).context["rows"]] == [Reason.PRIORITY]
    theirs = Event.objects.create(lead=lead, kind="provider", new="Zoho", at=timezone.now() - timedelta(hours=2))
    (row,) = as_seller.get(TODAY).context["rows"]
    assert (row.reason, row.changes) == (Reason.CHANGED, [theirs])
    assert [str(reason) for reason in row.others] == ["priority"]


def test_mine_are_mine_only(as_seller: Client, seller: User) -> None:
    make_work(seller)
    Lead.objects.filter(domain="best.example").update(owner=seller)
    page = as_seller.get(TODAY, {"owner": "me"})
    assert rows(as_seller, owner="me") == [("best.example", "priority")]
    assert {tile.key: tile.count for tile in page.context["tiles"]}["hot"] == 1
    assert "owner=me" in next(tile.query for tile in page.context["tiles"])


def test_whoever_owns_nothing_is_told_where_to_look(as_seller: Client, seller: User) -> None:
    make_work(seller)
    text = as_seller.get(TODAY, {"owner": "me"}).content.decode()
    assert "No lead is yours yet" in text
    assert 'href="/leads/?owner=none"' in text


def test_nothing_due_says_so(as_seller: Client) -> None:
    make_lead("cold.example", verdict_state="complete", segment="Cold", priority_score=6, score=10)
    assert "Nothing is due" in as_seller.get(TODAY).content.decode()


def test_every_tile_leads_to_the_leads_it_counts(as_seller: Client, seller: User) -> None:
    make_work(seller)
    tiles = as_seller.get(TODAY).context["tiles"]
    counted = {tile.key: tile.count for tile in tiles}
    assert counted == {
        "changed": 1, "follow_up": 1, "push": 1, "hot": 5, "undetermined": 0, "never": 0,
    }  # fmt: skip
    for tile in tiles:
        if tile.count:
            assert as_seller.get(reverse("leads:list") + tile.query).context["total"] == tile.count, tile.key


def test_every_bar_leads_to_the_leads_it_counts_and_stands_in_a_table(as_seller: Client, seller: User) -> None:
    make_work(seller)
    page = as_seller.get(TODAY)
    charts = {chart.key: chart for chart in page.context["charts"]}
    for key in ("segment", "provider", "score", "push"):
        for bar in charts[key].bars:
            if bar.count:
                assert as_seller.get(bar.url).context["total"] == bar.count, (key, bar.label)
    assert [(bar.label, bar.count) for bar in charts["news"].bars] == [("SPF changed", 1), ("DMARC changed", 1)]
    assert page.content.decode().count("As a table") == sum(bool(chart.total) for chart in charts.values())


def test_parts_that_are_off_or_closed_are_not_spoken_of(as_seller: Client, seller: User, settings: Any) -> None:
    make_work(seller)
    settings.HUNTER_PARTNER_CENTER_ENABLED = False
    settings.HUNTER_D365_ENABLED = False
    page = as_seller.get(TODAY)
    assert {str(row.reason) for row in page.context["rows"]} == {"changed", "follow_up", "priority"}
    assert {tile.key for tile in page.context["tiles"]} == {"changed", "follow_up", "hot", "undetermined", "never"}
    assert {chart.key for chart in page.context["charts"]} == {"segment", "provider", "score", "news"}
    assert "Referrals to answer" not in page.content.decode()


def test_the_first_run_shows_each_step_with_its_state(as_operator: Client) -> None:
    text = as_operator.get(TODAY).content.decode()
    assert "A CSV or Excel list as you have it" in text
    assert "Optional" not in text  # Partner Center is on here
    make_lead("new.example")
    text = as_operator.get(TODAY).content.decode()
    assert "1 lead is here." in text
    assert "No scan runs." in text
    Lead.objects.update(verdict_state="complete")
    assert "Bring your companies" not in as_operator.get(TODAY).content.decode()


def test_a_list_that_waits_for_a_check_is_the_next_step(as_operator: Client) -> None:
    from tests.leads.test_pages import batch_in_preview

    batch = batch_in_preview()
    text = as_operator.get(TODAY).content.decode()
    assert "waits for your check" in text
    assert f'href="/imports/{batch}/"' in text


def test_queries_do_not_depend_on_the_rows(as_seller: Client, seller: User, django_assert_max_num_queries: Any) -> None:
    make_work(seller)
    as_seller.get(TODAY)  # the first page ever makes the cursor of the sync
    with django_assert_max_num_queries(12):
        as_seller.get(TODAY)
    for number in range(40):
        lead = make_lead(f"more{number}.example", **HOT, changed_at=timezone.now(), owner=seller)
        LeadVisit.objects.create(user=seller, lead=lead, at=timezone.now() - timedelta(days=1))
        Event.objects.create(lead=lead, kind="mx", old="a.example", new="b.example")
    with django_assert_max_num_queries(12):
        found = rows(as_seller)
    assert ROWS[Reason.CHANGED] <= len(found) <= sum(ROWS.values())


def test_jobs_hidden_as_routine_are_told_apart_from_no_jobs(as_operator: Client) -> None:
    assert "No jobs yet" in as_operator.get("/jobs/").content.decode()
    Job.objects.create(kind="outside", key="k", subject="outside", state=Job.State.DONE, routine=True)
    text = as_operator.get("/jobs/").content.decode()
    assert "No jobs yet" not in text
    assert "1 job of the clock is not shown here." in text
    assert 'href="/jobs/?routine=1"' in text


def test_a_lead_with_old_facts_is_scanned_before_it_is_called(as_seller: Client, as_viewer: Client) -> None:
    make_lead("eski.example", **HOT, scanned_at=timezone.now() - timedelta(days=61))
    make_lead("yeni.example", **HOT, scanned_at=timezone.now() - timedelta(days=59))
    page = as_seller.get(TODAY).content.decode()
    old, new = reverse("leads:brief", args=["eski.example"]), reverse("leads:brief", args=["yeni.example"])
    assert f'action="{reverse("leads:rescan", args=["eski.example"])}"' in page
    assert (f'href="{old}"' in page, f'href="{new}"' in page) == (False, True)
    assert page.count("Prepare the call") == 1
    assert f'href="{old}"' in as_viewer.get(TODAY).content.decode()  # who may not scan reads that it is needed


def test_a_follow_up_of_a_lead_that_has_ended_says_how(as_seller: Client) -> None:
    make_lead("biten.example", **HOT, outcome="won", follow_up_on=timezone.localdate())
    page = as_seller.get(TODAY).content.decode()
    assert "Prepare the call" not in page
    assert "Won" in page[page.index("step-") :][:400]
