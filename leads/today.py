"""The first page: what to do now and why, and the figures around it.

Two queries whatever the number of leads: one for the rows of the list, one for every figure. What the rooms above know
is read from the columns they keep up to date on the lead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import Case, CharField, Count, F, IntegerField, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from leads.brief import STALE_AFTER
from leads.list_query import LeadQuery
from leads.models import Event, Lead, LeadQuerySet, Provider, PushState, ReferralState, Segment, VerdictState
from leads.visits import NEWS_KINDS, changed_since_looked, news_for, with_news, with_visit

HOT: Final = 70  # scoring-v1 section 11: "high priority"
WORTH_A_CALL: Final = 4  # priority 1-4 of 1-7
NEWS_DAYS: Final = 30


class Reason(StrEnum):
    """Why a lead stands on the first page, the most urgent first."""

    REFERRAL = "referral"
    CHANGED = "changed"
    FOLLOW_UP = "follow_up"
    PUSH = "push"
    PRIORITY = "priority"


# So many rows are sought a reason, so that none of them hides the next; its tile leads to all of them.
ROWS: Final = {Reason.REFERRAL: 8, Reason.CHANGED: 6, Reason.FOLLOW_UP: 6, Reason.PUSH: 4, Reason.PRIORITY: 12}


@dataclass(slots=True)
class Row:
    """One lead, its most urgent reason, what else speaks for it, and what happened there since the person looked.
    `is_stale`: its facts are old, so a scan comes before a call."""

    lead: Lead
    reason: Reason
    others: list[Reason]
    changes: list[Event] = field(default_factory=list)
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class Tile:
    key: str
    label: str
    count: int
    query: str  # the query part of the list's URL


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    count: int
    share: int  # of the longest bar, in percent
    url: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """`upright`: columns side by side, for a distribution. `beside`: about work, so it stands beside the list."""

    key: str
    title: str
    label: str  # what its bars stand for
    bars: list[Bar]
    upright: bool = False

    @property
    def beside(self) -> bool:
        return self.key in ("clock", "push", "news")

    @property
    def total(self) -> int:
        return sum(bar.count for bar in self.bars)


def leads_of(user: User, now: datetime, *, mine: bool) -> LeadQuerySet:
    """The leads the page speaks of: open and awake, all of them or those of `user`."""
    leads = Lead.objects.open().awake(now)
    return leads.filter(owner=user) if mine else leads


def work(leads: LeadQuerySet, user: User, now: datetime, reasons: Sequence[Reason] = tuple(Reason)) -> list[Row]:
    """What to do now, the most urgent first; each lead once. `reasons`: those the person can act on. Two queries."""
    chosen = Q()
    for reason in reasons:
        chosen |= Q(pk__in=_candidates(leads, reason, user, now)[: ROWS[reason]].values("pk"))
    found = []
    for lead in with_news(with_visit(Lead.objects.filter(chosen), user), user).select_related("owner", "scan_job"):
        speaking = [reason for reason in reasons if _speaks(lead, reason, now)]
        if speaking:
            looked_at = lead.scanned_at
            is_stale = looked_at is not None and (now - looked_at).days >= STALE_AFTER
            found.append(Row(lead, speaking[0], speaking[1:], is_stale=is_stale))
    found.sort(key=lambda row: (list(Reason).index(row.reason), _rank(row, now)))
    _add_changes([row for row in found if Reason.CHANGED in (row.reason, *row.others)], user)
    return found


def _candidates(leads: LeadQuerySet, reason: Reason, user: User, now: datetime) -> LeadQuerySet:
    """The leads for which `reason` speaks, the most urgent first."""
    if reason == Reason.REFERRAL:
        # A clock that has run out can wait; one that runs cannot.
        over = Case(When(referral_deadline__lte=now, then=1), default=0)
        return leads.filter(referral_state=ReferralState.NEW).order_by(
            over, F("referral_deadline").asc(nulls_last=True), "pk"
        )
    if reason == Reason.CHANGED:
        return leads.filter(changed_since_looked(user)).order_by("-changed_at", "pk")
    if reason == Reason.FOLLOW_UP:
        return leads.follow_up_due(timezone.localdate(now)).order_by("follow_up_on", "pk")
    if reason == Reason.PUSH:
        return leads.filter(push_state=PushState.PARKED).best_first()
    return leads.filter(priority_score__lte=WORTH_A_CALL, outcome="").best_first()


def _speaks(lead: Any, reason: Reason, now: datetime) -> bool:
    """The conditions of `_candidates` for one row `with_news`."""
    if reason == Reason.REFERRAL:
        return bool(lead.referral_state == ReferralState.NEW)
    if reason == Reason.CHANGED:
        return bool(lead.has_news)
    if reason == Reason.FOLLOW_UP:
        return bool(lead.follow_up_on and lead.follow_up_on <= timezone.localdate(now))
    if reason == Reason.PUSH:
        return bool(lead.push_state == PushState.PARKED)
    return bool(lead.priority_score <= WORTH_A_CALL and not lead.outcome)


def _rank(row: Row, now: datetime) -> tuple[Any, ...]:
    """The order of `_candidates` within one reason."""
    lead = row.lead
    best = (lead.priority_score, -(lead.score or 0), lead.pk)
    if row.reason == Reason.REFERRAL:
        deadline = lead.referral_deadline
        return (deadline is not None and deadline <= now, deadline is None, deadline, lead.pk)
    if row.reason == Reason.CHANGED and lead.changed_at:
        return (-lead.changed_at.timestamp(), lead.pk)
    return (lead.follow_up_on, *best) if row.reason == Reason.FOLLOW_UP else best


def _add_changes(rows: list[Row], user: User) -> None:
    """The news of each of these leads since `user` looked, newest first."""
    since = {row.lead.pk: getattr(row.lead, "visited_seen") for row in rows}  # noqa: B009 - an annotation of with_visit
    if not since:
        return
    events = Event.objects.filter(news_for(user), lead__in=since, at__gt=min(since.values()))
    by_lead: dict[int, list[Event]] = {}
    for event in events.order_by("-at", "-pk")[:200]:
        if event.at > since[event.lead_id]:
            by_lead.setdefault(event.lead_id, []).append(event)
    for row in rows:
        row.changes = by_lead.get(row.lead.pk, [])


class Figures:
    """Every figure of the page, counted by one query over the indexes of the list."""

    def __init__(self, leads: LeadQuerySet, user: User, now: datetime, *, mine: bool) -> None:
        self.mine = mine
        news = Event.objects.filter(kind__in=NEWS_KINDS, at__gte=now - timedelta(days=NEWS_DAYS))
        if mine:
            news = news.filter(lead__owner=user)
        rows = _counted(leads, "score", F("segment"), F("score")).union(
            _counted(leads, "provider", F("provider")),
            _counted(leads, "state", F("verdict_state")),
            _counted(leads, "push", F("push_state")),
            _counted(_candidates(leads, Reason.CHANGED, user, now), "changed"),
            _counted(_candidates(leads, Reason.FOLLOW_UP, user, now), "follow_up"),
            _counted(news, "news", F("kind")),
            all=True,
        )
        self._rows: list[tuple[str, str, int | None, int]] = list(rows)

    def count(self, what: str, *keys: str, at_least: int = 0) -> int:
        return sum(
            count
            for name, key, number, count in self._rows
            if name == what and (not keys or key in keys) and (not at_least or (number or 0) >= at_least)
        )

    def _url(self, **query: Any) -> str:
        return LeadQuery(owner="me" if self.mine else "", **query).url()

    def tiles(self, reasons: Sequence[Reason]) -> list[Tile]:
        """The figures that call for something, each a link to the leads it counts."""
        found = [
            Tile(
                "changed",
                _("Changed since you looked"),
                self.count("changed"),
                self._url(changed="looked", sort="changed"),
            ),
            Tile("follow_up", _("Follow-ups due"), self.count("follow_up"), self._url(due=True, sort="follow_up")),
            Tile(
                "push", _("Pushes to decide"), self.count("push", PushState.PARKED), self._url(d365=(PushState.PARKED,))
            ),
            Tile(
                "hot",
                _("Migration, 70 or more"),
                self.count("score", Segment.MIGRATION, at_least=HOT),
                self._url(segment=(Segment.MIGRATION,), score_min=HOT),
            ),
            Tile(
                "undetermined",
                _("Undetermined"),
                self.count("state", VerdictState.UNDETERMINED),
                self._url(state=(VerdictState.UNDETERMINED,)),
            ),
            Tile(
                "never",
                _("Waiting for a scan"),
                self.count("state", VerdictState.NEVER),
                self._url(state=(VerdictState.NEVER,)),
            ),
        ]
        hidden = {reason for reason in Reason if reason not in reasons}
        return [tile for tile in found if tile.key not in hidden]

    def charts(self, reasons: Sequence[Reason]) -> list[Chart]:
        charts = [
            self._chart(
                "segment",
                _("Segments"),
                _("Segment"),
                [
                    (label, self.count("score", value), self._url(segment=(value,)), "")
                    for value, label in Segment.choices
                ],
            ),
            self._chart(
                "provider",
                _("Mail providers"),
                _("Provider"),
                sorted(
                    (
                        (label, self.count("provider", value), self._url(provider=(value,)), "")
                        for value, label in Provider.choices
                        if self.count("provider", value)
                    ),
                    key=lambda bar: -bar[1],
                ),
            ),
            self._chart("score", _("Scores"), _("Score"), self._scores(), upright=True),
        ]
        if Reason.PUSH in reasons:
            tones = {PushState.PARKED: "warning", PushState.SYNCED: "success"}
            charts.append(
                self._chart(
                    "push",
                    _("Dynamics 365"),
                    _("State"),
                    [
                        (label, self.count("push", value), self._url(d365=(value,)), tones.get(PushState(value), ""))
                        for value, label in PushState.choices
                    ],
                )
            )
        charts.append(
            self._chart(
                "news",
                _("What changed in 30 days"),
                pgettext("noun", "Change"),
                sorted(
                    ((kind.label, self.count("news", kind), "", "") for kind in NEWS_KINDS if self.count("news", kind)),
                    key=lambda bar: -bar[1],
                ),
            )
        )
        return charts

    def _scores(self) -> list[tuple[Any, int, str, str]]:
        found = []
        for low in range(0, 100, 10):
            high = 100 if low == 90 else low + 9
            count = sum(
                row[3] for row in self._rows if row[0] == "score" and row[2] is not None and low <= row[2] <= high
            )
            found.append((f"{low}–{high}", count, self._url(score_min=low, score_max=high, sort="score"), ""))
        return found

    def _chart(self, key: str, title: str, label: str, bars: list[Drawn], *, upright: bool = False) -> Chart:
        base = reverse("leads:list")
        linked = [(text, count, base + url if url else "", tone) for text, count, url, tone in bars]
        return chart(key, title, label, linked, upright=upright)


# (label, count, URL, tone) of a bar
Drawn = tuple[Any, int, str, str]


def chart(key: str, title: str, label: str, bars: Sequence[Drawn], *, upright: bool = False) -> Chart:
    longest = max((bar[1] for bar in bars), default=0) or 1
    drawn = [
        # One lead among thousands is still to be seen.
        Bar(str(text), count, max(round(count * 100 / longest), 1 if count else 0), url, tone)
        for text, count, url, tone in bars
    ]
    return Chart(key, title, label, drawn, upright)


def _counted(rows: QuerySet[Any], what: str, key: Any = None, number: Any = None) -> QuerySet[Any, Any]:
    """(`what`, key, number, how many), for a union."""
    named = rows.order_by().annotate(
        what=Value(what, CharField()), key=key or Value("", CharField()), number=number or Value(0, IntegerField())
    )
    grouped: QuerySet[Any, Any] = named.values("what", "key", "number").annotate(n=Count("pk"))
    return grouped.values_list("what", "key", "number", "n")
