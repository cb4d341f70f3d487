"""The part of OData that the sandbox's services understand: `$filter` conditions and instants of 100 ns.

A condition is parsed against a schema, a nested mapping of property names: a leaf is `"text"`, `"date"`,
`"number"` or `"bool"`, a mapping is a complex property, a list with one mapping a collection.
"""

from __future__ import annotations

import operator
import re
from calendar import timegm
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Schema = Mapping[str, Any]
TICKS = 10_000_000  # per second
_DATE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?Z"
_INSTANT = re.compile(_DATE)
_TOKEN = re.compile(
    rf"""\s*(?:(?P<text>'(?:[^']|'')*')
    |(?P<date>{_DATE})(?![\w:+-])
    |(?P<number>-?\d+(?:\.\d+)?)(?![\w:-])
    |(?P<word>[A-Za-z_]\w*(?:/[A-Za-z_]\w*)*)
    |(?P<sign>[():]))""",
    re.VERBOSE,
)
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_CONSTANTS = {"true": True, "false": False, "null": None}


class FilterError(ValueError):
    """A condition that the service does not take; the message names the place."""


def ticks(text: object) -> int | None:
    """100 ns since 1970 of `2026-10-14T08:41:27.5306114Z` (any number of fraction digits), None for anything else."""
    if not isinstance(text, str) or not _INSTANT.fullmatch(text):
        return None
    try:
        seconds = timegm(datetime.fromisoformat(text[:19]).utctimetuple())
    except ValueError:
        return None
    return seconds * TICKS + int(text[20:-1][:7].ljust(7, "0"))


