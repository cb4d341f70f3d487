"""The sync of referrals (DESIGN.md section 6; fact sheet, section 6).

A pass reads pages until there is none left. Each page, the counts of the run, the place to go on from and the job's
checkpoint are one transaction, fenced by the job's lease: whatever is killed, the page is stored once or asked for
again. The incremental pass reads by updatedDateTime from the watermark minus an overlap; the full pass reads everything
by createdDateTime at night, and asks one by one for the referrals that it did not see.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

import jobs.services
from jobs.models import Job
from jobs.services import JobRun, PermanentFailure
from outbound.errors import (
    AuthFailed,
    Category,
    Conflict,
    NetworkFailed,
    NotFound,
    OutboundError,
    Rejected,
    ServerFailed,
    SignInNeeded,
)
from outbound.session import Attempt
from referrals import sign_in
from referrals.client import SYSTEM, Page, client_from_settings
from referrals.linking import give_back_orphans, refresh_all_leads, refresh_leads
from referrals.models import NO_DEADLINE, Referral, SignIn, SyncCursor, SyncRun
from referrals.payload import timestamp
from referrals.storing import COUNTS, Stored, store_rows

OVERLAP: Final = timedelta(minutes=10)  # late indexes, several writers, ties within a second
REQUESTS_A_RUN: Final = 300  # then the run pauses with its place kept; about 30,000 referrals
REQUEST_IDS_KEPT: Final = 60
VERIFIED_A_RUN: Final = 100  # referrals asked for one by one; the next run goes on
RESTARTS_A_RUN: Final = 5
FULL_FAILURES: Final = 3  # runs in a row; then the full pass is given up until the next night
_TROUBLES_IN_A_ROW: Final = 3  # referrals that cannot be asked for; then it is the server
_AHEAD: Final = timedelta(minutes=5)  # a timestamp further ahead of the server's clock does not move the watermark
_NIGHT: Final = time(2)
_LONGEST_PAUSE: Final = timedelta(hours=1)

Mode = SyncRun.Mode
State = SyncRun.State


class SyncRefused(Exception):
    """The sync cannot start. `reason` is a key of messages.REFUSED: off, not_configured, sign_in, throttled (Microsoft
    asked for a pause) or waiting (a pause of our own after a failure)."""

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
    if cursor.not_before is None or cursor.not_before <= now:
        return ""
    return "throttled" if cursor.run is not None and cursor.run.state == State.THROTTLED else "waiting"


def request_sync(*, by: User | None, full: bool = False, asked: bool | None = None) -> Job:
    """Queue a sync; one that waits or runs already is the same one, and looks again before it ends. `asked`: somebody
    wants it now (default: there is a user). Who asks need not wait for the next try after a failure, only for a pause
    that Microsoft asked for. Raises SyncRefused."""
    asked = by is not None if asked is None else asked
    with transaction.atomic():
        reason = why_not(timezone.now())
        if reason and not (asked and reason == "waiting"):
            raise SyncRefused(reason)
        # The job first: a running sync locks its rows in this order, too.
        job = jobs.services.enqueue(
            "referrals",
            key="referrals:sync",
            subject="Partner Center",
            started_by=by,
            routine=not asked,
        )
        if asked:
            SyncCursor.objects.filter(pk=1).exclude(run__state=State.THROTTLED).update(not_before=None)
        if full:
            SyncCursor.objects.filter(pk=1).update(full_wanted=True, full_failures=0)
        return job


def sync_when_due(now: datetime) -> Job | None:
    """The periodic duty: changes at every call, everything once a night. None = not now."""
    if why_not(now):
        return None
    last = SyncCursor.get().last_full_at
    return request_sync(by=None, full=last is not None and last < last_night(now))


def last_night(now: datetime) -> datetime:
    """The latest two o'clock at night, local time, that has passed."""
    today = timezone.localtime(now).date()
    nights = (timezone.make_aware(datetime.combine(day, _NIGHT)) for day in (today, today - timedelta(days=1)))
    return next(night for night in nights if night <= now)


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
    """One call of the handler: first the changes, then, when it is wanted, the full pass; either may take several
    calls."""

    def __init__(self, job_run: JobRun) -> None:
        self._job_run = job_run
        self._cursor = SyncCursor.get()
        self._signed_in_at = SignIn.get().signed_in_at
        self._sent = _Sent()
        self._client = client_from_settings(sign_in.bearer, self._sent.note)
        self._restarts = self._verified = self._troubles = 0
        self._seen_links: set[str] = set()

    def work(self) -> None:
        self._pass(Mode.INCREMENTAL)
        self._cursor.refresh_from_db()
        if self._run.state == State.DONE and self._cursor.full_wanted:
            self._pass(Mode.FULL)

    def _pass(self, mode: Mode) -> None:
        """Until its end, or until it stops with its place kept. A run that a killed worker left is taken up; a run of
        the full pass means that the changes were read before."""
        left = SyncRun.objects.filter(job=self._job_run.job, state=State.RUNNING).first()
        if left is not None and left.mode == Mode.FULL and mode == Mode.INCREMENTAL:
            self._run = SyncRun(state=State.DONE, mode=mode)
            return
        self._run = left or self._begin(mode)
        try:
            while self._run.state == State.RUNNING:
                if self._run.requests >= REQUESTS_A_RUN or self._verified >= VERIFIED_A_RUN:
                    self._end_run(State.PAUSED)
                    return
                self._step()
                if self._job_run.time_is_up() and self._run.state == State.RUNNING:
                    self._job_run.again()
        except OutboundError as error:
            self._fail(error)

    def _begin(self, mode: Mode) -> SyncRun:
        job = self._job_run.job
        with transaction.atomic():
            self._job_run.checkpoint()
            SyncRun.objects.filter(state=State.RUNNING).update(state=State.FAILED, **_CRASHED)  # of a deleted job
            if mode == Mode.FULL and self._cursor.full_started_at is None:
                self._save(full_started_at=timezone.now(), full_next_query="", full_verifying=False)
            elif mode == Mode.INCREMENTAL and not self._cursor.changes_under_way:
                self._save(
                    changes_under_way=True,
                    next_query="",
                    pass_from=self._cursor.watermark,
                    newest_in_pass="",
                    resume_from="",
                    out_of_order=False,
                )
            run = SyncRun.objects.create(
                mode=mode, job=job, started_by=job.started_by, watermark_from=self._cursor.watermark
            )
            self._save(run=run)
        return run

    def _step(self) -> None:
        """One request and what it brought."""
        if self._run.mode == Mode.FULL and self._cursor.full_verifying:
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
            if self._run.mode == Mode.FULL:
                self._save(full_next_query=page.next_query, full_verifying=not page.next_query)
            else:
                self._move_on(page, stored, now)
            self._count(stored, pages=1)

    def _fetch(self) -> Page:
        """The next page. A link that comes twice leads in a circle."""
        full, cursor = self._run.mode == Mode.FULL, self._cursor
        link = cursor.full_next_query if full else cursor.next_query
        if link:
            if link in self._seen_links:
                raise ServerFailed(system=SYSTEM, method="GET", path="/referrals", status=200, code="malformed_page")
            self._seen_links.add(link)
            return self._client.next_page(link)
        if full:
            return self._client.first_page(order="createdDateTime asc")
        start, overlap = (cursor.resume_from, timedelta()) if cursor.resume_from else (cursor.watermark, OVERLAP)
        at = timestamp(start) if not cursor.filter_refused else None
        since = f"{at - overlap:%Y-%m-%dT%H:%M:%SZ}" if at else ""
        return self._client.first_page(since=since, order="updatedDateTime asc")

    def _can_restart(self) -> bool:
        """A refused request (400) is a link that has expired: go on from what was read, a few times a run; or a filter
        that the server does not know: do without. Else the refusal is an error."""
        full, cursor = self._run.mode == Mode.FULL, self._cursor
        if (cursor.full_next_query if full else cursor.next_query) and self._restarts < RESTARTS_A_RUN:
            self._restarts += 1
            self._seen_links.clear()
            resume_from = "" if cursor.out_of_order else cursor.newest_in_pass or cursor.resume_from
            changes = {"next_query": "", "newest_in_pass": "", "resume_from": resume_from}
            self._change({"full_next_query": ""} if full else changes)
            return True
        is_filtered = not full and not cursor.next_query and not cursor.filter_refused and cursor.watermark
        if is_filtered:
            self._change({"filter_refused": True})
        return bool(is_filtered)

    def _change(self, changes: dict[str, Any]) -> None:
        with transaction.atomic():
            self._job_run.checkpoint()
            self._save(**changes)

    def _move_on(self, page: Page, stored: Stored, now: datetime) -> None:
        """The place to go on from, in the transaction that stores the page. The watermark follows the pages as long as
        they come in order."""
        cursor = self._cursor
        limit = f"{(page.served_at or now) + _AHEAD:%Y-%m-%dT%H:%M:%S}"
        stamps = [stamp for stamp in stored.stamps if stamp and stamp < limit]
        newest = max([cursor.newest_in_pass, *stamps])
        in_order = stamps == sorted(stamps) and (not stamps or stamps[0] >= cursor.newest_in_pass)
        out_of_order = cursor.out_of_order or not in_order
        watermark = cursor.pass_from if out_of_order and page.next_query else max(newest, cursor.watermark)
        self._save(next_query=page.next_query, newest_in_pass=newest, out_of_order=out_of_order, watermark=watermark)
        if not page.next_query:
            # A first load has seen everything, so that the first full pass can wait for the night.
            loaded = {} if cursor.pass_from else {"last_full_at": now}
            self._finish(now, changes_under_way=False, last_success_at=now, **loaded)

    def _verify_one(self) -> None:
        """Ask for one referral that the full pass did not see; when there is none left, the pass is complete. Only "not
        found" hides it: whatever else goes wrong is no proof, and the next night asks again."""
        started = self._cursor.full_started_at
        lost = Referral.objects.filter(last_seen_at__lt=started, not_visible_since__isnull=True)
        lost = lost.filter(Q(asked_at__isnull=True) | Q(asked_at__lt=started))
        referral = lost.select_related("link").order_by("last_seen_at", "pk").first()
        row, is_gone = (None, False) if referral is None else self._ask_for(referral)
        now = timezone.now()
        with transaction.atomic():
            self._job_run.checkpoint()
            stored = Stored()
            if referral is None:
                self._finish(now, last_full_at=now, **_NO_FULL)
            else:
                Referral.objects.filter(pk=referral.pk).update(asked_at=now)
                if is_gone:
                    _hide(referral, now)
                    self._run.not_visible += 1
                elif row is not None:
                    stored = store_rows([row], now=now)
            self._count(stored)
        if referral is None:
            refresh_all_leads()

    def _ask_for(self, referral: Referral) -> tuple[Any, bool]:
        """(the row, or None when it did not come; whether it is gone)."""
        self._verified += 1
        try:
            row = self._client.one(referral.remote_id)
        except NotFound:
            return None, True
        except (Rejected, Conflict, NetworkFailed, ServerFailed) as trouble:
            self._troubles += 1
            if self._troubles >= _TROUBLES_IN_A_ROW or getattr(trouble, "retry_after", None):
                raise
            return None, False
        self._troubles = 0
        is_it = isinstance(row, dict) and row.get("id") == referral.remote_id
        return (row if is_it else None), False

    def _finish(self, now: datetime, **changes: Any) -> None:
        """The pass is complete."""
        self._save(failures=0, not_before=None, **changes)
        self._run.state, self._run.finished_at = State.DONE, now

    def _count(self, stored: Stored, *, pages: int = 0) -> None:
        run = self._run
        for name in COUNTS:
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
        """End the run with its place kept and say when the next one may start. A full pass that fails again and again
        is given up until the next night; the changes are read meanwhile."""
        if isinstance(error, AuthFailed):
            if not isinstance(error, SignInNeeded):  # that one is noted where it was raised
                sign_in.require_sign_in(error, self._signed_in_at)
            self._end_run(State.NEEDS_SIGN_IN, error)
        else:
            throttled = error.category == Category.RATE_LIMIT or (
                isinstance(error, ServerFailed) and error.retry_after is not None
            )
            failures = self._cursor.failures + 1
            changes: dict[str, Any] = {"not_before": timezone.now() + _pause(error, failures), "failures": failures}
            if self._run.mode == Mode.FULL and not throttled:
                changes |= {"full_failures": self._cursor.full_failures + 1}
                if changes["full_failures"] >= FULL_FAILURES:
                    changes |= {"last_full_at": timezone.now(), **_NO_FULL}
            self._end_run(State.THROTTLED if throttled else State.FAILED, error, **changes)
        if self._run.state != State.THROTTLED:
            raise PermanentFailure(self._run.state) from error


_NO_FULL: Final[dict[str, Any]] = {
    "full_wanted": False,
    "full_started_at": None,
    "full_next_query": "",
    "full_verifying": False,
    "full_failures": 0,
    "filter_refused": False,
}


def _hide(referral: Referral, now: datetime) -> None:
    """It is not visible any more; it is kept, and comes back by itself when it is seen again."""
    Referral.objects.filter(pk=referral.pk).update(not_visible_since=now, deadline_order=NO_DEADLINE)
    if referral.link.lead_id is not None:
        refresh_leads({referral.link.lead_id})


def _pause(error: OutboundError, failures: int) -> timedelta:
    """As long as the server said; else longer with every failure in a row, up to an hour, with jitter."""
    longest = min(_LONGEST_PAUSE, timedelta(seconds=30) * 2 ** min(failures, 10))
    asked = timedelta(seconds=error.retry_after or 0)
    jittered: timedelta = longest * random.uniform(0.5, 1)
    return max(asked, jittered)
