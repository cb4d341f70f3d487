"""Facts from outside DNS: a panel of the lead's page, a page of its own, and "look again"."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from leads import outside
from leads.models import Lead
from leads.outside_page import is_moving, shown_facts
from leads.views.pages import Request, allowed, back, lead_or_404, show


@allowed("leads.view_outsidefact")
@require_GET
@never_cache
def lead_outside(request: Request, domain: str) -> HttpResponse:
    return _shown(request, lead_or_404(domain))


@allowed("leads.scan_lead")
@require_POST
def lead_look_again(request: Request, domain: str) -> HttpResponse:
    lead = lead_or_404(domain)
    outside.ask_again(lead, by=request.user)
    if request.htmx:
        return _shown(request, lead)
    messages.success(request, _("The sources are asked again; answers come one by one."))
    return back(request, "leads:outside", lead.domain)


def _shown(request: Request, lead: Lead) -> HttpResponse:
    facts = shown_facts(lead)
    context = {"lead": lead, "facts": facts, "moving": lead.scanned_at is not None and is_moving(facts)}
    return show(request, "leads/lead_outside.html", "leads/_outside.html", context)
