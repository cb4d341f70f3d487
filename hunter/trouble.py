"""The page of last resort."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from hunter import logs


def server_error(request: HttpRequest) -> HttpResponse:
    """Without `request`, so without context processors: they may be what failed."""
    return HttpResponse(render_to_string("500.html", {"reference": logs.reference.get()}), status=500)
