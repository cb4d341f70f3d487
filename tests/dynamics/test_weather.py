"""Bad weather: what becomes of a push when Dynamics, the network, or somebody else gets in the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone, translation

from integrations_d365 import auth, governor, pushing
from integrations_d365.engine import ATTEMPTS
from integrations_d365.messages import failure, parked
from integrations_d365.models import EnvironmentCheck, Governor, Push, PushAttempt, Reason
from integrations_d365.preflight import check_environment
from integrations_d365.pushing import PushRefused, queue_pushes, request_push
from integrations_d365.read_back import request_read_back
from jobs.models import Job
from jobs.tasks import run_job
from leads.models import Alert, Event, Lead
from leads.overtaken import LeadGone
from sandbox.cloud import Cloud
from tests.dynamics.conftest import scored, work
from tests.leads.test_at_once import meanwhile


def push(lead: Lead, by: User | None = None) -> Push:
    lead.refresh_from_db()
    work(request_push(lead, by=by).job)
    return Push.objects.get(lead=lead)


def due() -> Job:
    """What the clock does next, whatever pauses are running."""
    Governor.objects.update(not_before=None)
    Push.objects.queued().update(not_before=timezone.now())
    job = pushing.push_when_due(timezone.now())
    return work(job)


@pytest.fixture
def checked(connected: Cloud) -> Cloud:
    """The first look at the environment is done."""
    assert check_environment().ok
    connected.journal.clear()
    return connected


# (what goes wrong, state, category, said to the seller, pushing is paused, tried again by itself)
WEATHER: list[tuple[str, Callable[[Cloud], Any], str, str, bool]] = [
    ("wrong secret", lambda c: c.entra.switch(token_error=7000215), "queued", "auth", True),
    ("expired secret", lambda c: c.entra.switch(token_error=7000222), "queued", "auth", True),
    ("no user", lambda c: c.dynamics.switch(application_user_missing=True), "queued", "permission", True),
    ("role missing", lambda c: c.dynamics.switch(role_missing=True), "queued", "permission", True),
    ("key not there", lambda c: c.dynamics.set_key_state("absent"), "queued", "config", True),
    ("key building", lambda c: c.dynamics.set_key_state("pending"), "queued", "config", True),
    ("key failed", lambda c: c.dynamics.set_key_state("failed"), "queued", "config", True),
    ("environment asleep", lambda c: c.dynamics.switch(asleep=True), "queued", "server", False),
    ("down", lambda c: c.dynamics.switch(down=True), "queued", "network", False),
    ("throttled", lambda c: c.faults.add("lead_by_key", "throttle", retry_after=30), "queued", "rate_limit", False),
    ("plug-in", lambda c: c.faults.add("*", "plugin_veto"), "parked", "validation", False),
    ("choice refused", lambda c: c.faults.add("*", "choice_refused"), "parked", "validation", False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "state", "category", "paused"), [row[1:] for row in WEATHER], ids=[row[0] for row in WEATHER]
)
def test_each_trouble_has_its_state_its_words_and_its_next_try(
    checked: Cloud, spoil: Callable[[Cloud], Any], state: str, category: str, paused: bool
) -> None:
    lead = scored()
    auth.forget()
    spoil(checked)
    job = request_push(lead, by=None).job
    assert job is not None
    run_job(job.pk)
    row, way = Push.objects.get(), governor.current()
    assert (row.state, way.paused_at is not None) == (state, paused)
    noted = {way.paused_category, row.error_category, *PushAttempt.objects.values_list("error_category", flat=True)}
    assert category in noted or _last_check_says(category)
    lead.refresh_from_db()
    assert lead.push_state == state
    for language in ("tr", "en"):
        with translation.override(language):
            told = parked(row.reason, row.error_category, row.error_code) if state == "parked" else failure(category)
            assert all(str(part) for part in told)
    assert connected_creates(checked) == 0
    job.refresh_from_db()
    if paused:
        assert job.state == Job.State.FAILED
        assert Alert.objects.filter(type=Alert.Type.PUSH_PAUSED).count() == 1
    elif state == "parked":
        assert (job.state, job.failed, row.error_request_id != "") == (Job.State.DONE, 1, True)
    else:
        assert (job.state, job.next_attempt_at > timezone.now()) == (Job.State.QUEUED, True)


def _last_check_says(category: str) -> bool:
    return EnvironmentCheck.objects.latest("pk").error_category == category


def connected_creates(cloud: Cloud) -> int:
    return sum(cloud.dynamics.creates.values())


@pytest.mark.parametrize("mend", ["secret", "role"])
def test_a_mended_pause_ends_by_itself_and_everything_is_pushed(checked: Cloud, mend: str) -> None:
    auth.forget()
    if mend == "secret":
        checked.entra.switch(token_error=7000222)
    else:
        checked.dynamics.switch(role_missing="create")
    leads = [scored(f"firma{n}.example") for n in range(3)]
    job = work(queue_pushes(Lead.objects.all(), by=None, title="push.list"))
    assert (job.state, Push.objects.queued().count()) == (Job.State.FAILED, 3)
    assert pushing.push_when_due(timezone.now() + timedelta(minutes=11)) is not None  # a probe
    Job.objects.all().delete()
    checked.entra.switch(token_error=None)
    checked.dynamics.switch(role_missing=False)
    assert check_environment().ok
    due()
    assert Push.objects.filter(state="synced").count() == len(leads)
    assert set(checked.dynamics.creates.values()) == {1}


def test_while_paused_the_clock_probes_every_ten_minutes_and_fails_no_jobs(checked: Cloud) -> None:
    checked.dynamics.switch(application_user_missing=True)
    push(scored())
    probe = pushing.push_when_due(timezone.now())
    assert work(probe).state == Job.State.DONE
    assert pushing.push_when_due(timezone.now()) is None
    checked.dynamics.switch(application_user_missing=False)
    assert work(pushing.push_when_due(timezone.now() + timedelta(minutes=11))).state == Job.State.DONE
    assert Push.objects.get().state == "synced"


def test_an_answer_lost_after_the_commit_is_found_again_not_doubled(checked: Cloud) -> None:
    checked.faults.add("lead_by_key", "drop_after")
    lead = scored()
    done = push(lead)
    assert done.state == "synced"
    (row,) = checked.dynamics.by_domain(lead.domain)
    assert (done.remote_id, checked.dynamics.creates[lead.domain]) == (row["leadid"], 1)


def test_a_batch_whose_answer_was_lost_is_asked_again_and_nothing_is_doubled(checked: Cloud) -> None:
    for kind in ("drop_after", "lost", "truncated", "malformed", "reset"):
        checked.faults.add("batch", kind)
    for n in range(40):
        scored(f"firma{n}.example")
    job = work(queue_pushes(Lead.objects.all(), by=None, title="push.list"))
    assert (job.state, job.done, job.failed) == (Job.State.DONE, 40, 0)
    assert Push.objects.filter(state="synced").exclude(remote_id="").count() == 40
    assert set(checked.dynamics.creates.values()) == {1}


def test_the_same_lead_made_by_somebody_else_waits_for_a_person(checked: Cloud, seller: User) -> None:
    lead = scored()
    foreign = checked.dynamics.add_lead(hnt_domain=lead.domain, subject="Made by hand", companyname="Anadolu")
    done = push(lead)
    assert (done.state, done.reason, done.foreign_id) == ("parked", Reason.FOREIGN, foreign)
    assert len(checked.dynamics.by_domain(lead.domain)) == 1
    with pytest.raises(PushRefused):
        request_push(lead, by=seller)
    with pytest.raises(PushRefused):
        pushing.adopt(done, by=seller, seen="another")
    work(pushing.adopt(done, by=seller, seen=foreign).job)
    row = checked.dynamics.lead(foreign)
    assert (row["subject"], row["companyname"], row["hnt_finalscore"]) == ("Made by hand", "Anadolu", 72)
    done.refresh_from_db()
    assert (done.state, done.remote_id) == ("synced", foreign)
    assert Event.objects.filter(lead=lead, kind=Event.Kind.PUSH_DECIDED, by=seller, new="adopted").exists()


def test_a_deleted_lead_is_never_brought_back_by_itself(checked: Cloud, seller: User) -> None:
    lead = scored()
    first = push(lead).remote_id
    checked.dynamics.delete(first)
    Lead.objects.filter(pk=lead.pk).update(score=80)
    done = push(lead)
    assert (done.state, done.reason, done.remote_state) == ("parked", Reason.DELETED, "deleted")
    assert checked.dynamics.leads() == []
    due_now = pushing.push_when_due(timezone.now())
    assert due_now is None or work(due_now).state == Job.State.DONE
    assert checked.dynamics.leads() == []
    work(pushing.create_again(done, by=seller).job)
    done.refresh_from_db()
    assert (done.state, done.remote_id != first, len(checked.dynamics.leads())) == ("synced", True, 1)


@pytest.mark.parametrize("refuses", [True, False])
def test_a_qualified_lead_is_not_written_any_more(checked: Cloud, refuses: bool) -> None:
    lead = scored()
    done = push(lead)
    checked.dynamics.qualify(done.remote_id)
    checked.dynamics.switch(closed_leads_refuse=refuses)
    if not refuses:  # nobody would tell us: the read-back does
        work(request_read_back(routine=True))
    before = checked.dynamics.lead(done.remote_id)["hnt_finalscore"]
    Lead.objects.filter(pk=lead.pk).update(score=80, scanned_at=timezone.now())
    if refuses:
        work(queue_pushes(Lead.objects.all(), by=None, title="push.list"))
    else:
        assert pushing.push_when_due(timezone.now()) is None
        assert queue_pushes(Lead.objects.all(), by=None, title="push.list") is None
    done.refresh_from_db()
    lead.refresh_from_db()
    assert (done.state, done.remote_state, lead.remote_state) == ("synced", "qualified", "qualified")
    assert checked.dynamics.lead(done.remote_id)["hnt_finalscore"] == before
    with pytest.raises(PushRefused):
        request_push(lead, by=None)


def test_a_column_that_vanishes_is_left_out_not_a_failure(checked: Cloud) -> None:
    checked.dynamics.remove_column("hnt_technicalheat")
    done = push(scored())
    assert (done.state, ["hnt_technicalheat", "missing", ""] in done.notes) == ("synced", True)


def test_a_text_too_long_for_its_column_is_cut_visibly(checked: Cloud) -> None:
    done = push(scored(company_name="İŞ" * 200))
    row = checked.dynamics.lead(done.remote_id)
    assert (len(row["companyname"]), row["companyname"][-1]) == (100, "…")
    assert ["companyname", "cut", "100"] in done.notes


def test_a_row_in_trouble_never_blocks_the_next_and_is_parked_in_the_end(checked: Cloud) -> None:
    bad = scored("bozuk.example")
    checked.faults.add("*", "deadlock", times=None, domain=bad.domain)
    for n in range(10):
        scored(f"firma{n}.example")
    job = queue_pushes(Lead.objects.all(), by=None, title="push.list")
    assert job is not None
    for _try in range(ATTEMPTS + 2):
        Push.objects.queued().update(not_before=timezone.now())
        Governor.objects.update(not_before=None)
        Job.objects.update(next_attempt_at=timezone.now())
        run_job(job.pk)
        scored_later = scored(f"later{_try}.example")
        push(scored_later)
    job.refresh_from_db()
    row = Push.objects.get(lead=bad)
    assert (job.state, job.done, job.failed) == (Job.State.DONE, 11, 1)
    assert (row.state, row.error_category, row.attempts) == ("parked", "server", ATTEMPTS)
    checked.faults.clear()
    work(pushing.retry(Push.objects.all(), by=None))
    row.refresh_from_db()
    assert row.state == "synced"


def test_two_tabs_a_bulk_run_and_the_clock_make_one_lead(checked: Cloud, seller: User) -> None:
    lead = scored()
    first = request_push(lead, by=seller)
    second = request_push(lead, by=seller)
    bulk = queue_pushes(Lead.objects.all(), by=seller, title="push.list")
    assert (first.job, bulk) == (second.job, None)
    work(first.job)
    assert pushing.push_when_due(timezone.now()) is None
    assert checked.dynamics.creates[lead.domain] == 1


def test_nothing_is_sent_while_a_pause_runs(checked: Cloud) -> None:
    checked.faults.add("lead_by_key", "throttle", retry_after=2)
    lead = scored()
    job = request_push(lead, by=None).job
    assert job is not None
    for _try in range(5):
        Job.objects.update(next_attempt_at=timezone.now())
        run_job(job.pk)
    assert checked.dynamics.early_requests == 0
    work(job)
    assert (Push.objects.get().state, checked.dynamics.early_requests) == ("synced", 0)


def test_a_name_like_a_guid_is_a_name(checked: Cloud) -> None:
    checked.dynamics.switch(guid_keys=True)
    lead = scored("3f2504e0-4f89-11d3-9a0c-0305e82c3301.example")
    assert push(lead).state == "synced"
    assert checked.dynamics.creates[lead.domain] == 1


def test_a_server_whose_clock_is_wrong_loses_nothing(checked: Cloud) -> None:
    checked.dynamics.switch(clock_skew=-7200)
    lead = scored()
    done = push(lead)
    work(request_read_back(routine=True))
    checked.dynamics.disqualify(done.remote_id)
    work(request_read_back(routine=True))
    done.refresh_from_db()
    assert done.remote_state == "disqualified"


@pytest.mark.parametrize("reason", ["off", "not_configured"])
def test_off_or_not_set_up_refuses_with_a_sentence_and_asks_nobody(checked: Cloud, settings: Any, reason: str) -> None:
    lead = scored()
    if reason == "off":
        settings.HUNTER_D365_ENABLED = False
    else:
        settings.HUNTER_D365_CLIENT_SECRET = ""
    with pytest.raises(PushRefused, match=reason):
        request_push(lead, by=None)
    with pytest.raises(PushRefused, match=reason):
        queue_pushes(Lead.objects.all(), by=None, title="push.list")
    assert pushing.push_when_due(timezone.now()) is None
    assert (Push.objects.count(), checked.journal.requests()) == (0, [])


def test_a_lead_that_goes_before_its_push_is_asked_for_leaves_nothing(checked: Cloud) -> None:
    lead = scored()
    Lead.objects.all().delete()
    with pytest.raises(LeadGone):
        request_push(lead, by=None)
    assert (Push.objects.count(), Job.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_a_lead_that_goes_while_a_list_is_queued_is_left_out(checked: Cloud) -> None:
    leaves, stays = scored("giden.example"), scored("kalan.example")
    with meanwhile(lambda: Lead.objects.filter(pk=leaves.pk).delete(), before='INSERT INTO "integrations_d365_push"'):
        job = queue_pushes(Lead.objects.all(), by=None, title="push.list")
    assert (work(job).done, Push.objects.get().lead) == (1, stays)
    assert checked.dynamics.creates == {"kalan.example": 1}
