"""The scenario worlds over real sockets: a server for each, faults and TCP included."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.dns import World, serve
from signals.dns.resolver import DnsSettings
from signals.observe import observe
from signals.types import Observation

SCENARIOS = json.loads((Path(__file__).parents[1] / "golden" / "dns-scenarios-public.json").read_text(encoding="utf-8"))


def look(scenario: dict[str, Any], *, thorough: bool = True) -> Observation:
    world = World.from_json(SCENARIOS["provider_records"], scenario)
    with serve(world) as server:
        settings = DnsSettings(servers=((server.host, server.port),), timeout_floor=0.15)

        async def run() -> Observation:
            looks = observe([scenario["domain"]], settings=settings, thorough=thorough)
            return await anext(looks)

        return asyncio.run(run())


@pytest.mark.parametrize("scenario", SCENARIOS["scenarios"], ids=lambda scenario: scenario["id"])
def test_every_expected_fact_of_a_scenario_is_seen(scenario: dict[str, Any]) -> None:
    assert look(scenario).facts.as_dict() == scenario["expected"]


@pytest.mark.parametrize("scenario", SCENARIOS["scenarios"], ids=lambda scenario: scenario["id"])
def test_a_lean_look_never_contradicts_a_thorough_one(scenario: dict[str, Any]) -> None:
    """It may see fewer selectors and hints, but no other provider, state or policy."""
    seen, expected = look(scenario, thorough=False).facts.as_dict(), scenario["expected"]
    for fact in ("mx_status", "mx_hosts", "provider", "gateway", "behind_gateway_provider", "spf", "dmarc"):
        assert seen[fact] == expected[fact]
    assert seen["dkim"]["state"] == expected["dkim"]["state"]
    assert set(seen["dkim"]["selectors"]) <= set(expected["dkim"]["selectors"])
    assert set(seen["hints"]) <= set(expected["hints"])
