"""Sign-in against the sandbox, driven by the real MSAL where it has a say."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msal
import pytest
import requests

from sandbox.cloud import USERS, Cloud
from tests.sandbox.conftest import REFERRALS, SCOPE, ToLoopback

LOGIN = "https://login.microsoftonline.com/organizations"
TOKEN = f"{LOGIN}/oauth2/v2.0/token"
CONNECTED = "http://127.0.0.1:8000/connected/"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def _app(session: requests.Session, cloud: Cloud) -> msal.PublicClientApplication:
    cloud.entra.switches.interval = 1  # the shortest: MSAL would poll for ever with 0, and warn with more
    return msal.PublicClientApplication("hunter-client", authority=LOGIN, http_client=session)


def _poll(app: msal.PublicClientApplication, flow: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = app.acquire_token_by_device_flow(flow, exit_condition=lambda flow: True)
    return result


def _signed_in(session: requests.Session, cloud: Cloud) -> tuple[msal.PublicClientApplication, dict[str, Any]]:
    app = _app(session, cloud)
    flow = app.initiate_device_flow([SCOPE])
    cloud.entra.approve(flow["user_code"])
    return app, _poll(app, flow)


def _refreshed(app: msal.PublicClientApplication) -> dict[str, Any]:
    account = app.get_accounts()[0]
    result: dict[str, Any] = app.acquire_token_silent_with_error([SCOPE], account, force_refresh=True)
    return result


def _status(session: requests.Session, token: str) -> int:
    return session.get(REFERRALS, headers={"Authorization": f"Bearer {token}"}, timeout=5).status_code


def _post(session: requests.Session, **form: str) -> requests.Response:
    return session.post(TOKEN, data={"client_id": "hunter-client", **form}, timeout=5)


def test_device_code_end_to_end(cloud: Cloud, session: requests.Session) -> None:
    app = _app(session, cloud)
    flow = app.initiate_device_flow([SCOPE])
    assert flow["verification_uri"] == "https://microsoft.com/devicelogin"
    pending = _poll(app, flow)
    assert (pending["error"], pending["error_codes"]) == ("authorization_pending", [70016])
    cloud.entra.approve(flow["user_code"])
    result = _poll(app, flow)
    assert _status(session, result["access_token"]) == 200
    assert result["id_token_claims"]["preferred_username"] == USERS[0]
    (account,) = app.get_accounts()
    assert account["username"] == USERS[0]
    assert app.acquire_token_silent_with_error([SCOPE], account)["token_source"] == "cache"
    assert app.acquire_token_silent_with_error([SCOPE], account, force_refresh=True)["token_source"] == (
        "identity_provider"
    )


def test_a_device_code_serves_once(cloud: Cloud, session: requests.Session) -> None:
    app = _app(session, cloud)
    flow = app.initiate_device_flow([SCOPE])
    cloud.entra.approve(flow["user_code"])
    assert "access_token" in _poll(app, flow)
    assert _poll(app, flow)["error"] == "bad_verification_code"


def test_device_switches(cloud: Cloud, session: requests.Session) -> None:
    app = _app(session, cloud)
    flow = app.initiate_device_flow([SCOPE])
    cloud.entra.switch(slow_down=1)
    assert _poll(app, dict(flow))["error"] == "slow_down"
    cloud.entra.switch(expired=True)
    assert _poll(app, dict(flow))["error"] == "expired_token"
    cloud.entra.switch(expired=False, declined=True)
    flow = app.initiate_device_flow([SCOPE])
    assert _poll(app, dict(flow))["error"] == "authorization_declined"
    assert cloud.entra.waiting_codes() == []
    cloud.entra.switch(declined=False, auto_approve_after=1, block_device_code=True)
    flow = app.initiate_device_flow([SCOPE])
    assert _poll(app, dict(flow))["error"] == "authorization_pending"
    blocked = _poll(app, dict(flow)) | _poll(app, dict(flow))
    assert blocked["error_codes"] == [53003]
    cloud.entra.switch(block_device_code=False)
    assert "access_token" in _poll(app, dict(flow))


def test_a_declined_request_stays_declined(cloud: Cloud, session: requests.Session) -> None:
    app = _app(session, cloud)
    flow = app.initiate_device_flow([SCOPE])
    assert cloud.entra.waiting_codes() == [flow["user_code"]]
    cloud.entra.decline(flow["user_code"])
    assert cloud.entra.waiting_codes() == []
    assert _poll(app, flow)["error"] == "authorization_declined"
    with pytest.raises(LookupError):
        cloud.entra.approve("NOSUCHCODE")


def test_the_device_page_signs_in_the_chosen_user(cloud: Cloud, session: requests.Session) -> None:
    app = _app(session, cloud)
    flow = app.initiate_device_flow([SCOPE])
    page = f"{cloud.url}/microsoft.com/devicelogin"
    assert "<form method='post'>" in requests.get(page, timeout=5).text
    wrong = {"code": "WRONG", "user": USERS[1], "decision": "approve"}
    assert requests.post(page, data=wrong, timeout=5).status_code == 400
    sent = {"code": f" {flow['user_code'].lower()} ", "user": USERS[1], "decision": "approve"}
    assert "You have signed in" in requests.post(page, data=sent, timeout=5).text
    assert _poll(app, flow)["id_token_claims"]["preferred_username"] == USERS[1]


def _auth_uri(**changes: str) -> str:
    query = {
        "client_id": "hunter-client",
        "redirect_uri": CONNECTED,
        "response_type": "code",
        "scope": f"{SCOPE} openid offline_access",
        "state": "s-1",
    }
    return f"{LOGIN}/oauth2/v2.0/authorize?{urlencode(query | changes)}"


def _answer_page(cloud: Cloud, auth_uri: str, decision: str, **headers: str) -> requests.Response:
    """What a browser does: the page by its path on loopback, then its form."""
    page = auth_uri.replace("https://", f"{cloud.url}/")
    assert "Pick an account" in requests.get(page, timeout=5).text
    form = {"user": USERS[1], "decision": decision}
    return requests.post(page, data=form, allow_redirects=False, headers=headers, timeout=5)


def test_authorization_code_with_pkce(cloud: Cloud, session: requests.Session) -> None:
    app = _app(session, cloud)
    flow = app.initiate_auth_code_flow([SCOPE], redirect_uri=CONNECTED, response_mode="form_post")
    back = _answer_page(cloud, flow["auth_uri"], "approve")
    assert f"action='{CONNECTED}'" in back.text
    answer = dict(re.findall(r"name='(\w+)' value='([^']*)'", back.text))
    result = app.acquire_token_by_auth_code_flow(flow, answer)
    assert result["id_token_claims"]["preferred_username"] == USERS[1]
    assert _status(session, result["access_token"]) == 200
    assert app.get_accounts()[0]["username"] == USERS[1]


def test_declining_returns_access_denied(cloud: Cloud) -> None:
    back = _answer_page(cloud, _auth_uri(redirect_uri=f"{CONNECTED}?next=1"), "decline")
    assert back.status_code == 302
    location = urlsplit(back.headers["Location"])
    assert location.netloc == "127.0.0.1:8000"
    answer = dict(parse_qsl(location.query))
    assert (answer["error"], answer["state"], answer["next"]) == ("access_denied", "s-1", "1")


def test_foreign_pages_cannot_approve(cloud: Cloud) -> None:
    assert _answer_page(cloud, _auth_uri(), "approve", Origin="https://evil.example").status_code == 403
    assert _answer_page(cloud, _auth_uri(), "approve", Origin=cloud.url).status_code == 302


@pytest.mark.parametrize(
    "changes",
    [{"response_type": "token"}, {"redirect_uri": "javascript:alert(1)"}, {"redirect_uri": ""}, {"client_id": ""}],
)
def test_bad_authorization_requests_get_a_page_and_no_redirect(cloud: Cloud, changes: dict[str, str]) -> None:
    page = _auth_uri(**changes).replace("https://", f"{cloud.url}/")
    answer = requests.get(page, allow_redirects=False, timeout=5)
    assert (answer.status_code, "AADSTS" in answer.text) == (400, True)


def _code(cloud: Cloud, verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    uri = _auth_uri(code_challenge=challenge, code_challenge_method="S256")
    back = _answer_page(cloud, uri, "approve")
    return dict(parse_qsl(urlsplit(back.headers["Location"]).query))["code"]


def test_code_rules(cloud: Cloud, session: requests.Session) -> None:
    code = _code(cloud, "the-right-verifier")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CONNECTED}
    assert _post(session, **form).json()["error_codes"] == [501481]
    assert _post(session, **form, code_verifier="wrong").json()["error_codes"] == [501481]
    elsewhere = {**form, "redirect_uri": f"{CONNECTED}other/", "code_verifier": "the-right-verifier"}
    assert _post(session, **elsewhere).json()["error_codes"] == [50011]
    right = {**form, "code_verifier": "the-right-verifier"}
    answer = _post(session, **right)
    assert answer.status_code == 200
    assert answer.json()["scope"] == f"{SCOPE} openid offline_access"
    assert _post(session, **right).json()["error_codes"] == [54005]


def test_secret_rules(cloud: Cloud, session: requests.Session) -> None:
    def outcome(**form: str) -> tuple[int, list[int]]:
        answer = _post(session, grant_type="client_credentials", scope=SCOPE, **form)
        return answer.status_code, answer.json().get("error_codes", [])

    assert outcome() == (401, [7000218])
    assert outcome(client_secret="any") == (200, [])
    cloud.entra.switch(client_secret="right")
    assert outcome(client_secret="any") == (401, [7000215])
    assert outcome(client_secret="right") == (200, [])
    cloud.entra.switch(secret_expired=True)
    assert outcome(client_secret="right") == (401, [7000222])
    cloud.entra.switch(client_id="another")
    assert outcome(client_secret="right") == (400, [700016])


def test_app_only_tokens_do_not_read_referrals(cloud: Cloud, session: requests.Session) -> None:
    answer = _post(session, grant_type="client_credentials", scope=SCOPE, client_secret="s").json()
    assert "refresh_token" not in answer
    assert _status(session, answer["access_token"]) == 401


def test_public_flows_can_be_off(cloud: Cloud, session: requests.Session) -> None:
    app = _app(session, cloud)
    flow = app.initiate_device_flow([SCOPE])
    cloud.entra.switch(public_client=False)
    assert _poll(app, flow)["error_codes"] == [7000218]


@pytest.mark.parametrize("number", [50173, 700082, 50076, 50079, 53003, 65001, 50057, 70043])
def test_refresh_fails_by_number(cloud: Cloud, session: requests.Session, number: int) -> None:
    app, _ = _signed_in(session, cloud)
    cloud.entra.switch(token_error=number)
    answer = _refreshed(app)
    assert (answer["error"], answer["error_codes"]) == ("invalid_grant", [number])
    assert f"AADSTS{number}" in answer["error_description"]
    assert USERS[0] in answer["error_description"]
    assert {"timestamp", "trace_id", "correlation_id"} <= answer.keys()


def test_old_refresh_tokens_stay_valid_until_revoked(cloud: Cloud, session: requests.Session) -> None:
    _, signed_in = _signed_in(session, cloud)
    first = {"grant_type": "refresh_token", "refresh_token": signed_in["refresh_token"], "scope": signed_in["scope"]}
    renewed = _post(session, **first).json()
    assert renewed["refresh_token"] != signed_in["refresh_token"]
    assert _post(session, **first).status_code == 200
    other = session.post(TOKEN, data={**first, "client_id": "another"}, timeout=5)
    assert other.json()["error"] == "invalid_grant"
    cloud.entra.revoke_access()
    assert _status(session, renewed["access_token"]) == 401
    assert _post(session, **first).status_code == 200
    cloud.entra.revoke()
    assert _post(session, **first).json()["error_codes"] == [50173]
    _, again = _signed_in(session, cloud)
    assert _status(session, again["access_token"]) == 200


def test_refresh_tokens_survive_a_restart(cloud: Cloud, session: requests.Session) -> None:
    _, signed_in = _signed_in(session, cloud)
    form = {
        "client_id": "hunter-client",
        "grant_type": "refresh_token",
        "refresh_token": signed_in["refresh_token"],
        "scope": SCOPE,
    }
    with Cloud() as restarted, requests.Session() as client:
        client.mount("https://", ToLoopback(restarted.url))
        answer = client.post(TOKEN, data=form, timeout=5)
    assert answer.status_code == 200
    damaged = {**form, "refresh_token": signed_in["refresh_token"][:-3] + "AAA"}
    assert session.post(TOKEN, data=damaged, timeout=5).json()["error"] == "invalid_grant"


def test_mfa_is_lost_and_regained(cloud: Cloud, session: requests.Session) -> None:
    app, _ = _signed_in(session, cloud)
    cloud.entra.switch(mfa=False)
    token = _refreshed(app)["access_token"]
    answer = session.get(REFERRALS, headers={"Authorization": f"Bearer {token}"}, timeout=5)
    assert answer.status_code == 401
    assert "900421" in answer.text
    unsafe, _ = _signed_in(session, cloud)
    cloud.entra.switch(mfa=True)
    assert _status(session, _refreshed(unsafe)["access_token"]) == 401, "only a new sign-in brings MFA"
    _, again = _signed_in(session, cloud)
    assert _status(session, again["access_token"]) == 200


def test_access_tokens_expire(cloud: Cloud, session: requests.Session) -> None:
    cloud.entra.switch(access_seconds=0)
    _, signed_in = _signed_in(session, cloud)
    assert signed_in["expires_in"] == 0
    assert _status(session, signed_in["access_token"]) == 401


def test_throttling_and_outage_of_the_token_endpoint(cloud: Cloud, session: requests.Session) -> None:
    app, _ = _signed_in(session, cloud)
    cloud.faults.add("token", "status", code=503, retry_after=7)
    with pytest.raises(msal.exceptions.MsalServiceError):
        _refreshed(app)
    cloud.faults.add("token", "throttle", retry_after=1)
    answer = _post(session, grant_type="refresh_token", refresh_token="any")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert answer.json()["error"] == "temporarily_unavailable"


def test_discovery(cloud: Cloud, session: requests.Session) -> None:
    tenant = cloud.entra.tenant
    base = "https://login.microsoftonline.com"
    for segment, issuer in ((tenant, tenant), ("organizations", "{tenantid}"), ("ornekbilisim.example", tenant)):
        document = session.get(f"{base}/{segment}/v2.0/.well-known/openid-configuration", timeout=5).json()
        assert document["issuer"] == f"{base}/{issuer}/v2.0"
        assert document["token_endpoint"] == f"{base}/{segment}/oauth2/v2.0/token"
    assert session.get(f"{base}/common/discovery/instance", timeout=5).json()["metadata"]


def test_tokens_tell_nothing_at_a_glance(cloud: Cloud, session: requests.Session) -> None:
    _, signed_in = _signed_in(session, cloud)
    for name in ("access_token", "refresh_token"):
        assert "selin" not in signed_in[name]
    info = json.loads(base64.urlsafe_b64decode(signed_in["client_info"] + "=="))
    assert info["utid"] == cloud.entra.tenant


def test_a_device_grant_without_a_known_code(session: requests.Session) -> None:
    answer = _post(session, grant_type=DEVICE_GRANT, device_code="nothing")
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_verification_code")
