"""Facts from outside DNS: they come by themselves, tell what changed, and never stand in the way of a verdict."""

from __future__ import annotations

import html
from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DataError, connection
from django.utils import timezone

from jobs.models import Job
from jobs.tasks import run_job
from leads import outside
from leads.models import Alert, Event, Lead, OutsideFact, SourceState
from leads.outside import look_when_due
from leads.scanning import scan_now
from sandbox.cloud import Cloud
from sandbox.dns import Fault, Record, serve
from sandbox.market import market_world
from sandbox.mmdb import mmdb
from tests.leads.conftest import Served
from tests.signals.registries import MARKET, Town, town
from tests.worlds import google

pytestmark = pytest.mark.django_db


@pytest.fixture
def market(settings: Any) -> Iterator[Town]:
    """Registries, tenants and DNS of the market; every source is on."""
    with town() as place:
        server = serve(market_world(MARKET))
        settings.HUNTER_DNS_SERVERS = ((server.host, server.port),)
        settings.HUNTER_SANDBOX, settings.HUNTER_SANDBOX_URL = True, place.cloud.url
        settings.HUNTER_WHOIS_SERVER = place.whois.address
        settings.HUNTER_RDAP_ENABLED = settings.HUNTER_TENANT_LOOKUP_ENABLED = True
        yield place
        server.stop()


def known(count: int = 6) -> list[Lead]:
    return [Lead.objects.create(domain=company.domain, scanned_at=timezone.now()) for company in MARKET[:count]]


def look() -> list[Job]:
    """What the clock does once."""
    OutsideFact.objects.filter(due_at__gt=timezone.now(), state="unknown").update(due_at=timezone.now())
    done = look_when_due(timezone.now())
    for job in done:
        run_job(job.pk)
        job.refresh_from_db()
        assert job.state == Job.State.DONE, job.error
    return done


def fact(lead: Lead, kind: str) -> OutsideFact:
    return OutsideFact.objects.get(lead=lead, kind=kind)


def test_registration_tenant_and_further_records_come_by_themselves(market: Town) -> None:
    leads = known()
    look()
    for lead in leads:
        found = fact(lead, "registration")
        entry = market.cloud.registry.find(lead.domain)
        assert entry is not None
        assert (found.state, found.value["registrar"]) == ("found", entry.registrar)
        assert {"registrar", "expires_on"} <= found.value.keys()
        assert found.evidence["registrar"]
        assert fact(lead, "posture").value.keys() >= {"mta_sts", "tls_rpt", "bimi", "dnssec", "addresses"}
        assert fact(lead, "tenant").state in ("found", "absent")
        lead.refresh_from_db()
        assert lead.expires_on == date.fromisoformat(found.value["expires_on"])
    assert look() == []


def test_a_change_is_an_event_and_the_first_look_is_none(market: Town) -> None:
    (lead,) = known(1)
    look()
    assert not Event.objects.exists() or set(Event.objects.values_list("kind", flat=True)) == {"expiry"}
    before = fact(lead, "registration").value["registrar"]
    market.cloud.registry.edit(lead.domain, registrar="Yeni Kayıt Kuruluşu A.Ş.")
    OutsideFact.objects.update(due_at=timezone.now())
    look()
    event = Event.objects.get(lead=lead, kind=Event.Kind.REGISTRAR)
    assert (event.old, event.new) == (before, "Yeni Kayıt Kuruluşu A.Ş.")


def test_a_near_expiry_raises_one_alert(market: Town) -> None:
    (lead,) = known(1)
    market.cloud.registry.edit(lead.domain, expires=timezone.localdate() + timedelta(days=12))
    look()
    OutsideFact.objects.update(due_at=timezone.now())
    look()
    assert Alert.objects.filter(lead=lead, type=Alert.Type.EXPIRE_SOON).count() == 1
    lead.refresh_from_db()
    assert lead.rescan_at is not None
    assert lead.rescan_at <= timezone.now()


def test_a_near_expiry_that_the_registry_told_is_not_told_by_the_rescan_too(market: Town) -> None:
    (lead,) = known(1)
    list(scan_now(Lead.objects.filter(pk=lead.pk), thorough=False))
    market.cloud.registry.edit(lead.domain, expires=timezone.localdate() + timedelta(days=25))
    Lead.objects.update(scanned_at=timezone.now() - timedelta(days=10))
    look()
    list(scan_now(Lead.objects.filter(pk=lead.pk), thorough=False))
    assert Alert.objects.filter(lead=lead, type=Alert.Type.EXPIRE_SOON).count() == 1
    assert Event.objects.filter(lead=lead, kind=Event.Kind.EXPIRY).count() == 1


