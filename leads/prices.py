"""The partner's price list: the one place that prices come from."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

import scoring
from leads.models import Price

# One situation for each tier (scoring-v1 section 17.3).
_SIZES = ("large", "medium", "small")


def price_for(tenant_size: str, segment: str, score: int | None) -> Price | None:
    """The line of the tier that fits; None = no administrator has entered it."""
    offer = scoring.offer_tier(tenant_size=tenant_size or None, segment=segment or None, readiness_score=score)
    return Price.objects.filter(tier=offer.tier).first()


def fill_with_v1() -> int:
    """Enter the figures of rules version v1 for every tier that has no line yet. Returns how many were missing."""
    with transaction.atomic():
        present = set(Price.objects.values_list("tier", flat=True))
        offers = [scoring.offer_tier(tenant_size=size, segment=None, readiness_score=None) for size in _SIZES]
        missing = [_price(offer) for offer in offers if offer.tier not in present]
        Price.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def _price(offer: scoring.OfferTier) -> Price:
    def amount(value: int | None) -> Decimal | None:
        return None if value is None else Decimal(value)

    return Price(
        tier=offer.tier,
        currency=Price.Currency.EUR,  # that of the figures of scoring-v1
        per_user_per_month=Decimal(offer.price_per_user_per_month),
        migration_fee=amount(offer.migration_fee),
        defender_per_user_per_month=amount(offer.defender_price_per_user_per_month),
        consulting_fee=amount(offer.consulting_fee),
    )
