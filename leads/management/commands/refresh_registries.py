"""Fetch the list of registries (RDAP) that IANA publishes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from leads.outside import registries_path
from outbound.errors import OutboundError
from signals.registration.bootstrap import BootstrapError, fetch_bootstrap


class Command(BaseCommand):
    help = "Replace the list of registries by the one that IANA publishes now; once a month is enough."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.HUNTER_RDAP_ENABLED:
            raise CommandError("Registrations are not looked up: HUNTER_RDAP_ENABLED is off.", returncode=3)
        path = registries_path(fetched=True)
        try:
            found = fetch_bootstrap(path, sandbox_url=settings.HUNTER_SANDBOX_URL)
        except (OutboundError, BootstrapError, OSError) as error:
            raise CommandError(f"The list was not fetched, the old one stays: {error}", returncode=1) from error
        date = found.published.isoformat() if found.published else "unknown"
        self.stdout.write(f"{len(found.rdap)} endings, published {date}: {path}")
