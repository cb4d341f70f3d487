"""Every own page with 10,000 leads and 2,000 referrals, both integrations on: server time (p95 of 20) and queries, the
page frame included; and in Chromium what a browser measures on Today, the list, a lead and a changelist."""

from __future__ import annotations

import gc
import time
from typing import Any

from bench.bench_lead_page import CONNECTED
from bench.bench_referrals import cloud, connect
from bench.lab import figures, served
from bench.setting import fresh_hunter, percentile

LEADS, REFERRALS, LOADS = 10_000, 2_000, 20


def run() -> dict[str, Any]:
    with (
        cloud(REFERRALS) as (url, tenant),
        fresh_hunter(**CONNECTED | {"HUNTER_SANDBOX_URL": url, "HUNTER_PARTNER_CENTER_TENANT_ID": tenant}),
    ):
        from django.conf import settings
        from django.contrib.auth.models import User
        from django.test import Client

        from bench.leads import make_leads
        from jobs.models import Job
        from jobs.tasks import run_job
        from leads import scanning
        from leads.models import ImportBatch, Lead
        from referrals import sync
        from sandbox.dns import serve
        from sandbox.market import companies, market_world
        from tests.browser.pages import walk

        make_leads(LEADS)
        connect(url)
        job = sync.request_sync(by=None)
        while job.is_active:
            run_job(job.pk)
            job.refresh_from_db()
        Job.objects.exclude(pk=job.pk).update(state=Job.State.DONE)
        user = User.objects.create_superuser("demo", password="bench")
        first = Lead.objects.order_by("pk")[0]
        server = serve(market_world(companies(100)), port=0)
        settings.HUNTER_DNS_SERVERS = ((server.host, server.port),)
        list(scanning.scan_now(Lead.objects.filter(pk=first.pk), thorough=True))
        ImportBatch.objects.create(file_name="liste.csv", state=ImportBatch.State.DONE, created_by=user)
        pages = [(name, path) for name, path in walk()["pages"] if not name.startswith("admin:")]
        gc.collect()
        gc.freeze()  # the rows made here are no part of what is measured
        client = Client(headers={"host": "localhost"})
        client.force_login(user)
        results: dict[str, Any] = {}
        for name, path in pages:
            times = []
            for _ in range(LOADS + 1):
                started = time.perf_counter()
                response = client.get(path)
                times.append((time.perf_counter() - started) * 1000)
            results[name] = {
                "p95_ms": round(percentile(times[1:], 0.95), 1),
                "queries": int(response.headers["X-Query-Count"]),
            }
        server.stop()  # until here, for the page that asks it whether all is well
        watched = {
            "today": "/",
            "list": "/leads/",
            "lead": f"/leads/{first.domain}/",
            "changelist": "/admin/leads/lead/",
        }
        with served() as site:
            lab = figures(site, watched, user="demo", password="bench")
    worst = max(row["p95_ms"] for row in results.values())
    return {
        "worst_p95_ms": worst,
        "most_queries": max(row["queries"] for row in results.values()),
        "lab": lab,
        **results,
    }
