"""The codes of a lead and of what happens to it, with their words."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


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
