"""What people do with leads: plain verbs, each in one transaction, each leaving its line in the timeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from leads import snoozing, tags, tenant_size
from leads.bulk import insert_rows, update_rows
from leads.company_list.claims import Claim
from leads.models import Alert, BulkAction, DomainClaim, Event, Lead, Note, Override, Source, Tag
from leads.overtaken import LeadGone, Overtaken


@dataclass(frozen=True, slots=True)
class Added:
    """`created` and `matched` leads in the order of the claims, each once."""

    created: list[Lead]
    matched: list[Lead]


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What is known about the company of a new lead; a known lead keeps what it has."""

    company_name: str = ""
    emails: Sequence[str] = ()
    city: str = ""
    country: str = ""


_NOTHING = Details()
_SECOND_CLICK: Final = timedelta(minutes=1)


def add_leads(
    claims: Sequence[Claim],
    *,
    by: User | None,
    source: str = Source.MANUAL,
    details: Mapping[str, Details] | None = None,
    hold: bool = True,
) -> Added:
    """One lead for each registrable domain that `claims` name; known ones are matched, and who claimed what is
    kept. `details` by domain. Adding the same claim again changes nothing. A constant number of statements. `hold`:
    lock the known ones first, so that no undo of an import takes them away; not for a caller that will lock others."""
    domains = list(dict.fromkeys(claim.domain for claim in claims))
    with transaction.atomic():
        rows = Lead.objects.filter(domain__in=domains).order_by("pk")
        known = {lead.domain for lead in (rows.select_for_update(no_key=True) if hold else rows)}
        new = []
        for domain in domains:
            if domain not in known:
                known_about = (details or {}).get(domain, _NOTHING)
                lead = Lead(
                    domain=domain,
                    company_name=known_about.company_name,
                    contact_emails=list(known_about.emails),
                    city=known_about.city,
                    country=known_about.country,
                    source=source,
                    owner=by,
                    created_by=by,
                )
                lead.set_search_keys()
                new.append(lead)
        insert_rows(new, ignore_conflicts=True)
        leads = {lead.domain: lead for lead in Lead.objects.filter(domain__in=domains)}
        created = [leads[lead.domain] for lead in new]
        insert_rows([Event(lead=lead, kind=Event.Kind.CREATED, by=by, new=source) for lead in created])
        insert_rows(
            [
                DomainClaim(lead=leads[claim.domain], claim=claim.raw[:320], via=claim.via, source=source, by=by)
                for claim in claims
            ],
            ignore_conflicts=True,
        )
    return Added(created=created, matched=[leads[domain] for domain in domains if domain in known])


def add_note(lead: Lead, text: str, *, by: User) -> Note:
    """The same words again from the same person within a minute are a second click: the note that is there."""
    with transaction.atomic():
        held([lead.pk])
        again = lead.notes.filter(text=text, by=by, created_at__gt=timezone.now() - _SECOND_CLICK).first()
        if again is not None:
            return again
        note = Note.objects.create(lead=lead, text=text, by=by)
        Event.objects.create(lead=lead, kind=Event.Kind.NOTE, by=by, new=text[:400])
    return note


def watch(lead: Lead, wanted: bool, *, by: User) -> None:
    """Whoever watches a lead gets its alerts by e-mail like its owner. Asking twice changes nothing."""
    with transaction.atomic():
        (row,) = held([lead.pk])
        if wanted:
            row.watchers.add(by)
        else:
            row.watchers.remove(by)


def assign(leads: Iterable[Lead], owner: User | None, *, by: User | None, bulk: BulkAction | None = None) -> int:
    """Give leads to `owner` (None = nobody). Returns how many changed hands. `bulk`: the change of many leads that
    this is part of."""
    with transaction.atomic():
        changed = [lead for lead in held([lead.pk for lead in leads]) if lead.owner_id != (owner and owner.pk)]
        Lead.objects.filter(pk__in=[lead.pk for lead in changed]).update(owner=owner)
        Event.objects.bulk_create(
            [
                Event(
                    lead=lead,
                    kind=Event.Kind.OWNER,
                    by=by,
                    old=lead.owner.get_username() if lead.owner else "",
                    new=owner.get_username() if owner else "",
                    bulk=bulk,
                )
                for lead in changed
            ]
        )
    return len(changed)


def set_tags(lead: Lead, names: Iterable[str], *, by: User) -> None:
    """The tags people gave this lead are now exactly `names` (`leads.tags` says which there may be); automatic tags
    stay."""
    with transaction.atomic():
        held([lead.pk])
        present = list(lead.tags.filter(automatic=False).order_by("name"))
        wanted = tags.called(sorted(names))
        change_tags(lead, wanted, [tag for tag in present if tag not in wanted], by=by)


