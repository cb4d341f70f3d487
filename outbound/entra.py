"""Sign-in with Microsoft Entra through msal: device code, browser, refresh, client credentials."""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypedDict, TypeVar
from urllib.parse import urlsplit

import msal  # type: ignore[import-untyped, unused-ignore]  # ships no types
import requests

from outbound.errors import (
    Misconfigured,
    NetworkFailed,
    OutboundError,
    RateLimited,
    ServerFailed,
    SignInNeeded,
    network_code,
)
from outbound.sandbox import browser_url, new_http
from outbound.session import retry_after

Result = TypeVar("Result")

_SYSTEM: Final = "Entra"
_HOST: Final = "https://login.microsoftonline.com"
_DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"
_WAITING: Final = frozenset({"authorization_pending", "slow_down"})
_TRANSIENT: Final = frozenset({"temporarily_unavailable", "server_error"})
_EARLY: Final = 1.0  # seconds a poll may come before its time; msal allows the same
_NUMBER = re.compile(r"AADSTS(\d{4,10})", re.ASCII)

# AADSTS numbers choose the words for people and nothing else: Microsoft asks not to build behaviour on them.
_REASONS_BY_NUMBER: Final = {
    50072: "mfa_required",
    50074: "mfa_required",
    50076: "mfa_required",
    50078: "mfa_required",
    50079: "mfa_required",
    65001: "consent_missing",
    53003: "policy_blocked",
    65004: "declined",
    70008: "expired",
    70043: "expired",
    50173: "password_changed",
    700082: "unused",
    50057: "account_disabled",
    7000218: "public_flow_off",
    700016: "app_unknown",
    7000215: "wrong_secret",
    7000222: "wrong_secret",
}
_REASONS_BY_ERROR: Final = {
    "consent_required": "consent_missing",
    "authorization_declined": "declined",
    "access_denied": "declined",
    "expired_token": "expired",
    "bad_verification_code": "expired",
    "no_refresh_token": "expired",  # our word: the account is known, its token is gone
    "invalid_client": "wrong_secret",
}


@dataclass(frozen=True)
class SignedIn:
    """Who signed in; `expires_at` is that of the access token, the refresh token in the cache lives longer."""

    username: str
    home_account_id: str
    tenant_id: str
    scopes: tuple[str, ...]
    expires_at: datetime


