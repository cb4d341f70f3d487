"""A person decides about a lead that Dynamics has already, or has no more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from integrations_d365 import pushing
from integrations_d365.client import QUICK, DataverseClient, client_from_settings
from integrations_d365.engine import REMOTE_STATES
from integrations_d365.governor import NotNow, Turnstile
from integrations_d365.messages import REFUSED
from integrations_d365.models import Governor, Push, Reason
from integrations_d365.push_page import link_to, needs_decision, preview_of, push_of, shape_from
from integrations_d365.status import connection
from leads.models import Lead, RemoteState
from leads.views.pages import Request, allowed, lead_or_404, show
from outbound.errors import NotFound, OutboundError

_COLUMNS: Final = (
    "subject", "companyname", "websiteurl", "emailaddress1", "statecode", "createdon", "modifiedon", "_ownerid_value",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """The lead in Dynamics as it is now. `outcome`: read, gone (deleted meanwhile) or silent (no answer)."""

    outcome: str
    company: str = ""
    topic: str = ""
    website: str = ""
    email: str = ""
    state: str = ""
    owner: str = ""
    created_at: datetime | None = None
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison. `same`: None = not comparable."""

    label: str
    ours: str
    theirs: str
    same: bool | None = None


def _compared(lead: Lead, found: Found) -> list[Row]:
    """What Hunter knows beside what the lead in Dynamics holds."""
    owner = lead.owner.get_full_name() or lead.owner.get_username() if lead.owner else ""
    email = next(iter(lead.usable_emails), "")
    topic = f"{lead.company_name or lead.shown_domain} ({lead.shown_domain})"
    same = [
        (_("Company"), lead.company_name, found.company),
        (_("Website"), f"https://{lead.domain}", found.website),
        (_("E-mail"), email, found.email),
        (_("Topic"), topic, found.topic),
        (_("Owner"), owner, found.owner),
    ]
    rows = [
        Row(label, ours, theirs, _plain(ours) == _plain(theirs) if ours and theirs else None)
        for label, ours, theirs in same
    ]
    state = str(RemoteState(found.state).label) if found.state in RemoteState.values else ""
    return [
        *rows,
        Row(_("State"), "", state),
        Row(_("Created"), _day(lead.created_at), _day(found.created_at)),
        Row(_("Last change"), "", _day(found.modified_at)),
    ]


def _plain(text: str) -> str:
    """For comparison: without case, spaces and what stands before a domain."""
    return re.sub(r"^https?://(www\.)?|/$", "", text.strip().casefold())


def _day(when: datetime | None) -> str:
    return date_format(localtime(when), "SHORT_DATE_FORMAT") if when else ""


@allowed("integrations_d365.decide_push")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def decide(request: Request, domain: str) -> HttpResponse:
    """GET asks, POST decides."""
    lead = lead_or_404(domain)
    push = push_of(lead)
    if request.method != "POST":
        return _question(request, lead, push)
    choice = request.POST.get("choice", "")
    try:
        if choice == "adopt":
            pushing.adopt(push, by=request.user, seen=request.POST.get("seen", ""))
        elif choice == "create_again":
            pushing.create_again(push, by=request.user)
        elif choice == "leave" and needs_decision(push):
            pushing.take_back(push, by=request.user)
        else:
            return _question(request, lead, push, refused=_("Choose one of the answers."))
    except pushing.PushRefused as refusal:
        lead = lead_or_404(domain)  # as it is now
        return _question(request, lead, push_of(lead), refused=_why(refusal.reason))
    if choice == "leave":
        messages.success(request, _("Left alone. Nothing was written to Dynamics."))
    return HttpResponseRedirect(reverse("d365:push", args=[domain]) + "?asked=1")


def _why(reason: str) -> str:
    if reason == "decision":
        return _("Meanwhile something else was decided or found. This is how it stands now; nothing was changed.")
    return str(REFUSED[reason])


def _question(request: Request, lead: Lead, push: Push, refused: str = "") -> HttpResponse:
    decision = needs_decision(push)
    foreign = decision and push.reason == Reason.FOREIGN
    standing = connection()
    found = _look(push.foreign_id, standing.governor) if foreign else None
    context: dict[str, Any] = {
        "lead": lead,
        "push": push,
        "decision": decision,
        "foreign": foreign,
        "found": found,
        "rows": _compared(lead, found) if found is not None and found.outcome == "read" else [],
        "link": link_to(push.foreign_id) if foreign else "",
        "preview": preview_of(push, shape_from(standing.check)) if decision else None,
        "refused": refused,
    }
    status = 200 if not refused else 422 if request.htmx else 409
    return show(request, "dynamics/decide.html", "dynamics/_decide.html", context, status)


def _look(remote_id: str, row: Governor | None) -> Found:
    """Asks Dynamics, in one lane of the turnstile for both requests."""
    if row is None or row.paused_at is not None or row.failures:  # nobody waits for what is known to be silent
        return Found("silent")
    turnstile = Turnstile(row, counts=False)
    client = client_from_settings(turnstile, QUICK)
    try:
        with turnstile.hold():
            return _read(client, remote_id)
    except NotFound:
        return Found("gone")
    except (OutboundError, NotNow):
        return Found("silent")
    finally:
        client.close()


def _read(client: DataverseClient, remote_id: str) -> Found:
    row = client.lead(remote_id, _COLUMNS)
    owner = str(row.get("_ownerid_value") or "")
    try:
        name = client.owner_name(owner) if owner else ""
    except NotFound:  # a team
        name = ""
    text = {column: str(row.get(column) or "") for column in _COLUMNS}
    return Found(
        "read",
        company=text["companyname"],
        topic=text["subject"],
        website=text["websiteurl"],
        email=text["emailaddress1"],
        state=str(REMOTE_STATES.get(row.get("statecode"), "")),  # type: ignore[arg-type]
        owner=name,
        created_at=_time(text["createdon"]),
        modified_at=_time(text["modifiedon"]),
    )


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
