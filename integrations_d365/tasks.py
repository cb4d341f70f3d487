"""What the worker calls: one line each over the function that does it."""

from __future__ import annotations

from django.utils import timezone

from integrations_d365 import engine, ledger, pushing
from integrations_d365 import read_back as reading
from jobs.models import Job
from jobs.services import JobRun


def push(run: JobRun) -> None:
    engine.run_push(run)


def push_ended(job: Job) -> None:
    pushing.release(job)


def push_due() -> None:
    pushing.push_when_due(timezone.now())


def read_back(run: JobRun) -> None:
    reading.run_read_back(run)


def read_back_due() -> None:
    reading.read_back_when_due(timezone.now())


def prune() -> None:
    ledger.prune(timezone.now())
