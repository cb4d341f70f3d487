"""The sync of referrals (DESIGN.md section 6; fact sheet, section 6).

A pass reads pages until there is none left. Each page, the counts of the run, the place to go on from and the job's
checkpoint are one transaction, fenced by the job's lease: whatever is killed, the page is stored once or asked for
again. The incremental pass reads by updatedDateTime from the watermark minus an overlap; the full pass reads everything
by createdDateTime at night, and asks one by one for the referrals that it did not see.
"""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

import jobs.services
from jobs.models import Job
from jobs.services import JobRun, PermanentFailure
from outbound.errors import (
    AuthFailed,
    Category,
    NotFound,
    NotPermitted,
    OutboundError,
    Rejected,
    ServerFailed,
    SignInNeeded,
)
from outbound.session import Attempt
from referrals import sign_in
from referrals.client import Page, client_from_settings
from referrals.linking import give_back_orphans, refresh_leads
from referrals.models import Referral, SignIn, SyncCursor, SyncRun
from referrals.payload import timestamp
from referrals.storing import Stored, store_rows

OVERLAP: Final = timedelta(minutes=10)  # late indexes, several writers, ties within a second
REQUESTS_A_RUN: Final = 300  # then the run pauses with its place kept; about 30,000 referrals
REQUEST_IDS_KEPT: Final = 60
RESTARTS_A_RUN: Final = 5
VERIFIED_A_RUN: Final = 100  # a user who lost rights must not keep the sync from what is new
_AHEAD: Final = timedelta(days=1)  # a timestamp further ahead of our clock does not move the watermark
_NIGHT: Final = time(2)
_LONGEST_PAUSE: Final = timedelta(hours=1)

Mode = SyncRun.Mode
State = SyncRun.State
_VERIFY: Final = "verify"  # the end of a full pass: what it did not see is asked for one by one


