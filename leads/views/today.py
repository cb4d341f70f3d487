"""Today: what to do now, and why."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from jobs.models import Job
from leads.models import ImportBatch, VerdictState
from leads.today import Figures, Reason, leads_of, work
from leads.views.pages import Request, allowed, show


@allowed("leads.view_lead")
@require_GET
def today(request: Request) -> HttpResponse:
    now, mine = timezone.now(), request.GET.get("owner") == "me"
    leads, reasons = leads_of(request.user, now, mine=mine), _reasons(request)
    figures = Figures(leads, request.user, now, mine=mine)
    known = figures.count("state")
    is_new = not mine and known == figures.count("state", VerdictState.NEVER)
    context = {
        "mine": mine,
        "known": known,
        # Until the first verdict there is nothing to rank: the guide stands alone.
        "is_new": is_new,
        "waiting": figures.count("state", VerdictState.NEVER),
        "batch": ImportBatch.objects.listed().first() if is_new else None,
        "rows": [] if is_new else work(leads, request.user, now, reasons),
        "tiles": figures.tiles(reasons),
        "charts": figures.charts(reasons),
        "running": Job.objects.active().of_interest().order_by("-created_at")[:5],
    }
    return show(request, "leads/today.html", "leads/_today.html", context)


def _reasons(request: Request) -> list[Reason]:
    """What this person can act on here: nobody is sent to a part of Hunter that is off or closed to them."""
    hidden = set()
    if not (settings.HUNTER_PARTNER_CENTER_ENABLED and request.user.has_perm("referrals.view_referral")):
        hidden.add(Reason.REFERRAL)
    if not (settings.HUNTER_D365_ENABLED and request.user.has_perm("integrations_d365.view_push")):
        hidden.add(Reason.PUSH)
    return [reason for reason in Reason if reason not in hidden]
