"""The referral list. The URL holds filter, sort and page."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from leads.views.pages import Request, allowed, note_url, page_of, show, shown_params
from referrals.list_query import DEADLINES, LINKS, PAGE_SIZE, SORTS, STATUSES, ReferralQuery
from referrals.models import WAITING, Category, Referral, ReferralLink


@allowed("referrals.view_referral")
@require_GET
def referral_list(request: Request) -> HttpResponse:
    query = ReferralQuery.from_url(request.GET)
    referrals = query.ordered(request.user).light().select_related("link__lead__owner", "link__lead__scan_job")
    page = page_of(referrals, request, PAGE_SIZE)
    context = {
        "query": query,
        "page": page,
        "total": page.paginator.count,
        # Asked only when the list is empty: does the filter hide rows, or are there none?
        "hidden": 0 if page.paginator.count or not query.is_filtered else Referral.objects.count(),
        "waiting": ReferralLink.objects.filter(state__in=WAITING).count(),
        "sorts": SORTS,
        "choices": {
            "status": STATUSES,
            "category": Category.choices,
            "link": LINKS,
            "deadline": list(DEADLINES.items()),
        },
        "impossible": _is_impossible(query),
        "owners": User.objects.filter(is_active=True).only("pk", "username", "first_name", "last_name"),
    }
    fragment = _PARTS.get(request.htmx.target or "", "_referral_table.html")
    response = show(request, "referrals/referral_list.html", f"referrals/{fragment}", context)
    patch_vary_headers(response, ["HX-Target"])
    note_url(request, response, before=ReferralQuery.from_url(shown_params(request)), query=query)
    return response


# Pages of the room below show the first rows of this list in places of their own, known by their ids.
_PARTS = {
    "referrals-due": "_due_panel.html",
    "palette-referrals": "_palette_options.html",
    "search-referrals": "_search_results.html",
}


def _is_impossible(query: ReferralQuery) -> bool:
    """Whether no value can lie in the asked span."""
    return query.value_min is not None and query.value_max is not None and query.value_min > query.value_max
