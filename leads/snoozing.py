"""Leads that people put to sleep: until a date, until something changes, or until whichever comes first.

They wake by themselves: `LeadQuerySet.awake` compares with the clock and with `changed_at`; a referral that appears or
changes ends the sleep (`services.note_referrals`), whatever the date says, because its own clock runs.
"""

from __future__ import annotations

from datetime import date, datetime, time

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from leads.models import Event, Lead
from leads.overtaken import Overtaken

COLUMNS = ("snoozed_until", "snoozed_until_change_since", "snoozed_by")


def snooze(lead: Lead, *, until: date | None, until_change: bool, by: User, seen: str | None = None) -> None:
    """Off the first page and the list until the morning of `until`, or until something changes that `lead`, as it was
    read, does not know yet. `seen`: the `code` of the sleep shown when the page was made, None when that does not
    matter. Raises Overtaken."""
    morning = timezone.make_aware(datetime.combine(until, time())) if until else None
    _set(lead, morning, (lead.changed_at or lead.created_at) if until_change else None, by=by, seen=seen)


def wake(lead: Lead, *, by: User) -> None:
    _set(lead, None, None, by=by, seen=None)


def _set(lead: Lead, until: datetime | None, change_since: datetime | None, *, by: User, seen: str | None) -> None:
    with transaction.atomic():
        row = Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
        old = code(row.snoozed_until, row.snoozed_until_change_since)
        new = code(until, change_since)
        if seen not in (None, old):
            raise Overtaken
        if old == new and (not new or is_asleep(row, timezone.now())):
            return
        row.snoozed_until, row.snoozed_until_change_since = until, change_since
        row.snoozed_by = by if new else None
        row.save(update_fields=list(COLUMNS))
        Event.objects.create(lead=row, kind=Event.Kind.SNOOZED, by=by, old=old, new=new or "woken")


def code(until: datetime | None, change_since: datetime | None) -> str:
    """How the timeline stores a sleep: "2026-12-01", "change", "2026-12-01 change", "" for none."""
    day = timezone.localtime(until).date().isoformat() if until else ""
    return " ".join(filter(None, (day, "change" if change_since else "")))


def is_asleep(lead: Lead, now: datetime) -> bool:
    """The rule of `LeadQuerySet.asleep` for one row."""
    since = lead.snoozed_until_change_since
    if lead.snoozed_until is not None and lead.snoozed_until <= now:
        return False
    if since is None:
        return lead.snoozed_until is not None
    return lead.changed_at is None or lead.changed_at <= since
