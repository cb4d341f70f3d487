"""What the command palette offers for the lead whose page is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads import snoozing
from leads.folding import fold
from leads.models import Lead


@dataclass(frozen=True, slots=True)
class LeadCommand:
    """A place to go (`part`: the id of a section there), or with `posts` an action, which sends `name`=`value`."""

    key: str
    label: Any
    icon: str
    view: str
    permission: str
    part: str = ""
    posts: bool = False
    name: str = ""
    value: str = ""
    words: Any = ""


NOTE: Final = LeadCommand("note", _("Write a note"), "note", "leads:detail", "leads.add_note", "notes")
WORK: Final = LeadCommand(
    "work", _("Owner, follow-up and tags"), "user", "leads:detail", "leads.change_lead", "work", words=_("your work")
)
OUTCOME: Final = LeadCommand(
    "outcome",
    _("How did it end?"),
    "success",
    "leads:detail",
    "leads.add_outcomerecord",
    "outcome",
    words=_("won lost"),
)
BRIEF: Final = LeadCommand("brief", _("Brief"), "info", "leads:brief", "leads.view_lead")
RESCAN: Final = LeadCommand("rescan", _("Scan again"), "refresh", "leads:rescan", "leads.scan_lead", posts=True)
WAKE: Final = LeadCommand("wake", _("Wake"), "sun", "leads:wake", "leads.change_lead", posts=True)
SNOOZE: Final = LeadCommand(
    "snooze", _("Snooze until something changes"), "moon", "leads:snooze", "leads.change_lead",
    posts=True, name="snooze-until_change", value="on",
)  # fmt: skip
RESTORE: Final = LeadCommand("restore", _("Bring back"), "refresh", "leads:restore", "leads.change_lead", posts=True)
DISMISS: Final = LeadCommand("dismiss", _("Dismiss"), "archive", "leads:dismiss", "leads.change_lead", posts=True)


def lead_of(address: str) -> Lead | None:
    """The lead whose page stands at this address of ours."""
    try:
        domain = resolve(urlsplit(address).path).kwargs.get("domain", "")
    except Resolver404:
        return None
    return Lead.objects.filter(domain=domain).first() if domain and "\0" not in domain else None


def commands(lead: Lead, user: User, text: str) -> list[tuple[LeadCommand, str]]:
    """(command, address) of what this person may do with `lead` now, as far as it has every word of `text`."""
    wanted = fold(text).split()
    return [
        (command, reverse(command.view, args=[lead.domain]) + (f"#{command.part}" if command.part else ""))
        for command in _possible(lead)
        if user.has_perm(command.permission)
        and all(word in fold(f"{command.label} {command.words}") for word in wanted)
    ]


def _possible(lead: Lead) -> Iterator[LeadCommand]:
    yield from (NOTE, WORK, OUTCOME, BRIEF)
    if not lead.awaits_scan and lead.dismissed_at is None:
        yield RESCAN
    if lead.dismissed_at is not None:
        yield RESTORE
        return
    yield WAKE if snoozing.is_asleep(lead, timezone.now()) else SNOOZE
    yield DISMISS
