"""Jobs in the admin, to look at. django-q2's own pages are left out: a hand-made schedule row can stop its clock."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
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
    list_display = ("__str__", "interval", "last_run", "next_run")
    exclude = ("name",)


@admin.register(Lease)
class LeaseAdmin(LedgerAdmin):
    list_display = ("__str__", "until")
    exclude = ("name",)


@admin.register(WorkerHeartbeat)
class WorkerHeartbeatAdmin(LedgerAdmin):
    list_display = ("at",)
