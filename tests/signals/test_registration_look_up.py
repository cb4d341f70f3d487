"""Look-ups over real sockets against the sandbox: what is learned, in which weather, and how politely."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from outbound.errors import OutboundError
from sandbox.registration_whois import WhoisServer
from signals.outcomes import Reason, Unknown
from signals.politeness import PACE, STOP, Politeness
from signals.registration.bootstrap import (
    SNAPSHOT,
    BootstrapError,
    RdapServer,
    directory,
    fetch_bootstrap,
    read_bootstrap,
)
from signals.registration.facts import NotRegistered, Protocol, Registration
from signals.registration.look_up import Registries, look_up
from signals.registration.whois import LIMIT, AnswerTooLong, ask, parse_whois_server
from tests.signals.registries import MARKET, Town, town

COMPANY = MARKET[0].domain
LABEL = COMPANY.partition(".")[0]


@pytest.fixture(scope="module")
def place() -> Iterator[Town]:
    with town() as running:
        yield running


@pytest.fixture
def market(place: Town) -> Iterator[Town]:
    yield place
    place.cloud.faults.clear()
    place.cloud.journal.clear()


def _known(found: object) -> Registration:
    assert isinstance(found, Registration), found
    return found


def _nothing(found: object) -> Unknown:
    assert isinstance(found, Unknown), found
    return found


# What is learned


def test_rdap_and_port_43_tell_the_same_about_a_company(market: Town) -> None:
    registries = market.registries()
    encodings = set()
    for company in MARKET:
        entry = market.cloud.registry.find(company.domain)
        assert entry is not None
        over_rdap = _known(look_up(company.domain, registries))
        twin = company.domain.replace(".example", ".com.tr")
        over_port_43 = _known(look_up(twin, registries))
        for found in (over_rdap, over_port_43):
            assert (found.registrar, found.created, found.expires) == (entry.registrar, entry.created, entry.expires)
            assert (found.name_servers, found.doubts) == (entry.name_servers, ())
        assert (over_rdap.protocol, over_rdap.source) == (Protocol.RDAP, "rdap.nic.example")
        assert (over_port_43.protocol, over_port_43.source) == (Protocol.WHOIS, "whois.trabis.gov.tr")
        assert (over_rdap.registrar_id, over_rdap.signed) == (entry.registrar_id, entry.signed)
        encodings.add(entry.latin5)
    assert encodings == {True, False}, "both encodings of port 43 were read"


@pytest.mark.parametrize("domain", ["kayitsiz-ad.com.tr", "kayitsiz-ad.com", "nobody-of-the-market.example"])
def test_what_is_not_registered_is_a_fact(market: Town, domain: str) -> None:
    found = look_up(domain, market.registries())
    assert isinstance(found, NotRegistered)
    assert found.excerpt.startswith(("No match found", "HTTP 404"))


@pytest.mark.parametrize(
    ("domain", "host"),
    [
        ("ornek.com", "rdap.verisign.com"), ("ornek.co.uk", "rdap.nominet.uk"), ("ornek.de", "rdap.denic.de"),
        ("ornek.com.tr", "whois.trabis.gov.tr"), ("ornek.tr", "whois.trabis.gov.tr"),
        ("ornek.org", "rdap.publicinterestregistry.org"), ("ornek.test", "whois.trabis.gov.tr"),
    ],
)  # fmt: skip
def test_each_suffix_has_its_registry(market: Town, domain: str, host: str) -> None:
    assert _known(look_up(domain, market.registries())).source == host


@pytest.mark.parametrize(
    ("domain", "reason"),
    [("ornek.ru", Reason.NO_SERVER), ("localhost", Reason.INVALID_NAME), ("a b.com", Reason.INVALID_NAME)],
)
def test_without_a_server_nothing_is_asked(market: Town, domain: str, reason: Reason) -> None:
    found = _nothing(look_up(domain, market.registries()))
    assert (found.reason, found.retry_after, found.source) == (reason, None, "")
    assert market.cloud.journal.requests() == []


def test_the_asker_says_who_he_is(market: Town) -> None:
    look_up(COMPANY, market.registries())
    (entry,) = market.cloud.journal.requests("rdap")
    assert entry.headers["user-agent"].startswith("Hunter ")
    assert entry.headers["accept"].startswith("application/rdap+json")


# Bad weather


@pytest.mark.parametrize(
    ("fault", "options", "reason"),
    [
        ("status", {"code": 500}, Reason.SERVER),
        ("status", {"code": 503, "retry_after": 30}, Reason.RATE_LIMITED),
        ("html_status", {"code": 502}, Reason.SERVER),
        ("html_status", {"code": 404}, Reason.MALFORMED),
        ("throttle", {"retry_after": 30}, Reason.RATE_LIMITED),
        ("throttle", {"retry_after": None}, Reason.RATE_LIMITED),
        ("forbidden", {}, Reason.REFUSED),
        ("close", {}, Reason.NETWORK),
        ("reset", {}, Reason.NETWORK),
        ("late", {"seconds": 0.8}, Reason.TIMEOUT),
        ("slow", {"seconds": 0.1, "chunk": 60}, Reason.TIMEOUT),
        ("truncated", {}, Reason.MALFORMED),
        ("malformed", {}, Reason.MALFORMED),
        ("latin5", {}, Reason.MALFORMED),
        ("contradictory", {"about": "name"}, Reason.MISMATCH),
    ],
)
def test_rdap_in_bad_weather_is_unknown(market: Town, fault: str, options: dict[str, Any], reason: Reason) -> None:
    domain = next(
        company.domain
        for company in MARKET
        if (entry := market.cloud.registry.find(company.domain)) and not entry.registrar.isascii()
    )
    market.cloud.faults.add("rdap", fault, **options)
    began = time.monotonic()
    found = _nothing(look_up(domain, market.registries()))
    assert time.monotonic() - began < 2.5
    assert found.reason is reason
    assert found.retry_after is not None
    assert len(market.cloud.journal.requests("rdap")) == 1, "one question, no repeats"


@pytest.mark.parametrize(
    ("fault", "options", "reason"),
    [
        ("throttle", {}, Reason.REFUSED),
        ("close", {}, Reason.REFUSED),
        ("reset", {}, Reason.NETWORK),
        ("late", {"seconds": 1.2}, Reason.TIMEOUT),
        ("slow", {"seconds": 0.2, "chunk": 40}, Reason.TIMEOUT),
        ("malformed", {}, Reason.MALFORMED),
        ("garbage", {}, Reason.MALFORMED),
        ("contradictory", {"about": "name"}, Reason.MISMATCH),
    ],
)
def test_port_43_in_bad_weather_is_unknown(market: Town, fault: str, options: dict[str, Any], reason: Reason) -> None:
    market.cloud.faults.add("whois", fault, **options)
    began = time.monotonic()
    found = _nothing(look_up(f"{LABEL}.com.tr", market.registries()))
    assert time.monotonic() - began < 2
    assert found.reason is reason
    assert found.retry_after is not None


def test_a_cut_answer_of_port_43_says_nothing(market: Town) -> None:
    market.cloud.faults.add("whois", "truncated")
    assert _nothing(look_up(f"{LABEL}.com.tr", market.registries())).reason is Reason.MALFORMED


@pytest.mark.parametrize("domain", [COMPANY, f"{LABEL}.com.tr"])
def test_redacted_answers_leave_gaps(market: Town, domain: str) -> None:
    for route in ("rdap", "whois"):
        market.cloud.faults.add(route, "redacted")
    found = _known(look_up(domain, market.registries()))
    assert (found.registrar, found.name_servers) == (None, ())
    assert "registrar" in found.redacted
    assert found.expires is not None


@pytest.mark.parametrize(
    ("about", "gone"),
    [("dates", {"created", "expires"}), ("far", {"expires"}), ("registrars", {"registrar"})],
)
@pytest.mark.parametrize("domain", [COMPANY, f"{LABEL}.com.tr"])
def test_contradictory_answers_are_doubted(market: Town, domain: str, about: str, gone: set[str]) -> None:
    for route in ("rdap", "whois"):
        market.cloud.faults.add(route, "contradictory", about=about)
    found = _known(look_up(domain, market.registries()))
    assert gone <= {doubt.field for doubt in found.doubts}
    assert [getattr(found, name) for name in gone] == [None] * len(gone)
    assert found.name_servers


def test_garbage_of_rdap_never_raises(market: Town) -> None:
    for seed in range(12):
        market.cloud.faults.add("rdap", "garbage", seed=seed)
        assert _nothing(look_up(COMPANY, market.registries())).reason is Reason.MALFORMED


def test_nobody_listens(market: Town) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
    assert _nothing(look_up(f"{LABEL}.tr", market.registries(whois_server=address))).reason is Reason.NETWORK


@contextmanager
def _talker(octets: bytes, pause: float = 0.0) -> Iterator[tuple[str, int]]:
    """A server that sends these octets for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk() -> None:
            client, _ = listener.accept()
            with client:
                try:
                    while True:
                        client.sendall(octets)
                        time.sleep(pause)
                except OSError:
                    return

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        yield listener.getsockname()
        thread.join()


