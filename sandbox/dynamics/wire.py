"""What one call to the Web API is, and the shapes that every answer shares."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.columns import Column
from sandbox.exchange import Reply, Request, json_reply

_API = re.compile(r"/api/data/v9\.\d+/")
_PREFERENCE = re.compile(r'([\w.\-]+)(?:\s*=\s*("[^"]*"|[^,;\s]+))?')
_FORMATTED = "OData.Community.Display.V1.FormattedValue"
_LOGICAL = "Microsoft.Dynamics.CRM.lookuplogicalname"


@dataclass(slots=True)
class Caller:
    """Who asks: a system user's id, the name under which limits count, and how many rows were worked on so far."""

    id: str
    name: str
    rows: int = 0


@dataclass(slots=True)
class Call:
    """A request of its own or a part of a batch; `resource` is the decoded path behind `/api/data/v9.2/`."""

    request: Request
    resource: str
    caller: Caller
    batched: bool = False

    @property
    def method(self) -> str:
        return self.request.method

    @property
    def options(self) -> dict[str, str]:
        return self.request.options

    def header(self, name: str) -> str:
        return self.request.headers.get(name, "")

    @property
    def base(self) -> str:
        """The URL of the service as the client reaches it, with a slash at the end."""
        request = self.request
        version = _API.match(request.path)
        path = version[0] if version else "/api/data/v9.2/"
        if request.origin:
            return f"http://{request.headers.get('host', '')}{request.origin}{path}"
        return f"https://{request.host}{path}"

    @property
    def preferences(self) -> dict[str, str]:
        """The Prefer header by name; a preference without a value has an empty one."""
        return {name: value.strip('"') for name, value in _PREFERENCE.findall(self.header("prefer"))}

    @property
    def wants_representation(self) -> bool:
        return self.preferences.get("return") == "representation"

    @property
    def wants_formatted(self) -> bool:
        wanted = self.preferences.get("odata.include-annotations", "")
        return wanted == "*" or _FORMATTED in wanted

    def content(self) -> dict[str, Any]:
        """The JSON object of the body; raises Refused."""
        if not self.header("content-type").startswith("application/json"):
            raise errors.Refused(
                400, "0x80060888", "A missing or unfit Content-Type header was found when trying to read a message."
            )
        try:
            content = json.loads(self.request.body)
        except ValueError as error:
            raise errors.payload(f"An error occurred while reading the JSON: {error}.") from error
        if not isinstance(content, dict):
            raise errors.payload("A JSON object was expected.")
        return content


def resource(path: str) -> str | None:
    """What is asked for below the API's root; None outside of it."""
    found = _API.match(path)
    return path[found.end() :] if found else None


def whole(text: str) -> int:
    """A number of rows in a query option or a preference; raises Refused."""
    if not text.isascii() or not text.isdecimal() or int(text) == 0:
        raise errors.Refused(400, "0x80060888", f"Invalid value '{text}' for a number of rows.")
    return int(text)


def done(**headers: str) -> Reply:
    """204; `headers` are written with underscores for dashes."""
    return Reply(204, headers={name.replace("_", "-"): value for name, value in headers.items()})


def error_reply(error: errors.Refused, *, annotated: bool = False) -> Reply:
    content: dict[str, Any] = {"code": error.code, "message": error.message}
    if annotated:
        content |= {
            "@Microsoft.PowerApps.CDS.ErrorDetails.HttpStatusCode": str(error.status),
            "@Microsoft.PowerApps.CDS.HelpLink": errors.HELP,
            "@Microsoft.PowerApps.CDS.TraceText": "",
            "@Microsoft.PowerApps.CDS.InnerError.Message": error.message,
        }
    reply = json_reply({"error": content}, error.status)
    if error.retry_after is not None:
        reply.headers["Retry-After"] = str(error.retry_after)
    return reply


def etag(row: Mapping[str, Any]) -> str:
    return f'W/"{row["versionnumber"]}"'


def entity(row: Mapping[str, Any], columns: list[Column], formatted: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A row as the Web API shows it; `formatted` (ids to names) adds the texts that people read."""
    content: dict[str, Any] = {"@odata.etag": etag(row)}
    for column in columns:
        name, value = column.property, row.get(column.name)
        content[name] = value
        if formatted is None or value is None:
            continue
        if column.choices:
            content[f"{name}@{_FORMATTED}"] = column.choices.get(value, str(value))
        elif column.is_lookup:
            content[f"{name}@{_FORMATTED}"] = formatted.get(value, "")
            content[f"{name}@{_LOGICAL}"] = "systemuser" if value in formatted else column.name.removesuffix("id")
    if "leadid" not in content:
        content["leadid"] = row["leadid"]
    return content
