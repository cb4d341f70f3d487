"""One lead: verdict, evidence, brief, timeline, and what a person can do with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from leads import scanning, services
from leads.folding import turkish_sort_key
from leads.forms import DismissForm, FollowUpForm, NameForm, NoteForm, OwnerForm, TagsForm
from leads.lead_page import brief_of, scan_behind, shown, timeline
from leads.models import Lead
from leads.views.pages import Request, allowed, back, lead_or_404, page_of, show

EVENTS_ON_A_PAGE = 30


@allowed("leads.view_lead")
@require_GET
def lead_detail(request: Request, domain: str) -> HttpResponse:
    lead = lead_or_404(domain)
    return show(request, "leads/lead_detail.html", "leads/_lead_body.html", _context(request, lead))


def _context(request: Request, lead: Lead) -> dict[str, object]:
    scan = scan_behind(lead)
    tags = sorted(lead.tags.all(), key=lambda tag: turkish_sort_key(tag.name))
    last = lead.scans.order_by("-created_at").first() if scan is None or scan.at != lead.scanned_at else None
    return {
        "lead": lead,
        "scan": scan,
        "last_scan": last,
        "failed_look": [] if last is None else shown(last).evidence,
        "tags": tags,
        "brief": brief_of(lead),
        "events": page_of(timeline(lead), request, EVENTS_ON_A_PAGE),
        "notes": lead.notes.select_related("by")[:50],
        "claims": lead.claims.select_related("batch", "by").order_by("-created_at")[:20],
        "note_form": NoteForm(),
        "tags_form": TagsForm(initial={"tags": ", ".join(tag.name for tag in tags if not tag.automatic)}),
        "owner_form": OwnerForm(initial={"owner": lead.owner_id}),
        "follow_up_form": FollowUpForm(initial={"on": lead.follow_up_on}),
        "name_form": NameForm(initial={"company_name": lead.company_name}),
        "dismiss_form": DismissForm(),
    }


@allowed("leads.scan_lead")
@require_POST
def lead_rescan(request: Request, domain: str) -> HttpResponse:
    lead = lead_or_404(domain)
    scanning.rescan_lead(lead, started_by=request.user)
    if request.htmx:
        return show(request, "leads/_scan_state.html", "leads/_scan_state.html", {"lead": lead})
    return redirect(lead)


@allowed("leads.view_lead")
@require_GET
def lead_scan_state(request: Request, domain: str) -> HttpResponse:
    """The little progress line beside the rescan button; once the scan is written it asks for the whole page."""
    lead = lead_or_404(domain)
    response = show(request, "leads/_scan_state.html", "leads/_scan_state.html", {"lead": lead})
    if lead.scan_job is None:
        response.headers["HX-Refresh"] = "true"
    return response


@allowed("leads.add_note")
@require_POST
def lead_note(request: Request, domain: str) -> HttpResponse:
    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        services.add_note(lead, cleaned["text"], by=request.user)

    return _saved(request, domain, "note_form", NoteForm, save, _("Note saved."))


@allowed("leads.change_lead")
@require_POST
def lead_tags(request: Request, domain: str) -> HttpResponse:
    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        services.set_tags(lead, cleaned["tags"], by=request.user)

    return _saved(request, domain, "tags_form", TagsForm, save, _("Tags saved."))


@allowed("leads.change_lead")
@require_POST
def lead_owner(request: Request, domain: str) -> HttpResponse:
    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        services.assign([lead], cleaned["owner"], by=request.user)

    return _saved(request, domain, "owner_form", OwnerForm, save, _("Owner saved."))


@allowed("leads.change_lead")
@require_POST
def lead_follow_up(request: Request, domain: str) -> HttpResponse:
    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        services.set_follow_up(lead, cleaned["on"], by=request.user)

    return _saved(request, domain, "follow_up_form", FollowUpForm, save, _("Follow-up saved."))


@allowed("leads.change_lead")
@require_POST
def lead_name(request: Request, domain: str) -> HttpResponse:
    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        services.rename(lead, cleaned["company_name"], by=request.user)

    return _saved(request, domain, "name_form", NameForm, save, _("Company name saved."))


@allowed("leads.change_lead")
@require_POST
def lead_dismiss(request: Request, domain: str) -> HttpResponse:
    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        services.dismiss(lead, by=request.user, reason=cleaned["reason"])

    message = _("%(domain)s is off the list. You can bring it back here.") % {"domain": domain}
    return _saved(request, domain, "dismiss_form", DismissForm, save, message)


@allowed("leads.change_lead")
@require_POST
def lead_restore(request: Request, domain: str) -> HttpResponse:
    lead = lead_or_404(domain)
    services.restore(lead, by=request.user)
    messages.success(request, _("%(domain)s is on the list again.") % {"domain": lead.domain})
    return back(request, "leads:detail", lead.domain)


def _saved(
    request: Request,
    domain: str,
    name: str,
    form_class: type[Form],
    save: Callable[[Lead, dict[str, Any]], None],
    message: str,
) -> HttpResponse:
    """Save a valid form and go back to the lead; else the page again with the form, called `name` there, and why it
    was refused."""
    lead, form = lead_or_404(domain), form_class(request.POST)
    if not form.is_valid():
        context = _context(request, lead) | {name: form}
        return show(request, "leads/lead_detail.html", "leads/_lead_body.html", context, status=422)
    save(lead, form.cleaned_data)
    messages.success(request, message)
    return redirect(lead)
