"""The living page of the design system: every component in its states, from the classes the pages use."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

_TOKENS = settings.BASE_DIR / "static" / "hunter" / "tokens.css"
_GROUP = re.compile(r"/\* (?P<name>[A-Z][\w ]+) \*/(?P<body>.*?)(?=\n\n|\n})", re.DOTALL)
_TOKEN = re.compile(r"(--[\w-]+): ([^;]+);")


@cache
def _groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """(name, [(token, value)]) of each group in tokens.css."""
    text = _TOKENS.read_text(encoding="utf-8")
    return [(found["name"], _TOKEN.findall(found["body"])) for found in _GROUP.finditer(text.partition("@media")[0])]


@staff_member_required(login_url="login")  # type: ignore[untyped-decorator]
@require_GET
def styleguide(request: HttpRequest) -> HttpResponse:
    context: dict[str, Any] = {"schemes": ("light", "dark"), "groups": _groups()}
    return render(request, "styleguide.html", context)
