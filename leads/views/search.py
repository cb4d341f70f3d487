"""Search over everything: a page of its own, and what the command palette shows while somebody types."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from leads import lead_commands, search
from leads.url_query import search_text
from leads.views.pages import Request, allowed, show


@allowed("leads.view_lead")
@require_GET
def search_page(request: Request) -> HttpResponse:
    text = search_text(request.GET)
    lead = lead_commands.lead_of(request.htmx.current_url) if request.htmx.current_url else None
    context = {
        "q": text,
        "lead": lead,
        "lead_commands": lead_commands.commands(lead, request.user, text) if lead else [],
        "leads": search.leads(request.user, text),
        "commands": search.commands(request.user, text),
    }
    return show(request, "leads/search.html", "leads/_palette_options.html", context)
