"""The transport: messages that wake a worker. To swap the queue, change this file."""

from __future__ import annotations

from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task


def ring_job(pk: int) -> None:
    """Ask a worker to look at this job. The message commits with the caller's transaction; a double ring is
    harmless."""
    async_task("jobs.tasks.run_job", pk, save=False, ack_failure=True)


def ring_tick() -> None:
    """Ask a worker for one tick; its answer is the worker's sign of life."""
    async_task("jobs.tasks.tick", save=False, ack_failure=True)


def waiting() -> int:
    """Messages no worker has taken yet."""
    return int(OrmQ.objects.filter(lock__lte=timezone.now()).count())


def workers() -> int:
    """Worker processes in one cluster."""
    return int(Conf.WORKERS)


def time_limit() -> int:
    """Seconds after which the queue ends a task, and its worker with it."""
    return int(Conf.TIMEOUT)
