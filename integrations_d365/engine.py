"""The push engine (DESIGN.md section 7): claim rows, send them, write down what became of each.

Two phases of identity. Without an id: create only, by the key on the domain; a conflict is looked up, and the lead
found there is ours if it carries our external id, else a person decides. With an id: update only. So a request that is
repeated, by whomever and after whatever, makes no second lead and brings no deleted one back. A claim, and what came of
it, are one transaction each, fenced by the job's lease; what was on its way when a worker died is simply asked for
again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import DataError, transaction
from django.utils import timezone

from integrations_d365 import governor, preflight, pushing
from integrations_d365.batch import Part
from integrations_d365.client import (
    DataverseClient,
    Result,
    client_from_settings,
    create_only,
    guid,
    is_gone,
    look_up,
    read_one,
    remote_lead,
    update_only,
)
from integrations_d365.columns import EXTERNAL_ID
from integrations_d365.facts import facts_of
from integrations_d365.governor import Busy, NotNow, Turnstile
from integrations_d365.mapping import Wanted, changed, digest, remembered, wanted
from integrations_d365.models import TEXT_LENGTH, Governor, Push, PushAttempt, Reason
from jobs.services import JobRun, PermanentFailure
from leads import services
from leads.bulk import update_rows
from leads.models import Event, PushState, RemoteState
from outbound.errors import Category, Misconfigured, NotFound, OutboundError, error_class

State = PushState
Operation = PushAttempt.Operation
Outcome = PushAttempt.Outcome
FATAL: Final = (Category.AUTH, Category.PERMISSION, Category.CONFIG)
ATTEMPTS: Final = 10  # in a row for trouble of one row, while others succeed
_WAIT_HERE: Final = 1.5  # seconds a worker waits for its turn; a longer pause gives the worker back
_RECENTLY: Final = timedelta(hours=1)
_COMPARED: Final = 500  # leads at a time
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=15)
REMOTE_STATES: Final = {0: RemoteState.OPEN, 1: RemoteState.QUALIFIED, 2: RemoteState.DISQUALIFIED}


def run_push(run: JobRun) -> None:
    """Job handler. Goes on where the last run ended, whatever ended it."""
    if pushing.why_off():
        return
    engine = _Engine(run)
    try:
        engine.work()
    finally:
        engine.close()


@dataclass(slots=True)
class _Item:
    """A claimed row, what it should become, and what was asked about it."""

    push: Push
    wanted: Wanted
    part: Part
    operation: str
    columns: list[str]
    attempt: PushAttempt | None = None
    result: Result | None = None
    # What the row becomes: column -> value.
    changes: dict[str, Any] = field(default_factory=dict)
    events: list[tuple[str, str]] = field(default_factory=list)
    outcome: str = Outcome.FAILED


class _StillPaused(Exception):
    """The due job has nothing to do before a person mends the trouble."""


class _Engine:
    def __init__(self, run: JobRun) -> None:
        self._run = run
        self._is_due_job = run.job.key == pushing.DUE_KEY
        self._governor = governor.current()
        self._turn = Turnstile(self._governor)
        self._client: DataverseClient = client_from_settings(self._turn)
        self._done, self._failed = run.job.done, run.job.failed
        self._refreshed = False

    def close(self) -> None:
        self._client.close()

    def work(self) -> None:
        self._reclaim()
        while True:
            try:
                self._work()
            except NotNow as pause:
                self._wait(pause)
            except _StillPaused:
                return
            else:
                return

    def _work(self) -> None:
        self._prepare()
        while self._step() or (self._is_due_job and self._look_around()) or self._more_later():
            if self._run.time_is_up():
                self._run.again()
        # Rows may have been taken back, or their leads deleted: the total is what this job really did.
        self._run.checkpoint(done=self._done, failed=self._failed, total=self._done)

    def _step(self) -> bool:
        """Claim some rows and send them, in one lane: nothing is claimed that could not be sent. False = there were
        none."""
        if not Push.objects.due(timezone.now()).filter(job=self._run.job).exists():
            return False
        with self._turn.hold():
            items, settled = self._claim()
            if items:
                self._send(items)
        return bool(items) or settled

    def _wait(self, pause: NotNow) -> None:
        """A short pause is waited out here; for a longer one, and while others are talking, the worker is free."""
        seconds = (pause.until - timezone.now()).total_seconds()
        if seconds > _WAIT_HERE or isinstance(pause, Busy) or self._run.time_is_up():
            self._run.wait_until(pause.until)
        time.sleep(max(0.01, seconds))

    def _more_later(self) -> bool:
        """Rows of this job that wait for their time: the job waits with them. Those of the due job come back by
        themselves."""
        mine = Push.objects.queued().filter(job=self._run.job, lead__score__isnull=False)
        earliest = mine.order_by("not_before").values_list("not_before", flat=True).first()
        if earliest is None:
            return False
        if self._is_due_job and earliest > timezone.now():
            with transaction.atomic():
                self._run.checkpoint()
                mine.update(job=None)
            return False
        self._wait(NotNow(earliest))
        return True

    def _reclaim(self) -> None:
        """Rows that an earlier run of this job had on their way when it died."""
        with transaction.atomic():
            self._run.checkpoint()
            left = Push.objects.filter(job=self._run.job, state=State.IN_PROGRESS)
            sent = PushAttempt.objects.filter(push__in=left, outcome=Outcome.SENT)
            sent.update(outcome=Outcome.UNKNOWN)
            rows = dict(left.select_for_update().order_by("pk").values_list("lead_id", "remote_state"))
            left.update(state=State.QUEUED)
            services.note_pushes({lead: (State.QUEUED, remote) for lead, remote in rows.items()})

    def _prepare(self) -> None:
        """A check that pushes can rely on. A pause ends only when one succeeds."""
        self._governor.refresh_from_db()
        check = preflight.latest(self._governor)
        if self._governor.paused_at is not None:
            Governor.objects.filter(pk=self._governor.pk).update(probed_at=timezone.now())
            check = None
        if not preflight.is_current(check, timezone.now()):
            check = preflight.check_environment(client=self._client)
        assert check is not None
        if check.error_category in (Category.NETWORK, Category.SERVER, Category.RATE_LIMIT):
            self._governor.refresh_from_db()
            raise NotNow(self._governor.not_before or timezone.now() + _FIRST_PAUSE)
        if not check.ok:
            self._stop(_error_of(check))
        self._shape, self._organization = preflight.shape_of(check), check.organization_id
        if pushing.of_another_environment(self._organization).exists():
            self._stop(Misconfigured(system="Dynamics 365", code=pushing.OTHER_ENVIRONMENT))

    def _stop(self, error: OutboundError) -> None:
        """Only a person can mend it: push nothing until a check succeeds."""
        if governor.pause(self._governor, error):
            pushing.tell_about_pause(self._governor)
        elif self._is_due_job:  # it looked whether the trouble is over; it is not
            raise _StillPaused
        raise PermanentFailure(f"{error.category}:{error.code}") from error

    def _look_around(self) -> bool:
        """The due job looks for work by itself. True = there is some."""
        now, job = timezone.now(), self._run.job
        pushing.note_told_events(now)
        pushing.park_hopeless()
        found = pushing.adopt_orphans(job, now) + pushing.queue_by_rules(job)
        while pushes := list(pushing.outdated().order_by("pk")[:_COMPARED]):
            found += self._compare(pushes)
        return found > 0

    def _compare(self, pushes: list[Push]) -> int:
        """Queue those whose lead changed since their push; note that the others were looked at."""
        now = timezone.now()
        facts = facts_of(pushes, now)
        hashes = {pk: wanted(known, self._shape).hash for pk, known in facts.items()}
        different = [push.pk for push in pushes if hashes.get(push.pk, push.acked_hash) != push.acked_hash]
        with transaction.atomic():
            self._run.checkpoint()
            Push.objects.filter(pk__in=[push.pk for push in pushes], state=State.SYNCED).update(compared_at=now)
            return pushing.requeue_changed(Push.objects.filter(pk__in=different), self._run.job, now)

    def _claim(self) -> tuple[list[_Item], bool]:
        """The next rows, each with the request that is to be sent for it; rows that need none are settled at once
        (True = there were some)."""
        now = timezone.now()
        with transaction.atomic():
            self._run.checkpoint(done=self._done, failed=self._failed)
            mine = Push.objects.due(now).filter(job=self._run.job).select_for_update(of=("self",))
            mine = mine.select_related("lead").defer("lead__search_text")
            # A row that was in trouble is sent alone, after the others.
            fresh = list(mine.filter(attempts=0).order_by("pk")[: self._batch_size()])
            pushes = fresh or list(mine.order_by("attempts", "pk")[:1])
            if not pushes:
                return [], False
            facts = facts_of(pushes, now)
            items, idle = [], []
            for push in pushes:
                plan = wanted(facts[push.pk], self._shape)
                item = _plan(push, plan)
                if item is None:
                    idle.append((push, plan))
                else:
                    items.append(item)
            for item in items:
                item.push.state, item.push.desired_hash = State.IN_PROGRESS, item.wanted.hash
            update_rows(Push, _CLAIMED, [_row(item.push, _CLAIMED) for item in items])
            for push, plan in idle:
                _settle_unchanged(push, plan, now)
            update_rows(Push, _UNCHANGED, [_row(push, _UNCHANGED) for push, _plan in idle])
            services.note_pushes(
                {item.push.lead_id: (State.IN_PROGRESS, item.push.remote_state) for item in items}
                | {push.lead_id: (push.state, push.remote_state) for push, _plan in idle}
            )
            self._write_down(items, now)
            self._done += len(idle)
            self._run.checkpoint(done=self._done)
        return items, bool(idle)

    def _batch_size(self) -> int:
        self._governor.refresh_from_db(fields=["batch_size"])
        return self._governor.batch_size

    def _write_down(self, items: Sequence[_Item], now: datetime) -> None:
        """The ledger, before anything is sent."""
        for item in items:
            item.attempt = PushAttempt(
                push=item.push, job_id=self._run.job.pk, at=now, by_id=item.push.asked_by_id, operation=item.operation,
                columns=item.columns,
            )  # fmt: skip
        PushAttempt.objects.bulk_create([item.attempt for item in items if item.attempt], batch_size=500)

    def _send(self, items: list[_Item]) -> None:
        try:
            results = self._client.send([item.part for item in items])
        except NotNow:
            self._give_back(items, None)
            raise
        except OutboundError as error:
            self._give_back(items, error)
            if error.category in FATAL and items[0].push.state != State.PARKED:
                self._mend_or_stop(error)
            return
        for item, result in zip(items, results, strict=True):
            item.result = result
            _judge(item, result)
        asked = [item for item in items if item.changes.get("ask")]
        fatal = next((r.error for r in results if r.error and r.error.category in FATAL), None)
        if fatal is not None and fatal.category == Category.PERMISSION and any(r.error is None for r in results):
            _park_forbidden(items)  # others may be written: it is about these rows
            fatal = None
        self._settle([item for item in items if not item.changes.get("ask")])
        if asked:
            self._ask_about(asked)
        if fatal is not None:
            self._mend_or_stop(fatal)

    def _ask_about(self, items: list[_Item]) -> None:
        """Conflicts and refused updates: look at the lead in Dynamics, then decide."""
        now = timezone.now()
        with transaction.atomic():
            self._run.checkpoint()
            self._end_attempts(items)
            for item in items:
                item.part = read_one(item.push.remote_id) if item.push.remote_id else look_up(item.push.lead.domain)
                item.operation, item.columns = Operation.LOOK_UP, []
            self._write_down(items, now)
        try:
            results = self._client.send([item.part for item in items])
        except NotNow:
            self._give_back(items, None)
            raise
        except OutboundError as error:
            self._give_back(items, error)
            if error.category in FATAL:
                self._mend_or_stop(error)
            return
        for item, result in zip(items, results, strict=True):
            refused = item.result
            item.result, item.changes = result, {}
            _judge_look_up(item, result, refused)
        self._settle(items)

    def _mend_or_stop(self, error: OutboundError) -> None:
        """A column or the key vanished since the last check: look once more and go on without it, once a run."""
        if error.category != Category.CONFIG or self._refreshed:
            self._stop(error)
        self._refreshed = True
        check = preflight.check_environment(client=self._client)
        if not check.ok:
            self._stop(_error_of(check) if not check.error_category else error)
        self._shape = preflight.shape_of(check)

    def _give_back(self, items: Sequence[_Item], error: OutboundError | None) -> None:
        """Nobody knows what became of them, or they were never sent (`error` None). A row that was alone in its request
        waits longer each time; whether it is the row's fault shows when others get through."""
        alone = len(items) == 1
        for item in items:
            item.changes = {"state": State.QUEUED}
            item.outcome = Outcome.FAILED
            if error is None:
                continue
            item.result = Result(error.status or 0, error=error, request_id=error.request_id)
            if alone and error.category == Category.PERMISSION and (item.push.attempts or _others_get_through(item)):
                _park_forbidden([item])
            elif alone and error.category == Category.PERMISSION:  # the pause that follows is wait enough
                item.changes |= {"attempts": item.push.attempts + 1, **_about(error)}
            elif alone and error.category not in FATAL:
                _count_trouble(item, error)
        if error is None:
            PushAttempt.objects.filter(pk__in=[item.attempt.pk for item in items if item.attempt]).delete()
            for item in items:
                item.attempt = None
        elif not alone and error.category in (Category.VALIDATION, Category.CONFLICT):
            Governor.objects.filter(pk=self._governor.pk).update(batch_size=1)
        self._settle(list(items))

    def _settle(self, items: list[_Item]) -> None:
        """Write down what became of the rows; one that cannot be stored does not take the others with it."""
        try:
            self._write(items)
        except (DataError, UnicodeError):
            if len(items) == 1:
                items[0].changes, items[0].result = _parked(Reason.ERROR, None), None
                self._write(items)
                return
            for item in items:
                self._settle([item])

    def _write(self, items: Sequence[_Item]) -> None:
        """One transaction; rows that are not ours any more are left alone."""
        if not items:
            return
        now = timezone.now()
        with transaction.atomic():
            self._run.checkpoint()
            mine = Push.objects.filter(
                pk__in=[item.push.pk for item in items], job=self._run.job, state=State.IN_PROGRESS
            )
            locked = mine.select_for_update().order_by("pk")
            again = {push.pk: push for push in locked.only("again", "remote_state", "etag")}
            kept = [item for item in items if item.push.pk in again]
            done = failed = 0
            for item in kept:
                # The read-back may know more than the row that was claimed.
                fresh = again[item.push.pk]
                item.push.remote_state, item.push.etag = fresh.remote_state, fresh.etag
                for name, value in item.changes.items():
                    setattr(item.push, name, value)
                if item.push.remote_id:
                    item.push.organization_id = self._organization
                    item.push.remote_state = item.push.remote_state or RemoteState.OPEN
                if item.push.state == State.SYNCED and fresh.again:
                    item.push.state, item.push.again = State.QUEUED, False
                done += item.push.state in (State.SYNCED, State.PARKED)
                failed += item.push.state == State.PARKED
            update_rows(Push, _WRITTEN, [_row(item.push, _WRITTEN) for item in kept])
            services.note_pushes({item.push.lead_id: (item.push.state, item.push.remote_state) for item in kept})
            Event.objects.bulk_create(
                [
                    Event(lead_id=item.push.lead_id, kind=kind, at=now, by_id=item.push.asked_by_id, new=text[:400])
                    for item in kept
                    for kind, text in item.events
                ]
            )
            self._end_attempts(kept)
            self._done, self._failed = self._done + done, self._failed + failed
            self._run.checkpoint(done=self._done, failed=self._failed)

    def _end_attempts(self, items: Sequence[_Item]) -> None:
        ended = []
        for item in items:
            if item.attempt is None:
                continue
            result, error = item.result, item.result.error if item.result else None
            item.attempt.outcome = item.outcome
            item.attempt.status = result.status or None if result else None
            item.attempt.request_id = (result.request_id if result else "")[:100]
            item.attempt.error_category = error.category if error else ""
            item.attempt.error_code = error.code[:100] if error else ""
            ended.append(item.attempt)
        columns = ["outcome", "status", "request_id", "error_category", "error_code"]
        update_rows(PushAttempt, columns, [_row(attempt, columns) for attempt in ended])


