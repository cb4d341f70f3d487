"""One lead: verdict, evidence, brief, timeline, and what a person can do with it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from leads import scanning, services
from leads.forms import DismissForm, FollowUpForm, NameForm, NoteForm, OwnerForm, TagsForm
from leads.lead_page import brief_of, scan_behind, timeline
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
    tags = list(lead.tags.all())
    return {
        "lead": lead,
        "scan": scan,
        "last_scan": lead.scans.order_by("-created_at").first() if scan is None or scan.at != lead.scanned_at else None,
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
    lead, form = lead_or_404(domain), NoteForm(request.POST)
    if not form.is_valid():
        return _invalid(request, lead, note_form=form)
    services.add_note(lead, form.cleaned_data["text"], by=request.user)
    messages.success(request, _("Note saved."))
    return redirect(lead)


@allowed("leads.change_lead")
@require_POST
def lead_tags(request: Request, domain: str) -> HttpResponse:
    lead, form = lead_or_404(domain), TagsForm(request.POST)
    if not form.is_valid():
        return _invalid(request, lead, tags_form=form)
    services.set_tags(lead, form.cleaned_data["tags"], by=request.user)
    messages.success(request, _("Tags saved."))
    return redirect(lead)


@allowed("leads.change_lead")
@require_POST
def lead_owner(request: Request, domain: str) -> HttpResponse:
    lead, form = lead_or_404(domain), OwnerForm(request.POST)
    if not form.is_valid():
        return _invalid(request, lead, owner_form=form)
    owner: User | None = form.cleaned_data["owner"]
    services.assign([lead], owner, by=request.user)
    messages.success(request, _("Owner saved."))
    return redirect(lead)


@allowed("leads.change_lead")
@require_POST
def lead_follow_up(request: Request, domain: str) -> HttpResponse:
    lead, form = lead_or_404(domain), FollowUpForm(request.POST)
    if not form.is_valid():
        return _invalid(request, lead, follow_up_form=form)
    services.set_follow_up(lead, form.cleaned_data["on"], by=request.user)
    messages.success(request, _("Follow-up saved."))
    return redirect(lead)


@allowed("leads.change_lead")
@require_POST
def lead_name(request: Request, domain: str) -> HttpResponse:
    lead, form = lead_or_404(domain), NameForm(request.POST)
    if not form.is_valid():
        return _invalid(request, lead, name_form=form)
    services.rename(lead, form.cleaned_data["company_name"], by=request.user)
    messages.success(request, _("Company name saved."))
    return redirect(lead)


@allowed("leads.change_lead")
@require_POST
def lead_dismiss(request: Request, domain: str) -> HttpResponse:
    lead, form = lead_or_404(domain), DismissForm(request.POST)
    services.dismiss(lead, by=request.user, reason=form.cleaned_data["reason"] if form.is_valid() else "")
    messages.success(request, _("%(domain)s is off the list. You can bring it back here.") % {"domain": lead.domain})
    return redirect(lead)


@allowed("leads.change_lead")
@require_POST
def lead_restore(request: Request, domain: str) -> HttpResponse:
    lead = lead_or_404(domain)
    services.restore(lead, by=request.user)
    messages.success(request, _("%(domain)s is on the list again.") % {"domain": lead.domain})
    return back(request, "leads:detail", lead.domain)


def _invalid(request: Request, lead: Lead, **forms: object) -> HttpResponse:
    """The page again with the form that was refused and its reasons."""
    context = _context(request, lead) | forms
    return show(request, "leads/lead_detail.html", "leads/_lead_body.html", context, status=422)
