"""Scan leads now, in this process, and store what was seen."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from leads.management.name_lists import read_names
from leads.models import Lead, LeadQuerySet
from leads.scanning import scan_now
from leads.verdicts import as_line


class Command(BaseCommand):
    help = "Scan leads that are already known, in this process, and store what was seen."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("domains", nargs="*", metavar="DOMAIN")
        parser.add_argument("--file", type=Path, help="a text file with one domain a line; - for standard input")
        parser.add_argument("--due", action="store_true", help="leads whose next scan is due")
        parser.add_argument("--all", action="store_true", help="every open lead")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        leads, thorough = self._leads(options)
        undetermined = 0
        for row in scan_now(leads, thorough=thorough):
            undetermined += row["state"] == "undetermined"
            self.stdout.write(json.dumps(row, ensure_ascii=False) if options["json"] else as_line(row))
        if undetermined:
            sys.exit(1)

    def _leads(self, options: dict[str, Any]) -> tuple[LeadQuerySet, bool]:
        names = read_names(options["domains"], options["file"])
        chosen = [bool(names), options["due"], options["all"]]
        if sum(chosen) != 1:
            raise CommandError("Give domains (or --file), or --due, or --all.", returncode=2)
        if options["due"]:
            return Lead.objects.due_for_rescan(timezone.now()), False
        if options["all"]:
            return Lead.objects.open(), False
        known = set(Lead.objects.filter(domain__in=names).values_list("domain", flat=True))
        if missing := [name for name in names if name not in known]:
            raise CommandError(f"Not a lead: {', '.join(missing[:10])}. Add or import it first.", returncode=2)
        return Lead.objects.filter(domain__in=known), bool(options["domains"])
