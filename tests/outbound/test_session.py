"""The session against a far side that answers in every way a network knows."""

from __future__ import annotations

import gzip
import socket
import traceback
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from requests.auth import HTTPBasicAuth

from outbound.errors import (
    AuthFailed,
    Category,
    Conflict,
    Misconfigured,
    NetworkFailed,
    NotFound,
    NotPermitted,
    OutboundError,
    RateLimited,
    Rejected,
    ServerFailed,
)
from outbound.sandbox import new_http
from outbound.session import Attempt, BearerAuth, OutboundSession, Policy, RemoteError, read_odata_error
from tests.outbound.far_side import FarSide, Reply, dripping, odata_error, reply

BASE = "https://api.acme.example/v1.0/engagements"
QUICK = Policy(connect_timeout=0.5, read_timeout=0.2, total_timeout=0.3)
PATIENT = Policy(connect_timeout=5, read_timeout=5, total_timeout=5)


def session(remote: FarSide, **options: Any) -> OutboundSession:
    options = {"policy": QUICK, "base_url": BASE, **options}
    return OutboundSession(system="Acme", sandbox_url=remote.url, **options)


def failure(remote: FarSide, *replies: Reply, method: str = "GET", **options: Any) -> OutboundError:
    """What a request raises when the far side answers `replies`, the last of them for ever."""
    remote.in_turn(*replies)
    with pytest.raises(OutboundError) as raised:
        session(remote, **options).request(method, "referrals", query={"$filter": "email eq 'derya@acme.example'"})
    return raised.value


class Tokens:
    """A provider that counts: "bearer-1", and a new one whenever a fresh one is asked for."""

    def __init__(self) -> None:
        self.asked: list[bool] = []
        self.number = 1

    def __call__(self, fresh: bool) -> str:
        self.asked.append(fresh)
        self.number += fresh
        return f"bearer-{self.number}"


# What is sent and what comes back


def test_an_answer_is_parsed_with_exact_numbers_and_both_request_ids(remote: FarSide) -> None:
    remote.in_turn(Reply(body=b'{"dealValue": 480000.10, "count": 3}', headers={"Request-ID": "r-1"}))
    answer = session(remote).request("GET", "referrals")
    assert answer.data == {"dealValue": Decimal("480000.10"), "count": 3}
    assert (answer.status, answer.request_id, answer.headers["CONTENT-LENGTH"]) == (200, "r-1", "36")
    (seen,) = remote.seen
    assert (seen.method, seen.path, seen.query) == ("GET", "/v1.0/engagements/referrals", "")
    assert (seen.headers["Host"], seen.headers["Accept"]) == ("api.acme.example", "application/json")
    assert seen.headers["client-request-id"] == answer.client_request_id == str(UUID(answer.client_request_id))
    assert "Authorization" not in seen.headers


@pytest.mark.parametrize("header", ["request-id", "X-MS-Request-Id", "x-ms-service-request-id"])
def test_the_remote_request_id_has_several_names(remote: FarSide, header: str) -> None:
    remote.in_turn(Reply(headers={header: "r-2"}))
    assert session(remote).request("GET", "").request_id == "r-2"


@pytest.mark.parametrize("nothing", [Reply(204, b""), Reply(200, b""), Reply(200, b" \r\n")])
def test_no_body_is_no_data(remote: FarSide, nothing: Reply) -> None:
    remote.in_turn(nothing)
    assert session(remote).request("PATCH", "referrals/1").data is None
    assert session(remote).request("HEAD", "referrals/1").data is None


def test_a_body_is_sent_as_json_and_the_callers_headers_win(remote: FarSide) -> None:
    headers = {"content-type": "x/y", "If-Match": '"1"'}
    session(remote).request("PATCH", "/leads(hnt_domain='acme.example')", json=[{"op": "add"}], headers=headers)
    (seen,) = remote.seen
    assert seen.path == "/v1.0/engagements/leads(hnt_domain='acme.example')"
    assert seen.body == b'[{"op": "add"}]'
    assert (seen.headers.get_all("Content-Type"), seen.headers["If-Match"]) == (["x/y"], '"1"')


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ({"$filter": "name eq 'Örnek A.Ş.' and a+b"}, "$filter=name%20eq%20%27%C3%96rnek%20A.%C5%9E.%27%20and%20a%2Bb"),
        ({"$orderby": "updatedDateTime asc", "x": "1&2"}, "$orderby=updatedDateTime%20asc&x=1%262"),
        ("$skiptoken=%2BRID%3A~abc%3D%3D%23RT+1", "$skiptoken=%2BRID%3A~abc%3D%3D%23RT+1"),
        ("", ""),
        ({}, ""),
    ],
)
def test_a_query_is_encoded_without_plus_and_a_raw_one_left_alone(remote: FarSide, query: Any, sent: str) -> None:
    session(remote).request("GET", "referrals", query=query)
    assert remote.seen[0].query == sent


