"""The Django admin over every model of the domain: the same verbs as the pages, on fast changelists.

What scans and imports write is read-only here; people change what people own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any, Generic, TypeVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminDateWidget, AdminTextInputWidget
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, SetUnusablePasswordMixin
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.core.validators import MaxLengthValidator, validate_email
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from jobs.admin import JobAdmin
from jobs.models import Job
from leads import digest, knowledge, models, outcomes, saved_views, scanning, services, snoozing, tags
from leads.company_list.claims import claims_from_text
from leads.event_words import change_of, claimed, said
from leads.export import csv_lines
from leads.forms import NAME_LENGTH, EntryForm, OneLine, not_past
from leads.lead_page import scan_behind
from leads.list_query import LeadQuery
from leads.preferences import remember_language
from leads.prices import fill_with_v1
from leads.templatetags.leads import (
    by_people,
    job_result,
    job_title,
    message,
    person,
    rule_label,
    score_text,
    service_name,
    signed,
    tag_label,
    word,
)

COUNTED_ROWS = 10_000
# The groups that leads.migrations.0002_roles makes; their names are keys, and shown in the reader's language.
ROLES: Any = {
    "Viewer": _("Viewer"),
    "Account manager": _("Account manager"),
    "Sales operations": _("Sales operations"),
    "Administrator": _("Administrator"),
}
_VERBS: Any = {"add": _("add"), "change": _("change"), "delete": _("delete"), "view": _("view")}
# Texts of Django's administration that the catalogue says otherwise: in Turkish they would begin with the name of the
# model, which is written small, or write every word with a capital.
_OTHERWISE = (
    gettext_noop("Add %(name)s"), gettext_noop("Add %s"), gettext_noop("Change %s"), gettext_noop("View %s"),
    gettext_noop("Welcome,"), gettext_noop("permissions"), gettext_noop("Cannot delete %(name)s"),
    gettext_noop(
        'Are you sure you want to delete the %(object_name)s "%(escaped_object)s"? All of the following related items '
        "will be deleted:"
    ),
    gettext_noop(
        "Deleting the %(object_name)s '%(escaped_object)s' would result in deleting related objects, but your account "
        "doesn't have permission to delete the following types of objects:"
    ),
    gettext_noop("Yes, I’m sure"), gettext_noop("No, take me back"),
    gettext_noop("This object doesn’t have a change history. It probably wasn’t added via this admin site."),
)  # fmt: skip
Row = TypeVar("Row", bound=Model)


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than `COUNTED_ROWS`: a changelist of millions opens as fast as one of hundreds."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:COUNTED_ROWS].count())


class Titled(admin.ModelAdmin):  # type: ignore[type-arg]
    def title_of(self, obj: Any) -> str:
        """What the page of one object is titled by, in the reader's language."""
        return str(obj)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        obj = self.get_object(request, object_id)
        title = {"subtitle": self.title_of(obj)} if obj else {}
        return super().change_view(request, object_id, form_url, {**title, **(extra_context or {})})


class FastAdmin(Titled, Generic[Row]):
    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50


class LedgerAdmin(FastAdmin[Row]):
    """Rows that Hunter writes: to look at, not to change."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


_OWNED_BY_PEOPLE = (
    "domain", "company_name", "contact_emails", "city", "country", "source", "owner", "watchers", "tags",
    "follow_up_on", "snoozed_until", "outcome",
)  # fmt: skip
_VERDICT = (
    "verdict_rows", "verdict_state", "provider", "service", "gateway", "local_provider", "segment", "score_low",
    "score_high", "confidence", "priority_category", "priority_score", "technical", "commercial", "opportunity", "size",
    "tenant_size_source", "has_spf", "has_dkim", "dmarc_policy", "mx_root", "automatic_tags", "rules_version",
    "scanned_at", "changed_at", "rescan_at",
)  # fmt: skip
# What people may change, as words for those who may only look.
_TO_LOOK_AT = {"contact_emails": "contacts", "tags": "labels", "watchers": "followers"}


def _role(group: Group) -> str:
    return str(ROLES.get(group.name, group.name))


class RoleFilter(admin.RelatedFieldListFilter):
    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(group.pk), _role(group)) for group in Group.objects.order_by("name")]


def _permission(permission: Permission) -> str:
    """In the reader's language: Django stores the names of its four verbs in English alone."""
    verb = _VERBS.get(permission.codename.partition("_")[0])
    own = permission.codename.partition("_")[2] != permission.content_type.model
    return f"{permission.content_type} | {gettext(permission.name) if own or verb is None else verb}"


