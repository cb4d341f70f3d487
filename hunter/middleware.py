"""Response headers for every page."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation

from hunter import logs
from hunter.sign_in import sign_in_again
from leads.models import Lead
from leads.overtaken import LeadGone
from leads.preferences import language_of

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
)


class SecurityHeadersMiddleware:
    """A strict content security policy, and a cache key that keeps pages and fragments apart."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response


class ReferenceMiddleware:
    """`X-Reference`: what a person tells the administrator and the administrator finds in the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = logs.reference.set(secrets.token_hex(4))
        try:
            response = self.get_response(request)
            response.headers["X-Reference"] = logs.reference.get()
        finally:
            logs.reference.reset(token)
        return response


class ExpiredSessionMiddleware:
    """After the session ended. A part of a page: 401 and the way to sign in and back (`X-Sign-In`), so that no sign-in
    page is put into the part. A form: the sign-in with what was sent, because its address answers no GET."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        sign_in = reverse("login")
        sent_there = response.status_code == 302 and response.headers["Location"].partition("?")[0] == sign_in
        if not sent_there or request.user.is_authenticated:
            return response
        if "HX-Request" not in request.headers:
            return sign_in_again(request) if request.method == "POST" else response
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
        back = urlunsplit(("", "", page.path or "/", page.query, ""))
        return HttpResponse(status=401, headers={"X-Sign-In": f"{sign_in}?{urlencode({'next': back})}"})


class WrongMethodMiddleware:
    """An address of a form that is opened like a page (405) answers with a page that says where to go."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or request.method != "GET" or "HX-Request" in request.headers:
            return response
        page = render(request, "405.html", status=405)
        page.headers["Allow"] = response.headers["Allow"]
        return page


class LeadGoneMiddleware:
    """A lead that was removed while its page was made or its form was saved, as by the undo of its import: a page that
    says so (404; 409 for a form)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        is_missed = isinstance(exception, Lead.DoesNotExist)
        if not isinstance(exception, LeadGone) and not (is_missed and _is_gone(request)):
            return None
        status = 409 if request.method == "POST" else 404
        if "HX-Request" in request.headers:  # no page into a part of the page
            return HttpResponse(status=status, headers={"HX-Refresh": "true"})
        return render(request, "leads/lead_gone.html", status=status)


def _is_gone(request: HttpRequest) -> bool:
    """The lead that the address names is not there; any other one that is missed was looked up wrongly."""
    match = request.resolver_match
    if match is None:
        return False
    if (domain := match.kwargs.get("domain")) is not None:
        return not Lead.objects.filter(domain=domain).exists()
    if match.view_name == "admin:leads_lead_change":
        return not Lead.objects.filter(pk=match.kwargs["object_id"]).exists()
    return False


class AccountLanguageMiddleware:
    """A signed-in person reads the language of their account on every machine; the cookie and the browser decide for
    others. Comes after LocaleMiddleware, which decides for the sign-in page, and after the user is known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_of(request.user) if request.user.is_authenticated else ""
        if not language:
            return self.get_response(request)
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = self.get_response(request)
        response.headers["Content-Language"] = language
        return response


class QueryCountMiddleware:
    """`X-Query-Count`: how many database queries the response took (development only)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        count = 0

        def counting(execute: Callable[..., object], *args: object) -> object:
            nonlocal count
            count += 1
            return execute(*args)

        with connection.execute_wrapper(counting):
            response = self.get_response(request)
        response.headers["X-Query-Count"] = str(count)
        return response
