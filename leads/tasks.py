"""What the worker calls: one line each over the function that does it."""

from __future__ import annotations

from django.utils import timezone

from jobs.models import Job
from jobs.services import JobRun
from leads import bulk_actions, digest, import_undo, importing, knowledge, scanning
from leads import outside as outside_facts


def scan(run: JobRun) -> None:
    scanning.run_scan(run)


def scan_ended(job: Job) -> None:
    scanning.release(job)


def import_batch(run: JobRun) -> None:
    importing.run_import(run)


def import_ended(job: Job) -> None:
    importing.close_undone(job)


def undo_import(run: JobRun) -> None:
    import_undo.run_undo(run)


def bulk(run: JobRun) -> None:
    bulk_actions.run_bulk(run)


def bulk_ended(job: Job) -> None:
    bulk_actions.release(job)


def rescan_due() -> None:
    scanning.queue_due_rescans(timezone.now())


def retry_undetermined() -> None:
    scanning.queue_retries(timezone.now())


def send_digests() -> None:
    digest.send_due(timezone.now())


def end_expired_entries() -> None:
    knowledge.end_expired(timezone.localdate())


def prune_bulk_actions() -> None:
    bulk_actions.prune(timezone.now())


def outside(run: JobRun) -> None:
    outside_facts.run_outside(run)


def look_outside() -> None:
    outside_facts.look_when_due(timezone.now())