def _in_words(field: Any) -> Any:
    """A choice of roles or permissions, in the reader's language."""
    field.label_from_instance = {Group: _role, Permission: _permission}[field.queryset.model]
    return field


_MANY: Any = (*User._meta.many_to_many, *Group._meta.many_to_many)
_JOINS: Any = [field.remote_field.through._meta for field in _MANY]


def _without_joins(listed: list[Any], starts: tuple[str, ...]) -> list[Any]:
    parts = (_without_joins(part, starts) if isinstance(part, list) else part for part in listed)
    return [part for part in parts if part and (isinstance(part, list) or not str(part).startswith(starts))]


class UnjoiningMixin:
    """What goes with a person or role, without the rows of join tables, which have neither words nor meaning alone."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        above: Any = super()
        listed, counts, *refused = above.get_deleted_objects(objs, request)
        names = {str(options.verbose_name_plural) for options in _JOINS}
        starts = tuple(f"{capfirst(options.verbose_name)}: " for options in _JOINS)
        shown = {name: count for name, count in counts.items() if str(name) not in names}
        return _without_joins(listed, starts), shown, *refused


class NewPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    """Django's, which keeps one of its texts in the language of the server and one in English."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if usable := self.fields.get("usable_password"):
            usable.help_text = format_html(
                '{}<ul id="id_unusable_warning" class="messagelist"><li class="warning">{}</li></ul>',
                SetUnusablePasswordMixin.usable_password_help_text,
                gettext("If disabled, the current password of this user is lost."),
            )


class PersonAdmin(UnjoiningMixin, UserAdmin):  # type: ignore[type-arg]
    change_password_form = NewPasswordForm
    list_filter = ("is_staff", "is_superuser", "is_active", ("groups", RoleFilter))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return _in_words(super().formfield_for_manytomany(db_field, request, **kwargs))


class RoleAdmin(UnjoiningMixin, Titled, GroupAdmin):
    list_display = ("role",)
    actions = None

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        return _in_words(super().formfield_for_manytomany(db_field, request, **kwargs))

    def title_of(self, obj: Any) -> str:
        return _role(obj)

    @admin.display(description=_("role"), ordering="name")
    def role(self, group: Group) -> str:
        return _role(group)


admin.site.unregister([User, Group])
admin.site.register(User, PersonAdmin)
admin.site.register(Group, RoleAdmin)


