"""Today: what to do now, and why."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from jobs.models import Job
from leads.models import Alert, Event, ImportBatch, Lead
from leads.today import tiles
from leads.views.pages import Request, allowed, show
from leads.visits import with_news


@allowed("leads.view_lead")
@require_GET
def today(request: Request) -> HttpResponse:
    now = timezone.now()
    leads = Lead.objects.open().awake(now)
    best = list(leads.filter(priority_score__lte=4, outcome="").best_first()[:8])
    context = {
        "tiles": tiles(),
        "best": best,
        "news": with_news(best, request.user),
        "follow_ups": leads.follow_up_due(timezone.localdate(now)).order_by("follow_up_on", "pk")[:8],
        "alerts": Alert.objects.filter(read_at__isnull=True)
        .select_related("lead", "event")
        .order_by("-created_at")[:8],
        "changes": Event.objects.filter(scan__isnull=False).select_related("lead").order_by("-at", "-pk")[:8],
        "running": Job.objects.active().of_interest().order_by("-created_at")[:5],
        "has_leads": Lead.objects.exists(),
        "has_imports": ImportBatch.objects.exists(),
    }
    return show(request, "leads/today.html", "leads/_today.html", context)
