"""Who gets in: application tokens, their audience and life, the application user, roles, the environment's state."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from sandbox.cloud import Cloud
from sandbox.dynamics import HOST
from tests.sandbox.conftest import Dataverse, answers, error, key, multipart, part

TOKEN = "https://login.microsoftonline.com/ornekbilisim.example/oauth2/v2.0/token"


def _token(session: requests.Session, scope: str = f"https://{HOST}/.default") -> requests.Response:
    form = {"grant_type": "client_credentials", "client_id": "hunter", "client_secret": "s", "scope": scope}
    return session.post(TOKEN, data=form, timeout=5)


def _who_am_i(session: requests.Session, token: str, host: str = HOST) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return session.get(f"https://{host}/api/data/v9.2/WhoAmI", headers=headers, timeout=5)


def test_client_credentials(cloud: Cloud, session: requests.Session) -> None:
    granted = _token(session).json()
    assert granted["expires_in"] > 300
    answer = _who_am_i(session, granted["access_token"])
    assert set(answer.json()) == {"@odata.context", "BusinessUnitId", "UserId", "OrganizationId"}
    assert int(answer.headers["x-ms-dop-hint"]) == 4
    api_host = HOST.replace(".crm4", ".api.crm4")
    assert _who_am_i(session, granted["access_token"], api_host).status_code == 200
    other = _token(session, "https://other.crm4.dynamics.com/.default").json()["access_token"]
    assert _who_am_i(session, other).status_code == 401
    refused = {"secret_expired": 7000222, "token_error": 90002, "client_id": 700016}
    for switch, number in refused.items():
        value: Any = {"secret_expired": True, "token_error": 90002, "client_id": "another"}[switch]
        cloud.entra.switch(**{switch: value})
        assert _token(session).json()["error_codes"] == [number]
        cloud.entra.switch(**{switch: False if switch == "secret_expired" else None})


@pytest.mark.parametrize("trouble", ["unknown", "revoked", "expired"])
def test_a_bearer_that_is_not_valid(cloud: Cloud, session: requests.Session, trouble: str) -> None:
    cloud.entra.switch(access_seconds=0 if trouble == "expired" else 3600)
    token = "nonsense" if trouble == "unknown" else _token(session).json()["access_token"]
    if trouble == "revoked":
        cloud.entra.revoke_access()
    answer = _who_am_i(session, token)
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=https://login.microsoftonline.com/")


def test_application_user_and_roles(cloud: Cloud, dataverse: Dataverse) -> None:
    id = dataverse.created("a.example")
    cloud.dynamics.switch(application_user_missing=True)
    assert error(dataverse.get("WhoAmI")) == (403, "0x80072560")
    cloud.dynamics.switch(application_user_missing=False, role_missing=True)
    assert error(dataverse.patch(f"leads({id})", {})) == (403, "0x80040220")
    assert error(dataverse.by_key("b.example", {})) == (403, "0x80040220")
    assert dataverse.get(f"leads({id})").status_code == 200
    cloud.dynamics.switch(role_missing=("create", "metadata"))
    assert dataverse.patch(f"leads({id})", {}).status_code == 204
    assert "prvCreateLead" in dataverse.by_key("b.example", {}).text
    assert error(dataverse.post("publishers", {"uniquename": "x"})) == (403, "0x80040220")
    cloud.dynamics.switch(role_missing="read")
    assert error(dataverse.get("leads")) == (403, "0x80040220")
    (item,) = answers(dataverse.batch(multipart([part("GET", key("a.example"))])))
    assert (item.status, item.code) == (403, "0x80040220")


def test_an_environment_that_sleeps_or_is_gone(cloud: Cloud, dataverse: Dataverse) -> None:
    cloud.dynamics.switch(asleep=True)
    answer = dataverse.get("WhoAmI")
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, False)
    assert answer.headers["Content-Type"].startswith("text/html")
    cloud.dynamics.switch(asleep=False, down=True)
    with pytest.raises(requests.ConnectionError):
        dataverse.get("WhoAmI")
    assert cloud.journal.requests("whoami")[-1].status == 0
    cloud.dynamics.switch(down=False, latency_ms=50)
    started = time.monotonic()
    assert dataverse.get("WhoAmI").status_code == 200
    assert time.monotonic() - started >= 0.05


def test_clock_skew(cloud: Cloud, dataverse: Dataverse) -> None:
    cloud.dynamics.switch(clock_skew=3600)
    answer = dataverse.by_key("a.example", {})
    ahead = datetime.now(UTC) + timedelta(minutes=59)
    assert parsedate_to_datetime(answer.headers["Date"]) > ahead
    assert datetime.fromisoformat(cloud.dynamics.leads()[0]["modifiedon"]) > ahead


def test_what_every_answer_carries(cloud: Cloud, dataverse: Dataverse) -> None:
    first = dataverse.get("WhoAmI", x_ms_client_request_id="0f3c6a52-1111-4e00-9a0c-2f5c1f3b8e11")
    assert first.headers["REQ_ID"] == first.headers["x-ms-service-request-id"]
    assert first.headers["Set-Cookie"].startswith("ARRAffinity=")
    entry = cloud.journal.requests("whoami")[0]
    assert entry.client_request_id == "0f3c6a52-1111-4e00-9a0c-2f5c1f3b8e11"
    assert entry.request_id == first.headers["x-ms-service-request-id"]
    dataverse.session.cookies.clear()
    assert cloud.dynamics.affinity_cookies == 0
    dataverse.get("WhoAmI", Cookie="ARRAffinity=x")
    assert cloud.dynamics.affinity_cookies == 1


def test_annotated_errors(dataverse: Dataverse) -> None:
    plain = dataverse.get("nothing").json()["error"]
    annotated = dataverse.get("nothing", Prefer='odata.include-annotations="*"').json()["error"]
    assert set(plain) == {"code", "message"}
    assert annotated["@Microsoft.PowerApps.CDS.InnerError.Message"] == plain["message"]


def test_wrong_verbs_and_places(dataverse: Dataverse) -> None:
    assert dataverse.post("WhoAmI", {}).status_code == 404
    assert dataverse.patch("leads", {}).status_code == 405
    assert dataverse.get("$batch").status_code == 405
    assert dataverse.get(f"https://{HOST}/elsewhere").status_code == 404
    assert dataverse.get("leads?$expand=owninguser").status_code == 501


def test_switches_are_checked(cloud: Cloud) -> None:
    for wrong in ({"nothing": 1}, {"asleep": "yes"}, {"key_state": "new"}):
        with pytest.raises(ValueError, match=r"nothing|asleep|key_state"):
            cloud.dynamics.switch(**wrong)
