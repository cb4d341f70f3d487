"""DNS messages (RFC 1035 section 4): builds queries and reads answers, nothing else.

The parser reads what one question needs: the CNAME chain, the records at its end, and for a negative
answer the SOA and OPT records. Whatever is malformed raises `WireError`; no input can make it loop,
because a compression pointer may only point before the name it belongs to.
"""

from __future__ import annotations

import re
import string
import struct
from collections.abc import Callable, Iterable
from functools import lru_cache
from socket import AF_INET6, inet_ntoa, inet_ntop
from typing import NamedTuple

TYPES = {
    "A": 1,
    "NS": 2,
    "CNAME": 5,
    "SOA": 6,
    "MX": 15,
    "TXT": 16,
    "AAAA": 28,
    "SRV": 33,
    "DS": 43,
    "TLSA": 52,
    "CAA": 257,
}
HEADER = 12  # octets before the question
MAX_NAME = 255  # octets on the wire, RFC 1035 section 2.3.4
MAX_LABEL = 63
MAX_CHAIN = 16  # CNAME records followed for one question

NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 0, 1, 2, 3, 4, 5

_CNAME, _SOA, _NS, _TXT, _OPT, _IN = TYPES["CNAME"], TYPES["SOA"], TYPES["NS"], TYPES["TXT"], 41, 1
_RECORD = struct.Struct("!HHIH")  # type, class, TTL, length of the data
_SOA_NUMBERS = struct.Struct("!5I")
_SRV_NUMBERS = struct.Struct("!3H")
_LENGTH = [bytes((octet,)) for octet in range(MAX_LABEL + 1)]
# Recursion desired; one question, with or without one additional record.
_PLAIN_HEADER = b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
_EDNS_HEADER = b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01"
# EDNS0 (RFC 6891) with 1232 octets: no answer is ever fragmented on the way.
_EDNS = b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"
_QUESTION_POINTER = 0xC000 | HEADER
_AA, _RA = 0x04, 0x80  # in the first and the second octet of the flags

_SAFE = (string.ascii_lowercase + string.digits + "-_*/").encode()
_PLAIN = _SAFE + b"."
_PLAIN_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_ODD = re.compile(rb"[^" + re.escape(_SAFE) + rb"]")
_ESCAPE = re.compile(rb"\\(?:([0-9]{3})|(.))", re.DOTALL)


class WireError(ValueError):
    """A message, or a name, that breaks the format."""


class Answer(NamedTuple):
    """What one message says: `status` is ok, nodata, nxdomain, servfail (the server did not really answer),
    bad (a CNAME loop) or cname (the chain leaves the message at `cnames[-1]`); `ttl` in seconds."""

    status: str
    values: tuple[str, ...] = ()
    cnames: tuple[str, ...] = ()
    ttl: int | None = None


class Question(NamedTuple):
    """A question: the name as `read_name` writes it, the type number, and its wire form."""

    name: str
    type: int
    wire: bytes


def encode_name(name: str) -> bytes:
    """Lower-case wire form of a name of A-labels; `\\DDD` and `\\X` escapes as in RFC 1035 section 5.1.

    Raises `WireError` for an empty, overlong or non-ASCII name or label.
    """
    if name == ".":
        return b"\0"
    try:
        raw = name.encode("ascii").lower()
    except UnicodeEncodeError as error:
        raise WireError("name is not ASCII") from error
    labels = raw.split(b".") if b"\\" not in raw else _escaped_labels(raw)
    if not labels[-1] and len(labels) > 1:
        labels.pop()
    if not all(labels):
        raise WireError("empty label")
    try:
        wire = b"".join([_LENGTH[len(label)] + label for label in labels]) + b"\0"
    except IndexError:
        raise WireError("label is longer than 63 octets") from None
    if len(wire) > MAX_NAME:
        raise WireError("name is longer than 255 octets")
    return wire


