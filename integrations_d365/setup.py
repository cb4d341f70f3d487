"""Making the lead table ready for Hunter: what is missing there, and how it is made (`d365_setup`; fact sheet, sections
3 and 8).

What exists is never changed, for it may hold somebody's data: a column that does not fit is named, and an administrator
of Dynamics decides. One request at a time: parallel changes of metadata collide. A set-up that was cut off is simply
begun again; each change is looked for before it counts as failed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, ParamSpec, TypeVar

from django.utils import timezone

from integrations_d365 import governor
from integrations_d365.client import ENGLISH, DataverseClient, RemoteKey
from integrations_d365.columns import KEY_COLUMN, KEY_NAME, OPTION_BASE, OURS, Column, Kind
from integrations_d365.governor import NotNow
from integrations_d365.mapping import TAKES, ColumnShape, Shape
from integrations_d365.preflight import missing_options
from outbound.errors import Category, OutboundError, RateLimited

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")

PREFIX: Final = "hnt"
OPTION_PREFIX: Final = OPTION_BASE // 10_000
PUBLISHER: Final = "hunter"
SOLUTION: Final = "HunterLeadIntelligence"
# Microsoft's own sample asks for the key every 15 s, for 305 s (fact sheet, section 3).
KEY_PATIENCE: Final = 305.0
KEY_EVERY: Final = 15.0
_PAUSE_PATIENCE: Final = 60.0  # seconds of pauses, in a row; a longer one is said instead of waited for
_CRM: Final = "Microsoft.Dynamics.CRM"
_BUILDING: Final = ("Pending", "InProgress")
# Only a person can mend these: looking again is no use.
_FATAL: Final = (Category.AUTH, Category.PERMISSION, Category.CONFIG)


class What(StrEnum):
    PUBLISHER = "publisher"
    SOLUTION = "solution"
    COLUMN = "column"
    OPTION = "option"
    KEY = "key"
    REBUILD = "rebuild"  # of a key that failed
    WAIT = "wait"  # for a key that is being built
    DECISION = "decision"  # for an administrator of Dynamics; nothing is done


_MARKS: Final = {What.REBUILD: "~", What.WAIT: "~", What.DECISION: "!"}
_MADE: Final = (What.PUBLISHER, What.SOLUTION, What.COLUMN, What.OPTION, What.KEY)


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the difference. `name` of a column, a key, …; `text` says the rest; `advice`: what an administrator
    can decide; `option` = (number, label) of one."""

    what: What
    name: str
    text: str
    advice: str = ""
    option: tuple[int, str] | None = None

    @property
    def mark(self) -> str:
        return _MARKS.get(self.what, "+")

    @property
    def line(self) -> str:
        word = {What.DECISION: "", What.REBUILD: "key ", What.WAIT: "key "}.get(self.what, f"{self.what} ")
        return f"{self.mark} {word}{self.name}{self.text}"

    @property
    def is_done_by_us(self) -> bool:
        return self.what != What.DECISION


@dataclass(frozen=True, slots=True)
class Found:
    """An environment as it is. `publishers`: rows that have our prefix or our name; `shared`: choice column -> name of
    the choice that it shares with others; `language`: LCID of the labels."""

    shape: Shape
    keys: Sequence[RemoteKey] = ()
    publishers: Sequence[Mapping[str, Any]] = ()
    has_solution: bool = False
    shared: Mapping[str, str] = field(default_factory=dict)
    language: int = ENGLISH


class NotMade(Exception):
    """Dynamics refused a change. `error` says why."""

    def __init__(self, change: Change, error: OutboundError) -> None:
        super().__init__(change.line)
        self.change, self.error = change, error


def look(client: DataverseClient) -> Found:
    """Ask the environment; publishers and solutions only when something is to be made, for they need another
    privilege. Raises OutboundError, NotNow."""
    shape = patiently(client.shape)
    keys = patiently(client.keys)
    lacking = [name for name, there in shape.columns.items() if _lacks_options(name, there)]
    shared = {name: patiently(client.shared_choice, name) for name in lacking}
    found = Found(shape, keys, shared=shared)
    if not any(change.what in _MADE for change in _in_the_table(found)):
        return found
    publishers = patiently(_publishers, client)
    solutions = patiently(client.records, "solutions", "solutionid,uniquename", f"uniquename eq '{SOLUTION}'")
    return Found(shape, keys, publishers, bool(solutions), shared, patiently(client.language))


