"""The DNS engine alone: questions a second, and processor time a question, of the client.

The responder is a process of its own that only looks up prebuilt answers, so the client is what is measured.
Eight questions a domain, as the first look at a domain asks them; half of the answers are NXDOMAIN.

    python -m bench.bench_dns_engine
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import socket
import statistics
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from signals.dns.resolver import DnsSettings, Resolver

DOMAINS = 5_000
CONCURRENCY = 400
DOMAINS_AT_ONCE = 60
REPEATS = 3
_HEADER, _OPT = 12, 11

_QUESTIONS = (
    ("", "MX", ["10 mx1.hosting.test.", "20 mx2.hosting.test."]),
    ("", "TXT", ['"v=spf1 include:_spf.hosting.test ~all"', '"site-verification=4f7a0c"']),
    ("_dmarc.", "TXT", ['"v=DMARC1; p=quarantine; rua=mailto:dmarc@hosting.test"']),
    ("autodiscover.", "CNAME", ["autodiscover.hosting.test."]),
    ("selector1._domainkey.", "TXT", []),
    ("selector2._domainkey.", "TXT", []),
    ("google._domainkey.", "TXT", []),
    ("default._domainkey.", "TXT", []),
)
_SOA = "ns1.hosting.test. hostmaster.hosting.test. 1 7200 900 1209600 300"


def _names(domains: int) -> Iterator[str]:
    return (f"company-{number}.test" for number in range(domains))


def _answers(domains: int) -> dict[bytes, bytes]:
    """Question on the wire → everything of its answer after the id."""
    answers = {}
    for name in _names(domains):
        for prefix, rtype, records in _QUESTIONS:
            message = dns.message.make_response(dns.message.make_query(prefix + name, rtype, use_edns=0, payload=1232))
            message.flags |= dns.flags.RA
            if records:
                message.answer.append(dns.rrset.from_text_list(prefix + name + ".", 300, "IN", rtype, records))
            else:
                message.set_rcode(dns.rcode.NXDOMAIN)
                message.authority.append(dns.rrset.from_text(name + ".", 300, "IN", "SOA", _SOA))
            question = dns.message.make_query(prefix + name, rtype).to_wire()[_HEADER:]
            answers[question] = message.to_wire()[2:]
    return answers


def _serve(ready: Connection, domains: int) -> None:
    answers = _answers(domains)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    server.bind(("127.0.0.1", 0))
    ready.send(server.getsockname())
    while True:
        query, client = server.recvfrom(512)
        server.sendto(query[:2] + answers[query[_HEADER:-_OPT]], client)


async def _measure(server: tuple[str, int], domains: int) -> dict[str, float]:
    names = _names(domains)
    found = absent = 0

    async def look() -> None:
        nonlocal found, absent
        for name in names:
            questions = [resolver.query(prefix + name, rtype) for prefix, rtype, _ in _QUESTIONS]
            for question in questions:
                status = (await question).status
                found += status == "ok"
                absent += status == "nxdomain"

    async with Resolver(DnsSettings(servers=(server,), concurrency=CONCURRENCY)) as resolver:
        wall, processor = time.perf_counter(), time.process_time()
        await asyncio.gather(*(look() for _ in range(DOMAINS_AT_ONCE)))
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
    queries = domains * len(_QUESTIONS)
    if (found, absent) != (queries // 2, queries // 2):
        raise AssertionError(f"{queries} questions, but {found} found and {absent} absent")
    return {
        "queries_per_second": queries / wall,
        "cpu_us_per_query": processor / queries * 1e6,
        "retries": resolver.stats.retries,
    }


def run(domains: int = DOMAINS) -> dict[str, Any]:
    """Medians of three: `queries_per_second`, `cpu_us_per_query` (client only), `retries`."""
    context = multiprocessing.get_context("spawn")
    ready, child = context.Pipe()
    responder = context.Process(target=_serve, args=(child, domains), daemon=True)
    responder.start()
    try:
        server = ready.recv()
        figures = [asyncio.run(_measure(server, domains)) for _ in range(REPEATS)]
    finally:
        responder.kill()
        responder.join()
    return {key: round(statistics.median([figure[key] for figure in figures]), 1) for key in figures[0]}


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
