"""One row, one link or one pass in trouble never stops the others, and no trouble is taken for an absence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import Alert, Event, Lead
from leads.overtaken import LeadGone
from outbound.errors import AuthFailed
from outbound.token_cache import TokenCache
from referrals import linking, sign_in
from referrals import sync as sync_module
from referrals.client import PartnerCenterClient
from referrals.deadlines import raise_alerts
from referrals.models import Quarantine, Referral, ReferralLink, SignIn, SyncCursor, SyncRun
from referrals.payload import category, read, timestamp, version_stamp
from referrals.sync import last_night, sync_when_due
from referrals.vault import seal, unseal
from sandbox.cloud import Cloud
from tests.factories import make_lead, make_user
from tests.referrals.conftest import Sync


def customer(*emails: str) -> dict[str, Any]:
    return {"name": "Acme", "team": [{"email": email} for email in emails]}


def last_full() -> SyncRun:
    run = SyncRun.objects.filter(mode="full").order_by("-pk").first()
    assert run is not None
    return run


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outbound.session.sleep", lambda _seconds: None)


# What a full pass did not see


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_referral_that_cannot_be_asked_for_is_not_hidden_and_stops_nobody(
    sync: Sync, signed_in: Cloud, status: int
) -> None:
    store = signed_in.partner_center
    stuck, gone = store.add(customerProfile=customer("a@acme.example")), store.add()
    sync()
    store.remove(stuck)
    store.remove(gone)
    signed_in.faults.add("referral", "status", code=status, times=1)
    sync(full=True)
    assert (last_full().state, last_full().not_visible) == ("done", 1)
    hidden = Referral.objects.filter(not_visible_since__isnull=False)
    assert list(hidden.values_list("remote_id", flat=True)) == [gone]
    store.add()
    assert sync().created == 1


def test_no_answer_but_not_found_hides_a_referral(
    sync: Sync, signed_in: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = signed_in.partner_center
    store.remove(store.add())
    for _ in range(3):
        remote_id = store.add()
    sync()
    store.remove(remote_id)
    for odd in (None, [], {"id": "another"}, "text"):
        monkeypatch.setattr(PartnerCenterClient, "one", lambda *_args, odd=odd: odd)
        sync(full=True)
        assert last_full().state == "done"
    monkeypatch.undo()
    signed_in.faults.add("referral", "forbidden", times=None)
    sync(full=True)
    assert (last_full().state, last_full().error_category) == ("failed", "permission")
    assert not Referral.objects.filter(not_visible_since__isnull=False).exists()


def test_a_full_pass_in_trouble_is_given_up_and_never_stops_the_changes(
    sync: Sync, signed_in: Cloud, no_waiting: None
) -> None:
    store = signed_in.partner_center
    store.add()
    sync()
    store.switch(refused_orderby="createdDateTime asc")
    for attempt in range(sync_module.FULL_FAILURES):
        store.add()
        SyncCursor.objects.update(not_before=None)
        sync(full=attempt == 0)
        assert last_full().state == "failed"
        assert Referral.objects.count() == attempt + 2
    cursor = SyncCursor.get()
    assert (cursor.full_wanted, cursor.full_started_at) == (False, None)
    store.add()
    SyncCursor.objects.update(not_before=None)
    assert sync().state == "done"
    assert last_full().pk < SyncRun.objects.latest("pk").pk


def test_what_comes_back_unchanged_shows_on_its_lead_and_warns_again(sync: Sync, signed_in: Cloud) -> None:
    store = signed_in.partner_center
    expires = f"{datetime.now(UTC) + timedelta(hours=12):%Y-%m-%dT%H:%M:%SZ}"
    remote_id = store.add(customerProfile=customer("a@acme.example"), expirationDateTime=expires)
    sync()
    assert raise_alerts(timezone.now()) == 1
    row = store.row(remote_id)
    store.remove(remote_id)
    sync(full=True)
    lead = Lead.objects.get()
    assert (lead.referral_state, lead.referral_deadline) == ("closed", None)
    raise_alerts(timezone.now())
    assert Alert.objects.get().read_at is not None
    store.load([row])
    sync(full=True)
    lead.refresh_from_db()
    assert (lead.referral_state, lead.referral_deadline) == ("new", Referral.objects.get().deadline_at)
    assert raise_alerts(timezone.now()) == 0
    assert Alert.objects.get().read_at is None


def test_the_rest_of_many_lost_referrals_is_asked_for_by_the_next_run(
    sync: Sync, signed_in: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_module, "VERIFIED_A_RUN", 2)
    store = signed_in.partner_center
    ids = [store.add() for _ in range(5)]
    sync()
    for remote_id in ids:
        store.remove(remote_id)
    seen = []
    for attempt in range(3):
        sync(full=attempt == 0)
        seen.append((last_full().state, last_full().not_visible))
    assert seen == [("paused", 2), ("paused", 2), ("done", 1)]


# Links and pages


def test_a_run_ends_at_its_budget_and_the_next_one_goes_on(
    sync: Sync, signed_in: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_module, "REQUESTS_A_RUN", 2)
    signed_in.partner_center.switch(page_size=1)
    for _ in range(5):
        signed_in.partner_center.add()
    runs = [sync() for _ in range(3)]
    assert [(run.state, run.created, run.requests) for run in runs] == [
        ("paused", 2, 2), ("paused", 2, 2), ("done", 1, 1),
    ]  # fmt: skip


def test_links_that_expire_between_runs_cost_no_progress(
    sync: Sync, signed_in: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dense changes: all of them lie within the overlap."""
    monkeypatch.setattr(sync_module, "REQUESTS_A_RUN", 5)
    store = signed_in.partner_center
    store.switch(page_size=2)
    base = store.row(store.add())
    at = datetime.now(UTC) - timedelta(minutes=5)
    store.load(
        base | {"id": f"row-{number:02}", "updatedDateTime": f"{at + timedelta(seconds=number):%Y-%m-%dT%H:%M:%S}Z"}
        for number in range(40)
    )
    for _ in range(8):
        if sync().state == "done":
            break
        signed_in.faults.add("referrals", "status", code=400)
    assert Referral.objects.count() == 41


