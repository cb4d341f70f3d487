"""One run of one job: claim it, call its handler, write down how it ended."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import Error, connection
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from jobs.lifecycle import MAX_STARTS, RENEW_EVERY, State, claim, end, renew, requeue, retry_later
from jobs.models import Job
from jobs.services import JobRun, PermanentFailure, SliceOver, Stop

logger = logging.getLogger(__name__)


def run(pk: int) -> None:
    """Run the job for one slice, unless someone else has it."""
    job = claim(pk)
    if job is None:
        return
    if job.cancel_requested:
        end(job, State.CANCELLED)
    elif job.starts > MAX_STARTS:
        end(job, State.FAILED, error=_("The worker stopped %(count)d times without progress.") % {"count": MAX_STARTS})
    else:
        with _renewing(job):
            _call(job)


def _call(job: Job) -> None:
    try:
        handler: Callable[[JobRun], None] = import_string(settings.HUNTER_JOB_HANDLERS[job.kind])
        handler(JobRun(job))
    except Stop:
        if Job.objects.filter(pk=job.pk, lease_token=job.lease_token, cancel_requested=True).exists():
            end(job, State.CANCELLED)
        else:
            logger.warning("Job %s: the lease was lost, another worker has it", job.pk)
    except SliceOver as over:
        requeue(job, over.when)
    except PermanentFailure as failure:
        end(job, State.FAILED, error=str(failure))
    except Exception as error:
        logger.exception("Job %s (%s): attempt %s failed", job.pk, job.kind, job.failures + 1)
        retry_later(job, f"{type(error).__name__}: {error}")
    else:
        end(job, State.DONE)


@contextmanager
def _renewing(job: Job) -> Iterator[None]:
    """Renew the lease from a thread while the handler works, so that a slow step is not taken for a dead worker.
    A handler that hangs is ended by the queue's time limit."""
    over = threading.Event()

    def keep() -> None:
        try:
            while not over.wait(RENEW_EVERY):
                try:
                    if not renew(job):
                        return
                except Error as error:
                    logger.warning("Job %s: the lease could not be renewed (%s)", job.pk, error)
                    connection.close()
        finally:
            connection.close()

    thread = threading.Thread(target=keep, name=f"lease of job {job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