def test_an_endless_answer_is_cut_off() -> None:
    with _talker(b"x" * 5000) as address, pytest.raises(AnswerTooLong):
        ask(address, "ornek.com.tr", timeout=5)
    assert LIMIT < 1 << 20


def test_an_answer_that_drips_meets_the_deadline() -> None:
    began = time.monotonic()
    with _talker(b"x", pause=0.05) as address, pytest.raises(TimeoutError):
        ask(address, "ornek.com.tr", timeout=0.4)
    assert time.monotonic() - began < 1


def test_a_sandbox_without_a_port_43_asks_nobody(market: Town) -> None:
    registries = Registries(directory(sandbox=True), sandbox_url=market.cloud.url)
    assert _nothing(look_up("ornek.com.tr", registries)).reason is Reason.NO_SERVER


# Politeness


class _Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1_795_600_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds


def test_a_host_is_asked_once_a_second_and_others_meanwhile(market: Town) -> None:
    clock = _Clock()
    registries = market.registries(politeness=Politeness(), clock=clock, sleep=clock.sleep)
    for domain in ("ornek.com", "ornek.net.tr", "ornek.org", "deneme.com", "deneme.com.tr"):
        _known(look_up(domain, registries))
    assert clock.slept == [PACE], "the second .com waited; by then .tr was open again"


