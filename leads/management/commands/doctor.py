"""Is this installation healthy, and what to do when it is not."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from leads.doctor import run_checks


class Command(BaseCommand):
    help = "Check this installation and say what to do."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="one JSON object a check, its key the same in every language"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        checks = run_checks()
        for check in checks:
            if options["json"]:
                row = {"check": check.key, "ok": check.ok, "advice": check.advice}
                self.stdout.write(json.dumps(row, ensure_ascii=False))
            else:
                mark = {True: "ok ", False: "BAD", None: "-  "}[check.ok]
                self.stdout.write(f"{mark} {check.name}: {check.advice}")
        if any(check.ok is False for check in checks):
            sys.exit(1)
