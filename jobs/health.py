"""Does the worker live? A finished task proves queue, worker and monitor; a fresh lease proves a worker at work."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db.models import Exists
from django.utils import timezone

from jobs.models import Job, WorkerHeartbeat

logger = logging.getLogger(__name__)

STALE_AFTER = timedelta(seconds=30)


def note_sign_of_life(**_signal: Any) -> None:
    """Receiver of django-q's post_execute, which runs in its monitor: an exception here would end that process."""
    try:
        now = timezone.now()
        if not WorkerHeartbeat.objects.filter(pk=1).update(at=now):
            WorkerHeartbeat.objects.get_or_create(pk=1, defaults={"at": now})
    except Exception:
        logger.exception("The worker's sign of life could not be written")


def last_sign_of_life() -> datetime | None:
    return WorkerHeartbeat.objects.filter(pk=1).values_list("at", flat=True).first()


@dataclass(frozen=True, slots=True)
class Silence:
    """The worker does not work. `since`: its last sign of life; None = no worker ever ran on this database."""

    since: datetime | None


def silence(longer_than: timedelta = STALE_AFTER) -> Silence | None:
    """None = the worker lives. One query. Raises DatabaseError."""
    before = timezone.now() - longer_than
    at_work = Job.objects.filter(state=Job.State.RUNNING, heartbeat__gte=before)
    rows = WorkerHeartbeat.objects.filter(pk=1).values_list("at", Exists(at_work))
    at, works = rows.first() or (None, False)
    return None if works or (at and at >= before) else Silence(at)


def worker_state() -> Literal["ok", "stale", "never"]:
    """ "never" = no worker ever ran on this database. Raises DatabaseError."""
    silent = silence()
    if silent is None:
        return "ok"
    return "stale" if silent.since else "never"
