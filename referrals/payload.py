"""From a row of the Referrals API to columns, whatever its shape (fact sheet, section 2).

Nothing is dropped and nothing raises but UnreadableRow: unknown enums are kept verbatim, lists and objects are accepted
in each other's place, and what was unusual is noted as an oddity.
"""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any, Final

from referrals.models import CODE_LENGTH, TEXT_LENGTH, Category, Status, Substatus

_TIMESTAMP: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_MAX_VALUE: Final = Decimal(10) ** 16  # what the column holds before the point
_FIRST_YEAR, _LAST_YEAR = 1900, 9998  # what every time zone can show
_SUBSTATUSES: Final = {
    Status.NEW: {Substatus.PENDING, Substatus.RECEIVED},
    Status.ACTIVE: {Substatus.ACCEPTED},
    Status.CLOSED: {Substatus.WON, Substatus.LOST, Substatus.DECLINED, Substatus.EXPIRED},
}


class UnreadableRow(Exception):
    """The row has no identity. `reason` is a key of messages.QUARANTINE."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member of a team; every field may be ""."""

    name: str
    email: str
    phone: str
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """A readable row: `columns` are fields of Referral, `stamp` orders its versions."""

    remote_id: str
    text: str
    content_hash: str
    stamp: str
    etag_seconds: int
    columns: dict[str, Any]
    customer_emails: tuple[str, ...]
    seller_emails: tuple[str, ...]


def canonical(row: Any) -> tuple[str, str]:
    """(JSON text, hash) of a row, independent of the order of its keys; pure ASCII, so that every database takes
    any character in it."""
    if isinstance(row, dict):
        row = {name: value for name, value in row.items() if name != "@odata.context"}
    text = json.dumps(row, sort_keys=True, separators=(",", ":"), default=_number)
    return text, blake2b(text.encode("ascii"), digest_size=32).hexdigest()


def read(row: Any) -> Row:
    """Raises UnreadableRow when the row is no object or has no usable id."""
    if not isinstance(row, dict):
        raise UnreadableRow("no_object")
    remote_id = row.get("id")
    if not isinstance(remote_id, str) or not remote_id.strip():
        raise UnreadableRow("no_id")
    if len(remote_id) > 100 or not remote_id.isprintable() or not remote_id.strip("."):
        raise UnreadableRow("odd_id")
    text, content_hash = canonical(row)
    oddities: list[str] = []
    customer, details = child(row, "customerProfile"), child(row, "details")
    invite = child(child(row, "inviteContext"), "invitedBy")
    address = child(customer, "address")
    status, substatus = code(row.get("status")), code(row.get("substatus"))
    if status not in Status.values:
        oddities.append("unknown_status")
    elif substatus not in _SUBSTATUSES[Status(status)]:
        oddities.append("unknown_substatus")
    if isinstance(customer.get("ids"), dict | str):
        oddities.append("ids_no_list")
    if isinstance(customer.get("team"), dict) or isinstance(row.get("team"), dict):
        oddities.append("team_no_list")
    kind, qualification = code(row.get("type")), code(row.get("qualification"))
    times = {name: timestamp(row.get(field)) for name, field in _TIMES.items()}
    closing = timestamp(details.get("closingDateTime"))
    told = [*(row.get(field) for field in _TIMES.values()), details.get("closingDateTime")]
    if any(value and not (isinstance(value, str) and _TIMESTAMP.fullmatch(value.strip())) for value in told):
        oddities.append("odd_time")
    etag = short(row.get("eTag"), 200)
    stamp = version_stamp(row.get("updatedDateTime"))
    if not stamp:
        oddities.append("no_timestamp")
    value = money(details.get("dealValue"))
    if value is None and details.get("dealValue") not in (None, ""):
        oddities.append("odd_value")
    customer_emails = tuple(person.email for person in people(customer.get("team")) if person.email)
    columns: dict[str, Any] = {
        "engagement_id": short(row.get("engagementId"), 100),
        "name": short(row.get("name")),
        "status": status,
        "substatus": substatus,
        "type": kind,
        "qualification": qualification,
        "direction": code(row.get("direction")),
        "category": category(kind, qualification, short(invite.get("organizationId"), 100)),
        "organization_name": short(row.get("organizationName")),
        "customer_name": short(customer.get("name")),
        "customer_city": short(address.get("city"), 120),
        "customer_country": short(address.get("country"), 120),
        "customer_size": code(customer.get("size")),
        "deal_value": value,
        "currency": currency(details.get("currency")),
        "closing_at": closing,
        **times,
        "deadline_at": None if status in (Status.ACTIVE, Status.CLOSED) else times["expires_at"],
        "etag": etag,
        "oddities": oddities,
    }
    return Row(
        remote_id=remote_id,
        text=text,
        content_hash=content_hash,
        stamp=stamp,
        etag_seconds=etag_seconds(etag),
        columns=columns,
        customer_emails=customer_emails,
        seller_emails=tuple(person.email for person in people(row.get("team")) if person.email),
    )