class AddressesField(forms.CharField):
    """A list of e-mail addresses, one a line."""

    widget = forms.Textarea(attrs={"rows": 3, "cols": 40})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return list(dict.fromkeys(str(value or "").split()))

    def validate(self, value: Any) -> None:
        super().validate(value)
        for address in value:
            validate_email(address)

    def run_validators(self, value: Any) -> None:
        """Those of a text: there is none."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != self.to_python(data))


class MorningField(forms.DateField):
    """The day on whose morning something ends, kept as a moment."""

    widget = AdminDateWidget

    def prepare_value(self, value: Any) -> Any:
        return timezone.localtime(value).date() if isinstance(value, datetime) else value


class LeadForm(forms.ModelForm):  # type: ignore[type-arg]
    """The rules of the add page: one registrable domain, real e-mail addresses. What the page showed comes along, so
    that only what the person changed is saved, whatever others changed meanwhile. Automatic tags are no field."""

    contact_emails = AddressesField(label=_("Contact e-mails"), required=False, help_text=_("One address a line."))
    company_name = OneLine(
        label=_("company"), required=False, widget=AdminTextInputWidget(attrs={"maxlength": NAME_LENGTH})
    )
    snoozed_until = MorningField(label=_("snoozed until"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True
        if "tags" in self.fields:
            labels: Any = self.fields["tags"]
            labels.queryset = models.Tag.objects.filter(automatic=False)
            self.initial["tags"] = [tag for tag in self.initial.get("tags", ()) if not tag.automatic]

    def wanted(self) -> dict[str, Any]:
        """The fields that the person changed, with what they are to be."""
        return {name: self.cleaned_data[name] for name in self.changed_data}

    def difference(self, name: str) -> tuple[set[Any], set[Any]]:
        """What the person added to a choice of many, and what they took out."""
        if name not in self.changed_data:
            return set(), set()
        field: Any = self.fields[name]
        data: Any = self.data
        shown = set(
            field.queryset.filter(pk__in=[pk for pk in data.getlist(self[name].html_initial_name) if pk.isdigit()])
        )
        chosen = set(self.cleaned_data[name])
        return chosen - shown, shown - chosen

    def clean_domain(self) -> str:
        found = claims_from_text(self.cleaned_data["domain"])
        domains = {claim.domain for claim in found.claims}
        if len(domains) != 1:
            reason = found.rejections[0].text() if found.rejections else _("Name exactly one domain.")
            raise forms.ValidationError(reason)
        return domains.pop()

    def clean_company_name(self) -> str:
        """A longer one that an import brought stays until somebody changes it."""
        name: str = self.cleaned_data["company_name"]
        if "company_name" in self.changed_data:
            MaxLengthValidator(NAME_LENGTH)(name)
        return name

    def clean_follow_up_on(self) -> date | None:
        day: date | None = self.cleaned_data["follow_up_on"]
        return not_past(day, timezone.localdate()) if "follow_up_on" in self.changed_data else day

    def clean_snoozed_until(self) -> datetime | None:
        day = self.cleaned_data["snoozed_until"]
        if "snoozed_until" in self.changed_data:
            not_past(day, timezone.localdate() + timedelta(days=1))
        return timezone.make_aware(datetime.combine(day, time())) if day else None


@admin.register(models.Lead)
class LeadAdmin(FastAdmin[models.Lead]):
    form = LeadForm
    list_display = (
        "domain",
        "company_name",
        "segment",
        "priority_category",
        "score",
        "provider",
        "owner",
        "scanned_at",
    )
    list_filter = ("segment", "priority_category", "provider", "dmarc_policy", "verdict_state", "source", "outcome")
    list_select_related = ("owner",)
    ordering = ("priority_score", "-score", "pk")
    search_fields = ("search_text",)
    search_help_text = _("Company, domain, city or contact; Turkish letters may be typed without their dots.")
    filter_horizontal = ("tags", "watchers")
    fieldsets = (
        (None, {"fields": _OWNED_BY_PEOPLE}),
        (_("Verdict"), {"fields": _VERDICT}),
        (_("Dismissal"), {"fields": ("dismissed_at", "dismissed_by", "dismissed_reason")}),
        (_("Contact opt-out"), {"fields": ("opted_out_at", "opted_out_by", "opted_out_reason")}),
        (_("Origin"), {"fields": ("created_at", "created_by", "import_batch")}),
    )
    actions: tuple[str, ...] = ("rescan", "export", "dismiss", "opt_out", "opt_in")

    def get_readonly_fields(self, request: HttpRequest, obj: models.Lead | None = None) -> tuple[str, ...]:
        fixed = (
            *_VERDICT,
            *_TO_LOOK_AT.values(),
            "dismissed_at",
            "dismissed_by",
            "dismissed_reason",
            "opted_out_at",
            "opted_out_by",
            "opted_out_reason",
            "created_at",
            "created_by",
            "import_batch",
        )
        return fixed if obj is None else ("domain", *fixed)

    def get_exclude(self, request: HttpRequest, obj: models.Lead | None = None) -> tuple[str, ...]:
        return ("contact_emails",) if obj is not None and obj.opted_out_at else ()

    def get_fieldsets(self, request: HttpRequest, obj: models.Lead | None = None) -> Any:
        """Without the contacts of a company that does not want to be contacted."""
        hidden = self.get_exclude(request, obj)
        to_look_at = {} if obj is None or self.has_change_permission(request, obj) else _TO_LOOK_AT
        fieldsets: Any = self.fieldsets
        return [
            (title, {"fields": tuple(to_look_at.get(name, name) for name in options["fields"] if name not in hidden)})
            for title, options in fieldsets
        ]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.name == "watchers":
            field.label_from_instance = person
        return field

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[models.Lead], search_term: str
    ) -> tuple[QuerySet[models.Lead], bool]:
        """The folded search of the lead list."""
        found = models.Lead.objects.search(search_term).values("pk") if search_term else None
        return (queryset if found is None else queryset.filter(pk__in=found)), False

    def save_model(self, request: HttpRequest, obj: models.Lead, form: Any, change: bool) -> None:
        """What the pages write to the timeline is written here, too; a new lead is scanned."""
        user: Any = request.user
        if change:
            verbs: dict[str, Callable[[Any], object]] = {
                "owner": lambda owner: services.assign([obj], owner, by=user),
                "follow_up_on": lambda on: services.set_follow_up(obj, on, by=user),
                "company_name": lambda name: services.rename(obj, name, by=user),
                "outcome": lambda outcome: outcomes.decide(obj, outcome, by=user),
                "snoozed_until": lambda until: self._snooze(obj, until, by=user),
            }
            wanted = form.wanted()
            services.edit(obj, {name: wanted[name] for name in services.EDITABLE if name in wanted}, by=user)
            for name, verb in verbs.items():
                if name in wanted:
                    verb(wanted[name])
        else:
            until, obj.snoozed_until = obj.snoozed_until, None
            obj.created_by = user
            super().save_model(request, obj, form, change)
            models.Event.objects.create(lead=obj, kind=models.Event.Kind.CREATED, by=user, new=obj.source)
            if until is not None:
                self._snooze(obj, until, by=user)
            scanning.rescan_lead(obj, started_by=user)

    def _snooze(self, lead: models.Lead, until: datetime | None, *, by: Any) -> None:
        """Another day, or none. Whether a change ends the sleep, too, is not asked here and stays; without a day that
        alone puts no lead to sleep that is awake."""
        row = models.Lead.objects.get(pk=lead.pk)
        day = timezone.localtime(until).date() if until else None
        ends_by_change = row.snoozed_until_change_since is not None
        until_change = ends_by_change and (day is not None or snoozing.is_asleep(row, timezone.now()))
        snoozing.snooze(row, until=day, until_change=until_change, by=by)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """What others added or took out meanwhile stays so."""
        user: Any = request.user
        lead = form.instance
        services.change_tags(lead, *form.difference("tags"), by=user)
        watching, left = form.difference("watchers")
        lead.watchers.add(*watching)
        lead.watchers.remove(*left)

    @admin.display(description=_("score"))
    def verdict_rows(self, lead: models.Lead) -> str:
        shown = scan_behind(lead)
        if shown is None:
            return "–"
        rows = format_html_join("", "<li>{}: {}</li>", ((row.label, signed(row.points)) for row in shown.rows))
        return format_html("<strong>{}</strong><ul>{}</ul>", score_text(lead), rows)

    @admin.display(description=_("mail service"))
    def service(self, lead: models.Lead) -> str:
        return service_name(lead.mail_service) or "–"

    @admin.display(description=_("technical heat"))
    def technical(self, lead: models.Lead) -> str:
        return word(lead.technical_heat, "technical_heat") or "–"

    @admin.display(description=_("commercial heat"))
    def commercial(self, lead: models.Lead) -> str:
        return word(lead.commercial_heat, "commercial_heat") or "–"

    @admin.display(description=_("commercial segment"))
    def opportunity(self, lead: models.Lead) -> str:
        return word(lead.commercial_segment, "commercial_segment") or "–"

    @admin.display(description=_("tenant size"))
    def size(self, lead: models.Lead) -> str:
        return word(lead.tenant_size, "tenant_size") or "–"

    @admin.display(description=_("contact e-mails"))
    def contacts(self, lead: models.Lead) -> str:
        return ", ".join(lead.usable_emails) or "–"

    @admin.display(description=_("tags"))
    def labels(self, lead: models.Lead) -> str:
        return ", ".join(tag.name for tag in by_people(lead.tags.all())) or "–"

    @admin.display(description=_("automatic tags"))
    def automatic_tags(self, lead: models.Lead) -> str:
        return ", ".join(tag_label(tag) for tag in lead.tags.all() if tag.automatic) or "–"

    @admin.display(description=_("watchers"))
    def followers(self, lead: models.Lead) -> str:
        return ", ".join(person(user) for user in lead.watchers.all()) or "–"

    @admin.action(description=_("Scan the selected leads again"), permissions=["scan"])
    def rescan(self, request: HttpRequest, leads: Any) -> None:
        job = scanning.queue_scan(leads, title="scan.selected", started_by=request.user)
        if job is None:
            self.message_user(request, _("These leads are waiting for their scan already."), messages.INFO)
            return
        text = ngettext("%(count)d lead will be scanned.", "%(count)d leads will be scanned.", job.total)
        self.message_user(request, text % {"count": job.total}, messages.SUCCESS)

    @admin.action(description=_("Export the selected leads (CSV)"), permissions=["export"])
    def export(self, request: HttpRequest, leads: Any) -> StreamingHttpResponse:
        response = StreamingHttpResponse(csv_lines(leads, bom=True), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="leads.csv"'
        return response

    @admin.action(description=_("Dismiss the selected leads"), permissions=["bulk"])
    def dismiss(self, request: HttpRequest, leads: Any) -> None:
        user: Any = request.user
        for lead in leads.open():
            services.dismiss(lead, by=user, reason="")

    @admin.action(description=_("The selected companies do not want to be contacted"), permissions=["change"])
    def opt_out(self, request: HttpRequest, leads: Any) -> None:
        self._set_opt_out(request, leads, wanted=True)

    @admin.action(description=_("The selected companies may be contacted again"), permissions=["change"])
    def opt_in(self, request: HttpRequest, leads: Any) -> None:
        self._set_opt_out(request, leads, wanted=False)

    def _set_opt_out(self, request: HttpRequest, leads: Any, *, wanted: bool) -> None:
        user: Any = request.user
        for lead in leads:
            knowledge.set_opt_out(lead, wanted=wanted, by=user)

    def has_scan_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("leads.scan_lead") and request.user.has_perm("leads.bulk_change_leads")

    def has_bulk_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("leads.bulk_change_leads")

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("leads.export_leads")


@admin.register(models.Scan)
class ScanAdmin(LedgerAdmin[models.Scan]):
    list_display = ("lead", "status", "created_at", "seconds", "rules_version")
    list_filter = ("status",)
    list_select_related = ("lead",)
    ordering = ("-pk",)
    fieldsets = (
        (None, {"fields": ("lead", "job", "status", "created_at", "seconds", "rules_version")}),
        (_("Raw data"), {"classes": ("collapse",), "fields": ("looked_up", "found", "judged")}),
    )

    @admin.display(description=_("seconds"), ordering="duration")
    def seconds(self, scan: models.Scan) -> str:
        return number_format(scan.duration, 2)

    @admin.display(description=_("observations"))
    def looked_up(self, scan: models.Scan) -> str:
        return format_html("<pre>{}</pre>", "\n".join(json.dumps(row, ensure_ascii=False) for row in scan.observations))

    @admin.display(description=_("facts"))
    def found(self, scan: models.Scan) -> str:
        return format_html("<pre>{}</pre>", json.dumps(scan.facts, indent=2, ensure_ascii=False))

    @admin.display(description=_("verdict"))
    def judged(self, scan: models.Scan) -> str:
        return format_html("<pre>{}</pre>", json.dumps(scan.verdict, indent=2, ensure_ascii=False))


@admin.register(models.Event)
class EventAdmin(LedgerAdmin[models.Event]):
    fields = ("lead", "kind", "at", "by", "before", "after")
    list_display = ("at", "lead", "kind", "before", "after", "by")
    list_filter = ("kind",)
    list_select_related = ("lead", "by")
    ordering = ("-at",)
    readonly_fields = ("before", "after")

    @admin.display(description=_("before"))
    def before(self, event: models.Event) -> str:
        return change_of(event).old or "–"

    @admin.display(description=_("after"))
    def after(self, event: models.Event) -> str:
        change = change_of(event)
        return ": ".join(filter(None, (change.field, change.new, change.note))) or "–"


@admin.register(models.Alert)
class AlertAdmin(LedgerAdmin[models.Alert]):
    list_display = ("created_at", "lead", "type", "read_at", "reader")
    list_filter = ("type",)
    list_select_related = ("lead", "read_by")
    ordering = ("-created_at",)

    @admin.display(description=_("Read by"), ordering="read_by")
    def reader(self, alert: models.Alert) -> Any:
        return alert.read_by


@admin.register(models.Note)
class NoteAdmin(FastAdmin[models.Note]):
    list_display = ("created_at", "lead", "text", "by")
    list_select_related = ("lead", "by")
    autocomplete_fields = ("lead",)
    readonly_fields = ("by", "created_at")

    def save_model(self, request: HttpRequest, obj: models.Note, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            user: Any = request.user
            obj.pk = services.add_note(obj.lead, obj.text, by=user).pk


class TagForm(forms.ModelForm):  # type: ignore[type-arg]
    """The rules of the pages for a name that is new."""

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if "name" in self.changed_data and (faults := tags.faults([name])):
            raise forms.ValidationError(faults)
        return name


@admin.register(models.Tag)
class TagAdmin(FastAdmin[models.Tag]):
    form = TagForm
    list_display = ("named", "automatic")
    search_fields = ("name",)

    def title_of(self, obj: models.Tag) -> str:
        return tag_label(obj)

    @admin.display(description=_("name"), ordering="name")
    def named(self, tag: models.Tag) -> str:
        return tag_label(tag)

    def get_fields(self, request: HttpRequest, obj: models.Tag | None = None) -> tuple[str, ...]:
        return ("named", "automatic") if obj is not None and obj.automatic else ("name",)

    def get_readonly_fields(self, request: HttpRequest, obj: models.Tag | None = None) -> tuple[str, ...]:
        return ("named", "automatic") if obj is not None and obj.automatic else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Automatic tags are found by their name."""
        return super().has_change_permission(request, obj) and not (obj is not None and obj.automatic)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj is not None and obj.automatic)


