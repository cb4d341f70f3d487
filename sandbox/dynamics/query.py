"""Reading many rows: `$filter`, `$orderby`, paging cookies.

Texts compare without regard to case, as the database's collation does. Instants are compared as texts: they are all
written in the same form, in UTC and whole seconds.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.dynamics import errors

Properties = Mapping[str, tuple[str, str]]  # name in a query: (key in a row, kind: text number bool date day guid)
Test = Callable[[Mapping[str, Any]], bool]
_IN = "Microsoft.Dynamics.CRM.In"
_GUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_TOKEN = re.compile(
    rf"""\s*(?:(?P<text>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"\\]|\\.)*")
    |(?P<guid>{_GUID})(?!\w)
    |(?P<date>\d{{4}}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)(?!\w)
    |(?P<number>-?\d+(?:\.\d+)?)(?!\w)
    |(?P<word>@?[A-Za-z_][\w.]*)
    |(?P<sign>[(),=\[\]]))""",
    re.VERBOSE,
)
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_FUNCTIONS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "contains": operator.contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """`test` decides; `equals` are values of which a row needs one, so that an index may be asked first."""

    test: Test
    equals: tuple[str, tuple[Any, ...]] | None = None


def comparable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def parse(text: str, properties: Properties, aliases: Mapping[str, str]) -> Condition:
    """The condition in `text`; `@name` stands for the text of an alias. Raises Refused."""
    return _Parser(text, properties, aliases).whole()


def syntax_error(text: str, position: int) -> errors.Refused:
    return errors.Refused(400, "0x80060888", f"Syntax error at position {position} in '{text}'.")


class _Parser:
    def __init__(self, text: str, properties: Properties, aliases: Mapping[str, str]) -> None:
        self._source, self._properties, self._aliases = text, properties, aliases
        self._tokens = _tokens(text)
        self._place = 0

    def whole(self) -> Condition:
        condition = self._either()
        if self._kind != "end":
            raise self._bad()
        return condition

    @property
    def _kind(self) -> str:
        return self._tokens[self._place][0]

    @property
    def _text(self) -> str:
        return self._tokens[self._place][1]

    def _bad(self) -> errors.Refused:
        return syntax_error(self._source, self._tokens[self._place][2])

    def _take(self, *wanted: str) -> str:
        """The next token, which has to be one of `wanted` kinds or texts."""
        kind, text, _ = self._tokens[self._place]
        if kind not in wanted and text not in wanted:
            raise self._bad()
        self._place += 1
        return text

    def _either(self) -> Condition:
        parts = [self._every()]
        while self._kind == "word" and self._text == "or":
            self._take("or")
            parts.append(self._every())
        return parts[0] if len(parts) == 1 else _any(parts)

    def _every(self) -> Condition:
        parts = [self._single()]
        while self._kind == "word" and self._text == "and":
            self._take("and")
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else _all(parts)

    def _single(self) -> Condition:
        if self._text == "(" and self._kind == "sign":
            self._take("(")
            inner = self._either()
            self._take(")")
            return inner
        word = self._take("word")
        if word == "not":
            inner = self._single()
            return Condition(lambda row: not inner.test(row))
        if word in _FUNCTIONS:
            return self._function(_FUNCTIONS[word])
        if word == _IN:
            return self._in()
        return self._comparison(word)

    def _function(self, function: Callable[[str, str], bool]) -> Condition:
        self._take("(")
        key, kind = self._property(self._take("word"))
        self._take(",")
        wanted = self._constant("text")
        self._take(")")
        if kind != "text" or wanted is None:
            raise self._bad()
        folded = comparable(wanted)
        return Condition(lambda row: key in row and function(comparable(row[key]), folded))

    def _in(self) -> Condition:
        """`Microsoft.Dynamics.CRM.In(PropertyName='x',PropertyValues=["a","b"])`"""
        for sign in ("(", "PropertyName", "="):
            self._take(sign)
        key, kind = self._property(self._take("text")[1:-1])
        for sign in (",", "PropertyValues", "=", "["):
            self._take(sign)
        values = []
        while self._text != "]":
            written = self._take("quoted", "text", "number")
            values.append(_value(kind, written[1:-1] if written[0] in "'\"" else written))
            if self._text != "]":
                self._take(",")
        self._take("]")
        self._take(")")
        wanted = frozenset(comparable(value) for value in values)
        return Condition(lambda row: comparable(row.get(key)) in wanted, (key, tuple(values)))

    def _comparison(self, name: str) -> Condition:
        key, kind = self._property(name)
        sign = self._take("word")
        if sign not in _COMPARISONS:
            raise self._bad()
        wanted = self._constant(kind)
        if wanted is None:
            if sign not in ("eq", "ne"):
                raise self._bad()
            return Condition(lambda row: (row.get(key) is None) == (sign == "eq"))
        compare, folded = _COMPARISONS[sign], comparable(wanted)

        def test(row: Mapping[str, Any]) -> bool:
            found = row.get(key)
            return sign == "ne" if found is None else compare(comparable(found), folded)

        return Condition(test, (key, (wanted,)) if sign == "eq" else None)

    def _property(self, name: str) -> tuple[str, str]:
        if name not in self._properties:
            raise errors.no_property(name)
        return self._properties[name]

    def _constant(self, kind: str) -> Any:
        written = self._kind
        text = self._take("text", "guid", "date", "number", "word")
        if written == "word" and text.startswith("@") and text in self._aliases:
            written, text = _tokens(self._aliases[text])[0][:2]
        if written == "word" and text == "null":
            return None
        fits = {"bool": ("word",), "guid": ("guid", "text"), "day": ("date",)}.get(kind, (kind,))
        if written not in fits:
            raise errors.Refused(
                400,
                "0x80060888",
                "A binary operator with incompatible types was detected. "
                f"'{text}' does not fit an operand of the kind {kind}.",
            )
        return _value(kind, text[1:-1].replace("''", "'") if written == "text" else text)


def _value(kind: str, text: str) -> Any:
    if kind == "number":
        return float(text)
    if kind == "bool":
        return text == "true"
    if kind == "day":
        return text[:10]
    if kind != "date":
        return text
    try:
        moment = datetime.fromisoformat(text if "T" in text else f"{text}T00:00Z")
    except ValueError as error:
        raise syntax_error(text, 0) from error
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _all(parts: Sequence[Condition]) -> Condition:
    equals = next((part.equals for part in parts if part.equals is not None), None)
    return Condition(lambda row: all(part.test(row) for part in parts), equals)


def _any(parts: Sequence[Condition]) -> Condition:
    """`a eq 1 or a eq 2` is as good as a list of values."""
    given = [part.equals for part in parts if part.equals is not None]
    equals = None
    if len(given) == len(parts) and len({name for name, _ in given}) == 1:
        equals = (given[0][0], tuple(value for _, values in given for value in values))
    return Condition(lambda row: any(part.test(row) for part in parts), equals)


def _tokens(text: str) -> list[tuple[str, str, int]]:
    """(kind, text, position) of each token, with one of kind `end` behind them."""
    tokens: list[tuple[str, str, int]] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise syntax_error(text, position)
        tokens.append((match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        position = match.end()
    return [*tokens, ("end", "", end)]


# Order and pages


@dataclass(frozen=True, slots=True)
class Order:
    """Sorted by these (key in a row, descending), then by id, so that every row has one place."""

    by: tuple[tuple[str, bool], ...] = ()

    def sorted(self, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        result = sorted(rows, key=lambda row: str(row["leadid"]))
        for key, descending in reversed(self.by):
            result.sort(key=lambda row: _place(row.get(key)), reverse=descending)
        return result

    def place(self, row: Mapping[str, Any]) -> list[Any]:
        """What a paging cookie remembers of the last row of a page."""
        return [*(row.get(key) for key, _ in self.by), row["leadid"]]

    def is_behind(self, row: Mapping[str, Any], place: Sequence[Any]) -> bool:
        for (key, descending), old in zip(self.by, place, strict=False):
            now, before = _place(row.get(key)), _place(old)
            if now != before:
                return now < before if descending else now > before
        return bool(str(row["leadid"]) > place[-1])


def _place(value: Any) -> tuple[bool, Any]:
    """Null comes first."""
    return (value is not None, comparable(value) if value is not None else 0)


def order(text: str, properties: Properties) -> Order:
    """`a asc,b desc`; raises Refused for an unknown property or direction."""
    by = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, _, direction = item.partition(" ")
        if name not in properties:
            raise errors.no_property(name)
        if direction.strip() not in ("", "asc", "desc"):
            raise syntax_error(text, text.index(direction))
        by.append((properties[name][0], direction.strip() == "desc"))
    return Order(tuple(by))