_WRITTEN: Final = [
    "state", "job", "again", "not_before", "attempts", "failing_since", "acked", "acked_hash",
    "compared_at", "synced_at", "notes", "remote_id", "etag", "remote_state", "foreign_id", "organization_id", "reason",
    "error_category",
    "error_code", "error_said", "error_request_id", "error_at",
]  # fmt: skip
_CLAIMED: Final = ["state", "desired_hash"]
_UNCHANGED: Final = ["state", "job", "again", "compared_at", "notes", "attempts", "failing_since"]
_NO_ERROR: Final[dict[str, Any]] = {
    "attempts": 0, "failing_since": None, "reason": "", "error_category": "", "error_code": "", "error_said": "",
    "error_request_id": "", "error_at": None, "foreign_id": "",
}  # fmt: skip


def _row(row: Push | PushAttempt, columns: Sequence[str]) -> tuple[Any, ...]:
    """The row as bulk.update_rows takes it."""
    return row.pk, *(getattr(row, "job_id" if name == "job" else name) for name in columns)


def _plan(push: Push, plan: Wanted) -> _Item | None:
    """The request for a row; None = Dynamics has it all, or is done with the lead."""
    if push.is_closed:
        return None
    if not push.remote_id:
        columns = {**plan.always, **plan.about, **plan.creation}
        part = create_only(push.lead.domain, columns)
        return _Item(push, plan, part, Operation.CREATE, sorted(part.body or ()))
    different = changed(plan.always, push.acked)
    if not different:
        return None
    part = update_only(push.remote_id, {**different, **plan.about})
    return _Item(push, plan, part, Operation.UPDATE, sorted(different))


