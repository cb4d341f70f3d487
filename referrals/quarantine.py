"""What people do about rows that could not be read."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import User
from django.utils import timezone

from referrals.models import Quarantine


def set_handled(pks: Collection[int], handled: bool, *, by: User) -> int:
    """Mark these rows as handled, or as open again. Returns how many were not so before."""
    rows = Quarantine.objects.filter(pk__in=pks, resolved_at__isnull=handled)
    return rows.update(resolved_at=timezone.now() if handled else None, resolved_by=by if handled else None)
