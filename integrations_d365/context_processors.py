"""What this room adds to the frame around every page."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from integrations_d365.models import Push
from integrations_d365.status import Connection, connection


def dynamics(request: HttpRequest) -> dict[str, Any]:
    """`dynamics`: is it on. `dynamics_connection` and `parked_pushes`: asked for at most once a page, and only by
    people who may see them."""
    user = getattr(request, "user", None)
    may_see = settings.HUNTER_D365_ENABLED and user is not None and user.has_perm("integrations_d365.view_push")

    @cache
    def found() -> Connection | None:
        return connection() if may_see else None

    @cache
    def parked() -> int:
        return Push.objects.parked().count() if may_see else 0

    return {"dynamics": settings.HUNTER_D365_ENABLED, "dynamics_connection": found, "parked_pushes": parked}
