"""What the facts of a brief rest on: look-ups, registries, people's entries, the rules. Nothing is queried here but by
`material_of`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _

import scoring
from leads import outside, outside_page, snoozing
from leads.brief_messages import provider_label, text
from leads.folding import unicode_address
from leads.lead_page import Evidence
from leads.models import Event, Lead, OutcomeRecord, OutsideFact, Override, Price, Provider, Scan, SizeSource
from leads.prices import price_for
from leads.tenant_size import mx_estimate
from leads.verdicts import UNLISTED_SELECTOR

_EARLIER_SCANS: Final = 10  # how far back the evidence of a value that was kept is looked for
_RECENT_EVENTS: Final = 20
# A registry is asked once a month; what two of those looks have not confirmed is no longer said.
_REGISTRATION_STALE_AFTER: Final = 60  # days
_VALUE_LENGTH: Final = 110  # characters of a record in a footnote; the raw row has them all
_FAILED_SHOWN: Final = 4
_CHANGES: Final = (
    Event.Kind.PROVIDER, Event.Kind.GATEWAY, Event.Kind.MX, Event.Kind.SPF, Event.Kind.DKIM, Event.Kind.DMARC,
    Event.Kind.REGISTRAR, Event.Kind.NAME_SERVER, Event.Kind.TENANT,
)  # fmt: skip
_FOLLOWED: Final = (Event.Kind.FOLLOW_UP, Event.Kind.SNOOZED, *_CHANGES)


@dataclass(frozen=True, slots=True)
class Raw:
    """A raw row that a footnote links to. `anchor` is its id on the page; a look-up has `lookup`, the others `words`:
    (field, as the source wrote it)."""

    anchor: str
    title: str
    lookup: Evidence | None = None
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One thing that shows a fact. `key` tells it from others; `text` is what a footnote says, in the active language.
    A rule rests on facts: `on` cannot be missing, `also_on` counts when known."""

    key: str
    text: str
    raw: Raw | None = None
    on: tuple[str, ...] = ()
    also_on: tuple[str, ...] = ()
    rule: str = ""  # section of scoring-v1


