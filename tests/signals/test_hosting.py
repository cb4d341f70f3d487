"""Hosting facts from real MMDB files, made by the sandbox's small writer, and from files that are none."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import maxminddb
import pytest

from sandbox.mmdb import mmdb, write_demo_files
from signals.hosting import Hosting, NoCountry, NoHosting, database_state, hosting_of

BUILT = datetime(2026, 11, 1, tzinfo=UTC)
TODAY = date(2026, 11, 25)
OWN = "192.0.2.5"
CLOUD = "198.51.100.5"
NETWORKS = {
    "192.0.2.0/24": {"autonomous_system_number": 64496, "autonomous_system_organization": "Örnek Barındırma A.Ş."},
    "198.51.100.0/24": {"autonomous_system_number": 8075, "autonomous_system_organization": "MICROSOFT-CORP"},
    "2001:db8::/32": {"autonomous_system_number": 64497, "autonomous_system_organization": "Örnek v6"},
}
PLACES = {
    "192.0.2.0/24": {"country": {"iso_code": "TR"}, "registered_country": {"iso_code": "US"}},
    "198.51.100.0/24": {"country": {"iso_code": "MX"}},
    "203.0.113.0/24": {"country": {"iso_code": "NL"}},
}  # fmt: skip


def _write(path: Path, networks: Mapping[str, Mapping[str, Any]], kind: str, built: datetime = BUILT) -> Path:
    aside = path.with_suffix(".new")
    aside.write_bytes(mmdb(networks, database_type=kind, built=built))
    aside.replace(path)
    return path


@pytest.fixture
def asn(tmp_path: Path) -> Path:
    return _write(tmp_path / "asn.mmdb", NETWORKS, "GeoLite2-ASN")


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return _write(tmp_path / "city.mmdb", PLACES, "GeoLite2-City", BUILT - timedelta(days=3))


def _found(found: Hosting | NoHosting) -> Hosting:
    assert isinstance(found, Hosting), found
    return found


def test_an_own_network_has_a_country(asn: Path, city: Path) -> None:
    found = _found(hosting_of(OWN, asn_path=asn, country_path=city))
    assert (found.asn, found.organisation) == (64496, "Örnek Barındırma A.Ş.")
    assert (found.country, found.no_country, found.is_cloud) == ("TR", None, False)
    assert (found.database, found.database_date) == ("GeoLite2-City", date(2026, 10, 29)), "the older of the two"


def test_the_country_of_a_cloud_is_left_out(asn: Path, city: Path) -> None:
    found = _found(hosting_of(CLOUD, asn_path=asn, country_path=city))
    assert (found.asn, found.is_cloud, found.country, found.no_country) == (8075, True, None, NoCountry.CLOUD)


def test_an_unknown_network_has_no_country_either(asn: Path, city: Path) -> None:
    found = _found(hosting_of("203.0.113.9", asn_path=asn, country_path=city))
    assert (found.asn, found.is_cloud) == (None, None)
    assert (found.country, found.no_country) == (None, NoCountry.UNKNOWN_NETWORK)


def test_one_file_is_enough(asn: Path, city: Path) -> None:
    found = _found(hosting_of(OWN, asn_path=asn))
    assert (found.asn, found.country, found.no_country) == (64496, None, NoCountry.NO_DATABASE)
    assert found.database == "GeoLite2-ASN"
    assert _found(hosting_of(OWN, country_path=city)).no_country is NoCountry.UNKNOWN_NETWORK
    found = _found(hosting_of("2001:db8::7", asn_path=asn, country_path=city))
    assert (found.asn, found.no_country) == (64497, NoCountry.NOT_LISTED)


GEOLITE = {"autonomous_system_number": 64500, "autonomous_system_organization": "Örnek"}


@pytest.mark.parametrize(
    ("network", "place"),
    [
        (GEOLITE, {"country": {"iso_code": "DE"}}),
        (GEOLITE, {"country_code": "DE"}),
        ({"traits": {"autonomous_system_number": 64500, "isp": "Örnek"}}, {"country": {"iso_code": "de"}}),
        ({"asn": "AS64500", "as_name": "Örnek"}, {"country": "DE"}),
    ],
)  # fmt: skip
def test_field_names_of_several_makers(tmp_path: Path, network: dict[str, Any], place: dict[str, Any]) -> None:
    networks = _write(tmp_path / "n.mmdb", {"192.0.2.0/24": network}, "DBIP-ASN-Lite")
    places = _write(tmp_path / "p.mmdb", {"192.0.2.0/24": place}, "DBIP-City-Lite")
    found = _found(hosting_of(OWN, asn_path=networks, country_path=places))
    assert (found.asn, found.organisation, found.country) == (64500, "Örnek", "DE")


@pytest.mark.parametrize(
    "record",
    [
        {"autonomous_system_number": "many", "autonomous_system_organization": 7},
        {"asn": 0, "as_name": ""},
        {"country": {"iso_code": "TUR"}, "country_code": 90},
        {"traits": "none", "country": ["TR"]},
        {"registered_country": {"iso_code": "US"}},
    ],
)
def test_odd_records_say_nothing(tmp_path: Path, record: dict[str, Any]) -> None:
    path = _write(tmp_path / "odd.mmdb", {"192.0.2.0/24": record}, "Odd")
    assert hosting_of(OWN, asn_path=path, country_path=path) is NoHosting.NOT_LISTED


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "::1", "192.168.1.1"])
def test_private_addresses_are_not_listed(asn: Path, city: Path, address: str) -> None:
    assert hosting_of(address, asn_path=asn, country_path=city) is NoHosting.NOT_LISTED


@pytest.mark.parametrize("address", ["", "ornek.example", "192.0.2", "192.0.2.5/24"])
def test_what_is_no_address(asn: Path, address: str) -> None:
    assert hosting_of(address, asn_path=asn) is NoHosting.NO_ADDRESS


def test_staleness_begins_after_180_days(tmp_path: Path) -> None:
    old = _write(tmp_path / "old.mmdb", NETWORKS, "GeoLite2-ASN", datetime(2026, 5, 1, tzinfo=UTC))
    assert database_state(old, date(2026, 10, 28)) == ("GeoLite2-ASN", date(2026, 5, 1), False)
    assert database_state(old, date(2026, 10, 29)) == ("GeoLite2-ASN", date(2026, 5, 1), True)


def test_missing_and_foreign_files(tmp_path: Path, asn: Path) -> None:
    assert hosting_of(OWN) is NoHosting.NOT_CONFIGURED
    missing, folder, page = tmp_path / "gone.mmdb", tmp_path, tmp_path / "page.mmdb"
    page.write_text("<html>Please sign in to download GeoLite2</html>")
    empty = tmp_path / "empty.mmdb"
    empty.touch()
    assert hosting_of(OWN, asn_path=missing) is NoHosting.MISSING
    assert hosting_of(OWN, asn_path=folder) is NoHosting.MISSING
    assert hosting_of(OWN, asn_path=page) is NoHosting.CORRUPT
    assert hosting_of(OWN, asn_path=empty) is NoHosting.CORRUPT
    assert hosting_of(OWN, asn_path="a\0b") is NoHosting.MISSING
    assert hosting_of(OWN, country_path=page) is NoHosting.CORRUPT
    assert database_state(page) is NoHosting.CORRUPT
    found = _found(hosting_of(OWN, asn_path=asn, country_path=page))
    assert (found.asn, found.no_country) == (64496, NoCountry.NO_DATABASE), "the sound file still counts"


def test_a_damaged_file_never_raises(tmp_path: Path, asn: Path) -> None:
    sound = asn.read_bytes()
    spread = random.Random(43)
    for number in range(400):
        damaged = bytearray(sound)
        for _ in range(spread.randrange(1, 5)):
            damaged[spread.randrange(len(damaged))] = spread.randrange(256)
        cut = len(damaged) if number % 4 else spread.randrange(len(damaged))
        aside = tmp_path / "aside"
        aside.write_bytes(damaged[:cut])
        path = tmp_path / "damaged.mmdb"
        aside.replace(path)
        for address in (OWN, CLOUD, "2001:db8::1"):
            assert isinstance(hosting_of(address, asn_path=path, country_path=path), Hosting | NoHosting)


def test_each_file_is_opened_once_and_anew_when_it_is_replaced(asn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    really = maxminddb.open_database

    def counting(path: str) -> maxminddb.Reader:
        opened.append(os.path.basename(path))
        return really(path)

    monkeypatch.setattr(maxminddb, "open_database", counting)
    for _ in range(5):
        assert _found(hosting_of(OWN, asn_path=asn)).asn == 64496
    assert opened == ["asn.mmdb"]
    _write(asn, {"192.0.2.0/24": {"autonomous_system_number": 64511}}, "GeoLite2-ASN")
    for _ in range(3):
        assert _found(hosting_of(OWN, asn_path=asn)).asn == 64511
    assert opened == ["asn.mmdb"] * 2


def test_the_files_of_the_demo(tmp_path: Path) -> None:
    asn, city = tmp_path / "a.mmdb", tmp_path / "c.mmdb"
    write_demo_files(asn, city, BUILT)
    whole = [hosting_of(f"192.0.2.{last}", asn_path=asn, country_path=city) for last in range(256)]
    assert {_found(one).country for one in whole} == {"TR", "DE", "NL", None}


def test_networks_that_overlap_are_refused_by_the_writer() -> None:
    with pytest.raises(ValueError, match="overlap"):
        mmdb({"192.0.2.0/24": {}, "192.0.2.0/25": {}}, database_type="X", built=BUILT)
    with pytest.raises(ValueError, match="overlap"):
        mmdb({"192.0.2.0/25": {}, "192.0.2.0/24": {}}, database_type="X", built=BUILT)
