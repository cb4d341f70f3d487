"""The Referrals API of Microsoft Partner Center over a store of referrals in memory.

A row is kept as the JSON text it is served as, next to its sort keys, so that a page of 100 out of 50,000 rows is
a look-up and a join. Facts: the reference on the Partner Center Referrals API, sections 1, 2 and 6.
"""

from __future__ import annotations

import base64
import binascii
import json
import random
import threading
import time
import zlib
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from email.message import Message
from itertools import islice
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from sandbox import odata
from sandbox.entra import Access
from sandbox.exchange import Reply, Request, json_reply
from sandbox.faults import Fault, set_switches

HOST = "api.partner.microsoft.com"
AUDIENCE = f"https://{HOST}"
BASE = "/v1.0/engagements/referrals"
_CONTEXT = f"https://{HOST}/v1.0/engagements/$metadata#Referrals"
_PAGE = 100
_STATES: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {  # status: its substatus, where it may go
    "New": (frozenset({"Pending", "Received"}), frozenset({"New", "Active", "Closed"})),
    "Active": (frozenset({"Accepted"}), frozenset({"Active", "Closed"})),
    "Closed": (frozenset({"Won", "Lost", "Declined", "Expired"}), frozenset({"Closed"})),
}
_DATES = ("createdDateTime", "updatedDateTime", "expirationDateTime", "acceptedDateTime", "closedDateTime")
_READ_ONLY = frozenset(
    {"id", "engagementId", "organizationId", "organizationName", "eTag", "direction", "type", "qualification"}
    | {"links", "registrations", *_DATES}
)
_MEMBER = dict.fromkeys(("firstName", "lastName", "email", "phoneNumber", "title"), "text")
_SCHEMA: Final[Mapping[str, Any]] = {
    **dict.fromkeys(
        ("id", "engagementId", "organizationId", "organizationName", "name", "externalReferenceId"), "text"
    ),
    **dict.fromkeys(("status", "substatus", "statusReason", "qualification", "type", "direction", "mpnId"), "text"),
    **dict.fromkeys(("referralSource", "campaignId", "salesStage", "quality"), "text"),
    **dict.fromkeys(_DATES, "date"),
    "isSpam": "bool",
    "favorite": "bool",
    "customerProfile": {
        "name": "text",
        "size": "text",
        "address": dict.fromkeys(("city", "state", "postalCode", "country", "region"), "text"),
        "team": [_MEMBER],
    },
    "details": {"dealValue": "number", "currency": "text", "closingDateTime": "date", "notes": "text"},
    "team": [_MEMBER],
    "inviteContext": {"assistanceRequestCode": "text", "invitedBy": {"organizationId": "text"}},
}
_CODES: Final[Mapping[int, str]] = {
    400: "invalidRequest",
    401: "unauthenticated",
    403: "accessDenied",
    404: "itemNotFound",
    405: "methodNotAllowed",
    409: "conflict",
    410: "itemNotFound",
    412: "preconditionFailed",
    415: "unsupportedMediaType",
    423: "locked",
    429: "throttled",
    500: "generalException",
    501: "notImplemented",
    502: "generalException",
    503: "serviceNotAvailable",
    504: "serviceNotAvailable",
    509: "throttled",
}


