"""Saved views of the lead list: save, change, delete."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from leads import saved_views
from leads.forms import ViewForm
from leads.list_query import LeadQuery
from leads.views.pages import Request, allowed


@allowed("leads.add_savedview")
@require_POST
def view_add(request: Request) -> HttpResponse:
    """Name what the list shows now (`query`: the query part of its URL)."""
    query = LeadQuery.from_url(QueryDict(request.POST.get("query", "")[:4000].lstrip("?")))
    form = ViewForm(request.POST, owner=request.user)
    _only_those_who_may_share(request, form)
    if len(query.saved_as()) > saved_views.LONGEST_QUERY:
        form.add_error(None, _("This filter is too long to be kept. Remove some of its parts."))
    if not form.is_valid():
        return _refused(request, form, query)
    try:
        view = saved_views.save_view(request.user, query=query, **form.cleaned_data)
    except saved_views.NameTaken:  # by the same press, sent twice
        form.add_error("name", ViewForm.NAME_TAKEN)
        return _refused(request, form, query)
    messages.success(request, _("“%(name)s” was saved.") % {"name": view.name})
    return redirect(f"/leads/{query.url(view=str(view.pk))}")


@allowed("leads.view_savedview")
@require_POST
def view_change(request: Request, pk: int) -> HttpResponse:
    """With `query`, the view becomes what the list shows now; else its name, sharing and place are set. Whoever may not
    change it still decides whether it is a tab of theirs."""
    view = get_object_or_404(saved_views.visible_to(request.user), pk=pk)
    may_change = saved_views.may_change(view, request.user)
    if "query" in request.POST:
        if not may_change:
            raise PermissionDenied
        query = LeadQuery.from_url(QueryDict(request.POST["query"][:4000].lstrip("?")))
        if len(query.saved_as()) > saved_views.LONGEST_QUERY:
            messages.error(request, _("This filter is too long to be kept. Remove some of its parts."))
            return redirect(f"/leads/{query.url()}")
        view.query = query.saved_as()
        view.save(update_fields=["query"])
        messages.success(request, _("“%(name)s” was saved.") % {"name": view.name})
        return redirect(f"/leads/{query.url(view=str(pk))}")
    form = ViewForm(request.POST, owner=view.owner, view=view, fixed=not may_change)
    if may_change:
        _only_those_who_may_share(request, form)
    query = saved_views.read(view)
    if not form.is_valid():
        return _refused(request, form, query)
    if may_change:
        try:
            saved_views.change_view(view, name=form.cleaned_data["name"], shared=form.cleaned_data["shared"])
        except saved_views.NameTaken:
            form.add_error("name", ViewForm.NAME_TAKEN)
            return _refused(request, form, query)
    saved_views.keep_tab(request.user, view, tab=form.cleaned_data["tab"], opens=form.cleaned_data["opens"])
    messages.success(request, _("“%(name)s” was saved.") % {"name": view.name})
    return redirect(f"/leads/{query.url(view=str(pk))}")


@allowed("leads.delete_savedview")
@require_POST
def view_delete(request: Request, pk: int) -> HttpResponse:
    view = get_object_or_404(saved_views.visible_to(request.user), pk=pk)
    if not saved_views.may_change(view, request.user):
        raise PermissionDenied
    view.delete()
    messages.success(request, _("“%(name)s” was deleted. The leads stay.") % {"name": view.name})
    return redirect("/leads/?view=all")


def _only_those_who_may_share(request: Request, form: ViewForm) -> None:
    """Sharing, or taking it back, needs the right to change leads in bulk."""
    if request.POST.get("shared") and not request.user.has_perm("leads.bulk_change_leads"):
        form.add_error(None, _("Only sales operations shares views with everyone."))


def _refused(request: Request, form: ViewForm, query: LeadQuery) -> HttpResponse:
    """Back to the list with the reason."""
    for errors in form.errors.values():
        for error in errors:
            messages.error(request, str(error))
    return redirect(f"/leads/{query.url()}")
