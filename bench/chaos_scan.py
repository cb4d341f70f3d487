"""Kill -9 random worker-side processes while a big scan runs: `python -m bench.chaos_scan [domains] [kills]`.

Runs on SQLite, or on the database that DATABASE_URL names (it must be empty). Prints what became of every domain.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from bench.setting import dns_server, fresh_hunter

DEADLINE = 900  # seconds
WHOLE = 7  # processes: the supervisor, and main, guard, two workers, monitor and pusher of the cluster


def main(count: int, kills: int) -> dict[str, object]:
    with (
        dns_server(count, latency_ms=(20, 50)) as port,
        tempfile.TemporaryDirectory() as log,
        fresh_hunter(HUNTER_DNS_SERVERS=f"127.0.0.1:{port}", HUNTER_DNS_CONCURRENCY="60"),
    ):
        return _run(count, kills, Path(log) / "log")


def _run(count: int, kills: int, log: Path) -> dict[str, object]:
    from django.db.models import Count

    from jobs.models import Job
    from leads.models import Lead, Scan
    from leads.scanning import queue_scan
    from sandbox.market import companies

    Lead.objects.bulk_create([Lead(domain=company.domain) for company in companies(count)], batch_size=500)
    job = queue_scan(Lead.objects.all(), title="scan.list")
    assert job is not None
    chance = random.Random(4)
    killed: dict[str, int] = {}
    started = time.monotonic()
    with served(log) as pid:
        while time.monotonic() - started < DEADLINE:
            time.sleep(chance.uniform(0.3, 1.2))
            state, done = Job.objects.filter(pk=job.pk).values_list("state", "done").get()
            if state not in ("queued", "running"):
                break
            if sum(killed.values()) < kills and done:
                name = kill_one(pid, chance)
                if name:
                    killed[name] = killed.get(name, 0) + 1
    job.refresh_from_db()
    scans = Scan.objects.values("lead").annotate(n=Count("pk"))
    return {
        "state": job.state,
        "seconds": round(time.monotonic() - started, 1),
        "kills": killed,
        "leads": count,
        "scanned once": scans.filter(n=1).count(),
        "scanned twice": scans.filter(n__gt=1).count(),
        "done counted": job.done,
        "still queued": Lead.objects.filter(scan_job__isnull=False).count(),
        "active jobs": Job.objects.active().count(),
    }


@contextmanager
def served(log: Path) -> Iterator[int]:
    """Web and worker on the database of this benchmark; the process id of `serve`."""
    command = [sys.executable, "manage.py", "serve", "--port", str(20_000 + os.getpid() % 20_000)]
    with log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT) as process:
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def kill_one(root: int, chance: random.Random) -> str:
    """One process of the worker's tree: the supervisor, a process of its cluster, or the look-up process."""
    family = []
    for process in psutil.Process(root).children(recursive=True):
        with suppress(psutil.Error):
            command = process.cmdline()
            kind = next((name for name in ("signals.observer", "cluster", "worker") if name in command), "")
            if kind:
                family.append((process, kind))
    # Only a whole cluster is hit: else the supervisor, back first, would be the only target again and again.
    if len(family) >= WHOLE:
        process, kind = chance.choice(family)
        with suppress(psutil.Error):
            process.kill()
            return kind
    return ""


if __name__ == "__main__":
    arguments = [int(value) for value in sys.argv[1:]]
    print(json.dumps(main(*(arguments or [20_000, 50])), indent=1))
