"""One page of rows into the database: new, changed, unchanged, unreadable, each counted exactly once.

Everything here runs inside the caller's transaction, in a number of statements that does not depend on the rows.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import DataError, IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.urls import reverse

from leads.bulk import insert_rows, update_rows
from leads.folding import fold, turkish_sort_key
from leads.models import Alert, Event, Lead
from referrals import linking
from referrals.customer_domains import CustomerDomain
from referrals.models import NO_DEADLINE, Quarantine, Referral, ReferralLink
from referrals.payload import Row, UnreadableRow, canonical, etag_seconds, read, short

State = ReferralLink.State
logger = logging.getLogger(__name__)

_RAW_KEPT: Final = 1_000_000  # characters of an unreadable row
_FUTURE: Final = timedelta(days=1)
# What the contents of a row can cause; trouble with the database itself is not among them.
_UNSTORABLE: Final = (DataError, IntegrityError, ValueError, TypeError, ArithmeticError, LookupError)
COUNTS: Final = ("fetched", "created", "updated", "unchanged", "quarantined", "linked", "needs_domain")
_COLUMNS: Final = (
    "engagement_id", "name", "status", "substatus", "type", "qualification", "direction", "category",
    "organization_name", "customer_name", "customer_city", "customer_country", "customer_size", "deal_value",
    "currency", "closing_at", "remote_created_at", "remote_updated_at", "accepted_at", "closed_at", "expires_at",
    "deadline_at", "deadline_order", "etag", "oddities", "search_text", "name_key", "candidates", "raw", "content_hash",
    "source_stamp",
)  # fmt: skip


@dataclass(slots=True)
class Stored:
    """What became of the rows of a page; `fetched = created + updated + unchanged + quarantined`. `stamps`: the
    source timestamps in the order of the page."""

    fetched: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0
    linked: int = 0
    needs_domain: int = 0
    stamps: list[str] = field(default_factory=list)

    def add(self, other: Stored) -> None:
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.stamps += other.stamps


@dataclass(slots=True)
class _Version:
    """The newest version of a referral that we know."""

    status: str
    substatus: str
    content_hash: str
    stamp: str
    etag_seconds: int

    def takes(self, row: Row, limit: datetime) -> bool:
        """Whether `row` is at least as new; an older copy that comes late is not (fact sheet, section 6, rule 4).
        Times behind `limit` lie in the future: they order nothing, so that a wrong one can be corrected."""
        newest = f"{limit:%Y-%m-%dT%H:%M:%S}"
        mine, its = ("" if stamp > newest else stamp for stamp in (self.stamp, row.stamp))
        if mine and its and mine != its:
            return its > mine
        return not row.etag_seconds < self.etag_seconds <= limit.timestamp() or not row.etag_seconds


def store_rows(rows: Sequence[Any], *, now: datetime) -> Stored:
    """Upsert the rows and link what is new. The same row twice is created once; the second counts as unchanged. A row
    that cannot be stored does not stop the others: then each is stored by itself, and that one is parked."""
    try:
        with transaction.atomic():
            return _store(rows, now)
    except _UNSTORABLE:
        logger.exception("A page of %s rows could not be stored at once; each row is stored by itself", len(rows))
    together = Stored()
    for row in rows:
        try:
            with transaction.atomic():
                stored = _store([row], now)
        except _UNSTORABLE:
            stored = Stored(fetched=1, quarantined=1)
            _park([(row, "not_storable")], now)
        together.add(stored)
    return together


def _store(rows: Sequence[Any], now: datetime) -> Stored:
    stored = Stored(fetched=len(rows))
    readable = list(_readable(rows, stored, now))
    pks, versions = _known(readable)
    before = {remote_id: (version.status, version.substatus) for remote_id, version in versions.items()}
    new: dict[str, Row] = {}
    changed: dict[str, Row] = {}
    for row in readable:
        stored.stamps.append(row.stamp)
        version = versions.get(row.remote_id)
        if version is None:
            stored.created += 1
            new[row.remote_id] = row
        elif version.content_hash == row.content_hash or not version.takes(row, now + _FUTURE):
            stored.unchanged += 1
            continue
        else:
            stored.updated += 1
            (new if row.remote_id in new else changed)[row.remote_id] = row
        versions[row.remote_id] = _version(row)
    links = _locked_links([pks[remote_id] for remote_id in changed])
    returned = _touch(pks.values(), now)
    judged = {row.remote_id: linking.judge(row) for row in (*new.values(), *changed.values())}
    created = _create(new, judged, now)
    changed_rows = {pks[remote_id]: row for remote_id, row in changed.items()}
    _update(changed_rows, judged)
    leads = {lead.pk: lead for lead in _link_created(created, judged, stored)}
    kept = _link_changed(changed_rows, links, judged, before, stored, leads)
    touched = returned | leads.keys() | kept
    if touched:
        linking.refresh_leads(touched)
        linking.scan_unseen(leads.values())
    return stored


def _readable(rows: Sequence[Any], stored: Stored, now: datetime) -> Iterable[Row]:
    broken: list[tuple[Any, str]] = []
    for raw in rows:
        try:
            yield read(raw)
        except UnreadableRow as unreadable:
            stored.quarantined += 1
            broken.append((raw, unreadable.reason))
    if broken:
        _park(broken, now)


def _park(broken: Sequence[tuple[Any, str]], now: datetime) -> None:
    """Keep rows with the reason why they could not be taken, each once, and raise an alert for a new one."""
    parked: dict[str, Quarantine] = {}
    for raw, reason in broken:
        text, content_hash = canonical(raw)
        parked[content_hash] = Quarantine(
            content_hash=content_hash,
            remote_id=short(raw.get("id"), 100) if isinstance(raw, dict) else "",
            raw=text[:_RAW_KEPT],
            reason=reason,
            first_seen_at=now,
            last_seen_at=now,
        )
    Quarantine.objects.bulk_create(
        parked.values(), update_conflicts=True, unique_fields=["content_hash"], update_fields=["last_seen_at"]
    )
    alerts = [
        Alert(
            type=Alert.Type.ROW_PARKED,
            key=f"quarantine:{row.content_hash}",
            title=row.remote_id or "Partner Center",
            path=reverse("referrals:runs"),
            created_at=now,
        )
        for row in parked.values()
    ]
    insert_rows(alerts, ignore_conflicts=True)


def _known(rows: Sequence[Row]) -> tuple[dict[str, int], dict[str, _Version]]:
    """The keys and the stored versions of the referrals we have, by remote id."""
    found = Referral.objects.filter(remote_id__in={row.remote_id for row in rows}).values_list(
        "remote_id", "pk", "status", "substatus", "content_hash", "source_stamp", "etag"
    )
    pks, versions = {}, {}
    for remote_id, pk, status, substatus, content_hash, stamp, etag in found:
        pks[remote_id] = pk
        versions[remote_id] = _Version(status, substatus, content_hash, stamp, etag_seconds(etag))
    return pks, versions


def _version(row: Row) -> _Version:
    return _Version(row.columns["status"], row.columns["substatus"], row.content_hash, row.stamp, row.etag_seconds)


def _values(row: Row, judged: CustomerDomain) -> dict[str, Any]:
    columns = row.columns
    words = (columns["customer_name"], columns["name"], columns["organization_name"], columns["customer_city"])
    names = " ".join([*words, *row.customer_emails[:5]])
    return columns | {
        "search_text": f"{fold(names)[:600]} {row.remote_id.casefold()} {columns['engagement_id'].casefold()}",
        "name_key": turkish_sort_key(columns["customer_name"] or columns["name"] or row.remote_id),
        "deadline_order": columns["deadline_at"] or NO_DEADLINE,
        "candidates": [
            {"domain": candidate.domain, "email": candidate.email, "verdict": candidate.verdict}
            for candidate in judged.candidates[:20]
        ],
        "raw": row.text,
        "content_hash": row.content_hash,
        "source_stamp": row.stamp,
    }


def _create(new: Mapping[str, Row], judged: Mapping[str, CustomerDomain], now: datetime) -> dict[int, Row]:
    """Returns the rows by their new keys."""
    if not new:
        return {}
    insert_rows(
        [
            Referral(remote_id=remote_id, first_seen_at=now, last_seen_at=now, **_values(row, judged[remote_id]))
            for remote_id, row in new.items()
        ]
    )
    keys = Referral.objects.filter(remote_id__in=new).values_list("pk", "remote_id")
    return {pk: new[remote_id] for pk, remote_id in keys}


def _update(changed: Mapping[int, Row], judged: Mapping[str, CustomerDomain]) -> None:
    rows = []
    for pk, row in changed.items():
        values = _values(row, judged[row.remote_id])
        rows.append((pk, *(values[name] for name in _COLUMNS)))
    update_rows(Referral, _COLUMNS, rows)


def _touch(pks: Collection[int], now: datetime) -> set[int]:
    """They were seen; one that had vanished is back, and its clock runs. Returns the leads of those that are back."""
    if not pks:
        return set()
    seen = Referral.objects.filter(pk__in=pks)
    back = list(seen.filter(not_visible_since__isnull=False).values_list("pk", flat=True))
    seen.update(last_seen_at=now)
    if not back:
        return set()
    Referral.objects.filter(pk__in=back).update(
        not_visible_since=None, deadline_order=Coalesce("deadline_at", Value(NO_DEADLINE))
    )
    return set(ReferralLink.objects.filter(referral__in=back, lead__isnull=False).values_list("lead_id", flat=True))


def _locked_links(referrals: Sequence[int]) -> dict[int, ReferralLink]:
    """The links of these referrals, locked before any lead is: a person who links does it in this order, too."""
    if not referrals:
        return {}
    rows = ReferralLink.objects.select_for_update(of=("self",)).filter(referral_id__in=referrals)
    return {link.referral_id: link for link in rows.order_by("pk")}


def _link_created(created: Mapping[int, Row], judged: Mapping[str, CustomerDomain], stored: Stored) -> Collection[Lead]:
    """Links of new referrals. Returns the leads concerned."""
    leads = linking.link_new({pk: (row, judged[row.remote_id]) for pk, row in created.items()})
    links = [
        ReferralLink(
            referral_id=pk,
            lead=leads.get(pk),
            state=linking.state_of(judged[row.remote_id]),
            how=ReferralLink.How.EMAIL if pk in leads else "",
        )
        for pk, row in created.items()
    ]
    insert_rows(links)
    _count(links, stored)
    _tell_linked((lead, _deal(created[pk])) for pk, lead in leads.items())
    return leads.values()


def _link_changed(
    changed: Mapping[int, Row],
    links: Mapping[int, ReferralLink],
    judged: Mapping[str, CustomerDomain],
    before: Mapping[str, tuple[str, str]],
    stored: Stored,
    found_leads: dict[int, Lead],
) -> set[int]:
    """A changed referral that waits for its domain is judged again (its lead comes to `found_leads`); a linked one
    tells its lead. Links of people and links that stand are not touched. Returns the leads concerned."""
    if not changed:
        return set()
    waiting = {pk: (row, judged[row.remote_id]) for pk, row in changed.items() if pk in links and links[pk].is_waiting}
    leads = linking.link_new(waiting)
    found_leads |= {lead.pk: lead for lead in leads.values()}
    moved: list[ReferralLink] = []
    for pk, (_row, found) in waiting.items():
        link = links[pk]
        link.state = linking.state_of(found)
        link.lead = leads.get(pk)
        link.how = ReferralLink.How.EMAIL if link.lead else ""
        moved.append(link)
    values = [(link.pk, link.state, link.lead_id, link.how) for link in moved]
    update_rows(ReferralLink, ("state", "lead", "how"), values)
    _count([link for link in moved if link.state == State.LINKED], stored)
    _tell_linked((link.lead, _deal(changed[link.referral_id])) for link in moved if link.lead)
    events = []
    linked = {pk: link.lead_id for pk, link in links.items() if link.state == State.LINKED and link.lead_id}
    for pk, lead_id in linked.items():
        row = changed[pk]
        after = (row.columns["status"], row.columns["substatus"])
        if before[row.remote_id] != after:
            old, new = (" / ".join(filter(None, state)) for state in (before[row.remote_id], after))
            events.append(Event(lead_id=lead_id, kind=Event.Kind.REFERRAL, old=old, new=new))
    insert_rows(events)
    return set(linked.values())


def _deal(row: Row) -> str:
    """How the timeline of a lead calls the referral: the lead is the customer, so the name of the deal comes first."""
    return str(row.columns["name"] or row.columns["customer_name"] or row.remote_id)


def _tell_linked(links: Iterable[tuple[Lead, str]]) -> None:
    insert_rows([Event(lead=lead, kind=Event.Kind.LINKED, new=title[:400]) for lead, title in links])


def _count(links: Sequence[ReferralLink], stored: Stored) -> None:
    stored.linked += sum(link.state == State.LINKED for link in links)
    stored.needs_domain += sum(link.state != State.LINKED for link in links)
