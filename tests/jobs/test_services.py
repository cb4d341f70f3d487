"""Jobs in this process: the promises of enqueue, checkpoint, cancel, retry and of what happens when things fail."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from jobs import lifecycle, services
from jobs.lifecycle import MAX_FAILURES, MAX_STARTS, backoff, claim
from jobs.models import Job
from jobs.services import JobRun, Stop, cancel, enqueue, prune, retry
from jobs.tasks import run_job

pytestmark = pytest.mark.django_db
State = Job.State
KINDS = (
    "three_steps",
    "breaks",
    "breaks_after_progress",
    "hopeless",
    "loses_its_lease",
    "is_cancelled",
    "swallows_errors",
    "is_asked_for_again",
)


@pytest.fixture(autouse=True)
def handlers(settings: Settings, seen: list[str]) -> None:
    settings.HUNTER_JOB_HANDLERS = {kind: f"tests.jobs.handlers.{kind}" for kind in KINDS}
    settings.HUNTER_JOB_ENDINGS = dict.fromkeys(KINDS, "tests.jobs.handlers.release")


def make_job(kind: str = "three_steps", key: str = "key", **values: Any) -> Job:
    return enqueue(kind, key=key, subject="Work", **values)


def fresh(job: Job) -> Job:
    job.refresh_from_db()
    return job


def run_now(job: Job) -> Job:
    """Run whatever the back-off says."""
    Job.objects.filter(pk=job.pk, state=State.QUEUED).update(next_attempt_at=timezone.now())
    run_job(job.pk)
    return fresh(job)


def test_enqueue_writes_a_job_and_rings_once_for_it() -> None:
    job = make_job(payload={"a": 1}, total=7)
    assert (job.state, job.payload, job.total) == (State.QUEUED, {"a": 1}, 7)
    assert OrmQ.objects.count() == 1


def test_the_same_key_is_one_job_while_it_is_active_and_a_new_one_afterwards() -> None:
    first = make_job()
    assert make_job().pk == first.pk
    assert OrmQ.objects.count() == 1
    Job.objects.filter(pk=first.pk).update(state=State.DONE)
    assert make_job().pk != first.pk


def test_a_rolled_back_caller_leaves_neither_job_nor_message() -> None:
    with transaction.atomic():
        make_job()
        transaction.set_rollback(True)
    assert not Job.objects.exists()
    assert not OrmQ.objects.exists()


def test_a_job_goes_on_slice_by_slice_until_it_is_done() -> None:
    job = make_job()
    for done in (1, 2, 3):
        run_job(job.pk)
        assert (fresh(job).state, job.done, job.message) == (State.QUEUED, done, f"step {done}")
    run_job(job.pk)
    assert (fresh(job).state, job.percent, job.is_active) == (State.DONE, 100, False)
    assert job.finished_at is not None
    assert Group.objects.filter(name__startswith="step").count() == 3


def test_a_message_for_a_job_that_is_gone_or_finished_does_nothing() -> None:
    job = make_job()
    Job.objects.filter(pk=job.pk).update(state=State.CANCELLED)
    run_job(job.pk)
    run_job(job.pk + 1000)
    assert fresh(job).started_at is None


def test_a_job_is_claimed_once_until_its_lease_runs_out() -> None:
    job = make_job()
    assert claim(job.pk) is not None
    assert claim(job.pk) is None
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now())
    assert claim(job.pk) is not None


def test_a_checkpoint_after_a_lost_lease_writes_nothing() -> None:
    job = make_job("loses_its_lease")
    run_job(job.pk)
    assert not Group.objects.filter(name="written twice").exists()
    assert (fresh(job).state, job.done, job.lease_token) == (State.RUNNING, 0, "someone else")


def test_an_older_run_cannot_write_over_a_newer_one() -> None:
    job = make_job()
    older = claim(job.pk)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now())
    newer = claim(job.pk)
    assert older is not None
    assert newer is not None
    JobRun(newer).checkpoint(done=1)
    with pytest.raises(Stop):
        JobRun(older).checkpoint(done=5)
    lifecycle.end(older, State.FAILED, error="late")
    assert (fresh(job).state, job.done) == (State.RUNNING, 1)


def test_a_checkpoint_renews_the_lease() -> None:
    job = make_job()
    held = claim(job.pk)
    assert held is not None
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now())
    JobRun(held).checkpoint(message="here")
    assert fresh(job).lease_until is not None
    assert claim(job.pk) is None


def test_cancelling_a_waiting_job_ends_it_at_once_and_releases_what_it_held(seen: list[str]) -> None:
    job = make_job()
    cancel(job, by=User(username="ayşe"))
    assert job.state == State.CANCELLED
    assert job.finished_at is not None
    assert "ayşe" in job.message
    assert seen == ["released Work: cancelled"]
    run_job(job.pk)
    assert fresh(job).started_at is None


def test_cancelling_a_running_job_ends_it_at_its_next_checkpoint(seen: list[str]) -> None:
    job = make_job("is_cancelled")
    run_job(job.pk)
    assert (fresh(job).state, job.done) == (State.CANCELLED, 0)
    assert not Group.objects.filter(name="written after the cancel").exists()
    assert seen == ["released Work: cancelled"]


def test_a_broad_except_in_a_handler_does_not_hold_up_a_cancel(seen: list[str]) -> None:
    job = make_job("swallows_errors")
    run_job(job.pk)
    assert fresh(job).state == State.CANCELLED
    assert seen == ["released Work: cancelled"]


def test_a_job_whose_worker_vanished_is_cancelled_at_once() -> None:
    job = make_job()
    claim(job.pk)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now())
    cancel(job, by=None)
    assert job.state == State.CANCELLED


def test_a_finished_job_cannot_be_cancelled() -> None:
    job = make_job()
    Job.objects.filter(pk=job.pk).update(state=State.DONE, message="3 of 3")
    cancel(job, by=None)
    assert (fresh(job).state, job.message) == (State.DONE, "3 of 3")


def test_a_cancel_between_the_last_checkpoint_and_the_end_of_the_slice_is_kept() -> None:
    held = claim(make_job().pk)
    assert held is not None
    cancel(Job.objects.get(pk=held.pk), by=None)
    lifecycle.requeue(held)
    assert fresh(held).state == State.CANCELLED


def test_a_job_asked_for_while_it_runs_looks_once_more(seen: list[str]) -> None:
    job = make_job("is_asked_for_again")
    run_job(job.pk)
    assert fresh(job).state == State.QUEUED
    run_job(job.pk)
    assert fresh(job).state == State.DONE
    assert seen == ["run", "run"]


def test_a_failed_attempt_is_logged_and_tried_again_after_a_pause(caplog: pytest.LogCaptureFixture) -> None:
    job = make_job("breaks")
    with caplog.at_level(logging.ERROR, "jobs"):
        run_job(job.pk)
    assert (fresh(job).state, job.failures, job.error) == (State.QUEUED, 1, "RuntimeError: no luck")
    assert "no luck" in caplog.text
    Job.objects.filter(pk=job.pk).update(next_attempt_at=timezone.now() + timedelta(minutes=1))
    run_job(job.pk)
    assert fresh(job).failures == 1


def test_a_job_that_fails_every_time_ends_failed(seen: list[str]) -> None:
    job = make_job("breaks")
    for attempt in range(1, MAX_FAILURES):
        assert (run_now(job).state, job.failures) == (State.QUEUED, attempt)
    assert (run_now(job).state, job.error) == (State.FAILED, "RuntimeError: no luck")
    assert job.finished_at is not None
    assert seen == ["released Work: failed"]


def test_a_job_that_kills_its_worker_before_any_progress_ends_failed(seen: list[str]) -> None:
    job = make_job()
    for _start in range(MAX_STARTS):
        assert claim(job.pk) is not None
        Job.objects.filter(pk=job.pk).update(lease_until=timezone.now())  # killed
    run_job(job.pk)
    assert fresh(job).state == State.FAILED
    assert str(MAX_STARTS) in job.error
    assert seen == ["released Work: failed"]


def test_a_job_with_progress_outlives_any_number_of_kills() -> None:
    job = make_job()
    for start in range(50):
        held = claim(job.pk)
        assert held is not None
        JobRun(held).checkpoint(done=start + 1)
        Job.objects.filter(pk=job.pk).update(lease_until=timezone.now())  # killed
    assert (fresh(job).state, job.done, job.starts) == (State.RUNNING, 50, 0)


def test_an_error_after_progress_counts_as_the_first() -> None:
    job = make_job("breaks_after_progress")
    for _attempt in range(MAX_FAILURES + 2):
        assert (run_now(job).state, job.failures) == (State.QUEUED, 1)


def test_a_permanent_failure_ends_the_job_with_its_sentence() -> None:
    job = make_job("hopeless")
    run_job(job.pk)
    assert (fresh(job).state, job.error) == (State.FAILED, "The file cannot be read.")


def test_an_unknown_kind_fails_like_any_error() -> None:
    job = make_job("no such kind")
    run_job(job.pk)
    assert (fresh(job).state, job.failures) == (State.QUEUED, 1)


def test_the_pause_grows_to_ten_minutes_and_no_further() -> None:
    for failures, limit in ((1, 2), (2, 4), (5, 32), (30, 600)):
        pauses = [backoff(failures).total_seconds() for _ in range(50)]
        assert min(pauses) >= 0
        assert limit / 2 < max(pauses) <= limit


def test_retry_revives_a_failed_job_where_it_stopped() -> None:
    job = make_job("hopeless")
    run_job(job.pk)
    Job.objects.filter(pk=job.pk).update(kind="three_steps", done=3)
    assert retry(job)
    assert (job.state, job.failures, job.error, job.finished_at) == (State.QUEUED, 0, "", None)
    run_job(job.pk)
    assert fresh(job).state == State.DONE


def test_retry_leaves_other_jobs_alone() -> None:
    waiting = make_job()
    assert not retry(waiting)
    failed = make_job(key="other")
    Job.objects.filter(pk=failed.pk).update(state=State.FAILED)
    make_job(key="other")
    assert not retry(failed)
    assert fresh(failed).state == State.FAILED


def test_a_slice_is_over_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    held = claim(make_job().pk)
    assert held is not None
    assert not JobRun(held).time_is_up()
    monkeypatch.setattr(services, "SLICE_SECONDS", 0.0)
    assert JobRun(held).time_is_up()


def test_routine_is_left_out_of_the_list_until_it_fails_or_somebody_asks_for_it(db: None) -> None:
    quiet, failed, asked = (enqueue("count", key=name, subject=name, routine=True) for name in ("a", "b", "c"))
    Job.objects.filter(pk=failed.pk).update(state=Job.State.FAILED)
    enqueue("count", key="c", subject="c")
    assert set(Job.objects.of_interest()) == {failed, asked}
    assert quiet.routine


def test_old_jobs_are_pruned_and_active_ones_never(db: None) -> None:
    now = timezone.now()
    kept = [enqueue("count", key="active", subject="active", routine=True)]
    Job.objects.update(finished_at=now - timedelta(days=400))
    for name, routine, days, stays in (
        ("old routine", True, 8, False),
        ("young routine", True, 6, True),
        ("old", False, 91, False),
        ("young", False, 89, True),
    ):
        job = enqueue("count", key=name, subject=name, routine=routine)
        Job.objects.filter(pk=job.pk).update(state=Job.State.DONE, finished_at=now - timedelta(days=days))
        kept += [job] if stays else []
    assert prune(now) == 2
    assert set(Job.objects.all()) == set(kept)
