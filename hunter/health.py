"""Is it alive, can it serve, and how is everything behind it.

Readiness asks the database and the migrations, never an integration: Hunter stays up when Microsoft is down.
"""

from __future__ import annotations

from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from leads.doctor import run_checks


@login_not_required
@require_GET
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"live": True})


@login_not_required
@require_GET
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """200 when the database answers and no migration waits, else 503 with the reason."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return JsonResponse({"ready": False, "reason": _("The database does not answer.")}, status=503)
    if waiting:
        return JsonResponse({"ready": False, "reason": _("Migrations are waiting: run migrate.")}, status=503)
    return JsonResponse({"ready": True})


@staff_member_required(login_url="login")  # type: ignore[untyped-decorator]
@require_GET
@never_cache
def status(request: HttpRequest) -> HttpResponse:
    return render(request, "health_status.html", {"checks": run_checks()})
