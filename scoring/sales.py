"""The sales summary (scoring-v1 section 17): numbers, codes and message ids. The wording lives elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scoring import rules
from scoring.opportunity import opportunity_potential
from scoring.segment import in_band
from scoring.types import IpContext, NextStep, OfferTier, SalesSummary, SecurityRisk, SummaryMetadata


def sales_summary(
    *,
    domain: str,
    provider: str | None,
    segment: str | None,
    readiness_score: int | None,
    priority_score: int | None,
    tenant_size: str | None,
    local_provider: str | None,
    spf: bool | None,
    dkim: bool | None,
    dmarc_policy: str | None,
    dmarc_coverage: int | None,
    contact_quality_score: int | None,
    expires_in_days: int | None,
    mx_root: str | None,
    tuning_factor: float = 1.0,
    ip_context: IpContext | None = None,
    infrastructure_summary: str | None = None,
    generated_at: str | None = None,
) -> SalesSummary:
    """What a seller should know before a call. `expires_in_days` is negative once expired, `tuning_factor` 0.0-2.0,
    of `infrastructure_summary` the presence counts, `generated_at` is ISO 8601."""
    where = ip_context or IpContext()
    shows_signals = bool(spf or dkim or dmarc_policy not in (None, "", "none"))
    risk = security_risk(spf=spf, dkim=dkim, dmarc_policy=dmarc_policy, dmarc_coverage=dmarc_coverage)
    risk_level = risk.risk_level if risk else None
    opportunity = opportunity_potential(
        segment=segment,
        readiness_score=readiness_score,
        priority_score=priority_score,
        tenant_size=tenant_size,
        contact_quality_score=contact_quality_score,
        tuning_factor=tuning_factor,
    )
    how_urgent = urgency(
        segment=segment,
        priority_score=priority_score,
        readiness_score=readiness_score,
        expires_in_days=expires_in_days,
    )
    explanation = _segment_explanation(segment, provider, readiness_score, local_provider, shows_signals)
    reasoning = _provider_reasoning(provider, mx_root, local_provider, bool(spf), bool(infrastructure_summary))
    script = _call_script(segment, readiness_score, tenant_size, local_provider, where, risk_level)
    return SalesSummary(
        domain=domain,
        one_liner=_ids("one_liner", _one_liner(domain, segment, readiness_score, tenant_size, local_provider, where)),
        segment_explanation=_ids("segment", explanation),
        provider_reasoning=_ids("provider", reasoning),
        security_reasoning=risk,
        call_script=_ids("call", script),
        discovery_questions=discovery_topics(segment=segment, provider=provider, tenant_size=tenant_size),
        offer_tier=offer_tier(tenant_size=tenant_size, segment=segment, readiness_score=readiness_score),
        opportunity_potential=opportunity.total,
        opportunity_rationale=opportunity,
        urgency=how_urgent,
        next_step=next_step(segment=segment, opportunity_potential=opportunity.total, urgency=how_urgent),
        metadata=SummaryMetadata(
            domain=domain,
            provider=provider,
            segment=segment,
            readiness_score=readiness_score,
            priority_score=priority_score,
            tenant_size=tenant_size,
            local_provider=local_provider,
            generated_at=generated_at,
        ),
    )


def urgency(
    *,
    segment: str | None,
    priority_score: int | None,
    readiness_score: int | None,
    expires_in_days: int | None,
) -> str:
    """high, medium or low (17.2). `expires_in_days` is negative once expired."""
    score = readiness_score or 0
    for level, priority, days, score_from in rules.URGENCY:
        if (
            priority_score == priority
            or (expires_in_days is not None and expires_in_days < days)
            or (segment in score_from and score >= score_from[segment])
        ):
            return level
    return "low"


def offer_tier(*, tenant_size: str | None, segment: str | None, readiness_score: int | None) -> OfferTier:
    """The offer by tenant size, else by segment and score (17.3)."""
    promising = segment == "Migration" and (readiness_score or 0) >= rules.OFFER_HIGH_SCORE_FROM
    fallback = rules.OFFER_HIGH_SCORE if promising else rules.OFFER_DEFAULT
    (tier, per_user, migration, defender, consulting), message = rules.OFFER_BY_SIZE.get(tenant_size or "", fallback)
    return OfferTier(
        tier=tier,
        license=tier,
        price_per_user_per_month=per_user,
        migration_fee=migration,
        defender_price_per_user_per_month=defender,
        consulting_fee=consulting,
        recommendation_id=f"offer.{message}",
    )


def security_risk(
    *, spf: bool | None, dkim: bool | None, dmarc_policy: str | None, dmarc_coverage: int | None
) -> SecurityRisk | None:
    """How well the domain's mail is protected (17.4); None when nothing at all is known."""
    if spf is None and dkim is None and dmarc_policy is None:
        return None
    missing = dmarc_policy in (None, "none")
    partial = not missing and dmarc_coverage is not None and dmarc_coverage < rules.FULL_COVERAGE
    level, summary = _risk(spf, dkim, missing, partial)
    return SecurityRisk(
        risk_level=level,
        summary_id=f"security.summary.{level}.{summary}",
        detail_ids=_ids("security.detail", _security_details(spf, dkim, missing, dmarc_coverage)),
        sales_angle_id=f"security.angle.{level}",
        recommended_action_id=f"security.action.{level}",
    )


