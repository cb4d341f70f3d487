"""Pushes in the Django admin: what the engine writes is to look at; people retry, take back and push with the same
functions as the pages."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from integrations_d365 import models, pushing
from integrations_d365.messages import CATEGORIES, COLUMN_NAMES, FIXES, PROBLEMS, REFUSED, failure, parked
from integrations_d365.push_page import link_to
from jobs.models import Job
from leads import saved_views
from leads.admin import FastAdmin, LeadAdmin, LedgerAdmin
from leads.models import Lead, PushState
from leads.templatetags.leads import job_title

Row = TypeVar("Row", bound=Model)


class RecordAdmin(LedgerAdmin[Row]):
    """Records of the engine: nobody makes, changes or deletes them by hand."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _say(model_admin: Any, request: HttpRequest, job: Job | None) -> None:
    """How many are on their way, and the link to the job."""
    if job is None:
        model_admin.message_user(request, _("None of them can be pushed now."), messages.INFO)
        return
    text = ngettext("%(count)d lead is on its way.", "%(count)d leads are on their way.", job.total)
    link = format_html('<a href="{}">{}</a>', reverse("leads:job", args=[job.pk]), _("Progress"))
    model_admin.message_user(request, format_html("{} {}", text % {"count": job.total}, link), messages.SUCCESS)


class CategoryFilter(admin.SimpleListFilter):
    """By error category, in words: the column holds codes."""

    title = _("error category")
    parameter_name = "error_category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(CATEGORIES.items())

    def queryset(self, request: HttpRequest, rows: QuerySet[Row]) -> QuerySet[Row]:
        return rows.filter(error_category=self.value()) if self.value() else rows


