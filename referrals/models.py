"""Co-sell referrals of Partner Center as this installation knows them.

A Referral is a snapshot of the remote row, written by the sync only. What people decide about it (which lead it
belongs to) stands in ReferralLink, which the sync never overwrites. Rows that cannot be read are in Quarantine; every
run of the sync leaves a SyncRun whose counts balance.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from leads.models import Lead

TEXT_LENGTH = 400  # names are cut here for columns; the raw JSON keeps all of it
CODE_LENGTH = 60  # enums are stored as they come, known or not
NO_DEADLINE: Final = datetime(9999, 12, 31, tzinfo=UTC)
# The shortest time left first, then the newest; the columns of an index.
BY_DEADLINE: Final = ("deadline_order", "-source_stamp", "pk")


class Status(models.TextChoices):
    """The states of the fact sheet, section 2.1; any other value is stored and shown as it came."""

    NEW = "New", _("New")
    ACTIVE = "Active", _("Active")
    CLOSED = "Closed", _("Closed")


class Substatus(models.TextChoices):
    PENDING = "Pending", _("Pending")
    RECEIVED = "Received", _("Received")
    ACCEPTED = "Accepted", _("Accepted")
    WON = "Won", _("Won")
    LOST = "Lost", _("Lost")
    DECLINED = "Declined", _("Declined")
    EXPIRED = "Expired", _("Expired")


class Category(models.TextChoices):
    """From type, qualification and inviter (fact sheet, section 2.2)."""

    CO_SELL = "co_sell", _("Co-sell opportunity")
    QUALIFIED = "qualified", _("Qualified lead")
    MARKETPLACE = "marketplace", _("Marketplace lead")
    UNCLASSIFIED = "unclassified", _("Unclassified")


class ReferralQuerySet(models.QuerySet["Referral"]):
    def open(self) -> Self:
        """Everything that is not closed, unknown states included."""
        return self.exclude(status=Status.CLOSED)

    def light(self) -> Self:
        """Without what only the page of one referral shows."""
        return self.defer("raw", "search_text", "candidates", "oddities")

    def unanswered(self) -> Self:
        """Those whose clock runs."""
        return self.filter(deadline_at__isnull=False)

    def by_deadline(self) -> Self:
        """The shortest time left first, then the newest."""
        return self.order_by(*BY_DEADLINE)


class Referral(models.Model):
    """One row of the Referrals API. Every column but the last three is parsed from `raw`."""

    remote_id = models.CharField(_("referral id"), max_length=100, unique=True)
    engagement_id = models.CharField(_("engagement id"), max_length=100, blank=True)
    name = models.CharField(_("name"), max_length=TEXT_LENGTH, blank=True)
    status = models.CharField(_("status"), max_length=CODE_LENGTH, blank=True)
    substatus = models.CharField(_("substatus"), max_length=CODE_LENGTH, blank=True)
    type = models.CharField(_("type"), max_length=CODE_LENGTH, blank=True)
    qualification = models.CharField(_("qualification"), max_length=CODE_LENGTH, blank=True)
    direction = models.CharField(_("direction"), max_length=CODE_LENGTH, blank=True)
    category = models.CharField(_("category"), max_length=16, choices=Category, default=Category.UNCLASSIFIED)
    organization_name = models.CharField(_("organisation"), max_length=TEXT_LENGTH, blank=True)
    customer_name = models.CharField(_("customer"), max_length=TEXT_LENGTH, blank=True)
    customer_city = models.CharField(_("city"), max_length=120, blank=True)
    customer_country = models.CharField(_("country"), max_length=120, blank=True)
    customer_size = models.CharField(_("size"), max_length=CODE_LENGTH, blank=True)
    deal_value = models.DecimalField(_("deal value"), max_digits=20, decimal_places=4, null=True)
    currency = models.CharField(_("currency"), max_length=8, blank=True, help_text=_("Blank = unknown."))
    closing_at = models.DateTimeField(_("closing date"), null=True)
    remote_created_at = models.DateTimeField(_("created"), null=True)
    remote_updated_at = models.DateTimeField(_("updated"), null=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    expires_at = models.DateTimeField(_("expires"), null=True)
    # Until when somebody has to answer; NULL once it is answered or closed.
    deadline_at = models.DateTimeField(_("answer by"), null=True)
    # `deadline_at`, or the end of time: one column that sorts alike on every database.
    deadline_order = models.DateTimeField(default=NO_DEADLINE, editable=False)
    search_text = models.TextField(blank=True, editable=False)
    name_key = models.CharField(max_length=240, blank=True, editable=False)
    # E-mail domains of the customer's people, each with why it may or may not be the company's.
    candidates = models.JSONField(_("domain candidates"), default=list)
    # What was unusual about the row: keys of messages.ODDITIES.
    oddities = models.JSONField(_("oddities"), default=list)

    raw = models.TextField(_("raw JSON"))
    content_hash = models.CharField(max_length=64)
    etag = models.CharField("eTag", max_length=200, blank=True)
    # updatedDateTime with exactly seven fraction digits, so that text order is time order; "" = none came.
    source_stamp = models.CharField(_("source timestamp"), max_length=40, blank=True)
    first_seen_at = models.DateTimeField(_("first seen"), default=timezone.now)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    # When it was last asked for by itself, because a full pass had not seen it.
    asked_at = models.DateTimeField(null=True, editable=False)
    # Neither in the last complete pass nor readable by itself. Never deleted; cleared when it comes back.
    not_visible_since = models.DateTimeField(_("not visible since"), null=True)

    objects = ReferralQuerySet.as_manager()

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        permissions = [
            ("link_referral", _("Can link referrals to leads")),
            ("sync_referrals", _("Can start the sync")),
            ("connect_partner_center", _("Can sign in to Partner Center")),
            ("view_raw_referral", _("Can see the raw data of referrals")),
        ]
        indexes = [
            models.Index(F("deadline_at"), name="referral_unanswered", condition=Q(deadline_at__isnull=False)),
            models.Index(F("deadline_order"), F("source_stamp").desc(), F("id"), name="referral_by_deadline"),
            models.Index(F("status"), F("deadline_order"), F("id"), name="referral_by_status"),
            models.Index(F("category"), F("deadline_order"), F("id"), name="referral_by_category"),
            models.Index(F("source_stamp").desc(), F("id"), name="referral_by_update"),
            models.Index(F("deal_value").desc(), F("id"), name="referral_by_value"),
            models.Index(F("name_key"), F("id"), name="referral_by_name"),
            models.Index(F("engagement_id"), name="referral_engagement", condition=~Q(engagement_id="")),
            models.Index(F("last_seen_at"), name="referral_last_seen"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("referrals:detail", args=[self.pk])

    @property
    def title(self) -> str:
        return self.customer_name or self.name or self.remote_id

    @property
    def payload(self) -> dict[str, Any]:
        """The row as it came; half a surrogate pair, which no page can show, as a question mark."""
        whole = json.dumps(json.loads(self.raw), ensure_ascii=False).encode("utf-8", "replace")
        row: dict[str, Any] = json.loads(whole)
        return row

    @property
    def is_closed(self) -> bool:
        return self.status == Status.CLOSED


class ReferralLink(models.Model):
    """Which lead a referral belongs to. The sync fills it in once; what a person decided stays for good."""

    class State(models.TextChoices):
        LINKED = "linked", _("Linked")
        SEVERAL = "several", _("Several domains")
        NEEDS_DOMAIN = "needs_domain", _("Needs a domain")
        UNLINKED = "unlinked", _("Unlinked by a person")

    class How(models.TextChoices):
        EMAIL = "email", _("By the customer's e-mail addresses")
        PERSON = "person", _("By a person")

    referral = models.OneToOneField(Referral, models.CASCADE, related_name="link", verbose_name=_("referral"))
    lead = models.ForeignKey(
        Lead, models.SET_NULL, null=True, blank=True, related_name="referral_links", verbose_name=_("lead")
    )
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.NEEDS_DOMAIN)
    how = models.CharField(_("how"), max_length=8, choices=How, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("referral link")
        verbose_name_plural = _("referral links")
        indexes = [models.Index(fields=["state", "referral"], name="referral_link_state")]

    def __str__(self) -> str:
        return f"{self.referral}: {self.lead or self.get_state_display()}"

    @property
    def is_waiting(self) -> bool:
        """Whether somebody has to name the domain."""
        return self.state in WAITING


WAITING = (ReferralLink.State.SEVERAL, ReferralLink.State.NEEDS_DOMAIN)


class SyncRun(models.Model):
    """One run of the sync. `fetched = created + updated + unchanged + quarantined` at any moment, because the counts
    are written in the transaction that stores the page."""

    class Mode(models.TextChoices):
        INCREMENTAL = "incremental", _("Changes")
        FULL = "full", _("Everything")

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        PAUSED = "paused", _("Goes on with the next run")
        THROTTLED = "throttled", _("Throttled")
        NEEDS_SIGN_IN = "needs_sign_in", _("Needs sign-in")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    mode = models.CharField(_("mode"), max_length=12, choices=Mode)
    state = models.CharField(_("state"), max_length=14, choices=State, default=State.RUNNING)
    job = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, related_name="+", verbose_name=_("job"))
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("started by")
    )
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True)
    fetched = models.PositiveIntegerField(_("fetched"), default=0)
    created = models.PositiveIntegerField(_("new rows"), default=0)
    updated = models.PositiveIntegerField(_("changed rows"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    quarantined = models.PositiveIntegerField(_("quarantined"), default=0)
    linked = models.PositiveIntegerField(_("linked"), default=0)
    needs_domain = models.PositiveIntegerField(_("need a domain"), default=0)
    not_visible = models.PositiveIntegerField(_("not visible any more"), default=0)
    pages = models.PositiveIntegerField(_("pages"), default=0)
    requests = models.PositiveIntegerField(_("requests"), default=0)
    # The newest requests: [client request id, remote request id, HTTP status or null].
    request_ids = models.JSONField(_("request ids"), default=list)
    watermark_from = models.CharField(_("from"), max_length=40, blank=True)
    watermark_to = models.CharField(_("to"), max_length=40, blank=True)
    error_category = models.CharField(_("error category"), max_length=12, blank=True)
    error_code = models.CharField(_("error code"), max_length=100, blank=True)
    error_detail = models.CharField(_("technical detail"), max_length=400, blank=True)

    class Meta:
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        indexes = [models.Index(F("started_at").desc(), F("id").desc(), name="sync_run_recent")]

    def __str__(self) -> str:
        started = date_format(timezone.localtime(self.started_at), "SHORT_DATETIME_FORMAT")
        return f"{self.get_mode_display()}, {started}"

    def get_absolute_url(self) -> str:
        return reverse("referrals:run", args=[self.pk])

    @property
    def balances(self) -> bool:
        return self.fetched == self.created + self.updated + self.unchanged + self.quarantined

    @property
    def seconds(self) -> float | None:
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at else None


class Quarantine(models.Model):
    """A row that could not be read at all; the sync went on without it."""

    content_hash = models.CharField(max_length=64, unique=True)
    remote_id = models.CharField(_("referral id"), max_length=100, blank=True)
    raw = models.TextField(_("raw JSON"))
    reason = models.CharField(_("reason"), max_length=40, help_text=_("A key of messages.QUARANTINE."))
    first_seen_at = models.DateTimeField(_("first seen"), default=timezone.now)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("resolved by"),
    )

    class Meta:
        verbose_name = _("unreadable row")
        verbose_name_plural = _("unreadable rows")
        indexes = [models.Index(F("last_seen_at").desc(), name="quarantine_recent")]

    def __str__(self) -> str:
        return self.remote_id or self.content_hash[:12]


class SignIn(models.Model):
    """The one sign-in that all workers share. Tokens and running flows are encrypted; nothing here is readable
    without HUNTER_TOKEN_KEY."""

    class State(models.TextChoices):
        NONE = "none", _("Not signed in")
        OK = "ok", _("Signed in")
        REAUTH_REQUIRED = "reauth_required", _("Sign-in needed again")

    class Method(models.TextChoices):
        DEVICE_CODE = "device_code", _("Code on another page")
        BROWSER = "browser", _("In the browser")

    state = models.CharField(_("state"), max_length=16, choices=State, default=State.NONE)
    method = models.CharField(_("method"), max_length=12, choices=Method, blank=True)
    cache = models.TextField(blank=True, editable=False)
    account_name = models.CharField(_("account"), max_length=320, blank=True)
    home_account_id = models.CharField(max_length=200, blank=True, editable=False)
    signed_in_at = models.DateTimeField(_("signed in"), null=True)
    signed_in_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("signed in by")
    )
    # The refresh token lives 90 days from its last use (fact sheet, section 3.2).
    expires_at = models.DateTimeField(_("valid until"), null=True)
    last_ok_at = models.DateTimeField(_("last token"), null=True)
    reason = models.CharField(_("reason"), max_length=30, blank=True, help_text=_("A key of messages.SIGN_IN."))
    error_code = models.CharField(_("error code"), max_length=40, blank=True)
    request_id = models.CharField(_("request id"), max_length=100, blank=True)
    failed_at = models.DateTimeField(_("failed"), null=True)

    flow = models.TextField(blank=True, editable=False)
    user_code = models.CharField(max_length=40, blank=True, editable=False)
    verification_uri = models.CharField(max_length=300, blank=True, editable=False)
    flow_expires_at = models.DateTimeField(null=True, editable=False)
    next_poll_at = models.DateTimeField(null=True, editable=False)
    flow_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False)

    class Meta:
        verbose_name = _("Partner Center sign-in")
        verbose_name_plural = _("Partner Center sign-ins")

    def __str__(self) -> str:
        return self.account_name or self.get_state_display()

    @classmethod
    def get(cls) -> SignIn:
        """The one row."""
        return cls.objects.get_or_create(pk=1)[0]

    def has_flow(self, now: datetime) -> bool:
        """Whether a code waits to be entered."""
        return bool(self.flow) and self.flow_expires_at is not None and self.flow_expires_at > now


class SyncCursor(models.Model):
    """Where the sync stands; one row, written in the transaction that stores a page. The pass for changes and the full
    pass have a place each, so that one never waits for the other."""

    # Everything up to this source timestamp was read; "" = nothing yet.
    watermark = models.CharField(_("read up to"), max_length=40, blank=True)

    # The pass for changes that is under way.
    changes_under_way = models.BooleanField(_("reading changes"), default=False)
    next_query = models.TextField(blank=True)  # of the link to its next page
    pass_from = models.CharField(max_length=40, blank=True)
    newest_in_pass = models.CharField(max_length=40, blank=True)
    # A page came out of order: the watermark does not move before the pass is complete.
    out_of_order = models.BooleanField(default=False)
    # The link to the next page had expired: go on from here, without overlap.
    resume_from = models.CharField(max_length=40, blank=True)
    # The server refused $filter on updatedDateTime; every pass then reads all pages, until the next full pass.
    filter_refused = models.BooleanField(_("filter by time refused"), default=False)

    # The full pass that is wanted or under way.
    full_wanted = models.BooleanField(_("full pass wanted"), default=False)
    full_started_at = models.DateTimeField(_("full pass started"), null=True)
    full_next_query = models.TextField(blank=True)
    # All its pages are read; what they did not hold is asked for one by one.
    full_verifying = models.BooleanField(default=False)
    full_failures = models.PositiveSmallIntegerField(_("failures of the full pass"), default=0)

    run = models.ForeignKey(SyncRun, models.SET_NULL, null=True, related_name="+")
    not_before = models.DateTimeField(_("not before"), null=True)
    failures = models.PositiveSmallIntegerField(_("failures"), default=0)
    last_success_at = models.DateTimeField(_("last success"), null=True)
    last_full_at = models.DateTimeField(_("last full pass"), null=True)
    sign_in = models.ForeignKey(SignIn, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("state of the sync")
        verbose_name_plural = _("state of the sync")

    def __str__(self) -> str:
        return self.watermark or "–"

    @classmethod
    def get(cls) -> SyncCursor:
        """The one row, with its sign-in and its last run."""
        found = cls.objects.select_related("sign_in", "run").filter(pk=1).first()
        return found or cls.objects.get_or_create(pk=1, defaults={"sign_in": SignIn.get()})[0]
