"""The figures on the first page, each a link to the leads it counts."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from leads.list_query import LeadQuery
from leads.models import Lead, Segment, VerdictState


@dataclass(frozen=True, slots=True)
class Tile:
    label: str
    count: int
    query: str  # the query part of the list's URL


def tiles() -> list[Tile]:
    """Counts of open leads, in one pass over an index."""
    leads = Lead.objects.open().awake(timezone.now())  # as in the list each figure leads to
    rows = leads.values_list("segment").annotate(Count("pk")).order_by()
    by_segment = dict(rows)
    hot = Q(segment=Segment.MIGRATION, score__gte=70)  # scoring-v1 section 11: "high priority"
    states = dict(leads.values_list("verdict_state").annotate(Count("pk")).order_by())
    return [
        Tile(
            _("Migration, 70 or more"),
            leads.filter(hot).count(),
            LeadQuery(segment=(Segment.MIGRATION,), score_min=70).url(),
        ),
        *(
            Tile(str(label), by_segment.get(value, 0), LeadQuery(segment=(value,)).url())
            for value, label in Segment.choices
        ),
        Tile(
            _("Undetermined"),
            states.get(VerdictState.UNDETERMINED, 0),
            LeadQuery(state=(VerdictState.UNDETERMINED,)).url(),
        ),
        Tile(_("Waiting for a scan"), states.get(VerdictState.NEVER, 0), LeadQuery(state=(VerdictState.NEVER,)).url()),
    ]
