"""Why not higher: each change that is named would really do what it says."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

import scoring
from leads.boundaries import POLICIES, Basis, ceiling, changes, ends, next_boundary, ranged_changes, score_of


def basis(**values: Any) -> Basis:
    given: dict[str, Any] = {
        "domain": "acme.example", "provider": "Google", "mx_hosts": ("aspmx.l.google.com",), "spf": True, "dkim": False,
        "policy": None, "spf_record": "v=spf1 include:_spf.google.com ~all",
    }  # fmt: skip
    return Basis(**(given | values))


def test_the_missing_key_and_policy_are_named_with_what_they_would_move() -> None:
    found = {change.key: change for change in changes(basis())}
    assert set(found) == {"dkim", "dmarc_quarantine", "dmarc_reject"}
    assert (found["dkim"].points, found["dmarc_reject"].points) == (25, 20)
    assert found["dkim"].score == 70
    assert found["dkim"].moves == ("points", "segment", "priority")


def test_a_range_is_counted_from_both_of_its_ends() -> None:
    open_key = basis(dkim=None, unknown=("dkim",))
    low, high = ends(open_key)
    assert (score_of(low), score_of(high)) == (45, 70)
    first, *others = ranged_changes(open_key)
    assert (first.key, first.is_open) == ("dkim", True)
    assert first.low is not None
    assert (first.low.points, first.low.score, first.high) == (25, 70, None)
    reject = {one.key: one for one in others}["dmarc_reject"]
    assert reject.low is not None
    assert reject.high is not None
    assert (reject.is_open, reject.low.score, reject.high.score) == (False, 65, 90)


@pytest.mark.parametrize("unknown", [("spf",), ("dkim",), ("dmarc",), ("spf", "dkim", "dmarc")])
@pytest.mark.parametrize("provider", ["M365", "Google", "Hosting", "Local", "Unknown"])
def test_no_change_contradicts_the_range(provider: str, unknown: tuple[str, ...]) -> None:
    here = basis(provider=provider, unknown=unknown, spf_record=None)
    low, high = (score_of(end) for end in ends(here))
    for spf, dkim, policy in product((True, False), (True, False), POLICIES):
        known = {"spf": spf, "dkim": dkim, "policy": policy}
        settled = {name: known[name] for name in known if name.replace("policy", "dmarc") in unknown}
        assert low <= score_of(replace(here, **settled)) <= high
    for one in ranged_changes(here):
        assert one.low is None or one.low.score == low + one.low.points
        assert one.high is None or one.high.score == high + one.high.points
        if one.is_open and one.low is not None:
            assert one.low.score <= high


def test_too_many_includes_cost_points() -> None:
    record = "v=spf1 " + " ".join(f"include:{n}.example" for n in range(5)) + " ~all"
    assert {change.key: change.points for change in changes(basis(spf_record=record))}["fewer_includes"] == 5


@pytest.mark.parametrize(
    ("provider", "score", "expected"),
    [
        ("Google", 45, (60, 15)),
        ("Google", 72, (80, 8)),
        ("Local", 3, (5, 2)),
        ("M365", 69, (70, 1)),
        ("M365", 90, None),
    ],
)
def test_the_next_boundary(provider: str, score: int, expected: tuple[int, int] | None) -> None:
    found = next_boundary(provider, score)
    assert (found and (found.score, found.missing)) == expected


def test_without_a_mail_host_nothing_helps() -> None:
    assert changes(basis(mx_hosts=())) == []


def test_every_change_in_every_world_does_what_it_says() -> None:
    providers = ("M365", "Google", "Yandex", "Hosting", "Local", "Unknown")
    records, policies = (True, False, None), (None, "none", "quarantine", "reject")
    worlds = product(providers, records, records, policies)
    for provider, spf, dkim, policy in worlds:
        here = basis(provider=provider, spf=spf, dkim=dkim, policy=policy, spf_record=None)
        for change in changes(here):
            there = scoring.score(
                scoring.Signals(
                    domain=here.domain, provider=provider, mx_records=here.mx_hosts, spf_record=None,
                    spf=True if change.key == "spf" else spf,
                    dkim=True if change.key == "dkim" else dkim,
                    dmarc_policy=change.key.removeprefix("dmarc_") if change.key.startswith("dmarc") else policy,
                )
            )  # fmt: skip
            assert (there.score, there.segment, there.priority_score) == (change.score, change.segment, change.priority)
            assert there.score <= ceiling(here)
