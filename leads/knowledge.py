"""What people know better than the look-ups: entries with author, reason and last day; and the contact opt-out.

An entry outranks what was looked up until it ends; then the lead says again what it said before. Scans go on
underneath: where they see something else than an entry says, the lead page asks whether it still stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from leads import tenant_size
from leads.bulk import update_rows
from leads.folding import address_key
from leads.lead_page import ShownScan, scan_behind
from leads.models import Event, Lead, Override, Provider, Scan
from leads.overtaken import Overtaken
from leads.scanning import judge_again

Field = Override.Field


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something sees it otherwise than `entry` says. `seen`: the code of what is seen; `at`: the look that saw it, None
    when a referral says so."""

    entry: Override
    seen: str
    at: datetime | None


def enter(
    lead: Lead,
    field: str,
    value: str,
    *,
    reason: str,
    by: User,
    expires_on: date | None = None,
    seen: int | None = None,
) -> Override:
    """Take `value` for true until `expires_on` (the last day) or until somebody ends it. `seen`: the key of the entry
    in force when the page was made, 0 for none, None when that does not matter. Entering the same again changes
    nothing. Raises Overtaken."""
    with transaction.atomic():
        row = _locked(lead)
        for over in row.overrides.expired(timezone.localdate()).filter(field=field):
            end(over, by=None, word="expired")
            row = _locked(lead)
        current = row.overrides.in_force().filter(field=field).first()
        if current and (current.value, current.reason, current.expires_on) == (value, reason, expires_on):
            return current
        if seen not in (None, current.pk if current else 0):
            raise Overtaken
        old = _says(row, field)
        if current is not None:
            _close(row, current)
        entry = Override.objects.create(
            lead=row,
            field=field,
            value=value,
            reason=reason,
            by=by,
            expires_on=expires_on,
            before=current.before if current and field != Field.CONTACT else _says(row, field, value),
            kept_against=row.referral_size if field == Field.TENANT_SIZE else "",
        )
        _told(row, by, old=f"{field}:{old}" if old not in ("", value) else "", new=f"{field}:{value}")
        if field == Field.COMPANY_NAME:
            row.company_name = value
        elif field == Field.CONTACT:
            row.contact_emails = [value, *_others(row.contact_emails, value)]
        _settle(row, field, by, entry.before)
    return entry


def end(entry: Override, *, by: User | None, word: str = "ended") -> None:
    """The lead says again what it said before the entry. Ending twice changes nothing. `word`: how the timeline calls
    it: ended or expired."""
    with transaction.atomic():
        row = _locked(entry.lead)
        current = row.overrides.unended().filter(pk=entry.pk).first()
        if current is None:
            return
        _close(row, current)
        _told(row, by, old=f"{current.field}:{current.value}", new=word)
        _settle(row, current.field, by, current.before)


def keep(entry: Override, seen: str, *, by: User) -> None:
    """Stand by the entry although `seen` is what shows; asked again when something else shows. Raises Overtaken when
    the entry has ended or something else shows by now."""
    with transaction.atomic():
        row = _locked(entry.lead)
        current = row.overrides.in_force().filter(pk=entry.pk).first()
        if current is None:
            raise Overtaken
        if seen and current.kept_against == seen:
            return
        if seen not in [conflict.seen for conflict in conflicts(row, [current], scan_behind(row))]:
            raise Overtaken
        row.overrides.filter(pk=current.pk).update(kept_against=seen)
        _told(row, by, old=f"{current.field}:{current.value}", new="kept")


def end_expired(today: date) -> int:
    """Entries whose last day is over (a duty). Returns how many ended."""
    expired = list(Override.objects.expired(today).select_related("lead").order_by("lead_id", "pk"))
    for entry in expired:
        end(entry, by=None, word="expired")
    return len(expired)


def conflicts(lead: Lead, entries: Iterable[Override], scan: ShownScan | None) -> list[Conflict]:
    """Entries in force that a later look or a referral contradicts and that nobody kept against just that."""
    found = []
    for entry in entries:
        seen, at = "", None
        if entry.field == Field.PROVIDER and scan is not None and scan.looked_at > entry.created_at:
            seen, at = scan.facts.get("seen_provider", ""), scan.looked_at
        elif entry.field == Field.TENANT_SIZE:
            seen = lead.referral_size
        if seen not in ("", Provider.UNKNOWN, entry.value, entry.kept_against):
            found.append(Conflict(entry, seen, at))
    return found


def set_opt_out(lead: Lead, *, wanted: bool, by: User, reason: str = "") -> None:
    """The company asked not to be contacted: its contacts are no longer shown, found, exported or pushed. False
    takes it back, and the reason with it; the timeline keeps both. No reason is lost that is given a second time."""
    with transaction.atomic():
        row = _locked(lead)
        if wanted == (row.opted_out_at is not None):
            if wanted:
                _add_reason(row, reason, by=by)
            return
        row.opted_out_at, row.opted_out_by = (timezone.now(), by) if wanted else (None, None)
        row.opted_out_reason = reason if wanted else ""
        row.save(update_fields=["opted_out_at", "opted_out_by", "opted_out_reason", "search_text"])
        asked = f"asked:{reason}" if reason else "asked"
        Event.objects.create(
            lead=row,
            kind=Event.Kind.OPT_OUT,
            by=by,
            old="" if wanted else "asked",
            new=asked if wanted else "withdrawn",
        )


