"""Who hosts an address and in which country, from MMDB files on this machine (mail-dns-signals section 5).

Works with GeoLite2 and DB-IP files, and with those of their kind. The country is where the network stands or is
registered: the location of the hosting, never that of the company.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from stat import S_ISREG
from threading import Lock
from typing import Any, Final

import maxminddb

from signals.outcomes import storable

STALE_AFTER: Final = timedelta(days=180)
_LONGEST_NAME: Final = 200  # characters

# Networks whose addresses stand in many countries at once, or move between them: their country is noise (databases put
# one address of Exchange Online in Mexico). Numbers of the registries, from general knowledge; they change rarely.
CLOUD_ASNS: Final = frozenset(
    {
        *(8068, 8069, 8070, 8071, 8072, 8073, 8074, 8075, 12076),  # Microsoft
        *(7224, 8987, 14618, 16509),  # Amazon
        *(15169, 19527, 36040, 139070, 396982),  # Google
        *(31898, 36351),  # Oracle, IBM
        *(37963, 45102, 45090, 132203, 55990, 136907),  # Alibaba, Tencent, Huawei
        *(14061, 20473, 63949, 19994, 27357, 33070),  # DigitalOcean, Vultr, Linode, Rackspace
        *(13335, 209242, 54113),  # Cloudflare, Fastly
        *(12222, 16625, 20940, 32787),  # Akamai
        *(19551, 30148, 22822, 33438, 60068, 54994),  # Imperva, Sucuri, Edgio, StackPath, CDN77, Wangsu
        *(714, 32934),  # Apple, Meta
        *(22843, 26211, 52129, 30031, 42427),  # Proofpoint, Mimecast
    }
)


class NoHosting(StrEnum):
    """Why there is no answer."""

    NOT_CONFIGURED = "not_configured"
    MISSING = "missing"  # no file is there, or it cannot be opened
    CORRUPT = "corrupt"  # the file is no MMDB file, or breaks in the middle
    NO_ADDRESS = "no_address"  # what was asked for is no IP address
    NOT_LISTED = "not_listed"  # private addresses never are


class NoCountry(StrEnum):
    """Why a hosting has no country."""

    CLOUD = "cloud"
    UNKNOWN_NETWORK = "unknown_network"  # nobody can say that it is no cloud
    NO_DATABASE = "no_database"
    NOT_LISTED = "not_listed"


@dataclass(frozen=True, kw_only=True)
class Hosting:
    """Who hosts an address. `asn` is the network's number, `organisation` its name as the file spells it, `country`
    two capital letters (ISO 3166); None = not known, `no_country` then says why. `database` and `database_date` are
    those of the older file of the two."""

    address: str
    asn: int | None
    organisation: str | None
    country: str | None
    no_country: NoCountry | None
    is_cloud: bool | None
    database: str
    database_date: date


@dataclass(frozen=True, slots=True)
class _Database:
    reader: maxminddb.Reader
    name: str
    date: date


class _Shelf:
    """The files this process has opened, each once; a file that was replaced is opened anew.

    A new file has to be moved into place: whoever writes into the old one pulls it from under its readers.
    """

    def __init__(self) -> None:
        self._opened: dict[str, tuple[tuple[int, int, int, int], _Database | NoHosting]] = {}
        self._lock = Lock()

    def get(self, path: str) -> _Database | NoHosting:
        if not path:
            return NoHosting.NOT_CONFIGURED
        try:
            state = os.stat(path)
        except (OSError, ValueError):
            return NoHosting.MISSING
        if not S_ISREG(state.st_mode):
            return NoHosting.MISSING
        mark = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)
        with self._lock:
            known = self._opened.get(path)
            if known is None or known[0] != mark:  # a reader that is in use elsewhere is closed by its last user
                known = self._opened[path] = (mark, _open(path))
            return known[1]


_shelf = _Shelf()


def hosting_of(address: str, *, asn_path: str | Path = "", country_path: str | Path = "") -> Hosting | NoHosting:
    """Who hosts `address`. The paths are those of MMDB files ("" = there is none); one is enough. Never raises for a
    file that is missing or broken."""
    try:
        ip_address(address)
    except ValueError:
        return NoHosting.NO_ADDRESS
    networks, countries = _shelf.get(str(asn_path)), _shelf.get(str(country_path))
    network, place = _record(networks, address), _record(countries, address)
    if isinstance(network, NoHosting) and isinstance(place, NoHosting):
        return place if network is NoHosting.NOT_CONFIGURED else network
    asn, organisation = (None, None) if isinstance(network, NoHosting) else _network(network)
    found = None if isinstance(place, NoHosting) else _country(place)
    if asn is None and organisation is None and found is None:
        return NoHosting.NOT_LISTED
    is_cloud = None if asn is None else asn in CLOUD_ASNS
    no_country = _no_country(place, found, is_cloud)
    oldest = min(
        (database for database in (networks, countries) if isinstance(database, _Database)),
        key=lambda database: database.date,
    )
    return Hosting(
        address=address,
        asn=asn,
        organisation=organisation,
        country=found if no_country is None else None,
        no_country=no_country,
        is_cloud=is_cloud,
        database=oldest.name,
        database_date=oldest.date,
    )


def database_state(path: str | Path, today: date | None = None) -> tuple[str, date, bool] | NoHosting:
    """Name, date and staleness of the file, or why it cannot be used; for pages and checks."""
    database = _shelf.get(str(path))
    if isinstance(database, NoHosting):
        return database
    return database.name, database.date, (today or datetime.now(UTC).date()) - database.date > STALE_AFTER


def _open(path: str) -> _Database | NoHosting:
    try:
        reader = maxminddb.open_database(path)
    except (maxminddb.InvalidDatabaseError, ValueError, UnicodeDecodeError):
        return NoHosting.CORRUPT
    except OSError:
        return NoHosting.MISSING
    try:
        about = reader.metadata()
        name = storable(str(about.database_type))[:100]
        return _Database(reader, name, datetime.fromtimestamp(about.build_epoch, UTC).date())
    except (AttributeError, TypeError, ValueError, OverflowError, OSError, maxminddb.InvalidDatabaseError):
        return NoHosting.CORRUPT


def _record(database: _Database | NoHosting, address: str) -> Mapping[str, Any] | NoHosting:
    if isinstance(database, NoHosting):
        return database
    try:
        found = database.reader.get(address)
    except (maxminddb.InvalidDatabaseError, UnicodeDecodeError):
        return NoHosting.CORRUPT
    except ValueError:  # an IPv6 address in a file of IPv4 networks
        return NoHosting.NOT_LISTED
    if found is None:
        return NoHosting.NOT_LISTED
    return found if isinstance(found, Mapping) else NoHosting.NOT_LISTED  # a file about something else


def _network(record: Mapping[str, Any]) -> tuple[int | None, str | None]:
    """Number and name. GeoLite2, DB-IP Lite and most others: autonomous_system_*, in DB-IP's larger files below
    `traits`; a few have `asn` or `as_number`."""
    traits = record.get("traits")
    asn: int | None = None
    organisation: str | None = None
    for place in (record, traits if isinstance(traits, Mapping) else {}):
        for name in ("autonomous_system_number", "as_number", "asn"):
            asn = asn or _number(place.get(name))
        for name in ("autonomous_system_organization", "as_organization", "as_name", "isp"):
            organisation = organisation or _name(place.get(name))
    return asn, organisation


def _country(record: Mapping[str, Any]) -> str | None:
    """GeoLite2 and DB-IP: `country.iso_code`; smaller files: `country_code`. What a network's owner registered
    (`registered_country`) is not looked at: it is yet another country."""
    country = record.get("country")
    code = country.get("iso_code") if isinstance(country, Mapping) else country
    for value in (code, record.get("country_code")):
        if isinstance(value, str) and len(value) == 2 and value.isascii() and value.isalpha():
            return value.upper()
    return None


def _no_country(place: Mapping[str, Any] | NoHosting, found: str | None, is_cloud: bool | None) -> NoCountry | None:
    if isinstance(place, NoHosting) and place is not NoHosting.NOT_LISTED:
        return NoCountry.NO_DATABASE
    if found is None:
        return NoCountry.NOT_LISTED
    if is_cloud is None:
        return NoCountry.UNKNOWN_NETWORK
    return NoCountry.CLOUD if is_cloud else None


def _number(value: Any) -> int | None:
    if isinstance(value, str) and value[:2].upper() == "AS":
        value = value[2:]
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        value = int(value)
    return value if type(value) is int and 0 < value < 2**32 else None


def _name(value: Any) -> str | None:
    return storable(value).strip()[:_LONGEST_NAME] or None if isinstance(value, str) else None
