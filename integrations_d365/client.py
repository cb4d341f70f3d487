"""The Dataverse Web API, one method a question (fact sheet). Knows no lead of ours; every request passes the
turnstile.

Nothing is repeated in here: a row's next try is written in the row, a pause in the governor. Methods raise
OutboundError, or NotNow when no request may be sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from urllib.parse import quote
from uuid import uuid4

from django.conf import settings

from integrations_d365 import auth
from integrations_d365.batch import Malformed, Part, PartAnswer, decode, encode
from integrations_d365.columns import EXTERNAL_ID, KEY_COLUMN
from integrations_d365.mapping import UNPRINTABLE, ColumnShape, Shape, option_key
from outbound.errors import Category, NotFound, OutboundError, ServerFailed, error_class
from outbound.session import Answer, OutboundSession, Policy, RemoteError, retry_after

SYSTEM: Final = "Dynamics 365"
PAGE_SIZE: Final = 500
ENGLISH: Final = 1033
_LEAD: Final = "EntityDefinitions(LogicalName='lead')"
_READ_BACK: Final = ("leadid", "statecode", "statuscode", "_ownerid_value", "modifiedon", EXTERNAL_ID)
# One attempt: a lane is held for at most this long.
POLICY: Final = Policy(connect_timeout=5, read_timeout=30, total_timeout=40, attempts=1)
# For a person who waits.
QUICK: Final = Policy(connect_timeout=2, read_timeout=4, total_timeout=5, attempts=1)

# What a code means whatever the status says (fact sheet, sections 1, 3, 4, 6 and 7).
_CATEGORY_OF_CODE: Final[dict[str, Category]] = {
    "0x80072322": Category.RATE_LIMIT,
    "0x80072321": Category.RATE_LIMIT,
    "0x80072326": Category.RATE_LIMIT,
    "0x80072327": Category.RATE_LIMIT,
    "0x80048544": Category.RATE_LIMIT,
    "0x80044150": Category.SERVER,  # deadlock
    "0x80044151": Category.SERVER,  # SQL timeout
    "0x80048551": Category.SERVER,
    "0x80048553": Category.SERVER,
    "0x80048559": Category.SERVER,
    "0x80048561": Category.SERVER,
    "0x80072560": Category.PERMISSION,  # application user missing
    "0x80040220": Category.PERMISSION,
    "0x80048306": Category.PERMISSION,
    "0x80060892": Category.CONFLICT,  # alternate key violated
    "0x80040237": Category.CONFLICT,
    "0x80040333": Category.CONFLICT,  # duplicate detection
    "0x8006088a": Category.CONFIG,  # no such table, or an address that is none
}
_KEY_NOT_VALID: Final = "key in the request URI is not valid"
_NO_PROPERTY: Final = re.compile(r"Invalid property '(\w+)'|Could not find a property named '(\w+)'")
_CHOICE_CODE: Final = "0x8004431a"
_SAID_LENGTH: Final = 600
_GONE_CODE: Final = "0x80040217"
_GONE_TEXT: Final = "Does Not Exist"
_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class Turn(Protocol):
    def request(self) -> AbstractContextManager[None]: ...

    def throttled(self, seconds: float | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one part: exactly one of `data` (None for 204) and `error` counts."""

    status: int
    data: Any = None
    etag: str = ""
    error: OutboundError | None = None
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class RemoteKey:
    """An alternate key: its logical name, the columns it is over, its EntityKeyIndexStatus."""

    name: str
    columns: tuple[str, ...]
    state: str


@dataclass(frozen=True, slots=True)
class RemoteLead:
    """A row as it is read back. `state`: statecode 0 open, 1 qualified, 2 disqualified."""

    id: str
    external_id: str
    state: int
    status: int | None
    owner_id: str
    modified_at: datetime | None
    etag: str


@dataclass(frozen=True, slots=True)
class Page:
    leads: list[RemoteLead]
    next_query: str


