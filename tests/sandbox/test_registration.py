"""The registries of the sandbox: facts that stay, RDAP and port 43 as a client meets them, and the control of both."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import requests

from sandbox.cloud import Cloud
from sandbox.market import companies, company_records
from sandbox.registration import REGISTRARS, Registry
from sandbox.registration_whois import WhoisServer
from tests.sandbox.conftest import ToLoopback

MARKET = list(companies(360))
TODAY = date(2026, 11, 25)
COMPANY = MARKET[0].domain


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Cloud, WhoisServer]]:
    with Cloud(market=MARKET) as cloud, WhoisServer(cloud.registry, cloud.faults, cloud.journal) as server:
        yield cloud, server


@pytest.fixture
def place(running: tuple[Cloud, WhoisServer]) -> Iterator[tuple[Cloud, WhoisServer]]:
    yield running
    running[0].faults.clear()
    running[0].journal.clear()


def _rdap(cloud: Cloud, domain: str, base: str = "https://rdap.nic.example") -> requests.Response:
    with requests.Session() as session:
        session.mount("https://", ToLoopback(cloud.url))
        return session.get(f"{base}/domain/{domain}", timeout=5)


def _whois(server: WhoisServer, line: str) -> bytes:
    answer = b""
    with socket.create_connection(server.address, timeout=5) as connection:
        connection.sendall(line.encode() + b"\r\n")
        with suppress(ConnectionResetError):
            while piece := connection.recv(4096):
                answer += piece
    return answer


def test_the_market_is_the_same_at_every_start() -> None:
    first, second = Registry(MARKET, today=TODAY), Registry(MARKET, today=TODAY)
    entries = [first.find(company.domain) for company in MARKET]
    assert entries == [second.find(company.domain) for company in MARKET]
    known = [entry for entry in entries if entry is not None]
    assert len(known) == sum(bool(company_records(company.domain)) for company in MARKET) == 359
    assert {entry.registrar for entry in known} == {name for name, _, _ in REGISTRARS}
    left = [(entry.expires - TODAY).days for entry in known]
    for first_day, last_day in ((-25, -1), (1, 30), (31, 60), (61, 90), (91, 2000)):
        assert sum(first_day <= days <= last_day for days in left) >= 5
    assert all(entry.created < TODAY and entry.created < entry.expires for entry in known)
    assert 0.2 < sum(entry.latin5 for entry in known) / len(known) < 0.5


def test_a_company_is_itself_below_every_suffix() -> None:
    registry = Registry(MARKET, today=TODAY)
    own, twin = registry.find(COMPANY), registry.find(COMPANY.replace(".example", ".com.tr"))
    assert own is not None
    assert twin is not None
    assert (own.registrar, own.expires, own.owner) == (twin.registrar, twin.expires, MARKET[0].name)
    assert registry.find("nobody.example") is None
    assert registry.find("kayitsiz.com.tr") is None
    assert registry.find("example") is None


def test_rdap_answers_in_its_own_words(place: tuple[Cloud, WhoisServer]) -> None:
    cloud, _ = place
    answer = _rdap(cloud, COMPANY)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/rdap+json")
    content = answer.json()
    assert (content["objectClassName"], content["ldhName"]) == ("domain", COMPANY.upper())
    missing = _rdap(cloud, "nobody.example")
    assert (missing.status_code, missing.json()["errorCode"]) == (404, 404)
    assert _rdap(cloud, "ornek.com", "https://rdap.verisign.com/com/v1").status_code == 200
    cloud.faults.add("rdap", "throttle", retry_after=9)
    refused = _rdap(cloud, COMPANY)
    assert (refused.status_code, refused.headers["Retry-After"], refused.json()["errorCode"]) == (429, "9", 429)
    assert [entry.status for entry in cloud.journal.requests("rdap")] == [200, 404, 200, 429]


def test_port_43_answers_in_one_of_two_encodings(place: tuple[Cloud, WhoisServer]) -> None:
    cloud, server = place
    for latin5, encoding in ((True, "iso8859-9"), (False, "utf-8")):
        cloud.registry.edit("ornek.com.tr", latin5=latin5, registrar="Işıkçağ Şebeke A.Ş.", expires="2027-08-22")
        text = _whois(server, "ORNEK.com.tr").decode(encoding)
        assert "** Domain Name: ornek.com.tr\r\n" in text
        assert "Organization Name\t: Işıkçağ Şebeke A.Ş." in text
        assert "Expires on..............: 2027-Aug-22." in text
    assert _whois(server, "kayitsiz.com.tr") == b'No match found for "kayitsiz.com.tr"\r\n'
    assert [entry.path for entry in cloud.journal.requests("whois")][-1] == "/kayitsiz.com.tr"


@pytest.mark.parametrize(
    ("fault", "options", "octets"),
    [
        ("throttle", {}, b"query limit"),
        ("close", {}, b""),
        ("malformed", {}, b"<!doctype html>"),
        ("latin5", {}, "Türkiye".encode("iso8859-9")),
        ("redacted", {}, b"Organization Name\t: Hidden upon user request"),
        ("contradictory", {"about": "far"}, b"9999-Dec-31."),
    ],
)
def test_faults_of_port_43(
    place: tuple[Cloud, WhoisServer], fault: str, options: dict[str, Any], octets: bytes
) -> None:
    cloud, server = place
    cloud.faults.add("whois", fault, **options)
    assert octets in _whois(server, "deneme.com.tr")
    assert b"** Domain Name" in _whois(server, "deneme.com.tr"), "one question only"


def test_truncated_and_slow_port_43(place: tuple[Cloud, WhoisServer]) -> None:
    cloud, server = place
    whole = _whois(server, "deneme.com.tr")
    cloud.faults.add("whois", "truncated")
    assert _whois(server, "deneme.com.tr") == whole[: len(whole) // 2]
    cloud.faults.add("whois", "slow", seconds=0.01, chunk=200)
    assert _whois(server, "deneme.com.tr") == whole
    cloud.faults.add("whois", "reset")
    assert len(_whois(server, "deneme.com.tr")) < len(whole)


def _control(cloud: Cloud, method: str, path: str, content: Any = None) -> requests.Response:
    return requests.request(method, f"{cloud.url}/_sandbox/{path}", json=content, timeout=5)


def test_control_of_registrations_and_tenants(place: tuple[Cloud, WhoisServer]) -> None:
    cloud, _ = place
    soon = str(datetime.now(UTC).date() + timedelta(days=9))
    assert _control(
        cloud, "PATCH", f"registration/{COMPANY}", {"expires": soon, "name_servers": ["ns.acme.example"]}
    ).ok
    entry = _control(cloud, "GET", f"registration/{COMPANY}").json()
    assert (entry["expires"], entry["name_servers"], entry["owner"]) == (soon, ["ns.acme.example"], MARKET[0].name)
    assert _control(cloud, "PATCH", f"registration/{COMPANY}", {"price": 1}).status_code == 400
    assert _control(cloud, "PATCH", f"registration/{COMPANY}", {"expires": "soon"}).status_code == 400
    assert _control(cloud, "DELETE", f"registration/{COMPANY}").ok
    assert _control(cloud, "GET", f"registration/{COMPANY}").status_code == 404
    assert _rdap(cloud, COMPANY).status_code == 404
    assert _control(cloud, "PATCH", "tenants/acme.example", {"brand": "Acme", "sign_in_url": None}).ok
    assert _control(cloud, "GET", "tenants/acme.example").json()["brand"] == "Acme"
    assert _control(cloud, "PATCH", "tenants/acme.example", {"size": 3}).status_code == 400
    assert _control(cloud, "DELETE", "tenants/acme.example").ok
    assert _control(cloud, "GET", "tenants/acme.example").status_code == 404
    assert _control(cloud, "PUT", "tenants/acme.example").status_code == 405


def test_tenants_of_the_market_and_of_the_demo(place: tuple[Cloud, WhoisServer]) -> None:
    cloud, _ = place
    with requests.Session() as session:
        session.mount("https://", ToLoopback(cloud.url))
        base = "https://login.microsoftonline.com"

        def document(domain: str) -> requests.Response:
            return session.get(f"{base}/{domain}/v2.0/.well-known/openid-configuration", timeout=5)

        def realm(domain: str) -> dict[str, Any]:
            query = {"login": f"x@{domain}", "json": "1"}
            content: dict[str, Any] = session.get(f"{base}/getuserrealm.srf", params=query, timeout=5).json()
            return content

        known = 0
        for company in MARKET[:80]:
            entry = cloud.entra.tenants.find(company.domain)
            answer = document(company.domain)
            if entry is None:
                assert answer.status_code == 400
                assert answer.json()["error"] == "invalid_tenant"
                assert answer.json()["error_codes"] == [90002]
                assert realm(company.domain)["NameSpaceType"] == "Unknown"
                continue
            known += 1
            assert answer.json()["issuer"] == f"{base}/{entry.tenant_id}/v2.0"
            assert realm(company.domain)["NameSpaceType"] == ("Federated" if entry.sign_in_url else "Managed")
        assert 10 < known < 70
        assert document("ornekbilisim.example").json()["issuer"] == f"{base}/{cloud.entra.tenant}/v2.0"
        assert realm("ornekbilisim.example")["NameSpaceType"] == "Managed"
