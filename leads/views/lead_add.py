"""Add one domain or a pasted list of domains, e-mails and addresses."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from jobs.models import Job
from leads import scanning, services
from leads.company_list.claims import Rejection, claims_from_text
from leads.forms import AddForm
from leads.models import Lead
from leads.views.pages import Request, allowed, show

LISTED = 10  # refusals and leads named on the page; the rest is counted


@allowed("leads.add_lead")
@require_http_methods(["GET", "POST"])
def lead_add(request: Request) -> HttpResponse:
    form = AddForm(request.POST or None)
    if request.method == "GET" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return _page(request, form, status=status)
    found = claims_from_text(form.cleaned_data["text"])
    if not found.claims:
        return _page(request, form, found.rejections, status=422)
    name = form.cleaned_data["company_name"] if len({claim.domain for claim in found.claims}) == 1 else ""
    details = {found.claims[0].domain: services.Details(company_name=name)}
    added = services.add_leads(found.claims, by=request.user, details=details)
    job = scanning.queue_scan(
        Lead.objects.filter(pk__in=[lead.pk for lead in added.created]).never_scanned(),
        title="scan.added",
        started_by=request.user,
        thorough=len(added.created) <= 20,
    )
    messages.success(request, _summary(len(added.created), len(added.matched)))
    leads = added.created + added.matched
    if found.rejections:
        rest = AddForm(initial={"text": "\n".join(rejection.raw for rejection in found.rejections)})
        return _page(request, rest, found.rejections, leads, job)
    if len(leads) == 1:
        return redirect(leads[0])
    return redirect("leads:job", job.pk) if job else redirect("leads:list")


def _page(
    request: Request,
    form: AddForm,
    rejections: Sequence[Rejection] = (),
    leads: Sequence[Lead] = (),
    job: Job | None = None,
    status: int = 200,
) -> HttpResponse:
    """The form, with what was refused, which leads were added or known, and the job that scans them."""
    context = {
        "form": form,
        "rejections": rejections[:LISTED],
        "more_rejections": max(len(rejections) - LISTED, 0),
        "leads": leads[:LISTED],
        "more_leads": max(len(leads) - LISTED, 0),
        "job": job,
    }
    return show(request, "leads/lead_add.html", "leads/lead_add.html", context, status=status)


def _summary(created: int, matched: int) -> str:
    text = ngettext("%(count)d lead added.", "%(count)d leads added.", created) % {"count": created}
    if matched:
        text += " " + ngettext("%(count)d was known already.", "%(count)d were known already.", matched) % {
            "count": matched
        }
    return text
