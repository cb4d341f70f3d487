"""Scan throughput with everything on: DNS over loopback, judging, database writes. Medians of 3.

Each run is a process of its own with an empty SQLite database; the DNS server is another process on the same cores.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from bench.setting import middle

RUNS = 3
CASES: dict[str, dict[str, float]] = {
    "0 ms": {"domains": 20_000},
    "20-50 ms": {"domains": 20_000, "low": 20, "high": 50},
    "20-50 ms, 1 % loss, 1 % SERVFAIL": {"domains": 20_000, "low": 20, "high": 50, "loss": 0.01, "servfail": 0.01},
}


def run() -> dict[str, Any]:
    results: dict[str, Any] = {}
    for name, case in CASES.items():
        rounds = [_measure(case) for _ in range(RUNS)]
        results[name] = {key: middle([float(found[key]) for found in rounds]) for key in rounds[0]}
    results["100,000 domains, 0 ms"] = _measure({"domains": 100_000})
    results["asyncresolver, 20-50 ms"] = _measure({"domains": 1_000, "low": 20, "high": 50, "asyncresolver": 1})
    results["times asyncresolver"] = round(
        results["20-50 ms"]["domains_per_second"] / results["asyncresolver, 20-50 ms"]["domains_per_second"], 1
    )
    return results


def _measure(case: dict[str, float]) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.one_scan", json.dumps(case)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
