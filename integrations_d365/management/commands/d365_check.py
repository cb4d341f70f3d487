"""Is the environment ready for pushes, and who mends it when it is not."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from integrations_d365 import preflight, setup
from integrations_d365.governor import NotNow
from integrations_d365.management.check_lines import lines
from integrations_d365.management.refusals import exit_code, not_now, refuse_when_off
from integrations_d365.management.spoken import SpokenCommand


class Command(SpokenCommand):
    help = "Check the connection to Dynamics 365: sign-in, key, columns. A success ends a pause of the pushes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object a check")

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_when_off()
        try:
            check = setup.patiently(preflight.check_environment)
        except NotNow as pause:
            raise not_now(pause) from pause
        for line in lines(check):
            self.stdout.write(json.dumps(line.as_json(), ensure_ascii=False) if options["json"] else str(line))
        if not check.ok:
            raise SystemExit(exit_code(check.error_category))
