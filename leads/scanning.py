"""Scans: which leads are looked at, how a look is judged and written down, what changed (DESIGN.md section 4).

A lead waits for its scan by naming the job (`Lead.scan_job`). Writing the scan, the verdict, the events and
taking the lead out of the queue is one transaction, so a killed worker leaves either all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zlib import crc32

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

import jobs.services
import scoring
from jobs.models import Job
from jobs.services import JobRun
from leads.bulk import update_rows
from leads.looking import observe_in_chunks
from leads.models import (
    RESCAN_AFTER,
    RETRY_AFTER,
    Alert,
    Event,
    Lead,
    LeadQuerySet,
    Override,
    Scan,
    Tag,
    VerdictState,
)
from leads.tenant_size import effective, mx_estimate
from leads.verdicts import Judgement, KnownSignals, as_json, exists, judge, seen_provider
from signals.mail.analysis import judge as facts_of
from signals.types import Facts, Lookup, Observation

SLICE = 20_000  # leads taken from the queue at a time
_SILENT_DOMAINS = 20  # that many without a single answer: it is the network
_UNCERTAIN_RESCAN = timedelta(days=1)
# Microsoft services in use although the mail is elsewhere: a cross-sell fact (mail-dns-signals section 1.5).
_MICROSOFT_HINTS = ("dkim_tenant:", "autodiscover_outlook", "lyncdiscover", "enterprise", "spf_outlook")


class DnsUnreachable(Exception):
    """Not one look-up of a whole chunk was answered: the job waits and tries again, no lead is touched."""


def queue_scan(
    leads: LeadQuerySet, *, title: str, name: str = "", started_by: Any = None, thorough: bool = False, key: str = ""
) -> Job | None:
    """One job that looks at every lead of the queryset that no other job is about to look at. None = nothing to
    do. A lead is in one queue at most, so two clicks give one scan. `title` is a key of `job_texts.TITLES`. Scans
    with the same `key` go into one job while it is active."""
    with transaction.atomic():
        job = jobs.services.enqueue(
            "scan",
            key=key or f"scan:{timezone.now().isoformat()}:{started_by and started_by.pk}",
            subject=name or title,
            payload={"thorough": thorough, "title": title, "name": name[:200]},
            started_by=started_by,
        )
        queued = Lead.objects.filter(pk__in=leads.unqueued().values("pk")).update(scan_job=job)
        if not queued:
            if not key:
                job.delete()
            return None
        Job.objects.filter(pk=job.pk).update(total=F("total") + queued)
        job.total += queued
    return job


def rescan_lead(lead: Lead, *, started_by: Any) -> Job:
    """Look at one lead now, with every question we know. A lead that waits in a bulk job is taken over."""
    with transaction.atomic():
        Lead.objects.select_for_update().get(pk=lead.pk)  # the handler locks the lead first and its job second, too
        job = jobs.services.enqueue(
            "scan",
            key=f"scan:lead:{lead.pk}",
            subject=lead.domain,
            payload={"thorough": True, "title": "scan.named", "name": lead.shown_domain},
            started_by=started_by,
            total=1,
        )
        Lead.objects.filter(pk=lead.pk).update(scan_job=job)
    lead.scan_job = job
    return job


def queue_due_rescans(now: datetime, limit: int = 20_000) -> Job | None:
    """The adaptive rescan (a duty): every open lead whose next look is due."""
    due = Lead.objects.due_for_rescan(now).order_by("rescan_at").values("pk")[:limit]
    return queue_scan(Lead.objects.filter(pk__in=list(due.values_list("pk", flat=True))), title="scan.due")


def queue_retries(now: datetime, limit: int = 20_000) -> Job | None:
    """Look again at leads whose last look could not judge."""
    due = list(Lead.objects.due_for_retry(now).order_by("retry_at").values_list("pk", flat=True)[:limit])
    return queue_scan(Lead.objects.filter(pk__in=due), title="scan.retry")


def run_scan(run: JobRun) -> None:
    """Job handler: scan the leads that name this job, slice by slice. Safe to kill anywhere and to run again."""
    done = run.job.done
    failed = run.job.failed
    while True:
        waiting = Lead.objects.filter(scan_job=run.job.pk)
        domains = list(waiting.order_by("pk").values_list("domain", flat=True)[:SLICE])
        if not domains:
            break
        chunk = max(_SILENT_DOMAINS, min(250, len(domains) // 8))
        for observations in observe_in_chunks(domains, thorough=bool(run.payload.get("thorough")), chunk=chunk):
            if not observations:  # where servers are silent, a chunk takes minutes: too long for who stops the job
                run.checkpoint()
                continue
            if _network_is_down(observations):
                raise DnsUnreachable(_("No DNS server answers. Check the network and HUNTER_DNS_SERVERS."))
            with transaction.atomic():
                written = record(observations, job=run.job)
                done += len(written)
                failed += sum(judgement.verdict is None for _observation, judgement in written)
                run.checkpoint(done=done, failed=failed)
            if run.time_is_up():
                run.again()
    # A lead may have been taken over by a single scan, or deleted: the total is what this job really did.
    run.checkpoint(done=done, failed=failed, total=done)


def _network_is_down(observations: Sequence[Observation]) -> bool:
    """Every look-up of many domains timed out. A few silent domains may be their own fault and are recorded."""
    return len(observations) >= _SILENT_DOMAINS and all(
        lookup.status == "timeout" for observation in observations for lookup in observation.lookups
    )


def scan_now(leads: LeadQuerySet, *, thorough: bool) -> Iterable[dict[str, Any]]:
    """Scan in this process, without a job; yields each look in the shape of `verdicts.as_json` once it is stored."""
    domains = list(leads.order_by("pk").values_list("domain", flat=True))
    for start in range(0, len(domains), SLICE):
        for observations in observe_in_chunks(domains[start : start + SLICE], thorough=thorough):
            with transaction.atomic():
                written = record(observations, job=None)
            for observation, judgement in written:
                yield as_json(observation.domain, observation.facts, judgement)


def release(job: Job) -> None:
    """A cancelled job gives its leads up. A failed one keeps them, so that it can be started again; until then any
    other scan may take them."""
    if job.state == Job.State.CANCELLED:
        Lead.objects.filter(scan_job=job).update(scan_job=None)


@dataclass(frozen=True, slots=True)
class JudgedAgain:
    """The look is an old one, judged anew because `by` entered something (None: the clock ended an entry): nobody is
    alarmed, and the lead's clocks go on. `provider` stands where the evidence shows none."""

    by: Any
    looked_at: str
    provider: str


