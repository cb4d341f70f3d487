"""The registries of the fictional market: who registered which domain where and until when, served over RDAP.

It plays every RDAP host. A company of the market has the same facts below every suffix (`acme.example`, `acme.com.tr`,
`acme.com`). Below `.example` nothing else is registered; elsewhere any name has facts invented from its letters,
except those that begin with `kayitsiz` ("unregistered").
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Any
from zlib import crc32

from sandbox.exchange import Reply, Request, json_reply
from sandbox.faults import Fault
from sandbox.market import ZONE, Company, company_records, extra_records

BOOTSTRAP_HOST = "data.iana.org"
UNREGISTERED = "kayitsiz"
_RDAP_HOSTS = ("rdap.", "tld-rdap.", "pubapi.registry.google")  # how the hosts of registries begin
_CONFORMANCE = ["rdap_level_0", "icann_rdap_response_profile_1", "redacted"]
_YEAR = 365.2425  # days

# Name, invented IANA number, host of the name servers.
REGISTRARS = (
    ("Örnek Alan Adı Hizmetleri A.Ş.", "9901", "ornekalanadi.example"),
    ("Işıkhan Bilişim ve Barındırma Ltd. Şti.", "9902", "isikhan.example"),
    ("Çınaraltı İnternet Teknolojileri A.Ş.", "9903", "cinaralti.example"),
    ("Güneşli Kayıt Kuruluşu A.Ş.", "9904", "guneslikayit.example"),
    ("Example Registrar Services, Inc.", "9905", "example-registrar.example"),
)
# Days until expiry, from and to, and the share of the market: some are due within 30, 60 and 90 days, some are late.
_EXPIRY = (((-25, -1), 2), ((1, 30), 5), ((31, 60), 5), ((61, 90), 5), ((91, 365), 48), ((366, 1825), 35))


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One registered domain. `hidden` = its owner asked to stay unnamed; `latin5` = port 43 answers in ISO 8859-9."""

    domain: str
    owner: str
    city: str
    registrar: str
    registrar_id: str
    created: date
    expires: date
    changed: date
    name_servers: tuple[str, ...]
    locked: bool
    signed: bool
    hidden: bool
    latin5: bool


class Registry:
    """What is registered. `today` fixes the day that expiries are counted from. Safe to use from any thread."""

    def __init__(self, companies: Iterable[Company] = (), *, today: date | None = None) -> None:
        self._companies = {company.domain.partition(".")[0]: company for company in companies}
        self._today = today or datetime.now(UTC).date()
        self._changes: dict[str, dict[str, Any] | None] = {}
        self._lock = Lock()

    def find(self, domain: str) -> Entry | None:
        """The entry of a registrable domain in lower case; None = not registered."""
        with self._lock:
            changes = self._changes.get(domain, {})
        label, _, suffix = domain.partition(".")
        company = self._companies.get(label)
        if changes is None or not suffix or label.startswith(UNREGISTERED):
            return None
        if company is None and suffix == ZONE and not changes:
            return None
        if company is not None and not company_records(company.domain):  # it let its domain go
            return None
        entry = self._invent(domain, company)
        return replace(entry, **changes)

    def edit(self, domain: str, **changes: Any) -> None:
        """Changes fields of an entry, or registers a name. Dates may be ISO texts. Raises ValueError for a field that
        does not exist or a text that is no date."""
        known = Entry.__dataclass_fields__.keys() - {"domain"}
        if unknown := changes.keys() - known:
            raise ValueError(f"Unknown field {', '.join(sorted(unknown))}; one of {', '.join(sorted(known))}")
        for name in ("created", "expires", "changed"):
            if isinstance(changes.get(name), str):
                changes[name] = date.fromisoformat(changes[name])
        if "name_servers" in changes:
            changes["name_servers"] = tuple(changes["name_servers"])
        with self._lock:
            self._changes[domain] = {**(self._changes.get(domain) or {}), **changes}

    def remove(self, domain: str) -> None:
        """The domain is not registered any more."""
        with self._lock:
            self._changes[domain] = None

    def as_json(self, domain: str) -> dict[str, Any]:
        """The entry for the control API; raises LookupError when there is none."""
        entry = self.find(domain)
        if entry is None:
            raise LookupError(f"{domain} is not registered")
        return {name: _plain(getattr(entry, name)) for name in Entry.__dataclass_fields__}

    def _invent(self, domain: str, company: Company | None) -> Entry:
        name = company.domain if company else domain
        spread = random.Random(f"registration-{name}")
        registrar, number, servers = spread.choice(REGISTRARS)
        (first, last), _ = spread.choices(_EXPIRY, [weight for _, weight in _EXPIRY])[0]
        expires = self._today + timedelta(days=spread.randint(first, last))
        ahead = max(0, (expires - self._today).days)
        years = int(ahead / _YEAR) + 1 + spread.randrange(22)
        created = expires - timedelta(days=round(years * _YEAR))
        changed = max(created, min(self._today, expires - timedelta(days=round(_YEAR))))
        signed = spread.random() < 0.1
        if company is not None:  # as DNS says
            signed = any(record.type == "DS" for record in extra_records(name))
        return Entry(
            domain=domain,
            owner=company.name if company else f"{domain.partition('.')[0].title()} Ltd. Şti.",
            city=company.city if company else "Ankara",
            registrar=registrar,
            registrar_id=number,
            created=created,
            expires=expires,
            changed=changed,
            name_servers=(f"ns1.{servers}", f"ns2.{servers}"),
            locked=spread.random() < 0.8,
            signed=signed,
            hidden=spread.random() < 0.6,
            latin5=crc32(name.encode()) % 3 == 0,
        )


