"""The tenant look-up over real HTTP against the sandbox, and the documents it cannot believe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outbound.session import Policy
from sandbox.cloud import Cloud
from sandbox.market import companies
from signals.outcomes import Reason, Unknown
from signals.politeness import STOP, Politeness
from signals.tenant import LOGIN, NoTenant, SignIn, Tenant, TenantLookup, read_entra_error, read_issuer, read_realm

MARKET = list(companies(60))
HASTY = Policy(connect_timeout=2, read_timeout=0.5, total_timeout=1, attempts=1)


@pytest.fixture(scope="module")
def running() -> Iterator[Cloud]:
    with Cloud(market=MARKET) as cloud:
        yield cloud


@pytest.fixture
def cloud(running: Cloud) -> Iterator[Cloud]:
    yield running
    running.faults.clear()
    running.journal.clear()


def _lookup(cloud: Cloud, **options: Any) -> TenantLookup:
    return TenantLookup(sandbox_url=cloud.url, **{"politeness": Politeness(pace=0), "policy": HASTY} | options)


def _with_tenant(cloud: Cloud) -> str:
    return next(company.domain for company in MARKET if cloud.entra.tenants.find(company.domain))


def _without(cloud: Cloud) -> str:
    return next(company.domain for company in MARKET if not cloud.entra.tenants.find(company.domain))


def test_the_whole_market(cloud: Cloud) -> None:
    lookup = _lookup(cloud)
    kinds = set()
    for company in MARKET:
        entry = cloud.entra.tenants.find(company.domain)
        found = lookup.look_up(company.domain)
        if entry is None:
            assert isinstance(found, NoTenant)
            assert "AADSTS90002" in found.excerpt
            continue
        assert isinstance(found, Tenant)
        assert (found.tenant_id, found.region, found.brand) == (entry.tenant_id, entry.region, company.name)
        assert UUID(found.tenant_id)
        assert (found.source, found.cloud, found.sign_in_unknown) == (LOGIN, "microsoftonline.com", None)
        kinds.add(found.sign_in)
    assert kinds == {SignIn.MANAGED, SignIn.FEDERATED}
    logins = {entry.options["login"] for entry in cloud.journal.requests("realm")}
    assert all(login.startswith("x@") for login in logins), "no real mailbox is ever named"


@pytest.mark.parametrize(
    ("url", "host", "godaddy"),
    [
        ("https://sso.secureserver.net/?app=o365&username=x", "sso.secureserver.net", True),
        ("https://sso.godaddy.com/login", "sso.godaddy.com", True),
        ("https://sts.acme.example/adfs/ls/", "sts.acme.example", False),
        ("https://notgodaddy.com/", "notgodaddy.com", False),
        ("https://[broken", None, False),
    ],
)
def test_a_federation_names_its_host(cloud: Cloud, url: str, host: str | None, godaddy: bool) -> None:
    cloud.entra.tenants.edit("acme.example", sign_in_url=url)
    found = _lookup(cloud).look_up("acme.example")
    assert isinstance(found, Tenant)
    assert (found.sign_in, found.federation_host, found.is_godaddy) == (SignIn.FEDERATED, host, godaddy)


@pytest.mark.parametrize(
    ("fault", "options", "reason"),
    [
        ("forbidden", {}, Reason.REFUSED),
        ("throttle", {"retry_after": 20}, Reason.RATE_LIMITED),
        ("status", {"code": 500}, Reason.SERVER),
        ("html_status", {"code": 400}, Reason.MALFORMED),
        ("html_status", {"code": 404}, Reason.MALFORMED),
        ("close", {}, Reason.NETWORK),
        ("late", {"seconds": 0.8}, Reason.TIMEOUT),
        ("truncated", {}, Reason.MALFORMED),
        ("malformed", {}, Reason.MALFORMED),
    ],
)
def test_without_a_clear_answer_nothing_is_known(
    cloud: Cloud, fault: str, options: dict[str, Any], reason: Reason
) -> None:
    for domain in (_without(cloud), _with_tenant(cloud)):
        cloud.faults.add("tenant", fault, **options)
        found = _lookup(cloud).look_up(domain)
        assert isinstance(found, Unknown)
        assert found.reason is reason
        assert found.retry_after is not None
    assert len(cloud.journal.requests("tenant")) == 2


@pytest.mark.parametrize(
    ("fault", "reason"), [("throttle", Reason.RATE_LIMITED), ("close", Reason.NETWORK), ("malformed", Reason.MALFORMED)]
)
def test_a_tenant_without_its_realm_is_a_tenant(cloud: Cloud, fault: str, reason: Reason) -> None:
    cloud.faults.add("realm", fault)
    found = _lookup(cloud).look_up(_with_tenant(cloud))
    assert isinstance(found, Tenant)
    assert (found.sign_in, found.is_godaddy, found.sign_in_unknown) == (None, None, reason)


def test_a_block_stops_an_hour(cloud: Cloud) -> None:
    now = 1_795_600_000.0
    lookup = _lookup(cloud, politeness=Politeness(), clock=lambda: now)
    cloud.faults.add("tenant", "forbidden")
    blocked = lookup.look_up(_with_tenant(cloud))
    held = lookup.look_up(_without(cloud))
    assert isinstance(blocked, Unknown)
    assert isinstance(held, Unknown)
    assert (blocked.retry_after, held.reason, held.retry_after) == (STOP, Reason.HELD, STOP)
    assert len(cloud.journal.requests("tenant")) == 1


@pytest.mark.parametrize("domain", ["", "common", "organizations", "a b.example", "acme.example/x", "ışık.example"])
def test_only_domains_are_asked_for(cloud: Cloud, domain: str) -> None:
    found = _lookup(cloud).look_up(domain)
    assert isinstance(found, Unknown)
    assert (found.reason, found.retry_after) == (Reason.INVALID_NAME, None)
    assert cloud.journal.requests() == []


GUID = "a7785145-ebfd-5410-9e73-e70e4f925718"


@pytest.mark.parametrize(
    ("document", "tenant"),
    [
        ({"issuer": f"https://login.microsoftonline.com/{GUID}/v2.0"}, GUID),
        ({"issuer": f"https://login.partner.microsoftonline.cn/{GUID.upper()}/v2.0"}, GUID),
        ({"issuer": f"https://sts.windows.net/{GUID}/"}, GUID),
        ({"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}, None),
        ({"issuer": "https://login.microsoftonline.com/------------------------------------/v2.0"}, None),
        ({"issuer": f"http://login.microsoftonline.com/{GUID}/v2.0"}, None),
        ({"issuer": [GUID]}, None),
        ({}, None),
        ([], None),
        (None, None),
    ],
)
def test_the_tenant_id_is_the_issuers(document: Any, tenant: str | None) -> None:
    assert read_issuer(document)[0] == tenant


@pytest.mark.parametrize(
    ("document", "sign_in", "unknown", "doubt"),
    [
        ({"NameSpaceType": "Managed", "DomainName": "acme.example"}, SignIn.MANAGED, None, None),
        ({"NameSpaceType": "Federated", "DomainName": "ACME.example"}, SignIn.FEDERATED, None, None),
        ({"NameSpaceType": "Unknown"}, None, None, "realm_without_tenant"),
        ({"NameSpaceType": "Managed", "DomainName": "other.example"}, None, None, "other_domain"),
        ({"NameSpaceType": "Something new"}, None, Reason.MALFORMED, None),
        ({}, None, Reason.MALFORMED, None),
        ("text", None, Reason.MALFORMED, None),
    ],
)
def test_realms(document: Any, sign_in: SignIn | None, unknown: Reason | None, doubt: str | None) -> None:
    realm = read_realm(document, "acme.example")
    assert (realm.sign_in, realm.unknown) == (sign_in, unknown)
    assert next((one.reason for one in realm.doubts), None) == doubt


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"error": "invalid_tenant", "error_description": "AADSTS90002: Tenant not found."}', "AADSTS90002"),
        ('{"error": "invalid_request", "error_description": "AADSTS50020: no."}', "AADSTS50020"),
        ('{"error": "invalid_tenant"}', "unreadable"),
        ('{"error_description": 90002}', "unreadable"),
        ("AADSTS90002", "unreadable"),
        ("[" * 100_000, "unreadable"),
    ],
)
def test_errors_are_known_by_their_number(body: str, code: str) -> None:
    assert read_entra_error(400, body).code == code


def test_a_page_on_the_way_is_told_from_entra() -> None:
    found = read_entra_error(400, '{"error_description": "AADSTS900021: not a valid identifier."}')
    assert (found.code, found.category) == ("AADSTS900021", None)
    assert read_entra_error(403, "<html>").category is None, "a block is a block in any words"


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.lists(st.text(max_size=3), max_size=2)


@settings(max_examples=100, deadline=timedelta(milliseconds=300))
@given(
    st.dictionaries(
        st.sampled_from(["NameSpaceType", "DomainName", "FederationBrandName", "AuthURL", "issuer"]),
        VALUES | st.sampled_from(["Managed", "Federated", "https://", "//x", "https://a:b/"]),
    )
)
def test_no_document_makes_the_readers_raise(document: dict[str, Any]) -> None:
    read_realm(document, "acme.example")
    read_issuer(document)
