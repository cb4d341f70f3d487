"""Change many leads at once: what was ticked or the whole filter, previewed, done, looked at, undone."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from leads import bulk_actions
from leads.forms import BULK_FORMS
from leads.job_texts import ERRORS
from leads.list_query import LeadQuery
from leads.models import BulkAction, BulkRow, Lead, Tag
from leads.views.pages import Request, allowed, page_of, show

ROWS_ON_A_PAGE: Final = 100
EXAMPLES: Final = 5  # names in a preview


@allowed("leads.view_lead")
@require_POST
def bulk_start(request: Request) -> HttpResponse:
    """`query`: the list's; `all=1`: every lead of it, else those named by `lead`. Leads to the preview of `action`."""
    shown = LeadQuery.from_url(QueryDict(request.POST.get("query", "")[:4000].lstrip("?")))
    everything, action = request.POST.get("all") == "1", request.POST.get("action", "")
    meant = shown if everything else LeadQuery.from_url(request.POST)
    if not everything and not meant.lead:
        messages.warning(request, _("Tick the leads first, or choose all of the list."))
        return redirect(f"/leads/{shown.url()}")
    if action in ("export", "push"):
        url = reverse("leads:export" if action == "export" else "d365:bulk")
        return redirect(url + (meant if everything else LeadQuery(lead=meant.lead)).url())
    if action not in BULK_FORMS or not request.user.has_perm("leads.bulk_change_leads"):
        raise PermissionDenied
    leads = shown.leads(request.user) if everything else LeadQuery(lead=meant.lead).leads(request.user)
    made = bulk_actions.draft(action, leads, query=shown.url(), by=request.user)
    read = request.POST.get("total", "")
    if everything and read.isascii() and read.isdigit() and int(read) != made.total:
        messages.info(request, _("The list has changed since you looked: these are the leads it holds now."))
    return redirect(made)


@allowed("leads.bulk_change_leads")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def bulk_action(request: Request, pk: int) -> HttpResponse:
    """GET: the preview of a draft, the progress of one that runs, the results of one that is done. POST starts it."""
    action = get_object_or_404(BulkAction.objects.select_related("by", "undone_by", "job"), pk=pk)
    form = BULK_FORMS[action.kind]()
    if request.method == "POST":
        form = BULK_FORMS[action.kind](request.POST)
        if form.is_valid():
            try:
                bulk_actions.start(action, form.params(), by=request.user)
                return redirect(action)
            except bulk_actions.OwnerGone:
                action.refresh_from_db()
                form.add_error("owner", ERRORS[bulk_actions.OWNER_GONE])
    if action.state == BulkAction.State.DRAFT:
        context = {
            "action": action,
            "form": form,
            "already": bulk_actions.already(action),
            "examples": Lead.objects.filter(pk__in=action.leads[:EXAMPLES]).only("domain", "company_name"),
            "others": max(0, action.total - EXAMPLES),
            "tags": Tag.objects.filter(automatic=False) if action.kind == BulkAction.Kind.TAG else (),
        }
        return show(request, "leads/bulk_draft.html", "leads/bulk_draft.html", context, 422 if form.errors else 200)
    return show(request, "leads/bulk_result.html", "leads/_bulk_result.html", _results(request, action))


def _results(request: Request, action: BulkAction) -> dict[str, Any]:
    found = action.rows.values_list("result").order_by().annotate(count=Count("pk"))
    counts = dict(found)
    chosen = request.GET.get("result", "")
    rows = action.rows.filter(result=chosen) if chosen in BulkRow.Result.values else action.rows.all()
    return {
        "action": action,
        "counts": [(value, label, counts[value]) for value, label in BulkRow.Result.choices if value in counts],
        "untouched": max(0, action.total - sum(counts.values())),
        "chosen": chosen,
        "page": page_of(rows.select_related("lead").order_by("pk"), request, ROWS_ON_A_PAGE),
        "undoable": action.can_be_undone
        and action.state == BulkAction.State.DONE
        and counts.get(BulkRow.Result.CHANGED, 0),
    }


@allowed("leads.bulk_change_leads")
@require_POST
def bulk_undo(request: Request, pk: int) -> HttpResponse:
    action = get_object_or_404(BulkAction, pk=pk)
    if not bulk_actions.undo(action, by=request.user):
        messages.info(request, _("There is nothing to undo."))
    return redirect(action)
