"""One session per foreign system: time-outs, bounded repeats, bearer, and every outcome an answer or an error."""

from __future__ import annotations

import logging
import os
import random
import re
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from json import dumps, loads
from time import monotonic, sleep
from typing import Any, Final, NotRequired, TypedDict
from urllib.parse import quote, unquote, urlsplit
from uuid import uuid4

import requests
import urllib3
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict

from outbound.errors import (
    AuthFailed,
    Category,
    Misconfigured,
    NetworkFailed,
    OutboundError,
    Rejected,
    ServerFailed,
    error_class,
    network_code,
)
from outbound.sandbox import new_http

logger = logging.getLogger("outbound")

TokenProvider = Callable[[bool], str]  # the argument True = the last bearer was refused, get a fresh one

_REPEATABLE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_REQUEST_ID_HEADERS: Final = ("request-id", "x-ms-request-id", "x-ms-service-request-id")
_SECONDS = re.compile(r"\d+(\.\d+)?", re.ASCII)
_CHUNK = 64 << 10  # octets
_DIGITS = 4_000  # Python converts no more than 4,300
_INNER_ERRORS = 10  # deeper nesting is not looked into


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Seconds, except `attempts` and `max_bytes`. Worst case of one request: attempts x total_timeout and the waits."""

    connect_timeout: float = 5.0
    read_timeout: float = 30.0  # between two pieces of an answer
    total_timeout: float = 90.0  # one attempt, to the last octet of its answer: against slow drips
    attempts: int = 4
    backoff_base: float = 0.5
    backoff_cap: float = 8.0
    longest_wait: float = 10.0  # a longer Retry-After is not slept here but raised
    max_bytes: int = 64 << 20  # after decompression


@dataclass(frozen=True)
class Answer:
    """A 2xx: `data` is the JSON with numbers as int or Decimal, None for an empty body, octets for a multipart one;
    headers ignore case."""

    status: int
    data: Any
    headers: Mapping[str, str]
    request_id: str
    client_request_id: str


@dataclass(frozen=True)
class Attempt:
    """One request that was sent, for a ledger; `status` None = no answer. `path` is without query."""

    method: str
    path: str
    status: int | None
    client_request_id: str
    request_id: str
    seconds: float


@dataclass(frozen=True)
class RemoteError:
    """What an error body says: `category` outranks the status unless None; `final` = no repeat, no fresh bearer;
    `said` = words of the remote side that people may see."""

    code: str = ""
    category: Category | None = None
    final: bool = False
    said: str = ""


def read_odata_error(status: int, body: str) -> RemoteError:
    """The outermost code of {"error":{"code","innerError"|"innererror":{…}}}, of {"error":"code"} or of {"code"};
    "" for anything else."""
    try:
        found = loads(body)
    except (ValueError, RecursionError):
        return RemoteError()
    if isinstance(found, dict) and found.get("error"):
        found = found["error"]
    for _ in range(_INNER_ERRORS):
        if not isinstance(found, dict) or found.get("code"):
            break
        found = found.get("innerError") or found.get("innererror")
    code = found.get("code") if isinstance(found, dict) else found
    return RemoteError(str(code) if isinstance(code, str | int) else "")


class BearerAuth(AuthBase):
    """Attaches the bearer to requests for the scheme, host and port of `base_url`, and to no other."""

    def __init__(self, bearer: str, base_url: str) -> None:
        self._bearer = bearer
        self._origin = _origin(base_url)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._bearer and _origin(request.url or "") == self._origin:
            request.headers["Authorization"] = f"Bearer {self._bearer}"
        return request


@dataclass(frozen=True)
class _Call:
    method: str
    url: str  # with query
    path: str
    body: bytes | None
    headers: Mapping[str, str]
    repeatable: bool


class OutboundSession:
    """Requests to one system. Use it from one thread; after a fork each process opens its own connections.

    `token` gives the bearer for every attempt, None = none is sent. `read_error(status, body)` reads the system's
    error bodies. `note` gets every attempt that was sent, `request_id_header` carries its id. Raises Misconfigured
    when `base_url` is not https, and ValueError when `sandbox_url` is not on this machine.
    """

    def __init__(
        self,
        *,
        system: str,
        base_url: str,
        token: TokenProvider | None = None,
        sandbox_url: str = "",
        policy: Policy = Policy(),
        read_error: Callable[[int, str], RemoteError] = read_odata_error,
        note: Callable[[Attempt], object] | None = None,
        request_id_header: str = "client-request-id",
    ) -> None:
        if not _is_https(base_url):
            raise Misconfigured(system=system, code="base_url")
        self._system = system
        self._base_url = base_url.rstrip("/")
        self._token = token
        self._sandbox_url = sandbox_url
        self._policy = policy
        self._read_error = read_error
        self._note = note
        self._request_id_header = request_id_header
        self._http = self._new_http()
        self._owner = os.getpid()

    def request(
        self,
        method: str,
        path: str,
        *,
        query: str | Mapping[str, str] = "",
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
    ) -> Answer:
        """The answer to `method base_url/path?query`; raises OutboundError, or ValueError for a path that is absolute
        or holds a query.

        A `query` string is sent as it is, already encoded; a mapping is encoded. A body is `json`, or `content` with a
        Content-Type among the headers. GET, HEAD, PUT, DELETE and whatever
        is `idempotent` are repeated after network trouble, throttling, 5xx and broken JSON; any other method only
        after a throttling that says how long to wait, for it was not executed. A refused bearer is replaced once.
        """
        call = self._call(method, path, query, json, content, headers, idempotent)
        attempt, refused, renewed = 1, False, False
        while True:
            bearer = self._token(refused) if self._token else ""
            renewed, refused = renewed or refused, False
            try:
                return self._send(call, bearer)
            except OutboundError as error:
                refused = isinstance(error, AuthFailed) and self._token is not None and not (renewed or error.final)
                pause = 0.0 if refused else self._pause(error, call, attempt)
                if pause is None:
                    # "There is none" and "this is not valid" are answers; what they mean is the caller's to say.
                    logger.log(logging.DEBUG if isinstance(error, Rejected) else logging.WARNING, "%s", error)
                    raise
                logger.info("%s, repeated in %.1f s", error, pause)
            if not refused:
                attempt += 1
                sleep(pause)

    def close(self) -> None:
        """Close kept connections; the session stays usable."""
        self._http.close()

    def _new_http(self) -> requests.Session:
        policy = self._policy
        return new_http(
            self._sandbox_url, timeout=(policy.connect_timeout, policy.read_timeout), total=policy.total_timeout
        )

    def _session(self) -> requests.Session:
        if self._owner != os.getpid():  # two processes must not share a socket
            self._http, self._owner = self._new_http(), os.getpid()
        return self._http

    def _call(
        self,
        method: str,
        path: str,
        query: str | Mapping[str, str],
        json: Any,
        content: bytes | None,
        headers: Mapping[str, str] | None,
        idempotent: bool | None,
    ) -> _Call:
        url = self._base_url + _relative(path)
        encoded = query if isinstance(query, str) else _encode(query)
        if "#" in encoded:
            raise ValueError("The query holds a raw '#'.")
        sent = CaseInsensitiveDict({"Accept": "application/json"})
        body = content
        if json is not None:
            body = dumps(json, allow_nan=False).encode()
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        return _Call(
            method=method,
            url=f"{url}?{encoded}" if encoded else url,
            path=urlsplit(url).path,
            body=body,
            headers=sent,
            repeatable=method in _REPEATABLE if idempotent is None else idempotent,
        )

    def _pause(self, error: OutboundError, call: _Call, attempt: int) -> float | None:
        """Seconds until the next attempt, None = there is none."""
        told = error.retry_after
        if attempt >= self._policy.attempts or error.final or not error.is_transient:
            return None
        if told is not None and told > self._policy.longest_wait:
            return None
        not_executed = error.category is Category.RATE_LIMIT and told is not None
        if not (call.repeatable or not_executed):
            return None
        ceiling = min(self._policy.backoff_cap, self._policy.backoff_base * 2 ** (attempt - 1))
        return max(random.uniform(0, ceiling), told or 0.0)

    def _send(self, call: _Call, bearer: str) -> Answer:
        """One attempt, told to `note`."""
        client_request_id = str(uuid4())
        started = monotonic()

        def note(status: int | None, request_id: str) -> None:
            if self._note:
                seconds = monotonic() - started
                self._note(Attempt(call.method, call.path, status, client_request_id, request_id, seconds))

        try:
            answer = self._exchange(call, bearer, client_request_id)
        except OutboundError as error:
            note(error.status, error.request_id)
            raise
        note(answer.status, answer.request_id)
        return answer

    def _exchange(self, call: _Call, bearer: str, client_request_id: str) -> Answer:
        # Errors are raised `from None`: the texts of requests and json hold the query and the body.
        about = _About(system=self._system, method=call.method, path=call.path, client_request_id=client_request_id)
        try:
            response = self._session().request(
                call.method,
                call.url,
                data=call.body,
                headers={**call.headers, self._request_id_header: client_request_id},
                auth=BearerAuth(bearer, self._base_url),
                stream=True,
            )
        except ValueError:  # an address, header or bearer that cannot be sent
            raise Misconfigured(**about, code="request") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise NetworkFailed(**about, code=network_code(error)) from None
        except OSError:  # the bundle of certificates that the environment names is not there
            raise Misconfigured(**about, code="certificates") from None
        status, headers = response.status_code, response.headers
        about["status"] = status
        about["request_id"] = next((headers[name] for name in _REQUEST_ID_HEADERS if headers.get(name)), "")
        succeeded = 200 <= status < 300
        body = b""
        with closing(response):
            try:
                body = self._body(response)
            except _TooLarge:
                if succeeded:
                    raise ServerFailed(**about, code="too_large", final=True) from None
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                if succeeded:  # otherwise the status says enough
                    raise NetworkFailed(**about, code=network_code(error, "incomplete")) from None
        if not succeeded:
            raise self._failure(about, headers, body)
        if headers.get("Content-Type", "").startswith("multipart/"):
            return Answer(status, body, headers, about["request_id"], client_request_id)
        try:
            data = loads(body, **_NUMBERS) if body.strip() else None
        except (ValueError, ArithmeticError, RecursionError):
            raise ServerFailed(**about, code="malformed") from None
        return Answer(status, data, headers, about["request_id"], client_request_id)

    def _failure(self, about: _About, headers: Mapping[str, str], body: bytes) -> OutboundError:
        status = about["status"]
        if status < 400:
            return ServerFailed(**about, code="redirect", final=True)
        remote = self._read_error(status, body.decode("utf-8", "replace"))
        return error_class(status, remote.category)(
            **about, code=remote.code, final=remote.final, retry_after=retry_after(headers), said=remote.said
        )

    def _body(self, response: requests.Response) -> bytes:
        """The whole body, decompressed."""
        body = bytearray()
        while piece := response.raw.read1(_CHUNK, decode_content=True):
            body += piece
            if len(body) > self._policy.max_bytes:
                raise _TooLarge
        return bytes(body)


class _About(TypedDict):
    """What every error of one attempt says about it."""

    system: str
    method: str
    path: str
    client_request_id: str
    status: NotRequired[int]
    request_id: NotRequired[str]


class _TooLarge(Exception):
    """A body above `max_bytes`."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header, in either of its forms; None when it is missing or unreadable. A date is read
    by the server's own clock where the answer tells it. Not clamped, may be negative."""
    value = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    until = _http_date(value)
    if until is None:
        return None
    return (until - (_http_date(headers.get("Date", "")) or datetime.now(UTC))).total_seconds()


