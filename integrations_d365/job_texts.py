"""What jobs of this room are called and what came of them (HUNTER_JOB_TEXTS)."""

from __future__ import annotations

from typing import Final

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from integrations_d365.messages import failure
from integrations_d365.models import PushAttempt
from jobs.models import Job
from leads.job_texts import number

TITLES: Final = {
    "push.named": gettext_lazy("Push of %(name)s to Dynamics 365"),
    "push.list": gettext_lazy("Push of a filtered list to Dynamics 365"),
    "push.selected": gettext_lazy("Push of selected leads to Dynamics 365"),
    "push.retry": gettext_lazy("Retry of parked pushes"),
    "push.due": gettext_lazy("Pushes that are due"),
    "push.command": gettext_lazy("Push to Dynamics 365"),
    "read_back": gettext_lazy("What became of leads in Dynamics 365"),
}


def title(job: Job) -> str:
    wording = TITLES.get(job.payload.get("title", ""))
    return str(wording) % {"name": job.payload.get("name", "")} if wording else job.subject


def result(job: Job) -> str:
    """Counts from the ledger; rows without a request were up to date."""
    if job.kind == "read_back":
        return ngettext("%(count)s lead read", "%(count)s leads read", job.done) % {"count": number(job.done)}
    outcomes = PushAttempt.objects.filter(job=job).values_list("outcome").order_by()
    counts = dict(outcomes.annotate(count=Count("push", distinct=True)))
    created, updated = counts.get("created", 0), counts.get("updated", 0)
    texts = [
        _("%(count)s created") % {"count": number(created)} if created else "",
        _("%(count)s updated") % {"count": number(updated)} if updated else "",
        _("%(count)s need attention") % {"count": number(job.failed)} if job.failed else "",
    ]
    same = job.done - job.failed - created - updated
    if job.state == Job.State.DONE and same > 0:
        texts.insert(2, _("%(count)s up to date") % {"count": number(same)})
    return ", ".join(text for text in texts if text)


def error(job: Job) -> str:
    """Why it failed, and what to do; a category and a code are stored."""
    category, separator, code = job.error.partition(":")
    return " ".join(map(str, failure(category, code))) if separator else job.error
