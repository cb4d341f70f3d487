"""A running sandbox cloud and a client that reaches it the way Hunter does: real addresses, routed to loopback."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from sandbox.cloud import Cloud
from sandbox.dynamics import HOST

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


@dataclass(frozen=True)
class PartAnswer:
    """One part of a batch's answer: `content` is None without a body."""

    status: int
    headers: Mapping[str, str]
    content: Any

    @property
    def code(self) -> str:
        return str(self.content["error"]["code"])


class Dataverse:
    """The Web API as an application uses it; `user` names the application."""

    base = f"https://{HOST}/api/data/v9.2/"

    def __init__(self, cloud: Cloud, session: requests.Session, user: str | None = None) -> None:
        self.cloud, self.session = cloud, session
        self.token = cloud.entra.issue_access(f"https://{HOST}/.default", user=user)

    def call(self, method: str, path: str, content: Any = None, **headers: str) -> requests.Response:
        """`path` below the API's root, or a whole URL; `headers` with underscores for dashes."""
        named = {"Authorization": f"Bearer {self.token}"} | {n.replace("_", "-"): v for n, v in headers.items()}
        url = path if path.startswith("https://") else self.base + path
        return self.session.request(method, url, json=content, headers=named, timeout=5)

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.call("GET", path, **headers)

    def post(self, path: str, content: Any, **headers: str) -> requests.Response:
        return self.call("POST", path, content, **headers)

    def patch(self, path: str, content: Any, **headers: str) -> requests.Response:
        return self.call("PATCH", path, content, **headers)

    def by_key(self, domain: str, content: Any, **headers: str) -> requests.Response:
        return self.patch(key(domain), content, **headers)

    def created(self, domain: str, **columns: Any) -> str:
        """A lead of this application; its id."""
        answer = self.by_key(f"{domain}", columns, Prefer="return=representation", If_None_Match="*")
        assert answer.status_code == 201, answer.text
        return str(answer.json()["leadid"])

    def batch(self, body: bytes, *, goes_on: bool = True, boundary: str = "batch_1") -> requests.Response:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": f'multipart/mixed; boundary="{boundary}"',
        } | ({"Prefer": "odata.continue-on-error"} if goes_on else {})
        return self.session.post(f"{self.base}$batch", data=body, headers=headers, timeout=10)


def key(domain: str) -> str:
    """`leads(hnt_domain='…')`, quoted for a URL."""
    return f"leads(hnt_domain='{quote(domain.replace(chr(39), chr(39) * 2), safe='')}')"


def part(method: str, path: str, content: Any = None, **headers: str) -> bytes:
    """One part of a batch, without its delimiter."""
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if "Content_ID" in headers:
        lines.append(f"Content-ID: {headers.pop('Content_ID')}")
    target = path if path.startswith("$") else f"/api/data/v9.2/{path}"
    lines += ["", f"{method} {target} HTTP/1.1", "Content-Type: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    body = "" if content is None else json.dumps(content)
    return "\r\n".join([*lines, "", body, ""]).encode()


def change_set(*parts: bytes) -> bytes:
    """A nested change set, without its delimiter."""
    return b"Content-Type: multipart/mixed; boundary=changeset_1\r\n\r\n" + multipart(parts, "changeset_1")


def multipart(parts: Sequence[bytes], boundary: str = "batch_1") -> bytes:
    delimiter = f"--{boundary}\r\n".encode()
    return b"".join(delimiter + item for item in parts) + f"--{boundary}--\r\n".encode()


def answers(response: requests.Response) -> list[PartAnswer]:
    """The parts of a batch's answer, those of change sets in their place."""
    found = []
    for message in re.split(rb"\r\n(?=HTTP/1\.1 \d)", response.content)[1:]:
        head, _, rest = message.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        body = re.split(rb"\r\n--", b"\r\n" + rest)[0].strip()
        headers = dict(line.split(": ", 1) for line in lines)
        found.append(PartAnswer(int(first.split()[1]), headers, json.loads(body) if body else None))
    return found


def error(response: requests.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return response.status_code, response.json()["error"]["code"]


@pytest.fixture
def dataverse(cloud: Cloud, session: requests.Session) -> Dataverse:
    return Dataverse(cloud, session)


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