def _http_date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


# Numbers beyond all bounds stay texts, NaN and Infinity become nothing: they spoil their own field, not the answer.


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) < _DIGITS else digits


def _fraction(digits: str) -> Decimal | str:
    try:
        return Decimal(digits)
    except ArithmeticError:
        return digits


def _nothing(_constant: str) -> None:
    return None


_NUMBERS: Final[dict[str, Any]] = {"parse_float": _fraction, "parse_int": _whole, "parse_constant": _nothing}


def _relative(path: str) -> str:
    """The path as it goes behind the base URL; what could lead elsewhere is refused."""
    odd = path.startswith("//") or "://" in path or not {"?", "#", "\\"}.isdisjoint(path)
    if odd or not {".", ".."}.isdisjoint(unquote(path).split("/")):
        raise ValueError("A path is relative to the base URL, without query and dot segments.")
    return "/" + quote(path.lstrip("/"), safe="/%:@!$&'()*+,;=~") if path else ""


def _encode(query: Mapping[str, str]) -> str:
    return "&".join(f"{quote(name, safe='$')}={quote(value, safe='$')}" for name, value in query.items())


def _origin(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or 443


def _is_https(url: str) -> bool:
    try:
        scheme, host, _ = _origin(url)
    except ValueError:
        return False
    return scheme == "https" and bool(host) and "@" not in url and "?" not in url and "#" not in url
