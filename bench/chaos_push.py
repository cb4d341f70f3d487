"""Kill -9 random worker-side processes while leads are pushed through bad weather: `python -m bench.chaos_push [leads]
[kills]`.

Connections are dropped before and after the commit, throttles, 503, 504 after the commit and HTML pages come in storms.
Runs on SQLite, or on the database that DATABASE_URL names (it must be empty). Prints what became of every lead.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from bench.chaos_scan import kill_one, served
from bench.dynamics import Remote, add_scored_leads, remote
from bench.setting import fresh_hunter

DEADLINE = 1500  # seconds
RATES = {
    "close": 0.06, "drop_after": 0.08, "throttle": 0.08, "status": 0.05, "lost": 0.04, "html_status": 0.03,
    "truncated": 0.03, "deadlock": 0.002, "race": 0.001,
}  # fmt: skip


def main(count: int, kills: int) -> dict[str, object]:
    os.environ["HUNTER_WORKERS"] = "2"
    with (
        remote() as cloud,
        tempfile.TemporaryDirectory() as log,
        fresh_hunter(**cloud.environment, HUNTER_DNS_SERVERS="127.0.0.1:9"),
    ):
        return _run(cloud, count, kills, Path(log) / "log")


def _run(cloud: Remote, count: int, kills: int, log: Path) -> dict[str, object]:
    from integrations_d365.models import Push, PushAttempt
    from integrations_d365.pushing import board_counts, queue_pushes
    from jobs.models import Job
    from leads.models import Lead

    add_scored_leads(count)
    cloud.ask(
        "weather", seed=11, rates=RATES, routes=["batch", "lead", "lead_by_key", "query"],
        throttle={"retry_after": 1}, status={"code": 503},
    )  # fmt: skip
    chance = random.Random(4)
    pks = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    for part in (pks[::2], pks[1::2]):  # a job for each of the two workers
        queue_pushes(Lead.objects.filter(pk__in=part), by=None, title="push.list")
    killed: dict[str, int] = {}
    started = time.monotonic()
    with served(log) as pid:
        while time.monotonic() - started < DEADLINE:
            time.sleep(chance.uniform(0.3, 1.2))
            open_rows = Push.objects.filter(state__in=("queued", "in_progress")).exists()
            if not open_rows and not Job.objects.active().filter(kind="push").exists():
                break
            if sum(killed.values()) < kills and Push.objects.filter(state="synced").exists():
                name = kill_one(pid, chance)
                if name:
                    killed[name] = killed.get(name, 0) + 1
    counts = board_counts()
    return {
        "kills": killed,
        "seconds": round(time.monotonic() - started, 1),
        "leads": count,
        "board": counts,
        "balances": counts["queued"] + counts["in_progress"] + counts["synced"] + counts["parked"] == counts["all"],
        "parked because": list(
            Push.objects.parked().values_list("reason", "error_category", "error_code", "attempts")[:20]
        ),
        "in Dynamics": cloud.ask("counts"),
        "synced without an id": Push.objects.filter(state="synced", remote_id="").count(),
        "lead rows out of step": Lead.objects.exclude(push_state="synced").count() - counts["parked"],
        "attempts": {
            outcome: PushAttempt.objects.filter(outcome=outcome).count() for outcome in PushAttempt.Outcome.values
        },
        "jobs": [(job.state, job.done, job.failed) for job in Job.objects.filter(kind="push", routine=False)],
    }


if __name__ == "__main__":
    arguments = [int(value) for value in sys.argv[1:]]
    print(json.dumps(main(*(arguments or [10_000, 30])), indent=1))
