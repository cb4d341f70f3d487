"""A running sandbox cloud and a client that reaches it the way Hunter does: real addresses, routed to loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from sandbox.cloud import Cloud

SCOPE = "https://api.partner.microsoft.com/.default"
REFERRALS = "https://api.partner.microsoft.com/v1.0/engagements/referrals"


class ToLoopback(HTTPAdapter):
    """Sends https://HOST/path to the sandbox as http://127.0.0.1:PORT/path with `Host: HOST`."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        assert request.url is not None
        parts = urlsplit(request.url)
        request.headers["Host"] = parts.netloc
        request.url = self._url + request.url.removeprefix(f"{parts.scheme}://{parts.netloc}")
        return super().send(request, *args, **kwargs)


class Api:
    """The Referrals API as a signed-in client uses it."""

    def __init__(self, cloud: Cloud, session: requests.Session) -> None:
        self.session = session
        self.token = cloud.entra.issue_access(SCOPE)

    def get(self, path: str = "", **options: str) -> requests.Response:
        """`options` are query options without their dollar sign; `path` starts with a slash."""
        query = {f"${name}": value for name, value in options.items()}
        return self.session.get(REFERRALS + path, params=query, headers=self._headers(), timeout=5)

    def patch(self, id: str, operations: Any, **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url, sent = f"{REFERRALS}/{id}", self._headers() | named
        return self.session.patch(url, json=operations, headers=sent, timeout=5)

    def pages(self, **options: str) -> Iterator[list[dict[str, Any]]]:
        """Every page; from a nextLink only the query is taken."""
        answer = self.get(**options)
        while True:
            assert answer.status_code == 200, answer.text
            page = answer.json()
            yield page["value"]
            if "@odata.nextLink" not in page:
                return
            query = urlsplit(page["@odata.nextLink"]).query
            answer = self.session.get(f"{REFERRALS}?{query}", headers=self._headers(), timeout=5)

    def ids(self, **options: str) -> list[str]:
        return [row["id"] for page in self.pages(**options) for row in page]

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "client-request-id": "0f3c6a52-1111-4e00-9a0c-2f5c1f3b8e11"}


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as running:
        yield running


@pytest.fixture
def session(cloud: Cloud) -> Iterator[requests.Session]:
    with requests.Session() as client:
        client.trust_env = False
        client.mount("https://", ToLoopback(cloud.url))
        yield client


@pytest.fixture
def api(cloud: Cloud, session: requests.Session) -> Api:
    return Api(cloud, session)
