"""What people know, decide and ask about a lead."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from leads.models.codes import Outcome, Priority, Segment
from leads.models.lead import COMPANY_NAME_LENGTH, Lead


class OverrideQuerySet(models.QuerySet["Override"]):
    def unended(self) -> Self:
        """At most one a lead and field; what it gave the lead is there until it is ended."""
        return self.filter(ended_at__isnull=True)

    def in_force(self) -> Self:
        """What counts today, whether or not the clock has ended what is over."""
        today = timezone.localdate()
        return self.unended().filter(Q(expires_on__isnull=True) | Q(expires_on__gte=today))

    def expired(self, today: date) -> Self:
        """Their last day is over and the clock has not ended them yet."""
        return self.unended().filter(expires_on__lt=today)


class Override(models.Model):
    """What a person knows better: outranks what was looked up, until it ends. At most one is in force a lead and
    field."""

    class Field(models.TextChoices):
        COMPANY_NAME = "company_name", _("Company name")
        TENANT_SIZE = "tenant_size", _("Size")
        PROVIDER = "provider", _("Mail provider")
        CONTACT = "contact", _("Contact")

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="overrides", verbose_name=_("lead"), db_index=False)
    field = models.CharField(_("field"), max_length=12, choices=Field)
    value = models.CharField(_("value"), max_length=COMPANY_NAME_LENGTH)
    reason = models.CharField(_("reason"), max_length=400)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"), db_index=False
    )
    created_at = models.DateTimeField(_("time"), default=timezone.now)
    expires_on = models.DateField(_("valid until"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    # What the lead said before, given back when the override ends.
    before = models.CharField(max_length=COMPANY_NAME_LENGTH, blank=True, editable=False)
    # What a scan or a referral says otherwise and a person, knowing that, stood by the entry.
    kept_against = models.CharField(max_length=20, blank=True, editable=False)

    objects = OverrideQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry of a person")
        verbose_name_plural = _("entries of people")
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "field"], name="override_in_force_once", condition=Q(ended_at__isnull=True)
            )
        ]
        indexes = [
            models.Index(fields=["lead", "field"], name="override_of_lead"),
            models.Index(fields=["expires_on"], name="override_expiry", condition=Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        """Stays in the administration's own history, so it names no contact."""
        label = self.get_field_display()
        return label if self.field == self.Field.CONTACT else f"{label}: {self.value[:60]}"

    @property
    def is_in_force(self) -> bool:
        """The rule of `OverrideQuerySet.in_force` for one row."""
        return self.ended_at is None and (self.expires_on is None or self.expires_on >= timezone.localdate())

    @property
    def over_on(self) -> date | None:
        """The day of its end; None while it is in force without a last day."""
        return timezone.localdate(self.ended_at) if self.ended_at else self.expires_on


class OutcomeRecord(models.Model):
    """How a lead ended, with the verdict it had then, so that rules can be judged by what came of them. Append-only."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="outcomes", verbose_name=_("lead"))
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, blank=True)
    reason = models.CharField(_("reason"), max_length=400, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"), db_index=False
    )
    at = models.DateTimeField(_("time"), default=timezone.now)
    # Cleared or decided anew since: statistics count the current one only.
    is_current = models.BooleanField(_("current"), default=True)
    segment = models.CharField(_("segment"), max_length=12, choices=Segment, blank=True)
    priority_category = models.CharField(_("priority"), max_length=2, choices=Priority, blank=True)
    score = models.SmallIntegerField(_("score"), null=True)
    rules_version = models.CharField(_("rules version"), max_length=12, blank=True)
    rules = models.JSONField(_("rules"), default=list, help_text=_("Keys of the verdict's rows."))

    class Meta:
        verbose_name = _("outcome")
        verbose_name_plural = _("outcomes")
        constraints = [
            models.UniqueConstraint(fields=["lead"], name="outcome_current_once", condition=Q(is_current=True))
        ]

    def __str__(self) -> str:
        return f"{self.lead}: {self.get_outcome_display()}"


class CallAnswer(models.Model):
    """What came of one discovery question of the brief."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="call_answers", verbose_name=_("lead"), db_index=False)
    question = models.CharField(_("question"), max_length=60, help_text=_("Its message id."))
    asked = models.BooleanField(pgettext_lazy("question", "asked"), default=False)
    note = models.CharField(_("answer"), max_length=1000, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"), db_index=False
    )
    at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("answer of a call")
        verbose_name_plural = _("answers of calls")
        constraints = [models.UniqueConstraint(fields=["lead", "question"], name="call_answer_once")]

    def __str__(self) -> str:
        return self.question