def _publishers(client: DataverseClient) -> list[dict[str, Any]]:
    columns = "publisherid,uniquename,customizationprefix"
    return client.records("publishers", columns, f"customizationprefix eq '{PREFIX}' or uniquename eq '{PUBLISHER}'")


def _publisher_id(publishers: Sequence[Mapping[str, Any]]) -> str:
    """Any publisher with our prefix will do: an environment that has our columns has one, by whatever name."""
    ids = (str(row.get("publisherid")) for row in publishers if row.get("customizationprefix") == PREFIX)
    return next(ids, "")


def _lacks_options(name: str, there: ColumnShape) -> bool:
    column = _BY_NAME.get(name)
    return column is not None and there.type == column.kind == Kind.CHOICE and bool(missing_options(column, there))


def plan(found: Found) -> list[Change]:
    """What is to be done, in the order in which it is done, and what an administrator has to decide. Pure."""
    changes = _in_the_table(found)
    if any(change.what in _MADE for change in changes):
        changes = _around_the_table(found) + changes
    return changes


def lines(changes: Sequence[Change]) -> list[str]:
    """The difference as people read it, with or without --dry-run."""
    shown = []
    for change in changes:
        shown.append(change.line)
        if change.advice:
            shown.append(f"  {change.advice}")
    if not any(change.is_done_by_us for change in changes):
        shown.append("= nothing to change")
    return shown


def apply(
    client: DataverseClient,
    found: Found,
    *,
    tell: Callable[[Change], object] = lambda _change: None,
    key_patience: float = KEY_PATIENCE,
    key_every: float = KEY_EVERY,
) -> None:
    """Do what `plan` says, publish it, and wait until the key is decided or `key_patience` seconds are over: a check
    tells how it ended. Raises NotMade, OutboundError, NotNow; what was made by then stays."""
    changes = plan(found)
    ours = [change for change in changes if change.what in (*_MADE, What.REBUILD)]
    for change in ours:
        _make(client, change, found.language)
        tell(change)
    if ours:
        patiently(_publish, client)
    if any(change.what in (What.KEY, What.REBUILD, What.WAIT) for change in changes):
        _wait_for_key(client, key_patience, key_every)


def patiently(ask: Callable[Asked, Answer], *args: Asked.args, **options: Asked.kwargs) -> Answer:
    """The answer, after a short pause that Dynamics asks for, or while a push has the lane. Raises OutboundError, and
    NotNow for a longer pause."""
    ends = time.monotonic() + _PAUSE_PATIENCE
    while True:
        try:
            return ask(*args, **options)
        except NotNow as pause:
            until = pause.until
        except RateLimited:  # not executed
            until = governor.current().not_before or timezone.now()
        seconds = max(0.05, (until - timezone.now()).total_seconds())
        if time.monotonic() + seconds > ends:
            raise NotNow(until)
        time.sleep(seconds)


# What is missing


def _around_the_table(found: Found) -> list[Change]:
    """Components are made in a solution of ours, so that they carry our prefix and can be moved and found together."""
    changes = []
    if not _publisher_id(found.publishers):
        text = f" (prefix {PREFIX}, option prefix {OPTION_PREFIX})"
        # The name may be taken by somebody else's.
        taken = any(row.get("uniquename") == PUBLISHER for row in found.publishers)
        changes.append(Change(What.PUBLISHER, f"{PUBLISHER}_{PREFIX}" if taken else PUBLISHER, text))
    if not found.has_solution:
        changes.append(Change(What.SOLUTION, SOLUTION, ""))
    return changes


def _in_the_table(found: Found) -> list[Change]:
    changes: list[Change] = []
    for column in OURS:
        there = found.shape.columns.get(column.name)
        if there is None:
            changes.append(Change(What.COLUMN, column.name, f" ({_described(column)})"))
        elif there.type not in TAKES[column.kind]:
            text = f" is {there.type}, should be {column.kind}: left as it is"
            changes.append(Change(What.DECISION, column.name, text, _ADVICE_TYPE))
        else:
            if column.length and there.length is not None and there.length < column.length:
                text = f" holds {there.length} characters, should hold {column.length}: left as it is"
                changes.append(
                    Change(What.DECISION, column.name, text, _ADVICE_WHOLE if column.whole else _ADVICE_SHORT)
                )
            changes += _options(column, there, found.shared.get(column.name, ""))
    return changes + _key(found)


