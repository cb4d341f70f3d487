"""Search over everything: a page of its own, and what the command palette shows while somebody types."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from leads import search
from leads.url_query import search_text
from leads.views.pages import Request, allowed, show


@allowed("leads.view_lead")
@require_GET
def search_page(request: Request) -> HttpResponse:
    text = search_text(request.GET)
    context = {
        "q": text,
        "leads": search.leads(request.user, text),
        "commands": search.commands(request.user, text),
    }
    return show(request, "leads/search.html", "leads/_palette_options.html", context)
