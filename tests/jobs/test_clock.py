"""A tick: the dispatcher, the periodic duties, leases, and what the supervisor knows about life and death."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signals import post_execute
from pytest_django import Settings

from jobs import clock
from jobs.clock import ring_due_jobs
from jobs.health import worker_state
from jobs.leases import lease
from jobs.lifecycle import claim, requeue
from jobs.models import Job, Lease, ScheduleState, WorkerHeartbeat
from jobs.services import enqueue
from jobs.supervisor import busy, free_dead_holders
from jobs.tasks import tick
from jobs.tokens import CLUSTER_VARIABLE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def duties(settings: Settings, seen: list[str]) -> None:
    settings.HUNTER_DUTIES = {
        "bad": ("tests.jobs.handlers.duty_that_fails", 600),
        "good": ("tests.jobs.handlers.good_duty", 600),
    }


def lost_message(**values: Any) -> Job:
    """A job nobody will ring for any more."""
    job = enqueue("any", key=f"key {Job.objects.count()}", subject="Work")
    OrmQ.objects.all().delete()
    Job.objects.filter(pk=job.pk).update(**values)
    return job


def test_a_lost_message_is_rung_for_again_but_not_at_every_tick() -> None:
    lost_message(ring_at=timezone.now())
    assert ring_due_jobs(timezone.now()) == 1
    assert ring_due_jobs(timezone.now()) == 0
    assert OrmQ.objects.count() == 1


def test_a_new_job_and_one_that_waits_for_its_next_attempt_are_not_rung_for() -> None:
    lost_message()
    assert ring_due_jobs(timezone.now()) == 0


def test_a_job_whose_worker_vanished_is_rung_for_when_its_lease_runs_out() -> None:
    job = lost_message()
    claim(job.pk)
    now = timezone.now()
    assert ring_due_jobs(now) == 0
    assert ring_due_jobs(now + timedelta(seconds=16)) == 1


def test_finished_jobs_are_not_rung_for() -> None:
    lost_message(ring_at=timezone.now(), state=Job.State.DONE)
    assert ring_due_jobs(timezone.now()) == 0


def test_a_backlog_does_not_fill_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "MESSAGES_WAITING", 3)
    for _ in range(5):
        lost_message(ring_at=timezone.now())
    assert ring_due_jobs(timezone.now()) == 3
    assert ring_due_jobs(timezone.now()) == 0


def test_a_failing_duty_is_logged_and_does_not_stop_the_next(seen: list[str], caplog: pytest.LogCaptureFixture) -> None:
    tick()
    assert seen == ["duty"]
    assert "bad duty" in caplog.text


def test_a_duty_runs_once_an_interval_and_missed_rounds_are_not_made_up_for(seen: list[str]) -> None:
    tick()
    tick()
    assert seen == ["duty"]
    ScheduleState.objects.update(next_run=timezone.now() - timedelta(days=3))
    tick()
    tick()
    assert seen == ["duty", "duty"]


def test_a_shorter_interval_takes_effect_at_once(seen: list[str], settings: Settings) -> None:
    tick()
    settings.HUNTER_DUTIES = {"good": ("tests.jobs.handlers.good_duty", 5)}
    tick()
    tick()
    assert seen == ["duty", "duty"]


def test_a_duty_that_still_runs_is_not_run_beside_itself(seen: list[str]) -> None:
    with lease("duty:good", 60) as ours:
        assert ours
        tick()
    assert seen == []


def test_a_lease_has_one_holder_until_it_is_given_back_or_runs_out() -> None:
    with lease("sync", 60) as first, lease("sync", 60) as second:
        assert (bool(first), bool(second)) == (True, False)
    with lease("sync", 60) as again:
        assert (again.won, again.abandoned) == (True, False)
        Lease.objects.update(until=timezone.now())
        with lease("sync", 60) as heir:
            assert (heir.won, heir.abandoned) == (True, True)


def test_a_job_that_waits_for_something_outside_keeps_no_worker_and_comes_back() -> None:
    job = enqueue("count", key="count", subject="count")
    held = claim(job.pk)
    assert held is not None
    when = timezone.now() + timedelta(minutes=5)
    requeue(held, when)
    job.refresh_from_db()
    assert (job.state, job.next_attempt_at, claim(job.pk)) == ("queued", when, None)


def test_a_job_that_was_asked_for_again_does_not_wait() -> None:
    job = enqueue("count", key="count", subject="count")
    held = claim(job.pk)
    assert held is not None
    enqueue("count", key="count", subject="count")
    requeue(held, timezone.now() + timedelta(minutes=5))
    assert claim(job.pk) is not None


def test_the_worker_is_unknown_alive_or_silent() -> None:
    assert worker_state() == "never"
    post_execute.send(sender="django_q", task={})
    assert worker_state() == "ok"
    WorkerHeartbeat.objects.update(at=timezone.now() - timedelta(minutes=1))
    assert worker_state() == "stale"


def test_a_worker_in_a_long_step_is_alive() -> None:
    WorkerHeartbeat.objects.create(pk=1, at=timezone.now() - timedelta(minutes=1))
    claim(lost_message().pk)
    assert worker_state() == "ok"


@pytest.fixture
def in_cluster(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """Take the next leases as a process of this cluster."""

    def act_as(cluster: str, pid: int) -> None:
        monkeypatch.setenv(CLUSTER_VARIABLE, cluster)
        monkeypatch.setattr(os, "getpid", lambda: pid)

    return act_as


def test_leases_of_dead_processes_are_ended_at_once(in_cluster: Callable[[str, int], None]) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    alive = os.getpid()
    jobs = {}
    for cluster, pid in (("ours", dead.pid), ("ours", alive), ("other", dead.pid)):
        jobs[cluster, pid] = lost_message()
        in_cluster(cluster, pid)
        claim(jobs[cluster, pid].pk)
    assert busy("ours") == 2
    free_dead_holders("ours")
    assert busy("ours") == 1
    assert busy("other") == 1
    assert claim(jobs["ours", dead.pid].pk) is not None
    assert claim(jobs["ours", alive].pk) is None
