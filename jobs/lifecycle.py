"""How a job changes its state: conditional updates only, each guarded by the state and, while it runs, the token.

queued -> running -> done | failed | cancelled, and back to queued when a slice is over or an attempt failed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.module_loading import import_string

from jobs.bell import ring_job
from jobs.models import Job, JobQuerySet
from jobs.tokens import new_token

# A holder renews every RENEW_EVERY seconds whatever it does; a lease runs out after three missed renewals.
LEASE = timedelta(seconds=15)
RENEW_EVERY = 4.0
# A message may be lost with the cluster that took it; a job that still waits is rung for again.
RING_EVERY = timedelta(seconds=30)
MAX_FAILURES = 8  # attempts in a row that raised an error
# Starts in a row that neither progressed nor ended: workers are killed for many reasons, but one job must not
# kill them for ever.
MAX_STARTS = 50
_BACKOFF_BASE = 2.0
_BACKOFF_CAP = 600.0

State = Job.State


def alive(now: datetime) -> dict[str, Any]:
    """The columns that say "I am on it"."""
    return {"lease_until": now + LEASE, "ring_at": now + LEASE, "heartbeat": now}


def held(job: Job) -> JobQuerySet:
    """The job as long as this run holds it."""
    return Job.objects.filter(pk=job.pk, lease_token=job.lease_token, state=State.RUNNING)


def claim(pk: int) -> Job | None:
    """Take a waiting job, or one whose holder vanished. None = someone else has it, or there is nothing to do."""
    now, token = timezone.now(), new_token()
    free = Q(state=State.QUEUED, next_attempt_at__lte=now) | Q(state=State.RUNNING, lease_until__lte=now)
    won = Job.objects.filter(free, pk=pk).update(
        state=State.RUNNING,
        lease_token=token,
        starts=F("starts") + 1,
        started_at=Coalesce("started_at", now),
        rerun=False,
        **alive(now),
    )
    return Job.objects.filter(pk=pk, lease_token=token).first() if won else None


def renew(job: Job) -> bool:
    """False = the lease is lost."""
    return bool(held(job).update(**alive(timezone.now())))


def end(job: Job, state: Job.State, *, error: str = "") -> None:
    """Close the job if this run still holds it; one that was asked for again in the meantime starts anew."""
    with transaction.atomic():
        if held(job).filter(rerun=False).update(state=state, error=error[:1000], **_closed()):
            settle(job)
        else:
            _give_back(held(job))


def settle(job: Job) -> None:
    """Tell the owner of the work that the job ended without being done, in the same transaction, so that it can
    give up what the job held: HUNTER_JOB_ENDINGS = {kind: path of a function that takes the job}."""
    job.refresh_from_db()
    path = settings.HUNTER_JOB_ENDINGS.get(job.kind)
    if path and job.state != State.DONE:
        ending: Callable[[Job], object] = import_string(path)
        ending(job)


def close_unheld(jobs: JobQuerySet) -> bool:
    """Cancel jobs nobody is working on. Runs in the caller's transaction."""
    now = timezone.now()
    return bool(
        jobs.filter(Q(state=State.QUEUED) | Q(state=State.RUNNING, lease_until__lte=now)).update(
            state=State.CANCELLED, **_closed()
        )
    )


def requeue(job: Job, when: datetime | None = None) -> None:
    """The slice is over: give the job back and ring at once, or at `when`. One that was asked for again in the
    meantime does not wait."""
    with transaction.atomic():
        goes_on = held(job).filter(Q(cancel_requested=False) | Q(rerun=True))
        if when is not None and _give_back(goes_on.filter(rerun=False), when):
            return
        if not _give_back(goes_on):
            end(job, State.CANCELLED)


def _give_back(rows: JobQuerySet, when: datetime | None = None) -> bool:
    pks = list(rows.values_list("pk", flat=True))
    waiting = waiting_from(when or timezone.now(), rung=when is None)
    back = rows.update(state=State.QUEUED, cancel_requested=False, starts=0, failures=0, **waiting)
    if back and when is None:
        ring_job(pks[0])
    return bool(back)


def retry_later(job: Job, error: str) -> None:
    """An attempt failed: try again after a pause (exponential, full jitter), at the end give up."""
    with transaction.atomic():
        row = held(job).select_for_update().first()
        if row is None:
            return
        failures = row.failures + 1
        if row.cancel_requested:
            end(job, State.CANCELLED)
        elif failures >= MAX_FAILURES:
            end(job, State.FAILED, error=error)
        else:
            when = timezone.now() + backoff(failures)
            again = {"state": State.QUEUED, "starts": 0, "failures": failures, "error": error[:1000]}
            held(job).update(**again, **waiting_from(when, rung=False))


def backoff(failures: int) -> timedelta:
    return timedelta(seconds=random.uniform(0, min(_BACKOFF_CAP, _BACKOFF_BASE * 2 ** (failures - 1))))


def waiting_from(when: datetime, *, rung: bool) -> dict[str, Any]:
    """The columns of a job that may be claimed from `when` on. `rung` = a message for it is written already."""
    ring_at = when + RING_EVERY if rung else when
    return {"next_attempt_at": when, "ring_at": ring_at, "lease_token": "", "lease_until": None}


def _closed() -> dict[str, Any]:
    return {"finished_at": timezone.now(), "lease_token": "", "lease_until": None, "cancel_requested": False}
