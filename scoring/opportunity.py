"""Opportunity potential and its reasons (scoring-v1 section 17.1)."""

from __future__ import annotations

from scoring import rules
from scoring.segment import in_band
from scoring.types import Opportunity, OpportunityFactor


def opportunity_potential(
    *,
    segment: str | None,
    readiness_score: int | None,
    priority_score: int | None,
    tenant_size: str | None,
    contact_quality_score: int | None = None,
    tuning_factor: float = 1.0,
) -> Opportunity:
    """0-100 with its factors. `tuning_factor`: 0.0-2.0."""
    factors = [
        _segment_factor(segment),
        _readiness_factor(readiness_score),
        _priority_factor(priority_score),
        _tenant_factor(tenant_size),
    ]
    if contact_quality_score:
        factors.append(_contact_factor(contact_quality_score))
    return Opportunity(
        total=min(rules.OPPORTUNITY_CAP, int(sum(factor.score for factor in factors) * tuning_factor)),
        tuning_factor=tuning_factor,
        factors=tuple(factors),
        summary_id=f"opportunity.summary.{_summary(segment, readiness_score)}",
    )


def _segment_factor(segment: str | None) -> OpportunityFactor:
    return OpportunityFactor(
        name="segment",
        weight=rules.SEGMENT_WEIGHT,
        raw=segment or "Unknown",
        score=rules.SEGMENT_POINTS.get(segment or "", rules.SEGMENT_POINTS_OTHER),
        comment_id=f"opportunity.segment.{_active_segment(segment)}",
    )


def _readiness_factor(readiness: int | None) -> OpportunityFactor:
    level = in_band(readiness, rules.READINESS_LEVELS, "low") if readiness else "missing"
    return OpportunityFactor(
        name="readiness_score",
        weight=rules.READINESS_WEIGHT,
        raw=readiness,
        score=int(readiness * rules.READINESS_WEIGHT) if readiness else rules.READINESS_MISSING_POINTS,
        comment_id=f"opportunity.readiness.{level}",
    )


def _priority_factor(priority: int | None) -> OpportunityFactor:
    known = priority if priority in rules.PRIORITY_POINTS else rules.LOWEST_PRIORITY
    points = rules.PRIORITY_POINTS.get(known, rules.PRIORITY_POINTS_OTHER)
    return OpportunityFactor(
        name="priority_score",
        weight=rules.PRIORITY_WEIGHT,
        raw=priority,
        score=points if priority else rules.PRIORITY_MISSING_POINTS,
        comment_id=f"opportunity.priority.{known if priority else 'missing'}",
    )


def _tenant_factor(size: str | None) -> OpportunityFactor:
    return OpportunityFactor(
        name="tenant_size",
        weight=rules.TENANT_WEIGHT,
        raw=size or "Unknown",
        score=rules.TENANT_POINTS.get(size or "", rules.TENANT_POINTS_OTHER),
        comment_id=f"opportunity.tenant.{size if size in rules.TENANT_POINTS else 'unknown'}",
    )


def _contact_factor(quality: int) -> OpportunityFactor:
    return OpportunityFactor(
        name="contact_quality",
        weight=rules.CONTACT_WEIGHT,
        raw=quality,
        score=int(quality * rules.CONTACT_WEIGHT),
        comment_id="opportunity.contact_quality",
    )


def _summary(segment: str | None, readiness: int | None) -> str:
    if segment == "Migration":
        level = in_band(readiness or 0, rules.OPPORTUNITY_SUMMARY_LEVELS, "other")
        return f"migration.{level}"
    return _active_segment(segment)


def _active_segment(segment: str | None) -> str:
    return segment.lower() if segment in rules.SEGMENT_POINTS else "skip"