@pytest.mark.parametrize("days", [12, 14])
def test_a_date_that_the_registry_tells_first_is_told_however_it_came_near(market: Town, days: int) -> None:
    """The old date had come near without a word: the rescan that would have said so is still to come."""
    (lead,) = known(1)
    Lead.objects.update(expires_on=timezone.localdate() + timedelta(days=12))
    market.cloud.registry.edit(lead.domain, expires=timezone.localdate() + timedelta(days=days))
    look()
    list(scan_now(Lead.objects.filter(pk=lead.pk), thorough=False))
    list(scan_now(Lead.objects.filter(pk=lead.pk), thorough=False))
    assert Alert.objects.filter(lead=lead, type=Alert.Type.EXPIRE_SOON).count() == 1


@pytest.mark.parametrize("kind", ["close", "throttle", "status", "malformed"])
def test_trouble_changes_no_fact_and_is_no_absence(market: Town, kind: str) -> None:
    (lead,) = known(1)
    look()
    before = fact(lead, "registration")
    for route in ("rdap", "whois"):
        market.cloud.faults.add(route, kind, times=None)
    OutsideFact.objects.update(due_at=timezone.now())
    for job in look_when_due(timezone.now()):
        run_job(job.pk)
    after = fact(lead, "registration")
    assert (after.state, after.value, after.seen_at) == (before.state, before.value, before.seen_at)
    assert (after.reason != "", after.failures, after.due_at > timezone.now()) == (True, 1, True)
    assert not Event.objects.filter(kind__in=(Event.Kind.REGISTRAR, Event.Kind.NAME_SERVER)).exists()


def looked(lead: Lead, kind: str) -> OutsideFact:
    """The fact after one more look, at a time when its sources may be asked again."""
    SourceState.objects.all().delete()
    OutsideFact.objects.filter(lead=lead, kind=kind).update(due_at=timezone.now())
    look()
    return fact(lead, kind)


def test_a_tenant_without_its_realm_keeps_how_people_sign_in_and_tells_a_later_change(
    market: Town, as_seller: Any
) -> None:
    (lead,) = [lead for lead in known() if market.cloud.entra.tenants.find(lead.domain)][:1]
    Lead.objects.exclude(pk=lead.pk).delete()
    look()
    before = fact(lead, "tenant")
    assert before.value["sign_in"] == "managed"
    market.cloud.faults.add("realm", "close", times=1)
    after = looked(lead, "tenant")
    assert after.value.pop("as_of")["sign_in"] == before.seen_at.isoformat()
    assert (after.value, after.evidence) == (before.value, before.evidence)
    assert (after.state, after.reason, after.failures) == ("found", "network", 1)
    page = as_seller.get(f"/leads/{lead.domain}/outside/", headers={"accept-language": "en"}).content.decode()
    assert "Sign-in: as of" in page
    assert after.due_at < timezone.now() + timedelta(minutes=20)
    assert not Event.objects.filter(kind=Event.Kind.TENANT).exists()
    market.cloud.entra.tenants.edit(lead.domain, sign_in_url="https://sso.godaddy.com/")
    last = looked(lead, "tenant")
    assert (last.reason, last.failures, "as_of" in last.value) == ("", 0, False)
    event = Event.objects.get(lead=lead, kind=Event.Kind.TENANT)
    assert (event.old, event.new) == ("managed", "federated")


def test_another_tenant_takes_over_nothing_of_the_one_before(market: Town) -> None:
    (lead,) = [lead for lead in known() if market.cloud.entra.tenants.find(lead.domain)][:1]
    look()
    market.cloud.entra.tenants.edit(lead.domain, tenant_id=str(UUID(int=7)))
    market.cloud.faults.add("realm", "close", times=1)
    after = looked(lead, "tenant")
    assert (after.value["tenant_id"], after.value["sign_in"], after.value["brand"]) == (str(UUID(int=7)), None, None)


