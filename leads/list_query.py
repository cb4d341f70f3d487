"""The lead list as a query: what the URL says, typed and cleaned, and the rows it means.

The same object serves the page, the export and bulk actions, so all of them see the same leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Exists, F, OuterRef, Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models import DmarcPolicy, Lead, LeadQuerySet, Priority, Provider, Segment, Source, Tag, VerdictState

PAGE_SIZE: Final = 50

# URL value -> (label, order). Each ends in the key, so that pages never overlap.
SORTS: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "best": (_("Best first"), ("priority_score", "-score", "pk")),
    "priority": (_("Priority P1–P6"), ("priority_category", "priority_score", "-score", "pk")),
    "score": (_("Highest score"), (F("score").desc(nulls_last=True), "pk")),
    "name": (_("Company A–Z"), ("name_key", "pk")),
    "domain": (_("Domain A–Z"), ("domain", "pk")),
    "changed": (_("Last changed"), (F("changed_at").desc(nulls_last=True), "pk")),
    "scanned": (_("Last scanned"), (F("scanned_at").desc(nulls_last=True), "pk")),
    "added": (_("Last added"), ("-created_at", "pk")),
    "follow_up": (_("Follow-up date"), (F("follow_up_on").asc(nulls_last=True), "pk")),
}
# `has_spf=False` becomes NOT has_spf, which no index serves.
POSTURES: Final[dict[str, tuple[Any, Q]]] = {
    "no_spf": (_("No SPF"), Q(has_spf__in=(False,))),
    "no_dkim": (_("No DKIM"), Q(has_dkim__in=(False,))),
    "no_dmarc": (_("No DMARC"), Q(dmarc_policy=DmarcPolicy.ABSENT)),
    "dmarc_none": ("DMARC p=none", Q(dmarc_policy=DmarcPolicy.NONE)),
    "enforced": (_("DMARC enforced"), Q(dmarc_policy__in=(DmarcPolicy.QUARANTINE, DmarcPolicy.REJECT))),
    "gateway": (_("Behind a gateway"), Q(gateway__gt="")),
    "microsoft_elsewhere": (
        _("Microsoft services, mail elsewhere"),
        Q(microsoft_hints=True) & ~Q(provider=Provider.M365),
    ),
}
CHANGED: Final[dict[str, tuple[Any, int]]] = {
    "1": (_("Changed today"), 1),
    "7": (_("Changed in 7 days"), 7),
    "30": (_("Changed in 30 days"), 30),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadQuery:
    """One filter of the list. Values that mean nothing are dropped when it is read from a URL."""

    q: str = ""
    segment: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    score_min: int | None = None
    score_max: int | None = None
    tag: tuple[str, ...] = ()
    owner: str = ""  # "me", "none" or a user's key
    posture: tuple[str, ...] = ()
    changed: str = ""
    state: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    dismissed: bool = False
    sort: str = "best"

    @classmethod
    def from_url(cls, params: QueryDict) -> LeadQuery:
        """Unknown names and values are ignored, so an old or mistyped link still opens a list."""

        def several(name: str, allowed: Mapping[str, Any] | list[str]) -> tuple[str, ...]:
            return tuple(dict.fromkeys(value for value in params.getlist(name) if value in allowed))

        def number(name: str) -> int | None:
            text = params.get(name, "").strip()
            return min(100, int(text)) if text.isascii() and text.isdigit() else None

        owner = params.get("owner", "")
        return cls(
            q=params.get("q", "").replace("\x00", "").strip()[:200],
            segment=several("segment", Segment.values),
            provider=several("provider", Provider.values),
            priority=several("priority", Priority.values),
            score_min=number("score_min"),
            score_max=number("score_max"),
            tag=tuple(dict.fromkeys(name[:60] for name in params.getlist("tag") if name and "\x00" not in name)),
            owner=owner if owner in ("me", "none") or (owner.isascii() and owner.isdigit() and len(owner) < 10) else "",
            posture=several("posture", POSTURES),
            changed=params.get("changed", "") if params.get("changed", "") in CHANGED else "",
            state=several("state", VerdictState.values),
            source=several("source", Source.values),
            dismissed=params.get("dismissed") == "1",
            sort=params.get("sort", "") if params.get("sort", "") in SORTS else "best",
        )

    def pairs(self) -> list[tuple[str, str]]:
        """The URL parameters that give this query, defaults left out."""
        found: list[tuple[str, str]] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value == field.default:
                continue
            if isinstance(value, tuple):
                found.extend((field.name, item) for item in value)
            else:
                found.append((field.name, "1" if value is True else str(value)))
        return found

    def url(self, **changes: Any) -> str:
        """The query part of the URL, with some values changed; "" when nothing is left."""
        pairs = replace(self, **changes).pairs()
        return "?" + urlencode(pairs) if pairs else ""

    @property
    def is_filtered(self) -> bool:
        return bool(replace(self, sort="best").pairs())

    def chips(self) -> list[tuple[str, str, str]]:
        """One (name, value, URL without it) for each active filter."""
        return [(name, value, self._without(name, value)) for name, value in replace(self, sort="best").pairs()]

    def _without(self, name: str, value: str) -> str:
        current = getattr(self, name)
        default = next(field.default for field in fields(self) if field.name == name)
        left = tuple(item for item in current if item != value) if isinstance(current, tuple) else default
        return self.url(**{name: left})

    def leads(self, user: Any) -> LeadQuerySet:
        """The rows, filtered and not yet ordered. `user` is who "me" is."""
        leads = Lead.objects.filter(dismissed_at__isnull=False) if self.dismissed else Lead.objects.open()
        for name, column in _COLUMNS.items():
            if values := getattr(self, name):
                leads = leads.filter(**{column: values[0]} if len(values) == 1 else {f"{column}__in": values})
        if self.q:
            leads = leads.search(self.q)
        if self.score_min is not None:
            leads = leads.filter(score__gte=self.score_min)
        if self.score_max is not None:
            leads = leads.filter(score__lte=self.score_max)
        for name in self.tag:
            # The key itself, not a join: then the rows are found in the order of the list and the first page is quick.
            tag = Tag.objects.filter(name=name).values_list("pk", flat=True).first() or 0
            leads = leads.filter(Exists(Lead.tags.through.objects.filter(lead_id=OuterRef("pk"), tag_id=tag)))
        if self.owner == "none":
            leads = leads.filter(owner__isnull=True)
        elif self.owner:
            leads = leads.filter(owner_id=user and user.pk if self.owner == "me" else int(self.owner))
        for name in self.posture:
            leads = leads.filter(POSTURES[name][1])
        if self.changed:
            leads = leads.filter(changed_at__gte=timezone.now() - timedelta(days=CHANGED[self.changed][1]))
        return leads

    def ordered(self, user: Any) -> LeadQuerySet:
        return self.leads(user).order_by(*SORTS[self.sort][1])


_COLUMNS: Final = {
    "segment": "segment",
    "provider": "provider",
    "priority": "priority_category",
    "state": "verdict_state",
    "source": "source",
}
