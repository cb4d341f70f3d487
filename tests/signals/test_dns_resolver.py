"""The resolver against servers that fail in every way a network knows."""

from __future__ import annotations

import asyncio
import time

import dns.flags
import dns.message
import dns.rrset
import pytest

from sandbox.dns import Fault, Record, World, serve
from signals.dns.cache import SHARED
from signals.dns.resolver import DnsSettings, Resolver, parse_servers, system_servers
from signals.types import Lookup
from tests.signals.dns_servers import ask, dead_server, udp_server

RECORDS = [
    Record("acme.test", "MX", "10 mail.acme.test"),
    Record("acme.test", "TXT", "v=spf1 mx -all"),
    Record("loop-a.test", "CNAME", "loop-b.test"),
    Record("loop-b.test", "CNAME", "loop-a.test"),
    Record("big.test", "TXT", "x" * 60_000),
    *(Record("many.test", "MX", f"{number} host{number}.many.test") for number in range(500)),
]


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    SHARED.clear()


def mx_of(resolver: Resolver, name: str = "acme.test") -> asyncio.Future[Lookup]:
    return resolver.query(name, "MX")


def reply_to(query: bytes, *, ident: int | None = None, name: str | None = None) -> bytes:
    message = dns.message.from_wire(query)
    answer = dns.message.make_response(message)
    if name is not None:
        answer.question = dns.message.make_query(name, "MX").question
    owner = answer.question[0].name
    answer.answer.append(dns.rrset.from_text(owner, 300, "IN", "MX", "10 mail.acme.test."))
    if ident is not None:
        answer.id = ident
    return answer.to_wire()


def test_one_dead_server_of_two_costs_time_but_no_answer() -> None:
    with serve(World(RECORDS)) as alive, dead_server() as dead:
        servers = (dead, (alive.host, alive.port))
        answers = ask(*servers, work=lambda resolver: asyncio.gather(*(mx_of(resolver) for _ in range(20))))
    assert {answer.status for answer in answers} == {"ok"}
    assert {answer.server for answer in answers} == {f"{alive.host}:{alive.port}"}


def test_no_reachable_server_is_a_failure_never_an_absence() -> None:
    with dead_server() as one, dead_server() as other:
        answer = ask(one, other, work=mx_of)
    assert (answer.status, answer.outcome.value, answer.values) == ("timeout", "failed", ())


def test_a_closed_port_fails_within_the_time_out() -> None:
    began = time.monotonic()
    answer = ask(("127.0.0.1", 9), work=mx_of)
    assert answer.outcome.value == "failed"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("kind", ["servfail", "refused", "timeout"])
def test_a_passing_fault_is_outlived_and_a_lasting_one_is_named(kind: str) -> None:
    with serve(World(RECORDS, [Fault("acme.test", "MX", kind, 2)])) as server:
        assert ask((server.host, server.port), work=mx_of).status == "ok"
    with serve(World(RECORDS, [Fault("acme.test", "MX", kind)])) as server:
        assert ask((server.host, server.port), work=mx_of).status == kind


def test_a_truncated_answer_is_asked_again_over_tcp() -> None:
    with serve(World(RECORDS)) as server:
        big = ask((server.host, server.port), work=lambda resolver: resolver.query("big.test", "TXT"))
        many = ask((server.host, server.port), work=lambda resolver: resolver.query("many.test", "MX"))
    assert big.values == ("x" * 60_000,)
    assert len(many.values) == 500


def test_spoofed_answers_are_not_believed() -> None:
    def answer(query: bytes) -> list[bytes]:
        ident = int.from_bytes(query[:2], "big")
        wrong_id = reply_to(query, ident=ident ^ 1)
        other_question = reply_to(query, name="evil.test")
        return [wrong_id, other_question, query, b"", b"\x00" * 11, query[:2] + b"\xff" * 40]

    with udp_server(answer) as address:
        found = ask(address, work=mx_of)
    assert found.outcome.value == "failed"


