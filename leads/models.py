"""The domain's tables.

A Lead is one company known by its registrable domain. Its current verdict is denormalised for lists; what was
seen stands in Scan (append-only), what happened in Event (the timeline).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from leads.folding import fold, turkish_sort_key, unicode_name

COMPANY_NAME_LENGTH = 4000
SEARCH_TEXT_LENGTH = 600  # an index entry holds 2,700 octets on PostgreSQL
# Rescan rhythm by priority 1-7; hot leads daily, cold ones monthly.
RESCAN_AFTER = {1: 1, 2: 1, 3: 3, 4: 7, 5: 14, 6: 30, 7: 30}  # days
# An unknown is asked again after 15 min, 1 h, 6 h and 24 h, then with the ordinary rescans.
RETRY_AFTER = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))


def _tomorrow() -> datetime:
    return timezone.now() + timedelta(days=1)


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")


class Segment(models.TextChoices):
    MIGRATION = "Migration", _("Migration")
    EXISTING = "Existing", _("Existing")
    COLD = "Cold", _("Cold")
    SKIP = "Skip", _("Skip")


class Provider(models.TextChoices):
    M365 = "M365", "Microsoft 365"
    GOOGLE = "Google", "Google Workspace"
    YANDEX = "Yandex", "Yandex 360"
    ZOHO = "Zoho", "Zoho Mail"
    AMAZON = "Amazon", "Amazon"
    SENDGRID = "SendGrid", "SendGrid"
    MAILGUN = "Mailgun", "Mailgun"
    HOSTING = "Hosting", _("Hosting panel")
    LOCAL = "Local", _("Local or own server")
    UNKNOWN = "Unknown", _("Unknown")


class Priority(models.TextChoices):
    """The priority model; labels of scoring-v1 section 10."""

    P1 = "P1", _("High Potential Greenfield")
    P2 = "P2", _("Competitive Takeover")
    P3 = "P3", _("Existing Microsoft but Weak Partner")
    P4 = "P4", _("Renewal Pressure")
    P5 = "P5", _("Low Intent / Long Nurturing")
    P6 = "P6", _("No-Go / Archive")


class Source(models.TextChoices):
    MANUAL = "manual", _("Added by hand")
    IMPORT = "import", _("Import")
    PARTNER_CENTER = "partner_center", _("Partner Center")
    API = "api", _("API")


class VerdictState(models.TextChoices):
    """How sure the stored verdict is. `undetermined`: the last look could not judge; the verdict shown, if
    any, is the one before."""

    NEVER = "never", _("Not scanned yet")
    COMPLETE = "complete", _("Complete")
    PARTIAL = "partial", _("Partial")
    UNDETERMINED = "undetermined", _("Undetermined")


class DmarcPolicy(models.TextChoices):
    """The policy a receiver applies; blank in the database = never known."""

    ABSENT = "absent", _("No DMARC")
    NONE = "none", "p=none"
    QUARANTINE = "quarantine", "p=quarantine"
    REJECT = "reject", "p=reject"


class Outcome(models.TextChoices):
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    NOT_A_FIT = "not_a_fit", _("Not a fit")


class ReferralState(models.TextChoices):
    """The most urgent state among a lead's co-sell referrals; blank in the database = it has none."""

    NEW = "new", _("To answer")
    ACTIVE = "active", _("Active")
    CLOSED = "closed", _("Closed")


class PushState(models.TextChoices):
    """Where the lead stands on its way into Dynamics 365."""

    NOT_PUSHED = "not_pushed", _("Not pushed")
    QUEUED = "queued", _("Queued")
    IN_PROGRESS = "in_progress", _("Pushing")
    SYNCED = "synced", _("Synced")
    PARKED = "parked", _("Needs attention")


class RemoteState(models.TextChoices):
    """What became of the lead in Dynamics 365; blank in the database = it is not there, as far as known."""

    OPEN = "open", _("Open")
    QUALIFIED = "qualified", _("Qualified")
    DISQUALIFIED = "disqualified", _("Disqualified")
    DELETED = "deleted", _("Deleted")


class SizeSource(models.TextChoices):
    """Where the tenant size comes from, weakest first; blank in the database = there is none."""

    MX = "mx", _("Estimate from the mail host")
    REFERRAL = "referral", _("Size band of a referral")
    PERSON = "person", _("Entered by a person")


