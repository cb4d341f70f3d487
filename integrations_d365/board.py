"""The push board as a query: what the URL says, typed and cleaned, and the rows it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from integrations_d365.messages import CATEGORIES
from integrations_d365.models import Push, PushAttempt, PushQuerySet, Reason
from integrations_d365.pushing import DECISIONS
from leads.models import Lead, PushState, RemoteState
from leads.url_query import UrlQuery, number, one, search_text, several

PAGE_SIZE: Final = 50
_HIGHEST_KEY: Final = 2**62
STATES: Final = [choice for choice in PushState.choices if choice[0] != PushState.NOT_PUSHED]

# URL value -> (label, order). Each ends in the key, so that pages never overlap.
SORTS: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "trouble": (_("Latest trouble first"), (F("error_at").desc(nulls_last=True), "-pk")),
    "pushed": (_("Last pushed first"), (F("synced_at").desc(nulls_last=True), "-pk")),
    "due": (_("Next try first"), ("not_before", "pk")),
    "domain": (_("Domain A–Z"), ("lead__domain", "pk")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PushQuery(UrlQuery):
    """One filter of the board. Values that mean nothing are dropped when it is read from a URL."""

    q: str = ""
    state: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()
    error: tuple[str, ...] = ()  # categories
    remote: tuple[str, ...] = ()
    job: int | None = None  # what this job pushes or pushed
    sort: str = "trouble"

    @classmethod
    def from_url(cls, params: QueryDict) -> PushQuery:
        """Unknown names and values are ignored, so an old or mistyped link still opens a list."""
        return cls(
            q=search_text(params),
            state=several(params, "state", [value for value, _label in STATES]),
            reason=several(params, "reason", Reason.values),
            error=several(params, "error", CATEGORIES),
            remote=several(params, "remote", RemoteState.values),
            job=number(params, "job", _HIGHEST_KEY),
            sort=one(params, "sort", SORTS) or "trouble",
        )

    def pushes(self) -> PushQuerySet:
        """The rows, filtered and not yet ordered."""
        found = Push.objects.on_the_board()
        columns = {"state": "state", "reason": "reason", "error": "error_category", "remote": "remote_state"}
        for name, column in columns.items():
            if values := getattr(self, name):
                found = found.filter(**{f"{column}__in": values})
        if self.job is not None:
            tried = PushAttempt.objects.filter(push=OuterRef("pk"), job=self.job)
            found = found.filter(Q(job=self.job) | Exists(tried))
        if self.q:
            found = found.filter(lead__in=Lead.objects.search(self.q).values("pk"))
        return found

    def ordered(self) -> PushQuerySet:
        return self.pushes().order_by(*SORTS[self.sort][1])

    def retryable(self) -> PushQuerySet:
        """What “Retry all” of this filter means."""
        return self.pushes().parked().exclude(reason__in=DECISIONS)
