"""Who may send a request now: one governor per application user, shared by all workers through the database.

A pause that Dynamics asks for (Retry-After) is stored before the request's lane is given back, so that whoever gets the
lane next reads it first (fact sheet, section 6: pushing on makes the penalty grow). There is one lane at first; another
one is opened after a whole window of the service protection without a throttle, and a throttle closes all but one.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from integrations_d365.models import Governor
from jobs.bell import workers
from jobs.leases import lease
from outbound.errors import Category, OutboundError, RateLimited

WINDOW: Final = timedelta(seconds=300)  # service protection counts over this time
MOST_LANES: Final = 4  # more are not sustained by one server (fact sheet, section 13)
LARGEST_BATCH: Final = 100
_MARGIN: Final = 0.2  # seconds on top of a Retry-After, for clocks and roads of other workers
_DEFAULT_PAUSE: Final = 5.0  # seconds, for a throttle without a Retry-After
_LONGEST_PAUSE: Final = 300.0  # seconds between two tries while Dynamics is down
_SHORTEST_PAUSE, _LONGEST_TOLD = 1.0, 86_400.0  # seconds, the clamp of what Dynamics asks for
_LANE_SECONDS: Final = 180.0  # longer than a claim, a request and a look-up may take


class NotNow(Exception):
    """No request may be sent before `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


class Busy(NotNow):
    """Every lane is taken: others are talking to Dynamics at this moment."""


def most_lanes() -> int:
    """Workers are always left for scans and everything else, however slow Dynamics is."""
    return max(1, min(MOST_LANES, workers() - 2))


def key_from_settings() -> str:
    """One governor per application user and environment."""
    return f"{settings.HUNTER_D365_CLIENT_ID}@{urlsplit(settings.HUNTER_D365_BASE_URL).netloc}"


def current() -> Governor:
    """The governor of the environment in the settings."""
    return Governor.objects.get_or_create(key=key_from_settings())[0]


class Turnstile:
    """Lets requests through one by one, or as many at once as there are lanes. Raises NotNow and Busy.

    `counts` = whether a request without an answer says that Dynamics is down; for a person who waits only seconds it
    does not.
    """

    def __init__(self, governor: Governor, *, counts: bool = True) -> None:
        self._pk = governor.pk
        self._counts = counts
        self._holds = False
        self._was_throttled = False

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep a lane for what belongs together, such as claiming rows and sending them."""
        row = self._row()
        self._check(row)
        for lane in range(1, row.lanes + 1):
            with lease(f"d365:{self._pk}:{lane}", _LANE_SECONDS) as ours:
                if not ours:
                    continue
                # Read again: whoever held the lane before us may have been told to wait.
                row = self._row()
                if ours.abandoned:
                    self._mind_the_unseen(row)
                self._check(row)
                self._holds = True
                try:
                    yield
                finally:
                    self._holds = False
                return
        raise Busy(timezone.now() + timedelta(seconds=random.uniform(1, 2)))

    @contextmanager
    def request(self) -> Iterator[None]:
        """Around one request: waits for nothing, notes how it went. In the lane that is held, or in one of its own."""
        if not self._holds:
            with self.hold(), self.request():
                yield
            return
        row = self._row()
        self._check(row)
        self._was_throttled = False
        try:
            yield
        except OutboundError as error:
            self._note_failure(row, error)
            raise
        if not self._was_throttled:
            self._note_success(row)

    def throttled(self, seconds: float | None) -> None:
        """Dynamics asked for a pause, or part of a batch was throttled."""
        self._was_throttled = True
        wait = _DEFAULT_PAUSE if seconds is None else min(max(seconds, _SHORTEST_PAUSE), _LONGEST_TOLD)
        now = timezone.now()
        self._update(
            not_before=_later(now + timedelta(seconds=wait + _MARGIN + random.uniform(0, wait * 0.1))),
            throttled_at=now,
            throttled_for=wait,
            lanes=1,
            lanes_since=now,
        )

    def _row(self) -> Governor:
        return Governor.objects.get(pk=self._pk)

    def _check(self, row: Governor) -> None:
        if row.not_before is not None and row.not_before > timezone.now():
            raise NotNow(row.not_before)

    def _mind_the_unseen(self, row: Governor) -> None:
        """The last request was cut off with its worker. While Dynamics throttles, its answer may have been a pause that
        nobody saw, and longer than the last one."""
        now = timezone.now()
        if row.throttled_at is not None and row.throttled_at > now - WINDOW:
            row.not_before = now + timedelta(seconds=2 * row.throttled_for + _MARGIN)
            self._update(not_before=_later(row.not_before), throttled_at=now)

    def _note_failure(self, row: Governor, error: OutboundError) -> None:
        if isinstance(error, RateLimited) or (error.category == Category.SERVER and error.retry_after is not None):
            self.throttled(error.told_to_wait)
        elif self._counts and error.category in (Category.NETWORK, Category.SERVER):
            # Nobody answers: try again soon, then less and less often. A smaller batch finds the row that does it.
            pause = min(_LONGEST_PAUSE, 0.5 * 2 ** min(row.failures, 12)) * random.uniform(0.7, 1)
            now = timezone.now()
            self._update(
                failures=row.failures + 1,
                down_since=row.down_since or now,
                not_before=_later(now + timedelta(seconds=pause)),
                batch_size=max(1, row.batch_size // 2),
                lanes=1,
                lanes_since=now,
            )

    def _note_success(self, row: Governor) -> None:
        now = timezone.now()
        changes: dict[str, Any] = {"last_ok_at": now}
        if row.failures or row.down_since:
            changes |= {"failures": 0, "down_since": None}
        if row.batch_size < LARGEST_BATCH:
            changes["batch_size"] = min(LARGEST_BATCH, row.batch_size * 2)
        self._update(**changes)
        if row.lanes < most_lanes() and row.lanes_since < now - WINDOW:
            unchanged = Governor.objects.filter(pk=self._pk, lanes=row.lanes, lanes_since=row.lanes_since)
            unchanged.update(lanes=row.lanes + 1, lanes_since=now)

    def _update(self, **changes: Any) -> None:
        Governor.objects.filter(pk=self._pk).update(**changes)


def _later(when: datetime) -> Any:
    """Never shorten a pause that somebody else stored. (The greatest of NULL and a time is NULL on SQLite.)"""
    return Greatest(Coalesce(F("not_before"), Value(when)), Value(when))


def pause(governor: Governor, error: OutboundError) -> bool:
    """Stop pushing until a check succeeds: only a person can mend it. True = it was not paused before."""
    return bool(
        Governor.objects.filter(pk=governor.pk, paused_at__isnull=True).update(
            paused_at=timezone.now(),
            paused_category=error.category,
            paused_code=error.code[:100],
            paused_request_id=error.request_id[:100],
        )
    )


def resume(governor: Governor) -> None:
    Governor.objects.filter(pk=governor.pk, paused_at__isnull=False).update(
        paused_at=None, paused_category="", paused_code="", paused_request_id=""
    )
