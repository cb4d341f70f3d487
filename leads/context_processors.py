"""What the frame around every page shows."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from leads.models import Alert


def page_frame(request: HttpRequest) -> dict[str, Any]:
    """`sandbox`: look-ups are fictional. `unread_alerts`: counted when a page asks, once, at most 100."""
    user = getattr(request, "user", None)

    @cache
    def unread() -> int:
        if user is None or not user.is_authenticated:
            return 0
        return Alert.objects.filter(read_at__isnull=True)[:100].count()

    return {"sandbox": settings.HUNTER_SANDBOX, "unread_alerts": unread}
