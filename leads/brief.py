"""The sales brief: the message ids of the sales summary (scoring-v1 section 17) as sentences in the active language,
each with numbered footnotes to what shows it.

A sentence is left out when a fact it rests on is not known or nothing shows it, whatever id the summary gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from django.utils import timezone
from django.utils.formats import date_format, number_format

import scoring
from leads import brief_sources, snoozing
from leads.brief_messages import MESSAGES, is_known, provider_label, stated_id, text
from leads.brief_sentences import Message
from leads.brief_sources import Material, Raw, Source, Sources, material_of, sources_of
from leads.event_words import event_value
from leads.folding import unicode_address
from leads.models import Lead, OutsideFact, Override, ReferralState, RemoteState, VerdictState
from leads.verdicts import UNLISTED_SELECTOR
from signals.mail.dmarc import has_valid_policy

DUE_AFTER: Final = {"24h": 1, "3d": 3, "1w": 7, "1mo": 30}  # days
# Every lead is looked at once a month at least; facts that are twice as old are no longer today's.
STALE_AFTER: Final = 60  # days
_CONTACTS: Final = ("call", "email")
_REASON_LENGTH: Final = 160  # characters of what a person gave as the reason; the footnote has it, too
_RECORDS: Final = {"spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC"}
# Families of sentences that a rule derives from facts, with its section of scoring-v1. The others say the fact itself.
_RULES: Final = {
    "one_liner": "17.5", "segment": "17.6", "call": "17.8", "discovery": "17.9", "next": "17.10", "due": "17.10",
    "offer": "17.3", "opportunity": "17.1", "security.angle": "17.4", "security.action": "17.4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sentence:
    """`facts` name what it rests on, `notes` are the numbers of its footnotes: at least one. `record` is the
    text of the DNS record that it speaks of, for a line of its own."""

    id: str
    text: str
    facts: tuple[str, ...]
    notes: tuple[int, ...]
    record: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """`key` is the id behind "section." in the message table."""

    key: str
    title: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Footnote:
    """`raw` is the row it links to; None = the note says all there is."""

    number: int
    text: str
    raw: Raw | None


@dataclass(frozen=True, slots=True)
class Factor:
    """One line of the opportunity potential: its name, the points it gives and why."""

    label: str
    points: int
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """`potential` 0-100; `urgency`, `risk` and `tier` are texts in the active language, `risk` "" when nothing is
    known."""

    potential: int
    factors: tuple[Factor, ...]
    urgency: str
    risk: str
    tier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What to do next: texts in the active language, and the day it is due, None without one. `kind`: call, email or
    wait by the rules; scan (the facts are old), rest (the lead sleeps) or closed (it has an outcome, or was dismissed)
    come before them."""

    kind: str
    action: str
    timeline: str
    due: date | None

    @property
    def is_contact(self) -> bool:
        return self.kind in ("call", "email")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """`sections` the most important first. `figures` and `step` are None when nothing was judged, or when the company
    asked not to be contacted. `stale`: the facts are old; `judged`: there is a verdict to speak about; `closed`: the
    lead has ended, and the call is left out unless it was asked for."""

    sections: tuple[Section, ...]
    notes: tuple[Footnote, ...]
    figures: Figures | None = None
    step: Step | None = None
    stale: bool = False
    judged: bool = False
    opted_out: bool = False
    closed: bool = False

    @property
    def action(self) -> str:
        return self.step.action if self.step else ""

    @property
    def timeline(self) -> str:
        return self.step.timeline if self.step else ""

    def section(self, key: str) -> Section | None:
        return next((section for section in self.sections if section.key == key), None)


class Standing(StrEnum):
    """What decides about a lead before the rules do."""

    OPTED_OUT = "opted_out"
    CLOSED = "closed"
    ASLEEP = "asleep"
    STALE = "stale"
    OPEN = "open"


def standing_of(material: Material) -> Standing:
    lead = material.lead
    if lead.opted_out_at:
        return Standing.OPTED_OUT
    if lead.outcome or lead.dismissed_at:
        return Standing.CLOSED
    if snoozing.is_asleep(lead, timezone.now()):
        return Standing.ASLEEP
    return Standing.STALE if material.age >= STALE_AFTER else Standing.OPEN


