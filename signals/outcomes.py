"""What every look-up besides DNS shares: its evidence, its doubts, and the answer that is none.

None of them is needed for a verdict. Whatever goes wrong is an `Unknown`, never an exception and never an absence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from outbound.errors import Category, OutboundError, ServerFailed

EXCERPT: Final = 300  # characters of an answer kept as evidence
USER_AGENT: Final = "Hunter (lead intelligence; one look-up a company)"
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Evidence(NamedTuple):
    """The piece of the raw answer that proves a field."""

    field: str
    excerpt: str


class Doubt(NamedTuple):
    """A field that was left out because the answer contradicts itself or cannot be; `reason` is a word of ours."""

    field: str
    reason: str
    excerpt: str


class Reason(StrEnum):
    """Why nothing is known."""

    INVALID_NAME = "invalid_name"  # nothing that could be asked for
    NO_SERVER = "no_server"  # nobody is known to ask
    HELD = "held"  # not asked: the server refused, or failed, a short while ago
    RATE_LIMITED = "rate_limited"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    NETWORK = "network"
    SERVER = "server"
    MALFORMED = "malformed"  # an answer that cannot be read
    MISMATCH = "mismatch"  # an answer about another name


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Nothing was learned. `source` is the host, "" when there is none; `retry_after` is in seconds, None = asking
    again will not help until somebody changes something."""

    domain: str
    source: str
    at: datetime
    reason: Reason
    retry_after: float | None = None


class Unreadable(ValueError):
    """An answer that proves nothing: `reason` is MALFORMED, MISMATCH or REFUSED."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


_REASONS: Final = {
    Category.AUTH: Reason.REFUSED,
    Category.PERMISSION: Reason.REFUSED,
    Category.VALIDATION: Reason.REFUSED,
    Category.CONFLICT: Reason.REFUSED,
    Category.RATE_LIMIT: Reason.RATE_LIMITED,
    Category.NETWORK: Reason.NETWORK,
    Category.SERVER: Reason.SERVER,
    Category.CONFIG: Reason.NETWORK,
}


def reason_of(error: OutboundError) -> Reason:
    """Why a request brought nothing."""
    if error.code == "timeout":
        return Reason.TIMEOUT
    if isinstance(error, ServerFailed) and error.code in ("malformed", "too_large", "redirect", "unreadable"):
        return Reason.MALFORMED
    if error.status == 503 and error.retry_after is not None:
        return Reason.RATE_LIMITED
    return _REASONS[error.category]


def storable(text: str) -> str:
    """The text without NUL, which no database column takes, and without half a surrogate pair, which JSON can hold and
    neither a database nor a page can; U+FFFD stands for each."""
    return _UNSTORABLE.sub("\ufffd", text)


def excerpt(text: str) -> str:
    """The text as evidence: storable, on one line, at most `EXCERPT` characters."""
    line = " ".join(storable(text[: 4 * EXCERPT]).split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"