def test_a_record_that_nobody_answered_for_stays_what_it_was(dns: Served, settings: Any) -> None:
    settings.HUNTER_RDAP_ENABLED = settings.HUNTER_TENANT_LOOKUP_ENABLED = False
    sts, report = "_mta-sts.acme.example", "_smtp._tls.acme.example"
    records = [
        Record("acme.example", "A", "192.0.2.1"),
        Record(sts, "TXT", "v=STSv1; id=1"),
        Record(report, "TXT", "v=TLSRPTv1; rua=mailto:tls@acme.example"),
    ]
    dns(records)
    lead = Lead.objects.create(domain="acme.example", scanned_at=timezone.now())
    look()
    before = fact(lead, "posture")
    assert (before.value["mta_sts"]["state"], before.value["addresses"]) == ("present", ["192.0.2.1"])
    dns(records[:2], [Fault(sts, "TXT", "servfail"), Fault("acme.example", "A", "servfail")])
    after = looked(lead, "posture")
    for name in ("mta_sts", "addresses"):
        assert after.value[name] == before.value[name]
    assert after.value["as_of"] == dict.fromkeys(("mta_sts", "addresses"), before.seen_at.isoformat())
    assert after.value["tls_rpt"]["state"] == "absent"
    assert (after.reason, after.failures, after.due_at < timezone.now() + timedelta(minutes=20)) == ("timeout", 1, True)
    dns([])
    last = looked(lead, "posture")
    assert (last.value["mta_sts"]["state"], last.value["addresses"]) == ("absent", [])
    assert (last.reason, last.failures, "as_of" in last.value) == ("", 0, False)


def test_a_field_that_the_registry_contradicts_itself_about_stays_what_it_was_and_when(market: Town) -> None:
    (lead,) = known(1)
    look()
    OutsideFact.objects.update(seen_at=timezone.now() - timedelta(days=40))
    before = fact(lead, "registration")
    for route in ("rdap", "whois"):
        market.cloud.faults.add(route, "contradictory", about="registrars")
    after = looked(lead, "registration")
    assert after.value["registrar"] == before.value["registrar"]
    assert after.evidence["registrar"] == before.evidence["registrar"]
    assert outside.learned_at(after, ("registrar", "created_on")) == before.seen_at
    assert outside.learned_at(after, ("created_on",)) == after.seen_at
    assert ("registrar", "several") in [(name, reason) for name, reason, _text in after.doubts]


def test_an_answer_that_cannot_be_stored_keeps_no_other_waiting(market: Town) -> None:
    leads = known(4)

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "leads_outsidefact"') and any("Bozuk" in str(value) for value in params or ()):
            raise DataError
        return execute(sql, params, many, context)

    market.cloud.registry.edit(leads[1].domain, registrar="Bozuk")
    with connection.execute_wrapper(refuse):
        look()
    states = {lead.domain: fact(lead, "registration").state for lead in leads}
    assert states == {lead.domain: "unknown" if lead is leads[1] else "found" for lead in leads}
    bad = fact(leads[1], "registration")
    assert (bad.reason, bad.failures, bad.due_at > timezone.now() + timedelta(minutes=10)) == ("malformed", 1, True)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("kind", ["registration", "tenant"])