def brief_of(lead: Lead) -> Brief:
    """The brief of any lead; of one about which nothing is known it says what to do."""
    return build_brief(material_of(lead))


def build_brief(material: Material, sources: Sources | None = None, *, full: bool = False) -> Brief:
    """The brief in the active language. `sources`: what shows the facts, when it is not all of the material. `full`:
    with the call, also when the lead has ended."""
    known = sources_of(material) if sources is None else sources
    standing = standing_of(material)
    summary = summary_of(material) if "score" in known and "nxdomain" not in known else None
    step = _step(material, summary, standing)
    writer = Writer(known, _params(material, step), stated=material.provider_is_stated)
    sections = writer.sections(_parts(material, summary, standing, full=full))
    quiet = standing == Standing.OPTED_OUT or (standing == Standing.CLOSED and not full)
    return Brief(
        sections=sections,
        notes=writer.notes(),
        figures=_figures(summary, known) if summary is not None and not quiet else None,
        step=step,
        stale=summary is not None and material.age >= STALE_AFTER,
        judged=summary is not None or "nxdomain" in known,
        opted_out=standing == Standing.OPTED_OUT,
        closed=standing == Standing.CLOSED,
    )


def summary_of(material: Material) -> scoring.SalesSummary | None:
    """The sales summary (scoring-v1 section 17) from the stored verdict; None without a verdict. It speaks of e-mail
    only, so it is not told where the web site is hosted."""
    lead = material.lead
    if lead.score is None:
        return None
    return scoring.sales_summary(
        domain=lead.domain,
        provider=lead.provider or None,
        segment=lead.segment or None,
        readiness_score=lead.score,
        priority_score=lead.priority_score,
        tenant_size=lead.tenant_size or None,
        # The name is read from the mail host; it says nothing about a provider that a person entered.
        local_provider=None if material.provider_is_stated else lead.local_provider or None,
        # Records that receivers ignore are nothing that is in place.
        spf=False if material.spf_ignored else lead.has_spf,
        dkim=lead.has_dkim,
        dmarc_policy=None if lead.dmarc_policy in ("", "absent") else lead.dmarc_policy,
        dmarc_coverage=lead.dmarc_coverage,
        contact_quality_score=scoring.contact_quality(lead.usable_emails, lead.domain),
        expires_in_days=(material.expiry - material.today).days if material.expiry else None,
        mx_root=lead.mx_root or None,
    )


Parts = list[tuple[str, Iterable[str]]]


def _parts(material: Material, summary: scoring.SalesSummary | None, standing: Standing, *, full: bool) -> Parts:
    """Sections and their message ids, the most important first: what does not fit on a page goes from the end."""
    decided = _decided_ids(material, standing)
    if summary is None:
        known: Parts = [("known", _known_ids(material)), ("todo", _todo_ids(material, standing))]
        return [*decided, ("news", _today_ids(material)), *known]
    quiet = standing == Standing.OPTED_OUT or (standing == Standing.CLOSED and not full)
    facts: Parts = [
        ("provider", _provider_ids(material, summary)),
        ("security", _security_ids(material, summary, advice=not quiet)),
        ("website", ("website.network", "website.country")),
    ]
    if quiet:
        return [*decided, ("news", _today_ids(material)), *facts]
    step = summary.next_step
    due = [f"due.{step.action}"] if step.action in _CONTACTS else []
    calls = step.action == "call" and standing in (Standing.OPEN, Standing.CLOSED)
    call: Parts = [("call", summary.call_script), ("questions", summary.discovery_questions)]
    return [
        ("headline", summary.one_liner),
        ("today" if calls else "news", _today_ids(material)),
        *(decided or [("next", (step.message_id, *due))]),
        ("contact", ("contact.entry", "contact.record")),
        *(call if calls else []),
        *facts,
        ("offer", _offer_ids(material, summary)),
        ("why", summary.segment_explanation),
        *([] if calls else call),
    ]


def _decided_ids(material: Material, standing: Standing) -> Parts:
    """The section on what to do, where it is decided before the rules are asked."""
    lead = material.lead
    if standing == Standing.OPTED_OUT:
        return [("contact", ("today.opted_out", "opted_out.remains"))]
    if standing == Standing.CLOSED:
        ended = (f"closed.{lead.outcome}", "closed.back") if lead.outcome else ("closed.dismissed",)
        return [("next", ended)]
    if standing == Standing.ASLEEP:
        dated = "either" if lead.snoozed_until_change_since else "until"
        return [("next", (f"rest.{dated}" if lead.snoozed_until else "rest.change",))]
    return [("next", ("stale.scan",))] if standing == Standing.STALE else []


