"""A lead: the company, its last verdict, and whose work it is."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.folding import fold, turkish_sort_key, unicode_name
from leads.models.codes import (
    DmarcPolicy,
    Outcome,
    Priority,
    Provider,
    PushState,
    ReferralState,
    RemoteState,
    Segment,
    SizeSource,
    Source,
    VerdictState,
)

COMPANY_NAME_LENGTH = 4000


SEARCH_TEXT_LENGTH = 600  # an index entry holds 2,700 octets on PostgreSQL


# Rescan rhythm by priority 1-7; hot leads daily, cold ones monthly.
RESCAN_AFTER = {1: 1, 2: 1, 3: 3, 4: 7, 5: 14, 6: 30, 7: 30}  # days


# An unknown is asked again after 15 min, 1 h, 6 h and 24 h, then with the ordinary rescans.
RETRY_AFTER = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))


def _tomorrow() -> datetime:
    return timezone.now() + timedelta(days=1)


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
    def awaits_scan(self) -> bool:
        """A live job is about to look at it; as `LeadQuerySet.unqueued`. Lists load `scan_job` along."""
        return self.scan_job is not None and self.scan_job.state != "failed"

    @property
    def usable_emails(self) -> list[str]:
        """The contacts that may be shown, exported, pushed and spoken of: none after an opt-out."""
        return [] if self.opted_out_at else self.contact_emails

    @property
    def score_is_range(self) -> bool:
        return self.score_low != self.score_high