def _settle_unchanged(push: Push, plan: Wanted, now: datetime) -> None:
    push.state, push.job, push.again, push.compared_at = State.SYNCED, None, False, now
    push.notes, push.attempts, push.failing_since = [list(note) for note in plan.notes], 0, None


def _judge(item: _Item, result: Result) -> None:
    """What a row becomes after its create or update; `ask` = Dynamics has to be looked at first."""
    error = result.error
    if error is None:
        _succeed(item, result)
    elif error.category in FATAL:
        item.changes = {"state": State.QUEUED}
    elif item.operation == Operation.CREATE and error.category == Category.CONFLICT and error.code != _DUPLICATE_RULE:
        item.outcome = Outcome.CONFLICT
        item.changes = {"ask": True}
    elif item.operation == Operation.UPDATE and is_gone(error):
        item.changes = _parked(Reason.DELETED, error) | {"remote_state": RemoteState.DELETED}
        item.events = [(Event.Kind.REMOTE, RemoteState.DELETED.value)]
    elif item.operation == Operation.UPDATE and error.category == Category.VALIDATION and error.status == 400:
        item.changes = {"ask": True}  # a closed lead may refuse everything
    elif error.is_transient or isinstance(error, NotFound):  # that 404 is somebody's on the way
        item.changes = {"state": State.QUEUED}
        _count_trouble(item, error)
    else:
        item.changes = _parked(Reason.ERROR, error)
        item.events = [(Event.Kind.PUSH_PARKED, f"{error.category}:{error.code}")]


