"""The sales brief: the message ids of the sales summary (scoring-v1 section 17) as sentences in the active language.

A sentence is left out when a fact it rests on is not known, whatever id the summary gives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.utils.formats import date_format

import scoring
from leads.brief_messages import MESSAGES, provider_label, text
from leads.models import Lead, VerdictState
from leads.verdicts import UNLISTED_SELECTOR

DUE_AFTER: Final = {"24h": 1, "3d": 3, "1w": 7, "1mo": 30}  # days
_RECORDS: Final = {"spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """`facts` name what it rests on: see `brief_messages.Message`."""

    id: str
    text: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """`key` is the id behind "section." in the message table."""

    key: str
    title: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Factor:
    """One line of the opportunity potential: its name, the points it gives and why."""

    label: str
    points: int
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """`potential` 0-100; `urgency`, `risk`, `step_priority`, `action`, `timeline` are texts in the active language,
    `risk` "" when nothing is known; `due` is the date of the next step."""

    sections: tuple[Section, ...]
    potential: int
    factors: tuple[Factor, ...]
    urgency: str
    risk: str
    tier: str
    action: str
    timeline: str
    step_priority: str
    due: date


def build_brief(summary: scoring.SalesSummary, *, lead: Lead, today: date) -> Brief:
    """The brief of a lead with a verdict, in the active language."""
    known = known_facts(lead)
    params = _params(lead, today)
    step = summary.next_step
    due = today + timedelta(days=DUE_AFTER[step.timeline])
    security = summary.security_reasoning
    parts: list[tuple[str, Iterable[str]]] = [
        ("headline", summary.one_liner),
        ("why", (*summary.segment_explanation, summary.opportunity_rationale.summary_id)),
        ("provider", summary.provider_reasoning),
        ("security", _security_ids(lead, summary)),
        ("offer", (summary.offer_tier.recommendation_id,)),
        ("call", summary.call_script),
        ("questions", summary.discovery_questions),
        ("next", (*_expiry_ids(lead, today), step.message_id, f"due.{step.action}")),
    ]
    params |= {"date": date_format(due, "SHORT_DATE_FORMAT")}
    sections = [Section(key, text(f"section.{key}"), _sentences(ids, known, params)) for key, ids in parts]
    return Brief(
        sections=tuple(section for section in sections if section.sentences),
        potential=summary.opportunity_potential,
        factors=tuple(
            Factor(text(f"factor.{factor.name}"), factor.score, text(factor.comment_id))
            for factor in summary.opportunity_rationale.factors
        ),
        urgency=text(f"urgency.{summary.urgency}"),
        risk=text(f"risk.{security.risk_level}") if security is not None and "dmarc" in known else "",
        tier=text(f"tier.{summary.offer_tier.tier}"),
        action=text(f"action.{step.action}"),
        timeline=text(f"timeline.{step.timeline}"),
        step_priority=text(f"step_priority.{step.priority}"),
        due=due,
    )


def known_facts(lead: Lead) -> frozenset[str]:
    """The facts that sentences about this lead may rest on."""
    facts = {
        "contact": bool(lead.usable_emails),
        "dkim": lead.has_dkim is not None,
        "dmarc": bool(lead.dmarc_policy),
        "expiry": lead.expires_on is not None,
        "mx": bool(lead.mx_root),
        "priority": lead.score is not None,
        "provider": bool(lead.provider),
        "score": lead.score is not None,
        "segment": bool(lead.segment),
        "spf": lead.has_spf is not None,
        "tenant_size": bool(lead.tenant_size),
    }
    return frozenset(name for name, is_known in facts.items() if is_known)


def _sentences(ids: Iterable[str], known: frozenset[str], params: dict[str, object]) -> tuple[Sentence, ...]:
    found = []
    for message_id in ids:
        message = MESSAGES[message_id]
        if known.issuperset(message.facts):
            facts = (*message.facts, *(fact for fact in message.also if fact in known))
            found.append(Sentence(message_id, text(message_id, **params), facts))
    return tuple(found)


def _security_ids(lead: Lead, summary: scoring.SalesSummary) -> list[str]:
    security = summary.security_reasoning
    if security is None:
        ids = ["security.none"]
    else:
        ids = [security.summary_id, *security.detail_ids, security.sales_angle_id, security.recommended_action_id]
    if lead.undetermined_reason == UNLISTED_SELECTOR:
        # About DKIM nothing is said but that a key exists (DESIGN.md section 4); the summary speaks of it.
        ids = [*ids[1:], "security.dkim_unlisted"]
    elif security is not None and _unknown_records(lead):
        ids.append("security.unknown")
    return ids


def _unknown_records(lead: Lead) -> str:
    """The names of the records that no look has settled yet."""
    unknown = {"spf": lead.has_spf is None, "dkim": lead.has_dkim is None, "dmarc": not lead.dmarc_policy}
    return ", ".join(name for key, name in _RECORDS.items() if unknown[key])


def _expiry_ids(lead: Lead, today: date) -> tuple[str, ...]:
    if lead.expires_on is None:
        return ()
    days = (lead.expires_on - today).days
    if days < 0:
        return ("expiry.passed",)
    return ("expiry.ahead",) if days < 90 else ()  # the urgency window of scoring-v1 section 17.2


def _params(lead: Lead, today: date) -> dict[str, object]:
    policy = lead.get_dmarc_policy_display() if lead.dmarc_policy not in ("", "absent") else ""
    return {
        "local_provider": lead.local_provider,
        "provider": provider_label(lead.provider),
        "country": lead.country,
        "policy": policy,
        "coverage": lead.dmarc_coverage,
        "mx_root": lead.mx_root,
        "score": lead.score,
        "days": (lead.expires_on - today).days if lead.expires_on else None,
        "records": "" if lead.verdict_state == VerdictState.NEVER else _unknown_records(lead),
    }
