"""How leads ended, with the verdict they had then, and what that says about segments, priorities and rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count

from leads.models import Event, Lead, Outcome, OutcomeRecord
from leads.overtaken import Overtaken

ENOUGH: Final = 20  # with fewer decided leads the interval is wider than any difference between rules
_Z: Final = 1.959964  # 95 %, both sides


def decide(lead: Lead, outcome: str, *, reason: str = "", by: User, seen: str | None = None) -> None:
    """Write down how the lead ended; "" takes it back. `seen`: the outcome shown when the page was made, None when that
    does not matter. Raises Overtaken."""
    with transaction.atomic():
        row = Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
        if seen not in (None, row.outcome):
            raise Overtaken
        if row.outcome == outcome:
            return
        row.outcomes.filter(is_current=True).update(is_current=False)
        OutcomeRecord.objects.create(
            lead=row,
            outcome=outcome,
            reason=reason,
            by=by,
            is_current=bool(outcome),
            segment=row.segment,
            priority_category=row.priority_category,
            score=row.score,
            rules_version=row.rules_version,
            rules=_rules(row),
        )
        told = f"{outcome}:{reason}" if outcome and reason else outcome
        Event.objects.create(lead=row, kind=Event.Kind.OUTCOME, by=by, old=row.outcome, new=told[:400])
        row.outcome = outcome
        row.save(update_fields=["outcome"])


def _rules(lead: Lead) -> list[str]:
    """ "part.key" of each row of the verdict that the lead has now."""
    scan = lead.scans.filter(verdict__isnull=False).order_by("-created_at").only("verdict").first()
    rows = (scan.verdict or {}).get("rows", []) if scan else []
    return [f"{part}.{key}" for part, key, _points in rows]


@dataclass(frozen=True, slots=True)
class Conversion:
    """How many of the decided leads of a group were won. `share`, `low` and `high` (Wilson, 95 %) in percent."""

    key: str
    won: int
    lost: int
    not_a_fit: int

    @property
    def decided(self) -> int:
        return self.won + self.lost + self.not_a_fit

    @property
    def is_enough(self) -> bool:
        return self.decided >= ENOUGH

    @property
    def share(self) -> int:
        return round(100 * self.won / self.decided)

    @property
    def low(self) -> int:
        return round(100 * wilson(self.won, self.decided)[0])

    @property
    def high(self) -> int:
        return round(100 * wilson(self.won, self.decided)[1])


def wilson(won: int, decided: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score: it stays within 0 and 1 and holds for few cases, where the usual
    one does not."""
    if not decided:
        return 0.0, 1.0
    share, weight = won / decided, _Z * _Z / decided
    middle = (share + weight / 2) / (1 + weight)
    reach = _Z / (1 + weight) * sqrt(share * (1 - share) / decided + weight / (4 * decided))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def total() -> Conversion:
    return next(iter(_conversions(("", outcome, count) for outcome, count in _counted())), Conversion("", 0, 0, 0))


def by_column(column: str) -> list[Conversion]:
    """By "segment" or "priority_category" at the time of the outcome, in the order of their codes."""
    return _conversions(_counted(column))


def by_rule() -> list[Conversion]:
    """By each rule that counted in the verdict; a lead counts in every rule of its verdict."""
    counts: Counter[tuple[str, str]] = Counter()
    current = OutcomeRecord.objects.filter(is_current=True).values_list("rules", "outcome")
    for rules, outcome in current.iterator(chunk_size=2_000):
        counts.update((rule, outcome) for rule in set(rules))
    found = _conversions((rule, outcome, count) for (rule, outcome), count in counts.items())
    return sorted(found, key=lambda row: (-row.decided, row.key))


def _counted(*columns: str) -> list[tuple[str, ...]]:
    rows = OutcomeRecord.objects.filter(is_current=True).values_list(*columns, "outcome")
    return list(rows.annotate(Count("pk")).order_by())


def _conversions(rows: Iterable[tuple[object, ...]]) -> list[Conversion]:
    """From (key, outcome, count); the key of leads without a verdict is ""."""
    found: dict[str, Counter[str]] = {}
    for key, outcome, count in rows:
        found.setdefault(str(key), Counter())[str(outcome)] += int(str(count))
    return [
        Conversion(key, counts[Outcome.WON], counts[Outcome.LOST], counts[Outcome.NOT_A_FIT])
        for key, counts in sorted(found.items())
    ]
