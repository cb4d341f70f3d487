"""Marks of a well-kept mail domain that are shown but never scored (mail-dns-signals section 2.6): MTA-STS, TLS-RPT,
BIMI, a signed delegation; and the addresses of the web site, for hosting facts.

They have a run of their own, apart from the look that is judged: `signals.observe` asks none of these questions, and
nothing here enters `Facts`. All of it is DNS: no policy file is fetched.

A signed delegation is a DS record at the parent (RFC 4035 section 2.4), as the resolver reports it. Nothing is
validated here: it says that the domain is signed, not that its signatures hold. Some resolvers answer DS questions
wrongly, so the registry's word (`Registration.signed`) is set beside it by `signed_delegation`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from signals.dns.resolver import DnsSettings, Resolver
from signals.mail.answers import DEFINITE, Question
from signals.mail.tags import parse_tags
from signals.types import Lookup

BATCH: Final = 100  # domains under way at a time

_STS_ID = re.compile(r"[A-Za-z0-9]{1,32}", re.ASCII)  # RFC 8461 section 3.1
_REPORT = re.compile(r"(?:mailto:[^@\s,]+@[^@\s,]+|https://[^\s,]+)", re.IGNORECASE)  # RFC 8460 section 3


class Mark(StrEnum):
    """`invalid`: a record that a reader has to ignore. `unknown`: no answer, which is never an absence."""

    PRESENT = "present"
    INVALID = "invalid"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Sign:
    """One mark and the question that shows it. `record` is the text that was judged. `reason` is "", or
    several_records or syntax (invalid), declined (absent: the record says so), unanswered or disagreement (unknown)."""

    state: Mark
    name: str
    type: str
    record: str | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ExtraPosture:
    """The marks of one domain and every look-up behind them. `mta_sts_host` says whether the host of the policy has an
    address, `unknown` also when it was not asked for want of a record. `addresses` are those of the domain, else of
    its www, else its IPv6 ones; `addresses_known`: none of them means that there is none."""

    domain: str
    mta_sts: Sign
    mta_sts_host: Mark
    tls_rpt: Sign
    bimi: Sign
    dnssec: Sign
    addresses: tuple[str, ...]
    addresses_known: bool
    lookups: tuple[Lookup, ...]


def look_at_extras(domains: Sequence[str], *, settings: DnsSettings) -> list[ExtraPosture]:
    """The marks of some domains, in their order; for callers without an event loop."""

    async def collect() -> dict[str, ExtraPosture]:
        return {posture.domain: posture async for posture in observe_extras(domains, settings=settings)}

    found = asyncio.run(collect())
    return [found[domain] for domain in domains]


async def observe_extras(domains: Sequence[str], *, settings: DnsSettings) -> AsyncIterator[ExtraPosture]:
    """The marks of each domain, in the order they are finished. Never raises for anything the far side does."""
    async with Resolver(settings) as resolver:
        for start in range(0, len(domains), BATCH):
            tasks = [asyncio.create_task(_look(domain, resolver)) for domain in domains[start : start + BATCH]]
            try:
                for task in asyncio.as_completed(tasks):
                    yield await task
            finally:
                for one in tasks:
                    one.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


async def _look(domain: str, resolver: Resolver) -> ExtraPosture:
    answers: dict[Question, Lookup] = {}
    wanted = _first(domain)
    while wanted:
        asked = [(question, resolver.query(*question)) for question in wanted]
        for question, answer in asked:
            answers[question] = await answer
        wanted = [question for question in _next(domain, answers) if question not in answers]
    return judge_extras(domain, answers)


def _first(domain: str) -> list[Question]:
    names = (f"_mta-sts.{domain}", f"_smtp._tls.{domain}", f"default._bimi.{domain}")
    return [*((name, "TXT") for name in names), (domain, "DS"), (domain, "A")]


def _next(domain: str, answers: Mapping[Question, Lookup]) -> list[Question]:
    """What the answers so far make worth asking: the policy host of a record, other places for an address."""
    wanted: list[Question] = []
    if _text_sign(domain, "_mta-sts.", answers, "v=STSv1", _is_sts).state is Mark.PRESENT:
        wanted += [(f"mta-sts.{domain}", "A"), (f"mta-sts.{domain}", "AAAA")]
    if answers[domain, "A"].status in ("nodata", "nxdomain"):
        wanted += [(f"www.{domain}", "A"), (domain, "AAAA")]
    return wanted


def judge_extras(domain: str, answers: Mapping[Question, Lookup]) -> ExtraPosture:
    """What the answers say. Pure; a question that was not asked counts as unanswered."""
    addresses, addresses_known = _addresses(domain, answers)
    return ExtraPosture(
        domain=domain,
        mta_sts=_text_sign(domain, "_mta-sts.", answers, "v=STSv1", _is_sts),
        mta_sts_host=_host(f"mta-sts.{domain}", answers),
        tls_rpt=_text_sign(domain, "_smtp._tls.", answers, "v=TLSRPTv1", _is_report),
        bimi=_bimi(domain, answers),
        dnssec=_delegation(domain, answers),
        addresses=addresses,
        addresses_known=addresses_known,
        lookups=tuple(answers.values()),
    )


def _addresses(domain: str, answers: Mapping[Question, Lookup]) -> tuple[tuple[str, ...], bool]:
    """The addresses of the first place that has some, and whether all places before it have none indeed."""
    is_known = True
    for question in ((domain, "A"), (f"www.{domain}", "A"), (domain, "AAAA")):
        place = answers.get(question)
        if place is not None and place.values:
            return place.values, is_known
        is_known = is_known and place is not None and place.status in DEFINITE
    return (), is_known


def signed_delegation(dns: Sign, registry: bool | None) -> Sign:
    """What DNS and the registry say together: either alone counts, a disagreement makes it unknown."""
    if registry is None:
        return dns
    said = Mark.PRESENT if registry else Mark.ABSENT
    if dns.state is Mark.UNKNOWN:
        return Sign(state=said, name=dns.name, type=dns.type)
    if dns.state is not said:
        return Sign(state=Mark.UNKNOWN, name=dns.name, type=dns.type, record=dns.record, reason="disagreement")
    return dns


def _text_sign(
    domain: str, prefix: str, answers: Mapping[Question, Lookup], version: str, is_sound: Callable[[str], bool]
) -> Sign:
    """Exactly one text has to begin with the version (RFC 8461 section 3.1, RFC 8460 section 3)."""
    name = prefix + domain
    lookup = answers.get((name, "TXT"))
    if lookup is None or lookup.status not in DEFINITE:
        return Sign(state=Mark.UNKNOWN, name=name, type="TXT", reason="unanswered")
    records = [text for text in lookup.values if re.match(re.escape(version) + r"[ \t]*(?:;|$)", text)]
    if not records:
        return Sign(state=Mark.ABSENT, name=name, type="TXT")
    if len(records) > 1:
        return Sign(state=Mark.INVALID, name=name, type="TXT", record=records[0], reason="several_records")
    sound = is_sound(records[0])
    return Sign(
        state=Mark.PRESENT if sound else Mark.INVALID,
        name=name,
        type="TXT",
        record=records[0],
        reason="" if sound else "syntax",
    )


def _is_sts(text: str) -> bool:
    return _STS_ID.fullmatch(parse_tags(text).get("id", "")) is not None


def _is_report(text: str) -> bool:
    return any(_REPORT.fullmatch(part.strip()) for part in parse_tags(text).get("rua", "").split(","))


def _bimi(domain: str, answers: Mapping[Question, Lookup]) -> Sign:
    """The `default` selector of the domain itself; empty l= and a= mean that the domain declines (BIMI draft 4.3)."""
    found = _text_sign(domain, "default._bimi.", answers, "v=BIMI1", _is_logo)
    if found.record is None or found.reason != "syntax":
        return found
    tags = parse_tags(found.record)
    if "l" in tags and not tags["l"] and not tags.get("a"):
        return Sign(state=Mark.ABSENT, name=found.name, type="TXT", record=found.record, reason="declined")
    return found


def _is_logo(text: str) -> bool:
    return parse_tags(text).get("l", "").lower().startswith("https://")


def _delegation(domain: str, answers: Mapping[Question, Lookup]) -> Sign:
    lookup = answers.get((domain, "DS"))
    if lookup is None or lookup.status not in DEFINITE:
        return Sign(state=Mark.UNKNOWN, name=domain, type="DS", reason="unanswered")
    if lookup.status != "ok":
        return Sign(state=Mark.ABSENT, name=domain, type="DS")
    return Sign(state=Mark.PRESENT, name=domain, type="DS", record=lookup.values[0])


def _host(name: str, answers: Mapping[Question, Lookup]) -> Mark:
    found = [answers.get((name, kind)) for kind in ("A", "AAAA")]
    if any(lookup is not None and lookup.status == "ok" for lookup in found):
        return Mark.PRESENT
    definite = all(lookup is not None and lookup.status in DEFINITE for lookup in found)
    return Mark.ABSENT if definite else Mark.UNKNOWN
