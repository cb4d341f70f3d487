"""Leads as a spreadsheet: semicolons, as Excel in Turkey reads it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from leads.models import Lead, LeadQuerySet

COLUMNS = (
    "domain", "company_name", "segment", "priority_category", "priority_score", "score", "score_low", "score_high",
    "verdict_state", "provider", "mail_service", "gateway", "local_provider", "has_spf", "has_dkim", "dmarc_policy",
    "tenant_size", "tenant_size_source", "city", "country", "emails", "opted_out", "owner", "tags", "outcome", "source",
    "scanned_at", "rules_version",
)  # fmt: skip
# A spreadsheet runs text that starts with these as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(leads: LeadQuerySet, *, bom: bool = False) -> Iterator[str]:
    """A header row, then one line for each lead, in the order of the queryset. `bom` for files people open:
    without it Excel reads UTF-8 as cp1254."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";")

    def line(cells: Any) -> str:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(cells)
        return buffer.getvalue()

    yield ("\ufeff" if bom else "") + line(COLUMNS)
    for lead in leads.select_related("owner").prefetch_related("tags").iterator(chunk_size=1000):
        yield line(_cells(lead))


def _cells(lead: Lead) -> list[Any]:
    values = {
        "owner": lead.owner.get_username() if lead.owner else "",
        "emails": ", ".join(lead.usable_emails),
        "opted_out": lead.opted_out_at is not None,
        "tags": ", ".join(sorted(tag.name for tag in lead.tags.all())),
        "scanned_at": lead.scanned_at.isoformat(timespec="seconds") if lead.scanned_at else "",
    }
    return [safe_cell(values[name] if name in values else getattr(lead, name)) for name in COLUMNS]


def safe_cell(value: Any) -> Any:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
