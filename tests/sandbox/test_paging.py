"""Pages while others edit, and the links between them."""

from __future__ import annotations

import random
import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox.cloud import Cloud
from tests.sandbox.conftest import Api

ASCENDING = "updatedDateTime asc"


def _fill(cloud: Cloud, count: int) -> None:
    for _ in range(count):
        cloud.partner_center.add()


def test_the_next_link_is_as_odd_as_documented(cloud: Cloud, api: Api) -> None:
    _fill(cloud, 101)
    page = api.get(orderby=ASCENDING, filter="status eq 'New'").json()
    assert (len(page["value"]), page["@odata.count"]) == (100, 100)
    link = urlsplit(page["@odata.nextLink"])
    assert (link.scheme, link.netloc, link.path) == ("http", "api.partner.microsoft.com", "/v1.0/referrals")
    assert [name for name, _ in parse_qsl(link.query)] == ["$skiptoken"]
    assert "%2B" in link.query


def test_other_forms_of_the_next_link(cloud: Cloud, api: Api) -> None:
    _fill(cloud, 101)
    cloud.partner_center.switch(next_link="full")
    full = urlsplit(api.get(orderby=ASCENDING, top="200").json()["@odata.nextLink"])
    assert (full.scheme, full.path) == ("https", "/v1.0/engagements/referrals")
    assert [name for name, _ in parse_qsl(full.query)] == ["$orderby", "$top", "$skiptoken"]
    assert len(api.ids(orderby=ASCENDING)) == 101
    cloud.partner_center.switch(next_link="foreign")
    assert urlsplit(api.get().json()["@odata.nextLink"]).netloc == "evil.example"


def test_no_link_after_exactly_one_page(cloud: Cloud, api: Api) -> None:
    _fill(cloud, 100)
    assert "@odata.nextLink" not in api.get().json()


def test_an_expired_token_is_refused(cloud: Cloud, api: Api) -> None:
    _fill(cloud, 101)
    pages = api.pages()
    next(pages)
    cloud.partner_center.switch(expire_tokens=True)
    with pytest.raises(AssertionError, match="expired"):
        next(pages)


def test_the_filter_goes_on_with_the_token(cloud: Cloud, api: Api) -> None:
    _fill(cloud, 250)
    ids = list(cloud.partner_center.rows())
    for id in ids[::2]:
        cloud.partner_center.set_state(id, "Active", "Accepted")
    assert api.ids(filter="status eq 'Active'", orderby="updatedDateTime desc") == ids[::2][::-1]


def _scan(cloud: Cloud, api: Api, order: str) -> tuple[int, int, int]:
    """Reads every page under three edits per page; returns how many were never seen, left stale and seen twice."""
    seen: dict[str, dict[str, Any]] = {}
    twice = 0
    known = set(cloud.partner_center.rows())
    for page in api.pages(orderby=order):
        for row in page:
            twice += row["id"] in seen
            seen[row["id"]] = row
    now = cloud.partner_center.rows()
    never = len((known | now.keys()) - seen.keys()) if order == ASCENDING else len(known - seen.keys())
    stale = sum(row["eTag"] != now[id]["eTag"] for id, row in seen.items())
    return never, stale, twice


def test_paging_under_edits_misses_nothing_only_by_rising_update(cloud: Cloud, api: Api) -> None:
    """Section 6 of the reference: the continuation by updatedDateTime asc is the only way that misses nothing."""
    _fill(cloud, 2_000)
    cloud.faults.random_edits(seed=11)
    never, stale, twice = _scan(cloud, api, ASCENDING)
    assert (never, stale) == (0, 0)
    assert twice > 0
    never, stale, twice = _scan(cloud, api, "updatedDateTime desc")
    assert never > 0
    assert stale > 0
    assert twice == 0
    never, stale, twice = _scan(cloud, api, "createdDateTime asc")
    assert (never, twice) == (0, 0)
    assert stale > 0


def test_random_edits_repeat_with_their_seed() -> None:
    def states(seed: int) -> list[tuple[str, str, str]]:
        with Cloud() as cloud:
            _fill(cloud, 30)
            cloud.partner_center.edit_randomly(40, random.Random(seed))
            rows = cloud.partner_center.rows()
            return sorted((row["id"], row["name"], row["status"]) for row in rows.values())

    assert states(3) == states(3)
    assert states(3) != states(4)


def test_an_older_copy_arrives_after_the_newer_one(cloud: Cloud, api: Api) -> None:
    _fill(cloud, 150)
    id = next(iter(cloud.partner_center.rows()))
    with pytest.raises(ValueError, match="older"):
        cloud.partner_center.replay_older(id)
    cloud.partner_center.edit(id, name="Newer")
    cloud.partner_center.replay_older(id)
    pages = list(api.pages(orderby=ASCENDING))
    names = [row["name"] for page in pages for row in page if row["id"] == id]
    assert len(names) == 2
    assert names[0] == "Newer"
    assert names[1] != "Newer"
    assert id not in [row["id"] for page in api.pages(orderby=ASCENDING) for row in page][150:]


def test_duplicates_within_and_across_pages(cloud: Cloud, api: Api) -> None:
    _fill(cloud, 150)
    first, second, *_ = cloud.partner_center.rows()
    cloud.partner_center.duplicate(first)
    cloud.partner_center.duplicate(second, across=True)
    pages = [[row["id"] for row in page] for page in api.pages(orderby=ASCENDING)]
    assert [page.count(first) for page in pages] == [2, 0]
    assert [page.count(second) for page in pages] == [1, 1]


def test_a_page_of_many_rows_is_cheap() -> None:
    rows = [
        {"id": f"row-{number:05d}", "updatedDateTime": f"2026-10-01T{number // 3600:02d}:{number // 60 % 60:02d}:00Z"}
        for number in range(50_000)
    ]
    with Cloud(referrals=rows) as cloud:
        token = cloud.entra.issue_access("https://api.partner.microsoft.com/.default")
        target = "/v1.0/engagements/referrals?$orderby=updatedDateTime%20asc&$filter=updatedDateTime%20ge%20"
        target += "2026-10-01T10:00:00Z"
        headers = {"host": "api.partner.microsoft.com", "authorization": f"Bearer {token}"}
        started = time.thread_time()
        for _ in range(20):
            reply, _fault = cloud.handle("GET", target, headers, b"")
            assert reply.status == 200
        assert (time.thread_time() - started) / 20 < 0.005