def discovery_topics(*, segment: str | None, provider: str | None, tenant_size: str | None) -> tuple[str, ...]:
    """Message ids of the questions to ask (17.9)."""
    topics = (
        *rules.DISCOVERY_BY_SEGMENT.get(segment or "", rules.DISCOVERY_OTHER),
        *(rules.DISCOVERY_LOCAL_HOST if segment == "Migration" and provider == "Local" else ()),
        *rules.DISCOVERY_BY_SIZE.get(tenant_size or "", ()),
        *rules.DISCOVERY_ALWAYS,
    )
    return _ids("discovery", topics)


def next_step(*, segment: str | None, opportunity_potential: int | None, urgency: str | None) -> NextStep:
    """What to do next, and by when (17.10)."""
    message = _next_message(segment, opportunity_potential, urgency)
    action, timeline, priority = rules.NEXT_STEPS[message]
    return NextStep(action=action, timeline=timeline, priority=priority, message_id=f"next.{message}")


def _risk(spf: bool | None, dkim: bool | None, dmarc_missing: bool, dmarc_partial: bool) -> tuple[str, str]:
    """Risk level and the rest of the summary's id."""
    if dmarc_missing:
        return "high", _without_dmarc(spf, dkim)
    factors = sum((spf is False, dkim is False, dmarc_partial))
    if factors >= rules.HIGH_RISK_FACTORS:
        return "high", "multiple"
    if factors:
        return "medium", "partial_dmarc" if dmarc_partial else "one_missing"
    return "low", "ok"


def _without_dmarc(spf: bool | None, dkim: bool | None) -> str:
    if spf and dkim:
        return "dmarc_only"
    if not spf and not dkim:
        return "all"
    if spf is None or dkim is None:
        return "dmarc_one_known"
    return "dmarc_dkim" if spf else "dmarc_spf"


def _security_details(spf: bool | None, dkim: bool | None, dmarc_missing: bool, coverage: int | None) -> Iterator[str]:
    for name, present in (("spf", spf), ("dkim", dkim)):
        if present is not None:
            yield f"{name}_present" if present else f"{name}_missing"
    if dmarc_missing:
        yield "dmarc_missing"
        return
    yield "dmarc_policy"
    if coverage is not None:
        yield "dmarc_partial" if coverage < rules.FULL_COVERAGE else "dmarc_full"


def _one_liner(
    domain: str,
    segment: str | None,
    readiness: int | None,
    size: str | None,
    local_provider: str | None,
    where: IpContext,
) -> Iterator[str]:
    if not domain:
        yield "no_domain"
        return
    if segment is None or segment not in rules.ONE_LINER_LEVELS:
        yield "skip"
        return
    level = in_band(readiness or 0, *rules.ONE_LINER_LEVELS[segment])
    line = f"{segment.lower()}.{level}"
    if segment != "Migration":
        yield line
    elif level != "high":
        yield f"{line}.local" if local_provider else line
    else:
        yield f"{line}.{size if size in rules.TENANT_POINTS else 'unknown'}"
        if where.country:
            yield "note.country"
        if where.is_proxy:
            yield "note.proxy"


