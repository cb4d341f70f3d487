"""Facts from outside DNS: registration, hosting, Microsoft tenant, further mail records (DESIGN.md section 4).

They have a slow queue of their own, one job a kind, and nothing waits for them: a verdict is complete without. A row of
OutsideFact keeps the last thing that was known; a look that failed changes only when the next one is due.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

import jobs.services
from jobs.leases import lease
from jobs.models import Job
from jobs.services import JobRun
from leads.bulk import insert_rows, update_rows
from leads.looking import dns_settings
from leads.models import Alert, Event, Lead, OutsideFact, SourceState
from signals.hosting import STALE_AFTER, Hosting, NoHosting, hosting_of
from signals.mail.extra_posture import ExtraPosture, Mark, Sign, look_at_extras
from signals.outcomes import Evidence, Reason, Unknown
from signals.politeness import PACE, Politeness
from signals.registration.bootstrap import SNAPSHOT, directory
from signals.registration.facts import NotRegistered, Registration, fresh_for
from signals.registration.look_up import PATIENCE, Registries, look_up
from signals.tenant import FRESH, LOGIN, NoTenant, Tenant, TenantLookup

logger = logging.getLogger(__name__)

Kind = OutsideFact.Kind
State = OutsideFact.State
FRESH_POSTURE: Final = timedelta(days=14)
FRESH_HOSTING: Final = timedelta(days=30)
EXPIRES_SOON: Final = 30  # days (scoring-v1 section 14)
_RETRY: Final = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=7))
_MOST_FAILURES: Final = 1_000
_AT_ONCE: Final = 20
_SLICE: Final = 8.0  # seconds; then other work gets its turn
_TURN: Final = timedelta(seconds=1)
_NOON: Final = time_of_day(12)  # the same day in nearly every time zone
_LEASE, _LEASE_SECONDS = "outside facts", 110.0
_NEW_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a look brought. `state` "" = nothing: `reason` says why. `held` = nobody was asked, so it is no failure.
    `wait`: when to ask again; None = when the backoff says so. `evidence` by field of `value`. `unlearned` names the
    fields of `value` that stay what they were; a `reason` beside a `state` says why, and that it is worth a new try."""

    state: str = ""
    value: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    doubts: list[list[str]] = field(default_factory=list)
    source: str = ""
    at: datetime | None = None
    reason: str = ""
    wait: timedelta | None = None
    held: bool = False
    unlearned: tuple[str, ...] = ()


Look = Callable[[Sequence[OutsideFact]], Iterator[tuple[OutsideFact, Learned]]]


def registries_path(*, fetched: bool = False) -> Path:
    """The list of registries: the one that was fetched (`refresh_registries`), else the one that came with Hunter."""
    path: Path = settings.HUNTER_VAR / "registries.json"
    return path if fetched or path.exists() else SNAPSHOT


def enabled_kinds() -> list[str]:
    """The kinds that this installation looks up."""
    on = {
        Kind.REGISTRATION: settings.HUNTER_RDAP_ENABLED,
        Kind.HOSTING: settings.HUNTER_ENRICHMENT_ENABLED,
        Kind.TENANT: settings.HUNTER_TENANT_LOOKUP_ENABLED,
        Kind.POSTURE: True,
    }
    return [kind for kind, is_on in on.items() if is_on]


def look_when_due(now: datetime) -> list[Job]:
    """The periodic duty: rows for leads that have none, and one job for each kind with something to look up."""
    found = []
    for kind in enabled_kinds():
        with transaction.atomic():
            _add_missing(kind, now)
            if not OutsideFact.objects.filter(kind=kind, due_at__lte=now, lead__dismissed_at__isnull=True).exists():
                continue
            found.append(_enqueue(kind))
    return found


def _enqueue(kind: str, by: Any = None) -> Job:
    return jobs.services.enqueue(
        "outside", key=f"outside:{kind}", subject=kind, payload={"title": f"outside.{kind}", "kind": kind},
        started_by=by, routine=by is None,
    )  # fmt: skip


