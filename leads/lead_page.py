"""What the lead page shows, read from the stored scan: rows that add up, each with the look-ups behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from leads.brief_messages import row_text, stated_id
from leads.models import Event, Lead, Scan
from leads.visits import news_for


@dataclass(frozen=True, slots=True)
class Evidence:
    """One question and its answer, as a person reads it. `outcome`: found, absent, failed."""

    name: str
    type: str
    status: str
    outcome: str
    values: list[str]
    aliases: list[str]
    ttl: int | None
    server: str
    at: datetime | None

    @classmethod
    def of(cls, row: list[Any]) -> Evidence:
        name, kind, status, values, aliases, ttl, server, at = row
        outcome = {"ok": "found", "nodata": "absent", "nxdomain": "absent"}.get(status, "failed")
        when = datetime.fromtimestamp(at, UTC) if at else None
        return cls(name, kind, status, outcome, values, aliases, ttl, server, when)


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One line of the score. `before` and `after` are the running total, so that the rows draw a waterfall. `stated`:
    no look-up shows it, a person entered it."""

    part: str
    key: str
    points: int
    before: int
    after: int
    label: str
    evidence: list[Evidence]
    stated: bool = False

    @property
    def low(self) -> int:
        """Left end of the bar in points; below 0 where the running total is."""
        return min(self.before, self.after)

    @property
    def width(self) -> int:
        return abs(self.points)


@dataclass(frozen=True, slots=True)
class ShownScan:
    """The scan behind the verdict that is shown."""

    scan: Scan
    rows: list[VerdictRow]
    evidence: list[Evidence]
    facts: dict[str, Any]
    at: datetime
    unknown: list[str] = field(default_factory=list)

    @property
    def scale(self) -> tuple[int, int]:
        """Both ends of the scale on which every bar of the waterfall is drawn, in points: 0 to 100, and further where
        the running total goes further."""
        return min([0, *(row.low for row in self.rows)]), max([100, *(row.low + row.width for row in self.rows)])

    @property
    def provider_is_stated(self) -> bool:
        return is_stated(self.facts)

    @property
    def reason_id(self) -> str:
        """The id of the sentence that says why the segment is as it is; "" without one."""
        reason = (self.scan.verdict or {}).get("reason_id") or ""
        return stated_id(reason) if self.provider_is_stated else reason

    @property
    def looked_at(self) -> datetime:
        """When its questions were asked; `at` is later when they were judged anew."""
        at = self.facts.get("looked_at")
        return datetime.fromisoformat(at) if at else self.at


def scans_of(lead: Lead) -> tuple[ShownScan | None, Scan | None]:
    """(the scan behind the verdict, the newest scan if that one could not judge). The others stay in the database:
    their look-ups are long."""
    newest = lead.scans.order_by("-created_at", "-pk").first()
    if newest is None:
        return None, None
    return (scan_behind(lead), newest) if newest.verdict is None else (shown(newest), None)


def scan_behind(lead: Lead) -> ShownScan | None:
    """The newest scan that judged; None = the lead has no verdict yet."""
    scan = lead.scans.filter(verdict__isnull=False).order_by("-created_at").first()
    return None if scan is None else shown(scan)


def shown(scan: Scan) -> ShownScan:
    evidence = [Evidence.of(row) for row in scan.observations]
    rows, total = [], 0
    for part, key, points in (scan.verdict or {}).get("rows", []):
        proves = _PROOF.get("provider" if part == "provider" else key, _no_proof)
        stated = part == "provider" and is_stated(scan.facts)
        proof = [] if stated else [item for item in evidence if proves(item)]
        label = row_text(part, key, "stated" if stated else _variant(key, scan.facts))
        rows.append(VerdictRow(part, key, points, total, total + points, label, proof, stated))
        total += points
    if rows and scan.facts["dmarc"]["state"] == "absent" and rows[0].part != "hard_fail":
        proof = [item for item in evidence if _dmarc(item)]
        rows.append(VerdictRow("absent", "dmarc", 0, total, total, row_text("absent", "dmarc"), proof))
    return ShownScan(scan, rows, evidence, scan.facts, scan.created_at, scan.facts.get("unknown", []))


