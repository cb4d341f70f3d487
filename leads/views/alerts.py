"""Alerts: what changed at a lead and deserves a look."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from leads import digest, services
from leads.models import Alert
from leads.views.pages import Request, allowed, back, page_of, show


@allowed("leads.view_alert")
@require_GET
def alert_list(request: Request) -> HttpResponse:
    read = request.GET.get("read") == "1"
    rows = Alert.objects.filter(read_at__isnull=not read).select_related("lead", "event", "read_by")
    newest = ("-created_at", "-pk")
    order = newest if read else (F("due_at").asc(nulls_last=True), *newest)
    page = page_of(rows.order_by(*order), request, 50)
    context = {"page": page, "read": read, "doubtful": digest.in_doubt(request.user, timezone.now())}
    return show(request, "leads/alert_list.html", "leads/_alert_table.html", context)


@allowed("leads.change_alert")
@require_POST
def alert_read(request: Request) -> HttpResponse:
    """Mark the chosen alerts as read."""
    chosen = [
        int(value) for value in request.POST.getlist("alert") if value.isascii() and value.isdigit() and len(value) < 19
    ]
    count = services.mark_read(chosen[:500], by=request.user)
    messages.success(
        request,
        ngettext("%(count)d alert marked as read.", "%(count)d alerts marked as read.", count) % {"count": count},
    )
    return back(request, "leads:alerts")
