"""What a tick does: ring for the jobs that need it, and run the periodic duties that are due."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from jobs.bell import ring_job, time_limit, waiting
from jobs.leases import lease
from jobs.lifecycle import RING_EVERY
from jobs.models import DUTY, Job, ScheduleState

logger = logging.getLogger(__name__)

MESSAGES_WAITING = 200  # a backlog is not rung for endlessly


def ring_due_jobs(now: datetime) -> int:
    """Retry, reaper and repair in one: jobs whose pause is over, whose holder vanished or whose message was lost.
    Returns how many were rung for."""
    room = max(0, MESSAGES_WAITING - waiting())
    due = Job.objects.active().filter(ring_at__lte=now)
    with transaction.atomic():
        pks = list(due.order_by("ring_at").values_list("pk", flat=True)[:room])
        due.filter(pk__in=pks).update(ring_at=now + RING_EVERY)
        for pk in pks:
            ring_job(pk)
    return len(pks)


def run_due_duties(now: datetime) -> None:
    """Run what HUNTER_DUTIES = {name: (path of a function, seconds)} says. One that fails is logged and comes round
    again; the next one runs all the same. Long work belongs into a job that the duty enqueues."""
    states = {state.name: state for state in ScheduleState.objects.all()}
    for name, (path, seconds) in settings.HUNTER_DUTIES.items():
        try:
            if _taken(states.get(name), name, seconds, now):
                _run(name, path)
        except Exception:
            logger.exception("Duty %r failed", name)


def _taken(state: ScheduleState | None, name: str, seconds: int, now: datetime) -> bool:
    """Is it due, and is it ours? Missed rounds are not made up for."""
    if state is None:
        state, _created = ScheduleState.objects.get_or_create(
            name=name, defaults={"interval": seconds, "next_run": now}
        )
    if state.next_run > now + timedelta(seconds=seconds):  # the interval became shorter
        ScheduleState.objects.filter(pk=state.pk, next_run=state.next_run).update(next_run=now, interval=seconds)
        return False
    if state.next_run > now:
        return False
    return bool(
        ScheduleState.objects.filter(pk=state.pk, next_run=state.next_run).update(
            next_run=now + timedelta(seconds=seconds), last_run=timezone.now(), interval=seconds
        )
    )


def _run(name: str, path: str) -> None:
    # The queue ends a task after its time limit, so no duty lives longer than its lease.
    with lease(f"{DUTY}{name}", time_limit()) as ours:
        if ours:
            duty: Callable[[], object] = import_string(path)
            duty()
