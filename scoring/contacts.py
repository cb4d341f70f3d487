"""Addresses of a company (scoring-v1 section 12)."""

from __future__ import annotations

from collections.abc import Collection

from scoring.names import extract_domain_from_email, normalize_domain
from scoring.rules import CONTACT_COUNT_POINTS, CONTACT_MATCH_POINTS, CONTACT_QUALITY_CAP, GENERIC_LOCAL_PARTS
from scoring.segment import in_band


def generic_emails(domain: str | None) -> list[str]:
    """The usual addresses of a company, sorted; [] for an invalid domain."""
    name = normalize_domain(domain)
    return [f"{local}@{name}" for local in GENERIC_LOCAL_PARTS] if name else []


def contact_quality(emails: Collection[str], domain: str | None) -> int:
    """0-100 by the number of addresses and the share of them at the company's own domain."""
    if not emails:
        return 0
    name = normalize_domain(domain)
    matching = sum(extract_domain_from_email(email) == name for email in emails) if name else 0
    points = in_band(len(emails), CONTACT_COUNT_POINTS, 0)
    return min(CONTACT_QUALITY_CAP, points + CONTACT_MATCH_POINTS * matching // len(emails))
