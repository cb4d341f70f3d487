"""A DNS server on loopback for invented worlds: UDP and TCP, wildcards, CNAMEs and faults.

It stands for a recursive resolver: it follows CNAMEs inside its world, answers NXDOMAIN or NODATA with an SOA
in the authority section, and truncates what does not fit the client's UDP size. It writes its own messages and
shares no code with the resolver it is asked by.
"""

from __future__ import annotations

import contextlib
import heapq
import json
import random
import select
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any, NamedTuple, Self

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "DS": 43}
_NUMBERS = {number: name for name, number in TYPES.items()}
_NOERROR, _FORMERR, _SERVFAIL, _NXDOMAIN, _REFUSED = 0, 1, 2, 3, 5
_RCODES = {"servfail": _SERVFAIL, "refused": _REFUSED}
_OPT = 41
_EDNS_SIZE = 1232  # octets this server takes and, at most, sends over UDP
_NEGATIVE_TTL = 300  # seconds
_MAX_CHAIN = 16
_CACHED_ANSWERS = 100_000
_BURST = 512  # datagrams read before due answers are sent
_BUFFER = 4 << 20  # octets; the kernel cuts it to its own limit


class Record(NamedTuple):
    """One resource record in presentation form; `strings` splits a TXT value, else it is cut every 255 octets."""

    name: str
    type: str
    value: str
    ttl: int = 300
    strings: tuple[str, ...] = ()


class Fault(NamedTuple):
    """What goes wrong: `kind` is servfail, refused, timeout or truncated; `times` None = always.

    `name` and `type` may be "*"; with `below` set, "*" means that name and everything below it only.
    """

    name: str
    type: str
    kind: str
    times: int | None = None
    below: str = ""


class Reply(NamedTuple):
    """An answer without its id: `wire` is None when the server stays silent; `lasting` = may be cached."""

    wire: bytes | None
    lasting: bool


