"""Pushes into Dynamics 365 as this installation knows them.

A Push is the one row of a lead's way into Dynamics: what is wanted there, what Dynamics acknowledged, and why it waits
or is parked. Every request about it leaves a PushAttempt. The Governor is what all workers share about one application
user: pauses, lanes, trouble. EnvironmentCheck is what the last look at the environment found.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from leads.models import Lead, PushState, RemoteState, SavedView

CODE_LENGTH: Final = 100
TEXT_LENGTH: Final = 1000


class Reason(models.TextChoices):
    """Why a push is parked, next to the errors, whose category says it."""

    FOREIGN = "foreign", _("Another lead in Dynamics has this domain")
    DELETED = "deleted", _("Deleted in Dynamics")
    NO_VERDICT = "no_verdict", _("The lead has no verdict")
    ERROR = "error", _("Dynamics refused it")


class PushQuerySet(models.QuerySet["Push"]):
    def on_the_board(self) -> Self:
        """Everything that was ever asked for and not taken back."""
        return self.exclude(state=PushState.NOT_PUSHED)

    def queued(self) -> Self:
        return self.filter(state=PushState.QUEUED)

    def parked(self) -> Self:
        return self.filter(state=PushState.PARKED)

    def due(self, now: datetime) -> Self:
        """What waits, is not told to wait longer, and has a verdict to send."""
        return self.queued().filter(not_before__lte=now, lead__score__isnull=False)

    def unheld(self) -> Self:
        """What no live job is going to push."""
        return self.filter(Q(job__isnull=True) | ~Q(job__state__in=("queued", "running")))


class Push(models.Model):
    """One lead's way into Dynamics 365.

    `acked` holds what Dynamics acknowledged last, by column (long texts as a digest); only what differs from it is
    sent. While a job names the row in `job`, only that job pushes it; the job's lease is the row's lease.
    """

    lead = models.OneToOneField(Lead, models.CASCADE, related_name="push", verbose_name=_("lead"))
    # Hunter's id in Dynamics (hnt_externalid): by it we know our own lead again when its id was lost on the way.
    external_id = models.UUIDField(_("Hunter's id in Dynamics"), default=uuid4, unique=True, editable=False)
    state = models.CharField(_("state"), max_length=12, choices=PushState, default=PushState.NOT_PUSHED)
    job = models.ForeignKey(
        "jobs.Job", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("job")
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked"), null=True)
    # Not before this time: a pause after trouble of this row alone.
    not_before = models.DateTimeField(_("not before"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, help_text=_("In a row, without success."))
    failing_since = models.DateTimeField(_("failing since"), null=True)
    # Asked for again while it was being pushed: look once more afterwards.
    again = models.BooleanField(default=False, editable=False)

    acked = models.JSONField(_("acknowledged"), default=dict)
    acked_hash = models.CharField(max_length=64, blank=True)
    desired_hash = models.CharField(max_length=64, blank=True)
    # When the lead was last compared with `acked`; NULL = compare it again.
    compared_at = models.DateTimeField(_("compared"), null=True)
    synced_at = models.DateTimeField(_("last push"), null=True)
    # What was left out or cut the last time: [column, kind, detail], see mapping.Note.
    notes = models.JSONField(_("left out"), default=list)

    remote_id = models.CharField(_("id in Dynamics"), max_length=36, blank=True)
    etag = models.CharField("eTag", max_length=100, blank=True)
    remote_state = models.CharField(_("state in Dynamics"), max_length=12, choices=RemoteState, blank=True)
    remote_status = models.IntegerField(_("status reason"), null=True)
    remote_owner = models.CharField(_("owner in Dynamics"), max_length=200, blank=True)
    remote_modified_at = models.DateTimeField(_("changed in Dynamics"), null=True)
    remote_seen_at = models.DateTimeField(pgettext_lazy("time", "read back"), null=True)
    # When it was last asked for by its id, whatever came of it.
    remote_asked_at = models.DateTimeField(null=True, editable=False)
    # The organisation in which `remote_id` is an id; "" = not known yet.
    organization_id = models.CharField(_("organisation"), max_length=36, blank=True)
    # The lead of somebody else that has our domain: a person decides (Reason.FOREIGN).
    foreign_id = models.CharField(_("the other lead's id in Dynamics"), max_length=36, blank=True)

    reason = models.CharField(_("parked because"), max_length=12, choices=Reason, blank=True)
    error_category = models.CharField(_("error category"), max_length=12, blank=True)
    error_code = models.CharField(_("error code"), max_length=CODE_LENGTH, blank=True)
    error_said = models.CharField(_("Dynamics said"), max_length=TEXT_LENGTH, blank=True)
    error_request_id = models.CharField(_("request id"), max_length=CODE_LENGTH, blank=True)
    error_at = models.DateTimeField(_("error time"), null=True)

    objects = PushQuerySet.as_manager()

    class Meta:
        verbose_name = _("push")
        verbose_name_plural = _("pushes")
        permissions = [
            ("push_lead", _("Can push leads to Dynamics 365")),
            ("bulk_push", _("Can push many leads at once and repair parked ones")),
            ("decide_push", _("Can decide about leads that exist in Dynamics already")),
            ("connect_d365", _("Can check and resume the connection to Dynamics 365")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["remote_id"], name="push_remote_once", condition=~Q(remote_id=""))
        ]
        indexes = [
            models.Index(fields=["state", "not_before"], name="push_due", condition=Q(state="queued")),
            models.Index(fields=["job", "state", "not_before"], name="push_of_job", condition=Q(job__isnull=False)),
            models.Index(F("state"), F("error_at").desc(), F("id"), name="push_board"),
            models.Index(F("synced_at").desc(), F("id"), name="push_recent"),
            models.Index(F("remote_asked_at"), name="push_to_verify", condition=~Q(remote_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.lead}: {self.get_state_display()}"

    def get_absolute_url(self) -> str:
        return reverse("d365:push", args=[self.lead.domain])

    @property
    def owner_there(self) -> str:
        """The owner in Dynamics in words. Dataverse calls an application user "#" and the name of the application."""
        mark, _blank, application = self.remote_owner.partition(" ")
        if mark != "#" or not application:
            return self.remote_owner
        return gettext("%(name)s (application user)") % {"name": application}

    @property
    def is_closed(self) -> bool:
        """Whether Dynamics is done with it: Hunter writes nothing more."""
        return self.remote_state in (RemoteState.QUALIFIED, RemoteState.DISQUALIFIED)


class PushAttempt(models.Model):
    """The ledger: one request, or part of a batch, about one push. Written before it is sent."""

    class Operation(models.TextChoices):
        CREATE = "create", _("Create")
        UPDATE = "update", _("Update")
        LOOK_UP = "look_up", _("Look-up")

    class Outcome(models.TextChoices):
        SENT = "sent", _("Sent, no answer yet")
        CREATED = "created", _("Created")
        UPDATED = "updated", _("Updated")
        FOUND = "found", _("Found")
        CONFLICT = "conflict", _("Exists already")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("Cut off; asked again")

    push = models.ForeignKey(Push, models.CASCADE, related_name="ledger", verbose_name=_("push"), db_index=False)
    job = models.ForeignKey(
        "jobs.Job", models.SET_NULL, null=True, related_name="+", db_index=False, verbose_name=_("job")
    )
    at = models.DateTimeField(_("time"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("by"),
    )  # fmt: skip
    operation = models.CharField(_("operation"), max_length=8, choices=Operation)
    outcome = models.CharField(
        pgettext_lazy("push attempt", "outcome"), max_length=8, choices=Outcome, default=Outcome.SENT
    )
    columns = models.JSONField(_("columns"), default=list)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    error_category = models.CharField(_("error category"), max_length=12, blank=True)
    error_code = models.CharField(_("error code"), max_length=CODE_LENGTH, blank=True)
    request_id = models.CharField(_("request id"), max_length=CODE_LENGTH, blank=True)

    class Meta:
        verbose_name = _("push attempt")
        verbose_name_plural = _("push attempts")
        indexes = [
            models.Index(F("push"), F("id").desc(), name="attempt_of_push"),
            models.Index(F("job"), F("outcome"), name="attempt_of_job", condition=Q(job__isnull=False)),
            models.Index(F("at"), name="attempt_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_operation_display()}: {self.get_outcome_display()}"


class Governor(models.Model):
    """What all workers share about one application user in one environment. `not_before`: nobody sends anything until
    then. `paused_*`: a trouble that only a person can mend; nothing is pushed until a check succeeds."""

    key = models.CharField(_("application user and environment"), max_length=300, unique=True)
    not_before = models.DateTimeField(_("not before"), null=True)
    throttled_at = models.DateTimeField(_("last told to slow down"), null=True)
    throttled_for = models.FloatField(_("pause asked for"), default=0, help_text=_("Seconds of the last Retry-After."))
    lanes = models.PositiveSmallIntegerField(
        _("lanes"), default=1, help_text=_("Requests that may be under way at once.")
    )
    lanes_since = models.DateTimeField(_("lanes changed"), default=timezone.now)
    batch_size = models.PositiveSmallIntegerField(_("leads in one batch"), default=100)
    failures = models.PositiveSmallIntegerField(
        _("failures"), default=0, help_text=_("Requests in a row that brought no answer.")
    )
    down_since = models.DateTimeField(_("unreachable since"), null=True)
    last_ok_at = models.DateTimeField(_("last success"), null=True)
    # Events of the timeline up to here have sent their leads to be compared.
    events_seen_to = models.DateTimeField(_("timeline compared up to"), null=True)
    read_back_from = models.DateTimeField(_("read back from"), null=True)
    # How far a read-back that was interrupted had come.
    read_back_mid = models.DateTimeField(_("read back so far"), null=True)
    read_back_at = models.DateTimeField(_("last read-back"), null=True)
    probed_at = models.DateTimeField(_("last probe"), null=True)
    paused_at = models.DateTimeField(_("paused"), null=True)
    paused_category = models.CharField(_("error category of the pause"), max_length=12, blank=True)
    paused_code = models.CharField(_("error code of the pause"), max_length=CODE_LENGTH, blank=True)
    paused_request_id = models.CharField(_("request id of the pause"), max_length=CODE_LENGTH, blank=True)

    class Meta:
        verbose_name = _("connection to Dynamics 365")
        verbose_name_plural = _("connections to Dynamics 365")

    def __str__(self) -> str:
        return self.key


class EnvironmentCheck(models.Model):
    """One preflight. `shape`: the columns of the lead table as environment.Shape writes them; `problems`: [key, detail]
    pairs, keys of messages.PROBLEMS; `mapping`: the version of the column table that was compared with it."""

    governor = models.ForeignKey(
        Governor, models.CASCADE, related_name="checks", verbose_name=_("connection to Dynamics 365")
    )
    created_at = models.DateTimeField(_("time"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    ok = models.BooleanField(_("ready"), default=False)
    shape = models.JSONField(default=dict)
    problems = models.JSONField(_("problems"), default=list)
    mapping = models.CharField(max_length=64, blank=True)
    user_id = models.CharField(_("application user"), max_length=36, blank=True)
    organization_id = models.CharField(_("organisation"), max_length=36, blank=True)
    error_category = models.CharField(_("error category"), max_length=12, blank=True)
    error_code = models.CharField(_("error code"), max_length=CODE_LENGTH, blank=True)
    request_id = models.CharField(_("request id"), max_length=CODE_LENGTH, blank=True)

    class Meta:
        verbose_name = _("environment check")
        verbose_name_plural = _("environment checks")
        indexes = [models.Index(F("governor"), F("id").desc(), name="check_of_governor")]

    def __str__(self) -> str:
        return date_format(timezone.localtime(self.created_at), "SHORT_DATETIME_FORMAT")


class AutoPush(models.Model):
    """The rule that pushes by itself: leads that match a saved view are queued when they are scored."""

    saved_view = models.OneToOneField(SavedView, models.CASCADE, related_name="+", verbose_name=_("saved view"))
    enabled_at = models.DateTimeField(_("on since"), null=True, help_text=_("Empty = off."))
    # The filter as it was when somebody turned the rule on: a view that is changed later stops the rule.
    query = models.CharField(_("filter"), max_length=1000, blank=True, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("changed by")
    )

    class Meta:
        verbose_name = _("auto-push rule")
        verbose_name_plural = _("auto-push rules")

    def __str__(self) -> str:
        return str(self.saved_view)
