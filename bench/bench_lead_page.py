"""The page of one lead with 500 events and 50 scans: server time (p95 of 200) and queries, page frame included; as an
account manager, with Dynamics 365 and Partner Center off and on."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

from bench.setting import fresh_hunter, percentile

EVENTS, SCANS, LOADS = 500, 50, 200
CONNECTED = {
    "HUNTER_PARTNER_CENTER_ENABLED": "true",
    "HUNTER_PARTNER_CENTER_CLIENT_ID": "00000000-0000-4000-8000-000000000001",
    "HUNTER_PARTNER_CENTER_TENANT_ID": "00000000-0000-4000-8000-000000000002",
    "HUNTER_D365_ENABLED": "true",
    "HUNTER_D365_BASE_URL": "https://bench.crm4.dynamics.com",
    "HUNTER_D365_CLIENT_ID": "00000000-0000-4000-8000-000000000003",
    "HUNTER_D365_CLIENT_SECRET": "bench",
    "HUNTER_D365_TENANT_ID": "00000000-0000-4000-8000-000000000002",
}


def run() -> dict[str, Any]:
    """Each in a process of its own: settings are read once."""
    results: dict[str, Any] = {}
    for name, environment in (("alone", {}), ("with both integrations", CONNECTED)):
        code = f"import json, bench.bench_lead_page as b; print(json.dumps(b.measure({environment!r})))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        results[name] = json.loads(done.stdout.splitlines()[-1])
    return results


def measure(environment: dict[str, str]) -> dict[str, Any]:
    with fresh_hunter(**environment):
        from django.contrib.auth.models import Group, User
        from django.test import Client
        from django.utils import timezone

        from bench.leads import make_leads
        from leads import scanning
        from leads.models import Event, Lead, Note, Scan
        from sandbox.dns import serve
        from sandbox.market import companies, market_world

        make_leads(2_000)
        lead = Lead.objects.filter(segment="Migration").best_first()[0]
        server = serve(market_world(companies(2_000)), port=0)
        from django.conf import settings

        settings.HUNTER_DNS_SERVERS = ((server.host, server.port),)
        list(scanning.scan_now(Lead.objects.filter(pk=lead.pk), thorough=True))
        server.stop()
        user = User.objects.create_user("bench", password="bench")
        user.groups.add(Group.objects.get(name="Account manager"))
        now, first = timezone.now(), lead.scans.get()
        Scan.objects.bulk_create(
            Scan(
                lead=lead, status=first.status, observations=first.observations, facts=first.facts,
                verdict=first.verdict, rules_version="v1", duration=0.1, created_at=now - timedelta(days=number),
            )
            for number in range(1, SCANS)
        )  # fmt: skip
        scans = list(Scan.objects.only("pk"))
        Event.objects.bulk_create(
            Event(
                lead=lead, kind=Event.Kind.SCORE, old="60", new="70", at=now - timedelta(hours=number),
                scan=scans[number % SCANS], by=user if number % 3 else None,
            )
            for number in range(EVENTS)
        )  # fmt: skip
        Note.objects.bulk_create(Note(lead=lead, text="Aradım, dönecek", by=user) for _ in range(20))
        gc.collect()
        gc.freeze()  # the rows made here are no part of what is measured
        client = Client(headers={"host": "localhost"})
        client.force_login(user)
        times, queries = [], []
        for _ in range(LOADS + 1):
            started = time.perf_counter()
            response = client.get(lead.get_absolute_url())
            times.append((time.perf_counter() - started) * 1000)
            assert response.status_code == 200
            queries.append(int(response.headers["X-Query-Count"]))
        return {
            "p95_ms": round(percentile(times[1:], 0.95), 1),
            "median_ms": round(percentile(times[1:], 0.5), 1),
            "queries_first_look": queries[0],
            "queries": max(queries[1:]),
            "kilobytes": round(len(response.content) / 1024),
        }