@pytest.mark.parametrize(
    "path",
    ["https://evil.example/x", "HTTPS://evil.example", "//evil.example/x", "a?b=1", "a#b", "../x", "a/%2e%2e/b", "\\x"],
)
def test_a_path_that_leads_elsewhere_is_refused(remote: FarSide, path: str) -> None:
    with pytest.raises(ValueError):
        session(remote).request("GET", path)
    assert remote.seen == []


@pytest.mark.parametrize(
    "base_url",
    [
        "http://api.acme.example",
        "api.acme.example",
        "",
        "https://",
        "https://a:b@acme.example",
        "https://[",
        "https://a:x",
    ],
)
def test_only_https_is_spoken(base_url: str) -> None:
    with pytest.raises(Misconfigured):
        OutboundSession(system="Acme", base_url=base_url)


def test_a_connection_is_used_again(remote: FarSide) -> None:
    talk = session(remote)
    remote.in_turn(reply({}), odata_error(404), Reply(204, b""), reply({}))
    talk.request("GET", "1")
    with pytest.raises(NotFound):
        talk.request("GET", "2")
    talk.request("GET", "3")
    talk.request("GET", "4")
    assert len({seen.connection for seen in remote.seen}) == 1


def test_a_forked_process_opens_its_own_connection(remote: FarSide, monkeypatch: pytest.MonkeyPatch) -> None:
    talk = session(remote)
    talk.request("GET", "1")
    monkeypatch.setattr("outbound.session.os.getpid", lambda: 1)
    talk.request("GET", "2")
    talk.request("GET", "3")
    connections = [seen.connection for seen in remote.seen]
    assert (connections[0] != connections[1], connections[1] == connections[2]) == (True, True)


def test_no_cookie_is_kept(remote: FarSide) -> None:
    remote.in_turn(Reply(headers={"Set-Cookie": "ARRAffinity=1; Path=/"}))
    talk = session(remote)
    talk.request("GET", "1")
    talk.request("GET", "2")
    assert "Cookie" not in remote.seen[1].headers


# Errors


@pytest.mark.parametrize(
    ("status", "expected", "category"),
    [
        (400, Rejected, "validation"),
        (401, AuthFailed, "auth"),
        (403, NotPermitted, "permission"),
        (404, NotFound, "validation"),
        (405, Rejected, "validation"),
        (409, Conflict, "conflict"),
        (410, NotFound, "validation"),
        (412, Conflict, "conflict"),
        (413, Rejected, "validation"),
        (422, Rejected, "validation"),
        (423, Conflict, "conflict"),
        (429, RateLimited, "rate_limit"),
        (500, ServerFailed, "server"),
        (501, Rejected, "validation"),
        (502, ServerFailed, "server"),
        (503, ServerFailed, "server"),
        (504, ServerFailed, "server"),
        (507, Rejected, "validation"),
        (509, RateLimited, "rate_limit"),
    ],
)
def test_a_status_is_a_class_and_a_category(
    remote: FarSide, status: int, expected: type[OutboundError], category: str
) -> None:
    error = failure(remote, odata_error(status, "someCode", request_id="r-3"), method="POST")
    assert type(error) is expected
    assert (error.category, error.is_transient) == (category, category in ("rate_limit", "network", "server"))
    assert (error.system, error.method, error.path) == ("Acme", "POST", "/v1.0/engagements/referrals")
    assert (error.status, error.code, error.request_id) == (status, "someCode", "r-3")
    assert error.client_request_id == remote.seen[-1].headers["client-request-id"]
    assert len(remote.seen) == 1


