"""The sync as people watch it: start it, its ledger, one run in detail, the light in the header."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from jobs.models import Job, ScheduleState
from leads.views.pages import Request, allowed, back, page_of, show
from referrals.models import Quarantine, SyncCursor, SyncRun
from referrals.status import why_refused
from referrals.sync import SyncRefused, request_sync, why_not
from referrals.views.connect import SYNC_CHANGED

FULL: Final = "referrals.connect_partner_center"  # operations: who may have everything read
RUNS_ON_A_PAGE: Final = 50
_DUTY: Final = "sync referrals"
_PAUSES: Final = ("throttled", "waiting")  # what passes by itself
_PROBLEMS: Final = Q(state__in=(SyncRun.State.FAILED, SyncRun.State.THROTTLED, SyncRun.State.NEEDS_SIGN_IN)) | Q(
    quarantined__gt=0
)
_NEWS: Final = Q(created__gt=0) | Q(updated__gt=0) | Q(quarantined__gt=0) | Q(not_visible__gt=0)
_PARTS: Final = {"news": _NEWS, "problems": _PROBLEMS}


@allowed("referrals.sync_referrals")
@require_POST
def sync_now(request: Request) -> HttpResponse:
    """Start a sync. HTMX gets its progress in place; without it the ledger shows it."""
    full = request.POST.get("full") == "1"
    if full and not request.user.has_perm(FULL):
        raise PermissionDenied
    try:
        job = request_sync(by=request.user, full=full)
    except SyncRefused as refusal:
        if request.htmx:
            context = {"refused": why_refused(refusal.reason), "paused": refusal.reason in _PAUSES}
            return render(request, "referrals/_sync_progress.html", context)
        messages.error(request, _refusal(refusal.reason))
        return back(request, "referrals:runs")
    if request.htmx:
        return trigger_client_event(_progress(request, job), SYNC_CHANGED)
    messages.success(request, _("The sync was started."))
    return back(request, "referrals:runs")


def _refusal(reason: str) -> str:
    """Why it does not start, with the way to mend it."""
    if reason in _PAUSES:
        return why_refused(reason)
    return format_html(
        '{} <a href="{}">{}</a>', why_refused(reason), reverse("referrals:connect"), _("To “Connect Partner Center”")
    )


def _progress(request: Request, job: Job) -> HttpResponse:
    run = SyncRun.objects.filter(job=job).order_by("-pk").first()
    return render(request, "referrals/_sync_progress.html", {"job": job, "run": run})


@allowed("referrals.view_syncrun")
@require_GET
@never_cache
def run_list(request: Request) -> HttpResponse:
    """Every run, newest first, or with ?news=1 those that brought something, with ?problems=1 those that went wrong;
    and where the sync stands. With ?job= HTMX gets the progress of that job alone."""
    asked = request.GET.get("job", "")
    if request.htmx and asked.isascii() and asked.isdigit() and len(asked) < 19:
        asked_for = get_object_or_404(Job, pk=asked, kind="referrals")
        response = _progress(request, asked_for)
        return response if asked_for.is_active else trigger_client_event(response, SYNC_CHANGED)
    shown = next((name for name in _PARTS if request.GET.get(name) == "1"), "")
    chosen = SyncRun.objects.filter(_PARTS[shown]) if shown else SyncRun.objects.all()
    runs = chosen.select_related("started_by", "job").order_by("-started_at", "-pk")
    page = page_of(runs, request, RUNS_ON_A_PAGE)
    job = Job.objects.active().filter(kind="referrals").first()
    running = any(run.state == SyncRun.State.RUNNING for run in page)
    context = {
        "page": page,
        "shown": shown,
        "job": job,
        "live": running or job is not None,
        "queued": job is not None and job.state == Job.State.QUEUED,
        "full_permission": request.user.has_perm(FULL),
        **_standing(timezone.now()),
    }
    if request.user.has_perm("referrals.view_quarantine"):
        context["unreadable"] = Quarantine.objects.filter(resolved_at__isnull=True).count()
    return show(request, "referrals/run_list.html", "referrals/_run_table.html", context)


def _standing(now: datetime) -> dict[str, Any]:
    """Where the sync stands: `cursor`, when it goes on, until when it pauses, and whether
    somebody is signed in, so that it can be started at all. Nothing where the integration is off."""
    if not settings.HUNTER_PARTNER_CENTER_ENABLED:
        return {}
    cursor, duty = SyncCursor.get(), ScheduleState.objects.filter(name=_DUTY).first()
    pause = cursor.not_before if cursor.not_before and cursor.not_before > now else None
    can_start = why_not(now) in ("", *_PAUSES)
    return {
        "cursor": cursor,
        "pause": pause,
        "next_run": max(duty.next_run, pause or now, now) if can_start and duty else None,
        "can_start": can_start,
    }


@allowed("referrals.view_syncrun")
@require_GET
@never_cache
def run_detail(request: Request, pk: int) -> HttpResponse:
    run = get_object_or_404(SyncRun.objects.select_related("started_by", "job"), pk=pk)
    return show(request, "referrals/run_detail.html", "referrals/_run_detail.html", {"run": run})


@allowed("referrals.view_referral")
@require_GET
@never_cache
def light(request: Request) -> HttpResponse:
    """The light in the header, alone."""
    if not settings.HUNTER_PARTNER_CENTER_ENABLED:
        return HttpResponse(status=204)
    return render(request, "parts/_sync_light.html")
