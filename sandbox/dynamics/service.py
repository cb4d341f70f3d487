"""Dynamics 365 Sales as an application sees it: the Dataverse Web API over one table, and a page for sellers.

Facts: the reference on the Dataverse Web API; where it names no source, the README says what the sandbox chose.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from email.utils import formatdate
from typing import Any, Final, TypeVar
from uuid import uuid4

from sandbox.dynamics import batch, errors, page
from sandbox.dynamics.columns import KEY, KEY_STATES, Environment, Key, Table
from sandbox.dynamics.definitions import ACTIONS, Definitions, Records
from sandbox.dynamics.errors import Refused
from sandbox.dynamics.leads import Leads, Operation
from sandbox.dynamics.limits import Limits
from sandbox.dynamics.store import Store, fixed_id, is_guid
from sandbox.dynamics.switches import Switches
from sandbox.dynamics.wire import Call, Caller, error_reply, etag, resource
from sandbox.entra import LOGIN, Access
from sandbox.exchange import Reply, Request, html_reply, json_reply
from sandbox.faults import REFUSALS, Fault, Faults, set_switches

HOST: Final = "hunter-demo.crm4.dynamics.com"
_T = TypeVar("_T")
_HOST = re.compile(r"[a-z0-9-]+(?:\.api)?\.crm\d*\.dynamics\.com")
_CODES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("0x80040203", "The request is invalid."),
    403: ("0x80040220", "Principal user is missing prvWriteLead privilege on OTC=4 for entity 'lead'."),
    404: ("0x80040217", "The resource does not exist."),
    412: ("0x80060882", errors.STALE),
    429: ("0x80072322", "Number of requests exceeded the limit of 6000 over time window of 300 seconds."),
    500: ("0x80040216", "An unexpected error occurred."),
    502: ("0x0", "Bad Gateway"),
    503: ("0x0", "The service is unavailable."),
    504: ("0x0", "Gateway Timeout"),
}


class Dynamics:
    """The service and its store. Store methods are safe to use from any thread; `check` reads an access token."""

    def __init__(self, check: Callable[[str], Access | None], faults: Faults) -> None:
        self.switches = Switches()
        self.limits = Limits()
        self.affinity_cookies = 0  # requests that sent the affinity cookie back
        self._check, self._faults = check, faults
        self._table = Table()
        self._store = Store(self._table, lambda: self.switches.clock_skew)
        self._leads = Leads(self._store, self.switches, faults.draw_write)
        self._definitions = Definitions(self._store, self.switches)
        self._records = Records(self._store, HOST.partition(".")[0])
        self._affinity = uuid4().hex * 2

    # Counters

    @property
    def creates(self) -> Counter[str]:
        """How many times the API created a row, by domain."""
        return self._store.creates

    @property
    def writes(self) -> int:
        """Rows that the API created, changed or deleted."""
        return self._store.writes

    @property
    def early_requests(self) -> int:
        """Requests that arrived while a Retry-After of their application user ran."""
        return self.limits.early_requests

    @property
    def concurrency_peak(self) -> int:
        """The most requests of one application user that were worked on at once."""
        return self.limits.concurrency_peak

    @property
    def operations(self) -> list[Operation]:
        """The last 20,000 writes that were asked for, parts of batches included, oldest first."""
        return list(self._leads.operations)

    # Switches and definitions

    def switch(self, **changes: Any) -> None:
        """Changes switches by name; raises ValueError for an unknown one or a value that does not fit."""
        state = changes.pop("key_state", None)
        if isinstance(changes.get("role_missing"), (tuple, list)):
            changes["role_missing"] = " ".join(changes["role_missing"])
        if state is not None and state not in ("absent", *KEY_STATES):
            raise ValueError(f"The switch 'key_state' is one of absent, {', '.join(KEY_STATES)}")
        set_switches(self.switches, changes)
        if state is not None:
            self.set_key_state(state)

    def state(self) -> dict[str, Any]:
        """Every switch with its value."""
        return {"key_state": self.key_state, **asdict(self.switches)}

    @property
    def key_state(self) -> str:
        """absent, pending, inprogress, active or failed."""
        key = self._table.keys.get(KEY)
        return "absent" if key is None else key.state.lower()

    def set_key_state(self, state: str) -> None:
        """Puts Hunter's key into a state in which it stays; raises ValueError for an unknown one."""
        if state not in ("absent", *KEY_STATES):
            raise ValueError(f"A key is absent, {', '.join(KEY_STATES)}; not {state!r}")
        with self._store.lock:
            self._table.keys.pop(KEY, None)
            if state != "absent":
                self._table.keys[KEY] = Key("hnt_LeadDomainKey", ("hnt_domain",), KEY_STATES[state], "Domain")

    def environment(self, kind: Environment) -> None:
        """Gives the lead table the columns and the key of an environment that is complete, empty or in conflict."""
        with self._store.lock:
            self._table.reset(kind)
            self._store.reindex()

    def remove_column(self, name: str) -> None:
        """Takes a column away, with its values and every key over it; raises LookupError."""
        with self._store.lock:
            self._table.remove(name)
            self._store.reindex()

    def set_max_length(self, name: str, length: int) -> None:
        with self._store.lock:
            self._table.change(name, length=length)

    def set_options(self, name: str, options: Mapping[str, int]) -> None:
        """Replaces the choices of a column; `options`: label → value."""
        with self._store.lock:
            self._table.change(name, choices={value: label for label, value in options.items()})

    def columns(self) -> dict[str, str]:
        """The columns of the lead table: name → type."""
        with self._store.lock:
            return {column.name: column.kind for column in self._table.columns.values()}

    # The store

    def __len__(self) -> int:
        return len(self._store)

    def leads(self) -> list[dict[str, Any]]:
        """Every row with all columns, in the order of creation."""
        with self._store.lock:
            return [self._whole(row) for row in self._store.rows()]

    def lead(self, id: str) -> dict[str, Any]:
        """One row with all columns; raises LookupError."""
        with self._store.lock:
            return self._whole(self._stored(id))

    def by_domain(self, domain: str) -> list[dict[str, Any]]:
        """The rows whose hnt_domain it is."""
        with self._store.lock:
            return [self._whole(row) for row in self._store.with_domain(domain)]

    def dump(self) -> dict[str, Any]:
        """The rows and what belongs to them, as JSON for `load`; switches and columns are not part of it."""
        return self._store.dump()

    def load(self, content: Mapping[str, Any]) -> None:
        """Puts back what `dump` gave, in place of what is there."""
        self._store.load(content)

    @property
    def version(self) -> int:
        """Grows with every write."""
        return self._store.version

    def latest(self, count: int) -> list[dict[str, Any]]:
        """The rows that were written last, newest first."""
        with self._store.lock:
            rows = sorted(self._store.rows(), key=lambda row: int(row["versionnumber"]), reverse=True)
            return [self._whole(row) for row in rows[:count]]

    def systemusers(self) -> dict[str, str]:
        """id → name of the people (and applications) who can own a lead."""
        return dict(self._store.systemusers)

    def etag(self, id: str) -> str:
        return etag(self._stored(id))

    def add_lead(self, **columns: Any) -> str:
        """A lead that somebody entered by hand; returns its id. Raises ValueError for what the table does not take."""
        with self._store.lock:
            values = {"subject": "Entered by hand", **self._taken(columns)}
            return str(_as_seller(lambda: self._store.create(values, by=self._seller, counted=False))["leadid"])

    def edit(self, id: str, **columns: Any) -> None:
        """What a seller changes; moves `modifiedon` and the etag. Raises LookupError, ValueError."""
        with self._store.lock:
            found, values = str(self._stored(id)["leadid"]), self._taken(columns)
            _as_seller(lambda: self._store.update(found, values, by=self._seller, counted=False))

    def qualify(self, id: str) -> None:
        """Closes the lead and makes its account, contact and opportunity."""
        others = {name: str(uuid4()) for name in ("accounts", "contacts", "opportunities")}
        for name, made in others.items():
            self._store.others[name].add(made)
        self.edit(
            id,
            statecode=1,
            statuscode=3,
            parentaccountid=others["accounts"],
            parentcontactid=others["contacts"],
            qualifyingopportunityid=others["opportunities"],
        )

    def disqualify(self, id: str) -> None:
        self.edit(id, statecode=2, statuscode=5)

    def reopen(self, id: str) -> None:
        self.edit(id, statecode=0, statuscode=1)

    def delete(self, id: str) -> None:
        with self._store.lock:
            self._store.delete(str(self._stored(id)["leadid"]), counted=False)

    def assign(self, id: str, owner: str) -> None:
        """`owner`: the id or the name of a system user."""
        users = self._store.systemusers
        found = next((user for user, name in users.items() if owner in (user, name)), None)
        if found is None:
            raise LookupError(f"No system user {owner!r}")
        self.edit(id, ownerid=found)

    def merge(self, loser: str, winner: str) -> None:
        """The loser is closed and points to the winner; it keeps its columns, its domain included."""
        self.edit(loser, statecode=2, statuscode=7, merged=True, masterid=str(self._stored(winner)["leadid"]))

    @property
    def _seller(self) -> str:
        return next(iter(self._store.systemusers))

    def _stored(self, id: str) -> Mapping[str, Any]:
        row = self._store.get(id)
        if row is None:
            raise LookupError(f"No lead {id}")
        return row

    def _whole(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: row.get(name) for name in self._table.columns}

    def _taken(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        return _as_seller(lambda: {name: self._table.column(name).take(value) for name, value in columns.items()})

    # The service

    def serves(self, host: str) -> bool:
        return _HOST.fullmatch(host) is not None

    def route(self, request: Request) -> str:
        if request.path == "/main.aspx":
            return "page"
        asked = resource(request.path)
        return "unknown" if asked is None else self._route(request.method, asked)

    def _route(self, method: str, asked: str) -> str:
        if asked in ("$batch", "WhoAmI", "WhoAmI()"):
            return asked.strip("$()").lower()
        if asked.startswith("leads("):
            return "lead" if is_guid(asked[6:42]) and asked[42:43] == ")" else "lead_by_key"
        if asked.startswith("leads/Microsoft.Dynamics.CRM."):
            return "bulk"
        if asked.startswith("leads"):
            return "query" if method == "GET" else "leads"
        if asked == "ReactivateEntityKey" or re.match(r"EntityDefinitions\([^)]*\)/Keys", asked):
            return "keys"
        if asked.startswith("EntityDefinitions") or asked in ACTIONS or asked in ("publishers", "solutions"):
            return "metadata"
        return "records" if self._records.serves(asked) else "unknown"

    def arrived(self, request: Request) -> str:
        """Counts a request, whatever becomes of it; the name of its application user, empty for none."""
        access = self._access(request)
        name = "" if access is None else _name(access)
        self.limits.arrived(name)
        if "ARRAffinity=" in request.headers.get("cookie", ""):
            self.affinity_cookies += 1
        return name

    def left(self, name: str, reply: Reply) -> None:
        """Notes a Retry-After before it is sent."""
        wait = reply.headers.get("Retry-After", "")
        if reply.status == 429 and wait.isdecimal():
            self.limits.told_to_wait(name, int(wait))
        self.limits.left(name)

    def answer(self, request: Request, faults: Sequence[Fault]) -> Reply:
        switches = self.switches
        if switches.down:
            return Reply(0)
        if request.path == "/main.aspx":
            return page.answer(self, request)
        if switches.asleep:
            return html_reply(_ASLEEP, 503)
        if switches.latency_ms:
            time.sleep(switches.latency_ms / 1000)
        access = self._access(request)
        if access is None:
            return self._framed(_unauthorized())
        caller = Caller(fixed_id(f"user-{_name(access)}"), _name(access))
        left: tuple[int, float] | None = None
        try:
            if switches.application_user_missing:
                raise Refused(403, "0x80072560", "The user is not a member of the organization.")
            left = self.limits.admit(
                caller.name,
                requests=switches.request_limit,
                window=switches.window_seconds,
                work_ms=switches.execution_limit_ms,
                concurrency=switches.concurrency_limit,
                penalty_grows=switches.penalty_grows,
            )
            self._store.systemusers.setdefault(caller.id, f"# {access.user or 'Hunter'}")
            asked = resource(request.path)
            if asked is None:
                raise errors.no_segment(request.path.strip("/"))
            call = Call(request, asked, caller)
            reply = self._batch(call) if asked == "$batch" else self._one(call)
        except Refused as refused:
            annotated = 'include-annotations="*"' in request.headers.get("prefer", "")
            reply = error_reply(refused, annotated=annotated)
        self.limits.charge(caller.name, caller.rows * switches.server_ms_per_row)
        return self._framed(reply, left)

    def refusal(self, request: Request, status: int, code: str | None) -> Reply:
        """The error body for a planned status."""
        if status == 401:
            return self._framed(_unauthorized())
        named, message = _CODES.get(status, ("0x80040216", "An unexpected error occurred."))
        return self._framed(error_reply(Refused(status, code or named, message)))

    def _one(self, call: Call) -> Reply:
        """The reply to a request or to a part of a batch; raises Refused."""
        route = self._route(call.method, call.resource)
        with self._store.lock:
            if route == "whoami":
                return self._who_am_i(call)
            if call.resource.startswith("leads"):
                return self._leads.answer(call, route)
            if self._records.serves(call.resource):
                if call.method != "GET":
                    self._leads.require(call, "metadata")
                return self._records.answer(call)
            if route in ("metadata", "keys"):
                if call.method != "GET":
                    self._leads.require(call, "metadata")
                return self._definitions.answer(call)
        raise errors.no_segment(call.resource)

    def _who_am_i(self, call: Call) -> Reply:
        if call.method != "GET":
            raise errors.no_segment("WhoAmI")
        content = {
            "@odata.context": f"{call.base}$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse",
            "BusinessUnitId": fixed_id("business-unit"),
            "UserId": call.caller.id,
            "OrganizationId": self._records.organization_id,
        }
        reply = json_reply(content)
        reply.headers["x-ms-dop-hint"] = str(self.switches.dop_hint)
        return reply

    # Batches

    def _batch(self, call: Call) -> Reply:
        """Parts in their order. Without `odata.continue-on-error` the first that fails is the last and the status."""
        if call.method != "POST":
            raise Refused(405, "0x8006088a", "A batch is posted.")
        goes_on = "odata.continue-on-error" in call.preferences
        replies: list[tuple[Reply, str] | list[tuple[Reply, str]]] = []
        for item in batch.read(call.request):
            if isinstance(item, batch.ChangeSet):
                answered, status = self._change_set(call, item)
                replies.append(answered)
            else:
                reply = self._part(call, item)
                status = reply.status
                replies.append((reply, item.content_id))
            if status >= 400 and not goes_on:
                return batch.write(replies, status)
        return batch.write(replies)

    def _change_set(self, call: Call, item: batch.ChangeSet) -> tuple[Any, int]:
        """All replies, or the one that undid the others; its status."""
        replies: list[tuple[Reply, str]] = []
        made: dict[str, str] = {}
        try:
            with self._store.atomic():
                for part in item.parts:
                    reply = self._part(call, batch.referring(part, made))
                    if reply.status >= 400:
                        raise _Undone(reply, part.content_id)
                    made[part.content_id] = reply.headers.get("OData-EntityId", "")
                    replies.append((reply, part.content_id))
        except _Undone as undone:
            return (undone.reply, undone.content_id), undone.reply.status
        return replies, 200

    def _part(self, outer: Call, part: batch.Part) -> Reply:
        request = part.request
        try:
            self._refuse_as_planned(outer)
            asked = resource(request.path)
            if asked is None or asked == "$batch":
                raise errors.no_segment(request.path)
            return self._one(Call(request, asked, outer.caller, batched=True))
        except Refused as refused:
            return error_reply(refused)

    def _refuse_as_planned(self, outer: Call) -> None:
        for fault in self._faults.draw_part():
            if fault.kind not in REFUSALS:
                continue
            status, code = fault.options.get("code", 403), fault.options.get("error")
            wait = fault.options.get("retry_after")
            if status == 429 and wait is not None:
                self.limits.told_to_wait(outer.caller.name, wait)
            named, message = _CODES.get(status, ("0x80040216", "An unexpected error occurred."))
            raise Refused(status, code or named, message, retry_after=wait)

    # Every answer

    def _access(self, request: Request) -> Access | None:
        """What the token says if it was issued for this environment; both names of its host are one resource."""
        access = self._check(request.bearer) if request.bearer else None
        if access is None or access.audience.replace(".api.", ".") != f"https://{request.host}".replace(".api.", "."):
            return None
        return access

    def _framed(self, reply: Reply, left: tuple[int, float] | None = None) -> Reply:
        """Adds what the platform adds to every answer."""
        id = str(uuid4())
        reply.headers |= {
            "OData-Version": "4.0",
            "x-ms-service-request-id": id,
            "REQ_ID": id,
            "Date": formatdate(time.time() + self.switches.clock_skew, usegmt=True),
            "Set-Cookie": f"ARRAffinity={self._affinity}; domain={HOST}; path=/; secure; HttpOnly",
        }
        if left is not None:
            reply.headers["x-ms-ratelimit-burst-remaining-xrm-requests"] = str(left[0])
            reply.headers["x-ms-ratelimit-time-remaining-xrm-requests"] = f"{left[1] / 1000:.2f}"
        return reply


class _Undone(Exception):
    """A part of a change set failed: its reply is the reply of the set."""

    def __init__(self, reply: Reply, content_id: str) -> None:
        super().__init__(reply.status)
        self.reply, self.content_id = reply, content_id


def _name(access: Access) -> str:
    return access.user or access.client_id


def _unauthorized() -> Reply:
    """401 with an empty body, as seen in the field."""
    authority = f"https://{LOGIN}/common/oauth2/authorize"
    challenge = f"Bearer authorization_uri={authority}, resource_id=https://{HOST}/"
    return Reply(401, headers={"WWW-Authenticate": challenge})


def _as_seller(work: Callable[[], _T]) -> _T:
    """What the table refuses is a mistake of whoever plays the seller."""
    try:
        return work()
    except Refused as refused:
        raise ValueError(refused.message) from refused


_ASLEEP = (
    "<!doctype html><html lang='en'><title>Environment unavailable</title><h1>This environment is not available</h1>"
    "<p>It is in administration mode or has been switched off.</p></html>"
)
