"""The Referrals API, one method an endpoint (fact sheet, section 1). Knows no model; hides how pages are linked."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

from django.conf import settings

from outbound.errors import Category, ServerFailed
from outbound.session import Attempt, OutboundSession, RemoteError, TokenProvider, read_odata_error

SYSTEM: Final = "Partner Center"
PAUSE: Final = 0.5  # seconds between two requests; limits are not published (fact sheet, section 5)
_NO_MFA: Final = "900421"


@dataclass(frozen=True, slots=True)
class Page:
    """`rows` as they came; `next_query`: what to ask for the next page, "" = this was the last one; `served_at`: the
    server's clock, if it told it."""

    rows: list[Any]
    next_query: str
    served_at: datetime | None


class PartnerCenterClient:
    """Raises OutboundError from every method."""

    def __init__(self, session: OutboundSession, *, pause: float = PAUSE) -> None:
        self._session = session
        self._pause = pause
        self._last = 0.0

    def first_page(self, *, since: str = "", order: str) -> Page:
        """`since`: rows updated at or after this UTC timestamp; `order`: for example "updatedDateTime asc"."""
        query = {"$filter": f"updatedDateTime ge {since}"} if since else {}
        return self._page({**query, "$orderby": order})

    def next_page(self, next_query: str) -> Page:
        return self._page(next_query)

    def one(self, remote_id: str) -> Any:
        """A single referral; raises NotFound when it is not visible to this user."""
        self._wait()
        return self._session.request("GET", f"/referrals/{quote(remote_id, safe='')}").data

    def _page(self, query: Any) -> Page:
        self._wait()
        answer = self._session.request("GET", "/referrals", query=query)
        body = answer.data
        if not isinstance(body, dict) or not isinstance(body.get("value"), list):
            raise self._malformed(answer.request_id, answer.client_request_id)
        link = body.get("@odata.nextLink")
        next_query = _query_of(link)
        if link and (not next_query or next_query == query):
            raise self._malformed(answer.request_id, answer.client_request_id)
        return Page(body["value"], next_query, _clock(answer.headers.get("Date", "")))

    def _malformed(self, request_id: str, client_request_id: str) -> ServerFailed:
        return ServerFailed(
            system=SYSTEM,
            method="GET",
            path="/referrals",
            status=200,
            code="malformed_page",
            request_id=request_id,
            client_request_id=client_request_id,
        )

    def _wait(self) -> None:
        rest = self._last + self._pause - time.monotonic()
        if rest > 0:
            time.sleep(rest)
        self._last = time.monotonic()


def _query_of(link: Any) -> str:
    """The query of a link to the next page: its scheme, host and path are not to be trusted (section 1.1)."""
    try:
        return urlsplit(link).query.encode("ascii").decode("ascii") if isinstance(link, str) else ""
    except ValueError:  # a broken host, or characters that no URL holds
        return ""


def _clock(date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(date)
    except ValueError:
        return None


def client_from_settings(token: TokenProvider, note: Callable[[Attempt], object]) -> PartnerCenterClient:
    """A client for one run; it is not shared between threads."""
    session = OutboundSession(
        system=SYSTEM,
        base_url=settings.HUNTER_PARTNER_CENTER_API_URL,
        token=token,
        sandbox_url=settings.HUNTER_SANDBOX_URL,
        read_error=read_error,
        note=note,
    )
    # The sandbox needs no politeness.
    return PartnerCenterClient(session, pause=0 if settings.HUNTER_SANDBOX_URL else PAUSE)


def read_error(status: int, body: str) -> RemoteError:
    """A token without MFA is refused with 900421 somewhere in the body (section 1.3): a fresh one is refused, too."""
    if status == 401 and _NO_MFA in body:
        return RemoteError(_NO_MFA, Category.AUTH, final=True)
    return read_odata_error(status, body)
