"""How a person wants Hunter to be."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


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
