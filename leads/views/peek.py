"""A lead's summary beside the list, without leaving it."""

from __future__ import annotations

from typing import Final

from django.db.models import Prefetch
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from leads import snoozing
from leads.forms import SnoozeForm, WorkForm
from leads.models import Lead, Tag
from leads.views.lead_detail import mark
from leads.views.pages import Request, allowed, lead_or_404, show, way_of

EVENTS: Final = 5


@allowed("leads.view_lead")
@require_GET
def lead_peek(request: Request, domain: str) -> HttpResponse:
    """Light: no scan is read. `from`: the list it was opened in."""
    lead = lead_or_404(domain, Lead.objects.prefetch_related(Prefetch("tags", Tag.objects.order_by("name"))))
    asleep = snoozing.code(lead.snoozed_until, lead.snoozed_until_change_since)
    context = {
        "lead": lead,
        "events": lead.events.select_related("by").order_by("-at", "-pk")[:EVENTS],
        "asleep": bool(asleep) and snoozing.is_asleep(lead, timezone.now()),
        "work_form": WorkForm(initial={"on_seen": mark(lead.follow_up_on)}),
        "snooze_form": SnoozeForm(prefix="snooze", initial={"seen": asleep}),
        "way": way_of(request),
    }
    return show(request, "leads/lead_peek.html", "leads/_lead_peek.html", context)
