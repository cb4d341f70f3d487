"""Input shape and cleaning only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from leads.company_list.header import Role
from leads.company_list.rows import Preview
from leads.models import COMPANY_NAME_LENGTH, ImportBatch

UPLOAD_LIMIT = 100 * 1024 * 1024  # bytes


class AddForm(forms.Form):
    text = forms.CharField(
        label=_("Domains, e-mail or web addresses"),
        help_text=_("One or many, as you have them: one a line, or separated by blanks, commas or semicolons."),
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 5, "autofocus": True, "spellcheck": "false", "autocapitalize": "off"}),
    )
    company_name = forms.CharField(
        label=_("Company name"), help_text=_("Used when you add a single domain."), required=False, max_length=300
    )


class NoteForm(forms.Form):
    text = forms.CharField(label=_("Note"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 3}))


class TagsForm(forms.Form):
    tags = forms.CharField(label=_("Tags"), help_text=_("Separated by commas."), required=False, max_length=1000)

    def clean_tags(self) -> list[str]:
        return [name.strip() for name in self.cleaned_data["tags"].split(",") if name.strip()][:20]


class OwnerForm(forms.Form):
    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=User.objects.filter(is_active=True), required=False, empty_label=_("Nobody")
    )


class FollowUpForm(forms.Form):
    on = forms.DateField(label=_("Follow up on"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))


class NameForm(forms.Form):
    company_name = forms.CharField(label=_("Company name"), required=False, max_length=COMPANY_NAME_LENGTH)


class DismissForm(forms.Form):
    reason = forms.CharField(label=_("Reason (optional)"), required=False, max_length=200)


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("Company list"), help_text=_("CSV, TSV or XLSX, up to 100 MB."), max_length=255, allow_empty_file=False
    )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > UPLOAD_LIMIT:
            raise forms.ValidationError(_("The file is larger than 100 MB. Split it and import the parts."))
        return file


class MappingForm(forms.Form):
    """What each column means, who owns the new leads, and whether they are scanned."""

    owner = forms.ModelChoiceField(
        label=_("Owner of new leads"),
        queryset=User.objects.filter(is_active=True),
        required=False,
        empty_label=_("Nobody"),
    )
    scan_after = forms.BooleanField(label=_("Scan new leads right away"), required=False)

    def __init__(self, *args: Any, preview: Preview, batch: ImportBatch, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"owner": batch.owner_id, "scan_after": batch.scan_after})
        super().__init__(*args, **kwargs)
        self.preview, self.batch = preview, batch
        for column in preview.columns:
            self.fields[f"column_{column.index}"] = forms.ChoiceField(
                label=column.title or _("Column %(number)d") % {"number": column.index + 1},
                choices=[(role.value, role.label) for role in Role],
                initial=column.role,
                required=False,
            )

    def columns(self) -> list[tuple[Any, forms.BoundField]]:
        """Each column of the preview with its field."""
        return [(column, self[f"column_{column.index}"]) for column in self.preview.columns]

    def save(self) -> None:
        self.batch.columns = {
            str(column.index): self.cleaned_data[f"column_{column.index}"] for column in self.preview.columns
        }
        self.batch.header_row = self.preview.header_row
        self.batch.owner = self.cleaned_data["owner"]
        self.batch.scan_after = self.cleaned_data["scan_after"]
        self.batch.save(update_fields=["columns", "header_row", "owner", "scan_after"])
