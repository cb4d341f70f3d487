"""Input shape and cleaning only."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads import tags
from leads.company_list.header import DOMAIN_ROLES, Role
from leads.company_list.messages import DELIMITERS as delimiter_names
from leads.company_list.messages import ENCODINGS as encoding_names
from leads.company_list.rows import Preview
from leads.company_list.tables import MAX_ROWS
from leads.company_list.text_table import ENCODINGS
from leads.importing import delimiter_code
from leads.models import (
    BulkAction,
    DigestSetting,
    ImportBatch,
    Outcome,
    Override,
    Provider,
    SavedView,
    Tag,
)

UPLOAD_LIMIT = 100 * 1024 * 1024  # bytes
PASTE_LIMIT = 1_000_000  # characters; far more than 10,000 lines
SHOWN_CELLS = 6  # of a row of the file as it is
NAME_LENGTH: Final = 300  # characters of a company's name that a person enters; an import may bring a longer one


class OneLine(forms.CharField):
    """A name. Browsers send one line; whatever else comes is put into one."""

    def to_python(self, value: Any) -> Any:
        return " ".join((super().to_python(value) or "").split())


class AddForm(forms.Form):
    text = forms.CharField(
        label=_("Domains, e-mail or web addresses"),
        help_text=_("One or many, as you have them: one per line, or separated by blanks, commas or semicolons."),
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 5, "autofocus": True, "spellcheck": "false", "autocapitalize": "off"}),
    )
    company_name = OneLine(
        label=_("Company name"),
        help_text=_("Used when you add a single domain."),
        required=False,
        max_length=NAME_LENGTH,
    )


class NoteForm(forms.Form):
    text = forms.CharField(label=_("Note"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 3}))


def _seen() -> forms.CharField:
    """What the page showed when it was made."""
    return forms.CharField(required=False, widget=forms.HiddenInput)


def _day(label: Any, *, required: bool = False) -> forms.DateField:
    return forms.DateField(label=label, required=required, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))


_SATURDAY: Final = 5  # of date.weekday()
PRESETS: Final = (("tomorrow", _("Tomorrow")), ("week", _("Next week")), ("month", _("In a month")))


def day_of(preset: str, today: date) -> date:
    """The day a button means: `week` is the next Monday, `month` the same day a month on, or the last one it has; of a
    weekend the Monday after."""
    if preset == "tomorrow":
        return today + timedelta(days=1)
    if preset == "week":
        return today + timedelta(days=7 - today.weekday())
    year, month = today.year + today.month // 12, today.month % 12 + 1
    day = date(year, month, min(today.day, monthrange(year, month)[1]))
    return day + timedelta(days=7 - day.weekday()) if day.weekday() >= _SATURDAY else day


def _preset() -> forms.ChoiceField:
    """A button that stands for a date and wins over the date field."""
    return forms.ChoiceField(choices=PRESETS, required=False, widget=forms.HiddenInput)


class OwnerField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return str(obj) if obj.is_active else gettext("%(person)s (no longer active)") % {"person": obj}


class WorkForm(forms.Form):
    """A seller's daily work on a lead. What the page showed of each field comes along as its `…_seen`."""

    VALUES: Final = ("owner", "on", "tags")

    owner_seen = _seen()
    on_seen = _seen()
    tags_seen = _seen()
    preset = _preset()
    owner = OwnerField(label=_("Owner"), queryset=User.objects.none(), required=False, empty_label=_("Nobody"))
    on = _day(_("Follow up on"))
    tags = forms.CharField(label=_("Tags"), help_text=_("Separated by commas."), required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        owner: User | None = None,
        initial: dict[str, Any] | None = None,
        people: Sequence[User] | None = None,
    ) -> None:
        """`owner`: the present one. They stay a choice when they are no longer active, as does whom the page showed.
        `people`: who they all are, if the caller has read them already."""
        super().__init__(data, initial=initial)
        seen = self.data.get("owner_seen", "").removeprefix("=")
        kept = [owner.pk if owner else 0, int(seen) if seen.isdecimal() and len(seen) < 19 else 0]
        field: Any = self.fields["owner"]
        field.queryset = User.objects.filter(Q(is_active=True) | Q(pk__in=kept))
        if people is not None:
            shown = [(user.pk, field.label_from_instance(user)) for user in people if user.is_active or user.pk in kept]
            field.choices = [("", field.empty_label), *shown]

    def clean_on(self) -> date | None:
        """No day that is over, but the one that the page showed may stay."""
        on, today = self.cleaned_data["on"], timezone.localdate()
        if preset := self.cleaned_data.get("preset"):
            return day_of(preset, today)
        return on if self.cleaned_data["on_seen"] == f"={on}" else not_past(on, today)

    def clean_tags(self) -> list[str]:
        """Rules are for what is new: the tags that the page showed stay as they are."""
        names = tags.names_in(self.cleaned_data["tags"])
        shown = tags.names_in(self.cleaned_data.get("tags_seen", "").removeprefix("="))
        if faults := tags.faults(set(names).difference(shown)):
            raise forms.ValidationError(faults)
        return names

    def sent(self) -> list[str]:
        """The values that came; a preset is a day."""
        return [name for name in self.VALUES if name in self.data or (name == "on" and self.cleaned_data["preset"])]


