"""How leads ended, and what that says: known numbers, honest intervals."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from leads import outcomes, scanning
from leads.models import Event, Lead, OutcomeRecord
from leads.outcomes import Conversion, wilson
from leads.overtaken import Overtaken
from tests.factories import make_lead
from tests.leads.conftest import Served
from tests.worlds import google

pytestmark = pytest.mark.django_db
ACME = "acme.example"


def test_an_outcome_keeps_the_verdict_of_its_day_and_can_be_taken_back(
    as_seller: Client, dns: Served, work_off: Callable[[], None], seller: User
) -> None:
    dns(google(ACME))
    lead = make_lead(ACME)
    scanning.rescan_lead(lead, started_by=None)
    work_off()
    url = reverse("leads:outcome", args=[ACME])
    for unchosen in ("", "maybe"):
        assert as_seller.post(url, {"outcome-outcome": unchosen, "outcome-seen": ""}).status_code == 422
    shown = as_seller.get(reverse("leads:detail", args=[ACME])).content.decode()
    assert re.search(r'<select name="outcome-outcome"[^>]* required[^>]*>\s*<option value="" selected>', shown)
    as_seller.post(url, {"outcome-outcome": "won", "outcome-reason": "Sözleşme", "outcome-seen": ""})
    lead.refresh_from_db()
    record = OutcomeRecord.objects.get()
    assert (lead.outcome, record.outcome, record.reason, record.by) == ("won", "won", "Sözleşme", seller)
    assert (record.segment, record.priority_category, record.score, record.rules_version) == (
        "Migration",
        "P2",
        90,
        "v1",
    )
    assert record.rules == ["provider.Google", "signal.spf", "signal.dkim", "signal.dmarc_reject"]
    assert "Sözleşme" in as_seller.get(lead.get_absolute_url()).content.decode()
    lost = {"outcome-outcome": "lost", "outcome-seen": ""}
    assert "Somebody changed this" in as_seller.post(url, lost, follow=True).content.decode()
    as_seller.post(reverse("leads:outcome_undo", args=[ACME]), {"seen": "won"})
    lead.refresh_from_db()
    assert lead.outcome == ""
    assert outcomes.total().decided == 0
    told = list(Event.objects.filter(kind="outcome").order_by("pk").values_list("old", "new", "by"))
    assert told == [("", "won:Sözleşme", seller.pk), ("won", "", seller.pk)]
    page = as_seller.get(lead.get_absolute_url()).content.decode()
    timeline = page[page.index('id="timeline"') :]
    assert "<ins>Won</ins>" in timeline
    assert "Sözleşme" in timeline  # why, long after the outcome was taken back
    assert OutcomeRecord.objects.count() == 2  # nothing is erased


def test_a_won_lead_is_not_called_again(as_seller: Client, seller: User) -> None:
    lead = make_lead(ACME, segment="Migration", priority_score=1, score=90, verdict_state="complete")
    assert [row.lead for row in as_seller.get(reverse("leads:today")).context["rows"]] == [lead]
    outcomes.decide(lead, "won", by=seller)
    assert as_seller.get(reverse("leads:today")).context["rows"] == []
    page = as_seller.get(reverse("leads:list"), {"outcome": "won"})
    assert list(page.context["page"]) == [lead]
    with pytest.raises(Overtaken):
        outcomes.decide(lead, "lost", by=seller, seen="")


@pytest.mark.parametrize(
    ("won", "decided", "low", "high"),
    [  # R: binom::binom.wilson; and the textbook's 15 of 50
        (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (15, 50, 0.1910, 0.4375),
        (1, 20, 0.0089, 0.2361), (0, 0, 0.0, 1.0),
    ],
)  # fmt: skip
def test_wilson_against_known_figures(won: int, decided: int, low: float, high: float) -> None:
    found = wilson(won, decided)
    assert found == pytest.approx((low, high), abs=0.0001)
    assert 0 <= found[0] <= found[1] <= 1


def decided(segment: str, priority: str, rules: list[str], outcome: str, count: int) -> None:
    for number in range(count):
        lead = make_lead(f"{segment}{priority}{outcome}{number}.example".replace("_", "").casefold())
        OutcomeRecord.objects.create(
            lead=lead, outcome=outcome, segment=segment, priority_category=priority, score=60, rules=rules
        )


def test_conversion_by_segment_priority_and_rule(as_viewer: Client) -> None:
    decided("Migration", "P1", ["provider.Local", "signal.spf"], "won", 12)
    decided("Migration", "P1", ["provider.Local"], "lost", 6)
    decided("Migration", "P1", ["provider.Local"], "not_a_fit", 2)
    decided("Existing", "P3", ["provider.M365", "signal.spf"], "lost", 19)
    old = OutcomeRecord.objects.create(lead=Lead.objects.first(), outcome="", is_current=False, segment="Migration")
    assert old.pk
    assert outcomes.total() == Conversion("", 12, 25, 2)
    assert outcomes.by_column("segment") == [Conversion("Existing", 0, 19, 0), Conversion("Migration", 12, 6, 2)]
    assert outcomes.by_column("priority_category") == [Conversion("P1", 12, 6, 2), Conversion("P3", 0, 19, 0)]
    assert outcomes.by_rule() == [
        Conversion("signal.spf", 12, 19, 0),
        Conversion("provider.Local", 12, 6, 2),
        Conversion("provider.M365", 0, 19, 0),
    ]  # fmt: skip
    migration = outcomes.by_column("segment")[1]
    assert (migration.share, migration.low, migration.high, migration.is_enough) == (60, 39, 78, True)
    assert not outcomes.by_column("segment")[0].is_enough
    text = " ".join(as_viewer.get(reverse("leads:outcomes")).content.decode().split())
    assert "12 of 39 decided leads were won." in text
    assert "60%" in text
    assert "39%–78%" in text
    assert "too little data" in text


def test_the_page_says_when_nothing_was_decided(as_viewer: Client) -> None:
    assert "No lead has been decided yet" in as_viewer.get(reverse("leads:outcomes")).content.decode()


@pytest.mark.parametrize("way", ["one", "many"])
def test_an_outcome_deleted_in_the_administration_does_not_hold_any_more(
    as_administrator: Client, seller: User, way: str
) -> None:
    lead = make_lead(ACME)
    outcomes.decide(lead, "won", by=seller)
    record = OutcomeRecord.objects.get()
    if way == "one":
        as_administrator.post(reverse("admin:leads_outcomerecord_delete", args=[record.pk]), {"post": "yes"})
    else:
        chosen = {"action": "delete_selected", "_selected_action": [record.pk], "post": "yes"}
        as_administrator.post(reverse("admin:leads_outcomerecord_changelist"), chosen)
    lead.refresh_from_db()
    assert lead.outcome == ""
    assert not OutcomeRecord.objects.filter(outcome="won").exists()
    assert list(lead.events.order_by("pk").values_list("old", "new")) == [("", "won"), ("won", "")]
