"""Microsoft Entra ID as far as a client sees it: device code, authorization code with PKCE, refresh, app tokens.

Tokens describe themselves (sealed with a key made from the seed), so they outlive a restart of the sandbox.
Nothing here is secret and nothing here is safe: every user signs in by choosing a name.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import random
import secrets
import threading
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from html import escape
from typing import Any, Final
from urllib.parse import urlencode, urlsplit
from uuid import NAMESPACE_DNS, UUID, uuid4, uuid5

from sandbox.exchange import Reply, Request, html_reply, json_reply
from sandbox.faults import Fault, set_switches
from sandbox.tenant import Tenants

LOGIN = "login.microsoftonline.com"
DEVICE_LOGIN = "microsoft.com"
_HOSTS = (LOGIN, "login.microsoft.com", DEVICE_LOGIN, "www.microsoft.com")
_MANY_TENANTS = ("common", "organizations", "consumers")
_CODE_SECONDS = 600  # life of an authorization code
_REFRESH_SECONDS = 90 * 86_400
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_USER_CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_SIGN_IN_SCOPES = ("openid", "profile", "offline_access", "email")

# AADSTS number: error, status, text, suberror
_ERRORS: Final[Mapping[int, tuple[str, int, str, str]]] = {
    50011: ("invalid_request", 400, "The redirect URI does not match the one of the authorization request.", ""),
    50057: ("invalid_grant", 400, "The user account is disabled.", ""),
    50076: ("invalid_grant", 400, "You must use multi-factor authentication to access the resource.", "basic_action"),
    50078: ("invalid_grant", 400, "Presented multi-factor authentication has expired.", "basic_action"),
    50079: ("invalid_grant", 400, "You must enroll in multi-factor authentication.", "basic_action"),
    50173: ("invalid_grant", 400, "The provided grant has expired due to it being revoked.", "bad_token"),
    50105: ("invalid_grant", 400, "The signed in user is not assigned to a role for the application.", ""),
    53003: ("invalid_grant", 400, "Access has been blocked by Conditional Access policies.", "message_only"),
    54005: ("invalid_grant", 400, "OAuth2 Authorization code was already redeemed.", ""),
    65001: ("invalid_grant", 400, "Nobody has consented to use the application.", "consent_required"),
    70000: ("invalid_grant", 400, "The provided grant is not valid for this client.", ""),
    70008: ("invalid_grant", 400, "The provided authorization code or refresh token has expired.", ""),
    70011: ("invalid_scope", 400, "The provided value for the input parameter 'scope' is not valid.", ""),
    70016: ("authorization_pending", 400, "OAuth 2.0 device flow error. Authorization is pending.", ""),
    70018: ("bad_verification_code", 400, "Invalid verification code.", ""),
    70019: ("expired_token", 400, "Verification code expired.", ""),
    70020: ("authorization_declined", 400, "The user declined the request.", ""),
    70003: ("unsupported_grant_type", 400, "The app requested an unsupported grant type.", ""),
    70043: ("invalid_grant", 400, "The refresh token has expired due to sign-in frequency checks.", "bad_token"),
    90002: ("invalid_request", 400, "Tenant not found. Check to make sure you have the correct tenant ID.", ""),
    90009: ("slow_down", 400, "The application polls too often.", ""),
    90019: ("invalid_request", 400, "No tenant-identifying information found in the request.", ""),
    90033: ("temporarily_unavailable", 503, "A transient error has occurred. Please try again.", ""),
    90055: ("temporarily_unavailable", 429, "The tenant exceeded its allowed rate of requests.", ""),
    500011: ("invalid_resource", 400, "The resource principal was not found in the tenant.", ""),
    501481: ("invalid_grant", 400, "The Code_Verifier does not match the code_challenge.", ""),
    700016: ("unauthorized_client", 400, "Application was not found in the directory.", ""),
    700082: ("invalid_grant", 400, "The refresh token has expired due to inactivity.", "token_expired"),
    900144: ("invalid_request", 400, "The request body must contain a required parameter.", ""),
    7000215: ("invalid_client", 401, "Invalid client secret provided.", ""),
    7000218: ("invalid_client", 401, "The request body must contain 'client_assertion' or 'client_secret'.", ""),
    7000222: ("invalid_client", 401, "The provided client secret keys are expired.", ""),
}  # fmt: skip


class _Refused(Exception):
    """The answer is an error of Entra: its AADSTS number and the account that the text names."""

    def __init__(self, number: int, account: str = "") -> None:
        super().__init__(number)
        self.number, self.account = number, account


@dataclass(slots=True)
class EntraSwitches:
    """What a trainer or a test can change while the sandbox runs."""

    access_seconds: int = 3600  # life of an access token
    device_seconds: int = 900
    interval: int = 5  # seconds between polls that the client is told
    auto_approve_after: int | None = None  # polls answered "pending" before the first user approves by himself
    slow_down: int = 0  # that many next polls are answered slow_down
    declined: bool = False  # every device request counts as declined
    expired: bool = False  # every device request counts as expired
    block_device_code: bool = False  # Conditional Access: an approved device request fails with 53003
    token_error: int | None = None  # AADSTS number that every token request but a pending poll fails with
    mfa: bool = True  # people do MFA when they sign in; off = tokens that Partner Center refuses with 900421
    client_id: str | None = None  # the only known application; None = any
    client_secret: str | None = None  # set = a confidential application: the secret is demanded
    secret_expired: bool = False
    public_client: bool = True  # "Allow public client flows"; off = 7000218 without a secret


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token says. `user` is empty for an application's own token; `audience` is a URL without path."""

    user: str
    client_id: str
    tenant: str
    audience: str
    scope: str
    mfa: bool


