"""Import a company list in this process."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from leads.company_list.reading import UnreadableFile
from leads.importing import ImportStopped, RowVerdict, Verdict, import_file, judge_file
from leads.models import ImportRow


class Command(BaseCommand):
    help = "Import a company list (CSV, TSV, XLSX). New leads are queued for their first scan."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--owner", help="user name of the owner of new leads")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")
        parser.add_argument("--no-scan", action="store_true", help="do not queue a scan of the new leads")
        parser.add_argument("--json", action="store_true", help="one JSON object a row, then the counts")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = self._owner(options["owner"])
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.", returncode=2)
        verdicts: Iterator[RowVerdict] | Iterator[ImportRow]
        if options["dry_run"]:
            verdicts = judge_file(path)
        else:
            verdicts = import_file(path, by=None, owner=owner, scan=not options["no_scan"])
        counts: Counter[str] = Counter()
        try:
            for verdict in verdicts:
                number = verdict.row if isinstance(verdict, ImportRow) else verdict.row.number
                counts[verdict.verdict] += 1
                row = {
                    "row": number,
                    "domain": verdict.domain or None,
                    "verdict": str(verdict.verdict),
                    "reason": verdict.reason or None,
                }
                if options["json"]:
                    self.stdout.write(json.dumps(row, ensure_ascii=False))
                elif verdict.verdict == Verdict.REJECTED:
                    self.stdout.write(f"row {number}: rejected ({verdict.reason}) {verdict.raw[:80]}")
        except UnreadableFile as error:
            raise CommandError(str(error), returncode=2) from error
        except ImportStopped as error:
            raise CommandError(str(error)) from error
        total = {"rows": sum(counts.values()), **{name: counts[name] for name in Verdict.values}}
        self.stdout.write(json.dumps(total) if options["json"] else ", ".join(f"{n} {k}" for k, n in total.items()))
        if counts[Verdict.REJECTED]:
            sys.exit(1)

    def _owner(self, name: str | None) -> User | None:
        if not name:
            return None
        try:
            return User.objects.get(username=name)
        except User.DoesNotExist:
            raise CommandError(f"There is no user {name}.", returncode=2) from None
