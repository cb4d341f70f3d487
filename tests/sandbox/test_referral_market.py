"""The seeded referrals: the same every time, and as varied as the service's."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.referral_market import referrals

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
COMPANIES = [(f"firma-{number}.example", f"Fırma {number} A.Ş.", "İzmir") for number in range(80)]
STATES = {
    "New": {"Pending", "Received"},
    "Active": {"Accepted"},
    "Closed": {"Won", "Lost", "Declined", "Expired"},
}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return referrals(1500, now=NOW, companies=COMPANIES)


def _emails(row: dict[str, Any]) -> list[str]:
    return [person["email"] for person in row["customerProfile"]["team"] if person["email"]]


def test_same_arguments_give_the_same_rows(rows: list[dict[str, Any]]) -> None:
    assert referrals(200, now=NOW, companies=COMPANIES) == rows[:200]
    later = referrals(200, now=NOW + timedelta(days=3), companies=COMPANIES)
    assert [row["id"] for row in later] == [row["id"] for row in rows[:200]]
    assert referrals(200, seed=8, now=NOW, companies=COMPANIES) != rows[:200]
    assert len({row["id"] for row in rows}) == 1500
    with pytest.raises(ValueError):
        referrals(1, now=NOW, companies=[])


def test_states_and_dates_fit(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert row["substatus"] in STATES[row["status"]]
        created, updated, expires = (
            datetime.fromisoformat(row[name]) for name in ("createdDateTime", "updatedDateTime", "expirationDateTime")
        )
        assert created <= updated + timedelta(seconds=1)
        assert updated <= NOW + timedelta(seconds=1)
        if row["status"] == "New":
            assert timedelta(hours=5, minutes=59) < expires - NOW < timedelta(days=14)
        assert (row["closedDateTime"] is not None) == (row["status"] == "Closed")
    assert {row["status"] for row in rows} == set(STATES)


def test_contacts_come_in_every_kind(rows: list[dict[str, Any]]) -> None:
    domains = [{email.partition("@")[2].lower() for email in _emails(row)} for row in rows]
    company = [{domain for domain in found if domain.endswith(".example")} for found in domains]
    assert any(len(found) == 2 for found in company)
    assert any(found and not kept for found, kept in zip(domains, company, strict=True)), "consumer only"
    assert any(not found for found in domains)
    assert any(domain.startswith("mail.firma-") for found in domains for domain in found)
    assert any(email.isupper() for row in rows for email in _emails(row))
    assert any("hotmail.com.tr" in found for found in domains)


def test_deals_and_categories_are_varied(rows: list[dict[str, Any]]) -> None:
    assert {row["details"]["currency"] for row in rows} == {"TRY", "USD", "EUR", None}
    assert all(row["details"]["closingDateTime"].endswith("T21:00:00Z") for row in rows)
    digits = {len(row["updatedDateTime"].partition(".")[2].rstrip("Z")) for row in rows}
    assert digits == {0, 6, 7}
    kinds = {
        (row["type"], row["qualification"], row["inviteContext"]["invitedBy"]["organizationId"] == "msft")
        for row in rows
    }
    assert {
        ("Independent", "Direct", True),
        ("Independent", "SalesQualified", True),
        ("Independent", "MarketingQualified", True),
        ("Shared", "SalesQualified", False),
        ("Shared", "None", False),
    } <= kinds
    assert max(Counter(row["engagementId"] for row in rows).values()) == 2
    texts = json.dumps(rows, ensure_ascii=False)
    assert "&amp;" in texts
    assert max(len(row["details"]["notes"]) for row in rows) > 3000


def test_odd_shapes_come_by_their_share(rows: list[dict[str, Any]]) -> None:
    odd = referrals(1500, now=NOW, companies=COMPANIES, odd_share=0.1)
    changed = sum(row != plain for row, plain in zip(odd, rows, strict=True))
    assert 90 < changed < 210
    assert {row["status"] for row in odd} >= {"Paused", None}
    shapes = {type((row.get("customerProfile") or {}).get("ids")) for row in odd}
    assert shapes == {list, dict, type(None)}
    assert max(len(row["name"] or "") for row in odd) == 300
    assert any("details" not in row for row in odd)


def test_the_store_serves_odd_rows_as_they_are() -> None:
    odd = referrals(200, now=NOW, companies=COMPANIES, odd_share=1.0)
    cloud = Cloud(referrals=odd)
    assert cloud.partner_center.rows() == {row["id"]: row for row in odd}