def _segment_explanation(
    segment: str | None, provider: str | None, score: int | None, local_provider: str | None, shows_signals: bool
) -> Iterator[str]:
    """Unlike elsewhere in the summary, 0 is a score here."""
    if segment is None:
        yield "none"
    elif segment == "Existing":
        matches = provider == "M365"
        yield f"existing.{_level(score, rules.EXPLAIN_EXISTING_LEVELS) if matches else 'provider_mismatch'}"
    elif segment == "Migration":
        yield f"migration.provider.{_host_kind(local_provider) if provider == 'Local' else 'cloud'}"
        yield f"migration.{_level(score, rules.EXPLAIN_MIGRATION_LEVELS)}"
        if shows_signals:
            yield "signals"
    elif segment == "Cold":
        if provider == "Local" and score in rules.COLD_LOCAL:
            yield f"cold.{_host_kind(local_provider)}"
        else:
            yield f"cold.{_cold_level(score)}"
    elif segment == "Skip":
        yield f"skip.{_level(score, rules.EXPLAIN_SKIP_LEVELS)}"
        stop = provider == "Local" and score is not None and score <= rules.LOCAL_STOP_UP_TO
        yield "skip.next.local_stop" if stop else "skip.next.recheck"
    else:
        yield "other"


def _level(score: int | None, levels: tuple[tuple[tuple[int, str], ...], str]) -> str:
    return "no_score" if score is None else in_band(score, *levels)


def _cold_level(score: int | None) -> str:
    if score is None:
        return "no_score"
    return "medium" if score in rules.COLD else "low"


def _host_kind(local_provider: str | None) -> str:
    return "local_named" if local_provider else "local"


def _provider_reasoning(
    provider: str | None, mx_root: str | None, local_provider: str | None, spf: bool, infrastructure: bool
) -> Iterator[str]:
    if provider is None:
        yield "none"
    elif provider in rules.KNOWN_MX:
        yield f"{provider.lower()}.{_mx_kind(mx_root, rules.KNOWN_MX[provider])}"
        if provider == "M365" and spf:
            yield "m365.spf"
        if provider == "M365" and infrastructure:
            yield "m365.infra"
    elif provider == "Local" and local_provider:
        yield "local.named"
    elif provider == "Unknown":
        yield "unknown.mx_unrecognised" if mx_root else "unknown.mx_missing"
    else:
        kind = provider.lower() if provider in rules.EXPLAINED_PROVIDERS else "other"
        yield f"{kind}.mx" if mx_root else f"{kind}.mx_missing"


def _mx_kind(mx_root: str | None, known: Iterable[str]) -> str:
    if not mx_root:
        return "mx_missing"
    return "mx_known" if any(part in mx_root for part in known) else "mx_other"


def _call_script(
    segment: str | None,
    readiness: int | None,
    size: str | None,
    local_provider: str | None,
    where: IpContext,
    risk_level: str | None,
) -> Iterator[str]:
    if segment == "Cold":
        yield from ("cold.open", f"cold.value.{'security' if risk_level == 'high' else 'general'}", "cold.cta")
    elif segment == "Migration":
        yield f"migration.open{'.local' if local_provider else ''}{'+country' if where.country else ''}"
        if where.is_proxy:
            yield "migration.proxy"
        yield f"migration.value.{rules.CALL_VALUE.get(size or '', 'generic')}"
        yield f"migration.cta.{in_band(readiness or 0, *rules.CALL_TO_ACTION)}"
    elif segment == "Existing":
        yield from ("existing.open", "existing.value", "existing.cta")
    else:
        yield from ("generic.open", "generic.cta")


def _next_message(segment: str | None, potential: int | None, urgency: str | None) -> str:
    if segment == "Skip" or (potential is not None and potential < rules.HOPELESS_BELOW):
        return "skip"
    if potential is not None and potential < rules.GOOD_FROM:
        return "low.cold" if segment == "Cold" else "low.other"
    if potential is not None and potential < rules.EXCELLENT_FROM:
        return f"medium.{segment.lower()}" if segment in ("Cold", "Existing") else "medium.migration"
    if potential is not None and segment in ("Migration", "Existing") and urgency in ("high", "medium"):
        return f"high.{segment.lower()}"
    if urgency in ("high", "medium"):
        return f"fallback.urgency_{urgency}"
    return f"fallback.{segment.lower()}" if segment in ("Migration", "Existing") else "default"


def _ids(prefix: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{prefix}.{name}" for name in names)
