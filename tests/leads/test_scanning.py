"""A lead is scanned: what is written, what a change tells, and what an unknown must never do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import jobs.services
from jobs import lifecycle
from jobs.models import Job
from leads import scanning
from leads.looking import observe_in_chunks
from leads.models import Alert, Event, Lead, Scan, VerdictState
from sandbox.dns import Fault, Record
from tests.factories import make_lead
from tests.leads.conftest import Served
from tests.worlds import google, microsoft

pytestmark = pytest.mark.django_db
WorkOff = Callable[[], None]

ACME = "acme.example"


def scan(work_off: WorkOff, *leads: Lead) -> None:
    scanning.queue_scan(Lead.objects.filter(pk__in=[lead.pk for lead in leads]), title="scan.list")
    work_off()
    for lead in leads:
        lead.refresh_from_db()


def test_a_scanned_lead_carries_its_verdict_and_the_rows_add_up(dns: Served, work_off: WorkOff) -> None:
    dns(google(ACME))
    lead = make_lead(ACME)
    scan(work_off, lead)
    assert (lead.score, lead.segment, lead.priority_category, lead.provider) == (90, "Migration", "P2", "Google")
    assert (lead.score_low, lead.score_high, lead.verdict_state) == (90, 90, VerdictState.COMPLETE)
    stored = Scan.objects.get(lead=lead)
    assert sum(points for _part, _key, points in stored.verdict["rows"]) == 90
    assert {tag.name for tag in lead.tags.all()} == {"migration-ready", "google-workspace"}


def test_every_look_up_is_kept_with_its_server_and_time(dns: Served, work_off: WorkOff) -> None:
    server = dns(google(ACME))
    lead = make_lead(ACME)
    scan(work_off, lead)
    for name, kind, status, values, _aliases, _ttl, asked, at in lead.scans.get().observations:
        assert name.endswith(ACME) or name.startswith("_dmarc.")
        assert kind in ("MX", "TXT", "CNAME", "A")
        assert asked == f"{server.host}:{server.port}"
        assert abs(at - timezone.now().timestamp()) < 60
        assert bool(values) == (status == "ok")


def test_the_first_scan_tells_no_change(dns: Served, work_off: WorkOff) -> None:
    dns(google(ACME))
    scan(work_off, make_lead(ACME))
    assert not Event.objects.exists()
    assert not Alert.objects.exists()


def test_a_move_to_microsoft_is_told_once_with_its_alerts(dns: Served, work_off: WorkOff) -> None:
    lead = make_lead(ACME)
    dns(google(ACME, dmarc="none"))
    scan(work_off, lead)
    dns(microsoft(ACME, dmarc="quarantine"))
    scan(work_off, lead)
    scan(work_off, lead)
    told = {event.kind: (event.old, event.new) for event in Event.objects.filter(lead=lead)}
    assert told["provider"] == ("Google", "M365")
    assert told["mx"] == ("google.com", "outlook.com")
    assert told["dkim"] == ("present", "absent")
    assert told["dmarc"] == ("none", "quarantine")
    assert told["segment"] == ("Migration", "Existing")
    assert Event.objects.filter(lead=lead).count() == len(told)
    assert set(Alert.objects.values_list("type", flat=True)) == {"mx_changed", "dmarc_added", "score_changed"}
    assert {tag.name for tag in lead.tags.all()} == set()


@pytest.mark.parametrize("kind", ["servfail", "refused", "timeout"])
def test_a_failing_domain_keeps_its_verdict_and_raises_nothing(dns: Served, work_off: WorkOff, kind: str) -> None:
    lead = make_lead(ACME)
    dns(google(ACME))
    scan(work_off, lead)
    tags = set(lead.tags.values_list("name", flat=True))
    dns(google(ACME), [Fault("*", "*", kind)])
    scan(work_off, lead)
    assert (lead.score, lead.segment, lead.provider, lead.has_spf) == (90, "Migration", "Google", True)
    assert (lead.verdict_state, lead.undetermined_reason) == (VerdictState.UNDETERMINED, "mx_unknown")
    assert lead.retry_at is not None
    assert set(lead.tags.values_list("name", flat=True)) == tags
    assert not Event.objects.exists()
    assert not Alert.objects.exists()


def test_a_lead_that_was_never_judged_has_no_score_at_all(dns: Served, work_off: WorkOff) -> None:
    dns([], [Fault("*", "*", "servfail")])
    lead = make_lead(ACME)
    scan(work_off, lead)
    assert (lead.score, lead.segment, lead.verdict_state) == (None, "", VerdictState.UNDETERMINED)


def test_an_unknown_that_cannot_change_the_segment_gives_a_range(dns: Served, work_off: WorkOff) -> None:
    """Amazon's inbound mail without SPF is Skip with a DKIM key and without one."""
    records = [Record(ACME, "MX", "10 inbound-smtp.eu-west-1.amazonaws.com")]
    dns(records, [Fault(f"default._domainkey.{ACME}", "TXT", "servfail")])
    lead = make_lead(ACME)
    scan(work_off, lead)
    assert (lead.verdict_state, lead.undetermined_reason) == (VerdictState.PARTIAL, "dkim_unknown")
    assert (lead.score, lead.score_low, lead.score_high) == (0, 0, 20)
    assert (lead.segment, lead.has_dkim) == ("Skip", None)