def test_the_text_of_an_error_is_technical_and_names_nobody(remote: FarSide) -> None:
    error = failure(remote, odata_error(403, "accessDenied", request_id="r-4"), token=Tokens())
    assert str(error) == (
        "Acme GET /v1.0/engagements/referrals permission status=403 code=accessDenied request-id=r-4 "
        f"client-request-id={error.client_request_id}"
    )
    assert error.__cause__ is None


def test_a_code_that_is_no_code_is_dropped(remote: FarSide) -> None:
    assert failure(remote, odata_error(400, "Derya Deneme\nis not allowed")).code == ""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"error":{"code":"invalidRequest","innerError":{"code":"x"}}}', "invalidRequest"),
        ('{"error":{"code":"","innererror":{"innerError":{"code":"deep"}}}}', "deep"),
        ('{"error":{"code":900421}}', "900421"),
        ('{"error":"invalid_grant"}', "invalid_grant"),
        ('{"code":900421,"description":"x"}', "900421"),
        ('{"error":{"code":{"a":1}}}', ""),
        ('{"error":null}', ""),
        ("[1]", ""),
        ("null", ""),
        ("<html>502</html>", ""),
        ("", ""),
        ("[" * 100_000, ""),
        ('{"error":' + '{"innerError":' * 500 + "1" + "}" * 501, ""),
    ],
)
def test_any_error_body_is_read(body: str, code: str) -> None:
    assert read_odata_error(400, body) == RemoteError(code)


def no_mfa(status: int, body: str) -> RemoteError:
    return RemoteError("900421", Category.AUTH, True) if "900421" in body else read_odata_error(status, body)


def test_a_final_refusal_asks_for_no_fresh_bearer(remote: FarSide) -> None:
    tokens = Tokens()
    error = failure(remote, reply({"description": "900421"}, 401), read_error=no_mfa, token=tokens)
    assert (type(error), error.code, error.final) == (AuthFailed, "900421", True)
    assert (tokens.asked, len(remote.seen)) == ([False], 1)


def test_what_the_body_says_outranks_the_status(remote: FarSide, waits: list[float]) -> None:
    error = failure(remote, Reply(500), read_error=lambda *_: RemoteError("0x1", Category.VALIDATION))
    assert (type(error), len(remote.seen), waits) == (Rejected, 1, [])


# Repeats


@pytest.mark.parametrize(
    "trouble",
    [
        *(odata_error(status) for status in (429, 500, 502, 503, 504, 509)),
        Reply(reset=True),
        Reply(body=b'{"value": [', cut=40),
        Reply(body=b"<html>"),
        Reply(body=b'{"value": [1'),
        Reply(body=b"\xff\xfe{"),
        Reply(body=b"[" * 100_000),
        Reply(body=b"nothing", headers={"Content-Encoding": "gzip"}),
    ],
)
@pytest.mark.parametrize(("method", "idempotent"), [("GET", None), ("PUT", None), ("DELETE", None), ("PATCH", True)])
def test_trouble_is_repeated_when_nothing_can_happen_twice(
    remote: FarSide, waits: list[float], trouble: Reply, method: str, idempotent: bool | None
) -> None:
    remote.in_turn(trouble, trouble, reply({"id": 1}))
    patient = session(remote, policy=PATIENT)
    assert patient.request(method, "referrals", idempotent=idempotent).data == {"id": 1}
    assert len(remote.seen) == 3
    assert len({seen.headers["client-request-id"] for seen in remote.seen}) == 3
    assert [0 <= waits[0] <= 0.5, 0 <= waits[1] <= 1.0, len(waits)] == [True, True, 2]


@pytest.mark.parametrize(
    ("trouble", "expected", "code", "status"),
    [
        (odata_error(503, "busy"), ServerFailed, "busy", 503),
        (odata_error(429, "slow"), RateLimited, "slow", 429),
        (Reply(reset=True), NetworkFailed, "connection", None),
        (Reply(body=b"{", cut=40), NetworkFailed, "incomplete", 200),
        (Reply(body=b"<html>"), ServerFailed, "malformed", 200),
        (Reply(503, b"{", cut=40), ServerFailed, "", 503),
    ],
)
@pytest.mark.parametrize(("method", "idempotent"), [("POST", None), ("PATCH", None), ("GET", False)])
def test_what_may_have_happened_is_never_repeated(
    remote: FarSide,
    trouble: Reply,
    expected: type[OutboundError],
    code: str,
    status: int | None,
    method: str,
    idempotent: bool | None,
) -> None:
    remote.in_turn(trouble)
    with pytest.raises(expected) as raised:
        session(remote).request(method, "referrals", idempotent=idempotent)
    assert (raised.value.code, raised.value.status, len(remote.seen)) == (code, status, 1)


