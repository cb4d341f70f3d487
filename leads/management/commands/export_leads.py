"""Leads as CSV, in the order of the list."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.http import QueryDict

from leads.export import csv_lines
from leads.list_query import LeadQuery


class Command(BaseCommand):
    help = "Write leads as CSV (to a file with a byte order mark, as Excel expects it)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--view", default="", help='the query part of a list URL, e.g. "segment=Migration"')
        parser.add_argument("--output", default="-", help="file to write; - for standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = csv_lines(LeadQuery.from_url(QueryDict(options["view"].lstrip("?"))).ordered(user=None))
        if options["output"] == "-":
            for line in lines:
                self.stdout.write(line, ending="")
            return
        try:
            with open(options["output"], "w", encoding="utf-8-sig", newline="") as file:
                file.writelines(lines)
        except OSError as error:
            raise CommandError(f"Cannot write {options['output']}: {error}") from error
