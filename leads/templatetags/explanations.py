"""Why a score is not higher, for the verdict of a lead's page."""

from __future__ import annotations

from typing import Any, Final

from django import template
from django.utils.translation import gettext_lazy as _

from leads.boundaries import Basis, ceiling, changes, next_boundary, ranged_changes
from leads.lead_page import ShownScan
from leads.models import Lead, Segment
from leads.verdicts import UNLISTED_SELECTOR

register = template.Library()

# What would be otherwise, by boundaries.Change.key.
CHANGES: Final[dict[str, Any]] = {
    "spf": _("An SPF record were in place"),
    "dkim": _("A DKIM key were in place"),
    "dmarc_quarantine": _("DMARC asked receivers to quarantine forged mail"),
    "dmarc_reject": _("DMARC asked receivers to reject forged mail"),
    "fewer_includes": _("The SPF record had three includes or fewer"),
}


def basis_of(lead: Lead, scan: ShownScan) -> Basis:
    """The scored values of the verdict that is shown."""
    policy = lead.dmarc_policy
    return Basis(
        domain=lead.domain,
        provider=lead.provider or "Unknown",
        mx_hosts=tuple(scan.facts.get("mx_hosts") or ()),
        spf=lead.has_spf,
        dkim=lead.has_dkim,
        policy=None if policy in ("", "absent") else policy,
        spf_record=(scan.facts.get("spf") or {}).get("record"),
        unknown=(*scan.unknown, *(("dkim",) if scan.facts.get("reason") == UNLISTED_SELECTOR else ())),
    )


@register.filter
def segment_name(code: str) -> str:
    """The segment as people read it."""
    return str(Segment(code).label) if code in Segment.values else code


@register.inclusion_tag("leads/_why_not.html")
def why_not_higher(lead: Lead, scan: ShownScan | None) -> dict[str, Any]:
    if scan is None or lead.score is None:
        return {}
    basis = basis_of(lead, scan)
    boundary = next_boundary(basis.provider, lead.score) if basis.mx_hosts else None
    top = ceiling(basis)
    reachable = boundary is not None and boundary.score <= top
    return {
        "lead": lead,
        "changes": [] if lead.score_is_range else [(CHANGES[one.key], one) for one in changes(basis)],
        "ranged": [(CHANGES[one.key], one) for one in ranged_changes(basis)] if lead.score_is_range else [],
        "is_unlisted": scan.facts.get("reason") == UNLISTED_SELECTOR,
        "boundary": boundary if reachable else None,
        "ceiling": top,
        "is_top": (lead.score_low or 0) >= top if lead.score_is_range else lead.score >= top,
        "has_mail": bool(basis.mx_hosts),
    }
