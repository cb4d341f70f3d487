"""What this room adds to the frame around every page."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from referrals.status import SyncLight
from referrals.status import sync_light as current_light
from referrals.to_answer import ToAnswer, to_answer


def sync_light(request: HttpRequest) -> dict[str, Any]:
    """`partner_center`: is it on. `sync_light`, and `referrals_to_answer` for the first page: asked for at most once a
    page, and only by people who may see it."""
    user = getattr(request, "user", None)

    @cache
    def light() -> SyncLight | None:
        if user is None or not user.has_perm("referrals.view_referral"):
            return None
        return current_light()

    @cache
    def waiting() -> ToAnswer | None:
        if user is None or not user.has_perm("referrals.view_referral"):
            return None
        return to_answer(user, timezone.now(), mine=request.GET.get("owner") == "me")

    return {
        "referrals_to_answer": waiting,
        "partner_center": settings.HUNTER_PARTNER_CENTER_ENABLED,
        "sync_light": light,
    }
