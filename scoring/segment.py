"""From provider and score to segment, P-model and priority (scoring-v1 sections 9 to 11)."""

from __future__ import annotations

from typing import TypeVar

from scoring.rules import (
    CATEGORIES,
    COLD,
    COLD_LOCAL,
    COMMERCIAL_HEAT,
    COMMERCIAL_HEAT_OTHER,
    GREENFIELD_PROVIDERS,
    LOW_INTENT,
    LOWEST_PRIORITY,
    MIGRATION_FROM,
    MIGRATION_PROVIDERS,
    PRIORITY,
    RENEWAL_FROM,
    SKIP_UP_TO,
    WARM_PROVIDERS,
    WEAK_PARTNER_HIGH_FROM,
)
from scoring.types import Classification

_Result = TypeVar("_Result")


def classify_score(provider: str, score: int) -> Classification:
    """Segment with its reason, P-model and priority of a score of 0-100."""
    segment, reason = _segment(provider, score)
    technical = _technical_heat(segment, provider)
    commercial = _commercial_segment(segment, provider, score)
    heat = _commercial_heat(commercial, score)
    category, label = _category(technical, heat, commercial)
    return Classification(
        segment=segment,
        reason_id=f"reason.segment.{reason}",
        technical_heat=technical,
        commercial_segment=commercial,
        commercial_heat=heat,
        priority_category=category,
        priority_label=label,
        priority_score=priority_score(segment, score),
    )


def priority_score(segment: str | None, score: int | None) -> int:
    """1 (best) to 7. The segment may have outer blanks; an unknown one is last."""
    if segment is None or score is None:
        return LOWEST_PRIORITY
    bands, below = PRIORITY.get(segment.strip(), ((), LOWEST_PRIORITY))
    return in_band(score, bands, below)


def in_band(value: int, bands: tuple[tuple[int, _Result], ...], below: _Result) -> _Result:
    """The result of the first band whose lower bound is reached."""
    return next((result for bound, result in bands if value >= bound), below)


def _segment(provider: str, score: int) -> tuple[str, str]:
    if provider == "M365":
        return "Existing", "existing"
    if score >= MIGRATION_FROM and provider in MIGRATION_PROVIDERS:
        return "Migration", "migration"
    if provider == "Local" and score in COLD_LOCAL:
        return "Cold", "cold_local"
    if score in COLD:
        return "Cold", "cold"
    return "Skip", "skip" if score <= SKIP_UP_TO else "no_rule"


def _technical_heat(segment: str, provider: str) -> str:
    if segment == "Existing":
        return "Hot"
    return "Warm" if segment == "Migration" and provider in WARM_PROVIDERS else "Cold"


def _commercial_segment(segment: str, provider: str, score: int) -> str:
    if segment == "Existing":
        return "RENEWAL" if score >= RENEWAL_FROM else "WEAK_PARTNER"
    if segment == "Migration":
        return "GREENFIELD" if provider in GREENFIELD_PROVIDERS else "COMPETITIVE"
    if segment == "Cold" and provider == "Local" and score in COLD_LOCAL:
        return "GREENFIELD"
    return "LOW_INTENT" if segment == "Cold" and score in LOW_INTENT else "NO_GO"


def _commercial_heat(commercial: str, score: int) -> str:
    if commercial == "WEAK_PARTNER":
        return "HIGH" if score >= WEAK_PARTNER_HIGH_FROM else "MEDIUM"
    return COMMERCIAL_HEAT.get(commercial, COMMERCIAL_HEAT_OTHER)


def _category(technical: str, heat: str, commercial: str) -> tuple[str, str]:
    for category, label, its_technical, its_heats, its_commercial in CATEGORIES:
        if (technical, commercial) == (its_technical, its_commercial) and heat in its_heats:
            return category, label
    return CATEGORIES[-1][:2]
