"""What this room adds to the frame around every page."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Count, OuterRef, Subquery
from django.http import HttpRequest

from integrations_d365 import governor, pushing
from integrations_d365.models import EnvironmentCheck, Governor, Push
from integrations_d365.status import Connection, standing


def dynamics(request: HttpRequest) -> dict[str, Any]:
    """`dynamics`: is it on. `dynamics_connection` (without its last check; its `state` may be check_failed) and
    `parked_pushes`: asked for by one query a page at most, and only by people who may see them."""
    user = getattr(request, "user", None)
    may_see = settings.HUNTER_D365_ENABLED and user is not None and user.has_perm("integrations_d365.view_push")

    @cache
    def row() -> Governor | None:
        if not may_see or pushing.why_off():
            return None
        count = Push.objects.parked().order_by().values("state").annotate(count=Count("pk")).values("count")
        checks = EnvironmentCheck.objects.filter(governor=OuterRef("pk")).order_by("-pk").values("ok")
        rows = Governor.objects.filter(key=governor.key_from_settings())
        return rows.annotate(parked=Subquery(count), last_check=Subquery(checks[:1])).first()

    def found() -> Connection | None:
        if (there := row()) is None:
            return None
        connection = standing(there, None)
        checked: bool | None = there.last_check  # type: ignore[attr-defined]  # annotated above
        if connection.state != "never_checked" or checked is None:
            return connection
        return replace(connection, state="ok" if checked else "check_failed")

    def parked() -> int:
        there = row()  # without one nothing was ever pushed
        return (there.parked or 0) if there else 0  # type: ignore[attr-defined]  # annotated above

    return {"dynamics": settings.HUNTER_D365_ENABLED, "dynamics_connection": found, "parked_pushes": parked}
