"""The referrals of one lead: a panel of the lead's page, and a page of its own."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from leads.views.pages import Request, allowed, lead_or_404, show
from referrals.referral_page import referrals_of


@allowed("referrals.view_referral")
@require_GET
def lead_panel(request: Request, domain: str) -> HttpResponse:
    lead = lead_or_404(domain)
    context = {"lead": lead, "found": referrals_of(lead)}
    return show(request, "referrals/lead_referrals.html", "referrals/_lead_panel.html", context)
