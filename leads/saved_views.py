"""Saved views of the lead list: named queries, a person's own and those shared with everyone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import QueryDict

from leads.list_query import LeadQuery
from leads.models import SavedView, ViewTab

LONGEST_QUERY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownView:
    """A saved view as its reader sees it: is it one of their tabs, does it open by itself, may they change it."""

    view: SavedView
    is_tab: bool
    opens: bool
    may_change: bool

    @property
    def query(self) -> LeadQuery:
        return read(self.view)

    @property
    def url(self) -> str:
        return self.query.url(view=str(self.view.pk))


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """Every view a person sees, by name; `current` is the one the list started from, `modified` when it has moved away
    from it since."""

    all: list[ShownView]
    current: ShownView | None
    modified: bool

    @property
    def tabs(self) -> list[ShownView]:
        return [view for view in self.all if view.is_tab or view == self.current]

    @property
    def others(self) -> list[ShownView]:
        return [view for view in self.all if view not in self.tabs]

    @property
    def opening(self) -> ShownView | None:
        return next((view for view in self.all if view.opens), None)


def read(view: SavedView) -> LeadQuery:
    return LeadQuery.from_url(QueryDict(view.query.lstrip("?")))


def visible_to(user: User) -> QuerySet[SavedView]:
    return SavedView.objects.filter(Q(owner=user) | Q(shared=True))


def may_change(view: SavedView, user: User) -> bool:
    """People change their own views; those that are shared belong to whoever may change leads in bulk."""
    if view.shared:
        return user.has_perm("leads.bulk_change_leads")
    return view.owner_id == user.pk and user.has_perm("leads.change_savedview")


def views_for(user: User, query: LeadQuery) -> Views:
    """One query."""
    tabs = ViewTab.objects.filter(user=user, view=OuterRef("pk"))
    rows: Any = visible_to(user).annotate(is_tab=Exists(tabs), opens=Exists(tabs.filter(opens=True)))
    shown = [
        ShownView(view=row, is_tab=row.is_tab, opens=row.opens, may_change=may_change(row, user))
        for row in rows.select_related("owner").order_by(F("name"), "pk")
    ]
    current = next((view for view in shown if str(view.view.pk) == query.view), None)
    return Views(
        all=shown,
        current=current,
        modified=current is not None and current.query.saved_as() != query.saved_as(),
    )


class NameTaken(Exception):
    """The owner has another view of this name; nothing was saved."""


def save_view(user: User, *, name: str, query: LeadQuery, shared: bool, tab: bool, opens: bool) -> SavedView:
    """Raises NameTaken."""
    with transaction.atomic():
        _one_at_a_time(user.pk)
        if SavedView.objects.filter(owner=user, name=name).exists():
            raise NameTaken
        view = SavedView.objects.create(owner=user, name=name, query=query.saved_as(), shared=shared)
        keep_tab(user, view, tab=tab, opens=opens)
    return view


def change_view(view: SavedView, *, name: str, shared: bool) -> None:
    """Raises NameTaken."""
    with transaction.atomic():
        _one_at_a_time(view.owner_id)
        if SavedView.objects.filter(owner=view.owner_id, name=name).exclude(pk=view.pk).exists():
            raise NameTaken
        view.name, view.shared = name, shared
        view.save(update_fields=["name", "shared"])


def _one_at_a_time(person: int) -> None:
    """Until the transaction ends nobody else saves or names a view of theirs, or keeps one as their tab."""
    User.objects.select_for_update(no_key=True).get(pk=person)


def keep_tab(user: User, view: SavedView, *, tab: bool, opens: bool) -> None:
    """Whether the view is one of the person's tabs, and the one that opens by itself (which makes it a tab)."""
    with transaction.atomic():
        _one_at_a_time(user.pk)
        if opens:
            ViewTab.objects.filter(user=user, opens=True).exclude(view=view).update(opens=False)
        if tab or opens:
            ViewTab.objects.update_or_create(user=user, view=view, defaults={"opens": opens})
        else:
            ViewTab.objects.filter(user=user, view=view).delete()
