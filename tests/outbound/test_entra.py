"""Sign-in against a small Entra: discovery, device code, token endpoint."""

from __future__ import annotations

import base64
import json
import logging
import time
import traceback
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msal  # type: ignore[import-untyped, unused-ignore]  # ships no types
import pytest

from outbound.entra import EntraApp, SignedIn
from outbound.errors import Misconfigured, NetworkFailed, OutboundError, RateLimited, ServerFailed, SignInNeeded
from outbound.logs import QUIET
from tests.outbound.far_side import FarSide, Reply, Seen, reply

TENANT, CLIENT = "7e1f0000-0000-4000-8000-000000000001", "c11e0000-0000-4000-8000-000000000002"
SCOPE = "https://api.partner.microsoft.com/.default"
HOME = "0001.7e1f"
AUTHORITY = f"https://login.microsoftonline.com/{TENANT}"
DISCOVERY = f"/{TENANT}/v2.0/.well-known/openid-configuration"
DEVICE_CODE, TOKEN = f"/{TENANT}/oauth2/v2.0/devicecode", f"/{TENANT}/oauth2/v2.0/token"
SECRETS = ("device-secret", "auth-code-secret", "client-secret", "access-", "refresh-", "derya", "Deneme", "ABC-DEF")


def encoded(data: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


class Entra:
    """Answers as Entra does; `said` holds prepared answers of the token endpoint, first come first served."""

    def __init__(self, remote: FarSide) -> None:
        self.remote = remote
        self.said: list[Reply] = []
        self.issued = 0
        self.nonce = ""
        self.scope = SCOPE
        self.discovery = reply(
            {
                "issuer": f"{AUTHORITY}/v2.0",
                "authorization_endpoint": f"{AUTHORITY}/oauth2/v2.0/authorize",
                "token_endpoint": f"{AUTHORITY}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{AUTHORITY}/oauth2/v2.0/devicecode",
            }
        )
        self.device = reply(
            {
                "device_code": "device-secret",
                "user_code": "ABC-DEF",
                "verification_uri": "https://login.acme.example/device",
                "expires_in": 900,
                "interval": 5,
                "message": "Enter ABC-DEF",
            }
        )
        remote.answer = self.answer

    def answer(self, seen: Seen) -> Reply:
        assert seen.headers["Host"] == "login.microsoftonline.com"
        if seen.path == DISCOVERY:
            return self.discovery
        if seen.path == DEVICE_CODE:
            return self.device
        assert seen.path == TOKEN
        return self.said.pop(0) if self.said else self.tokens(seen.form)

    def tokens(self, form: dict[str, str]) -> Reply:
        self.issued += 1
        issued = {
            "token_type": "Bearer",
            "scope": self.scope,
            "expires_in": 3600,
            "access_token": f"access-{self.issued}",
        }
        if form["grant_type"] != "client_credentials":
            claims = {"oid": "0001", "tid": TENANT, "preferred_username": "derya@acme.example", "nonce": self.nonce}
            issued |= {
                "refresh_token": f"refresh-{self.issued}",
                "id_token": f"{encoded({'alg': 'none'})}.{encoded(claims)}.",
                "client_info": encoded({"uid": "0001", "utid": "7e1f"}),
            }
        return reply(issued)

    @property
    def forms(self) -> list[dict[str, str]]:
        return [seen.form for seen in self.remote.seen if seen.path == TOKEN]


@pytest.fixture
def entra(remote: FarSide) -> Entra:
    return Entra(remote)


@pytest.fixture
def cache() -> msal.SerializableTokenCache:
    return msal.SerializableTokenCache()


def app(entra: Entra, cache: Any = None, **options: Any) -> EntraApp:
    return EntraApp(tenant=TENANT, client_id=CLIENT, cache=cache, sandbox_url=entra.remote.url, **options)


def refusal(number: int | None, error: str = "invalid_grant", status: int = 400) -> Reply:
    said = {"error": error, "trace_id": "trace-1", "correlation_id": "correlation-1"}
    if number:
        said["error_description"] = f"AADSTS{number}: Derya Deneme (derya@acme.example) may not. Trace ID: trace-1"
    return reply(said, status)


def signed_in(entra: Entra, cache: Any) -> SignedIn:
    """A person in the cache, by device code."""
    entry = app(entra, cache)
    who = entry.poll_device_code(entry.start_device_code([SCOPE]))
    assert who is not None
    return who


def signed_in_by_browser(entra: Entra, cache: Any, secret: str = "client-secret") -> SignedIn:
    flow = app(entra, cache, client_secret=secret).start_browser([SCOPE], "https://hunter.example/back")
    entra.nonce = parse_qs(urlsplit(flow["auth_uri"]).query)["nonce"][0]
    params = {"state": flow["state"], "code": "auth-code-secret"}
    return app(entra, cache, client_secret=secret).finish_browser(json.loads(json.dumps(flow)), params)


# Device code


def test_a_device_code_is_entered(entra: Entra, cache: msal.SerializableTokenCache) -> None:
    flow = app(entra, cache).start_device_code([SCOPE])
    assert (flow["user_code"], flow["interval"]) == ("ABC-DEF", 5)
    assert flow["verification_uri"] == f"{entra.remote.url}/login.acme.example/device"
    assert entra.remote.seen[1].form["client_id"] == CLIENT
    stored = json.loads(json.dumps(flow))
    entra.said = [refusal(70016, "authorization_pending")]
    assert app(entra, cache).poll_device_code(stored) is None
    assert not cache.has_state_changed
    stored["latest_attempt_at"] -= 5
    who = app(entra, cache).poll_device_code(stored)
    assert who is not None
    assert (who.username, who.home_account_id, who.tenant_id) == ("derya@acme.example", HOME, TENANT)
    assert who.scopes == (SCOPE,)
    assert abs(who.expires_at - datetime.now(UTC) - timedelta(hours=1)) < timedelta(seconds=5)
    assert cache.has_state_changed


def test_an_early_poll_asks_nobody(entra: Entra) -> None:
    entry = app(entra)
    flow = entry.start_device_code([SCOPE])
    flow["latest_attempt_at"] = time.time() - 3
    before = len(entra.remote.seen)
    assert entry.poll_device_code(flow) is None
    assert len(entra.remote.seen) == before


def test_slow_down_makes_the_interval_longer(entra: Entra) -> None:
    entry = app(entra)
    flow = entry.start_device_code([SCOPE])
    entra.said = [refusal(None, "slow_down")]
    assert entry.poll_device_code(flow) is None
    assert flow["interval"] == 10
    flow["latest_attempt_at"] -= 8
    assert entry.poll_device_code(flow) is None
    assert len(entra.forms) == 1


def test_an_interval_of_nothing_does_not_spin(entra: Entra) -> None:
    entra.device = reply(json.loads(entra.device.body) | {"interval": 0})
    entry = app(entra)
    flow = entry.start_device_code([SCOPE])
    entra.said = [refusal(None, "authorization_pending")]
    assert entry.poll_device_code(flow) is None
    assert len(entra.forms) == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [("authorization_declined", "declined"), ("expired_token", "expired"), ("bad_verification_code", "expired")],
)
def test_a_device_code_ends(entra: Entra, error: str, reason: str) -> None:
    entry = app(entra)
    flow = entry.start_device_code([SCOPE])
    entra.said = [refusal(None, error)]
    with pytest.raises(SignInNeeded) as raised:
        entry.poll_device_code(flow)
    assert (raised.value.reason, raised.value.code) == (reason, error)