def test_links_that_lead_in_a_circle_are_noticed(sync: Sync, signed_in: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    links = iter(["a", "b"] * 10)
    monkeypatch.setattr("referrals.client._query_of", lambda _link: f"$skiptoken={next(links)}")
    signed_in.partner_center.switch(page_size=1)
    for _ in range(2):
        signed_in.partner_center.add()
    row = signed_in.partner_center.answer

    def answer(request: Any, faults: Any) -> Any:
        object.__setattr__(request, "query", ())
        return row(request, faults)

    monkeypatch.setattr(signed_in.partner_center, "answer", answer)
    run = sync()
    assert (run.state, run.error_code) == ("failed", "malformed_page")


@pytest.mark.parametrize("link", ["https://[bad/?$skiptoken=x", "https://host/path", 7, "https://host/?a=\ud800"])
def test_a_broken_link_is_a_page_that_cannot_be_read(
    sync: Sync, signed_in: Cloud, monkeypatch: pytest.MonkeyPatch, link: Any
) -> None:
    monkeypatch.setattr(signed_in.partner_center, "_next_link", lambda *_args: link)
    signed_in.partner_center.switch(page_size=1)
    for _ in range(2):
        signed_in.partner_center.add()
    run = sync()
    assert (run.state, run.error_category, run.error_code) == ("failed", "server", "malformed_page")


def test_the_watermark_waits_for_the_end_of_a_pass_that_is_out_of_order(sync: Sync, signed_in: Cloud) -> None:
    store = signed_in.partner_center
    store.switch(page_size=2)
    first = store.add(name="old")
    store.edit(first, name="new")
    sync()
    before = SyncCursor.get().watermark
    for _ in range(4):
        store.add()
    store.replay_older(first)
    signed_in.faults.add("referrals", "throttle", retry_after=60, after=2)
    assert sync().state == "throttled"
    assert SyncCursor.get().watermark == before
    SyncCursor.objects.update(not_before=None)
    assert sync().state == "done"
    assert SyncCursor.get().watermark == max(Referral.objects.values_list("source_stamp", flat=True))


def test_a_row_that_appears_late_within_the_overlap_is_found(sync: Sync, signed_in: Cloud) -> None:
    store = signed_in.partner_center
    base = store.row(store.add())
    sync()
    late = datetime.now(UTC) - timedelta(minutes=8)
    store.load([base | {"id": "late", "updatedDateTime": f"{late:%Y-%m-%dT%H:%M:%S}Z"}])
    sync()
    assert Referral.objects.filter(remote_id="late").exists()


def test_a_refused_filter_is_tried_again_after_the_night(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.add()
    sync()
    signed_in.faults.add("referrals", "status", code=400)
    sync()
    assert SyncCursor.get().filter_refused
    sync(full=True)
    signed_in.journal.clear()
    sync()
    assert "$filter" in signed_in.journal.requests("referrals")[0].options


# Odd rows and odd times


@pytest.mark.parametrize("odd", ["a\ud800", "..", ".", "a\u0000b", "x" * 101, " "])
def test_an_unusable_id_is_parked_and_the_page_is_stored(sync: Sync, signed_in: Cloud, odd: str) -> None:
    signed_in.partner_center.add()
    signed_in.faults.add("referrals", "page_garbage", row={"id": odd, "name": "odd"})
    run = sync()
    assert (run.state, run.created, run.quarantined) == ("done", 1, 1)
    assert Quarantine.objects.get().reason in ("odd_id", "no_id")
    assert Alert.objects.get().type == "row_parked"


def test_a_row_that_cannot_be_stored_is_parked_and_the_others_are_stored(
    sync: Sync, signed_in: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    from referrals import storing

    values = storing._values

    def refuse(row: Any, judged: Any) -> Any:
        if row.columns["name"] == "poison":
            raise ValueError("no database takes this")
        return values(row, judged)

    monkeypatch.setattr(storing, "_values", refuse)
    for name in ("one", "poison", "two"):
        signed_in.partner_center.add(name=name)
    run = sync()
    assert (run.state, run.fetched, run.created, run.quarantined, run.balances) == ("done", 3, 2, 1, True)
    assert Quarantine.objects.get().reason == "not_storable"


def test_the_end_of_time_is_no_deadline_and_breaks_no_page(sync: Sync, signed_in: Cloud, as_seller: Any) -> None:
    never = "9999-12-31T23:59:59Z"
    signed_in.partner_center.add(
        expirationDateTime=never, details={"closingDateTime": never}, customerProfile=customer("a@acme.example")
    )
    sync()
    referral = Referral.objects.get()
    assert (referral.deadline_at, referral.closing_at) == (None, None)
    for path in ("/referrals/", referral.get_absolute_url(), "/leads/", "/leads/acme.example/"):
        assert as_seller.get(path).status_code == 200


def test_a_stamp_from_the_future_hides_nothing_and_can_be_corrected(sync: Sync, signed_in: Cloud) -> None:
    store = signed_in.partner_center
    wrong = store.add(updatedDateTime="2099-01-01T00:00:00.0000000Z", name="wrong")
    soon = datetime.now(UTC) + timedelta(hours=5)
    store.add(updatedDateTime=f"{soon:%Y-%m-%dT%H:%M:%S}Z")
    sync()
    other = store.add()
    sync()
    assert Referral.objects.filter(remote_id=other).exists()
    assert SyncCursor.get().watermark < f"{datetime.now(UTC) + timedelta(minutes=6):%Y-%m-%dT%H:%M}"
    store.edit(wrong, name="right", updatedDateTime=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.0000000Z")
    sync(full=True)
    assert Referral.objects.get(remote_id=wrong).name == "right"


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2026-10-14T08:41:27.5306114Z", "2026-10-14T08:41:27.5306114Z"),
        ("2026-10-14T08:41:27.530611Z", "2026-10-14T08:41:27.5306110Z"),
        ("2026-10-14T08:41:27Z", "2026-10-14T08:41:27.0000000Z"),
        ("2026-10-14T11:41:27.5+03:00", "2026-10-14T08:41:27.5000000Z"),
        ("0001-01-01T00:00:00Z", ""),
        ("2026-10-14T08:41:27,530611Z", ""),
        ("2026-W42-3T08:41:27.53061Z", ""),
        ("soon", ""),
        (None, ""),
    ],
)
def test_stamps_sort_as_their_times_do(text: Any, stamp: str) -> None:
    assert version_stamp(text) == stamp
    assert (timestamp(text) is None) == (stamp == "")


@pytest.mark.parametrize(
    ("kind", "qualification", "inviter", "expected"),
    [
        ("Independent", "Direct", "msft", "marketplace"),
        ("Independent", "Direct", "", "marketplace"),
        ("Independent", "Direct", "other", "unclassified"),
        ("Independent", "SalesQualified", "MSFT", "qualified"),
        ("Independent", "MarketingQualified", "msft", "qualified"),
        ("Independent", "MarketingQualified", "", "unclassified"),
        ("Independent", "SalesQualified", "other", "co_sell"),
        ("Shared", "None", "other", "co_sell"),
        ("Shared", "", "other", "co_sell"),
        ("Shared", "SalesQualified", "msft", "unclassified"),
        ("Shared", "SalesQualified", "", "unclassified"),
        ("Shared", "Direct", "other", "unclassified"),
        ("", "", "", "unclassified"),
    ],
)
def test_the_category_follows_the_table(kind: str, qualification: str, inviter: str, expected: str) -> None:
    assert category(kind, qualification, inviter) == expected


def test_the_hash_of_a_row_is_the_same_from_the_list_and_by_itself() -> None:
    row = {"id": "1", "name": "a", "details": {"dealValue": 1.5}}
    alone = {"@odata.context": "…#Referrals/$entity", **dict(reversed(row.items()))}
    assert read(row).content_hash == read(alone).content_hash


def test_an_amount_beyond_the_column_is_no_amount() -> None:
    row = read({"id": "1", "details": {"dealValue": 10**16, "currency": "TRY"}})
    assert (row.columns["deal_value"], "odd_value" in row.columns["oddities"]) == (None, True)


# Clocks


def test_one_warning_at_three_days_and_one_at_one_day(sync: Sync, signed_in: Cloud) -> None:
    now = timezone.now()
    store = signed_in.partner_center
    for hours in (-1, 5, 30, 71, 73):
        expires = f"{now + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
        store.add(name=f"{hours}", expirationDateTime=expires, customerProfile=customer(f"a@acme{hours}.example"))
    sync()
    assert raise_alerts(now) == 3
    assert raise_alerts(now) == 0
    days = {alert.key: alert.due_at for alert in Alert.objects.all() if alert.key}
    assert sorted(key.rpartition(":")[2] for key in days) == ["1", "3", "3"]
    later = now + timedelta(hours=8)  # 5 h: over; 30 h: now within a day; 73 h: now within three
    assert raise_alerts(later) == 2
    unread = Alert.objects.filter(read_at__isnull=True)
    assert sorted(alert.key.rpartition(":")[2] for alert in unread if alert.key) == ["1", "3", "3"]


def test_an_answer_reads_the_alert_and_a_person_reads_it_for_good(sync: Sync, signed_in: Cloud) -> None:
    now = timezone.now()
    expires = f"{now + timedelta(hours=5):%Y-%m-%dT%H:%M:%SZ}"
    answered, read_by_person = (signed_in.partner_center.add(expirationDateTime=expires) for _ in range(2))
    sync()
    raise_alerts(now)
    person = make_user("seller")
    path = Referral.objects.get(remote_id=read_by_person).get_absolute_url()
    Alert.objects.filter(path=path).update(read_at=now, read_by=person)
    signed_in.partner_center.set_state(answered, "Active", "Accepted")
    sync()
    raise_alerts(now)
    assert not Alert.objects.filter(read_at__isnull=True).exists()


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        ("2026-11-25T00:30", "2026-11-25T02:05", True),  # a pass that ended after midnight is last night's
        ("2026-11-25T02:05", "2026-11-25T23:00", False),
        ("2026-11-24T02:05", "2026-11-25T01:55", False),
        ("2026-11-24T02:05", "2026-11-25T09:00", True),  # switched off at night: in the morning
        ("2026-11-20T02:05", "2026-11-25T01:00", True),
    ],
)
def test_everything_is_read_once_a_night(signed_in: Cloud, last: str, now: str, due: bool) -> None:
    def local(text: str) -> datetime:
        return timezone.make_aware(datetime.fromisoformat(text))

    assert (local(last) < last_night(local(now))) is due
    SyncCursor.get()
    SyncCursor.objects.update(last_full_at=local(last))
    sync_when_due(local(now))
    assert SyncCursor.get().full_wanted is due


