"""`manage.py worker`: keeps one qcluster alive and replaces it when it is dead, or alive but deaf.

A cluster that lost an idle worker or its monitor looks alive and does nothing (django-q2.md, section 1), so life is
proven end to end: the supervisor sends a tick, and a cluster with a free worker has to answer.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from uuid import uuid4

from django.db import Error, connection
from django.db.models import QuerySet
from django.utils import timezone

from jobs.bell import ring_tick, time_limit, workers
from jobs.health import last_sign_of_life
from jobs.models import Job, JobQuerySet, Lease
from jobs.processes import Child, exists, manage, stop_event
from jobs.tokens import CLUSTER_VARIABLE, holder

logger = logging.getLogger(__name__)

STEP = 0.5  # seconds between two looks
TICK = timedelta(seconds=3)
ANSWER_LIMIT = timedelta(seconds=10)
START_LIMIT = timedelta(seconds=30)  # for the first answer: a cold start on a busy machine
STOP_GRACE = 8.0  # seconds for the running steps; what is killed then is done again
RESTART_PAUSE = 1.0
DATABASE_PAUSE = 3.0


def run_worker() -> None:
    """Run until SIGTERM or SIGINT."""
    stopped = stop_event()
    while not stopped.is_set():
        cluster = Cluster()
        trouble = cluster.watch(stopped)
        if trouble:
            logger.error("The worker is replaced: %s", trouble)
            cluster.kill()
            stopped.wait(RESTART_PAUSE)
        else:
            cluster.stop()


class Cluster:
    """One qcluster and what it is known to hold."""

    def __init__(self) -> None:
        self.name = uuid4().hex
        self._child = Child(manage("cluster"), {CLUSTER_VARIABLE: self.name}, parent_died=signal.SIGKILL)
        self._heard_at = timezone.now()
        self._limit = START_LIMIT
        self._sent_at: datetime | None = None

    def watch(self, stopped: Event) -> str:
        """Look after it until it fails (the reason) or we are asked to stop ("")."""
        while not stopped.wait(STEP):
            code = self._child.exit_code()
            if code is not None:
                return f"its main process ended with code {code}"
            try:
                free_dead_holders(self.name)
                self._listen()
                if self._is_deaf():
                    return f"no answer for {self._limit.seconds} s"
            except Error as error:
                logger.warning("The supervisor cannot use the database (%s)", error)
                connection.close()
                stopped.wait(DATABASE_PAUSE)
                self._heard_at, self._sent_at = timezone.now(), None
        return ""

    def stop(self) -> None:
        self._child.stop(STOP_GRACE)
        self._free()

    def kill(self) -> None:
        self._child.kill()
        self._free()

    def _listen(self) -> None:
        """Send the next tick once the last one was answered; unanswered ones would pile up behind a backlog."""
        last = last_sign_of_life()
        if last is not None and last > self._heard_at:
            self._heard_at, self._limit = last, ANSWER_LIMIT
        now = timezone.now()
        if self._sent_at is None or (self._sent_at < self._heard_at and self._sent_at + TICK <= now):
            ring_tick()
            self._sent_at = now

    def _is_deaf(self) -> bool:
        silent = timezone.now() - self._heard_at
        if silent <= self._limit:
            return False
        # Workers that are all at work cannot answer. Each ends its step before the queue's time limit.
        too_long = timedelta(seconds=time_limit()) + self._limit
        return silent > too_long or busy(self.name) < workers()

    def _free(self) -> None:
        """The group is dead: nobody holds its leases any more, and the messages it had taken are lost."""
        try:
            free_holders(self.name, lambda _token: True)
            now = timezone.now()
            Job.objects.filter(state=Job.State.QUEUED, next_attempt_at__lte=now).update(ring_at=now)
        except Error as error:
            logger.warning("The leases run out by themselves, the database cannot be used (%s)", error)
            connection.close()


def _held_jobs(cluster: str, now: datetime) -> JobQuerySet:
    return Job.objects.filter(state=Job.State.RUNNING, lease_token__startswith=f"{cluster}:", lease_until__gt=now)


def _held_leases(cluster: str, now: datetime) -> QuerySet[Lease]:
    return Lease.objects.filter(token__startswith=f"{cluster}:", until__gt=now)


def busy(cluster: str) -> int:
    """Worker processes of this cluster that hold valid leases: they run a job or a duty."""
    now = timezone.now()
    jobs = _held_jobs(cluster, now).values_list("lease_token", flat=True)
    leases = _held_leases(cluster, now).values_list("token", flat=True)
    return len({holder(token) for token in (*jobs, *leases)})


def free_dead_holders(cluster: str) -> None:
    """End the leases of this cluster's processes that exist no more, so that their work goes on at once."""
    free_holders(cluster, lambda token: not exists(holder(token)))


def free_holders(cluster: str, is_dead: Callable[[str], bool]) -> None:
    now = timezone.now()
    jobs, leases = _held_jobs(cluster, now), _held_leases(cluster, now)
    for token in jobs.values_list("lease_token", flat=True):
        if is_dead(token):
            jobs.filter(lease_token=token).update(lease_until=now, ring_at=now)
    for token in leases.values_list("token", flat=True):
        if is_dead(token):
            leases.filter(token=token).update(until=now)
