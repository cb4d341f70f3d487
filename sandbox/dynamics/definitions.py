"""Reading and changing the table's definition, and the small tables around it: users, publishers, solutions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from sandbox.dynamics import errors, metadata, query
from sandbox.dynamics.columns import KEY_STATES, Column, Key
from sandbox.dynamics.errors import Refused
from sandbox.dynamics.store import Store, fixed_id
from sandbox.dynamics.switches import Switches
from sandbox.dynamics.wire import Call, done, whole
from sandbox.exchange import Reply, json_reply

_TABLE = re.compile(r"EntityDefinitions(?:\((?P<key>[^)]*)\)(?:/(?P<rest>.*))?)?")
_PART = re.compile(
    r"(?P<set>Attributes|Keys)(?:\((?:LogicalName='(?P<name>[^']*)'|(?P<id>[\w-]+))\))?"
    r"(?:/Microsoft\.Dynamics\.CRM\.(?P<cast>\w+))?"
)
_RECORD = re.compile(r"(?P<set>[a-z]+)(?:\((?P<id>[\w-]+)\))?")
ACTIONS: Final = ("PublishXml", "PublishAllXml", "InsertOptionValue", "UpdateOptionValue", "ReactivateEntityKey")
_IDS: Final[Mapping[str, str]] = {
    "systemusers": "systemuserid",
    "organizations": "organizationid",
    "appmodules": "appmoduleid",
    "publishers": "publisherid",
    "solutions": "solutionid",
    "transactioncurrencies": "transactioncurrencyid",
    "accounts": "accountid",
    "contacts": "contactid",
    "campaigns": "campaignid",
    "opportunities": "opportunityid",
    "sdkmessagefilters": "sdkmessagefilterid",
}
_CREATED = ("publishers", "solutions")
_NAMES: Final = ("AttributeType", "LogicalName", "SchemaName", "EntityKeyIndexStatus")


class Definitions:
    """The metadata of the lead table; not safe on its own: the caller holds the store's lock."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self._store, self._table, self._switches = store, store.table, switches

    def answer(self, call: Call) -> Reply:
        """Raises Refused for everything that is an error."""
        if call.resource in ACTIONS:
            return self._act(call)
        found = _TABLE.fullmatch(call.resource)
        if found is None:
            raise errors.no_segment(call.resource)
        entity = metadata.entity()
        if found["key"] is None:
            content = metadata.chosen(entity, call.options.get("$select", ""), "EntityMetadata")
            return json_reply({"@odata.context": f"{call.base}$metadata#EntityDefinitions", "value": [content]})
        if found["key"] not in ("LogicalName='lead'", entity["MetadataId"]):
            raise errors.does_not_exist("EntityMetadata", found["key"])
        if not found["rest"]:
            return json_reply(metadata.chosen(entity, call.options.get("$select", ""), "EntityMetadata"))
        part = _PART.fullmatch(found["rest"])
        if part is None:
            raise errors.no_segment(found["rest"])
        return self._attributes(call, part) if part["set"] == "Attributes" else self._keys(call, part)

    # Columns

    def _attributes(self, call: Call, part: re.Match[str]) -> Reply:
        named = part["name"] is not None or part["id"] is not None
        if call.method == "POST" and not named:
            return self._add_column(call)
        if call.method == "GET" and not named:
            cast = part["cast"] or ""
            columns = [c for c in self._table.columns.values() if not cast or cast == f"{c.kind}AttributeMetadata"]
            content = _filtered(call, [self._attribute(call, column, cast) for column in columns])
            return json_reply({"@odata.context": f"{call.base}$metadata#Attributes", "value": content})
        column = next((c for c in self._table.columns.values() if part["name"] == c.name or part["id"] == c.id), None)
        if column is None:
            raise errors.does_not_exist("Attribute", part["name"] or part["id"] or "")
        if call.method == "GET":
            return json_reply(self._attribute(call, column, part["cast"] or ""))
        if call.method == "PUT":
            changed = metadata.column_from({"SchemaName": column.name, **call.content()})
            if (changed.name, changed.kind) != (column.name, column.kind):
                raise Refused(400, "0x80048403", "The type and the name of a column cannot be changed.")
            self._table.columns[column.name] = changed
            return done()
        if call.method == "DELETE":
            self._table.remove(column.name)
            self._store.reindex()
            return done()
        raise Refused(405, "0x8006088a", f"{call.method} is not supported on a column.")

    def _attribute(self, call: Call, column: Column, cast: str) -> dict[str, Any]:
        content = metadata.chosen(metadata.attribute(column, cast=cast), call.options.get("$select", ""), cast)
        expand = call.options.get("$expand", "")
        if expand and cast != "PicklistAttributeMetadata":
            raise errors.no_property(expand.partition("(")[0], f"{metadata.CRM}.{cast or 'AttributeMetadata'}")
        if "GlobalOptionSet" in expand:
            content["GlobalOptionSet"] = None
        if re.search(r"\bOptionSet\b", expand):
            content["OptionSet"] = metadata.option_set(column)
        return content

    def _add_column(self, call: Call) -> Reply:
        column = metadata.column_from(call.content())
        if column.name in self._table.columns:
            message = f"Attribute {column.name} already exists for entity lead."
            raise Refused(400, self._switches.exists_code, message)
        self._table.columns[column.name] = column
        url = f"{call.base}EntityDefinitions({metadata.entity()['MetadataId']})/Attributes({column.id})"
        return done(OData_EntityId=url)

    # Keys

    def _keys(self, call: Call, part: re.Match[str]) -> Reply:
        if call.method == "POST":
            return self._add_key(call)
        if call.method != "GET":
            raise Refused(405, "0x8006088a", f"{call.method} is not supported on a key.")
        self._poll()
        select = call.options.get("$select", "")
        shown = {item.name: metadata.chosen(metadata.key(item), select, "EntityKeyMetadata") for item in self._keys_now}
        if part["name"] is None and part["id"] is None:
            content = _filtered(call, list(shown.values()))
            return json_reply({"@odata.context": f"{call.base}$metadata#Keys", "value": content})
        found = next((item for item in self._keys_now if part["name"] == item.name or part["id"] == item.id), None)
        if found is None:
            raise errors.does_not_exist("EntityKey", part["name"] or part["id"] or "")
        return json_reply(shown[found.name])

    @property
    def _keys_now(self) -> list[Key]:
        return list(self._table.keys.values())

    def _poll(self) -> None:
        """A read brings every key that is being built nearer to its decision."""
        for item in self._keys_now:
            if item.polls == 0:
                self._decide(item)
            elif item.polls is not None:
                item.polls -= 1
                building = item.polls < self._switches.key_polls - 1
                item.state = KEY_STATES["inprogress" if building else "pending"]

    def _decide(self, item: Key) -> None:
        item.polls = None
        item.state = KEY_STATES["failed" if self._store.has_duplicates(item) else "active"]

    def _add_key(self, call: Call) -> Reply:
        item = metadata.key_from(call.content(), self._table.columns, self._switches.key_polls)
        if item.name in self._table.keys:
            raise Refused(400, "0x80060304", f"An entity key with the name {item.schema_name} already exists.")
        self._start(item)
        self._table.keys[item.name] = item
        url = f"{call.base}EntityDefinitions({metadata.entity()['MetadataId']})/Keys({item.id})"
        return done(OData_EntityId=url)

    def _start(self, item: Key) -> None:
        item.state, item.polls = KEY_STATES["pending"], self._switches.key_polls
        if not item.polls:
            self._decide(item)

    # Actions

    def _act(self, call: Call) -> Reply:
        if call.method != "POST":
            raise errors.no_segment(call.resource)
        if call.resource.startswith("Publish"):
            return done()
        content = call.content()
        if call.resource == "ReactivateEntityKey":
            item = self._table.keys.get(str(content.get("EntityKeyLogicalName")))
            if item is None:
                raise errors.does_not_exist("EntityKey", str(content.get("EntityKeyLogicalName")))
            self._start(item)
            return done()
        column = self._table.columns.get(str(content.get("AttributeLogicalName")))
        if column is None or column.kind != "Picklist":
            raise errors.does_not_exist("Attribute", str(content.get("AttributeLogicalName")))
        value = content.get("Value") or max(column.choices, default=816_939_999) + 1
        known = value in column.choices
        if known == (call.resource == "InsertOptionValue"):
            raise Refused(400, "0x80048403", f"The option {value} {'exists' if known else 'does not exist'}.")
        choices = {**column.choices, value: metadata.text_of(content.get("Label"))}
        self._table.change(column.name, choices=choices)
        return json_reply({"NewOptionValue": value}) if call.resource == "InsertOptionValue" else done()


