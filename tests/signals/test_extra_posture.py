"""The marks that are shown but not scored: against a real DNS server, and as tables."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sandbox.dns import Fault, Record, World, serve
from sandbox.market import companies, extra_records, market_world
from signals.dns.resolver import DnsSettings
from signals.mail.extra_posture import (
    ExtraPosture,
    Mark,
    Sign,
    judge_extras,
    look_at_extras,
    signed_delegation,
)
from signals.observe import observe
from signals.types import Lookup

DOMAIN = "acme.example"
DS = "12345 13 2 " + "ab" * 32


@contextmanager
def _settings(*records: Record, faults: tuple[Fault, ...] = ()) -> Iterator[DnsSettings]:
    with serve(World(records, faults, zones=["example"])) as server:
        yield DnsSettings(servers=((server.host, server.port),), timeout_floor=0.1, timeout_ceiling=0.2, tries=2)


def _look(*records: Record, faults: tuple[Fault, ...] = ()) -> ExtraPosture:
    with _settings(*records, faults=faults) as settings:
        (found,) = look_at_extras([DOMAIN], settings=settings)
    return found


def _states(found: ExtraPosture) -> dict[str, str]:
    return {name: getattr(found, name).state.value for name in ("mta_sts", "tls_rpt", "bimi", "dnssec")}


WELL_KEPT = (
    Record(DOMAIN, "A", "192.0.2.1"),
    Record(DOMAIN, "DS", DS),
    Record(f"_mta-sts.{DOMAIN}", "TXT", "v=STSv1; id=20260101T000000"),
    Record(f"mta-sts.{DOMAIN}", "A", "192.0.2.2"),
    Record(f"_smtp._tls.{DOMAIN}", "TXT", f"v=TLSRPTv1; rua=mailto:tls@{DOMAIN}"),
    Record(f"default._bimi.{DOMAIN}", "TXT", f"v=BIMI1; l=https://{DOMAIN}/logo.svg; a="),
)


def test_a_well_kept_domain() -> None:
    found = _look(*WELL_KEPT)
    assert set(_states(found).values()) == {"present"}
    assert found.mta_sts_host is Mark.PRESENT
    assert found.dnssec.record == DS
    assert found.addresses == ("192.0.2.1",)
    assert {lookup.name for lookup in found.lookups} >= {found.mta_sts.name, found.tls_rpt.name, found.bimi.name}


def test_a_bare_domain() -> None:
    found = _look(Record(DOMAIN, "MX", "10 mail.acme.example"))
    assert set(_states(found).values()) == {"absent"}
    assert (found.addresses, found.addresses_known) == ((), True)
    assert found.mta_sts_host is Mark.UNKNOWN, "nobody asked for the host of a policy that is not there"


@pytest.mark.parametrize("kind", ["servfail", "refused", "timeout"])
def test_no_answer_is_never_an_absence(kind: str) -> None:
    found = _look(*WELL_KEPT, faults=(Fault("*", "*", kind),))
    assert set(_states(found).values()) == {"unknown"}
    assert {found.mta_sts.reason, found.dnssec.reason} == {"unanswered"}
    assert (found.addresses, found.addresses_known) == ((), False)


def test_one_silent_name_leaves_the_others_alone() -> None:
    found = _look(*WELL_KEPT, faults=(Fault(f"_smtp._tls.{DOMAIN}", "TXT", "servfail"),))
    assert _states(found) == {"mta_sts": "present", "tls_rpt": "unknown", "bimi": "present", "dnssec": "present"}


def test_a_record_without_its_policy_host() -> None:
    record = WELL_KEPT[2]
    assert _look(record).mta_sts_host is Mark.ABSENT
    assert _look(record, Record(f"mta-sts.{DOMAIN}", "AAAA", "2001:db8::1")).mta_sts_host is Mark.PRESENT
    unsure = _look(record, faults=(Fault(f"mta-sts.{DOMAIN}", "A", "servfail"),))
    assert (unsure.mta_sts.state, unsure.mta_sts_host) == (Mark.PRESENT, Mark.UNKNOWN)


@pytest.mark.parametrize(
    ("records", "addresses"),
    [
        ([Record(f"www.{DOMAIN}", "A", "192.0.2.9")], ("192.0.2.9",)),
        ([Record(f"www.{DOMAIN}", "CNAME", "host.example"), Record("host.example", "A", "192.0.2.8")], ("192.0.2.8",)),
        ([Record(DOMAIN, "AAAA", "2001:db8::8")], ("2001:db8::8",)),
        ([Record(DOMAIN, "A", "192.0.2.1"), Record(f"www.{DOMAIN}", "A", "192.0.2.9")], ("192.0.2.1",)),
    ],
)
def test_where_the_site_is(records: list[Record], addresses: tuple[str, ...]) -> None:
    assert _look(*records).addresses == addresses


def test_a_later_place_may_not_be_where_the_site_is() -> None:
    found = _look(Record(DOMAIN, "AAAA", "2001:db8::8"), faults=(Fault(f"www.{DOMAIN}", "A", "servfail"),))
    assert (found.addresses, found.addresses_known) == (("2001:db8::8",), False)


def _judged(name: str, *texts: str) -> ExtraPosture:
    lookup = Lookup(f"{name}{DOMAIN}", "TXT", "ok", texts)
    return judge_extras(DOMAIN, {(lookup.name, "TXT"): lookup})


@pytest.mark.parametrize(
    ("texts", "state", "reason"),
    [
        (("v=STSv1; id=1;",), "present", ""),
        (("v=STSv1;id=20160831085700Z;",), "present", ""),
        (("other", "v=STSv1; id=1"), "present", ""),
        (("v=STSv1; id=1", "v=STSv1; id=2"), "invalid", "several_records"),
        (("v=STSv1;",), "invalid", "syntax"),
        (("v=STSv1; id=not-a-word",), "invalid", "syntax"),
        (("v=STSv1; id=" + "1" * 33,), "invalid", "syntax"),
        (("v=STSv10; id=1",), "absent", ""),
        (("v=stsv1; id=1",), "absent", ""),
        ((" v=STSv1; id=1",), "absent", ""),
    ],
)
def test_mta_sts_records(texts: tuple[str, ...], state: str, reason: str) -> None:
    sign = _judged("_mta-sts.", *texts).mta_sts
    assert (sign.state.value, sign.reason) == (state, reason)


@pytest.mark.parametrize(
    ("texts", "state"),
    [
        (("v=TLSRPTv1;rua=mailto:reports@acme.example",), "present"),
        (("v=TLSRPTv1; rua=https://reports.acme.example/v1,mailto:a@b.example",), "present"),
        (("v=TLSRPTv1; rua=http://plain.example",), "invalid"),
        (("v=TLSRPTv1;",), "invalid"),
        (("v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=mailto:c@b.example"), "invalid"),
        (("v=TLSRPTv2; rua=mailto:a@b.example",), "absent"),
    ],
)
def test_tls_rpt_records(texts: tuple[str, ...], state: str) -> None:
    assert _judged("_smtp._tls.", *texts).tls_rpt.state.value == state


@pytest.mark.parametrize(
    ("texts", "state", "reason"),
    [
        (("v=BIMI1; l=https://acme.example/logo.svg",), "present", ""),
        (("v=BIMI1; l=; a=;",), "absent", "declined"),
        (("v=BIMI1; l=",), "absent", "declined"),
        (("v=BIMI1; l=http://acme.example/logo.svg",), "invalid", "syntax"),
        (("v=BIMI1;",), "invalid", "syntax"),
    ],
)
def test_bimi_records(texts: tuple[str, ...], state: str, reason: str) -> None:
    sign = _judged("default._bimi.", *texts).bimi
    assert (sign.state.value, sign.reason) == (state, reason)


@pytest.mark.parametrize(
    ("dns", "registry", "together"),
    [
        ("present", True, "present"), ("absent", False, "absent"), ("present", None, "present"),
        ("unknown", True, "present"), ("unknown", False, "absent"), ("unknown", None, "unknown"),
        ("present", False, "unknown"), ("absent", True, "unknown"),
    ],
)  # fmt: skip
def test_dns_and_the_registry_about_a_signed_delegation(dns: str, registry: bool | None, together: str) -> None:
    sign = Sign(state=Mark(dns), name=DOMAIN, type="DS")
    assert signed_delegation(sign, registry).state.value == together


def test_the_market() -> None:
    market = list(companies(150))
    with serve(market_world(market)) as server:
        settings = DnsSettings(servers=((server.host, server.port),))
        found = look_at_extras([company.domain for company in market], settings=settings)
    assert [one.domain for one in found] == [company.domain for company in market]
    for company, one in zip(market, found, strict=True):
        names = {record.name for record in extra_records(company.domain) if record.type in ("TXT", "DS")}
        assert {
            sign.name for sign in (one.mta_sts, one.tls_rpt, one.bimi, one.dnssec) if sign.state is Mark.PRESENT
        } == names
        assert one.addresses


def test_the_look_that_is_judged_asks_none_of_this() -> None:
    async def names(*, thorough: bool) -> set[tuple[str, str]]:
        with _settings(*WELL_KEPT, Record(DOMAIN, "MX", f"10 mail.{DOMAIN}")) as settings:
            return {
                (lookup.name, lookup.type)
                async for observation in observe([DOMAIN], settings=settings, thorough=thorough)
                for lookup in observation.lookups
            }

    for thorough in (False, True):
        asked = asyncio.run(names(thorough=thorough))
        assert not [name for name, kind in asked if "_mta-sts" in name or "_tls" in name or "_bimi" in name]
        assert (DOMAIN, "DS") not in asked
