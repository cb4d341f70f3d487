"""Since you last looked: when each person opened a lead's page, and what happened there since."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db.models import F, Q

from leads.models import Lead, LeadVisit

# Whoever reloads, or comes back from another page, within this time is still looking for the first time.
SAME_LOOK: Final = timedelta(minutes=10)


def look(lead: Lead, user: User, now: datetime) -> datetime | None:
    """Note that `user` looks at the lead's page now. Returns since when news count; None at the first look ever."""
    visit = LeadVisit.objects.filter(user=user, lead=lead).first()
    if visit is None:
        LeadVisit.objects.bulk_create([LeadVisit(user=user, lead=lead, at=now)], ignore_conflicts=True)
        return None
    if now - visit.at < SAME_LOOK:
        return visit.before
    # Two tabs opened at once are one look: the second finds the row moved and changes nothing.
    LeadVisit.objects.filter(pk=visit.pk, at=visit.at).update(before=visit.at, at=now)
    return visit.at


def with_news(leads: Collection[Lead], user: User) -> set[int]:
    """Keys of those leads that changed since `user` looked at them; never those nobody looked at. One query."""
    changed = {lead.pk: lead.changed_at for lead in leads if lead.changed_at is not None}
    seen = LeadVisit.objects.filter(user=user, lead_id__in=changed).values_list("lead_id", "at") if changed else ()
    return {pk for pk, at in seen if changed[pk] > at}


def changed_since_looked(user: User) -> Q:
    """Leads that changed since `user` looked at them, as a condition."""
    visits = LeadVisit.objects.filter(user=user, lead__changed_at__gt=F("at"))
    return Q(pk__in=visits.values("lead"))