class World:
    """Records and faults. Without `zones` every other name does not exist; with them, names outside are refused."""

    def __init__(self, records: Iterable[Record], faults: Iterable[Fault] = (), *, zones: Sequence[str] = ()) -> None:
        self._records: dict[str, list[Record]] = {}
        self._parents: set[str] = set()  # names that have something below them
        self._zones = tuple(zone.lower() for zone in zones)
        self._wildcards = False
        for record in records:
            name = record.name.lower().rstrip(".")
            owned = self._records.get(name)
            if owned is not None:
                owned.append(record)
                continue
            self._records[name] = [record]
            self._wildcards = self._wildcards or name.startswith("*.")
            parent = name.partition(".")[2]
            while parent and parent not in self._parents:
                self._parents.add(parent)
                parent = parent.partition(".")[2]
        self._faults = tuple(faults)
        self._fault_names = {fault.name.lower() for fault in self._faults}
        self._hits: dict[tuple[int, str, str], int] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_json(cls, provider_records: Iterable[Mapping[str, Any]], scenario: Mapping[str, Any]) -> Self:
        """The world of one scenario of a `hunter-dns-scenarios/1` file."""
        records = [_record(row) for row in (*provider_records, *scenario["records"])]
        return cls(records, [_fault(row) for row in scenario["faults"]])

    @classmethod
    def from_scenarios(cls, path: Path) -> Self:
        """All worlds of a scenario file in one; a fault of every name is limited to its scenario's domain."""
        data = json.loads(path.read_text(encoding="utf-8"))
        records = {_record(row): None for row in data["provider_records"]}
        faults: list[Fault] = []
        for scenario in data["scenarios"]:
            records.update(dict.fromkeys(map(_record, scenario["records"])))
            faults += [_fault(row)._replace(below=scenario["domain"]) for row in scenario["faults"]]
        return cls(records, faults)

    def fault(self, name: str, rtype: str, *, tcp: bool) -> str | None:
        """The fault this asking meets, counted, or None."""
        if not self._faults or not (name in self._fault_names or "*" in self._fault_names):
            return None
        for number, fault in enumerate(self._faults):
            if fault.type not in ("*", rtype) or (tcp and fault.kind == "truncated"):
                continue
            if fault.name == "*":
                if fault.below and name != fault.below and not name.endswith("." + fault.below):
                    continue
            elif fault.name.lower() != name:
                continue
            with self._lock:
                hits = self._hits[number, name, rtype] = self._hits.get((number, name, rtype), 0) + 1
            if fault.times is None or hits <= fault.times:
                return fault.kind
        return None

    def find(self, name: str) -> list[Record] | None:
        """The records of a name, wildcards included (RFC 4592); [] for an empty node, None when it is missing."""
        owned = self._records.get(name)
        if owned is not None:
            return owned
        if name in self._parents:
            return []
        if self._wildcards:
            encloser = name.partition(".")[2]
            while encloser:
                if encloser in self._parents or encloser in self._records:
                    return self._records.get("*." + encloser)
                encloser = encloser.partition(".")[2]
        return None

    def serves(self, name: str) -> bool:
        """Whether the name lies in one of the zones."""
        return not self._zones or any(name == zone or name.endswith("." + zone) for zone in self._zones)

    def soa_owner(self, name: str) -> str:
        """The name whose SOA stands in a negative answer."""
        owner = ".".join(name.rsplit(".", 2)[-2:])
        return owner if owner in self._records or owner in self._parents else owner.rpartition(".")[2]

    def answer(self, query: bytes, *, tcp: bool) -> Reply:
        """The reply to a query message, without its first two octets."""
        try:
            name, rtype, question_end = _read_question(query)
        except (IndexError, UnicodeDecodeError, struct.error):
            return Reply(_message(query[:12].ljust(12, b"\0"), _FORMERR, b"", [], [], edns=False), False)
        question, size = query[12:question_end], _udp_size(query, question_end)
        edns = size > 0
        section = _Section(name)
        state, lasting = self._collect(name, rtype, section, tcp=tcp)
        if state == "timeout":
            return Reply(None, False)
        if state == "truncated":
            return Reply(_message(query, _NOERROR, question, [], [], edns=edns, truncated=True), lasting)
        if state in _RCODES:
            return Reply(_message(query, _RCODES[state], question, [], [], edns=edns), lasting)
        authority = [section.soa(self.soa_owner(section.end))] if state in ("nodata", "nxdomain") else []
        rcode = _NXDOMAIN if state == "nxdomain" else _NOERROR
        wire = _message(query, rcode, question, section.records, authority, edns=edns)
        if not tcp and len(wire) + 2 > (min(max(size, 512), _EDNS_SIZE) if edns else 512):
            wire = _message(query, _NOERROR, question, [], [], edns=edns, truncated=True)
        return Reply(wire, lasting)

    def _collect(self, name: str, rtype: str, section: _Section, *, tcp: bool) -> tuple[str, bool]:
        """Fills the section along the CNAME chain; the state at its end and whether that never changes."""
        lasting = True
        if not self.serves(name):
            return "refused", True
        for _ in range(_MAX_CHAIN):
            kind = self.fault(name, rtype, tcp=tcp)
            lasting = lasting and not (self._faults and (name in self._fault_names or "*" in self._fault_names))
            if kind is not None:
                return kind, False
            section.end = name
            owned = self.find(name)
            if owned is None:
                return "nxdomain", lasting
            matching = [record for record in owned if record.type == rtype]
            if matching:
                for record in matching:
                    section.add(name, record)
                return "ok", lasting
            alias = next((record for record in owned if record.type == "CNAME"), None)
            if alias is None:
                return "nodata", lasting
            section.add(name, alias)
            name = alias.value.lower().rstrip(".")
            if not self.serves(name):
                return "ok", lasting  # the asker has to go on by itself
        return "servfail", lasting