class Tag(models.Model):
    """A label. `automatic` ones come and go with the scans (scoring-v1 section 13)."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    automatic = models.BooleanField(_("automatic"), default=False, editable=False)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class LeadQuerySet(models.QuerySet["Lead"]):
    def open(self) -> Self:
        """Leads nobody has dismissed."""
        return self.filter(dismissed_at__isnull=True)

    def asleep(self, now: datetime) -> Self:
        """Snoozed leads: until a date, until something changes, or until whichever comes first. Each branch has an
        index of its own that holds snoozed leads only."""
        unchanged = Q(changed_at__isnull=True) | Q(changed_at__lte=F("snoozed_until_change_since"))
        dated = Q(snoozed_until__gt=now) & (Q(snoozed_until_change_since__isnull=True) | unchanged)
        undated = Q(snoozed_until__isnull=True, snoozed_until_change_since__isnull=False) & unchanged
        return self.filter(dated | undated)

    def awake(self, now: datetime) -> Self:
        """Leads that nobody snoozed, whose time is over, or that changed since. Few leads sleep, so naming those keeps
        the list on the index of its order."""
        return self.exclude(pk__in=Lead.objects.asleep(now).values("pk"))

    def search(self, text: str) -> Self:
        """Every word of `text` occurs in the domain, the company name or a contact; letters folded."""
        found = self
        for word in fold(text).split():
            found = found.filter(GreaterThan(StrIndex("search_text", models.Value(word)), 0))
        return found

    def best_first(self) -> Self:
        """Priority 1-7 ascending, then score descending (scoring-v1 section 11)."""
        return self.order_by("priority_score", "-score", "pk")

    def unqueued(self) -> Self:
        """Leads that no live job is about to look at."""
        return self.filter(Q(scan_job__isnull=True) | Q(scan_job__state="failed"))

    def due_for_rescan(self, now: datetime) -> Self:
        return self.open().unqueued().filter(rescan_at__lte=now)

    def due_for_retry(self, now: datetime) -> Self:
        return self.open().unqueued().filter(retry_at__lte=now)

    def never_scanned(self) -> Self:
        return self.filter(verdict_state=VerdictState.NEVER)

    def follow_up_due(self, today: date) -> Self:
        return self.open().filter(follow_up_on__lte=today)


class Lead(models.Model):
    domain = models.CharField(
        _("domain"), max_length=253, unique=True, help_text=_("Registrable domain, lower case, A-labels.")
    )
    company_name = models.CharField(_("company"), max_length=COMPANY_NAME_LENGTH, blank=True)
    name_key = models.CharField(max_length=240, editable=False, blank=True)
    search_text = models.TextField(editable=False, blank=True)
    contact_emails = models.JSONField(_("contact e-mails"), default=list, blank=True)
    city = models.CharField(_("city"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=120, blank=True)
    source = models.CharField(_("source"), max_length=16, choices=Source, default=Source.MANUAL)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_leads",
        verbose_name=_("owner"),
        db_index=False,
    )
    watchers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="watched_leads", verbose_name=_("watchers")
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="leads", verbose_name=_("tags"))
    follow_up_on = models.DateField(_("follow up on"), null=True, blank=True)
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True, blank=True)
    # Asleep until something changes: a change after this time wakes the lead.
    snoozed_until_change_since = models.DateTimeField(_("snoozed until something changes"), null=True, blank=True)
    snoozed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("snoozed by"),
        db_index=False,
    )
    # The company asked not to be contacted.
    opted_out_at = models.DateTimeField(_("contact opt-out"), null=True, blank=True)
    opted_out_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("opt-out noted by"),
        db_index=False,
    )
    opted_out_reason = models.CharField(
        _("reason for the opt-out"), max_length=200, blank=True, default="", db_default=""
    )
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, blank=True)
    dismissed_at = models.DateTimeField(_("dismissed at"), null=True, blank=True)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("dismissed by"),
        db_index=False,
    )
    dismissed_reason = models.CharField(_("reason for dismissal"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("added by"),
        db_index=False,
    )

    import_batch = models.ForeignKey(
        "ImportBatch",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="leads",
        verbose_name=_("import that added it"),
        db_index=False,
    )

    # The current verdict, denormalised for lists. Written by leads.scanning only.
    verdict_state = models.CharField(
        _("verdict"), max_length=12, choices=VerdictState, default=VerdictState.NEVER, editable=False
    )
    undetermined_reason = models.CharField(max_length=40, blank=True, editable=False)
    provider = models.CharField(_("provider"), max_length=12, choices=Provider, blank=True, editable=False)
    mx_provider = models.CharField(max_length=12, blank=True, editable=False)
    local_provider = models.CharField(_("local provider"), max_length=40, blank=True, editable=False)
    gateway = models.CharField(_("gateway"), max_length=60, blank=True, editable=False)
    mail_service = models.CharField(_("mail service"), max_length=80, blank=True, editable=False)
    segment = models.CharField(_("segment"), max_length=12, choices=Segment, blank=True, editable=False)
    score = models.SmallIntegerField(_("score"), null=True, editable=False)
    score_low = models.SmallIntegerField(_("lowest score"), null=True, editable=False)
    score_high = models.SmallIntegerField(_("highest score"), null=True, editable=False)
    confidence = models.SmallIntegerField(_("confidence"), null=True, editable=False, help_text=_("Percent."))
    priority_category = models.CharField(_("priority"), max_length=2, choices=Priority, blank=True, editable=False)
    priority_score = models.SmallIntegerField(_("priority 1-7"), default=8, editable=False)
    technical_heat = models.CharField(_("technical heat"), max_length=8, blank=True, editable=False)
    commercial_heat = models.CharField(_("commercial heat"), max_length=8, blank=True, editable=False)
    commercial_segment = models.CharField(_("commercial segment"), max_length=16, blank=True, editable=False)
    tenant_size = models.CharField(_("tenant size"), max_length=8, blank=True, editable=False)
    tenant_size_source = models.CharField(
        _("source of the tenant size"), max_length=12, choices=SizeSource, blank=True, editable=False
    )
    mx_root = models.CharField(_("domain of the mail host"), max_length=253, blank=True, editable=False)
    has_spf = models.BooleanField("SPF", null=True, editable=False)
    has_dkim = models.BooleanField("DKIM", null=True, editable=False)
    dmarc_policy = models.CharField("DMARC", max_length=12, choices=DmarcPolicy, blank=True, editable=False)
    dmarc_coverage = models.SmallIntegerField(null=True, editable=False)
    microsoft_hints = models.BooleanField(_("Microsoft services seen"), default=False, editable=False)
    expires_on = models.DateField(_("domain expires on"), null=True, blank=True, editable=False)
    # The expiry date that was told to be near, so that it is told once, whoever notices it.
    expiry_told = models.DateField(null=True, editable=False)
    rules_version = models.CharField(_("rules version"), max_length=12, blank=True, editable=False)
    scanned_at = models.DateTimeField(_("scanned"), null=True, editable=False)
    changed_at = models.DateTimeField(_("changed"), null=True, editable=False)

    # What the rooms above know about this lead, denormalised for lists and for each other. Written by
    # services.note_referrals and services.note_pushes only.
    referral_count = models.PositiveSmallIntegerField(_("referrals"), default=0, editable=False)
    referral_state = models.CharField(
        _("referral"), max_length=8, choices=ReferralState, blank=True, default="", editable=False
    )
    referral_deadline = models.DateTimeField(_("answer by"), null=True, editable=False)
    # Of the most urgent referral: its id in Partner Center and its category there.
    referral_remote_id = models.CharField(max_length=100, blank=True, default="", editable=False)
    referral_category = models.CharField(max_length=16, blank=True, default="", editable=False)
    # small, medium or large by the customer's size band in its referrals; "" = none says.
    referral_size = models.CharField(max_length=8, blank=True, default="", editable=False)
    push_state = models.CharField(
        "Dynamics 365", max_length=12, choices=PushState, default=PushState.NOT_PUSHED, editable=False
    )
    remote_state = models.CharField(
        _("state in Dynamics 365"), max_length=12, choices=RemoteState, blank=True, default="", editable=False
    )

    # Work to do: the job that will scan this lead, and when the clock asks for the next look.
    scan_job = models.ForeignKey(
        "jobs.Job", models.SET_NULL, null=True, editable=False, related_name="+", db_index=False
    )
    # A lead whose first scan was cancelled or never queued is looked at by the clock a day later.
    rescan_at = models.DateTimeField(_("next scan"), null=True, editable=False, default=_tomorrow)
    retry_at = models.DateTimeField(null=True, editable=False)
    retry_count = models.SmallIntegerField(default=0, editable=False)

    objects = LeadQuerySet.as_manager()

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        permissions = [
            ("scan_lead", _("Can rescan leads")),
            ("import_leads", _("Can import company lists")),
            ("bulk_change_leads", _("Can change many leads at once")),
            ("export_leads", _("Can export leads")),
        ]
        constraints = [
            models.CheckConstraint(
                name="lead_domain_is_lower_a_label", condition=Q(domain__regex=r"^[a-z0-9.-]+\.[a-z0-9-]+$")
            ),
            models.CheckConstraint(
                name="lead_score_in_range", condition=Q(score__isnull=True) | Q(score__gte=0, score__lte=100)
            ),
        ]
        indexes = [
            # Lists show open leads; each offered filter and sort has a partial index in the default order.
            *(
                models.Index(
                    *(F(name) for name in (*columns, "priority_score")),
                    F("score").desc(),
                    F("id"),
                    F("dismissed_at"),  # always NULL here; with it SQLite counts from the index alone
                    # A search and a choice of segments read no more than this index.
                    *((F("segment"), F("search_text")) if label == "all" else ()),
                    name=f"lead_{label}_best",
                    condition=Q(dismissed_at__isnull=True),
                )
                for label, columns in {
                    "all": (),
                    "segment": ("segment",),
                    "provider": ("provider",),
                    "category": ("priority_category",),
                    "owner": ("owner_id",),
                    "dmarc": ("dmarc_policy",),
                    "spf": ("has_spf",),
                    "dkim": ("has_dkim",),
                    "state": ("verdict_state",),
                    "source": ("source",),
                    "gateway": ("gateway",),
                    "referral": ("referral_state",),
                    "push": ("push_state",),
                }.items()
            ),
            *(
                models.Index(
                    F(name).desc(), F("id"), name=f"lead_by_{name[:16]}", condition=Q(dismissed_at__isnull=True)
                )
                for name in ("score", "changed_at", "scanned_at", "created_at", "expires_on", "follow_up_on")
            ),
            models.Index(
                F("referral_deadline"), F("id"), name="lead_by_deadline", condition=Q(dismissed_at__isnull=True)
            ),
            models.Index(F("name_key"), F("id"), name="lead_by_name", condition=Q(dismissed_at__isnull=True)),
            models.Index(F("domain"), F("id"), name="lead_by_domain", condition=Q(dismissed_at__isnull=True)),
            models.Index(F("dismissed_at"), name="lead_dismissed", condition=Q(dismissed_at__isnull=False)),
            models.Index(F("import_batch"), name="lead_import_batch", condition=Q(import_batch__isnull=False)),
            models.Index(F("scan_job"), F("id"), name="lead_scan_queue", condition=Q(scan_job__isnull=False)),
            models.Index(F("rescan_at"), name="lead_rescan_at", condition=Q(rescan_at__isnull=False)),
            models.Index(F("retry_at"), name="lead_retry_at", condition=Q(retry_at__isnull=False)),
            models.Index(F("snoozed_until"), name="lead_snoozed", condition=Q(snoozed_until__isnull=False)),
            models.Index(
                F("snoozed_until_change_since"),
                name="lead_snoozed_change",
                condition=Q(snoozed_until_change_since__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.domain

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.set_search_keys()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("leads:detail", args=[self.domain])

    def set_search_keys(self) -> None:
        """`bulk_create` and `bulk_update` do not call `save`; they call this."""
        names = list(dict.fromkeys([self.domain, self.shown_domain]))
        shown = " ".join([*names, self.company_name[:200], self.city, *self.usable_emails[:5]])
        self.search_text = fold(shown)[:SEARCH_TEXT_LENGTH]
        self.name_key = turkish_sort_key(self.title)

    @property
    def shown_domain(self) -> str:
        """The name as people write it: Turkish letters instead of A-labels."""
        return unicode_name(self.domain)

    @property
    def title(self) -> str:
        return self.company_name or self.shown_domain

    @property
    def usable_emails(self) -> list[str]:
        """The contacts that may be shown, exported, pushed and spoken of: none after an opt-out."""
        return [] if self.opted_out_at else self.contact_emails

    @property
    def score_is_range(self) -> bool:
        return self.score_low != self.score_high


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
        return f"{self.lead}, {_moment(self.created_at)}"


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
        return f"{self.get_kind_display()}, {_moment(self.at)}"


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


class SavedView(models.Model):
    """A named filter of the lead list: the query part of its URL."""

    name = models.CharField(_("name"), max_length=80)
    query = models.CharField(_("query"), max_length=1000)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("owner"))
    shared = models.BooleanField(_("shared with everyone"), default=False)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_view_name_per_owner")]

    def __str__(self) -> str:
        return self.name


class ViewTab(models.Model):
    """A saved view that a person keeps above the lead list; at most one of them opens by itself."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    view = models.ForeignKey(SavedView, models.CASCADE, related_name="tabs", verbose_name=_("saved view"))
    opens = models.BooleanField(_("opens by itself"), default=False)

    class Meta:
        verbose_name = _("tab of the lead list")
        verbose_name_plural = _("tabs of the lead list")
        constraints = [
            models.UniqueConstraint(fields=["user", "view"], name="view_tab_once"),
            models.UniqueConstraint(fields=["user"], name="view_opens_once", condition=Q(opens=True)),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.view_id}"


