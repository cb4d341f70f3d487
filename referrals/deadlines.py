"""The clock of a referral: who answers too late loses it (DESIGN.md section 6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from leads.bulk import insert_rows
from leads.models import Alert
from referrals.models import Referral

WARNINGS: Final = (timedelta(days=1), timedelta(days=3))  # the most urgent first


def raise_alerts(now: datetime) -> int:
    """One alert when three days are left and one when one day is left. An alert whose referral was answered, closed,
    put off or is gone is read by itself, and open again when it is due after all; one that a person has read stays
    read. Safe to call any number of times. Returns how many alerts are new."""
    due = (
        Referral.objects.unanswered()
        .filter(deadline_at__gt=now, deadline_at__lte=now + max(WARNINGS), not_visible_since__isnull=True)
        .select_related("link")
        .only("deadline_at", "customer_name", "name", "remote_id", "link__lead_id")
    )
    wanted = {_key(referral, now): referral for referral in due}
    with transaction.atomic():
        alerts = Alert.objects.filter(type=Alert.Type.REFERRAL_DUE)
        present = set(alerts.values_list("key", flat=True))
        new = [
            Alert(
                lead_id=referral.link.lead_id,
                type=Alert.Type.REFERRAL_DUE,
                key=key,
                title=referral.title[:400],
                path=referral.get_absolute_url(),
                due_at=referral.deadline_at,
                created_at=now,
            )
            for key, referral in wanted.items()
            if key not in present
        ]
        insert_rows(new, ignore_conflicts=True)
        unread = dict(alerts.filter(read_at__isnull=True).values_list("key", "pk"))
        alerts.filter(pk__in=[pk for key, pk in unread.items() if key not in wanted]).update(read_at=now)
        read_by_itself = dict(alerts.filter(read_at__isnull=False, read_by__isnull=True).values_list("key", "pk"))
        alerts.filter(pk__in=[pk for key, pk in read_by_itself.items() if key in wanted]).update(read_at=None)
    return len(new)


def _key(referral: Referral, now: datetime) -> str:
    """Once per deadline and warning; a deadline that moves warns anew."""
    assert referral.deadline_at is not None
    warning = next(limit for limit in WARNINGS if referral.deadline_at <= now + limit)
    return f"referral:{referral.pk}:{referral.deadline_at:%Y%m%dT%H%M%S}:{warning.days}"
