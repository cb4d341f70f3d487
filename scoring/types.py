"""The shapes that go into the rules and come out of them. Everything is immutable; None = unknown or absent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Row(NamedTuple):
    """One line of a score. `part`: provider, signal, risk, limit (floor and cap) or hard_fail."""

    part: str
    key: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What is scored (scoring-v1 section 8). `spf_record` is the text of the record, `mx_records` the hosts."""

    domain: str
    provider: str
    spf: bool | None
    dkim: bool | None
    dmarc_policy: str | None
    spf_record: str | None
    mx_records: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """What follows from provider and score (scoring-v1 sections 9 to 11). `priority_score`: 1 is best, 7 last."""

    segment: str
    reason_id: str
    technical_heat: str | None
    commercial_segment: str | None
    commercial_heat: str | None
    priority_category: str | None
    priority_label: str | None
    priority_score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Classification):
    """A score of 0-100 with its classification. The points of `rows` add up to `score`. After a hard fail
    (invalid domain, no MX) the five fields from `technical_heat` to `priority_label` are None."""

    score: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """The points of each part (scoring-v1 section 8); only keys that apply are present."""

    base_score: int
    provider: str
    provider_points: int
    signal_points: tuple[tuple[str, int], ...]
    risk_points: tuple[tuple[str, int], ...]
    total_score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dmarc:
    """`policy`: none, quarantine, reject; `coverage` in percent. Both None = no record."""

    policy: str | None
    coverage: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One scan as the next one is compared with it. `expires_in_days` as measured at the day of that scan."""

    spf: bool | None
    dkim: bool | None
    dmarc_policy: str | None
    mx_root: str | None
    expires_in_days: int | None
    score: int | None
    segment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What differs between two scans: names of changes, of history records, and types of alerts."""

    changes: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpportunityFactor:
    """`raw` is the input, "Unknown" for a null segment or size; `score` its points."""

    name: str
    weight: float
    raw: str | int | None
    score: int
    comment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """Opportunity potential 0-100 and why (scoring-v1 section 17.1)."""

    total: int
    tuning_factor: float
    factors: tuple[OpportunityFactor, ...]
    summary_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTier:
    """Prices in EUR; None = not part of the offer."""

    tier: str
    license: str
    price_per_user_per_month: int
    migration_fee: int
    defender_price_per_user_per_month: int | None
    consulting_fee: int | None
    recommendation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityRisk:
    """`risk_level`: high, medium, low. The ids name messages."""

    risk_level: str
    summary_id: str
    detail_ids: tuple[str, ...]
    sales_angle_id: str
    recommended_action_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """`action`: call, email, wait; `timeline`: 24h, 3d, 1w, 1mo; `priority`: high, medium, low."""

    action: str
    timeline: str
    priority: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IpContext:
    """Where the address of the domain is, and whether it is a proxy."""

    country: str | None = None
    is_proxy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryMetadata:
    """What the summary was made from. `generated_at` is ISO 8601 and comes from the caller."""

    domain: str
    provider: str | None
    segment: str | None
    readiness_score: int | None
    priority_score: int | None
    tenant_size: str | None
    local_provider: str | None
    generated_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesSummary:
    """The sales summary (scoring-v1 section 17); tuples and `*_id` hold message ids, whose wording is not here."""

    domain: str
    one_liner: tuple[str, ...]
    segment_explanation: tuple[str, ...]
    provider_reasoning: tuple[str, ...]
    security_reasoning: SecurityRisk | None
    call_script: tuple[str, ...]
    discovery_questions: tuple[str, ...]
    offer_tier: OfferTier
    opportunity_potential: int
    opportunity_rationale: Opportunity
    urgency: str
    next_step: NextStep
    metadata: SummaryMetadata