_ADVICE_TYPE: Final = (
    "An administrator of Dynamics decides: leave it, and Hunter leaves this column out; or delete the column there "
    "with what it holds, and run d365_setup again."
)
_ADVICE_SHORT: Final = (
    "An administrator of Dynamics decides: leave it, and longer texts are cut; or raise its maximum length there."
)
_ADVICE_WHOLE: Final = (
    "An administrator of Dynamics decides: leave it, and texts that do not fit are left out; or raise its maximum "
    "length there."
)


def _options(column: Column, there: ColumnShape, shared: str) -> list[Change]:
    missing = missing_options(column, there)
    if not missing:
        return []
    if shared:
        text = f" shares its choice {shared}, which lacks {', '.join(missing)}: left as it is"
        advice = "An administrator of Dynamics decides: leave it, and leads with these values leave the column out; or "
        return [Change(What.DECISION, column.name, text, f"{advice}add them to the choice there.")]
    used = set(there.options.values())
    changes = []
    for index, (_code, label) in enumerate(column.options):
        if label not in missing:
            continue
        number = OPTION_BASE + index
        if number in used:
            number = max(OPTION_BASE + len(column.options), max(used) + 1)
        used.add(number)
        changes.append(Change(What.OPTION, column.name, f": {label} = {number}", option=(number, label)))
    return changes


def _key(found: Found) -> list[Change]:
    """One key over the domain column, by whatever name."""
    domain = found.shape.columns.get(KEY_COLUMN)
    if domain is not None and domain.type != Kind.TEXT:
        if domain.type not in TAKES[Kind.TEXT]:
            return []  # said of the column already
        text = f" is {domain.type}, should be {Kind.TEXT} to carry the key: left as it is"
        return [Change(What.DECISION, KEY_COLUMN, text, _ADVICE_KEY)]
    ours = [key for key in found.keys if key.columns == (KEY_COLUMN,)]
    if any(key.state == "Active" for key in ours):
        return []
    over = f" ({KEY_COLUMN})"
    if building := next((key for key in ours if key.state in _BUILDING), None):
        return [Change(What.WAIT, building.name, f"{over} is being built: wait for it")]
    if ours:
        return [Change(What.REBUILD, ours[0].name, f"{over} could not be built: build it again")]
    if other := next((key for key in found.keys if key.name == KEY_NAME.lower()), None):
        text = f" is a key over {', '.join(other.columns)}, should be over {KEY_COLUMN}: left as it is"
        return [Change(What.DECISION, KEY_NAME, text, _ADVICE_KEY)]
    return [Change(What.KEY, KEY_NAME, over)]


_ADVICE_KEY: Final = (
    "Nothing can be pushed before it is mended: an administrator of Dynamics deletes it there, then run d365_setup "
    "again."
)


def _described(column: Column) -> str:
    if column.length:
        return f"{column.kind}, {column.length}"
    if column.options:
        numbered = (f"{label} = {OPTION_BASE + index}" for index, (_code, label) in enumerate(column.options))
        return f"{column.kind}, {', '.join(numbered)}"
    if column.kind in (Kind.INTEGER, Kind.DECIMAL):
        return f"{column.kind}, {column.low:.0f} to {column.high:.0f}"
    return str(column.kind)


# Making it


def _make(client: DataverseClient, change: Change, language: int) -> None:
    """One request. When it is refused or brings no answer, what exists decides whether it counts: somebody else may
    have made it (0x80047013, 0x80060304), or it was made and its answer got lost. What was made otherwise than we want
    is named by the check that follows."""
    try:
        patiently(_request, client, change, language)
    except OutboundError as error:
        if error.category in _FATAL:
            raise
        if not _is_there(client, change, refused=not error.is_transient):
            raise NotMade(change, error) from error


def _is_there(client: DataverseClient, change: Change, *, refused: bool) -> bool:
    try:
        if refused:
            patiently(_publish, client)  # an option is read back only once it is published [recalled]
        return change not in plan(look(client))
    except OutboundError:
        return False


