"""Input shape and cleaning only."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class LinkForm(forms.Form):
    """Which lead a referral belongs to, as people have it. The view says whether the text names a company."""

    domain = forms.CharField(
        label=_("Domain, e-mail or web address"),
        max_length=500,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "off",
                "spellcheck": "false",
                "placeholder": _("company.example"),
            }
        ),
    )