class Rdap:
    """The RDAP hosts of all registries, and IANA's list of them."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def serves(self, host: str) -> bool:
        return host == BOOTSTRAP_HOST or host.startswith(_RDAP_HOSTS)

    def route(self, request: Request) -> str:
        if request.host == BOOTSTRAP_HOST:
            return "bootstrap"
        return "rdap" if "/domain/" in request.path else "unknown"

    def answer(self, request: Request, faults: Sequence[Fault]) -> Reply:
        if request.method not in ("GET", "HEAD"):
            return self.refusal(request, 405, None)
        if request.host == BOOTSTRAP_HOST:
            return json_reply(_bootstrap()) if request.path == "/rdap/dns.json" else self.refusal(request, 404, None)
        domain = request.path.rpartition("/domain/")[2].lower().rstrip(".")
        entry = self._registry.find(domain) if "/domain/" in request.path else None
        if entry is None:
            return self.refusal(request, 404, None)
        kinds = {fault.kind: fault for fault in faults}
        if "garbage" in kinds:
            return _reply(_garbage(kinds["garbage"].random))
        content = _object(entry)
        if "redacted" in kinds:
            _redact(content)
        if "contradictory" in kinds:
            _contradict(content, kinds["contradictory"].options["about"])
        reply = _reply(content)
        if "latin5" in kinds:
            reply.body = reply.body.decode().encode("iso8859-9", "replace")
        return reply

    def refusal(self, _request: Request, status: int, _code: str | None) -> Reply:
        """An RDAP error (RFC 9083 section 6)."""
        title = {404: "Not Found", 405: "Method Not Allowed", 429: "Too Many Requests"}.get(status, "Error")
        text = {"errorCode": status, "title": title, "description": ["The sandbox says so."]}
        return _reply({"rdapConformance": _CONFORMANCE[:1], **text}, status)


def _reply(content: Any, status: int = 200) -> Reply:
    return json_reply(content, status, Content_Type="application/rdap+json")


def _bootstrap() -> dict[str, Any]:
    """A list in IANA's form, of today: enough to see that it was taken."""
    services = [
        [["com"], ["https://rdap.verisign.com/com/v1/"]],
        [["net"], ["https://rdap.verisign.com/net/v1/"]],
        [["org"], ["https://rdap.publicinterestregistry.org/rdap/"]],
        [["uk"], ["http://rdap.nominet.uk/uk/", "https://rdap.nominet.uk/uk/"]],
        [["istanbul", "ist"], ["https://rdap.nic.istanbul.example/"]],
    ]
    about = {"description": "RDAP bootstrap file for the sandbox", "version": "1.0", "services": services}
    return {**about, "publication": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}


