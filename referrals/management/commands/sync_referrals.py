"""Sync now, in this process, and print the ledger of the run."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from jobs.models import Job
from jobs.tasks import run_job
from referrals.messages import failure
from referrals.models import SyncRun
from referrals.status import why_refused
from referrals.sync import SyncRefused, request_sync

LEDGER: Final = (
    "state", "fetched", "created", "updated", "unchanged", "quarantined", "linked", "needs_domain", "pages",
)  # fmt: skip
# Reason why nothing started -> (exit code, error category).
_REFUSALS: Final = {"sign_in": (4, "auth"), "throttled": (1, "rate_limit")}


class Command(BaseCommand):
    help = "Fetch referrals from Partner Center: what changed, or with --full everything."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--full", action="store_true", help="read everything and look for what vanished")
        parser.add_argument("--json", action="store_true", help="print the ledger as one JSON line")

    def handle(self, *args: Any, **options: Any) -> None:
        mode = SyncRun.Mode.FULL if options["full"] else SyncRun.Mode.INCREMENTAL
        try:
            run = self._sync(mode, quiet=options["json"])
            while run.state == SyncRun.State.PAUSED:  # a long one, in parts
                run = self._sync(mode, quiet=options["json"])
        except SyncRefused as refusal:
            code, category = _REFUSALS.get(refusal.reason, (3, "config"))
            if options["json"]:
                nothing = dict.fromkeys(LEDGER, 0) | {"state": refusal.reason, "error": category}
                self.stdout.write(json.dumps(nothing))
            raise CommandError(why_refused(refusal.reason), returncode=code) from refusal
        self._tell(run, as_json=options["json"])
        if run.state == SyncRun.State.NEEDS_SIGN_IN:
            raise SystemExit(4)
        if run.state != SyncRun.State.DONE or run.quarantined:
            raise SystemExit(1)

    def _sync(self, mode: SyncRun.Mode, *, quiet: bool) -> SyncRun:
        """The run of this mode that a sync left; when it was not reached, the one that failed before it."""
        job = request_sync(by=None, full=mode == SyncRun.Mode.FULL, asked=True)
        told = 0
        while job.is_active:
            run_job(job.pk)
            job.refresh_from_db()
            if job.done != told and not quiet:
                told = job.done
                self.stdout.write(f"{told} …")
            if job.is_active:
                time.sleep(0.2)  # a worker has it, or it waits for its next slice
        runs = SyncRun.objects.filter(job=job).order_by("-pk")
        run = runs.filter(mode=mode).first() or runs.first()
        if run is None:
            raise CommandError(_why_none(job), returncode=1)
        return run

    def _tell(self, run: SyncRun, *, as_json: bool) -> None:
        if as_json:
            ledger = {name: getattr(run, name) for name in LEDGER} | {"error": run.error_category or None}
            self.stdout.write(json.dumps(ledger))
            return
        for name in LEDGER:
            self.stdout.write(f"{name.replace('_', ' '):>14}: {getattr(run, name)}")
        if run.error_category:
            self.stdout.write(" ".join(map(str, failure(run.error_category, run.error_code))))
            self.stdout.write(run.error_detail)


def _why_none(job: Job) -> str:
    return f"The sync did not start: {job.error or job.get_state_display()}"
