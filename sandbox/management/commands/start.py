"""What `make run` does: migrate, add demo data unless something real is configured, serve."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Migrate, add demo data unless a real integration is configured, and start web and worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=os.environ.get("HUNTER_PORT", "8000"))

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Preparing the database {settings.DATABASES['default']['NAME']} …")
        call_command("migrate", verbosity=0)
        if settings.HUNTER_DEMO:
            call_command("demo", stdout=self.stdout)
        call_command("serve", port=options["port"], sandbox=settings.HUNTER_DEMO, stdout=self.stdout)
