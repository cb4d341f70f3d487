"""The queue of record: a queue message is only a doorbell, what has to be done stands here (docs/decisions/0003)."""

from __future__ import annotations

from typing import Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

DUTY: Final = "duty:"  # begins the name of the lease of a duty


class JobQuerySet(models.QuerySet["Job"]):
    def active(self) -> Self:
        """Jobs that wait or run."""
        return self.filter(state__in=ACTIVE)

    def of_interest(self) -> Self:
        """Without routine that went well."""
        return self.exclude(routine=True, state__in=(*ACTIVE, Job.State.DONE))


class Job(models.Model):
    """A piece of work that survives any kill. Whoever runs it holds `lease_token`; every write carries the token."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(_("key"), max_length=200, help_text=_("One job at a time waits or runs under a key."))
    subject = models.CharField(_("subject"), max_length=255)
    payload = models.JSONField(_("payload"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    total = models.PositiveIntegerField(_("total"), default=0, help_text=_("0 = not known yet."))
    done = models.PositiveIntegerField(_("done"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    message = models.CharField(_("message"), max_length=400, blank=True)
    error = models.CharField(_("error"), max_length=1000, blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("started by"),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    heartbeat = models.DateTimeField(_("last sign of life"), null=True, blank=True)
    routine = models.BooleanField(
        _("routine"), default=False, help_text=_("Started by the clock every few minutes; lists leave it out.")
    )
    cancel_requested = models.BooleanField(_("cancel requested"), default=False)

    lease_token = models.CharField(max_length=100, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    # In a row; progress sets both back, so a long job outlives any number of kills.
    starts = models.PositiveSmallIntegerField(default=0, editable=False)
    failures = models.PositiveSmallIntegerField(default=0, editable=False)
    next_attempt_at = models.DateTimeField(default=timezone.now, editable=False)
    # When the dispatcher rings for this job: its message may be lost, its lease may have run out.
    ring_at = models.DateTimeField(default=timezone.now, editable=False)
    # Asked for again since it was last claimed: there may be work that this run did not see.
    rerun = models.BooleanField(default=False, editable=False)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = [
            models.UniqueConstraint(fields=["key"], name="job_key_once", condition=Q(state__in=["queued", "running"]))
        ]
        indexes = [
            models.Index(fields=["ring_at"], name="job_to_ring", condition=Q(state__in=["queued", "running"])),
            models.Index(F("created_at").desc(), name="job_recent"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def percent(self) -> int | None:
        """0-100; None = the total is not known."""
        return min(100, self.done * 100 // self.total) if self.total else None


ACTIVE = (Job.State.QUEUED, Job.State.RUNNING)


class Lease(models.Model):
    """A lock with an expiry: one holder of a name at a time, also when the last holder was killed."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    token = models.CharField(_("holder"), max_length=100, blank=True)
    until = models.DateTimeField(_("held until"))

    class Meta:
        verbose_name = _("lease")
        verbose_name_plural = _("leases")

    def __str__(self) -> str:
        return gettext(self.name.removeprefix(DUTY))


class ScheduleState(models.Model):
    """When a periodic duty ran and runs next."""

    name = models.CharField(_("duty"), max_length=100, unique=True)
    interval = models.PositiveIntegerField(_("interval"), help_text=_("Seconds."))
    last_run = models.DateTimeField(_("last run"), null=True, blank=True)
    next_run = models.DateTimeField(_("next run"))

    class Meta:
        verbose_name = _("periodic duty")
        verbose_name_plural = _("periodic duties")

    def __str__(self) -> str:
        return gettext(self.name)


class WorkerHeartbeat(models.Model):
    """One row: when the worker last finished a task, from the queue to the result."""

    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("sign of life of the worker")
        verbose_name_plural = _("signs of life of the worker")

    def __str__(self) -> str:
        return date_format(timezone.localtime(self.at), "SHORT_DATETIME_FORMAT")
