"""The lead list at 100,000 leads: server time (p95 of 40) and queries for the default view, filters, sorts, search; the
way from a lead to its neighbours; the preview of an action on all of them."""

from __future__ import annotations

import gc
import time
from typing import Any

from bench.setting import fresh_hunter, percentile

LEADS = 100_000
VIEWS = [
    "", "?page=2", "?page=1000", "?segment=Migration", "?segment=Existing&segment=Cold", "?provider=M365",
    "?priority=P1",
    "?score_min=70", "?score_min=20&score_max=40", "?tag=local-mx", "?owner=me", "?owner=none", "?posture=no_spf",
    "?posture=dmarc_none", "?posture=enforced", "?posture=gateway", "?posture=microsoft_elsewhere", "?changed=7",
    "?state=undetermined", "?source=import", "?d365=synced",
    "?sort=score", "?sort=name", "?sort=domain", "?sort=changed",
    "?sort=scanned", "?sort=added", "?sort=follow_up", "?q=anadolu", "?q=tekstil+ankara", "?q=ISIK",
    "?q=yokboyle", "?q=a", "?segment=Migration&sort=name&q=yapi", "?snoozed=1", "?changed=looked",
    "?density=compact&cols=score&cols=owner&cols=city&cols=source&cols=follow_up&cols=changed&cols=added&view=all",
    "?segment=Migration&posture=dmarc_none&posture=no_dkim&q=istanbul",
]  # fmt: skip
WAYS = ["", "sort=name", "sort=changed", "segment=Migration&posture=no_dkim", "tag=local-mx&sort=score", "q=tekstil"]


def run() -> dict[str, Any]:
    with fresh_hunter():
        from django.contrib.auth.models import User
        from django.test import Client

        from bench.leads import make_leads

        make_leads(LEADS)
        _put_to_sleep()
        gc.collect()
        gc.freeze()  # the rows made here are no part of what is measured
        user = User.objects.create_superuser("bench", password="bench")
        client = Client(headers={"host": "localhost"})
        client.force_login(user)
        _look_at_some(user)
        _save_views(user)
        results: dict[str, Any] = {}
        for view in VIEWS:
            times = []
            for _ in range(41):
                started = time.perf_counter()
                response = client.get(f"/leads/{view}")
                times.append((time.perf_counter() - started) * 1000)
                assert response.status_code == 200, view
            results[f"/leads/{view}"] = {
                "p95_ms": round(percentile(times[1:], 0.95), 1),
                "queries": int(response.headers["X-Query-Count"]),
            }
        worst = max(results.values(), key=lambda row: row["p95_ms"])["p95_ms"]
        most = max(row["queries"] for row in results.values())
        return {"worst_p95_ms": worst, "most_queries": most, **results, **_neighbours(user), **_previews(client)}


def _neighbours(user: Any) -> dict[str, Any]:
    """From the first lead of a list, from its middle and from its end."""
    from django.http import QueryDict

    from leads.list_query import LeadQuery
    from leads.neighbours import neighbours

    results = {}
    for way in WAYS:
        query = LeadQuery.from_url(QueryDict(way))
        leads = query.ordered(user)
        count = leads.count()
        times = []
        for lead in (leads[0], leads[count // 2], leads[count - 1]):
            for _ in range(10):
                started = time.perf_counter()
                neighbours(lead, query, user)
                times.append((time.perf_counter() - started) * 1000)
        results[f"neighbours ?{way}"] = {"p95_ms": round(percentile(times, 0.95), 1)}
    return results


def _previews(client: Any) -> dict[str, Any]:
    """All leads settled for an action, and the preview shown."""
    started = time.perf_counter()
    answer = client.post("/leads/bulk/", {"action": "dismiss", "all": "1"})
    settled = time.perf_counter()
    assert client.get(answer.headers["Location"]).status_code == 200
    shown = time.perf_counter()
    return {
        "all settled": {"ms": round((settled - started) * 1000)},
        "preview": {"ms": round((shown - settled) * 1000)},
    }


def _put_to_sleep() -> None:
    """Two in a hundred leads: half until a date, half until something changes."""
    from datetime import timedelta

    from django.db.models import F
    from django.db.models.functions import Mod
    from django.utils import timezone

    from leads.models import Lead

    leads = Lead.objects.annotate(rest=Mod(F("pk"), 100))
    leads.filter(rest=3).update(snoozed_until=timezone.now() + timedelta(days=9))
    leads.filter(rest=7).update(snoozed_until_change_since=timezone.now())


def _save_views(user: Any) -> None:
    """Thirty, six of them tabs."""
    from leads.list_query import LeadQuery
    from leads.saved_views import save_view

    for number in range(30):
        query = LeadQuery(segment=("Migration",), score_min=number)
        save_view(user, name=f"View {number}", query=query, shared=False, tab=number % 5 == 0, opens=False)


def _look_at_some(user: Any) -> None:
    """5,000 leads, a month ago."""
    from datetime import timedelta

    from django.utils import timezone

    from leads.models import Lead, LeadVisit

    at = timezone.now() - timedelta(days=30)
    pks = Lead.objects.order_by("pk").values_list("pk", flat=True)[:5_000]
    LeadVisit.objects.bulk_create([LeadVisit(user=user, lead_id=pk, at=at) for pk in pks], batch_size=500)
