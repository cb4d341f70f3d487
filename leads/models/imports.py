"""Company lists, row by row, and who named which domain."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads.folding import unicode_name
from leads.models.codes import Source
from leads.models.lead import COMPANY_NAME_LENGTH, Lead


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    def listed(self) -> Self:
        """Newest first, with what a list shows."""
        return self.select_related("created_by", "job", "scan_job", "undone_by", "undo_job").order_by("-created_at")


class ImportBatch(models.Model):
    """One company list. The file lies under var/files until the batch is deleted."""

    class State(models.TextChoices):
        PREVIEW = "preview", _("Waiting for your check")
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    file = models.FileField(_("file"), upload_to="imports/%Y/%m/")
    file_name = models.CharField(_("file name"), max_length=255, blank=True, help_text=_("Blank: pasted text."))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PREVIEW)
    header_row = models.PositiveIntegerField(_("header row"), null=True, blank=True)
    sheet = models.CharField(_("sheet"), max_length=120, blank=True)
    encoding = models.CharField(_("encoding"), max_length=12, blank=True, help_text=_("Blank: found out."))
    # A delimiter, "none" (one column), or blank: found out.
    delimiter = models.CharField(_("delimiter"), max_length=4, blank=True)
    columns = models.JSONField(_("columns"), default=dict, help_text=_("Column number to meaning."))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner of new leads"),
    )
    scan_after = models.BooleanField(_("scan new leads"), default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("imported by")
    )
    created_at = models.DateTimeField(_("time"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    job = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("job"))
    scan_job = models.ForeignKey(
        "jobs.Job", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("job of the scan")
    )
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("undone by")
    )
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undo_job = models.ForeignKey(
        "jobs.Job", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("job of the undo")
    )
    next_row = models.PositiveIntegerField(default=0, editable=False)
    # The key of the last import row that the undo has dealt with.
    undone_to = models.BigIntegerField(default=0, editable=False)
    rows_total = models.PositiveIntegerField(_("rows"), default=0)
    created_count = models.PositiveIntegerField(_("new leads"), default=0)
    matched_count = models.PositiveIntegerField(_("matched"), default=0)
    duplicate_count = models.PositiveIntegerField(_("duplicates"), default=0)
    rejected_count = models.PositiveIntegerField(_("rejected"), default=0)
    error = models.CharField(_("error"), max_length=400, blank=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("leads:import_detail", args=[self.pk])

    @property
    def title(self) -> str:
        return self.file_name or gettext("Pasted list")

    @property
    def is_text(self) -> bool:
        """Whether it is read as free text, where a line may name several companies and refused addresses."""
        return "mixed" in self.columns.values()

    @property
    def balance(self) -> int:
        """Verdicts given so far; equals the number of import rows."""
        return self.created_count + self.matched_count + self.duplicate_count + self.rejected_count


class ImportRow(models.Model):
    """The verdict on one claim of one row; a row that names several domains has several."""

    class Verdict(models.TextChoices):
        CREATED = "created", _("Created")
        MATCHED = "matched", _("Already known")
        DUPLICATE = "duplicate", _("Twice in this list")
        REJECTED = "rejected", _("Rejected")

    class Undone(models.TextChoices):
        """What the undo of the import did about this row; blank = it has not come to it, or the row was rejected."""

        REMOVED = "removed", _("Lead removed")
        PUT_BACK = "put_back", _("Put back")
        LEFT = "left", _("Left as it is")
        GONE = "gone", _("Deleted meanwhile")
        SAME = "same", _("Nothing to take back")

    class LeftBecause(models.TextChoices):
        """Why the undo left a lead as it is; the first reason that holds."""

        DYNAMICS = "dynamics", _("It is in Dynamics 365 or on its way there.")
        REFERRAL = "referral", _("A referral is linked to it.")
        ELSEWHERE = "elsewhere", _("A push or a referral refers to it.")
        OUTCOME = "outcome", _("It has an outcome.")
        NOTE = "note", _("Somebody wrote a note.")
        ANSWER = "answer", _("Somebody noted answers of a call.")
        OPT_OUT = "opt_out", _("The company does not want to be contacted; this must not be forgotten.")
        ENTRY = "entry", _("Somebody entered what they know.")
        OWNER = "owner", _("Its owner was changed.")
        TAG = "tag", _("Somebody tagged it.")
        FOLLOW_UP = "follow_up", _("It has a follow-up.")
        SNOOZED = "snoozed", _("Somebody snoozed it.")
        DISMISSED = "dismissed", _("Somebody dismissed it.")
        WATCHED = "watched", _("Somebody watches it.")
        OTHER_SOURCE = "other_source", _("Another list or person named it, too.")
        TOUCHED = "touched", _("Somebody worked on it.")
        CHANGED = "changed", _("It was changed since.")

    batch = models.ForeignKey(
        ImportBatch, models.CASCADE, related_name="rows", verbose_name=_("import"), db_index=False
    )
    row = models.PositiveIntegerField(_("row"))
    part = models.PositiveSmallIntegerField(_("part"), default=0)
    domain = models.CharField(_("domain"), max_length=253, blank=True)
    company_name = models.CharField(_("company"), max_length=COMPANY_NAME_LENGTH, blank=True)
    raw = models.CharField(_("as written"), max_length=1000, blank=True)
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    lead = models.ForeignKey(
        Lead, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("lead"), db_index=False
    )
    # What this row told a known lead: company_name, city and country that were blank, and e-mails that were missing or
    # that only a person had entered.
    filled = models.JSONField(_("filled in"), null=True, editable=False)
    undone = models.CharField(_("undo"), max_length=8, choices=Undone, blank=True)
    left_because = models.CharField(_("left because"), max_length=12, choices=LeftBecause, blank=True)

    class Meta:
        verbose_name = _("import row")
        verbose_name_plural = _("import rows")
        constraints = [models.UniqueConstraint(fields=["batch", "row", "part"], name="import_row_once")]
        indexes = [
            models.Index(fields=["batch", "verdict", "row"], name="import_row_verdict"),
            models.Index(fields=["batch", "undone", "row"], name="import_row_undone"),
            # Without it the database reads the whole table for every lead that is deleted.
            models.Index(fields=["lead"], name="import_row_lead", condition=Q(lead__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.row}: {self.domain or self.raw[:60]}"

    @property
    def shown_domain(self) -> str:
        return unicode_name(self.domain)


class DomainClaim(models.Model):
    """Who said that this host belongs to this lead: `mail.acme.com.tr` and `info@acme.com.tr` claim `acme.com.tr`."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="claims", verbose_name=_("lead"), db_index=False)
    claim = models.CharField(_("as written"), max_length=320)
    via = models.CharField(_("kind"), max_length=10)
    source = models.CharField(_("source"), max_length=16, choices=Source)
    batch = models.ForeignKey(
        ImportBatch, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("import")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("domain claim")
        verbose_name_plural = _("domain claims")
        constraints = [models.UniqueConstraint(fields=["lead", "claim", "source"], name="claim_once_per_source")]

    def __str__(self) -> str:
        return self.claim.rpartition("@")[2]  # no address in the administration's own history