class SavedViewForm(forms.ModelForm):  # type: ignore[type-arg]
    """The rules of the list's page: one view of a name a person, and a filter that the list understands."""

    user: User

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        owner = self.instance.owner_id or self.user.pk
        if models.SavedView.objects.filter(owner=owner, name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("You have a saved view of this name already."))
        return name

    def clean_query(self) -> str:
        query = LeadQuery.from_url(QueryDict(self.cleaned_data["query"].lstrip("?"))).saved_as()
        if len(query) > saved_views.LONGEST_QUERY:
            raise forms.ValidationError(_("This filter is too long to be kept. Remove some of its parts."))
        return query


@admin.register(models.SavedView)
class SavedViewAdmin(FastAdmin[models.SavedView]):
    form = SavedViewForm
    fields = ("name", "query", "owner", "shared")
    list_display = ("name", "owner", "shared", "query")
    list_select_related = ("owner",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.SavedView]:
        """What a person keeps to themselves is for them alone."""
        user: Any = request.user
        return super().get_queryset(request).filter(pk__in=saved_views.visible_to(user).values("pk"))

    def get_readonly_fields(self, request: HttpRequest, obj: models.SavedView | None = None) -> tuple[str, ...]:
        return ("owner",) if _shares(request) else ("owner", "shared")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.user = request.user
        return form

    def save_model(self, request: HttpRequest, obj: models.SavedView, form: Any, change: bool) -> None:
        user: Any = request.user
        if not change:
            obj.owner = user
        super().save_model(request, obj, form, change)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_change(request, obj)


