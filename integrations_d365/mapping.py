"""From facts to the columns of one environment: what fits, what is cut, what is left out and why. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, NamedTuple

from integrations_d365.columns import COLUMNS, UNKNOWN, Column, Kind, LeadFacts, When

_TEXTS: Final = (Kind.TEXT, Kind.MEMO)
_DIGEST: Final = "sha256:"
_DIGESTED_FROM: Final = 120  # characters; longer texts are remembered by their digest
# Dynamics refuses characters that XML 1.0 does not have; half a surrogate pair is no character at all.
UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
# A column of another type that takes our values all the same.
TAKES: Final[dict[Kind, frozenset[str]]] = {
    Kind.TEXT: frozenset({"String", "Memo"}),
    Kind.MEMO: frozenset({"String", "Memo"}),
    Kind.INTEGER: frozenset({"Integer", "BigInt", "Decimal", "Double", "Picklist"}),
    Kind.DECIMAL: frozenset({"Decimal", "Double", "Money"}),
    Kind.CHOICE: frozenset({"Picklist"}),
    Kind.BOOLEAN: frozenset({"Boolean"}),
    Kind.DATETIME: frozenset({"DateTime"}),
}


class Note(NamedTuple):
    """Something about a column that people should know. `kind`: cut (text shortened to `detail` characters), missing,
    other_type (`detail` = the type it has), too_long, no_option (`detail` = the label that is missing)."""

    column: str
    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """What the environment says about a column. `options`: normalised label -> number."""

    type: str
    length: int | None = None
    options: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shape:
    """The lead table of one environment."""

    columns: Mapping[str, ColumnShape]

    def as_json(self) -> dict[str, Any]:
        return {name: [shape.type, shape.length, dict(shape.options)] for name, shape in sorted(self.columns.items())}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Shape:
        return cls({name: ColumnShape(kind, length, options) for name, (kind, length, options) in stored.items()})


@dataclass(frozen=True, slots=True)
class Wanted:
    """`always`: Hunter's columns; `creation`: standard columns of a new lead; `about`: columns about the push itself.
    Values as JSON carries them."""

    always: dict[str, Any]
    creation: dict[str, Any]
    about: dict[str, Any]
    notes: list[Note]

    @property
    def hash(self) -> str:
        return digest(remembered(self.always))


def option_key(label: str) -> str:
    """Labels are compared without case and spaces."""
    return "".join(label.split()).casefold()


def wanted(facts: LeadFacts, shape: Shape) -> Wanted:
    """What the lead's row should hold in an environment of this shape."""
    parts: dict[When, dict[str, Any]] = {when: {} for when in When}
    notes: list[Note] = []
    for column in COLUMNS:
        value = column.value(facts)
        if value is UNKNOWN:
            continue
        found = shape.columns.get(column.name)
        if found is None:
            notes.append(Note(column.name, "missing"))
        elif found.type not in TAKES[column.kind]:
            notes.append(Note(column.name, "other_type", found.type))
        else:
            fitted, note = _fitted(column, found, value)
            if note is not None:
                notes.append(note)
            if fitted is not UNKNOWN:
                parts[column.when][column.name] = fitted
    return Wanted(parts[When.ALWAYS], parts[When.CREATION], parts[When.NOTE], notes)


def _fitted(column: Column, found: ColumnShape, value: Any) -> tuple[Any, Note | None]:
    if value is None:
        return None, None
    if column.kind in _TEXTS:
        return _fitted_text(column, found, str(value))
    if column.kind == Kind.CHOICE:
        label = dict(column.options).get(value, str(value))
        number = found.options.get(option_key(label))
        return (number, None) if number is not None else (UNKNOWN, Note(column.name, "no_option", label))
    if found.type == "Picklist" and value not in found.options.values():  # a standard choice that the tenant changed
        return UNKNOWN, Note(column.name, "no_option", str(value))
    return value, None


def _fitted_text(column: Column, found: ColumnShape, value: str) -> tuple[Any, Note | None]:
    text = UNPRINTABLE.sub("", value).strip()
    length = min(column.length, found.length or column.length)
    if units(text) <= length:
        return text or None, None
    if column.whole:
        return UNKNOWN, Note(column.name, "too_long", str(length))
    return cut(text, length), Note(column.name, "cut", str(length))


def units(text: str) -> int:
    """UTF-16 code units, which is what an nvarchar column counts."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, length: int) -> str:
    """The text within `length` UTF-16 code units, its end replaced by an ellipsis."""
    while units(text) > length - 1:
        text = text[: -max(1, (units(text) - length + 1) // 2)]
    return text.rstrip() + "…"


def remembered(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The columns as `Push.acked` keeps them: long texts as a digest."""
    return {name: _short(value) for name, value in columns.items()}


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _DIGESTED_FROM:
        return _DIGEST + sha256(value.encode()).hexdigest()
    return value


def is_digest(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(_DIGEST)


def changed(columns: Mapping[str, Any], acked: Mapping[str, Any]) -> dict[str, Any]:
    """The columns whose value is not the acknowledged one."""
    missing = object()
    return {name: value for name, value in columns.items() if acked.get(name, missing) != _short(value)}


def digest(content: Any) -> str:
    return sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
