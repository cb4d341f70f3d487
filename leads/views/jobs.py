"""Background work as people see it: what runs, how far it is, and a way to stop it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

import jobs.services
from jobs.models import Job
from leads import bulk_actions
from leads.models import ImportBatch
from leads.views.pages import Request, allowed, page_of, show


@allowed("jobs.view_job")
@require_GET
def job_list(request: Request) -> HttpResponse:
    everything = request.GET.get("routine") == "1"
    rows = Job.objects.all() if everything else Job.objects.of_interest()
    page = page_of(rows.select_related("started_by").order_by("-created_at", "-pk"), request, 50)
    # Counted only when the list is empty: are there none, or is it all routine?
    hidden = 0 if page.paginator.count or everything else Job.objects.count()
    context: dict[str, Any] = {"page": page, "everything": everything, "hidden": hidden}
    if not request.htmx and request.user.has_perm("leads.bulk_change_leads"):
        context["actions"] = bulk_actions.recent()
    return show(request, "leads/job_list.html", "leads/_job_table.html", context)


@allowed("jobs.view_job")
@require_GET
def job_detail(request: Request, pk: int) -> HttpResponse:
    job = get_object_or_404(Job.objects.select_related("started_by"), pk=pk)
    context = {"job": job, "batch": ImportBatch.objects.filter(job=job).first()}
    return show(request, "leads/job_detail.html", "leads/_job_progress.html", context)


@allowed("jobs.change_job")
@require_POST
def job_cancel(request: Request, pk: int) -> HttpResponse:
    job = get_object_or_404(Job, pk=pk)
    jobs.services.cancel(job, by=request.user)
    messages.success(request, _("The job stops at its next step. What is written stays."))
    return redirect("leads:job", pk)


@allowed("jobs.change_job")
@require_POST
def job_retry(request: Request, pk: int) -> HttpResponse:
    job = get_object_or_404(Job, pk=pk)
    jobs.services.retry(job)
    messages.success(request, _("The job goes on where it stopped."))
    return redirect("leads:job", pk)
