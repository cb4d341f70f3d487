"""A throw-away Hunter for a benchmark: an empty database of its own and a DNS server in another process."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

_SERVER = """
import sys
from sandbox.dns import serve
from sandbox.market import companies, market_world
count, low, high, loss, servfail = int(sys.argv[1]), *map(float, sys.argv[2:])
server = serve(market_world(companies(count)), port=0, latency_ms=(low, high), loss=loss, servfail=servfail)
print(server.port, flush=True)
sys.stdin.read()
server.stop()
"""


@contextmanager
def dns_server(
    count: int, *, latency_ms: tuple[float, float] = (0, 0), loss: float = 0, servfail: float = 0
) -> Iterator[int]:
    """The market of `count` companies on a loopback port, which is yielded."""
    args = [str(count), *map(str, (*latency_ms, loss, servfail))]
    command = [sys.executable, "-c", _SERVER, *args]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()  # tells the server to stop


@contextmanager
def fresh_hunter(**environment: str) -> Iterator[Path]:
    """Settings, an empty migrated database and nothing else. One per process: Django is set up once."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"HUNTER_ENV": "dev", "HUNTER_VAR": folder, "DJANGO_SETTINGS_MODULE": "hunter.settings"}
        os.environ |= {"HUNTER_DNS_QUERIES_PER_SECOND": "0", **environment}
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield Path(folder)


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def middle(values: list[float]) -> float:
    return round(median(values), 3)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
