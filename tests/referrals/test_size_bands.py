"""Partner Center's size bands as size classes, on the referral that counts and on the lead."""

from __future__ import annotations

import pytest

from leads.models import ReferralState
from referrals.linking import _note, size_of
from referrals.models import Referral


@pytest.mark.parametrize(
    ("band", "size"),
    [
        ("1to9employees", "small"), ("10to50employees", "small"), ("1to50employees", "small"),
        ("51to250employees", "medium"), ("51to500employees", "medium"), ("251to1000employees", "large"),
        ("1001to5000employees", "large"), ("5001to10000employees", "large"), ("10001to20000employees", "large"),
        ("Morethan20000employees", "large"), ("Morethan500employees", "large"), ("", ""), ("2to3employees", ""),
    ],
)  # fmt: skip
def test_every_documented_band_has_a_size_and_others_have_none(band: str, size: str) -> None:
    assert size_of(band) == size


def test_the_most_urgent_referral_that_says_a_size_decides() -> None:
    closed = Referral(remote_id="a", status="Closed", customer_size="Morethan500employees")
    active = Referral(remote_id="b", status="Active", customer_size="51to250employees")
    silent = Referral(remote_id="c", status="New", customer_size="")
    note = _note([closed, silent, active])
    assert (note.state, note.remote_id) == (ReferralState.NEW, "c")
    assert note.size == "medium"
    assert _note([closed, active]).size == "medium"
    assert _note([silent]).size == ""
    assert _note([]).size == ""