SIZES = (("small", _("Small")), ("medium", _("Medium")), ("large", _("Large")))


class EntryForm(forms.Form):
    """What a person knows otherwise about one field (an Override.Field)."""

    reason = forms.CharField(label=_("How do you know?"), max_length=400)
    expires_on = _day(_("Valid until (optional)"))
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, field: str, data: Any = None, *, shown: str = "", entry: Override | None = None) -> None:
        """`shown`: what the lead says now; `entry`: the one in force, to be changed in parts."""
        initial: dict[str, Any] = {"value": shown, "seen": 0}
        if entry is not None:
            initial |= {"reason": entry.reason, "expires_on": entry.expires_on, "seen": entry.pk}
        super().__init__(data, prefix=field, initial=initial)
        kinds: dict[str, forms.Field] = {
            Override.Field.COMPANY_NAME: OneLine(max_length=NAME_LENGTH),
            Override.Field.TENANT_SIZE: forms.ChoiceField(choices=SIZES),
            Override.Field.PROVIDER: forms.ChoiceField(
                choices=[choice for choice in Provider.choices if choice[0] != Provider.UNKNOWN]
            ),
            Override.Field.CONTACT: forms.EmailField(max_length=254),
        }
        self.fields = {"value": kinds[field], **self.fields}
        self.fields["value"].label = Override.Field(field).label

    def clean_expires_on(self) -> date | None:
        return not_past(self.cleaned_data["expires_on"], timezone.localdate())


class SnoozeForm(forms.Form):
    until = _day(_("Until"))
    until_change = forms.BooleanField(label=_("Or as soon as something changes"), required=False)
    seen = _seen()
    preset = _preset()

    def clean_until(self) -> date | None:
        return not_past(self.cleaned_data["until"], timezone.localdate() + timedelta(days=1))

    def clean(self) -> dict[str, Any]:
        if preset := self.cleaned_data.get("preset"):
            self.cleaned_data["until"] = day_of(preset, timezone.localdate())
        if not self.errors and not self.cleaned_data["until"] and not self.cleaned_data["until_change"]:
            self.add_error("until", _("Choose a date, or let a change end the sleep."))
        return self.cleaned_data


def not_past(day: date | None, first: date) -> date | None:
    """`day`, which may be none. Raises ValidationError when it lies before `first`."""
    if day is not None and day < first:
        raise forms.ValidationError(_("This date is over."))
    return day


class OutcomeForm(forms.Form):
    outcome = forms.ChoiceField(label=_("Outcome"), choices=[("", _("Choose")), *Outcome.choices])
    reason = forms.CharField(label=_("Reason (optional)"), required=False, max_length=400)
    seen = _seen()


class TakeBackForm(forms.Form):
    seen = _seen()


class DigestForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = DigestSetting
        fields = ("rhythm", "own_leads_only")
        widgets = {"rhythm": forms.RadioSelect}


