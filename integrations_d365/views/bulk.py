"""Push every lead of a filter: counted first, then as a job."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from integrations_d365 import pushing
from integrations_d365.bulk_page import bulk_preview
from integrations_d365.messages import REFUSED
from integrations_d365.push_page import shape_from
from integrations_d365.status import connection
from leads.list_query import LeadQuery
from leads.views.pages import Request, allowed, show


@allowed("integrations_d365.bulk_push")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def bulk(request: Request) -> HttpResponse:
    """The URL carries the filter of the lead list. GET counts, POST pushes; when the list holds another number of leads
    than the person read (`total`), it counts again instead."""
    query = LeadQuery.from_url(request.GET)
    if request.method != "POST":
        return _preview(request, query)
    if reason := pushing.why_off():
        return _preview(request, query, refused=str(REFUSED[reason]))
    if request.POST.get("total") != str(query.leads(request.user).count()):
        changed = _("The list has changed since you looked: these are the leads it holds now.")
        return _preview(request, query, refused=changed)
    try:
        job = pushing.queue_pushes(query.leads(request.user), by=request.user, title="push.list", name=query.url())
    except pushing.PushRefused as refusal:
        return _preview(request, query, refused=str(REFUSED[refusal.reason]))
    if job is None:
        messages.info(request, _("There is nothing to push in this list."))
        return redirect(f"/leads/{query.url()}")
    return redirect("leads:job", job.pk)


def _preview(request: Request, query: LeadQuery, refused: str = "") -> HttpResponse:
    state = connection()
    context = {
        "query": query,
        "connection": state,
        "found": bulk_preview(query.leads(request.user), shape_from(state.check)),
        "refused": refused,
        "owners": User.objects.filter(pk=query.owner) if query.owner.isdigit() else (),  # for the words of the filter
    }
    return show(request, "dynamics/bulk.html", "dynamics/_bulk.html", context, 409 if refused else 200)
