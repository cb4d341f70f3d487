"""How the connection to Dynamics stands, for pages, `doctor` and commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from integrations_d365 import governor, preflight, pushing
from integrations_d365.messages import failure
from integrations_d365.models import EnvironmentCheck, Governor


@dataclass(frozen=True, slots=True)
class Connection:
    """`state`: off, not_configured, never_checked, paused (a person has to mend it), down (nobody answers), throttled,
    ok. `story` = (what happened, what to do), () when all is well; `until` = when Hunter goes on by itself."""

    state: str
    story: tuple[Any, ...] = ()
    until: datetime | None = None
    since: datetime | None = None
    request_id: str = ""
    check: EnvironmentCheck | None = None
    governor: Governor | None = None

    @property
    def needs_a_person(self) -> bool:
        return self.state == "paused"


def connection() -> Connection:
    """One query once there was a check; asks nobody outside."""
    if reason := pushing.why_off():
        return Connection(reason)
    check = preflight.latest_with_governor()
    return standing(check.governor if check else governor.current(), check)


def standing(row: Governor, check: EnvironmentCheck | None) -> Connection:
    """How it stands, from what is known."""
    now = timezone.now()
    until = row.not_before if row.not_before and row.not_before > now else None
    if row.paused_at is not None:
        story = failure(row.paused_category, row.paused_code)
        return Connection("paused", story, None, row.paused_at, row.paused_request_id, check, row)
    if row.failures:
        return Connection("down", failure("network"), until, row.down_since, "", check, row)
    if until is not None:
        return Connection("throttled", failure("rate_limit"), until, row.throttled_at, "", check, row)
    if check is None:
        return Connection("never_checked", governor=row)
    return Connection("ok", check=check, governor=row)