Sources = dict[str, tuple[Source, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """All that a brief is made from. `scan` is the newest that judged, `last` the newest of all, `earlier` the judged
    ones before `scan`; `outside` and `entries` by kind and field; `events` the newest first; `outcome` the one that
    holds; `not_registered` is the registry's word that it knows no such domain; `expiry_read_at`: when the registry
    named the expiry date of the lead's row, however long ago."""

    lead: Lead
    today: date
    scan: Scan | None = None
    last: Scan | None = None
    earlier: Sequence[Scan] = ()
    outside: Mapping[str, OutsideFact] = field(default_factory=dict)
    entries: Mapping[str, Override] = field(default_factory=dict)
    events: Sequence[Event] = ()
    price: Price | None = None
    outcome: OutcomeRecord | None = None
    not_registered: OutsideFact | None = None
    expiry_read_at: datetime | None = None

    @property
    def unjudged(self) -> Scan | None:
        """The last look, where none was ever judged but this one found the mail host all the same."""
        last = self.last
        return last if self.scan is None and last is not None and last.facts.get("mx_hosts") else None

    @property
    def seen_at(self) -> datetime | None:
        """When the facts that are shown were looked up."""
        if self.scan is None:
            return None
        return parse_datetime(self.scan.facts.get("looked_at") or "") or self.scan.created_at

    @property
    def age(self) -> int:
        """Days since then."""
        seen = self.seen_at
        return 0 if seen is None else (self.today - timezone.localdate(seen)).days

    @property
    def expiry(self) -> date | None:
        """When the registration ends, by the registry's newest word. None also where that word contradicts itself, and
        where the day has come since: an answer from before it knows nothing of a renewal."""
        fact = self.outside.get(OutsideFact.Kind.REGISTRATION)
        ends = parse_date(fact.value.get("expires_on") or "") if fact else None
        if fact is None or fact.seen_at is None or ends is None or "expires_on" in fact.value.get("as_of", {}):
            return None
        return None if timezone.localdate(fact.seen_at) <= ends < self.today else ends

    @property
    def spf_ignored(self) -> bool:
        """Several SPF records are published, so receivers ignore them all (RFC 7208 section 4.5)."""
        look = settled(self, "spf")
        return look is not None and bool(look.facts["spf"]["multiple"])

    @property
    def seen_provider(self) -> str:
        """The provider that the records show; "" where they show none."""
        look = self.scan or self.unjudged
        facts = look.facts if look else {}
        seen = facts.get("seen_provider") or facts.get("behind_gateway_provider") or facts.get("provider") or ""
        return "" if seen == Provider.UNKNOWN else seen

    @property
    def recognised_provider(self) -> str:
        """The same by name: "" also for whatever stands in no table."""
        return "" if self.seen_provider == Provider.LOCAL else self.seen_provider

    @property
    def provider_entry(self) -> Override | None:
        """The entry that the lead's provider comes from."""
        entry = self.entries.get(Override.Field.PROVIDER)
        return entry if entry is not None and entry.value == self.lead.provider else None

    @property
    def contact_entry(self) -> Override | None:
        """The entry with a contact that may be used."""
        entry = self.entries.get(Override.Field.CONTACT)
        return entry if entry is not None and entry.value in self.lead.usable_emails else None

    @property
    def provider_is_stated(self) -> bool:
        """Only a person says who the provider is: the records show another one, or none."""
        entry = self.provider_entry
        return entry is not None and entry.value != self.seen_provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What the page of a lead has read already: its scan as in Material, the newest one if that could not judge, the
    entries in force by field, those that it `cites` at least, and the outcome that holds."""

    scan: Scan | None
    failed: Scan | None
    entries: Mapping[str, Override]
    events: Sequence[Event]
    outcome: OutcomeRecord | None


def material_with(lead: Lead, loaded: Loaded) -> Material:
    """`material_of` in two queries more."""
    known = _known_outside(lead)
    return Material(
        lead=lead,
        today=timezone.localdate(),
        scan=loaded.scan,
        last=loaded.failed or loaded.scan,
        earlier=_earlier(lead, loaded.scan),
        outside=known.found,
        entries=loaded.entries,
        events=[event for event in loaded.events if event.kind in _FOLLOWED],
        price=price_for(lead.tenant_size, lead.segment, lead.score),
        outcome=loaded.outcome,
        not_registered=known.not_registered,
        expiry_read_at=known.expiry_read_at,
    )


def _earlier(lead: Lead, scan: Scan | None) -> list[Scan]:
    """Judged scans before `scan`, where it does not show all that the lead's row says."""
    if scan is None or not (scan.facts.get("unknown") or scan.facts.get("scored_provider") != lead.provider):
        return []
    return list(lead.scans.filter(verdict__isnull=False).order_by("-created_at")[1:_EARLIER_SCANS])


def cites(lead: Lead) -> QuerySet[Event]:
    """Events that a brief cites: those that said what the lead's row says of its follow-up and its sleep, and the
    newest changes, however much else happened since."""
    said = Q(kind=Event.Kind.SNOOZED, new=snoozing.code(lead.snoozed_until, lead.snoozed_until_change_since))
    if lead.follow_up_on:
        said |= Q(kind=Event.Kind.FOLLOW_UP, new=lead.follow_up_on.isoformat())
    events = lead.events.filter(said | Q(kind__in=_CHANGES)).alias(changes=Q(kind__in=_CHANGES))
    return events.order_by("changes", "-at", "-pk")[:_RECENT_EVENTS]


class _KnownOutside(NamedTuple):
    """`found` by kind, what is young enough to be said; the others as in Material."""

    found: dict[str, OutsideFact]
    not_registered: OutsideFact | None
    expiry_read_at: datetime | None


def _known_outside(lead: Lead) -> _KnownOutside:
    known = {fact.kind: fact for fact in lead.outside_facts.exclude(state=OutsideFact.State.UNKNOWN)}
    registration = known.get(OutsideFact.Kind.REGISTRATION)
    absent = registration is not None and registration.state == OutsideFact.State.ABSENT
    today = timezone.localdate()
    found = {
        kind: fact for kind, fact in known.items() if fact.state == OutsideFact.State.FOUND and not _is_old(fact, today)
    }
    read = outside.learned_at(registration, ["expires_on"]) if registration is not None and not absent else None
    return _KnownOutside(found, registration if absent else None, read)


def _is_old(fact: OutsideFact, today: date) -> bool:
    if fact.kind == OutsideFact.Kind.REGISTRATION:
        return fact.seen_at is None or (today - timezone.localdate(fact.seen_at)).days > _REGISTRATION_STALE_AFTER
    return outside.is_old(fact, today)


def material_of(lead: Lead) -> Material:
    """Gathered in at most eight queries."""
    scan = lead.scans.filter(verdict__isnull=False).order_by("-created_at").first()
    last = scan
    if scan is None or scan.created_at != lead.scanned_at:
        last = lead.scans.order_by("-created_at").first()
    known = _known_outside(lead)
    return Material(
        lead=lead,
        today=timezone.localdate(),
        scan=scan,
        last=last,
        earlier=_earlier(lead, scan),
        outside=known.found,
        entries={entry.field: entry for entry in lead.overrides.in_force().select_related("by")},
        events=sorted(cites(lead).select_related("by"), key=lambda event: (event.at, event.pk), reverse=True),
        price=price_for(lead.tenant_size, lead.segment, lead.score),
        outcome=lead.outcomes.select_related("by").filter(is_current=True).first() if lead.outcome else None,
        not_registered=known.not_registered,
        expiry_read_at=known.expiry_read_at,
    )


def sources_of(material: Material) -> Sources:
    """Every fact that is known, with what shows it. A fact without anything that shows it is not known, whatever the
    lead's row says."""
    sources: Sources = {}
    for read in (_looked_up, _judged, _from_outside, _from_people, _from_rooms_above):
        for fact, found in read(material):
            if found:
                sources[fact] = tuple(found)
    return without(sources)


def without(sources: Sources, *removed: str) -> Sources:
    """Without these facts, and without what rules make of them."""
    left = {fact: found for fact, found in sources.items() if fact not in removed}
    while broken := [fact for fact, found in left.items() if not all(left.keys() >= {*source.on} for source in found)]:
        left = {fact: found for fact, found in left.items() if fact not in broken}
    return left


# Facts from look-ups


def _looked_up(material: Material) -> Iterator[tuple[str, list[Source]]]:
    lead, scan = material.lead, material.scan
    if scan is None:
        yield from _nothing_judged(material)
        return
    look = settled(material, "mx")
    yield "look", [_look(scan, material.seen_at)]
    yield "mx_look", _rows(scan, _is_mx(lead))
    if lead.mx_root and look is not None:
        yield "mx", _rows(look, _is_mx(lead), found=True)
    if lead.has_spf is not None and (shows := settled(material, "spf")):
        yield "spf", _rows(shows, _is_spf(lead))
    if lead.has_dkim is not None and (shows := settled(material, "dkim")):
        yield "dkim", _rows(shows, _is_dkim(lead, shows))
    if lead.dmarc_policy and (shows := settled(material, "dmarc")):
        yield "dmarc", _rows(shows, _is_dmarc(lead, shows))
    if scan.facts.get("reason") == UNLISTED_SELECTOR:
        yield "dkim_node", _rows(scan, lambda row: row.name == f"_domainkey.{lead.domain}")
    yield from _provider(material, scan)
    yield (
        "unanswered",
        _unanswered(scan) if scan.facts.get("unknown") else [],
    )


def _nothing_judged(material: Material) -> Iterator[tuple[str, list[Source]]]:
    if material.last is not None:
        yield "unanswered", _unanswered(material.last)
    if material.unjudged is not None:
        yield "unjudged_mx", _rows(material.unjudged, _is_mx(material.lead), found=True)


def _unanswered(scan: Scan) -> list[Source]:
    """Look-ups that got no answer, those first that a record hangs on."""
    failed = [(index, Evidence.of(row)) for index, row in enumerate(scan.observations)]
    failed = [(index, row) for index, row in failed if row.outcome == "failed"]
    failed.sort(key=lambda found: not is_open(scan, found[1]))
    return [_lookup(scan, index, row) for index, row in failed[:_FAILED_SHOWN]]


def is_open(scan: Scan, row: Evidence) -> bool:
    """Whether the look-up asks for one of the records that the scan could not settle."""
    kind = "MX" if row.type == "MX" else "SPF"
    if row.name.startswith("_dmarc."):
        kind = "DMARC"
    elif "_domainkey." in row.name:
        kind = "DKIM"
    return row.type in ("MX", "TXT", "CNAME") and kind in open_records(scan)


_RECORD_NAMES: Final = {"mx": "MX", "spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC"}


def open_records(scan: Scan) -> list[str]:
    """The names of the records that the scan could not settle."""
    return [_RECORD_NAMES[name] for name in scan.facts.get("unknown", [])]


def _provider(material: Material, scan: Scan) -> Iterator[tuple[str, list[Source]]]:
    lead = material.lead
    entry = material.provider_entry
    if entry is not None:
        yield "provider_entry", [_entry(entry, provider_label(entry.value) or "")]
    if material.seen_provider:
        yield "seen_provider", [*_rows(scan, _is_mx(lead)), *_mailbox(scan)]
    if entry is not None and material.provider_is_stated:
        yield "provider", [_entry(entry, provider_label(entry.value) or "")]
    elif lead.provider:
        look = next((one for one in (scan, *material.earlier) if _shows(one, lead.provider)), None)
        if look is not None:
            yield "provider", [*_rows(look, _is_mx(lead)), *_mailbox(look)]
    if lead.gateway:
        yield "gateway", _rows(scan, _is_mx(lead), found=True)
        yield "mailbox", _mailbox(scan)
    if scan.facts["mx_status"] == "nxdomain":
        yield "nxdomain", _rows(scan, _is_mx(lead))


def _shows(scan: Scan, provider: str) -> bool:
    return bool(scan.facts.get("seen_provider", scan.facts.get("scored_provider")) == provider)


def _mailbox(scan: Scan) -> list[Source]:
    """The look-ups that show who runs the mailboxes behind a gateway."""
    behind = scan.facts["behind_gateway_provider"]
    asked = {(row[3], row[4]) for row in scan.facts.get("mailbox_evidence", []) if row[0] == behind}
    return _rows(scan, lambda row: (row.name, row.type) in asked)


def settled(material: Material, signal: str) -> Scan | None:
    """The newest judged scan that was certain about `signal`: what shows a kept value stands in an older one."""
    certain: dict[str, Callable[[dict[str, Any]], bool]] = {
        "mx": lambda facts: facts["mx_status"] != "unknown",
        "spf": lambda facts: facts["spf"]["present"] is not None,
        "dkim": lambda facts: facts["dkim"]["state"] != "unknown",
        "dmarc": lambda facts: facts["dmarc"]["state"] != "unknown",
    }
    scans = (material.scan, *material.earlier)
    return next((scan for scan in scans if scan is not None and certain[signal](scan.facts)), None)


Test = Callable[[Evidence], bool]


def _is_mx(lead: Lead) -> Test:
    return lambda row: row.type == "MX" and row.name == lead.domain


def _is_spf(lead: Lead) -> Test:
    return lambda row: row.type == "TXT" and row.name == lead.domain


def _is_dkim(lead: Lead, scan: Scan) -> Test:
    """The keys that were found, else the name below which there is nothing."""
    names = {f"{selector}._domainkey.{lead.domain}" for selector in scan.facts["dkim"]["selectors"][:3]}
    return lambda row: row.name in (names or {f"_domainkey.{lead.domain}"})


def _is_dmarc(lead: Lead, scan: Scan) -> Test:
    source = scan.facts["dmarc"].get("source") or lead.domain
    names = {f"_dmarc.{lead.domain}", f"_dmarc.{source.removeprefix('_dmarc.')}"}
    return lambda row: row.name in names


def _rows(scan: Scan, test: Test, *, found: bool = False) -> list[Source]:
    """The look-ups of a scan that pass `test`, with `found` only those that brought a record."""
    rows = ((index, Evidence.of(row)) for index, row in enumerate(scan.observations))
    return [_lookup(scan, index, row) for index, row in rows if test(row) and (row.outcome == "found" or not found)]


def _lookup(scan: Scan, index: int, row: Evidence) -> Source:
    anchor = f"lookup-{scan.pk}-{index}"
    meta = [row.server and _("server %(name)s") % {"name": row.server}, row.at and _moment(row.at)]
    said = f"{row.type} {row.name} → {_answer(row)}"
    words = "; ".join([said, *(str(part) for part in meta if part)])
    return Source(anchor, words, Raw(anchor, f"{row.type} {row.name}", lookup=row))


def _answer(row: Evidence) -> str:
    if row.outcome == "failed":
        return _("no answer (%(status)s)") % {"status": row.status}
    if row.outcome == "absent":
        return _("not there (%(status)s)") % {"status": row.status.upper()}
    spf = [value for value in row.values if value.casefold().startswith("v=spf1")]
    said = " | ".join(spf or row.values or row.aliases)
    return said if len(said) <= _VALUE_LENGTH else f"{said[: _VALUE_LENGTH - 1]}…"


def _look(scan: Scan, seen_at: datetime | None) -> Source:
    words = _("Look of %(date)s: %(count)s look-ups, rules %(version)s") % {
        "date": _moment(seen_at or scan.created_at),
        "count": len(scan.observations),
        "version": scan.rules_version,
    }
    return Source(f"look-{scan.pk}", words)


# Facts that the rules make


def _judged(material: Material) -> Iterator[tuple[str, list[Source]]]:
    lead = material.lead
    if lead.score is None or material.scan is None:
        return
    yield "score", [rule_source("8", ("provider", "mx_look"), ("spf", "dkim", "dmarc"))]
    if lead.segment:
        yield "segment", [rule_source("9", ("provider", "score"))]
    yield "priority", [rule_source("11", ("segment", "score"))]
    if lead.tenant_size and lead.tenant_size_source in (SizeSource.MX, ""):
        yield "tenant_size", [_estimated(material)]


def _estimated(material: Material) -> Source:
    """The estimate from the mail host, by the provider in the records or by the one that a person entered."""
    lead = material.lead
    by_entry = scoring.estimate_tenant_size(lead.provider, lead.mx_root)
    stated = material.provider_is_stated and by_entry != mx_estimate(lead) and bool(material.seen_provider)
    return rule_source("6", ("seen_provider" if stated else "provider", "mx"))


def rule_source(number: str, on: tuple[str, ...], also_on: tuple[str, ...] = ()) -> Source:
    """A rule of v1; `number` is its section of scoring-v1."""
    return Source(f"rule-{number}-{'-'.join((*on, *also_on))}", "", on=on, also_on=also_on, rule=number)


# Facts from slow sources outside DNS


def _from_outside(material: Material) -> Iterator[tuple[str, list[Source]]]:
    registration = material.outside.get(OutsideFact.Kind.REGISTRATION)
    if registration is not None:
        yield "expiry", [_outside(registration)] if material.expiry else []
        yield "registration", [_outside(registration)] if registration.value.get("registrar") else []
    hosting = material.outside.get(OutsideFact.Kind.HOSTING)
    if hosting is not None:
        yield "hosting", [_outside(hosting)]
    tenant = material.outside.get(OutsideFact.Kind.TENANT)
    if tenant is not None:
        yield "tenant", [_outside(tenant)]
    if material.not_registered is not None:
        yield "not_registered", [_outside(material.not_registered)]


# What a footnote names of each; the raw row has the rest.
_NAMED: Final = {
    OutsideFact.Kind.REGISTRATION: ("registrar", "created_on", "expires_on"),
    OutsideFact.Kind.HOSTING: ("address", "organisation", "country"),
    OutsideFact.Kind.TENANT: ("tenant_id",),
}


def _outside(fact: OutsideFact) -> Source:
    named = {name: fact.value.get(name) for name in _NAMED[OutsideFact.Kind(fact.kind)]}
    values = ", ".join(
        _dated(str(value)) if name.endswith("_on") else str(value) for name, value in named.items() if value
    )
    at = outside.learned_at(fact, named)
    parts = [f"{fact.get_kind_display()}: {values}"[:_VALUE_LENGTH], fact.source, _moment(at) if at else ""]
    anchor = f"outside-{fact.kind}"
    words = tuple((str(outside_page.FIELDS.get(name, name)), said) for name, said in _words_of(fact))
    raw = Raw(anchor, str(fact.get_kind_display()), words=words)
    return Source(anchor, "; ".join(part for part in parts if part), raw)


def _words_of(fact: OutsideFact) -> Iterator[tuple[str, str]]:
    """(field, the words of the source); without them what was read from it."""
    if fact.evidence:
        yield from fact.evidence.items()
        return
    for name, said in fact.value.items():
        if said not in (None, "", [], {}) and name != "as_of":
            yield outside.said_as(name), str(said)


def _dated(value: str) -> str:
    """A date of a registry as the language writes it."""
    day = parse_date(value)
    return value if day is None else date_format(day, "SHORT_DATE_FORMAT")


# Facts that people entered


def _from_people(material: Material) -> Iterator[tuple[str, list[Source]]]:
    lead = material.lead
    yield "record", [_record(lead)]
    yield from _contacts(material)
    if lead.opted_out_at:
        by = name_of(lead.opted_out_by)
        yield "opt_out", [_person("opt-out", _("contact opt-out"), by, lead.opted_out_at)]
    if lead.dismissed_at:
        by = name_of(lead.dismissed_by)
        yield "dismissed", [_person("dismissal", lead.dismissed_reason or _("Dismissal"), by, lead.dismissed_at)]
    if material.outcome is not None and material.outcome.outcome == lead.outcome:
        yield "outcome", [_ended(material.outcome)]
    if lead.snoozed_until or lead.snoozed_until_change_since:
        yield "sleep", [_sleep(material)]
    if lead.follow_up_on:
        kept = (event for event in material.events if event.kind == Event.Kind.FOLLOW_UP)
        noted = next((event for event in kept if event.new == lead.follow_up_on.isoformat()), None)
        said = _("follow up on")
        if noted is not None:
            yield "follow_up", [_person("follow-up", said, name_of(noted.by), noted.at)]
        else:  # nobody knows who said so
            day = date_format(lead.follow_up_on, "SHORT_DATE_FORMAT")
            yield "follow_up", [Source("follow-up", f"{_('Follow up on')}: {day}")]
    yield from _size(material)


def _contacts(material: Material) -> Iterator[tuple[str, list[Source]]]:
    """Who may be contacted: the address that a person entered, and those of the record."""
    lead, entry = material.lead, material.contact_entry
    known = [email for email in lead.usable_emails if entry is None or email != entry.value]
    shown = [_entry(entry, unicode_address(entry.value))] if entry is not None else []
    yield "contact_entry", shown
    yield "contact_record", [_record(lead)] if known else []
    yield "contact", [*shown, *([_record(lead)] if known else [])]


def _ended(outcome: OutcomeRecord) -> Source:
    said = f"{_('Outcome')}: {outcome.get_outcome_display()}"
    said = f"{said} ({outcome.reason[:_VALUE_LENGTH]})" if outcome.reason else said
    return _person("outcome", said, name_of(outcome.by), outcome.at)


def _sleep(material: Material) -> Source:
    """When it was put to sleep the timeline knows, unless that is long ago."""
    asleep = next((event for event in material.events if event.kind == Event.Kind.SNOOZED), None)
    if asleep is not None:
        return _person("sleep", str(asleep.get_kind_display()), name_of(asleep.by), asleep.at)
    return Source("sleep", _("Snoozed by %(person)s") % {"person": name_of(material.lead.snoozed_by)})


def _size(material: Material) -> Iterator[tuple[str, list[Source]]]:
    """The size that is used when a person or a referral gave it, and those that rank lower."""
    lead = material.lead
    entry = material.entries.get(Override.Field.TENANT_SIZE)
    estimate = [_estimated(material)] if lead.mx_root else []
    if lead.tenant_size_source == SizeSource.PERSON and entry is not None:
        yield "tenant_size", [_entry(entry, size_word(entry.value))]
    elif lead.tenant_size_source == SizeSource.REFERRAL and lead.referral_remote_id:
        yield "tenant_size", [_referral(lead)]
    unused = unused_sizes(lead)
    shows = {SizeSource.REFERRAL: [_referral(lead)], SizeSource.MX: estimate}
    yield "size_unused", [source for kind in unused for source in shows[kind]]


def unused_sizes(lead: Lead) -> dict[SizeSource, str]:
    """Sizes that differ from the one in use and come from a source that ranks lower."""
    lower: dict[SizeSource, str] = {}
    if lead.tenant_size_source == SizeSource.PERSON and lead.referral_size and lead.referral_remote_id:
        lower[SizeSource.REFERRAL] = lead.referral_size
    if lead.tenant_size_source in (SizeSource.PERSON, SizeSource.REFERRAL) and lead.mx_root:
        lower[SizeSource.MX] = mx_estimate(lead)
    return {source: size for source, size in lower.items() if size and size != lead.tenant_size}


def size_word(size: str) -> str:
    return text(f"size_word.{size}") if size in ("small", "medium", "large") else size


def _entry(entry: Override, value: str) -> Source:
    said = f"{entry.get_field_display()}: {value[:_VALUE_LENGTH]}"
    if entry.reason:
        said = f"{said} ({entry.reason[:_VALUE_LENGTH]})"
    return _person(f"entry-{entry.field}", said, name_of(entry.by), entry.created_at)


def _person(key: str, said: str, by: str, at: datetime) -> Source:
    words = _("%(what)s; entered by %(person)s on %(date)s")
    return Source(key, words % {"what": said, "person": by, "date": _moment(at)})


def _record(lead: Lead) -> Source:
    words = _("Record of the lead; source: %(source)s, added on %(date)s")
    values = {"source": lead.get_source_display(), "date": _moment(lead.created_at)}
    return Source("record", words % values)


def name_of(user: Any) -> str:
    """Who entered something."""
    return _("a person who has left") if user is None else user.get_full_name() or user.get_username()


# What the rooms above told


def _from_rooms_above(material: Material) -> Iterator[tuple[str, list[Source]]]:
    lead, price = material.lead, material.price
    if lead.referral_count and lead.referral_state:
        yield "referral", [_referral(lead)]
    if lead.remote_state:
        words = _("Dynamics 365, as it was last read: %(state)s") % {"state": lead.get_remote_state_display()}
        yield "push", [Source("dynamics", words)]
    if price is not None:
        yield "price", [Source("prices", _("Price list, line “%(tier)s”") % {"tier": price.tier})]
    for number, event in enumerate(recent_changes(material), start=1):
        words = _("Timeline of the lead, %(date)s: %(what)s")
        values = {"what": event.get_kind_display(), "date": _moment(event.at)}
        yield f"change_{number}", [Source(f"event-{event.pk}", words % values)]


def _referral(lead: Lead) -> Source:
    words = _("Partner Center, referral %(id)s") % {"id": lead.referral_remote_id}
    return Source("referral", words)


def recent_changes(material: Material) -> list[Event]:
    """The newest two changes of the last month that a look or a registry saw, each kind once: what a person entered is
    no change at the company."""
    newest: dict[str, Event] = {}
    for event in material.events:
        entered = event.kind == Event.Kind.PROVIDER and (event.scan_id is None or event.by_id is not None)
        recent = (material.today - timezone.localdate(event.at)).days <= 31
        if event.kind in _CHANGES and recent and not entered:
            newest.setdefault(event.kind, event)
    return list(newest.values())[:2]


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")


def rule_text(source: Source, numbers: Callable[[str], Iterable[int]]) -> str:
    """A rule as a footnote says it; `numbers` gives the footnotes of a fact."""
    facts = [fact for fact in (*source.on, *source.also_on) if fact != "mx_look"] or ["mx_look"]
    named = [f"{text(f'fact.{fact}')} {marks(numbers(fact))}".strip() for fact in facts]
    words = _("Rule %(number)s of v1 (%(name)s), on %(facts)s")
    return words % {"number": source.rule, "name": text(f"rule.{source.rule}"), "facts": ", ".join(named)}


def marks(numbers: Iterable[int]) -> str:
    """[1][3]"""
    return "".join(f"[{number}]" for number in numbers)
