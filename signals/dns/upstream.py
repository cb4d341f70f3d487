"""One DNS server: its channels, how long it takes to answer (RFC 6298), and whether it answers at all."""

from __future__ import annotations

from typing import Generic

from signals.dns.transport import Channel, W

STRIKES = 8  # failures in a row that make a server count as down
HOLD = 5.0  # seconds until a server that is down gets one query as a probe
FIRST_TIMEOUT = 1.0  # seconds, before any answer was timed (RFC 6298 section 2.1)


class Upstream(Generic[W]):
    """`timeout` is the time in seconds to wait for an answer, kept between floor and ceiling."""

    def __init__(self, address: tuple[str, int], channels: list[Channel[W]], floor: float, ceiling: float) -> None:
        host, port = address
        self.address = address
        self.label = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.channels = channels
        self.timeout = min(max(FIRST_TIMEOUT, floor), ceiling)
        self.down = False
        self._floor = floor
        self._ceiling = ceiling
        self._smoothed = -1.0
        self._variation = 0.0
        self._strikes = 0
        self._probe_at = 0.0
        self._turn = 0

    def channel(self) -> Channel[W]:
        """The next channel in turn."""
        self._turn = (self._turn + 1) % len(self.channels)
        return self.channels[self._turn]

    def timed(self, rtt: float) -> None:
        """Takes one measured round trip, in seconds, into the time-out (RFC 6298 section 2)."""
        if self._smoothed < 0:
            self._smoothed = rtt
            self._variation = rtt / 2
        else:
            deviation = rtt - self._smoothed
            self._variation += (abs(deviation) - self._variation) / 4
            self._smoothed += deviation / 8
        timeout = self._smoothed + 4 * self._variation
        self.timeout = min(max(timeout, self._floor), self._ceiling)

    def answered(self) -> None:
        """The server does its work."""
        self._strikes = 0
        self.down = False

    def strike(self, now: float) -> None:
        """A time-out, a refusal or garbage; after `STRIKES` in a row the server is down."""
        self._strikes += 1
        if self._strikes >= STRIKES and not self.down:
            self.hold(now)

    def hold(self, now: float) -> None:
        """The server is down until a probe succeeds."""
        self.down = True
        self._probe_at = now + HOLD

    def ready(self, now: float) -> bool:
        """Whether a fresh query may go here. A server that is down gets one, as a probe, every `HOLD` seconds."""
        if not self.down:
            return True
        if now < self._probe_at:
            return False
        self._probe_at = now + HOLD
        return True