def _add_missing(kind: str, now: datetime) -> None:
    """A lead gets its row once its first scan is done: whether the name exists at all is known then."""
    has_row = OutsideFact.objects.filter(lead=OuterRef("pk"), kind=kind)
    new = Lead.objects.open().filter(~Exists(has_row), scanned_at__isnull=False)
    keys = list(new.order_by("priority_score", "pk").values_list("pk", flat=True)[:_NEW_AT_ONCE])
    insert_rows([OutsideFact(lead_id=pk, kind=kind, due_at=now) for pk in keys], ignore_conflicts=True)


def ask_again(lead: Lead, *, by: Any) -> list[Job]:
    """Look up everything about one lead again, as soon as the sources allow."""
    now = timezone.now()
    found = []
    with transaction.atomic():
        insert_rows([OutsideFact(lead=lead, kind=kind, due_at=now) for kind in enabled_kinds()], ignore_conflicts=True)
        for kind in enabled_kinds():
            OutsideFact.objects.filter(lead=lead, kind=kind).update(due_at=now, failures=0, asked_at=None)
            found.append(_enqueue(kind, by))
    return found


def run_outside(run: JobRun) -> None:
    """Job handler: what is due of one kind. Safe to kill anywhere: a row is written, or counts as a failed look and is
    asked about again when its turn comes. However slow the sources are, they keep one worker at most, and that one for
    some seconds only: scans come first."""
    kind = run.payload["kind"]
    if kind not in enabled_kinds():
        return
    with lease(_LEASE, _LEASE_SECONDS) as ours:
        if not ours:
            run.wait_until(timezone.now() + _TURN)
        _look(run, kind, _Sources(kind))


def _look(run: JobRun, kind: str, sources: _Sources) -> None:
    done, ends = run.job.done, time.monotonic() + _SLICE
    seen: set[int] = set()
    while facts := _due(kind, seen):
        for fact, learned in sources.look(facts):
            seen.add(fact.pk)
            sources.asked.discard(fact.pk)
            _write(run, done + 1, fact, learned, sources)
            done += 1
            if time.monotonic() > ends and not sources.asked:
                run.wait_until(timezone.now() + _TURN)


def _write(run: JobRun, done: int, fact: OutsideFact, learned: Learned, sources: _Sources) -> None:
    """Store what was learned. What cannot be stored is a failure of this one row: the others do not wait behind it."""
    try:
        with transaction.atomic():
            run.checkpoint(done=done)
            store(fact, learned, timezone.now())
            sources.remember()
    except (InterfaceError, OperationalError):  # the database itself
        raise
    except Exception:
        logger.exception("What %s says about lead %s cannot be stored", fact.kind, fact.lead_id)
        with transaction.atomic():
            run.checkpoint(done=done)
            store(fact, Learned(reason=Reason.MALFORMED), timezone.now())
            sources.remember()


def _due(kind: str, seen: set[int]) -> list[OutsideFact]:
    """The next rows, in no order, so that one registry in trouble keeps no other waiting."""
    due = OutsideFact.objects.filter(kind=kind, due_at__lte=timezone.now(), lead__dismissed_at__isnull=True)
    facts = list(due.exclude(pk__in=seen).select_related("lead").order_by("due_at")[:_AT_ONCE])
    random.shuffle(facts)
    return facts


