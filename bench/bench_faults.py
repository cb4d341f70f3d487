"""What a bad network does to facts: the same domains looked at over a clean server and over one that loses packets and
answers SERVFAIL. Every fact of the second look must be the first one's, or unknown."""

from __future__ import annotations

import asyncio
from typing import Any

from bench.setting import dns_server
from signals.dns.cache import SHARED
from signals.dns.resolver import DnsSettings
from signals.observe import observe
from signals.types import Facts

DOMAINS = 10_000
SLICE = 1_000


def run(count: int = DOMAINS, loss: float = 0.05, servfail: float = 0.05) -> dict[str, Any]:
    clean, bad = _look(count, 0, 0), _look(count, loss, servfail)
    wrong = [domain for domain in clean if not agrees(clean[domain], bad[domain])]
    return {
        "domains": count,
        "loss": loss,
        "servfail": servfail,
        "false absent": sum(says_absent_wrongly(clean[domain], bad[domain]) for domain in clean),
        "wrong facts": len(wrong),
        "not complete, percent": round(100 * sum(facts.status != "complete" for facts in bad.values()) / count, 3),
    }


def says_absent_wrongly(truth: Facts, seen: Facts) -> bool:
    """Something that is there is called absent."""
    return (
        (truth.spf.present is True and seen.spf.present is False)
        or (truth.dkim.state == "present" and seen.dkim.state == "absent")
        or (truth.dmarc.state == "present" and seen.dmarc.state == "absent")
        or (bool(truth.mx_hosts) and seen.mx_status in ("ok", "nodata", "nxdomain") and not seen.mx_hosts)
    )


def agrees(truth: Facts, seen: Facts) -> bool:
    """Every fact is the same, or unknown to one of the looks (a busy machine loses packets by itself)."""
    pairs = [
        (truth.mx_status, seen.mx_status, "unknown"),
        (truth.provider, seen.provider, truth.provider if seen.mx_status != "unknown" else seen.provider),
        (truth.spf.present, seen.spf.present, None),
        (truth.spf.valid, seen.spf.valid, None),
        (truth.dkim.state, seen.dkim.state, "unknown"),
        (truth.dmarc.state, seen.dmarc.state, "unknown"),
        (truth.dmarc.policy, seen.dmarc.policy, truth.dmarc.policy if seen.dmarc.state != "unknown" else None),
    ]
    return all(found in (expected, unknown) or expected == unknown for expected, found, unknown in pairs)


def _look(count: int, loss: float, servfail: float) -> dict[str, Facts]:
    from sandbox.market import companies

    SHARED.clear()
    domains = [company.domain for company in companies(count)]

    async def look(port: int) -> dict[str, Facts]:
        settings = DnsSettings(servers=(("127.0.0.1", port),), concurrency=1000)
        found: dict[str, Facts] = {}
        for start in range(0, count, SLICE):
            async for seen in observe(domains[start : start + SLICE], settings=settings):
                found[seen.domain] = seen.facts
        return found

    with dns_server(count, loss=loss, servfail=servfail) as port:
        return asyncio.run(look(port))