_DUPLICATE_RULE: Final = "0x80040333"


def _others_get_through(item: _Item) -> bool:
    """Whether another lead was changed a short while ago: then it is about this one."""
    succeeded = PushAttempt.objects.filter(outcome=Outcome.UPDATED, at__gt=timezone.now() - _RECENTLY)
    return item.operation == Operation.UPDATE and succeeded.exclude(push=item.push).exists()


def _park_forbidden(items: Sequence[_Item]) -> None:
    """Rows that the application user may not write although it may write others, or although a check since found
    nothing wrong."""
    for item in items:
        error = item.result.error if item.result else None
        if error is not None and error.category == Category.PERMISSION:
            item.changes = _parked(Reason.ERROR, error)
            item.events = [(Event.Kind.PUSH_PARKED, f"{error.category}:{error.code}")]


def _succeed(item: _Item, result: Result) -> None:
    now, push = timezone.now(), item.push
    created = item.operation == Operation.CREATE
    row = result.data if created and isinstance(result.data, dict) else {}
    remote_id = guid(row.get("leadid")) if row.get(EXTERNAL_ID, str(push.external_id)) == str(push.external_id) else ""
    if created and not remote_id:  # an answer that names no lead, or another one: look which it is
        item.outcome, item.changes = Outcome.CREATED, {"ask": True}
        return
    item.outcome = Outcome.CREATED if created else Outcome.UPDATED
    kept = remembered(item.wanted.always)
    item.changes = {
        **_NO_ERROR,
        "state": State.SYNCED,
        "job": None,
        "acked": kept,
        "acked_hash": digest(kept),
        "synced_at": now,
        "compared_at": item.attempt.at if item.attempt else now,
        "notes": [list(note) for note in item.wanted.notes],
        "remote_id": remote_id or push.remote_id,
        "etag": result.etag[:100],
    }
    if created:
        item.changes["remote_state"] = RemoteState.OPEN
    item.events = [(Event.Kind.PUSHED, item.outcome)]


