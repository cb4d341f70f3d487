"""Small DNS servers that misbehave in ways a faithful one cannot."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from signals.dns.resolver import DnsSettings, Resolver

Result = TypeVar("Result")
Answerer = Callable[[bytes], list[bytes]]  # a query to the datagrams sent back


@contextmanager
def udp_server(answer: Answerer) -> Iterator[tuple[str, int]]:
    """A UDP server on loopback that sends what `answer` says."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    listener.settimeout(0.05)
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            try:
                query, client = listener.recvfrom(4096)
            except TimeoutError:
                continue
            for datagram in answer(query):
                listener.sendto(datagram, client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        stopped.set()
        thread.join()
        listener.close()


@contextmanager
def dead_server() -> Iterator[tuple[str, int]]:
    """A port that takes datagrams and never answers."""
    with udp_server(lambda _query: []) as address:
        yield address


def ask(*servers: tuple[str, int], work: Callable[[Resolver], Awaitable[Result]], **settings: float) -> Result:
    """Runs `work` with an open resolver over these servers; short time-outs unless given."""
    options: dict[str, float] = {"timeout_floor": 0.1, "timeout_ceiling": 0.5, **settings}

    async def run() -> Result:
        async with Resolver(DnsSettings(servers=servers, **options)) as resolver:  # type: ignore[arg-type]
            return await work(resolver)

    return asyncio.run(run())
