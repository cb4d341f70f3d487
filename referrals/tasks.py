"""What the worker calls: one line each over the function that does it."""

from __future__ import annotations

from django.utils import timezone

from jobs.models import Job
from jobs.services import JobRun
from referrals import deadlines, linking
from referrals import sync as referral_sync


def sync(run: JobRun) -> None:
    referral_sync.run_sync(run)


def sync_ended(job: Job) -> None:
    referral_sync.close_undone(job)


def sync_due() -> None:
    referral_sync.sync_when_due(timezone.now())


def prune() -> None:
    referral_sync.prune_runs(timezone.now())


def watch_clocks() -> None:
    deadlines.raise_alerts(timezone.now())
    linking.give_back_orphans()
