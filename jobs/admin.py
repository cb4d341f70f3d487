"""Jobs in the admin, to look at. django-q2's own pages are left out: a hand-made schedule row can stop its clock."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django_q.models import Failure, OrmQ, Schedule, Success

from jobs.models import Job, Lease, ScheduleState, WorkerHeartbeat

for transport in (Failure, OrmQ, Schedule, Success):
    if admin.site.is_registered(transport):
        admin.site.unregister(transport)


class LedgerAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def in_words(seconds: int) -> str:
    """A span of time in the largest unit that measures it."""
    if seconds and not seconds % 86400:
        return ngettext("%(count)d day", "%(count)d days", seconds // 86400) % {"count": seconds // 86400}
    if seconds and not seconds % 3600:
        return ngettext("%(count)d hour", "%(count)d hours", seconds // 3600) % {"count": seconds // 3600}
    if seconds and not seconds % 60:
        return ngettext("%(count)d minute", "%(count)d minutes", seconds // 60) % {"count": seconds // 60}
    return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}


@admin.register(Job)
class JobAdmin(LedgerAdmin):
    """Rooms above say what a job is called and what came of it."""

    list_display: tuple[str, ...] = (
        "subject",
        "state",
        "done",
        "failed",
        "total",
        "started_by",
        "created_at",
        "finished_at",
    )
    list_filter = ("state",)
    exclude: ClassVar[Any] = ("payload",)  # codes and keys that only the handler reads
    list_select_related = ("started_by",)
    ordering = ("-created_at",)


@admin.register(ScheduleState)
class ScheduleStateAdmin(LedgerAdmin):
    list_display = ("__str__", "every", "last_run", "next_run")
    fields = ("every", "last_run", "next_run")

    @admin.display(description=_("interval"), ordering="interval")
    def every(self, state: ScheduleState) -> str:
        return in_words(state.interval)


@admin.register(Lease)
class LeaseAdmin(LedgerAdmin):
    list_display = ("__str__", "until")
    exclude = ("name",)


@admin.register(WorkerHeartbeat)
class WorkerHeartbeatAdmin(LedgerAdmin):
    list_display = ("at",)
