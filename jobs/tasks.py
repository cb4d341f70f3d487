"""What queue messages call. Each may come twice, late or never."""

from __future__ import annotations

from django.utils import timezone

from jobs import clock, running, services


def run_job(pk: int) -> None:
    """Run the job for one slice."""
    running.run(pk)


def prune() -> None:
    services.prune(timezone.now())


def tick() -> None:
    """The clock: sent every few seconds by the supervisor, which takes the answer as the worker's sign of life."""
    now = timezone.now()
    clock.ring_due_jobs(now)
    clock.run_due_duties(now)
