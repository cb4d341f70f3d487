"""Put a lead to sleep and wake it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from leads import snoozing
from leads.forms import SnoozeForm
from leads.models import Lead
from leads.views.lead_detail import saved
from leads.views.pages import Request, allowed, back, lead_or_404


@allowed("leads.change_lead")
@require_POST
def lead_snooze(request: Request, domain: str) -> HttpResponse:
    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        snoozing.snooze(
            lead,
            until=cleaned["until"],
            until_change=cleaned["until_change"],
            by=request.user,
            seen=cleaned["seen"],
        )

    message = _("%(domain)s sleeps.") % {"domain": domain}
    # To wake it does not undo a sleep that took the place of another
    slept = snoozing.is_asleep(lead_or_404(domain), timezone.now())
    undo = "" if slept else reverse("leads:wake", args=[domain])
    return saved(request, domain, "snooze_form", SnoozeForm(request.POST, prefix="snooze"), save, message, undo=undo)


@allowed("leads.change_lead")
@require_POST
def lead_wake(request: Request, domain: str) -> HttpResponse:
    lead = lead_or_404(domain)
    snoozing.wake(lead, by=request.user)
    messages.success(request, _("%(domain)s is awake again.") % {"domain": lead.shown_domain})
    return back(request, "leads:detail", lead.domain)