class Records:
    """Tables that are only read, and the two that a setup writes."""

    def __init__(self, store: Store, organization: str) -> None:
        self._store = store
        self.organization_id = fixed_id("organization")
        self._made: dict[str, list[dict[str, Any]]] = {name: [] for name in _CREATED}
        self._organization = organization

    def serves(self, resource: str) -> bool:
        found = _RECORD.fullmatch(resource)
        return found is not None and found["set"] in _IDS

    def answer(self, call: Call) -> Reply:
        found = _RECORD.fullmatch(call.resource)
        if found is None:
            raise errors.no_segment(call.resource)
        table, id_name = found["set"], _IDS[found["set"]]
        if call.method == "POST" and table in self._made and found["id"] is None:
            return self._create(call, table)
        if call.method != "GET":
            raise Refused(405, "0x8006088a", f"{call.method} is not supported on {table}.")
        rows = self._rows(call, table)
        if found["id"] is None:
            return json_reply(
                {"@odata.context": f"{call.base}$metadata#{table}", "value": _filtered(call, rows, id_name)}
            )
        row = next((row for row in rows if row[id_name] == found["id"].lower()), None)
        if row is None:
            raise errors.does_not_exist(id_name.removesuffix("id"), found["id"])
        return json_reply({"@odata.context": f"{call.base}$metadata#{table}/$entity", **_selected(call, row, id_name)})

    def _rows(self, call: Call, table: str) -> list[dict[str, Any]]:
        store = self._store
        if table in self._made:
            return self._made[table]
        if table == "systemusers":
            return [
                {"systemuserid": id, "fullname": name, "isdisabled": False} for id, name in store.systemusers.items()
            ]
        if table == "organizations":
            return [{"organizationid": self.organization_id, "name": self._organization}]
        if table == "appmodules":
            return [{"appmoduleid": fixed_id("app"), "uniquename": "msdynce_saleshub", "name": "Sales Hub"}]
        if table == "sdkmessagefilters":
            asked = {value.strip("'") for name, value in call.request.query if name.startswith("@")}
            known = {"lead"} < asked and not asked.isdisjoint({"CreateMultiple", "UpdateMultiple"})
            return [{"sdkmessagefilterid": fixed_id("-".join(sorted(asked)))}] if known else []
        return [{_IDS[table]: id} for id in store.others[table]]

    def _create(self, call: Call, table: str) -> Reply:
        content, id_name = call.content(), _IDS[table]
        row = {name: value for name, value in content.items() if "@" not in name}
        name = row.get("uniquename")
        if not name or any(known["uniquename"] == name for known in self._made[table]):
            raise Refused(412, "0x80040237", "Cannot insert duplicate key.")
        row[id_name] = fixed_id(f"{table}-{name}")
        self._made[table].append(row)
        return done(OData_EntityId=f"{call.base}{table}({row[id_name]})")


