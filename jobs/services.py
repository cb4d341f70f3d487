"""What other rooms use: start, stop and repeat a job, and the JobRun a handler works with.

A handler is a function that takes a JobRun, named in HUNTER_JOB_HANDLERS. It must go on where the last run ended,
and write its results and its checkpoint in one transaction, so that a kill loses or repeats nothing.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any, NoReturn

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs.bell import ring_job
from jobs.lifecycle import alive, close_unheld, held, settle, waiting_from
from jobs.models import ACTIVE, Job

PRUNED_AT_ONCE = 5_000
SLICE_SECONDS = 50.0  # then other jobs get a turn; far below the queue's time limit of one task


class PermanentFailure(Exception):
    """Trying again cannot help. The message is a sentence for the person who started the job."""


class Stop(BaseException):
    """The lease was lost or the job was cancelled: write nothing more. Not an Exception, so that a handler's
    `except Exception` lets it through."""


class SliceOver(BaseException):
    """The handler used up its time, or waits for something outside, and wants to go on: at once, or at `when`."""

    def __init__(self, when: datetime | None = None) -> None:
        super().__init__()
        self.when = when


class JobRun:
    """One run of a job, handed to its handler."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.payload: dict[str, Any] = job.payload
        self._slice_ends = time.monotonic() + SLICE_SECONDS

    def checkpoint(
        self,
        *,
        done: int | None = None,
        failed: int | None = None,
        total: int | None = None,
        message: str | None = None,
    ) -> None:
        """Write the progress and renew the lease, inside the transaction that writes the results. Raises Stop when
        the lease is lost or the job was cancelled; the caller's transaction rolls back."""
        given = {"done": done, "failed": failed, "total": total, "message": message and message[:400]}
        changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if any(changes.get(name, 0) > getattr(self.job, name) for name in ("done", "failed")):
            changes |= {"starts": 0, "failures": 0}
        now = timezone.now()
        if not held(self.job).filter(cancel_requested=False).update(**alive(now), **changes):
            raise Stop
        for name, value in changes.items():
            setattr(self.job, name, value)

    def time_is_up(self) -> bool:
        return time.monotonic() >= self._slice_ends

    def again(self) -> NoReturn:
        """End this slice; the job is rung again and goes on in a later one."""
        raise SliceOver

    def wait_until(self, when: datetime) -> NoReturn:
        """End this slice; the job goes on at `when`, and no worker is kept waiting for it."""
        raise SliceOver(when)


def enqueue(
    kind: str,
    *,
    key: str,
    subject: str,
    payload: dict[str, Any] | None = None,
    started_by: AbstractBaseUser | None = None,
    total: int = 0,
    routine: bool = False,
) -> Job:
    """The job under this key: the one that waits or runs, else a new one, which is rung for. All of it is part of
    the caller's transaction. A job that runs already looks once more before it ends; `routine` that somebody asks for
    is none any more."""
    while True:
        with transaction.atomic():
            # Locks the row: the job cannot end before the caller has committed what it is to find.
            again = {"rerun": True} if routine else {"rerun": True, "routine": False}
            if Job.objects.active().filter(key=key).update(**again):
                return Job.objects.active().get(key=key)
            now = timezone.now()
            try:
                with transaction.atomic():
                    job = Job.objects.create(
                        kind=kind,
                        key=key,
                        subject=subject[:255],
                        payload=payload or {},
                        started_by=started_by,  # type: ignore[misc]
                        total=total,
                        routine=routine,
                        created_at=now,
                        **waiting_from(now, rung=True),
                    )
            except IntegrityError:  # someone else was a moment faster
                continue
            ring_job(job.pk)
            return job


def cancel(job: Job, by: AbstractBaseUser | None) -> None:
    """Stop the job: at once when it waits, at its next checkpoint when it runs. A finished job stays as it is."""
    message = _("Cancelled by %(user)s") % {"user": by} if by else _("Cancelled")
    with transaction.atomic():
        rows = Job.objects.active().filter(pk=job.pk)
        rows.update(cancel_requested=True, rerun=False, message=message)
        if close_unheld(rows):
            settle(job)
    job.refresh_from_db()


def prune(now: datetime) -> int:
    """Delete finished routine after a week and every other finished job after 90 days. Returns how many."""
    finished = Job.objects.exclude(state__in=ACTIVE)
    old = Q(routine=True, finished_at__lt=now - timedelta(days=7)) | Q(finished_at__lt=now - timedelta(days=90))
    pks = list(finished.filter(old).values_list("pk", flat=True)[:PRUNED_AT_ONCE])
    Job.objects.filter(pk__in=pks).delete()
    return len(pks)


def retry(job: Job) -> bool:
    """Start a failed job again where it stopped. False = it is not failed, or another one is active under its key."""
    now = timezone.now()
    try:
        with transaction.atomic():
            revived = Job.objects.filter(pk=job.pk, state=Job.State.FAILED).update(
                state=Job.State.QUEUED,
                starts=0,
                failures=0,
                error="",
                finished_at=None,
                rerun=False,
                **waiting_from(now, rung=True),
            )
            if revived:
                ring_job(job.pk)
    except IntegrityError:
        return False
    job.refresh_from_db()
    return bool(revived)
