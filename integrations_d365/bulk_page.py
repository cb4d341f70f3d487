"""What a push of many leads would do, counted before anybody starts it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from django.db.models import Case, CharField, Count, Q, Value, When
from django.utils import timezone

from integrations_d365.facts import facts_of
from integrations_d365.mapping import Shape, changed, wanted
from integrations_d365.models import Push, PushQuerySet
from integrations_d365.pushing import DECISIONS
from leads.models import LeadQuerySet, PushState, RemoteState

COMPARED: Final = 2_000  # leads of which is said exactly which changed; more would keep the page waiting
_AT_ONCE: Final = 500
_SECONDS: Final = 3.0
_CLOSED: Final = (RemoteState.QUALIFIED, RemoteState.DISQUALIFIED)
_MOVING: Final = (PushState.QUEUED, PushState.IN_PROGRESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkPreview:
    """Every lead of the filter is counted once: the parts add up to `total`. `maybe`: in Dynamics already, not
    compared."""

    total: int
    new: int = 0
    changed: int = 0
    maybe: int = 0
    same: int = 0
    waiting: int = 0
    decision: int = 0
    closed: int = 0
    no_verdict: int = 0

    @property
    def sent(self) -> int:
        """How many a push would send, at most."""
        return self.new + self.changed + self.maybe


def bulk_preview(leads: LeadQuerySet, shape: Shape) -> BulkPreview:
    kinds = leads.order_by().annotate(push_kind=_KIND).values_list("push_kind").annotate(count=Count("pk"))
    counts = dict(kinds)
    there = counts.pop("there", 0)
    total = there + sum(counts.values())
    if there > COMPARED:
        return BulkPreview(total=total, maybe=there, **counts)
    different, compared = _compare(_there(leads), shape)
    return BulkPreview(
        total=total, changed=different, same=compared - different, maybe=max(0, there - compared), **counts
    )


_KIND: Final = Case(
    When(score__isnull=True, then=Value("no_verdict")),
    When(push__remote_state__in=_CLOSED, then=Value("closed")),
    When(push__state=PushState.PARKED, push__reason__in=DECISIONS, then=Value("decision")),
    When(push__state__in=_MOVING, then=Value("waiting")),
    When(Q(push__isnull=True) | Q(push__remote_id=""), then=Value("new")),
    default=Value("there"),
    output_field=CharField(),
)


def _there(leads: LeadQuerySet) -> PushQuerySet:
    pushes = Push.objects.filter(lead__in=leads.order_by().values("pk"), lead__score__isnull=False)
    pushes = pushes.exclude(remote_id="").exclude(remote_state__in=_CLOSED).exclude(state__in=_MOVING)
    return pushes.exclude(state=PushState.PARKED, reason__in=DECISIONS)


def _compare(pushes: PushQuerySet, shape: Shape) -> tuple[int, int]:
    """(those that changed, those that were compared before the time was up)."""
    different = compared = last = 0
    end = time.monotonic() + _SECONDS
    while rows := list(pushes.filter(pk__gt=last).order_by("pk")[:_AT_ONCE]):
        facts = facts_of(rows, timezone.now())
        plans = {pk: wanted(known, shape).always for pk, known in facts.items()}
        different += sum(bool(changed(plans[push.pk], push.acked)) for push in rows if push.pk in plans)
        compared, last = compared + len(rows), rows[-1].pk
        if len(rows) < _AT_ONCE or time.monotonic() > end:
            break
    return different, compared
