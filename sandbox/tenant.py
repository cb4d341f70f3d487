"""Microsoft tenants of the fictional market: which domain has one, and how its people sign in.

`sandbox.entra` serves them where Microsoft does: the OpenID document of a domain, and the realm of a mailbox.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from sandbox.exchange import Reply, json_reply
from sandbox.market import Company, company_records

_FEDERATIONS = (  # sign-in addresses of others, and the share of the tenants
    (None, 80),
    ("https://sts.{domain}/adfs/ls/", 10),
    ("https://kimlik.okta.example/app/office365/sso/wsfed/passive", 4),
    ("https://sso.secureserver.net/?app=o365", 6),  # a tenant that GoDaddy resells and manages
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The tenant of a domain; `sign_in_url` None = Entra ID itself signs people in."""

    domain: str
    tenant_id: str
    brand: str
    region: str
    sign_in_url: str | None


class Tenants:
    """Companies with traces of Microsoft in their DNS have a tenant, the same at every start. Safe to use from any
    thread."""

    def __init__(self, companies: Iterable[Company] = ()) -> None:
        self._companies = {company.domain: company for company in companies}
        self._changes: dict[str, Entry | None] = {}
        self._lock = Lock()

    def find(self, domain: str) -> Entry | None:
        """The tenant of a domain in lower case; None = no tenant has it."""
        with self._lock:
            if domain in self._changes:
                return self._changes[domain]
        company = self._companies.get(domain)
        if company is None or not any(record.value.startswith("MS=ms") for record in company_records(domain)):
            return None
        return _entry(domain, company.name)

    def edit(self, domain: str, **changes: Any) -> None:
        """Changes fields of a tenant, or gives a domain one. Raises ValueError for a field that does not exist."""
        known = Entry.__dataclass_fields__.keys() - {"domain"}
        if unknown := changes.keys() - known:
            raise ValueError(f"Unknown field {', '.join(sorted(unknown))}; one of {', '.join(sorted(known))}")
        entry = replace(self.find(domain) or _entry(domain, domain), **changes)
        with self._lock:
            self._changes[domain] = entry

    def remove(self, domain: str) -> None:
        """No tenant has the domain any more."""
        with self._lock:
            self._changes[domain] = None

    def as_json(self, domain: str) -> dict[str, Any]:
        """The tenant for the control API; raises LookupError when there is none."""
        entry = self.find(domain)
        if entry is None:
            raise LookupError(f"No tenant has {domain}")
        return {name: getattr(entry, name) for name in Entry.__dataclass_fields__}

    def realm(self, login: str) -> Reply:
        """How the people of the login's domain sign in, whether the mailbox exists or not."""
        domain = login.rpartition("@")[2].lower()
        entry = self.find(domain)
        if entry is None:
            return json_reply({"State": 4, "UserState": 1, "Login": login, "NameSpaceType": "Unknown"})
        content = {
            "State": 4 if entry.sign_in_url is None else 3,
            "UserState": 1 if entry.sign_in_url is None else 2,
            "Login": login,
            "NameSpaceType": "Managed" if entry.sign_in_url is None else "Federated",
            "DomainName": domain,
            "FederationBrandName": entry.brand,
            "CloudInstanceName": "microsoftonline.com",
            "CloudInstanceIssuerUri": "urn:federation:MicrosoftOnline",
        }
        if entry.sign_in_url is not None:
            content |= {"FederationGlobalVersion": -1, "AuthURL": entry.sign_in_url}
        return json_reply(content)


def _entry(domain: str, brand: str) -> Entry:
    spread = random.Random(f"tenant-{domain}")
    url = spread.choices([url for url, _ in _FEDERATIONS], [weight for _, weight in _FEDERATIONS])[0]
    return Entry(
        domain=domain,
        tenant_id=str(uuid5(NAMESPACE_DNS, f"tenant.{domain}")),
        brand=brand,
        region=spread.choice(("EU", "EU", "EU", "WW", "NA")),
        sign_in_url=url and url.replace("{domain}", domain),
    )