def _escaped_labels(raw: bytes) -> list[bytes]:
    labels = [b""]
    position = 0
    while position < len(raw):
        octet = raw[position : position + 1]
        position += 1
        if octet == b".":
            labels.append(b"")
            continue
        if octet == b"\\":
            escape = _ESCAPE.match(raw, position - 1)
            if escape is None or (escape[1] and int(escape[1]) > 255):
                raise WireError("bad escape")
            octet = bytes((int(escape[1]),)).lower() if escape[1] else escape[2]
            position = escape.end()
        labels[-1] += octet
    return labels


def encode_question(name: str, rtype: int) -> Question:
    """The question for `name` and the type number, class IN. Raises `WireError`."""
    label, _, parent = name.partition(".")
    canonical, wire = "", b""
    if parent and parent[0] != "." and _PLAIN_LABEL.fullmatch(label):  # most names are one label below a known one
        canonical, wire = _encoded(parent)
        canonical, wire = f"{label}.{canonical}", _LENGTH[len(label)] + label.encode("ascii") + wire
    if not 0 < len(wire) <= MAX_NAME:
        canonical, wire = _encoded(name)
    return Question(canonical, rtype, wire + rtype.to_bytes(2, "big") + b"\0\1")


@lru_cache(maxsize=4096)
def _encoded(name: str) -> tuple[str, bytes]:
    """The name as `read_name` writes it, and its wire form."""
    wire = encode_name(name)
    if name.encode("ascii").translate(None, _PLAIN) or name[-1] == ".":
        name = read_name(bytes(HEADER) + wire, HEADER)[0]
    return name, wire


def build_query(query_id: int, question: bytes, *, edns: bool = True) -> bytes:
    """A recursive query, with EDNS0 of 1232 octets unless `edns` is False."""
    if edns:
        return query_id.to_bytes(2, "big") + _EDNS_HEADER + question + _EDNS
    return query_id.to_bytes(2, "big") + _PLAIN_HEADER + question


def read_name(data: bytes, position: int) -> tuple[str, int]:
    """The name at `position` and where the message goes on: lower case, no trailing dot, "." for the root,
    every octet but letters, digits and `-_*/` as `\\DDD`. Raises `WireError`."""
    labels = []
    size = 1
    limit = position  # pointers must go below this: the start of the name, then of the part pointed to
    after = 0
    try:
        while length := data[position]:
            if length <= MAX_LABEL:
                position += 1
                label = data[position : position + length]
                position += length
                labels.append(label)
                size += length + 1
                if size > MAX_NAME or len(label) != length:
                    raise WireError("name is overlong or cut")
            elif length >= 0xC0:
                target = (length & 0x3F) << 8 | data[position + 1]
                after = after or position + 2
                if target >= limit or target < HEADER:
                    raise WireError("compression pointer does not point back")
                position = limit = target
            else:
                raise WireError("unknown label type")
    except IndexError:
        raise WireError("name is cut") from None
    raw = b".".join(labels).lower()
    if len(raw.translate(None, _SAFE)) > len(labels) - 1:
        raw = b".".join([_ODD.sub(_decimal, label.lower()) for label in labels])
    return raw.decode("ascii") or ".", after or position + 1


def _decimal(octet: re.Match[bytes]) -> bytes:
    return b"\\%03d" % ord(octet[0])


def parse_answer(data: bytes, question: Question) -> Answer:
    """What `data`, a NOERROR or NXDOMAIN message that echoes `question`, says about its name.

    Records that do not belong to the chain of `name` are ignored. Raises `WireError`.
    """
    try:
        return _parse(data, question.name, HEADER + len(question.wire), question.type)
    except (struct.error, IndexError):
        raise WireError("message is cut") from None


