"""Add one domain or a pasted list of domains, e-mails and addresses."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from leads import scanning, services
from leads.company_list.claims import claims_from_text
from leads.forms import AddForm
from leads.models import Lead
from leads.views.pages import Request, allowed, show


@allowed("leads.add_lead")
@require_http_methods(["GET", "POST"])
def lead_add(request: Request) -> HttpResponse:
    form = AddForm(request.POST or None)
    if request.method == "GET" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return show(request, "leads/lead_add.html", "leads/lead_add.html", {"form": form}, status=status)
    found = claims_from_text(form.cleaned_data["text"])
    if not found.claims:
        context = {"form": form, "rejections": found.rejections}
        return show(request, "leads/lead_add.html", "leads/lead_add.html", context, status=422)
    name = form.cleaned_data["company_name"] if len({claim.domain for claim in found.claims}) == 1 else ""
    added = services.add_leads(found.claims, by=request.user, company_name=name)
    job = scanning.queue_scan(
        Lead.objects.filter(pk__in=[lead.pk for lead in added.created]).never_scanned(),
        title="scan.added",
        started_by=request.user,
        thorough=len(added.created) <= 20,
    )
    for rejection in found.rejections:
        messages.warning(
            request,
            _("“%(text)s” was not added: %(reason)s") % {"text": rejection.raw[:80], "reason": rejection.text()},
        )
    messages.success(request, _summary(len(added.created), len(added.matched)))
    leads = added.created + added.matched
    if len(leads) == 1:
        return redirect(leads[0])
    return redirect("leads:job", job.pk) if job else redirect("leads:list")


def _summary(created: int, matched: int) -> str:
    text = ngettext("%(count)d lead added.", "%(count)d leads added.", created) % {"count": created}
    if matched:
        text += " " + ngettext("%(count)d was known already.", "%(count)d were known already.", matched) % {
            "count": matched
        }
    return text
