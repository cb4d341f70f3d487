"""Asks many DNS questions at once and always comes back with a `Lookup`.

A query is an object moved on by three events: a reply, a time-out, a free place in the window. There is no task
per query; a caller awaits one future per question.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from signals.dns.cache import SHARED
from signals.dns.transport import Channel, ask_over_tcp
from signals.dns.upstream import Upstream
from signals.dns.wire import (
    FORMERR,
    MAX_CHAIN,
    NOERROR,
    NOTIMP,
    NXDOMAIN,
    REFUSED,
    TYPES,
    Answer,
    Question,
    WireError,
    encode_question,
    parse_answer,
)
from signals.types import Lookup

CHANNELS = 4  # UDP sockets for each server
TICK = 0.02  # seconds: time-outs are noticed at this grain
BACKOFF = 0.1  # seconds before a server that failed is asked again, doubled with every try
TCP_CONNECTIONS = 100  # open at most
MAX_CONCURRENCY = 10_000
_BURST = 0.05  # seconds of the rate limit that may be spent at once
# The most telling failure is the one reported: `bad` only if every try was malformed.
_TELLING = ("servfail", "refused", "timeout", "bad")


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsSettings:
    """`servers` are (IP address, port); `queries_per_second` 0 means no limit, and counts repeats and TCP too;
    times are in seconds. Raises ValueError for a value that cannot work."""

    servers: tuple[tuple[str, int], ...]
    concurrency: int = 400
    queries_per_second: float = 0.0
    tries: int = 3
    timeout_floor: float = 0.3
    timeout_ceiling: float = 3.0

    def __post_init__(self) -> None:
        if not self.servers:
            raise ValueError("At least one DNS server is needed.")
        if not 1 <= self.concurrency <= MAX_CONCURRENCY:
            raise ValueError(f"DNS concurrency must be between 1 and {MAX_CONCURRENCY}, not {self.concurrency}.")
        if self.queries_per_second < 0:
            raise ValueError("DNS queries per second cannot be negative; 0 means no limit.")
        if self.tries < 1:
            raise ValueError("A DNS question needs at least one try.")
        if not 0 < self.timeout_floor <= self.timeout_ceiling:
            raise ValueError("DNS time-outs must be positive, the floor not above the ceiling.")


@dataclass(slots=True)
class DnsStats:
    """What a resolver did. `queries` counts every message sent, over TCP too."""

    queries: int = 0
    retries: int = 0
    tcp: int = 0
    timeouts: int = 0
    malformed: int = 0
    cache_hits: int = 0
    coalesced: int = 0


class _Query:
    """One question under way, for everybody who asked it."""

    __slots__ = (
        "asked",
        "attempts",
        "chain",
        "edns",
        "failures",
        "question",
        "resting",
        "rtype",
        "shared",
        "spoiled",
        "tried",
        "tries",
        "ttl",
        "turn",
        "waiters",
        "wire",
    )

    def __init__(self, question: Question, rtype: str, waiter: asyncio.Future[Lookup], shared: bool) -> None:
        self.asked = question
        self.question = question  # differs from `asked` once the CNAME chain left the first answer
        self.wire = question.wire
        self.rtype = rtype
        self.waiters = [waiter]
        self.shared = shared
        self.edns = True
        self.resting = False  # waits before the next try, not for a reply
        self.turn = 0  # which wait is the current one; 0 before the first, -1 after the last
        self.tries = 0
        # Tuples, because most queries need one try and an empty tuple costs nothing.
        self.tried: tuple[Upstream[_Query], ...] = ()
        self.spoiled: tuple[Upstream[_Query], ...] = ()  # servers whose answer was a failure
        self.failures: tuple[str, ...] = ()
        self.attempts: tuple[tuple[Channel[_Query], int], ...] = ()
        self.chain: tuple[str, ...] = ()
        self.ttl: int | None = None

    def abandoned(self) -> bool:
        return all(waiter.done() for waiter in self.waiters)


class Resolver:
    """A stub resolver (RFC 1034 section 5.3.1) for thousands of questions a second; use it as `async with`.

    The cache of shared names belongs to the process, everything else to the event loop the resolver is opened in.
    """

    def __init__(self, settings: DnsSettings) -> None:
        self.stats = DnsStats()
        self._settings = settings
        self._servers: list[Upstream[_Query]] = []
        self._running: dict[bytes, _Query] = {}
        self._backlog: deque[_Query] = deque()
        self._due: dict[int, list[tuple[_Query, int]]] = {}
        self._in_flight = 0
        self._rotation = 0
        self._budget = 0.0
        self._budget_at = 0.0
        self._swept = 0
        self._ticker: asyncio.TimerHandle | None = None
        self._refill: asyncio.TimerHandle | None = None
        self._tcp_tasks: set[asyncio.Task[None]] = set()
        self._open = False

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._tcp_slots = asyncio.Semaphore(TCP_CONNECTIONS)
        floor, ceiling = self._settings.timeout_floor, self._settings.timeout_ceiling
        self._servers = [
            Upstream(address, [self._channel(address, at) for _ in range(CHANNELS)], floor, ceiling)
            for at, address in enumerate(self._settings.servers)
        ]
        self._budget_at = time.monotonic()
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes every socket. Questions still under way end as time-outs."""
        self._open = False
        self._backlog.clear()
        for query in list(self._running.values()):
            self._finish(query, Answer("timeout"))
        for timer in (self._ticker, self._refill):
            if timer is not None:
                timer.cancel()
        for server in self._servers:
            for channel in server.channels:
                channel.close()
        for task in self._tcp_tasks:
            task.cancel()
        await asyncio.gather(*self._tcp_tasks, return_exceptions=True)

    async def ask(self, name: str, rtype: str, *, shared: bool = False) -> Lookup:
        """The answer to one question; a failure of any kind is a `Lookup` whose status names it.

        `name` is a name of A-labels (one that breaks the format is `bad`, and nothing is sent), `rtype` one of
        MX TXT A AAAA CNAME NS SOA SRV CAA DS TLSA. `shared` marks a name many domains ask for: found and absent
        answers are kept in the cache of the process. Raises ValueError for another type.
        """
        return await self.query(name, rtype, shared=shared)

    def query(self, name: str, rtype: str, *, shared: bool = False) -> asyncio.Future[Lookup]:
        """Like `ask`, at once: starts the question and returns the future of its answer.

        Cheaper than a task for each question: start them all, then await one after the other.
        """
        if not self._open:
            raise RuntimeError("The resolver is not open.")
        if rtype not in TYPES:
            raise ValueError(f"DNS type {rtype!r} is not supported.")
        waiter: asyncio.Future[Lookup] = self._loop.create_future()
        try:
            question = encode_question(name, TYPES[rtype])
        except WireError:
            waiter.set_result(Lookup(name, rtype, "bad", at=time.time()))
            return waiter
        if shared and (known := SHARED.get((self._settings.servers, question.wire))):
            self.stats.cache_hits += 1
            waiter.set_result(known)
            return waiter
        running = self._running.get(question.wire)
        if running is not None:
            self.stats.coalesced += 1
            running.shared |= shared
            running.waiters.append(waiter)
            return waiter
        query = _Query(question, rtype, waiter, shared)
        self._running[question.wire] = query
        if self._backlog or self._in_flight >= self._settings.concurrency or self._settings.queries_per_second:
            self._backlog.append(query)
            self._pump()
        else:
            self._start(query, time.monotonic())
        return waiter

    def _channel(self, address: tuple[str, int], at: int) -> Channel[_Query]:
        def reply(query: _Query, turn: int, data: bytes, rtt: float) -> None:
            self._servers[at].timed(rtt)
            self._judge(query, turn, self._servers[at], data, truncated=bool(data[2] & 2))

        def error(channel: Channel[_Query]) -> None:
            self._servers[at].hold(time.monotonic())
            self._loop.call_soon(self._hasten, channel)

        return Channel(self._loop, address, reply, error)

    def _pump(self) -> None:
        """Starts waiting questions while the window and the rate limit allow."""
        backlog = self._backlog
        now = time.monotonic()
        while backlog and self._in_flight < self._settings.concurrency:
            if self._settings.queries_per_second and not self._affordable(now):
                return
            query = backlog.popleft()
            if query.abandoned():
                del self._running[query.asked.wire]
                continue
            self._start(query, now)

    def _start(self, query: _Query, now: float) -> None:
        self._in_flight += 1
        if self._ticker is None:
            self._swept = int(now / TICK) - 1
            self._ticker = self._loop.call_later(TICK, self._tick)
        self._send(query, now)

    def _affordable(self, now: float) -> bool:
        """Whether the token bucket holds a whole query; if not, `_pump` runs again when it does."""
        rate = self._settings.queries_per_second
        self._budget = min(self._budget + (now - self._budget_at) * rate, max(1.0, rate * _BURST))
        self._budget_at = now
        if self._budget >= 1:
            return True
        if self._refill is None:
            self._refill = self._loop.call_later((1 - self._budget) / rate, self._refilled)
        return False

    def _refilled(self) -> None:
        self._refill = None
        self._pump()

    def _send(self, query: _Query, now: float) -> None:
        server = self._pick(query, now)
        if query.tries:
            self.stats.retries += 1
        query.tries += 1
        query.tried += (server,)
        self._transmit(query, server, now)

    def _transmit(self, query: _Query, server: Upstream[_Query], now: float) -> None:
        self.stats.queries += 1
        self._budget -= 1
        query.turn += 1
        channel = server.channel()
        query.attempts += ((channel, channel.send(query, query.turn, now, edns=query.edns)),)
        wait = server.timeout * (1 << (query.tries - 1))
        self._wake(query, now + min(wait, self._settings.timeout_ceiling))

    def _wake(self, query: _Query, deadline: float) -> None:
        tick = int(deadline / TICK) + 1
        due = self._due.get(tick)
        if due is None:
            due = self._due[tick] = []
        due.append((query, query.turn))

    def _pick(self, query: _Query, now: float) -> Upstream[_Query]:
        """The servers in turn; for a repeat, those that failed this question last, those that are down late."""
        servers = self._servers
        if len(servers) == 1:
            return servers[0]
        if query.tried:
            return min(servers, key=lambda one: (query.spoiled.count(one), one.down, query.tried.count(one)))
        for _ in servers:
            self._rotation = (self._rotation + 1) % len(servers)
            if servers[self._rotation].ready(now):
                break
        return servers[self._rotation]

    def _tick(self) -> None:
        """Wakes the queries whose time is over."""
        now = time.monotonic()
        current = int(now / TICK)
        due = [entry for tick in range(self._swept + 1, current + 1) for entry in self._due.pop(tick, ())]
        self._swept = current
        due = [(query, turn) for query, turn in due if query.turn == turn]
        if due:
            self._drain()  # a reply that waits in a socket, because this process was busy, is in time
        for query, turn in due:
            if query.turn != turn:
                continue
            if query.resting:
                query.resting = False
                self._send(query, now)
            else:
                self.stats.timeouts += 1
                self._failed(query, query.tried[-1], "timeout", waited=True)
        if self._in_flight:
            self._ticker = self._loop.call_later(TICK, self._tick)
        else:
            self._due.clear()
            self._ticker = None

    def _drain(self) -> None:
        for server in self._servers:
            for channel in server.channels:
                channel.drain()

    def _hasten(self, channel: Channel[_Query]) -> None:
        """The server of the channel is unreachable: its queries move on, if there is where to."""
        if all(server.down for server in self._servers):
            return
        for query, turn in channel.waiting():
            if query.turn == turn:
                self._failed(query, query.tried[-1], "timeout", waited=True)

    def _judge(self, query: _Query, turn: int, server: Upstream[_Query], data: bytes, *, truncated: bool) -> None:
        current = query.turn == turn
        if truncated:
            if current:
                self._start_tcp(query, server)
            return
        rcode = data[3] & 15
        if rcode in (NOERROR, NXDOMAIN):
            try:
                answer = parse_answer(data, query.question)
            except WireError:
                self.stats.malformed += 1
                answer = Answer("bad")
            else:
                if answer.status != "servfail":
                    server.answered()
                    self._settle(query, server, answer)
                    return
            status = answer.status
        elif rcode in (FORMERR, NOTIMP) and query.edns:
            if current:
                query.edns = False
                self._transmit(query, server, time.monotonic())
            return
        else:
            status = "refused" if rcode == REFUSED else "servfail"
        if current:
            self._failed(query, server, status)

    def _settle(self, query: _Query, server: Upstream[_Query], answer: Answer) -> None:
        """Takes a definite answer; a chain that leaves it is asked on for."""
        if query.chain:
            chain = query.chain + answer.cnames
            ttl = None if answer.ttl is None or query.ttl is None else min(answer.ttl, query.ttl)
            if query.asked.name in chain or len(set(chain)) < len(chain) or len(chain) > MAX_CHAIN:
                answer = Answer("bad", (), chain)
            else:
                answer = answer._replace(cnames=chain, ttl=ttl)
        if answer.status != "cname":
            self._finish(query, answer, server.label)
            return
        self._forget(query)
        query.chain, query.ttl = answer.cnames, answer.ttl
        try:
            query.question = encode_question(answer.cnames[-1], query.asked.type)
        except WireError:
            self._finish(query, Answer("bad", (), query.chain))
            return
        query.wire = query.question.wire
        query.tries = 0
        query.tried, query.spoiled, query.failures = (), (), ()
        self._send(query, time.monotonic())

    def _failed(self, query: _Query, server: Upstream[_Query], status: str, *, waited: bool = False) -> None:
        """One try is lost. The next one is sent at once, after a pause if every server was asked and failed
        without the time-out having `waited`; or the tries are used up."""
        now = time.monotonic()
        if status == "servfail":
            server.answered()
        else:
            server.strike(now)
        if status != "timeout":
            query.spoiled += (server,)
        query.failures += (status,)
        if query.tries >= self._settings.tries or query.abandoned():
            self._finish(query, Answer(min(query.failures, key=_TELLING.index), (), query.chain))
        elif waited or len(query.tried) < len(self._servers):
            self._send(query, now)
        else:
            query.resting = True
            query.turn += 1
            self._wake(query, now + BACKOFF * (1 << (query.tries - 1)))

    def _start_tcp(self, query: _Query, server: Upstream[_Query]) -> None:
        self.stats.queries += 1
        self.stats.tcp += 1
        self._budget -= 1
        query.turn += 1
        task = self._loop.create_task(self._over_tcp(query, query.turn, server))
        self._tcp_tasks.add(task)
        task.add_done_callback(self._tcp_tasks.discard)

    async def _over_tcp(self, query: _Query, turn: int, server: Upstream[_Query]) -> None:
        try:
            async with self._tcp_slots, asyncio.timeout(self._settings.timeout_ceiling):
                data = await ask_over_tcp(server.address, query.wire, edns=query.edns)
        except (OSError, EOFError):
            if query.turn == turn:
                self._failed(query, server, "timeout")
            return
        if query.turn != turn:
            return
        if data[2] & 2:  # truncated again: contradicts itself
            self._failed(query, server, "bad")
        else:
            self._judge(query, turn, server, data, truncated=False)

    def _finish(self, query: _Query, answer: Answer, server: str = "") -> None:
        if query.turn > 0:
            self._in_flight -= 1
        query.turn = -1
        if query.tries > 1 or not server:  # the only try was forgotten with its reply
            self._forget(query)
        del self._running[query.asked.wire]
        status, values, cnames, ttl = answer
        lookup = Lookup(query.asked.name, query.rtype, status, values, cnames, ttl, server, time.time())
        if query.shared:
            SHARED.put((self._settings.servers, query.asked.wire), lookup)
        for waiter in query.waiters:
            if not waiter.done():
                waiter.set_result(lookup)
        if self._backlog:
            self._pump()

    def _forget(self, query: _Query) -> None:
        for channel, query_id in query.attempts:
            channel.forget(query_id, query)
        query.attempts = ()


def parse_servers(text: str) -> tuple[tuple[str, int], ...]:
    """Servers from "ip[:port], [ipv6]:port, …"; port 53 unless given. Raises ValueError with a sentence to show."""
    return tuple([_parse_server(part.strip()) for part in text.split(",") if part.strip()])


def _parse_server(text: str) -> tuple[str, int]:
    host, port = text, "53"
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(f"DNS server {text!r} must look like [IPv6 address]:port.")
        port = rest[1:] if rest else port
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise ValueError(f"DNS server {text!r} must be an IP address, not a name.") from None
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise ValueError(f"DNS server {text!r} needs a port between 1 and 65535.")
    return host, int(port)


def system_servers(path: Path = Path("/etc/resolv.conf")) -> tuple[tuple[str, int], ...]:
    """The name servers of this machine; the local one when none is named, as resolv.conf(5) says."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    fields = [line.split() for line in lines]
    hosts = [field[1] for field in fields if len(field) > 1 and field[0] == "nameserver"]
    return tuple([(host, 53) for host in hosts if _is_address(host)]) or (("127.0.0.1", 53),)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