def test_retries_come_after_15_minutes_then_1_6_and_24_hours(dns: Served, work_off: WorkOff) -> None:
    dns([], [Fault("*", "*", "refused")])
    lead = make_lead(ACME)
    waits = []
    for _ in range(5):
        scan(work_off, lead)
        waits.append(None if lead.retry_at is None else round((lead.retry_at - timezone.now()).total_seconds() / 60))
    assert waits == [15, 60, 360, 1440, None]


def test_due_rescans_and_retries_are_queued_once(dns: Served, work_off: WorkOff) -> None:
    dns(google(ACME))
    now = timezone.now()
    lead = make_lead(ACME, rescan_at=now - timedelta(minutes=1))
    assert scanning.queue_due_rescans(now) is not None
    assert scanning.queue_due_rescans(now) is None
    work_off()
    lead.refresh_from_db()
    assert lead.score == 90
    assert lead.rescan_at > now + timedelta(hours=23)


def test_an_unlisted_dkim_selector_counts_as_present_with_a_range_and_no_retry(dns: Served, work_off: WorkOff) -> None:
    dns([*google(ACME, dkim=False), Record(f"secret2024._domainkey.{ACME}", "TXT", "v=DKIM1; p=abc")])
    lead = make_lead(ACME)
    scan(work_off, lead)
    assert (lead.score, lead.score_low, lead.score_high) == (90, 65, 90)
    assert (lead.verdict_state, lead.undetermined_reason) == (VerdictState.PARTIAL, "dkim_unlisted_selector")
    assert lead.retry_at is None
    assert lead.has_dkim is None


def test_a_cancelled_scan_gives_its_leads_back(dns: Served, work_off: WorkOff) -> None:
    dns(google(ACME))
    lead = make_lead(ACME)
    job = scanning.queue_scan(Lead.objects.all(), title="scan.list")
    assert job is not None
    jobs.services.cancel(job, by=None)
    lead.refresh_from_db()
    assert lead.scan_job is None
    work_off()
    assert not Scan.objects.exists()


def test_a_second_click_finds_the_scan_that_waits(dns: Served, work_off: WorkOff) -> None:
    dns(google(ACME))
    lead = make_lead(ACME)
    first = scanning.rescan_lead(lead, started_by=None)
    second = scanning.rescan_lead(lead, started_by=None)
    assert first.pk == second.pk
    work_off()
    assert Scan.objects.filter(lead=lead).count() == 1
    assert Job.objects.get().state == Job.State.DONE


def test_a_dead_network_touches_no_lead(settings, work_off: WorkOff) -> None:
    settings.HUNTER_DNS_SERVERS = (("127.0.0.1", 9),)
    leads = [make_lead(f"firma{number}.example") for number in range(25)]
    job = scanning.queue_scan(Lead.objects.all(), title="scan.list")
    assert job is not None
    from jobs.tasks import run_job

    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED  # it waits and tries again
    assert "DNS" in job.error
    assert not Scan.objects.exists()
    assert Lead.objects.filter(scan_job=job).count() == len(leads)


