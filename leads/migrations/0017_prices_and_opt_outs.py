"""Prices in a currency by its code and with amounts that make sense; the search forgets contacts after an opt-out."""

from decimal import Decimal
from typing import Any

import django.core.validators
from django.db import migrations, models
from django.db.models import Q

from leads.folding import fold, unicode_name

_CENT = Decimal("0.01")
_CODES = ("TRY", "EUR", "USD", "GBP", "CHF", "AED", "SAR", "AZN", "KZT")
_SIGNS = {"TL": "TRY", "₺": "TRY", "YTL": "TRY", "€": "EUR", "EU": "EUR", "$": "USD", "US": "USD", "£": "GBP"}
_NOT_OFFERED = "Blank: not offered. 0: included, at no charge."


def mend_prices(apps: Any, schema_editor: Any) -> None:
    """Signs and other spellings become codes. What nobody can have meant is not shown to a customer: a line without a
    currency or a price goes, a negative fee is not offered. Filling the list again brings what is missing."""
    prices = apps.get_model("leads", "Price").objects
    for price in prices.all():
        written = price.currency.strip().upper()
        price.currency = _SIGNS.get(written, written)
        if price.currency not in _CODES or price.per_user_per_month <= 0:
            price.delete()
            continue
        for name, least in (
            ("migration_fee", Decimal(0)), ("defender_per_user_per_month", _CENT), ("consulting_fee", Decimal(0)),
        ):  # fmt: skip
            amount = getattr(price, name)
            if amount is not None and amount < least:
                setattr(price, name, None)
        price.save()


def forget_contacts(apps: Any, schema_editor: Any) -> None:
    for lead in apps.get_model("leads", "Lead").objects.filter(opted_out_at__isnull=False).iterator():
        names = dict.fromkeys([lead.domain, unicode_name(lead.domain)])
        lead.search_text = fold(" ".join([*names, lead.company_name[:200], lead.city]))[:600]
        lead.save(update_fields=["search_text"])


class Migration(migrations.Migration):
    dependencies = [("leads", "0016_outside_asked")]

    operations = [
        migrations.RunPython(mend_prices, migrations.RunPython.noop),
        migrations.RunPython(forget_contacts, migrations.RunPython.noop),
        migrations.AlterModelOptions("price", {"verbose_name": "price", "verbose_name_plural": "prices"}),
        migrations.AlterField(
            "price",
            "currency",
            models.CharField(
                choices=[
                    ("TRY", "TRY, Turkish lira"),
                    ("EUR", "EUR, euro"),
                    ("USD", "USD, US dollar"),
                    ("GBP", "GBP, pound sterling"),
                    ("CHF", "CHF, Swiss franc"),
                    ("AED", "AED, UAE dirham"),
                    ("SAR", "SAR, Saudi riyal"),
                    ("AZN", "AZN, Azerbaijani manat"),
                    ("KZT", "KZT, Kazakhstani tenge"),
                ],
                help_text="Of every amount of this line.",
                max_length=3,
                verbose_name="currency",
            ),
        ),
        migrations.AlterField(
            "price",
            "per_user_per_month",
            models.DecimalField(
                decimal_places=2,
                max_digits=12,
                validators=[django.core.validators.MinValueValidator(_CENT)],
                verbose_name="licence, per user per month",
            ),
        ),
        migrations.AlterField(
            "price",
            "migration_fee",
            models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text=_NOT_OFFERED,
                max_digits=12,
                null=True,
                validators=[django.core.validators.MinValueValidator(0)],
                verbose_name="move to Microsoft 365, once per company",
            ),
        ),
        migrations.AlterField(
            "price",
            "defender_per_user_per_month",
            models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="Blank: not offered.",
                max_digits=12,
                null=True,
                validators=[django.core.validators.MinValueValidator(_CENT)],
                verbose_name="Defender, per user per month",
            ),
        ),
        migrations.AlterField(
            "price",
            "consulting_fee",
            models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text=_NOT_OFFERED,
                max_digits=12,
                null=True,
                validators=[django.core.validators.MinValueValidator(0)],
                verbose_name="consulting, once per company",
            ),
        ),
        migrations.AddConstraint(
            "price",
            models.CheckConstraint(
                condition=Q(per_user_per_month__gt=0)
                & (Q(migration_fee__isnull=True) | Q(migration_fee__gte=0))
                & (Q(defender_per_user_per_month__isnull=True) | Q(defender_per_user_per_month__gt=0))
                & (Q(consulting_fee__isnull=True) | Q(consulting_fee__gte=0)),
                name="price_amounts_make_sense",
            ),
        ),
    ]
