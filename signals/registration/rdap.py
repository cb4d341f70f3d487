"""RDAP (RFC 9082 the question, RFC 9083 the answer): one session for each registry, and the domain object read."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any, Final

from outbound.errors import Category, error_class
from outbound.session import OutboundSession, Policy, RemoteError
from signals.outcomes import USER_AGENT, Reason, Unreadable, excerpt
from signals.registration.facts import Protocol, Registration, Said, is_redacted, same_name

# One attempt: the queue asks again later. A domain object has some 5 to 20 KiB.
POLICY: Final = Policy(connect_timeout=5, read_timeout=10, total_timeout=15, attempts=1, max_bytes=512 << 10)
_MOST: Final = 200  # members of a list that are looked at
_LONGEST: Final = 1000  # characters of a text that is looked at
_EVENTS: Final = {"registration": "created", "expiration": "expires", "last changed": "changed"}


class RdapClient:
    """Sessions by base URL; use it from one thread. `sandbox_url` routes every request to a sandbox."""

    def __init__(self, *, sandbox_url: str = "", policy: Policy = POLICY) -> None:
        self._sandbox_url, self._policy = sandbox_url, policy
        self._sessions: dict[str, OutboundSession] = {}

    def fetch(self, base_url: str, domain: str) -> Any:
        """The JSON of `base_url/domain/DOMAIN`. Raises OutboundError; NotFound means that no such domain exists."""
        session = self._sessions.get(base_url)
        if session is None:
            session = self._sessions[base_url] = OutboundSession(
                system="rdap",
                base_url=base_url,
                sandbox_url=self._sandbox_url,
                policy=self._policy,
                read_error=read_rdap_error,
            )
        headers = {"Accept": "application/rdap+json, application/json;q=0.9", "User-Agent": USER_AGENT}
        return session.request("GET", f"domain/{domain}", headers=headers).data

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()


def read_rdap_error(status: int, body: str) -> RemoteError:
    """Whether a 4xx is the registry's own: it has an RDAP error (RFC 9083 section 6), and a 404 may be empty (RFC 7480
    section 5.3). The page of a gateway, or of a wrong address, says nothing about the domain."""
    is_missing = status in (404, 410)
    if error_class(status).category is not Category.VALIDATION or (is_missing and not body.strip()):
        return RemoteError()
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and ("errorCode" in found or "rdapConformance" in found):
        return RemoteError()
    return RemoteError(code="unreadable", category=Category.SERVER)


def parse_domain(data: Any, domain: str, *, source: str, at: datetime) -> Registration:
    """The facts of a domain object (RFC 9083 section 5.3). Raises Unreadable for anything else, and for an object
    about another name."""
    if not isinstance(data, dict) or data.get("objectClassName") != "domain":
        raise Unreadable(Reason.MALFORMED)
    names = [name for name in (_text(data.get("ldhName")), _text(data.get("unicodeName"))) if name]
    if not names:
        raise Unreadable(Reason.MALFORMED)
    if not any(same_name(name, domain) for name in names):
        raise Unreadable(Reason.MISMATCH)
    said = Said()
    for event in _objects(data.get("events")):
        name = _EVENTS.get(_text(event.get("eventAction")).lower())
        if name is not None:
            getattr(said, name).append((_day(event.get("eventDate")), _shown(event, "eventAction", "eventDate")))
    for entity in _objects(data.get("entities")):
        if "registrar" in _texts(entity.get("roles")):
            _read_registrar(entity, said)
    for server in _objects(data.get("nameservers")):
        if name := _text(server.get("ldhName")):
            said.name_servers.append((name, _shown(server, "ldhName")))
    said.statuses += [(status, status) for status in _texts(data.get("status"))]
    _read_signing(data.get("secureDNS"), said)
    for hidden in _objects(data.get("redacted")):  # RFC 9537 section 4.2
        name = hidden.get("name")
        word = _text(name.get("type")) or _text(name.get("description")) if isinstance(name, dict) else ""
        if word:
            said.redacted.append((word, word))
    return said.weigh(domain, source=source, protocol=Protocol.RDAP, at=at)


def _read_registrar(entity: dict[str, Any], said: Said) -> None:
    """Name and IANA number of a registrar; nothing else of the entity is kept, for the rest may be about people."""
    name, shown = _card_name(entity)
    if name and is_redacted(name):
        said.redacted.append(("registrar", shown))
    elif name:
        said.registrars.append((excerpt(name), shown))
    for public in _objects(entity.get("publicIds")):
        number = _text(public.get("identifier")).strip() or _number(public.get("identifier"))
        if "iana" in _text(public.get("type")).lower() and number.isascii() and number.isdigit() and len(number) < 8:
            said.registrar_ids.append((number, _shown(public, "type", "identifier")))


def _card_name(entity: dict[str, Any]) -> tuple[str, str]:
    """The name on the card and the text it stands in: `fn`, else `org`, of a jCard (RFC 7095), else that of a
    JSContact card (RFC 9553)."""
    card = entity.get("vcardArray")
    if isinstance(card, list) and len(card) > 1 and isinstance(card[1], list):
        for wanted in ("fn", "org"):
            for item in card[1][:_MOST]:
                if isinstance(item, list) and len(item) > 3 and item[0] == wanted and (name := _text(item[3]).strip()):
                    return name, _dump([wanted, name])
    card = entity.get("jscontact_card")
    if isinstance(card, dict):
        own = card.get("name")
        if isinstance(own, dict) and (name := _text(own.get("full")).strip()):
            return name, _dump({"full": name})
        organizations = card.get("organizations")
        for organization in list(organizations.values())[:1] if isinstance(organizations, dict) else ():
            if isinstance(organization, dict) and (name := _text(organization.get("name")).strip()):
                return name, _dump({"organizations": name})
    return "", ""


def _read_signing(secure: Any, said: Said) -> None:
    """delegationSigned, and the DS records that stand beside it; they have to agree."""
    if not isinstance(secure, dict):
        return
    signed = secure.get("delegationSigned")
    if isinstance(signed, bool):
        said.signed.append((signed, _dump({"delegationSigned": signed})))
    records = _objects(secure.get("dsData"))
    if records:
        said.signed.append((True, _shown(records[0], "keyTag", "algorithm", "digestType")))


def _day(value: Any) -> date | None:
    """The UTC day of an RFC 3339 time; None when it is none."""
    text = _text(value).strip()
    if not 10 <= len(text) <= 40:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).date()
    except (ValueError, OverflowError):
        return None


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value[:_MOST] if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [text for item in value[:_MOST] if (text := _text(item))] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= _LONGEST else ""


def _number(value: Any) -> str:
    return str(value) if type(value) is int and 0 <= value < 10**8 else ""


def _shown(object: dict[str, Any], *keys: str) -> str:
    shown = {key: object[key] for key in keys if isinstance(object.get(key), str | int)}
    return _dump({key: value[:_LONGEST] if isinstance(value, str) else value for key, value in shown.items()})


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