def judge_again(lead: Lead, *, by: Any, provider: str) -> None:
    """Judge the lead's last look anew with what people entered since, in the caller's transaction and without a
    look-up. A lead that waits for its scan is judged by that one; one whose last look could not judge is scanned.
    `provider`: see JudgedAgain."""
    if lead.awaits_scan:
        return
    last = lead.scans.order_by("-created_at", "-pk").first()
    if last is None or last.verdict is None:
        rescan_lead(lead, started_by=by)
        return
    lookups = tuple(_lookup(row) for row in last.observations)
    facts = facts_of(lead.domain, {(lookup.name, lookup.type): lookup for lookup in lookups})
    observation = Observation(domain=lead.domain, lookups=lookups, facts=facts, duration=0.0)
    looked_at = last.facts.get("looked_at") or last.created_at.isoformat()
    record([observation], job=None, again=JudgedAgain(by, looked_at, provider))


def _lookup(row: Sequence[Any]) -> Lookup:
    name, kind, status, values, aliases, ttl, server, at = row
    return Lookup(name, kind, status, tuple(values), tuple(aliases), ttl, server, at)


@dataclass(slots=True)
class _Round:
    """One chunk being written: when, for which job, what people said of its leads, and what it adds to the timeline
    (the scan's key is filled in once it is written)."""

    now: datetime
    job: Job | None
    again: JudgedAgain | None
    said: dict[int, dict[str, str]] = field(default_factory=dict)
    events: list[tuple[Event, str | None]] = field(default_factory=list)
    tags: dict[int, set[str]] = field(default_factory=dict)

    def stated(self, lead: Lead, name: str) -> str:
        return self.said.get(lead.pk, {}).get(name, "")

    def looked_at(self, lead: Lead) -> datetime:
        return self.now if self.again is None else lead.scanned_at or self.now


