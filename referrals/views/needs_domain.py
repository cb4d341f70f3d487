"""The queue of referrals whose lead a person has to name: ten cards at a time, the shortest time left first."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from leads.views.pages import Request, allowed, show
from referrals import linking
from referrals.forms import LinkForm
from referrals.models import WAITING, Referral, ReferralQuerySet

CARDS = 10


@allowed("referrals.view_referral")
@require_GET
def needs_domain(request: Request) -> HttpResponse:
    waiting = Referral.objects.filter(link__state__in=WAITING)
    after = request.GET.get("after", "")
    rows = _behind(waiting, after).select_related("link").defer("raw", "search_text").by_deadline()
    found = list(rows[: CARDS + 1])
    suggested = linking.suggestions_for(found[:CARDS])
    context = {
        "cards": [(referral, suggested[referral.pk], LinkForm()) for referral in found[:CARDS]],
        "total": waiting.count(),
        "next": request.get_full_path(),
        "after": after,
        "next_after": found[CARDS - 1].pk if len(found) > CARDS else None,
    }
    return show(request, "referrals/needs_domain.html", "referrals/needs_domain.html", context)


def _behind(waiting: ReferralQuerySet, after: str) -> ReferralQuerySet:
    """The referrals that come after this one in the order of the queue. Not by page number: every card that is done
    leaves the queue, and the next page would pass over as many."""
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        return waiting
    last = Referral.objects.filter(pk=after).only("deadline_order", "source_stamp").first()
    if last is None:
        return waiting
    same = Q(deadline_order=last.deadline_order)
    return waiting.filter(
        Q(deadline_order__gt=last.deadline_order)
        | same & Q(source_stamp__lt=last.source_stamp)
        | same & Q(source_stamp=last.source_stamp, pk__gt=last.pk)
    )