def _shares(request: HttpRequest) -> bool:
    return request.user.has_perm("leads.bulk_change_leads")


def _may_change(request: HttpRequest, view: models.SavedView | None) -> bool:
    user: Any = request.user
    return view is None or saved_views.may_change(view, user)


@admin.register(models.BulkAction)
class BulkActionAdmin(LedgerAdmin[models.BulkAction]):
    list_display = ("kind", "state", "total", "by", "created_at")
    list_filter = ("kind", "state")
    list_select_related = ("by",)
    exclude = ("leads",)  # up to every key there is


class TitledJobAdmin(Titled, JobAdmin):
    """The admin of jobs, with the words that the room below does not know."""

    list_display = ("title", *JobAdmin.list_display[1:])
    exclude = (*JobAdmin.exclude, "kind", "subject", "message", "error")
    readonly_fields = ("title", "result")

    def title_of(self, obj: Any) -> str:
        return job_title(obj)

    @admin.display(description=_("job"), ordering="subject")
    def title(self, job: Job) -> str:
        return job_title(job)

    @admin.display(description=_("result"))
    def result(self, job: Job) -> str:
        return job_result(job) or "–"


admin.site.unregister(Job)
admin.site.register(Job, TitledJobAdmin)


@admin.register(models.ImportBatch)
class ImportBatchAdmin(LedgerAdmin[models.ImportBatch]):
    list_display = (
        "named", "state", "rows_total", "created_count", "matched_count", "duplicate_count", "rejected_count",
        "created_by", "created_at",
    )  # fmt: skip
    list_filter = ("state",)
    list_select_related = ("created_by",)

    @admin.display(description=_("list"), ordering="file_name")
    def named(self, batch: models.ImportBatch) -> str:
        return batch.title