def test_a_refusal_stops_an_hour_and_the_next_is_not_even_asked(market: Town) -> None:
    clock = _Clock()
    registries = market.registries(politeness=Politeness(), clock=clock, sleep=clock.sleep)
    market.cloud.faults.add("whois", "throttle")
    assert _nothing(look_up("ornek.com.tr", registries)).retry_after == STOP
    clock.now += 1800
    held = _nothing(look_up("deneme.com.tr", registries))
    assert (held.reason, held.retry_after) == (Reason.HELD, 1800)
    assert len(market.cloud.journal.requests("whois")) == 1
    _known(look_up("ornek.com", registries))
    clock.now += 1801
    _known(look_up("deneme.com.tr", registries))
    assert clock.slept == []


def test_a_retry_after_is_honoured(market: Town) -> None:
    clock = _Clock()
    registries = market.registries(politeness=Politeness(), clock=clock, sleep=clock.sleep)
    market.cloud.faults.add("rdap", "throttle", retry_after=40)
    assert _nothing(look_up("ornek.com", registries)).retry_after == 40
    assert _nothing(look_up("ornek.com", registries)).reason is Reason.HELD
    clock.now += 41
    market.cloud.faults.add("rdap", "throttle", retry_after=7200)
    assert _nothing(look_up("ornek.com", registries)).retry_after == STOP


def test_a_host_that_is_down_is_left_alone_for_longer_and_longer(market: Town) -> None:
    clock = _Clock()
    registries = market.registries(politeness=Politeness(), clock=clock, sleep=clock.sleep)
    market.cloud.faults.add("rdap", "status", times=3, code=500)
    pauses = []
    for _ in range(3):
        pause = _nothing(look_up("ornek.com", registries)).retry_after
        assert pause is not None
        pauses.append(pause)
        clock.now += pause
    assert pauses == [15, 30, 60]
    _known(look_up("ornek.com", registries))
    clock.now += 2
    market.cloud.faults.add("rdap", "status", code=500)
    assert _nothing(look_up("ornek.com", registries)).retry_after == 15


