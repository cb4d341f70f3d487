"""The ledger of attempts and the checks, kept for as long as somebody may ask."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Max

from integrations_d365.models import EnvironmentCheck, PushAttempt

KEPT: Final = timedelta(days=180)
_AT_ONCE: Final = 5_000


def prune(now: datetime) -> int:
    """Delete attempts of more than 180 days ago, but the last of each push, and old checks but the last of each
    environment. Returns how many attempts."""
    last = PushAttempt.objects.values("push").annotate(last=Max("pk")).values("last")
    old = PushAttempt.objects.filter(at__lt=now - KEPT).exclude(pk__in=last)
    pks = list(old.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
    PushAttempt.objects.filter(pk__in=pks).delete()
    newest = EnvironmentCheck.objects.values("governor").annotate(last=Max("pk")).values("last")
    EnvironmentCheck.objects.filter(created_at__lt=now - timedelta(days=30)).exclude(pk__in=newest).delete()
    return len(pks)
