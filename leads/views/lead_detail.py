"""One lead: verdict, evidence, brief, timeline, and what a person can do with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from leads import knowledge, scanning, services, snoozing, visits
from leads.brief import Brief, build_brief
from leads.brief_sources import Loaded, cites, material_with
from leads.event_words import day_words
from leads.folding import turkish_sort_key
from leads.forms import (
    DismissForm,
    EntryForm,
    FollowUpForm,
    NameForm,
    NoteForm,
    OutcomeForm,
    OwnerForm,
    SnoozeForm,
    TagsForm,
)
from leads.lead_page import ShownScan, scans_of, shown, timeline
from leads.models import Event, Lead, OutcomeRecord, Override, Scan
from leads.neighbours import neighbours
from leads.overtaken import Overtaken
from leads.views.pages import Request, allowed, back, lead_or_404, list_of, say_overtaken, show

EVENTS_ON_A_PAGE = 30


@allowed("leads.view_lead")
@require_GET
def lead_detail(request: Request, domain: str) -> HttpResponse:
    leads = visits.with_news(visits.with_visit(Lead.objects.all(), request.user), request.user)
    lead, since = lead_or_404(domain, leads), None
    if not request.htmx:
        since = visits.look(lead, request.user, timezone.now())
    context = lead_context(request, lead, since)
    if (query := list_of(request)) is not None:
        context["neighbours"] = neighbours(lead, query, request.user)
    return show(request, "leads/lead_detail.html", "leads/_lead_body.html", context)


def lead_context(request: Request, lead: Lead, since: datetime | None = None) -> dict[str, object]:
    """What the page of a lead shows, its timeline with a mark at `since`. It is opened a hundred times a day: whoever
    adds a query here takes away another (tests/leads/test_lead_page.py)."""
    scan, failed = scans_of(lead)
    tags = sorted(lead.tags.all(), key=lambda tag: turkish_sort_key(tag.name))
    given = _given(tag.name for tag in tags if not tag.automatic)
    in_force, ended = knowledge.history(lead)
    asked = request.GET.get("page", "")
    size = EVENTS_ON_A_PAGE
    events = timeline(lead, reader=request.user, since=since, asked=asked, size=size, besides=cites(lead))
    asleep = snoozing.code(lead.snoozed_until, lead.snoozed_until_change_since)
    outcome = lead.outcomes.select_related("by").filter(is_current=True).first() if lead.outcome else None
    return {
        "lead": lead,
        "scan": scan,
        "last_scan": failed,
        "failed_look": [] if failed is None else shown(failed).evidence,
        "tags": tags,
        "brief": _brief(lead, scan, failed, in_force, events.read, outcome),
        "timeline": events,
        "notes": lead.notes.select_related("by")[:50],
        "in_force": in_force,
        "provider_entry": in_force.get(Override.Field.PROVIDER),
        "ended_entries": ended,
        "conflicts": knowledge.conflicts(lead, in_force.values(), scan),
        "is_asleep": bool(asleep) and snoozing.is_asleep(lead, timezone.now()),
        "outcome": outcome,
        "note_form": NoteForm(),
        "tags_form": TagsForm(initial={"tags": given, "seen": mark(given)}),
        "owner_form": OwnerForm(initial={"owner": lead.owner_id, "seen": mark(lead.owner_id)}),
        "follow_up_form": FollowUpForm(initial={"on": lead.follow_up_on, "seen": mark(lead.follow_up_on)}),
        "name_form": NameForm(initial={"company_name": lead.company_name, "seen": mark(lead.company_name)}),
        "snooze_form": SnoozeForm(prefix="snooze", initial={"until_change": True, "seen": asleep}),
        "outcome_form": OutcomeForm(prefix="outcome", initial={"seen": lead.outcome}),
        "dismiss_form": DismissForm(),
        **{f"known_{field}": _entry_form(field, lead, in_force.get(field)) for field in Override.Field.values},
    }


def _brief(
    lead: Lead,
    scan: ShownScan | None,
    failed: Scan | None,
    in_force: Mapping[str, Override],
    events: Sequence[Event],
    outcome: OutcomeRecord | None,
) -> Brief:
    loaded = Loaded(
        scan=scan.scan if scan else None,
        failed=failed,
        entries=in_force,
        events=events,
        outcome=outcome,
    )
    return build_brief(material_with(lead, loaded))


def _entry_form(field: str, lead: Lead, entry: Override | None) -> EntryForm:
    """A new contact stands beside those there are, so only an entry fills that field; never after an opt-out."""
    if entry is not None:
        is_hidden = field == Override.Field.CONTACT and lead.opted_out_at
        return EntryForm(field, shown="" if is_hidden else entry.value, entry=entry)
    shown = {"company_name": lead.company_name, "tenant_size": lead.tenant_size, "provider": lead.provider}
    return EntryForm(field, shown=shown.get(field, ""))


@allowed("leads.view_lead")
@require_GET
def lead_claims(request: Request, domain: str) -> HttpResponse:
    """Who named this domain."""
    lead = lead_or_404(domain)
    claims = lead.claims.select_related("batch", "by").order_by("-created_at")[:50]
    return show(request, "leads/claim_list.html", "leads/_claims.html", {"lead": lead, "claims": claims})


@allowed("leads.view_scan")
@require_GET
def lead_scan(request: Request, domain: str, pk: int) -> HttpResponse:
    """One look of the past: its verdict and its look-ups, as an event of the timeline refers to it."""
    lead = lead_or_404(domain)
    scan = get_object_or_404(lead.scans, pk=pk)
    events = lead.events.filter(scan=scan).select_related("by").order_by("-at", "-pk")
    look = shown(scan)
    entry = knowledge.provider_entry_at(lead, scan) if look.provider_is_stated else None
    context = {"lead": lead, "scan": look, "events": events, "provider_entry": entry}
    return show(request, "leads/scan_detail.html", "leads/_scan_body.html", context)


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

    return saved(request, domain, "note_form", NoteForm(request.POST), save, _("Note saved."), part="notes")


@allowed("leads.change_lead")
@require_POST
def lead_tags(request: Request, domain: str) -> HttpResponse:
    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        services.set_tags(lead, cleaned["tags"], by=request.user)

    return _save_seen(request, domain, "tags_form", TagsForm(request.POST), save, _("Tags saved."))


@allowed("leads.change_lead")
@require_POST
def lead_owner(request: Request, domain: str) -> HttpResponse:
    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        services.assign([lead], cleaned["owner"], by=request.user)

    return _save_seen(request, domain, "owner_form", OwnerForm(request.POST), save, _("Owner saved."))


@allowed("leads.change_lead")
@require_POST
def lead_follow_up(request: Request, domain: str) -> HttpResponse:
    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        services.set_follow_up(lead, cleaned["on"], by=request.user)

    form = FollowUpForm(request.POST)
    day = form.cleaned_data["on"] if form.is_valid() else None
    message = _("Follow-up on %(date)s saved.") % {"date": day_words(day)} if day else _("Follow-up saved.")
    return _save_seen(request, domain, "follow_up_form", form, save, message)


@allowed("leads.change_lead")
@require_POST
def lead_name(request: Request, domain: str) -> HttpResponse:
    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        services.rename(lead, cleaned["company_name"], by=request.user)

    return _save_seen(request, domain, "name_form", NameForm(request.POST), save, _("Company name saved."))


@allowed("leads.change_lead")
@require_POST
def lead_dismiss(request: Request, domain: str) -> HttpResponse:
    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        services.dismiss(lead, by=request.user, reason=cleaned["reason"])

    message = _("%(domain)s is off the list.") % {"domain": domain}
    undo = reverse("leads:restore", args=[domain])
    return saved(request, domain, "dismiss_form", DismissForm(request.POST), save, message, undo=undo)


@allowed("leads.change_lead")
@require_POST
def lead_restore(request: Request, domain: str) -> HttpResponse:
    lead = lead_or_404(domain)
    services.restore(lead, by=request.user)
    messages.success(request, _("%(domain)s is on the list again.") % {"domain": lead.domain})
    return back(request, "leads:detail", lead.domain)


def _save_seen(
    request: Request, domain: str, name: str, form: Form, save: Callable[[Lead, dict[str, Any]], None], message: str
) -> HttpResponse:
    """`saved` for a form over one value of the lead. What the page showed of it comes along as `seen`."""

    def save_unless_overtaken(lead: Lead, cleaned: dict[str, Any]) -> None:
        row = Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("owner").get(pk=lead.pk)
        if cleaned["seen"] not in ("", _now_seen(row, name)):
            raise Overtaken
        save(row, cleaned)

    def again(lead: Lead) -> Form:
        """What was typed, beside what it is now; saved once more, it replaces that."""
        row = Lead.objects.select_related("owner").get(pk=lead.pk)
        data = request.POST.copy()
        data["seen"] = _now_seen(row, name)
        if data.pop("preset", None):  # the day a button stood for is in the field now
            data["on"] = form.cleaned_data["on"].isoformat()
        typed = type(form)(data)
        said = _("Somebody changed this meanwhile: it is “%(value)s” now. Yours is not saved; saving it replaces that.")
        nothing = _("Somebody cleared this meanwhile. Yours is not saved yet; you can save it now.")
        value = _said(row, name)
        typed.add_error(_FIELD[name], said % {"value": value} if value else nothing)
        return typed

    return saved(request, domain, name, form, save_unless_overtaken, message, again=again, part="work")


_FIELD: Final = {"tags_form": "tags", "owner_form": "owner", "follow_up_form": "on", "name_form": "company_name"}


def _said(lead: Lead, name: str) -> str:
    """The value of this form's field now, in words."""
    if name == "owner_form":
        return str(lead.owner or "")
    if name == "follow_up_form":
        return date_format(lead.follow_up_on, "SHORT_DATE_FORMAT") if lead.follow_up_on else ""
    return _now_seen(lead, name).removeprefix("=")


