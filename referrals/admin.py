"""Referrals in the Django admin: what Partner Center owns is to look at, what people decide goes through the same
functions as the pages. Tokens and running sign-ins are never shown."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib import admin, messages
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from leads.admin import FastAdmin, LedgerAdmin
from leads.folding import fold
from referrals import linking, models
from referrals.messages import ODDITIES, QUARANTINE, SIGN_IN
from referrals.quarantine import set_handled
from referrals.referral_page import pretty_raw
from referrals.status import why_refused
from referrals.sync import SyncRefused, request_sync
from referrals.templatetags.referrals import amount, deal_name, status_word, substatus_word, words

Row = TypeVar("Row", bound=Model)


class RemoteAdmin(LedgerAdmin[Row]):
    """Rows of Partner Center and records of the sync: nobody makes, changes or deletes them by hand."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SyncMixin:
    """The action “Sync now”."""

    message_user: Any

    @admin.action(description=_("Sync now (whatever is selected)"), permissions=["sync"])
    def sync_now(self, request: HttpRequest, _rows: Any) -> None:
        user: Any = request.user
        try:
            request_sync(by=user)
        except SyncRefused as refusal:
            self.message_user(request, why_refused(refusal.reason), messages.ERROR)
        else:
            link = format_html('<a href="{}">{}</a>', reverse("referrals:runs"), _("To the runs"))
            self.message_user(request, format_html("{} {}", _("The sync was started."), link), messages.SUCCESS)

    def has_sync_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("referrals.sync_referrals")


_PARSED = (
    "remote_id", "engagement_id", "name", "state", "kind", "qualified", "way", "category", "organization_name",
    "customer_name", "customer_city", "customer_country", "size", "deal", "closing_at", "remote_created_at",
    "remote_updated_at", "accepted_at", "closed_at", "expires_at", "deadline_at",
)  # fmt: skip
_SEEN = ("unusual", "etag", "source_stamp", "first_seen_at", "last_seen_at", "not_visible_since")


