"""Settings of a Hunter whose workers die by `kill -9` at chosen statements of their jobs, and the bell that wakes them.

Deaths go through a run statement by statement: the first death comes before the first write of a run, the second after
it, the third before the second write, and so on; one statement in several batches is one write. What a job writes in
two pieces that belong together is thus torn apart, whatever the luck. HUNTER_TEST_DEATHS: how many deaths there are.
HUNTER_TEST_DEATHS_BEFORE: none comes after a write. Where no foreign system is told anything between two writes, after
the one and before the other is the same moment, and half of the deaths show as much.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from django.db.backends.signals import connection_created

from hunter.settings import *  # noqa: F403
from hunter.settings import HUNTER_VAR
from hunter.settings import Q_CLUSTER as _QUEUE
from jobs.tokens import CLUSTER_VARIABLE
from tests.jobs.world import World

Q_CLUSTER = {**_QUEUE, "workers": 2}
# Only what the tests look at, as often as the clock ticks.
HUNTER_DUTIES = {"outside facts": ("leads.tasks.look_outside", 1), "send digests": ("leads.tasks.send_digests", 1)}

_CLAIM = re.compile(r'^UPDATE "jobs_job" SET "state" = .*"started_at" = ')
_END = re.compile(r'^UPDATE "jobs_job" SET "state" = ')
# Progress and end of a job, and all that its work writes, but not that a foreign system answered.
_WRITE = re.compile(
    r'^(UPDATE "jobs_job") SET (?:("state")|.*"done") = '
    r'|^((?:INSERT INTO|UPDATE|DELETE FROM) "(?:leads|integrations_d365)_\w+")(?! SET "last_ok_at")'
)
_BELL = """
import time
from django.db.models import F, Q
from django.utils import timezone
from jobs.bell import ring_job, waiting
from jobs.models import Job
while True:
    now = timezone.now()
    ready = Q(state="queued", next_attempt_at__lte=now) | Q(state="running", lease_until__lte=now)
    for pk in Job.objects.filter(ready).values_list("pk", flat=True):
        if waiting() < 4:
            ring_job(pk)
    time.sleep(0.2)
"""


def bell(world: World) -> AbstractContextManager[None]:
    """Rings for waiting jobs five times a second; by itself the clock does it every three seconds."""
    return going_on(world, _BELL)


@contextmanager
def going_on(world: World, code: str) -> Iterator[None]:
    """A process that runs endless code in the meantime."""
    process = world.start_python(code)
    try:
        yield
    finally:
        process.kill()
        process.communicate()


def deaths(world: World) -> int:
    file = Path(world.env["HUNTER_VAR"]) / "deaths"
    return file.stat().st_size if file.exists() else 0


class _Death:
    """Counts the writes of a run, from its claim to its end; the next death is at the write number deaths // 2 + 1,
    before or after it, or with `before` at deaths + 1, before it. Duties are left alone: a tick that dies makes the
    supervisor wait for its answer."""

    def __init__(self, file: Path, most: int, *, before: bool) -> None:
        self._file, self._most, self._a_write = file, most, 1 if before else 2
        self._writes: int | None = None
        self._last: tuple[str | Any, ...] = ()

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if _CLAIM.match(sql):
            self._writes, self._last = 0, ()
        elif self._writes is not None and (write := _WRITE.match(sql)) and write.groups() != self._last:
            self._writes, self._last = self._writes + 1, write.groups()
            number = self._file.stat().st_size if self._file.exists() else 0
            if number < self._most and self._writes == number // self._a_write + 1:
                if number % self._a_write:
                    execute(sql, params, many, context)
                with self._file.open("a") as file:
                    file.write(".")
                os.kill(os.getpid(), signal.SIGKILL)
            if _END.match(sql):
                self._writes = None
        return execute(sql, params, many, context)


if CLUSTER_VARIABLE in os.environ:
    _death = _Death(
        HUNTER_VAR / "deaths",
        int(os.environ.get("HUNTER_TEST_DEATHS", "0")),
        before="HUNTER_TEST_DEATHS_BEFORE" in os.environ,
    )

    def _lie_in_wait(connection: Any, **_: Any) -> None:
        if _death not in connection.execute_wrappers:
            connection.execute_wrappers.append(_death)

    connection_created.connect(_lie_in_wait)