def test_a_name_the_server_rejects_closes_nothing(market: Town) -> None:
    registries = market.registries()
    market.cloud.faults.add("rdap", "status", code=400)
    found = _nothing(look_up("ornek.com", registries))
    assert (found.reason, found.retry_after) == (Reason.REFUSED, None)
    _known(look_up("deneme.com", registries))


def test_the_gate_outlives_its_process() -> None:
    gate = Politeness()
    gate.refused("rdap.nic.example", 100.0)
    gate.failed("rdap.verisign.com", 100.0)
    again = Politeness.from_dict(gate.as_dict())
    assert again.wait("rdap.nic.example", 200.0) == STOP - 100
    assert again.failed("rdap.verisign.com", 200.0) == 30
    assert again.wait("rdap.sidn.nl", 200.0) == 0


# Whom to ask


def test_the_snapshot_is_in_ianas_form_and_dated() -> None:
    servers, published = read_bootstrap(SNAPSHOT)
    assert servers["com"] == "https://rdap.verisign.com/com/v1/"
    assert servers["uk"] == "https://rdap.nominet.uk/uk/"
    assert published == date(2026, 11, 25)
    assert "tr" not in servers
    assert "NOT A COPY" in SNAPSHOT.read_text(encoding="utf-8")


def test_overrides_count_only_where_the_list_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "dns.json"
    path.write_text('{"services": [[["DE"], ["http://rdap.new.example", "https://rdap.new.example"]]]}')
    asked = directory(path)
    assert asked.server_of("ornek.de") == RdapServer("https://rdap.new.example/")
    assert asked.server_of("ornek.ch") == RdapServer("https://rdap.nic.ch/")
    assert asked.server_of("ornek.com") is None
    assert asked.server_of("ornek.example") is None, "fictional names are known in a sandbox only"
    assert asked.published is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"services": []}',
        '{"services": [[["com"], ["http://plain.example/"]], 7, [[], 3]]}',
        "[" * 9000,
    ],
)
def test_what_is_no_bootstrap_is_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "dns.json"
    path.write_text(text)
    with pytest.raises(BootstrapError, match=r"\w+\.$"):
        read_bootstrap(path)
    with pytest.raises(BootstrapError):
        read_bootstrap(tmp_path / "nowhere.json")


def test_the_list_is_fetched_whole_or_not_at_all(market: Town, tmp_path: Path) -> None:
    path = tmp_path / "dns.json"
    fetched = fetch_bootstrap(path, sandbox_url=market.cloud.url)
    assert fetched.server_of("ornek.istanbul") == RdapServer("https://rdap.nic.istanbul.example/")
    assert fetched.published is not None
    assert abs(fetched.published - datetime.now(UTC).date()) <= timedelta(days=1)
    before = path.read_bytes()
    market.cloud.faults.add("bootstrap", "status", times=None, code=404)
    with pytest.raises(OutboundError):
        fetch_bootstrap(path, sandbox_url=market.cloud.url)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "server"),
    [("", None), ("127.0.0.1:4343", ("127.0.0.1", 4343)), (" whois.trabis.gov.tr ", ("whois.trabis.gov.tr", 43))],
)
def test_the_setting_of_port_43(text: str, server: tuple[str, int] | None) -> None:
    assert parse_whois_server(text) == server


@pytest.mark.parametrize("text", ["host:0", "host:port", ":43", "a b:43", "host:99999"])
def test_a_bad_setting_of_port_43_is_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"must look like host or host:port\.$"):
        parse_whois_server(text)


def test_the_server_stops(market: Town) -> None:
    with WhoisServer(market.cloud.registry, market.cloud.faults, market.cloud.journal) as server:
        assert ask(server.address, "ornek.test").startswith(b"** Domain Name")
    with pytest.raises(OSError):
        ask(server.address, "ornek.test")
    server.stop()
