"""The grammar of $filter and the reading of dates."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import odata

SCHEMA = {
    "name": "text",
    "status": "text",
    "favorite": "bool",
    "updatedDateTime": "date",
    "details": {"dealValue": "number"},
    "customerProfile": {"address": {"country": "text"}},
    "team": [{"email": "text", "title": "text"}],
}
ROW: dict[str, Any] = {
    "name": "Ali'nin Yeri",
    "status": "New",
    "favorite": False,
    "updatedDateTime": "2026-10-14T08:41:27.5306114Z",
    "details": {"dealValue": 480000.5},
    "customerProfile": {"address": {"country": "TR"}},
    "team": [{"email": "a@x.example", "title": None}, {"email": "b@x.example", "title": "CFO"}],
}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("status eq 'New'", True),
        ("status ne 'New'", False),
        ("status eq 'new'", False),
        ("name eq 'Ali''nin Yeri'", True),
        ("status gt 'Active'", True),
        ("favorite eq false", True),
        ("details/dealValue ge 480000.5", True),
        ("details/dealValue lt 1", False),
        ("customerProfile/address/country eq 'TR'", True),
        ("updatedDateTime ge 2026-10-14T08:41:27.5306114Z", True),
        ("updatedDateTime gt 2026-10-14T08:41:27.5306114Z", False),
        ("updatedDateTime gt 2026-10-14T08:41:27.5306113Z", True),
        ("updatedDateTime le 2026-10-14T08:41:27Z", False),
        ("status eq 'X' or status eq 'Y' and name eq 'Z' or favorite eq false", True),
        ("(status eq 'New' or status eq 'Y') and favorite eq true", False),
        ("team/any(t:t/email eq 'b@x.example')", True),
        ("team/any(t:t/email eq 'b@x.example' and t/title eq 'CFO') and status eq 'New'", True),
        ("team/any(t:t/email eq 'a@x.example' and t/title eq 'CFO')", False),
        ("team/any(member: member/title eq null)", True),
        ("name ne null", True),
    ],
)
def test_conditions(condition: str, expected: bool) -> None:
    assert odata.parse(condition, SCHEMA).matches({"": ROW}) is expected


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "status",
        "status eq",
        "status eq New",
        'status eq "New"',
        "status eq 'New",
        "status like 'New'",
        "nothing eq 'New'",
        "customerProfile eq 'x'",
        "customerProfile/name eq 'x'",
        "(status eq 'New'",
        "status eq 'New') or favorite eq true",
        "status eq 'New' status eq 'Old'",
        "updatedDateTime ge '2026-10-14T08:41:27Z'",
        "updatedDateTime ge 2026-10-14T08:41:27+00:00",
        "updatedDateTime ge 2026-10-14T08:41:27 00:00",
        "updatedDateTime ge 2026-13-14T08:41:27Z",
        "updatedDateTime ge 2026-10-14",
        "status eq 5",
        "status/any(t:t eq 'x')",
        "team/any(t:t/phone eq 'x')",
    ],
)
def test_bad_conditions_are_refused(condition: str) -> None:
    with pytest.raises(odata.FilterError):
        odata.parse(condition, SCHEMA)


def test_a_row_of_another_shape_meets_no_condition() -> None:
    row = {"team": {"email": "a@x.example"}, "customerProfile": None, "updatedDateTime": "yesterday"}
    for condition in (
        "team/any(t:t/email eq 'a@x.example')",
        "customerProfile/address/country eq 'TR'",
        "updatedDateTime ge 2000-01-01T00:00:00Z",
    ):
        assert not odata.parse(condition, SCHEMA).matches({"": row})


def test_ticks_read_any_number_of_digits() -> None:
    second = odata.ticks("2026-10-14T08:41:27Z")
    assert second is not None
    assert odata.ticks("2026-10-14T08:41:27.5306114Z") == second + 5_306_114
    assert odata.ticks("2026-10-14T08:41:27.530611Z") == second + 5_306_110
    assert odata.ticks("2026-10-14T08:41:27+00:00") is None
    assert odata.instant(second + 7) == "2026-10-14T08:41:27.0000007Z"


def test_bounds_are_taken_only_where_every_row_must_meet_them() -> None:
    day = odata.ticks("2026-10-14T00:00:00Z")
    assert day is not None
    condition = odata.parse("updatedDateTime gt 2026-10-14T00:00:00Z and (status eq 'New')", SCHEMA)
    bounds, rest = odata.split(condition, "updatedDateTime")
    assert bounds == odata.Range(day + 1, None)
    assert rest is not None
    either = odata.parse("updatedDateTime ge 2026-10-14T00:00:00Z or status eq 'New'", SCHEMA)
    assert odata.split(either, "updatedDateTime")[0] == odata.Range()