class _Section:
    """The answer section under construction."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.end = name  # the last name of the chain
        self.records: list[bytes] = []

    def add(self, owner: str, record: Record) -> None:
        data = _rdata(record)
        head = struct.pack("!HHIH", TYPES[record.type], 1, record.ttl, len(data))
        self.records.append((b"\xc0\x0c" if owner == self.name else _name(owner)) + head + data)

    def soa(self, owner: str) -> bytes:
        data = _name("ns." + owner) + _name("hostmaster." + owner)
        data += struct.pack("!5I", 1, 3600, 600, 86400, _NEGATIVE_TTL)
        return _name(owner) + struct.pack("!HHIH", TYPES["SOA"], 1, _NEGATIVE_TTL, len(data)) + data


def _record(row: Mapping[str, Any]) -> Record:
    return Record(row["name"], row["type"], row["value"], row.get("ttl", 300), tuple(row.get("strings", ())))


def _fault(row: Mapping[str, Any]) -> Fault:
    return Fault(row["name"], row["type"], row["fault"], row.get("times"))


def _name(name: str) -> bytes:
    name = name.rstrip(".")
    if not name:
        return b"\0"
    return b"".join([bytes((len(label),)) + label for label in name.encode("ascii").split(b".")]) + b"\0"


def _rdata(record: Record) -> bytes:
    kind, value = record.type, record.value
    if kind == "TXT":
        octets = value.encode()
        strings = [text.encode() for text in record.strings] or [
            octets[start : start + 255] for start in range(0, len(octets) or 1, 255)
        ]
        return b"".join([bytes((len(text),)) + text for text in strings])
    if kind == "MX":
        preference, host = value.split()
        return int(preference).to_bytes(2, "big") + _name(host)
    if kind == "A":
        return IPv4Address(value).packed
    if kind == "AAAA":
        return IPv6Address(value).packed
    if kind == "SRV":
        priority, weight, port, target = value.split()
        return struct.pack("!3H", int(priority), int(weight), int(port)) + _name(target)
    if kind == "DS":
        tag, algorithm, digest_type, digest = value.split()
        return struct.pack("!HBB", int(tag), int(algorithm), int(digest_type)) + bytes.fromhex(digest)
    return _name(value)


def _read_question(query: bytes) -> tuple[str, str, int]:
    position, labels = 12, []
    while length := query[position]:
        labels.append(query[position + 1 : position + 1 + length])
        position += length + 1
    rtype, _ = struct.unpack_from("!HH", query, position + 1)
    return b".".join(labels).decode("ascii").lower(), _NUMBERS.get(rtype, str(rtype)), position + 5


def _udp_size(query: bytes, position: int) -> int:
    """The UDP size of the client's OPT record (RFC 6891), 0 without one."""
    if len(query) >= position + 11 and query[10:12] != b"\0\0" and query[position : position + 3] == b"\0\0\x29":
        return max(512, int.from_bytes(query[position + 3 : position + 5], "big"))
    return 0


def _message(
    query: bytes,
    rcode: int,
    question: bytes,
    answers: list[bytes],
    authority: list[bytes],
    *,
    edns: bool,
    truncated: bool = False,
) -> bytes:
    flags = bytes((0x80 | (query[2] & 0x01) | (0x02 if truncated else 0), 0x80 | rcode))
    counts = struct.pack("!4H", 1 if question else 0, len(answers), len(authority), 1 if edns else 0)
    opt = b"\0" + struct.pack("!HHIH", _OPT, _EDNS_SIZE, 0, 0) if edns else b""
    return b"".join([flags, counts, question, *answers, *authority, opt])


