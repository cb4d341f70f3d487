"""How the commands of this room end when they cannot work: one line, and an exit code that says why."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.core.management.base import CommandError
from django.utils.timezone import localtime

from integrations_d365 import pushing
from integrations_d365.governor import NotNow
from integrations_d365.messages import REFUSED, failure
from outbound.errors import Category, OutboundError

TROUBLE: Final = 1
OFF: Final = 3
NEEDS_SIGN_IN: Final = 4


def refuse_when_off() -> None:
    """Raises CommandError when Dynamics 365 is off or not configured."""
    if reason := pushing.why_off():
        raise CommandError(str(REFUSED[reason]), returncode=OFF)


def exit_code(category: str) -> int:
    """4 = the application itself is not let in."""
    return NEEDS_SIGN_IN if category == Category.AUTH else TROUBLE


def clock(when: datetime) -> str:
    return f"{localtime(when):%H:%M:%S}"


def not_now(pause: NotNow) -> CommandError:
    """Dynamics is to be left alone for longer than a command waits."""
    what, _todo = failure(Category.RATE_LIMIT)
    return CommandError(f"{what} Not before {clock(pause.until)}.", returncode=TROUBLE)


def failed(error: OutboundError) -> CommandError:
    what, todo = failure(error.category, error.code)
    return CommandError(f"{what} {todo} ({error})", returncode=exit_code(error.category))