def test_an_expiry_that_comes_near_is_told_once_whatever_the_looks_bring(dns: Served, work_off: WorkOff) -> None:
    dns(google(ACME))
    lead = make_lead(ACME)
    scan(work_off, lead)
    day = timezone.localdate() + timedelta(days=28)
    Lead.objects.filter(pk=lead.pk).update(expires_on=day, scanned_at=timezone.now() - timedelta(days=3))
    dns(google(ACME), [Fault("*", "*", "servfail")])
    scan(work_off, lead)
    assert not Alert.objects.exists()
    dns(google(ACME))
    for _ in range(3):
        scan(work_off, lead)
    told = Alert.objects.get(lead=lead, type=Alert.Type.EXPIRE_SOON)
    assert Event.objects.get(lead=lead, kind=Event.Kind.EXPIRY) == told.event
    assert (told.event.new, lead.expiry_told) == (day.isoformat(), day)


def test_an_expiry_date_that_moves_away_and_comes_near_is_told_again(dns: Served, work_off: WorkOff) -> None:
    dns(google(ACME))
    lead = make_lead(ACME)
    scan(work_off, lead)
    today = timezone.localdate()
    for days, count in ((10, 1), (375, 1), (9, 2)):
        Lead.objects.filter(pk=lead.pk).update(expires_on=today + timedelta(days=days))
        scan(work_off, lead)
        assert Alert.objects.filter(lead=lead, type=Alert.Type.EXPIRE_SOON).count() == count


def test_a_change_is_dated_after_whoever_held_the_lead_before(dns: Served, work_off: WorkOff) -> None:
    """Locks are waited for: what was written and shown to people meanwhile is older than the change."""
    dns(google(ACME, dmarc="none"))
    lead = make_lead(ACME)
    scan(work_off, lead)
    dns(google(ACME))
    (observation,) = next(iter(observe_in_chunks([ACME], thorough=False)))
    released: list[datetime] = []

    def held(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = execute(sql, params, many, context)
        if sql.startswith("SELECT") and 'FROM "leads_lead"' in sql and not released:
            released.append(timezone.now())
        return found

    with transaction.atomic(), connection.execute_wrapper(held):
        scanning.record([observation], job=None)
    lead.refresh_from_db()
    assert lead.changed_at is not None
    assert lead.changed_at > released[0]


def test_a_scan_that_is_stopped_does_not_wait_for_silent_servers(dns: Served, operator: User) -> None:
    dns([], [Fault("*", "*", "timeout")])
    for number in range(25):
        make_lead(f"n{number}.example")
    job = scanning.queue_scan(Lead.objects.all(), title="scan.list")
    assert job is not None
    claimed = lifecycle.claim(job.pk)
    assert claimed is not None
    jobs.services.cancel(claimed, by=operator)
    with pytest.raises(jobs.services.Stop):  # at the end of the chunk it would be DnsUnreachable
        scanning.run_scan(jobs.services.JobRun(claimed))
    assert not Lead.objects.filter(scanned_at__isnull=False).exists()


def test_a_lead_asked_for_again_while_its_job_still_runs_is_looked_at_again(
    dns: Served, work_off: WorkOff, seller: User
) -> None:
    dns(google(ACME))
    lead = make_lead(ACME)
    job = scanning.rescan_lead(lead, started_by=seller)
    with transaction.atomic():
        for observations in observe_in_chunks([ACME], thorough=True, chunk=20):
            scanning.record(observations, job=job)
    assert scanning.rescan_lead(lead, started_by=seller) == job  # it has not ended
    work_off()
    job.refresh_from_db()
    lead.refresh_from_db()
    assert (job.state, job.failures, lead.scan_job, lead.scans.count()) == ("done", 0, None, 2)


def test_a_scan_that_failed_says_so_and_can_be_asked_for_again(as_seller: Client) -> None:
    failed = Job.objects.create(kind="scan", key="x", subject=ACME, state="failed", error="…")
    lead = make_lead(ACME, scan_job=failed)
    page = as_seller.get(lead.get_absolute_url()).content.decode()
    assert "The last scan stopped with an error." in page
    assert f'action="{reverse("leads:rescan", args=[ACME])}"' in page
    assert "Being scanned" not in page
    assert "Being scanned" not in as_seller.get("/leads/?view=all").content.decode()
    assert as_seller.get(reverse("leads:scan_state", args=[ACME])).headers["HX-Refresh"] == "true"
