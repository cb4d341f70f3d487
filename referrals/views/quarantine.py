"""Rows that could not be read: look at them, mark them as handled."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from leads.views.pages import Request, allowed, back, page_of, show
from referrals.models import Quarantine
from referrals.quarantine import set_handled


@allowed("referrals.view_quarantine")
@require_GET
def quarantine_list(request: Request) -> HttpResponse:
    handled = request.GET.get("handled") == "1"
    rows = Quarantine.objects.filter(resolved_at__isnull=not handled).select_related("resolved_by")
    context = {"page": page_of(rows.order_by("-last_seen_at", "-pk"), request, 25), "handled": handled}
    return show(request, "referrals/quarantine.html", "referrals/_quarantine_table.html", context)


@allowed("referrals.change_quarantine")
@require_POST
def quarantine_resolve(request: Request, pk: int) -> HttpResponse:
    """Mark as handled, or as open again. The form says which, so that two clicks are one; else it is the other."""
    row = get_object_or_404(Quarantine, pk=pk)
    handled = request.POST.get("handled", "0" if row.resolved_at else "1") == "1"
    set_handled([row.pk], handled, by=request.user)
    if not request.htmx:
        messages.success(request, _("Marked as handled.") if handled else _("The row is open again."))
    return back(request, "referrals:quarantine")
