"""The sales brief of one lead, as text."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import override

import scoring
from leads.lead_page import brief_of
from leads.models import Lead


class Command(BaseCommand):
    help = "Print the sales brief of a lead."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("domain")
        parser.add_argument("--lang", choices=[code for code, _name in settings.LANGUAGES], default="tr")

    def handle(self, *args: Any, **options: Any) -> None:
        lead = Lead.objects.filter(domain=scoring.normalize_domain(options["domain"])).first()
        if lead is None:
            raise CommandError(f"{options['domain']} is not a lead. Add it with import_leads or in the browser.")
        with override(options["lang"]):
            brief = brief_of(lead)
            if brief is None:
                raise CommandError(f"{lead.domain} has no verdict yet. Run: manage.py scan_leads {lead.domain}")
            self.stdout.write(f"{lead.title} ({lead.domain})")
            facts = [lead.get_segment_display(), lead.priority_category, _("score %(score)s") % {"score": lead.score}]
            self.stdout.write(" · ".join(fact for fact in facts if fact))
            for section in brief.sections:
                self.stdout.write(f"\n{section.title}")
                for sentence in section.sentences:
                    self.stdout.write(f"  - {sentence.text}")
