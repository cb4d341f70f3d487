"""Since you last looked: when each person opened a lead's page, and what happened there since.

The page of a lead, the list and the first page mean the same by news: `news_for`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import IntegrityError
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from leads.models import Event, LeadQuerySet, LeadVisit
from leads.overtaken import LeadGone

# Whoever reloads, or comes back from another page, within this time is still looking for the first time.
SAME_LOOK: Final = timedelta(minutes=10)
# What is newer than this was not on the page.
_SEEN: Final = Coalesce("seen", "at")
# What changed at a company, whether a scan found it or a person entered it. `Lead.changed_at` is when one of these was
# written last.
NEWS_KINDS: Final = (
    Event.Kind.PROVIDER,
    Event.Kind.MX,
    Event.Kind.GATEWAY,
    Event.Kind.SPF,
    Event.Kind.DKIM,
    Event.Kind.DMARC,
    Event.Kind.SEGMENT,
    Event.Kind.SCORE,
    Event.Kind.EXPIRY,
    Event.Kind.TENANT,
    Event.Kind.REGISTRAR,
    Event.Kind.NAME_SERVER,
)


def news_for(user: User) -> Q:
    """Events that are news to `user`, as a condition: their own doing is none."""
    return Q(kind__in=NEWS_KINDS) & ~Q(by=user)


def with_visit(leads: LeadQuerySet, user: User) -> LeadQuerySet:
    """Each lead with the last look of `user`, for `look`: no query of its own."""
    visits = LeadVisit.objects.filter(user=user, lead=OuterRef("pk"))
    return leads.annotate(
        visited_at=Subquery(visits.values("at")),
        visited_before=Subquery(visits.values("before")),
        visited_seen=Subquery(visits.values(newest=_SEEN)),
    )


def look(lead: Any, user: User, now: datetime) -> datetime | None:
    """Note that `user` looks at the page of a lead `with_visit` and `with_news` now. Returns since when news count;
    None at the first look ever. Raises LeadGone."""
    at: datetime | None = lead.visited_at
    seen = lead.changed_at or lead.created_at
    if at is None:
        try:
            LeadVisit.objects.bulk_create([LeadVisit(user=user, lead=lead, at=now, seen=seen)], ignore_conflicts=True)
        except IntegrityError as error:
            raise LeadGone from error
        return None
    if now - at < SAME_LOOK and not lead.has_news:
        before: datetime | None = lead.visited_before
        return before
    since: datetime = lead.visited_seen if lead.has_news and lead.changed_at <= at else at
    # Two tabs opened at once are one look: the second finds the row moved and changes nothing.
    LeadVisit.objects.filter(user=user, lead=lead, at=at).update(before=since, at=now, seen=seen)
    return since


def with_news(leads: LeadQuerySet, user: User) -> LeadQuerySet:
    """Each lead with `has_news`: it changed since `user` looked at it; never one they did not look at. No query of its
    own."""
    older = LeadVisit.objects.alias(newest=_SEEN).filter(lead=OuterRef("pk"), newest__lt=OuterRef("changed_at"))
    return leads.annotate(has_news=Exists(older.filter(_has_news(user))))


def changed_since_looked(user: User) -> Q:
    """Leads that changed since `user` looked at them, as a condition."""
    visits = LeadVisit.objects.alias(newest=_SEEN).filter(lead__changed_at__gt=F("newest"))
    return Q(pk__in=visits.filter(_has_news(user)).values("lead"))


def _has_news(user: User) -> Q:
    """Visits of `user` to leads that have news since. Callers compare with `changed_at` first: it spares the look into
    the timeline of every lead that did not change."""
    newest = Coalesce(OuterRef("seen"), OuterRef("at"))
    since = Event.objects.filter(news_for(user), lead=OuterRef("lead"), at__gt=newest)
    return Q(Exists(since), user=user)
