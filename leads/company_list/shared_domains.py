"""Domains that say nothing about the company behind them: mail services for everyone and shared platforms.

The lists in `data/` hold one registrable domain a line; `#` starts a comment.
"""

from __future__ import annotations

from pathlib import Path

_DATA = Path(__file__).parent / "data"


def _read(name: str) -> frozenset[str]:
    lines = (line.partition("#")[0].strip() for line in (_DATA / name).read_text("utf-8").splitlines())
    return frozenset(line for line in lines if line)


CONSUMER_DOMAINS = _read("consumer_domains.txt")
PLATFORM_DOMAINS = _read("platform_domains.txt")


def is_consumer_domain(domain: str) -> bool:
    """Whether anyone can have an address here; `domain` is registrable and lower-case."""
    return domain in CONSUMER_DOMAINS


def is_platform_domain(domain: str) -> bool:
    """Whether web pages here belong to the platform's users; `domain` is registrable and lower-case."""
    return domain in PLATFORM_DOMAINS