def _add_reason(lead: Lead, reason: str, *, by: User) -> None:
    """Of an opt-out that stands already: the lead keeps the first reason that was given, the timeline every one."""
    last = lead.events.filter(kind=Event.Kind.OPT_OUT).order_by("-pk").first()
    first, new = lead.opted_out_reason, f"asked:{reason}"
    if reason in ("", first) or (last is not None and last.new == new):
        return
    if not first:
        lead.opted_out_reason = reason
        lead.save(update_fields=["opted_out_reason"])
    Event.objects.create(lead=lead, kind=Event.Kind.OPT_OUT, by=by, old=f"asked:{first}" if first else "asked", new=new)


def provider_entry_at(lead: Lead, scan: Scan) -> Override | None:
    """The entry that said who the mail provider is when this scan was judged."""
    entries = lead.overrides.filter(
        field=Field.PROVIDER, value=scan.facts.get("stated_provider", ""), created_at__lte=scan.created_at
    )
    return entries.select_related("by").order_by("-created_at", "-pk").first()


def _locked(lead: Lead) -> Lead:
    return Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)


def _says(lead: Lead, field: str, value: str = "") -> str:
    """What the lead says of the field. A lead has many contacts: what it says of `value` is whether it is one, and how
    it spells it."""
    if field == Field.CONTACT:
        return next((email for email in lead.contact_emails if address_key(email) == address_key(value)), "")
    says: dict[str, str] = {
        Field.COMPANY_NAME: lead.company_name,
        Field.TENANT_SIZE: lead.tenant_size,
        Field.PROVIDER: lead.provider,
    }
    return says[field]


def _close(lead: Lead, entry: Override) -> None:
    """End the entry and give back the name or the contacts there were, unless they were changed since."""
    Override.objects.filter(pk=entry.pk).update(ended_at=timezone.now())
    if entry.field == Field.COMPANY_NAME and lead.company_name == entry.value:
        lead.company_name = entry.before
    if entry.field == Field.CONTACT and entry.value in lead.contact_emails:
        lead.contact_emails = [*filter(None, [entry.before]), *_others(lead.contact_emails, entry.value)]


def _others(emails: Iterable[str], value: str) -> list[str]:
    return [email for email in emails if address_key(email) != address_key(value)]


def confirm_contacts(named: Mapping[int, Sequence[str]]) -> dict[int, str]:
    """Somebody else names these addresses, too (by lead, which the caller has locked): they stay when the entry ends
    that brought them. Returns the addresses that only an entry had said, by lead."""
    entries = Override.objects.unended().filter(lead__in=named, field=Field.CONTACT, before="")
    rows, confirmed = [], {}
    for pk, lead, value in entries.values_list("pk", "lead_id", "value"):
        email = next((email for email in named[lead] if address_key(email) == address_key(value)), "")
        if email:
            rows.append((pk, email))
            confirmed[lead] = email
    update_rows(Override, ("before",), rows)
    return confirmed


def contact_entries(leads: QuerySet[Lead] | Collection[int]) -> dict[int, Override]:
    """The entry, by lead, that has put its address first among the contacts."""
    entries = Override.objects.unended().filter(lead__in=leads, field=Field.CONTACT)
    return {entry.lead_id: entry for entry in entries}


def take_back_contacts(
    entry: Override | None, contacts: Iterable[str], told: Collection[str]
) -> tuple[list[str], bool]:
    """(the contacts without those `told`, whether `entry` is now the only one to say its address): what a person has
    entered stays, and goes with the entry."""
    held = address_key(entry.value) if entry is not None else ""
    left = [email for email in contacts if email not in told or address_key(email) == held]
    return left, entry is not None and entry.before in told and address_key(entry.before) == held


def unconfirm_contacts(entries: Iterable[Override]) -> None:
    update_rows(Override, ("before",), [(entry.pk, "") for entry in entries])


def _settle(lead: Lead, field: str, by: User | None, before: str) -> None:
    """Make the lead's row say what now holds."""
    if field == Field.COMPANY_NAME:
        lead.save(update_fields=["company_name", "search_text", "name_key"])
    elif field == Field.CONTACT:
        lead.save(update_fields=["contact_emails", "search_text"])
    elif field == Field.TENANT_SIZE:
        tenant_size.refresh([lead.pk])
    else:
        judge_again(lead, by=by, provider=before)


def _told(lead: Lead, by: Any, *, old: str, new: str) -> None:
    Event.objects.create(lead=lead, kind=Event.Kind.OVERRIDE, by=by, old=old[:400], new=new[:400])


def history(lead: Lead) -> tuple[dict[str, Override], Sequence[Override]]:
    """(entries in force by field, the last fifty or so that ended), newest first."""
    newest = lead.overrides.alias(is_over=Q(ended_at__isnull=False)).order_by("is_over", "-created_at", "-pk")
    entries = list(newest.select_related("by")[:50])
    in_force = {entry.field: entry for entry in entries if entry.is_in_force}
    return in_force, [entry for entry in entries if not entry.is_in_force]


def last_end(lead: Lead, field: str) -> Event | None:
    """The line of the timeline that tells how the last entry about the field ended."""
    ends = lead.events.filter(kind=Event.Kind.OVERRIDE, old__startswith=f"{field}:", new__in=("ended", "expired"))
    return ends.select_related("by").order_by("-at", "-pk").first()