@pytest.mark.parametrize(
    "rdata",
    [
        pytest.param(b"\xc0\x0c\x00\x0f\x00\x01\x00\x00\x00\x3c\x00\x04\x00\x0a\xc0\x29", id="pointer to itself"),
        pytest.param(b"\xc0\x0c\x00\x0f\x00\x01\x00\x00\x00\x3c\x00\xff\x00\x0a", id="longer than the message"),
        pytest.param(b"\xc0\x0c\x00\x0f\x00\x01\x00\x00", id="cut"),
    ],
)
def test_a_malformed_answer_is_a_failure(rdata: bytes) -> None:
    def answer(query: bytes) -> list[bytes]:
        question = query[12 : query.index(b"\0", 12) + 5]
        return [query[:2] + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" + question + rdata]

    with udp_server(answer) as address:
        assert ask(address, work=mx_of).status == "bad"


def test_an_alias_that_leads_to_itself_ends() -> None:
    with serve(World(RECORDS)) as server:
        found = ask((server.host, server.port), work=lambda resolver: resolver.query("loop-a.test", "MX"))
    assert found.outcome.value == "failed"


def test_equal_questions_in_flight_are_asked_once() -> None:
    async def work(resolver: Resolver) -> int:
        await asyncio.gather(*(mx_of(resolver) for _ in range(50)))
        return resolver.stats.queries

    with serve(World(RECORDS)) as server:
        assert ask((server.host, server.port), work=work) == 1


def test_shared_names_are_cached_but_their_failures_are_not() -> None:
    async def twice(resolver: Resolver) -> list[str]:
        return [(await resolver.ask("acme.test", "TXT", shared=True)).status for _ in range(3)]

    with serve(World(RECORDS, [Fault("acme.test", "TXT", "servfail", 3)])) as server:
        assert ask((server.host, server.port), work=twice) == ["servfail", "ok", "ok"]
        assert len(SHARED) == 1


def test_the_rate_limit_holds_over_time() -> None:
    async def work(resolver: Resolver) -> float:
        began = time.monotonic()
        await asyncio.gather(*(resolver.query(f"n{number}.test", "MX") for number in range(60)))
        return time.monotonic() - began

    with serve(World(RECORDS)) as server:
        assert ask((server.host, server.port), work=work, queries_per_second=100) >= 0.5


def test_a_name_that_breaks_the_format_is_not_sent() -> None:
    async def work(resolver: Resolver) -> tuple[str, int]:
        return (await resolver.ask("a" * 64 + ".test", "MX")).status, resolver.stats.queries

    with dead_server() as address:
        assert ask(address, work=work) == ("bad", 0)


def test_servers_are_read_with_a_sentence_for_a_bad_one() -> None:
    assert parse_servers("192.0.2.1, 192.0.2.2:5353 ,[2001:db8::1]:53") == (
        ("192.0.2.1", 53),
        ("192.0.2.2", 5353),
        ("2001:db8::1", 53),
    )
    for text in ("dns.example", "192.0.2.1:0", "[2001:db8::1", "192.0.2.1:x"):
        with pytest.raises(ValueError, match="DNS server"):
            parse_servers(text)


def test_the_system_servers_fall_back_to_this_machine(tmp_path) -> None:
    path = tmp_path / "resolv.conf"
    assert system_servers(path) == (("127.0.0.1", 53),)
    path.write_text("search example\nnameserver 192.0.2.7\nnameserver junk\n", encoding="ascii")
    assert system_servers(path) == (("192.0.2.7", 53),)


def test_settings_that_cannot_work_are_refused() -> None:
    for wrong in (
        {"servers": ()},
        {"concurrency": 0},
        {"tries": 0},
        {"queries_per_second": -1},
        {"timeout_floor": 9.0},
    ):
        with pytest.raises(ValueError, match=r"\w"):
            DnsSettings(**{"servers": (("127.0.0.1", 53),), **wrong})