class SyncRefused(Exception):
    """The sync cannot start. `reason` is a key of messages.REFUSED: off, not_configured, sign_in or throttled."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def why_not(now: datetime) -> str:
    """Why no sync can start now, a key of messages.REFUSED; "" = it can."""
    if not settings.HUNTER_PARTNER_CENTER_ENABLED:
        return "off"
    if not sign_in.is_configured():
        return "not_configured"
    cursor = SyncCursor.get()
    if cursor.sign_in is None or cursor.sign_in.state != SignIn.State.OK:
        return "sign_in"
    return "throttled" if cursor.not_before and cursor.not_before > now else ""


def request_sync(*, by: User | None, full: bool = False) -> Job:
    """Queue a sync; one that waits or runs already is the same one, and looks again before it ends. A person need not
    wait for the next try after a failure, only for a pause that Microsoft asked for. Raises SyncRefused."""
    with transaction.atomic():
        if by is not None:
            SyncCursor.objects.filter(pk=1).exclude(run__state=State.THROTTLED).update(not_before=None)
        if reason := why_not(timezone.now()):
            raise SyncRefused(reason)
        if full:
            SyncCursor.objects.filter(pk=1).update(full_wanted=True)
        return jobs.services.enqueue(
            "referrals",
            key="referrals:sync",
            subject="Partner Center",
            started_by=by,
            routine=by is None and not full,
        )


def sync_when_due(now: datetime) -> Job | None:
    """The periodic duty: changes at every call, everything once a night. None = not now."""
    if why_not(now):
        return None
    cursor = SyncCursor.get()
    local, last = timezone.localtime(now), cursor.last_full_at
    full_is_due = last is not None and local.time() >= _NIGHT and timezone.localtime(last).date() < local.date()
    return request_sync(by=None, full=full_is_due)


def prune_runs(now: datetime) -> int:
    """Delete runs of more than 90 days ago that brought nothing new. Returns how many."""
    idle = SyncRun.objects.filter(state=State.DONE, created=0, updated=0, quarantined=0, not_visible=0)
    return idle.filter(started_at__lt=now - timedelta(days=90)).delete()[0]


def run_sync(job_run: JobRun) -> None:
    """Job handler. Goes on where the last run ended, whatever ended it."""
    if why_not(timezone.now()):
        return
    give_back_orphans()
    _Sync(job_run).work()


def close_undone(job: Job) -> None:
    """The job was cancelled or failed: its run says so. The place it reached is kept."""
    runs = SyncRun.objects.filter(job=job, state=State.RUNNING)
    if job.state == Job.State.CANCELLED:
        runs.update(state=State.CANCELLED, finished_at=timezone.now())
    else:
        runs.update(state=State.FAILED, finished_at=timezone.now(), error_detail=job.error[:400], **_CRASHED)


_CRASHED: Final = {"error_category": "server", "error_code": "crashed"}


@dataclass(slots=True)
class _Sent:
    """The requests since the last page was stored."""

    count: int = 0
    ids: list[list[Any]] = field(default_factory=list)

    def note(self, attempt: Attempt) -> None:
        self.count += 1
        self.ids.append([attempt.client_request_id, attempt.request_id, attempt.status])


class _Sync:
    """One call of the handler: it may take several passes, and a pass may take several calls."""

    def __init__(self, job_run: JobRun) -> None:
        self._job_run = job_run
        self._cursor = SyncCursor.get()
        self._sent = _Sent()
        self._client = client_from_settings(sign_in.bearer, self._sent.note)
        self._restarts = 0
        self._verified = 0

    def work(self) -> None:
        """Full passes are followed by one for the changes, so that a click always brings what is new."""
        while True:
            wanted = Mode.FULL if self._cursor.full_wanted else Mode.INCREMENTAL
            self._begin(wanted)
            if not self._pass():
                return
            self._cursor.refresh_from_db()
            if self._run.mode == Mode.INCREMENTAL and not self._cursor.full_wanted:
                return

    def _begin(self, wanted: Mode) -> None:
        """Take up the pass that is under way, else begin the wanted one; its run is the one a killed worker left, or
        a new one."""
        job = self._job_run.job
        left = SyncRun.objects.filter(job=job, state=State.RUNNING).first()
        if left is not None:
            self._run = left
            return
        with transaction.atomic():
            self._job_run.checkpoint()
            SyncRun.objects.filter(state=State.RUNNING).update(state=State.FAILED, **_CRASHED)  # of a deleted job
            if not self._cursor.mode:
                self._save(
                    mode=wanted,
                    next_query="",
                    pass_started_at=timezone.now(),
                    pass_from=self._cursor.watermark,
                    newest_in_pass="",
                    out_of_order=False,
                )
            self._run = SyncRun.objects.create(
                mode=Mode.INCREMENTAL if self._cursor.mode == Mode.INCREMENTAL else Mode.FULL,
                job=job,
                started_by=job.started_by,
                watermark_from=self._cursor.watermark,
            )
            self._save(run=self._run)

    def _pass(self) -> bool:
        """False = it stopped before its end, with its place kept."""
        try:
            while self._cursor.mode:
                if self._run.requests >= REQUESTS_A_RUN:
                    self._end_run(State.PAUSED)
                    return False
                self._step()
                if self._job_run.time_is_up() and self._cursor.mode:
                    self._job_run.again()
        except OutboundError as error:
            self._fail(error)
            return False
        return True

    def _step(self) -> None:
        """One request and what it brought."""
        if self._cursor.mode == _VERIFY:
            self._verify_one()
            return
        try:
            page = self._fetch()
        except Rejected:
            if not self._can_restart():
                raise
            return
        now = timezone.now()
        with transaction.atomic():
            self._job_run.checkpoint(done=self._job_run.job.done + len(page.rows))
            stored = store_rows(page.rows, now=now)
            self._move_on(page, stored, now)
            self._count(stored, pages=1)

    def _fetch(self) -> Page:
        if self._cursor.next_query:
            return self._client.next_page(self._cursor.next_query)
        if self._cursor.mode == Mode.FULL:
            return self._client.first_page(order="createdDateTime asc")
        start = self._cursor.pass_from if self._cursor.out_of_order else self._cursor.watermark
        at = timestamp(start) if not self._cursor.filter_refused else None
        since = f"{at - OVERLAP:%Y-%m-%dT%H:%M:%SZ}" if at else ""
        return self._client.first_page(since=since, order="updatedDateTime asc")

    def _can_restart(self) -> bool:
        """A refused request (400) is a link that has expired: begin again from the watermark, a few times; or a filter
        that the server does not know: do without from now on. Else the refusal is an error."""
        if self._cursor.next_query and self._restarts < RESTARTS_A_RUN:
            self._restarts += 1
            with transaction.atomic():
                self._job_run.checkpoint()
                self._save(next_query="")
            return True
        is_filtered = not self._cursor.next_query and self._cursor.mode == Mode.INCREMENTAL and self._cursor.watermark
        if is_filtered and not self._cursor.filter_refused:
            with transaction.atomic():
                self._job_run.checkpoint()
                self._save(filter_refused=True)
            return True
        return False

    def _move_on(self, page: Page, stored: Stored, now: datetime) -> None:
        """The place to go on from, in the transaction that stores the page."""
        cursor = self._cursor
        changes: dict[str, Any] = {"next_query": page.next_query}
        if cursor.mode == Mode.INCREMENTAL:
            limit = f"{now + _AHEAD:%Y-%m-%dT%H:%M:%S}"
            stamps = [stamp for stamp in stored.stamps if stamp and stamp < limit]
            newest = max([cursor.newest_in_pass, *stamps])
            in_order = stamps == sorted(stamps) and (not stamps or stamps[0] >= cursor.newest_in_pass)
            out_of_order = cursor.out_of_order or not in_order
            changes |= {"newest_in_pass": newest, "out_of_order": out_of_order}
            if out_of_order and page.next_query:
                changes["watermark"] = cursor.pass_from
            else:
                changes["watermark"] = max(newest, cursor.watermark)
        if not page.next_query:
            if cursor.mode == Mode.FULL:
                changes["mode"] = _VERIFY
            else:
                self._finish(now, changes)
        self._save(**changes)

    def _verify_one(self) -> None:
        """Ask for one referral that the full pass did not see; when there is none left, the pass is complete."""
        lost = Referral.objects.filter(last_seen_at__lt=self._cursor.pass_started_at, not_visible_since__isnull=True)
        referral = lost.select_related("link").order_by("last_seen_at", "pk").first()
        if self._verified >= VERIFIED_A_RUN:
            referral = None
        row = None
        if referral is not None:
            self._verified += 1
            with suppress(NotFound, NotPermitted):
                row = self._client.one(referral.remote_id)
        now = timezone.now()
        with transaction.atomic():
            self._job_run.checkpoint()
            if referral is None:
                changes: dict[str, Any] = {}
                self._finish(now, changes)
                self._save(**changes)
                self._count(Stored())
            elif row is None:
                _hide(referral, now)
                self._run.not_visible += 1
                self._count(Stored())
            else:
                self._count(store_rows([row], now=now))
                Referral.objects.filter(pk=referral.pk).update(last_seen_at=now)

    def _finish(self, now: datetime, changes: dict[str, Any]) -> None:
        """The pass is complete."""
        changes |= {
            "mode": "", "next_query": "", "pass_started_at": None, "last_success_at": now, "failures": 0,
            "not_before": None,
        }  # fmt: skip
        if self._run.mode == Mode.FULL:
            changes |= {"last_full_at": now, "full_wanted": False}
        elif not self._cursor.pass_from:  # the first load has seen everything
            changes |= {"last_full_at": now}
        self._run.state, self._run.finished_at = State.DONE, now

    def _count(self, stored: Stored, *, pages: int = 0) -> None:
        run = self._run
        for name in ("fetched", "created", "updated", "unchanged", "quarantined", "linked", "needs_domain"):
            setattr(run, name, getattr(run, name) + getattr(stored, name))
        run.pages += pages
        run.watermark_to = self._cursor.watermark
        self._note_requests()
        run.save()

    def _note_requests(self) -> None:
        self._run.requests += self._sent.count
        self._run.request_ids = [*self._run.request_ids, *self._sent.ids][-REQUEST_IDS_KEPT:]
        self._sent.count, self._sent.ids = 0, []

    def _save(self, **changes: Any) -> None:
        """Write these columns of the cursor and no others: people set `full_wanted` meanwhile."""
        SyncCursor.objects.filter(pk=1).update(**changes)
        for name, value in changes.items():
            setattr(self._cursor, name, value)

    def _end_run(self, state: str, error: OutboundError | None = None, **changes: Any) -> None:
        with transaction.atomic():
            self._job_run.checkpoint()
            self._note_requests()
            self._run.state, self._run.finished_at = state, timezone.now()
            if error is not None:
                self._run.error_category = error.category
                self._run.error_code = error.code[:100]
                self._run.error_detail = str(error)[:400]
            self._run.save()
            self._save(**changes)

    def _fail(self, error: OutboundError) -> None:
        """End the run with its place kept and say when the next one may start."""
        if isinstance(error, AuthFailed):
            if not isinstance(error, SignInNeeded):  # that one is noted where it was raised
                sign_in.require_sign_in(error)
            self._end_run(State.NEEDS_SIGN_IN, error)
        else:
            throttled = error.category == Category.RATE_LIMIT or (
                isinstance(error, ServerFailed) and error.retry_after is not None
            )
            failures = self._cursor.failures + 1
            not_before = timezone.now() + _pause(error, failures)
            state = State.THROTTLED if throttled else State.FAILED
            self._end_run(state, error, not_before=not_before, failures=failures)
        if self._run.state != State.THROTTLED:
            raise PermanentFailure(self._run.state) from error


def _hide(referral: Referral, now: datetime) -> None:
    """It is not visible any more; it is kept, and comes back by itself when it is seen again."""
    Referral.objects.filter(pk=referral.pk).update(not_visible_since=now)
    if referral.link.lead_id is not None:
        refresh_leads({referral.link.lead_id})


def _pause(error: OutboundError, failures: int) -> timedelta:
    """As long as the server said; else longer with every failure in a row, up to an hour, with jitter."""
    longest = min(_LONGEST_PAUSE, timedelta(seconds=30) * 2 ** min(failures, 10))
    asked = timedelta(seconds=error.retry_after or 0)
    jittered: timedelta = longest * random.uniform(0.5, 1)
    return max(asked, jittered)
