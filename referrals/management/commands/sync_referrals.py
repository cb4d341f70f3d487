"""Sync now, in this process, and print the ledger of the run."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from jobs.tasks import run_job
from referrals.messages import FAILURES, REFUSED
from referrals.models import SyncRun
from referrals.sync import SyncRefused, request_sync

LEDGER = ("state", "fetched", "created", "updated", "unchanged", "quarantined", "linked", "needs_domain", "pages")


class Command(BaseCommand):
    help = "Fetch referrals from Partner Center: what changed, or with --full everything."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--full", action="store_true", help="read everything and look for what vanished")
        parser.add_argument("--json", action="store_true", help="print the ledger as one JSON line")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            job = request_sync(by=None, full=options["full"])
        except SyncRefused as refusal:
            code = {"sign_in": 4, "throttled": 1}.get(refusal.reason, 3)
            raise CommandError(str(REFUSED[refusal.reason]), returncode=code) from refusal
        newest = SyncRun.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        shown = 0
        while job.is_active:
            run_job(job.pk)
            job.refresh_from_db()
            if job.done != shown and not options["json"]:
                shown = job.done
                self.stdout.write(f"{shown} …")
            if job.is_active:
                time.sleep(0.2)  # a worker has it, or it waits for its next slice
        mode = SyncRun.Mode.FULL if options["full"] else SyncRun.Mode.INCREMENTAL
        runs = SyncRun.objects.filter(job=job).order_by("-pk")
        run = runs.filter(mode=mode).first() or runs.first()
        if run is None or (run.pk <= newest and run.job_id != job.pk):
            raise CommandError("The sync did not start; see the page about its job.", returncode=1)
        self._tell(run, as_json=options["json"])
        if run.state == SyncRun.State.NEEDS_SIGN_IN:
            raise SystemExit(4)
        if run.state not in (SyncRun.State.DONE, SyncRun.State.PAUSED) or run.quarantined:
            raise SystemExit(1)

    def _tell(self, run: SyncRun, *, as_json: bool) -> None:
        if as_json:
            ledger = {name: getattr(run, name) for name in LEDGER} | {"error": run.error_category or None}
            self.stdout.write(json.dumps(ledger))
            return
        for name in LEDGER:
            self.stdout.write(f"{name.replace('_', ' '):>14}: {getattr(run, name)}")
        if run.error_category:
            self.stdout.write(" ".join(map(str, FAILURES[run.error_category])))
            self.stdout.write(run.error_detail)
