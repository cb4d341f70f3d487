"""The server: faults as a client meets them, the journal, the control API and who may use it."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from sandbox.cloud import Cloud
from tests.sandbox.conftest import REFERRALS, Api


def _raw(cloud: Cloud, path: str = "/v1.0/engagements/referrals", **headers: str) -> tuple[int, bytes]:
    """Status and body of a GET with any Host header."""
    with closing(http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=5)) as connection:
        connection.request("GET", path, headers={"Host": "api.partner.microsoft.com", **headers})
        answer = connection.getresponse()
        return answer.status, answer.read()


# Faults


def test_status_and_throttle(cloud: Cloud, api: Api) -> None:
    cloud.faults.add("referrals", "status", code=503, error="serviceNotAvailable", retry_after=4)
    cloud.faults.add("referrals", "throttle", after=1)
    cloud.faults.add("referrals", "throttle", after=2, retry_after=90, as_date=True)
    cloud.faults.add("referrals", "throttle", after=3, retry_after=None)
    first, second, third, fourth, fifth = (api.get() for _ in range(5))
    assert (first.status_code, first.headers["Retry-After"]) == (503, "4")
    assert first.json()["error"]["code"] == "serviceNotAvailable"
    assert first.headers["client-request-id"]
    assert (second.status_code, second.headers["Retry-After"]) == (429, "30")
    until = parsedate_to_datetime(third.headers["Retry-After"])
    assert 80 < (until - datetime.now(UTC)).total_seconds() <= 91
    assert fourth.status_code == 429
    assert "Retry-After" not in fourth.headers
    assert fifth.status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("unauthorized", 401, "unauthenticated"), ("mfa_missing", 401, "900421"), ("forbidden", 403, "accessDenied")],
)
def test_planned_refusals(cloud: Cloud, api: Api, kind: str, status: int, code: str) -> None:
    cloud.faults.add("referrals", kind)
    answer = api.get()
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert api.get().status_code == 200


def test_close_does_no_work_and_reset_does(cloud: Cloud, api: Api) -> None:
    id = cloud.partner_center.add()
    rename = [{"op": "replace", "path": "/name", "value": "Renamed"}]
    cloud.faults.add("patch", "close")
    with pytest.raises(requests.ConnectionError):
        api.patch(id, rename)
    assert cloud.partner_center.row(id)["name"] != "Renamed"
    assert cloud.journal.requests("patch")[0].status == 0
    cloud.faults.add("patch", "reset")
    with pytest.raises(requests.RequestException):
        api.patch(id, rename, Prefer="return=representation")
    assert cloud.partner_center.row(id)["name"] == "Renamed"


def test_slow_bodies_arrive_whole(cloud: Cloud, api: Api) -> None:
    cloud.partner_center.add()
    cloud.faults.add("referrals", "slow", seconds=0.02, chunk=1000)
    started = time.monotonic()
    assert len(api.get().json()["value"]) == 1
    assert time.monotonic() - started > 0.04


def test_truncated_bodies(cloud: Cloud, api: Api) -> None:
    cloud.partner_center.add()
    cloud.faults.add("referrals", "truncated")
    cut = api.get()
    with pytest.raises(ValueError):
        cut.json()
    cloud.faults.add("referrals", "truncated", length="wrong")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        api.get()


def test_malformed_is_a_page_with_200(cloud: Cloud, api: Api) -> None:
    cloud.faults.add("referrals", "malformed")
    answer = api.get()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


def test_content_faults(cloud: Cloud, api: Api) -> None:
    id = cloud.partner_center.add()
    for garbage in ("text", None, 7, ["list"]):
        cloud.faults.add("referrals", "page_garbage", row=garbage)
        rows = api.get().json()["value"]
        assert garbage in rows
        assert [row["id"] for row in rows if isinstance(row, dict)] == [id]
    cloud.faults.add("referrals", "value_missing")
    assert "value" not in api.get().json()


def test_edits_before_the_second_page(cloud: Cloud, api: Api) -> None:
    ids = [cloud.partner_center.add() for _ in range(150)]

    def edit() -> None:
        cloud.partner_center.edit(ids[0], name="Changed in between")

    cloud.faults.add("referrals", "edit_between_pages", after=1, edits=edit)
    seen = api.ids(orderby="updatedDateTime asc")
    assert (seen[0], seen[-1], len(seen)) == (ids[0], ids[0], 151)


def test_plans_are_checked_and_cleared(cloud: Cloud, api: Api) -> None:
    with pytest.raises(ValueError, match="Unknown fault"):
        cloud.faults.add("referrals", "earthquake")
    with pytest.raises(ValueError, match="takes no"):
        cloud.faults.add("referrals", "close", code=500)
    cloud.faults.add("*", "status", times=None, code=500)
    assert [api.get().status_code for _ in range(3)] == [500] * 3
    cloud.faults.clear()
    assert api.get().status_code == 200


# Journal


def test_the_journal_keeps_what_matters_and_no_token(cloud: Cloud, api: Api) -> None:
    cloud.partner_center.add()
    api.get(filter="status eq 'New'", orderby="updatedDateTime asc")
    api.get()
    first, second = cloud.journal.requests("referrals")
    assert first.query == (("$filter", "status eq 'New'"), ("$orderby", "updatedDateTime asc"))
    assert (first.method, first.host, first.path) == (
        "GET",
        "api.partner.microsoft.com",
        "/v1.0/engagements/referrals",
    )
    assert (first.right_host, first.status) == (True, 200)
    assert first.client_request_id == "0f3c6a52-1111-4e00-9a0c-2f5c1f3b8e11"
    assert first.request_id != second.request_id
    assert first.headers["authorization"].startswith("Bearer … ")
    assert first.headers["authorization"] == second.headers["authorization"]
    assert api.token not in json.dumps([entry.as_json() for entry in cloud.journal.requests()])
    cloud.journal.clear()
    assert cloud.journal.requests() == []


def test_token_requests_are_noted_without_their_secrets(cloud: Cloud, session: requests.Session) -> None:
    form = {"client_id": "c", "grant_type": "refresh_token", "refresh_token": "very-secret", "client_secret": "x"}
    session.post("https://login.microsoftonline.com/organizations/oauth2/v2.0/token", data=form, timeout=5)
    (entry,) = cloud.journal.requests("token")
    assert entry.form == {"client_id": "c", "grant_type": "refresh_token"}
    assert "very-secret" not in json.dumps(entry.as_json())


def test_a_wrong_host_is_refused_and_noted(cloud: Cloud) -> None:
    assert _raw(cloud, Host="evil.example", Authorization="Bearer x")[0] == 421
    (entry,) = cloud.journal.requests()
    assert (entry.host, entry.right_host) == ("evil.example", False)


# Server


def test_keeps_connections_alive(cloud: Cloud) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=5)
    for _ in range(3):
        connection.request("GET", "/", headers={"Host": f"127.0.0.1:{cloud.port}"})
        assert connection.getresponse().read()
    local = connection.sock.getsockname()
    connection.request("GET", "/")
    connection.getresponse().read()
    assert connection.sock.getsockname() == local
    connection.close()


def test_listens_on_loopback_only() -> None:
    with pytest.raises(ValueError, match="loopback"):
        Cloud(host="0.0.0.0")


def test_stops_and_starts_again_with_its_state() -> None:
    cloud = Cloud(referrals=[{"id": "a"}])
    with cloud:
        first = cloud.port
    with pytest.raises(RuntimeError):
        _ = cloud.url
    with cloud:
        assert cloud.partner_center.rows() == {"a": {"id": "a"}}
        assert first
    cloud.stop()


# Control


def _control(cloud: Cloud, method: str, path: str, content: Any = None, **headers: str) -> requests.Response:
    return requests.request(method, f"{cloud.url}/_sandbox/{path}", json=content, headers=headers, timeout=5)


def test_control_of_referrals(cloud: Cloud) -> None:
    id = _control(cloud, "POST", "referrals", {"name": "Yeni", "details": {"currency": "EUR"}}).json()["id"]
    assert cloud.partner_center.row(id)["details"]["currency"] == "EUR"
    _control(cloud, "PATCH", f"referrals/{id}", {"name": "Başka", "status": "Active", "substatus": "Accepted"})
    row = _control(cloud, "GET", f"referrals/{id}").json()
    assert (row["name"], row["status"]) == ("Başka", "Active")
    assert row["acceptedDateTime"]
    assert len(_control(cloud, "GET", "referrals").json()["referrals"]) == 1
    assert _control(cloud, "DELETE", f"referrals/{id}").status_code == 200
    assert _control(cloud, "DELETE", f"referrals/{id}").status_code == 404
    assert _control(cloud, "PUT", "referrals").status_code == 405
    assert _control(cloud, "GET", "nothing").status_code == 404


def test_control_of_faults_switches_and_journal(cloud: Cloud, api: Api) -> None:
    assert _control(cloud, "POST", "faults", {"route": "referrals", "kind": "throttle", "times": 2}).ok
    assert _control(cloud, "GET", "state").json()["faults"][0]["retry_after"] == 30
    assert _control(cloud, "POST", "faults", {"route": "referrals", "kind": "nothing"}).status_code == 400
    assert _control(cloud, "POST", "faults", {"kind": "close"}).status_code == 400
    assert api.get().status_code == 429
    assert _control(cloud, "DELETE", "faults").ok
    assert api.get().status_code == 200
    assert [entry["status"] for entry in _control(cloud, "GET", "journal").json()["entries"]] == [429, 200]
    assert len(_control(cloud, "GET", "journal?last=1&route=referrals").json()["entries"]) == 1
    assert _control(cloud, "DELETE", "journal").ok
    assert _control(cloud, "GET", "state").json()["requests"] == 0
    assert _control(cloud, "POST", "partner_center", {"role_missing": True}).ok
    assert api.get().status_code == 403
    assert _control(cloud, "POST", "partner_center", {"clock_skew": 90}).ok
    assert cloud.partner_center.clock_skew == timedelta(seconds=90)
    assert _control(cloud, "POST", "entra", {"mfa": False, "token_error": "x"}).status_code == 400
    assert cloud.entra.switches.mfa, "all or none"
    assert _control(cloud, "POST", "partner_center", {"role_missing": "yes"}).status_code == 400
    assert _control(cloud, "POST", "partner_center", {"next_link": "even"}).status_code == 400
    assert _control(cloud, "POST", "entra", {"nothing": 1}).status_code == 400


def test_control_of_sign_in(cloud: Cloud, session: requests.Session, api: Api) -> None:
    device = "https://login.microsoftonline.com/organizations/oauth2/v2.0/devicecode"
    code = session.post(device, data={"client_id": "c", "scope": "s"}, timeout=5).json()["user_code"]
    assert _control(cloud, "GET", "state").json()["waiting_codes"] == [code]
    assert _control(cloud, "POST", "entra/approve", {"user_code": code}).ok
    assert _control(cloud, "GET", "state").json()["waiting_codes"] == []
    assert _control(cloud, "POST", "entra/approve", {"user_code": "X"}).status_code == 404
    assert _control(cloud, "POST", "entra/revoke").ok
    assert api.get().status_code == 401


def test_control_is_for_its_own_page_only(cloud: Cloud) -> None:
    assert _control(cloud, "POST", "referrals", {}, Origin="https://evil.example").status_code == 403
    assert _control(cloud, "POST", "referrals", {}, Origin="null").status_code == 403
    assert _raw(cloud, "/_sandbox/state", Host="evil.example")[0] == 421
    assert b"waiting_codes" not in _raw(cloud, "/_sandbox/state")[1]
    assert len(cloud.partner_center) == 0
    assert _control(cloud, "POST", "referrals", {}, Origin=cloud.url).ok


def test_the_page_needs_nothing_from_elsewhere(cloud: Cloud) -> None:
    page = requests.get(cloud.url, timeout=5)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "Add a fresh referral" in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text


def test_services_are_reachable_by_path(cloud: Cloud, api: Api) -> None:
    id = cloud.partner_center.add()
    url = REFERRALS.replace("https://", f"{cloud.url}/")
    answer = requests.get(url, headers={"Authorization": f"Bearer {api.token}"}, timeout=5)
    assert [row["id"] for row in answer.json()["value"]] == [id]