# Message ids beyond the summary


def _today_ids(material: Material) -> Iterator[str]:
    lead = material.lead
    if material.age >= STALE_AFTER:
        yield "today.stale"
    elif material.scan is not None and lead.verdict_state == VerdictState.UNDETERMINED:
        yield "today.undetermined"
    if lead.referral_state:
        late = lead.referral_state == ReferralState.NEW and _is_over(lead)
        yield "today.referral.overdue" if late else f"today.referral.{lead.referral_state}"
    if lead.remote_state:
        yield f"today.push.{RemoteState(lead.remote_state).value}"
    if material.expiry is not None:
        days = (material.expiry - material.today).days
        if days < 90:  # the urgency window of scoring-v1 section 17.2
            yield "today.expiry.passed" if days < 0 else "today.expiry.ahead"
    yield from ("today.change.1", "today.change.2")
    if lead.follow_up_on:
        yield "today.follow_up"


def _is_over(lead: Lead) -> bool:
    return lead.referral_deadline is not None and lead.referral_deadline < timezone.now()


def _provider_ids(material: Material, summary: scoring.SalesSummary) -> Iterator[str]:
    yield "provider.person"
    if material.provider_is_stated:
        yield from (_seen_id(material), "provider.person.counts", "provider.tenant")
        return
    # That an SPF record exists is said once, with the other mail records.
    yield from (message_id for message_id in summary.provider_reasoning if message_id != "provider.m365.spf")
    if material.lead.gateway:
        behind = material.scan is not None and material.scan.facts["behind_gateway_provider"]
        yield "provider.gateway.seen_through" if behind else "provider.gateway.hidden"
    yield "provider.tenant"


def _seen_id(material: Material) -> str:
    """What the records show, where a person says otherwise."""
    lead, behind = material.lead, material.scan is not None and material.scan.facts["behind_gateway_provider"]
    if material.seen_provider:
        return "provider.records.behind" if lead.gateway and behind else "provider.records"
    if lead.gateway:
        return "provider.gateway.hidden"
    return "provider.unknown.mx_unrecognised" if lead.mx_root else "provider.records.none"


def _security_ids(material: Material, summary: scoring.SalesSummary, *, advice: bool) -> Iterator[str]:
    """`advice`: with what to say and to offer."""
    lead, security = material.lead, summary.security_reasoning
    if security is None:
        yield "security.none"
        return
    unlisted = lead.undetermined_reason == UNLISTED_SELECTOR
    # Of an unlisted key nothing is said but that it exists (DESIGN.md section 4), and the summary speaks of DKIM; nor
    # does it know an SPF record that is there and counts for nothing.
    if not (unlisted or material.spf_ignored):
        yield security.summary_id
    ignored = {"security.detail.spf_missing": "security.detail.spf_multiple"} if material.spf_ignored else {}
    yield from (ignored.get(detail, detail) for detail in security.detail_ids)
    if unlisted:
        yield "security.dkim_unlisted"
    elif _unknown_records(lead):
        yield "security.unknown"
    if advice:
        yield from (security.sales_angle_id, security.recommended_action_id)


def _unknown_records(lead: Lead) -> str:
    """The names of the records that no look has settled yet."""
    unknown = {"spf": lead.has_spf is None, "dkim": lead.has_dkim is None, "dmarc": not lead.dmarc_policy}
    return ", ".join(name for key, name in _RECORDS.items() if unknown[key])


def _offer_ids(material: Material, summary: scoring.SalesSummary) -> Iterator[str]:
    lead, price = material.lead, material.price
    yield summary.offer_tier.recommendation_id
    if lead.tenant_size:
        yield f"size.{lead.tenant_size_source or 'mx'}"
        yield "size.unused"
    if price is not None:
        yield "price.user"
        optional = {
            "migration": price.migration_fee if lead.segment == "Migration" else None,
            "defender": price.defender_per_user_per_month,
            "consulting": price.consulting_fee,
        }
        yield from (f"price.{name}" for name, amount in optional.items() if amount is not None)