def _selected(call: Call, row: Mapping[str, Any], id_name: str) -> dict[str, Any]:
    names = [name.strip() for name in call.options.get("$select", "").split(",") if name.strip()]
    if unknown := [name for name in names if name not in row]:
        raise errors.no_property(unknown[0], f"{metadata.CRM}.{id_name.removesuffix('id')}")
    return {name: value for name, value in row.items() if not names or name in names or name == id_name}


def _filtered(call: Call, rows: list[dict[str, Any]], id_name: str = "") -> list[dict[str, Any]]:
    """The rows of a small table after $filter, $select and $top; a filter of `sdkmessagefilters` was read before."""
    options = call.options
    condition = options.get("$filter")
    if condition and id_name != "sdkmessagefilterid":
        names = {name for row in rows for name in row} or set(_plain_names(condition))
        kinds = {name: (name, "guid" if name.endswith("id") else "text") for name in (*names, *_NAMES)}
        aliases = {name: value for name, value in options.items() if name.startswith("@")}
        test = query.parse(condition, kinds, aliases).test
        rows = [row for row in rows if test(row)]
    if "$top" in options:
        rows = rows[: whole(options["$top"])]
    return [_selected(call, row, id_name) for row in rows] if id_name else rows


def _plain_names(condition: str) -> list[str]:
    """An empty table has rows of no names: whatever the condition names is taken for a column."""
    return re.findall(r"[a-z]\w*(?= (?:eq|ne) )", condition)
