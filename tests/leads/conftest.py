"""DNS worlds for tests: a server of its own on loopback, and the settings that point at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from jobs.models import Job
from jobs.services import JobRun, Stop
from jobs.tasks import run_job
from sandbox.dns import Fault, Record, Server, World, serve

Served = Callable[..., Server]


@pytest.fixture
def dns(settings: Any) -> Iterator[Served]:
    """`dns(records, faults)` serves this world from now on; a second call replaces the first."""
    running: list[Server] = []

    def start(records: Iterable[Record], faults: Iterable[Fault] = ()) -> Server:
        server = serve(World(records, faults))
        running.append(server)
        settings.HUNTER_DNS_SERVERS = ((server.host, server.port),)
        return server

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def work_off(db: None) -> Callable[[], None]:
    """Runs every waiting job in this process, the way the worker would."""

    def run() -> None:
        while waiting := Job.objects.filter(state=Job.State.QUEUED).order_by("pk").first():
            run_job(waiting.pk)
            waiting.refresh_from_db()
            assert waiting.state != Job.State.QUEUED, waiting.error

    return run


def killed_after(chunks: int) -> type[JobRun]:
    """A run that ends in the middle of the next chunk, whose transaction is rolled back as by a kill."""
    written = 0

    class Killed(JobRun):
        def checkpoint(self, **progress: Any) -> None:
            nonlocal written
            if written == chunks:
                raise Stop
            written += 1
            super().checkpoint(**progress)

    return Killed
