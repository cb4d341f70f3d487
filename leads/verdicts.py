"""From observed facts to a verdict that is honest about what is unknown (DESIGN.md section 4). Pure.

Unknown scored signals are tried in every world they could be in. When segment and priority agree in all of
them, the verdict stands as partial with a score range; when they do not, the lead is undetermined.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

import scoring
from signals.types import Facts

UNLISTED_SELECTOR = "dkim_unlisted_selector"
# Percent taken off for each reason to doubt; ours, shown beside the verdict.
_DOUBT = {"spf": 20, "dkim": 20, "dmarc": 20, UNLISTED_SELECTOR: 10, "gateway": 10, "stated": 20}
# DMARC counts neither way when absent, so each policy is a world of its own (scoring-v1 section 8).
_DMARC_WORLDS: tuple[str | None, ...] = ("none", None, "quarantine", "reject")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSignals:
    """What the lead's last certain look said; None = never known."""

    spf: bool | None = None
    dkim: bool | None = None
    dmarc_policy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`state`: complete, partial or undetermined; `verdict` is None when undetermined. `unknown` names what got
    no answer: mx, spf, dkim, dmarc. `reason` names why it is not complete. `spf`, `dkim`, `dmarc_policy` are the
    certain values of this look (None = unknown, a certain "no DMARC" is ""). `confidence` in percent, None without a
    verdict or where no such domain exists. `stated_provider`
    is what a person entered, "" without; it is the scored one then."""

    state: str
    reason: str
    unknown: tuple[str, ...]
    scored_provider: str
    stated_provider: str
    mx_root: str | None
    tenant_size: str | None
    verdict: scoring.Verdict | None
    score_low: int | None
    score_high: int | None
    confidence: int | None
    spf: bool | None
    dkim: bool | None
    dmarc_policy: str | None
    dmarc_coverage: int | None


def scored_dmarc_policy(facts: Facts) -> str | None:
    """The policy the score counts. `pct=0` and `t=y` mean no enforcement in practice: counted as p=none
    (mail-dns-signals section 2.5). None = no policy applies."""
    policy = facts.dmarc.policy
    if policy in ("reject", "quarantine") and (facts.dmarc.pct == 0 or facts.dmarc.testing):
        return "none"
    return policy


def exists(facts: Facts) -> bool:
    """Whether DNS knows the name. About one that it does not know there is nothing to say: no record is missing."""
    return facts.mx_status != "nxdomain"


def seen_provider(facts: Facts) -> str:
    """The provider by evidence: the mailbox provider behind a gateway where it shows, else that of the MX."""
    return facts.behind_gateway_provider or facts.provider


def judge(domain: str, facts: Facts, known: KnownSignals | None = None, *, stated_provider: str = "") -> Judgement:
    """The verdict on one look at `domain`; `known` settles which world is shown when a signal got no answer. A person's
    word about the provider outranks the evidence."""
    known = known or KnownSignals()
    provider = stated_provider or seen_provider(facts)
    mx_root = scoring.extract_mx_root(facts.mx_hosts[0]) if facts.mx_hosts else None
    dkim = _dkim(facts)
    policy = scored_dmarc_policy(facts) if facts.dmarc.state != "unknown" else None
    unknown = tuple(_unknown_signals(facts))
    reason = _reason(facts, unknown)

    def at(state: str, verdict: scoring.Verdict | None, low: int | None, high: int | None) -> Judgement:
        return Judgement(
            state=state,
            reason=reason,
            unknown=unknown,
            scored_provider=provider,
            stated_provider=stated_provider,
            mx_root=mx_root,
            tenant_size=scoring.estimate_tenant_size(provider, mx_root),
            verdict=verdict,
            score_low=low,
            score_high=high,
            confidence=None
            if verdict is None or not exists(facts)
            else _confidence(facts, stated_provider, unknown, reason),
            spf=facts.spf.present,
            dkim=dkim,
            dmarc_policy=None if "dmarc" in unknown else policy or "",
            dmarc_coverage=facts.dmarc.pct,
        )

    if "mx" in unknown:
        return at("undetermined", None, None, None)
    unlisted = facts.dkim.reason == "unlisted_selector"
    worlds = {
        (spf, key, applied): _score(domain, provider, facts, spf=spf, dkim=key, policy=applied)
        for spf, key, applied in product(
            (facts.spf.present,) if "spf" not in unknown else (False, True),
            (False, True) if dkim is None else (dkim,),
            (policy,) if "dmarc" not in unknown else _DMARC_WORLDS,
        )
    }
    low, high = min(world.score for world in worlds.values()), max(world.score for world in worlds.values())
    # A key under an unlisted selector counts as present, so only the range shows the world without it.
    decisive = [world for (_, key, _), world in worlds.items() if key or not unlisted]
    if len({(world.segment, world.priority_category, world.priority_score) for world in decisive}) > 1:
        return at("undetermined", None, None, None)
    shown = _score(
        domain,
        provider,
        facts,
        spf=facts.spf.present if "spf" not in unknown else known.spf or False,
        dkim=_shown_dkim(dkim, unlisted, known),
        policy=policy if "dmarc" not in unknown else _shown_policy(known),
    )
    return at("partial" if unknown or unlisted else "complete", shown, low, high)


def as_json(domain: str, facts: Facts, judgement: Judgement) -> dict[str, Any]:
    """One look as `observe --json` and `scan_leads --json` print it: domain, the facts in the shape of the
    scenario files, scored_provider, state, unknown, reason, score, score_low, score_high, confidence, segment,
    priority_category, priority_score, rules_version. Score and what follows from it are null when undetermined."""
    verdict = judgement.verdict
    return {
        "domain": domain,
        **facts.as_dict(),
        "scored_provider": judgement.scored_provider,
        "state": judgement.state,
        "unknown": list(judgement.unknown),
        "reason": judgement.reason or None,
        "score": verdict and verdict.score,
        "score_low": judgement.score_low,
        "score_high": judgement.score_high,
        "confidence": judgement.confidence,
        "segment": verdict and verdict.segment,
        "priority_category": verdict and verdict.priority_category,
        "priority_score": verdict and verdict.priority_score,
        "rules_version": scoring.RULES_VERSION,
    }


def as_line(row: dict[str, Any]) -> str:
    """`as_json` for a person at a terminal."""
    if row["score"] is None:
        return f"{row['domain']:40} undetermined ({row['reason']})"
    span = "" if row["score_low"] == row["score_high"] else f" ({row['score_low']}-{row['score_high']})"
    gateway = f" (gateway {row['gateway']})" if row["gateway"] else ""
    category = row["priority_category"] or "-"
    return (
        f"{row['domain']:40} {row['score']:>3}{span} {row['segment']:10} {category:3} {row['scored_provider']}{gateway}"
    )


def _score(
    domain: str, provider: str, facts: Facts, *, spf: bool | None, dkim: bool, policy: str | None
) -> scoring.Verdict:
    return scoring.score(
        scoring.Signals(
            domain=domain,
            provider=provider,
            spf=spf,
            dkim=dkim,
            dmarc_policy=policy,
            spf_record=facts.spf.record,
            mx_records=facts.mx_hosts,
        )
    )


def _dkim(facts: Facts) -> bool | None:
    return {"present": True, "absent": False}.get(facts.dkim.state)


def _shown_dkim(dkim: bool | None, unlisted: bool, known: KnownSignals) -> bool:
    if dkim is not None:
        return dkim
    return unlisted or known.dkim or False


def _shown_policy(known: KnownSignals) -> str | None:
    """Never known: the world with the lowest score, which promises nothing."""
    return "none" if known.dmarc_policy is None else known.dmarc_policy or None


def _unknown_signals(facts: Facts) -> Iterable[str]:
    if facts.mx_status == "unknown":
        yield "mx"
    if facts.spf.present is None:
        yield "spf"
    if facts.dkim.state == "unknown" and facts.dkim.reason != "unlisted_selector":
        yield "dkim"
    if facts.dmarc.state == "unknown":
        yield "dmarc"


def _reason(facts: Facts, unknown: tuple[str, ...]) -> str:
    if unknown:
        return f"{unknown[0]}_unknown"
    return UNLISTED_SELECTOR if facts.dkim.reason == "unlisted_selector" else ""


def _confidence(facts: Facts, stated_provider: str, unknown: tuple[str, ...], reason: str) -> int:
    guessed = "gateway" if facts.behind_gateway_provider else ""
    stated = "stated" if stated_provider not in ("", seen_provider(facts)) else guessed
    doubts = [*unknown, reason, stated]
    return max(10, 100 - sum(_DOUBT.get(doubt, 0) for doubt in doubts))
