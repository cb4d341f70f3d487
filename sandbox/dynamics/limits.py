"""Service protection: how much one application user may ask for, and who asked too early.

Figures, codes and texts: the fact sheet on the Dataverse Web API, section 6. Every figure belongs to one user on one
web server; the sandbox has one web server.
"""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field

from sandbox.dynamics.errors import Refused

_LONGEST_PENALTY = 300  # seconds
_ON_ITS_WAY = 0.5  # seconds after a refusal in which a request was sent before its client could know
_GRACE = 0.005  # seconds before the end of a window in which a request does not count as early: timers round


@dataclass(slots=True)
class _User:
    """What one application user did. Times are monotonic seconds."""

    requests: deque[float] = field(default_factory=deque)
    work: deque[tuple[float, float]] = field(default_factory=deque)  # (time, milliseconds)
    worked: float = 0.0  # the sum over `work`
    running: int = 0
    refused: Refused | None = None  # what holds until `blocked_until`
    penalty: int = 0  # seconds
    blocked_since: float = 0.0
    blocked_until: float = 0.0
    asked_until: float = 0.0  # end of the longest Retry-After that was sent


class Limits:
    """The counters of every user; safe to use from any thread."""

    def __init__(self) -> None:
        self.early_requests = 0
        self.concurrency_peak = 0
        self._users: defaultdict[str, _User] = defaultdict(_User)
        self._lock = threading.Lock()
        self._ahead = 0.0

    def advance(self, seconds: float) -> None:
        """Lets time pass for windows and penalties."""
        self._ahead += seconds

    def now(self) -> float:
        return time.monotonic() + self._ahead

    def arrived(self, name: str) -> None:
        """Every request, before anything else happens to it."""
        with self._lock:
            user = self._users[name]
            user.running += 1
            self.concurrency_peak = max(self.concurrency_peak, user.running)
            if self.now() < user.asked_until:
                self.early_requests += 1

    def left(self, name: str) -> None:
        """The same request, when its answer is ready."""
        with self._lock:
            self._users[name].running -= 1

    def told_to_wait(self, name: str, seconds: float) -> None:
        """A 429 with `Retry-After: seconds` is about to be sent."""
        with self._lock:
            user = self._users[name]
            user.asked_until = max(user.asked_until, self.now() + seconds - _GRACE)

    def admit(
        self, name: str, *, requests: int, window: float, work_ms: int, concurrency: int, penalty_grows: bool
    ) -> tuple[int, float]:
        """Counts a request that is about to be worked on.

        Returns what is left: requests and milliseconds. Raises Refused (429), which counts nothing.
        """
        with self._lock:
            user, now = self._users[name], self.now()
            if user.running > concurrency:
                text = f"Number of concurrent requests exceeded the limit of {concurrency}."
                raise Refused(429, "0x80072326", text, retry_after=1)
            _forget(user, now - window)
            if now < user.blocked_until and user.refused is not None:
                raise self._again(user, now, penalty_grows)
            refused, oldest = None, now
            if len(user.requests) >= requests:
                text = f"Number of requests exceeded the limit of {requests} over time window of {window:g} seconds."
                refused = Refused(429, "0x80072322", text)
                oldest = user.requests[-requests] if user.requests else now
            elif user.worked >= work_ms:
                text = (
                    f"Combined execution time of incoming requests exceeded limit of {work_ms:,} milliseconds over "
                    f"time window of {window:g} seconds. Decrease number of concurrent requests or reduce the "
                    "duration of requests and try again later."
                )
                refused = Refused(429, "0x80072321", text)
                oldest = user.work[0][0] if user.work else now
            if refused is not None:
                user.penalty = max(1, math.ceil(oldest + window - now))
                user.refused, user.blocked_since, user.blocked_until = refused, now, now + user.penalty
                refused.retry_after = user.penalty
                raise refused
            user.penalty = 0
            user.requests.append(now)
            return requests - len(user.requests), work_ms - user.worked

    def charge(self, name: str, milliseconds: float) -> None:
        """Execution time of a request that was worked on."""
        if milliseconds:
            with self._lock:
                user = self._users[name]
                user.work.append((self.now(), milliseconds))
                user.worked += milliseconds

    def _again(self, user: _User, now: float, grows: bool) -> Refused:
        """The refusal of somebody who did not wait; each time doubles the penalty if it grows."""
        assert user.refused is not None
        if grows and now - user.blocked_since >= _ON_ITS_WAY:
            user.blocked_since = now
            user.penalty = min(user.penalty * 2, _LONGEST_PENALTY)
            user.blocked_until = now + user.penalty
        wait = max(1, math.ceil(user.blocked_until - now))
        return Refused(429, user.refused.code, user.refused.message, retry_after=wait)


def _forget(user: _User, before: float) -> None:
    while user.requests and user.requests[0] <= before:
        user.requests.popleft()
    while user.work and user.work[0][0] <= before:
        user.worked -= user.work.popleft()[1]
