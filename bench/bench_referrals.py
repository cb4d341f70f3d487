"""The sync of 50,000 referrals: first load and idle run against one query and one commit a row, in the same run."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

from bench.setting import fresh_hunter, middle, peak_megabytes

COUNT = 50_000
ONE_BY_ONE = 2_000  # rows of the per-row approaches; their speed does not depend on the number
_CLOUD = """
import sys
from datetime import UTC, datetime
from sandbox.cloud import Cloud
from sandbox.market import companies
from sandbox.referral_market import referrals
count, slow = int(sys.argv[1]), float(sys.argv[2])
market = [(company.domain, company.name, company.city) for company in companies(count)]
with Cloud(referrals=referrals(count, now=datetime.now(UTC), companies=market)) as cloud:
    if slow:
        cloud.faults.add("referrals", "slow", times=None, seconds=slow, chunk=1 << 20)
    print(cloud.url, cloud.entra.tenant, flush=True)
    sys.stdin.read()
"""


@contextmanager
def cloud(count: int, *, slow: float = 0) -> Iterator[tuple[str, str]]:
    """(address, tenant) of a sandbox with that many referrals, in another process; `slow`: seconds before a page."""
    command = [sys.executable, "-c", _CLOUD, str(count), str(slow)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            url, tenant = process.stdout.readline().split()
            yield url, tenant
        finally:
            process.stdin.close()  # tells the sandbox to stop


def run() -> dict[str, Any]:
    with (
        cloud(COUNT) as (url, tenant),
        fresh_hunter(
            HUNTER_SANDBOX_URL=url,
            HUNTER_PARTNER_CENTER_ENABLED="true",
            HUNTER_PARTNER_CENTER_CLIENT_ID="bench",
            HUNTER_PARTNER_CENTER_TENANT_ID=tenant,
        ),
    ):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        from jobs.tasks import run_job
        from referrals import sync
        from referrals.models import Referral, ReferralLink, SyncRun

        connect(url)

        def finish(mode: str = "incremental") -> list[SyncRun]:
            """All runs of one pass, from its first page to its last."""
            first = SyncRun.objects.count()
            while True:
                job = sync.request_sync(by=None)
                while job.is_active:
                    run_job(job.pk)
                    job.refresh_from_db()
                runs = list(SyncRun.objects.filter(mode=mode).order_by("pk")[first:])
                if runs[-1].state == "done":
                    return runs

        idle_megabytes = peak_megabytes()
        started = time.perf_counter()
        runs = finish()
        seconds = time.perf_counter() - started
        stored = Referral.objects.count()
        idle_seconds, queries = [], []
        for _ in range(5):
            began = time.perf_counter()
            with CaptureQueriesContext(connection) as captured:
                (idle,) = finish()
            idle_seconds.append(time.perf_counter() - began)
            queries.append(len(captured))
        peak = peak_megabytes()
        links = ReferralLink.objects.count()
        pages = _first_pages()
        row_by_row = _row_by_row(pages)
        row_by_row_idle = _row_by_row(pages)  # nothing changed: what a sync without watermark does each time
        unlinked = _save_and_commit(pages)
        return {
            "referrals": stored,
            "links": links,
            "seconds": round(seconds, 1),
            "rows_per_second": round(stored / seconds),
            "pages": sum(row.pages for row in runs),
            "requests": sum(row.requests for row in runs),
            "runs": len(runs),
            "megabytes_above_idle": round(peak - idle_megabytes, 1),
            "idle_run_seconds": middle(idle_seconds),
            "idle_run_rows": idle.fetched,
            "idle_run_requests": idle.requests,
            "idle_run_queries": queries[-1],
            "queries_a_page": _queries_a_page(pages),
            "row_by_row_rows_per_second": round(row_by_row),
            "times_faster": round(stored / seconds / row_by_row, 1),
            "row_by_row_idle_seconds": round(stored / row_by_row_idle, 1),
            "times_faster_idle": round(stored / row_by_row_idle / middle(idle_seconds)),
            "save_and_commit_only_rows_per_second": round(unlinked),
        }


def connect(url: str) -> None:
    """Sign in to the sandbox: ask for a code and enter it there."""
    from referrals import sign_in

    pending = sign_in.start_device_code(by=None)
    body = json.dumps({"user_code": pending.user_code}).encode()
    headers = {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{url}/_sandbox/entra/approve", body, headers)):
        pass
    sign_in.SignIn.objects.update(next_poll_at=None)
    assert sign_in.poll_device_code().state == "ok"


def _first_pages() -> list[list[Any]]:
    """The rows of the first pages, as they came; the database is empty afterwards."""
    from jobs.models import Job
    from leads.models import Lead
    from referrals import sign_in
    from referrals.client import client_from_settings
    from referrals.models import Referral

    client = client_from_settings(sign_in.bearer, lambda _attempt: None)
    page = client.first_page(order="updatedDateTime asc")
    pages = [page.rows]
    while sum(map(len, pages)) < ONE_BY_ONE:
        page = client.next_page(page.next_query)
        pages.append(page.rows)
    for model in (Referral, Lead, Job):
        model.objects.all().delete()
    return pages


def _row_by_row(pages: list[list[Any]]) -> float:
    """Rows a second when each row is looked up, stored, linked and committed by itself."""
    from django.db import transaction
    from django.utils import timezone

    from referrals.storing import store_rows

    started = time.perf_counter()
    for row in chain.from_iterable(pages):
        with transaction.atomic():
            store_rows([row], now=timezone.now())
    return sum(map(len, pages)) / (time.perf_counter() - started)


def _save_and_commit(pages: list[list[Any]]) -> float:
    """Rows a second of the plainest way: look for the row, save it, commit; no links, leads, events or scans."""
    from referrals.models import Referral
    from referrals.payload import read

    Referral.objects.all().delete()
    started = time.perf_counter()
    for raw in chain.from_iterable(pages):
        row = read(raw)
        values = row.columns | {"raw": row.text, "content_hash": row.content_hash, "source_stamp": row.stamp}
        Referral.objects.update_or_create(remote_id=row.remote_id, defaults=values)
    return sum(map(len, pages)) / (time.perf_counter() - started)


def _queries_a_page(pages: list[list[Any]]) -> dict[str, int]:
    """Statements for a page of new rows: all of it, and a tenth of it."""
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from referrals.models import Referral
    from referrals.storing import store_rows

    counts = {}
    for size in (100, 10):
        Referral.objects.all().delete()
        with CaptureQueriesContext(connection) as captured, transaction.atomic():
            store_rows(pages[0][:size], now=timezone.now())
        counts[f"{size} rows"] = len(captured)
    return counts
