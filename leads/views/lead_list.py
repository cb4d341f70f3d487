"""The lead list and its export. The URL holds filter, sort and page."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.contrib.auth.models import User
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from leads import saved_views
from leads.export import csv_lines
from leads.list_query import (
    CHANGED,
    COLUMNS,
    DENSITIES,
    PAGE_SIZE,
    POSTURES,
    SORTS,
    LeadQuery,
    hidden_columns,
)
from leads.models import Lead, Outcome, Priority, Provider, PushState, ReferralState, Segment, Source, Tag, VerdictState
from leads.snoozing import is_asleep
from leads.views.pages import Request, allowed, note_url, page_of, show, shown_params
from leads.visits import with_news

# Whoever may do one of these chooses leads in the list.
MANY: Final = ("leads.bulk_change_leads", "leads.export_leads", "integrations_d365.bulk_push")


@allowed("leads.view_lead")
@require_GET
def lead_list(request: Request) -> HttpResponse:
    query = LeadQuery.from_url(request.GET)
    views = saved_views.views_for(request.user, query)
    if views.opening is not None:
        if not request.GET and not request.htmx:
            return redirect(f"/leads/{views.opening.url}")
        query = replace(query, view=query.view or "all")  # else a list without filters would open the view again
    leads = with_news(query.ordered(request.user), request.user).select_related("owner", "scan_job")
    leads = leads.prefetch_related("tags")
    page = page_of(leads, request, PAGE_SIZE)
    now = timezone.now()
    context = {
        "query": query,
        "page": page,
        "total": page.paginator.count,
        # Counted only when the filter hides everything: "the filter hides N leads".
        "hidden": 0 if page.paginator.count or not query.is_filtered else LeadQuery().leads(request.user).count(),
        "asleep": {lead.pk for lead in page.object_list if is_asleep(lead, now)},
        "views": views,
        "way": query.way(),
        "shown": query.columns,
        "selectable": any(request.user.has_perm(name) for name in MANY),
        "sorts": SORTS,
        "columns": [(name, label) for name, label in COLUMNS.items() if name not in hidden_columns()],
        "usual": " ".join(LeadQuery().columns),
        "densities": DENSITIES,
        "choices": {
            "segment": Segment.choices,
            "priority": Priority.choices,
            "provider": Provider.choices,
            "posture": [(value, label) for value, (label, _condition) in POSTURES.items()],
            "changed": [(value, label) for value, (label, _days) in CHANGED.items()],
            "state": VerdictState.choices,
            "source": Source.choices,
            "outcome": Outcome.choices,
            "referral": ReferralState.choices,
            "d365": PushState.choices,
        },
        "tags": Tag.objects.filter(pk__in=Lead.tags.through.objects.values("tag")),
        "owners": User.objects.filter(is_active=True).only("pk", "username", "first_name", "last_name"),
    }
    response = show(request, "leads/lead_list.html", "leads/_lead_swap.html", context)
    note_url(request, response, before=LeadQuery.from_url(shown_params(request)), query=query)
    return response


@allowed("leads.export_leads")
@require_GET
def lead_export(request: Request) -> StreamingHttpResponse:
    leads = LeadQuery.from_url(request.GET).ordered(request.user)
    response = StreamingHttpResponse(csv_lines(leads, bom=True), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="leads.csv"'
    return response
