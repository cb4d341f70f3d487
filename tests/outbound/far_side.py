"""A server on loopback that answers, or misbehaves, as it is told, and keeps a journal of what reached it."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Seen:
    """A request as it arrived; `query` is raw."""

    method: str
    path: str
    query: str
    headers: Message
    body: bytes
    connection: int  # the client's port: equal = the same connection

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True)
class Reply:
    """`late` = seconds before anything is said; `cut` octets of the body are promised and never sent; `drip` = seconds
    between single octets; `reset` = the connection is torn down instead of an answer."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    late: float = 0.0
    cut: int = 0
    drip: float = 0.0
    reset: bool = False


def reply(data: Any, status: int = 200, **headers: str) -> Reply:
    """A JSON answer; underscores in header names stand for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(data).encode(), named)


def odata_error(status: int, code: str = "", **headers: str) -> Reply:
    return reply({"error": {"code": code, "message": "Ask Derya Deneme, derya@acme.example"}}, status, **headers)


class FarSide:
    """`answer` is called with every request. `in_turn` gives prepared answers, the last one for ever."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.answer: Callable[[Seen], Reply] = lambda _: Reply()
        self.url = ""

    def in_turn(self, *replies: Reply) -> None:
        left = list(replies)
        self.answer = lambda _: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def far_side() -> Iterator[FarSide]:
    side = FarSide()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen = Seen(self.command, path, query, self.headers, body, self.client_address[1])
            side.seen.append(seen)
            with suppress(OSError):  # a client that gives up is what some tests want
                self._say(side.answer(seen))

        def _say(self, said: Reply) -> None:
            if said.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                return
            time.sleep(said.late)
            self.send_response_only(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            if said.status != 204:
                self.send_header("Content-Length", str(len(said.body) + said.cut))
            self.end_headers()
            if self.command == "HEAD" or said.status == 204:
                return
            self.close_connection = bool(said.cut or said.drip)
            for piece in map(bytes, zip(said.body, strict=True)) if said.drip else [said.body]:
                self.wfile.write(piece)
                time.sleep(said.drip)

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    side.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield side
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def dripping(first: bytes, again: bytes) -> Iterator[str]:
    """The address of a server that says `first` to its one client and then `again` until nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client, suppress(OSError):
                client.recv(65537)
                client.sendall(first)
                while True:
                    client.sendall(again)
                    time.sleep(0.02)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield "http://127.0.0.1:{}".format(*server.getsockname()[1:])
        thread.join(5)
