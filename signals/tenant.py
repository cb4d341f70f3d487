"""Which Microsoft tenant a domain belongs to, from Microsoft's public sign-in documents (mail-dns-signals section 1.6).

No login is needed and no person is named: the realm is asked with the invented mailbox `x@DOMAIN`. A tenant means
Entra ID, not necessarily Exchange Online: a hint. Undocumented for bulk use, so it is off by default, one domain a
second at most, and worth keeping for months.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from json import loads
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from outbound.errors import Category, OutboundError, Rejected, error_class
from outbound.session import OutboundSession, Policy, RemoteError
from signals.outcomes import USER_AGENT, Doubt, Evidence, Reason, Unknown, excerpt, reason_of
from signals.politeness import Politeness
from signals.registration.facts import asked_name

LOGIN: Final = "login.microsoftonline.com"
POLICY: Final = Policy(connect_timeout=5, read_timeout=10, total_timeout=15, attempts=1, max_bytes=256 << 10)
FRESH: Final = timedelta(days=90)  # how long an answer may be kept before it is polite to ask again
PATIENCE: Final = 1.5  # seconds that a look-up waits for its turn
NO_TENANT: Final = "AADSTS90002"  # "Tenant not found": the one documented way to say it
GODADDY_HOSTS: Final = ("secureserver.net", "godaddy.com")  # where the sign-in of tenants resold by GoDaddy lives

_ISSUER = re.compile(r"https://[a-z0-9.-]{1,100}/([0-9a-fA-F-]{36})(?:/v2\.0)?/?", re.ASCII)
_NUMBER = re.compile(r"AADSTS\d{4,8}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9.-]{1,100}", re.ASCII)


class SignIn(StrEnum):
    MANAGED = "managed"  # by Entra ID itself
    FEDERATED = "federated"  # by another system: AD FS, Okta, GoDaddy …


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """The tenant of a domain. `sign_in` None = not learned; the reason is in `sign_in_unknown`, or in `doubts`.

    `federation_host` is the host that signs people in, `brand` the tenant's free text, `region` and `cloud` are
    Microsoft's words (EU, NA, WW …; microsoftonline.com). `is_godaddy` True = the sign-in lives at GoDaddy, which
    sells and manages Microsoft 365; False = it does not, which excludes nothing; None = not known.
    """

    domain: str
    source: str
    at: datetime
    tenant_id: str
    region: str | None = None
    cloud: str | None = None
    sign_in: SignIn | None = None
    sign_in_unknown: Reason | None = None
    federation_host: str | None = None
    is_godaddy: bool | None = None
    brand: str | None = None
    evidence: tuple[Evidence, ...] = ()
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NoTenant:
    """No tenant of this cloud has the domain: a fact of the moment `at`."""

    domain: str
    source: str
    at: datetime
    excerpt: str


Outcome = Tenant | NoTenant | Unknown


@dataclass(slots=True)
class _Realm:
    """What the realm document adds."""

    sign_in: SignIn | None = None
    unknown: Reason | None = None
    federation_host: str | None = None
    brand: str | None = None
    evidence: list[Evidence] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)


class TenantLookup:
    """Microsoft's sign-in host, and how it was treated so far; keep one for as long as a queue runs, in one thread."""

    def __init__(
        self,
        *,
        sandbox_url: str = "",
        politeness: Politeness | None = None,
        policy: Policy = POLICY,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.politeness = Politeness() if politeness is None else politeness
        self._session = OutboundSession(
            system="tenant",
            base_url=f"https://{LOGIN}",
            sandbox_url=sandbox_url,
            policy=policy,
            read_error=read_entra_error,
        )
        self._patience, self._clock, self._sleep = patience, clock, sleep

    def look_up(self, domain: str) -> Outcome:
        """The tenant of a domain (A-labels). Never raises for anything the far side does, and repeats nothing: an
        Unknown says when it is worth asking again."""
        name = asked_name(domain)
        if name is None:
            return Unknown(domain=domain, source="", at=self._moment(), reason=Reason.INVALID_NAME)
        left = self.politeness.take(LOGIN, self._clock())
        if 0 < left <= self._patience:
            self._sleep(left)
            left = self.politeness.take(LOGIN, self._clock())
        if left > 0:
            return Unknown(domain=name, source=LOGIN, at=self._moment(), reason=Reason.HELD, retry_after=round(left, 1))
        try:
            document = self._get(f"{name}/v2.0/.well-known/openid-configuration")
        except Rejected as error:
            if error.code == NO_TENANT:
                self.politeness.answered(LOGIN)
                return NoTenant(
                    domain=name, source=LOGIN, at=self._moment(), excerpt=f"HTTP {error.status} {NO_TENANT}"
                )
            return self._unknown(name, reason_of(error), error)
        except OutboundError as error:
            return self._unknown(name, reason_of(error), error)
        tenant_id, shown = read_issuer(document)
        if tenant_id is None:
            return self._unknown(name, Reason.MALFORMED)
        self.politeness.answered(LOGIN)
        return self._with_realm(name, tenant_id, shown, document)

    def close(self) -> None:
        self._session.close()

    def _with_realm(self, domain: str, tenant_id: str, shown: str, document: Mapping[str, Any]) -> Tenant:
        """The tenant, with its realm if that can be had: without it the tenant is a fact all the same."""
        try:
            realm = read_realm(self._get("getuserrealm.srf", {"login": f"x@{domain}", "json": "1"}), domain)
        except OutboundError as error:
            realm = _Realm(unknown=self._unknown(domain, reason_of(error), error).reason)
        godaddy = None if realm.sign_in is None else _is_godaddy(realm.federation_host)
        return Tenant(
            domain=domain,
            source=LOGIN,
            at=self._moment(),
            tenant_id=tenant_id,
            region=_word(document.get("tenant_region_scope")),
            cloud=_word(document.get("cloud_instance_name")),
            sign_in=realm.sign_in,
            sign_in_unknown=realm.unknown,
            federation_host=realm.federation_host,
            is_godaddy=godaddy,
            brand=realm.brand,
            evidence=(Evidence("tenant_id", shown), *realm.evidence),
            doubts=tuple(realm.doubts),
        )

    def _get(self, path: str, query: Mapping[str, str] | str = "") -> Any:
        return self._session.request("GET", path, query=query, headers={"User-Agent": USER_AGENT}).data

    def _unknown(self, domain: str, reason: Reason, error: OutboundError | None = None) -> Unknown:
        """The outcome of a failure, which closes the host for a while; a refusal of this one name does not."""
        now = self._clock()
        retry_after: float | None
        if error is not None and reason is Reason.REFUSED and error.status not in (401, 403):
            retry_after = None
        elif reason in (Reason.REFUSED, Reason.RATE_LIMITED):
            retry_after = self.politeness.refused(LOGIN, now, error.retry_after if error else None)
        else:
            retry_after = self.politeness.failed(LOGIN, now)
        return Unknown(domain=domain, source=LOGIN, at=self._moment(), reason=reason, retry_after=retry_after)

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def read_entra_error(status: int, body: str) -> RemoteError:
    """The AADSTS number of an error of Entra ID: {"error", "error_description": "AADSTS90002: …", "error_codes"}.

    A 4xx without one is the page of somebody on the way and says nothing about the domain.
    """
    try:
        found = loads(body)
    except (ValueError, RecursionError):
        found = None
    text = found.get("error_description") if isinstance(found, dict) else None
    number = _NUMBER.match(text) if isinstance(text, str) else None
    if number is not None:
        return RemoteError(number[0])
    ours = error_class(status).category is Category.VALIDATION
    return RemoteError("unreadable", category=Category.SERVER) if ours else RemoteError()


def read_issuer(document: Any) -> tuple[str | None, str]:
    """The tenant id in the issuer of an OpenID document, and the issuer as evidence; (None, "") when there is none,
    as in the document for everybody, whose issuer holds the text `{tenantid}`."""
    issuer = document.get("issuer") if isinstance(document, dict) else None
    found = _ISSUER.fullmatch(issuer) if isinstance(issuer, str) else None
    try:
        return (str(UUID(found[1])), found[0]) if found else (None, "")
    except ValueError:
        return None, ""


def read_realm(document: Any, domain: str) -> _Realm:
    """How people of the domain sign in. A realm that is unknown, or about another name, contradicts the tenant."""
    if not isinstance(document, dict):
        return _Realm(unknown=Reason.MALFORMED)
    kind, about = document.get("NameSpaceType"), document.get("DomainName")
    if isinstance(about, str) and about.lower() != domain:
        return _Realm(doubts=[Doubt("sign_in", "other_domain", excerpt(about))])
    if kind == "Unknown":
        return _Realm(doubts=[Doubt("sign_in", "realm_without_tenant", "NameSpaceType Unknown")])
    if kind not in ("Managed", "Federated"):
        return _Realm(unknown=Reason.MALFORMED)
    realm = _Realm(sign_in=SignIn(kind.lower()), evidence=[Evidence("sign_in", f"NameSpaceType {kind}")])
    brand = document.get("FederationBrandName")
    if isinstance(brand, str) and (text := excerpt(brand)):
        realm.brand = text
        realm.evidence.append(Evidence("brand", text))
    if kind == "Federated":
        realm.federation_host = _host(document.get("AuthURL"))
        if realm.federation_host is not None:
            realm.evidence.append(Evidence("federation_host", realm.federation_host))
    return realm


def _is_godaddy(host: str | None) -> bool:
    return host is not None and any(host == root or host.endswith("." + root) for root in GODADDY_HOSTS)


def _host(url: Any) -> str | None:
    """The host of a URL; its query may hold the invented mailbox and is not kept."""
    try:
        host = urlsplit(url).hostname if isinstance(url, str) else None
    except ValueError:
        return None
    return host.lower() if host and _NAME.fullmatch(host) else None


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and _NAME.fullmatch(value) else None
