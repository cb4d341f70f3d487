"""Whom to ask about a domain: IANA's bootstrap registry for RDAP (RFC 9224), and port 43 for `.tr`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from outbound.session import OutboundSession, Policy
from signals.outcomes import USER_AGENT
from signals.registration.whois import TRABIS

SNAPSHOT: Final = Path(__file__).with_name("dns.json")  # what it is and is not: README.md beside it
IANA: Final = "https://data.iana.org"
_LARGEST: Final = 4 << 20  # octets; the file has some 100 KiB

# Registries that answer but are missing from the bootstrap: the table of whoisit 4.1.0, dated 2026-10-26.
_IDENTITY_DIGITAL: Final = "https://rdap.identitydigital.services/rdap/"
OVERRIDES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("ac", "ag", "bz", "io", "lc", "me", "mn", "pr", "sc", "sh", "vc"), _IDENTITY_DIGITAL),
        "bh": "https://rdap.centralnic.com/bh/",
        "ch": "https://rdap.nic.ch/",
        "co": "https://rdap.registry.co/co/",
        "de": "https://rdap.denic.de/",
        "gl": "https://rdap.centralnic.com/gl/",
        "li": "https://rdap.nic.li/",
        "my": "https://rdap.mynic.my/rdap/",
        "us": "https://rdap.nic.us/",
    }
)
# Names that exist in a sandbox only (RFC 2606). Asked for in the real world they have no server.
FICTIONAL_RDAP: Final[Mapping[str, str]] = MappingProxyType({"example": "https://rdap.nic.example/"})
FICTIONAL_WHOIS: Final = "test"


class BootstrapError(ValueError):
    """The file is no bootstrap registry; the text is a sentence to show."""


@dataclass(frozen=True, slots=True)
class RdapServer:
    base_url: str  # https, with a slash at the end

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc


@dataclass(frozen=True, slots=True)
class WhoisServer:
    address: tuple[str, int]
    name: str  # how it is called as a source, whatever stands for it

    @property
    def host(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True)
class Directory:
    """Suffixes (lower case, no dots around) to the servers that know what is registered below them. `published` is
    the date of the list, None when it does not say."""

    rdap: Mapping[str, str]
    whois: Mapping[str, WhoisServer] = field(default_factory=dict)
    published: date | None = None

    def server_of(self, domain: str) -> RdapServer | WhoisServer | None:
        """The server of the longest suffix above `domain` (RFC 9224 section 4)."""
        suffix = domain.partition(".")[2]
        while suffix:
            if suffix in self.whois:
                return self.whois[suffix]
            if suffix in self.rdap:
                return RdapServer(self.rdap[suffix])
            suffix = suffix.partition(".")[2]
        return None


def directory(
    path: Path = SNAPSHOT, *, whois_server: tuple[str, int] | None = None, sandbox: bool = False
) -> Directory:
    """The servers to ask: the list at `path`, the overrides where it says nothing, and port 43 for `.tr`.

    `whois_server` stands in for TRABİS. In a `sandbox` the fictional names are known as well, and `.tr` only with a
    `whois_server`, so that nothing leaves this machine. Raises BootstrapError.
    """
    listed, published = read_bootstrap(path)
    rdap = {**OVERRIDES, **listed}
    whois: dict[str, WhoisServer] = {}
    if whois_server is not None or not sandbox:
        name = TRABIS[0] if whois_server is None or sandbox else whois_server[0]
        whois["tr"] = WhoisServer(whois_server or TRABIS, name)
    if sandbox:
        rdap |= FICTIONAL_RDAP
        if whois_server is not None:
            whois[FICTIONAL_WHOIS] = whois["tr"]
    return Directory(rdap=rdap, whois=whois, published=published)


def read_bootstrap(path: Path = SNAPSHOT) -> tuple[dict[str, str], date | None]:
    """Suffix to base URL, and the publication date, of a file as IANA publishes it. Raises BootstrapError."""
    try:
        if path.stat().st_size > _LARGEST:
            raise BootstrapError(f"{path.name} is too large for a bootstrap registry.")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, BootstrapError):
            raise
        raise BootstrapError(f"{path.name} cannot be read as JSON.") from error
    return parse_bootstrap(content)


def parse_bootstrap(content: Any) -> tuple[dict[str, str], date | None]:
    """The same for the parsed JSON (RFC 9224 section 3). Entries without an https address are left out: Hunter
    speaks nothing else. Raises BootstrapError when nothing is left."""
    services = content.get("services") if isinstance(content, dict) else None
    if not isinstance(services, list):
        raise BootstrapError("This is no bootstrap registry: it has no services.")
    servers: dict[str, str] = {}
    for service in services:
        if not isinstance(service, list) or len(service) < 2:
            continue
        names, urls = service[0], service[1]
        if not isinstance(names, list) or not isinstance(urls, list):
            continue
        url = next((url for url in urls if isinstance(url, str) and _is_usable(url)), None)
        if url is not None:
            named = [name.strip(".").lower() for name in names if isinstance(name, str)]
            servers |= dict.fromkeys(filter(None, named), url.rstrip("/") + "/")
    if not servers:
        raise BootstrapError("This bootstrap registry names no server that can be asked over https.")
    return servers, _published(content.get("publication"))


def fetch_bootstrap(path: Path, *, sandbox_url: str = "") -> Directory:
    """Gets IANA's list and puts it at `path`, whole or not at all. Raises OutboundError, BootstrapError or OSError;
    the old file then stays."""
    session = OutboundSession(
        system="iana", base_url=IANA, sandbox_url=sandbox_url, policy=Policy(max_bytes=_LARGEST, attempts=2)
    )
    try:
        content = session.request("GET", "rdap/dns.json", headers={"User-Agent": USER_AGENT}).data
    finally:
        session.close()
    parse_bootstrap(content)
    aside = path.with_name(f"{path.name}.{os.getpid()}.new")
    aside.write_text(json.dumps(content, indent=1, default=str), encoding="utf-8")
    aside.replace(path)
    return directory(path)


def _is_usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and not parts.query and "@" not in url


def _published(value: Any) -> date | None:
    try:
        return datetime.fromisoformat(value).astimezone(UTC).date()
    except (TypeError, ValueError, OverflowError):
        return None
