"""What the sandbox was asked: every request, without tokens, so that tests can look at them."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sandbox.exchange import Reply, Request

_KEPT = 10_000
_TELLING_FIELDS = ("grant_type", "client_id", "scope")  # of a form; every other field may be a secret

_REQUEST_IDS = ("request-id", "x-ms-service-request-id", "x-ms-request-id")


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `status` 0 = the connection was closed without an answer.

    `host` is the host that was asked for, `right_host` whether the sandbox plays it. `headers` have lower-case
    names; Authorization is reduced to its scheme and the first 12 hex digits of the token's SHA-256. `form` holds
    the fields of a token request that are no secrets.
    """

    time: datetime
    route: str
    method: str
    host: str
    right_host: bool
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    form: Mapping[str, str]
    status: int
    client_request_id: str
    request_id: str

    @property
    def options(self) -> dict[str, str]:
        """The query as a mapping."""
        return dict(self.query)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"time": self.time.isoformat()}


class Journal:
    """The last 10,000 entries, oldest first; safe to use from any thread."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()

    def add(self, time: datetime, route: str, request: Request, reply: Reply, *, right_host: bool, sent: bool) -> None:
        headers = dict(request.headers)
        if "authorization" in headers:
            headers["authorization"] = fingerprint(headers["authorization"])
        headers.pop("cookie", None)
        form = request.form
        answered = {name.lower(): value for name, value in reply.headers.items()}
        entry = Entry(
            time=time,
            route=route,
            method=request.method,
            host=request.host,
            right_host=right_host,
            path=request.path,
            query=request.query,
            headers=headers,
            form={name: form[name] for name in _TELLING_FIELDS if name in form},
            status=reply.status if sent else 0,
            client_request_id=headers.get("client-request-id") or headers.get("x-ms-client-request-id", ""),
            request_id=next((answered[name] for name in _REQUEST_IDS if name in answered), ""),
        )
        with self._lock:
            self._entries.append(entry)

    def requests(self, route: str | None = None) -> list[Entry]:
        """The entries of one route, or all of them."""
        with self._lock:
            entries = list(self._entries)
        return entries if route is None else [entry for entry in entries if entry.route == route]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


def fingerprint(authorization: str) -> str:
    """An Authorization header without its secret: equal tokens stay recognisable."""
    scheme, _, token = authorization.partition(" ")
    return f"{scheme} … {hashlib.sha256(token.encode()).hexdigest()[:12]}"
