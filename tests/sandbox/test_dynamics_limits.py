"""Service protection: three limits of one application user, and who did not wait."""

from __future__ import annotations

import threading
import time

import pytest
import requests

from sandbox.cloud import USERS, Cloud
from tests.sandbox.conftest import Dataverse, answers, error, key, multipart, part


def test_requests_in_a_window(cloud: Cloud, dataverse: Dataverse) -> None:
    cloud.dynamics.switch(request_limit=3, penalty_grows=False)
    left = [dataverse.get("WhoAmI").headers["x-ms-ratelimit-burst-remaining-xrm-requests"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = dataverse.get("WhoAmI")
    assert error(refused) == (429, "0x80072322")
    assert refused.json()["error"]["message"] == (
        "Number of requests exceeded the limit of 3 over time window of 300 seconds."
    )
    assert refused.headers["Retry-After"] == "300"
    cloud.dynamics.limits.advance(100)
    again = dataverse.get("WhoAmI")
    assert (again.status_code, again.headers["Retry-After"]) == (429, "200")
    cloud.dynamics.limits.advance(201)
    assert dataverse.get("WhoAmI").status_code == 200
    assert cloud.dynamics.early_requests == 1


def test_a_penalty_grows_for_whoever_goes_on(cloud: Cloud, dataverse: Dataverse) -> None:
    cloud.dynamics.switch(request_limit=1, window_seconds=20.0)
    dataverse.get("WhoAmI")
    waits = []
    for _ in range(6):
        waits.append(int(dataverse.get("WhoAmI").headers["Retry-After"]))
        cloud.dynamics.limits.advance(1)
    assert waits == [20, 40, 80, 160, 300, 300]
    assert cloud.dynamics.early_requests == 5
    assert int(dataverse.get("WhoAmI").headers["Retry-After"]) == 300
    assert int(dataverse.get("WhoAmI").headers["Retry-After"]) == 300, "on its way when the refusal was sent"
    cloud.dynamics.limits.advance(301)
    assert dataverse.get("WhoAmI").status_code == 200


def test_lanes_that_were_on_their_way_do_not_grow_the_penalty(cloud: Cloud, dataverse: Dataverse) -> None:
    cloud.dynamics.switch(request_limit=1, window_seconds=20.0)
    dataverse.get("WhoAmI")
    assert {dataverse.get("WhoAmI").headers["Retry-After"] for _ in range(4)} <= {"20", "19"}


@pytest.mark.parametrize("limit", [{"request_limit": 0}, {"execution_limit_ms": 0}])
def test_a_limit_of_nothing(cloud: Cloud, dataverse: Dataverse, limit: dict[str, int]) -> None:
    cloud.dynamics.switch(**limit)
    assert dataverse.get("WhoAmI").status_code == 429


def test_execution_time(cloud: Cloud, dataverse: Dataverse) -> None:
    cloud.dynamics.switch(server_ms_per_row=100, execution_limit_ms=1000)
    rows = [part("PATCH", key(f"{number}.example"), {}) for number in range(10)]
    assert {item.status for item in answers(dataverse.batch(multipart(rows)))} == {204}
    refused = dataverse.get("WhoAmI")
    assert error(refused) == (429, "0x80072321")
    assert "exceeded limit of 1,000 milliseconds over time window of 300 seconds" in refused.text
    assert 1 <= int(refused.headers["Retry-After"]) <= 300


def test_concurrency(cloud: Cloud, dataverse: Dataverse) -> None:
    cloud.dynamics.switch(concurrency_limit=2, latency_ms=60)
    statuses: list[tuple[int, str]] = []

    def ask() -> None:
        answer = dataverse.get("WhoAmI")
        statuses.append((answer.status_code, answer.headers.get("Retry-After", "")))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cloud.dynamics.concurrency_peak == 5
    assert sorted(statuses) == sorted(
        [(200, "")] * statuses.count((200, "")) + [(429, "1")] * statuses.count((429, "1"))
    )
    assert (429, "1") in statuses
    assert (200, "") in statuses


def test_a_batch_counts_once_and_each_user_for_himself(
    cloud: Cloud, dataverse: Dataverse, session: requests.Session
) -> None:
    cloud.dynamics.switch(request_limit=2)
    dataverse.batch(multipart([part("GET", "WhoAmI")] * 50))
    assert dataverse.get("WhoAmI").status_code == 200
    assert dataverse.get("WhoAmI").status_code == 429
    assert Dataverse(cloud, session, USERS[1]).get("WhoAmI").status_code == 200
    assert cloud.dynamics.early_requests == 0


def test_planned_throttling_starts_a_window_too(cloud: Cloud, dataverse: Dataverse) -> None:
    cloud.faults.add("lead_by_key", "throttle", retry_after=1)
    refused = dataverse.by_key("a.example", {})
    assert error(refused) == (429, "0x80072322")
    assert len(cloud.dynamics) == 0
    assert dataverse.get("WhoAmI").status_code == 200, "counted, not refused"
    assert cloud.dynamics.early_requests == 1
    time.sleep(1)
    assert dataverse.by_key("a.example", {}).status_code == 204
    assert cloud.dynamics.early_requests == 1


def test_one_part_of_a_batch_is_throttled(cloud: Cloud, dataverse: Dataverse) -> None:
    cloud.faults.add("part", "throttle", after=1, retry_after=7, error="0x80072326")
    parts = answers(dataverse.batch(multipart([part("PATCH", key(f"{n}.example"), {}) for n in range(3)])))
    assert [item.status for item in parts] == [204, 429, 204]
    assert (parts[1].code, parts[1].headers["Retry-After"]) == ("0x80072326", "7")
    assert len(cloud.dynamics) == 2
    dataverse.get("WhoAmI")
    assert cloud.dynamics.early_requests == 1
