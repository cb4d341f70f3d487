"""Do the background work, and see to it that it goes on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from jobs.supervisor import run_worker


class Command(BaseCommand):
    help = "Run background jobs and periodic duties; a worker that dies or hangs is replaced."

    def handle(self, *args: Any, **options: Any) -> None:
        run_worker()
