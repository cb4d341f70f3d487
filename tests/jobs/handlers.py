"""Handlers of the in-process tests; a group with a name stands for a written result."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import transaction

from jobs import services
from jobs.models import Job
from jobs.services import JobRun, PermanentFailure

seen: list[str] = []


def three_steps(run: JobRun) -> None:
    """One step a slice."""
    if run.job.done == 3:
        return
    with transaction.atomic():
        Group.objects.create(name=f"step {run.job.done}")
        run.checkpoint(done=run.job.done + 1, total=3, message=f"step {run.job.done + 1}")
    run.again()


def breaks(run: JobRun) -> None:
    raise RuntimeError("no luck")


def breaks_after_progress(run: JobRun) -> None:
    run.checkpoint(done=run.job.done + 1)
    raise RuntimeError("no luck")


def hopeless(run: JobRun) -> None:
    raise PermanentFailure("The file cannot be read.")


def loses_its_lease(run: JobRun) -> None:
    Job.objects.filter(pk=run.job.pk).update(lease_token="someone else")
    with transaction.atomic():
        Group.objects.create(name="written twice")
        run.checkpoint(done=1)


def is_cancelled(run: JobRun) -> None:
    services.cancel(Job.objects.get(pk=run.job.pk), by=None)
    with transaction.atomic():
        Group.objects.create(name="written after the cancel")
        run.checkpoint(done=1)


def swallows_errors(run: JobRun) -> None:
    """A careless handler: its broad except does not hold the Stop."""
    services.cancel(Job.objects.get(pk=run.job.pk), by=None)
    try:
        run.checkpoint(done=1)
    except Exception:
        seen.append("swallowed")
    seen.append("went on")


def is_asked_for_again(run: JobRun) -> None:
    if not seen:
        services.enqueue(run.job.kind, key=run.job.key, subject="again")
    seen.append("run")


def release(job: Job) -> None:
    seen.append(f"released {job.subject}: {job.state}")


def duty_that_fails() -> None:
    raise RuntimeError("bad duty")


def good_duty() -> None:
    seen.append("duty")