def test_a_worker_that_dies_over_a_look_leaves_a_failure_and_a_host_to_be_spared(
    market: Town, settings: Any, kind: str
) -> None:
    settings.HUNTER_RDAP_ENABLED, settings.HUNTER_TENANT_LOOKUP_ENABLED = kind == "registration", kind == "tenant"
    known(4)
    never = timezone.now() + timedelta(days=9)
    OutsideFact.objects.bulk_create(
        [OutsideFact(lead=lead, kind="posture", due_at=never) for lead in Lead.objects.all()]
    )
    (job,) = look_when_due(timezone.now())

    def die(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if '"done"' in sql and sql.startswith('UPDATE "jobs_job"'):
            raise Killed
        return execute(sql, params, many, context)

    with connection.execute_wrapper(die), pytest.raises(Killed):
        run_job(job.pk)
    hurt = OutsideFact.objects.get(kind=kind, asked_at__isnull=False)
    assert (hurt.state, hurt.failures, hurt.due_at > timezone.now() + timedelta(minutes=10)) == ("unknown", 1, True)
    route = "rdap" if kind == "registration" else "tenant"
    asked = len(market.cloud.journal.requests(route))
    assert asked == 1
    Job.objects.all().delete()
    look_when_due(timezone.now())
    run_job(Job.objects.get().pk)
    assert len(market.cloud.journal.requests(route)) == asked
    Job.objects.all().delete()
    SourceState.objects.all().delete()
    OutsideFact.objects.filter(kind=kind).update(due_at=timezone.now())
    look()
    hurt.refresh_from_db()
    assert (hurt.state != "unknown", hurt.failures, hurt.asked_at) == (True, 0, None)


def test_the_page_waits_for_a_look_that_is_under_way(market: Town, as_seller: Any) -> None:
    (lead,) = known(1)
    look()
    url = f"/leads/{lead.domain}/outside/"
    OutsideFact.objects.filter(kind="tenant").update(asked_at=timezone.now())
    assert "every 3s" in as_seller.get(url).content.decode()
    OutsideFact.objects.filter(kind="tenant").update(asked_at=timezone.now() - timedelta(minutes=3))
    assert "every 3s" not in as_seller.get(url).content.decode()


def test_everything_off_or_dismissed_is_left_alone(market: Town, settings: Any) -> None:
    known(1)
    settings.HUNTER_RDAP_ENABLED = settings.HUNTER_TENANT_LOOKUP_ENABLED = False
    look()
    assert list(OutsideFact.objects.values_list("kind", flat=True)) == ["posture"]
    Lead.objects.update(dismissed_at=timezone.now())
    OutsideFact.objects.update(due_at=timezone.now())
    assert look_when_due(timezone.now()) == []


def test_hosting_comes_from_the_address_and_a_missing_file_says_so(market: Town, settings: Any, tmp_path: Any) -> None:
    (lead,) = known(1)
    settings.HUNTER_ENRICHMENT_ENABLED = True
    settings.MAXMIND_ASN_DB = str(tmp_path / "nowhere.mmdb")
    look()
    look()
    found = fact(lead, "hosting")
    assert (found.state, found.reason) == ("unknown", "missing")


def test_hosting_follows_the_address_at_once(market: Town, settings: Any, tmp_path: Any, as_viewer: Any) -> None:
    """Asked before the address is known, hosting waits; the address makes it due, so the next round of the clock has
    it. Nobody moves the dates here."""
    leads = known(30)
    settings.HUNTER_ENRICHMENT_ENABLED = True
    settings.MAXMIND_ASN_DB = str(tmp_path / "nowhere.mmdb")
    page = f"/leads/{leads[0].domain}/outside/"
    OutsideFact.objects.create(lead=leads[0], kind="hosting", due_at=timezone.now() + timedelta(hours=1))
    assert "at the latest." in as_viewer.get(page, headers={"accept-language": "en"}).content.decode()
    for _round in range(2):
        for job in look_when_due(timezone.now()):
            run_job(job.pk)
    with_address = OutsideFact.objects.filter(kind="posture").exclude(value__addresses=[]).values("lead")
    assert len(with_address) > 20
    reasons = OutsideFact.objects.filter(kind="hosting").values_list("lead", "reason")
    assert {reason for lead, reason in reasons if {"lead": lead} in with_address} == {"missing"}
    assert {reason for lead, reason in reasons if {"lead": lead} not in with_address} <= {"no_address"}
    assert "MAXMIND_ASN_DB" in as_viewer.get(page, headers={"accept-language": "en"}).content.decode()


def test_hosting_is_as_old_as_its_file_and_one_from_an_old_file_is_marked_and_left_out_of_the_brief(
    dns: Served, settings: Any, tmp_path: Any, as_seller: Any, seller: Any
) -> None:
    settings.HUNTER_RDAP_ENABLED = settings.HUNTER_TENANT_LOOKUP_ENABLED = False
    settings.HUNTER_ENRICHMENT_ENABLED = True
    settings.MAXMIND_ASN_DB = settings.MAXMIND_CITY_DB = str(tmp_path / "networks.mmdb")
    built = timezone.now() - timedelta(days=100)
    record = {"country": {"iso_code": "TR"}, "autonomous_system_number": 64496}
    (tmp_path / "networks.mmdb").write_bytes(mmdb({"192.0.2.0/24": record}, database_type="City", built=built))
    dns([*google("acme.example"), Record("acme.example", "A", "192.0.2.1")])
    lead = Lead.objects.create(domain="acme.example")
    list(scan_now(Lead.objects.filter(pk=lead.pk), thorough=False))
    look()
    look()
    found = fact(lead, "hosting")
    assert found.seen_at is not None
    assert (found.value["country"], found.seen_at.date()) == ("TR", built.date())
    assert found.evidence == {"address": "192.0.2.1", "asn": "64496", "country": "TR"}
    pages = [f"/leads/{lead.domain}/outside/", f"/leads/{lead.domain}/brief/"]
    for days, old, told in ((0, False, True), (90, True, False)):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            as_seller.force_login(seller)  # so long lives no session
            panel, brief = (as_seller.get(page, headers={"accept-language": "en"}).content.decode() for page in pages)
        assert ("old data" in panel, "Hosting location" in brief) == (old, told)


def test_a_look_asked_for_by_a_person_is_made_at_once(market: Town, administrator: Any) -> None:
    (lead,) = known(1)
    look()
    seen = fact(lead, "registration").seen_at
    for job in outside.ask_again(lead, by=administrator):
        run_job(job.pk)
    assert fact(lead, "registration").seen_at != seen


def test_a_refusing_registry_is_left_alone_over_jobs(market: Town) -> None:
    leads = known(3)
    market.cloud.faults.add("whois", "close", times=None)
    market.cloud.faults.add("rdap", "throttle", times=None, retry_after=600)
    look()
    asked = len(market.cloud.journal.requests("rdap"))
    OutsideFact.objects.update(due_at=timezone.now())
    for job in look_when_due(timezone.now()):
        run_job(job.pk)
    assert len(market.cloud.journal.requests("rdap")) == asked
    assert OutsideFact.objects.filter(lead__in=leads, kind="registration", state="unknown").count() == 3


def test_a_scan_waits_for_none_of_them(market: Town) -> None:
    """With every source hanging, a scan is written, and its verdict stands, before any of them has answered."""
    assert isinstance(market.cloud, Cloud)
    from leads.scanning import rescan_lead

    for route in ("rdap", "whois", "tenant", "realm"):
        market.cloud.faults.add(route, "late", times=None, seconds=30)
    (lead,) = known(1)
    job = rescan_lead(lead, started_by=None)
    began = timezone.now()
    run_job(job.pk)
    lead.refresh_from_db()
    assert (timezone.now() - began).total_seconds() < 5
    assert lead.score is not None
    assert not OutsideFact.objects.exists()


def test_the_panel_shows_each_kind_with_its_source_or_why_there_is_none(
    market: Town, as_seller: Any, settings: Any
) -> None:
    (lead,) = known(1)
    look()
    url = f"/leads/{lead.domain}/outside/"
    page = as_seller.get(url).content.decode()
    registrar = fact(lead, "registration").value["registrar"]
    assert registrar in html.unescape(page)
    assert "HUNTER_ENRICHMENT_ENABLED" in page  # hosting is off here, and says so
    fragment = as_seller.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert int(as_seller.get(url, headers={"HX-Request": "true"}).headers["X-Query-Count"]) <= 10
    again = as_seller.post(f"{url}again/")
    assert again.status_code == 302
    assert Job.objects.filter(kind="outside", state=Job.State.QUEUED, started_by__username="seller").count() == 3


def test_a_viewer_cannot_ask_again(market: Town, as_viewer: Any) -> None:
    (lead,) = known(1)
    assert as_viewer.get(f"/leads/{lead.domain}/outside/").status_code == 200
    assert as_viewer.post(f"/leads/{lead.domain}/outside/again/").status_code == 403
    assert as_viewer.get(f"/leads/{lead.domain}/outside/again/").status_code in (403, 405)
    assert not OutsideFact.objects.exists()


def test_the_list_of_registries_is_replaced_by_the_published_one(market: Town, settings: Any, tmp_path: Any) -> None:
    settings.HUNTER_VAR = tmp_path
    assert outside.registries_path() != tmp_path / "registries.json"
    call_command("refresh_registries", stdout=StringIO())
    assert outside.registries_path() == tmp_path / "registries.json"
    market.cloud.faults.add("bootstrap", "malformed", times=None)
    with pytest.raises(CommandError, match="the old one stays"):
        call_command("refresh_registries", stdout=StringIO())
    assert outside.registries_path().exists()
    settings.HUNTER_RDAP_ENABLED = False
    with pytest.raises(CommandError) as refused:
        call_command("refresh_registries", stdout=StringIO())
    assert refused.value.returncode == 3
