"""What happened to a lead, who should know, and who looked."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead
from leads.models.looks import Scan


class Event(models.Model):
    """One line of the timeline: what, when, who, old and new value, the scan that shows it."""

    class Kind(models.TextChoices):
        CREATED = "created", _("Lead added")
        IMPORTED = "imported", _("Named in an import")
        PROVIDER = "provider", _("Provider changed")
        GATEWAY = "gateway", _("Gateway changed")
        MX = "mx", _("Mail host changed")
        SPF = "spf", _("SPF changed")
        DKIM = "dkim", _("DKIM changed")
        DMARC = "dmarc", _("DMARC changed")
        EXPIRY = "expiry", _("Domain expires soon")
        SCORE = "score", _("Score changed")
        SEGMENT = "segment", _("Segment changed")
        NOTE = "note", _("Note")
        OWNER = "owner", _("Owner changed")
        TAG = "tag", _("Tag changed")
        FOLLOW_UP = "follow_up", _("Follow-up set")
        DISMISSED = "dismissed", _("Dismissed")
        RESTORED = "restored", _("Restored")
        EDITED = "edited", _("Edited")
        LINKED = "linked", _("Referral linked")
        UNLINKED = "unlinked", _("Referral unlinked")
        REFERRAL = "referral", _("Referral changed")
        PUSHED = "pushed", _("Sent to Dynamics 365")
        PUSH_PARKED = "push_parked", _("Push needs attention")
        PUSH_DECIDED = "push_decided", _("Push decided")
        REMOTE = "remote", _("Changed in Dynamics 365")
        REGISTRAR = "registrar", _("Registrar changed")
        NAME_SERVER = "name_server", _("Name servers changed")
        TENANT = "tenant", _("Microsoft tenant changed")
        OVERRIDE = "override", _("Entered by a person")
        SNOOZED = "snoozed", _("Snoozed")
        OUTCOME = "outcome", _("Outcome")
        OPT_OUT = "opt_out", _("Contact opt-out")

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="events", verbose_name=_("lead"), db_index=False)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    at = models.DateTimeField(_("time"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    old = models.CharField(_("before"), max_length=400, blank=True)
    new = models.CharField(_("after"), max_length=400, blank=True)
    scan = models.ForeignKey(Scan, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    # The change of many leads that it is part of, or of its undo; gone when that one is forgotten.
    bulk = models.ForeignKey(
        "BulkAction",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("bulk action"),
        db_index=False,
    )

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(F("lead"), F("at").desc(), F("id").desc(), name="event_of_lead"),
            models.Index(F("at").desc(), name="event_recent"),
            # Without it the database reads the whole table for every scan that is deleted with its lead.
            models.Index(fields=["scan"], name="event_scan", condition=Q(scan__isnull=False)),
            models.Index(fields=["bulk"], name="event_bulk", condition=Q(bulk__isnull=False)),
        ]

    def __str__(self) -> str:
        at = date_format(timezone.localtime(self.at), "SHORT_DATETIME_FORMAT")
        return f"{self.get_kind_display()}, {at}"


class Alert(models.Model):
    """Something a person should know: about a lead (types of scoring-v1 section 14), or about something of a room above
    that may have no lead yet; that one brings its own `title` and `path`, and a `key` that lets it be raised once."""

    class Type(models.TextChoices):
        DMARC_ADDED = "dmarc_added", _("DMARC is now enforced")
        MX_CHANGED = "mx_changed", _("The mail host changed")
        EXPIRE_SOON = "expire_soon", _("The domain expires soon")
        SCORE_CHANGED = "score_changed", _("The score changed its class")
        REFERRAL_DUE = "referral_due", _("A referral waits for an answer")
        ROW_PARKED = "row_parked", _("A row of Partner Center could not be read")
        PUSH_PAUSED = "push_paused", _("Pushing to Dynamics 365 is paused")

    lead = models.ForeignKey(Lead, models.CASCADE, null=True, related_name="alerts", verbose_name=_("lead"))
    event = models.OneToOneField(Event, models.CASCADE, null=True, related_name="alert", verbose_name=_("event"))
    key = models.CharField(max_length=160, unique=True, null=True, editable=False)
    title = models.CharField(_("title"), max_length=400, blank=True)
    path = models.CharField(max_length=200, blank=True, editable=False)
    due_at = models.DateTimeField(_("due"), null=True)
    type = models.CharField(_("type"), max_length=16, choices=Type)
    created_at = models.DateTimeField(_("time"), default=timezone.now)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("read by"),
        db_index=False,
    )

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        indexes = [
            models.Index(F("created_at").desc(), name="alert_recent"),
            models.Index(F("created_at").desc(), name="alert_unread", condition=Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.get_type_display()

    def get_absolute_url(self) -> str:
        return self.path or (self.lead.get_absolute_url() if self.lead else "")

    @property
    def subject(self) -> str:
        return self.title or (self.lead.title if self.lead else "")


class Note(models.Model):
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="notes", verbose_name=_("lead"))
    text = models.TextField(_("note"), max_length=10_000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return self.text[:80]


class LeadVisit(models.Model):
    """When a person last looked at a lead, for "since you last looked"."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    # The look before that: what the page compares with while it is open and reloaded.
    before = models.DateTimeField(null=True)
    # The lead's newest change on that page. The clock is no measure: a change may be older than the look, and its
    # transaction have ended after it. Null in rows of earlier versions: `at` stands in.
    seen = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        constraints = [models.UniqueConstraint(fields=["user", "lead"], name="visit_once")]
        indexes = [models.Index(fields=["lead"], name="visit_lead")]

    def __str__(self) -> str:
        return date_format(timezone.localtime(self.at), "SHORT_DATETIME_FORMAT")