@admin.register(models.ImportRow)
class ImportRowAdmin(LedgerAdmin[models.ImportRow]):
    list_display = ("batch", "row", "domain", "company_name", "verdict", "reason")
    list_filter = ("verdict",)
    list_select_related = ("batch",)
    ordering = ("-pk",)

    def get_exclude(self, request: HttpRequest, obj: models.ImportRow | None = None) -> tuple[str, ...]:
        """Without what was written about a company that does not want to be contacted: its address may be there."""
        return ("raw", "filled") if obj is not None and obj.lead is not None and obj.lead.opted_out_at else ()


_KINDS_OF_CLAIM: Any = {"domain": _("domain"), "website": _("website"), "email": _("e-mail address")}


@admin.register(models.DomainClaim)
class DomainClaimAdmin(LedgerAdmin[models.DomainClaim]):
    fields = ("lead", "claimed", "kind", "source", "batch", "by", "created_at")
    list_display = ("claimed", "lead", "kind", "source", "by", "created_at")
    list_filter = ("source",)
    list_select_related = ("lead", "by")
    ordering = ("-pk",)
    readonly_fields = ("claimed", "kind")

    @admin.display(description=_("kind"), ordering="via")
    def kind(self, claim: models.DomainClaim) -> str:
        return str(_KINDS_OF_CLAIM.get(claim.via, claim.via)) or "–"

    @admin.display(description=_("as written"))
    def claimed(self, claim: models.DomainClaim) -> str:
        return claimed(claim)


