"""Longer stories: what a push remembers when people, Dynamics and time interfere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integrations_d365 import governor, pushing
from integrations_d365.client import read_error
from integrations_d365.governor import Turnstile
from integrations_d365.models import AutoPush, Governor, Push, Reason
from integrations_d365.preflight import check_environment
from integrations_d365.pushing import PushRefused, queue_pushes, request_push
from integrations_d365.read_back import request_read_back
from jobs.models import Job
from jobs.services import cancel
from jobs.tasks import run_job
from leads.models import Lead, SavedView
from sandbox.cloud import Cloud
from tests.dynamics.conftest import scored, work


@pytest.fixture
def checked(connected: Cloud) -> Cloud:
    assert check_environment().ok
    connected.journal.clear()
    return connected


def push_all() -> Job:
    return work(queue_pushes(Lead.objects.all(), by=None, title="push.list"))


def test_half_a_surrogate_pair_in_an_answer_is_left_out() -> None:
    body = '{"error": {"code": "0x80040265", "message": "Not \\ud83d today"}}'
    assert read_error(400, body).said == "Not today"


@pytest.mark.parametrize("odd", ["\x00", "\ufffe"])
def test_words_that_no_database_holds_park_one_row_and_stop_nobody(checked: Cloud, odd: str) -> None:
    for n in range(5):
        scored(f"firma{n}.example")
    checked.faults.add("*", "plugin_veto", times=None, domain="firma2.example", message=f"Not {odd} today")
    job = push_all()
    assert (job.state, job.done, job.failed) == (Job.State.DONE, 5, 1)
    parked = Push.objects.get(state="parked")
    assert (parked.lead.domain, parked.reason) == ("firma2.example", Reason.ERROR)
    assert "Not" in parked.error_said


def test_a_deleted_lead_that_was_left_alone_is_never_called_synced(checked: Cloud, seller: User) -> None:
    lead = scored()
    push_all()
    push = Push.objects.get()
    checked.dynamics.delete(push.remote_id)
    Push.objects.update(remote_seen_at=timezone.now() - timedelta(days=2), remote_asked_at=None)
    work(request_read_back(routine=True))
    push.refresh_from_db()
    assert pushing.take_back(push, by=seller)
    assert queue_pushes(Lead.objects.all(), by=seller, title="push.list") is None
    with pytest.raises(PushRefused, match="decision"):
        request_push(lead, by=seller)
    push.refresh_from_db()
    assert (push.state, push.remote_state, checked.dynamics.leads()) == ("not_pushed", "deleted", [])
    work(pushing.create_again(push, by=seller).job)
    assert len(checked.dynamics.leads()) == 1


def test_another_environment_asks_a_person_first(checked: Cloud, settings: Any, administrator: User) -> None:
    for n in range(3):
        scored(f"firma{n}.example")
    push_all()
    Push.objects.update(organization_id="00000000-0000-0000-0000-000000000001")  # as if pushed elsewhere
    Lead.objects.update(score=80, scanned_at=timezone.now())
    before = checked.dynamics.writes
    assert push_all().state == Job.State.FAILED
    assert (governor.current().paused_code, checked.dynamics.writes) == ("other_environment", before)
    organization = Push.objects.values_list("organization_id", flat=True).first()
    check = governor.current().checks.latest("pk")
    assert check.organization_id != organization
    assert pushing.keep_ids(check.organization_id) == 3
    governor.resume(governor.current())
    push_all()
    assert {row["hnt_finalscore"] for row in checked.dynamics.leads()} == {80}
    assert set(checked.dynamics.creates.values()) == {1}


def test_starting_anew_forgets_the_ids_of_the_other_environment(checked: Cloud, administrator: User) -> None:
    scored()
    push_all()
    Push.objects.update(organization_id="00000000-0000-0000-0000-000000000001")
    assert pushing.start_anew("another", by=administrator) == 1
    push = Push.objects.get()
    assert (push.state, push.remote_id, push.acked) == ("not_pushed", "", {})
    assert Lead.objects.get().push_state == "not_pushed"


def test_a_cancelled_bulk_push_loses_no_change_and_no_parked_row(checked: Cloud, operator: User) -> None:
    changed, bad = scored("changed.example"), scored("bad.example")
    checked.faults.add("*", "plugin_veto", domain=bad.domain)
    push_all()
    Lead.objects.filter(pk=changed.pk).update(score=10)
    job = queue_pushes(Lead.objects.all(), by=operator, title="push.list")
    assert job is not None
    cancel(job, operator)
    states = dict(Push.objects.values_list("lead__domain", "state"))
    assert states == {"changed.example": "synced", "bad.example": "parked"}
    assert Push.objects.get(lead=bad).error_said
    work(pushing.push_when_due(timezone.now()))
    assert checked.dynamics.by_domain("changed.example")[0]["hnt_finalscore"] == 10


def test_a_cancelled_list_leaves_the_wishes_of_others_waiting(checked: Cloud, seller: User, operator: User) -> None:
    lead = scored()
    request_push(lead, by=seller)
    Job.objects.all().delete()  # its job ended
    job = queue_pushes(Lead.objects.all(), by=operator, title="push.list")
    assert job is not None
    cancel(job, operator)
    push = Push.objects.get()
    assert (push.state, push.asked_by) == ("queued", seller)
    work(pushing.push_when_due(timezone.now()))
    assert len(checked.dynamics.leads()) == 1


def test_a_not_found_of_somebody_on_the_way_is_no_deletion(checked: Cloud) -> None:
    scored()
    push_all()
    Lead.objects.update(score=80)
    checked.faults.add("lead", "html_status", code=404)
    job = queue_pushes(Lead.objects.all(), by=None, title="push.list")
    assert job is not None
    run_job(job.pk)
    push = Push.objects.get()
    assert (push.reason, push.remote_state) == ("", "open")
    Push.objects.update(not_before=timezone.now())
    work(job)
    assert Push.objects.get().state == "synced"


def test_a_long_pause_is_kept_whole(checked: Cloud) -> None:
    scored()
    checked.faults.add("lead_by_key", "throttle", retry_after=3600)
    job = queue_pushes(Lead.objects.all(), by=None, title="push.list")
    assert job is not None
    run_job(job.pk)
    until = governor.current().not_before
    assert until is not None
    assert until - timezone.now() > timedelta(minutes=59)
    assert Push.objects.get().attempts == 0


def test_a_throttled_part_closes_lanes_instead_of_opening_one(checked: Cloud) -> None:
    for n in range(3):
        scored(f"firma{n}.example")
    Governor.objects.update(lanes=2, lanes_since=timezone.now() - timedelta(minutes=6))
    checked.faults.add("part", "throttle", retry_after=1)
    job = queue_pushes(Lead.objects.all(), by=None, title="push.list")
    assert job is not None
    run_job(job.pk)
    assert governor.current().lanes == 1


def test_an_outage_of_days_overflows_nothing(checked: Cloud) -> None:
    scored()
    push = request_push(Lead.objects.get(), by=None)
    Push.objects.update(attempts=500, failing_since=timezone.now())
    Governor.objects.update(last_ok_at=None)
    checked.dynamics.switch(down=True)
    assert push.job is not None
    run_job(push.job.pk)
    found = Push.objects.get()
    assert found.state == "queued"
    assert found.not_before < timezone.now() + timedelta(minutes=16)


def test_a_busy_lane_claims_nothing(checked: Cloud) -> None:
    scored()
    push = request_push(Lead.objects.get(), by=None)
    assert push.job is not None
    with Turnstile(governor.current()).hold():
        run_job(push.job.pk)
    assert Push.objects.get().state == "queued"
    assert not Push.objects.get().ledger.exists()
    work(push.job)
    assert Push.objects.get().state == "synced"


def test_an_interrupted_read_back_goes_on_behind_what_it_read(checked: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(12):
        scored(f"firma{n}.example")
    push_all()
    monkeypatch.setattr("integrations_d365.client.PAGE_SIZE", 2)
    for push in Push.objects.all():
        checked.dynamics.qualify(push.remote_id)
        checked.dynamics.limits.advance(0)
    checked.faults.add("query", "close", after=3)
    work(request_read_back(routine=True))
    seen = Push.objects.filter(remote_state="qualified").count()
    assert 0 < seen < 12
    assert governor.current().read_back_mid is not None
    work(request_read_back(routine=True))
    assert Push.objects.filter(remote_state="qualified").count() == 12


def test_unreadable_leads_do_not_hide_a_deleted_one(checked: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(4):
        scored(f"firma{n}.example")
    push_all()
    work(request_read_back(routine=True))
    monkeypatch.setattr("integrations_d365.read_back.VERIFIED_AT_ONCE", 2)
    last = Push.objects.order_by("-pk")[0]
    checked.dynamics.delete(last.remote_id)
    long_ago = timezone.now() - timedelta(days=2)
    for number, push in enumerate(Push.objects.order_by("pk")):
        asked_at = long_ago + timedelta(minutes=number)
        Push.objects.filter(pk=push.pk).update(remote_seen_at=long_ago, remote_asked_at=asked_at)
    checked.faults.add("part", "forbidden", times=2)
    work(request_read_back(routine=True))
    Push.objects.exclude(pk=last.pk).update(remote_seen_at=long_ago)
    work(request_read_back(routine=True))
    assert Push.objects.get(pk=last.pk).remote_state == "deleted"


def test_a_lead_closed_while_it_was_on_its_way_stays_closed(checked: Cloud) -> None:
    lead = scored()
    push_all()
    push = Push.objects.get()
    Lead.objects.update(score=80)
    checked.faults.add("lead", "late", seconds=0)
    job = queue_pushes(Lead.objects.all(), by=None, title="push.list")
    assert job is not None
    checked.dynamics.qualify(push.remote_id)
    Push.objects.update(remote_state="open")
    original = pushing.services.note_pushes

    def close_meanwhile(notes: Any) -> None:
        original(notes)
        Push.objects.filter(state="in_progress").update(remote_state="qualified")

    pushing.services.note_pushes = close_meanwhile  # the read-back, in the middle
    try:
        run_job(job.pk)
    finally:
        pushing.services.note_pushes = original
    push.refresh_from_db()
    assert (push.state, push.remote_state) == ("synced", "qualified")
    assert queue_pushes(Lead.objects.filter(pk=lead.pk), by=None, title="push.list") is None


@pytest.mark.parametrize("query", ["", "?sort=best", "?segmnt=Migration", "?segment=Hot", "?score_min=abc"])
def test_a_rule_that_would_push_every_lead_is_refused(checked: Cloud, operator: User, query: str) -> None:
    view = SavedView.objects.create(name="All", query=query, owner=operator)
    with pytest.raises(PushRefused, match="all_leads"):
        pushing.set_rule(AutoPush(saved_view=view), on=True, by=operator)


def test_a_rule_means_what_somebody_turned_on(checked: Cloud, operator: User) -> None:
    view = SavedView.objects.create(name="Hot", query="?segment=Migration", owner=operator)
    rule = AutoPush(saved_view=view)
    pushing.set_rule(rule, on=True, by=operator)
    SavedView.objects.update(query="?segment=Skip")
    scored(segment="Skip")
    rule.refresh_from_db()
    assert pushing.is_stopped(rule)
    assert pushing.push_when_due(timezone.now()) is None
    assert not Push.objects.exists()


def test_everything_can_be_sent_once_more(checked: Cloud, seller: User, as_administrator: Client) -> None:
    scored()
    push_all()
    push = Push.objects.get()
    checked.dynamics.edit(push.remote_id, hnt_finalscore=5)
    work(pushing.resend(push, by=seller).job)
    assert checked.dynamics.lead(push.remote_id)["hnt_finalscore"] == 72
    checked.dynamics.edit(push.remote_id, hnt_finalscore=5)
    work(pushing.resend_all(Lead.objects.all(), by=seller))
    assert checked.dynamics.lead(push.remote_id)["hnt_finalscore"] == 72


def test_people_decide_about_another_environment_on_a_page(checked: Cloud, as_operator: Client) -> None:
    scored()
    push_all()
    Push.objects.update(organization_id="00000000-0000-0000-0000-000000000001")
    push_all()
    page = as_operator.get("/dynamics/").content.decode()
    assert 'value="anew"' in page
    assert as_operator.post("/dynamics/environment/", {"choice": "anew"}).status_code == 302
    assert (Push.objects.get().state, governor.current().paused_at) == ("not_pushed", None)


def test_a_seller_cannot_decide_about_the_environment(checked: Cloud, as_seller: Client) -> None:
    scored()
    push_all()
    assert as_seller.post("/dynamics/environment/", {"choice": "anew"}).status_code == 403
    assert Push.objects.get().state == "synced"
