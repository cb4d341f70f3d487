"""Bad weather: each kind gets a clear state, nothing is lost, and the next run goes on."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone

import jobs.services
from jobs.models import Job
from jobs.tasks import run_job
from leads.models import Event, Lead
from referrals import linking, sign_in
from referrals import sync as sync_module
from referrals.models import Quarantine, Referral, ReferralLink, SignIn, SyncCursor, SyncRun
from referrals.status import sync_light
from referrals.sync import SyncRefused, request_sync, sync_when_due
from sandbox.cloud import Cloud
from tests.factories import make_lead, make_user
from tests.referrals.conftest import Sync


def light() -> str:
    found = sync_light()
    assert found is not None
    return found.state


def state_after(sync: Sync) -> tuple[str, str, str]:
    run = sync()
    return run.state, run.error_category, light()


# Sign-in


def test_with_the_flag_off_nothing_is_scheduled_and_commands_say_so(db: None) -> None:
    assert sync_light() is None
    assert sync_when_due(timezone.now()) is None
    for command in ("sync_referrals", "partner_center_login"):
        with pytest.raises(CommandError) as refused:
            call_command(command)
        assert refused.value.returncode == 3
        assert "HUNTER_PARTNER_CENTER_ENABLED" in str(refused.value)


def test_without_settings_the_command_names_them(connected: Cloud, settings: Any) -> None:
    settings.HUNTER_PARTNER_CENTER_CLIENT_ID = ""
    with pytest.raises(CommandError, match="HUNTER_PARTNER_CENTER_CLIENT_ID") as refused:
        call_command("sync_referrals")
    assert refused.value.returncode == 3
    assert light() == "not_configured"


def test_without_a_sign_in_nothing_is_asked(connected: Cloud) -> None:
    assert light() == "not_signed_in"
    assert sync_when_due(timezone.now()) is None
    with pytest.raises(CommandError) as refused:
        call_command("sync_referrals")
    assert refused.value.returncode == 4
    assert connected.journal.requests("referrals") == []


@pytest.mark.parametrize(
    ("number", "reason"),
    [(50173, "password_changed"), (700082, "unused"), (53003, "policy_blocked"), (50076, "mfa_required"),
     (65001, "consent_missing"), (50057, "account_disabled")],
)  # fmt: skip
def test_a_refused_refresh_asks_for_a_sign_in_and_a_new_one_goes_on(
    sync: Sync, signed_in: Cloud, number: int, reason: str
) -> None:
    signed_in.partner_center.add()
    signed_in.entra.switch(token_error=number)
    signed_in.entra.revoke_access()
    assert state_after(sync) == ("needs_sign_in", "auth", "needs_sign_in")
    row = SignIn.get()
    assert (row.state, row.reason, row.error_code) == ("reauth_required", reason, f"AADSTS{number}")
    assert row.request_id
    assert sync_when_due(timezone.now()) is None
    with pytest.raises(SyncRefused) as refused:
        request_sync(by=None)
    assert refused.value.reason == "sign_in"
    signed_in.entra.switch(token_error=None)
    pending = sign_in.start_device_code(by=None)
    signed_in.entra.approve(pending.user_code)
    SignIn.objects.update(next_poll_at=None)
    assert sign_in.poll_device_code().state == "ok"
    assert state_after(sync) == ("done", "", "ok")
    assert Referral.objects.count() == 1


def test_trouble_at_the_sign_in_service_is_no_reason_to_sign_in_again(sync: Sync, signed_in: Cloud) -> None:
    signed_in.entra.revoke_access()
    signed_in.faults.add("token", "status", code=503, times=9)
    assert state_after(sync) == ("failed", "server", "failed")
    assert SignIn.get().state == "ok"
    signed_in.faults.clear()
    SyncCursor.objects.update(not_before=None)
    assert sync().state == "done"


def test_a_token_without_mfa_is_not_refreshed_again_and_again(sync: Sync, signed_in: Cloud) -> None:
    signed_in.faults.add("referrals", "mfa_missing", times=None)
    assert state_after(sync) == ("needs_sign_in", "auth", "needs_sign_in")
    assert SignIn.get().reason == "mfa_required"
    assert len(signed_in.journal.requests("referrals")) == 1
    assert signed_in.journal.requests("token") == []


def test_a_revoked_access_token_is_renewed_once_without_anybody_noticing(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.add()
    signed_in.entra.revoke_access()
    run = sync()
    assert (run.state, run.created, run.requests) == ("done", 1, 2)
    assert [entry.status for entry in signed_in.journal.requests("referrals")] == [401, 200]
    assert len(signed_in.journal.requests("token")) == 1


def test_a_missing_role_is_named(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.switch(role_missing=True)
    assert state_after(sync) == ("failed", "permission", "failed")
    assert SignIn.get().state == "ok"


def test_a_changed_key_asks_for_a_sign_in(sync: Sync, signed_in: Cloud, settings: Any) -> None:
    settings.HUNTER_TOKEN_KEY = ["another"]
    assert state_after(sync) == ("needs_sign_in", "auth", "needs_sign_in")
    assert SignIn.get().reason == "key_changed"


def test_a_new_key_in_front_of_the_old_one_opens_the_cache(sync: Sync, signed_in: Cloud, settings: Any) -> None:
    settings.HUNTER_TOKEN_KEY = ["new", *settings.HUNTER_TOKEN_KEY]
    assert sync().state == "done"


def test_no_token_is_readable_in_the_database_or_in_a_debug_log(
    connected: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("msal", "urllib3", "requests", "outbound", "django.db.backends"):
        caplog.set_level(logging.DEBUG, logger=name)
    bodies: list[str] = []
    answer = connected.entra.answer

    def listen(*args: Any) -> Any:
        reply = answer(*args)
        bodies.append(reply.body.decode())
        return reply

    connected.entra.answer = listen  # type: ignore[method-assign]
    pending = sign_in.start_device_code(by=None)
    connected.entra.approve(pending.user_code)
    SignIn.objects.update(next_poll_at=None)
    sign_in.poll_device_code()
    connected.entra.revoke_access()
    sign_in.bearer(refused=True)
    tokens = [json.loads(body) for body in bodies if "access_token" in body]
    assert len(tokens) == 2
    secrets = {token[name] for token in tokens for name in ("access_token", "refresh_token", "id_token")}
    secrets |= {json.loads(body)["device_code"] for body in bodies if "device_code" in body}
    sign_in.start_device_code(by=None)  # a flow that waits is a secret, too
    secrets |= {json.loads(body)["device_code"] for body in bodies if "device_code" in body}
    out = io.StringIO()
    call_command("dumpdata", stdout=out)
    dump = out.getvalue()
    assert connected.entra.users[0] in dump  # the account is in it, so the row is
    for secret in secrets:
        assert secret not in dump
        assert secret not in caplog.text
    assert connected.entra.users[0] not in caplog.text


# The API


def test_a_long_pause_is_kept_and_nobody_asks_meanwhile(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.switch(page_size=2)
    for _ in range(5):
        signed_in.partner_center.add()
    signed_in.faults.add("referrals", "throttle", retry_after=600, after=1)
    run = sync()
    assert (run.state, run.error_category, run.pages, run.created) == ("throttled", "rate_limit", 1, 2)
    assert light() == "throttled"
    until = SyncCursor.get().not_before
    assert until is not None
    assert timedelta(seconds=580) < until - timezone.now() <= timedelta(seconds=600)
    signed_in.journal.clear()
    assert sync_when_due(timezone.now()) is None
    with pytest.raises(SyncRefused):
        request_sync(by=make_user("impatient"))
    assert signed_in.journal.requests() == []
    SyncCursor.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    run = sync()
    assert (run.state, run.pages, run.created) == ("done", 2, 3)


def test_an_hour_of_throttling_is_answered_with_longer_pauses(sync: Sync, signed_in: Cloud) -> None:
    signed_in.faults.add("referrals", "throttle", retry_after=900, times=None)
    for _ in range(4):
        assert sync().state == "throttled"
        SyncCursor.objects.update(not_before=None)
    assert len(signed_in.journal.requests("referrals")) == 4  # one a run: a long wait is not slept through
    signed_in.faults.clear()
    assert sync().state == "done"


def test_a_short_trouble_is_ridden_out(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.add()
    signed_in.faults.add("referrals", "status", code=503, retry_after=1, times=1)
    run = sync()
    assert (run.state, run.created, run.requests) == ("done", 1, 2)
    ids = [entry.client_request_id for entry in signed_in.journal.requests("referrals")]
    assert len(set(ids)) == 2
    assert [row[0] for row in run.request_ids] == ids


def test_a_link_to_another_host_gets_no_bearer_and_no_visit(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.switch(page_size=2, next_link="foreign")
    for _ in range(3):
        signed_in.partner_center.add()
    assert sync().created == 3
    assert {entry.host for entry in signed_in.journal.requests()} == {"api.partner.microsoft.com"}


@pytest.mark.parametrize("kind", ["malformed", "value_missing", "truncated"])
def test_a_page_that_cannot_be_read_ends_the_run_and_not_the_data(sync: Sync, signed_in: Cloud, kind: str) -> None:
    signed_in.partner_center.switch(page_size=2)
    for _ in range(3):
        signed_in.partner_center.add()
    signed_in.faults.add("referrals", kind, times=9, after=1)
    run = sync()
    assert (run.state, run.created, run.balances) == ("failed", 2, True)
    assert run.error_category in ("server", "network")
    signed_in.faults.clear()
    SyncCursor.objects.update(not_before=None)
    assert (sync().created, Referral.objects.count()) == (1, 3)


def test_an_expired_link_begins_again_at_the_watermark(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.switch(page_size=2)
    for _ in range(5):
        signed_in.partner_center.add()
    signed_in.faults.add("referrals", "status", code=400, after=1)
    run = sync()
    assert (run.state, run.created, Referral.objects.count()) == ("done", 5, 5)
    assert run.balances


def test_a_server_that_does_not_know_the_filter_is_read_without(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.switch(refused_filter="updatedDateTime")
    signed_in.partner_center.add()
    sync()
    signed_in.partner_center.add()
    run = sync()
    assert (run.state, run.fetched, run.created, run.unchanged) == ("done", 2, 1, 1)
    signed_in.journal.clear()
    sync()
    assert [entry.status for entry in signed_in.journal.requests("referrals")] == [200]


def test_the_same_referral_twice_in_a_page_is_one(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.duplicate(signed_in.partner_center.add())
    run = sync()
    assert (run.fetched, run.created, run.unchanged) == (2, 1, 1)


def test_an_older_copy_that_comes_later_changes_nothing(sync: Sync, signed_in: Cloud) -> None:
    remote_id = signed_in.partner_center.add(name="old")
    signed_in.partner_center.edit(remote_id, name="new")
    sync()
    signed_in.partner_center.replay_older(remote_id)
    run = sync()
    assert (run.fetched, run.updated, run.unchanged) == (2, 0, 2)
    assert Referral.objects.get().name == "new"


def test_rows_of_any_shape_are_kept_and_shown(sync: Sync, signed_in: Cloud, as_operator: Any) -> None:
    store = signed_in.partner_center
    member = {"firstName": "Kaan", "lastName": "Deneme", "email": "kaan@acme.example"}
    base = store.row(store.add())
    odd = {
        "ids as object": {"customerProfile": base["customerProfile"] | {"ids": {"profileType": "Duns", "id": "1"}}},
        "team as object": {"customerProfile": {"name": "Acme", "team": {"0": member}}},
        "team as one member": {"customerProfile": {"name": "Acme", "team": member}},
        "null everywhere": {name: None for name in base if name != "id"},
        "unknown enums": {"status": "Paused", "substatus": "Engaged", "type": "Joint", "qualification": "Odd"},
        "long name": {"name": "Ş" * 300, "customerProfile": {"name": "İ" * 300}},
        "odd value": {"details": {"dealValue": "çok", "currency": "Lira"}},
        "text in place of objects": {"customerProfile": "Acme", "details": [], "team": "x", "inviteContext": 3},
        "odd characters": {"name": "a\u0000b \ud800 c", "customerProfile": {"name": "<script>alert(1)</script>"}},
    }
    rows = [base | changes | {"id": f"row-{number}"} for number, changes in enumerate(odd.values())]
    store.load(rows)
    run = sync(full=True)
    full = SyncRun.objects.filter(mode="full").get()
    assert run.state == full.state == "done"
    assert (full.fetched, full.quarantined, full.balances) == (len(odd) + 1, 0, True)
    assert Referral.objects.count() == len(odd) + 1
    found = {referral.remote_id: referral for referral in Referral.objects.select_related("link__lead")}
    assert found["row-1"].link.lead == found["row-2"].link.lead == Lead.objects.get(domain="acme.example")
    assert (found["row-4"].status, found["row-4"].category) == ("Paused", "unclassified")
    assert "unknown_status" in found["row-4"].oddities
    assert found["row-5"].name == "Ş" * 300
    assert (found["row-6"].deal_value, found["row-6"].currency) == (None, "")
    for referral in found.values():
        page = as_operator.get(referral.get_absolute_url())
        assert page.status_code == 200
        assert b"<script>alert" not in page.content
    assert as_operator.get("/referrals/").status_code == 200


def test_rows_without_identity_are_parked_once(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.add()
    for row in ("a text", {"name": "no id"}, ["list"], {"id": 7}):
        signed_in.faults.add("referrals", "page_garbage", row=row)
    run = sync()
    assert (run.fetched, run.created, run.quarantined, run.balances) == (5, 1, 4, True)
    signed_in.faults.add("referrals", "page_garbage", row="a text")
    sync()
    assert sorted(Quarantine.objects.values_list("reason", flat=True)) == ["no_id", "no_id", "no_object", "no_object"]


def test_a_closing_time_of_21_z_is_the_next_day_in_istanbul(sync: Sync, signed_in: Cloud, as_seller: Any) -> None:
    details = {"closingDateTime": "2026-12-30T21:00:00Z", "dealValue": 480000.5, "currency": "TRY"}
    signed_in.partner_center.add(details=details)
    sync()
    referral = Referral.objects.get()
    assert referral.deal_value == Decimal("480000.5")
    assert timezone.localtime(referral.closing_at).isoformat() == "2026-12-31T00:00:00+03:00"
    page = as_seller.get(referral.get_absolute_url(), headers={"accept-language": "tr"}).content.decode()
    assert "31.12.2026" in page
    assert "30.12.2026" not in page
    assert "480.000,50" in page


# Several at once


def test_two_workers_and_a_person_make_one_sync(signed_in: Cloud) -> None:
    signed_in.partner_center.add()
    first = request_sync(by=None)
    second = request_sync(by=make_user("impatient"))
    assert first == second
    run_job(first.pk)
    run_job(first.pk)
    assert SyncRun.objects.filter(state="done").count() <= 2
    assert Referral.objects.count() == 1
    assert all(run.balances for run in SyncRun.objects.all())


def test_a_worker_that_lost_its_lease_writes_nothing_more(signed_in: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in.partner_center.switch(page_size=1)
    for _ in range(3):
        signed_in.partner_center.add()
    job = request_sync(by=None)
    original = sync_module.store_rows

    def store_rows(*args: Any, **kwargs: Any) -> Any:
        stored = original(*args, **kwargs)
        if Referral.objects.count() == 2:
            Job.objects.filter(pk=job.pk).update(lease_token=":1:another")
        return stored

    monkeypatch.setattr(sync_module, "store_rows", store_rows)
    run_job(job.pk)
    assert Referral.objects.count() == 2
    job.refresh_from_db()
    assert (job.state, job.lease_token) == ("running", ":1:another")
    assert SyncRun.objects.get().pages == 2


def test_a_cancelled_sync_says_so_and_the_next_one_goes_on(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.add()
    job = request_sync(by=None)
    SyncRun.objects.create(mode="incremental", job=job)
    jobs.services.cancel(job, None)
    assert SyncRun.objects.get().state == "cancelled"
    assert sync().state == "done"
    assert Referral.objects.count() == 1


# People


def test_a_manual_link_survives_ten_syncs_in_which_the_row_changes(sync: Sync, signed_in: Cloud) -> None:
    store, person = signed_in.partner_center, make_user("seller")
    team = [{"email": "a@acme.example"}]
    linked, unlinked = (store.add(customerProfile={"name": "Acme", "team": team}) for _ in range(2))
    sync()
    other = make_lead("baska.example")
    linking.link(Referral.objects.get(remote_id=linked), other, by=person)
    linking.unlink(Referral.objects.get(remote_id=unlinked), by=person)
    for number in range(10):
        for remote_id in (linked, unlinked):
            emails = [{"email": f"b@firma-{number}.example"}] if number % 2 else team
            store.edit(remote_id, name=f"change {number}", customerProfile={"name": "Acme", "team": emails})
        run = sync(full=number == 5)
        assert run.state == "done"
    assert Referral.objects.get(remote_id=linked).name == "change 9"
    states = dict(ReferralLink.objects.values_list("referral__remote_id", "state"))
    assert states == {linked: "linked", unlinked: "unlinked"}
    assert ReferralLink.objects.get(referral__remote_id=linked).lead == other
    other.refresh_from_db()
    assert other.referral_count == 1
    assert Lead.objects.get(domain="acme.example").referral_count == 0
    assert not Lead.objects.filter(domain__startswith="firma-").exists()
    assert Event.objects.filter(lead=other, kind="linked", by=person).count() == 1


def test_a_referral_that_waits_is_linked_when_its_people_change(sync: Sync, signed_in: Cloud) -> None:
    store = signed_in.partner_center
    remote_id = store.add(customerProfile={"name": "Acme", "team": [{"email": "acme@hotmail.com.tr"}]})
    assert sync().needs_domain == 1
    store.edit(remote_id, customerProfile={"name": "Acme", "team": [{"email": "it@acme.example"}]})
    run = sync()
    assert (run.updated, run.linked) == (1, 1)
    assert Referral.objects.get().link.lead == Lead.objects.get(domain="acme.example")


def test_suggestions_come_from_addresses_leads_and_imports(sync: Sync, signed_in: Cloud) -> None:
    emails = [{"email": "a@birinci.example"}, {"email": "b@ikinci.example"}]
    signed_in.partner_center.add(customerProfile={"name": "EGE SOĞUTMA SAN. TİC. A.Ş.", "team": emails})
    sync()
    lead = make_lead("egesogutma.example", company_name="Ege Soğutma Ltd. Şti.")
    referral = Referral.objects.get()
    assert referral.link.state == "several"
    found = [(item.domain, item.why) for item in linking.suggestions(referral)]
    assert found == [
        ("birinci.example", "team_email"), ("ikinci.example", "team_email"), ("egesogutma.example", "lead_name"),
    ]  # fmt: skip
    person = make_user("seller")
    assert linking.link_to_domain(referral, "https://www.egesogutma.example/", by=person) == lead


def test_a_deleted_lead_gives_its_referral_back(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.add(customerProfile={"name": "Acme", "team": [{"email": "a@acme.example"}]})
    sync()
    Lead.objects.all().delete()
    sync()
    assert ReferralLink.objects.get().state == "needs_domain"


# Commands


def test_the_command_prints_its_ledger_as_json(signed_in: Cloud) -> None:
    signed_in.partner_center.add()
    out = io.StringIO()
    call_command("sync_referrals", "--json", stdout=out)
    (line,) = out.getvalue().splitlines()
    ledger = json.loads(line)
    assert list(ledger) == [
        "state", "fetched", "created", "updated", "unchanged", "quarantined", "linked", "needs_domain", "pages",
        "error",
    ]  # fmt: skip
    assert (ledger["state"], ledger["fetched"], ledger["created"], ledger["error"]) == ("done", 1, 1, None)


def test_the_command_needs_a_sign_in_when_it_was_revoked(signed_in: Cloud) -> None:
    signed_in.entra.revoke()
    with pytest.raises(SystemExit) as ended:
        call_command("sync_referrals", "--json", stdout=io.StringIO())
    assert ended.value.code == 4


def test_the_login_command_waits_until_the_code_is_entered(connected: Cloud) -> None:
    connected.entra.switch(auto_approve_after=1)
    out = io.StringIO()
    call_command("partner_center_login", stdout=out)
    assert f"Signed in as {connected.entra.users[0]}." in out.getvalue()
    assert SignIn.get().state == "ok"


def test_a_locked_database_is_tried_again(signed_in: Cloud) -> None:
    signed_in.partner_center.add()
    job = request_sync(by=None)
    failures = [OperationalError("database is locked")]

    def locked(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if failures and sql.startswith("INSERT INTO") and "referrals_referral" in sql:
            raise failures.pop()
        return execute(sql, *args)

    with connection.execute_wrapper(locked):
        run_job(job.pk)
        job.refresh_from_db()
        assert (job.state, job.failures, Referral.objects.count()) == ("queued", 1, 0)
        Job.objects.update(next_attempt_at=timezone.now())
        run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, Referral.objects.count()) == ("done", 1)
    assert (SyncRun.objects.get().state, SyncRun.objects.get().balances) == ("done", True)
