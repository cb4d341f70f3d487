"""One referral, as a page and in a dialog, and what a person decides about its lead."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from leads.company_list.messages import reason_text
from leads.models import Event
from leads.views.pages import Request, allowed, back, show
from referrals import linking
from referrals.forms import LinkForm
from referrals.models import Referral, ReferralLink
from referrals.payload import short
from referrals.referral_page import deal_values, details_of, engagement, portal_url, pretty_raw

_EVENTS = 20
_KINDS = (Event.Kind.LINKED, Event.Kind.UNLINKED, Event.Kind.REFERRAL)
CHANGED = "referral-changed"  # what the list listens for


@allowed("referrals.view_referral")
@require_GET
def referral_detail(request: Request, pk: int) -> HttpResponse:
    return _shown(request, _referral_or_404(pk))


@allowed("referrals.link_referral")
@require_POST
def referral_link(request: Request, pk: int) -> HttpResponse:
    referral, form = _referral_or_404(pk), LinkForm(request.POST)
    if form.is_valid():
        try:
            lead = linking.link_to_domain(referral, form.cleaned_data["domain"], by=request.user)
        except linking.NoDomain as error:
            form.add_error("domain", reason_text(error.reason))
        else:
            return _decided(request, pk, _("Linked to %(domain)s.") % {"domain": lead.shown_domain})
    if _in_queue(request, pk):
        return _card(request, referral, form=form, status=422)
    return _shown(request, referral, form=form, status=422)


@allowed("referrals.link_referral")
@require_POST
def referral_unlink(request: Request, pk: int) -> HttpResponse:
    """The referral belongs to no lead; with `undo` it waits for its lead again."""
    if "undo" not in request.POST:
        linking.unlink(_referral_or_404(pk), by=request.user)
        return _decided(request, pk, _("The referral belongs to no lead now."))
    linking.undo(_referral_or_404(pk), by=request.user)
    if _in_queue(request, pk):
        return _card(request, _referral_or_404(pk))
    return _decided(request, pk, _("The referral waits for its lead again."))


def _referral_or_404(pk: int) -> Referral:
    rows = Referral.objects.select_related("link__lead__owner", "link__lead__scan_job", "link__by")
    if pk >= 2**63:  # no database key
        raise Http404
    return get_object_or_404(rows, pk=pk)


def _in_queue(request: Request, pk: int) -> bool:
    """Whether a card of the queue of referrals without a domain asks."""
    return bool(request.htmx) and request.htmx.target == f"waiting-{pk}"


def _card(request: Request, referral: Referral, *, form: LinkForm | None = None, status: int = 200) -> HttpResponse:
    context = {
        "referral": referral,
        "suggestions": linking.suggestions(referral),
        "form": form or LinkForm(),
    }
    return show(request, "referrals/_needs_domain_card.html", "referrals/_needs_domain_card.html", context, status)


def _decided(request: Request, pk: int, message: str) -> HttpResponse:
    """What the person sees after a decision: the card's last line, the new state, or the page it came from."""
    if not request.htmx:
        messages.success(request, message)
        return back(request, "referrals:detail", pk)
    referral = _referral_or_404(pk)
    if _in_queue(request, pk):
        name = "referrals/_needs_domain_done.html"
        return show(request, name, name, {"referral": referral})
    return trigger_client_event(_shown(request, referral, done=message), CHANGED)


def _shown(
    request: Request, referral: Referral, *, form: LinkForm | None = None, done: str = "", status: int = 200
) -> HttpResponse:
    others = engagement(referral)
    lead = referral.link.lead if referral.link.state == ReferralLink.State.LINKED else None
    events = Event.objects.filter(lead=lead, kind__in=_KINDS) if lead else Event.objects.none()
    may_link = request.user.has_perm("referrals.link_referral")
    context: dict[str, Any] = {
        "referral": referral,
        "lead": lead,
        "details": details_of(referral),
        "mpn": short(referral.payload.get("mpnId")),
        "others": others,
        "values": deal_values([[referral, *others]]),
        "events": events.select_related("by").order_by("-at", "-pk")[:_EVENTS],
        "suggestions": linking.suggestions(referral) if may_link and lead is None else [],
        "form": form or LinkForm(),
        "next": request.POST.get("next", ""),
        "done": done,
        "portal": portal_url(referral),
        "dynamics": settings.HUNTER_D365_ENABLED,
        "raw": pretty_raw(referral) if request.user.has_perm("referrals.view_raw_referral") else "",
    }
    return show(request, "referrals/referral_detail.html", "referrals/_referral_body.html", context, status)
