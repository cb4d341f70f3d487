"""SPF (RFC 7208): is there a record, and does its whole tree hold?

The tree is walked over the answers at hand; what is still missing is returned as questions, so that the caller
asks them and walks again. A walk costs microseconds, because parsed records are kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Network, IPv6Network, NetmaskValueError
from typing import NamedTuple

from signals.mail.answers import DEFINITE, Answers, Question, texts
from signals.types import SpfFacts

MAX_LOOKUPS = 10  # section 4.6.4
MAX_VOID = 2  # section 4.6.4
MAX_DEPTH = 20  # a tree this deep has long passed the look-up limit

_MODIFIER = re.compile(r"([a-z][a-z0-9._-]*)=(.*)", re.IGNORECASE | re.DOTALL)
_MECHANISM = re.compile(r"[+\-?~]?(all|include|a|mx|ptr|ip4|ip6|exists)(?:([:/])(.*))?", re.IGNORECASE | re.DOTALL)
_PREFIX = re.compile(r"(.*?)(?:/(\d{1,3}))?(?://(\d{1,3}))?", re.DOTALL)
# Section 7.1: a domain-spec ends with a macro or with a dot and a top label.
_DOMAIN = re.compile(
    r"(?:[\x21-\x24\x26-\x7e]|%[%_-]|%\{[slodiphcrtv]\d*r?[.\-+,/_=]*\})*"
    r"(?:\.(?=[a-z0-9-]*[a-z-])[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.?|%\{[slodiphcrtv]\d*r?[.\-+,/_=]*\})",
    re.IGNORECASE,
)


class Term(NamedTuple):
    """A term that costs a look-up: `kind` include, redirect, a, mx, ptr or exists; `target` "" = the own name."""

    kind: str
    target: str


class Record(NamedTuple):
    """A parsed record: the terms that count, in order, or what breaks it."""

    terms: tuple[Term, ...]
    error: bool


def is_spf(text: str) -> bool:
    """Whether a TXT text is an SPF record: `v=spf1` in any case, then a space or the end (section 4.5)."""
    return text[:6].lower() == "v=spf1" and (len(text) == 6 or text[6] == " ")


@lru_cache(maxsize=8192)
def parse(text: str) -> Record:
    """The terms of a record that cost a look-up. Terms after `all`, and a redirect beside it, do not count
    (sections 5.1, 6.1); a syntax error anywhere breaks the whole record (section 4.6)."""
    terms: list[Term] = []
    redirect: str | None = None
    seen: set[str] = set()
    ended = False
    for word in text[6:].split(" "):
        if not word:
            continue
        if mechanism := _MECHANISM.fullmatch(word):
            kind = mechanism[1].lower()
            target = _target(kind, mechanism[2], mechanism[3] or "")
            if target is None:
                return Record((), True)
            if kind not in ("all", "ip4", "ip6") and not ended:
                terms.append(Term(kind, target))
            ended = ended or kind == "all"
            continue
        modifier = _MODIFIER.fullmatch(word)
        if modifier is None:
            return Record((), True)
        name = modifier[1].lower()
        if name in ("redirect", "exp"):
            if name in seen or not _DOMAIN.fullmatch(modifier[2]):
                return Record((), True)
            seen.add(name)
            if name == "redirect":
                redirect = _name(modifier[2])
    if redirect is not None and not ended:
        terms.append(Term("redirect", redirect))
    return Record(tuple(terms), False)


def _target(kind: str, separator: str | None, rest: str) -> str | None:
    """The domain a mechanism names, "" for none, None for a syntax error."""
    if kind == "all":
        return "" if separator is None else None
    if kind in ("ip4", "ip6"):
        return "" if separator == ":" and _is_network(kind, rest) else None
    if kind in ("include", "exists") or (kind == "ptr" and separator is not None):
        return _name(rest) if separator == ":" and _DOMAIN.fullmatch(rest) else None
    if separator is None:
        return ""
    prefix = _PREFIX.fullmatch(rest if separator == ":" else "/" + rest)
    assert prefix is not None
    name, four, six = prefix.groups()
    if (four and int(four) > 32) or (six and int(six) > 128):
        return None
    if separator == ":":
        return _name(name) if _DOMAIN.fullmatch(name) else None
    return "" if not name else None


def _is_network(kind: str, text: str) -> bool:
    if "%" in text:
        return False
    address, slash, length = text.partition("/")
    if slash and not (length.isascii() and length.isdigit()):
        return False
    try:
        (IPv4Network if kind == "ip4" else IPv6Network)(text, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        return False
    return bool(address)


def _name(text: str) -> str:
    return text.lower().removesuffix(".")


@dataclass(slots=True)
class _Walk:
    """One walk over the tree: what was counted, what is broken, what is not known yet."""

    answers: Answers
    lookups: int = 0
    void: int = 0
    broken: bool = False  # a permanent error that leaves the tree unfollowed
    unanswered: bool = False  # a look-up of the tree failed
    cut: bool = False  # part of the tree is not known
    missing: list[Question] = field(default_factory=list)

    def record(self, name: str, text: str, path: tuple[str, ...]) -> None:
        parsed = parse(text)
        if parsed.error:
            self.broken = True
            return
        for kind, target in parsed.terms:
            self.lookups += 1
            if "%" in target:  # a macro cannot be expanded without a sender (section 7)
                continue
            if kind in ("include", "redirect"):
                self.follow(target, path)
            elif kind == "a":
                self.host(target or name)
            elif kind == "mx":
                self.see((target or name, "MX"))

    def follow(self, name: str, path: tuple[str, ...]) -> None:
        if name in path or len(path) > MAX_DEPTH:
            self.broken = True
            return
        found = texts(self.answers, name)
        if found is None:
            self.see((name, "TXT"), void=False)
            self.cut = True
            return
        records = [text for text in found if is_spf(text)]
        if len(records) == 1:
            self.record(name, records[0], (*path, name))
        else:
            self.broken = True

    def host(self, name: str) -> None:
        """An `a` term is void when the name has no address of either family."""
        address = self.answers.get((name, "A"))
        self.see((name, "A" if address is None or address.status not in ("nodata", "nxdomain") else "AAAA"))

    def see(self, question: Question, *, void: bool = True) -> None:
        lookup = self.answers.get(question)
        if lookup is None:
            self.missing.append(question)
        elif lookup.status not in DEFINITE:
            self.unanswered = True
        elif void and lookup.status != "ok":
            self.void += 1


def walk(domain: str, answers: Answers) -> tuple[SpfFacts, list[Question]]:
    """The facts as far as the answers go, and the questions that are still to be asked."""
    found = texts(answers, domain)
    if found is None:
        return SpfFacts(), []
    records = [text for text in found if is_spf(text)]
    if not records:
        return SpfFacts(present=False, multiple=False), []
    if len(records) > 1:
        return SpfFacts(present=True, valid=False, multiple=True), []
    tree = _Walk(answers)
    tree.record(domain, records[0], (domain,))
    wrong = tree.broken or tree.lookups > MAX_LOOKUPS or tree.void > MAX_VOID
    valid = False if wrong else None if tree.unanswered or tree.missing else True
    lookups = None if tree.broken or tree.cut else tree.lookups
    facts = SpfFacts(present=True, record=records[0], valid=valid, lookups=lookups, multiple=False)
    return facts, [] if tree.broken else tree.missing