class _Sources:
    """Asks what a kind needs and keeps how its hosts were treated: a refusal outlives whoever met it. `asked`: the rows
    that were asked about and are not written yet."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        stored = SourceState.objects.filter(name=kind).values_list("state", flat=True).first()
        self._stored = stored or {"open_at": {}, "failures": {}}
        self._pace = 0 if settings.HUNTER_SANDBOX_URL else PACE  # the sandbox needs no politeness
        self._politeness = Politeness.from_dict(self._stored, pace=self._pace)
        self.asked: set[int] = set()
        looks: dict[Kind, Look] = {
            Kind.REGISTRATION: self._registrations,
            Kind.TENANT: self._tenants,
            Kind.POSTURE: self._postures,
            Kind.HOSTING: self._hostings,
        }
        self.look: Final = looks[Kind(kind)]

    def remember(self) -> None:
        """Write down the state of the hosts, with the fact that it goes with."""
        self._keep(self._politeness)

    def _keep(self, politeness: Politeness) -> None:
        state = politeness.as_dict()
        if state != self._stored:
            SourceState.objects.update_or_create(name=self._kind, defaults={"state": state})
            self._stored = state

    def _begin(self, facts: Sequence[OutsideFact], host: str = "") -> None:
        """Note that these are asked about now, at `host` when it is one: until an answer is written it counts as a
        failure of each row and of the host, so that a worker that dies over it does not meet it again at once."""
        now = timezone.now()
        if host and self._politeness.wait(host, now.timestamp()) > PATIENCE:
            return  # it will not be asked
        rows = []
        for fact in facts:
            failures = min(fact.failures + 1, _MOST_FAILURES)
            rows.append((fact.pk, now, failures, now + _backoff(failures)))
        feared = Politeness.from_dict(self._politeness.as_dict(), pace=self._pace)
        if host:
            feared.failed(host, now.timestamp())
        with transaction.atomic():
            update_rows(OutsideFact, ("asked_at", "failures", "due_at"), rows)
            self._keep(feared)
        self.asked = {fact.pk for fact in facts}

    def _registrations(self, facts: Sequence[OutsideFact]) -> Iterator[tuple[OutsideFact, Learned]]:
        registries = Registries(
            directory(registries_path(), whois_server=settings.HUNTER_WHOIS_SERVER, sandbox=settings.HUNTER_SANDBOX),
            politeness=self._politeness,
            sandbox_url=settings.HUNTER_SANDBOX_URL,
        )
        with closing(registries):
            for fact in facts:
                self._begin([fact], registries.host_of(fact.lead.domain))
                yield fact, _of_registration(look_up(fact.lead.domain, registries))

    def _tenants(self, facts: Sequence[OutsideFact]) -> Iterator[tuple[OutsideFact, Learned]]:
        lookup = TenantLookup(sandbox_url=settings.HUNTER_SANDBOX_URL, politeness=self._politeness)
        with closing(lookup):
            for fact in facts:
                self._begin([fact], LOGIN)
                yield fact, _of_tenant(lookup.look_up(fact.lead.domain))

    def _postures(self, facts: Sequence[OutsideFact]) -> Iterator[tuple[OutsideFact, Learned]]:
        self._begin(facts)
        found = look_at_extras([fact.lead.domain for fact in facts], settings=dns_settings())
        for fact, posture in zip(facts, found, strict=True):
            yield fact, _of_posture(posture)

    def _hostings(self, facts: Sequence[OutsideFact]) -> Iterator[tuple[OutsideFact, Learned]]:
        self._begin(facts)
        yield from _hostings(facts)


def _hostings(facts: Sequence[OutsideFact]) -> Iterator[tuple[OutsideFact, Learned]]:
    """From the addresses that the further mail records brought (`store` makes this due then), and files on this
    machine."""
    postures = OutsideFact.objects.filter(kind=Kind.POSTURE, lead__in=[fact.lead_id for fact in facts])
    addresses = dict(postures.exclude(state=State.UNKNOWN).values_list("lead_id", "value__addresses"))
    for fact in facts:
        known = addresses.get(fact.lead_id)
        if not known:
            asked = fact.lead_id in addresses
            wait = timedelta(days=1) if asked else timedelta(hours=1)
            yield fact, Learned(reason="no_address", wait=wait, held=not asked)
        else:
            yield (
                fact,
                _of_hosting(
                    hosting_of(known[0], asn_path=settings.MAXMIND_ASN_DB, country_path=settings.MAXMIND_CITY_DB)
                ),
            )


def _of_unknown(found: Unknown) -> Learned:
    wait = None if found.retry_after is None else timedelta(seconds=found.retry_after)
    return Learned(reason=found.reason, wait=wait, held=found.reason == Reason.HELD, source=found.source, at=found.at)


def _absent(found: NotRegistered | NoTenant, wait: timedelta) -> Learned:
    return Learned(state=State.ABSENT, wait=wait, evidence={"state": found.excerpt}, source=found.source, at=found.at)


def _of_registration(found: Registration | NotRegistered | Unknown) -> Learned:
    if isinstance(found, Unknown):
        return _of_unknown(found)
    if isinstance(found, NotRegistered):
        return _absent(found, fresh_for(found))
    return Learned(
        state=State.FOUND,
        wait=fresh_for(found),
        value={
            "registrar": found.registrar,
            "created_on": _day(found.created),
            "expires_on": _day(found.expires),
            "changed_on": _day(found.changed),
            "name_servers": list(found.name_servers),
            "statuses": list(found.statuses),
            "signed": found.signed,
            "redacted": list(found.redacted),
            "protocol": found.protocol,
        },
        evidence=_by_field(found.evidence),
        doubts=[list(doubt) for doubt in found.doubts],
        source=found.source,
        at=found.at,
        unlearned=_doubted(found),
    )


def _doubted(found: Registration) -> tuple[str, ...]:
    """The fields that the registry contradicts itself about."""
    values = {
        "registrar": found.registrar,
        "created_on": found.created,
        "expires_on": found.expires,
        "changed_on": found.changed,
        "name_servers": found.name_servers,
        "statuses": found.statuses,
        "signed": found.signed,
    }
    doubted = {doubt.field for doubt in found.doubts}
    return tuple(name for name, value in values.items() if value in (None, ()) and said_as(name) in doubted)


def said_as(name: str) -> str:
    """How signals name a field of `value` in evidence and doubts."""
    return name.removesuffix("_on")


def _of_tenant(found: Tenant | NoTenant | Unknown) -> Learned:
    if isinstance(found, Unknown):
        return _of_unknown(found)
    if isinstance(found, NoTenant):
        return _absent(found, FRESH)
    is_partial = found.sign_in is None
    return Learned(
        state=State.FOUND,
        wait=None if found.sign_in_unknown else FRESH,
        reason=found.sign_in_unknown or "",
        unlearned=("sign_in", "federation_host", "is_godaddy", "brand") if is_partial else (),
        value={
            "tenant_id": found.tenant_id,
            "sign_in": found.sign_in,
            "federation_host": found.federation_host,
            "is_godaddy": found.is_godaddy,
            "brand": found.brand,
            "region": found.region,
        },
        evidence=_by_field(found.evidence),
        doubts=[list(doubt) for doubt in found.doubts],
        source=found.source,
        at=found.at,
    )


def _of_posture(found: ExtraPosture) -> Learned:
    signs = {"mta_sts": found.mta_sts, "tls_rpt": found.tls_rpt, "bimi": found.bimi, "dnssec": found.dnssec}
    if all(sign.state == Mark.UNKNOWN for sign in signs.values()):
        return Learned(reason=Reason.TIMEOUT, source="DNS")
    server = next((lookup.server for lookup in found.lookups if lookup.server), "")
    at = max((lookup.at for lookup in found.lookups), default=0.0)
    unlearned = [name for name, sign in signs.items() if sign.state == Mark.UNKNOWN]
    if not found.addresses_known:
        unlearned.append("addresses")
    return Learned(
        state=State.FOUND,
        wait=None if unlearned else FRESH_POSTURE,
        reason=Reason.TIMEOUT if unlearned else "",
        unlearned=tuple(unlearned),
        value={name: _sign(sign) for name, sign in signs.items()} | {"addresses": list(found.addresses)},
        evidence={name: f"{sign.name} {sign.type} {sign.record or ''}".strip() for name, sign in signs.items()},
        source=server,
        at=datetime.fromtimestamp(at, UTC) if at else timezone.now(),
    )


def _sign(sign: Sign) -> dict[str, str]:
    return {"state": sign.state, "reason": sign.reason}


def _of_hosting(found: Hosting | NoHosting) -> Learned:
    if isinstance(found, NoHosting):
        return Learned(reason=found, source="MMDB")
    return Learned(
        state=State.FOUND,
        wait=FRESH_HOSTING,
        value={
            "address": found.address,
            "asn": found.asn,
            "organisation": found.organisation,
            "country": found.country,
            "no_country": found.no_country,
            "is_cloud": found.is_cloud,
            "database": found.database,
            "database_date": _day(found.database_date),
        },
        evidence=_words_of(found),
        source=found.database,
        at=datetime.combine(found.database_date, _NOON, UTC),  # as old as the file, whenever that is read
    )


def _words_of(found: Hosting) -> dict[str, str]:
    """What the files say of the address."""
    words = {"address": found.address, "asn": found.asn, "organisation": found.organisation, "country": found.country}
    return {name: str(said) for name, said in words.items() if said is not None}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _by_field(evidence: Sequence[Evidence]) -> dict[str, str]:
    return {item.field: item.excerpt for item in evidence}


def store(fact: OutsideFact, learned: Learned, now: datetime) -> None:
    """Write what a look brought, with the events and alerts of what changed, in the caller's transaction."""
    lead = Lead.objects.select_for_update(no_key=True).filter(pk=fact.lead_id).first()
    row = OutsideFact.objects.select_for_update().filter(pk=fact.pk).first()
    if lead is None or row is None:
        return
    failures = row.failures if row.asked_at is None else row.failures - 1  # `_begin` has counted this look already
    row.asked_at = None
    if learned.reason and not learned.held:
        failures = min(failures + 1, _MOST_FAILURES)
        row.failed_at, row.reason = now, learned.reason
    row.failures = failures
    if not learned.state:
        row.due_at = now + max(learned.wait or _backoff(failures), timedelta(seconds=1))
        row.save(update_fields=["failed_at", "reason", "failures", "due_at", "asked_at"])
        return
    before = row.value if row.state == State.FOUND else {}
    was_known = row.state != State.UNKNOWN
    kept, evidence = _kept(row, learned) if before else ({}, {})
    row.state, row.doubts = learned.state, learned.doubts
    row.value, row.evidence = learned.value | kept, learned.evidence | evidence
    row.source, row.seen_at = learned.source[:253], learned.at
    if not learned.reason:
        row.failed_at, row.reason, row.failures = None, "", 0
    wait = _backoff(failures) if learned.wait is None else learned.wait
    row.due_at = now + wait * random.uniform(1, 1.1)  # not everything is due on one day
    row.save()
    if was_known:
        _tell_changes(lead, row, before, now)
    if row.kind == Kind.POSTURE and row.value.get("addresses") != before.get("addresses"):
        OutsideFact.objects.filter(lead=lead, kind=Kind.HOSTING).update(due_at=now)
    if row.kind == Kind.REGISTRATION:
        _note_expiry(lead, row, now)


