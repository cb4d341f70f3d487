"""Which company a referral is about: the registrable domain behind the e-mails of the customer's team.

Only one domain left after everything that cannot be the customer decides by itself; otherwise a person chooses among
the candidates. The reference on Partner Center referrals, section 9, has the reasons.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import scoring
from leads.company_list.claims import claims_from_text, judge_host
from leads.company_list.shared_domains import (
    is_consumer_domain,
    is_partner_domain,
    is_platform_domain,
    is_registered_mail_domain,
)

MAX_EMAIL_CHARS = 320  # RFC 3696, erratum 1003: 64 + "@" + 255

TENANT_DOMAIN = "onmicrosoft.com"
_TENANT_LABEL = re.compile(rf"([^.]+)\.(?:mail\.)?{re.escape(TENANT_DOMAIN)}")  # `mail.`: hybrid Exchange routing

# Companies that also gave mail addresses to their subscribers: only a person can tell the two apart.
AMBIGUOUS_PROVIDERS = frozenset({"turkcell.com.tr", "vodafone.com.tr"})

_BETWEEN_ADDRESSES = re.compile(r'[\s<>()\[\]",;|]+')


@dataclass(frozen=True, slots=True)
class Candidate:
    """A domain of the customer's team, and the first address that named it, in printable characters.

    `verdict`: "usable", or why the domain cannot stand for the customer: "consumer" (free or throw-away mail),
    "platform" (shared by many companies), "own", "seller_side", "blocked" (vendor or distributor), "tenant_only", "kep"
    (registered e-mail), "ambiguous_provider", or "invalid", with `domain` "" and the text as it came.
    """

    domain: str
    email: str
    verdict: str


@dataclass(frozen=True, slots=True)
class CustomerDomain:
    """`state`: "one", "several" or "none" usable domains; `domain`: the one (registrable, A-labels), or "".

    `candidates`: in the order of the team, each domain once. `tenant_hint`: the label of the first address of a
    Microsoft 365 tenant that is not a seller's, or "".
    """

    state: str
    domain: str
    candidates: tuple[Candidate, ...]
    tenant_hint: str


@dataclass(frozen=True, slots=True)
class _Address:
    """An address as written; `domain` is registrable and "" when the address is invalid, `tenant` "" without one."""

    email: str
    domain: str = ""
    tenant: str = ""


def customer_domain(
    customer_emails: Iterable[Any], seller_emails: Iterable[Any], own_domains: Collection[str] = ()
) -> CustomerDomain:
    """The customer's domain by the e-mails of both teams as they came: what is not a text is passed over, what is not
    an address is a candidate with the verdict "invalid". `own_domains`: those of the partner that runs Hunter."""
    sellers = list(_addresses(seller_emails))
    seller_domains = {address.domain for address in sellers}
    seller_tenants = {address.tenant for address in sellers}
    own = {judge_host(domain)[1] for domain in own_domains} if own_domains else set()

    candidates: dict[str, Candidate] = {}
    tenants: list[str] = []
    for address in _addresses(customer_emails):
        verdict = _verdict(address.domain, own, seller_domains)
        candidate = Candidate(address.domain, _printable(address.email), verdict)
        candidates.setdefault(address.domain or address.email, candidate)
        if address.tenant and address.tenant not in seller_tenants:
            tenants.append(address.tenant)

    usable = [candidate.domain for candidate in candidates.values() if candidate.verdict == "usable"]
    return CustomerDomain(
        state="none" if not usable else "one" if len(usable) == 1 else "several",
        domain=usable[0] if len(usable) == 1 else "",
        candidates=tuple(candidates.values()),
        tenant_hint=next(iter(tenants), ""),
    )


def _verdict(domain: str, own: set[str], seller_domains: set[str]) -> str:
    if not domain:
        return "invalid"
    if is_registered_mail_domain(domain):
        return "kep"
    if domain == TENANT_DOMAIN:
        return "tenant_only"
    if is_consumer_domain(domain):
        return "consumer"
    if domain in own:
        return "own"
    if is_partner_domain(domain):
        return "blocked"
    if is_platform_domain(domain):
        return "platform"
    if domain in seller_domains:
        return "seller_side"
    return "ambiguous_provider" if domain in AMBIGUOUS_PROVIDERS else "usable"


def _addresses(values: Iterable[Any]) -> Iterator[_Address]:
    """A field holds one address as a rule, but also `Name <address>` or several addresses."""
    for value in values:
        if not isinstance(value, str) or not value.strip():
            continue
        words = [word for word in _BETWEEN_ADDRESSES.split(value) if "@" in word]
        yield from map(_address, words or [value.strip()])


def _address(word: str) -> _Address:
    local, _at, host = word.rpartition("@")
    local = local.rpartition(":")[2]  # `mailto:`, `SMTP:`
    _reason, domain = judge_host(host)
    if not local or not domain or not _is_known_ending(domain.rpartition(".")[2]):
        return _Address(word)
    name = scoring.normalize_domain(host)
    tenant = _TENANT_LABEL.fullmatch(name)
    return _Address(f"{local}@{name}", domain, tenant[1] if tenant else "")


@lru_cache(maxsize=4096)
def _is_known_ending(ending: str) -> bool:
    """`acme.local` and `acme.cmo` have the form of a domain, but no public suffix."""
    return all(claim.flag != "unknown_ending" for claim in claims_from_text(f"a.{ending}").claims)


def _printable(text: str) -> str:
    """Without control characters and surrogates, which a database refuses."""
    plain = text if text.isprintable() else "".join(filter(str.isprintable, text))
    return plain[:MAX_EMAIL_CHARS]