class DataverseClient:
    def __init__(self, session: OutboundSession, root: str, turn: Turn) -> None:
        self._session = session
        self._root = root
        self._turn = turn

    def who_am_i(self) -> tuple[str, str]:
        """(application user's id, organisation's id)."""
        data = self._get("WhoAmI").data
        if not isinstance(data, dict) or "UserId" not in data:
            raise self._malformed("WhoAmI")
        return str(data["UserId"]), str(data.get("OrganizationId", ""))

    def shape(self) -> Shape:
        """The columns of the lead table: types, lengths, choices. Three requests."""
        columns = f"{_LEAD}/Attributes"
        types = self._rows(columns, {"$select": "LogicalName,AttributeType"})
        lengths: dict[str, int] = {}
        for kind in ("String", "Memo"):
            path = f"{columns}/Microsoft.Dynamics.CRM.{kind}AttributeMetadata"
            for row in self._rows(path, {"$select": "LogicalName,MaxLength"}):
                if isinstance(row.get("MaxLength"), int):
                    lengths[row["LogicalName"]] = row["MaxLength"]
        options: dict[str, dict[str, int]] = {}
        query = {
            "$select": "LogicalName",
            "$expand": "OptionSet($select=Options),GlobalOptionSet($select=Options)",
        }
        for row in self._rows(f"{columns}/Microsoft.Dynamics.CRM.PicklistAttributeMetadata", query):
            chosen = row.get("OptionSet") or row.get("GlobalOptionSet") or {}
            options[row["LogicalName"]] = dict(_labelled(chosen.get("Options") or ()))
        return Shape(
            {
                row["LogicalName"]: ColumnShape(
                    str(row.get("AttributeType", "")),
                    lengths.get(row["LogicalName"]),
                    options.get(row["LogicalName"], {}),
                )
                for row in types
            }
        )

    def keys(self) -> list[RemoteKey]:
        """The alternate keys of the lead table."""
        rows = self._rows(f"{_LEAD}/Keys", {"$select": "SchemaName,LogicalName,KeyAttributes,EntityKeyIndexStatus"})
        return [
            RemoteKey(
                str(row.get("LogicalName") or ""),
                tuple(row.get("KeyAttributes") or ()),
                str(row.get("EntityKeyIndexStatus") or ""),
            )
            for row in rows
        ]

    def key_state(self) -> str:
        """EntityKeyIndexStatus of the key on the domain column: Pending, InProgress, Active, Failed; "" = no key."""
        states = [key.state for key in self.keys() if key.columns == (KEY_COLUMN,)]
        return next((state for state in states if state == "Active"), next(iter(states), ""))

    def records(self, table: str, columns: str, condition: str) -> list[dict[str, Any]]:
        """Rows of a small table: publishers, solutions."""
        return self._rows(table, {"$select": columns, "$filter": condition})

    def language(self) -> int:
        """The base language of the environment (LCID): every label needs a text in it [recalled]."""
        _user, organization = self.who_am_i()
        data = self._get(f"organizations({organization})").data
        language = data.get("languagecode") if isinstance(data, dict) else None
        return language if isinstance(language, int) else ENGLISH

    def shared_choice(self, column: str) -> str:
        """The name of the choice that this column shares with others, "" = it has its own."""
        path = f"{_LEAD}/Attributes(LogicalName='{column}')/Microsoft.Dynamics.CRM.PicklistAttributeMetadata"
        data = self._get(path, {"$select": "LogicalName", "$expand": "GlobalOptionSet($select=Name)"}, _FRESH).data
        shared = data.get("GlobalOptionSet") if isinstance(data, dict) else None
        return str(shared.get("Name") or "") if isinstance(shared, dict) else ""

    def create(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
        """POST of metadata; never of a lead. `path` is relative to the API's root, of a part of the lead table it is
        Attributes or Keys."""
        table_part = f"{_LEAD}/{path}" if path in ("Attributes", "Keys") else path
        return self._request("POST", table_part, json=body, headers=_FRESH | dict(headers or {}))

    def lead(self, remote_id: str, columns: Iterable[str]) -> dict[str, Any]:
        """One lead as it is; raises NotFound."""
        data = self._get(f"leads({remote_id})", {"$select": ",".join(columns)}).data
        if not isinstance(data, dict):
            raise self._malformed("leads")
        return data

    def owner_name(self, owner_id: str) -> str:
        data = self._get(f"systemusers({owner_id})", {"$select": "fullname"}).data
        return clean(str(data.get("fullname") or "")) if isinstance(data, dict) else ""

    def changed_since(self, since: datetime | None, next_query: str = "") -> Page:
        """Leads that carry our id and changed at or after `since`, oldest first."""
        at = f" and modifiedon ge {since:%Y-%m-%dT%H:%M:%SZ}" if since else ""
        query: Any = next_query or {
            "$select": ",".join(_READ_BACK),
            "$filter": f"{EXTERNAL_ID} ne null{at}",
            "$orderby": "modifiedon asc",
        }
        answer = self._get("leads", query, {"Prefer": f"odata.maxpagesize={PAGE_SIZE}"})
        rows, link = _value(answer.data), _link(answer.data)
        if rows is None or (link and link == next_query):
            raise self._malformed("leads")
        return Page([lead for lead in map(remote_lead, rows) if lead is not None], link)

    def send(self, parts: Sequence[Part]) -> list[Result]:
        """One request: a single part by itself, several as a batch that continues after errors. A result for each;
        raises only when nobody knows what became of any of them. A part that was throttled stores the pause."""
        if len(parts) == 1:
            return [self._send_one(parts[0])]
        boundary = f"batch_{uuid4()}"
        headers = {"Content-Type": f'multipart/mixed; boundary="{boundary}"', "Prefer": "odata.continue-on-error"}
        with self._turn.request():
            # Repeating it whole is harmless: every part carries its condition.
            answer = self._session.request(
                "POST", "$batch", content=encode(parts, self._root, boundary), headers=headers | _HEADERS
            )
            try:
                if not isinstance(answer.data, bytes):
                    raise Malformed
                answers = decode(answer.data, answer.headers.get("Content-Type", ""), len(parts))
            except Malformed:
                raise self._malformed("$batch", answer) from None
            results = [self._result(part, found, answer) for part, found in zip(parts, answers, strict=True)]
            pauses = [r.error.told_to_wait for r in results if r.error and r.error.category == Category.RATE_LIMIT]
            if pauses:
                self._turn.throttled(max((pause for pause in pauses if pause is not None), default=None))
        return results

    def close(self) -> None:
        self._session.close()

    def _send_one(self, part: Part) -> Result:
        path, _mark, query = part.path.partition("?")
        try:
            answer = self._request(part.method, path, query=query, json=part.body, headers=part.headers)
        except OutboundError as error:
            if error.status is None or error.category not in _OF_THE_ROW or isinstance(error, ServerFailed):
                raise
            return Result(error.status, error=error, request_id=error.request_id)
        etag, request_id = clean(answer.headers.get("ETag", "")), clean(answer.request_id)
        return Result(answer.status, answer.data, etag, None, request_id)

    def _result(self, part: Part, found: PartAnswer, outer: Answer) -> Result:
        request_id = clean(found.headers.get("x-ms-service-request-id") or outer.request_id)
        if 200 <= found.status < 300:
            return Result(found.status, found.data, clean(found.headers.get("etag", "")), None, request_id)
        remote = read_error(found.status, found.text)
        error = error_class(found.status, remote.category)(
            system=SYSTEM,
            method=part.method,
            path=part.path.partition("?")[0],
            status=found.status,
            code=remote.code,
            request_id=request_id,
            client_request_id=outer.client_request_id,
            retry_after=retry_after({"Retry-After": found.headers.get("retry-after", "")}),
            final=remote.final,
            said=remote.said,
        )
        return Result(found.status, error=error, request_id=request_id)

    def _rows(self, path: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        answer = self._get(path, query, _FRESH)
        rows = _value(answer.data)
        if rows is None:
            raise self._malformed(path, answer)
        return rows

    def _get(self, path: str, query: Any = "", headers: Mapping[str, str] | None = None) -> Answer:
        return self._request("GET", path, query=query, headers=headers)

    def _request(self, method: str, path: str, **options: Any) -> Answer:
        headers = _HEADERS | dict(options.pop("headers", None) or {})
        with self._turn.request():
            return self._session.request(method, path, headers=headers, **options)

    def _malformed(self, path: str, answer: Answer | None = None) -> ServerFailed:
        return ServerFailed(
            system=SYSTEM,
            path=path,
            status=200,
            code="malformed",
            request_id=answer.request_id if answer else "",
            client_request_id=answer.client_request_id if answer else "",
        )


_HEADERS: Final[dict[str, str]] = {"OData-Version": "4.0", "OData-MaxVersion": "4.0"}
_FRESH: Final[dict[str, str]] = {"Consistency": "Strong"}  # metadata as it is now, from whichever server
# What says something about the row that was sent, not about the connection.
_OF_THE_ROW: Final = (Category.VALIDATION, Category.CONFLICT)


def by_key(domain: str) -> str:
    """The path of the lead with this domain. A quote is doubled, then everything is encoded (fact sheet, section 3)."""
    return f"leads({KEY_COLUMN}='{quote(domain.replace(chr(39), chr(39) * 2), safe='')}')"


def create_only(domain: str, columns: Mapping[str, Any]) -> Part:
    """Create the lead unless its domain exists (412). The key stands in the URL alone: never in the body as well."""
    body = {name: value for name, value in columns.items() if name != KEY_COLUMN and value is not None}
    headers = {"If-None-Match": "*", "Prefer": "return=representation"}
    return Part("PATCH", f"{by_key(domain)}?$select=leadid,statecode,{EXTERNAL_ID}", body, headers)


def update_only(remote_id: str, columns: Mapping[str, Any]) -> Part:
    """Change the lead unless it is gone (404): a plain PATCH would bring a deleted one back."""
    return Part("PATCH", f"leads({remote_id})", columns, {"If-Match": "*"})


def look_up(domain: str) -> Part:
    return Part("GET", f"{by_key(domain)}?$select={','.join(_READ_BACK)}")


def read_one(remote_id: str) -> Part:
    return Part("GET", f"leads({remote_id})?$select={','.join(_READ_BACK)}")


def clean(text: str) -> str:
    """Words of the remote side as a database and a page can hold them, on one line."""
    return " ".join(UNPRINTABLE.sub(" ", text).split())


def guid(value: Any) -> str:
    """The id in lower case; "" when it is none."""
    text = str(value or "").lower()
    return text if _GUID.fullmatch(text) else ""


def is_gone(error: OutboundError | None) -> bool:
    """Whether Dataverse itself says that the record does not exist. A 404 of somebody on the way says nothing."""
    return isinstance(error, NotFound) and (error.code.lower() == _GONE_CODE or _GONE_TEXT in error.said)


def remote_lead(row: Mapping[str, Any]) -> RemoteLead | None:
    """The row as it is read back; None without an id."""
    status, remote_id = row.get("statuscode"), guid(row.get("leadid"))
    if not remote_id:
        return None
    return RemoteLead(
        id=remote_id,
        external_id=str(row.get(EXTERNAL_ID) or ""),
        state=row["statecode"] if isinstance(row.get("statecode"), int) else 0,
        status=status if isinstance(status, int) else None,
        owner_id=str(row.get("_ownerid_value") or ""),
        modified_at=_time(row.get("modifiedon")),
        etag=clean(str(row.get("@odata.etag") or ""))[:100],
    )


def read_error(status: int, body: str) -> RemoteError:
    """{"error":{"code","message"}}: the code decides where it is known, then the message (fact sheet, 0.12). `code` is
    made plain for what the engine tells apart: key_inactive, column_missing, no_option."""
    try:
        found = json.loads(body)["error"]
        code, message = str(found.get("code") or ""), str(found.get("message") or "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return RemoteError()
    said = clean(message)[:_SAID_LENGTH]
    if status == 400 and _KEY_NOT_VALID in message:
        return RemoteError("key_inactive", Category.CONFIG, said=said)
    if status == 400 and _NO_PROPERTY.search(message):
        return RemoteError("column_missing", Category.CONFIG, said=said)
    if code == _CHOICE_CODE:
        return RemoteError("no_option", Category.VALIDATION, said=said)
    return RemoteError(code, _CATEGORY_OF_CODE.get(code.lower()), said=said)


def client_from_settings(turn: Turn, policy: Policy = POLICY) -> DataverseClient:
    """A client for one run; it is not shared between threads."""
    root = f"/api/data/{settings.HUNTER_D365_API_VERSION}"
    session = OutboundSession(
        system=SYSTEM,
        base_url=settings.HUNTER_D365_BASE_URL + root,
        token=auth.bearer,
        sandbox_url=settings.HUNTER_SANDBOX_URL,
        policy=policy,
        read_error=read_error,
        request_id_header="x-ms-client-request-id",
    )
    return DataverseClient(session, root, turn)


def _value(data: Any) -> list[dict[str, Any]] | None:
    rows = data.get("value") if isinstance(data, dict) else None
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else None


def _link(data: Any) -> str:
    """The query of the next page's link, verbatim; its host is not to be trusted."""
    link = data.get("@odata.nextLink") if isinstance(data, dict) else None
    return link.partition("?")[2] if isinstance(link, str) else ""


def _labelled(options: Iterable[Any]) -> Iterable[tuple[str, int]]:
    """(label in every language, number)."""
    for option in options:
        number = option.get("Value") if isinstance(option, dict) else None
        if not isinstance(number, int):
            continue
        label = option.get("Label") or {}
        for localized in label.get("LocalizedLabels") or [label.get("UserLocalizedLabel") or {}]:
            if text := option_key(str(localized.get("Label") or "")):
                yield text, number


def _time(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
