"""What the frame around every page shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def page_frame(request: HttpRequest) -> dict[str, Any]:
    """`sandbox`: look-ups are fictional. `unread_alerts`: their number, read together with the signed-in person."""
    unread = getattr(getattr(request, "user", None), "unread_alerts", 0)
    return {"sandbox": settings.HUNTER_SANDBOX, "unread_alerts": unread}