def record(
    observations: Sequence[Observation],
    *,
    job: Job | None,
    at: datetime | None = None,
    again: JudgedAgain | None = None,
) -> list[tuple[Observation, Judgement]]:
    """Judge each observation and write scans, verdicts, events, alerts and tags, all inside the caller's
    transaction and in a constant number of statements. Returns what was written (a lead that left the job's
    queue in the meantime is skipped)."""
    by_domain = {observation.domain: observation for observation in observations}
    leads = Lead.objects.filter(domain__in=by_domain).defer(*_NOT_NEEDED)
    if job is not None:
        leads = leads.filter(scan_job=job)
    scans: list[Scan] = []
    certain: list[tuple[Any, ...]] = []
    uncertain: list[tuple[Any, ...]] = []
    written: list[tuple[Observation, Judgement]] = []
    locked = list(leads.select_for_update(no_key=True).order_by("pk"))  # the order in which everyone locks leads
    # Asked for again while its job had written it already and still ran: the second look names no job.
    known = set(Scan.objects.filter(job=job, lead__in=locked).values_list("lead", flat=True)) if job else set()
    # Whoever had the locks before us may have written meanwhile: this comes after it.
    this = _Round(now=at or timezone.now(), job=job, again=again)
    this.said = _stated([lead.pk for lead in locked])
    for lead in locked:
        observation = by_domain[lead.domain]
        stated = this.stated(lead, Override.Field.PROVIDER)
        judgement = judge(lead.domain, observation.facts, _known(lead), stated_provider=stated)
        written.append((observation, judgement))
        scans.append(_scan(lead, observation, judgement, this, None if lead.pk in known else job))
        if judgement.verdict is None:
            uncertain.append(_undetermined_row(lead, judgement, this))
        else:
            certain.append(_verdict_row(lead, observation.facts, judgement, this))
    Scan.objects.bulk_create(scans, batch_size=500)
    update_rows(Lead, _VERDICT_COLUMNS, certain)
    update_rows(Lead, _UNDETERMINED_COLUMNS, uncertain)
    _write_events(this, {scan.lead_id: scan for scan in scans})
    _write_tags(this.tags)
    return written


def _stated(pks: Collection[int]) -> dict[int, dict[str, str]]:
    """Provider and size that people entered, by lead; read after the leads are locked."""
    found: dict[int, dict[str, str]] = {}
    fields = (Override.Field.PROVIDER, Override.Field.TENANT_SIZE)
    entries = Override.objects.in_force().filter(lead_id__in=pks, field__in=fields)
    for lead, name, value in entries.values_list("lead_id", "field", "value"):
        found.setdefault(lead, {})[name] = value
    return found


def _known(lead: Lead) -> KnownSignals:
    return KnownSignals(
        spf=lead.has_spf,
        dkim=lead.has_dkim,
        dmarc_policy={"": None, "absent": ""}.get(lead.dmarc_policy, lead.dmarc_policy),
    )


def _scan(lead: Lead, observation: Observation, judgement: Judgement, this: _Round, job: Job | None) -> Scan:
    old_look = {} if this.again is None else {"looked_at": this.again.looked_at}
    return Scan(
        lead_id=lead.pk,
        job=job,
        status=observation.facts.status,
        observations=observation.lookups,
        facts=observation.facts.as_dict() | _judged(observation.facts, judgement) | old_look,
        verdict=None if judgement.verdict is None else verdict_json(judgement.verdict),
        rules_version=scoring.RULES_VERSION,
        duration=observation.duration,
        created_at=this.now,
    )


def _judged(facts: Facts, judgement: Judgement) -> dict[str, Any]:
    return {
        "dkim_reason": facts.dkim.reason,
        "dmarc_testing": facts.dmarc.testing,
        "mailbox_evidence": [list(evidence) for evidence in facts.mailbox_evidence],
        "scored_provider": judgement.scored_provider,
        "seen_provider": seen_provider(facts),
        "stated_provider": judgement.stated_provider,
        "unknown": list(judgement.unknown),
        "reason": judgement.reason,
        "score_low": judgement.score_low,
        "score_high": judgement.score_high,
    }


