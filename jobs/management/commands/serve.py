"""Web, worker and, if asked, the sandbox."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from jobs.serving import serve


class Command(BaseCommand):
    help = "Start web and worker (and with --sandbox the local world); one Ctrl-C stops all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        port = os.environ.get("HUNTER_PORT", "8000")
        parser.add_argument(
            "--port", type=int, default=port, help="port of the web server (default: HUNTER_PORT or 8000)"
        )
        parser.add_argument("--sandbox", action="store_true", help="answer look-ups from a local fictional market")

    def handle(self, *args: Any, **options: Any) -> None:
        serve(port=options["port"], sandbox=options["sandbox"], say=self._say)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
