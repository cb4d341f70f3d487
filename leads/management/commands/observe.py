"""Look, judge, print. Stores nothing and takes each name as it is."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leads.looking import observe_in_chunks
from leads.management.name_lists import read_names
from leads.verdicts import as_json, as_line, judge


class Command(BaseCommand):
    help = "Look at domains, judge them and print the result. Nothing is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME")
        parser.add_argument("--file", type=Path, help="a text file with one name a line; - for standard input")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        names = read_names(options["names"], options["file"])
        if not names:
            raise CommandError("Name at least one domain, or give --file.", returncode=2)
        undetermined = False
        for chunk in observe_in_chunks(names, thorough=True, chunk=1 if len(names) < 100 else 100):
            for observation in chunk:
                facts = observation.facts
                row = as_json(observation.domain, facts, judge(observation.domain, facts))
                undetermined |= row["state"] == "undetermined"
                self.stdout.write(json.dumps(row, ensure_ascii=False) if options["json"] else as_line(row))
        if undetermined:
            sys.exit(1)
