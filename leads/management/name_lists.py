"""Domain names as commands take them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from django.core.management.base import CommandError


def read_names(names: Sequence[str], file: Path | None) -> list[str]:
    """The names given as arguments and the lines of `file` ("-" = standard input), in lower case, each once."""
    lines: list[str] = []
    if file is not None:
        try:
            text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"Cannot read {file}: {error}", returncode=2) from error
        lines = text.splitlines()
    cleaned = (name.strip().rstrip(".").lower() for name in (*names, *lines))
    return list(dict.fromkeys(name for name in cleaned if name))
