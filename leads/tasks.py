"""What the worker calls: one line each over the function that does it."""

from __future__ import annotations

from django.utils import timezone

from jobs.models import Job
from jobs.services import JobRun
from leads import importing, scanning


def scan(run: JobRun) -> None:
    scanning.run_scan(run)


def scan_ended(job: Job) -> None:
    scanning.release(job)


def import_batch(run: JobRun) -> None:
    importing.run_import(run)


def import_ended(job: Job) -> None:
    importing.close_undone(job)


def rescan_due() -> None:
    scanning.queue_due_rescans(timezone.now())


def retry_undetermined() -> None:
    scanning.queue_retries(timezone.now())
