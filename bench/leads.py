"""Many scored leads at once, with values spread as in a real market."""

from __future__ import annotations

import random
from datetime import timedelta


def make_leads(count: int) -> None:
    """`count` leads with verdicts, owners and automatic tags, the same at every run."""
    from django.contrib.auth.models import User
    from django.utils import timezone

    import scoring
    from leads.models import Lead, Tag
    from sandbox.market import companies

    spread = random.Random(1)
    owners = [User.objects.create(username=f"owner{number}") for number in range(5)]
    now = timezone.now()
    leads = []
    for company in companies(count):
        provider = spread.choices(["M365", "Google", "Yandex", "Zoho", "Hosting", "Local"], [30, 20, 8, 4, 8, 30])[0]
        spf, dkim = spread.random() < 0.7, spread.random() < 0.5
        policy = spread.choices([None, "none", "quarantine", "reject"], [50, 25, 10, 15])[0]
        verdict = scoring.score(
            scoring.Signals(
                domain=company.domain, provider=provider, spf=spf, dkim=dkim, dmarc_policy=policy, spf_record=None,
                mx_records=("mx.example",),
            )
        )  # fmt: skip
        lead = Lead(
            domain=company.domain, company_name=company.name, city=company.city, source="import",
            owner=spread.choice([*owners, None]),
            verdict_state="complete" if spread.random() < 0.97 else "undetermined",
            provider=provider, mx_provider=provider, segment=verdict.segment, score=verdict.score,
            score_low=verdict.score, score_high=verdict.score, confidence=100,
            priority_category=verdict.priority_category or "", priority_score=verdict.priority_score, has_spf=spf,
            has_dkim=dkim, dmarc_policy=policy or "absent", gateway="Mimecast" if spread.random() < 0.05 else "",
            microsoft_hints=spread.random() < 0.1, rules_version="v1",
            scanned_at=now - timedelta(hours=spread.randrange(700)),
            changed_at=now - timedelta(days=spread.randrange(90)) if spread.random() < 0.2 else None,
            follow_up_on=(now + timedelta(days=spread.randrange(60))).date() if spread.random() < 0.05 else None,
        )  # fmt: skip
        lead.set_search_keys()
        leads.append(lead)
    Lead.objects.bulk_create(leads, batch_size=500)
    tag = Tag.objects.get(name="local-mx")
    local = Lead.objects.filter(provider="Local").values_list("pk", flat=True)
    through = Lead.tags.through
    through.objects.bulk_create([through(lead_id=pk, tag_id=tag.pk) for pk in local], batch_size=500)
