"""The sync of 50,000 referrals: first load and idle run against one query and one commit a row, in the same run."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.setting import fresh_hunter, middle, peak_megabytes

COUNT = 50_000
ONE_BY_ONE = 3_000  # rows of the per-row approach; its speed does not depend on their number
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

        finish_empty = peak_megabytes()
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
        per_row = _one_by_one(url)
        return {
            "referrals": stored,
            "links": ReferralLink.objects.count(),
            "seconds": round(seconds, 1),
            "rows_per_second": round(stored / seconds),
            "pages": sum(row.pages for row in runs),
            "requests": sum(row.requests for row in runs),
            "runs": len(runs),
            "megabytes_above_idle": round(peak - finish_empty, 1),
            "idle_run_seconds": middle(idle_seconds),
            "idle_run_pages": idle.pages,
            "idle_run_requests": idle.requests,
            "idle_run_queries": queries[-1],
            "one_by_one_rows_per_second": round(per_row),
            "times_faster": round(stored / seconds / per_row, 1),
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


def _one_by_one(url: str) -> float:
    """Rows a second of the plain way: look for the row, save it, commit; nothing linked."""
    from referrals import sign_in
    from referrals.client import client_from_settings
    from referrals.models import Referral
    from referrals.payload import read

    Referral.objects.all().delete()
    client = client_from_settings(sign_in.bearer, lambda _attempt: None)
    page = client.first_page(order="updatedDateTime asc")
    done = 0
    started = time.perf_counter()
    while done < ONE_BY_ONE:
        for raw in page.rows:
            row = read(raw)
            values = row.columns | {"raw": row.text, "content_hash": row.content_hash, "source_stamp": row.stamp}
            Referral.objects.update_or_create(remote_id=row.remote_id, defaults=values)
        done += len(page.rows)
        page = client.next_page(page.next_query)
    return done / (time.perf_counter() - started)
