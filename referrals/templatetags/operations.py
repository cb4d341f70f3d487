"""Words for the codes on the pages about the connection and the sync. Display only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from leads.templatetags.leads import person
from referrals import messages
from referrals.models import SyncRun
from referrals.payload import timestamp
from referrals.status import SyncLight, why_ended

register = template.Library()


@register.filter
def ended(run: SyncRun, light: SyncLight | None) -> tuple[Any, Any]:
    """(what happened, what to do) for a run that ended early."""
    return why_ended(run, light)


@register.filter
def run_kind(run: SyncRun) -> str:
    """What it reads; the first one has nothing that changes could be counted from."""
    is_first = run.mode == SyncRun.Mode.INCREMENTAL and not run.watermark_from
    return _("First load") if is_first else run.get_mode_display()


@register.filter
def run_starter(run: SyncRun) -> str:
    """Who started it: a person, the clock or a command. Jobs of the clock are deleted first."""
    if run.started_by is not None:
        return person(run.started_by)
    by_clock = run.job is None or run.job.routine
    return _("Hunter, on its schedule") if by_clock else _("from the command line")


@register.filter
def is_idle(run: SyncRun) -> bool:
    """Whether it ended well and brought nothing."""
    return run.state == SyncRun.State.DONE and not (run.created or run.updated or run.quarantined or run.not_visible)


@register.filter
def sign_in_reason(reason: str) -> tuple[Any, Any]:
    """(what happened, what to do) for the reason why Entra gives no token."""
    return messages.sign_in_story(reason)


@register.filter
def problem_text(problem: dict[str, str]) -> tuple[Any, Any]:
    """(what happened, what to do) for a sign-in that failed: by its reason, else by its category."""
    reason = problem.get("reason")
    return sign_in_reason(reason) if reason else messages.failure(problem.get("category", ""))


@register.filter
def unreadable(reason: str) -> str:
    """Why a row is in quarantine."""
    return str(messages.QUARANTINE.get(reason, reason))


@register.filter
def stamp(text: str) -> datetime | None:
    """A source timestamp as a time."""
    return timestamp(text)


@register.filter
def took(seconds: float | None) -> str:
    """A duration: 0.8 s, 42 s, 3 min 5 s."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return _("%(seconds)s s") % {"seconds": number_format(max(seconds, 0.1), 1)}
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return _("%(seconds)s s") % {"seconds": rest}
    return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest}


@register.filter
def clock(left: timedelta) -> str:
    """The time that is left as minutes and seconds: 14:07."""
    minutes, seconds = divmod(int(left.total_seconds()), 60)
    return f"{minutes}:{seconds:02}"
