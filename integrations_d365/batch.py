"""`$batch` on the wire (fact sheet, section 5): multipart out, multipart in. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from email.policy import HTTP
from typing import Any, Final

_STATUS: Final = re.compile(rb"HTTP/\d\.\d (\d{3})[^\r\n]*\r?\n")
_BOUNDARY: Final = re.compile(r'boundary="?([^";]+)"?')


@dataclass(frozen=True, slots=True)
class Part:
    """One request. `path` is relative to the API's root, already encoded, with its query."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """What came back for a part: its status, its headers (lower case), its JSON, None without one."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def data(self) -> Any:
        try:
            return json.loads(self.text) if self.text.strip() else None
        except ValueError:
            return None


class Malformed(Exception):
    """The answer is no batch, or ends early."""


def encode(parts: Sequence[Part], root: str, boundary: str) -> bytes:
    """The body of a batch. `root` is the absolute path of the API. Every line ends in CRLF, the last one too."""
    lines: list[str] = []
    for part in parts:
        lines += [f"--{boundary}", "Content-Type: application/http", "Content-Transfer-Encoding: binary", ""]
        lines += [f"{part.method} {root}/{part.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in part.headers.items()]
        if part.body is None:
            lines += ["Accept: application/json", "", ""]
        else:
            body = json.dumps(part.body, ensure_ascii=True, allow_nan=False)
            lines += ["Accept: application/json", "Content-Type: application/json; charset=utf-8", "", body]
    lines += [f"--{boundary}--", ""]
    return "\r\n".join(lines).encode("ascii")


def decode(content: bytes, content_type: str, expected: int) -> list[PartAnswer]:
    """The parts of an answer in the order of the requests. Raises Malformed unless there are `expected` whole ones."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise Malformed
    marker = b"--" + found[1].encode("latin-1")
    pieces = content.split(marker)
    if not pieces[-1].startswith(b"--") or len(pieces) - 2 != expected:
        raise Malformed
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> PartAnswer:
    _outer, _blank, message = piece.partition(b"\r\n\r\n")
    status = _STATUS.match(message.lstrip(b"\r\n"))
    if status is None:
        raise Malformed
    rest = message.lstrip(b"\r\n")[status.end() :]
    if rest.startswith(b"\r\n"):
        head, body = b"", rest[2:]
    else:
        head, _blank, body = rest.partition(b"\r\n\r\n")
    headers = {name.lower(): value for name, value in BytesHeaderParser(policy=HTTP).parsebytes(head).items()}
    return PartAnswer(int(status[1]), headers, body.decode("utf-8", "replace").strip())