def test_a_refused_start_is_told(entra: Entra) -> None:
    entra.device = refusal(700016, "unauthorized_client")
    with pytest.raises(SignInNeeded) as raised:
        app(entra).start_device_code([SCOPE])
    assert (raised.value.reason, raised.value.code, raised.value.path) == ("app_unknown", "AADSTS700016", DEVICE_CODE)


# Browser


@pytest.mark.parametrize("secret", ["client-secret", ""])
def test_a_browser_signs_in(entra: Entra, cache: msal.SerializableTokenCache, secret: str) -> None:
    flow = app(entra, cache, client_secret=secret).start_browser([SCOPE], "https://hunter.example/back")
    start = f"{entra.remote.url}/login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize?"
    assert flow["auth_uri"].startswith(start)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(flow["auth_uri"]).query).items()}
    assert asked["prompt"] == "select_account"
    assert asked["redirect_uri"] == "https://hunter.example/back"
    assert asked["code_challenge_method"] == "S256"
    assert signed_in_by_browser(entra, cache, secret).home_account_id == HOME
    (form,) = entra.forms
    assert (form["code"], form.get("client_secret", "")) == ("auth-code-secret", secret)
    assert len(form["code_verifier"]) == 43


@pytest.mark.parametrize("params", [{}, {"state": "other", "code": "x"}, {"state": "right"}])
def test_a_redirect_of_another_flow_is_refused_without_asking(entra: Entra, params: dict[str, str]) -> None:
    with pytest.raises(SignInNeeded) as raised:
        app(entra).finish_browser({"state": "right", "code_verifier": "v", "nonce": "n"}, params)
    assert (raised.value.reason, raised.value.code, entra.remote.seen) == ("refused", "state_mismatch", [])