class StatusFilter(admin.SimpleListFilter):
    """By status, in words: the column holds codes, known or not."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(models.Status.choices)

    def queryset(self, request: HttpRequest, referrals: QuerySet[models.Referral]) -> QuerySet[models.Referral]:
        return referrals.filter(status=self.value()) if self.value() else referrals


@admin.register(models.Referral)
class ReferralAdmin(SyncMixin, RemoteAdmin[models.Referral]):
    list_display = ("customer", "subject", "state", "category", "linked_to", "deal", "deadline_at")
    list_filter = (StatusFilter, "category")
    list_select_related = ("link__lead",)
    ordering = models.BY_DEADLINE
    search_fields = ("search_text",)
    search_help_text = _("Customer, name or id; Turkish letters may be typed without their dots.")
    actions = ("sync_now", "unlink")
    change_form_template = "admin/referrals/referral/change_form.html"

    def get_fieldsets(self, request: HttpRequest, obj: models.Referral | None = None) -> Any:
        sections = [
            (_("Lead"), {"fields": ("linked_to", "link_row")}),
            (_("From Partner Center"), {"fields": _PARSED}),
            (_("Record"), {"fields": _SEEN}),
        ]
        if request.user.has_perm("referrals.view_raw_referral"):
            sections.append((_("Raw data"), {"fields": ("raw_json",)}))
        return sections

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[models.Referral], search_term: str
    ) -> tuple[QuerySet[models.Referral], bool]:
        """The folded search of the referral list."""
        for word in fold(search_term).split():
            queryset = queryset.filter(search_text__contains=word)
        return queryset, False

    @admin.display(description=_("customer"), ordering="name_key")
    def customer(self, referral: models.Referral) -> str:
        return referral.title

    @admin.display(description=_("name"), ordering="name")
    def subject(self, referral: models.Referral) -> str:
        return deal_name(referral) or "–"

    @admin.display(description=_("status"), ordering="status")
    def state(self, referral: models.Referral) -> str:
        return " · ".join(filter(None, (status_word(referral.status), substatus_word(referral.substatus)))) or "–"

    @admin.display(description=_("deal value"), ordering="deal_value")
    def deal(self, referral: models.Referral) -> str:
        if referral.deal_value is None:
            return "–"
        return amount(referral.deal_value, referral.currency)

    @admin.display(description=_("qualification"))
    def qualified(self, referral: models.Referral) -> str:
        return words(referral.qualification, "qualification") or "–"

    @admin.display(description=_("type"))
    def kind(self, referral: models.Referral) -> str:
        return words(referral.type, "type") or "–"

    @admin.display(description=_("direction"))
    def way(self, referral: models.Referral) -> str:
        return words(referral.direction, "direction") or "–"

    @admin.display(description=_("size"))
    def size(self, referral: models.Referral) -> str:
        return words(referral.customer_size, "size") or "–"

    @admin.display(description=_("lead"))
    def linked_to(self, referral: models.Referral) -> str:
        lead = referral.link.lead
        if lead is None:
            return str(referral.link.get_state_display())
        return format_html('<a href="{}">{}</a>', reverse("admin:leads_lead_change", args=[lead.pk]), lead)

    @admin.display(description=_("link"))
    def link_row(self, referral: models.Referral) -> str:
        address = reverse("admin:referrals_referrallink_change", args=[referral.link.pk])
        return format_html('<a href="{}">{}</a>', address, referral.link.get_state_display())

    @admin.display(description=_("oddities"))
    def unusual(self, referral: models.Referral) -> str:
        return " ".join(str(ODDITIES.get(key, key)) for key in referral.oddities) or "–"

    @admin.display(description=_("raw JSON"))
    def raw_json(self, referral: models.Referral) -> str:
        return format_html("<pre>{}</pre>", pretty_raw(referral))

    @admin.action(description=_("Unlink the selected referrals from their leads"), permissions=["link"])
    def unlink(self, request: HttpRequest, referrals: Any) -> None:
        user: Any = request.user
        linked = list(referrals.filter(link__state=models.ReferralLink.State.LINKED))
        for referral in linked:
            linking.unlink(referral, by=user)
        text = ngettext("%(count)d referral unlinked.", "%(count)d referrals unlinked.", len(linked))
        self.message_user(request, text % {"count": len(linked)}, messages.SUCCESS if linked else messages.INFO)

    def has_link_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("referrals.link_referral")


@admin.register(models.ReferralLink)
class ReferralLinkAdmin(FastAdmin[models.ReferralLink]):
    """To link, choose a lead; to unlink, empty the field."""

    list_display = ("referral", "state", "lead", "how", "by", "at")
    list_filter = ("state",)
    search_fields = ("referral__search_text", "lead__domain")
    search_help_text = _("Customer, name or id of the referral, or the lead's domain.")
    list_select_related = ("referral", "lead", "by")
    ordering = ("-pk",)
    fields = ("referral", "lead", "state", "how", "by", "at")
    readonly_fields = ("referral", "state", "how", "by", "at")
    autocomplete_fields = ("lead",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[models.ReferralLink], search_term: str
    ) -> tuple[QuerySet[models.ReferralLink], bool]:
        for word in fold(search_term).split():
            queryset = queryset.filter(Q(referral__search_text__contains=word) | Q(lead__domain__contains=word))
        return queryset, False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("referrals.link_referral")

    def save_model(self, request: HttpRequest, obj: models.ReferralLink, form: Any, change: bool) -> None:
        user: Any = request.user
        if "lead" not in form.changed_data:
            return
        if obj.lead is None:
            linking.unlink(obj.referral, by=user)
        else:
            linking.link(obj.referral, obj.lead, by=user)


@admin.register(models.SyncRun)
class SyncRunAdmin(SyncMixin, RemoteAdmin[models.SyncRun]):
    list_display = (
        "started_at", "mode", "state", "fetched", "created", "updated", "unchanged", "quarantined", "linked",
        "needs_domain", "error_category", "started_by",
    )  # fmt: skip
    list_filter = ("state", "mode")
    list_select_related = ("started_by",)
    ordering = ("-started_at", "-pk")
    actions = ("sync_now",)


@admin.register(models.Quarantine)
class QuarantineAdmin(RemoteAdmin[models.Quarantine]):
    list_display = ("__str__", "why", "first_seen_at", "last_seen_at", "resolved_at", "resolved_by")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), "reason")
    list_select_related = ("resolved_by",)
    ordering = ("-last_seen_at", "-pk")
    actions = ("mark_handled", "open_again")

    def get_fields(self, request: HttpRequest, obj: models.Quarantine | None = None) -> Any:
        raw = ("raw",) if request.user.has_perm("referrals.view_raw_referral") else ()
        return ("remote_id", "why", "first_seen_at", "last_seen_at", "resolved_at", "resolved_by", *raw)

    @admin.display(description=_("reason"))
    def why(self, row: models.Quarantine) -> str:
        return str(QUARANTINE.get(row.reason, row.reason))

    @admin.action(description=_("Mark the selected rows as handled"), permissions=["resolve"])
    def mark_handled(self, request: HttpRequest, rows: Any) -> None:
        self._set_handled(request, rows, True)

    @admin.action(description=_("Open the selected rows again"), permissions=["resolve"])
    def open_again(self, request: HttpRequest, rows: Any) -> None:
        self._set_handled(request, rows, False)

    def _set_handled(self, request: HttpRequest, rows: Any, handled: bool) -> None:
        user: Any = request.user
        count = set_handled(list(rows.values_list("pk", flat=True)), handled, by=user)
        text = ngettext("%(count)d row changed.", "%(count)d rows changed.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("referrals.change_quarantine")


@admin.register(models.SignIn)
class SignInAdmin(RemoteAdmin[models.SignIn]):
    list_display = ("__str__", "state", "method", "signed_in_at", "signed_in_by", "expires_at")
    list_select_related = ("signed_in_by",)
    fields = (
        "state", "method", "account_name", "signed_in_at", "signed_in_by", "expires_at", "last_ok_at", "why",
        "error_code", "request_id", "failed_at",
    )  # fmt: skip

    @admin.display(description=_("reason"))
    def why(self, sign_in: models.SignIn) -> str:
        return " ".join(map(str, SIGN_IN[sign_in.reason])) if sign_in.reason in SIGN_IN else sign_in.reason or "–"


@admin.register(models.SyncCursor)
class SyncCursorAdmin(RemoteAdmin[models.SyncCursor]):
    list_display = ("up_to", "last_success", "last_full", "paused_until")
    fields = (
        "watermark", "changes_under_way", "full_wanted", "full_started_at", "full_failures", "filter_refused",
        "not_before", "failures", "last_success_at", "last_full_at",
    )  # fmt: skip

    @admin.display(description=_("read up to"))
    def up_to(self, cursor: models.SyncCursor) -> Any:
        return cursor.watermark

    @admin.display(description=_("last complete sync"))
    def last_success(self, cursor: models.SyncCursor) -> Any:
        return cursor.last_success_at

    @admin.display(description=_("last full pass"))
    def last_full(self, cursor: models.SyncCursor) -> Any:
        return cursor.last_full_at

    @admin.display(description=_("paused until"))
    def paused_until(self, cursor: models.SyncCursor) -> Any:
        return cursor.not_before