def _known_ids(material: Material) -> Iterator[str]:
    if material.scan is not None and material.scan.facts["mx_status"] == "nxdomain":
        yield "known.nxdomain"
    elif material.last is not None:
        yield "known.unanswered" if "MX" in brief_sources.open_records(material.last) else "known.undecided"
        if material.unjudged is not None:
            yield "known.mx" if material.recognised_provider else "known.mx_unrecognised"
    else:
        yield "known.never"
    if material.outside.get(OutsideFact.Kind.REGISTRATION) is not None:
        ends = material.expiry
        registered = ends is not None and ends >= material.today
        yield from ("known.registered" if registered else "known.registration", "known.registrar")
    yield from ("known.not_registered", "known.record", "known.contacts")


def _todo_ids(material: Material, standing: Standing) -> Iterator[str]:
    if standing == Standing.CLOSED:
        return
    if material.scan is not None and material.scan.facts["mx_status"] == "nxdomain":
        yield "todo.spelling"
        return
    yield "todo.scan" if material.last is None else "todo.again"
    if standing not in (Standing.OPTED_OUT, Standing.ASLEEP):
        yield "todo.no_statement"


# Values in the sentences


def _params(material: Material, step: Step | None) -> dict[str, Any]:
    lead, today, outcome = material.lead, material.today, material.outcome
    hosting = material.outside.get(OutsideFact.Kind.HOSTING)
    registration = material.outside.get(OutsideFact.Kind.REGISTRATION)
    entry = material.contact_entry
    others = [email for email in lead.usable_emails if entry is None or email != entry.value]
    values = {
        "local_provider": lead.local_provider,
        "provider": provider_label(lead.provider),
        "seen_provider": provider_label(material.seen_provider),
        "gateway": lead.gateway,
        "mx_root": lead.mx_root or _unjudged_root(material),
        "score": score_words(lead),
        "size_source": text(f"size_source.{lead.tenant_size_source}") if lead.tenant_size_source else "",
        "policy": lead.get_dmarc_policy_display() if lead.dmarc_policy not in ("", "absent") else "",
        "coverage": lead.dmarc_coverage,
        "dmarc_state": _dmarc_state(material),
        "selectors": ", ".join(_selectors(material)),
        "records": _unknown_records(lead),
        "open_records": ", ".join(brief_sources.open_records(material.last)) if material.last else "",
        "contacts": ", ".join(map(unicode_address, lead.usable_emails[:3])),
        "contact": unicode_address(entry.value) if entry else "",
        "other_contacts": ", ".join(map(unicode_address, others[:3])),
        "registrar": registration.value.get("registrar") if registration else "",
        "opted_out_person": brief_sources.name_of(lead.opted_out_by) if lead.opted_out_at else "",
        "dismissed_person": brief_sources.name_of(lead.dismissed_by) if lead.dismissed_at else "",
        "dismissed_reason": lead.dismissed_reason,
        "outcome_person": brief_sources.name_of(outcome.by) if outcome else "",
        "source": lead.get_source_display(),
        "organisation": hosting.value.get("organisation") if hosting else "",
        "country": _country(hosting.value.get("country")) if hosting else "",
        "sizes": _unused_sizes(lead),
        "age": number_format(material.age, use_l10n=True, force_grouping=True),
        "days": (material.expiry - today).days if material.expiry else None,
    }
    moments = {
        "due": step.due if step else None, "expiry": material.expiry, "deadline": lead.referral_deadline,
        "opted_out": lead.opted_out_at, "dismissed": lead.dismissed_at, "seen": material.seen_at,
        "follow_up": lead.follow_up_on, "added": lead.created_at, "until": lead.snoozed_until,
        "outcome": outcome.at if outcome else None,
        "not_registered": material.not_registered.seen_at if material.not_registered else None,
    }  # fmt: skip
    values |= {name: day(moment) for name, moment in moments.items() if moment is not None}
    by_people = {
        "size": material.entries.get(Override.Field.TENANT_SIZE),
        "provider": material.provider_entry,
        "contact": material.contact_entry,
    }
    for name, entry in by_people.items():
        if entry is not None:
            values |= {f"{name}_person": brief_sources.name_of(entry.by), f"{name}_date": day(entry.created_at)}
            values[f"{name}_reason"] = cut(entry.reason, _REASON_LENGTH)
    if lead.retry_at:
        values["retry"] = date_format(timezone.localtime(lead.retry_at), "SHORT_DATETIME_FORMAT")
    for number, event in enumerate(brief_sources.recent_changes(material), start=1):
        old, new = (event_value(value, event.kind) or "–" for value in (event.old, event.new))
        values[f"changed_{number}"] = day(event.at)
        values[f"change_{number}"] = f"{event.get_kind_display()} ({old[:80]} → {new[:80]})"
    return values | _amounts(material)