class EntraApp:
    """One app registration in one tenant, for one operation or one run.

    msal answers a refused request (HTTP 400) for 60 seconds from its own memory without asking again, so whoever
    tries anew after a person has mended something makes a new EntraApp; what lasts is the `cache`, which the caller
    loads and, when `cache.has_state_changed`, stores. Without a secret everything is a public client. With one, the
    browser sign-in, its refreshes and the client credentials use it; device code and its refreshes never do, since
    Entra refuses a secret there.

    Every method may ask Entra, the first one also for the tenant's endpoints, and raises SignInNeeded (a person has
    to act), Misconfigured (tenant unknown, secret missing), RateLimited, ServerFailed or NetworkFailed.
    """

    def __init__(
        self,
        *,
        tenant: str,
        client_id: str,
        client_secret: str = "",
        cache: msal.SerializableTokenCache | None = None,
        sandbox_url: str = "",
        timeout: float = 15,
    ) -> None:
        self._tenant = tenant
        self._client_id = client_id
        self._secret = client_secret
        self._cache = msal.SerializableTokenCache() if cache is None else cache
        self._sandbox_url = sandbox_url
        self._http = new_http(sandbox_url, timeout=timeout, total=2 * timeout)
        self._http.hooks["response"].append(self._look)
        self._apps: dict[bool, Any] = {}
        self._last: requests.Response | None = None  # of the call under way

    def start_device_code(self, scopes: Sequence[str]) -> dict[str, Any]:
        """A JSON-safe flow for `poll_device_code`, in this process or another. People are shown its `user_code` and
        `verification_uri` (sandbox: an address their browser reaches); it ends at `expires_at` (epoch seconds)."""
        app = self._app(confidential=False)
        flow = self._ask(lambda: app.initiate_device_flow(list(scopes)))
        if not {"device_code", "user_code", "verification_uri"} <= flow.keys():
            raise ServerFailed(**self._about(), code="malformed")
        flow["interval"] = max(1, flow["interval"])  # msal never returns from a poll with 0
        flow["verification_uri"] = browser_url(flow["verification_uri"], self._sandbox_url)
        return flow

    def poll_device_code(self, flow: dict[str, Any]) -> SignedIn | None:
        """One poll that does not wait; None = the code is not entered yet, or it is too early to ask (`interval`,
        which Entra may raise). Changes `flow`: store it again."""
        if flow.get("latest_attempt_at", 0) + flow["interval"] - _EARLY > time.time():
            return None
        app = self._app(confidential=False)
        result = self._guarded(lambda: app.acquire_token_by_device_flow(flow, exit_condition=lambda _: True))
        if result.get("error") in _WAITING:
            return None
        return self._signed_in(self._checked(result))

    def start_browser(self, scopes: Sequence[str], redirect_uri: str) -> dict[str, Any]:
        """A JSON-safe flow for `finish_browser`; people are sent to its `auth_uri`. Keep it in their session."""
        app = self._app(confidential=bool(self._secret))
        with warnings.catch_warnings():
            # msal advises form_post, but a cross-site POST comes without the session cookie that holds the flow.
            warnings.filterwarnings("ignore", message="response_mode='form_post'")
            flow: dict[str, Any] = app.initiate_auth_code_flow(
                list(scopes), redirect_uri=redirect_uri, prompt="select_account"
            )
        flow["auth_uri"] = browser_url(flow["auth_uri"], self._sandbox_url)
        return flow

    def finish_browser(self, flow: dict[str, Any], params: dict[str, str]) -> SignedIn:
        """`params` is the query of the redirect. One that does not belong to `flow` is refused without asking. After
        an error the cache must not be stored: it may hold another person's tokens."""
        if not flow.get("state") or params.get("state") != flow["state"] or not {"code", "error"} & params.keys():
            raise SignInNeeded(reason="refused", system=_SYSTEM, code="state_mismatch")
        app = self._app(confidential=bool(self._secret))
        try:
            result = self._ask(lambda: app.acquire_token_by_auth_code_flow(flow, params))
        except RuntimeError:  # the nonce is another sign-in's
            raise SignInNeeded(reason="refused", code="nonce_mismatch", **self._about()) from None
        return self._signed_in(result)

    def token(self, scopes: Sequence[str], home_account_id: str, *, force: bool = False) -> str:
        """A bearer for a signed-in person, from the cache while it lives 5 more minutes unless `force`, which also
        forgets the cached ones: msal would keep a refused one beside the new one when their scopes differ."""
        account = self._account(home_account_id)
        if account is None:
            raise SignInNeeded(reason="expired", system=_SYSTEM, code="no_account")
        app = self._app(confidential=bool(self._secret) and account.get("account_source") != _DEVICE_CODE)
        if force:
            self._forget_access_tokens(list(scopes), home_account_id)
        result = self._ask(
            lambda: app.acquire_token_silent_with_error(list(scopes), account) or {"error": "no_refresh_token"}
        )
        return str(result["access_token"])

    def app_token(self, scopes: Sequence[str], *, force: bool = False) -> str:
        """A bearer for the application itself, from the cache while it lives 5 more minutes unless `force`."""
        if not self._secret:
            raise Misconfigured(system=_SYSTEM, code="client_secret")
        app = self._app(confidential=True)
        if force:
            app.remove_tokens_for_client()
        return str(self._ask(lambda: app.acquire_token_for_client(list(scopes)))["access_token"])

    def close(self) -> None:
        self._http.close()

    def _app(self, *, confidential: bool) -> Any:
        """The msal application. Its constructor asks for the tenant's endpoints, so it is made when needed."""
        if confidential not in self._apps:
            self._apps[confidential] = self._guarded(lambda: self._new_app(confidential))
        return self._apps[confidential]

    def _new_app(self, confidential: bool) -> Any:
        options = {
            "authority": f"{_HOST}/{self._tenant}",
            "instance_discovery": False,
            "token_cache": self._cache,
            "http_client": self._http,
        }
        try:
            if confidential:
                return msal.ConfidentialClientApplication(self._client_id, client_credential=self._secret, **options)
            return msal.PublicClientApplication(self._client_id, **options)
        except ValueError:  # one class for both: no such tenant, and an answer that is no JSON
            if self._last is not None and self._last.ok:
                raise ServerFailed(**self._about(), code="malformed") from None
            raise Misconfigured(**self._about(), code="invalid_tenant") from None

    def _look(self, response: requests.Response, **_: Any) -> None:
        """Trouble on Entra's side is raised before msal sees it: msal would keep it and repeat it from memory."""
        self._last = response
        status = response.status_code
        if status == 429 or 300 <= status < 400 or status >= 500:
            response.close()
            if status == 429:
                raise RateLimited(**self._about(), retry_after=retry_after(response.headers))
            if status < 400:
                raise ServerFailed(**self._about(), code="redirect", final=True)
            raise ServerFailed(**self._about(), retry_after=retry_after(response.headers))

    def _guarded(self, ask: Callable[[], Result]) -> Result:
        # Errors are raised `from None`: the texts of msal and json hold what Entra said about people.
        self._last = None
        try:
            return ask()
        except requests.RequestException as error:
            about = _about(error.request, None) if error.request else self._about()  # broken off within the body
            raise NetworkFailed(**about, code=network_code(error)) from None
        except OSError:  # the bundle of certificates that the environment names is not there
            raise Misconfigured(system=_SYSTEM, code="certificates") from None
        except (json.JSONDecodeError, UnicodeDecodeError, binascii.Error, LookupError):
            raise ServerFailed(**self._about(), code="malformed") from None

    def _ask(self, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        return self._checked(self._guarded(ask))

    def _checked(self, result: dict[str, Any]) -> dict[str, Any]:
        if "error" in result:
            raise self._refusal(result)
        return result

    def _refusal(self, result: dict[str, Any]) -> OutboundError:
        """The error for what Entra says: `error_description` names people, so only its number is taken."""
        about = self._about()
        about["request_id"] = str(result.get("trace_id") or about["request_id"])
        about["client_request_id"] = str(result.get("correlation_id") or about["client_request_id"])
        error = str(result["error"])
        if error in _TRANSIENT:
            return ServerFailed(**about, code=error)
        numbers = [*map(int, _NUMBER.findall(str(result.get("error_description", ""))))]
        numbers += [number for number in result.get("error_codes") or () if number not in numbers]
        known = (_REASONS_BY_NUMBER[number] for number in numbers if number in _REASONS_BY_NUMBER)
        reason = next(known, _REASONS_BY_ERROR.get(error, "refused"))
        return SignInNeeded(**about, reason=reason, code=f"AADSTS{numbers[0]}" if numbers else error)

    def _signed_in(self, result: dict[str, Any]) -> SignedIn:
        claims = result.get("id_token_claims") or {}
        account = self._account(_home_account_id(result.get("client_info", "")))
        if account is None:  # without an account there is nothing to refresh later
            raise ServerFailed(**self._about(), code="malformed")
        return SignedIn(
            username=account["username"],
            home_account_id=account["home_account_id"],
            tenant_id=claims.get("tid") or account["realm"],
            scopes=tuple(str(result.get("scope", "")).split()),
            expires_at=datetime.now(UTC) + timedelta(seconds=int(result.get("expires_in", 0))),
        )

    def _account(self, home_account_id: str) -> dict[str, Any] | None:
        """From the cache alone: nobody is asked for somebody unknown."""
        query = {"home_account_id": home_account_id}
        accounts = list(self._cache.search(msal.TokenCache.CredentialType.ACCOUNT, query=query))
        return accounts[0] if accounts else None

    def _forget_access_tokens(self, scopes: list[str], home_account_id: str) -> None:
        query = {"home_account_id": home_account_id}
        for entry in list(self._cache.search(msal.TokenCache.CredentialType.ACCESS_TOKEN, scopes, query)):
            self._cache.remove_at(entry)

    def _about(self) -> _About:
        return _about(self._last.request if self._last is not None else None, self._last)


class _About(TypedDict):
    """What every error says about the last request, if there was one."""

    system: str
    method: str
    path: str
    status: int | None
    request_id: str
    client_request_id: str


def _about(request: requests.PreparedRequest | requests.Request | None, response: requests.Response | None) -> _About:
    return _About(
        system=_SYSTEM,
        method=(request.method if request else None) or "",
        path=urlsplit(str(request.url)).path if request else "",
        status=response.status_code if response is not None else None,
        request_id=response.headers.get("x-ms-request-id", "") if response is not None else "",
        client_request_id=(request.headers or {}).get("client-request-id", "") if request else "",
    )


def _home_account_id(client_info: str) -> str:
    """msal's key for an account, from base64url of {"uid","utid"}; "" when it cannot be read."""
    try:
        info = json.loads(base64.urlsafe_b64decode(client_info + "=" * (-len(client_info) % 4)))
        return f"{info['uid']}.{info['utid']}"
    except (ValueError, LookupError, TypeError):
        return ""
