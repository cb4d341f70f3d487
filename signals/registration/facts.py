"""What a registry says about a domain, and which of it can be believed. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

import idna

from signals.outcomes import EXCERPT, Doubt, Evidence, Unknown, excerpt

T = TypeVar("T")

FIRST: Final = date(1985, 1, 1)  # the first .com was registered in March 1985; .tr began in 1990
HORIZON: Final = timedelta(days=20 * 366)  # twice the ten years that ICANN allows; beyond it stand placeholders
_SKEW: Final = timedelta(days=1)  # a registry's clock and time zone
FRESH: Final = timedelta(days=30)
FRESH_NEAR_EXPIRY: Final = timedelta(days=7)
_NEAR_EXPIRY: Final = timedelta(days=60)  # until it, and for ever after it
MAX_SERVERS: Final = 20
MAX_STATUSES: Final = 20

_HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}", re.ASCII)
_HIDDEN = re.compile(r"\b(?:redacted|hidden|withheld|not disclosed|data protected)\b", re.IGNORECASE | re.ASCII)
_MAX_DOUBTS = 20
_DOMAIN = re.compile(r"(?=.{3,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.ASCII)


class Protocol(StrEnum):
    RDAP = "rdap"
    WHOIS = "whois"


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A registered domain. `source` is the host that said so, `at` the time of the answer.

    Dates are UTC for RDAP and the registry's own for port 43; None = not said, or in `doubts`. `registrar_id` is
    IANA's number. `name_servers` are in lower case without a final dot. `statuses` are the registry's words in lower
    case. `signed` = the registry holds a DS record (RFC 9083 section 5.3: delegationSigned). `redacted` names what the
    registry hides. Contact data is never kept.
    """

    domain: str
    source: str
    protocol: Protocol
    at: datetime
    registrar: str | None = None
    registrar_id: str | None = None
    created: date | None = None
    expires: date | None = None
    changed: date | None = None
    name_servers: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    signed: bool | None = None
    redacted: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NotRegistered:
    """The registry knows no such domain: a fact of the moment `at`."""

    domain: str
    source: str
    protocol: Protocol
    at: datetime
    excerpt: str


Outcome = Registration | NotRegistered | Unknown


def fresh_for(found: Outcome) -> timedelta:
    """How long an outcome may be kept before it is polite to ask again (mail-dns-signals section 4): a month, a week
    around the expiry date and for a domain that is not registered. What is unknown for good waits for a month, too."""
    if isinstance(found, Unknown):
        return FRESH if found.retry_after is None else timedelta(seconds=found.retry_after)
    if isinstance(found, NotRegistered):
        return FRESH_NEAR_EXPIRY
    is_near = found.expires is not None and found.expires - found.at.date() <= _NEAR_EXPIRY
    return FRESH_NEAR_EXPIRY if is_near else FRESH


@dataclass(slots=True)
class Said:
    """Everything an answer says, before it is weighed: each value with the text it was read from.

    A value of None is one that could not be read.
    """

    registrars: list[tuple[str, str]] = field(default_factory=list)
    registrar_ids: list[tuple[str, str]] = field(default_factory=list)
    created: list[tuple[date | None, str]] = field(default_factory=list)
    expires: list[tuple[date | None, str]] = field(default_factory=list)
    changed: list[tuple[date | None, str]] = field(default_factory=list)
    name_servers: list[tuple[str, str]] = field(default_factory=list)
    statuses: list[tuple[str, str]] = field(default_factory=list)
    signed: list[tuple[bool, str]] = field(default_factory=list)
    redacted: list[tuple[str, str]] = field(default_factory=list)

    def weigh(self, domain: str, *, source: str, protocol: Protocol, at: datetime) -> Registration:
        """The facts; what contradicts itself or cannot be is left out and named in `doubts`."""
        scale = _Scale(at.date())
        created = scale.one("created", self.created)
        expires = scale.one("expires", self.expires)
        changed = scale.one("changed", self.changed)
        created = scale.possible("created", created, latest=scale.today + _SKEW)
        expires = scale.possible("expires", expires, latest=scale.today + HORIZON)
        changed = scale.possible("changed", changed, latest=scale.today + _SKEW)
        if created and expires and expires < created:  # nobody can tell which of the two is wrong
            scale.drop("created", "after_expiry")
            scale.drop("expires", "before_creation")
            created = expires = None
        if created and changed and changed + _SKEW < created:
            scale.drop("changed", "before_creation")
            changed = None
        registrar = scale.one("registrar", self.registrars)
        registrar_id = scale.one("registrar_id", self.registrar_ids)
        if registrar is None and registrar_id is not None and self.registrars:
            scale.drop("registrar_id", "no_single_registrar")
            registrar_id = None
        return Registration(
            domain=domain,
            source=source,
            protocol=protocol,
            at=at,
            registrar=registrar,
            registrar_id=registrar_id,
            created=created,
            expires=expires,
            changed=changed,
            name_servers=scale.hosts("name_servers", self.name_servers),
            statuses=scale.words("statuses", self.statuses),
            signed=scale.one("signed", self.signed),
            redacted=scale.words("redacted", self.redacted),
            evidence=tuple(scale.evidence),
            doubts=tuple(scale.doubts),
        )


