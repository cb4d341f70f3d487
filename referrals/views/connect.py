"""“Connect Partner Center”: sign in with a code or in the browser, see how the sign-in is, sign out.

What an action has to say is kept in the session until the next page of the connection shows it, so that every action
ends in a redirect: also the way back from Microsoft, whose address holds a code that must not stay in the browser.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import retarget, trigger_client_event

from leads.views.pages import Request, allowed, show
from outbound.errors import OutboundError, SignInNeeded
from referrals import sign_in
from referrals.models import SignIn
from referrals.status import why_refused
from referrals.sync import SyncRefused, request_sync

CONNECT: Final = "referrals.connect_partner_center"
SYNC_CHANGED: Final = "sync-changed"  # the event to which the light in the header and the ledger listen
_FLOW: Final = "partner_center_flow"
_NOTICE: Final = "partner_center_notice"
# The policy of every page, but browsers apply form-action to where a form is redirected, too.
_POLICY: Final = "default-src 'self'; base-uri 'none'; form-action 'self' {}; frame-ancestors 'none'; object-src 'none'"
_ENTRA: Final = "https://login.microsoftonline.com"


@allowed("referrals.view_referral")
@require_GET
@never_cache
def connect(request: Request) -> HttpResponse:
    return _page(request)


@allowed("referrals.view_referral")
@require_GET
@never_cache
def state(request: Request) -> HttpResponse:
    """The same page after a look whether the code was entered. HTMX gets the time that is left, or the whole when the
    wait is over."""
    before = SignIn.get()
    problem = None
    if before.flow and request.user.has_perm(CONNECT):
        try:
            after = sign_in.poll_device_code()
        except OutboundError as error:
            problem = _problem(error)
        else:
            if after.state == SignIn.State.OK and after.signed_in_at != before.signed_in_at:
                _keep(request, **_first_sync(request))
    if not request.htmx:
        if problem:
            _keep(request, problem=problem)
        return _page(request)
    row = SignIn.get()
    if row.flow:
        return render(request, "referrals/_code_left.html", {"left": _left(row), "problem": problem})
    return trigger_client_event(retarget(_page(request), "#connect"), SYNC_CHANGED)


@allowed(CONNECT)
@require_POST
def start_code(request: Request) -> HttpResponse:
    """Ask for a code; one that waits already stays, so that two clicks are one."""
    if _is_ready() and not SignIn.get().has_flow(timezone.now()):
        try:
            sign_in.start_device_code(request.user)
        except OutboundError as error:
            _keep(request, problem=_problem(error))
    return redirect("referrals:connect")


@allowed(CONNECT)
@require_POST
def cancel_code(request: Request) -> HttpResponse:
    sign_in.cancel_device_code()
    return redirect("referrals:connect")


@allowed(CONNECT)
@require_POST
def start_browser(request: Request) -> HttpResponse:
    """Off to Microsoft's page. What is needed to understand the answer waits, sealed, in the session."""
    if not _is_ready():
        return redirect("referrals:connect")
    try:
        address, flow = sign_in.start_browser(_return_address(request))
    except OutboundError as error:
        _keep(request, problem=_problem(error))
        return redirect("referrals:connect")
    request.session[_FLOW] = flow
    return HttpResponseRedirect(address)


@login_not_required  # the way to the login page would carry Microsoft's code along
@require_GET
@never_cache
def callback(request: Request) -> HttpResponse:
    """Back from Microsoft's page. The answer is used once; coming here again changes nothing."""
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("referrals:connect"))
    if not request.user.has_perm(CONNECT):
        raise PermissionDenied
    flow = request.session.pop(_FLOW, None)
    if flow is None:
        if not sign_in.is_ready():
            _keep(request, problem={"reason": "expired"})
    elif _is_ready():
        try:
            sign_in.finish_browser(flow, request.GET.dict(), by=request.user)
        except OutboundError as error:
            if error.code == "state_mismatch":  # it answers another beginning; the answer to ours may still come
                request.session[_FLOW] = flow
            _keep(request, problem=_problem(error))
        else:
            _keep(request, **_first_sync(request))
    return redirect("referrals:connect")


@allowed(CONNECT)
@require_POST
def sign_out(request: Request) -> HttpResponse:
    sign_in.forget(request.user)
    messages.success(request, _("Signed out of Partner Center. The referrals that were read stay."))
    return redirect("referrals:connect")


def _page(request: Request) -> HttpResponse:
    context: dict[str, Any] = {"step": _step(), "notice": request.session.pop(_NOTICE, {})}
    if context["step"] == "not_configured":
        context["missing"] = _missing()
    elif context["step"] != "off":
        row = SignIn.objects.select_related("signed_in_by", "flow_by").get(pk=1)
        context |= {"sign_in": row, "left": _left(row), "return_address": _return_address(request)}
    response = show(request, "referrals/connect.html", "referrals/_connect.html", context)
    response.headers["Content-Security-Policy"] = _POLICY.format(
        f"{_ENTRA} {settings.HUNTER_SANDBOX_URL}".strip()  # the sandbox plays Microsoft's page, too
    )
    return response


def _step() -> str:
    """off, not_configured, code (one waits to be entered) or a state of SignIn."""
    if not settings.HUNTER_PARTNER_CENTER_ENABLED:
        return "off"
    if not sign_in.is_configured():
        return "not_configured"
    row = SignIn.get()
    return "code" if row.flow else row.state


def _is_ready() -> bool:
    return settings.HUNTER_PARTNER_CENTER_ENABLED and sign_in.is_configured()


def _missing() -> list[str]:
    names = ("HUNTER_PARTNER_CENTER_CLIENT_ID", "HUNTER_PARTNER_CENTER_TENANT_ID")
    return [name for name in names if not getattr(settings, name)]


def _return_address(request: Request) -> str:
    return request.build_absolute_uri(reverse("referrals:connect_callback"))


def _left(row: SignIn) -> timedelta:
    """How long the code can still be entered."""
    if row.flow_expires_at is None:
        return timedelta()
    return max(timedelta(), row.flow_expires_at - timezone.now())


def _first_sync(request: Request) -> dict[str, Any]:
    """The notice about a sign-in that has just succeeded; the sync starts at once."""
    try:
        request_sync(by=request.user)
    except SyncRefused as refusal:
        return {"signed_in": True, "refused": why_refused(refusal.reason)}
    return {"signed_in": True}


def _keep(request: Request, **notice: Any) -> None:
    request.session[_NOTICE] = notice


def _problem(error: OutboundError) -> dict[str, str]:
    """What the page says about it: the keys of messages.SIGN_IN and messages.FAILURES, and what an administrator
    can look up."""
    return {
        "reason": error.reason if isinstance(error, SignInNeeded) else "",
        "category": error.category.value,
        "code": error.code,
        "request_id": error.request_id or error.client_request_id,
    }
