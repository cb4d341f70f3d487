"""Kill -9 random worker-side processes during a first load: `python -m bench.chaos_sync [referrals] [kills]`.

Runs on SQLite, or on the database that DATABASE_URL names (it must be empty). Prints what became of every referral.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from pathlib import Path

from bench.bench_referrals import cloud, connect
from bench.chaos_scan import kill_one, served
from bench.setting import dns_server, fresh_hunter

DEADLINE = 900  # seconds


def main(count: int, kills: int) -> dict[str, object]:
    with (
        cloud(count, slow=0.4) as (url, tenant),
        dns_server(count) as port,
        tempfile.TemporaryDirectory() as log,
        fresh_hunter(
            HUNTER_DNS_SERVERS=f"127.0.0.1:{port}",
            HUNTER_SANDBOX_URL=url,
            HUNTER_PARTNER_CENTER_ENABLED="true",
            HUNTER_PARTNER_CENTER_CLIENT_ID="chaos",
            HUNTER_PARTNER_CENTER_TENANT_ID=tenant,
            HUNTER_PARTNER_CENTER_SYNC_INTERVAL="86400",
        ),
    ):
        connect(url)
        return _run(count, kills, Path(log) / "log")


def _run(count: int, kills: int, log: Path) -> dict[str, object]:
    from django.db.models import F, Sum

    from jobs.models import Job
    from leads.models import Lead
    from referrals.models import Referral, ReferralLink, SyncRun
    from referrals.sync import request_sync

    job = request_sync(by=None)
    chance = random.Random(4)
    killed: dict[str, int] = {}
    started = time.monotonic()
    with served(log) as pid:
        while time.monotonic() - started < DEADLINE:
            time.sleep(chance.uniform(0.2, 0.8))
            if Job.objects.filter(pk=job.pk).values_list("state", flat=True).get() not in ("queued", "running"):
                break
            if sum(killed.values()) < kills and Referral.objects.exists():
                name = kill_one(pid, chance)
                if name:
                    killed[name] = killed.get(name, 0) + 1
        synced = time.monotonic() - started
        while time.monotonic() - started < DEADLINE and Job.objects.active().exists():
            time.sleep(1)  # the scans of the new leads
    runs = SyncRun.objects.all()
    ledger = F("created") + F("updated") + F("unchanged") + F("quarantined")
    return {
        "kills": killed,
        "seconds": round(synced, 1),
        "referrals": Referral.objects.count(),
        "expected": count,
        "links": ReferralLink.objects.count(),
        "runs": [(row.state, row.fetched, row.created, row.pages, row.requests) for row in runs],
        "runs out of balance": runs.exclude(fetched=ledger).count(),
        "referrals counted on leads": Lead.objects.aggregate(sum=Sum("referral_count"))["sum"],
        "linked": ReferralLink.objects.filter(lead__isnull=False).count(),
        "leads never scanned": Lead.objects.never_scanned().count(),
        "active jobs": Job.objects.active().count(),
    }


if __name__ == "__main__":
    arguments = [int(value) for value in sys.argv[1:]]
    print(json.dumps(main(*(arguments or [5_000, 20])), indent=1))
