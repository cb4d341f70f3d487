"""UDP sockets that carry many questions at once, and TCP for answers that do not fit (RFC 7766).

A datagram counts as a reply only if it comes from the server (the socket is connected), on the socket of the
query, with its id, and echoes its question; everything else is ignored and the wait goes on (RFC 5452 section 9).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from array import array
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from signals.dns.wire import FORMERR, HEADER, NOTIMP, build_query

RECEIVE_BUFFER = 4 << 20  # octets: a burst of some thousand replies must fit
DATAGRAM = 4096  # octets; servers are told 1232, a few send more all the same
BATCH = 1024  # datagrams read before other sockets and tasks get their turn
_RANDOM_BATCH = 4096  # octets drawn at a time

_random_ids = array("H")


def random_id() -> int:
    """An unpredictable query id (16 bits) from the operating system's generator."""
    if not _random_ids:
        _random_ids.frombytes(os.urandom(_RANDOM_BATCH))
    return _random_ids.pop()


def is_reply(data: bytes, wire: bytes) -> bool:
    """Whether the message is a response that echoes the question `wire` exactly, letter case aside.

    A server that cannot read EDNS may send its FORMERR or NOTIMP as a bare header.
    """
    if len(data) < HEADER or data[2] & 0xF8 != 0x80:  # a response to a standard query
        return False
    if data[4:6] == b"\0\1":
        echoed = data[HEADER : HEADER + len(wire)]
        return echoed == wire or echoed.lower() == wire
    return len(data) == HEADER and data[4:6] == b"\0\0" and data[3] & 15 in (FORMERR, NOTIMP)


class Waiting(Protocol):
    """What a channel has to know of a query under way."""

    wire: bytes  # its question in wire form


W = TypeVar("W", bound=Waiting)


class Channel(Generic[W]):
    """One connected UDP socket. A query under way is known by its id; `turn` tells its tries apart.

    `on_reply(query, turn, message, rtt)` gets each genuine reply, `on_error()` is called when the system
    reports the server unreachable. `rtt` is in seconds.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        address: tuple[str, int],
        on_reply: Callable[[W, int, bytes, float], None],
        on_error: Callable[[Channel[W]], None],
    ) -> None:
        self._loop = loop
        self._address = address
        self._on_reply = on_reply
        self._on_error = on_error
        self._pending: dict[int, tuple[W, int, float]] = {}
        self._socket: socket.socket | None = None
        self.ignored = 0

    def send(self, query: W, turn: int, now: float, *, edns: bool) -> int:
        """Sends the question of `query`; its id. A failure is reported to `on_error`, never raised."""
        query_id = random_id()
        while query_id in self._pending:
            query_id = random_id()
        self._pending[query_id] = (query, turn, now)
        try:
            (self._socket or self._open()).send(build_query(query_id, query.wire, edns=edns))
        except BlockingIOError:
            pass  # a full buffer is a lost datagram: the time-out repeats it
        except OSError:
            self._on_error(self)
        return query_id

    def forget(self, query_id: int, query: W) -> None:
        """Replies to this try are of no interest any more."""
        entry = self._pending.get(query_id)
        if entry is not None and entry[0] is query:
            del self._pending[query_id]

    def waiting(self) -> list[tuple[W, int]]:
        """The queries under way here, with the turn they were sent in."""
        return [(query, turn) for query, turn, _ in self._pending.values()]

    def drain(self) -> None:
        """Reads what has arrived, at most `BATCH` datagrams."""
        if self._socket is None:
            return
        receive = self._socket.recv
        pending = self._pending
        now = time.monotonic()
        for _ in range(BATCH):
            try:
                data = receive(DATAGRAM)
            except BlockingIOError:
                return
            except OSError:
                self._on_error(self)
                continue
            entry = pending.get(data[0] << 8 | data[1]) if len(data) >= HEADER else None
            if entry is None or not is_reply(data, entry[0].wire):
                self.ignored += 1
                continue
            del pending[data[0] << 8 | data[1]]
            self._on_reply(entry[0], entry[1], data, now - entry[2])
            if self._socket is None:  # closed by what the reply set off
                return

    def close(self) -> None:
        """Closes the socket and forgets every query."""
        self._pending.clear()
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _open(self) -> socket.socket:
        family, address = _numeric(self._address)
        connection = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            connection.connect(address)
        except OSError:
            connection.close()
            raise
        self._loop.add_reader(connection.fileno(), self.drain)
        self._socket = connection
        return connection


def _numeric(address: tuple[str, int]) -> tuple[socket.AddressFamily, Any]:
    """Family and socket address of an IP address, zone index included. No name is ever looked up."""
    found = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    return found[0][0], found[0][4]


async def ask_over_tcp(address: tuple[str, int], wire: bytes, *, edns: bool) -> bytes:
    """The reply of the server at `address` to the question `wire`. Raises OSError or EOFError."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        query_id = random_id()
        query = build_query(query_id, wire, edns=edns)
        writer.write(len(query).to_bytes(2, "big") + query)
        while True:
            size = int.from_bytes(await reader.readexactly(2), "big")
            data = await reader.readexactly(size)
            if data[:2] == query[:2] and is_reply(data, wire):
                return data
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