class Server:
    """A running server. `port` serves UDP and TCP; `answered` counts UDP replies."""

    def __init__(
        self,
        world: World,
        host: str,
        port: int,
        latency_ms: tuple[float, float],
        loss: float,
        servfail: float,
        seed: int,
    ) -> None:
        self._world = world
        self._latency = (latency_ms[0] / 1000, (latency_ms[1] - latency_ms[0]) / 1000)
        self._loss, self._servfail = loss, servfail
        self._random = random.Random(seed)
        self._cache: dict[bytes, bytes] = {}
        self._stopped = False
        self.answered = 0
        self._udp, self._tcp = _bind(world, host, port)
        self.host, self.port = host, int(self._udp.getsockname()[1])
        self._threads = [
            threading.Thread(target=work, name=f"sandbox-dns-{name}", daemon=True)
            for name, work in (("udp", self._serve_udp), ("tcp", lambda: self._tcp.serve_forever(0.1)))
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends both threads and closes both sockets; a second call does nothing."""
        if self._stopped:
            return
        self._stopped = True
        with contextlib.suppress(OSError):
            self._udp.sendto(b"", self._udp.getsockname())
        self._tcp.shutdown()
        for thread in self._threads:
            thread.join()
        self._tcp.server_close()
        self._udp.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _reply(self, query: bytes) -> bytes | None:
        """The message to send back. Answers without faults are kept by everything in the query but its id."""
        if self._loss and self._random.random() < self._loss:
            return None
        if self._servfail and self._random.random() < self._servfail:
            return query[:2] + bytes((query[2] | 0x80, 0x80 | _SERVFAIL)) + query[4:]
        key = query[2:]
        cached = self._cache.get(key)
        if cached is None:
            wire, lasting = self._world.answer(query, tcp=False)
            if wire is None:
                return None
            if lasting:
                if len(self._cache) >= _CACHED_ANSWERS:
                    self._cache.clear()
                self._cache[key] = wire
            cached = wire
        return query[:2] + cached

    def _serve_udp(self) -> None:
        receive, send, reply = self._udp.recvfrom, self._udp.sendto, self._reply
        base, spread = self._latency
        delayed = bool(base or spread)
        waiting: list[tuple[float, int, bytes, Any]] = []
        number = 0
        while not self._stopped:
            pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
            select.select([self._udp], [], [], pause)
            with contextlib.suppress(BlockingIOError, ConnectionError):
                for _ in range(_BURST):
                    query, client = receive(4096)
                    message = reply(query) if len(query) > 12 else None
                    if message is None:
                        continue
                    number += 1
                    if delayed:
                        due = time.monotonic() + base + spread * self._random.random()
                        heapq.heappush(waiting, (due, number, message, client))
                    else:
                        send(message, client)
            now = time.monotonic()
            while waiting and waiting[0][0] <= now:
                _, _, message, client = heapq.heappop(waiting)
                with contextlib.suppress(BlockingIOError):
                    send(message, client)
            self.answered = number


class _TcpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    answer: Callable[[bytes], bytes | None]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is not news."""


class _TcpHandler(socketserver.StreamRequestHandler):
    server: _TcpServer
    timeout = 10

    def handle(self) -> None:
        """Messages with two octets of length before each (RFC 7766), until the client closes."""
        while len(length := self.rfile.read(2)) == 2:
            message = self.server.answer(self.rfile.read(int.from_bytes(length, "big")))
            if message is None:
                return
            self.wfile.write(len(message).to_bytes(2, "big") + message)


def _bind(world: World, host: str, port: int) -> tuple[socket.socket, _TcpServer]:
    """A UDP socket and a TCP server on the same port; raises OSError when a given port is taken."""

    def answer(query: bytes) -> bytes | None:
        wire = world.answer(query, tcp=True).wire
        return None if wire is None else query[:2] + wire

    for attempt in range(20):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            udp.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
        try:
            udp.bind((host, port))
            tcp = _TcpServer((host, udp.getsockname()[1]), _TcpHandler)
        except OSError:
            udp.close()
            if port or attempt == 19:
                raise
            continue
        tcp.answer = answer
        return udp, tcp
    raise AssertionError("unreachable")


def serve(
    world: World,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    latency_ms: tuple[float, float] = (0, 0),
    loss: float = 0.0,
    servfail: float = 0.0,
    seed: int = 0,
) -> Server:
    """Starts serving in two threads and returns at once.

    `latency_ms`: shortest and longest delay of a UDP answer. `loss` and `servfail`: shares (0 to 1) of UDP
    queries that get no answer or SERVFAIL, drawn with `seed`. Raises OSError when the port is taken.
    """
    return Server(world, host, port, latency_ms, loss, servfail, seed)