def _now_seen(lead: Lead, name: str) -> str:
    """What a page made now would send as `seen` in this form."""
    if name == "tags_form":
        return mark(_given(lead.tags.filter(automatic=False).values_list("name", flat=True)))
    values = {"owner_form": lead.owner_id, "follow_up_form": lead.follow_up_on, "name_form": lead.company_name}
    return mark(values[name])


def _given(tags: Iterable[str]) -> str:
    return ", ".join(sorted(tags, key=turkish_sort_key))


def mark(value: object) -> str:
    """Never empty, so that "nothing was set" differs from "nothing was sent"."""
    return f"={'' if value is None else value}".strip()


def saved(
    request: Request,
    domain: str,
    name: str,
    form: Form,
    save: Callable[[Lead, dict[str, Any]], str | None],
    message: str,
    *,
    again: Callable[[Lead], Form] | None = None,
    part: str = "",
    undo: str = "",
) -> HttpResponse:
    """Save a valid form and go back to the lead, to its `part` (the id of a section); else the page again with the
    form, called `name` there, and why it was refused. `save` may raise Overtaken: then nothing is saved, and the page
    says so at its top; `again` makes the form with what was typed and what happened meanwhile. `undo`: where the
    message posts to take it back, unless `save` names another place."""
    lead = lead_or_404(domain)

    def refused(form: Form, status: int) -> HttpResponse:
        context = lead_context(request, lead) | {name: form}
        return show(request, "leads/lead_detail.html", "leads/_lead_body.html", context, status=status)

    if not form.is_valid():
        return refused(form, 422)
    try:
        with transaction.atomic():
            undo = save(lead, form.cleaned_data) or undo
        messages.success(request, message, extra_tags=undo)
    except Overtaken:
        if again is not None:
            return refused(again(lead), 409)
        say_overtaken(request)
        part = ""
    return back(request, "leads:detail", lead.domain, part=part)
