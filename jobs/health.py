"""Does the worker live? A finished task proves queue, worker and monitor; a fresh lease proves a worker at work."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, Literal

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


def worker_state() -> Literal["ok", "stale", "never"]:
    """ "never" = no worker ever ran on this database. Raises DatabaseError."""
    at = last_sign_of_life()
    if at is None:
        return "never"
    since = timezone.now() - STALE_AFTER
    at_work = Job.objects.filter(state=Job.State.RUNNING, heartbeat__gte=since)
    return "ok" if at >= since or at_work.exists() else "stale"
