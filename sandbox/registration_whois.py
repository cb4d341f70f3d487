"""Port 43 as the registry of `.tr` speaks it: one line in, one text out, in UTF-8 or in Latin-5."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Self
from zlib import crc32

from sandbox.exchange import Reply, Request
from sandbox.faults import REFUSALS, Fault, Faults
from sandbox.journal import Journal
from sandbox.registration import Entry, Registry

HOST = "whois.trabis.gov.tr"  # whom it plays
LATIN5 = "iso8859-9"
_LONGEST_LINE = 512
_IDLE_SECONDS = 10
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class WhoisServer:
    """A running server on loopback; use it as a context manager or call `stop`. Raises OSError when the port is taken.

    Faults are those of the route `whois`; what refuses over HTTP is a sentence here. Every question is in the journal,
    with the method WHOIS.
    """

    def __init__(
        self, registry: Registry, faults: Faults, journal: Journal, *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self._server = _Server((host, port), _Handler)
        self._server.registry, self._server.faults, self._server.journal = registry, faults, journal
        self.address: tuple[str, int] = (host, int(self._server.server_address[1]))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="sandbox-whois", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Ends the server; a second call does nothing."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    registry: Registry
    faults: Faults
    journal: Journal

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is not news."""


class _Handler(socketserver.StreamRequestHandler):
    server: _Server
    timeout = _IDLE_SECONDS

    def handle(self) -> None:
        domain = self.rfile.readline(_LONGEST_LINE).decode("utf-8", "replace").strip().lower()
        if not domain:  # somebody looked whether the port is open
            return
        faults = self.server.faults.draw("whois")
        kinds = {fault.kind: fault for fault in faults}
        answer = b"" if kinds.keys() & {"close", "drop_after", "lost"} else self._answer(domain, faults)
        request = Request("WHOIS", HOST, f"/{domain}", domain, {})
        status = 200 if answer else 0
        self.server.journal.add(datetime.now(UTC), "whois", request, Reply(status), right_host=True, sent=bool(answer))
        if late := kinds.get("late"):
            time.sleep(late.options["seconds"])
        if kinds.keys() & {"truncated", "reset"}:
            answer = answer[: len(answer) // 2]
        if slow := kinds.get("slow"):
            for start in range(0, len(answer), slow.options["chunk"]):
                time.sleep(slow.options["seconds"])
                self.wfile.write(answer[start : start + slow.options["chunk"]])
        else:
            self.wfile.write(answer)
        if "reset" in kinds:
            with contextlib.suppress(OSError):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.rfile.close()
                self.connection.close()

    def _answer(self, domain: str, faults: Sequence[Fault]) -> bytes:
        kinds = {fault.kind: fault for fault in faults}
        if kinds.keys() & set(REFUSALS):
            return b"Your query limit has been exceeded. Please try again later.\r\n"
        if "garbage" in kinds or "malformed" in kinds:
            return kinds["garbage"].random.randbytes(600) if "garbage" in kinds else b"<!doctype html><h1>Gateway</h1>"
        entry = self.server.registry.find(domain)
        if entry is None:
            return f'No match found for "{domain}"\r\n'.encode()
        if "redacted" in kinds:
            entry = replace(entry, hidden=True, registrar="Hidden upon user request", name_servers=())
        about = kinds["contradictory"].options["about"] if "contradictory" in kinds else ""
        if about == "dates":
            entry = replace(entry, created=date(2015, 3, 1), expires=date(2011, 3, 1))
        elif about == "far":
            entry = replace(entry, expires=date(9999, 12, 31))
        elif about == "name":
            entry = replace(entry, domain="baska-bir-ad.com.tr")
        text = _text(entry, two_registrars=about == "registrars")
        return text.encode(LATIN5 if entry.latin5 or "latin5" in kinds else "utf-8", "replace")


def _text(entry: Entry, *, two_registrars: bool) -> str:
    """The layout of TRABİS."""
    lock = "The domain is LOCKED to transfer." if entry.locked else "The domain is available for transfer."
    owner = ["   Hidden upon user request"] if entry.hidden else [f"   {entry.owner}", f"   {entry.city}", "   Türkiye"]
    lines = [
        f"** Domain Name: {entry.domain}",
        "Domain Status: Active",
        "Frozen Status: -",
        f"Transfer Status: {lock}",
        "",
        "** Registrant:",
        *owner,
        "",
        "** Registrar:",
        f"NIC Handle\t\t: orn{crc32(entry.registrar.encode()) % 1000}-trabis",
        f"Organization Name\t: {entry.registrar}",
        *(["Organization Name\t: Başka Kayıt Kuruluşu A.Ş."] if two_registrars else []),
        "Address\t\t\t: Örnek Mahallesi, İstanbul,34000,Türkiye",
        "Phone\t\t\t: + 90-212-5550000-",
        "Fax\t\t\t: + 90-212-5550001-",
        "",
        "** Domain Servers:",
        *entry.name_servers,
        "",
        "** Additional Info:",
        f"Created on..............: {_day(entry.created)}",
        f"Expires on..............: {_day(entry.expires)}",
        "",
    ]
    return "\r\n".join(lines) + "\r\n"


def _day(day: date) -> str:
    return f"{day.year}-{_MONTHS[day.month - 1]}-{day.day:02d}."