def test_a_token_of_another_sign_in_is_refused(entra: Entra) -> None:
    entry = app(entra)
    flow = entry.start_browser([SCOPE], "https://hunter.example/back")
    entra.nonce = "other"
    with pytest.raises(SignInNeeded) as raised:
        entry.finish_browser(flow, {"state": flow["state"], "code": "auth-code-secret"})
    assert (raised.value.reason, raised.value.code) == ("refused", "nonce_mismatch")


def test_a_person_who_declines_in_the_browser(entra: Entra) -> None:
    entry = app(entra)
    flow = entry.start_browser([SCOPE], "https://hunter.example/back")
    params = {"state": flow["state"], "error": "access_denied", "error_description": "AADSTS65004: Derya declined"}
    with pytest.raises(SignInNeeded) as raised:
        entry.finish_browser(flow, params)
    assert (raised.value.reason, raised.value.code) == ("declined", "AADSTS65004")
    assert (raised.value.path, raised.value.status) == ("", None)


# Tokens


def test_a_token_comes_from_the_cache_until_it_is_forced(entra: Entra, cache: msal.SerializableTokenCache) -> None:
    signed_in(entra, cache)
    stored = msal.SerializableTokenCache()
    stored.deserialize(cache.serialize())
    entry = app(entra, stored)
    assert [entry.token([SCOPE], HOME), entry.token([SCOPE], HOME)] == ["access-1", "access-1"]
    assert not stored.has_state_changed
    assert entry.token([SCOPE], HOME, force=True) == "access-2"
    assert stored.has_state_changed
    assert [form["grant_type"] for form in entra.forms][1:] == ["refresh_token"]


def test_a_refused_bearer_does_not_come_back(entra: Entra, cache: msal.SerializableTokenCache) -> None:
    signed_in(entra, cache)
    entra.scope = f"{SCOPE} https://api.partner.microsoft.com/user_impersonation"
    entry = app(entra, cache)
    tokens = [entry.token([SCOPE], HOME, force=fresh) for fresh in (False, True, False)]
    assert tokens == ["access-1", "access-2", "access-2"]


def test_a_refresh_uses_the_secret_only_after_a_browser_sign_in(
    entra: Entra, cache: msal.SerializableTokenCache
) -> None:
    signed_in(entra, cache)
    app(entra, cache, client_secret="client-secret").token([SCOPE], HOME, force=True)
    signed_in_by_browser(entra, cache)
    app(entra, cache, client_secret="client-secret").token([SCOPE], HOME, force=True)
    refreshes = [form for form in entra.forms if form["grant_type"] == "refresh_token"]
    assert [form.get("client_secret", "") for form in refreshes] == ["", "client-secret"]


def test_nobody_signed_in_asks_nobody(entra: Entra) -> None:
    with pytest.raises(SignInNeeded) as raised:
        app(entra).token([SCOPE], HOME)
    assert (raised.value.reason, entra.remote.seen) == ("expired", [])


def test_an_account_without_its_refresh_token_has_to_sign_in(entra: Entra, cache: msal.SerializableTokenCache) -> None:
    signed_in(entra, cache)
    text = json.loads(cache.serialize()) | {"RefreshToken": {}, "AccessToken": {}}
    cache.deserialize(json.dumps(text))
    with pytest.raises(SignInNeeded) as raised:
        app(entra, cache).token([SCOPE], HOME)
    assert raised.value.reason == "expired"


