"""DMARC discovery and policy (RFC 9989): own record, else the tree walk."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from signals.mail.answers import Answers, Question, texts
from signals.mail.tags import parse_tags
from signals.types import DmarcFacts

MAX_LABELS = 8  # names of that many labels or more go straight to seven (section 4.10)
POLICIES = ("none", "quarantine", "reject")

_VERSION = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)", re.IGNORECASE)


class _Found(NamedTuple):
    """What stands at one name: the record, None when there is none; `multiple` = more than one, so none applies."""

    name: str
    record: str | None
    multiple: bool


@lru_cache(maxsize=8192)
def is_dmarc(text: str) -> bool:
    """Whether a TXT text is a DMARC record: the tag v first, its value exactly DMARC1 (section 4.7)."""
    return _VERSION.match(text) is not None and next(iter(parse_tags(text).values())) == "DMARC1"


def own_question(domain: str) -> Question:
    return f"_dmarc.{domain}", "TXT"


def parents(domain: str) -> list[str]:
    """The names the tree walk visits above `domain`, nearest first, the top-level domain included."""
    labels = domain.split(".")
    first = 1 if len(labels) < MAX_LABELS else len(labels) - MAX_LABELS + 1
    return [".".join(labels[start:]) for start in range(first, len(labels))]


def walk_questions(domain: str, answers: Answers) -> list[Question]:
    """The questions of the tree walk, once the own name definitely has no record."""
    own = _at(domain, answers)
    if own is None or own.record is not None or own.multiple:
        return []
    return [own_question(name) for name in parents(domain)]


def judge(domain: str, answers: Answers, *, exists: bool = True) -> DmarcFacts:
    """The policy a receiver applies to mail from `domain`; `exists` False = the name itself is NXDOMAIN."""
    own = _at(domain, answers)
    if own is None:
        return DmarcFacts()
    if own.multiple:
        return DmarcFacts(state="present", valid=False)
    if own.record is not None:
        return _applied(own.name, own.record, ("p",))
    found = _walk(domain, answers)
    if found is None:
        return DmarcFacts()
    source = _organizational(found)
    if source is None:
        return DmarcFacts(state="absent")
    assert source.record is not None
    return _applied(source.name, source.record, ("sp", "p") if exists else ("np", "sp", "p"))


def _at(name: str, answers: Answers) -> _Found | None:
    """What stands at one name; None when that is not known."""
    found = texts(answers, own_question(name)[0])
    if found is None:
        return None
    records = [text for text in found if is_dmarc(text)]
    return _Found(name, records[0] if len(records) == 1 else None, len(records) > 1)


def _walk(domain: str, answers: Answers) -> list[_Found] | None:
    """The records above `domain`, nearest first, up to and with a psd tag; None when a step is not known."""
    found = []
    for name in parents(domain):
        here = _at(name, answers)
        if here is None:
            return None
        if here.record is not None:
            found.append(here)
            if _psd(here.record) in ("y", "n"):
                break
    return found


def _organizational(found: list[_Found]) -> _Found | None:
    """The record of the organizational domain: the psd=n one; else the one right below psd=y, or the psd=y record
    itself; else the one with the fewest labels (section 4.10.2)."""
    if not found:
        return None
    last = found[-1]
    assert last.record is not None
    if _psd(last.record) == "y" and len(found) > 1:
        below = found[-2]
        if below.name.partition(".")[2] == last.name:
            return below
    return last


def _psd(record: str) -> str:
    return parse_tags(record).get("psd", "").lower()


def _applied(name: str, record: str, order: tuple[str, ...]) -> DmarcFacts:
    tags = parse_tags(record)
    policies = _policies(record)
    pct = _coverage(tags.get("pct"))
    testing = tags.get("t", "").lower() == "y"
    usable = has_valid_policy(record)
    if not usable and not _reports(tags.get("rua", "")):
        return DmarcFacts(state="present", pct=pct, record=record, valid=False, testing=testing)
    policy = next((policies[tag] for tag in order if tag in policies), "none") if usable else "none"
    return DmarcFacts(state="present", policy=policy, pct=pct, record=record, valid=True, testing=testing, source=name)


def _policies(record: str) -> dict[str, str]:
    tags = parse_tags(record)
    return {tag: tags[tag].lower() for tag in ("p", "sp", "np") if tag in tags}


def has_valid_policy(record: str) -> bool:
    """Whether p is there and each of p, sp and np is a policy. Without, a record with a usable report address acts as
    p=none and any other does not apply (section 4.10.1; mail-dns-signals section 2.5)."""
    policies = _policies(record)
    return "p" in policies and all(policy in POLICIES for policy in policies.values())


def _coverage(text: str | None) -> int:
    """The percentage of RFC 7489: 100 when absent or unreadable, at most 100."""
    return min(100, int(text)) if text is not None and text.isascii() and text.isdigit() else 100


def _reports(rua: str) -> bool:
    """Whether a report address is usable (section 4.10.1)."""
    return any(re.match(r"mailto:[^@\s]+@[^@\s]+", part.strip(), re.IGNORECASE) for part in rua.split(","))