def test_repeats_end(remote: FarSide, waits: list[float]) -> None:
    error = failure(remote, odata_error(503))
    assert (type(error), len(remote.seen), len(waits)) == (ServerFailed, 4, 3)
    assert error.client_request_id == remote.seen[-1].headers["client-request-id"]


def test_pauses_grow_up_to_a_limit(remote: FarSide, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outbound.session.random.uniform", lambda _low, high: high)
    failure(remote, odata_error(503), policy=Policy(attempts=7))
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]


def test_nobody_at_home(waits: list[float]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(NetworkFailed) as raised:
            OutboundSession(system="Acme", base_url=BASE, sandbox_url=url).request("GET", "x")
    assert (raised.value.code, raised.value.status, len(waits)) == ("connection", None, 3)


def test_missing_certificates_are_a_matter_of_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/bundle.pem")
    with pytest.raises(Misconfigured) as raised:
        OutboundSession(system="Acme", base_url=BASE).request("GET", "x")
    assert raised.value.code == "certificates"


# Retry-After


def later(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_throttled_request_waits_as_told(remote: FarSide, waits: list[float], method: str) -> None:
    remote.in_turn(odata_error(429, Retry_After="7"), reply({}))
    session(remote).request(method, "referrals")
    assert (waits, len(remote.seen)) == ([7.0], 2)


def test_a_date_is_read_by_the_servers_clock(remote: FarSide, waits: list[float]) -> None:
    dates = {"Date": "Wed, 21 Oct 2015 07:28:00 GMT", "Retry-After": "Wed, 21 Oct 2015 07:28:05 GMT"}
    remote.in_turn(Reply(503, headers=dates), reply({}))
    session(remote).request("GET", "referrals")
    assert waits == [5.0]


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ("0", 1.0),
        ("120", 120.0),
        ("2.5", 2.5),
        ("999999", 900.0),
        ("9" * 400, 900.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1.0),
    ],
)
def test_retry_after_is_clamped_and_kept_for_the_caller(remote: FarSide, told: str, known: float) -> None:
    error = failure(remote, odata_error(429, Retry_After=told), policy=Policy(attempts=1))
    assert error.retry_after == known


@pytest.mark.parametrize("told", ["soon", "-5", "", "1e3", "²", "Wed, 99 Oct 2015", "Mon, 01 Jan 99999 00:00:00 GMT"])
def test_an_unreadable_retry_after_is_none(remote: FarSide, told: str, waits: list[float]) -> None:
    headers = {"Retry-After": told.encode().decode("latin-1")}
    error = failure(remote, Reply(429, headers=headers))
    assert (error.retry_after, len(remote.seen)) == (None, 4)


@pytest.mark.parametrize("status", [429, 503])
def test_a_long_wait_is_left_to_the_caller(remote: FarSide, waits: list[float], status: int) -> None:
    error = failure(remote, odata_error(status, Retry_After="11"))
    assert (error.retry_after, error.is_transient, len(remote.seen), waits) == (11.0, True, 1, [])


def test_a_date_far_away_is_left_to_the_caller(remote: FarSide, waits: list[float]) -> None:
    error = failure(remote, Reply(429, headers={"Retry-After": later(600)}))
    assert error.retry_after is not None
    assert (590 < error.retry_after <= 601, len(remote.seen), waits) == (True, 1, [])


# Time and size


@pytest.mark.parametrize(("silence", "status"), [(Reply(late=0.4), None), (Reply(drip=0.4), 200)])
def test_silence_ends(remote: FarSide, silence: Reply, status: int | None) -> None:
    error = failure(remote, silence, policy=Policy(read_timeout=0.1, attempts=1))
    assert (type(error), error.code, error.status) == (NetworkFailed, "timeout", status)