class _Refused(Exception):
    """The answer is an error: its status, its code and a message that nobody should parse."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code or _CODES[status]


@dataclass(slots=True)
class PartnerCenterSwitches:
    """What a trainer or a test can change while the sandbox runs."""

    next_link: str = "odd"  # odd (as documented), full (the whole query kept) or foreign (another host)
    page_size: int = _PAGE  # rows on a page at most
    expire_tokens: bool = False  # every $skiptoken is answered with 400
    role_missing: bool = False  # the user lacks the Referrals role: 403
    clock_skew: float = 0.0  # seconds by which the server's clock is ahead
    refused_filter: str = ""  # name of a property that $filter does not take: 400
    refused_orderby: str = ""  # such as "updatedDateTime asc": 400


@dataclass(slots=True)
class _Row:
    """`text`: the JSON as served. `updated`, `created`: sort keys, -1 for no date. `sent`: this version was listed."""

    id: str
    text: bytes
    etag: str
    updated: int
    created: int
    previous: bytes | None = None
    sent: bool = False

    def key(self, field: str) -> tuple[int, str]:
        return (self.updated if field == "updatedDateTime" else self.created), self.id


@dataclass(frozen=True, slots=True)
class _Listing:
    """What a list request asks for; a $skiptoken holds one together with the place to go on from."""

    filter: str = ""
    field: str = "createdDateTime"
    descending: bool = False
    size: int = _PAGE
    select: tuple[str, ...] = ()
    after: tuple[int, str] | None = None


class PartnerCenter:
    """The service and its store. Store methods are safe to use from any thread; `check` reads an access token."""

    def __init__(
        self, check: Callable[[str], Access | None], referrals: Iterable[Mapping[str, Any]] = (), *, seed: int = 7
    ) -> None:
        self.switches = PartnerCenterSwitches()
        self._check = check
        self._seed = seed
        self._lock = threading.RLock()
        self._rows: dict[str, _Row] = {}
        self._hidden: dict[str, _Row] = {}
        self._order: dict[str, list[tuple[int, str]]] = {"updatedDateTime": [], "createdDateTime": []}
        self._added = 0
        self._last_write = 0
        self._older: dict[str, bytes] = {}  # copies that arrive late, by id
        self._twice: dict[str, bool] = {}  # rows to repeat, by id; True = on the following page
        self._repeated: list[bytes] = []  # rows to repeat on the next page
        self.load(referrals)

    # The store

    def switch(self, **changes: Any) -> None:
        """Changes switches by name; raises ValueError for an unknown one or a value that does not fit."""
        if changes.get("next_link", "odd") not in ("odd", "full", "foreign"):
            raise ValueError("The switch 'next_link' is one of odd, full, foreign")
        set_switches(self.switches, changes)

    @property
    def clock_skew(self) -> timedelta:
        """By how much the server's clock is ahead of the real one."""
        return timedelta(seconds=self.switches.clock_skew)

    @clock_skew.setter
    def clock_skew(self, skew: timedelta) -> None:
        self.switches.clock_skew = skew.total_seconds()

    def load(self, referrals: Iterable[Mapping[str, Any]]) -> None:
        """Takes rows verbatim, with their own dates and eTags; each needs a text `id`."""
        with self._lock:
            for referral in referrals:
                row = _row(referral)
                self._rows[row.id] = row
            for field, order in self._order.items():
                order[:] = sorted(row.key(field) for row in self._rows.values())
            self._last_write = max([self._last_write, *(row.updated for row in self._rows.values())])

    def add(self, **overrides: Any) -> str:
        """Adds a fresh New referral and returns its id. Mappings in `overrides` are merged, other values replace."""
        with self._lock:
            self._added += 1
            name = str(uuid5(NAMESPACE_URL, f"sandbox-referral-{self._seed}-{self._added}"))
            moment = self._moment()
            referral = fresh(str(overrides.get("id", name)), odata.instant(moment), self._added)
            referral = _merged(referral, overrides)
            row = _row(_stamped(referral, moment, overrides))
            self._put(row)
            return row.id

    def edit(self, id: str, *, hidden: bool = False, **changes: Any) -> None:
        """Changes a row as another user of Partner Center would; mappings are merged.

        The server stamps updatedDateTime and eTag unless they are given or the edit is `hidden`.
        Raises LookupError for an unknown id.
        """
        with self._lock:
            row = self._get(id)
            referral = _merged(json.loads(row.text), changes)
            if not hidden:
                referral = _stamped(referral, self._moment(), changes)
            self._put(_row(referral, previous=row.text))

    def set_state(self, id: str, status: str, substatus: str) -> None:
        """Moves a row to any pair of states, legal or not, with the dates that go with it."""
        with self._lock:
            self.edit(id, **_moved(json.loads(self._get(id).text), status, substatus, odata.instant(self._now())))

    def remove(self, id: str) -> None:
        """Makes a row invisible: gone from lists, 404 on its own. `restore` brings it back."""
        with self._lock:
            self._hidden[id] = self._get(id)
            self._drop(self._hidden[id])

    def restore(self, id: str) -> None:
        """Makes a removed row visible again, unchanged; raises LookupError for any other."""
        with self._lock:
            if id not in self._hidden:
                raise LookupError(f"{id} was not removed")
            self._put(self._hidden.pop(id))

    def replay_older(self, id: str) -> None:
        """A page delivers the version before the last edit once more, after the present one.

        It comes with the next page if the present version was listed already, else with the page that lists it.
        Raises ValueError for a row that was never edited.
        """
        with self._lock:
            older = self._get(id).previous
            if older is None:
                raise ValueError(f"{id} has no older version")
            self._older[id] = older

    def duplicate(self, id: str, *, across: bool = False) -> None:
        """The next page with this row has it twice; with `across` the page after that one repeats it."""
        with self._lock:
            self._get(id)
            self._twice[id] = across

    def rows(self) -> dict[str, dict[str, Any]]:
        """The present state by id, exactly as served."""
        with self._lock:
            texts = {row.id: row.text for row in self._rows.values()}
        return {id: json.loads(text) for id, text in texts.items()}

    def row(self, id: str) -> dict[str, Any]:
        """One row as served; raises LookupError for an unknown id."""
        with self._lock:
            content: dict[str, Any] = json.loads(self._get(id).text)
            return content

    def __len__(self) -> int:
        return len(self._rows)

    def latest(self, count: int) -> list[dict[str, Any]]:
        """The rows that were updated last, newest first."""
        with self._lock:
            ids = [id for _, id in islice(reversed(self._order["updatedDateTime"]), count)]
            return [self.row(id) for id in ids]

    def edit_randomly(self, count: int, chance: random.Random) -> None:
        """`count` things that people do: mostly edits, sometimes a new referral or a move of state."""
        with self._lock:
            for _ in range(count):
                order = self._order["updatedDateTime"]
                if not order or chance.random() < 0.15:
                    self.add(name=f"Yeni fırsat {chance.randrange(10_000)}")
                    continue
                id = chance.choice(order)[1]
                moves = _legal_moves(self.row(id))
                if moves and chance.random() < 0.3:
                    self.set_state(id, *chance.choice(moves))
                else:
                    self.edit(id, statusReason=f"Not {chance.randrange(10_000)}")

    def _now(self) -> int:
        return int((time.time() + self.switches.clock_skew) * odata.TICKS)

    def _moment(self) -> int:
        """The time of a write: never the same as, nor before, an earlier one."""
        self._last_write = max(self._now(), self._last_write + 1)
        return self._last_write

    def _get(self, id: str) -> _Row:
        row = self._rows.get(id)
        if row is None:
            raise LookupError(f"No referral {id}")
        return row

    def _put(self, row: _Row) -> None:
        if row.id in self._rows:
            self._drop(self._rows[row.id])
        self._rows[row.id] = row
        self._last_write = max(self._last_write, row.updated)
        for field, order in self._order.items():
            insort(order, row.key(field))

    def _drop(self, row: _Row) -> None:
        del self._rows[row.id]
        for field, order in self._order.items():
            del order[bisect_left(order, row.key(field))]

    # The service

    def serves(self, host: str) -> bool:
        return host == HOST

    def route(self, request: Request) -> str:
        if request.path == BASE:
            return "referrals"
        if request.path.startswith(f"{BASE}/"):
            return "patch" if request.method == "PATCH" else "referral"
        return "unknown"

    def answer(self, request: Request, faults: Sequence[Fault]) -> Reply:
        """The reply of the API; faults that concern the content of a page are worked in here."""
        for fault in faults:
            if fault.kind == "edit_between_pages":
                edits = fault.options["edits"]
                if callable(edits):
                    edits()
                else:
                    self.edit_randomly(edits, fault.random)
        try:
            self._authorise(request)
            with self._lock:
                reply = self._work(request, faults)
        except _Refused as refused:
            reply = _error(refused)
        return self._named(request, reply)

    def refusal(self, request: Request, status: int, code: str | None) -> Reply:
        """The error body for a planned status."""
        message = "The request was refused by the sandbox's plan."
        return self._named(request, _error(_Refused(status, message, code or _CODES.get(status, "generalException"))))

    def _named(self, request: Request, reply: Reply) -> Reply:
        """Adds what the gateway adds to every answer."""
        reply.headers["request-id"] = str(uuid4())
        reply.headers["x-ms-ags-diagnostic"] = '{"ServerInfo":{"DataCenter":"Sandbox","Slice":"SliceC","Ring":"3"}}'
        reply.headers["timestamp"] = odata.instant(self._now())
        if echoed := request.headers.get("client-request-id"):
            reply.headers["client-request-id"] = echoed
        return reply

    def _authorise(self, request: Request) -> None:
        access = self._check(request.bearer) if request.bearer else None
        if access is None or access.audience != AUDIENCE:
            raise _Refused(401, "The access token is missing, unknown or expired.")
        if not access.user:
            raise _Refused(401, "App-only access is not supported for referrals.", "unAuthorized")
        if not access.mfa:
            raise _Refused(401, "MFA is required: the token has no MFA claim.", "900421")
        if self.switches.role_missing:
            raise _Refused(403, f"The user {access.user} has no Referrals role.")

    def _work(self, request: Request, faults: Sequence[Fault]) -> Reply:
        route = self.route(request)
        if route == "unknown":
            raise _Refused(404, "No such resource.")
        if route == "referrals" and request.method == "GET":
            return self._list(request, faults)
        if route == "referral" and request.method == "GET":
            return _one(self._visible(request))
        if route == "patch":
            return self._patch(request)
        raise _Refused(405, f"{request.method} is not supported here.")

    def _visible(self, request: Request) -> _Row:
        row = self._rows.get(request.path.removeprefix(f"{BASE}/").lower())
        if row is None:
            raise _Refused(404, "The referral was not found.")
        return row

    # A page of the list

    def _list(self, request: Request, faults: Sequence[Fault]) -> Reply:
        listing = self._listing(request)
        found = list(islice(self._walk(listing), listing.size + 1))
        rows, more = found[: listing.size], len(found) > listing.size
        texts = self._delivered(rows, listing.select)
        for fault in faults:
            if fault.kind == "page_garbage":
                row = json.dumps(fault.options["row"], ensure_ascii=False).encode("utf-8", "backslashreplace")
                texts.insert(len(texts) // 2, row)
        parts = [f'"@odata.context":{json.dumps(_CONTEXT)}'.encode(), b'"@odata.count":%d' % len(texts)]
        if not any(fault.kind == "value_missing" for fault in faults):
            parts.append(b'"value":[' + b",".join(texts) + b"]")
        if more:
            link = self._next_link(request, listing, rows[-1])
            parts.append(b'"@odata.nextLink":' + json.dumps(link).encode())
        body = b"{" + b",".join(parts) + b"}"
        return Reply(200, body, {"Content-Type": "application/json; odata.metadata=minimal"})

    def _listing(self, request: Request) -> _Listing:
        options = request.options
        if "$skiptoken" in options:
            return self._continued(options["$skiptoken"])
        if unknown := options.keys() - {"$filter", "$orderby", "$top", "$select"}:
            raise _Refused(400, f"The query option {min(unknown)!r} is not supported.")
        field, descending = self._sorting(options.get("$orderby", "createdDateTime"))
        top = options.get("$top", str(self.switches.page_size))
        if not top.isascii() or not top.isdecimal() or int(top) == 0:
            raise _Refused(400, f"Invalid value {top!r} for $top.")
        select = tuple(name.strip() for name in options["$select"].split(",")) if options.get("$select") else ()
        return _Listing(options.get("$filter", ""), field, descending, min(int(top), self.switches.page_size), select)

    def _sorting(self, text: str) -> tuple[str, bool]:
        field, _, direction = " ".join(text.split()).partition(" ")
        if field not in self._order or direction not in ("", "asc", "desc"):
            raise _Refused(400, f"Cannot order by {text!r}.")
        if self.switches.refused_orderby == f"{field} {direction or 'asc'}":
            raise _Refused(400, f"Cannot order by {text!r}.")
        return field, direction == "desc"

    def _walk(self, listing: _Listing) -> Iterator[_Row]:
        """The rows behind the place to go on from, in order; bounds on the sorted date are places in the order."""
        order = self._order[listing.field]
        bounds, rest = self._condition(listing)
        start = 0 if bounds.low is None else bisect_left(order, (bounds.low, ""))
        end = len(order) if bounds.high is None else bisect_left(order, (bounds.high + 1, ""))
        if listing.after is not None and listing.descending:
            end = min(end, bisect_left(order, listing.after))
        elif listing.after is not None:
            start = max(start, bisect_right(order, listing.after))
        places = range(end - 1, start - 1, -1) if listing.descending else range(start, end)
        for place in places:
            row = self._rows[order[place][1]]
            if rest is None or rest.matches({"": json.loads(row.text)}):
                yield row

    def _condition(self, listing: _Listing) -> tuple[odata.Range, odata.Condition | None]:
        if not listing.filter:
            return odata.Range(), None
        schema = {name: kind for name, kind in _SCHEMA.items() if name != self.switches.refused_filter}
        try:
            return odata.split(odata.parse(listing.filter, schema), listing.field)
        except odata.FilterError as error:
            raise _Refused(400, f"Invalid filter clause: {error}.") from error

    def _delivered(self, rows: Sequence[_Row], select: tuple[str, ...]) -> list[bytes]:
        """The texts of a page, with the repetitions and late copies that were asked for."""
        texts, self._repeated = self._repeated, []
        for row in rows:
            texts.append(row.text)
            row.sent = True
            across = self._twice.pop(row.id, None) if self._twice else None
            if across is not None:
                (self._repeated if across else texts).append(row.text)
        for id in [id for id in self._older if id not in self._rows or self._rows[id].sent]:
            texts.append(self._older.pop(id))
        if select:
            return [_selected(text, select) for text in texts]
        return texts

    def _next_link(self, request: Request, listing: _Listing, last: _Row) -> str:
        """A link as odd as documented: another scheme, a path without /engagements, nothing but the token."""
        content = [listing.filter, listing.field, listing.descending, listing.size, listing.select]
        packed = zlib.compress(json.dumps([*content, last.key(listing.field)]).encode(), 1)
        token = f"+RID:~{base64.b64encode(packed).decode()}#RT:1#TRC:{listing.size}"
        link = f"http://{HOST}/v1.0/referrals?$skiptoken={quote(token, safe='')}"
        if self.switches.next_link == "foreign":
            return link.replace(f"http://{HOST}", "https://evil.example")
        if self.switches.next_link == "full":
            kept = [(name, value) for name, value in request.query if name != "$skiptoken"]
            return f"https://{HOST}{BASE}?{urlencode([*kept, ('$skiptoken', token)], quote_via=quote, safe='$')}"
        return link

    def _continued(self, token: str) -> _Listing:
        if self.switches.expire_tokens:
            raise _Refused(400, "The skip token has expired.")
        try:
            packed = base64.b64decode(token.removeprefix("+RID:~").partition("#")[0], validate=True)
            condition, field, descending, size, select, after = json.loads(zlib.decompress(packed))
            return _Listing(condition, field, descending, size, tuple(select), (after[0], after[1]))
        except (ValueError, TypeError, binascii.Error, zlib.error) as error:
            raise _Refused(400, "The skip token is not valid.") from error

    # Changes by a client

    def _patch(self, request: Request) -> Reply:
        row = self._visible(request)
        if _media_type(request) != "application/json":
            raise _Refused(415, "The body has to be application/json.")
        condition = request.headers.get("if-match", "*")
        if condition not in ("*", row.etag):
            raise _Refused(412, "The referral was changed by somebody else.")
        before: dict[str, Any] = json.loads(row.text)
        after = deepcopy(before)
        for operation in _operations(request.body):
            _apply(after, operation)
        _check_state(before, after)
        moved = _moved(after, after["status"], after["substatus"], odata.instant(self._now()), before["status"])
        del after["id"], after["updatedDateTime"], after["eTag"]
        self.edit(row.id, **after | moved)
        if "return=representation" in request.headers.get("prefer", "").replace(" ", "").lower():
            return _one(self._get(row.id))
        return Reply(204, headers={"ETag": self._get(row.id).etag})


def fresh(id: str, created: str, number: int = 0) -> dict[str, Any]:
    """A complete New referral of an invented company, shared by Microsoft with a partner."""
    engagement = str(uuid5(UUID(id), "engagement")) if _is_guid(id) else id
    moment = odata.ticks(created) or 0
    link = f"https://{HOST}/v1.0/engagments/referrals"  # the misspelling is the service's own
    return {
        "id": id,
        "engagementId": engagement,
        "name": f"Çınar Ambalaj: Microsoft 365 geçişi {number}",
        "organizationId": "3d9a2b77-5e41-4c0b-b0c8-71f2a6d5e904",
        "organizationName": "Örnek Bilişim A.Ş.",
        "lastModifiedVia": None,
        "lastRunId": None,
        "externalReferenceId": None,
        "createdDateTime": created,
        "updatedDateTime": created,
        "expirationDateTime": odata.instant(moment + 14 * 86_400 * odata.TICKS),
        "status": "New",
        "substatus": "Pending",
        "statusReason": None,
        "qualification": "SalesQualified",
        "type": "Independent",
        "referralSource": None,
        "eTag": None,
        "favorite": False,
        "campaignId": None,
        "salesStage": None,
        "quality": "Unknown",
        "isSpam": False,
        "direction": "Incoming",
        "mpnId": "7001234",
        "referralProgram": None,
        "dealSensitivity": "None",
        "createdVia": None,
        "tags": [],
        "acceptedDateTime": None,
        "closedDateTime": None,
        "callToAction": None,
        "registrationStatus": "None",
        "target": [{"type": "SolutionProfile", "id": "SOL-70012-EGE"}],
        "customerProfile": {
            "name": f"Çınar Ambalaj San. ve Tic. A.Ş. {number}",
            "size": "51to250employees",
            "isMatchingComplete": True,
            "address": {
                "addressLine1": "1003 Sk. No 7",
                "addressLine2": None,
                "city": "Nilüfer",
                "state": "Bursa",
                "postalCode": "16120",
                "country": "TR",
                "region": None,
            },
            "team": [member("Derya", "Örnek", f"derya.ornek@cinar-ambalaj-{number}.example", "BT Müdürü")],
            "ids": [{"profileType": "Duns", "id": "000000000"}, {"profileType": "External", "id": f"1-EX{number:05d}"}],
        },
        "consent": {
            "consentToContact": True,
            "consentToToShareInfoWithOthers": True,
            "consentToShareReferralWithMicrosoftSellers": True,
        },
        "details": {
            "notes": "120 kullanıcı, Business Premium",
            "dealValue": 480000.5,
            "currency": "TRY",
            "closingDateTime": odata.instant((moment // odata.TICKS // 86_400 + 60) * 86_400 * odata.TICKS + _EVENING),
            "customerRequestedContact": None,
            "customerAction": None,
            "incentiveLevel": None,
            "requirements": {
                "industries": [{"id": "Manufacturing"}],
                "products": [{"id": "Microsoft365"}],
                "services": [{"id": "DeploymentOrMigration"}],
                "solutions": [],
                "offers": [],
                "salesPlays": [],
                "additionalRequirements": {"iot": {"azureCertifiedDevice": False, "attachServices": False}},
            },
        },
        "team": [member("Selin", "Satıcı", "selin.satici@ornekbilisim.example", None)],
        "inviteContext": {
            "notes": "Bu müşteride destek olur musunuz?",
            "assistanceRequestCode": "Unknown",
            "invitedMpnId": None,
            "invitedBy": {"organizationId": "msft", "organizationName": "Microsoft"},
        },
        "links": {
            "relatedReferrals": {"uri": f"{link}?$filter=engagementId eq {engagement}", "method": "GET"},
            "self": {"uri": f"{link}/{id}", "method": "GET"},
        },
        "trackingInfo": {
            "microsoftMsxId": f"7-0EXAMPLE{number:02d}",
            "microsoftUSFedOpportunityId": None,
            "microsoftUSFedLeadId": None,
            "migratedPSCDealId": None,
            "migratedPSCPartnerDealId": None,
        },
        "registrations": [],
    }


_EVENING = 21 * 3600 * odata.TICKS  # midnight in Istanbul


def member(first: str, last: str, email: str | None, title: str | None) -> dict[str, Any]:
    """A person of a team."""
    return {
        "firstName": first,
        "lastName": last,
        "phoneNumber": None,
        "email": email,
        "title": title,
        "contactPreference": {"locale": "tr-tr", "disableNotifications": None},
    }


def etag(id: str, moment: int) -> str:
    """An eTag in the style of Cosmos DB, inner quotes included: the last group starts with the seconds of the write."""
    salt = zlib.crc32(f"{id}{moment}".encode())
    return f'"{salt:08x}-0000-0d00-0000-{moment // odata.TICKS & 0xFFFFFFFF:08x}0000"'


def _row(referral: Mapping[str, Any], previous: bytes | None = None) -> _Row:
    id = referral["id"]
    if not isinstance(id, str) or not id:
        raise ValueError("A referral of the store needs a text id")
    updated, created = (odata.ticks(referral.get(name)) for name in ("updatedDateTime", "createdDateTime"))
    # A lone surrogate goes out as the escape that a real server would send.
    text = json.dumps(referral, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
    return _Row(
        id=id,
        text=text,
        etag=str(referral.get("eTag") or ""),
        updated=-1 if updated is None else updated,
        created=-1 if created is None else created,
        previous=previous,
    )


def _stamped(referral: dict[str, Any], moment: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """With the date and the eTag of a write, except where the caller gave his own."""
    if "updatedDateTime" not in given:
        referral["updatedDateTime"] = odata.instant(moment)
    if given.get("eTag") is None:
        written = odata.ticks(referral["updatedDateTime"])
        referral["eTag"] = etag(referral["id"], moment if written is None else written)
    return referral


def _merged(old: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `old` with `changes`; where both sides are mappings they are merged, else the new value counts."""
    result = dict(old)
    for name, value in changes.items():
        before = result.get(name)
        both = isinstance(before, dict) and isinstance(value, Mapping)
        result[name] = _merged(before, value) if both and before is not None else value
    return result


def _is_guid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _moved(
    referral: Mapping[str, Any], status: str, substatus: str, moment: str, before: str | None = None
) -> dict[str, Any]:
    """The changes of a move of state: the pair and, where it enters Active or Closed, the date of that."""
    changes: dict[str, Any] = {"status": status, "substatus": substatus}
    if status != (referral.get("status") if before is None else before):
        stamp = {"Active": "acceptedDateTime", "Closed": "closedDateTime"}.get(status)
        if stamp:
            changes[stamp] = moment
    return changes


def _legal_moves(referral: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The pairs of states that are another status than now and may follow."""
    status = referral.get("status")
    if not isinstance(status, str) or status not in _STATES:
        return []
    return [(to, sub) for to in sorted(_STATES[status][1] - {status}) for sub in sorted(_STATES[to][0])]


def _check_state(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Raises _Refused unless the pair of states is legal and may follow the one before."""
    status, substatus = after.get("status"), after.get("substatus")
    if not isinstance(status, str) or status not in _STATES or substatus not in _STATES[status][0]:
        raise _Refused(400, f"The substatus {substatus!r} is not allowed with the status {status!r}.")
    was = before.get("status")
    if isinstance(was, str) and was in _STATES and status not in _STATES[was][1]:
        raise _Refused(400, f"A referral cannot go from {was} to {status}.")


def _operations(body: bytes) -> list[dict[str, Any]]:
    try:
        operations = json.loads(body)
    except ValueError as error:
        raise _Refused(400, "The body is not JSON.") from error
    if not isinstance(operations, list) or not operations:
        raise _Refused(400, "The body has to be a JSON Patch array.")
    for operation in operations:
        if not isinstance(operation, dict) or not {"op", "path", "value"} <= operation.keys():
            raise _Refused(400, "An operation needs op, path and value.")
        if operation["op"] not in ("replace", "add"):
            raise _Refused(400, f"The operation {operation['op']!r} is not supported.")
    return operations


def _apply(referral: dict[str, Any], operation: Mapping[str, Any]) -> None:
    """One operation of RFC 6902 on a referral, in place."""
    path = str(operation["path"])
    steps = [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]
    if not path.startswith("/") or steps[0] in _READ_ONLY or steps[0] not in referral:
        raise _Refused(400, f"The property {path!r} cannot be changed.")
    place: Any = referral
    for step in steps[:-1]:
        place = _inside(place, step, path)
    last, value = steps[-1], operation["value"]
    if isinstance(place, list):
        if operation["op"] == "add":
            place.insert(len(place) if last == "-" else _index(last, len(place) + 1, path), value)
        else:
            place[_index(last, len(place), path)] = value
    elif isinstance(place, dict) and (operation["op"] == "add" or last in place):
        place[last] = value
    else:
        raise _Refused(400, f"There is no {path!r}.")


def _inside(place: Any, step: str, path: str) -> Any:
    if isinstance(place, list):
        return place[_index(step, len(place), path)]
    if isinstance(place, dict) and step in place:
        return place[step]
    raise _Refused(400, f"There is no {path!r}.")


def _index(step: str, length: int, path: str) -> int:
    if not step.isascii() or not step.isdecimal() or int(step) >= length:
        raise _Refused(400, f"There is no {path!r}.")
    return int(step)


def _selected(text: bytes, names: tuple[str, ...]) -> bytes:
    referral = json.loads(text)
    return json.dumps({name: referral[name] for name in names if name in referral}, ensure_ascii=False).encode()


def _media_type(request: Request) -> str:
    message = Message()
    message["content-type"] = request.headers.get("content-type", "")
    return message.get_content_type()


def _one(row: _Row) -> Reply:
    context = json.dumps(f"{_CONTEXT}/$entity").encode()
    body = b'{"@odata.context":' + context + b"," + row.text[1:]
    headers = {"Content-Type": "application/json; odata.metadata=minimal", "ETag": row.etag}
    return Reply(200, body, {name: value for name, value in headers.items() if value})


def _error(refused: _Refused) -> Reply:
    body = {
        "error": {
            "code": refused.code,
            "message": refused.message,
            "innerError": {"code": refused.code, "message": refused.message},
        }
    }
    headers = {"WWW_Authenticate": f'Bearer realm="{HOST}"'} if refused.status == 401 else {}
    return json_reply(body, refused.status, **headers)
