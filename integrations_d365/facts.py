"""The facts of leads, read in a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import OuterRef, Subquery

from integrations_d365.columns import LeadFacts
from integrations_d365.models import Push
from leads.models import Lead, OutsideFact, Scan


def facts_of(pushes: Iterable[Push], now: datetime) -> dict[int, LeadFacts]:
    """By key of the push; `push.lead` is read anew. A push whose lead was deleted meanwhile is left out."""
    by_lead = {push.lead_id: push for push in pushes}
    behind = Scan.objects.filter(lead=OuterRef("pk"), verdict__isnull=False).order_by("-created_at").values("pk")[:1]
    leads = Lead.objects.filter(pk__in=by_lead).annotate(scan=Subquery(behind)).prefetch_related("tags")
    leads = leads.defer("search_text")
    scans = Scan.objects.only("verdict").in_bulk([lead.scan for lead in leads if lead.scan])  # type: ignore[attr-defined]
    tenants = OutsideFact.objects.filter(
        lead__in=by_lead, kind=OutsideFact.Kind.TENANT, state=OutsideFact.State.FOUND
    ).values_list("lead_id", "value__tenant_id")
    tenant_ids = dict(tenants)
    found = {}
    for lead in leads:
        push = by_lead[lead.pk]
        scan = scans.get(lead.scan)  # type: ignore[attr-defined]
        verdict = (scan.verdict if scan else None) or {}
        found[push.pk] = _facts(lead, push, verdict, str(tenant_ids.get(lead.pk) or ""), now)
    return found


def _facts(lead: Lead, push: Push, verdict: dict[str, object], tenant_id: str, now: datetime) -> LeadFacts:
    rows = verdict.get("rows")
    return LeadFacts(
        domain=lead.domain,
        external_id=str(push.external_id),
        company_name=lead.company_name,
        shown_domain=lead.shown_domain,
        emails=lead.usable_emails,
        city=lead.city,
        country=lead.country,
        source=lead.source,
        tags=[tag.name for tag in lead.tags.all()],
        provider=lead.provider,
        mail_service=lead.mail_service,
        gateway=lead.gateway,
        segment=lead.segment,
        score=lead.score,
        confidence=lead.confidence,
        priority_category=lead.priority_category,
        priority_label=str(verdict.get("priority_label") or "") if lead.priority_category else "",
        priority_score=None if lead.score is None else lead.priority_score,
        technical_heat=lead.technical_heat,
        commercial_segment=lead.commercial_segment,
        commercial_heat=lead.commercial_heat,
        tenant_size=lead.tenant_size,
        has_spf=lead.has_spf,
        has_dkim=lead.has_dkim,
        dmarc_policy=lead.dmarc_policy,
        rules_version=lead.rules_version,
        rows=rows if isinstance(rows, list) else (),
        was_rescanned=lead.changed_at is not None,
        referral_id=lead.referral_remote_id,
        referral_category=lead.referral_category,
        has_referrals=lead.referral_count > 0,
        tenant_id=tenant_id,
        remote_id=push.remote_id,
        attempts=push.attempts + 1,
        pushed_at=now,
    )