def change_tags(lead: Lead, added: Iterable[Tag], removed: Iterable[Tag], *, by: User) -> None:
    """Give and take these tags; the others stay. Automatic ones are not for people to give or take."""
    with transaction.atomic():
        held([lead.pk])
        present = set(lead.tags.filter(automatic=False))
        new = [tag for tag in added if not tag.automatic and tag not in present]
        gone = [tag for tag in removed if tag in present]
        lead.tags.add(*new)
        lead.tags.remove(*gone)
        Event.objects.bulk_create(
            [
                *(Event(lead=lead, kind=Event.Kind.TAG, by=by, new=tag.name) for tag in new),
                *(Event(lead=lead, kind=Event.Kind.TAG, by=by, old=tag.name) for tag in gone),
            ]
        )


def set_follow_up(lead: Lead, on: date | None, *, by: User) -> Event | None:
    """Returns the line of the timeline that tells so, None when it was that day already."""
    with transaction.atomic():
        (row,) = held([lead.pk])
        if row.follow_up_on == on:
            return None
        told = Event.objects.create(
            lead=row,
            kind=Event.Kind.FOLLOW_UP,
            by=by,
            old=row.follow_up_on.isoformat() if row.follow_up_on else "",
            new=on.isoformat() if on else "",
        )
        row.follow_up_on = on
        row.save(update_fields=["follow_up_on"])
    return told


@dataclass(frozen=True, slots=True)
class TakenUp:
    """The keys of the lines of the timeline that tell what `take_up` did; None where nothing changed."""

    follow_up: int | None
    owner: int | None


def take_up(lead: Lead, on: date, *, by: User, seen: date | None) -> TakenUp:
    """Somebody will follow up; a lead that nobody owns becomes theirs. `seen`: the follow-up that their page showed.
    Raises Overtaken when it is another one now, and not `on` either."""
    with transaction.atomic():
        (row,) = held([lead.pk])
        if row.follow_up_on not in (seen, on):
            raise Overtaken
        owner = None
        if row.owner is None:
            assign([row], by, by=by)
            owner = _newest(row, Event.Kind.OWNER)
        told = set_follow_up(row, on, by=by)
    return TakenUp(told.pk if told is not None else None, owner)


def take_back(lead: Lead, taken: TakenUp, *, by: User) -> None:
    """Give the lead the follow-up and the owner it had before. Raises Overtaken when one of them was changed since."""
    with transaction.atomic():
        (row,) = held([lead.pk])
        for kind, told in ((Event.Kind.FOLLOW_UP, taken.follow_up), (Event.Kind.OWNER, taken.owner)):
            if told is not None and told != _newest(row, kind):
                raise Overtaken
        if taken.follow_up is not None:
            before = row.events.get(pk=taken.follow_up).old
            set_follow_up(row, date.fromisoformat(before) if before else None, by=by)
        if taken.owner is not None:
            assign([row], None, by=by)


def _newest(lead: Lead, kind: str) -> int | None:
    """The key of the newest line of this kind."""
    return lead.events.filter(kind=kind).order_by("-pk").values_list("pk", flat=True).first()


def rename(lead: Lead, company_name: str, *, by: User) -> None:
    with transaction.atomic():
        (row,) = held([lead.pk])
        if row.company_name == company_name:
            return
        Event.objects.create(
            lead=row, kind=Event.Kind.EDITED, by=by, old=row.company_name[:400], new=company_name[:400]
        )
        # The newest word of a person holds; there is nothing to give back any more.
        named = Override.objects.unended().filter(lead=row, field=Override.Field.COMPANY_NAME)
        named.update(ended_at=timezone.now())
        row.company_name = company_name
        row.save(update_fields=["company_name", "search_text", "name_key"])


EDITABLE: Final = ("contact_emails", "city", "country", "source")


def edit(lead: Lead, values: Mapping[str, Any], *, by: User) -> None:
    """Set columns of `EDITABLE`. The timeline keeps "city:Bursa"; of contacts only that they were changed, because it
    outlives an opt-out."""
    with transaction.atomic():
        (row,) = held([lead.pk])
        changed = {name: value for name, value in values.items() if getattr(row, name) != value}
        if not changed:
            return
        events = []
        for name, value in changed.items():
            old, new = ("", "") if name == "contact_emails" else (getattr(row, name), value)
            events.append(
                Event(lead=row, kind=Event.Kind.EDITED, by=by, old=f"{name}:{old}"[:400], new=f"{name}:{new}"[:400])
            )
            setattr(row, name, value)
        row.save(update_fields=[*changed, "search_text", "name_key"])
        insert_rows(events)