_TIMES: Final = {
    "remote_created_at": "createdDateTime",
    "remote_updated_at": "updatedDateTime",
    "accepted_at": "acceptedDateTime",
    "closed_at": "closedDateTime",
    "expires_at": "expirationDateTime",
}


def category(kind: str, qualification: str, inviter: str) -> Category:
    """What people call the referral's type (fact sheet, section 2.2). `inviter`: organizationId, "msft" =
    Microsoft."""
    microsoft = inviter.casefold() == "msft"
    qualification = qualification or "None"
    if kind == "Independent" and qualification == "Direct" and (microsoft or not inviter):
        return Category.MARKETPLACE
    if kind == "Independent" and qualification in ("SalesQualified", "MarketingQualified") and microsoft:
        return Category.QUALIFIED
    partner = bool(inviter) and not microsoft
    if kind in ("Independent", "Shared") and qualification in ("SalesQualified", "None") and partner:
        return Category.CO_SELL
    return Category.UNCLASSIFIED


def people(team: Any) -> Iterator[Person]:
    """The members of a team that is a list, one member instead of a list, an object of members, or nothing."""
    if isinstance(team, dict):
        team = [team] if {"email", "firstName", "lastName"} & team.keys() else list(team.values())
    for member in team if isinstance(team, list) else []:
        if isinstance(member, dict):
            name = f"{short(member.get('firstName'), 200)} {short(member.get('lastName'), 200)}".strip()
            yield Person(
                name=name,
                email=short(member.get("email"), 320),
                phone=short(member.get("phoneNumber"), 60),
                title=short(member.get("title"), 200),
            )


def short(value: Any, length: int = TEXT_LENGTH) -> str:
    """A text as a column takes it: entities decoded, blanks collapsed, cut; "" for anything that is no text."""
    if not isinstance(value, str):
        return ""
    text = html.unescape(value) if "&" in value else value
    plain = " ".join(text.replace("\0", " ").split())[:length]
    return plain if plain.isascii() or _encodes(plain) else plain.encode("utf-8", "replace").decode("utf-8")


def code(value: Any) -> str:
    """An enum value, known or not."""
    return short(value, CODE_LENGTH)


def currency(value: Any) -> str:
    """The ISO 4217 code; "" for anything else, which is shown as unknown."""
    text = short(value, 20).strip()
    return text.upper() if len(text) == 3 and text.isascii() and text.isalpha() else ""


def money(value: Any) -> Decimal | None:
    """None for anything that is no amount."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        amount = Decimal(value.strip() if isinstance(value, str) else str(value))
    except (InvalidOperation, ValueError):
        return None
    return round(amount, 4) if amount.is_finite() and abs(amount) < _MAX_VALUE else None


def timestamp(value: Any) -> datetime | None:
    """A UTC time with any number of fraction digits; None for anything else, and for the ends of time (9999-12-31)
    that stand for "never"."""
    match = _TIMESTAMP.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    whole, fraction, zone = match.groups()
    try:
        parsed = datetime.fromisoformat(
            f"{whole}.{(fraction or '')[:6]:0<6}{zone if zone and zone != 'Z' else '+00:00'}"
        )
        at = parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if _FIRST_YEAR <= at.year <= _LAST_YEAR else None


def version_stamp(value: Any) -> str:
    """updatedDateTime as text that sorts by time: UTC, seven fraction digits. "" for anything else."""
    at = timestamp(value)
    if at is None:
        return ""
    fraction = (_TIMESTAMP.fullmatch(value.strip()) or [""] * 3)[2] or ""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{fraction[:7]:0<7}Z"


def etag_seconds(etag: str) -> int:
    """The time of the write inside an eTag, Unix seconds (fact sheet, section 2); 0 = not there."""
    last = etag.strip('"').rpartition("-")[2][:8]
    try:
        return int(last, 16) if len(last) == 8 else 0
    except ValueError:
        return 0


def child(row: dict[str, Any], name: str) -> dict[str, Any]:
    """The object under a name; {} for anything else."""
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True


def _number(value: Any) -> float | str:
    """Decimal as a JSON number where that keeps every digit."""
    number = float(value)
    return number if math.isfinite(number) and Decimal(repr(number)) == value else str(value)
