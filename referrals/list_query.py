"""The referral list as a query: what the URL says, typed and cleaned, and the rows it means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F, Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.folding import fold
from leads.models import Lead
from leads.url_query import UrlQuery, number, one, owner, search_text, several
from referrals.models import BY_DEADLINE, Category, Referral, ReferralLink, ReferralQuerySet, Status

PAGE_SIZE: Final = 50
HIGHEST_VALUE: Final = 10**15
OTHER: Final = "other"  # statuses that are not documented
GONE: Final = "gone"  # not visible in Partner Center any more, whatever the status was

# URL value -> (label, order). Each ends in the key, so that pages never overlap.
SORTS: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "deadline": (_("Shortest time left"), BY_DEADLINE),
    "updated": (_("Last changed"), ("-source_stamp", "pk")),
    "value": (_("Highest deal value"), (F("deal_value").desc(nulls_last=True), "pk")),
    "customer": (_("Customer A–Z"), ("name_key", "pk")),
}
STATUSES: Final = [*Status.choices, (OTHER, _("Other status")), (GONE, _("No longer in Partner Center"))]
# Each referral that waits for its answer is in exactly one of these.
DEADLINES: Final[dict[str, Any]] = {
    "over": _("Overdue"),
    "1": _("Within a day"),
    "3": _("1 to 3 days"),
    "7": _("3 to 7 days"),
    "later": _("Later"),
    "none": _("Without a deadline"),
}
_DAYS: Final = {"1": (0, 1), "3": (1, 3), "7": (3, 7)}
ASIDE: Final = "aside"  # the lead is not among those that wait for work
LINKS: Final = [*ReferralLink.State.choices, (ASIDE, _("Lead dismissed or asleep"))]


def deadline_is(key: str, now: datetime) -> Q:
    """Of a referral that is visible in Partner Center, by its time left; a key of DEADLINES."""
    visible = Q(not_visible_since__isnull=True)
    if key == "none":
        return visible & Q(deadline_at__isnull=True)
    if key == "over":
        return visible & Q(deadline_at__lte=now)
    if key == "later":
        return visible & Q(deadline_at__gt=now + timedelta(days=7))
    after, until = (now + timedelta(days=days) for days in _DAYS[key])
    return visible & Q(deadline_at__gt=after, deadline_at__lte=until)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralQuery(UrlQuery):
    """One filter of the list. Values that mean nothing are dropped when it is read from a URL."""

    q: str = ""
    status: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    deadline: str = ""
    owner: str = ""  # of the lead: "me", "none" or a user's key
    value_min: int | None = None
    value_max: int | None = None
    sort: str = "deadline"

    @classmethod
    def from_url(cls, params: QueryDict) -> ReferralQuery:
        """Unknown names and values are ignored, so an old or mistyped link still opens a list."""
        return cls(
            q=search_text(params),
            status=several(params, "status", [value for value, _label in STATUSES]),
            category=several(params, "category", Category.values),
            link=several(params, "link", [value for value, _label in LINKS]),
            deadline=one(params, "deadline", DEADLINES),
            owner=owner(params),
            value_min=number(params, "value_min", HIGHEST_VALUE),
            value_max=number(params, "value_max", HIGHEST_VALUE),
            sort=one(params, "sort", SORTS) or "deadline",
        )

    def referrals(self, user: Any, now: datetime | None = None) -> ReferralQuerySet:
        """The rows, filtered and not yet ordered. `user` is who "me" is."""
        found = Referral.objects.all()
        for word in [*fold(self.q).split()]:
            found = found.filter(search_text__contains=word)
        if self.status:
            found = found.filter(self._in_status())
        if self.category:
            found = found.filter(category__in=self.category)
        if self.link:
            found = found.filter(self._is_linked(now or timezone.now()))
        if self.deadline:
            found = found.filter(deadline_is(self.deadline, now or timezone.now()))
        if self.owner == "none":
            found = found.filter(link__lead__owner__isnull=True)
        elif self.owner:
            found = found.filter(link__lead__owner_id=user and user.pk if self.owner == "me" else int(self.owner))
        if self.value_min is not None:
            found = found.filter(deal_value__gte=self.value_min)
        if self.value_max is not None:
            found = found.filter(deal_value__lte=self.value_max)
        return found

    def _in_status(self) -> Q:
        """What has gone is under its own heading only."""
        wanted = Q(status__in=[value for value in self.status if value in Status.values])
        if OTHER in self.status:
            wanted |= ~Q(status__in=Status.values)
        wanted &= Q(not_visible_since__isnull=True)
        return wanted | Q(not_visible_since__isnull=False) if GONE in self.status else wanted

    def _is_linked(self, now: datetime) -> Q:
        wanted = Q(link__state__in=[value for value in self.link if value in ReferralLink.State.values])
        if ASIDE not in self.link:
            return wanted
        asleep = Lead.objects.asleep(now).values("pk")
        return wanted | Q(link__lead__dismissed_at__isnull=False) | Q(link__lead__in=asleep)

    def ordered(self, user: Any) -> ReferralQuerySet:
        return self.referrals(user).order_by(*SORTS[self.sort][1])
