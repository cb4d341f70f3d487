"""What Hunter saw: scans of mail records, and facts from outside them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead


class Scan(models.Model):
    """One look at a lead. Append-only."""

    class Status(models.TextChoices):
        COMPLETE = "complete", _("Complete")
        PARTIAL = "partial", _("Partial")
        FAILED = "failed", _("Failed")

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="scans", verbose_name=_("lead"), db_index=False)
    job = models.ForeignKey(
        "jobs.Job", models.SET_NULL, null=True, related_name="+", verbose_name=_("job"), db_index=False
    )
    status = models.CharField(_("status"), max_length=8, choices=Status)
    observations = models.JSONField(
        _("observations"), help_text=_("Every query: [name, type, status, values, aliases, TTL, server, Unix time].")
    )
    facts = models.JSONField(_("facts"))
    verdict = models.JSONField(_("verdict"), null=True)
    rules_version = models.CharField(_("rules version"), max_length=12)
    duration = models.FloatField(_("duration"), help_text=_("Seconds."))
    created_at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("scan")
        verbose_name_plural = _("scans")
        constraints = [
            models.UniqueConstraint(fields=["lead", "job"], name="scan_once_per_job", condition=Q(job__isnull=False))
        ]
        indexes = [models.Index(F("lead"), F("created_at").desc(), name="scan_of_lead")]

    def __str__(self) -> str:
        at = date_format(timezone.localtime(self.created_at), "SHORT_DATETIME_FORMAT")
        return f"{self.lead}, {at}"


class OutsideFact(models.Model):
    """What a slow source outside DNS says about a lead: one row a lead and kind. It never delays or fails a verdict.

    `state`, `value`, `evidence` and `seen_at` are the last thing that was *known*; a look that failed since changes
    `failed_at`, `reason` and `due_at` only. A look that failed in part keeps what was known of the rest; `as_of` in
    `value` then says since when: field to time.
    """

    class Kind(models.TextChoices):
        REGISTRATION = "registration", _("Registration")
        HOSTING = "hosting", _("Hosting location")
        TENANT = "tenant", _("Microsoft tenant")
        POSTURE = "posture", _("Further mail records")

    class State(models.TextChoices):
        UNKNOWN = "unknown", _("Not known yet")
        FOUND = "found", _("Found")
        ABSENT = "absent", _("There is none")

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="outside_facts", verbose_name=_("lead"), db_index=False)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.UNKNOWN)
    value = models.JSONField(_("value"), default=dict)
    evidence = models.JSONField(_("evidence"), default=dict, help_text=_("Field to the words that show it."))
    doubts = models.JSONField(_("doubts"), default=list)
    source = models.CharField(_("source"), max_length=253, blank=True)
    seen_at = models.DateTimeField(_("seen"), null=True)
    failed_at = models.DateTimeField(_("last failure"), null=True)
    reason = models.CharField(_("reason of the failure"), max_length=60, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(_("next look"), default=timezone.now)
    # A look is under way, or was when its worker died: it counts as a failure until it ends.
    asked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("outside fact")
        verbose_name_plural = _("outside facts")
        constraints = [models.UniqueConstraint(fields=["lead", "kind"], name="outside_fact_once")]
        indexes = [models.Index(fields=["kind", "due_at"], name="outside_fact_due")]

    def __str__(self) -> str:
        return f"{self.lead_id} {self.get_kind_display()}"


class SourceState(models.Model):
    """How the hosts of one kind of outside facts were treated so far (signals.politeness), from one job to the next."""

    name = models.CharField(max_length=40, unique=True)
    state = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("state of a source")
        verbose_name_plural = _("states of sources")

    def __str__(self) -> str:
        return self.name