def is_stated(facts: dict[str, Any]) -> bool:
    """Only a person says who the provider is that was scored: the look-ups show another one, or none."""
    return facts.get("stated_provider", "") not in ("", facts.get("seen_provider"))


def _variant(key: str, facts: dict[str, Any]) -> str:
    """What the look proved about the row: "absent", "unlisted" or nothing special."""
    if key == "no_spf" and facts["spf"]["present"] is False:
        return "absent"
    if key in ("no_dkim", "dkim_none") and facts["dkim"]["state"] == "absent":
        return "absent"
    return "unlisted" if key == "dkim" and facts["dkim_reason"] == "unlisted_selector" else ""


def _no_proof(_item: Evidence) -> bool:
    return False


def _mx(item: Evidence) -> bool:
    return item.type == "MX" or item.name.startswith(("autodiscover.", "lyncdiscover.", "enterprise"))


def _spf(item: Evidence) -> bool:
    return item.type == "TXT" and "_domainkey" not in item.name and not item.name.startswith("_dmarc.")


def _dkim(item: Evidence) -> bool:
    return "_domainkey" in item.name


def _dmarc(item: Evidence) -> bool:
    return item.name.startswith("_dmarc.")


# Row key -> the look-ups that prove it.
_PROOF: dict[str, Callable[[Evidence], bool]] = {
    "provider": _mx,
    "mx_missing": _mx,
    "spf": _spf,
    "no_spf": _spf,
    "spf_multiple_includes": _spf,
    "dkim": _dkim,
    "no_dkim": _dkim,
    "dkim_none": _dkim,
    "dmarc_reject": _dmarc,
    "dmarc_quarantine": _dmarc,
    "dmarc_none": _dmarc,
    "hosting_mx_weak": _mx,
}


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of a lead's events, newest first. `marker`: key of the first event the reader has seen before, None when
    it is not on this page; `since`: when that was; `news`: how much of what happened since is news to them. `read` are
    the events of the page and those that were wanted besides, newest first."""

    page: Page[Event]
    marker: int | None
    since: datetime | None
    news: int
    read: list[Event]


def timeline(
    lead: Lead,
    *,
    reader: User,
    since: datetime | None,
    asked: str,
    size: int,
    besides: QuerySet[Event] | None = None,
) -> Timeline:
    """One query, counts and the events wanted `besides` included; three for a page that does not exist, which gives the
    last one."""
    events = lead.events.order_by("-at", "-pk")
    newer = Q(at__gt=since) if since else Q(pk__in=())
    counts = {"total": Q(), "newer": newer, "others": newer & news_for(reader)}
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1
    start = (max(number, 1) - 1) * size

    def read(start: int) -> list[Any]:
        on_page = Q(pk__in=events.values("pk")[start : start + size])
        wanted = on_page if besides is None else on_page | Q(pk__in=besides.values("pk"))
        counted = {name: _count(events.filter(which)) for name, which in counts.items()}
        return list(events.filter(wanted).select_related("by").annotate(on_page=on_page, **counted))

    found = read(start)
    if start and not any(event.on_page for event in found):
        start = max(0, (events.count() - 1) // size * size)
        found = read(start)
    rows = [event for event in found if event.on_page]
    first = rows[0] if rows else None
    paginator: Paginator[Event] = Paginator(rows, size)
    paginator.count = first.total if first else 0
    seen = first.newer - start if first and first.newer else -1
    return Timeline(
        page=Page(rows, start // size + 1, paginator),
        marker=rows[seen].pk if 0 <= seen < len(rows) else None,
        since=since,
        news=first.others if first else 0,
        read=found,
    )


def _count(events: QuerySet[Event]) -> Coalesce:
    counted = events.order_by().values("lead").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0)
