"""`/api/data/v9.2/leads`: one row by id or by alternate key, many rows, bulk messages, changes since a token."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from sandbox.dynamics import errors, query
from sandbox.dynamics.columns import DOMAIN, LOOKUPS, Column
from sandbox.dynamics.errors import Refused
from sandbox.dynamics.store import Row, Store, is_guid
from sandbox.dynamics.switches import Switches
from sandbox.dynamics.wire import Call, done, entity, etag, whole
from sandbox.exchange import Reply, json_reply
from sandbox.faults import Fault

_PAGE = 5000
_COUNTED = 5000  # $count goes no further
_ONE = re.compile(r"leads\((?P<key>.*)\)(?:/(?P<column>\w+))?", re.DOTALL)
_PAIR = re.compile(r"(\w+)=(?:'((?:[^']|'')*)'|(-?[\w.\-]+))(?:,|$)")
_UNFIT_IN_KEYS = frozenset("/<>*%&:\\?+")
_BIND = re.compile(r"(?:.*/)?(?P<set>\w+)\((?P<id>[0-9a-fA-F-]{36})\)")
_COOKIE = re.compile(r'pagingcookie="([\w\-=]+)"')
_KINDS: Final[Mapping[str, str]] = {
    "String": "text",
    "Memo": "text",
    "Boolean": "bool",
    "DateTime": "date",
    "Uniqueidentifier": "guid",
    "Lookup": "guid",
    "Owner": "guid",
}
_TRACKING = 'istracking="True"'
_KEPT = 20_000  # operations
_PRIVILEGES: Final[Mapping[str, str]] = {
    "create": "prvCreateLead",
    "write": "prvWriteLead",
    "read": "prvReadLead",
    "delete": "prvDeleteLead",
    "assign": "prvAssignLead",
    "metadata": "prvCreateAttribute",
}
DrawWrite = Callable[[str, Callable[[Fault], bool]], list[Fault]]


@dataclass(frozen=True, slots=True)
class Operation:
    """A write that was asked for: `key` is what stood in the brackets, `columns` the names in the body."""

    method: str
    key: str
    columns: tuple[str, ...]
    if_match: str
    if_none_match: str
    batched: bool
    status: int
    code: str


@dataclass(frozen=True, slots=True)
class _Target:
    """What a URL names: an id, or the values of an alternate key."""

    text: str
    id: str = ""
    values: Mapping[str, Any] | None = None

    def absent(self) -> Refused:
        return errors.no_lead(self.id) if self.id else errors.no_lead_with_key()


class Leads:
    """The table as the API offers it. `draw` gives the faults planned for a write."""

    def __init__(self, store: Store, switches: Switches, draw: DrawWrite) -> None:
        self.store, self._switches, self._draw = store, switches, draw
        self.operations: deque[Operation] = deque(maxlen=_KEPT)

    def answer(self, call: Call, route: str) -> Reply:
        """Raises Refused for everything that is an error."""
        if call.method == "GET":
            return self._read(call)
        code, reply = "", Reply(0)
        try:
            reply = self._write(call, route)
        except Refused as refused:
            reply, code = Reply(refused.status), refused.code
            raise
        finally:
            self._note(call, reply.status, code)
        return reply

    def require(self, call: Call, privilege: str) -> None:
        """Raises Refused when the switch `role_missing` takes the privilege away."""
        missing = self._switches.role_missing
        taken = ("create", "write", "delete", "assign") if missing is True else str(missing or "").split()
        if privilege in taken:
            raise errors.missing_privilege(call.caller.id, _PRIVILEGES[privilege])

    def _read(self, call: Call) -> Reply:
        self.require(call, "read")
        one = _ONE.fullmatch(call.resource)
        if one is not None:
            return self._one(call, one)
        if call.resource == "leads/$count":
            count = min(len(self._matching(call)), _COUNTED)
            return Reply(200, str(count).encode(), {"Content-Type": "text/plain"})
        if call.resource != "leads":
            raise errors.no_segment(call.resource.rpartition("/")[2])
        tracking = "$deltatoken" in call.options or _TRACKING in call.options.get("$skiptoken", "")
        if tracking or "odata.track-changes" in call.preferences:
            return self._changes(call)
        return self._many(call)

    def _write(self, call: Call, route: str) -> Reply:
        one = _ONE.fullmatch(call.resource)
        if one is None and call.resource == "leads" and call.method == "POST":
            values = self.payload(call.content())
            self._meet_faults(call, route, None, values)
            return self._created(call, self._create(call, values), "")
        if one is None and call.method == "POST":
            return self._bulk(call, route)
        if one is None:
            raise Refused(405, "0x8006088a", f"{call.method} is not supported on {call.resource}.")
        target = self._target(one["key"])
        if one["column"] is not None:
            return self._one_column(call, target, one["column"])
        if call.method == "PATCH":
            return self._upsert(call, route, target, self.payload(call.content()))
        if call.method == "DELETE":
            return self._delete(call, target)
        raise Refused(405, "0x8006088a", f"{call.method} is not supported on a lead.")

    def _note(self, call: Call, status: int, code: str) -> None:
        one = _ONE.fullmatch(call.resource)
        try:
            columns = tuple(json.loads(call.request.body or b"{}"))
        except ValueError:
            columns = ()
        conditions = call.header("if-match"), call.header("if-none-match")
        key = one["key"] if one else ""
        self.operations.append(Operation(call.method, key, columns, *conditions, call.batched, status, code))

    # One row

    def _target(self, text: str) -> _Target:
        if is_guid(text):
            return _Target(text, id=text.lower())
        pairs = _PAIR.findall(text)
        if not pairs or sum(len(found[0]) for found in _PAIR.finditer(text)) != len(text):
            raise Refused(400, "0x8006088a", "Bad Request - Error in query syntax.")
        values: dict[str, Any] = {}
        for name, quoted, bare in pairs:
            if bare and name == "leadid" and is_guid(bare):
                return _Target(text, id=bare.lower())
            values[name] = int(bare) if bare.lstrip("-").isdecimal() else bare or quoted.replace("''", "'")
        self.store.table.key_over(frozenset(values))
        if any(not _UNFIT_IN_KEYS.isdisjoint(value) for value in values.values() if isinstance(value, str)):
            raise Refused(400, "0x8006088a", "Bad Request - Error in query syntax.")
        first = next(iter(values.values()))
        if self._switches.guid_keys and isinstance(first, str) and is_guid(first):
            return _Target(text, id=first.lower())
        return _Target(text, values=values)

    def _find(self, target: _Target) -> Row | None:
        return self.store.with_key(target.values) if target.values is not None else self.store.get(target.id)

    def _one(self, call: Call, match: re.Match[str]) -> Reply:
        target = self._target(match["key"])
        row = self._find(target)
        call.caller.rows += 1
        if row is None:
            raise target.absent()
        if match["column"] is not None:
            column = self._selected(match["column"])[0]
            return json_reply({"@odata.context": call.base, "value": row.get(column.name)})
        if call.header("if-none-match") == etag(row):
            return Reply(304)
        return self._shown(call, row, 200)

    def _upsert(self, call: Call, route: str, target: _Target, values: dict[str, Any]) -> Reply:
        self._meet_faults(call, route, target, values)
        row = self._find(target)
        if row is None:
            if call.header("if-match"):
                raise target.absent()
            named = {"leadid": target.id} if target.id else dict(target.values or {})
            return self._created(call, self._create(call, {**named, **values}), target.text)
        if call.header("if-none-match") == "*":
            raise errors.matching_key()
        row = self._update(call, row, values)
        if call.wants_representation:
            return self._shown(call, row, 200)
        return done(OData_EntityId=f"{call.base}leads({_in_url(target.text)})")

    def _one_column(self, call: Call, target: _Target, name: str) -> Reply:
        """`PUT …/column` sets it, `DELETE …/column` clears it."""
        row = self._find(target)
        if row is None:
            raise target.absent()
        if call.method not in ("PUT", "DELETE"):
            raise Refused(405, "0x8006088a", f"{call.method} is not supported on a column.")
        value = call.content().get("value") if call.method == "PUT" else None
        self._update(call, row, self.payload({name: value}))
        return done()

    def _delete(self, call: Call, target: _Target) -> Reply:
        self.require(call, "delete")
        row = self._find(target)
        if row is None:
            raise target.absent()
        _check_version(call, row)
        call.caller.rows += 1
        self.store.delete(row["leadid"])
        return done()

    def _create(self, call: Call, values: Mapping[str, Any]) -> Row:
        self.require(call, "create")
        if "ownerid" in values:
            self.require(call, "assign")
        allowed = {name: value for name, value in values.items() if self.store.table.columns[name].for_create}
        suppressed = call.header("mscrm.suppressduplicatedetection").lower() != "false"
        if self._switches.duplicate_rules and not suppressed and self._has_lookalike(allowed):
            message = "A record was not created or updated because a duplicate of the current record already exists."
            raise Refused(412, "0x80040333", message)
        call.caller.rows += 1
        return self.store.create(allowed, by=call.caller.id)

    def _update(self, call: Call, row: Row, values: Mapping[str, Any]) -> Row:
        self.require(call, "write")
        if "ownerid" in values:
            self.require(call, "assign")
        _check_version(call, row)
        if self._switches.closed_leads_refuse and row["statecode"] != 0:
            raise errors.vetoed("This lead is closed. Reactivate it before you change it.")
        allowed = {name: value for name, value in values.items() if self.store.table.columns[name].for_update}
        call.caller.rows += 1
        return self.store.update(row["leadid"], allowed, by=call.caller.id)

    def _has_lookalike(self, values: Mapping[str, Any]) -> bool:
        """The rules that come with the product: the same e-mail address, or the same name of company and person."""
        mail, name = values.get("emailaddress1"), (values.get("companyname"), values.get("lastname"))
        return any(
            (mail is not None and row.get("emailaddress1") == mail)
            or (None not in name and (row.get("companyname"), row.get("lastname")) == name)
            for row in self.store.rows()
        )

    def _created(self, call: Call, row: Row, key: str) -> Reply:
        if call.wants_representation:
            return self._shown(call, row, 201)
        url = f"{call.base}leads({_in_url(key) if key else row['leadid']})"
        return done(OData_EntityId=url, Location=url)

    def _shown(self, call: Call, row: Row, status: int) -> Reply:
        columns = self._selected(call.options.get("$select", ""))
        context = {"@odata.context": f"{call.base}$metadata#leads{_named(call)}/$entity"}
        reply = json_reply(context | entity(row, columns, self._names(call)), status, ETag=etag(row))
        if call.wants_representation and call.method != "GET":
            reply.headers["Preference-Applied"] = "return=representation"
        return reply

    def _names(self, call: Call) -> Mapping[str, str] | None:
        return self.store.systemusers if call.wants_formatted else None

    # A body

    def payload(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """The columns of a body, checked and converted. Raises Refused."""
        values: dict[str, Any] = {}
        columns = self.store.table.columns
        for name, value in content.items():
            column = columns.get(name)
            if column is not None and not column.is_lookup:
                values[name] = column.take(value)
            elif name.startswith("@odata."):
                continue
            elif name.endswith("@odata.bind"):
                navigation = name.removesuffix("@odata.bind")
                values[navigation] = self._bound(navigation, value)
            elif "@" in name:
                if name.partition("@")[0] not in content:
                    raise errors.undeclared_property(name.partition("@")[0])
            elif column is not None or (name.startswith("_") and name.endswith("_value")):
                raise errors.payload(
                    "CRM do not support direct update of Entity Reference properties, Use Navigation properties "
                    "instead."
                )
            else:
                raise errors.invalid_property(name)
        return values

    def _bound(self, navigation: str, value: Any) -> str | None:
        """The id that `name@odata.bind` names; the row has to be there."""
        if navigation not in LOOKUPS or navigation not in self.store.table.columns:
            raise errors.undeclared_property(navigation)
        if value is None:
            return None
        bound = _BIND.fullmatch(value) if isinstance(value, str) else None
        if bound is None or bound["set"] != LOOKUPS[navigation]:
            raise errors.payload(f"The URI '{value}' is not valid for the navigation property '{navigation}'.")
        id = bound["id"].lower()
        known: Any = self.store.systemusers if bound["set"] == "systemusers" else self.store.others[bound["set"]]
        if id not in known:
            raise errors.does_not_exist(navigation.removesuffix("id") if navigation != "ownerid" else "systemuser", id)
        return id

    def _meet_faults(self, call: Call, route: str, target: _Target | None, values: Mapping[str, Any]) -> None:
        """What a planned fault does to this write, before anything is written."""
        domain = str(values.get(DOMAIN) or (target.values or {}).get(DOMAIN, "") if target else values.get(DOMAIN, ""))
        if not domain and target is not None and target.id:
            domain = str((self.store.get(target.id) or {}).get(DOMAIN, ""))
        choices = [name for name in values if self.store.table.columns[name].kind == "Picklist"]

        def fits(fault: Fault) -> bool:
            if fault.options.get("domain") not in (None, domain):
                return False
            if fault.kind == "choice_refused":
                return bool(choices) if fault.options["column"] is None else fault.options["column"] in choices
            return fault.kind != "race" or (target is not None and not call.header("if-match"))

        for fault in self._draw(route, fits):
            if fault.kind == "plugin_veto":
                raise errors.vetoed(fault.options["message"])
            if fault.kind == "deadlock":
                raise Refused(fault.options["code"], fault.options["error"], "Generic SQL error: the row is locked.")
            if fault.kind == "choice_refused":
                name = fault.options["column"] or choices[0]
                accepted = (str(value) for value in self.store.table.columns[name].choices if value != values[name])
                raise errors.bad_choice(name, values[name], ",".join(accepted))
            if fault.kind == "race" and target is not None:
                self._lose_race(call, target, values, fault.options["winner"])

    def _lose_race(self, call: Call, target: _Target, values: Mapping[str, Any], winner: str) -> None:
        """Somebody else creates the row between look-up and insert: this request again ("twin"), or a stranger."""
        if self._find(target) is None:
            named = {"leadid": target.id} if target.id else dict(target.values or {})
            if winner == "twin":
                self._create(call, {**named, **values})
            elif winner == "stranger":
                seller = next(iter(self.store.systemusers))
                self.store.create({**named, "subject": "Entered by hand"}, by=seller, counted=False)
        raise errors.matching_key()

    # Bulk messages

    def _bulk(self, call: Call, route: str) -> Reply:
        message = call.resource.removeprefix("leads/Microsoft.Dynamics.CRM.")
        work = {
            "CreateMultiple": self._create_one,
            "UpdateMultiple": self._update_one,
            "UpsertMultiple": self._upsert_one,
        }
        if message not in work:
            raise errors.no_segment(message)
        targets = call.content().get("Targets")
        if not isinstance(targets, list) or not targets:
            raise errors.payload("The parameter 'Targets' is required.")
        with self.store.atomic():
            rows = [work[message](call, route, target) for target in targets]
            ids = [row["leadid"] for row in rows]
            if message == "UpsertMultiple" and len(set(ids)) != len(ids):
                raise Refused(400, "0x80040216", "Duplicate record was found in the Targets of UpsertMultiple.")
        if message == "CreateMultiple":
            return json_reply({"@odata.context": f"{call.base}$metadata#{message}Response", "Ids": ids})
        return done()

    def _bulk_values(self, target: Any) -> dict[str, Any]:
        if not isinstance(target, dict) or target.get("@odata.type") != "Microsoft.Dynamics.CRM.lead":
            raise errors.payload("Every target needs the '@odata.type' of its table.")
        return self.payload(target)

    def _create_one(self, call: Call, route: str, target: Any) -> Row:
        values = self._bulk_values(target)
        self._meet_faults(call, route, None, values)
        return self._create(call, values)

    def _update_one(self, call: Call, route: str, target: Any) -> Row:
        values = self._bulk_values(target)
        named = _Target("", id=str(values.pop("leadid", "")))
        self._meet_faults(call, route, named, values)
        row = self._find(named)
        if row is None:
            raise named.absent()
        return self._update(call, row, values)

    def _upsert_one(self, call: Call, route: str, target: Any) -> Row:
        values = self._bulk_values(target)
        id = str(values.pop("leadid", None) or "")
        reference = _ONE.fullmatch(str(target.get("@odata.id", "")).rpartition("/")[2])
        if not id and reference is None:
            raise errors.payload("A target of UpsertMultiple needs an '@odata.id' or its primary key.")
        named = _Target(id, id=id) if reference is None else self._target(reference["key"])
        self._meet_faults(call, route, named, values)
        row = self._find(named)
        if row is not None:
            return self._update(call, row, values)
        if named.values is not None and not named.values.keys().isdisjoint(values):
            raise Refused(400, "0x80040216", "An unexpected error occurred: a key column is in the body of a target.")
        return self._create(call, {**({"leadid": id} if id else named.values or {}), **values})

    # Many rows

    def _properties(self) -> dict[str, tuple[str, str]]:
        return {
            column.property: (column.name, "day" if column.format == "DateOnly" else _KINDS.get(column.kind, "number"))
            for column in self.store.table.columns.values()
        }

    def _selected(self, text: str) -> list[Column]:
        """The columns of a $select; raises Refused for an unknown name."""
        columns = self.store.table.columns
        names = [name.strip() for name in text.split(",") if name.strip()]
        if not names:
            return list(columns.values())
        by_property = {column.property: column for column in columns.values()}
        for name in names:
            if name not in by_property:
                raise errors.no_property(name)
        return [by_property[name] for name in names]

    def _matching(self, call: Call) -> list[Row]:
        options = call.options
        if not options.get("$filter"):
            return self.store.rows()
        aliases = {name: value for name, value in options.items() if name.startswith("@")}
        condition = query.parse(options["$filter"], self._properties(), aliases)
        rows: Sequence[Row] = ()
        if condition.equals is not None and condition.equals[0] == "leadid":
            found = (self.store.get(id) for id in dict.fromkeys(condition.equals[1]))
            rows = [row for row in found if row is not None]
        elif condition.equals is not None and condition.equals[0] == DOMAIN:
            domains = dict.fromkeys(value.casefold() for value in condition.equals[1])
            rows = [row for domain in domains for row in self.store.with_domain(domain)]
        else:
            rows = self.store.rows()
        return [row for row in rows if condition.test(row)]

    def _many(self, call: Call) -> Reply:
        options = call.options
        _check_options(options)
        columns = self._selected(options.get("$select", ""))
        order = query.order(options.get("$orderby", ""), self._properties())
        rows = order.sorted(self._matching(call))
        total, page = len(rows), 1
        if "$skiptoken" in options:
            page, place = _cookie(options["$skiptoken"])
            rows = [row for row in rows if order.is_behind(row, place)]
        size = _page_size(call)
        if "$top" in options and "odata.maxpagesize" not in call.preferences:
            rows = rows[: whole(options["$top"])]
        content: dict[str, Any] = {"@odata.context": f"{call.base}$metadata#leads{_named(call)}"}
        if options.get("$count") == "true":
            content["@odata.count"] = min(total, _COUNTED)
        shown, names = rows[:size], self._names(call)
        call.caller.rows += len(shown)
        content["value"] = [entity(row, columns, names) for row in shown]
        if len(rows) > size:
            packed = _packed([page + 1, order.place(shown[-1])])
            token = f'<cookie pagenumber="{page + 1}" pagingcookie="{packed}" istracking="False" />'
            content["@odata.nextLink"] = _link(call, "$skiptoken", token)
        return json_reply(content)

    # Changes since a token

    def _changes(self, call: Call) -> Reply:
        """First every row, then what was written or deleted since; a delta link ends the last page."""
        options = call.options
        for name in ("$filter", "$orderby", "$expand", "$top"):
            if name in options:
                raise Refused(400, "0x80060888", f"The query parameter {name} is not supported with change tracking.")
        columns = self._selected(options.get("$select", ""))
        since, until = 0, self.store.version
        if "$deltatoken" in options:
            since = _version(options["$deltatoken"])
            if self._switches.expire_tokens:
                raise Refused(
                    400,
                    "0x80044352",
                    "Version stamp associated with the client has expired. Please perform a full sync.",
                )
        start = since
        if "$skiptoken" in options:
            _, (start, until) = _cookie(options["$skiptoken"])
        changed = sorted(
            (row for row in self.store.rows() if start < row["versionnumber"]),
            key=lambda row: int(row["versionnumber"]),
        )
        size = _page_size(call)
        shown = changed[:size]
        call.caller.rows += len(shown)
        values: list[dict[str, Any]] = [entity(row, columns, self._names(call)) for row in shown]
        content: dict[str, Any] = {
            "@odata.context": f"{call.base}$metadata#leads{_named(call)}/$delta",
            "value": values,
        }
        if len(changed) > size:
            packed = _packed([2, [shown[-1]["versionnumber"], until]])
            content["@odata.nextLink"] = _link(call, "$skiptoken", f'<cookie pagingcookie="{packed}" {_TRACKING} />')
        else:
            if since:
                gone = (id for version, id in self.store.deletions if version > since and self.store.get(id) is None)
                context = f"{call.base}$metadata#leads/$deletedEntity"
                values += [{"@odata.context": context, "id": id, "reason": "deleted"} for id in gone]
            stamp = f"{until}!{datetime.now(UTC):%m/%d/%Y %H:%M:%S}"
            content["@odata.deltaLink"] = _link(call, "$deltatoken", stamp)
        reply = json_reply(content)
        reply.headers["Preference-Applied"] = "odata.track-changes"
        return reply


def _check_version(call: Call, row: Row) -> None:
    wanted = call.header("if-match")
    if wanted and wanted != "*" and wanted != etag(row):
        raise errors.stale()


def _in_url(key: str) -> str:
    return quote(key, safe="='(),-.")


def _named(call: Call) -> str:
    select = call.options.get("$select", "")
    return f"({select})" if select else ""


def _check_options(options: Mapping[str, str]) -> None:
    known = ("$select", "$filter", "$orderby", "$top", "$count", "$skiptoken")
    for name in options:
        if name == "$skip":
            raise Refused(400, "0x80060888", "Skip Clause is not supported in CRM")
        if name not in known and not name.startswith("@"):
            raise Refused(501, "0x80060888", f"The sandbox does not model the query option {name}.")


def _page_size(call: Call) -> int:
    wanted = call.preferences.get("odata.maxpagesize")
    return _PAGE if wanted is None else min(whole(wanted), _PAGE)


def _packed(content: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def _cookie(token: str) -> tuple[int, list[Any]]:
    """Page number and place of the last row."""
    found = _COOKIE.search(token)
    try:
        page, place = json.loads(base64.urlsafe_b64decode(found[1] if found else ""))
    except (ValueError, binascii.Error) as error:
        raise Refused(400, "0x80060888", "The paging cookie is malformed.") from error
    return page, place


def _version(token: str) -> int:
    number = token.partition("!")[0]
    if not number.isdecimal():
        raise Refused(400, "0x80060888", "The delta token is malformed.")
    return int(number)


def _link(call: Call, name: str, value: str) -> str:
    """This request's address with one option replaced; a $skiptoken keeps the delta token it goes on from."""
    dropped = {name} if name == "$skiptoken" else {"$skiptoken", "$deltatoken"}
    kept = [(option, text) for option, text in call.request.query if option not in dropped]
    return f"{call.base}leads?{urlencode([*kept, (name, value)], quote_via=quote, safe='$,')}"
