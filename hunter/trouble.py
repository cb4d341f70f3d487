"""The pages of last resort."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

from hunter import logs


def server_error(request: HttpRequest) -> HttpResponse:
    """Without `request`, so without context processors: they may be what failed."""
    return HttpResponse(render_to_string("500.html", {"reference": logs.reference.get()}), status=500)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid token, such as one that was open while the session ended: back to where it stood. `reason`
    is Django's, for developers."""
    page = request.headers.get("Referer", "")
    own = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return render(request, "403_csrf.html", {"page": page if own else ""}, status=403)
