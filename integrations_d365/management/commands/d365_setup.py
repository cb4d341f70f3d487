"""Make the lead table of Dynamics 365 ready: publisher, solution, columns, choices, key."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from integrations_d365 import auth, governor, preflight, setup
from integrations_d365.client import DataverseClient, client_from_settings
from integrations_d365.governor import NotNow, Turnstile
from integrations_d365.management import check_lines
from integrations_d365.management.refusals import TROUBLE, exit_code, failed, not_now, refuse_when_off
from integrations_d365.management.spoken import SpokenCommand
from integrations_d365.messages import failure
from integrations_d365.setup import Change, NotMade
from outbound.errors import Category, OutboundError

_ROLE = (
    "The application user may not change the lead table. An administrator of Dynamics gives it the role System "
    "Customizer for as long as d365_setup runs (README, “Connect Dynamics 365”)."
)


class Command(SpokenCommand):
    help = (
        "Create what Hunter needs in Dynamics 365: publisher, solution, columns, choices and the key on the domain. "
        "Changes nothing that exists; may be run again at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="print the difference, change nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object a change, then the result")

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_when_off()
        auth.forget()  # somebody may have mended the sign-in
        client = client_from_settings(Turnstile(governor.current()))
        try:
            self._set_up(client, dry_run=options["dry_run"], as_json=options["json"])
        except NotMade as refusal:
            raise CommandError(_not_made(refusal), returncode=TROUBLE) from refusal
        except OutboundError as error:
            if error.category == Category.PERMISSION and error.code != "0x80072560":
                raise CommandError(f"{_ROLE} ({error})", returncode=TROUBLE) from error
            raise failed(error) from error
        except NotNow as pause:
            raise not_now(pause) from pause
        finally:
            client.close()

    def _set_up(self, client: DataverseClient, *, dry_run: bool, as_json: bool) -> None:
        found = setup.look(client)
        changes = setup.plan(found)
        self._show(changes, as_json=as_json)
        if dry_run:
            return
        self.stdout.flush()
        made = []

        def tell(change: Change) -> None:
            made.append(change)
            if not as_json:
                label = f": {change.option[1]}" if change.option else ""
                self.stdout.write(f"made {change.name}{label}")
                self.stdout.flush()

        # The sandbox decides about a key at once.
        every = 0.05 if settings.HUNTER_SANDBOX_URL else setup.KEY_EVERY
        setup.apply(client, found, tell=tell, key_every=every)
        check = setup.patiently(preflight.check_environment, client=client)
        if as_json:
            result = {
                "made": len(made),
                "decisions": sum(not change.is_done_by_us for change in changes),
                "ok": check.ok,
                "problems": check.problems,
                "error_category": check.error_category or None,
                "error": check.error_code or None,
                "request_id": check.request_id or None,
            }
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            for line in check_lines.lines(check):
                self.stdout.write(str(line))
        if not check.ok:
            raise SystemExit(exit_code(check.error_category))

    def _show(self, changes: Sequence[Change], *, as_json: bool) -> None:
        """The difference; a dry run and a real one print the same."""
        if not as_json:
            self.stdout.write("\n".join(setup.lines(changes)))
            return
        for change in changes:
            row = {
                "change": str(change.what),
                "name": change.name,
                "line": change.line,
                "advice": change.advice or None,
            }
            self.stdout.write(json.dumps(row, ensure_ascii=False))


def _not_made(refusal: NotMade) -> str:
    error = refusal.error
    story = f" Dynamics said: {error.said}" if error.said else ""
    if error.is_transient:
        story = f" {failure(error.category, error.code)[0]} Run it again: it goes on where it ended."
    return f"Not made: {refusal}.{story} ({error})"
