"""Rescans tell exactly what changed, and nothing from what nobody answered."""

from __future__ import annotations

import pytest

from bench.changes import Difference, market, play

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seed", [5, 17])
def test_rescans_tell_exactly_the_injected_truth(seed: int) -> None:
    rounds = play(600, seed=seed)
    for name, found in rounds.items():
        if isinstance(found, Difference):
            assert found.is_none, (name, found)
    assert rounds["events"]
    assert rounds["alerts"]
    assert rounds["silent"] == 30


def test_the_injection_changes_what_it_says() -> None:
    made = market(1000)
    assert len(made.unknown) == 50
    assert sum(made.before[name] != world for name, world in made.told().items()) == 30
    assert any(made.before[name] != made.after[name] for name in made.unknown)