def dismiss(lead: Lead, *, by: User, reason: str = "") -> Event | None:
    """Take the lead off the lists; `restore` brings it back. Returns the line of the timeline that tells so, None when
    the lead was off the lists already."""
    return _set_dismissed(lead, by=by, reason=reason, kind=Event.Kind.DISMISSED, at=timezone.now())


def restore(lead: Lead, *, by: User, dismissal: str | None = None) -> None:
    """`dismissal`: the key of the line that `dismiss` returned, as an address carries it, when only that one is to be
    taken back: raises Overtaken when the lead was dismissed anew since."""
    _set_dismissed(lead, by=by, reason="", kind=Event.Kind.RESTORED, at=None, dismissal=dismissal)


def _set_dismissed(
    lead: Lead, *, by: User, reason: str, kind: str, at: datetime | None, dismissal: str | None = None
) -> Event | None:
    with transaction.atomic():
        (row,) = held([lead.pk])
        if (row.dismissed_at is None) == (at is None):
            return None
        if dismissal is not None and dismissal != str(_newest(row, Event.Kind.DISMISSED)):
            raise Overtaken
        row.dismissed_at, row.dismissed_by, row.dismissed_reason = at, by if at else None, reason
        row.save(update_fields=["dismissed_at", "dismissed_by", "dismissed_reason"])
        return Event.objects.create(lead=row, kind=kind, by=by, new=reason)


def held(pks: Sequence[int]) -> list[Lead]:
    """These leads as they are now, and as they stay until the transaction ends: what a page showed may be over. Raises
    LeadGone when one of them is not there any more."""
    leads = Lead.objects.select_for_update(of=("self",), no_key=True).select_related("owner")
    found = list(leads.filter(pk__in=pks).order_by("pk"))
    if len(found) < len(set(pks)):
        raise LeadGone
    return found


@dataclass(frozen=True, slots=True)
class ReferralNote:
    """What a lead's row says about its referrals. `state`: a ReferralState or ""; `remote_id` and `category` are those
    of the most urgent one, "" without any; `size`: small, medium or large, "" when none says."""

    count: int
    state: str
    deadline: datetime | None
    remote_id: str = ""
    category: str = ""
    size: str = ""


_NOTED = (
    "referral_count", "referral_state", "referral_deadline", "referral_remote_id", "referral_category", "referral_size",
)  # fmt: skip


def note_referrals(notes: Mapping[int, ReferralNote]) -> None:
    """Write what another room knows about the referrals of these leads (by key, locked by the caller). A lead that
    sleeps wakes when a referral appears or its state or deadline changes; a size band counts at once."""
    before = {lead.pk: lead for lead in Lead.objects.filter(pk__in=notes).only(*_NOTED, *snoozing.COLUMNS)}
    rows = [
        (pk, note.count, note.state, note.deadline, note.remote_id, note.category, note.size)
        for pk, note in notes.items()
    ]
    update_rows(Lead, _NOTED, rows)
    resized = [pk for pk, lead in before.items() if lead.referral_size != notes[pk].size]
    if resized:
        tenant_size.refresh(resized)
    _wake([lead for pk, lead in before.items() if _moved(lead, notes[pk])])


def _moved(lead: Lead, note: ReferralNote) -> bool:
    before = (lead.referral_state, lead.referral_deadline)
    return note.count > lead.referral_count or before != (note.state, note.deadline)


def _wake(leads: Iterable[Lead]) -> None:
    asleep = [lead for lead in leads if snoozing.is_asleep(lead, timezone.now())]
    if not asleep:
        return
    Lead.objects.filter(pk__in=[lead.pk for lead in asleep]).update(**dict.fromkeys(snoozing.COLUMNS))
    insert_rows(
        [
            Event(
                lead=lead,
                kind=Event.Kind.SNOOZED,
                old=snoozing.code(lead.snoozed_until, lead.snoozed_until_change_since),
                new="referral",
            )
            for lead in asleep
        ]
    )


def note_pushes(notes: Mapping[int, tuple[str, str]]) -> set[int]:
    """Write where these leads (by key) stand on their way into Dynamics 365: (PushState, RemoteState or ""). In the
    caller's transaction; the leads are locked in the order in which everyone locks them. Returns the keys of those
    that are still there."""
    if not notes:
        return set()
    locked = Lead.objects.select_for_update(no_key=True).filter(pk__in=notes).order_by("pk")
    rows = [(pk, *notes[pk]) for pk in locked.values_list("pk", flat=True)]
    update_rows(Lead, ("push_state", "remote_state"), rows)
    return {pk for pk, *_ in rows}


def mark_read(alerts: Iterable[int], *, by: User) -> int:
    return Alert.objects.filter(pk__in=list(alerts), read_at__isnull=True).update(read_at=timezone.now(), read_by=by)
