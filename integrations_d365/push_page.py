"""What the pages about one lead's push show: what would be sent, what came of it, where the lead is in Dynamics.

Asks nobody outside: the columns are those of the last check, what Dynamics has is what it acknowledged last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Subquery
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from integrations_d365 import preflight
from integrations_d365.columns import (
    BY_NAME,
    COLUMNS,
    EXTERNAL_ID,
    KEY_COLUMN,
    OPTION_BASE,
    Column,
    Kind,
    LeadFacts,
    When,
)
from integrations_d365.facts import facts_of
from integrations_d365.mapping import ColumnShape, Note, Shape, changed, is_digest, option_key, wanted
from integrations_d365.models import EnvironmentCheck, Push, PushAttempt, Reason
from integrations_d365.pushing import DECISIONS
from leads.models import Event, Lead, PushState, RemoteState
from outbound.sandbox import browser_url

LEDGER_SHOWN: Final = 20
ARRIVED: Final = (PushAttempt.Outcome.CREATED, PushAttempt.Outcome.UPDATED)
# Choices of Dynamics itself, as its forms name them (fact sheet, section 7).
_STANDARD_CHOICES: Final[dict[str, dict[int, str]]] = {
    "leadqualitycode": {1: "Hot", 2: "Warm", 3: "Cold"},
    "leadsourcecode": {4: "Partner", 10: "Other"},
}


@dataclass(frozen=True, slots=True)
class Line:
    """One column. `new` and `old` are what a person reads: a text, a number, True, False, None = empty; `is_long` = the
    old text was remembered by its digest only."""

    name: str
    new: Any
    old: Any = None
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What a push would send. `added`: columns that Dynamics has nothing of; `creation`: standard columns, written with
    a new lead only; `about`: names of the columns about the push itself; `left_out` and `cut`: notes, see
    mapping.Note."""

    creates: bool
    added: list[Line] = field(default_factory=list)
    changed: list[Line] = field(default_factory=list)
    same: list[Line] = field(default_factory=list)
    creation: list[Line] = field(default_factory=list)
    about: list[str] = field(default_factory=list)
    left_out: list[Note] = field(default_factory=list)
    cut: list[Note] = field(default_factory=list)

    @property
    def is_needed(self) -> bool:
        return self.creates or bool(self.unsent)

    @property
    def unsent(self) -> int:
        """Columns of which Dynamics has something else."""
        return len(self.added) + len(self.changed)

    @property
    def written(self) -> int:
        """How many columns the receipt will count: with an update those about the push itself are none of its own."""
        return self.unsent + len(self.creation) + (len(self.about) if self.creates else 0)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of the last push: the attempt that arrived, and whether it answers what was asked for last."""

    attempt: PushAttempt
    answers_last: bool


def link_to(remote_id: str) -> str:
    """The lead in Dynamics, for a browser; "" without an id or an environment (fact sheet, section 9)."""
    if not remote_id or not settings.HUNTER_D365_BASE_URL:
        return ""
    app = {"appid": settings.HUNTER_D365_APP_ID} if settings.HUNTER_D365_APP_ID else {}
    query = urlencode({**app, "pagetype": "entityrecord", "etn": "lead", "id": remote_id})
    host = settings.HUNTER_D365_BASE_URL.replace(".api.", ".", 1)
    return browser_url(f"{host}/main.aspx?{query}", settings.HUNTER_SANDBOX_URL)


def link_of(push: Push) -> str:
    """The push's lead in Dynamics; "" when it is not there, or not any more."""
    return "" if push.remote_state == RemoteState.DELETED else link_to(push.remote_id)


def push_of(lead: Lead) -> Push:
    """Its row, or one that is not stored. A query, unless the lead was read with it."""
    return getattr(lead, "push", None) or Push(lead=lead)


def shape_from(check: EnvironmentCheck | None) -> Shape:
    """The columns as they were seen; before anything was seen, an environment that has them all."""
    if check is not None and check.shape:
        return preflight.shape_of(check)
    return Shape({column.name: _as_set_up(column) for column in COLUMNS})


def _as_set_up(column: Column) -> ColumnShape:
    labels = [option_key(label) for _code, label in column.options]
    numbers = {label: OPTION_BASE + number for number, label in enumerate(labels)}
    return ColumnShape(column.kind.value, column.length or None, numbers)


def preview_of(push: Push, shape: Shape) -> Preview | None:
    """None without a verdict: there is nothing to send."""
    if push.lead.score is None:
        return None
    facts = facts_of([push], timezone.now()).get(push.pk)
    return None if facts is None else preview(facts, shape, push.acked)