@admin.register(models.Push)
class PushAdmin(RecordAdmin[models.Push]):
    list_display = ("lead", "state", "why", "attempts", "synced_at", "remote_state", "owner_there")
    list_filter = ("state", "reason", CategoryFilter, "remote_state")
    list_select_related = ("lead",)
    ordering = ("-pk",)
    search_fields = ("lead__search_text",)
    search_help_text = _("Company, domain, city or contact; Turkish letters may be typed without their dots.")
    actions = ("retry", "take_back")
    change_form_template = "admin/integrations_d365/push/change_form.html"
    fieldsets = (
        (None, {"fields": ("lead_link", "state", "why", "advice", "asked_by", "asked_at", "not_before", "attempts")}),
        (_("In Dynamics"), {"fields": (
            "remote", "remote_state", "remote_status", "owner_there", "remote_modified_at", "remote_seen_at", "etag",
        )}),
        (_("Trouble"), {"fields": (
            "reason", "category", "error_code", "error_said", "error_request_id", "error_at", "failing_since",
            "foreign_id",
        )}),
        (_("Record"), {"fields": (
            "external_id", "synced_at", "compared_at", "job", "left_out", "acknowledged", "ledger",
        )}),
    )  # fmt: skip

    def title_of(self, obj: models.Push) -> str:
        return obj.lead.shown_domain

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[models.Push], search_term: str
    ) -> tuple[QuerySet[models.Push], bool]:
        """The folded search of the lead list."""
        found = Lead.objects.search(search_term).values("pk") if search_term else None
        return (queryset if found is None else queryset.filter(lead__in=found)), False

    @admin.display(description=_("error category"), ordering="error_category")
    def category(self, push: models.Push) -> str:
        return str(CATEGORIES.get(push.error_category, push.error_category)) or "–"

    @admin.display(description=_("owner in Dynamics"), ordering="remote_owner")
    def owner_there(self, push: models.Push) -> str:
        return push.owner_there or "–"

    @admin.display(description=_("what happened"))
    def why(self, push: models.Push) -> str:
        return str(self._story(push)[0])

    @admin.display(description=_("what to do"))
    def advice(self, push: models.Push) -> str:
        return str(self._story(push)[1])

    def _story(self, push: models.Push) -> tuple[Any, Any]:
        if push.state == PushState.PARKED:
            return parked(push.reason, push.error_category, push.error_code)
        return failure(push.error_category, push.error_code) if push.error_category else ("–", "–")

    @admin.display(description=_("lead"))
    def lead_link(self, push: models.Push) -> str:
        return format_html('<a href="{}">{}</a>', reverse("admin:leads_lead_change", args=[push.lead_id]), push.lead)

    @admin.display(description=_("id in Dynamics"))
    def remote(self, push: models.Push) -> str:
        link = link_to(push.remote_id)
        return format_html('<a href="{}">{}</a>', link, push.remote_id) if link else push.remote_id or "–"

    @admin.display(description=_("left out"))
    def left_out(self, push: models.Push) -> str:
        return ", ".join(f"{COLUMN_NAMES.get(note[0], note[0])} ({note[1]})" for note in push.notes) or "–"

    @admin.display(description=_("acknowledged"))
    def acknowledged(self, push: models.Push) -> SafeString:
        """Without the address of a company that does not want to be contacted."""
        hidden = ("emailaddress1",) if push.lead.opted_out_at else ()
        shown = {name: value for name, value in push.acked.items() if name not in hidden}
        return format_html("<pre>{}</pre>", json.dumps(shown, indent=2, ensure_ascii=False))

    @admin.display(description=_("push attempts"))
    def ledger(self, push: models.Push) -> SafeString:
        address = reverse("admin:integrations_d365_pushattempt_changelist")
        return format_html('<a href="{}?push__id__exact={}">{}</a>', address, push.pk, _("To the attempts"))

    @admin.action(description=_("Retry the selected pushes"), permissions=["bulk"])
    def retry(self, request: HttpRequest, pushes: Any) -> None:
        user: Any = request.user
        try:
            _say(self, request, pushing.retry(models.Push.objects.filter(pk__in=pushes.values("pk")), by=user))
        except pushing.PushRefused as refusal:
            self.message_user(request, REFUSED[refusal.reason], messages.ERROR)

    @admin.action(description=_("Do not push the selected ones"), permissions=["bulk"])
    def take_back(self, request: HttpRequest, pushes: Any) -> None:
        user: Any = request.user
        count = sum(pushing.take_back(push, by=user) for push in pushes)
        text = ngettext("%(count)d push taken back.", "%(count)d pushes taken back.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS if count else messages.INFO)

    def has_bulk_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("integrations_d365.bulk_push")


@admin.register(models.PushAttempt)
class PushAttemptAdmin(RecordAdmin[models.PushAttempt]):
    list_display = ("at", "lead", "operation", "outcome", "status", "category", "error_code", "request_id", "by")
    list_filter = ("outcome", "operation", CategoryFilter)
    list_select_related = ("push__lead", "by")
    ordering = ("-pk",)
    fields = (
        "push", "asked_in", "at", "by", "operation", "outcome", "column_names", "status", "category", "error_code",
        "request_id",
    )  # fmt: skip

    @admin.display(description=_("job"))
    def asked_in(self, attempt: models.PushAttempt) -> str:
        if attempt.job is None:
            return "–"
        address = reverse("admin:jobs_job_change", args=[attempt.job.pk])
        return format_html('<a href="{}">{}</a>', address, job_title(attempt.job))

    @admin.display(description=_("columns"))
    def column_names(self, attempt: models.PushAttempt) -> str:
        return ", ".join(attempt.columns) or "–"

    @admin.display(description=_("error category"), ordering="error_category")
    def category(self, attempt: models.PushAttempt) -> str:
        return str(CATEGORIES.get(attempt.error_category, attempt.error_category)) or "–"

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "push__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("lead"))
    def lead(self, attempt: models.PushAttempt) -> str:
        address = reverse("admin:integrations_d365_push_change", args=[attempt.push_id])
        return format_html('<a href="{}">{}</a>', address, attempt.push.lead)


@admin.register(models.Governor)
class GovernorAdmin(RecordAdmin[models.Governor]):
    list_display = (
        "key",
        "paused_at",
        "paused_for",
        "not_before",
        "lanes",
        "batch_size",
        "failures",
        "last_ok_at",
    )
    ordering = ("pk",)

    def get_fields(self, request: HttpRequest, obj: models.Governor | None = None) -> Any:
        names = super().get_fields(request, obj)
        return ["paused_for" if name == "paused_category" else name for name in names]

    @admin.display(description=_("error category of the pause"), ordering="paused_category")
    def paused_for(self, governor: models.Governor) -> str:
        return str(CATEGORIES.get(governor.paused_category, governor.paused_category)) or "–"


@admin.register(models.EnvironmentCheck)
class EnvironmentCheckAdmin(RecordAdmin[models.EnvironmentCheck]):
    list_display = ("created_at", "governor", "ok", "found", "category", "by")
    list_filter = ("ok",)
    list_select_related = ("governor", "by")
    ordering = ("-pk",)
    fields = (
        "created_at", "governor", "by", "ok", "problem_list", "user_id", "organization_id", "category", "error_code",
        "request_id", "columns",
    )  # fmt: skip

    @admin.display(description=_("error category"), ordering="error_category")
    def category(self, check: models.EnvironmentCheck) -> str:
        return str(CATEGORIES.get(check.error_category, check.error_category)) or "–"

    @admin.display(description=_("problems"))
    def found(self, check: models.EnvironmentCheck) -> int:
        return len(check.problems)

    @admin.display(description=_("problems"))
    def problem_list(self, check: models.EnvironmentCheck) -> str:
        rows = ((PROBLEMS.get(kind, kind), detail, FIXES.get(kind, "")) for kind, detail in check.problems)
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} {} {}</li>", rows)) if check.problems else "–"

    @admin.display(description=_("columns"))
    def columns(self, check: models.EnvironmentCheck) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(check.shape, indent=2, ensure_ascii=False))


