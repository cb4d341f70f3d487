"""Push leads to Dynamics 365 now, in this process."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from typing import Any, Final

from django.core.management.base import CommandError
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from integrations_d365 import governor, preflight, pushing
from integrations_d365.management.push_lines import UNKNOWN, Report, each, named, run
from integrations_d365.management.refusals import TROUBLE, refuse_when_off
from integrations_d365.management.spoken import SpokenCommand
from integrations_d365.mapping import Shape
from integrations_d365.messages import NOTES, REFUSED
from integrations_d365.models import Push, PushAttempt
from integrations_d365.push_page import Line, Preview, awaits, preview_of, push_of, shape_from
from integrations_d365.pushing import PushRefused
from integrations_d365.status import connection
from leads.list_query import LeadQuery
from leads.management.name_lists import read_names
from leads.models import Lead, LeadQuerySet, PushState, SavedView
from leads.overtaken import LeadGone

_SHOWN: Final = 100  # characters of a value in the difference


class Command(SpokenCommand):
    help = "Push leads to Dynamics 365 in this process: those named, those of a saved view, or what is due."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("domains", nargs="*", metavar="DOMAIN")
        parser.add_argument("--view", metavar="NAME", help="the leads of this saved view")
        parser.add_argument("--due", action="store_true", help="what waits, what changed, what the rules want")
        parser.add_argument("--force", action="store_true", help="send every column again, whatever Dynamics has")
        parser.add_argument("--dry-run", action="store_true", help="print what would be sent, send nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object a lead, then the counts")

    def handle(self, *args: Any, **options: Any) -> None:
        names = read_names(options["domains"], None)
        if sum((bool(names), bool(options["view"]), options["due"])) != 1:
            raise CommandError("Give domains, or --view, or --due.", returncode=2)
        if options["force"] and (options["due"] or options["dry_run"]):
            raise CommandError("--force goes with domains or --view, and without --dry-run.", returncode=2)
        refuse_when_off()
        report = Report(self.stdout, as_json=options["json"])
        if options["due"] and not options["dry_run"]:
            self._push_due(report, quiet=options["json"])
            return
        leads, missing = self._chosen(names, options["view"])
        pks = list(leads.values_list("pk", flat=True))
        if options["dry_run"]:
            self._preview(pks, missing, as_json=options["json"])
            return
        if options["force"]:
            job = pushing.resend_all(leads, by=None)
        else:
            job = pushing.queue_pushes(leads, by=None, title="push.command")
        if names:
            self._wait_for_scans(pks)
        until = run(job, out=None if options["json"] else self.stdout)
        report.leads(pks, job)
        report.unknown(missing)
        report.finish(job, until)

    def _chosen(self, names: list[str], view: str | None) -> tuple[LeadQuerySet, list[str]]:
        """(leads, names that are none); without names and view what is due."""
        if view:
            chosen = self._view(view)
            return LeadQuery.from_url(QueryDict(chosen.query.lstrip("?"))).ordered(chosen.owner), []
        if names:
            return named(names)
        due = Push.objects.due(timezone.now()) | pushing.outdated()
        return Lead.objects.filter(push__in=due).order_by("pk"), []

    def _view(self, name: str) -> SavedView:
        found = list(SavedView.objects.filter(name=name).select_related("owner").order_by("pk"))
        shared = [view for view in found if view.shared]
        if len(found) == 1 or len(shared) == 1:
            return (shared or found)[0]
        if not found:
            raise CommandError(f"There is no saved view {name}.", returncode=2)
        owners = ", ".join(view.owner.get_username() for view in found)
        raise CommandError(f"Several people have a view {name}: {owners}. Share one, or rename it.", returncode=2)

    def _wait_for_scans(self, pks: list[int]) -> None:
        """Leads that were named and are being scanned are pushed when their verdict is there."""
        for lead in Lead.objects.filter(pk__in=pks, score__isnull=True):
            try:
                pushing.request_push(lead, by=None)
            except (PushRefused, LeadGone):
                continue  # the report says why it is not pushed

    def _push_due(self, report: Report, *, quiet: bool) -> None:
        job = pushing.push_when_due(timezone.now())
        if job is None:  # nothing to do, or Dynamics is to be left alone
            until, pushes = connection().until, Push.objects.due(timezone.now())
        else:
            until = run(job, out=None if quiet else self.stdout)
            pushes = Push.objects.filter(Q(job=job) | Q(pk__in=PushAttempt.objects.filter(job=job).values("push")))
        report.leads(list(pushes.order_by("lead_id").values_list("lead_id", flat=True)), job)
        report.finish(job, until)

    def _preview(self, pks: list[int], missing: list[str], *, as_json: bool) -> None:
        check = preflight.latest(governor.current())
        if (check is None or not check.shape) and not as_json:
            self.stdout.write("The environment was never checked: the columns are those that d365_setup makes.")
        shape = shape_from(check)
        counts: Counter[str] = Counter()
        for lead in each(pks):
            operation, preview, why = _planned(lead, shape)
            counts[operation] += 1
            if as_json:
                self.stdout.write(json.dumps(_row(lead.domain, operation, preview, why), ensure_ascii=False))
            else:
                self.stdout.write("\n".join(_as_lines(lead, operation, preview, why)))
        for domain in missing:
            counts[UNKNOWN] += 1
            row = _row(domain, UNKNOWN, None, "Not a lead.")
            self.stdout.write(json.dumps(row) if as_json else f"{domain}: not a lead")
        total = {"leads": sum(counts.values())}
        total |= {name: counts[name] for name in ("create", "update", "nothing", "refused", UNKNOWN)}
        self.stdout.write(
            json.dumps(total)
            if as_json
            else ", ".join(f"{name}: {count}" for name, count in total.items() if count or name == "leads")
        )
        if counts["refused"] or counts[UNKNOWN]:
            raise SystemExit(TROUBLE)


def _planned(lead: Lead, shape: Shape) -> tuple[str, Preview | None, str]:
    """(create, update, nothing or refused; what would be sent; why it is refused)."""
    push = push_of(lead)
    if push.is_closed:
        return "refused", None, str(REFUSED["closed"])
    if push.state == PushState.PARKED and push.reason in pushing.DECISIONS:
        return "refused", None, str(REFUSED["decision"])
    preview = preview_of(push, shape)
    if preview is None:
        return "refused", None, awaits(lead) or str(REFUSED["no_verdict"])
    if not preview.is_needed:
        return "nothing", preview, ""
    return "create" if preview.creates else "update", preview, ""


def _sent(preview: Preview) -> list[Line]:
    return [*preview.added, *preview.changed, *preview.creation]


def _row(domain: str, operation: str, preview: Preview | None, why: str) -> dict[str, Any]:
    columns = [{"column": line.name, "old": line.old, "new": line.new} for line in _sent(preview)] if preview else []
    notes = [list(note) for note in (*preview.left_out, *preview.cut)] if preview else []
    row = {"domain": domain, "operation": operation, "columns": columns, "notes": notes}
    return row | {"error": why or None}


def _as_lines(lead: Lead, operation: str, preview: Preview | None, why: str) -> list[str]:
    if preview is None:
        return [f"{lead.domain}: {operation}. {why}"]
    lines = [f"{lead.domain}: {operation}"]
    for line in _sent(preview):
        old = "" if line.old is None else "(a long text) → " if line.is_long else f"{_short(line.old)} → "
        lines.append(f"  {'~' if old else '+'} {line.name}: {old}{_short(line.new)}")
    for note in (*preview.left_out, *preview.cut):
        detail = f" ({note.detail})" if note.detail else ""
        lines.append(f"  ! {note.column}: {NOTES[note.kind]}{detail}")
    return lines


def _short(value: Any) -> str:
    text = "(empty)" if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