def _backoff(failures: int) -> timedelta:
    return _RETRY[min(max(failures, 1), len(_RETRY)) - 1]


def _kept(row: OutsideFact, learned: Learned) -> tuple[dict[str, Any], dict[str, str]]:
    """What stays of the value and evidence of a row because this look did not learn it, with `as_of`: since when."""
    if row.value.get("tenant_id") != learned.value.get("tenant_id"):  # it was about another tenant
        return {}, {}
    names = [name for name in learned.unlearned if _is_known(row.value.get(name))]
    if not names:
        return {}, {}
    seen = row.seen_at.isoformat() if row.seen_at else ""
    as_of = {name: row.value.get("as_of", {}).get(name, seen) for name in names}
    evidence = {name: row.evidence[name] for name in map(said_as, names) if name in row.evidence}
    return {name: row.value[name] for name in names} | {"as_of": as_of}, evidence


def _is_known(value: Any) -> bool:
    return value["state"] != Mark.UNKNOWN if isinstance(value, dict) else value not in (None, [], "")


# Kind -> the fields whose change is news, and the event that tells it.
_NEWS: Final = {
    Kind.REGISTRATION: (("registrar", Event.Kind.REGISTRAR), ("name_servers", Event.Kind.NAME_SERVER)),
    Kind.TENANT: (("tenant_id", Event.Kind.TENANT), ("sign_in", Event.Kind.TENANT)),
}


