"""Answers about names that many domains share (provider records, public suffixes), kept for their TTL."""

from __future__ import annotations

import time

from signals.types import Lookup

POSITIVE_CAP = 86_400  # seconds
NEGATIVE_CAP = 3_600  # seconds; the TTL of an absence is the SOA minimum (RFC 2308 section 5)
LIMIT = 20_000  # answers

Key = tuple[tuple[tuple[str, int], ...], bytes]  # the servers asked, the question in wire form


class AnswerCache:
    """A bounded store of found and absent answers. A failed one is never kept."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._answers: dict[Key, tuple[float, Lookup]] = {}

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: Key) -> Lookup | None:
        """The answer as it was observed (`at` and `ttl` unchanged), or None when unknown or expired."""
        entry = self._answers.get(key)
        if entry is None:
            return None
        if entry[0] <= time.monotonic():
            del self._answers[key]
            return None
        return entry[1]

    def put(self, key: Key, lookup: Lookup) -> None:
        """Keeps a found or absent answer; the oldest one makes room."""
        if lookup.status not in ("ok", "nodata", "nxdomain") or not lookup.ttl:
            return
        ttl = min(lookup.ttl, POSITIVE_CAP if lookup.status == "ok" else NEGATIVE_CAP)
        self._answers.pop(key, None)
        if len(self._answers) >= self._limit:
            del self._answers[next(iter(self._answers))]
        self._answers[key] = (time.monotonic() + ttl, lookup)

    def clear(self) -> None:
        """Forgets everything."""
        self._answers.clear()


SHARED = AnswerCache()  # one for the process: it outlives the event loop of one slice of domains