def _judge_look_up(item: _Item, result: Result, refused: Result | None) -> None:
    """After a conflict or a refused update: the lead as Dynamics has it decides."""
    push, error = item.push, result.error
    why = refused.error if refused else None
    found = remote_lead(result.data) if error is None and isinstance(result.data, Mapping) else None
    if found is not None:
        item.outcome = Outcome.FOUND
        state = REMOTE_STATES.get(found.state, RemoteState.OPEN)
        ours = found.external_id == str(push.external_id) or found.id == push.remote_id
        if not ours:
            item.changes = _parked(Reason.FOREIGN, why) | {"foreign_id": found.id, "remote_state": state}
            item.events = [(Event.Kind.PUSH_PARKED, Reason.FOREIGN.value)]
        elif state != RemoteState.OPEN:
            item.changes = _closed(push, state, found.id)
            item.events = [(Event.Kind.REMOTE, state.value)]
        elif push.remote_id and why is not None:  # open and refused: it is the content
            item.changes = _parked(Reason.ERROR, why)
            item.events = [(Event.Kind.PUSH_PARKED, f"{why.category}:{why.code}")]
        else:  # ours, and its answer was lost: bring it up to date by its id
            item.changes = {
                "state": State.QUEUED, "remote_id": found.id, "remote_state": state, "etag": found.etag, "acked": {},
                "acked_hash": "", "attempts": 0,
            }  # fmt: skip
    elif is_gone(error) and push.remote_id:
        item.changes = _parked(Reason.DELETED, error) | {"remote_state": RemoteState.DELETED}
        item.events = [(Event.Kind.REMOTE, RemoteState.DELETED.value)]
    elif error is not None and error.category in FATAL:
        item.changes = {"state": State.QUEUED}
    else:  # not found after a conflict, or trouble: try again later, create-only as before
        item.changes = {"state": State.QUEUED}
        _count_trouble(item, error or Misconfigured(system="Dynamics 365", code="malformed"))


