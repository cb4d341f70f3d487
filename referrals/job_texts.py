"""What a sync job is called and what came of it (HUNTER_JOB_TEXTS)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from jobs.models import Job
from referrals.models import SyncRun
from referrals.status import sync_light, why_ended


def title(job: Job) -> str:
    return _("Partner Center sync")


def result(job: Job) -> str:
    runs = list(SyncRun.objects.filter(job=job).order_by("pk"))
    if not runs:
        return ""
    counts = {name: sum(getattr(run, name) for run in runs) for name in ("fetched", "created", "updated")}
    text = _("%(fetched)d read, %(created)d new, %(updated)d changed") % counts
    last = runs[-1]
    return text if last.state in (SyncRun.State.DONE, SyncRun.State.RUNNING) else f"{text}. {last.get_state_display()}"


def error(job: Job) -> str:
    """Why the last run failed, and what to do."""
    if not job.error:
        return ""
    run = SyncRun.objects.filter(job=job).order_by("-pk").first()
    if run is None or not run.error_category:
        return job.error
    return " ".join(map(str, why_ended(run, sync_light())))
