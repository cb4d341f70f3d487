"""The score of 0-100 and its verdict (scoring-v1 section 8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import lru_cache

from scoring.names import host_name, is_valid_domain
from scoring.rules import (
    BASE_SCORE,
    DKIM_NONE_RISK,
    DKIM_POINTS,
    DMARC_NONE_RISK,
    DMARC_POINTS,
    HOSTING_MX_WEAK_RISK,
    LOWEST_PRIORITY,
    NO_DKIM_RISK,
    NO_SPF_RISK,
    PROVIDER_POINTS,
    SCORE_CAP,
    SCORE_FLOOR,
    SPF_INCLUDES_ALLOWED,
    SPF_MULTIPLE_INCLUDES_RISK,
    SPF_POINTS,
)
from scoring.segment import classify_score
from scoring.types import Breakdown, Row, Signals, Verdict


def score(signals: Signals) -> Verdict:
    """The verdict on the signals; an invalid domain or no MX gives 0 and Skip."""
    if not is_valid_domain(signals.domain):
        return _INVALID_DOMAIN
    if not signals.mx_records or not any(map(host_name, signals.mx_records)):  # "." is the null MX of RFC 7505
        return _MX_MISSING
    return _verdict(*_scored(signals))


def breakdown(signals: Signals) -> Breakdown:
    """The points behind a score, from provider and signals alone: domain and MX are not looked at."""
    rows = _rows(*_scored(signals))
    return Breakdown(
        base_score=BASE_SCORE,
        provider=signals.provider,
        provider_points=rows[0].points,
        signal_points=_part("signal", rows),
        risk_points=_part("risk", rows),
        total_score=_total(rows),
    )


_Scored = tuple[str, bool, bool, str, bool]


def _scored(signals: Signals) -> _Scored:
    """The few values that decide the points, so that verdicts can be remembered: provider, spf, dkim, policy
    in lower case ("" = none known), more includes than allowed."""
    return (
        signals.provider,
        bool(signals.spf),
        bool(signals.dkim),
        (signals.dmarc_policy or "").lower(),
        (signals.spf_record or "").count("include:") > SPF_INCLUDES_ALLOWED,
    )


@lru_cache(maxsize=4096)
def _verdict(provider: str, spf: bool, dkim: bool, policy: str, many_includes: bool) -> Verdict:
    rows = _rows(provider, spf, dkim, policy, many_includes)
    total = _total(rows)
    return Verdict(score=total, rows=(*rows, *_limit(rows, total)), **asdict(classify_score(provider, total)))


def _rows(provider: str, spf: bool, dkim: bool, policy: str, many_includes: bool) -> tuple[Row, ...]:
    provider_row = Row("provider", provider, PROVIDER_POINTS.get(provider, 0))
    return (provider_row, *_signals(spf, dkim, policy), *_risks(provider, spf, dkim, policy, many_includes))


def _signals(spf: bool, dkim: bool, policy: str) -> Iterator[Row]:
    if spf:
        yield Row("signal", "spf", SPF_POINTS)
    if dkim:
        yield Row("signal", "dkim", DKIM_POINTS)
    if policy in DMARC_POINTS:
        yield Row("signal", f"dmarc_{policy}", DMARC_POINTS[policy])


def _risks(provider: str, spf: bool, dkim: bool, policy: str, many_includes: bool) -> Iterator[Row]:
    if not spf:
        yield Row("risk", "no_spf", NO_SPF_RISK)
    if not dkim:
        yield Row("risk", "no_dkim", NO_DKIM_RISK)
        yield Row("risk", "dkim_none", DKIM_NONE_RISK)
    if policy == "none":
        yield Row("risk", "dmarc_none", DMARC_NONE_RISK)
    if provider == "Hosting" and not spf and not dkim:
        yield Row("risk", "hosting_mx_weak", HOSTING_MX_WEAK_RISK)
    if many_includes:
        yield Row("risk", "spf_multiple_includes", SPF_MULTIPLE_INCLUDES_RISK)


def _sum(rows: Iterable[Row]) -> int:
    return BASE_SCORE + sum(row.points for row in rows)


def _total(rows: Iterable[Row]) -> int:
    return max(SCORE_FLOOR, min(SCORE_CAP, _sum(rows)))


def _limit(rows: tuple[Row, ...], total: int) -> tuple[Row, ...]:
    correction = total - _sum(rows)
    return (Row("limit", "floor" if correction > 0 else "cap", correction),) if correction else ()


def _part(part: str, rows: Iterable[Row]) -> tuple[tuple[str, int], ...]:
    return tuple((row.key, row.points) for row in rows if row.part == part)


def _hard_fail(key: str, reason_id: str) -> Verdict:
    return Verdict(
        score=0,
        segment="Skip",
        reason_id=reason_id,
        technical_heat=None,
        commercial_segment=None,
        commercial_heat=None,
        priority_category=None,
        priority_label=None,
        priority_score=LOWEST_PRIORITY,
        rows=(Row("hard_fail", key, 0),),
    )


_INVALID_DOMAIN = _hard_fail("invalid_domain", "reason.invalid_domain")
_MX_MISSING = _hard_fail("mx_missing", "reason.hard_fail.mx_missing")