class BulkAction(models.Model):
    """One change of many leads. Which leads is settled when a person looks at the preview: `leads` holds their keys,
    so that "all 1,284" stays those 1,284, whatever happens to the filter meanwhile."""

    class Kind(models.TextChoices):
        ASSIGN = "assign", _("Assign")
        TAG = "tag", _("Add a tag")
        UNTAG = "untag", _("Remove a tag")
        SNOOZE = "snooze", _("Snooze")
        DISMISS = "dismiss", _("Dismiss")
        RESCAN = "rescan", _("Scan again")

    class State(models.TextChoices):
        DRAFT = "draft", _("Waiting for your check")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.DRAFT)
    query = models.CharField(_("query"), max_length=4000, blank=True)
    leads = models.JSONField(_("leads"), default=list, help_text=_("Keys, ascending."))
    total = models.PositiveIntegerField(_("leads"), default=0)
    params = models.JSONField(_("parameters"), default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("time"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("undone by")
    )
    job = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, related_name="+", verbose_name=_("job"))

    class Meta:
        verbose_name = _("bulk action")
        verbose_name_plural = _("bulk actions")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.total})"

    def get_absolute_url(self) -> str:
        return reverse("leads:bulk_action", args=[self.pk])

    @property
    def can_be_undone(self) -> bool:
        return self.kind != self.Kind.RESCAN