def _tell_changes(lead: Lead, row: OutsideFact, before: dict[str, Any], now: datetime) -> None:
    """Events for what differs between two known values; one that was or is unknown tells nothing."""
    events = [
        Event(lead=lead, kind=kind, at=now, old=_words(before[name])[:400], new=_words(row.value[name])[:400])
        for name, kind in _NEWS.get(Kind(row.kind), ())
        if before.get(name) and row.value.get(name) and _differ(before[name], row.value[name])
    ]
    if events:
        Event.objects.bulk_create(events)
        Lead.objects.filter(pk=lead.pk).update(changed_at=now)


def _differ(old: Any, new: Any) -> bool:
    return set(old) != set(new) if isinstance(old, list) else bool(old != new)


def _words(value: Any) -> str:
    return ", ".join(sorted(value)) if isinstance(value, list) else str(value)


def _note_expiry(lead: Lead, row: OutsideFact, now: datetime) -> None:
    """The lead's expiry date, and the alert of scoring-v1 section 14 when it is near and nobody was told that it is.
    Ageing into the window is noticed by the rescans; tags follow with the next one, which is brought forward."""
    text = row.value.get("expires_on")
    expires = date.fromisoformat(text) if text else None
    if expires is None or expires == lead.expires_on:
        return
    today = timezone.localdate(now)
    days, before = (expires - today).days, lead.expires_on
    near = 0 < days < EXPIRES_SOON
    was_near = before is not None and 0 < (before - today).days < EXPIRES_SOON
    changes: dict[str, Any] = {"expires_on": expires}
    if near or was_near:
        changes["rescan_at"] = now
    if near:
        changes["expiry_told"] = expires
    if near and not (was_near and lead.expiry_told == before):
        changes["changed_at"] = now
        event = Event.objects.create(lead=lead, kind=Event.Kind.EXPIRY, at=now, new=expires.isoformat())
        Alert.objects.create(lead=lead, event=event, type=Alert.Type.EXPIRE_SOON, created_at=now)
    Lead.objects.filter(pk=lead.pk).update(**changes)


def is_being_asked(fact: OutsideFact, now: datetime) -> bool:
    """Whether a look is under way. What a worker left behind that died is none."""
    return fact.asked_at is not None and (now - fact.asked_at).total_seconds() < _LEASE_SECONDS


def learned_at(fact: OutsideFact, names: Iterable[str]) -> datetime | None:
    """When the oldest of these fields of `value` was learned."""
    kept = fact.value.get("as_of", {})
    times = [datetime.fromisoformat(kept[name]) for name in names if kept.get(name)]
    return min(times, default=fact.seen_at)


def is_old(fact: OutsideFact, today: date) -> bool:
    """Whether the fact comes from a file of networks that is too old to be believed."""
    built = fact.value.get("database_date")
    return bool(built) and today - date.fromisoformat(built) > STALE_AFTER


def facts_of(lead: Lead) -> dict[str, OutsideFact]:
    """What is known about the lead from outside DNS, by kind; one query."""
    return {fact.kind: fact for fact in OutsideFact.objects.filter(lead=lead)}
