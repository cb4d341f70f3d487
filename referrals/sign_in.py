"""The sign-in to Partner Center that all workers share (DESIGN.md section 6; fact sheet, section 3).

One row holds the encrypted token cache. Whoever needs a token reads it; whoever has to renew it holds a lease, so that
workers do not race. No request is made inside a transaction.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from jobs.leases import lease
from outbound.entra import EntraApp, SignedIn
from outbound.errors import NetworkFailed, OutboundError, SignInNeeded
from outbound.token_cache import TokenCache
from referrals.client import SYSTEM
from referrals.models import SignIn
from referrals.vault import SealBroken, seal, unseal

REFRESH_TOKEN_LIFE: Final = timedelta(days=90)  # from its last use (fact sheet, section 3.2)
_LEASE: Final = "partner center sign-in"
_LEASE_SECONDS: Final = 30.0
_WAIT: Final = 10.0  # seconds to wait for another worker's renewal


@dataclass(frozen=True, slots=True)
class PendingCode:
    """What a person has to do: open `verification_uri`, enter `user_code` before `expires_at`."""

    user_code: str
    verification_uri: str
    expires_at: datetime


def start_device_code(by: User | None) -> PendingCode:
    """Ask Entra for a code and keep the flow, so that any process can finish it. Raises OutboundError."""
    flow = _app(TokenCache(), secret=False).start_device_code([settings.HUNTER_PARTNER_CENTER_SCOPE])
    expires_at = datetime.fromtimestamp(flow["expires_at"], tz=timezone.get_current_timezone())
    pending = PendingCode(flow["user_code"], flow["verification_uri"], expires_at)
    SignIn.get()
    SignIn.objects.filter(pk=1).update(
        flow=seal(json.dumps(flow)),
        user_code=pending.user_code[:40],
        verification_uri=pending.verification_uri[:300],
        flow_expires_at=expires_at,
        next_poll_at=timezone.now() + timedelta(seconds=flow.get("interval", 5)),
        flow_by=by,
    )
    return pending


def poll_device_code() -> SignIn:
    """Look once whether the code was entered, if it is time to look; the row says what came of it. A refusal ends the
    flow and is stored, not raised; raises OutboundError only when Entra cannot be reached."""
    now = timezone.now()
    sign_in = SignIn.get()
    if not sign_in.flow:
        return sign_in
    if not sign_in.has_flow(now):
        _end_flow(sign_in.flow, reason="expired")
        return SignIn.get()
    if sign_in.next_poll_at and sign_in.next_poll_at > now:
        return sign_in
    with lease(f"{_LEASE}: code", _LEASE_SECONDS) as ours:
        # Somebody else may have looked, or started anew, until we held the lease.
        if ours and SignIn.objects.filter(pk=1, flow=sign_in.flow).exists():
            _poll(sign_in)
    return SignIn.get()


def _poll(sign_in: SignIn) -> None:
    cache = TokenCache()
    try:
        flow = json.loads(unseal(sign_in.flow))
        signed_in = _app(cache, secret=False).poll_device_code(flow)
    except SealBroken:
        _end_flow(sign_in.flow, reason="key_changed")
    except SignInNeeded as refusal:
        _end_flow(sign_in.flow, reason=refusal.reason, error=refusal)
    else:
        if signed_in is None:
            pause = timedelta(seconds=flow.get("interval", 5))
            SignIn.objects.filter(pk=1, flow=sign_in.flow).update(
                flow=seal(json.dumps(flow)), next_poll_at=timezone.now() + pause
            )
        else:
            _store(cache, signed_in, SignIn.Method.DEVICE_CODE, by=sign_in.flow_by, flow=sign_in.flow)


def cancel_device_code() -> None:
    """Forget the code; why a sign-in is needed stays known."""
    SignIn.objects.filter(pk=1).update(**_NO_FLOW)


def start_browser(redirect_uri: str) -> tuple[str, str]:
    """(address the browser goes to, sealed flow for `finish_browser`). Raises OutboundError."""
    scopes = [settings.HUNTER_PARTNER_CENTER_SCOPE]
    flow = _app(TokenCache(), secret=True).start_browser(scopes, redirect_uri)
    return flow["auth_uri"], seal(json.dumps(flow))


def finish_browser(sealed_flow: str, answer: Mapping[str, str], *, by: User) -> SignIn:
    """Redeem what Entra sent back. Raises SignInNeeded (also for an answer that does not belong to the flow) and other
    OutboundErrors."""
    cache = TokenCache()
    try:
        flow = json.loads(unseal(sealed_flow))
    except SealBroken as error:
        raise _needed("expired") from error
    signed_in = _app(cache, secret=True).finish_browser(flow, dict(answer))
    _store(cache, signed_in, SignIn.Method.BROWSER, by=by)
    return SignIn.get()


def bearer(refused: bool = False) -> str:
    """An access token for the Referrals API; `refused` = the last one was, so a new one is fetched. Raises
    SignInNeeded (stored, so that every page says so) and other OutboundErrors (stored nowhere: they pass)."""
    deadline = time.monotonic() + _WAIT
    while True:
        sign_in = SignIn.get()
        if sign_in.state != SignIn.State.OK:
            raise _needed(sign_in.reason or "expired")
        try:
            cache = TokenCache.load(unseal(sign_in.cache))
        except (SealBroken, ValueError) as error:
            _require_sign_in("key_changed", sign_in.signed_in_at)
            raise _needed("key_changed") from error
        if not refused and (token := cache.valid_token(settings.HUNTER_PARTNER_CENTER_SCOPE)):
            return token
        with lease(_LEASE, _LEASE_SECONDS) as ours:
            if ours and SignIn.objects.filter(pk=1, cache=sign_in.cache).exists():
                return _renew(sign_in, cache, force=refused)
        if ours:  # renewed by someone else between our look and our lease
            refused = False
            continue
        if time.monotonic() > deadline:
            raise NetworkFailed(system=SYSTEM, method="POST", path="/token", code="sign_in_busy")
        time.sleep(0.2)


def _renew(sign_in: SignIn, cache: TokenCache, *, force: bool) -> str:
    app = _app(cache, secret=sign_in.method == SignIn.Method.BROWSER)
    try:
        token = app.token([settings.HUNTER_PARTNER_CENTER_SCOPE], sign_in.home_account_id, force=force)
    except SignInNeeded as refusal:
        _require_sign_in(refusal.reason, sign_in.signed_in_at, refusal)
        raise
    now = timezone.now()
    changed = {"cache": seal(cache.dump()), "expires_at": now + REFRESH_TOKEN_LIFE} if cache.changed else {}
    SignIn.objects.filter(pk=1, cache=sign_in.cache).update(last_ok_at=now, **changed)
    return token


def require_sign_in(refusal: OutboundError, signed_in_at: datetime | None) -> None:
    """The API itself refused the user who signed in then: without MFA (900421), or twice with a fresh token."""
    _require_sign_in("mfa_required" if refusal.code == "900421" else "refused", signed_in_at, refusal)


def forget(by: User) -> None:
    """Sign out here: the tokens are thrown away; Microsoft keeps the consent."""
    with transaction.atomic():
        SignIn.get()
        SignIn.objects.filter(pk=1).update(
            state=SignIn.State.NONE, cache="", account_name="", home_account_id="", method="", expires_at=None,
            signed_in_at=None, signed_in_by=None, **_NO_FLOW, **_NO_ERROR,
        )  # fmt: skip
        _log(by, "Signed out of Partner Center")


def is_ready() -> bool:
    return SignIn.get().state == SignIn.State.OK


def is_configured() -> bool:
    return bool(settings.HUNTER_PARTNER_CENTER_CLIENT_ID and settings.HUNTER_PARTNER_CENTER_TENANT_ID)


_NO_FLOW: Final[dict[str, Any]] = {
    "flow": "", "user_code": "", "verification_uri": "", "flow_expires_at": None, "next_poll_at": None, "flow_by": None,
}  # fmt: skip
_NO_ERROR: Final[dict[str, Any]] = {"reason": "", "error_code": "", "request_id": "", "failed_at": None}


def _app(cache: TokenCache, *, secret: bool) -> EntraApp:
    """A new one for each operation: msal repeats a failure from memory for 60 s (fact sheet, section 3.3). The secret
    goes with sign-ins made in the browser only: a token got by a code is refused with one."""
    return EntraApp(
        tenant=settings.HUNTER_PARTNER_CENTER_TENANT_ID,
        client_id=settings.HUNTER_PARTNER_CENTER_CLIENT_ID,
        client_secret=settings.HUNTER_PARTNER_CENTER_CLIENT_SECRET if secret else "",
        cache=cache,
        sandbox_url=settings.HUNTER_SANDBOX_URL,
    )


def _store(cache: TokenCache, signed_in: SignedIn, method: str, *, by: User | None, flow: str = "") -> None:
    """Keep the sign-in; one whose code (`flow`) was cancelled meanwhile is thrown away."""
    now = timezone.now()
    with transaction.atomic():
        SignIn.get()
        wanted = SignIn.objects.filter(pk=1, flow=flow) if flow else SignIn.objects.filter(pk=1)
        stored = wanted.update(
            state=SignIn.State.OK,
            method=method,
            cache=seal(cache.dump()),
            account_name=signed_in.username[:320],
            home_account_id=signed_in.home_account_id[:200],
            signed_in_at=now,
            signed_in_by=by,
            last_ok_at=now,
            expires_at=now + REFRESH_TOKEN_LIFE,
            **_NO_FLOW,
            **_NO_ERROR,
        )
        if stored:
            _log(by, "Signed in to Partner Center")


def _end_flow(flow: str, *, reason: str, error: OutboundError | None = None) -> None:
    """This code came to nothing; a newer one is left alone."""
    SignIn.objects.filter(pk=1, flow=flow).update(
        **_NO_FLOW,
        reason=reason,
        error_code=error.code[:40] if error else "",
        request_id=error.request_id[:100] if error else "",
        failed_at=timezone.now(),
    )


def _require_sign_in(reason: str, signed_in_at: datetime | None, error: OutboundError | None = None) -> None:
    """Of the sign-in of that time; one that somebody made meanwhile is not spoiled by the old one's refusal."""
    SignIn.objects.filter(pk=1, signed_in_at=signed_in_at).exclude(state=SignIn.State.NONE).update(
        state=SignIn.State.REAUTH_REQUIRED,
        reason=reason,
        error_code=error.code[:40] if error else "",
        request_id=error.request_id[:100] if error else "",
        failed_at=timezone.now(),
    )


def _needed(reason: str) -> SignInNeeded:
    return SignInNeeded(reason=reason, system=SYSTEM, method="POST", path="/token")


def _log(by: User | None, message: str) -> None:
    if by is not None:
        LogEntry.objects.create(
            user=by,
            content_type=ContentType.objects.get_for_model(SignIn),
            object_id="1",
            object_repr=SYSTEM,
            action_flag=CHANGE,
            change_message=message,
        )
