"""What the lead page shows, read from the stored scan: rows that add up, each with the look-ups behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

import scoring
from leads.brief import Brief, build_brief
from leads.brief_messages import row_text
from leads.models import Event, Lead, Scan


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
    """One line of the score. `before` and `after` are the running total, so that the rows draw a waterfall."""

    part: str
    key: str
    points: int
    before: int
    after: int
    label: str
    evidence: list[Evidence]

    @property
    def low(self) -> int:
        """Left end of the bar, 0-100."""
        return max(0, min(self.before, self.after))

    @property
    def width(self) -> int:
        return min(100, max(self.before, self.after)) - self.low


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
    def looked_at(self) -> datetime:
        """When its questions were asked; `at` is later when they were judged anew."""
        at = self.facts.get("looked_at")
        return datetime.fromisoformat(at) if at else self.at


def scan_behind(lead: Lead) -> ShownScan | None:
    """The newest scan that judged; None = the lead has no verdict yet."""
    scan = lead.scans.filter(verdict__isnull=False).order_by("-created_at").first()
    return None if scan is None else shown(scan)


def shown(scan: Scan) -> ShownScan:
    evidence = [Evidence.of(row) for row in scan.observations]
    rows, total = [], 0
    for part, key, points in (scan.verdict or {}).get("rows", []):
        proves = _PROOF.get("provider" if part == "provider" else key, _no_proof)
        proof = [item for item in evidence if proves(item)]
        label = row_text(part, key, _variant(key, scan.facts))
        rows.append(VerdictRow(part, key, points, total, total + points, label, proof))
        total += points
    if rows and scan.facts["dmarc"]["state"] == "absent" and rows[0].part != "hard_fail":
        proof = [item for item in evidence if _dmarc(item)]
        rows.append(VerdictRow("absent", "dmarc", 0, total, total, row_text("absent", "dmarc"), proof))
    return ShownScan(scan, rows, evidence, scan.facts, scan.created_at, scan.facts.get("unknown", []))


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


def timeline(lead: Lead) -> QuerySet[Event]:
    return Event.objects.filter(lead=lead).select_related("by").order_by("-at", "-pk")


def summary_of(lead: Lead) -> scoring.SalesSummary | None:
    """The sales summary (scoring-v1 section 17) from the stored verdict; None without a verdict."""
    if lead.score is None:
        return None
    today = timezone.localdate()
    return scoring.sales_summary(
        domain=lead.domain,
        provider=lead.provider or None,
        segment=lead.segment or None,
        readiness_score=lead.score,
        priority_score=lead.priority_score,
        tenant_size=lead.tenant_size or None,
        local_provider=lead.local_provider or None,
        spf=lead.has_spf,
        dkim=lead.has_dkim,
        dmarc_policy=None if lead.dmarc_policy in ("", "absent") else lead.dmarc_policy,
        dmarc_coverage=lead.dmarc_coverage,
        contact_quality_score=scoring.contact_quality(lead.usable_emails, lead.domain),
        expires_in_days=(lead.expires_on - today).days if lead.expires_on else None,
        mx_root=lead.mx_root or None,
    )


def brief_of(lead: Lead) -> Brief | None:
    """None without a verdict, and for a name that does not exist: there is nobody to call."""
    scan = lead.scans.filter(verdict__isnull=False).order_by("-created_at").only("facts").first()
    if scan is not None and scan.facts["mx_status"] == "nxdomain":
        return None
    summary = summary_of(lead)
    return None if summary is None else build_brief(summary, lead=lead, today=timezone.localdate())
