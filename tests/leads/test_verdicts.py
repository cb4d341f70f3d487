"""Judging under uncertainty, without a network or a database."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leads.verdicts import KnownSignals, as_json, judge, scored_dmarc_policy
from signals.types import DkimFacts, DmarcFacts, Facts, SpfFacts

SPF = SpfFacts(present=True, record="v=spf1 -all", valid=True, lookups=0, multiple=False)
DMARC = DmarcFacts(state="present", policy="reject", pct=100, record="v=DMARC1; p=reject", valid=True, source="a.test")
GOOGLE = Facts(
    status="complete", mx_status="ok", mx_hosts=("smtp.google.com",), provider="Google",
    provider_reference_rules="Google", spf=SPF, dkim=DkimFacts(state="present", selectors=("google",)), dmarc=DMARC,
)  # fmt: skip


def test_all_known_gives_one_score() -> None:
    judgement = judge("a.test", GOOGLE)
    assert (judgement.state, judgement.score_low, judgement.score_high, judgement.confidence) == (
        "complete",
        90,
        90,
        100,
    )


def test_unknown_mx_is_always_undetermined() -> None:
    judgement = judge("a.test", replace(GOOGLE, mx_status="unknown", mx_hosts=(), provider="Unknown"))
    assert (judgement.state, judgement.reason, judgement.verdict) == ("undetermined", "mx_unknown", None)


AMAZON = replace(
    GOOGLE, provider="Amazon", mx_hosts=("inbound-smtp.eu-west-1.amazonaws.com",), dmarc=DmarcFacts(state="absent"),
    spf=SpfFacts(present=False, multiple=False), dkim=DkimFacts(state="unknown", reason="unanswered"),
)  # fmt: skip


def test_an_unknown_that_moves_the_priority_is_undetermined() -> None:
    unknown = replace(GOOGLE, dkim=DkimFacts(state="unknown", reason="unanswered"))
    judgement = judge("a.test", unknown)
    assert (judgement.state, judgement.reason, judgement.score_low) == ("undetermined", "dkim_unknown", None)


def test_an_unknown_that_moves_only_the_score_is_partial_with_its_range() -> None:
    judgement = judge("a.test", AMAZON)
    assert judgement.verdict is not None
    assert (judgement.state, judgement.score_low, judgement.score_high) == ("partial", 0, 20)
    assert (judgement.verdict.score, judgement.verdict.segment, judgement.dkim) == (0, "Skip", None)


def test_the_known_value_of_an_earlier_look_is_the_world_that_is_shown() -> None:
    judgement = judge("a.test", AMAZON, KnownSignals(dkim=True))
    assert judgement.verdict is not None
    assert (judgement.verdict.score, judgement.score_low, judgement.score_high) == (20, 0, 20)


@pytest.mark.parametrize(
    ("facts", "policy"),
    [
        (DMARC, "reject"),
        (replace(DMARC, pct=0), "none"),
        (replace(DMARC, testing=True), "none"),
        (replace(DMARC, policy="none", pct=0), "none"),
        (DmarcFacts(state="absent"), None),
        (DmarcFacts(state="present", valid=False), None),
    ],
)
def test_a_policy_without_enforcement_counts_as_none(facts: DmarcFacts, policy: str | None) -> None:
    assert scored_dmarc_policy(replace(GOOGLE, dmarc=facts)) == policy


def test_strong_evidence_behind_a_gateway_decides_the_scored_provider() -> None:
    behind = replace(
        GOOGLE, provider="Local", mx_hosts=("mx.mimecast.com",), gateway="Mimecast", behind_gateway_provider="M365"
    )
    judgement = judge("a.test", behind)
    assert (judgement.scored_provider, judgement.verdict and judgement.verdict.segment) == ("M365", "Existing")
    assert judgement.confidence == 90


def test_the_printed_shape_holds_the_scenario_keys_and_the_verdict() -> None:
    row = as_json("a.test", GOOGLE, judge("a.test", GOOGLE))
    assert {"domain", "scored_provider", "score", "score_low", "score_high", "segment", "priority_category",
            "priority_score", "rules_version", *GOOGLE.as_dict()} <= set(row)  # fmt: skip
    assert row["rules_version"] == "v1"
