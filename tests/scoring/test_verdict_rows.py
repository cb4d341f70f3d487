"""The rows of a verdict explain its score to the last point."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scoring
from scoring.rules import PROVIDER_POINTS

_PROVIDERS = [*PROVIDER_POINTS, "Rackspace"]
_POLICIES = [None, "", "none", "quarantine", "Reject", "monitor"]
_RECORDS = [None, "v=spf1 -all", "v=spf1" + " include:spf.example" * 3, "v=spf1" + " include:spf.example" * 4]
_PRESENCE = [True, False, None]


def _signals(
    provider: str = "Local",
    spf: bool | None = True,
    dkim: bool | None = True,
    policy: str | None = None,
    record: str | None = None,
    *,
    domain: str = "acme.example",
    mx: tuple[str, ...] | None = ("mail.acme.example",),
) -> scoring.Signals:
    return scoring.Signals(
        domain=domain, provider=provider, spf=spf, dkim=dkim, dmarc_policy=policy, spf_record=record, mx_records=mx
    )


def _sum(verdict: scoring.Verdict) -> int:
    return sum(row.points for row in verdict.rows)


def test_rows_add_up_for_every_combination_of_signals() -> None:
    for combination in product(_PROVIDERS, _PRESENCE, _PRESENCE, _POLICIES, _RECORDS):
        verdict = scoring.score(_signals(*combination))
        assert _sum(verdict) == verdict.score, combination
        assert verdict.rows[0] == ("provider", combination[0], PROVIDER_POINTS.get(combination[0], 0))


@given(
    domain=st.text(max_size=20) | st.just("acme.example"),
    provider=st.sampled_from(_PROVIDERS) | st.text(max_size=5),
    spf=st.sampled_from(_PRESENCE),
    dkim=st.sampled_from(_PRESENCE),
    policy=st.sampled_from(_POLICIES) | st.text(max_size=5),
    record=st.none() | st.text(max_size=30),
    mx=st.none() | st.lists(st.sampled_from(["mail.acme.example", ".", ""])).map(tuple),
)
def test_rows_add_up_for_any_input(
    domain: str,
    provider: str,
    spf: bool | None,
    dkim: bool | None,
    policy: str | None,
    record: str | None,
    mx: tuple[str, ...] | None,
) -> None:
    verdict = scoring.score(_signals(provider, spf, dkim, policy, record, domain=domain, mx=mx))
    assert _sum(verdict) == verdict.score
    assert 0 <= verdict.score <= 100
    assert 1 <= verdict.priority_score <= 7
    assert hash(verdict) == hash(scoring.score(_signals(provider, spf, dkim, policy, record, domain=domain, mx=mx)))


def test_a_sum_below_zero_is_lifted_by_a_row() -> None:
    verdict = scoring.score(_signals("Local", False, False, "none"))
    assert verdict.score == 0
    assert verdict.rows == (
        ("provider", "Local", 10),
        ("signal", "dmarc_none", 0),
        ("risk", "no_spf", -10),
        ("risk", "no_dkim", -10),
        ("risk", "dkim_none", -5),
        ("risk", "dmarc_none", -10),
        ("limit", "floor", 25),
    )


@pytest.mark.parametrize(
    ("signals", "key"),
    [
        (_signals(domain="acme"), "invalid_domain"),
        (_signals(domain="192.0.2.10"), "invalid_domain"),
        (_signals(domain="acme", mx=None), "invalid_domain"),
        (_signals(mx=None), "mx_missing"),
        (_signals(mx=()), "mx_missing"),
        (_signals(mx=(".",)), "mx_missing"),
    ],
)
def test_a_hard_fail_has_one_row_without_points(signals: scoring.Signals, key: str) -> None:
    verdict = scoring.score(signals)
    assert verdict.rows == (("hard_fail", key, 0),)
    assert (verdict.score, verdict.segment, verdict.priority_category, verdict.priority_score) == (0, "Skip", None, 7)
