"""How leads end: the outcome of one, and what came of segments, priorities and rules."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from leads import outcomes
from leads.forms import OutcomeForm, TakeBackForm
from leads.models import Lead
from leads.views.lead_detail import saved
from leads.views.pages import Request, allowed, show


@allowed("leads.view_outcomerecord")
@require_GET
def outcome_list(request: Request) -> HttpResponse:
    context = {
        "total": outcomes.total(),
        "enough": outcomes.ENOUGH,
        "groups": [
            ("segment", _("By segment"), _("Segment"), outcomes.by_column("segment")),
            ("priority", _("By priority"), _("Priority"), outcomes.by_column("priority_category")),
            ("rule", _("By scoring rule"), _("Rule"), outcomes.by_rule()),
        ],
    }
    return show(request, "leads/outcome_list.html", "leads/_outcome_tables.html", context)


@allowed("leads.add_outcomerecord")
@require_POST
def lead_outcome(request: Request, domain: str) -> HttpResponse:
    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        outcomes.decide(lead, cleaned["outcome"], reason=cleaned["reason"], by=request.user, seen=cleaned["seen"])

    form = OutcomeForm(request.POST, prefix="outcome")
    return saved(request, domain, "outcome_form", form, save, _("Outcome saved."), part="outcome")


@allowed("leads.add_outcomerecord")
@require_POST
def lead_outcome_undo(request: Request, domain: str) -> HttpResponse:
    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        outcomes.decide(lead, "", by=request.user, seen=cleaned["seen"])

    form = TakeBackForm(request.POST)
    return saved(request, domain, "outcome_form", form, save, _("The outcome is taken back."), part="outcome")
