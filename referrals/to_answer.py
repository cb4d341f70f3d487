"""How many referrals wait for an answer, for the first page: the same rows as the list it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db.models import Case, CharField, Count, Value, When
from django.urls import reverse
from django.utils.translation import gettext as _

from leads.today import Chart, chart
from referrals.list_query import DEADLINES, ReferralQuery, deadline_is
from referrals.models import Status

_TONES: Final = {"over": "danger", "1": "danger", "3": "warning"}


@dataclass(frozen=True, slots=True)
class ToAnswer:
    """`urgent`: one of them has a day left at most. `chart`: by deadline."""

    count: int
    urgent: bool
    url: str
    chart: Chart


def to_answer(user: User, now: datetime, *, mine: bool) -> ToAnswer:
    """All of them, or those whose lead is `user`'s. One query."""
    query = ReferralQuery(status=(Status.NEW,), owner="me" if mine else "")
    left = Case(
        *(When(deadline_is(key, now), then=Value(key)) for key in DEADLINES),
        output_field=CharField(),
        default=Value(""),
    )
    rows = query.referrals(user, now).order_by().values_list(left).annotate(count=Count("pk"))
    counts = dict(rows)
    page = reverse("referrals:list")
    bars = [
        (label, counts.get(key, 0), page + query.url(deadline=key), _TONES.get(key, ""))
        for key, label in DEADLINES.items()
    ]
    return ToAnswer(
        count=sum(counts.values()),
        urgent=counts.get("1", 0) > 0,
        url=page + query.url(),
        chart=chart("clock", _("Referrals to answer, by deadline"), _("Time left"), bars),
    )