class DismissForm(forms.Form):
    reason = forms.CharField(label=_("Reason (optional)"), required=False, max_length=200)


class OptOutForm(forms.Form):
    wanted = forms.BooleanField(required=False, widget=forms.HiddenInput)
    reason = OneLine(
        label=_("Reason (optional)"),
        help_text=_("Without names and addresses. Your colleagues read it, the customer never does."),
        required=False,
        max_length=200,
    )


class BulkAssignForm(forms.Form):
    """Whoever presses the button without a choice has not chosen nobody."""

    NOBODY = "nobody"

    owner = forms.ChoiceField(label=_("New owner"), widget=forms.Select({"autofocus": True}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["owner"]
        self.people = {str(user.pk): user for user in User.objects.filter(is_active=True)}
        people = [(key, str(user)) for key, user in self.people.items()]
        field.choices = [("", _("Choose")), *people, (self.NOBODY, _("Nobody"))]

    def params(self) -> dict[str, Any]:
        owner = self.people.get(self.cleaned_data["owner"])
        return {"owner": owner and owner.pk, "name": owner.get_username() if owner else ""}


class BulkTagForm(forms.Form):
    tag = forms.CharField(
        label=_("Tag to add"), max_length=60, widget=forms.TextInput({"list": "tag-names", "autofocus": True})
    )

    def clean_tag(self) -> str:
        name: str = self.cleaned_data["tag"]
        if faults := tags.faults([name]):
            raise forms.ValidationError(faults)
        return name

    def params(self) -> dict[str, Any]:
        return {"name": self.cleaned_data["tag"]}


class BulkUntagForm(forms.Form):
    tag = forms.ModelChoiceField(
        label=_("Tag to remove"),
        queryset=Tag.objects.filter(automatic=False),
        widget=forms.Select({"autofocus": True}),
    )

    def params(self) -> dict[str, Any]:
        return {"tag": self.cleaned_data["tag"].pk, "name": self.cleaned_data["tag"].name}


class BulkSnoozeForm(SnoozeForm):
    until_change = forms.BooleanField(label=_("Or as soon as something changes"), required=False, initial=True)

    def params(self) -> dict[str, Any]:
        until = self.cleaned_data["until"]
        return {"until": until.isoformat() if until else "", "until_change": self.cleaned_data["until_change"]}


class BulkDismissForm(DismissForm):
    def params(self) -> dict[str, Any]:
        return {"reason": self.cleaned_data["reason"]}


class BulkRescanForm(forms.Form):
    def params(self) -> dict[str, Any]:
        return {}


BulkForm = BulkAssignForm | BulkTagForm | BulkUntagForm | BulkSnoozeForm | BulkDismissForm | BulkRescanForm
BULK_FORMS: dict[str, type[BulkForm]] = {
    BulkAction.Kind.ASSIGN: BulkAssignForm,
    BulkAction.Kind.TAG: BulkTagForm,
    BulkAction.Kind.UNTAG: BulkUntagForm,
    BulkAction.Kind.SNOOZE: BulkSnoozeForm,
    BulkAction.Kind.DISMISS: BulkDismissForm,
    BulkAction.Kind.RESCAN: BulkRescanForm,
}


class ViewForm(forms.Form):
    """A saved view of the lead list. `fixed`: only the person's own tabs are changed, not the view."""

    NAME_TAKEN: Final = _("You have a saved view of this name already.")

    name = forms.CharField(label=_("Name"), max_length=80)
    shared = forms.BooleanField(label=_("Shared with everyone"), required=False)
    tab = forms.BooleanField(label=_("Keep it as a tab"), required=False)
    opens = forms.BooleanField(label=_("Open the list with it"), required=False)

    def __init__(self, data: Any, *, owner: User, view: SavedView | None = None, fixed: bool = False) -> None:
        super().__init__(data)
        self._others = SavedView.objects.filter(owner=owner).exclude(pk=view.pk if view else 0)
        if fixed:
            del self.fields["name"], self.fields["shared"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if self._others.filter(name=name).exists():
            raise forms.ValidationError(self.NAME_TAKEN)
        return name


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("Company list"), help_text=_("CSV, TSV or XLSX, up to 100 MB."), max_length=255, allow_empty_file=False
    )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > UPLOAD_LIMIT:
            raise forms.ValidationError(_("The file is larger than 100 MB. Split it and import the parts."))
        return file


class PasteForm(forms.Form):
    text = forms.CharField(
        label=_("Pasted list"),
        help_text=_(
            "One or more companies per line: domains, e-mails, web addresses and names in any mixture, or rows copied "
            "from a spreadsheet."
        ),
        max_length=PASTE_LIMIT,
        widget=forms.Textarea(
            attrs={
                "rows": 7,
                "spellcheck": "false",
                "autocapitalize": "off",
                "wrap": "off",
                "placeholder": _("Example Ltd.; example.com\ninfo@example.org, www.example.net"),
            }
        ),
        error_messages={
            "required": _("Paste something first: a domain, an e-mail or a web address."),
            "max_length": _("This is too long to paste. Save it as a text file and upload that."),
        },
    )


class ReadingForm(forms.Form):
    """How a file is read, as far as its kind leaves a choice. `changes`: what the person wants otherwise."""

    def __init__(self, data: Any = None, *, preview: Preview, pasted: bool = False) -> None:
        self.preview = preview
        self.read = {"header_row": preview.header_row, "sheet": preview.sheet}
        super().__init__(data)
        if len(preview.sheets) > 1:
            self._choose("sheet", _("Sheet"), [(name, name) for name in preview.sheets])
        if preview.kind == "text":
            self.read |= {"encoding": preview.encoding, "delimiter": delimiter_code(preview.delimiter)}
            self._choose("delimiter", _("Separator of columns"), list(delimiter_names.items()))
        if preview.kind == "text" and not pasted:
            others = [code for code in ENCODINGS if encoding_names[code] != encoding_names[preview.encoding]]
            self._choose(
                "encoding", _("Character set"), [(code, encoding_names[code]) for code in [preview.encoding, *others]]
            )
        self.fields["header_row"] = forms.IntegerField(required=False, min_value=0, max_value=MAX_ROWS)

    def _choose(self, name: str, label: Any, choices: list[tuple[str, Any]]) -> None:
        widget = forms.Select(attrs={"class": "select--auto"})
        self.fields[name] = forms.ChoiceField(
            label=label, choices=choices, initial=self.read[name], required=False, widget=widget
        )

    def rows(self) -> list[tuple[int, list[str], bool]]:
        """The first rows of the file: (number, first cells, whether the titles stand there)."""
        return [
            (row.number, row.cells[:SHOWN_CELLS], row.number == self.preview.header_row)
            for row in self.preview.first_rows
        ]

    @property
    def changes(self) -> dict[str, Any]:
        """Option to wanted value; an answer that is missing or makes no sense changes nothing."""
        self.full_clean()
        given = {name: self.cleaned_data.get(name) for name in self.fields if name not in self.errors}
        return {name: value for name, value in given.items() if value not in (None, "") and value != self.read[name]}


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

    def clean(self) -> dict[str, Any]:
        chosen = {self.cleaned_data.get(f"column_{column.index}") for column in self.preview.columns}
        if not self.errors and not chosen & {Role.MIXED, *DOMAIN_ROLES}:
            self.add_error(
                None, _("No column names a domain. Choose which one holds web sites, e-mails, domains or a mixture.")
            )
        return self.cleaned_data

    def save(self) -> None:
        self.save_choices()
        self.batch.header_row = self.preview.header_row
        self.batch.save(update_fields=["header_row"])

    def save_choices(self) -> None:
        """Keep what was answered validly, for the next look at the preview."""
        answers = {column.index: self.cleaned_data.get(f"column_{column.index}") for column in self.preview.columns}
        self.batch.columns = {str(index): role for index, role in answers.items() if role is not None}
        self.batch.owner = self.cleaned_data.get("owner")
        self.batch.scan_after = self.cleaned_data.get("scan_after", False)
        self.batch.save(update_fields=["columns", "owner", "scan_after"])
