"""Leads that people put to sleep: until a date, until something changes, or until whichever comes first.

They wake by themselves: `LeadQuerySet.awake` compares with the clock and with `changed_at`; a referral that appears or
changes ends the sleep (`services.note_referrals`), whatever the date says, because its own clock runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from leads.models import Event, Lead
from leads.overtaken import Overtaken

COLUMNS = ("snoozed_until", "snoozed_until_change_since", "snoozed_by")


@dataclass(frozen=True, slots=True)
class Sleep:
    """What a lead's columns say of its sleep, and whose it is."""

    until: datetime | None
    change_since: datetime | None
    by: int | None


AWAKE = Sleep(None, None, None)


@dataclass(frozen=True, slots=True)
class Change:
    """One sleep in the place of another. `before`: what it took the place of, AWAKE when nothing held; `event`: the key
    of the line of the timeline that tells so. It says which sleep this is: another one may have the same day."""

    before: Sleep
    event: int


def snooze(lead: Lead, *, until: date | None, until_change: bool, by: User, seen: str | None = None) -> Change | None:
    """Off the first page and the list until the morning of `until`, or until something changes that `lead`, as it was
    read, does not know yet. `seen`: the `code` of the sleep shown when the page was made, None when that does not
    matter. Raises Overtaken. Returns None when it sleeps so already: then nothing was written."""
    morning = timezone.make_aware(datetime.combine(until, time())) if until else None
    since = (lead.changed_at or lead.created_at) if until_change else None
    return _set(lead, Sleep(morning, since, by.pk), by=by, seen=seen)


def wake(lead: Lead, *, by: User) -> Change | None:
    """Returns None when no sleep was there to end."""
    return _set(lead, AWAKE, by=by)


def take_back(lead: Lead, change: Change, *, by: User) -> None:
    """Give back what was before the change. Raises Overtaken when anybody or anything has ended that sleep or begun
    another since, even one until the same day."""
    earlier = change.before
    if not User.objects.filter(pk=earlier.by or 0).exists():
        earlier = Sleep(earlier.until, earlier.change_since, None)
    with transaction.atomic():
        told = _locked(lead).events.filter(kind=Event.Kind.SNOOZED).order_by("-pk").values_list("pk", flat=True)
        if told.first() != change.event:
            raise Overtaken
        _set(lead, earlier, by=by)


def _locked(lead: Lead) -> Lead:
    return Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)


def _set(lead: Lead, sleep: Sleep, *, by: User, seen: str | None = None) -> Change | None:
    with transaction.atomic():
        row = _locked(lead)
        old = code(row.snoozed_until, row.snoozed_until_change_since)
        new = code(sleep.until, sleep.change_since)
        slept = is_asleep(row, timezone.now())
        if old == new and (not new or slept):  # both wanted the same: no conflict, whatever the page showed
            return None
        if seen not in (None, old):
            raise Overtaken
        earlier = Sleep(row.snoozed_until, row.snoozed_until_change_since, row.snoozed_by_id)
        row.snoozed_until, row.snoozed_until_change_since, row.snoozed_by_id = sleep.until, sleep.change_since, sleep.by
        row.save(update_fields=list(COLUMNS))
        event = Event.objects.create(lead=row, kind=Event.Kind.SNOOZED, by=by, old=old, new=new or "woken")
        return Change(earlier if slept else AWAKE, event.pk)


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


def moment_text(moment: datetime | None) -> str:
    """A column of a sleep as text that `moment_of` reads, to be kept beside what replaced it."""
    return moment.isoformat() if moment else ""


def moment_of(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