def test_an_application_token(entra: Entra) -> None:
    entry = app(entra, client_secret="client-secret")
    assert [entry.app_token([SCOPE]), entry.app_token([SCOPE]), entry.app_token([SCOPE], force=True)] == [
        "access-1", "access-1", "access-2",
    ]  # fmt: skip
    assert {(form["grant_type"], form["client_secret"], form["scope"]) for form in entra.forms} == {
        ("client_credentials", "client-secret", SCOPE)
    }


def test_an_application_without_secret_is_misconfigured(entra: Entra) -> None:
    with pytest.raises(Misconfigured):
        app(entra).app_token([SCOPE])
    assert entra.remote.seen == []


# What Entra refuses


def ask_token(entra: Entra, cache: msal.SerializableTokenCache) -> OutboundError:
    """What a forced refresh of a signed-in person raises."""
    with pytest.raises(OutboundError) as raised:
        app(entra, cache).token([SCOPE], HOME, force=True)
    return raised.value


@pytest.mark.parametrize(
    ("number", "error", "reason"),
    [
        (50076, "invalid_grant", "mfa_required"),
        (50079, "interaction_required", "mfa_required"),
        (50078, "invalid_grant", "mfa_required"),
        (65001, "invalid_grant", "consent_missing"),
        (None, "consent_required", "consent_missing"),
        (53003, "access_denied", "policy_blocked"),
        (70043, "invalid_grant", "expired"),
        (70008, "invalid_grant", "expired"),
        (50173, "invalid_grant", "password_changed"),
        (700082, "invalid_grant", "unused"),
        (50057, "invalid_grant", "account_disabled"),
        (7000218, "invalid_client", "public_flow_off"),
        (700016, "unauthorized_client", "app_unknown"),
        (7000215, "invalid_client", "wrong_secret"),
        (7000222, "invalid_client", "wrong_secret"),
        (None, "invalid_client", "wrong_secret"),
        (99999, "invalid_grant", "refused"),
        (None, "something_new", "refused"),
    ],
)
def test_a_refusal_has_a_reason(
    entra: Entra, cache: msal.SerializableTokenCache, number: int | None, error: str, reason: str
) -> None:
    signed_in(entra, cache)
    entra.said = [refusal(number, error)]
    raised = ask_token(entra, cache)
    assert type(raised) is SignInNeeded
    assert (raised.reason, raised.code) == (reason, f"AADSTS{number}" if number else error)
    assert (raised.request_id, raised.client_request_id) == ("trace-1", "correlation-1")
    assert (raised.status, raised.path, raised.is_transient) == (400, TOKEN, False)


def test_a_number_may_come_in_the_list_alone(entra: Entra, cache: msal.SerializableTokenCache) -> None:
    signed_in(entra, cache)
    entra.said = [reply({"error": "invalid_grant", "error_codes": [50173]}, 400)]
    raised = ask_token(entra, cache)
    assert isinstance(raised, SignInNeeded)
    assert (raised.reason, raised.code) == ("password_changed", "AADSTS50173")


@pytest.mark.parametrize(
    ("said", "expected", "status"),
    [
        (refusal(90033, "temporarily_unavailable"), ServerFailed, 400),
        (refusal(None, "server_error"), ServerFailed, 400),
        (refusal(50076, "invalid_grant", 503), ServerFailed, 503),
        (Reply(502, b"<html>"), ServerFailed, 502),
        (Reply(200, b"<html>derya@acme.example"), ServerFailed, 200),
        (Reply(302, b"", {"Location": "https://evil.example"}), ServerFailed, 302),
        (reply({"error": "x"}, 429, Retry_After="17"), RateLimited, 429),
        (Reply(reset=True), NetworkFailed, None),
        (Reply(body=b"{", cut=9), NetworkFailed, 200),
    ],
)
def test_trouble_of_entra_is_no_reason_to_sign_in(
    entra: Entra, cache: msal.SerializableTokenCache, said: Reply, expected: type[OutboundError], status: int | None
) -> None:
    signed_in(entra, cache)
    entra.said = [said]
    raised = ask_token(entra, cache)
    assert type(raised) is expected
    assert (raised.status, raised.path, raised.method, raised.is_transient) == (status, TOKEN, "POST", True)
    assert raised.retry_after == (17.0 if status == 429 else None)
    assert app(entra, cache).token([SCOPE], HOME, force=True) == "access-2"


