"""One HTTP exchange of the sandbox: what was asked, and what is answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a service sees it: `host` and `path` are the ones of the real world, without the sandbox's prefix.

    `headers` have lower-case names; `query` holds the decoded pairs in their order; `target` is the path with its
    query as it came; `origin` is what a browser has to put before an absolute path to come back to this host.
    """

    method: str
    host: str
    path: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    origin: str = ""
    query: tuple[tuple[str, str], ...] = ()

    @property
    def options(self) -> dict[str, str]:
        """The query as a mapping; the last of several equal names counts."""
        return dict(self.query)

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form body; empty for any other content."""
        if not self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return {}
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def bearer(self) -> str:
        """The bearer token, or an empty string."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""


@dataclass(slots=True)
class Reply:
    """An answer before the server frames it; Content-Length and Date are the server's business."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def json_reply(content: Any, status: int = 200, **headers: str) -> Reply:
    """`content` as a JSON answer; `headers` are written with underscores for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps(content, ensure_ascii=False).encode()
    return Reply(status, body, {"Content-Type": "application/json; charset=utf-8", **named})


def html_reply(page: str, status: int = 200) -> Reply:
    return Reply(status, page.encode(), {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"})
