"""Push parked leads again, in this process."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from integrations_d365 import pushing
from integrations_d365.management.push_lines import Report, named, run
from integrations_d365.management.refusals import refuse_when_off
from integrations_d365.management.spoken import SpokenCommand
from integrations_d365.models import Push
from leads.management.name_lists import read_names
from leads.models import Lead


class Command(SpokenCommand):
    help = "Push parked leads again. Those that wait for a decision stay parked: a person decides about them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("domains", nargs="*", metavar="DOMAIN")
        parser.add_argument("--all", action="store_true", help="every parked push")
        parser.add_argument("--json", action="store_true", help="one JSON object a lead, then the counts")

    def handle(self, *args: Any, **options: Any) -> None:
        names = read_names(options["domains"], None)
        if bool(names) == options["all"]:
            raise CommandError("Give domains, or --all.", returncode=2)
        refuse_when_off()
        leads, missing = named(names)
        if options["all"]:
            leads = Lead.objects.filter(push__in=Push.objects.parked()).order_by("pk")
        chosen = list(leads.values_list("pk", flat=True))
        job = pushing.retry(Push.objects.filter(lead__in=leads), by=None)
        until = run(job, out=None if options["json"] else self.stdout)
        report = Report(self.stdout, as_json=options["json"])
        report.leads(chosen, job)
        report.unknown(missing)
        report.finish(job, until)