def _parse(data: bytes, name: str, position: int, rtype: int) -> Answer:
    answers = data[6] << 8 | data[7]
    missing = data[3] & 15 == NXDOMAIN
    if not answers:
        return _negative(data, position, name, missing, (), None)
    wanted: dict[str, list[tuple[int, int, int]]] = {}  # owner: (start, length, TTL) of the data
    aliases: dict[str, tuple[str, int]] = {}  # owner: target and TTL
    size = len(data)
    for _ in range(answers):
        if data[position] << 8 | data[position + 1] == _QUESTION_POINTER:
            owner, position = name, position + 2
        else:
            owner, position = read_name(data, position)
        kind, group, ttl, length = _RECORD.unpack_from(data, position)
        start = position + 10
        position = start + length
        if position > size:
            raise WireError("record is cut")
        if group != _IN:
            continue
        if ttl > 0x7FFFFFFF:  # RFC 2181 section 8
            ttl = 0
        if kind == rtype:
            wanted.setdefault(owner, []).append((start, length, ttl))
        elif kind == _CNAME:
            aliases.setdefault(owner, (_target(data, start, length), ttl))
    if name in wanted:
        return _positive(data, wanted[name], rtype, (), missing)
    return _through_chain(data, position, name, rtype, wanted, aliases)


def _through_chain(
    data: bytes,
    position: int,
    name: str,
    rtype: int,
    wanted: dict[str, list[tuple[int, int, int]]],
    aliases: dict[str, tuple[str, int]],
) -> Answer:
    cnames: list[str] = []
    ttl: int | None = None
    end = name
    while end not in wanted and end in aliases:
        end, alias_ttl = aliases[end]
        ttl = alias_ttl if ttl is None else min(ttl, alias_ttl)
        if end == name or end in cnames or len(cnames) == MAX_CHAIN:
            return Answer("bad", (), tuple(cnames))
        cnames.append(end)
    missing = data[3] & 15 == NXDOMAIN
    if end in wanted:
        answer = _positive(data, wanted[end], rtype, tuple(cnames), missing)
        return answer._replace(ttl=min(answer.ttl or 0, ttl or 0))
    return _negative(data, position, end, missing, tuple(cnames), ttl)


def _positive(
    data: bytes, spans: list[tuple[int, int, int]], rtype: int, cnames: tuple[str, ...], missing: bool
) -> Answer:
    if missing:
        raise WireError("NXDOMAIN with records of the name")
    if rtype == _TXT:
        # Equal texts in other strings are other records; equal data is one record sent twice (RFC 2181 section 5).
        unique: Iterable[bytes] = dict.fromkeys([data[start : start + length] for start, length, _ in spans])
        values = tuple([read_text(rdata) for rdata in unique])
    else:
        decode = _DECODERS[rtype]
        values = tuple([decode(data, start, length) for start, length, _ in spans])
        if len(values) > 1:
            values = tuple(dict.fromkeys(values))
    return Answer("ok", values, cnames, min([ttl for _, _, ttl in spans]))


def _negative(data: bytes, position: int, name: str, missing: bool, cnames: tuple[str, ...], ttl: int | None) -> Answer:
    """No record at the end of the chain: NXDOMAIN, NODATA (RFC 2308), a referral, or a chain that goes on."""
    authorities = data[8] << 8 | data[9]
    records = authorities + (data[10] << 8 | data[11])
    if not (data[2] & _AA or data[3] & _RA):
        # Neither an authority nor a resolver: a lame server, which knows nothing (a referral looks like that, too).
        return Answer("servfail")
    minimum: int | None = None
    for number in range(records):
        if number < authorities:
            owner, position = read_name(data, position)
        else:
            owner, position = "", _skip_name(data, position)
        kind, _, record_ttl, length = _RECORD.unpack_from(data, position)
        position += 10 + length
        if position > len(data):
            raise WireError("record is cut")
        if kind == _OPT and record_ttl >> 24:  # the upper bits of the rcode (RFC 6891 section 6.1.3)
            return Answer("servfail")
        if number >= authorities:
            continue
        if kind == _SOA and _is_at_or_above(owner, name):
            if length < 22:  # two root names and five numbers
                raise WireError("SOA is cut")
            minimum = min(record_ttl, int.from_bytes(data[position - 4 : position], "big"))
    if minimum is not None:
        ttl = minimum if ttl is None else min(ttl, minimum)
    elif cnames and not missing:
        return Answer("cname", (), cnames, ttl)
    else:
        ttl = None  # without an SOA nobody says for how long the absence holds (RFC 2308 section 5)
    return Answer("nxdomain" if missing else "nodata", (), cnames, ttl)