class _Scale:
    """Collects evidence and doubts while the fields are weighed."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.evidence: list[Evidence] = []
        self.doubts: list[Doubt] = []

    def one(self, name: str, said: Sequence[tuple[T | None, str]]) -> T | None:
        """The value that everything said agrees on."""
        if not said:
            return None
        value, text = said[0]
        texts = " / ".join(dict.fromkeys(text for _, text in said))
        if any(other is None for other, _ in said):
            self._doubt(name, "unreadable", texts)
            return None
        if any(other != value for other, _ in said):
            self._doubt(name, "several", texts)
            return None
        self.evidence.append(Evidence(name, excerpt(text)))
        return value

    def possible(self, name: str, day: date | None, *, latest: date) -> date | None:
        if day is None or FIRST <= day <= latest:
            return day
        self.drop(name, "too_early" if day < FIRST else "too_late")
        return None

    def drop(self, name: str, reason: str) -> None:
        """The field turns into a doubt, and so does its evidence."""
        self._doubt(name, reason, next((one.excerpt for one in self.evidence if one.field == name), ""))
        self.evidence = [one for one in self.evidence if one.field != name]

    def hosts(self, name: str, said: list[tuple[str, str]]) -> tuple[str, ...]:
        """Host names without repeats; the order is the registry's."""
        found: dict[str, str] = {}
        for host, text in said:
            clean = host.strip().lower().rstrip(".")
            if _HOST.fullmatch(clean):
                found.setdefault(clean, text)
            else:
                self._doubt(name, "no_host_name", text)
        return self._kept(name, found, MAX_SERVERS)

    def words(self, name: str, said: list[tuple[str, str]]) -> tuple[str, ...]:
        """Short words in lower case without repeats."""
        found: dict[str, str] = {}
        for word, text in said:
            if clean := excerpt(word).lower()[:60]:
                found.setdefault(clean, text)
        return self._kept(name, found, MAX_STATUSES)

    def _kept(self, name: str, found: dict[str, str], limit: int) -> tuple[str, ...]:
        kept = list(found)[:limit]
        if found:
            self.evidence.append(Evidence(name, excerpt(" / ".join(dict.fromkeys(found[one] for one in kept)))))
        if len(found) > limit:
            self._doubt(name, "too_many", "")
        return tuple(kept)

    def _doubt(self, name: str, reason: str, text: str) -> None:
        doubt = Doubt(name, reason, excerpt(text))
        if doubt not in self.doubts and len(self.doubts) < _MAX_DOUBTS:
            self.doubts.append(doubt)


def asked_name(domain: str) -> str | None:
    """The domain as it is asked for, an A-label name in lower case; None when it cannot be one."""
    name = domain.strip().rstrip(".").lower()
    return name if _DOMAIN.fullmatch(name) else None


def same_name(said: str, domain: str) -> bool:
    """Whether a registry's spelling, perhaps in Unicode, is the domain."""
    name = said.strip().rstrip(".").replace("İ", "i")  # its lower case has a combining dot, another name (UTS 46)
    if name.lower() == domain:
        return True
    if len(name) > 253:
        return False
    try:
        return idna.encode(name, uts46=True).decode("ascii") == domain
    except (idna.IDNAError, UnicodeError):
        return False


def is_redacted(text: str) -> bool:
    """Whether a value stands for one that is hidden."""
    return bool(_HIDDEN.search(text[:EXCERPT]))
