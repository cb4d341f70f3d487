"""One referral, as a page and in a dialog, and what a person decides about its lead."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from leads.company_list.messages import reason_text
from leads.models import Event
from leads.views.pages import Request, allowed, back, show
from referrals import linking
from referrals.forms import LinkForm
from referrals.models import WAITING, Referral, ReferralLink
from referrals.payload import short
from referrals.referral_page import deal_values, details_of, engagement, portal_url, pretty_raw

_EVENTS = 20
_KINDS = (Event.Kind.LINKED, Event.Kind.UNLINKED, Event.Kind.REFERRAL)
CHANGED = "referral-changed"  # what the list listens for


@allowed("referrals.view_referral")
@require_GET
def referral_detail(request: Request, pk: int) -> HttpResponse:
    referral = _referral_or_404(pk)
    return _card(request, referral) if _in_queue(request, pk) else _shown(request, referral)


@allowed("referrals.link_referral")
@require_POST
def referral_link(request: Request, pk: int) -> HttpResponse:
    referral, form = _referral_or_404(pk), LinkForm(request.POST)
    if form.is_valid():
        text = form.cleaned_data["domain"]
        try:
            lead = linking.link_to_domain(referral, text, by=request.user, seen=request.POST.get("seen", ""))
        except linking.Overtaken:
            return _overtaken(request, pk, domain=text)
        except linking.NoDomain as error:
            form.add_error("domain", _refused(error.reason))
        else:
            return _decided(request, pk, _("Linked to %(domain)s.") % {"domain": lead.shown_domain})
    if _in_queue(request, pk):
        return _card(request, referral, form=form, status=422)
    return _shown(request, referral, form=form, status=422)


@allowed("referrals.link_referral")
@require_http_methods(["GET", "HEAD", "POST"])
def referral_unlink(request: Request, pk: int) -> HttpResponse:
    """GET asks. POST: the referral belongs to no lead; with `undo` the decision of a person is taken back."""
    referral = _referral_or_404(pk)
    if request.method != "POST":
        return render(request, "referrals/unlink.html", {"referral": referral, "next": request.GET.get("next", "")})
    undo, seen = "undo" in request.POST, request.POST.get("seen", "")
    try:
        (linking.undo if undo else linking.unlink)(referral, by=request.user, seen=seen)
    except linking.Overtaken:
        return _overtaken(request, pk, undo=undo)
    if not undo:
        return _decided(request, pk, _("The referral belongs to no lead now."))
    if _in_queue(request, pk):
        return _card(request, _referral_or_404(pk))
    return _decided(request, pk, _("The decision was taken back."))


def _referral_or_404(pk: int) -> Referral:
    rows = Referral.objects.select_related("link__lead__owner", "link__lead__scan_job", "link__by")
    if pk >= 2**63:  # no database key
        raise Http404
    return get_object_or_404(rows, pk=pk)


def _overtaken(request: Request, pk: int, *, domain: str = "", undo: bool = False) -> HttpResponse:
    """What was decided meanwhile, and the choice to replace or keep it. HTMX swaps no 409."""
    status = 422 if request.htmx else 409
    referral, conflict = _referral_or_404(pk), {"domain": domain, "undo": undo}
    if _in_queue(request, pk):
        return _card(request, referral, conflict=conflict, status=status)
    return _shown(request, referral, conflict=conflict, status=status)


def _refused(reason: str) -> str:
    """Why a text names no lead, for the one field that takes it."""
    if reason in ("invalid_domain", "no_domain", "empty_row"):
        return _("Enter a name such as company.com.tr.")
    return reason_text(reason)


def _in_queue(request: Request, pk: int) -> bool:
    """Whether a card of the queue of referrals without a domain asks."""
    return bool(request.htmx) and request.htmx.target == f"waiting-{pk}"


def _card(
    request: Request,
    referral: Referral,
    *,
    form: LinkForm | None = None,
    conflict: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The card of a referral that waits or is in dispute, the line that is left of a decided one; and the count."""
    waits = referral.link.is_waiting or conflict is not None
    context = {
        "referral": referral,
        "suggestions": linking.suggestions(referral) if waits else [],
        "form": form or LinkForm(),
        "conflict": conflict,
        "next": reverse("referrals:needs_domain"),
        "total": ReferralLink.objects.filter(state__in=WAITING).count(),
    }
    name = f"referrals/_needs_domain_{'card' if waits else 'done'}.html"
    return show(request, name, name, context, status)


def _decided(request: Request, pk: int, message: str) -> HttpResponse:
    """What the person sees after a decision: the card's last line, the new state, or the page it came from."""
    referral = _referral_or_404(pk)
    if not request.htmx:
        context = {"message": message, "referral": referral, "next": request.POST.get("next", "")}
        messages.success(request, render_to_string("referrals/_decided.html", context, request))
        return back(request, "referrals:detail", pk)
    if _in_queue(request, pk):
        return _card(request, referral)
    return trigger_client_event(_shown(request, referral, done=message), CHANGED)


def _shown(
    request: Request,
    referral: Referral,
    *,
    form: LinkForm | None = None,
    done: str = "",
    conflict: dict[str, Any] | None = None,
    status: int = 200,
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
        "conflict": conflict,
        "portal": portal_url(referral),
        "dynamics": settings.HUNTER_D365_ENABLED,
        "raw": pretty_raw(referral) if request.user.has_perm("referrals.view_raw_referral") else "",
    }
    return show(request, "referrals/referral_detail.html", "referrals/_referral_body.html", context, status)
