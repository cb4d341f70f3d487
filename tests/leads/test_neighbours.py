"""Through a list from its leads' pages, and a look beside it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leads.list_query import SORTS, LeadQuery
from leads.models import Lead, Tag
from leads.neighbours import neighbours
from tests.factories import make_lead

pytestmark = pytest.mark.django_db


def market() -> None:
    """Leads that are alike in many keys, and some without."""
    now = timezone.now()
    for number in range(24):
        known = number % 4 > 0
        make_lead(
            f"n{number}.example", company_name=f"Firma {number % 3}", priority_score=number % 3 if known else 8,
            priority_category=f"P{number % 3 + 1}" if known else "", score=number % 5 * 10 if known else None,
            changed_at=now - timedelta(days=number % 2) if number % 3 else None,
            scanned_at=now if number % 2 else None, created_at=now - timedelta(days=number % 6),
            follow_up_on=now.date() if number % 7 else None, referral_deadline=now if number % 8 == 0 else None,
            segment="Migration" if number % 2 else "Cold",
        )  # fmt: skip


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("also", ["", "&segment=Migration", "&q=firma+1&tag=fuar"])
def test_the_way_through_the_list_is_the_order_of_the_list(seller: User, sort: str, also: str) -> None:
    market()
    Tag.objects.create(name="fuar").leads.set(Lead.objects.exclude(domain="n4.example"))
    query = LeadQuery.from_url(QueryDict(f"sort={sort}{also}"))
    leads = list(query.ordered(seller))
    assert len(leads) >= 7
    for before, lead, after in zip([None, *leads], leads, [*leads[1:], None], strict=False):
        found = neighbours(lead, query, seller)
        assert (found.previous, found.next) == (before, after), (sort, also, lead)


def test_a_lead_that_left_the_list_still_knows_its_place(seller: User) -> None:
    for name in "abc":
        make_lead(f"{name}.example")
    lead = Lead.objects.get(domain="b.example")
    Lead.objects.filter(pk=lead.pk).update(dismissed_at=timezone.now())
    found = neighbours(lead, LeadQuery(sort="domain"), seller)
    assert (str(found.previous), str(found.next)) == ("a.example", "c.example")


def test_the_page_of_a_lead_keeps_its_list(as_seller: Client) -> None:
    for name in "abc":
        make_lead(f"{name}.example", segment="Migration")
    listed = as_seller.get("/leads/?segment=Migration&sort=domain").content.decode()
    way = "?from=segment%3DMigration%26sort%3Ddomain"
    assert f'href="/leads/b.example/{way}"' in listed
    with CaptureQueriesContext(connection) as plain:
        as_seller.get("/leads/b.example/")
    with CaptureQueriesContext(connection) as led:
        page = as_seller.get(f"/leads/b.example/{way}")
    assert len(led) <= len(plain) + 1
    text = page.content.decode()
    for part in (f'href="/leads/a.example/{way}"', f'href="/leads/c.example/{way}"', 'href="/leads/?segment=Migration'):
        assert part in text
    came = f"http://testserver/leads/b.example/{way}"
    answer = as_seller.post(reverse("leads:note", args=["b.example"]), {"text": "aradım"}, headers={"referer": came})
    assert answer.headers["Location"] == f"/leads/b.example/{way}#notes"
    answer = as_seller.post(reverse("leads:note", args=["b.example"]), {"text": "aradım"})
    assert answer.headers["Location"] == "/leads/b.example/#notes"


def test_a_peek_is_light_and_knows_its_list(as_seller: Client) -> None:
    make_lead("a.example", company_name="Işık", contact_emails=["x@a.example"]).tags.add(
        Tag.objects.create(name="fuar")
    )
    url = reverse("leads:peek", args=["a.example"]) + "?from=sort%3Dname"
    as_seller.get(url)
    with CaptureQueriesContext(connection) as queries:
        text = as_seller.get(url, headers={"HX-Request": "true"}).content.decode()
    assert len(queries) <= 8
    assert "<html" not in text
    assert "<h1" not in text
    for part in ("Işık", "fuar", "x@a.example", "/leads/a.example/?from=sort%3Dname"):
        assert part in text
    assert as_seller.get(url).content.decode().count("<h1") == 1


def test_a_peek_snoozes_and_leads_back(as_seller: Client) -> None:
    make_lead("a.example")
    form = {"snooze-until_change": "on", "next": "/leads/?q=a"}
    assert as_seller.post(reverse("leads:snooze", args=["a.example"]), form).headers["Location"] == "/leads/?q=a"
    assert Lead.objects.asleep(timezone.now()).count() == 1