def instant(value: int) -> str:
    """The text of `ticks`, with seven fraction digits."""
    return f"{datetime.fromtimestamp(value // TICKS, UTC):%Y-%m-%dT%H:%M:%S}.{value % TICKS:07d}Z"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path` of `variable` ("" = the row itself) compared with a constant; dates are compared as ticks."""

    variable: str
    path: tuple[str, ...]
    operator: str
    value: Any
    kind: str

    def matches(self, scope: Mapping[str, Any]) -> bool:
        found = scope[self.variable]
        for name in self.path:
            found = found.get(name) if isinstance(found, dict) else None
        if self.kind == "date":
            found = ticks(found)
        if found is None or self.value is None:  # null is equal to null only, and in no order with anything
            return self.operator in ("eq", "ne") and (found is self.value) == (self.operator == "eq")
        if type(found) is not type(self.value) and self.kind != "number":
            return self.operator == "ne"
        return _COMPARISONS[self.operator](found, self.value)


@dataclass(frozen=True, slots=True)
class Every:
    """`and`"""

    parts: tuple[Condition, ...]

    def matches(self, scope: Mapping[str, Any]) -> bool:
        return all(part.matches(scope) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Either:
    """`or`"""

    parts: tuple[Condition, ...]

    def matches(self, scope: Mapping[str, Any]) -> bool:
        return any(part.matches(scope) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Some:
    """`path/any(name: condition)`; something that is no list has no elements."""

    path: tuple[str, ...]
    name: str
    condition: Condition

    def matches(self, scope: Mapping[str, Any]) -> bool:
        found = scope[""]
        for name in self.path:
            found = found.get(name) if isinstance(found, dict) else None
        elements = found if isinstance(found, list) else ()
        return any(self.condition.matches({**scope, self.name: element}) for element in elements)


Condition = Comparison | Every | Either | Some


@dataclass(frozen=True, slots=True)
class Range:
    """Both ends in ticks and included; None = open."""

    low: int | None = None
    high: int | None = None


def parse(text: str, schema: Schema) -> Condition:
    """The condition written in `text`; raises FilterError for bad grammar, unknown properties and wrong types."""
    return _Parser(text, schema).condition()


def split(condition: Condition, field: str) -> tuple[Range, Condition | None]:
    """The bounds that `condition` sets for the date `field`, and what else it asks for.

    Only comparisons that every row has to meet are bounds: below an `or` they stay in the rest.
    """
    parts: Sequence[Condition] = condition.parts if isinstance(condition, Every) else (condition,)
    low: int | None = None
    high: int | None = None
    rest: list[Condition] = []
    for part in parts:
        if not isinstance(part, Comparison) or part.path != (field,) or part.operator == "ne" or part.value is None:
            rest.append(part)
            continue
        if part.operator in ("eq", "ge", "gt"):
            bound = part.value + (part.operator == "gt")
            low = bound if low is None else max(low, bound)
        if part.operator in ("eq", "le", "lt"):
            bound = part.value - (part.operator == "lt")
            high = bound if high is None else min(high, bound)
    return Range(low, high), (Every(tuple(rest)) if rest else None)


class _Parser:
    """Recursive descent over the tokens: or, and, then a bracket, a lambda or a comparison."""

    def __init__(self, text: str, schema: Schema) -> None:
        self._tokens = list(_tokens(text))
        self._position = 0
        self._schemas: dict[str, Schema] = {"": schema}

    def condition(self) -> Condition:
        result = self._either()
        if self._kind() != "end":
            raise FilterError(f"Syntax error at {self._text()!r}")
        return result

    def _kind(self) -> str:
        return self._tokens[self._position][0]

    def _text(self) -> str:
        return self._tokens[self._position][1]

    def _take(self) -> tuple[str, str]:
        token = self._tokens[self._position]
        if token[0] == "end":
            raise FilterError("The condition ends too early")
        self._position += 1
        return token

    def _expect(self, sign: str) -> None:
        if self._take()[1] != sign:
            raise FilterError(f"Expected {sign!r}")

    def _is_word(self, word: str) -> bool:
        return self._kind() == "word" and self._text() == word

    def _either(self) -> Condition:
        parts = [self._every()]
        while self._is_word("or"):
            self._take()
            parts.append(self._every())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _every(self) -> Condition:
        parts = [self._single()]
        while self._is_word("and"):
            self._take()
            parts.append(self._single())
        flat = [inner for part in parts for inner in (part.parts if isinstance(part, Every) else (part,))]
        return flat[0] if len(flat) == 1 else Every(tuple(flat))

    def _single(self) -> Condition:
        kind, text = self._take()
        if text == "(" and kind == "sign":
            inner = self._either()
            self._expect(")")
            return inner
        if kind != "word":
            raise FilterError(f"Syntax error at {text!r}")
        path = tuple(text.split("/"))
        if path[-1] == "any" and self._kind() == "sign" and self._text() == "(":
            return self._some(path[:-1])
        return self._comparison(path)

    def _some(self, path: tuple[str, ...]) -> Condition:
        elements = self._resolve("", path)
        if not isinstance(elements, list):
            raise FilterError(f"{'/'.join(path)} is not a collection")
        self._expect("(")
        name = self._take()[1]
        self._expect(":")
        self._schemas[name] = elements[0]
        condition = self._either()
        del self._schemas[name]
        self._expect(")")
        return Some(path, name, condition)

    def _comparison(self, path: tuple[str, ...]) -> Condition:
        variable, path = (path[0], path[1:]) if path[0] in self._schemas else ("", path)
        kind = self._resolve(variable, path)
        if not isinstance(kind, str):
            raise FilterError(f"{'/'.join(path)} cannot be compared")
        sign = self._take()[1]
        if sign not in _COMPARISONS:
            raise FilterError(f"Unknown operator {sign!r}")
        return Comparison(variable, path, sign, self._constant(kind), kind)

    def _resolve(self, variable: str, path: tuple[str, ...]) -> Any:
        found: Any = self._schemas[variable]
        for name in path:
            if not isinstance(found, Mapping) or name not in found:
                raise FilterError(f"Could not find a property named {'/'.join(path)!r}")
            found = found[name]
        return found

    def _constant(self, kind: str) -> Any:
        written, text = self._take()
        if written == "word" and text in _CONSTANTS and (text == "null" or kind == "bool"):
            return _CONSTANTS[text]
        if written != kind:
            raise FilterError(f"{text!r} is not a constant of type {kind}")
        if written == "text":
            return text[1:-1].replace("''", "'")
        if written == "number":
            return float(text)
        value = ticks(text)
        if value is None:
            raise FilterError(f"{text!r} is no date")
        return value


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise FilterError(f"Syntax error at position {position}")
        assert match.lastgroup is not None
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return [*tokens, ("end", "")]
