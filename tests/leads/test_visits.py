"""What is news to whom: what was not on the page they looked at, whatever the clocks say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads import visits
from leads.models import Event, Lead, LeadVisit
from tests.factories import make_lead

pytestmark = pytest.mark.django_db
ACME = "acme.example"
HOT: dict[str, Any] = {"segment": "Migration", "priority_score": 1, "verdict_state": "complete", "score": 90}


def as_shown(user: User) -> Lead:
    return visits.with_news(visits.with_visit(Lead.objects.all(), user), user).get(domain=ACME)


def change(at: datetime) -> None:
    Event.objects.create(lead=Lead.objects.get(domain=ACME), kind="dmarc", old="none", new="reject", at=at)
    Lead.objects.filter(domain=ACME).update(changed_at=at)


@pytest.mark.parametrize("changed_before", [True, False])
def test_a_change_that_is_committed_after_the_page_was_read_is_news(
    as_seller: Client, seller: User, changed_before: bool
) -> None:
    """A scan dates its changes when it holds the leads; until the whole chunk is written nobody sees them."""
    now = timezone.now()
    long_ago = now - timedelta(days=9)
    make_lead(ACME, **HOT, changed_at=long_ago if changed_before else None, created_at=long_ago)
    LeadVisit.objects.create(user=seller, lead=Lead.objects.get(), at=now - timedelta(hours=2))
    read = as_shown(seller)
    change(now - timedelta(seconds=1))
    visits.look(read, seller, now)
    assert as_shown(seller).has_news
    assert Lead.objects.filter(visits.changed_since_looked(seller)).exists()
    (row,) = as_seller.get(reverse("leads:today")).context["rows"]
    assert [event.kind for event in row.changes] == ["dmarc"]
    assert as_seller.get(reverse("leads:detail", args=[ACME])).context["timeline"].news == 1
    assert not as_shown(seller).has_news
    assert as_seller.get(reverse("leads:detail", args=[ACME])).context["timeline"].news == 1  # a reload


def test_a_visit_of_an_earlier_version_counts_by_its_time(seller: User) -> None:
    now = timezone.now()
    make_lead(ACME)
    LeadVisit.objects.create(user=seller, lead=Lead.objects.get(), at=now - timedelta(hours=2))
    change(now - timedelta(hours=3))
    assert not as_shown(seller).has_news
    change(now - timedelta(hours=1))
    assert as_shown(seller).has_news
