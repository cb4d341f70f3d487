"""Handlers in the shape every real one has: results and checkpoint in one transaction."""

import time

from django.db import transaction
from django.db.models import F

from jobs.services import JobRun
from tests.jobs.counting.models import Row, Tick

CHUNK = 5
PAUSE = 0.05  # seconds a chunk takes


def count(run: JobRun) -> None:
    done = run.job.done
    while pks := list(Row.objects.filter(done=False).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        time.sleep(PAUSE)
        with transaction.atomic():
            Row.objects.filter(pk__in=pks).update(done=True, times=F("times") + 1)
            done += len(pks)
            run.checkpoint(done=done)
        if done % 100 == 0:
            run.again()


def note_tick() -> None:
    Tick.objects.create()
