"""Put a lead to sleep, wake it, give it back the sleep it had."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.core import signing
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from leads import snoozing
from leads.event_words import day_words
from leads.forms import SnoozeForm
from leads.models import Lead
from leads.overtaken import Overtaken
from leads.snoozing import Change, Sleep
from leads.views.lead_detail import saved
from leads.views.pages import Request, allowed, back, lead_or_404, say_overtaken

# How long the message of a snooze can be used to take it back.
_UNDONE_WITHIN: Final = timedelta(days=1)
_SALT: Final = "leads.sleep"


@allowed("leads.change_lead")
@require_POST
def lead_snooze(request: Request, domain: str) -> HttpResponse:
    form = SnoozeForm(request.POST, prefix="snooze")
    day = form.cleaned_data["until"] if form.is_valid() else None

    def save(lead: Lead, cleaned: dict[str, Any]) -> str:
        change = snoozing.snooze(
            lead, until=day, until_change=cleaned["until_change"], by=request.user, seen=cleaned["seen"]
        )
        return _way_back(lead, change) if change else ""

    message = _("%(domain)s sleeps until %(date)s.") if day else _("%(domain)s sleeps.")
    shown = {"domain": domain, "date": day_words(day) if day else ""}
    return saved(request, domain, "snooze_form", form, save, message % shown)


def _way_back(lead: Lead, change: Change) -> str:
    """Where the message posts to give back what was there before. What it was comes along, signed: the lead has no
    place to remember it."""
    told = {
        "lead": lead.pk,
        "until": snoozing.moment_text(change.before.until),
        "since": snoozing.moment_text(change.before.change_since),
        "by": change.before.by,
        "event": change.event,
    }
    return f"{reverse('leads:snooze_undo', args=[lead.domain])}?was={signing.dumps(told, salt=_SALT, compress=True)}"


@allowed("leads.change_lead")
@require_POST
def lead_snooze_undo(request: Request, domain: str) -> HttpResponse:
    """`was`: what `_way_back` put there."""
    lead = lead_or_404(domain)
    try:
        told = signing.loads(request.GET.get("was", ""), salt=_SALT, max_age=_UNDONE_WITHIN)
        if told["lead"] != lead.pk:
            raise Overtaken
        earlier = Sleep(snoozing.moment_of(told["until"]), snoozing.moment_of(told["since"]), told["by"])
        snoozing.take_back(lead, Change(earlier, told["event"]), by=request.user)
    except (signing.BadSignature, Overtaken):
        say_overtaken(request)
    else:
        awake = earlier == snoozing.AWAKE
        message = _("%(domain)s is awake again.") if awake else _("%(domain)s sleeps as before.")
        messages.success(request, message % {"domain": lead.shown_domain})
    return back(request, "leads:detail", lead.domain)


@allowed("leads.change_lead")
@require_POST
def lead_wake(request: Request, domain: str) -> HttpResponse:
    lead = lead_or_404(domain)
    change = snoozing.wake(lead, by=request.user)
    undo = _way_back(lead, change) if change and change.before != snoozing.AWAKE else ""
    messages.success(request, _("%(domain)s is awake again.") % {"domain": lead.shown_domain}, extra_tags=undo)
    return back(request, "leads:detail", lead.domain)