def _closed(push: Push, state: str, remote_id: str) -> dict[str, Any]:
    """Qualified or disqualified: Dynamics has the word, nothing more is written."""
    return {
        **_NO_ERROR, "state": State.SYNCED, "job": None, "remote_state": state, "remote_id": remote_id,
        "compared_at": timezone.now(), "again": False,
    }  # fmt: skip


def _parked(reason: str, error: OutboundError | None) -> dict[str, Any]:
    return {"state": State.PARKED, "job": None, "again": False, "reason": reason, **_about(error)}


def _about(error: OutboundError | None) -> dict[str, Any]:
    if error is None:
        return {"error_at": timezone.now()}
    return {
        "error_category": error.category,
        "error_code": error.code[:100],
        "error_said": error.said[:TEXT_LENGTH],
        "error_request_id": error.request_id[:100],
        "error_at": timezone.now(),
    }


def _count_trouble(item: _Item, error: OutboundError) -> None:
    """One more failure of this row. It is parked after several while Dynamics answers others."""
    push = item.push
    if error.category == Category.RATE_LIMIT:  # no fault of the row, and the governor waits
        item.changes |= {"not_before": timezone.now() + timedelta(seconds=error.told_to_wait or 0), **_about(error)}
        return
    attempts = push.attempts + 1
    since = push.failing_since or timezone.now()
    last_ok = governor.current().last_ok_at
    if attempts >= ATTEMPTS and last_ok is not None and last_ok > since:
        item.changes = _parked(Reason.ERROR, error) | {"attempts": attempts}
        item.events = [(Event.Kind.PUSH_PARKED, f"{error.category}:{error.code}")]
        return
    pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempts - 1, 12)) * random.uniform(0.5, 1)
    wait = max(pause, timedelta(seconds=error.retry_after or 0))
    item.changes |= {"attempts": attempts, "failing_since": since, "not_before": timezone.now() + wait, **_about(error)}


def _error_of(check: Any) -> OutboundError:
    """What a check that failed says, as the error that pauses."""
    if check.error_category:
        return error_class(0, Category(check.error_category))(
            system="Dynamics 365", code=check.error_code, request_id=check.request_id
        )
    problem = next((kind for kind, _detail in check.problems if kind in preflight.FATAL), "environment")
    return Misconfigured(system="Dynamics 365", code=problem)