def test_silence_ends(entra: Entra, cache: msal.SerializableTokenCache) -> None:
    entra.discovery = Reply(late=0.4)
    with pytest.raises(NetworkFailed) as raised:
        app(entra, cache, timeout=0.1).start_device_code([SCOPE])
    assert (raised.value.code, raised.value.path) == ("timeout", DISCOVERY)


@pytest.mark.parametrize(
    ("discovery", "expected"),
    [
        (refusal(90002, "invalid_tenant"), Misconfigured),
        (Reply(200, b"<html>"), ServerFailed),
        (Reply(200, b"{}"), ServerFailed),
        (Reply(503, b""), ServerFailed),
        (reply({}, 429), RateLimited),
        (Reply(reset=True), NetworkFailed),
    ],
)
@pytest.mark.parametrize("secret", ["", "client-secret"])
def test_trouble_before_the_first_question(
    entra: Entra, discovery: Reply, expected: type[OutboundError], secret: str
) -> None:
    well, entra.discovery = entra.discovery, discovery
    entry = app(entra, client_secret=secret)
    with pytest.raises(expected) as raised:
        entry.start_browser([SCOPE], "https://hunter.example/back")
    assert raised.value.path == DISCOVERY
    entra.discovery = well
    entry.start_browser([SCOPE], "https://hunter.example/back")


def test_missing_certificates_are_a_matter_of_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/bundle.pem")
    with pytest.raises(Misconfigured) as raised:
        EntraApp(tenant=TENANT, client_id=CLIENT).start_device_code([SCOPE])
    assert raised.value.code == "certificates"


def test_no_tenant_is_misconfigured() -> None:
    with pytest.raises(Misconfigured):
        EntraApp(tenant="", client_id=CLIENT).start_device_code([SCOPE])


def test_an_answer_without_account_is_no_sign_in(entra: Entra) -> None:
    entry = app(entra)
    flow = entry.start_device_code([SCOPE])
    entra.said = [reply({"access_token": "access-0", "token_type": "Bearer", "expires_in": 3600})]
    with pytest.raises(ServerFailed):
        entry.poll_device_code(flow)


def test_scopes_msal_adds_itself_are_a_programming_error(entra: Entra) -> None:
    with pytest.raises(ValueError, match="reserved"):
        app(entra).start_device_code(["openid"])


# What is written down


def go_through_everything(entra: Entra, cache: msal.SerializableTokenCache) -> list[OutboundError]:
    """Every kind of sign-in and every kind of trouble; returns what was raised."""
    signed_in(entra, cache)
    signed_in_by_browser(entra, cache)
    app(entra, client_secret="client-secret").app_token([SCOPE])
    raised = []
    for said in (refusal(50076), refusal(None, "server_error"), Reply(200, b"<html>derya@acme.example access-0")):
        entra.said = [said]
        raised.append(ask_token(entra, cache))
    return raised


def leaks(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def test_no_secret_and_no_person_is_logged(
    everything_logged: pytest.LogCaptureFixture, entra: Entra, cache: msal.SerializableTokenCache
) -> None:
    go_through_everything(entra, cache)
    assert leaks(everything_logged.text) == []
    assert {record.name.partition(".")[0] for record in everything_logged.records} <= {"charset_normalizer"}


def test_the_libraries_would_have_logged_them(
    everything_logged: pytest.LogCaptureFixture,
    entra: Entra,
    cache: msal.SerializableTokenCache,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Why QUIET exists. When this fails, msal has learnt discretion and QUIET may go."""
    monkeypatch.setattr("outbound.sandbox.quiet_libraries", lambda: None)
    go_through_everything(entra, cache)
    assert {"device-secret", "auth-code-secret", "derya"} <= set(leaks(everything_logged.text))


def test_no_secret_and_no_person_is_in_an_error(entra: Entra, cache: msal.SerializableTokenCache) -> None:
    for error in go_through_everything(entra, cache):
        assert leaks("".join(traceback.format_exception(error))) == []
        assert leaks(repr(vars(error))) == []
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None


def test_quiet_levels_hold_for_every_module_of_the_libraries(entra: Entra) -> None:
    app(entra)
    names = ("msal.token_cache", "msal.application", "msal.oauth2cli.oauth2", "urllib3.connectionpool")
    assert [logging.getLogger(name).getEffectiveLevel() for name in names] == [
        QUIET["msal"], QUIET["msal"], QUIET["msal"], QUIET["urllib3"],
    ]  # fmt: skip
