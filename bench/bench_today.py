"""The first page and the search with 10,000 leads, 2,000 of them with a referral to answer, and 500 looks of a person:
server time (p95 of 100) and queries, page frame included; as sales operations, who see every part, with Dynamics 365
and Partner Center on."""

from __future__ import annotations

import gc
import time
from datetime import timedelta
from typing import Any

from bench.bench_lead_page import CONNECTED
from bench.setting import fresh_hunter, percentile

LEADS, REFERRALS, VISITS, EVENTS, LOADS = 10_000, 2_000, 500, 20_000, 100
PAGES = {"today": "/", "mine": "/?owner=me", "search": "/search/?q=isik", "palette": "/search/?q=yapi"}


def run() -> dict[str, Any]:
    with fresh_hunter(**CONNECTED):
        from django.contrib.auth.models import Group, User
        from django.test import Client

        from bench.leads import make_leads

        make_leads(LEADS)
        user = User.objects.create_user("bench", password="bench")
        user.groups.add(Group.objects.get(name="Sales operations"))
        make_work(user)
        client = Client(headers={"host": "localhost"})
        client.force_login(user)
        gc.collect()
        gc.freeze()  # the rows made here are no part of what is measured
        results: dict[str, Any] = {}
        for name, url in PAGES.items():
            headers = {"HX-Request": "true"} if name == "palette" else {}
            times, queries = [], []
            for _ in range(LOADS + 1):
                started = time.perf_counter()
                response = client.get(url, headers=headers)
                times.append((time.perf_counter() - started) * 1000)
                assert response.status_code == 200
                queries.append(int(response.headers["X-Query-Count"]))
            results[name] = {
                "p95_ms": round(percentile(times[1:], 0.95), 1),
                "median_ms": round(percentile(times[1:], 0.5), 1),
                "queries": max(queries[1:]),
                "kilobytes": round(len(response.content) / 1024),
            }
        return results


def make_work(user: Any) -> None:
    """Referrals with clocks, parked pushes, looks that lie behind changes, and the changes of two months."""
    from django.utils import timezone

    from leads.models import Event, Lead, LeadVisit

    now = timezone.now()
    leads = list(Lead.objects.order_by("pk"))
    for number, lead in enumerate(leads[:REFERRALS]):
        lead.referral_state, lead.referral_count = "new", 1
        lead.referral_deadline = now + timedelta(hours=number % 400 - 20)
    for number, lead in enumerate(leads[REFERRALS : 2 * REFERRALS]):
        lead.push_state = "parked" if number % 20 == 0 else "synced"
        lead.owner = user if number % 10 == 0 else lead.owner
    Lead.objects.bulk_update(
        leads[: 2 * REFERRALS],
        ["referral_state", "referral_count", "referral_deadline", "push_state", "owner"],
        batch_size=200,
    )
    LeadVisit.objects.bulk_create(
        LeadVisit(user=user, lead=lead, at=now - timedelta(days=45)) for lead in leads[-VISITS:]
    )
    kinds = ["score", "dmarc", "spf", "provider", "mx", "note"]
    Event.objects.bulk_create(
        (
            Event(
                lead=leads[number % LEADS], kind=kinds[number % 6], old="a", new="b",
                at=now - timedelta(minutes=number * 4),
            )
            for number in range(EVENTS)
        ),
        batch_size=1_000,
    )  # fmt: skip
