"""A hard end for every exchange: time-outs between two pieces do not stop a far side that drips for ever, in the status
line, in the headers, in "100 Continue" or between two chunks."""

from __future__ import annotations

import http.client
import io
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any, Final

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

_ends: ContextVar[float] = ContextVar("ends")  # of the exchange that begins, by the monotonic clock


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """An exchange that begins in here, through a `DeadlineAdapter`, has so many seconds, its body included."""
    token = _ends.set(monotonic() + seconds)
    try:
        yield
    finally:
        _ends.reset(token)


class DeadlineAdapter(HTTPAdapter):
    """Use it inside `within` only."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        if isinstance(manager, urllib3.ProxyManager):  # one for SOCKS has connections of its own
            manager.pool_classes_by_scheme = _POOLS
        return manager


class _Reader(io.RawIOBase):
    """What a socket says. A read waits as long as the socket's time-out, and never beyond the end of the exchange:
    there it raises TimeoutError."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._raw = sock, sock.makefile("rb", buffering=0)
        self._patience, self._ends = sock.gettimeout(), _ends.get()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._ends - monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left if self._patience is None else min(left, self._patience))
        try:
            return self._raw.readinto(buffer)
        finally:  # the connection may be used again
            self._sock.settimeout(self._patience)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp.close()
        self.fp = io.BufferedReader(_Reader(sock))


class _PlainConnection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS: Final = {"http": _PlainPool, "https": _SecurePool}
