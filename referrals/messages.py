"""What people read for the codes of this room: a sentence, and what to do next."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

# Why Entra gives no token (outbound.errors.SignInNeeded.reason): (what happened, what to do).
SIGN_IN: Final[dict[str, tuple[Any, Any]]] = {
    "mfa_required": (
        _("Microsoft wants a sign-in with multi-factor authentication."),
        _("Sign in again and confirm with your second factor; the account must have one set up."),
    ),
    "consent_missing": (
        _("Nobody has agreed yet that Hunter may read referrals."),
        _("An administrator of your Microsoft tenant has to grant consent for the app registration."),
    ),
    "policy_blocked": (
        _("A conditional access policy of your organisation blocks this way to sign in."),
        _("Use the other way to sign in, or ask your administrator about the policy “Block device code flow”."),
    ),
    "declined": (_("The sign-in was declined."), _("Start again and choose “Accept” on Microsoft's page.")),
    "expired": (_("The code or the sign-in has expired."), _("Start again; a code is valid for 15 minutes.")),
    "password_changed": (
        _("The password was changed or the sign-in was revoked."),
        _("Sign in again; the sync then goes on where it stopped."),
    ),
    "unused": (_("The sign-in was not used for 90 days."), _("Sign in again; the sync then goes on where it stopped.")),
    "account_disabled": (
        _("The Microsoft account is disabled."),
        _("Sign in with another account that has the role Referrals Admin."),
    ),
    "public_flow_off": (
        _("The app registration does not allow sign-in by code."),
        _("Set “Allow public client flows” to Yes in the app registration, or sign in in the browser."),
    ),
    "app_unknown": (
        _("Microsoft does not know the app registration."),
        _("Check HUNTER_PARTNER_CENTER_CLIENT_ID and HUNTER_PARTNER_CENTER_TENANT_ID."),
    ),
    "wrong_secret": (
        _("The client secret is wrong or has expired."),
        _("Create a new secret in the app registration and put it into HUNTER_PARTNER_CENTER_CLIENT_SECRET."),
    ),
    "key_changed": (
        _("The stored sign-in cannot be read: the encryption key has changed."),
        _("Put the old key behind the new one in HUNTER_TOKEN_KEY, or sign in again."),
    ),
    "refused": (
        _("Microsoft refused the sign-in."),
        _("Sign in again. If it is refused once more, give the request id to your administrator."),
    ),
}
# Why a run of the sync ended early, by error category: (what happened, what to do).
FAILURES: Final[dict[str, tuple[Any, Any]]] = {
    "auth": (
        _("Partner Center does not accept the sign-in any more."),
        _("Sign in again on “Connect Partner Center”."),
    ),
    "permission": (
        _("The signed-in account may not read referrals."),
        _("Give it the role Referrals Admin in Partner Center, or sign in with another account."),
    ),
    "rate_limit": (_("Partner Center asks for a pause."), _("Nothing to do: the sync goes on by itself.")),
    "validation": (
        _("Partner Center did not understand a request."),
        _("Give the request id to your administrator; the next run tries again."),
    ),
    "conflict": (_("The data changed while it was read."), _("Nothing to do: the next run tries again.")),
    "network": (
        _("Partner Center could not be reached."),
        _("Check the network and the proxy. The next run goes on where this one stopped."),
    ),
    "server": (
        _("Partner Center has trouble at the moment."),
        _("Nothing to do: the next run goes on where this one stopped."),
    ),
    "config": (
        _("The connection is not set up correctly."),
        _("Check the settings that begin with HUNTER_PARTNER_CENTER."),
    ),
}
_UNREADABLE: Final = (
    _("Partner Center sent an answer that cannot be read."),
    _("Nothing to do at first: the next run asks again. If it stays, give the request id to your administrator."),
)
# What is known better than by the category, by error code.
_BY_CODE: Final[dict[str, tuple[Any, Any]]] = {
    "900421": SIGN_IN["mfa_required"],
    "malformed": _UNREADABLE,
    "incomplete": _UNREADABLE,
    "too_large": _UNREADABLE,
    "malformed_page": (_("Partner Center sent an answer without a list of referrals."), _UNREADABLE[1]),
    "crashed": (
        _("The run was cut off: the worker ended or failed."),
        _("Nothing to do: the next run goes on where this one stopped."),
    ),
}
# Why a sync cannot be started now; status.why_refused makes whole stories of them.
REFUSED: Final[dict[str, Any]] = {
    "off": _("Partner Center is switched off. Set HUNTER_PARTNER_CENTER_ENABLED=true to turn it on."),
    "not_configured": _(
        "Partner Center is not set up: HUNTER_PARTNER_CENTER_CLIENT_ID and HUNTER_PARTNER_CENTER_TENANT_ID are missing."
    ),
    "sign_in": _("Nobody is signed in to Partner Center yet. Sign in on “Connect Partner Center”."),
    "throttled": _("Microsoft asked for a pause. The sync goes on by itself when it is over."),
    "waiting": _("The last sync failed. Hunter tries again by itself."),
}
# Why a row is in quarantine.
QUARANTINE: Final[dict[str, Any]] = {
    "no_object": _("The row is not an object."),
    "no_id": _("The row has no id."),
    "odd_id": _("The id of the row is unusable: too long, or with characters that no id has."),
    "not_storable": _("The row could not be stored; the rest of its page was."),
}
# What was unusual about a referral that was read all the same.
ODDITIES: Final[dict[str, Any]] = {
    "unknown_status": _("Its status is not among the documented ones."),
    "unknown_substatus": _("Its substatus does not belong to its status."),
    "ids_no_list": _("The ids of the customer came in another form."),
    "team_no_list": _("A team came in another form."),
    "no_timestamp": _("It has no time of its last change."),
    "odd_value": _("Its deal value is no amount."),
    "odd_time": _("One of its dates cannot be read."),
}
# Why a domain is suggested.
SUGGESTIONS: Final[dict[str, Any]] = {
    "team_email": _("E-mail address of the customer's team"),
    "lead_name": _("A lead with a similar name"),
    "import_name": _("A similar name in an import"),
}
# Why a domain of the team was or was not taken (customer_domains.Candidate.verdict).
CANDIDATES: Final[dict[str, Any]] = {
    "usable": _("can be the company's domain"),
    "consumer": _("public mail service"),
    "platform": _("a platform that many companies share"),
    "own": _("your own domain"),
    "seller_side": _("domain of the seller's side"),
    "blocked": _("Microsoft or a distributor"),
    "tenant_only": _("name of a Microsoft tenant, not a web domain"),
    "kep": _("registered e-mail (KEP)"),
    "ambiguous_provider": _("a company that also hosts mail for its subscribers"),
    "invalid": _("no usable address"),
}


def failure(category: str, code: str = "") -> tuple[Any, Any]:
    """(what happened, what to do) for a request or a run that failed."""
    return _BY_CODE.get(code) or FAILURES.get(category, FAILURES["server"])


def sign_in_story(reason: str) -> tuple[Any, Any]:
    """(what happened, what to do) for the reason why Entra gives no token."""
    return SIGN_IN.get(reason, SIGN_IN["refused"])