class BulkRow(models.Model):
    """What became of one lead in a bulk action, and what it was before."""

    class Result(models.TextChoices):
        CHANGED = "changed", pgettext_lazy("result", "Changed")
        SAME = "same", _("It was so already")
        GONE = "gone", _("Deleted meanwhile")
        UNDONE = "undone", _("Undone")
        LEFT = "left", _("Changed since; left as it is")

    action = models.ForeignKey(BulkAction, models.CASCADE, related_name="rows", db_index=False)
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(_("domain"), max_length=253)
    result = models.CharField(_("result"), max_length=8, choices=Result)
    old = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("lead of a bulk action")
        verbose_name_plural = _("leads of bulk actions")
        indexes = [models.Index(fields=["action", "result", "id"], name="bulk_row_result")]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_result_display()}"


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


class SourceState(models.Model):
    """How the hosts of one kind of outside facts were treated so far (signals.politeness), from one job to the next."""

    name = models.CharField(max_length=40, unique=True)
    state = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("state of a source")
        verbose_name_plural = _("states of sources")

    def __str__(self) -> str:
        return self.name


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
        return f"{self.user_id} {self.lead_id}"


class Preference(models.Model):
    """What a person chose once for every machine: the language of pages and e-mails."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="preference", verbose_name=_("user")
    )
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="tr")

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return f"{self.user}: {self.get_language_display()}"


class DigestSetting(models.Model):
    """How a person hears about alerts by e-mail, in the language of their `Preference`."""

    class Rhythm(models.TextChoices):
        OFF = "off", _("No e-mail")
        IMMEDIATE = "immediate", _("At once")
        DAILY = "daily", _("Once a day")

    class Doubt(models.TextChoices):
        """Why nobody knows whether an e-mail arrived."""

        STOPPED = "stopped", _("The worker was stopped while it was sending.")
        SILENT = "silent", _("The mail server broke off while it was taking it.")
        REFUSED = "refused", _("The mail server refused it for good.")
        ADDRESS = "address", _("No e-mail can be written to the address of your account; correct it.")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="digest", verbose_name=_("user"))
    rhythm = models.CharField(_("rhythm"), max_length=10, choices=Rhythm, default=Rhythm.OFF)
    own_leads_only = models.BooleanField(_("only my leads and those I watch"), default=True)
    # Alerts up to this key were sent or deliberately left out.
    sent_to = models.BigIntegerField(default=0, editable=False)
    sent_at = models.DateTimeField(_("last e-mail"), null=True, editable=False)
    # What e-mails of one local day told of: {"on": "2026-03-04", "leads": [keys]}.
    told = models.JSONField(default=dict, editable=False)
    # Written before an e-mail is handed over and taken back when the server has it: what is killed in between stays.
    doubt = models.CharField(
        _("why an e-mail may be missing"), max_length=8, choices=Doubt, blank=True, default="", editable=False
    )
    doubt_since = models.DateTimeField(_("an e-mail may be missing since"), null=True, editable=False)

    class Meta:
        verbose_name = _("e-mail digest")
        verbose_name_plural = _("e-mail digests")

    def __str__(self) -> str:
        return f"{self.user}: {self.get_rhythm_display()}"
