"""Words for the codes on the pages about the connection and the sync. Display only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from referrals.messages import FAILURES, QUARANTINE, REFUSED, SIGN_IN
from referrals.payload import timestamp

register = template.Library()


@register.filter
def failure(category: str) -> tuple[Any, Any]:
    """(what happened, what to do) for an error category."""
    return FAILURES.get(category, FAILURES["server"])


@register.filter
def sign_in_reason(reason: str) -> tuple[Any, Any]:
    """(what happened, what to do) for the reason why Entra gives no token."""
    return SIGN_IN.get(reason, SIGN_IN["refused"])


@register.filter
def problem_text(problem: dict[str, str]) -> tuple[Any, Any]:
    """(what happened, what to do) for a sign-in that failed: by its reason, else by its category."""
    reason = problem.get("reason")
    return sign_in_reason(reason) if reason else failure(problem.get("category", ""))


@register.filter
def refusal(reason: str) -> str:
    """Why no sync can start now."""
    return str(REFUSED[reason])


@register.filter
def unreadable(reason: str) -> str:
    """Why a row is in quarantine."""
    return str(QUARANTINE.get(reason, reason))


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