def _unjudged_root(material: Material) -> str:
    look = material.unjudged
    return "" if look is None else scoring.extract_mx_root(look.facts["mx_hosts"][0]) or ""


def day(moment: Any) -> str:
    """A date, or the local date of a time, as the language writes it."""
    local = timezone.localtime(moment) if hasattr(moment, "hour") else moment
    return date_format(local, "SHORT_DATE_FORMAT")


def cut(said: str, length: int) -> str:
    """In one line of at most `length` characters; what is cut shows."""
    said = " ".join(said.split())
    return said if len(said) <= length else f"{said[: length - 1].rstrip()}…"


def score_words(lead: Lead) -> str:
    """ "72", or "40–50" while a signal is unknown."""
    if lead.score is None:
        return ""
    return f"{lead.score_low}–{lead.score_high}" if lead.score_is_range else str(lead.score)


def _dmarc_state(material: Material) -> str:
    look = brief_sources.settled(material, "dmarc")
    if material.lead.dmarc_policy not in ("absent", "none") or look is None:
        return ""
    dmarc = look.facts["dmarc"]
    testing = dmarc["policy"] in ("quarantine", "reject")
    return text(f"dmarc_state.{'testing' if testing else dmarc_defect(dmarc) or material.lead.dmarc_policy}")


def dmarc_defect(dmarc: Mapping[str, Any]) -> str:
    """What keeps a DMARC record that is published from meaning what it says, by the facts of a scan: multiple (several
    records, none applies), ignored (no valid policy, so the record does not apply), invalid (no valid policy, so it
    counts as p=none); "" = nothing (mail-dns-signals section 2.5)."""
    if dmarc["state"] != "present":
        return ""
    if not dmarc["valid"]:
        return "ignored" if dmarc["record"] else "multiple"
    return "" if has_valid_policy(dmarc["record"]) else "invalid"


def _selectors(material: Material) -> list[str]:
    return list(material.scan.facts["dkim"]["selectors"][:3]) if material.scan else []


def _country(code: str | None) -> str:
    """The name of a country, else its code."""
    return text(f"country.{code}") if is_known(f"country.{code}") else code or ""


def _unused_sizes(lead: Lead) -> str:
    unused = brief_sources.unused_sizes(lead).items()
    return ", ".join(f"{brief_sources.size_word(size)} ({text(f'size_source.{source}')})" for source, size in unused)


def _amounts(material: Material) -> dict[str, str]:
    price = material.price
    if price is None:
        return {}
    amounts = {
        "user": price.per_user_per_month,
        "migration": price.migration_fee,
        "defender": price.defender_per_user_per_month,
        "consulting": price.consulting_fee,
    }
    shown = {
        f"amount_{name}": f"{number_format(amount, 2, use_l10n=True, force_grouping=True)} {price.currency}"
        for name, amount in amounts.items()
        if amount is not None
    }
    return {"tier": text(f"tier.{price.tier}"), **shown}


# Figures and step


def _figures(summary: scoring.SalesSummary, known: Sources) -> Figures:
    security = summary.security_reasoning
    return Figures(
        potential=summary.opportunity_potential,
        factors=tuple(
            Factor(text(f"factor.{factor.name}"), factor.score, text(factor.comment_id))
            for factor in summary.opportunity_rationale.factors
        ),
        urgency=text(f"urgency.{summary.urgency}"),
        risk=text(f"risk.{security.risk_level}") if security is not None and "dmarc" in known else "",
        tier=text(f"tier.{summary.offer_tier.tier}"),
    )


