"""The multipart format of `$batch` (fact sheet, section 5): strict about line ends, as the service is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email.message import Message
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import uuid4

from sandbox.dynamics import errors
from sandbox.exchange import Reply, Request

MOST_PARTS = 1000
_REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    304: "Not Modified",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    412: "Precondition Failed",
    429: "Too Many Requests",
    500: "Internal Server Error",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch; `content_id` is empty outside of a change set."""

    request: Request
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Parts that succeed or fail together."""

    parts: tuple[Part, ...]


def read(request: Request) -> list[Part | ChangeSet]:
    """What a batch asks for; raises Refused for a malformed or an overlong one."""
    boundary = _boundary(request.headers.get("content-type", ""))
    items: list[Part | ChangeSet] = []
    count = 0
    for headers, content in _pieces(request.body, boundary):
        kind = headers.get("content-type", "")
        item: Part | ChangeSet
        if kind.lower().startswith("multipart/mixed"):
            pieces = _pieces(content + b"\r\n", _boundary(kind))
            item = ChangeSet(tuple(_part(request, inner, text) for inner, text in pieces))
            count += len(item.parts)
            if any(part.request.method == "GET" for part in item.parts):
                raise errors.Refused(400, "0x80048d19", "A GET operation is not allowed in a change set.")
        else:
            item = _part(request, headers, content)
            count += 1
        items.append(item)
    if count > MOST_PARTS:
        raise errors.Refused(
            400, "0x80048d19", f"The batch request holds {count} operations; the maximum number is {MOST_PARTS}."
        )
    return items


def write(replies: Sequence[tuple[Reply, str] | Sequence[tuple[Reply, str]]], status: int = 200) -> Reply:
    """The answer: each reply with its Content-ID, the replies of a change set as a list of their own."""
    boundary = f"batchresponse_{uuid4()}"
    pieces = []
    for item in replies:
        if isinstance(item, tuple):
            pieces.append(_written(*item))
            continue
        inner = f"changesetresponse_{uuid4()}"
        parts = b"".join(b"--%s\r\n%s\r\n" % (inner.encode(), _written(*pair)) for pair in item)
        head = f"Content-Type: multipart/mixed; boundary={inner}\r\n\r\n".encode()
        pieces.append(head + parts + f"--{inner}--".encode())
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), piece) for piece in pieces)
    body += f"--{boundary}--\r\n".encode()
    return Reply(status, body, {"Content-Type": f"multipart/mixed; boundary={boundary}"})


def _unreadable() -> errors.Refused:
    return errors.payload("Stream was not readable.")


def _boundary(content_type: str) -> str:
    message = Message()
    message["content-type"] = content_type
    boundary = message.get_boundary()
    if message.get_content_type() != "multipart/mixed" or not boundary:
        raise errors.Refused(
            400, "0x80048d19", f"Invalid Content-Type '{content_type}': a batch is multipart/mixed with a boundary."
        )
    return boundary


def _pieces(body: bytes, boundary: str) -> list[tuple[dict[str, str], bytes]]:
    """Headers and content between the delimiters; the last line ends with CRLF too."""
    delimiter = b"--" + boundary.encode()
    head, *pieces = (b"\r\n" + body).split(b"\r\n" + delimiter)
    if not pieces or head.strip() or not re.fullmatch(rb"--(\r\n)+", pieces[-1]):
        raise _unreadable()
    found = []
    for piece in pieces[:-1]:
        if not piece.startswith(b"\r\n"):
            raise _unreadable()
        found.append(_headed(piece[2:]))
    return found


def _headed(text: bytes) -> tuple[dict[str, str], bytes]:
    """Header lines, a blank line, content. A bare line feed among the headers is no line end."""
    head, blank, content = text.partition(b"\r\n\r\n")
    if not blank or re.search(rb"(?<!\r)\n", head):
        raise _unreadable()
    headers = {}
    for line in head.decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon:
            raise _unreadable()
        headers[name.strip().lower()] = value.strip()
    return headers, content


def _part(outer: Request, headers: dict[str, str], content: bytes) -> Part:
    if not headers.get("content-type", "").lower().startswith("application/http"):
        raise errors.Refused(400, "0x80048d19", "A part of a batch has the Content-Type application/http.")
    line, end, rest = content.partition(b"\r\n")
    words = line.decode("latin-1").split(" ")
    if not end or len(words) != 3 or not words[2].startswith("HTTP/"):
        raise _unreadable()
    own: dict[str, str] = {}
    body = rest[2:]
    if rest.strip() and not rest.startswith(b"\r\n"):
        own, body = _headed(rest if b"\r\n\r\n" in rest else rest.rstrip(b"\r\n") + b"\r\n\r\n")
    url = urlsplit(words[1])
    path = unquote(url.path)
    if path.startswith(f"{outer.origin}/"):
        path = path.removeprefix(outer.origin)
    elif not path.startswith(("/", "$")):
        path = f"{outer.path.removesuffix('$batch')}{path}"
    request = Request(
        words[0],
        outer.host,
        path,
        words[1],
        {**own, "host": outer.headers.get("host", "")},
        body.rstrip(b"\r\n"),
        outer.origin,
        tuple(parse_qsl(url.query, keep_blank_values=True)),
    )
    return Part(request, headers.get("content-id", ""))


def _written(reply: Reply, content_id: str) -> bytes:
    """A reply as a piece: its own headers, a blank line, the full HTTP message."""
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id:
        lines.append(f"Content-ID: {content_id}")
    headers = {**reply.headers, "OData-Version": "4.0"}
    lines += ["", f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace") + reply.body


def referring(part: Part, made: dict[str, str]) -> Part:
    """The part with `$1` in its address and its bindings replaced by the address that part 1 was given."""
    request = part.request
    path, body = request.path, request.body
    for content_id, url in made.items():
        if not content_id or not url:
            continue
        name = f"${content_id}"
        if path.rpartition("/")[2] == name:
            path = unquote(urlsplit(url).path).removeprefix(request.origin)
        body = body.replace(f'"{name}"'.encode(), f'"{url}"'.encode())
    return replace(part, request=replace(request, path=path, body=body))
