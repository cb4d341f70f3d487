"""The lead before and after this one in the order of a list, found by the sort keys: no list is read to its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import BigIntegerField, Case, F, Q, Subquery, Value, When
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce

from leads.list_query import SORTS, LeadQuery
from leads.models import Lead, LeadQuerySet

_NONE: Final = Value(None, output_field=BigIntegerField())


@dataclass(frozen=True, slots=True)
class Neighbours:
    """`query`: the list they are in. None at its ends."""

    query: LeadQuery
    previous: Lead | None
    next: Lead | None


def neighbours(lead: Lead, query: LeadQuery, user: User) -> Neighbours:
    """One query. The lead itself need not be in the list any more: its keys say where it would stand."""
    leads, order = query.leads(user), SORTS[query.sort][1]
    before = Coalesce(*_nearest(leads, [_reversed(term) for term in order], lead), _NONE)
    after = Coalesce(*_nearest(leads, list(order), lead), _NONE)
    rows: Any = Lead.objects.only("domain", "company_name").filter(Q(pk=before) | Q(pk=after))
    rows = rows.annotate(is_after=Case(When(pk=after, then=True), default=False))
    found = {row.is_after: row for row in rows}
    return Neighbours(query, found.get(False), found.get(True))


def _nearest(leads: LeadQuerySet, order: list[Any], lead: Lead) -> Iterator[Subquery]:
    """One subquery for each number of keys that are alike, most first; the first that finds a row has the nearest. Each
    is one step into the index of that order; a comparison of all keys at once would be none."""
    for alike in reversed(range(len(order))):
        same = Q()
        for term in order[:alike]:
            name, value = _name(term), getattr(lead, _name(term))
            same &= Q(**{f"{name}__isnull": True}) if value is None else Q(**{name: value})
        for further in _beyond(order[alike], lead):
            yield Subquery(leads.filter(same, further).order_by(*order[alike:]).values("pk")[:1])


def _beyond(term: Any, lead: Lead) -> Iterator[Q]:
    """What comes after the lead by this key alone, nearest first. Where the order says so, unknown values are last (or
    first, on the way back)."""
    name, down = _name(term), _is_descending(term)
    value = getattr(lead, name)
    if value is not None:
        yield Q(**{f"{name}__{'lt' if down else 'gt'}": value})
        if isinstance(term, OrderBy) and term.nulls_last:
            yield Q(**{f"{name}__isnull": True})
    elif isinstance(term, OrderBy) and term.nulls_first:
        yield Q(**{f"{name}__isnull": False})


def _name(term: Any) -> str:
    """Terms of SORTS are "name", "-name" or F("name") in one direction."""
    return term.lstrip("-") if isinstance(term, str) else str(term.expression.name)


def _is_descending(term: Any) -> bool:
    return term.startswith("-") if isinstance(term, str) else bool(term.descending)


def _reversed(term: Any) -> Any:
    if isinstance(term, str):
        return term[1:] if term.startswith("-") else f"-{term}"
    ends = {"nulls_first": True} if term.nulls_last else {}
    return F(_name(term)).asc(**ends) if term.descending else F(_name(term)).desc(**ends)