def _step(material: Material, summary: scoring.SalesSummary | None, standing: Standing) -> Step | None:
    if standing == Standing.OPTED_OUT:
        return None
    if standing == Standing.CLOSED:
        return _end(material)
    if standing == Standing.ASLEEP:
        return _rest(material.lead)
    if summary is None:
        return None
    if standing == Standing.STALE:
        return Step(kind="scan", action=text("action.scan"), timeline=text("timeline.first"), due=None)
    step = summary.next_step
    return Step(
        kind=step.action,
        action=text(f"action.{step.action}"),
        timeline=text(f"timeline.{step.timeline}"),
        due=material.today + timedelta(days=DUE_AFTER[step.timeline]),
    )


def _end(material: Material) -> Step:
    lead, outcome = material.lead, material.outcome
    ended = outcome.at if outcome is not None and lead.outcome else None if lead.outcome else lead.dismissed_at
    action = lead.get_outcome_display() if lead.outcome else text("action.dismissed")
    return Step(kind="closed", action=action, timeline=day(ended) if ended else "", due=None)


def _rest(lead: Lead) -> Step:
    """Until the day it wakes, which may come sooner when it waits for a change, too."""
    until = lead.snoozed_until
    if until is None:
        return Step(kind="rest", action=text("action.rest"), timeline=text("timeline.change"), due=None)
    wording = "timeline.either" if lead.snoozed_until_change_since else "timeline.until"
    timeline = text(wording, until=day(until))
    return Step(kind="rest", action=text("action.rest"), timeline=timeline, due=timezone.localdate(until))


# Sentences and footnotes


class Writer:
    """Writes sentences and numbers their footnotes in the order in which they are first needed. `stated`: who the mail
    provider is only a person says, and the sentences say so."""

    def __init__(self, known: Sources, params: dict[str, Any], *, stated: bool = False) -> None:
        self.known = known
        self.params = params
        self.stated = stated
        self._cited: dict[str, tuple[int, Source]] = {}

    def sections(self, parts: Parts) -> tuple[Section, ...]:
        written = ((key, tuple(self._sentences(ids))) for key, ids in parts)
        return tuple(Section(key, text(f"section.{key}"), sentences) for key, sentences in written if sentences)

    def notes(self) -> tuple[Footnote, ...]:
        return tuple(Footnote(number, self._said(source), source.raw) for number, source in self._cited.values())

    def _sentences(self, ids: Iterable[str]) -> Iterator[Sentence]:
        for message_id in ids:
            wording = stated_id(message_id) if self.stated else message_id
            message = MESSAGES[wording]
            facts = self._facts(message)
            said = text(wording, **self._values(message_id)) if facts else ""
            if said:
                notes = tuple(sorted({self._cite(source) for source in self._shown_by(message_id, message, facts)}))
                yield Sentence(wording, said, facts, notes, self.params.get(message.record) or "")

    def _facts(self, message: Message) -> tuple[str, ...]:
        """The known facts that the sentence rests on; none = it cannot be said."""
        if not self.known.keys() >= {*message.facts}:
            return ()
        return (*message.facts, *(fact for fact in message.also if fact in self.known))

    def _values(self, message_id: str) -> dict[str, Any]:
        """A price sentence speaks of its own amount."""
        family, _dot, name = message_id.partition(".")
        return self.params | {"amount": self.params.get(f"amount_{name}")} if family == "price" else self.params

    def _shown_by(self, message_id: str, message: Message, facts: tuple[str, ...]) -> Iterable[Source]:
        for family, number in _RULES.items():
            if message_id.startswith(f"{family}."):
                return [brief_sources.rule_source(number, message.facts, facts[len(message.facts) :])]
        return [source for fact in facts for source in self.known[fact]]

    def _cite(self, source: Source) -> int:
        if source.key not in self._cited:
            self._cited[source.key] = (len(self._cited) + 1, source)
            for fact in self._rests_on(source):
                for base in self.known[fact]:
                    self._cite(base)
        return self._cited[source.key][0]

    def _rests_on(self, source: Source) -> list[str]:
        return [fact for fact in (*source.on, *source.also_on) if fact in self.known]

    def _said(self, source: Source) -> str:
        if not source.rule:
            return source.text
        known = replace(source, on=tuple(self._rests_on(source)), also_on=())
        return brief_sources.rule_text(known, lambda fact: [self._cited[base.key][0] for base in self.known[fact]])
