"""A person decides about a lead that Dynamics has already, or has no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from integrations_d365 import governor, pushing
from integrations_d365.client import QUICK, DataverseClient, client_from_settings
from integrations_d365.engine import REMOTE_STATES
from integrations_d365.governor import NotNow, Turnstile
from integrations_d365.messages import REFUSED
from integrations_d365.models import Push, Reason
from integrations_d365.push_page import link_to, needs_decision, preview_of, push_of, shape_from
from integrations_d365.status import connection
from leads.models import Lead
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
    context: dict[str, Any] = {
        "lead": lead,
        "push": push,
        "decision": decision,
        "foreign": foreign,
        "found": _look(push.foreign_id) if foreign else None,
        "link": link_to(push.foreign_id) if foreign else "",
        "preview": preview_of(push, shape_from(connection().check)) if decision else None,
        "refused": refused,
    }
    status = 200 if not refused else 422 if request.htmx else 409
    return show(request, "dynamics/decide.html", "dynamics/_decide.html", context, status)


def _look(remote_id: str) -> Found:
    row = governor.current()
    if pushing.why_off() or row.paused_at is not None or row.failures:  # nobody waits for what is known to be silent
        return Found("silent")
    client = client_from_settings(Turnstile(row, counts=False), QUICK)
    try:
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