def preview(facts: LeadFacts, shape: Shape, acked: Mapping[str, Any]) -> Preview:
    """`acked`: what Dynamics acknowledged last."""
    plan = wanted(facts, shape)
    different = changed(plan.always, acked)
    shown = Preview(creates=not facts.remote_id)
    for name, value in plan.always.items():
        if shown.creates and name in (KEY_COLUMN, EXTERNAL_ID):  # how Dynamics and Hunter know the lead again
            continue
        new, old = _readable(name, value, shape), _readable(name, acked.get(name), shape)
        if name not in different:
            shown.same.append(Line(name, new))
        elif acked.get(name) is not None:
            shown.changed.append(Line(name, new, old, is_digest(acked[name])))
        elif value is not None or not shown.creates:
            shown.added.append(Line(name, new))
    if shown.creates:
        values = {name: value for name, value in plan.creation.items() if value is not None}
        shown.creation.extend(Line(name, _readable(name, value, shape)) for name, value in values.items())
    shown.about.extend([EXTERNAL_ID] if shown.creates and EXTERNAL_ID in plan.always else [])
    shown.about.extend(name for name, value in plan.about.items() if value is not None or not shown.creates)
    for note in plan.notes:
        if shown.creates or BY_NAME[note.column].when != When.CREATION:
            (shown.cut if note.kind == "cut" else shown.left_out).append(note)
    return shown


def _readable(name: str, value: Any, shape: Shape) -> Any:
    """A choice by the label it has in Dynamics; anything else as it is."""
    if value is None or isinstance(value, bool):
        return value
    if name in _STANDARD_CHOICES:
        return _STANDARD_CHOICES[name].get(value, value)
    column, found = BY_NAME[name], shape.columns.get(name)
    if column.kind != Kind.CHOICE or found is None:
        return value
    labels = {found.options.get(option_key(label)): label for _code, label in column.options}
    return labels.get(value, value)


def ledger_of(push: Push) -> Sequence[PushAttempt]:
    """The newest attempts, newest first."""
    if push.pk is None:
        return []
    return list(push.ledger.select_related("by", "job").order_by("-pk")[:LEDGER_SHOWN])


def receipt_of(push: Push, ledger: Sequence[PushAttempt]) -> Receipt | None:
    """None = nothing of the newest attempts arrived."""
    attempt = next((row for row in ledger if row.outcome in ARRIVED), None)
    if attempt is None:
        return None
    return Receipt(attempt, push.asked_at is None or attempt.at >= push.asked_at)


def was_adopted(push: Push, receipt: Receipt | None) -> bool:
    """Whether the receipt is the one of a lead that was found in Dynamics and taken over by decision."""
    if receipt is None or receipt.attempt.outcome != PushAttempt.Outcome.UPDATED:
        return False
    decided = Event.objects.filter(lead=push.lead_id, kind=Event.Kind.PUSH_DECIDED, new="adopted")
    before = push.ledger.filter(outcome__in=ARRIVED, pk__lt=receipt.attempt.pk).values("at").order_by("-pk")[:1]
    last = decided.filter(at__lte=receipt.attempt.at).order_by("-pk").annotate(before=Subquery(before)).first()
    return last is not None and (last.before is None or last.before < last.at)


def is_moving(push: Push) -> bool:
    """Whether Hunter is about to do something with it by itself."""
    return push.state in (PushState.QUEUED, PushState.IN_PROGRESS)


def is_scoring(lead: Lead) -> bool:
    """Whether a verdict is on its way: a scan runs, or the clock asks again."""
    return lead.score is None and (lead.awaits_scan or lead.retry_at is not None)


def awaited(lead: Lead) -> str:
    """When Hunter asks again about a lead that it could not judge; "" = a scan runs, or nothing is awaited."""
    if lead.score is not None or lead.awaits_scan or lead.retry_at is None:
        return ""
    when = localtime(lead.retry_at)
    is_today = when.date() == localtime(timezone.now()).date()
    return date_format(when, "H:i" if is_today else "SHORT_DATETIME_FORMAT")


def awaits(lead: Lead) -> str:
    """That a push waits for a verdict, in a sentence; "" = it does not wait for the clock."""
    told = _("No verdict yet; Hunter asks again at %(time)s. The push then goes on by itself.")
    return told % {"time": time} if (time := awaited(lead)) else ""


def needs_decision(push: Push) -> bool:
    """Parked for a decision, or deleted in Dynamics and left so: pushing it again is a decision, too."""
    undecided = push.state == PushState.PARKED and push.reason in (Reason.FOREIGN, Reason.DELETED)
    return undecided or (push.state == PushState.NOT_PUSHED and push.remote_state == RemoteState.DELETED)


def can_retry(push: Push) -> bool:
    return push.state == PushState.PARKED and push.reason not in DECISIONS


def waits_until(push: Push) -> datetime | None:
    """The time before which nothing happens; None = now."""
    return push.not_before if push.not_before > timezone.now() else None