@lru_cache(maxsize=4096)
def verdict_json(verdict: scoring.Verdict) -> dict[str, Any]:
    """The stored form of a verdict: its fields, and rows [part, key, points] that add up to the score."""
    return {
        "score": verdict.score,
        "segment": verdict.segment,
        "reason_id": verdict.reason_id,
        "technical_heat": verdict.technical_heat,
        "commercial_segment": verdict.commercial_segment,
        "commercial_heat": verdict.commercial_heat,
        "priority_category": verdict.priority_category,
        "priority_label": verdict.priority_label,
        "priority_score": verdict.priority_score,
        "rows": [[row.part, row.key, row.points] for row in verdict.rows],
    }


_VERDICT_COLUMNS = (
    "scan_job", "scanned_at", "rescan_at", "retry_at", "retry_count", "changed_at", "verdict_state",
    "undetermined_reason", "provider", "mx_provider", "local_provider", "gateway", "mail_service", "segment", "score",
    "score_low", "score_high", "confidence", "priority_category", "priority_score", "technical_heat",
    "commercial_heat", "commercial_segment", "tenant_size", "tenant_size_source", "mx_root", "has_spf", "has_dkim",
    "dmarc_policy", "dmarc_coverage", "microsoft_hints", "rules_version", "expiry_told",
)  # fmt: skip
_NOT_NEEDED = (
    "company_name", "name_key", "search_text", "contact_emails", "city", "country", "source", "owner", "follow_up_on",
    "snoozed_until", "outcome", "dismissed_at", "dismissed_by", "dismissed_reason", "created_at", "created_by",
    "import_batch", "local_provider", "mail_service", "score_low", "score_high", "confidence", "technical_heat",
    "commercial_heat", "commercial_segment", "microsoft_hints", "rules_version", "undetermined_reason", "mx_provider",
)  # fmt: skip
_UNDETERMINED_COLUMNS = ("scan_job", "scanned_at", "rescan_at", "retry_at", "retry_count", "verdict_state",
    "undetermined_reason")  # fmt: skip


def _verdict_row(lead: Lead, facts: Facts, judgement: Judgement, this: _Round) -> tuple[Any, ...]:
    verdict = judgement.verdict
    assert verdict is not None
    spf = lead.has_spf if judgement.spf is None else judgement.spf
    dkim = lead.has_dkim if judgement.dkim is None else judgement.dkim
    policy = lead.dmarc_policy if judgement.dmarc_policy is None else judgement.dmarc_policy or "absent"
    coverage = lead.dmarc_coverage if judgement.dmarc_policy is None else judgement.dmarc_coverage
    provider = judgement.scored_provider
    if provider == "Unknown" and lead.provider:  # scoring-v1 section 1: never overwritten by Unknown
        provider = lead.provider if this.again is None else this.again.provider or provider
    after = _State(spf, dkim, policy, judgement.mx_root, verdict.score, verdict.segment)
    events = list(_events(lead, facts, provider, after, this))
    this.events.extend(events)
    is_told_now = any(event.kind == Event.Kind.EXPIRY for event, _alert in events)
    tags = set(
        scoring.auto_tags(
            spf=spf,
            dkim=dkim,
            dmarc_policy=_core_policy(policy),
            segment=verdict.segment,
            readiness_score=verdict.score,
            provider=provider,
            expires_in_days=_days_left(lead, this.now),
        )
    )
    if not exists(facts):  # no record of a domain that does not exist is missing
        spf, dkim, policy, coverage, tags = None, None, "", None, set()
    this.tags[lead.pk] = tags
    size, size_source = effective(
        person=this.stated(lead, Override.Field.TENANT_SIZE),
        referral=lead.referral_size,
        mx=judgement.tenant_size or mx_estimate(lead),
    )
    next_look = lead.rescan_at
    if this.again is None:
        next_look = _next_look(lead, verdict.priority_score, bool(events), bool(judgement.unknown), this.now)
    changed_at = this.now if events else lead.changed_at
    return (
        lead.pk, None, this.looked_at(lead), next_look, None, 0, changed_at, judgement.state, judgement.reason,
        provider, facts.provider, facts.local_provider or "", facts.gateway or "", facts.mail_service or "",
        verdict.segment, verdict.score, judgement.score_low, judgement.score_high, judgement.confidence,
        verdict.priority_category or "", verdict.priority_score, verdict.technical_heat or "",
        verdict.commercial_heat or "", verdict.commercial_segment or "", size, size_source, judgement.mx_root or "",
        spf, dkim, policy, coverage, _shows_microsoft(facts), scoring.RULES_VERSION,
        lead.expires_on if is_told_now else lead.expiry_told,
    )  # fmt: skip


