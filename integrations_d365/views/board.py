"""The push board: every push with its state, and what operations do about those that need attention."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from integrations_d365 import pushing
from integrations_d365.board import PAGE_SIZE, SORTS, STATES, PushQuery
from integrations_d365.messages import CATEGORIES, REFUSED
from integrations_d365.models import Push, PushQuerySet, Reason
from integrations_d365.status import connection
from jobs.models import Job
from leads.models import PushState, RemoteState
from leads.views.pages import Request, allowed, back, note_url, page_of, show, shown_params

MOST_CHOSEN: Final = 500


@allowed("integrations_d365.view_push")
@require_GET
@never_cache
def board(request: Request) -> HttpResponse:
    query = PushQuery.from_url(request.GET)
    page = page_of(
        query.ordered().select_related("lead__scan_job", "job").defer("acked", "lead__search_text"), request, PAGE_SIZE
    )
    counts = pushing.board_counts()
    context = {
        "query": query,
        "page": page,
        "total": page.paginator.count,
        "counts": counts,
        "moving": counts["queued"] + counts["in_progress"],
        "running": counts["in_progress"] or (counts["queued"] and Push.objects.due(timezone.now()).exists()),
        "choosable": any(push.state in (PushState.PARKED, PushState.QUEUED) for push in page),
        "settled": query.state == (PushState.PARKED,) or bool(query.reason or query.error),
        "retryable": _retryable(request, query, counts["parked"]),
        "connection": connection(),
        "sorts": SORTS,
        "choices": {
            "state": STATES,
            "reason": Reason.choices,
            "error": list(CATEGORIES.items()),
            "remote": RemoteState.choices,
        },
    }
    response = show(request, "dynamics/board.html", "dynamics/_push_table.html", context)
    note_url(request, response, before=PushQuery.from_url(shown_params(request)), query=query)
    return response


def _retryable(request: Request, query: PushQuery, parked: int) -> int:
    """How many “Retry all” would push; asked for only where the button can stand."""
    if not parked or not settings.HUNTER_D365_ENABLED or not request.user.has_perm("integrations_d365.bulk_push"):
        return 0
    return query.retryable().count()


@allowed("integrations_d365.bulk_push")
@require_POST
def retry_all(request: Request) -> HttpResponse:
    """Retry everything that the filter of the URL means."""
    query = PushQuery.from_url(request.GET)
    return _retried(request, query.retryable(), f"{reverse('d365:board')}{query.url()}#count")


@allowed("integrations_d365.bulk_push")
@require_POST
def chosen(request: Request) -> HttpResponse:
    """Retry the ticked rows, or take them back."""
    keys = [int(key) for key in request.POST.getlist("push") if key.isascii() and key.isdigit() and len(key) < 19]
    pushes = Push.objects.filter(pk__in=keys[:MOST_CHOSEN])
    if not keys:
        messages.info(request, _("Nothing was chosen."))
        return back(request, "d365:board")
    if request.POST.get("do") == "take_back":
        taken = sum(pushing.take_back(push, by=request.user) for push in pushes)
        text = ngettext("%(count)d push taken back.", "%(count)d pushes taken back.", taken)
        messages.success(request, text % {"count": taken})
        return back(request, "d365:board")
    return _retried(request, pushes, "")


def _retried(request: Request, pushes: PushQuerySet, address: str) -> HttpResponse:
    try:
        job = pushing.retry(pushes, by=request.user)
    except pushing.PushRefused as refusal:
        messages.error(request, str(REFUSED[refusal.reason]))
    else:
        _say(request, job)
    return HttpResponseRedirect(address) if address else back(request, "d365:board")


def _say(request: Request, job: Job | None) -> None:
    if job is None:
        messages.info(request, _("None of them can be retried: they are on their way, or wait for a decision."))
        return
    if (state := connection().state) in ("paused", "down"):
        text = ngettext(
            "%(count)d push waits: Dynamics cannot be reached now. It goes on by itself.",
            "%(count)d pushes wait: Dynamics cannot be reached now. They go on by themselves.",
            job.total,
        )
        if state == "paused":
            text = ngettext(
                "%(count)d push waits: pushing is paused. It goes on by itself.",
                "%(count)d pushes wait: pushing is paused. They go on by themselves.",
                job.total,
            )
    else:
        text = ngettext("%(count)d push is tried again.", "%(count)d pushes are tried again.", job.total)
    messages.success(request, text % {"count": job.total})
