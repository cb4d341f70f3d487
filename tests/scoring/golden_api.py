"""The golden functions by name: keyword arguments of the golden rows in, JSON-shaped values out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import scoring

Json = Any


def normalize_domain(value: str | None) -> str:
    return scoring.normalize_domain(value)


def is_valid_domain(value: str | None) -> bool:
    return scoring.is_valid_domain(value)


def extract_domain_from_email(value: str | None) -> str:
    return scoring.extract_domain_from_email(value)


def extract_domain_from_website(value: str | None) -> str:
    return scoring.extract_domain_from_website(value)


def extract_mx_root(host: str | None) -> str | None:
    return scoring.extract_mx_root(host)


def classify_provider(mx: str | None) -> str:
    return scoring.classify_provider(mx)


def classify_local_provider(mx: str | None) -> str | None:
    return scoring.classify_local_provider(mx)


def estimate_tenant_size(provider: str | None, mx: str | None) -> str | None:
    return scoring.estimate_tenant_size(provider, mx)


def parse_dmarc(txt: list[str] | None) -> Json:
    return asdict(scoring.parse_dmarc(txt or []))


def has_spf(txt: list[str] | None) -> bool:
    return scoring.has_spf(txt or [])


def has_dkim(records: dict[str, list[str]] | None) -> bool:
    return scoring.has_dkim(records or {})


def score(
    domain: str,
    provider: str,
    spf: bool | None,
    dkim: bool | None,
    dmarc_policy: str | None,
    spf_record: str | None,
    mx_records: list[str] | None,
) -> Json:
    signals = scoring.Signals(
        domain=domain,
        provider=provider,
        spf=spf,
        dkim=dkim,
        dmarc_policy=dmarc_policy,
        spf_record=spf_record,
        mx_records=None if mx_records is None else tuple(mx_records),
    )
    verdict = asdict(scoring.score(signals))
    del verdict["rows"]
    parts = scoring.breakdown(signals)
    return verdict | {
        "breakdown": {
            "base_score": parts.base_score,
            "provider": {"name": parts.provider, "points": parts.provider_points},
            "signal_points": dict(parts.signal_points),
            "risk_points": dict(parts.risk_points),
            "total_score": parts.total_score,
        }
    }


def classify_score(provider: str, score: int) -> Json:
    return asdict(scoring.classify_score(provider, score))


def priority_score(segment: str | None, score: int | None) -> int:
    return scoring.priority_score(segment, score)


def opportunity_potential(**arguments: Json) -> Json:
    found = scoring.opportunity_potential(**arguments)
    return {
        "opportunity_potential": found.total,
        "factors": [[factor.name, factor.weight, factor.score] for factor in found.factors],
    }


def urgency(**arguments: Json) -> str:
    return scoring.urgency(**arguments)


def offer_tier(**arguments: Json) -> Json:
    return asdict(scoring.offer_tier(**arguments))


def security_risk(**arguments: Json) -> Json:
    risk = scoring.security_risk(**arguments)
    return None if risk is None else _json(asdict(risk))


def next_step(**arguments: Json) -> Json:
    return asdict(scoring.next_step(**arguments))


def discovery_topics(**arguments: Json) -> list[str]:
    return list(scoring.discovery_topics(**arguments))


def sales_summary(ip_context: Json = None, **arguments: Json) -> Json:
    context = None if ip_context is None else scoring.IpContext(**ip_context)
    summary = asdict(scoring.sales_summary(ip_context=context, **arguments))
    del summary["domain"], summary["metadata"]
    return _json(summary)


def auto_tags(**arguments: Json) -> list[str]:
    return list(scoring.auto_tags(**arguments))


def detect_changes(old: Json, new: Json) -> Json:
    before = None if old is None else scoring.Snapshot(**old)
    return _json(asdict(scoring.detect_changes(old=before, new=scoring.Snapshot(**new))))


def generic_emails(domain: str | None) -> list[str]:
    return scoring.generic_emails(domain)


def contact_quality(emails: list[str] | None, domain: str | None) -> int:
    return scoring.contact_quality(emails or [], domain)


def _json(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    return [_json(item) for item in value] if isinstance(value, list | tuple) else value
