"""Many leads: conditions, order, pages, counts, and what changed since a token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.cloud import Cloud
from tests.sandbox.conftest import Dataverse, error


def _pages(dataverse: Dataverse, path: str, **headers: str) -> Iterator[dict[str, Any]]:
    answer = dataverse.get(path, **headers)
    while True:
        assert answer.status_code == 200, answer.text
        page = answer.json()
        yield page
        if "@odata.nextLink" not in page:
            return
        answer = dataverse.get(page["@odata.nextLink"], **headers)


def _subjects(dataverse: Dataverse, condition: str) -> list[str]:
    answer = dataverse.get(f"leads?$select=subject&$orderby=subject&$filter={condition}")
    assert answer.status_code == 200, answer.text
    return [row["subject"] for row in answer.json()["value"]]


@pytest.fixture
def five(cloud: Cloud) -> list[str]:
    """Ids of A to E."""
    return [
        cloud.dynamics.add_lead(subject=letter, hnt_domain=f"{letter}.example".lower(), hnt_finalscore=score)
        for letter, score in zip("ABCDE", (10, 20, 30, 40, None), strict=True)
    ]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("hnt_domain eq 'A.example'", "A"),
        ("hnt_finalscore ge 20 and hnt_finalscore lt 40", "BC"),
        ("subject eq 'A' or subject eq 'E'", "AE"),
        ("not (subject eq 'A') and hnt_finalscore le 30", "BC"),
        ("hnt_finalscore eq null", "E"),
        ("hnt_finalscore ne null and statecode eq 0", "ABCD"),
        ("contains(hnt_domain,'.EX') and startswith(subject,'b')", "B"),
        ("endswith(hnt_domain,'e.example')", "E"),
        ('Microsoft.Dynamics.CRM.In(PropertyName=\'hnt_domain\',PropertyValues=["a.example","e.example"])', "AE"),
        ('Microsoft.Dynamics.CRM.In(PropertyName=\'hnt_finalscore\',PropertyValues=["10","20"])', "AB"),
        ("modifiedon ge 2020-01-01T00:00:00Z and subject gt 'C'", "DE"),
        ("modifiedon lt 2020-01-01", ""),
        ("hnt_domain eq 'nobody.example'", ""),
        ("hnt_ispartnercenterreferral eq true", ""),
        ("subject eq @who&@who='C'", "C"),
    ],
)
def test_conditions(dataverse: Dataverse, five: list[str], condition: str, found: str) -> None:
    assert _subjects(dataverse, condition) == list(found)


def test_conditions_on_ids(cloud: Cloud, dataverse: Dataverse, five: list[str]) -> None:
    assert _subjects(dataverse, f"leadid eq {five[1]}") == ["B"]
    assert _subjects(dataverse, f"leadid eq {five[1]} or leadid eq {five[2]}") == ["B", "C"]
    values = f'["{five[0]}","{five[4]}"]'
    among = f"Microsoft.Dynamics.CRM.In(PropertyName='leadid',PropertyValues={values})"
    assert _subjects(dataverse, among) == ["A", "E"]
    cloud.dynamics.assign(five[3], "Ada Aksoy")
    owner = cloud.dynamics.lead(five[3])["ownerid"]
    assert _subjects(dataverse, f"_ownerid_value eq {owner}") == ["D"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("$select=nothing", "Could not find a property named 'nothing' on type 'Microsoft.Dynamics.CRM.lead'."),
        ("$filter=nothing eq 1", "Could not find a property named 'nothing'"),
        ("$orderby=nothing", "Could not find a property named 'nothing'"),
        ("$filter=subject eq", "Syntax error"),
        ("$filter=subject eq 5", "incompatible types"),
        ("$skip=5", "Skip Clause is not supported"),
        ("$top=x", "Invalid value"),
        ("$filter=modifiedon ge 2026-11-23T25:00:00Z", "Syntax error"),
    ],
)
def test_refused_queries(dataverse: Dataverse, query: str, words: str) -> None:
    answer = dataverse.get(f"leads?{query}")
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


def test_pages_follow_each_other_while_rows_change(cloud: Cloud, dataverse: Dataverse, five: list[str]) -> None:
    path = "leads?$select=subject&$orderby=hnt_finalscore desc&$count=true"
    pages = _pages(dataverse, path, Prefer="odata.maxpagesize=2")
    first = next(pages)
    assert (first["@odata.count"], [row["subject"] for row in first["value"]]) == (5, ["D", "C"])
    cloud.dynamics.delete(five[1])
    cloud.dynamics.add_lead(subject="F", hnt_finalscore=5)
    assert [[row["subject"] for row in page["value"]] for page in pages] == [["A", "F"], ["E"]]


def test_top_counts_unless_a_page_size_is_preferred(dataverse: Dataverse, five: list[str]) -> None:
    assert len(dataverse.get("leads?$top=2").json()["value"]) == 2
    sized = dataverse.get("leads?$top=2", Prefer="odata.maxpagesize=3").json()
    assert len(sized["value"]) == 3
    assert "@odata.nextLink" in sized


def test_a_page_has_5000_rows_at_most_and_so_has_a_count(cloud: Cloud, dataverse: Dataverse) -> None:
    for number in range(5001):
        cloud.dynamics.add_lead(subject=f"{number}")
    page = dataverse.get("leads?$select=subject&$count=true", Prefer="odata.maxpagesize=9000").json()
    assert (len(page["value"]), page["@odata.count"]) == (5000, 5000)
    assert len(dataverse.get(page["@odata.nextLink"]).json()["value"]) == 1
    assert dataverse.get("leads/$count").text == "5000"
    assert dataverse.get("leads/$count?$filter=subject eq '7'").text == "1"


def test_choices_are_shown_as_people_read_them(dataverse: Dataverse) -> None:
    id = dataverse.created("a.example", hnt_leadsegment=816940002)
    plain = dataverse.get(f"leads({id})?$select=hnt_leadsegment").json()
    assert plain["hnt_leadsegment"] == 816940002
    assert not [name for name in plain if "FormattedValue" in name]
    wanted = 'odata.include-annotations="OData.Community.Display.V1.FormattedValue"'
    shown = dataverse.get(f"leads({id})?$select=hnt_leadsegment", Prefer=wanted).json()
    assert shown["hnt_leadsegment@OData.Community.Display.V1.FormattedValue"] == "Cold"


# Changes


def test_changes_since_a_token(cloud: Cloud, dataverse: Dataverse, five: list[str]) -> None:
    track = "odata.track-changes,odata.maxpagesize=2"
    pages = list(_pages(dataverse, "leads?$select=subject", Prefer=track))
    assert [[row["subject"] for row in page["value"]] for page in pages] == [["A", "B"], ["C", "D"], ["E"]]
    link = pages[-1]["@odata.deltaLink"]
    cloud.dynamics.edit(five[0], subject="A2")
    cloud.dynamics.delete(five[1])
    cloud.dynamics.add_lead(subject="F")
    changed = dataverse.get(link).json()
    assert [row.get("subject") for row in changed["value"]] == ["A2", "F", None]
    assert changed["value"][-1] == {
        "@odata.context": f"{dataverse.base}$metadata#leads/$deletedEntity",
        "id": five[1],
        "reason": "deleted",
    }
    assert dataverse.get(changed["@odata.deltaLink"]).json()["value"] == []


def test_what_changes_between_the_pages_is_not_lost(cloud: Cloud, dataverse: Dataverse, five: list[str]) -> None:
    pages = _pages(dataverse, "leads?$select=subject", Prefer="odata.track-changes,odata.maxpagesize=3")
    next(pages)
    cloud.dynamics.edit(five[0], subject="A2")
    last = list(pages)[-1]
    later = dataverse.get(last["@odata.deltaLink"]).json()["value"]
    assert "A2" in {row["subject"] for row in last["value"] + later}


def test_limits_of_change_tracking(cloud: Cloud, dataverse: Dataverse) -> None:
    refused = dataverse.get("leads?$filter=statecode eq 0", Prefer="odata.track-changes")
    assert refused.status_code == 400
    link = dataverse.get("leads", Prefer="odata.track-changes").json()["@odata.deltaLink"]
    cloud.dynamics.switch(expire_tokens=True)
    assert error(dataverse.get(link)) == (400, "0x80044352")
