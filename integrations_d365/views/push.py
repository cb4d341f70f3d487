"""One lead and Dynamics 365: preview, push, receipt; as a page, as a panel of the lead's page, as steps of a
referral's page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations_d365 import pushing, read_back
from integrations_d365.messages import REFUSED
from integrations_d365.push_page import (
    awaits,
    can_retry,
    is_moving,
    is_scoring,
    ledger_of,
    link_of,
    needs_decision,
    preview_of,
    push_of,
    receipt_of,
    shape_from,
    waits_until,
    was_adopted,
)
from integrations_d365.status import connection
from leads.models import Lead, PushState
from leads.views.pages import Request, allowed, back, lead_or_404, show

PANEL, STEPS = "lead-dynamics", "dynamics-steps"  # the elements of lower rooms' pages that hold our fragments


@allowed("integrations_d365.view_push")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def push(request: Request, domain: str) -> HttpResponse:
    """GET: what would be sent, and how it stands. POST: push."""
    lead = _lead(domain)
    if request.method != "POST":
        return _shown(request, lead, preview=True)
    if not request.user.has_perm("integrations_d365.push_lead"):
        raise PermissionDenied
    try:
        pushing.request_push(lead, by=request.user)
    except pushing.PushRefused as refusal:
        status = 422 if request.htmx else 409
        return _shown(request, _lead(domain), preview=True, refused=str(REFUSED[refusal.reason]), status=status)
    if request.htmx:
        return _shown(request, _lead(domain), asked=True)
    if request.POST.get("next"):
        text = _("%(name)s is on its way to Dynamics 365.")
        if (state := connection().state) in ("paused", "down", "throttled"):
            text = _("%(name)s waits: Dynamics asked for a pause. It goes on by itself.")
            if state == "paused":
                text = _("%(name)s waits: pushing is paused. It goes on by itself.")
            elif state == "down":
                text = _("%(name)s waits: Dynamics cannot be reached now. It goes on by itself.")
        messages.success(request, text % {"name": lead.shown_domain})
        return back(request, "d365:push", domain)
    return HttpResponseRedirect(reverse("d365:push", args=[domain]) + "?asked=1")


@allowed("integrations_d365.view_push")
@require_GET
@never_cache
def lead_panel(request: Request, domain: str) -> HttpResponse:
    """The panel of the lead's page; with ?preview=1 what would be sent."""
    return _shown(request, _lead(domain), preview=request.GET.get("preview") == "1")


@allowed("integrations_d365.view_push")
@require_GET
@never_cache
def steps(request: Request, domain: str) -> HttpResponse:
    """Where the lead of a referral stands on its way into Dynamics."""
    return _steps(request, _lead(domain))


@allowed("integrations_d365.push_lead")
@require_POST
def resend(request: Request, domain: str) -> HttpResponse:
    """Everything once more, whatever Dynamics acknowledged."""
    found = push_of(_lead(domain))
    try:
        if found.pk is None or not found.remote_id:
            pushing.request_push(found.lead, by=request.user)
        else:
            pushing.resend(found, by=request.user)
    except pushing.PushRefused as refusal:
        messages.error(request, str(REFUSED[refusal.reason]))
        return back(request, "d365:push", domain)
    if request.POST.get("next"):
        return back(request, "d365:push", domain)
    return HttpResponseRedirect(reverse("d365:push", args=[domain]) + "?asked=1")


@allowed("integrations_d365.push_lead")
@require_POST
def read_again(request: Request, domain: str) -> HttpResponse:
    """State and owner as Dynamics has them now; changes nothing there."""
    found = push_of(_lead(domain))
    if reason := pushing.why_off():
        messages.error(request, str(REFUSED[reason]))
    elif found.remote_id:
        pushing.look_again(found)
        read_back.request_read_back(routine=False)
    return HttpResponseRedirect(reverse("d365:push", args=[domain]) + "?reading=1#there")


@allowed("integrations_d365.push_lead")
@require_POST
def take_back(request: Request, domain: str) -> HttpResponse:
    """A push that waits or is parked is not wanted any more."""
    found = push_of(_lead(domain))
    if found.reason in pushing.DECISIONS and not request.user.has_perm("integrations_d365.decide_push"):
        raise PermissionDenied
    if found.pk is not None and pushing.take_back(found, by=request.user):
        messages.success(request, _("The push was taken back. What is in Dynamics stays there."))
    else:
        messages.info(request, _("There is nothing to take back: it is on its way or has arrived."))
    return back(request, "d365:push", domain)


def _shown(
    request: Request, lead: Lead, *, preview: bool = False, asked: bool = False, refused: str = "", status: int = 200
) -> HttpResponse:
    """The page, or the fragment that its asker holds."""
    if request.htmx.target == STEPS:
        return _steps(request, lead, refused, status)
    in_panel = request.htmx.target == PANEL or request.resolver_match.url_name == "lead_panel"  # type: ignore[union-attr]
    context = push_context(request, lead, preview=preview)
    context["taken_over"] = was_adopted(context["push"], context["receipt"])
    context |= {"asked": asked or request.GET.get("asked") == "1", "refused": refused, "in_panel": in_panel}
    name = "lead_dynamics" if in_panel and not request.htmx else "push_detail"
    fragment = "_lead_panel" if in_panel else "_push"
    response = show(request, f"dynamics/{name}.html", f"dynamics/{fragment}.html", context, status)
    patch_vary_headers(response, ["HX-Target"])
    return response


def push_context(request: Request, lead: Lead, *, preview: bool) -> dict[str, Any]:
    """What page and panel have in common; two queries, and four more for a preview or a lead that is there."""
    found, state = push_of(lead), connection()
    ledger = ledger_of(found)
    moving = is_moving(found)
    shown = preview and not moving and not found.is_closed and not needs_decision(found)
    synced = found.state == PushState.SYNCED and not found.is_closed
    seen = preview_of(found, shape_from(state.check)) if shown or synced else None
    return {
        "lead": lead,
        "push": found,
        "connection": state,
        "moving": moving,
        "waits_until": waits_until(found) if moving else None,
        "decision": needs_decision(found),
        "can_retry": can_retry(found),
        "may_push": _may_push(request),
        "scoring": is_scoring(lead),
        "awaits": awaits(lead),
        "ledger": ledger,
        "receipt": receipt_of(found, ledger),
        "link": link_of(found),
        "preview": seen if shown else None,
        "unsent": seen.unsent if seen is not None and synced else 0,
        "reading": found.remote_id and found.remote_seen_at is None and request.GET.get("reading") == "1",
        "previewing": shown,
    }


def _lead(domain: str) -> Lead:
    """With its push, in one query."""
    return lead_or_404(domain, Lead.objects.select_related("push__job", "push__asked_by"))


def _may_push(request: Request) -> bool:
    """Whether buttons that push can stand on the page."""
    return settings.HUNTER_D365_ENABLED and request.user.has_perm("integrations_d365.push_lead")


def _steps(request: Request, lead: Lead, refused: str = "", status: int = 200) -> HttpResponse:
    found = push_of(lead)
    moving = is_moving(found)
    context = {
        "lead": lead,
        "push": found,
        "moving": moving or lead.awaits_scan,
        "on_its_way": moving,
        "decision": needs_decision(found),
        "link": link_of(found),
        "may_push": _may_push(request),
        "refused": refused,
        "next": request.GET.get("next", ""),
    }
    return show(request, "dynamics/lead_steps.html", "dynamics/_steps.html", context, status)
