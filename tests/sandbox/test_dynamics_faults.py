"""Faults on the way to Dynamics: what was done before the client lost the answer, and what was not."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import requests

from sandbox.cloud import Cloud
from tests.sandbox.conftest import Dataverse, answers, error, key, multipart, part


def _attempt(work: Callable[[], requests.Response]) -> int:
    """The status, 0 when no answer came."""
    try:
        return work().status_code
    except requests.RequestException:
        return 0


@pytest.mark.parametrize(
    ("kind", "options", "status", "stored"),
    [
        ("close", {}, 0, 0),
        ("drop_after", {}, 0, 1),
        ("status", {"code": 503}, 503, 0),
        ("html_status", {}, 502, 0),
        ("lost", {}, 504, 1),
        ("unauthorized", {}, 401, 0),
        ("forbidden", {}, 403, 0),
        ("late", {"seconds": 0.05}, 204, 1),
    ],
)
def test_before_and_after_the_commit(
    cloud: Cloud, dataverse: Dataverse, kind: str, options: dict[str, float], status: int, stored: int
) -> None:
    cloud.faults.add("lead_by_key", kind, **options)
    started = time.monotonic()
    assert _attempt(lambda: dataverse.by_key("a.example", {})) == status
    assert time.monotonic() - started >= options.get("seconds", 0)
    assert len(cloud.dynamics) == cloud.dynamics.creates["a.example"] == stored
    assert cloud.journal.requests("lead_by_key")[0].status == status
    assert dataverse.by_key("a.example", {}).status_code == 204


@pytest.mark.parametrize("length", ["right", "wrong"])
def test_a_batch_is_worked_on_and_its_answer_cut(cloud: Cloud, dataverse: Dataverse, length: str) -> None:
    cloud.faults.add("batch", "truncated", length=length)
    body = multipart([part("PATCH", key(f"{number}.example"), {}) for number in range(10)])
    if length == "wrong":
        assert _attempt(lambda: dataverse.batch(body)) == 0
    else:
        assert 0 < len(answers(dataverse.batch(body))) < 10
    assert len(cloud.dynamics) == 10


@pytest.mark.parametrize(
    ("winner", "subjects"), [("twin", ["Mine"]), ("stranger", ["Entered by hand"]), ("nobody", [])]
)
def test_a_lost_race(cloud: Cloud, dataverse: Dataverse, winner: str, subjects: list[str]) -> None:
    cloud.faults.add("lead_by_key", "race", winner=winner)
    answer = dataverse.by_key("a.example", {"subject": "Mine"})
    assert error(answer) == (412, "")
    assert [lead["subject"] for lead in cloud.dynamics.by_domain("a.example")] == subjects
    assert cloud.dynamics.creates["a.example"] == (winner == "twin")


def test_faults_of_single_writes_meet_them_in_batches_too(cloud: Cloud, dataverse: Dataverse) -> None:
    cloud.faults.add("lead_by_key", "plugin_veto", domain="b.example", message="Not this one.")
    cloud.faults.add("*", "choice_refused", column="hnt_leadsegment")
    cloud.faults.add("lead_by_key", "deadlock", domain="d.example")
    contents = {"a.example": {}, "b.example": {}, "c.example": {"hnt_leadsegment": 816940000}, "d.example": {}}
    body = multipart([part("PATCH", key(domain), content) for domain, content in contents.items()])
    parts = answers(dataverse.batch(body))
    assert [item.status for item in parts] == [204, 400, 400, 500]
    assert [item.code for item in parts[1:]] == ["0x80040265", "0x8004431a", "0x80044150"]
    assert parts[1].content["error"]["message"] == "Not this one."
    assert len(cloud.dynamics) == 1
    assert {item.status for item in answers(dataverse.batch(body))} == {204}, "each was planned once"


def test_a_veto_finds_its_lead_by_id_too(cloud: Cloud, dataverse: Dataverse) -> None:
    id = dataverse.created("a.example")
    cloud.faults.add("lead", "plugin_veto", domain="a.example")
    assert error(dataverse.patch(f"leads({id})", {"subject": "B"})) == (400, "0x80040265")
    assert cloud.dynamics.lead(id)["subject"] is None


def test_routes(cloud: Cloud, dataverse: Dataverse) -> None:
    id = dataverse.created("a.example")
    paths = {
        "whoami": "WhoAmI",
        "query": "leads",
        "lead": f"leads({id})",
        "lead_by_key": key("a.example"),
        "metadata": "EntityDefinitions(LogicalName='lead')",
        "keys": "EntityDefinitions(LogicalName='lead')/Keys",
        "records": "organizations",
    }
    for route, path in paths.items():
        cloud.faults.add(route, "status", code=500)
        assert error(dataverse.get(path)) == (500, "0x80040216"), route
        assert dataverse.get(path).status_code == 200, route
    for route, path in {"leads": "leads", "bulk": "leads/Microsoft.Dynamics.CRM.CreateMultiple"}.items():
        cloud.faults.add(route, "status", code=500)
        assert dataverse.post(path, {}).status_code == 500, route


# Weather


def _run(cloud: Cloud, dataverse: Dataverse) -> list[int]:
    return [_attempt(lambda: dataverse.by_key("a.example", {"subject": "A"})) for _ in range(60)]


def test_one_seed_makes_one_run(cloud: Cloud, dataverse: Dataverse) -> None:
    rates = {"status": 0.1, "drop_after": 0.1, "throttle": 0.1, "plugin_veto": 0.1}
    runs = []
    for seed in (5, 5, 6):
        cloud.faults.random_weather(seed, rates, ["lead_by_key"], throttle={"retry_after": 1}, status={"code": 503})
        runs.append(_run(cloud, dataverse))
        cloud.faults.clear()
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {0, 204, 400, 429, 503}
    assert runs[0].count(204) > 30
    assert set(_run(cloud, dataverse)) == {204}, "cleared"


def test_weather_keeps_to_its_routes_and_shows_itself(cloud: Cloud, dataverse: Dataverse) -> None:
    cloud.faults.random_weather(1, {"status": 1.0}, ["query"])
    assert dataverse.get("WhoAmI").status_code == 200
    assert dataverse.get("leads").status_code == 500
    assert cloud.faults.planned()[0]["rates"] == {"status": 1.0}
    cloud.faults.random_weather(1, {"throttle": 1.0}, ["part"], throttle={"retry_after": 2})
    parts = answers(dataverse.batch(multipart([part("PATCH", key("a.example"), {})] * 2)))
    assert [item.status for item in parts] == [429, 429]
    with pytest.raises(ValueError, match="earthquake"):
        cloud.faults.random_weather(1, {"earthquake": 1.0})
    with pytest.raises(ValueError, match="wet"):
        cloud.faults.random_weather(1, {"status": 1.0}, status={"wet": True})
