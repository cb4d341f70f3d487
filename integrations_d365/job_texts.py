"""What jobs of this room are called and what came of them (HUNTER_JOB_TEXTS)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.contrib.auth.models import User
from django.db.models import Count, Exists, OuterRef
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from integrations_d365.messages import failure
from integrations_d365.models import PushAttempt
from integrations_d365.push_page import ARRIVED
from jobs.models import Job
from leads.job_texts import number
from leads.list_query import LeadQuery
from leads.models import PushState
from leads.templatetags.leads import chip_text

TITLES: Final = {
    "push.named": gettext_lazy("Push of %(name)s to Dynamics 365"),
    "push.list": gettext_lazy("Push of a filtered list to Dynamics 365"),
    "push.selected": gettext_lazy("Push of selected leads to Dynamics 365"),
    "push.retry": gettext_lazy("Retry of parked pushes"),
    "push.again": gettext_lazy("Everything once more to Dynamics 365"),
    "push.due": gettext_lazy("Pushes that are due"),
    "push.command": gettext_lazy("Push to Dynamics 365"),
    "read_back": gettext_lazy("What became of leads in Dynamics 365"),
}


def title(job: Job) -> str:
    code, name = job.payload.get("title", ""), job.payload.get("name", "")
    if code == "push.list" and (words := _filter(name)):
        return _("Push to Dynamics 365: %(filter)s") % {"filter": words}
    wording = TITLES.get(code)
    return str(wording) % {"name": name} if wording else job.subject


def _filter(address: str) -> str:
    """The filter of a list in words."""
    chips = LeadQuery.from_url(QueryDict(address.lstrip("?"))).chips()
    owners = User.objects.filter(pk__in=[value for name, value, _url in chips if name == "owner" and value.isdigit()])
    return ", ".join(chip_text(chip, owners) for chip in chips)


def result(job: Job) -> str:
    """Counts from the ledger; rows that are done without a request were up to date."""
    if job.kind == "read_back":
        return ngettext("%(count)s lead read", "%(count)s leads read", job.done) % {"count": number(job.done)}
    counts = _pushes(job, ARRIVED)
    created, updated = counts.get("created", 0), counts.get("updated", 0)
    same = job.done - job.failed - created - updated
    told = [
        (created, _("%(count)s created")),
        (updated, _("%(count)s updated")),
        (same if not job.is_active else 0, _("%(count)s up to date")),
        (job.failed, _("%(count)s need attention")),
    ]
    if job.state == Job.State.CANCELLED:
        told += _cut_off(job)
    return ", ".join(text % {"count": number(count)} for count, text in told if count > 0)


def _cut_off(job: Job) -> list[tuple[int, str]]:
    """What a job that was stopped left: rows whose request had no answer yet, which Hunter asks for again, and rows
    that were never sent."""
    answered = PushAttempt.objects.filter(job=job, push=OuterRef("push"), outcome__in=_ANSWERED)
    cut = PushAttempt.objects.filter(job=job, outcome__in=_UNANSWERED).exclude(Exists(answered))
    moving = cut.filter(push__state__in=(PushState.QUEUED, PushState.IN_PROGRESS))
    on_their_way, waiting = (rows.values("push").distinct().count() for rows in (cut, moving))
    return [
        (on_their_way - waiting, _("%(count)s on their way when it was stopped, finished since")),
        (waiting, _("%(count)s on their way when it was stopped; Hunter finishes them")),
        (job.total - job.done - on_their_way, _("%(count)s not sent")),
    ]


_UNANSWERED: Final = (PushAttempt.Outcome.SENT, PushAttempt.Outcome.UNKNOWN)
_ANSWERED: Final = [outcome for outcome in PushAttempt.Outcome.values if outcome not in _UNANSWERED]


def _pushes(job: Job, outcomes: Sequence[str]) -> dict[str, int]:
    """How many pushes by outcome of the job's requests."""
    rows = PushAttempt.objects.filter(job=job, outcome__in=outcomes).values_list("outcome").order_by()
    return dict(rows.annotate(count=Count("push", distinct=True)))


def error(job: Job) -> str:
    """Why it failed, and what to do; a category and a code are stored."""
    category, separator, code = job.error.partition(":")
    return " ".join(map(str, failure(category, code))) if separator else job.error
