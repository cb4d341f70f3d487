"""What can go wrong on the way out, one class per category. A caller decides by class or category, never by text."""

from __future__ import annotations

import re
from enum import StrEnum
from http import HTTPStatus
from typing import ClassVar

import requests
import urllib3

_SHORTEST_WAIT, _LONGEST_WAIT = 1.0, 900.0  # seconds, the clamp of Retry-After
_PLAIN = re.compile(r"[\w.:|-]{1,100}", re.ASCII)


class Category(StrEnum):
    AUTH = "auth"
    PERMISSION = "permission"
    RATE_LIMIT = "rate_limit"
    VALIDATION = "validation"
    CONFLICT = "conflict"
    NETWORK = "network"
    SERVER = "server"
    CONFIG = "config"


_TRANSIENT = frozenset({Category.RATE_LIMIT, Category.NETWORK, Category.SERVER})


class OutboundError(Exception):
    """One request, or one sign-in, that brought no answer.

    `status` is None without an answer; `code` is the remote error code, or our word for what is wrong with the
    answer ("timeout", "connection", "certificate", "incomplete", "malformed", "redirect", "too_large");
    `retry_after` is in seconds, 1 to 900. It carries no bearer, query, body or personal data, and neither does its
    text: codes and ids that are not plain words are dropped. `told_to_wait` is the wait as it was told, uncut. `said`,
    words of the remote side, is for the people who sent the data; it is no part of the text and is never logged.
    `final` = the remote side said that asking again, even with a fresh bearer, is pointless.
    """

    category: ClassVar[Category]

    def __init__(
        self,
        *,
        system: str,
        method: str = "",
        path: str = "",
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        client_request_id: str = "",
        retry_after: float | None = None,
        final: bool = False,
        said: str = "",
    ) -> None:
        super().__init__()
        self.system = system
        self.method = method
        self.path = path
        self.status = status
        self.code = _plain(code)
        self.request_id = _plain(request_id)
        self.client_request_id = _plain(client_request_id)
        self.told_to_wait = retry_after
        self.retry_after = None if retry_after is None else min(max(retry_after, _SHORTEST_WAIT), _LONGEST_WAIT)
        self.final = final
        self.said = said

    def __str__(self) -> str:
        parts = (
            self.system,
            self.method,
            self.path,
            self.category.value,
            f"status={self.status}" if self.status else "",
            f"code={self.code}" if self.code else "",
            f"request-id={self.request_id}" if self.request_id else "",
            f"client-request-id={self.client_request_id}" if self.client_request_id else "",
        )
        return " ".join(part for part in parts if part)

    @property
    def is_transient(self) -> bool:
        """Worth another try later without anybody doing anything."""
        return self.category in _TRANSIENT


class AuthFailed(OutboundError):
    category = Category.AUTH


class SignInNeeded(AuthFailed):
    """Entra gives no token until a person acts. `reason` is mfa_required, consent_missing, policy_blocked, declined,
    expired, password_changed, unused, account_disabled, public_flow_off, app_unknown, wrong_secret or refused (any
    other); `code` is like "AADSTS50076", or the OAuth error when there is no number."""

    def __init__(
        self,
        *,
        reason: str,
        system: str,
        method: str = "",
        path: str = "",
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        client_request_id: str = "",
    ) -> None:
        super().__init__(
            system=system,
            method=method,
            path=path,
            status=status,
            code=code,
            request_id=request_id,
            client_request_id=client_request_id,
            final=True,
        )
        self.reason = reason

    def __str__(self) -> str:
        return f"{super().__str__()} reason={self.reason}"


class NotPermitted(OutboundError):
    category = Category.PERMISSION


class RateLimited(OutboundError):
    category = Category.RATE_LIMIT


class Rejected(OutboundError):
    category = Category.VALIDATION


class NotFound(Rejected):
    """404 or 410."""


class Conflict(OutboundError):
    category = Category.CONFLICT


class NetworkFailed(OutboundError):
    category = Category.NETWORK


class ServerFailed(OutboundError):
    category = Category.SERVER


class Misconfigured(OutboundError):
    category = Category.CONFIG


_CLASSES: dict[Category, type[OutboundError]] = {
    error.category: error
    for error in (AuthFailed, NotPermitted, RateLimited, Rejected, Conflict, NetworkFailed, ServerFailed, Misconfigured)
}
_CATEGORIES = {
    401: Category.AUTH,
    403: Category.PERMISSION,
    409: Category.CONFLICT,
    412: Category.CONFLICT,
    423: Category.CONFLICT,
    429: Category.RATE_LIMIT,
    509: Category.RATE_LIMIT,
    501: Category.VALIDATION,
    507: Category.VALIDATION,
}


def error_class(status: int, category: Category | None = None) -> type[OutboundError]:
    """The class for an answer that is no success; `category` outranks what the status says."""
    if category is None:
        category = _CATEGORIES.get(status, Category.VALIDATION if 400 <= status < 500 else Category.SERVER)
    if category is Category.VALIDATION and status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return NotFound
    return _CLASSES[category]


def network_code(error: Exception, otherwise: str = "connection") -> str:
    """The `code` of a NetworkFailed for an exception of requests or urllib3."""
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return "timeout"
    if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        return "certificate"
    return otherwise


def _plain(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else ""
