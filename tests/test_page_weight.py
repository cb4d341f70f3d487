"""What a browser loads for one of Hunter's own pages, compressed: scripts at most 60 kB, style sheets at most 30 kB."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import django_htmx
import pytest

ROOT = Path(__file__).parents[1]
HTMX = Path(django_htmx.__file__).parent / "static" / "django_htmx"


def _linked(kind: str) -> list[Path]:
    """The files that the frame of every page links to."""
    frame = (ROOT / "templates" / "base.html").read_text(encoding="utf-8")
    files = [ROOT / "static" / name for name in re.findall(r'{% static "([^"]+\.' + kind + r')" %}', frame)]
    if kind == "js" and "{% htmx_script %}" in frame:
        files.append(HTMX / "htmx-2.min.js")
    return files


@pytest.mark.parametrize(("kind", "kilobytes"), [("js", 60), ("css", 30)])
def test_a_page_is_light(kind: str, kilobytes: int) -> None:
    files = _linked(kind)
    assert len(files) > 2
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) <= kilobytes * 1000