def _request(client: DataverseClient, change: Change, language: int) -> None:
    in_solution = {"MSCRM.SolutionUniqueName": SOLUTION}
    match change.what:
        case What.PUBLISHER:
            client.create("publishers", _publisher_body(change.name))
        case What.SOLUTION:
            client.create("solutions", _solution_body(_publisher_id(_publishers(client))))
        case What.COLUMN:
            client.create("Attributes", column_body(_BY_NAME[change.name], language), in_solution)
        case What.OPTION:
            client.create("InsertOptionValue", _option_body(change, language))
        case What.KEY:
            body = {"SchemaName": KEY_NAME, "DisplayName": _label("Domain", language), "KeyAttributes": [KEY_COLUMN]}
            client.create("Keys", body, in_solution)
        case What.REBUILD:
            client.create("ReactivateEntityKey", {"EntityLogicalName": "lead", "EntityKeyLogicalName": change.name})


_BY_NAME: Final = {column.name: column for column in OURS}


def _publisher_body(name: str) -> dict[str, Any]:
    return {
        "uniquename": name,
        "friendlyname": "Hunter",
        "customizationprefix": PREFIX,
        "customizationoptionvalueprefix": OPTION_PREFIX,
    }


def _solution_body(publisher_id: str) -> dict[str, Any]:
    return {
        "uniquename": SOLUTION,
        "friendlyname": "Hunter Lead Intelligence",
        "version": "1.0.0.0",
        "publisherid@odata.bind": f"/publishers({publisher_id})",
    }


def _option_body(change: Change, language: int) -> dict[str, Any]:
    """The parameters of InsertOptionValue for a choice of one column [recalled: the fact sheet has no body]."""
    assert change.option is not None
    number, label = change.option
    return {
        "EntityLogicalName": "lead",
        "AttributeLogicalName": change.name,
        "Value": number,
        "Label": _label(label, language),
        "SolutionUniqueName": SOLUTION,
    }


def _label(text: str, language: int) -> dict[str, Any]:
    localized = {"@odata.type": f"{_CRM}.LocalizedLabel", "Label": text, "LanguageCode": language}
    return {"@odata.type": f"{_CRM}.Label", "LocalizedLabels": [localized]}


def column_body(column: Column, language: int = ENGLISH) -> dict[str, Any]:
    """The JSON that creates a column (fact sheet, section 8)."""
    return {
        "@odata.type": f"{_CRM}.{column.kind}AttributeMetadata",
        "SchemaName": column.name,
        "DisplayName": _label(column.label, language),
        "Description": _label("Written by Hunter.", language),
        "RequiredLevel": {"Value": "None"},
        **_OF_THE_KIND[column.kind](column, language),
    }


def _choice_body(column: Column, language: int) -> dict[str, Any]:
    options = [
        {"Value": OPTION_BASE + index, "Label": _label(label, language)}
        for index, (_code, label) in enumerate(column.options)
    ]
    kind = {"@odata.type": f"{_CRM}.OptionSetMetadata", "IsGlobal": False, "OptionSetType": "Picklist"}
    return {"OptionSet": {**kind, "Options": options}}


def _boolean_body(_column: Column, language: int) -> dict[str, Any]:
    yes, no = {"Value": 1, "Label": _label("Yes", language)}, {"Value": 0, "Label": _label("No", language)}
    return {
        "DefaultValue": False,
        "OptionSet": {"OptionSetType": "Boolean", "TrueOption": yes, "FalseOption": no},
    }


_OF_THE_KIND: Final[dict[Kind, Callable[[Column, int], dict[str, Any]]]] = {
    Kind.TEXT: lambda column, _language: {"FormatName": {"Value": "Text"}, "MaxLength": column.length},
    Kind.MEMO: lambda column, _language: {"Format": "TextArea", "ImeMode": "Disabled", "MaxLength": column.length},
    Kind.INTEGER: lambda column, _language: {
        "Format": "None", "MinValue": int(column.low), "MaxValue": int(column.high),
    },
    Kind.DECIMAL: lambda column, _language: {
        "MinValue": float(column.low), "MaxValue": float(column.high), "Precision": column.precision,
    },
    Kind.DATETIME: lambda _column, _language: {"Format": "DateAndTime"},
    Kind.BOOLEAN: _boolean_body,
    Kind.CHOICE: _choice_body,
}  # fmt: skip


def _publish(client: DataverseClient) -> None:
    """Until then only customisers see what was made [recalled]."""
    content = "<importexportxml><entities><entity>lead</entity></entities></importexportxml>"
    client.create("PublishXml", {"ParameterXml": content})


def _wait_for_key(client: DataverseClient, patience: float, every: float) -> None:
    ends = time.monotonic() + patience
    while patiently(client.key_state) in _BUILDING and time.monotonic() + every < ends:
        time.sleep(every)