def _object(entry: Entry) -> dict[str, Any]:
    """A domain object (RFC 9083 section 5.3) as registries send it: contacts and notices around it."""
    days = {"registration": entry.created, "expiration": entry.expires, "last changed": entry.changed}
    owner = {
        "objectClassName": "entity",
        "roles": ["registrant"],
        "vcardArray": [
            "vcard",
            [["version", {}, "text", "4.0"], ["fn", {}, "text", "" if entry.hidden else entry.owner]],
        ],
    }
    abuse = {
        "objectClassName": "entity",
        "roles": ["abuse"],
        "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Abuse"]]],
    }
    registrar = {
        "objectClassName": "entity",
        "handle": entry.registrar_id,
        "roles": ["registrar"],
        "publicIds": [{"type": "IANA Registrar ID", "identifier": entry.registrar_id}],
        "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", entry.registrar]]],
        "entities": [abuse],
    }
    locked = ["client transfer prohibited"] if entry.locked else ["active"]
    secure: dict[str, Any] = {"delegationSigned": entry.signed}
    if entry.signed:
        secure["dsData"] = [{"keyTag": 12345, "algorithm": 13, "digestType": 2, "digest": "00" * 32}]
    return {
        "rdapConformance": _CONFORMANCE,
        "notices": [{"title": "Sandbox", "description": ["Everything in this answer is invented."]}],
        "objectClassName": "domain",
        "handle": f"{crc32(entry.domain.encode()):X}_DOMAIN-SANDBOX",
        "ldhName": entry.domain.upper(),
        "status": locked,
        "events": [
            *({"eventAction": action, "eventDate": f"{day}T08:15:00Z"} for action, day in days.items()),
            {"eventAction": "last update of RDAP database", "eventDate": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"},
        ],
        "entities": [owner, registrar],
        "nameservers": [{"objectClassName": "nameserver", "ldhName": name} for name in entry.name_servers],
        "secureDNS": secure,
        "redacted": [{"name": {"type": "Registrant Name"}, "method": "emptyValue"}] if entry.hidden else [],
    }


def _redact(content: dict[str, Any]) -> None:
    """Everything that some registries hide, the registrar included."""
    for entity in content["entities"]:
        entity["vcardArray"][1][1][3] = "REDACTED FOR PRIVACY"
        entity.pop("publicIds", None)
    content["events"] = [event for event in content["events"] if event["eventAction"] != "last changed"]
    content["nameservers"] = []
    content["redacted"] = [{"name": {"description": text}} for text in ("Registrant Name", "Registrar", "Nameservers")]


def _contradict(content: dict[str, Any], about: str) -> None:
    created, expires = content["events"][0], content["events"][1]
    if about == "dates":
        created["eventDate"], expires["eventDate"] = "2015-03-01T00:00:00Z", "2011-03-01T00:00:00Z"
    elif about == "far":
        expires["eventDate"] = "9999-12-31T23:59:59Z"
    elif about == "registrars":
        other = json.loads(json.dumps(content["entities"][1]))
        other["vcardArray"][1][1][3], other["publicIds"][0]["identifier"] = "Başka Kayıt Kuruluşu A.Ş.", "9950"
        content["entities"].append(other)
    else:
        content["ldhName"] = "another-name.example"


def _garbage(spread: random.Random) -> Any:
    shapes: Sequence[Any] = (
        [], None, "text", 7, {"objectClassName": "domain"}, {"objectClassName": ["domain"], "ldhName": {}},
        {"objectClassName": "domain", "ldhName": 5, "events": "never", "entities": {"a": 1}},
        {"objectClassName": "nameserver", "ldhName": "ns1.example"},
    )  # fmt: skip
    return spread.choice(shapes)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
