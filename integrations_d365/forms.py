"""Input shape and cleaning only."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib.auth.models import User
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from leads.list_query import LeadQuery
from leads.models import SavedView


class SavedViewForm(forms.Form):
    """A name for a filter of the lead list. `address` is cleaned into the query part of its URL."""

    name = forms.CharField(label=_("Name"), max_length=80)
    address = forms.CharField(
        label=_("Address of the filtered lead list"),
        help_text=_("Filter the lead list, copy the address from the browser and paste it here."),
        max_length=1000,
        widget=forms.TextInput(attrs={"placeholder": "/leads/?segment=Migration", "spellcheck": "false"}),
    )
    shared = forms.BooleanField(label=_("Shared with everyone"), required=False, initial=True)

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._owner = owner

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if SavedView.objects.filter(owner=self._owner, name=name).exists():
            raise forms.ValidationError(_("You have a saved view of this name already."))
        return name

    def clean_address(self) -> str:
        text: str = self.cleaned_data["address"]
        found = LeadQuery.from_url(QueryDict(urlsplit(text).query if "?" in text else text))
        if not found.is_filtered:
            raise forms.ValidationError(_("This address holds no filter of the lead list."))
        return found.saved_as()

    def save(self) -> SavedView:
        cleaned = self.cleaned_data
        return SavedView.objects.create(
            owner=self._owner, name=cleaned["name"], query=cleaned["address"], shared=cleaned["shared"]
        )
