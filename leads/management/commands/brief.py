"""The sales brief of one lead, as text or as a PDF."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import override

import scoring
from leads.brief_pdf import draw
from leads.brief_sheet import as_text, sheet_of
from leads.models import Lead


class Command(BaseCommand):
    help = "Print the sales brief of a lead."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("domain")
        parser.add_argument("--lang", choices=[code for code, _name in settings.LANGUAGES], default="tr")
        parser.add_argument("--customer", action="store_true", help="public records only, for the customer's eyes")
        parser.add_argument("--pdf", metavar="FILE", type=Path, help="write a PDF of one page instead")

    def handle(self, *args: Any, **options: Any) -> None:
        lead = Lead.objects.filter(domain=scoring.normalize_domain(options["domain"])).first()
        if lead is None:
            raise CommandError(f"{options['domain']} is not a lead. Add it with import_leads or in the browser.")
        with override(options["lang"]):
            sheet = sheet_of(lead, public=options["customer"])
            if options["pdf"] is None:
                self.stdout.write(as_text(sheet))
                return
            try:
                options["pdf"].write_bytes(draw(sheet, language=options["lang"]))
            except OSError as error:
                raise CommandError(f"{options['pdf']} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"{lead.domain}: {options['pdf']}")