def _undetermined_row(lead: Lead, judgement: Judgement, this: _Round) -> tuple[Any, ...]:
    """The verdict stays what it was; the clock asks again after 15 min, 1 h, 6 h, 24 h."""
    retry_at = this.now + RETRY_AFTER[lead.retry_count] if lead.retry_count < len(RETRY_AFTER) else None
    rescan_at = _next_look(lead, lead.priority_score, False, True, this.now)
    return (
        lead.pk, None, this.looked_at(lead), rescan_at, retry_at, min(lead.retry_count + 1, len(RETRY_AFTER)),
        VerdictState.UNDETERMINED.value, judgement.reason,
    )  # fmt: skip


def _next_look(lead: Lead, priority: int, changed: bool, uncertain: bool, now: datetime) -> datetime:
    """Hot, changed and uncertain leads tomorrow, cold ones in a month; spread by name over a tenth of the wait."""
    days = timedelta(days=RESCAN_AFTER.get(priority, 7))
    wait = min(days, _UNCERTAIN_RESCAN) if changed or uncertain else days
    return now + wait * (1 + crc32(lead.domain.encode()) % 1000 / 10_000)


def _shows_microsoft(facts: Facts) -> bool:
    return any(hint.startswith(_MICROSOFT_HINTS) for hint in facts.hints)


@dataclass(frozen=True, slots=True)
class _State:
    """The compared part of a lead's facts; None and "" = unknown."""

    spf: bool | None
    dkim: bool | None
    policy: str
    mx_root: str | None
    score: int
    segment: str


def _core_policy(policy: str) -> str | None:
    return None if policy in ("", "absent") else policy


def _days_left(lead: Lead, at: datetime) -> int | None:
    return None if lead.expires_on is None else (lead.expires_on - timezone.localdate(at)).days


def _events(lead: Lead, facts: Facts, provider: str, after: _State, this: _Round) -> Iterable[tuple[Event, str | None]]:
    """Timeline events of a rescan, each with the alert type it raises. The first scan gives none (scoring-v1
    section 14), and a value that was never known does not count as a change. A near expiry is told once a date, by
    whoever notices it first: this, or the registry's answer (`outside`). An old look that is judged anew tells none."""
    if lead.score is None:
        return
    now, days_left = this.now, _days_left(lead, this.now)
    is_told = this.again is not None or lead.expiry_told == lead.expires_on
    before = _State(
        after.spf if lead.has_spf is None else lead.has_spf,
        after.dkim if lead.has_dkim is None else lead.has_dkim,
        lead.dmarc_policy or after.policy,
        lead.mx_root or None,
        lead.score,
        lead.segment,
    )
    found = scoring.detect_changes(
        old=_compared(before, days_left if is_told else None), new=_compared(after, days_left)
    )
    if lead.provider and provider not in (lead.provider, "Unknown"):
        yield Event(lead_id=lead.pk, kind=Event.Kind.PROVIDER, at=now, old=lead.provider, new=provider), None
    if lead.gateway != (facts.gateway or ""):
        yield Event(lead_id=lead.pk, kind=Event.Kind.GATEWAY, at=now, old=lead.gateway, new=facts.gateway or ""), None
    for kind, alert in _EVENT_OF_CHANGE.items():
        change = next((name for name in alert if name in found.changes), None)
        if change is not None or kind in found.history:
            old, new = _values(kind, before, after, lead)
            if old != new or kind == Event.Kind.EXPIRY:
                raised = alert.get(change or "")
                yield Event(lead_id=lead.pk, kind=kind, at=now, old=old, new=new), raised
    if before.segment != after.segment:
        yield (
            Event(lead_id=lead.pk, kind=Event.Kind.SEGMENT, at=now, old=before.segment, new=after.segment),
            None if before.score != after.score else "score_changed",
        )