def test_a_first_load_needs_no_full_pass_on_the_same_day(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.add()
    sync()
    assert SyncCursor.get().last_full_at is not None
    sync_when_due(timezone.now())
    assert not SyncCursor.get().full_wanted


# Links


def test_a_new_lead_gets_the_addresses_of_its_own_domain_only(sync: Sync, signed_in: Cloud) -> None:
    emails = ("it@look.com.tr", "ozel@outlook.com.tr", "x@gmail.com; it@look.com.tr", "b@mail.look.com.tr")
    signed_in.partner_center.add(customerProfile=customer(*emails))
    sync()
    assert Lead.objects.get(domain="look.com.tr").contact_emails == ["it@look.com.tr", "b@mail.look.com.tr"]


def test_undo_brings_back_what_the_sync_had_found(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.add(customerProfile=customer("a@acme.example"))
    sync()
    referral, person = Referral.objects.get(), make_user("seller")
    linking.unlink(referral, by=person)
    linking.undo(referral, by=person)
    link = ReferralLink.objects.get()
    assert (link.state, link.how, link.lead) == ("linked", "email", Lead.objects.get())
    assert Lead.objects.get().referral_count == 1


def test_linking_again_changes_nothing(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.add(customerProfile=customer("a@acme.example"))
    sync()
    referral, person, lead = Referral.objects.get(), make_user("seller"), Lead.objects.get()
    linking.link(referral, lead, by=person)
    assert (ReferralLink.objects.get().how, Event.objects.filter(kind="linked").count()) == ("email", 1)


def test_the_nearest_deadline_of_several_is_the_leads(sync: Sync, signed_in: Cloud) -> None:
    for hours in (50, 5, 90):
        expires = f"{timezone.now() + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
        signed_in.partner_center.add(expirationDateTime=expires, customerProfile=customer("a@acme.example"))
    sync()
    deadlines = Referral.objects.values_list("deadline_at", flat=True)
    assert Lead.objects.get().referral_deadline == min(filter(None, deadlines))


def test_a_text_that_names_two_companies_links_to_none(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.add(customerProfile=customer())
    sync()
    with pytest.raises(linking.NoDomain) as refused:
        linking.link_to_domain(Referral.objects.get(), "a.example, b.example", by=make_user("seller"))
    assert refused.value.reason == "several_domains"


def test_a_lead_that_goes_before_the_link_is_saved_leaves_the_referral_as_it_was(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.add(customerProfile=customer())
    sync()
    lead, referral, before = make_lead("acme.example"), Referral.objects.get(), ReferralLink.objects.values().get()
    Lead.objects.all().delete()
    with pytest.raises(LeadGone):
        linking.link(referral, lead, by=make_user("seller"))
    assert (ReferralLink.objects.values().get(), Event.objects.count()) == (before, 0)


# Sign-in


def test_a_cancelled_code_signs_nobody_in(connected: Cloud) -> None:
    pending = sign_in.start_device_code(by=None)
    connected.entra.approve(pending.user_code)
    stale = SignIn.get()
    sign_in.cancel_device_code()
    sign_in._poll(stale)
    assert SignIn.get().state == "none"


def test_the_refusal_of_an_old_code_leaves_the_new_one_alone(connected: Cloud) -> None:
    sign_in.start_device_code(by=None)
    stale = SignIn.get()
    fresh = sign_in.start_device_code(by=None)
    connected.entra.switch(declined=True)
    sign_in._poll(stale)
    assert SignIn.get().user_code == fresh.user_code


def test_a_code_is_not_asked_for_before_its_time(connected: Cloud) -> None:
    connected.entra.switch(interval=30)
    sign_in.start_device_code(by=None)
    sign_in.poll_device_code()
    assert connected.journal.requests("token") == []


def test_the_refusal_of_an_earlier_sign_in_does_not_spoil_a_new_one(signed_in: Cloud) -> None:
    earlier = SignIn.get().signed_in_at
    SignIn.objects.update(signed_in_at=timezone.now())
    sign_in.require_sign_in(AuthFailed(system="Partner Center", status=401), earlier)
    assert SignIn.get().state == "ok"


def test_signing_out_throws_the_tokens_away(signed_in: Cloud) -> None:
    sign_in.forget(make_user("operator"))
    row = SignIn.get()
    assert (row.state, row.cache, row.account_name) == ("none", "", "")


def test_a_renewal_does_not_overwrite_a_newer_sign_in(signed_in: Cloud) -> None:
    stale = SignIn.get()
    SignIn.objects.update(cache=seal("{}"))
    newer = SignIn.get().cache
    sign_in._renew(stale, TokenCache.load(unseal(stale.cache)), force=True)
    assert SignIn.get().cache == newer


def test_a_token_that_another_worker_renewed_is_used(signed_in: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between our look and our lease somebody else renewed: no second renewal."""
    signed_in.entra.revoke_access()
    original = sign_in.lease
    renewed: list[str] = []

    @contextmanager
    def lease(name: str, seconds: float) -> Iterator[bool]:
        if not renewed:
            monkeypatch.setattr(sign_in, "lease", original)
            renewed.append(sign_in.bearer(refused=True))
        with original(name, seconds) as ours:
            yield ours

    monkeypatch.setattr(sign_in, "lease", lease)
    assert sign_in.bearer(refused=True) == renewed[0]
    assert len(signed_in.journal.requests("token")) == 1


# What is left behind


def test_the_run_of_a_deleted_job_is_closed(sync: Sync, signed_in: Cloud) -> None:
    left = SyncRun.objects.create(mode="full")
    sync()
    left.refresh_from_db()
    assert (left.state, left.error_code) == ("failed", "crashed")


def test_copies_of_one_moment_are_ordered_by_the_second_in_their_etag(sync: Sync, signed_in: Cloud) -> None:
    store = signed_in.partner_center
    remote_id = store.add(name="newer")
    sync()
    row = store.row(remote_id)
    tag = row["eTag"].strip('"')
    older = f'"{tag[:-12]}{int(tag[-12:-4], 16) - 60:08x}{tag[-4:]}"'
    store.load([row | {"name": "older", "eTag": older}])
    assert sync().unchanged == 1
    assert Referral.objects.get().name == "newer"


def test_a_lead_knows_at_once_that_its_referral_has_gone(
    sync: Sync, signed_in: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_module, "VERIFIED_A_RUN", 1)
    store = signed_in.partner_center
    ids = [store.add(customerProfile=customer(f"a@firma{number}.example")) for number in range(2)]
    sync()
    for remote_id in ids:
        store.remove(remote_id)
    sync(full=True)
    assert last_full().state == "paused"
    assert sorted(Lead.objects.values_list("referral_state", flat=True)) == ["closed", "new"]
