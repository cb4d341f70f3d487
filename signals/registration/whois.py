"""Port 43 (RFC 3912) as TRABİS, the registry of `.tr`, speaks it; `.tr` has no RDAP. No layout is published: this one
is known from its answers (mail-dns-signals section 4)."""

from __future__ import annotations

import re
import socket
import time
from datetime import date, datetime
from typing import Final

from signals.outcomes import Reason, Unreadable, excerpt
from signals.registration.facts import NotRegistered, Protocol, Registration, Said, is_redacted, same_name

TRABIS: Final = ("whois.trabis.gov.tr", 43)
TIMEOUT: Final = 10.0  # seconds for the whole exchange
LIMIT: Final = 64 << 10  # octets; an answer has 1 to 2 KiB
_LINES: Final = 500
_PIECE: Final = 4096

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_SERVER = re.compile(r"[A-Za-z0-9.-]{1,253}", re.ASCII)
_DATE = re.compile(r"(\d{4})-([A-Za-z]{3}|\d{1,2})-(\d{1,2})\.?", re.ASCII)
_NO_MATCH = re.compile(r"[\W_]{0,20}no match found for\W{0,5}([^\s\"']{1,255})", re.IGNORECASE)
_REFUSAL = re.compile(
    r"limit (?:has been |is |was )?(?:exceeded|reached)|exceeded .{0,40}limit|rate.?limit|too many|quota"
    r"|access (?:is )?denied|blacklist|blocked",
    re.IGNORECASE,
)


class AnswerTooLong(Exception):
    """More than `LIMIT` octets: no answer of a registry."""


def ask(server: tuple[str, int], name: str, *, timeout: float = TIMEOUT) -> bytes:
    """Everything the server sends for `name` until it closes. `timeout` is in seconds, for all of it but the look-up
    of the server's own name. Raises OSError (TimeoutError included) or AnswerTooLong."""
    deadline = time.monotonic() + timeout
    answer = bytearray()
    with socket.create_connection(server, timeout=timeout) as connection:
        connection.settimeout(_left(deadline))
        connection.sendall(name.encode("ascii") + b"\r\n")
        while True:
            connection.settimeout(_left(deadline))
            piece = connection.recv(_PIECE)
            if not piece:
                return bytes(answer)
            answer += piece
            if len(answer) > LIMIT:
                raise AnswerTooLong


def _left(deadline: float) -> float:
    """Seconds until the deadline; raises TimeoutError after it. Without this a drip of octets would never end."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def parse_whois_server(text: str) -> tuple[str, int] | None:
    """The server of "host[:port]", port 43 unless given; None for "". Raises ValueError with a sentence to show."""
    text = text.strip()
    host, _, port = text.rpartition(":") if ":" in text else (text, "", "43")
    if not text:
        return None
    if not _SERVER.fullmatch(host) or not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise ValueError(f"The server {text!r} must look like host or host:port.")
    return host, int(port)


def decode(answer: bytes) -> str:
    """UTF-8, else Latin-5 (ISO 8859-9), which takes any octets: TRABİS sends both."""
    try:
        return answer.decode("utf-8-sig")
    except UnicodeDecodeError:
        return answer.decode("iso8859-9")


def parse_trabis(text: str, domain: str, *, source: str, at: datetime) -> Registration | NotRegistered:
    """The facts of an answer. Raises Unreadable for a refusal, for an answer about another name, and for anything
    that is no whole answer of TRABİS."""
    lines = [line.strip() for line in text.splitlines()[:_LINES]]
    sections = _sections(lines if text.endswith("\n") else lines[:-1])  # a line without its end may be half of one
    names = [value for heading, value, _ in sections if heading == "domain name"]
    if not names:
        return _no_match(text, lines, domain, source=source, at=at)
    if not all(same_name(name, domain) for name in names):
        raise Unreadable(Reason.MISMATCH)
    if not any(heading == "additional info" and _has_expiry(body) for heading, _, body in sections):
        raise Unreadable(Reason.MALFORMED)  # nothing says how long an answer is: without its last line it was cut
    said = Said()
    for heading, _, body in sections:
        if heading == "domain name":
            _read_states(body, said)
        elif heading == "registrant":
            said.redacted += [("registrant", line) for line in body[:1] if is_redacted(line)]
        elif heading == "registrar":
            _read_registrar(body, said)
        elif heading == "domain servers":
            said.name_servers += [(line.split()[0], line) for line in body]
        elif heading == "additional info":
            _read_dates(body, said)
    return said.weigh(domain, source=source, protocol=Protocol.WHOIS, at=at)


def _no_match(text: str, lines: list[str], domain: str, *, source: str, at: datetime) -> NotRegistered:
    """The answer that says in so many words that nobody has the domain. Raises Unreadable for any other."""
    found = [(line, match[1]) for line in lines if (match := _NO_MATCH.match(line))]
    for line, name in found:
        if same_name(name, domain):
            return NotRegistered(domain=domain, source=source, protocol=Protocol.WHOIS, at=at, excerpt=excerpt(line))
    if _REFUSAL.search(text[:2000]):
        raise Unreadable(Reason.REFUSED)
    raise Unreadable(Reason.MISMATCH if found else Reason.MALFORMED)


def _has_expiry(body: list[str]) -> bool:
    return any(_field(line)[0] == "expires on" for line in body)


def _sections(lines: list[str]) -> list[tuple[str, str, list[str]]]:
    """(heading in lower case, what stands behind it, the lines below that are not blank), for each `** Heading:`."""
    sections: list[tuple[str, str, list[str]]] = []
    for line in lines:
        if line.startswith("**"):
            heading, _, value = line.lstrip("* \t").partition(":")
            sections.append((heading.strip().lower(), value.strip(), []))
        elif line and sections:
            sections[-1][2].append(line)
    return sections


def _field(line: str) -> tuple[str, str]:
    """Key in lower case without its leader of dots or blanks, and value: `Created on....: 2001-Aug-23.`"""
    key, colon, value = line.partition(":")
    return (key.strip().rstrip(". \t").lower(), value.strip()) if colon else ("", "")


def _read_states(body: list[str], said: Said) -> None:
    for line in body:
        key, value = _field(line)
        if key == "domain status" and value.strip("-"):
            said.statuses.append((value, line))
        elif key == "frozen status" and value.strip("-"):
            said.statuses.append(("frozen", line))
        elif key == "transfer status" and "locked" in value.lower():
            said.statuses.append(("transfer locked", line))


def _read_registrar(body: list[str], said: Said) -> None:
    for line in body:
        key, value = _field(line)
        if key != "organization name" or not value:
            continue
        if is_redacted(value):
            said.redacted.append(("registrar", line))
        else:
            said.registrars.append((excerpt(value), line))


def _read_dates(body: list[str], said: Said) -> None:
    for line in body:
        key, value = _field(line)
        if key == "created on":
            said.created.append((_day(value), line))
        elif key == "expires on":
            said.expires.append((_day(value), line))


def _day(text: str) -> date | None:
    """`2001-Aug-23.`; the month may be a number, too."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day = found.groups()
    try:
        return date(int(year), int(month) if month.isdigit() else _MONTHS[month.lower()], int(day))
    except (ValueError, KeyError):
        return None
