"""The rules that turn signals into a verdict and a verdict into a sales summary: pure functions on plain values.

FROZEN as rules version v1 (reference: scoring-v1). The same signals give the same outputs for ever, so that a
stored verdict stays explainable; nothing here knows a database, the network, a clock or a language. A change
needs a new RULES_VERSION, an entry in docs/decisions/, golden rows that show it and a new FROZEN.sha256; how
that is done stands in docs/decisions/0002.
"""

from __future__ import annotations

from scoring.changes import auto_tags, detect_changes
from scoring.contacts import contact_quality, generic_emails
from scoring.dns_text import has_dkim, has_spf, parse_dmarc
from scoring.names import (
    extract_domain_from_email,
    extract_domain_from_website,
    extract_mx_root,
    is_valid_domain,
    normalize_domain,
)
from scoring.opportunity import opportunity_potential
from scoring.providers import classify_local_provider, classify_provider, estimate_tenant_size
from scoring.readiness import breakdown, score
from scoring.rules import RULES_VERSION
from scoring.sales import discovery_topics, next_step, offer_tier, sales_summary, security_risk, urgency
from scoring.segment import classify_score, priority_score
from scoring.types import (
    Breakdown,
    Changes,
    Classification,
    Dmarc,
    IpContext,
    NextStep,
    OfferTier,
    Opportunity,
    OpportunityFactor,
    Row,
    SalesSummary,
    SecurityRisk,
    Signals,
    Snapshot,
    SummaryMetadata,
    Verdict,
)

__all__ = [
    "RULES_VERSION",
    "Breakdown",
    "Changes",
    "Classification",
    "Dmarc",
    "IpContext",
    "NextStep",
    "OfferTier",
    "Opportunity",
    "OpportunityFactor",
    "Row",
    "SalesSummary",
    "SecurityRisk",
    "Signals",
    "Snapshot",
    "SummaryMetadata",
    "Verdict",
    "auto_tags",
    "breakdown",
    "classify_local_provider",
    "classify_provider",
    "classify_score",
    "contact_quality",
    "detect_changes",
    "discovery_topics",
    "estimate_tenant_size",
    "extract_domain_from_email",
    "extract_domain_from_website",
    "extract_mx_root",
    "generic_emails",
    "has_dkim",
    "has_spf",
    "is_valid_domain",
    "next_step",
    "normalize_domain",
    "offer_tier",
    "opportunity_potential",
    "parse_dmarc",
    "priority_score",
    "sales_summary",
    "score",
    "security_risk",
    "urgency",
]
