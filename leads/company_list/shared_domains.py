"""Domains that say nothing about the company behind them: mail services for everyone, shared platforms, sales partners.

The lists in `data/` hold one lower-case domain a line; `#` starts a comment. `free_email_domains.txt` is the base as
published; what it lacks stands in `consumer_domains.txt`, what is wrong in it for us in `not_consumer_domains.txt`.
"""

from __future__ import annotations

from pathlib import Path

_DATA = Path(__file__).parent / "data"


def _read(name: str) -> frozenset[str]:
    lines = (line.partition("#")[0].strip() for line in (_DATA / name).read_text("utf-8").splitlines())
    return frozenset(line for line in lines if line)


CONSUMER_DOMAINS = (_read("free_email_domains.txt") | _read("consumer_domains.txt")) - _read("not_consumer_domains.txt")
PLATFORM_DOMAINS = _read("platform_domains.txt")
PARTNER_DOMAINS = _read("partner_domains.txt")


def is_consumer_domain(domain: str) -> bool:
    """Whether anyone can have an address here; `domain` is registrable and lower-case."""
    return domain in CONSUMER_DOMAINS or is_registered_mail_domain(domain)


def is_registered_mail_domain(domain: str) -> bool:
    """Whether `domain` is an operator of Turkey's registered e-mail. `kep.tr` is a public suffix, so that an operator,
    `hs01.kep.tr`, looks like a company; its addresses belong to the operator's users."""
    return domain.endswith(".kep.tr")


def is_platform_domain(domain: str) -> bool:
    """Whether web pages here belong to the platform's users; `domain` is registrable and lower-case."""
    return domain in PLATFORM_DOMAINS


def is_partner_domain(domain: str) -> bool:
    """Whether people here sell: the vendor and distributors; `domain` is registrable and lower-case."""
    return domain in PARTNER_DOMAINS