def _skip_name(data: bytes, position: int) -> int:
    while length := data[position]:
        if length >= 0xC0:
            return position + 2
        position += length + 1
    return position + 1


def _is_at_or_above(zone: str, name: str) -> bool:
    return zone in (".", name) or name.endswith("." + zone)


def read_text(rdata: bytes) -> str:
    """The strings of a TXT record joined with nothing between (RFC 7208 section 3.3); UTF-8, else Latin-1.

    NUL becomes U+FFFD: no database column takes it. Raises `WireError`.
    """
    size = len(rdata)
    if size and rdata[0] == size - 1:
        text = rdata[1:]
    else:
        strings = []
        position = 0
        while position < size:
            end = position + 1 + rdata[position]
            strings.append(rdata[position + 1 : end])
            position = end
        if position != size or not size:
            raise WireError("text is cut")
        text = b"".join(strings)
    return _readable(text)


def _readable(octets: bytes) -> str:
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = octets.decode("latin-1")
    return text.replace("\0", "\ufffd")


def _target(data: bytes, start: int, length: int) -> str:
    name, end = read_name(data, start)
    if end != start + length:
        raise WireError("data and its length disagree")
    return name


def _address4(data: bytes, start: int, length: int) -> str:
    if length != 4:
        raise WireError("not an IPv4 address")
    return inet_ntoa(data[start : start + 4])


def _address6(data: bytes, start: int, length: int) -> str:
    if length != 16:
        raise WireError("not an IPv6 address")
    return inet_ntop(AF_INET6, data[start : start + 16])


def _mx(data: bytes, start: int, length: int) -> str:
    return f"{data[start] << 8 | data[start + 1]} {_target(data, start + 2, length - 2)}"


def _srv(data: bytes, start: int, length: int) -> str:
    priority, weight, port = _SRV_NUMBERS.unpack_from(data, start)
    return f"{priority} {weight} {port} {_target(data, start + 6, length - 6)}"


def _soa(data: bytes, start: int, length: int) -> str:
    primary, position = read_name(data, start)
    mailbox, position = read_name(data, position)
    if position + _SOA_NUMBERS.size != start + length:
        raise WireError("data and its length disagree")
    return " ".join([primary, mailbox, *map(str, _SOA_NUMBERS.unpack_from(data, position))])


def _ds(data: bytes, start: int, length: int) -> str:
    if length < 5:
        raise WireError("DS is cut")
    key_tag = data[start] << 8 | data[start + 1]
    return f"{key_tag} {data[start + 2]} {data[start + 3]} {data[start + 4 : start + length].hex()}"


def _tlsa(data: bytes, start: int, length: int) -> str:
    if length < 4:
        raise WireError("TLSA is cut")
    return f"{data[start]} {data[start + 1]} {data[start + 2]} {data[start + 3 : start + length].hex()}"


def _caa(data: bytes, start: int, length: int) -> str:
    if length < 2 or not 0 < data[start + 1] <= length - 2:
        raise WireError("CAA is cut")
    split = start + 2 + data[start + 1]
    tag = _ODD.sub(_decimal, data[start + 2 : split].lower()).decode("ascii")
    value = _readable(data[split : start + length]).replace("\\", "\\\\").replace('"', '\\"')
    return f'{data[start]} {tag} "{value}"'


_DECODERS: dict[int, Callable[[bytes, int, int], str]] = {
    TYPES["A"]: _address4,
    TYPES["AAAA"]: _address6,
    TYPES["CNAME"]: _target,
    TYPES["NS"]: _target,
    TYPES["MX"]: _mx,
    TYPES["SRV"]: _srv,
    TYPES["SOA"]: _soa,
    TYPES["DS"]: _ds,
    TYPES["TLSA"]: _tlsa,
    TYPES["CAA"]: _caa,
}
