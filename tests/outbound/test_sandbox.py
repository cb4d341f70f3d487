"""Where requests go when a sandbox stands in, and where they never go."""

from __future__ import annotations

import pytest
import requests

from outbound.sandbox import browser_url, new_http
from tests.outbound.far_side import FarSide, Reply


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example",
        "http://127.0.0.1.evil.example:80",
        "https://127.0.0.1:9",
        "http://10.0.0.1",
        "127.0.0.1:80",
    ],
)
def test_a_sandbox_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="this machine"):
        new_http(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8900", "http://localhost:8900/", "http://[::1]:8900"])
def test_a_sandbox_on_this_machine_is_taken(url: str) -> None:
    new_http(url).close()


def test_a_request_is_routed_with_its_host_and_looks_untouched(remote: FarSide) -> None:
    with new_http(remote.url + "/") as http:
        answer = http.get("https://login.acme.example:8443/a%20b?x=1&y=%2B")
    (seen,) = remote.seen
    assert (seen.headers["Host"], seen.path, seen.query) == ("login.acme.example:8443", "/a%20b", "x=1&y=%2B")
    assert answer.url == answer.request.url == "https://login.acme.example:8443/a%20b?x=1&y=%2B"
    assert "Host" not in answer.request.headers


def test_a_proxy_is_not_asked_for_the_sandbox(remote: FarSide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with new_http(remote.url) as http:
        assert http.get("https://api.acme.example/").status_code == 200


@pytest.mark.parametrize("sandbox", [True, False])
def test_plain_http_is_refused(remote: FarSide, sandbox: bool) -> None:
    with new_http(remote.url if sandbox else "") as http, pytest.raises(requests.exceptions.InvalidSchema):
        http.get(remote.url)
    assert remote.seen == []


def test_no_session_follows_a_redirect(remote: FarSide) -> None:
    remote.in_turn(Reply(307, headers={"Location": "https://evil.example/"}))
    with new_http(remote.url) as http:
        assert http.post("https://api.acme.example/", data={"secret": "x"}).status_code == 307
    assert len(remote.seen) == 1


def test_no_session_waits_for_ever(remote: FarSide) -> None:
    remote.in_turn(Reply(late=0.4))
    with new_http(remote.url, timeout=0.1) as http, pytest.raises(requests.ReadTimeout):
        http.get("https://api.acme.example/")


@pytest.mark.parametrize(
    ("url", "sandbox", "opened"),
    [
        ("https://login.acme.example/t/authorize?a=1&b=%20", "", "https://login.acme.example/t/authorize?a=1&b=%20"),
        (
            "https://login.acme.example/t/a?a=1#x",
            "http://127.0.0.1:89/",
            "http://127.0.0.1:89/login.acme.example/t/a?a=1#x",
        ),
        ("https://acme.example", "http://127.0.0.1:89", "http://127.0.0.1:89/acme.example"),
        ("http://127.0.0.1:89/acme.example", "http://127.0.0.1:89", "http://127.0.0.1:89/acme.example"),
    ],
)
def test_a_browser_is_sent_by_path(url: str, sandbox: str, opened: str) -> None:
    assert browser_url(url, sandbox) == opened
