"""How large a company is: the one place that weighs what a person, a referral and the mail host say (DESIGN.md section
4). The mail host alone is a weak guess."""

from __future__ import annotations

from collections.abc import Collection

import scoring
from leads.bulk import update_rows
from leads.models import Lead, Override, SizeSource

COLUMNS = ("tenant_size", "tenant_size_source")


def effective(*, person: str, referral: str, mx: str) -> tuple[str, str]:
    """(size, SizeSource): a person's word, else the band of a referral, else the estimate; ("", "") without any."""
    for size, source in ((person, SizeSource.PERSON), (referral, SizeSource.REFERRAL), (mx, SizeSource.MX)):
        if size:
            return size, source.value
    return "", ""


def mx_estimate(lead: Lead) -> str:
    """What the mail host made us guess. Once shown it is not overwritten by "no estimate" (scoring-v1 section 1)."""
    if lead.tenant_size_source == SizeSource.MX:
        return lead.tenant_size
    return scoring.estimate_tenant_size(lead.provider, lead.mx_root) or ""


def refresh(pks: Collection[int]) -> None:
    """Weigh anew for these leads, which the caller has locked."""
    people = stated(pks)
    leads = Lead.objects.filter(pk__in=pks).only("provider", "mx_root", "referral_size", *COLUMNS)
    rows = [
        (lead.pk, *effective(person=people.get(lead.pk, ""), referral=lead.referral_size, mx=mx_estimate(lead)))
        for lead in leads
    ]
    update_rows(Lead, COLUMNS, rows)


def stated(pks: Collection[int]) -> dict[int, str]:
    """Sizes that people entered, by lead."""
    entries = Override.objects.in_force().filter(field=Override.Field.TENANT_SIZE, lead_id__in=pks)
    return dict(entries.values_list("lead_id", "value"))
