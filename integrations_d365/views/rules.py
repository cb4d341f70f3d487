"""Rules that push by themselves: leads of a saved view are queued when they are scored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from integrations_d365 import pushing
from integrations_d365.forms import SavedViewForm
from integrations_d365.messages import REFUSED
from integrations_d365.models import AutoPush
from leads.list_query import LeadQuery
from leads.models import Lead, SavedView
from leads.saved_views import visible_to
from leads.templatetags.leads import person
from leads.views.pages import Request, allowed, page_of, show

ON_A_PAGE: Final = 25


@dataclass(frozen=True, slots=True)
class Row:
    """A saved view, its rule if there ever was one, and how many leads it means now. Of a view that somebody else
    keeps to themselves only that its rule is on, so that it can be turned off: `is_private`."""

    view: SavedView
    query: LeadQuery
    rule: AutoPush | None
    is_private: bool
    matching: int
    never_pushed: int

    @property
    def name(self) -> str:
        return _name(self.view, is_private=self.is_private)

    @property
    def is_on(self) -> bool:
        return self.rule is not None and self.rule.enabled_at is not None

    @property
    def is_stopped(self) -> bool:
        """On, but the view was changed since: nothing is pushed until somebody turns the rule on anew."""
        return self.rule is not None and pushing.is_stopped(self.rule)


def _name(view: SavedView, *, is_private: bool) -> str:
    return _("A private view of %(person)s") % {"person": person(view.owner)} if is_private else view.name


def _is_private(view: SavedView, user: User) -> bool:
    """Whether it is for others alone."""
    return not view.shared and view.owner_id != user.pk


def _listed(user: User) -> QuerySet[SavedView]:
    """What a person may know of: their own views, those that are shared, and that a rule is on."""
    on = AutoPush.objects.filter(enabled_at__isnull=False).values("saved_view")
    views = SavedView.objects.filter(Q(pk__in=visible_to(user).values("pk")) | Q(pk__in=on))
    return views.select_related("owner")


def _rows(views: Iterable[SavedView], user: User) -> list[Row]:
    """Two queries, however many views there are."""
    views = list(views)
    rules = AutoPush.objects.filter(saved_view__in=views).select_related("changed_by")
    by_view = {rule.saved_view_id: rule for rule in rules}
    queries = {view.pk: LeadQuery.from_url(QueryDict(view.query.lstrip("?"))) for view in views}
    columns: dict[str, Count] = {}
    for view in views:
        meant = Q(pk__in=queries[view.pk].leads(view.owner).order_by().values("pk"))
        columns[f"matching_{view.pk}"] = Count("pk", filter=meant)
        columns[f"never_pushed_{view.pk}"] = Count("pk", filter=meant & Q(push__isnull=True, score__isnull=False))
    counts = Lead.objects.aggregate(**columns)
    return [
        Row(
            view,
            queries[view.pk],
            by_view.get(view.pk),
            _is_private(view, user),
            counts[f"matching_{view.pk}"],
            counts[f"never_pushed_{view.pk}"],
        )
        for view in views
    ]


def _owners() -> QuerySet[User]:
    """For the words of a filter."""
    return User.objects.only("pk", "username", "first_name", "last_name")


@allowed("integrations_d365.view_autopush")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def rules(request: Request) -> HttpResponse:
    """GET: every saved view and its rule. POST: a new saved view."""
    form = SavedViewForm(owner=request.user)
    if request.method == "POST":
        if not request.user.has_perm("leads.add_savedview"):
            raise PermissionDenied
        form = SavedViewForm(request.POST, owner=request.user)
        if form.is_valid():
            view = form.save()
            text = _("“%(name)s” was saved. The rule is off still: turn it on.")
            messages.success(request, text % {"name": view.name})
            return redirect("d365:rules")
    page = page_of(_listed(request.user).order_by("name", "pk"), request, ON_A_PAGE)
    context = {"page": page, "rows": _rows(page.object_list, request.user), "form": form, "owners": _owners()}
    return show(request, "dynamics/rules.html", "dynamics/_rules.html", context, 422 if form.errors else 200)


@allowed("integrations_d365.change_autopush")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def rule(request: Request, pk: int) -> HttpResponse:
    """GET asks whether the rule of a saved view shall be on; POST says so, on=1 or on=0. The rule of somebody else's
    private view can only be turned off."""
    view = get_object_or_404(_listed(request.user), pk=pk)
    if _is_private(view, request.user) and request.POST.get("on") != "0":
        raise Http404
    if request.method != "POST":
        (row,) = _rows([view], request.user)
        return show(request, "dynamics/rule.html", "dynamics/rule.html", {"row": row, "owners": _owners()})
    on = request.POST.get("on") == "1"
    if on and (reason := pushing.why_off()):
        messages.error(request, str(REFUSED[reason]))
        return redirect("d365:rules")
    _set_rule(view, on, request)
    return redirect("d365:rules")


def _set_rule(view: SavedView, on: bool, request: Request) -> None:
    """A rule that works stays as it is, so that two clicks are one."""
    rule, _created = AutoPush.objects.select_related("saved_view").get_or_create(saved_view=view)
    if on != (rule.enabled_at is not None) or (on and pushing.is_stopped(rule)):
        try:
            pushing.set_rule(rule, on=on, by=request.user)
        except pushing.PushRefused as refusal:
            messages.error(request, str(REFUSED[refusal.reason]))
            return
    text = _("Leads of “%(name)s” are pushed automatically from now on.") if on else _("“%(name)s” pushes nothing now.")
    messages.success(request, text % {"name": _name(view, is_private=_is_private(view, request.user))})