def test_a_slow_drip_ends(remote: FarSide) -> None:
    policy = Policy(read_timeout=5, total_timeout=0.15, attempts=1)
    started = datetime.now(UTC)
    error = failure(remote, Reply(drip=0.02, body=b"[" + b" " * 500 + b"]"), policy=policy)
    assert (type(error), error.code, error.status) == (NetworkFailed, "timeout", 200)
    assert datetime.now(UTC) - started < timedelta(seconds=1)


def test_a_drip_in_chunks_ends_too(remote: FarSide) -> None:
    chunk = b"1\r\n \r\n"
    policy = Policy(read_timeout=5, total_timeout=0.15, attempts=1)
    body = Reply(drip=0.02, body=chunk * 90, headers={"Transfer-Encoding": "chunked"})
    assert failure(remote, body, policy=policy).code == "timeout"


@pytest.mark.parametrize(
    ("first", "again"),
    [
        pytest.param(b"HTTP/1.1 2", b"0", id="status line"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a", id="header"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", id="100 Continue"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0", id="length of a chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n", id="trailer"),
    ],
)
def test_a_drip_ends_wherever_it_is(first: bytes, again: bytes) -> None:
    policy = Policy(read_timeout=5, total_timeout=0.3, attempts=1)
    with dripping(first, again) as url:
        started = monotonic()
        with pytest.raises(NetworkFailed) as caught:
            OutboundSession(system="Acme", base_url=BASE, sandbox_url=url, policy=policy).request("GET", "x")
    assert (caught.value.code, monotonic() - started < 1) == ("timeout", True)


def test_a_connection_that_was_nearly_late_has_its_full_time_again(remote: FarSide) -> None:
    acme = session(remote, policy=Policy(read_timeout=5, total_timeout=0.5, attempts=1))
    remote.in_turn(Reply(late=0.4), Reply(late=0.4))
    acme.request("GET", "x")
    acme.request("GET", "y")
    assert len({seen.connection for seen in remote.seen}) == 1


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_above_the_limit_is_not_taken(remote: FarSide, packed: bool) -> None:
    big = b"[" + b" " * 200_000 + b"]"
    said = Reply(body=gzip.compress(big), headers={"Content-Encoding": "gzip"}) if packed else Reply(body=big)
    error = failure(remote, said, policy=Policy(max_bytes=100_000))
    assert (type(error), error.code, len(remote.seen)) == (ServerFailed, "too_large", 1)


def test_a_packed_body_is_unpacked(remote: FarSide) -> None:
    remote.in_turn(Reply(body=gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"}))
    assert session(remote).request("GET", "x").data == {"a": 1}


# Redirects and the bearer


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(remote: FarSide, status: int) -> None:
    error = failure(remote, Reply(status, headers={"Location": "https://evil.example/x"}), token=Tokens())
    assert (type(error), error.code, error.status, len(remote.seen)) == (ServerFailed, "redirect", status, 1)


def test_a_refused_bearer_is_replaced_once(remote: FarSide) -> None:
    tokens = Tokens()
    remote.in_turn(odata_error(401), reply({}))
    session(remote, token=tokens).request("POST", "referrals", json={})
    assert tokens.asked == [False, True]
    assert [seen.headers["Authorization"] for seen in remote.seen] == ["Bearer bearer-1", "Bearer bearer-2"]


def test_a_bearer_refused_twice_is_the_end(remote: FarSide) -> None:
    tokens = Tokens()
    error = failure(remote, odata_error(401, "unauthenticated"), token=tokens)
    assert (type(error), error.code, tokens.asked) == (AuthFailed, "unauthenticated", [False, True])


def test_a_replaced_bearer_costs_no_attempt_and_is_kept(remote: FarSide, waits: list[float]) -> None:
    tokens = Tokens()
    busy = odata_error(503)
    remote.in_turn(busy, busy, odata_error(401), busy, reply({}))
    session(remote, token=tokens).request("GET", "referrals")
    assert (tokens.asked, len(waits)) == ([False, False, False, True, False], 3)


def test_without_a_provider_a_refusal_is_the_end(remote: FarSide) -> None:
    assert type(failure(remote, odata_error(401))) is AuthFailed
    assert len(remote.seen) == 1


def test_a_failing_provider_sends_nothing(remote: FarSide) -> None:
    def no_token(_fresh: bool) -> str:
        raise AuthFailed(system="Entra")

    error = failure(remote, Reply(), token=no_token)
    assert (error.system, remote.seen) == ("Entra", [])


@pytest.mark.parametrize(
    ("url", "attached"),
    [
        ("https://api.acme.example/other", True),
        ("https://API.acme.example:443/v1.0", True),
        ("https://api.acme.example:444/v1.0", False),
        ("https://evil.example/v1.0/engagements", False),
        ("https://api.acme.example.evil.example/", False),
    ],
)
def test_the_bearer_goes_to_its_own_host_only(remote: FarSide, url: str, attached: bool) -> None:
    with new_http(remote.url) as http:
        http.get(url, auth=BearerAuth("bearer-1", BASE))
    assert ("Authorization" in remote.seen[0].headers) is attached


def test_netrc_is_not_read(remote: FarSide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine api.acme.example login derya password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    session(remote).request("GET", "x")
    with new_http(remote.url) as http:
        http.get("https://api.acme.example/x")
        http.get("https://api.acme.example/x", auth=HTTPBasicAuth("a", "b"))
    assert ["Authorization" in seen.headers for seen in remote.seen] == [False, False, True]


@pytest.mark.parametrize("bearer", ["bearer-1\nX-Evil: 1", "bearer-\u015f"])
def test_a_bearer_that_cannot_be_sent_is_not_shown(remote: FarSide, bearer: str) -> None:
    error = failure(remote, Reply(), token=lambda _: bearer)
    assert (type(error), error.code, remote.seen) == (Misconfigured, "request", [])
    assert "bearer-" not in "".join(traceback.format_exception(error))


# The ledger and the log


def test_every_attempt_is_noted(remote: FarSide, waits: list[float]) -> None:
    noted: list[Attempt] = []
    busy, cut = odata_error(503, request_id="r-5"), Reply(body=b"{", cut=9)
    remote.in_turn(Reply(reset=True), busy, cut, reply({}, x_ms_request_id="r-6"))
    session(remote, note=noted.append).request("GET", "referrals", query={"email": "derya@acme.example"})
    assert [(one.method, one.path, one.status, one.request_id) for one in noted] == [
        ("GET", "/v1.0/engagements/referrals", None, ""),
        ("GET", "/v1.0/engagements/referrals", 503, "r-5"),
        ("GET", "/v1.0/engagements/referrals", 200, ""),
        ("GET", "/v1.0/engagements/referrals", 200, "r-6"),
    ]
    assert [one.client_request_id for one in noted] == [seen.headers["client-request-id"] for seen in remote.seen]
    assert all(0 <= one.seconds < 1 for one in noted)


def test_each_failed_attempt_is_one_line_without_secrets(
    everything_logged: pytest.LogCaptureFixture, remote: FarSide, waits: list[float]
) -> None:
    error = failure(remote, odata_error(503, "busy", request_id="r-7"), token=Tokens(), policy=Policy(attempts=2))
    levels, lines = zip(*((one.levelname, one.getMessage()) for one in everything_logged.records), strict=True)
    assert levels == ("INFO", "WARNING")
    assert lines[1] == str(error)
    ids = [seen.headers["client-request-id"] for seen in remote.seen]
    for line, client_request_id in zip(lines, ids, strict=True):
        assert "Acme GET /v1.0/engagements/referrals server status=503 code=busy request-id=r-7" in line
        assert client_request_id in line
    for secret in ("bearer-1", "derya", "filter"):
        assert secret not in everything_logged.text


def test_a_success_is_not_logged(everything_logged: pytest.LogCaptureFixture, remote: FarSide) -> None:
    session(remote, token=Tokens()).request("GET", "referrals", query={"email": "derya@acme.example"})
    assert everything_logged.text == ""


def test_a_number_beyond_all_bounds_spoils_its_own_field_only(remote: FarSide) -> None:
    body = b'{"a": 1' + b"0" * 5000 + b', "b": 1e99999999999999999999, "c": NaN, "d": 1.50}'
    remote.in_turn(Reply(body=body))
    data = session(remote).request("GET", "numbers").data
    assert (data["a"][:3], data["b"], data["c"], data["d"]) == ("100", "1e99999999999999999999", None, Decimal("1.50"))
