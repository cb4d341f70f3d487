"""A list's filter as the URL says it: read, cleaned, written again. What every list query shares."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self
from urllib.parse import urlencode

from django.http import QueryDict

# How the rows are shown, not which.
_LOOKS: Final = ("sort", "cols", "density", "view")


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlQuery:
    """Base of a frozen dataclass whose fields are URL parameters: texts, numbers, flags and tuples of codes, each with
    a default that is left out of the URL."""

    def pairs(self) -> list[tuple[str, str]]:
        """The URL parameters that give this query, defaults left out."""
        found: list[tuple[str, str]] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value == field.default:
                continue
            if isinstance(value, tuple):
                found.extend((field.name, item) for item in value)
            else:
                found.append((field.name, "1" if value is True else str(value)))
        return found

    def url(self, **changes: Any) -> str:
        """The query part of the URL, with some values changed; "" when nothing is left."""
        pairs = replace(self, **changes).pairs()
        return "?" + urlencode(pairs) if pairs else ""

    @property
    def is_filtered(self) -> bool:
        return bool(self._filters().pairs())

    @property
    def filter_count(self) -> int:
        """How many filters are set beside the search."""
        return sum(name != "q" for name, _value in self._filters().pairs())

    def chips(self) -> list[tuple[str, str, str]]:
        """One (name, value, URL without it) for each active filter."""
        return [(name, value, self._without(name, value)) for name, value in self._filters().pairs()]

    def _without(self, name: str, value: str) -> str:
        current = getattr(self, name)
        default = next(field.default for field in fields(self) if field.name == name)
        left = tuple(item for item in current if item != value) if isinstance(current, tuple) else default
        return self.url(**{name: left})

    def _filters(self) -> Self:
        default: dict[str, Any] = {field.name: field.default for field in fields(self) if field.name in _LOOKS}
        return replace(self, **default)


def search_text(params: QueryDict) -> str:
    """`q`, as a database takes it."""
    return params.get("q", "").replace("\x00", "").strip()[:200]


def several(params: QueryDict, name: str, allowed: Container[str]) -> tuple[str, ...]:
    """The known values of a parameter, each once."""
    return tuple(dict.fromkeys(value for value in params.getlist(name) if value in allowed))


def one(params: QueryDict, name: str, allowed: Container[str]) -> str:
    """The value of a parameter if it is known, else ""."""
    value = params.get(name, "")
    return value if value in allowed else ""


def number(params: QueryDict, name: str, highest: int) -> int | None:
    """A whole number from 0 to `highest`; None for anything else."""
    text = params.get(name, "").strip()
    return min(highest, int(text)) if text.isascii() and text.isdigit() and len(text) < 19 else None


def owner(params: QueryDict) -> str:
    """ "me", "none" or a user's key."""
    value = params.get("owner", "")
    return value if value in ("me", "none") or (value.isascii() and value.isdigit() and len(value) < 10) else ""
