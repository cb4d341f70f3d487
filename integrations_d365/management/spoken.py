"""Commands whose sentences can be asked for in another language."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import translation


class SpokenCommand(BaseCommand):
    """Adds --lang; without it the sentences are in the language of the installation."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument(
            "--lang", choices=[code for code, _name in settings.LANGUAGES], help="the language of the sentences"
        )
        return parser

    def execute(self, *args: Any, **options: Any) -> Any:
        with translation.override(options.get("lang") or translation.get_language()):
            return super().execute(*args, **options)
