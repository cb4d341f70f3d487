"""What every page needs: permission at the door, the lead behind a URL, page or fragment."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from leads.list_query import LeadQuery
from leads.models import Lead, LeadQuerySet
from leads.url_query import UrlQuery

P = ParamSpec("P")
Item = TypeVar("Item")


class Request(HttpRequest):
    """A signed-in person's request, with what django-htmx adds."""

    htmx: HtmxDetails
    user: User


def allowed(
    permission: str,
) -> Callable[[Callable[Concatenate[Request, P], HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """403 for a signed-in person without the permission; the message says whom to ask."""

    def decorate(view: Callable[Concatenate[Request, P], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        return wraps(view)(permission_required(permission, raise_exception=True)(view))

    return decorate


def lead_or_404(domain: str, leads: LeadQuerySet | None = None) -> Lead:
    if "\0" in domain:  # PostgreSQL cannot even be asked for it
        raise Http404
    rows = Lead.objects.all() if leads is None else leads
    return get_object_or_404(rows.select_related("owner", "scan_job", "snoozed_by"), domain=domain)


def show(request: Request, page: str, fragment: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The whole page, or the fragment when HTMX asks for a part of it. Caches keep the two apart."""
    partial = bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request
    response = render(request, fragment if partial else page, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def note_url(request: Request, response: HttpResponse, *, before: UrlQuery, query: UrlQuery) -> None:
    """The address of a list that its filter form or its order changed, without what goes without saying. All letters of
    a search are one entry of the history. `before`: what the page showed (`shown_params`)."""
    if request.htmx.trigger not in ("filter", "sort"):
        return
    old, new = before.pairs(), query.pairs()
    typed_on = any(name == "q" for name, _value in old) and _without_q(old) == _without_q(new)
    header = "HX-Replace-Url" if typed_on or old == new else "HX-Push-Url"
    response.headers[header] = request.path + query.url()


def shown_params(request: Request) -> QueryDict:
    """The parameters in the address bar while HTMX asks for something."""
    return QueryDict(urlsplit(request.htmx.current_url or "").query)


def _without_q(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [pair for pair in pairs if pair[0] != "q"]


def page_of(items: Any, request: Request, size: int) -> Page[Any]:
    """The asked page; a number that does not exist gives the nearest one."""
    return Paginator(items, size).get_page(request.GET.get("page"))


def say_overtaken(request: Request) -> None:
    messages.error(
        request, _("Somebody changed this since you opened the page. Nothing was saved; look at it and decide again.")
    )


def back(request: Request, default: str, *args: Any, part: str = "") -> HttpResponse:
    """To where the form says it came from, if that is one of our pages. A lead's page keeps the list it was opened
    in, and is opened at `part`, the id of a section."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return HttpResponseRedirect(target)
    page = reverse(default, args=args)
    came_from = urlsplit(request.headers.get("Referer", ""))
    way = QueryDict(came_from.query).get("from") if came_from.path == page else None
    if way is not None:
        page += LeadQuery.from_url(QueryDict(way)).way()
    return HttpResponseRedirect(f"{page}#{part}" if part else page)


def list_of(request: Request) -> LeadQuery | None:
    """The list a lead's page was opened in."""
    way = request.GET.get("from")
    return None if way is None else LeadQuery.from_url(QueryDict(way[:4000].lstrip("?")))


def way_of(request: Request) -> str:
    """The part of this page's URL that says so, cleaned; "" when the page was opened by itself."""
    query = list_of(request)
    return "" if query is None else query.way()
