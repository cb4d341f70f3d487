"""Words for the codes on the pages about Dynamics 365. Display only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations_d365 import messages
from integrations_d365.models import Push, PushAttempt, Reason
from integrations_d365.push_page import awaits, link_of, needs_decision, waits_until
from leads.models import PushState, RemoteState
from leads.templatetags.leads import person

register = template.Library()

_SHOWN = 300  # characters of a long text
_ARRIVED = (PushAttempt.Outcome.CREATED, PushAttempt.Outcome.UPDATED, PushAttempt.Outcome.FOUND)
_TONES = {
    PushAttempt.Outcome.FAILED: "danger",
    PushAttempt.Outcome.CONFLICT: "warning",
    PushAttempt.Outcome.UNKNOWN: "warning",
    PushAttempt.Outcome.SENT: "info",
}


@register.filter
def story(push: Push) -> tuple[Any, Any] | None:
    """(what happened, what to do) for a push that is parked or had trouble; None for any other."""
    if push.state == PushState.PARKED:
        return messages.parked(push.reason, push.error_category, push.error_code)
    return messages.failure(push.error_category, push.error_code) if push.error_category else None


@register.filter
def for_decision(push: Push) -> bool:
    """Whether a person has to choose what happens with it."""
    return needs_decision(push)


@register.filter
def waits(push: Push) -> bool:
    """Whether its time has not come yet."""
    return waits_until(push) is not None


@register.filter
def awaits_verdict(push: Push) -> str:
    """That it waits for a verdict that Hunter asks for again; "" when it does not."""
    return awaits(push.lead)


@register.filter
def dynamics_link(push: Push) -> str:
    """The lead in Dynamics."""
    return link_of(push)


@register.filter
def failure(row: Any) -> tuple[Any, Any] | None:
    """(what happened, what to do) for an attempt or a check that failed."""
    return messages.failure(row.error_category, row.error_code) if row.error_category else None


@register.filter
def asker(attempt: PushAttempt) -> str:
    """On whose wish it was: a person's, a rule's, a command's, or nobody's. A rule asks while the job of the clock
    runs; what a person asked for was there before it."""
    title = attempt.job.payload.get("title") if attempt.job else ""
    if attempt.by is None:
        return _("by a command") if title == "push.command" else _("by itself")
    asked_at = attempt.push.asked_at
    if title == "push.due" and attempt.job and asked_at and attempt.job.created_at <= asked_at <= attempt.at:
        return _("by a rule (%(name)s)") % {"name": person(attempt.by)}
    return person(attempt.by)


@register.filter
def column_name(name: str) -> str:
    """What a column of Dynamics is called here."""
    return str(messages.COLUMN_NAMES.get(name, name))


@register.filter
def column_names(names: Sequence[str]) -> str:
    """Several columns in a line: their words, the first eight."""
    shown = ", ".join(column_name(name) for name in names[:8])
    left = len(names) - 8
    if left <= 0:
        return shown
    return f"{shown} " + ngettext("and %(count)d more", "and %(count)d more", left) % {"count": left}


@register.filter
def note_text(note: Sequence[str]) -> str:
    """What happened to a column: (column, kind, detail)."""
    _column, kind, detail = (*note, "")[:3]
    words = str(messages.NOTES.get(kind, kind))
    return f"{words} ({detail})" if detail else words


@register.filter
def problem(found: Sequence[str]) -> dict[str, Any]:
    """A problem of a check in words: `what`, `detail`, `fix`."""
    kind, detail = found
    return {"what": messages.PROBLEMS.get(kind, kind), "detail": detail, "fix": messages.FIXES.get(kind, "")}


@register.filter
def problem_groups(problems: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """The problems of a check by kind: `what`, `details`, `fix`, in the order in which they were found. What several of
    them need stands at the last one."""
    groups: dict[str, list[str]] = {}
    for kind, detail in problems:
        groups.setdefault(kind, []).append(detail)
    told = [{**problem((kind, "")), "details": [one for one in found if one]} for kind, found in groups.items()]
    for place, group in enumerate(told):
        if any(later["fix"] == group["fix"] for later in told[place + 1 :]):
            group["fix"] = ""
    return told


@register.filter
def column_value(value: Any) -> SafeString | str:
    """A value as it goes to Dynamics."""
    if value is None:
        return format_html('<span class="muted">{}</span>', _("empty"))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, int | float):
        return str(number_format(value))
    return Truncator(str(value)).chars(_SHOWN)


@register.simple_tag
def outcome(attempt: PushAttempt) -> SafeString:
    """What came of an attempt, as a badge."""
    if attempt.outcome == PushAttempt.Outcome.FAILED and attempt.error_category == "rate_limit":
        return format_html('<span class="badge badge--quiet">{}</span>', _("Postponed"))
    tone = "success" if attempt.outcome in _ARRIVED else _TONES.get(PushAttempt.Outcome(attempt.outcome), "quiet")
    return format_html('<span class="badge badge--{}">{}</span>', tone, attempt.get_outcome_display())


_REMOTE_TONES = {RemoteState.OPEN: "info", RemoteState.QUALIFIED: "success", RemoteState.DELETED: "danger"}


@register.simple_tag
def remote_badge(push: Push) -> SafeString:
    """What became of it in Dynamics, as a badge; nothing when it is not there."""
    if not push.remote_state:
        return SafeString("")
    tone = _REMOTE_TONES.get(RemoteState(push.remote_state), "quiet")
    return format_html('<span class="badge badge--{}">{}</span>', tone, push.get_remote_state_display())


@register.filter
def push_chip(chip: tuple[str, str, str]) -> str:
    """An active filter in words: (name, value, URL without it)."""
    name, value, _url = chip
    tables: dict[str, dict[str, Any]] = {
        "state": dict(PushState.choices),
        "reason": dict(Reason.choices),
        "error": messages.CATEGORIES,
    }
    if name == "remote":
        return _("In Dynamics: %s") % dict(RemoteState.choices).get(value, value)
    if name == "job":
        return _("Job %s") % value
    return str(tables[name].get(value, value)) if name in tables else f"“{value}”"