class OverrideForm(forms.ModelForm):  # type: ignore[type-arg]
    """The rules of the lead page: a value that fits its field."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if field := cleaned.get("field"):
            names = ("value", "reason", "expires_on")
            page = EntryForm(field, {f"{field}-{name}": self.data.get(name) for name in names} | {f"{field}-seen": 0})
            for name in names:
                for error in page.errors.get(name, ()):
                    if name not in self.errors:
                        self.add_error(name, error)
        return cleaned


@admin.register(models.Override)
class OverrideAdmin(FastAdmin[models.Override]):
    form = OverrideForm
    list_display = ("created_at", "lead", "field", "said", "reason", "by", "expires_on", "ended_at")
    list_filter = ("field", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("lead", "by")
    autocomplete_fields = ("lead",)
    ordering = ("-pk",)
    readonly_fields = ("said",)
    actions = ("end",)

    def get_fields(self, request: HttpRequest, obj: models.Override | None = None) -> tuple[str, ...]:
        value = "value" if obj is None else "said"
        return ("lead", "field", value, "reason", "expires_on")

    @admin.display(description=_("value"))
    def said(self, entry: models.Override) -> str:
        return said(entry)

    def title_of(self, obj: models.Override) -> str:
        return f"{obj.get_field_display()}: {said(obj)}"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was entered stays written; it ends, or another entry takes its place."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: models.Override, form: Any, change: bool) -> None:
        user: Any = request.user
        entry = knowledge.enter(obj.lead, obj.field, obj.value, reason=obj.reason, by=user, expires_on=obj.expires_on)
        obj.pk = entry.pk

    @admin.action(description=_("End the selected entries"), permissions=["change"])
    def end(self, request: HttpRequest, entries: Any) -> None:
        user: Any = request.user
        for entry in entries.unended().select_related("lead").order_by("lead_id", "pk"):
            knowledge.end(entry, by=user)


@admin.register(models.OutcomeRecord)
class OutcomeRecordAdmin(LedgerAdmin[models.OutcomeRecord]):
    list_display = ("at", "lead", "outcome", "segment", "priority_category", "score", "reason", "by", "is_current")
    list_filter = ("outcome", "segment", "priority_category", "is_current")
    list_select_related = ("lead", "by")
    ordering = ("-pk",)
    fields = (
        "lead", "outcome", "reason", "by", "at", "is_current", "segment", "priority_category", "score", "rules_version",
        "rule_names",
    )  # fmt: skip

    @admin.display(description=_("rules"))
    def rule_names(self, record: models.OutcomeRecord) -> str:
        return ", ".join(rule_label(rule) for rule in record.rules) or "–"

    def delete_model(self, request: HttpRequest, obj: models.OutcomeRecord) -> None:
        """What holds is taken back first, so that the lead does not go on saying it."""
        user: Any = request.user
        if obj.is_current:
            outcomes.decide(obj.lead, "", by=user)
        obj.delete()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[models.OutcomeRecord]) -> None:
        for record in queryset.select_related("lead"):
            self.delete_model(request, record)


class PersonalAdmin(FastAdmin[Row]):
    """Rows of which each person has one: for themselves alone, and for those who look after people's accounts."""

    list_select_related = ("user",)
    autocomplete_fields = ("user",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        rows: QuerySet[Row] = super().get_queryset(request)
        return rows if _looks_after_people(request) else rows.filter(user=request.user)

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is not None or _looks_after_people(request) else ("user",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("user",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and _is_theirs(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _is_theirs(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _is_theirs(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if obj.user_id is None:
            obj.user = request.user
        obj.pk = self.keep(obj).pk

    def keep(self, obj: Row) -> Row:
        """Write what was chosen, as the person's own page does. Returns the row."""
        raise NotImplementedError


def _looks_after_people(request: HttpRequest) -> bool:
    return request.user.has_perm("auth.change_user")


def _is_theirs(request: HttpRequest, obj: Any) -> bool:
    return obj is None or obj.user_id == request.user.pk or _looks_after_people(request)


@admin.register(models.Preference)
class PreferenceAdmin(PersonalAdmin[models.Preference]):
    list_display = ("user", "language")
    list_filter = ("language",)

    def keep(self, obj: models.Preference) -> models.Preference:
        return remember_language(obj.user, obj.language)


@admin.register(models.DigestSetting)
class DigestSettingAdmin(PersonalAdmin[models.DigestSetting]):
    list_display = ("user", "rhythm", "own_leads_only", "sent_at", "doubt", "doubt_since")
    list_filter = ("rhythm", "doubt")

    def keep(self, obj: models.DigestSetting) -> models.DigestSetting:
        return digest.choose(obj.user, rhythm=obj.rhythm, own_leads_only=obj.own_leads_only)


@admin.register(models.CallAnswer)
class CallAnswerAdmin(LedgerAdmin[models.CallAnswer]):
    fields = ("lead", "asked_what", "asked", "note", "by", "at")
    list_display = ("lead", "asked_what", "asked", "note", "by", "at")
    list_filter = ("asked",)
    list_select_related = ("lead", "by")
    ordering = ("-pk",)

    @admin.display(description=_("question"), ordering="question")
    def asked_what(self, answer: models.CallAnswer) -> str:
        return message(answer.question) or answer.question

    def title_of(self, obj: models.CallAnswer) -> str:
        return self.asked_what(obj)


@admin.register(models.Price)
class PriceAdmin(FastAdmin[models.Price]):
    list_display = (
        "tier", "currency", "per_user_per_month", "migration_fee", "defender_per_user_per_month", "consulting_fee",
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        fill = self.admin_site.admin_view(require_POST(self.fill))
        return [path("fill/", fill, name="leads_price_fill"), *super().get_urls()]

    def fill(self, request: HttpRequest) -> HttpResponse:
        """The button above the list: enter the figures of rules version v1 where a tier has no line yet."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        count = fill_with_v1()
        text = ngettext("%(count)d price line entered.", "%(count)d price lines entered.", count) % {"count": count}
        self.message_user(request, text if count else _("Every tier has its line already."), messages.SUCCESS)
        return redirect("admin:leads_price_changelist")
