"""What people know otherwise: enter it, stand by it, end it; and the contact opt-out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from leads import knowledge
from leads.brief_sources import name_of
from leads.event_words import said
from leads.forms import EntryForm, OptOutForm
from leads.models import Lead, Override
from leads.overtaken import Overtaken
from leads.views.lead_detail import saved
from leads.views.pages import Request, allowed, say_overtaken


@allowed("leads.add_override")
@require_POST
def lead_known(request: Request, domain: str, field: str) -> HttpResponse:
    if field not in Override.Field.values:
        raise Http404

    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        knowledge.enter(
            lead,
            field,
            cleaned["value"],
            reason=cleaned["reason"],
            by=request.user,
            expires_on=cleaned["expires_on"],
            seen=cleaned["seen"],
        )

    def again(lead: Lead) -> EntryForm:
        return _overtaken_form(request, lead, field)

    form, message = EntryForm(field, request.POST), _("Your entry counts from now on.")
    return saved(request, domain, f"known_{field}", form, save, message, again=again, part="known")


def _overtaken_form(request: Request, lead: Lead, field: str) -> EntryForm:
    """What was typed, beside what somebody else did meanwhile; saved once more, it replaces that."""
    entry = lead.overrides.in_force().filter(field=field).select_related("by").first()
    data = request.POST.copy()
    data[f"{field}-seen"] = str(entry.pk if entry else 0)
    form = EntryForm(field, data)
    if entry is not None:
        text = _(
            "%(person)s entered “%(value)s” meanwhile (%(reason)s). Yours is not saved; saving it replaces that one."
        )
        told = {"person": name_of(entry.by), "value": said(entry), "reason": entry.reason}
    else:
        end = knowledge.last_end(lead, field)
        person = name_of(end.by) if end is not None and end.new == "ended" else ""
        text = (
            _("%(person)s ended the entry meanwhile. Yours is not saved yet; you can save it now.")
            if person
            else _("The entry has ended meanwhile. Yours is not saved yet; you can save it now.")
        )
        told = {"person": person}
    form.add_error(None, text % told)
    return form


def _entry(domain: str, pk: int) -> Override:
    return get_object_or_404(Override.objects.select_related("lead"), pk=pk, lead__domain=domain)


@allowed("leads.change_override")
@require_POST
def lead_known_end(request: Request, domain: str, pk: int) -> HttpResponse:
    entry = _entry(domain, pk)
    knowledge.end(entry, by=request.user)
    messages.success(request, _("The entry has ended; the lead says again what it said before."))
    return redirect(entry.lead)


@allowed("leads.change_override")
@require_POST
def lead_known_keep(request: Request, domain: str, pk: int) -> HttpResponse:
    entry = _entry(domain, pk)
    try:
        knowledge.keep(entry, request.POST.get("seen", ""), by=request.user)
        messages.success(request, _("The entry stands. You are asked again when something else shows."))
    except Overtaken:
        say_overtaken(request)
    return redirect(entry.lead)


@allowed("leads.change_lead")
@require_POST
def lead_opt_out(request: Request, domain: str) -> HttpResponse:
    form = OptOutForm(request.POST)

    def save(lead: Lead, cleaned: dict[str, Any]) -> None:
        knowledge.set_opt_out(lead, wanted=cleaned["wanted"], by=request.user, reason=cleaned["reason"])

    def message() -> str:
        if form.cleaned_data["wanted"]:
            return _("The company is not contacted any more; its contacts are hidden everywhere.")
        return _("The company may be contacted again.")

    return saved(request, domain, "opt_out_form", form, save, message, part="known")