# Event kind -> the changes of scoring-v1 section 14 that it records, with the alert each raises.
_EVENT_OF_CHANGE: dict[str, dict[str, str | None]] = {
    Event.Kind.SPF: {"spf_changed": None},
    Event.Kind.DKIM: {"dkim_changed": None},
    Event.Kind.DMARC: {"dmarc_added": "dmarc_added", "dmarc_changed": None},
    Event.Kind.MX: {"mx_changed": "mx_changed"},
    Event.Kind.EXPIRY: {"expire_soon": "expire_soon"},
    Event.Kind.SCORE: {"priority_score_changed": "score_changed", "segment_changed": "score_changed"},
}


def _compared(state: _State, expires_in_days: int | None) -> scoring.Snapshot:
    return scoring.Snapshot(
        spf=state.spf,
        dkim=state.dkim,
        dmarc_policy=_core_policy(state.policy),
        mx_root=state.mx_root,
        expires_in_days=expires_in_days,
        score=state.score,
        segment=state.segment,
    )


def _values(kind: str, before: _State, after: _State, lead: Lead) -> tuple[str, str]:
    if kind == Event.Kind.EXPIRY:
        return "", lead.expires_on.isoformat() if lead.expires_on else ""
    reads: dict[str, Callable[[_State], str]] = {
        Event.Kind.SPF: lambda state: _presence(state.spf),
        Event.Kind.DKIM: lambda state: _presence(state.dkim),
        Event.Kind.DMARC: lambda state: state.policy or "absent",
        Event.Kind.MX: lambda state: state.mx_root or "",
        Event.Kind.SCORE: lambda state: str(state.score),
    }
    return reads[kind](before), reads[kind](after)


def _presence(value: bool | None) -> str:
    return {True: "present", False: "absent", None: ""}[value]


def _write_events(this: _Round, scans: dict[int, Scan]) -> None:
    for event, _alert in this.events:
        # No look shows a provider that changed because somebody entered it: the entry stands beside it.
        entered = this.again is not None and event.kind == Event.Kind.PROVIDER
        event.scan_id = None if entered else scans[event.lead_id].pk
        event.by = None if this.again is None else this.again.by
    Event.objects.bulk_create([event for event, _alert in this.events], batch_size=500)
    if this.again is not None:
        return
    Alert.objects.bulk_create(
        [
            Alert(lead_id=event.lead_id, event=event, type=alert, created_at=event.at)
            for event, alert in this.events
            if alert is not None
        ],
        batch_size=500,
    )


def _write_tags(wanted: dict[int, set[str]]) -> None:
    """Automatic tags come and go with the facts; tags set by people are not touched."""
    tags = _automatic_tags()
    through = Lead.tags.through
    names = {tag.pk: name for name, tag in tags.items()}
    present = {
        (row.lead_id, names[row.tag_id]): row.pk for row in through.objects.filter(lead_id__in=wanted, tag_id__in=names)
    }
    missing = [
        through(lead_id=lead, tag_id=tags[name].pk)
        for lead, wants in wanted.items()
        for name in sorted(wants)
        if name in tags and (lead, name) not in present
    ]
    through.objects.bulk_create(missing, batch_size=500, ignore_conflicts=True)
    untrue = [pk for (lead, name), pk in present.items() if name not in wanted[lead]]
    if untrue:
        through.objects.filter(pk__in=untrue).delete()


def _automatic_tags() -> dict[str, Tag]:
    return {tag.name: tag for tag in Tag.objects.filter(automatic=True)}
