"""What a job is called and what came of it, in the language of the reader: stored as codes and numbers."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from jobs.models import Job

TITLES: Final = {
    "scan.named": gettext_lazy("Scan of %(name)s"),
    "scan.list": gettext_lazy("Rescan of a filtered list"),
    "scan.selected": gettext_lazy("Rescan of selected leads"),
    "scan.added": gettext_lazy("First scan of added leads"),
    "scan.due": gettext_lazy("Rescan of due leads"),
    "scan.retry": gettext_lazy("Second look at undetermined leads"),
    "scan.referrals": gettext_lazy("First scan of leads from referrals"),
    "import.named": gettext_lazy("Import of %(name)s"),
    "import.pasted": gettext_lazy("Import of a pasted list"),
    "import.undo": gettext_lazy("Undo of the import of %(name)s"),
    "import.undo_pasted": gettext_lazy("Undo of the import of a pasted list"),
    "bulk.assign": gettext_lazy("Assign many leads"),
    "bulk.tag": gettext_lazy("Tag many leads"),
    "bulk.untag": gettext_lazy("Remove a tag from many leads"),
    "bulk.snooze": gettext_lazy("Snooze many leads"),
    "bulk.dismiss": gettext_lazy("Dismiss many leads"),
    "bulk.rescan": gettext_lazy("Scan many leads again"),
    "bulk.undo": gettext_lazy("Undo a change of many leads"),
    "outside.registration": gettext_lazy("Look-up of registrations"),
    "outside.hosting": gettext_lazy("Look-up of hosting locations"),
    "outside.tenant": gettext_lazy("Look-up of Microsoft tenants"),
    "outside.posture": gettext_lazy("Look-up of further mail records"),
}

ERRORS: Final = {
    "bulk.owner_gone": gettext_lazy("The new owner was deleted meanwhile. The other leads keep their owners."),
}


def title(job: Job) -> str:
    """`payload` holds the code of the title and the name in it. Kinds of rooms above bring their own module of texts
    (HUNTER_JOB_TEXTS)."""
    if other := _texts_of(job):
        return str(other.title(job))
    wording = TITLES.get(job.payload.get("title", ""))
    return str(wording) % {"name": job.payload.get("name", "")} if wording else job.subject


def result(job: Job) -> str:
    """What a finished job did; the stored message of any other."""
    if other := _texts_of(job):
        return str(other.result(job))
    if job.state != Job.State.DONE:
        return job.message
    count, failed = number(job.done), number(job.failed)
    if job.kind == "scan":
        text = ngettext("%(count)s lead scanned", "%(count)s leads scanned", job.done) % {"count": count}
        return f"{text}, " + _("%(count)s undetermined") % {"count": failed} if job.failed else text
    if job.kind == "import_undo":
        return ngettext("%(count)s row undone", "%(count)s rows undone", job.done) % {"count": count}
    if job.kind == "bulk":
        return ngettext("%(count)s lead done", "%(count)s leads done", job.done) % {"count": count}
    if job.kind == "outside":
        return ngettext("%(count)s lead looked up", "%(count)s leads looked up", job.done) % {"count": count}
    text = ngettext("%(count)s row read", "%(count)s rows read", job.done) % {"count": count}
    return f"{text}, " + _("%(count)s rejected") % {"count": failed} if job.failed else text


def error(job: Job) -> str:
    """Why a job failed."""
    other = _texts_of(job)
    return str(other.error(job)) if other else str(ERRORS.get(job.error, job.error))


def _texts_of(job: Job) -> Any:
    path = settings.HUNTER_JOB_TEXTS.get(job.kind)
    return import_module(path) if path else None


def number(value: int) -> str:
    """Grouped as the reader's language groups."""
    return number_format(value, force_grouping=True)