@dataclass(slots=True)
class _Device:
    device_code: str
    user_code: str
    client_id: str
    scope: str
    tenant: str
    expires: float
    polls: int = 0
    user: str = ""
    declined: bool = False
    redeemed: bool = False


@dataclass(frozen=True, slots=True)
class _Grant:
    """An authorization code waiting for its redemption."""

    user: str
    client_id: str
    scope: str
    tenant: str
    redirect_uri: str
    challenge: str
    nonce: str
    expires: float


@dataclass(slots=True)
class _SignIn:
    """Who gets tokens, for whom and what."""

    user: str
    client_id: str
    tenant: str
    scope: str
    mfa: bool
    nonce: str = ""
    client_info: bool = True


class Entra:
    """The sign-in service. `switches` may be changed at any moment; its methods are safe to use from any thread."""

    def __init__(self, users: Sequence[str], *, seed: int = 7, tenants: Tenants | None = None) -> None:
        if not users:
            raise ValueError("Entra needs at least one user")
        self.users = tuple(users)
        self.tenant = str(uuid5(NAMESPACE_DNS, users[0].partition("@")[2]))
        self.tenants = Tenants() if tenants is None else tenants
        for user in self.users:
            self.tenants.edit(user.rpartition("@")[2].lower(), tenant_id=self.tenant, sign_in_url=None)
        self.switches = EntraSwitches()
        self._key = f"sandbox-entra-{seed}".encode()
        self._random = random.Random(seed)
        self._devices: dict[str, _Device] = {}
        self._grants: dict[str, _Grant | None] = {}  # None = redeemed
        self._refresh_age = 0  # tokens carry the age they were made in; those of an earlier one are revoked
        self._access_age = 0
        self._lock = threading.RLock()

    # For tests and the control API

    def switch(self, **changes: Any) -> None:
        """Changes switches by name; raises ValueError for an unknown one or a value of another type."""
        set_switches(self.switches, changes)

    def approve(self, user_code: str, user: str | None = None) -> None:
        """Does what a person does on the device page; raises LookupError for an unknown or expired code."""
        self._device_by_user_code(user_code).user = self._known_user(user or self.users[0])

    def decline(self, user_code: str) -> None:
        self._device_by_user_code(user_code).declined = True

    def waiting_codes(self) -> list[str]:
        """User codes that nobody has entered yet."""
        with self._lock:
            return [d.user_code for d in self._devices.values() if not d.user and not d.declined and not _is_over(d)]

    def revoke(self) -> None:
        """Ends every session: access tokens are unknown at once, refresh tokens fail with 50173."""
        self.revoke_access()
        with self._lock:
            self._refresh_age += 1

    def revoke_access(self) -> None:
        """Access tokens issued so far are unknown; refreshing still works."""
        with self._lock:
            self._access_age += 1

    def access(self, token: str) -> Access | None:
        """What a valid access token says; None when it is unknown, expired or revoked."""
        content = self._open("EwB", token)
        if content is None or content["exp"] <= time.time() or content["access_age"] < self._access_age:
            return None
        return Access(**{name.name: content[name.name] for name in fields(Access)})

    def issue_access(self, scope: str, *, user: str | None = None, mfa: bool = True) -> str:
        """An access token without any sign-in, for tests of the services behind it."""
        return self._access_token(_SignIn(user or self.users[0], "sandbox", self.tenant, scope, mfa))

    # The service

    def serves(self, host: str) -> bool:
        return host in _HOSTS

    def route(self, request: Request) -> str:
        path = request.path.rstrip("/").lower()
        if path.endswith("/openid-configuration") and self._asked_tenant(request):
            return "tenant"
        if path.endswith(("/openid-configuration", "/discovery/instance")):
            return "discovery"
        if path.endswith("/getuserrealm.srf"):
            return "realm"
        if path.endswith(("/devicelogin", "/deviceauth", "/device")):
            return "devicelogin"
        for name in ("devicecode", "token", "authorize"):
            if path.endswith(f"/oauth2/v2.0/{name}"):
                return name
        return "unknown"

    def answer(self, request: Request, faults: Sequence[Fault]) -> Reply:
        """The reply of Entra; pages of a list are none of its business, so `faults` are not looked at."""
        route = self.route(request)
        work = {
            ("discovery", "GET"): self._discovery,
            ("tenant", "GET"): self._tenant_document,
            ("realm", "GET"): lambda request: self.tenants.realm(request.options.get("login", "")),
            ("devicecode", "POST"): self._device_code,
            ("token", "POST"): self._token,
            ("devicelogin", "GET"): self._device_page,
            ("devicelogin", "POST"): self._device_page,
            ("authorize", "GET"): self._authorize_page,
            ("authorize", "POST"): self._authorize_page,
        }.get((route, request.method))
        if work is None:
            return html_reply(_page("Not found", "<p>There is no such page in the sandbox.</p>"), 404)
        try:
            with self._lock:
                reply = work(request)
        except _Refused as refused:
            reply = self._error(request, refused)
        return self._named(request, reply)

    def refusal(self, request: Request, status: int, code: str | None) -> Reply:
        """The error body for a planned status; `code` replaces the `error` in it."""
        number = 90055 if status == 429 else 90033
        reply = self._error(request, _Refused(number, self.users[0]), error=code)
        reply.status = status
        return self._named(request, reply)

    def _named(self, request: Request, reply: Reply) -> Reply:
        reply.headers["x-ms-request-id"] = str(uuid4())
        if echoed := request.headers.get("client-request-id"):
            reply.headers["client-request-id"] = echoed
        return reply

    def _error(self, request: Request, refused: _Refused, *, error: str | None = None) -> Reply:
        named, status, text, suberror = _ERRORS.get(refused.number, ("invalid_grant", 400, "The grant is refused.", ""))
        trace, now = str(uuid4()), f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}"
        correlation = request.headers.get("client-request-id") or str(uuid4())
        account = f" User account '{refused.account}'." if refused.account else ""
        body = {
            "error": error or named,
            "error_description": f"AADSTS{refused.number}: {text}{account} Trace ID: {trace} "
            f"Correlation ID: {correlation} Timestamp: {now}",
            "error_codes": [refused.number],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://{LOGIN}/error?code={refused.number}",
        }
        if suberror:
            body["suberror"] = suberror
        return json_reply(body, status, Cache_Control="no-store", Pragma="no-cache")

    # Discovery

    def _discovery(self, request: Request) -> Reply:
        if request.path.endswith("/discovery/instance"):
            aliases = [LOGIN, "login.windows.net", "login.microsoft.com", "sts.windows.net"]
            return json_reply(
                {
                    "tenant_discovery_endpoint": f"https://{LOGIN}/common/v2.0/.well-known/openid-configuration",
                    "api-version": "1.1",
                    "metadata": [{"preferred_network": LOGIN, "preferred_cache": LOGIN, "aliases": aliases}],
                }
            )
        segment = request.path.split("/")[1]
        return self._openid_document(segment, "{tenantid}" if segment in _MANY_TENANTS else self._tenant(request))

    def _asked_tenant(self, request: Request) -> str:
        """The domain whose tenant is asked for; "" for an id, for `organizations` and for the domains of the demo
        tenant, with which Hunter may sign in."""
        segment = request.path.split("/")[1].lower()
        own = {user.rpartition("@")[2].lower() for user in self.users}
        return "" if "." not in segment or segment in own or segment.endswith(".onmicrosoft.com") else segment

    def _tenant_document(self, request: Request) -> Reply:
        """What anybody may see of the tenant of a domain (mail-dns-signals section 1.6)."""
        found = self.tenants.find(self._asked_tenant(request))
        if found is None:
            return self._error(request, _Refused(90002), error="invalid_tenant")
        return self._openid_document(found.tenant_id, found.tenant_id, found.region)

    def _openid_document(self, segment: str, issuer: str, region: str | None = None) -> Reply:
        base = f"https://{LOGIN}/{segment}"
        return json_reply(
            {
                "issuer": f"https://{LOGIN}/{issuer}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
                "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
                "response_modes_supported": ["query", "fragment", "form_post"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": list(_SIGN_IN_SCOPES),
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "tenant_region_scope": region,
                "cloud_instance_name": "microsoftonline.com",
            }
        )

    def _tenant(self, request: Request) -> str:
        """The tenant id that the path names; names and `organizations` stand for the demo tenant."""
        segment = request.path.split("/")[1]
        try:
            return str(UUID(segment))
        except ValueError:
            return self.tenant

    # Device code

    def _device_code(self, request: Request) -> Reply:
        form = request.form
        client_id, scope = form.get("client_id", ""), form.get("scope", "")
        if not client_id or not scope:
            raise _Refused(900144)
        self._check_application(client_id)
        now = time.time()
        user_code = "".join(self._random.choices(_USER_CODE_LETTERS, k=9))
        device_code = secrets.token_urlsafe(96)
        self._devices = {code: device for code, device in self._devices.items() if device.expires > now - 3600}
        self._devices[device_code] = _Device(
            device_code, user_code, client_id, scope, self._tenant(request), now + self.switches.device_seconds
        )
        uri = f"https://{DEVICE_LOGIN}/devicelogin"
        return json_reply(
            {
                "user_code": user_code,
                "device_code": device_code,
                "verification_uri": uri,
                "expires_in": self.switches.device_seconds,
                "interval": self.switches.interval,
                "message": f"To sign in, use a web browser to open the page {uri} "
                f"and enter the code {user_code} to authenticate.",
            }
        )

    def _device_by_user_code(self, user_code: str) -> _Device:
        wanted = user_code.strip().upper()
        with self._lock:
            found = next((d for d in self._devices.values() if d.user_code == wanted and not _is_over(d)), None)
        if found is None:
            raise LookupError(f"No sign-in waits for the code {user_code!r}")
        return found

    def _redeem_device(self, form: Mapping[str, str]) -> _SignIn:
        device = self._devices.get(form.get("device_code") or form.get("code", ""))
        if device is None or device.redeemed or device.client_id != form.get("client_id"):
            raise _Refused(70018)
        switches = self.switches
        device.polls += 1
        if switches.expired:
            device.expires = 0
        device.declined = device.declined or switches.declined
        if device.expires <= time.time():
            raise _Refused(70019)
        if device.declined:
            raise _Refused(70020)
        if switches.slow_down > 0:
            switches.slow_down -= 1
            raise _Refused(90009)
        if not device.user and switches.auto_approve_after is not None and device.polls > switches.auto_approve_after:
            device.user = self.users[0]
        if not device.user:
            raise _Refused(70016)
        if switches.block_device_code:
            raise _Refused(53003, device.user)
        self._fail_as_switched(device.user)
        device.redeemed = True
        return _SignIn(device.user, device.client_id, device.tenant, device.scope, switches.mfa)

    # Tokens

    def _token(self, request: Request) -> Reply:
        form = request.form
        client_id, grant_type = form.get("client_id", ""), form.get("grant_type", "")
        if not client_id or not grant_type:
            raise _Refused(900144)
        self._check_application(client_id)
        self._check_secret(form)
        if grant_type == _DEVICE_GRANT:
            sign_in = self._redeem_device(form)
        elif grant_type == "authorization_code":
            sign_in = self._redeem_code(form)
        elif grant_type == "refresh_token":
            sign_in = self._redeem_refresh(form, self._tenant(request))
        elif grant_type == "client_credentials":
            return self._application_token(request, form)
        else:
            raise _Refused(70003)
        sign_in.client_info = form.get("client_info") == "1"
        return self._tokens(sign_in)

    def _check_application(self, client_id: str) -> None:
        if self.switches.client_id is not None and client_id != self.switches.client_id:
            raise _Refused(700016)

    def _check_secret(self, form: Mapping[str, str]) -> None:
        """A public application sends none; a confidential one (`client_secret` is set) must send the right one."""
        sent, switches = form.get("client_secret"), self.switches
        if sent is None and "client_assertion" not in form:
            app_only = form.get("grant_type") == "client_credentials"
            if app_only or switches.client_secret is not None or not switches.public_client:
                raise _Refused(7000218)
            return
        if switches.secret_expired:
            raise _Refused(7000222)
        if switches.client_secret is not None and sent != switches.client_secret:
            raise _Refused(7000215)

    def _fail_as_switched(self, user: str) -> None:
        if self.switches.token_error is not None:
            raise _Refused(self.switches.token_error, user)

    def _redeem_code(self, form: Mapping[str, str]) -> _SignIn:
        code = form.get("code", "")
        if code in self._grants and self._grants[code] is None:
            raise _Refused(54005)
        grant = self._grants.get(code)
        if grant is None or grant.client_id != form.get("client_id"):
            raise _Refused(70000)
        if grant.expires <= time.time():
            raise _Refused(70008, grant.user)
        if grant.redirect_uri != form.get("redirect_uri"):
            raise _Refused(50011, grant.user)
        if grant.challenge and _challenge(form.get("code_verifier", "")) != grant.challenge:
            raise _Refused(501481, grant.user)
        self._fail_as_switched(grant.user)
        self._grants[code] = None
        scope = form.get("scope") or grant.scope
        return _SignIn(grant.user, grant.client_id, grant.tenant, scope, self.switches.mfa, grant.nonce)

    def _redeem_refresh(self, form: Mapping[str, str], tenant: str) -> _SignIn:
        """A refresh token is bound to user and application, not to a resource or tenant; it is never used up."""
        content = self._open("1.A", form.get("refresh_token", ""))
        if content is None or content["client_id"] != form["client_id"]:
            raise _Refused(70000)
        user = content["user"]
        if content["refresh_age"] < self._refresh_age:
            raise _Refused(50173, user)
        if content["iat"] + _REFRESH_SECONDS <= time.time():
            raise _Refused(700082, user)
        self._fail_as_switched(user)
        scope = form.get("scope") or content["scope"]
        return _SignIn(user, content["client_id"], tenant, scope, content["mfa"] and self.switches.mfa)

    def _application_token(self, request: Request, form: Mapping[str, str]) -> Reply:
        scope = form.get("scope", "")
        if not scope.endswith("/.default"):
            raise _Refused(70011)
        self._fail_as_switched("")
        sign_in = _SignIn("", form["client_id"], self._tenant(request), scope, mfa=False)
        seconds = self.switches.access_seconds
        token = self._access_token(sign_in)
        return json_reply(
            {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token},
            Cache_Control="no-store",
        )

    def _tokens(self, sign_in: _SignIn) -> Reply:
        """The scope in the answer is the requested text itself: MSAL finds its cached token by it."""
        seconds = self.switches.access_seconds
        body: dict[str, Any] = {
            "token_type": "Bearer",
            "scope": sign_in.scope,
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": self._access_token(sign_in),
        }
        wanted = sign_in.scope.split()
        if "offline_access" in wanted:
            content = {"user": sign_in.user, "client_id": sign_in.client_id, "scope": sign_in.scope, "mfa": sign_in.mfa}
            body["refresh_token"] = self._seal("1.A", content)
        if "openid" in wanted:
            body["id_token"] = self._id_token(sign_in)
        if sign_in.client_info:
            body["client_info"] = self._client_info(sign_in.user)
        return json_reply(body, Cache_Control="no-store", Pragma="no-cache")

    def _access_token(self, sign_in: _SignIn) -> str:
        access = Access(
            sign_in.user, sign_in.client_id, sign_in.tenant, _audience(sign_in.scope), sign_in.scope, sign_in.mfa
        )
        return self._seal("EwB", asdict(access) | {"exp": time.time() + self.switches.access_seconds})

    def _id_token(self, sign_in: _SignIn) -> str:
        now = int(time.time())
        claims = {
            "aud": sign_in.client_id,
            "iss": f"https://{LOGIN}/{sign_in.tenant}/v2.0",
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "name": sign_in.user.partition("@")[0].replace(".", " "),
            "oid": self._oid(sign_in.user),
            "sub": _encoded(hashlib.sha256(f"{sign_in.user}{sign_in.client_id}".encode()).digest()),
            "preferred_username": sign_in.user,
            "tid": sign_in.tenant,
            "ver": "2.0",
        }
        if sign_in.nonce:
            claims["nonce"] = sign_in.nonce
        parts = ({"typ": "JWT", "alg": "none"}, claims)
        return ".".join([*(_encoded(json.dumps(part).encode()) for part in parts), ""])

    def _client_info(self, user: str) -> str:
        return _encoded(json.dumps({"uid": self._oid(user), "utid": self.tenant}).encode())

    def _oid(self, user: str) -> str:
        return str(uuid5(UUID(self.tenant), user))

    def _seal(self, prefix: str, content: Mapping[str, Any]) -> str:
        """A token that looks like noise: compressed JSON and its HMAC; a salt makes each one different."""
        ages = {"refresh_age": self._refresh_age, "access_age": self._access_age}
        whole = {**content, **ages, "iat": time.time(), "salt": secrets.token_hex(8)}
        packed = zlib.compress(json.dumps(whole).encode())
        return f"{prefix}{_encoded(self._signature(packed) + packed)}"

    def _open(self, prefix: str, token: str) -> dict[str, Any] | None:
        if not token.startswith(prefix):
            return None
        try:
            raw = _decoded(token.removeprefix(prefix))
        except (ValueError, binascii.Error):
            return None
        signature, packed = raw[:32], raw[32:]
        if not hmac.compare_digest(signature, self._signature(packed)):
            return None
        content: dict[str, Any] = json.loads(zlib.decompress(packed))
        return content

    def _signature(self, packed: bytes) -> bytes:
        return hmac.digest(self._key, packed, "sha256")

    # Pages for people

    def _known_user(self, user: str) -> str:
        if user not in self.users:
            raise LookupError(f"Unknown user {user!r}")
        return user

    def _device_page(self, request: Request) -> Reply:
        form = request.form
        code = form.get("code", "") or request.options.get("otc", "")
        if request.method == "GET":
            return html_reply(_page("Enter code", self._device_form(code)))
        try:
            device = self._device_by_user_code(code)
            user = self._known_user(form.get("user", ""))
        except LookupError:
            problem = "<p role='alert'>That code did not work. Check the code and try again.</p>"
            return html_reply(_page("Enter code", problem + self._device_form(code)), 400)
        if form.get("decision") != "approve":
            device.declined = True
            return html_reply(_page("Declined", "<p>You have declined the sign-in. You may close this window.</p>"))
        device.user = user
        if self.switches.block_device_code:
            text = "<p>Your sign-in was successful but does not meet the criteria to access this resource (53003).</p>"
            return html_reply(_page("You cannot access this right now", text))
        return html_reply(_page("Signed in", "<p>You have signed in on your device. You may close this window.</p>"))

    def _device_form(self, code: str) -> str:
        return (
            f"<form method='post'><label>Code <input name='code' value='{escape(code)}' autocomplete='off' "
            f"autofocus required></label>{self._user_choice()}{_DECISION}</form>"
        )

    def _authorize_page(self, request: Request) -> Reply:
        options = request.options
        missing = [name for name in ("client_id", "redirect_uri", "response_type", "scope") if not options.get(name)]
        redirect = urlsplit(options.get("redirect_uri", ""))
        known = self.switches.client_id in (None, options.get("client_id"))
        if missing or redirect.scheme not in ("http", "https") or options.get("response_type") != "code" or not known:
            number = 900144 if missing else 700016 if not known else 50011
            text = f"<p role='alert'>AADSTS{number}: {escape(_ERRORS[number][2])}</p>"
            return html_reply(_page("Sorry, but we're having trouble signing you in", text), 400)
        if request.method == "GET":
            text = f"<p>{escape(options['client_id'])} wants to sign you in.</p>"
            chosen = options.get("login_hint", "")
            return html_reply(
                _page("Pick an account", f"{text}<form method='post'>{self._user_choice(chosen)}{_DECISION}</form>")
            )
        return self._decide(request, options)

    def _decide(self, request: Request, options: Mapping[str, str]) -> Reply:
        form = request.form
        user = form.get("user", "")
        answer: dict[str, str]
        if form.get("decision") != "approve" or user not in self.users:
            text = "AADSTS65004: User declined to consent to access the app."
            answer = {"error": "access_denied", "error_subcode": "cancel", "error_description": text}
        else:
            answer = {"code": self._new_code(request, options, user)}
            if options.get("client_info") == "1":
                answer["client_info"] = self._client_info(user)
        if "state" in options:
            answer["state"] = options["state"]
        answer["session_state"] = str(uuid4())
        return _return(options["redirect_uri"], answer, options.get("response_mode", "query"))

    def _new_code(self, request: Request, options: Mapping[str, str], user: str) -> str:
        code = f"1.AW{secrets.token_urlsafe(120)}"
        challenge = options.get("code_challenge", "")
        if challenge and options.get("code_challenge_method") != "S256":
            challenge = _challenge(challenge)  # the method "plain": the challenge is the verifier itself
        self._grants[code] = _Grant(
            user=user,
            client_id=options["client_id"],
            scope=options["scope"],
            tenant=self._tenant(request),
            redirect_uri=options["redirect_uri"],
            challenge=challenge,
            nonce=options.get("nonce", ""),
            expires=time.time() + _CODE_SECONDS,
        )
        return code

    def _user_choice(self, chosen: str = "") -> str:
        options = "".join(
            f"<option{' selected' if user == chosen else ''}>{escape(user)}</option>" for user in self.users
        )
        return f"<label>Account <select name='user'>{options}</select></label>"


_DECISION = (
    "<p><button name='decision' value='approve'>Accept</button> "
    "<button name='decision' value='decline' class='quiet'>Decline</button></p>"
)


def _return(redirect_uri: str, answer: Mapping[str, str], mode: str) -> Reply:
    """Back to the application, by redirect or by a form that sends itself."""
    if mode == "form_post":
        inputs = "".join(
            f"<input type='hidden' name='{name}' value='{escape(value)}'>" for name, value in answer.items()
        )
        form = f"<form method='post' action='{escape(redirect_uri)}'>{inputs}<button>Continue</button></form>"
        return html_reply(_page("Working…", f"{form}<script>document.forms[0].submit()</script>"))
    separator = "#" if mode == "fragment" else "&" if "?" in redirect_uri else "?"
    location = f"{redirect_uri}{separator}{urlencode(answer)}"
    return Reply(302, headers={"Location": location, "Cache-Control": "no-store"})


def _is_over(device: _Device) -> bool:
    return device.redeemed or device.expires <= time.time()


def _audience(scope: str) -> str:
    """The resource of a scope: `https://host/.default` → `https://host`; Graph for bare names."""
    for word in scope.split():
        parts = urlsplit(word)
        if parts.scheme == "https" and parts.netloc:
            return f"https://{parts.netloc}"
    return "https://graph.microsoft.com"


def _challenge(verifier: str) -> str:
    return _encoded(hashlib.sha256(verifier.encode()).digest())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _page(title: str, body: str) -> str:
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{title} · Sandbox sign-in</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<style>body{{font:16px/1.5 system-ui,sans-serif;background:#eef2f6;color:#1b1f24;margin:0}}
main{{max-width:26rem;margin:12vh auto;background:#fff;padding:2rem;border-radius:6px;box-shadow:0 2px 8px #0002}}
h1{{font-size:1.35rem;margin:.2rem 0 1rem}}label{{display:block;margin:.8rem 0}}
input,select{{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.45rem;border:1px solid #8a939d}}
button{{font:inherit;padding:.45rem 1.4rem;border:0;background:#0b5cad;color:#fff;cursor:pointer}}
button.quiet{{background:#d9dfe6;color:#1b1f24}}small{{color:#5a6570}}[role=alert]{{color:#a3262a}}</style>
<main><small>Sandbox: no real account, no password</small><h1>{title}</h1>{body}</main></html>"""
