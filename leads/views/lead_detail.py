"""One lead: verdict, evidence, brief, timeline, and what a person can do with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from leads import knowledge, scanning, services, snoozing, visits
from leads.brief import build_brief
from leads.brief_sources import Loaded, Material, cites, material_with
from leads.event_words import day_words
from leads.folding import turkish_sort_key
from leads.forms import (
    DismissForm,
    EntryForm,
    NoteForm,
    OptOutForm,
    OutcomeForm,
    SnoozeForm,
    WorkForm,
)
from leads.lead_page import ShownScan, scans_of, shown, timeline
from leads.models import Event, Lead, OutcomeRecord, Override, Scan
from leads.neighbours import neighbours
from leads.overtaken import Overtaken
from leads.tags import in_a_line
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
    in_force, ended = knowledge.history(lead)
    asked = request.GET.get("page", "")
    size = EVENTS_ON_A_PAGE
    events = timeline(lead, reader=request.user, since=since, asked=asked, size=size, besides=cites(lead))
    asleep = snoozing.code(lead.snoozed_until, lead.snoozed_until_change_since)
    outcome = lead.outcomes.select_related("by").filter(is_current=True).first() if lead.outcome else None
    material = _material(lead, scan, failed, in_force, events.read, outcome)
    people = _people(lead)
    return {
        "lead": lead,
        "scan": scan,
        "last_scan": failed,
        "failed_look": [] if failed is None else shown(failed).evidence,
        "tags": tags,
        "brief": build_brief(material),
        "expiry_read_at": material.expiry_read_at,
        "unjudged": material.unjudged,
        "unjudged_provider": material.recognised_provider,
        "timeline": events,
        "watchers": [user for user in people if user.watches],
        "notes": lead.notes.select_related("by")[:50],
        "in_force": in_force,
        "provider_entry": in_force.get(Override.Field.PROVIDER),
        "ended_entries": ended,
        "conflicts": knowledge.conflicts(lead, in_force.values(), scan),
        "is_asleep": bool(asleep) and snoozing.is_asleep(lead, timezone.now()),
        "outcome": outcome,
        "note_form": NoteForm(),
        "work_form": _work_form(lead, in_a_line(tag.name for tag in tags if not tag.automatic), people),
        "snooze_form": SnoozeForm(prefix="snooze", initial={"until_change": True, "seen": asleep}),
        "outcome_form": OutcomeForm(prefix="outcome", initial={"seen": lead.outcome}),
        "dismiss_form": DismissForm(),
        "opt_out_form": OptOutForm(initial={"wanted": "1"}, auto_id="id_opt_out_%s"),
        **{f"known_{field}": _entry_form(field, lead, in_force.get(field)) for field in Override.Field.values},
    }


def _people(lead: Lead) -> list[Any]:
    """Who may own the lead, owns it or watches it (`watches`), in one query."""
    watching = Lead.watchers.through.objects.filter(lead=lead, user=OuterRef("pk"))
    found = User.objects.annotate(watches=Exists(watching))
    return list(found.filter(Q(is_active=True) | Q(pk=lead.owner_id) | Q(watches=True)).order_by("pk"))


def _work_form(lead: Lead, tags: str, people: Sequence[User]) -> WorkForm:
    shown = {"owner": lead.owner_id, "on": lead.follow_up_on, "tags": tags}
    return WorkForm(
        owner=lead.owner, people=people, initial=shown | {f"{name}_seen": mark(value) for name, value in shown.items()}
    )


def _material(
    lead: Lead,
    scan: ShownScan | None,
    failed: Scan | None,
    in_force: Mapping[str, Override],
    events: Sequence[Event],
    outcome: OutcomeRecord | None,
) -> Material:
    loaded = Loaded(
        scan=scan.scan if scan else None,
        failed=failed,
        entries=in_force,
        events=events,
        outcome=outcome,
    )
    return material_with(lead, loaded)


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
    if not lead.awaits_scan:
        response.headers["HX-Refresh"] = "true"
    return response


@allowed("leads.add_note")
@require_POST
def lead_note(request: Request, domain: str) -> HttpResponse:
    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        services.add_note(lead, cleaned["text"], by=request.user)

    return saved(request, domain, "note_form", NoteForm(request.POST), save, _("Note saved."), part="notes")


@allowed("leads.add_note")
@require_POST
def lead_watch(request: Request, domain: str) -> HttpResponse:
    """`wanted`: 1 to watch, anything else not to."""
    lead, wanted = lead_or_404(domain), request.POST.get("wanted") == "1"
    services.watch(lead, wanted, by=request.user)
    shown = {"domain": lead.shown_domain}
    messages.success(
        request, (_("You watch %(domain)s.") if wanted else _("You do not watch %(domain)s any more.")) % shown
    )
    return back(request, "leads:detail", lead.domain, part="work")


@allowed("leads.change_lead")
@require_POST
def lead_work(request: Request, domain: str) -> HttpResponse:
    """Owner, follow-up and tags: only what the person changed is written, and nothing when somebody else changed just
    that meanwhile."""
    form, done = WorkForm(request.POST, owner=lead_or_404(domain).owner), list[str]()

    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        row = _row(lead)
        changed = [name for name in form.sent() if not _untouched(form, name)]
        if _overtaken(form, row):
            raise Overtaken
        if "owner" in changed:
            services.assign([row], cleaned["owner"], by=request.user)
            done.append(_("Owner saved."))
        if "on" in changed:
            services.set_follow_up(row, cleaned["on"], by=request.user)
            day = cleaned["on"]
            done.append(_("Follow-up on %(date)s saved.") % {"date": day_words(day)} if day else _("Follow-up saved."))
        if "tags" in changed:
            services.set_tags(row, cleaned["tags"], by=request.user)
            done.append(_("Tags saved."))

    def message() -> str:
        return " ".join(done) or _("Nothing was changed.")

    def again(lead: Lead) -> WorkForm:
        """What was typed, beside what it is now; saved once more, it replaces that."""
        row, data = _row(lead), request.POST.copy()
        if form.cleaned_data["preset"]:
            data["on"] = form.cleaned_data["on"].isoformat()
        for name in form.sent():
            shown = mark(_now(row, name))
            data[f"{name}_seen"] = shown
            if _untouched(form, name):
                data[name] = shown.removeprefix("=")
        typed = WorkForm(data, owner=row.owner)
        said = _("Somebody changed this meanwhile: it is “%(value)s” now. Yours is not saved; saving it replaces that.")
        nothing = _("Somebody cleared this meanwhile. Yours is not saved yet; you can save it now.")
        for name in _overtaken(form, row):
            value = _in_words(row, name)
            typed.add_error(name, said % {"value": value} if value else nothing)
        return typed

    return saved(request, domain, "work_form", form, save, message, again=again, part="work")


@allowed("leads.change_lead")
@require_POST
def lead_dismiss(request: Request, domain: str) -> HttpResponse:
    def save(lead: Lead, cleaned: dict[str, Any]) -> str:
        told = services.dismiss(lead, by=request.user, reason=cleaned["reason"])
        return f"{reverse('leads:restore', args=[lead.domain])}?dismissal={told.pk}" if told else ""

    message = _("%(domain)s is off the list.") % {"domain": domain}
    return saved(request, domain, "dismiss_form", DismissForm(request.POST), save, message)


@allowed("leads.change_lead")
@require_POST
def lead_restore(request: Request, domain: str) -> HttpResponse:
    """`dismissal`: the Undo of a message takes back that one alone."""
    lead = lead_or_404(domain)
    try:
        services.restore(lead, by=request.user, dismissal=request.GET.get("dismissal"))
    except Overtaken:
        say_overtaken(request)
    else:
        messages.success(request, _("%(domain)s is on the list again.") % {"domain": lead.shown_domain})
    return back(request, "leads:detail", lead.domain)


def _row(lead: Lead) -> Lead:
    """The lead as it is now and stays until the transaction ends."""
    with transaction.atomic():
        (row,) = services.held([lead.pk])
    return row


def _wanted(form: WorkForm, name: str) -> str:
    """The mark of what was sent."""
    value = form.cleaned_data[name]
    if name == "owner":
        value = value and value.pk
    elif name == "tags":
        value = in_a_line(value)
    return mark(value)


def _untouched(form: WorkForm, name: str) -> bool:
    """It was sent as the page showed it."""
    return bool(form.cleaned_data[f"{name}_seen"] == _wanted(form, name))


def _overtaken(form: WorkForm, lead: Lead) -> list[str]:
    """The values that the person changed and somebody else, too, to something else."""
    seen = {name: form.cleaned_data[f"{name}_seen"] for name in form.sent() if not _untouched(form, name)}
    now = {name: mark(_now(lead, name)) for name in seen}
    return [name for name, shown in seen.items() if shown not in ("", now[name]) and _wanted(form, name) != now[name]]


def _now(lead: Lead, name: str) -> object:
    """The value of this field of the work form now."""
    if name == "tags":
        return in_a_line(lead.tags.filter(automatic=False).values_list("name", flat=True))
    return lead.owner_id if name == "owner" else lead.follow_up_on


def _in_words(lead: Lead, name: str) -> str:
    if name == "owner":
        return str(lead.owner or "")
    if name == "on":
        return date_format(lead.follow_up_on, "SHORT_DATE_FORMAT") if lead.follow_up_on else ""
    return str(_now(lead, name))


def mark(value: object) -> str:
    """Never empty, so that "nothing was set" differs from "nothing was sent"."""
    return f"={'' if value is None else value}".strip()


def saved(
    request: Request,
    domain: str,
    name: str,
    form: Form,
    save: Callable[[Lead, dict[str, Any]], str | None],
    message: str | Callable[[], str],
    *,
    again: Callable[[Lead], Form] | None = None,
    part: str = "",
) -> HttpResponse:
    """Save a valid form and go back to the lead, to its `part` (the id of a section); else the page again with the
    form, called `name` there, and why it was refused. `save` may raise Overtaken: then nothing is saved, and the page
    says so at its top; `again` makes the form with what was typed and what happened meanwhile. `message` is asked for
    once it is saved. `save` returns where the message posts to take it back, if it can be."""
    lead = lead_or_404(domain)

    def refused(form: Form, status: int) -> HttpResponse:
        context = lead_context(request, lead) | {name: form}
        return show(request, "leads/lead_detail.html", "leads/_lead_body.html", context, status=status)

    if not form.is_valid():
        return refused(form, 422)
    try:
        with transaction.atomic():
            undo = save(lead, form.cleaned_data) or ""
        messages.success(request, message if isinstance(message, str) else message(), extra_tags=undo)
    except Overtaken:
        if again is not None:
            return refused(again(lead), 409)
        say_overtaken(request)
        part = ""
    return back(request, "leads:detail", lead.domain, part=part)
