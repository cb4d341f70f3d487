"""What the offers cost."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

_CENT = Decimal("0.01")


_NOT_OFFERED = _("Blank: not offered. 0: included, at no charge.")


class Price(models.Model):
    """One line of the partner's price list, entered by an administrator; without it no price is shown anywhere."""

    class Tier(models.TextChoices):
        ENTERPRISE = "Enterprise", "Enterprise"
        STANDARD = "Business Standard", "Business Standard"
        BASIC = "Business Basic", "Business Basic"

    class Currency(models.TextChoices):
        """ISO 4217 codes of the currencies that partners sell in."""

        TRY = "TRY", _("TRY, Turkish lira")
        EUR = "EUR", _("EUR, euro")
        USD = "USD", _("USD, US dollar")
        GBP = "GBP", _("GBP, pound sterling")
        CHF = "CHF", _("CHF, Swiss franc")
        AED = "AED", _("AED, UAE dirham")
        SAR = "SAR", _("SAR, Saudi riyal")
        AZN = "AZN", _("AZN, Azerbaijani manat")
        KZT = "KZT", _("KZT, Kazakhstani tenge")

    tier = models.CharField(_("tier"), max_length=20, choices=Tier, unique=True)
    currency = models.CharField(
        _("currency"), max_length=3, choices=Currency, help_text=_("Of every amount of this line.")
    )
    per_user_per_month = models.DecimalField(
        _("licence, per user per month"), max_digits=12, decimal_places=2, validators=[MinValueValidator(_CENT)]
    )
    migration_fee = models.DecimalField(
        _("move to Microsoft 365, once per company"), max_digits=12, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(0)], help_text=_NOT_OFFERED,
    )  # fmt: skip
    defender_per_user_per_month = models.DecimalField(
        _("Defender, per user per month"), max_digits=12, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(_CENT)], help_text=_("Blank: not offered."),
    )  # fmt: skip
    consulting_fee = models.DecimalField(
        _("consulting, once per company"), max_digits=12, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(0)], help_text=_NOT_OFFERED,
    )  # fmt: skip

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = [
            models.CheckConstraint(
                name="price_amounts_make_sense",
                condition=Q(per_user_per_month__gt=0)
                & (Q(migration_fee__isnull=True) | Q(migration_fee__gte=0))
                & (Q(defender_per_user_per_month__isnull=True) | Q(defender_per_user_per_month__gt=0))
                & (Q(consulting_fee__isnull=True) | Q(consulting_fee__gte=0)),
            )
        ]

    def __str__(self) -> str:
        return self.tier
