"""The sandbox cloud: one HTTP server on loopback that plays several hosts of Microsoft, and those of registries.

A request finds its service by its Host header, which is how Hunter's adapter sends it (`https://HOST/path` goes to
`http://127.0.0.1:PORT/path` with `Host: HOST`), or by `/{host}/path`, which is how a browser gets to a page.
`/` and `/_sandbox/` belong to the trainer (`sandbox.control`).
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, Self, cast, runtime_checkable
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox.control import Control
from sandbox.dynamics import Dynamics
from sandbox.entra import Entra
from sandbox.exchange import Reply, Request, html_reply, json_reply
from sandbox.faults import REFUSALS, TRANSPORT, Fault, Faults
from sandbox.journal import Journal
from sandbox.market import Company
from sandbox.partner_center import PartnerCenter
from sandbox.registration import Rdap, Registry
from sandbox.tenant import Tenants

USERS = ("selin.satici@ornekbilisim.example", "kaan.yonetici@ornekbilisim.example")
_LOOPBACK = ("127.0.0.1", "localhost")
_LARGEST_BODY = 16 << 20  # octets
_IDLE_SECONDS = 60
_PLANNED_STATUS = {"unauthorized": (401, None), "mfa_missing": (401, "900421"), "forbidden": (403, None)}


class Service(Protocol):
    """One foreign system: the hosts it answers for, a name for each kind of request, its answers and its errors."""

    def serves(self, host: str) -> bool: ...

    def route(self, request: Request) -> str: ...

    def answer(self, request: Request, faults: Sequence[Fault]) -> Reply: ...

    def refusal(self, request: Request, status: int, code: str | None) -> Reply: ...


@runtime_checkable
class Metered(Protocol):
    """A service that counts its requests, those included that a planned fault answers.

    `arrived` returns the name under which it counts one; `left` is told it back before the reply is sent.
    """

    def arrived(self, request: Request) -> str: ...

    def left(self, name: str, reply: Reply) -> None: ...


class Cloud:
    """A running sandbox. Use it as a context manager or call `start` and `stop`.

    `market`: the companies that have domains registered and, some of them, tenants. `services` may be extended before
    the start. Raises ValueError for a host that is not loopback, OSError at the
    start when the port is taken.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        referrals: Iterable[Mapping[str, Any]] = (),
        users: Sequence[str] = USERS,
        market: Iterable[Company] = (),
        seed: int = 7,
    ) -> None:
        if host not in _LOOPBACK:
            raise ValueError(f"The sandbox listens on loopback only, not on {host}")
        self._address = (host, port)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        market = list(market)
        self.registry = Registry(market)
        self.entra = Entra(users, seed=seed, tenants=Tenants(market))
        self.partner_center = PartnerCenter(self.entra.access, referrals, seed=seed)
        self.faults = Faults()
        self.dynamics = Dynamics(self.entra.access, self.faults)
        self.journal = Journal()
        self.services: list[Service] = [self.entra, self.partner_center, self.dynamics, Rdap(self.registry)]
        self._control = Control(
            self.entra, self.partner_center, self.dynamics, self.registry, self.faults, self.journal
        )

    def start(self) -> Self:
        self._server = _Server(self._address, self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="sandbox-cloud", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ends the server and every open connection; a second call does nothing. The state stays."""
        server, thread = self._server, self._thread
        if server is None or thread is None:
            return
        self._server = self._thread = None
        server.shutdown()
        thread.join()
        server.server_close()
        server.hang_up()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        if self._server is None:
            raise RuntimeError("The sandbox is not running")
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, without a slash at the end."""
        return f"http://{self._address[0]}:{self.port}"

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[Reply, Fault | None]:
        """The reply to a request and, if one is planned, the fault with which it travels."""
        host = headers.get("host", "").lower()
        name = host.partition(":")[0]
        parts = urlsplit(target)
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        if name not in _LOOPBACK:
            request = Request(method, name, unquote(parts.path), target, headers, body, "", query)
            return self._serve(request)
        if not _is_own(headers, host):
            return json_reply({"error": "This page may be used from itself only."}, 403), None
        if parts.path == "/" or parts.path.startswith("/_sandbox/"):
            return self._control.answer(Request(method, name, parts.path, target, headers, body, "", query)), None
        first, _, rest = parts.path.removeprefix("/").partition("/")
        request = Request(method, first.lower(), f"/{unquote(rest)}", target, headers, body, f"/{first}", query)
        return self._serve(request)

    def _serve(self, request: Request) -> tuple[Reply, Fault | None]:
        service = next((service for service in self.services if service.serves(request.host)), None)
        if service is None:
            reply = html_reply("<!doctype html><title>Unknown host</title>The sandbox does not play it.", 421)
            self.journal.add(datetime.now(UTC), "unknown", request, reply, right_host=False, sent=True)
            return reply, None
        if not isinstance(service, Metered):
            return self._met(service, request)
        name, reply = service.arrived(request), Reply(0)
        try:
            reply, travel = self._met(service, request)
        finally:
            service.left(name, reply)
        return reply, travel

    def _met(self, service: Service, request: Request) -> tuple[Reply, Fault | None]:
        route = service.route(request)
        faults = self.faults.draw(route)
        travel = next((fault for fault in faults if fault.kind in TRANSPORT), None)
        refusing = next((fault for fault in faults if fault.kind in REFUSALS), None)
        if refusing is not None:
            reply = _refusal(service, request, refusing)
        elif travel is not None and travel.kind == "close":
            reply = Reply(0)
        else:
            reply = service.answer(request, faults)
        if travel is not None and travel.kind == "lost":
            reply = _gateway(travel.options["code"])
        sent = reply.status != 0 and (travel is None or travel.kind != "drop_after")
        self.journal.add(datetime.now(UTC), route, request, reply, right_host=True, sent=sent)
        return reply, travel


def _is_own(headers: Mapping[str, str], host: str) -> bool:
    """Whether no foreign page sent this (RFC 6454): a browser names the origin of whatever changes something."""
    origin = headers.get("origin")
    return origin is None or origin == f"http://{host}"


def _gateway(status: int) -> Reply:
    """What a gateway in front of the service says; it knows no JSON."""
    page = "<!doctype html><title>Gateway</title><h1>Please wait</h1><p>Sandbox gateway.</p>"
    return html_reply(page, status)


def _refusal(service: Service, request: Request, fault: Fault) -> Reply:
    """A planned error in the words of the service."""
    options = fault.options
    if fault.kind == "html_status":
        return _gateway(options["code"])
    status, code = _PLANNED_STATUS.get(fault.kind) or (options["code"], options["error"])
    reply = service.refusal(request, status, code)
    wait = options.get("retry_after")
    if wait is not None and options["as_date"]:
        until = datetime.now(UTC) + timedelta(seconds=float(wait))
        reply.headers["Retry-After"] = format_datetime(until, usegmt=True)
    elif wait is not None:
        reply.headers["Retry-After"] = str(wait)
    return reply


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], cloud: Cloud) -> None:
        self.cloud = cloud
        self.open: set[socket.socket] = set()
        self.open_lock = threading.Lock()
        super().__init__(address, _Handler)

    def hang_up(self) -> None:
        """Wakes every thread that waits for a client."""
        with self.open_lock:
            connections = list(self.open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is not news; a mistake of the sandbox is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Sandbox"
    sys_version = ""
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self._server = cast(_Server, self.server)
        with self._server.open_lock:
            self._server.open.add(self.connection)

    def finish(self) -> None:
        with self._server.open_lock:
            self._server.open.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """The journal is the log."""

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > _LARGEST_BODY:
            self.close_connection = True
            self._send(json_reply({"error": "A body needs a Content-Length of at most 16 MiB."}, 411), None)
            return
        body = self.rfile.read(int(length))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(*self._server.cloud.handle(self.command, self.path, headers, body))

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = _answer

    def _send(self, reply: Reply, fault: Fault | None) -> None:
        kind = fault.kind if fault is not None else ""
        if kind in ("close", "drop_after") or reply.status == 0:
            self.close_connection = True
            return
        if kind == "late" and fault is not None:
            time.sleep(fault.options["seconds"])
        if kind == "malformed":
            reply = _gateway(200)
        body = reply.body
        sent = body[: len(body) // 2] if kind in ("reset", "truncated") else body
        whole = fault is None or kind in ("slow", "malformed", "late", "lost") or fault.options.get("length") == "right"
        head = self._head(reply, len(sent) if whole else len(body))
        if self.command == "HEAD" or reply.status in (204, 304):
            sent = b""
        if fault is not None and kind == "slow":
            self._send_slowly(head, sent, fault.options["seconds"], fault.options["chunk"])
        else:
            self.wfile.write(head + sent)
        if kind == "reset":
            self._reset()
        self.close_connection = self.close_connection or not whole

    def _head(self, reply: Reply, length: int) -> bytes:
        self.log_request(reply.status)
        assert isinstance(self.server, _Server)
        ahead = self.server.cloud.partner_center.switches.clock_skew
        headers = {"Date": self.date_time_string(time.time() + ahead), **reply.headers}
        if reply.status not in (204, 304):
            headers["Content-Length"] = str(length)
        if self.close_connection:
            headers["Connection"] = "close"
        reason = self.responses.get(reply.status, ("Unknown",))[0]
        lines = [f"HTTP/1.1 {reply.status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def _send_slowly(self, head: bytes, body: bytes, seconds: float, chunk: int) -> None:
        self.wfile.write(head)
        for start in range(0, len(body), chunk):
            time.sleep(seconds)
            self.wfile.write(body[start : start + chunk])

    def _reset(self) -> None:
        """Closes with RST instead of FIN: the client meets a reset connection, not an end."""
        time.sleep(0.02)  # what was sent should arrive first
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()
