"""How often one foreign host may be asked. Pure: time comes in, nothing sleeps, the state can be kept as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

PACE: Final = 1.0  # seconds between two questions to one host (mail-dns-signals section 4: one or two a second)
STOP: Final = 3600.0  # seconds without a question after a refusal
_FIRST_PAUSE: Final = 15.0  # seconds after a failure; doubled with each one in a row, up to STOP
# `outbound` cuts a Retry-After to this: whoever says at least so much may mean any time.
_LONGEST_TOLD: Final = 900.0


class Politeness:
    """The gate of each host. Times are Unix seconds; use it from one thread.

    A host is asked once in `pace` seconds. A refusal closes it for the time the host names, or for `STOP`; a failure
    closes it for a while that doubles. An answer opens it again.
    """

    def __init__(self, *, pace: float = PACE) -> None:
        self._pace = pace
        self._open_at: dict[str, float] = {}
        self._failures: dict[str, int] = {}

    def wait(self, host: str, now: float) -> float:
        """Seconds until the host may be asked; 0 = now."""
        return max(0.0, self._open_at.get(host, now) - now)

    def take(self, host: str, now: float) -> float:
        """As `wait`; when it is 0, the turn is taken."""
        left = self.wait(host, now)
        if left == 0:
            self._open_at[host] = now + self._pace
        return left

    def answered(self, host: str) -> None:
        self._failures.pop(host, None)

    def refused(self, host: str, now: float, retry_after: float | None = None) -> float:
        """The seconds for which the host is left alone now; `retry_after` is what it asked for, in seconds."""
        told = retry_after is not None and retry_after < _LONGEST_TOLD
        stop = max(self._pace, retry_after) if told and retry_after is not None else STOP
        return self._close(host, now, stop)

    def failed(self, host: str, now: float) -> float:
        """The seconds for which the host is left alone now, because it is down or talks nonsense."""
        failures = self._failures[host] = min(self._failures.get(host, 0) + 1, 10)
        return self._close(host, now, min(STOP, _FIRST_PAUSE * 2 ** (failures - 1)))

    def as_dict(self) -> dict[str, Any]:
        """The state for a JSON column: {"open_at": {host: Unix seconds}, "failures": {host: count}}."""
        return {"open_at": dict(self._open_at), "failures": dict(self._failures)}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any], *, pace: float = PACE) -> Self:
        """The gate as `as_dict` left it."""
        gate = cls(pace=pace)
        gate._open_at.update(state["open_at"])
        gate._failures.update(state["failures"])
        return gate

    def _close(self, host: str, now: float, seconds: float) -> float:
        self._open_at[host] = max(self._open_at.get(host, 0.0), now + seconds)
        return self._open_at[host] - now
