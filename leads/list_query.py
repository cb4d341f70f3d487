"""The lead list as a query: what the URL says, typed and cleaned, and the rows it means.

The same object serves the page, the export and bulk actions, so all of them see the same leads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models import (
    DmarcPolicy,
    ImportRow,
    Lead,
    LeadQuerySet,
    Outcome,
    Priority,
    Provider,
    PushState,
    ReferralState,
    Segment,
    Source,
    Tag,
    VerdictState,
)
from leads.url_query import UrlQuery, number, one, owner, search_text, several
from leads.visits import changed_since_looked

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
    "referral": (_("Referral deadline"), (F("referral_deadline").asc(nulls_last=True), "pk")),
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
    "looked": (_("Changed since you looked"), 0),  # days do not count here
    "1": (_("Changed today"), 1),
    "7": (_("Changed in 7 days"), 7),
    "30": (_("Changed in 30 days"), 30),
}
# Columns beside the company, in their order: code -> label.
COLUMNS: Final[dict[str, Any]] = {
    "segment": _("Segment"),
    "priority": _("Priority"),
    "score": _("Score"),
    "mail": _("Mail"),
    "security": _("Security"),
    "referral": _("Referral"),
    "dynamics": "Dynamics",
    "owner": _("Owner"),
    "city": _("City"),
    "source": _("Source"),
    "follow_up": _("Follow-up"),
    "changed": _("Changed"),
    "added": _("Added"),
    "scanned": _("Scanned"),
}
DEFAULT_COLUMNS: Final = (
    "segment", "priority", "score", "mail", "security", "referral", "dynamics", "owner", "scanned",
)  # fmt: skip
DENSITIES: Final[dict[str, Any]] = {"": _("Comfortable"), "compact": _("Compact")}
ADDED: Final = "-new"
_MOST_CHOSEN: Final = 500  # leads named one by one in a URL


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadQuery(UrlQuery):
    """One filter of the list. Values that mean nothing are dropped when it is read from a URL."""

    q: str = ""
    segment: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    score_min: int | None = None
    score_max: int | None = None
    tag: tuple[str, ...] = ()
    owner: str = ""  # "me", "none" or a user's key
    referral: tuple[str, ...] = ()
    d365: tuple[str, ...] = ()
    posture: tuple[str, ...] = ()
    changed: str = ""
    state: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    batch: str = ""  # the key of an import: every lead it names; "12-new": those it added
    due: bool = False  # for a follow-up
    snoozed: bool = False
    dismissed: bool = False
    lead: tuple[str, ...] = ()  # keys of leads that were chosen one by one
    sort: str = "best"
    cols: tuple[str, ...] = ()  # () = DEFAULT_COLUMNS
    density: str = ""
    view: str = ""  # the saved view this started from, or "all"

    @classmethod
    def from_url(cls, params: QueryDict) -> LeadQuery:
        """Unknown names and values are ignored, so an old or mistyped link still opens a list."""

        return cls(
            q=search_text(params),
            segment=several(params, "segment", Segment.values),
            provider=several(params, "provider", Provider.values),
            priority=several(params, "priority", Priority.values),
            score_min=number(params, "score_min", 100),
            score_max=number(params, "score_max", 100),
            tag=tuple(dict.fromkeys(name[:60] for name in params.getlist("tag") if name and "\x00" not in name)),
            owner=owner(params),
            referral=several(params, "referral", ReferralState.values),
            d365=several(params, "d365", PushState.values),
            posture=several(params, "posture", POSTURES),
            changed=one(params, "changed", CHANGED),
            state=several(params, "state", VerdictState.values),
            source=several(params, "source", Source.values),
            outcome=several(params, "outcome", Outcome.values),
            batch=batch if _is_key((batch := params.get("batch", "")).removesuffix(ADDED)) else "",
            due=params.get("due") == "1",
            snoozed=params.get("snoozed") == "1",
            dismissed=params.get("dismissed") == "1",
            lead=tuple(dict.fromkeys(key for key in params.getlist("lead") if _is_key(key)))[:_MOST_CHOSEN],
            sort=one(params, "sort", SORTS) or "best",
            cols=_columns(params),
            density=one(params, "density", DENSITIES),
            view=view if (view := params.get("view", "")) == "all" or _is_key(view) else "",
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns to show, beside the company; those of a feature that is off are left out."""
        return tuple(name for name in self.cols or DEFAULT_COLUMNS if name not in hidden_columns())

    @property
    def is_wide(self) -> bool:
        """Whether more columns were chosen than a window has room for: the table then scrolls by itself."""
        return len(self.columns) > len(DEFAULT_COLUMNS)

    def saved_as(self) -> str:
        """The query part of the URL as a saved view keeps it."""
        return self.url(view="")

    def way(self) -> str:
        """The query part of a lead's URL that says that it was opened in this list."""
        return "?" + urlencode({"from": self.url().lstrip("?")})

    def cleared(self) -> str:
        """Every lead, shown the same way."""
        return LeadQuery(cols=self.cols, density=self.density, view=self.view and "all").url()

    def chips(self) -> list[tuple[str, str, str]]:
        """Leads that were chosen one by one are one chip."""
        if self.lead:
            return [("lead", str(len(self.lead)), self.url(lead=()))]
        return UrlQuery.chips(self)

    def leads(self, user: Any) -> LeadQuerySet:
        """The rows, filtered and not yet ordered. `user` is who "me" is. Leads that sleep are left out, unless they are
        asked for or searched by name: who types a name wants that company. Leads that are named stand by themselves."""
        if self.lead:
            return Lead.objects.filter(pk__in=self.lead)
        leads = Lead.objects.filter(dismissed_at__isnull=False) if self.dismissed else Lead.objects.open()
        if self.snoozed:
            leads = leads.asleep(timezone.now())
        elif not self.q and not self.dismissed:
            leads = leads.awake(timezone.now())
        if self.due:
            leads = leads.follow_up_due(timezone.localdate())
        for name, column in _COLUMNS.items():
            if values := getattr(self, name):
                leads = leads.filter(**{column: values[0]} if len(values) == 1 else {f"{column}__in": values})
        if self.batch.endswith(ADDED):
            leads = leads.filter(import_batch=int(self.batch.removesuffix(ADDED)))
        elif self.batch:
            # A row that repeats another names no further lead.
            first = (ImportRow.Verdict.CREATED, ImportRow.Verdict.MATCHED)
            rows = ImportRow.objects.filter(batch=int(self.batch), verdict__in=first, lead__isnull=False)
            leads = leads.filter(pk__in=rows.values("lead"))
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
        if self.changed == "looked":
            leads = leads.filter(changed_since_looked(user)) if user else leads.none()
        elif self.changed:
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
    "outcome": "outcome",
    "referral": "referral_state",
    "d365": "push_state",
}


def hidden_columns() -> tuple[str, ...]:
    """Columns of features that are off."""
    flags = {"referral": settings.HUNTER_PARTNER_CENTER_ENABLED, "dynamics": settings.HUNTER_D365_ENABLED}
    return tuple(name for name, on in flags.items() if not on)


def _columns(params: QueryDict) -> tuple[str, ...]:
    """The chosen columns in their own order; () when they are the usual ones."""
    chosen = several(params, "cols", COLUMNS)
    ordered = tuple(name for name in COLUMNS if name in chosen)
    usual = tuple(name for name in DEFAULT_COLUMNS if name not in hidden_columns())
    return () if ordered in (usual, DEFAULT_COLUMNS) else ordered


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16