@admin.register(models.AutoPush)
class AutoPushAdmin(FastAdmin[models.AutoPush]):
    """Rules that push by themselves. The page of the rules says how many leads each one means."""

    list_display = ("saved_view", "enabled_at", "changed_by")
    list_filter = (("enabled_at", admin.EmptyFieldListFilter),)
    list_select_related = ("saved_view", "changed_by")
    ordering = ("pk",)
    fields = ("saved_view", "enabled_at", "changed_by")
    readonly_fields = ("enabled_at", "changed_by")
    actions = ("turn_on", "turn_off")

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.AutoPush]:
        """A view that somebody keeps to themselves is theirs alone; the page of the rules turns its rule off."""
        user: Any = request.user
        return super().get_queryset(request).filter(saved_view__in=saved_views.visible_to(user))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "saved_view":
            user: Any = request.user
            kwargs["queryset"] = saved_views.visible_to(user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: models.AutoPush | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("saved_view", *self.readonly_fields)

    @admin.action(description=_("Turn the selected rules on"), permissions=["change"])
    def turn_on(self, request: HttpRequest, rules: Any) -> None:
        if reason := pushing.why_off():
            self.message_user(request, REFUSED[reason], messages.ERROR)
            return
        user: Any = request.user
        count = 0
        for rule in rules.filter(enabled_at__isnull=True).select_related("saved_view"):
            try:
                pushing.set_rule(rule, on=True, by=user)
                count += 1
            except pushing.PushRefused as refusal:
                self.message_user(request, f"{rule}: {REFUSED[refusal.reason]}", messages.ERROR)
        self._say(request, ngettext("%(count)d rule was turned on.", "%(count)d rules were turned on.", count), count)

    def _say(self, request: HttpRequest, text: str, count: int) -> None:
        self.message_user(request, text % {"count": count}, messages.SUCCESS if count else messages.INFO)

    @admin.action(description=_("Turn the selected rules off"), permissions=["change"])
    def turn_off(self, request: HttpRequest, rules: Any) -> None:
        user: Any = request.user
        count = 0
        for rule in rules.filter(enabled_at__isnull=False).select_related("saved_view"):
            pushing.set_rule(rule, on=False, by=user)
            count += 1
        self._say(request, ngettext("%(count)d rule was turned off.", "%(count)d rules were turned off.", count), count)


class PushingLeadAdmin(LeadAdmin):
    """The admin of leads, with the push that the room below does not know."""

    actions = (*LeadAdmin.actions, "push_to_dynamics")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without the push while Dynamics is off."""
        actions: dict[str, Any] = super().get_actions(request)
        if not settings.HUNTER_D365_ENABLED:
            actions.pop("push_to_dynamics", None)
        return actions

    @admin.action(description=_("Push the selected leads to Dynamics 365"), permissions=["push"])
    def push_to_dynamics(self, request: HttpRequest, leads: Any) -> None:
        user: Any = request.user
        try:
            _say(self, request, pushing.queue_pushes(leads, by=user, title="push.selected"))
        except pushing.PushRefused as refusal:
            self.message_user(request, REFUSED[refusal.reason], messages.ERROR)

    def has_push_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("integrations_d365.bulk_push")


admin.site.unregister(Lead)
admin.site.register(Lead, PushingLeadAdmin)
