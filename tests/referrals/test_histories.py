"""Random histories: while Hunter reads page after page, other people edit, add and close referrals, pages come twice or
with late copies, rows vanish and return, requests fail in every way, links expire, runs end at their budget, and the
worker dies before any statement. In the end Hunter holds what Partner Center holds, nothing twice, and every run
balances."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from jobs.models import Job, Lease
from jobs.tasks import run_job
from leads.models import Lead
from referrals.models import Quarantine, Referral, ReferralLink, SignIn, SyncCursor, SyncRun
from referrals.payload import canonical
from referrals.sync import SyncRefused, request_sync
from sandbox.cloud import Cloud

# On PostgreSQL other histories, and fewer: the rules under test are the same.
FIRST, HISTORIES = (0, 512) if connection.vendor == "sqlite" else (10_000, 96)
GROUPS = 32  # tests; each plays its share of the histories, so that they spread over the workers
FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("status", {"code": 500}),
    ("status", {"code": 503, "retry_after": 1}),
    ("status", {"code": 503, "retry_after": 60}),
    ("throttle", {"retry_after": 1}),
    ("throttle", {"retry_after": 120}),
    ("throttle", {"retry_after": 1, "as_date": True}),
    ("close", {}),
    ("reset", {}),
    ("truncated", {"length": "right"}),
    ("truncated", {"length": "wrong"}),
    ("malformed", {}),
    ("unauthorized", {}),
    ("value_missing", {}),
    ("page_garbage", {"row": "a text"}),
    ("page_garbage", {"row": {"name": "without id"}}),
    ("page_garbage", {"row": None}),
)


class Killed(BaseException):
    """What kill -9 is to a process: nothing after it runs, and the transaction that was open is gone."""


@contextmanager
def killed_before(statement: int) -> Iterator[None]:
    """The process dies before its n-th statement; 0 = it lives. Savepoints stand for BEGIN and COMMIT here: dying
    before COMMIT is dying before the last statement of the transaction."""
    left = statement

    def count(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        nonlocal left
        if left and not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            left -= 1
            if left == 0:
                raise Killed
        return execute(sql, *args)

    with connection.execute_wrapper(count):
        yield


def play(cloud: Cloud, seed: int) -> None:
    """One history, from an empty Hunter to a calm one."""
    chance = random.Random(seed)
    store = cloud.partner_center
    store.switch(page_size=chance.choice((4, 5, 8)), next_link=chance.choice(("odd", "full", "foreign")))
    for _ in range(chance.randrange(12)):
        _add(cloud, chance)
    for _ in range(chance.randrange(1, 5)):
        _disturb(cloud, chance)
        _sync(full=chance.random() < 0.2, dies_before=chance.choice((0, 0, chance.randrange(1, 90))), chance=chance)
        _calm(cloud)
        _change(cloud, chance, chance.randrange(4))
    _sync(full=False, dies_before=0, chance=chance)
    for _ in range(20):
        _sync(full=True, dies_before=0, chance=chance)
        if SyncRun.objects.filter(mode=SyncRun.Mode.FULL).latest("pk").state == SyncRun.State.DONE:
            break
    _compare(cloud)


def _add(cloud: Cloud, chance: random.Random) -> None:
    emails = chance.choice((["a@kaya.example"], ["b@mail.deniz.example", "c@deniz.example"], ["d@hotmail.com.tr"], []))
    cloud.partner_center.add(customerProfile={"name": "Kaya", "team": [{"email": email} for email in emails]})


def _change(cloud: Cloud, chance: random.Random, count: int) -> None:
    store = cloud.partner_center
    store.edit_randomly(count, chance)
    for remote_id in chance.sample(sorted(store.rows()), min(2, len(store))):
        what = chance.randrange(4)
        if what == 0:
            store.duplicate(remote_id, across=chance.random() < 0.5)
        elif what == 1:
            store.edit(remote_id, statusReason=f"late {chance.random()}")
            store.replay_older(remote_id)
        elif what == 2:
            _add(cloud, chance)
        elif chance.random() < 0.5:
            store.remove(remote_id)
            if chance.random() < 0.5:
                store.restore(remote_id)


def _disturb(cloud: Cloud, chance: random.Random) -> None:
    if chance.random() < 0.8:
        cloud.faults.random_edits(chance.randrange(10**6), per_page=chance.randrange(1, 4))
    for _ in range(chance.randrange(3)):
        kind, options = chance.choice(FAULTS)
        times = chance.choice((1, 1, 2, 9))
        cloud.faults.add("referrals", kind, times=times, after=chance.randrange(5), **options)
    if chance.random() < 0.1:
        cloud.partner_center.switch(expire_tokens=True)
    if chance.random() < 0.1:
        cloud.faults.add("token", "status", times=9, code=503)
        cloud.entra.revoke_access()


def _calm(cloud: Cloud) -> None:
    """The weather is over; whoever had to wait or to sign in has done so."""
    cloud.faults.clear()
    cloud.partner_center.switch(expire_tokens=False)
    SyncCursor.objects.update(not_before=None)
    SignIn.objects.update(state=SignIn.State.OK)


def _sync(*, full: bool, dies_before: int, chance: random.Random) -> None:
    """Ask for a sync and let workers do it, one after the other while they die."""
    try:
        job = request_sync(by=None, full=full)
    except SyncRefused:
        return
    for _ in range(30):
        try:
            with killed_before(dies_before):
                run_job(job.pk)
        except Killed:
            # The supervisor frees what a dead process held (jobs.supervisor).
            before = timezone.now() - timedelta(seconds=1)
            Job.objects.filter(state=Job.State.RUNNING).update(lease_until=before)
            Lease.objects.update(until=before)
        dies_before = chance.randrange(1, 120) if chance.random() < 0.3 else 0
        job.refresh_from_db()
        if not job.is_active:
            return
    raise AssertionError("the sync does not end")


def _compare(cloud: Cloud) -> None:
    there = {remote_id: canonical(row)[1] for remote_id, row in cloud.partner_center.rows().items()}
    visible = Referral.objects.filter(not_visible_since__isnull=True)
    assert dict(visible.values_list("remote_id", "content_hash")) == there
    for referral in visible:
        assert canonical(json.loads(referral.raw))[1] == referral.content_hash
        assert referral.status == cloud.partner_center.row(referral.remote_id)["status"]
    assert ReferralLink.objects.count() == Referral.objects.count()
    assert all(run.balances for run in SyncRun.objects.all())
    assert not SyncRun.objects.filter(state=SyncRun.State.RUNNING).exists()
    linked = ReferralLink.objects.filter(lead__isnull=False)
    assert set(Lead.objects.values_list("domain", flat=True)) == set(linked.values_list("lead__domain", flat=True))
    for lead in Lead.objects.all():
        assert lead.referral_count == linked.filter(lead=lead).count()
        mine = visible.filter(link__lead=lead)
        states = {"Active": "active", "Closed": "closed"}
        found = {states.get(status, "new") for status in mine.values_list("status", flat=True)} or {"closed"}
        assert lead.referral_state == next(state for state in ("new", "active", "closed") if state in found)
        assert lead.referral_deadline == min(filter(None, mine.values_list("deadline_at", flat=True)), default=None)
    stored = sum(run.created for run in SyncRun.objects.all())
    assert stored == Referral.objects.count()  # nothing was created twice
    garbage = sum(run.quarantined for run in SyncRun.objects.all())
    assert bool(garbage) == Quarantine.objects.exists()


@pytest.mark.parametrize("group", range(GROUPS))
def test_in_the_end_both_sides_are_equal(signed_in: Cloud, monkeypatch: pytest.MonkeyPatch, group: int) -> None:
    monkeypatch.setattr("outbound.session.sleep", lambda _seconds: None)
    monkeypatch.setattr("referrals.sync.REQUESTS_A_RUN", 5 + group % 3 * 20)
    share = HISTORIES // GROUPS
    token = SignIn.get()
    for seed in range(FIRST + group * share, FIRST + (group + 1) * share):
        try:
            play(signed_in, seed)
        except AssertionError as error:
            raise AssertionError(f"history {seed}") from error
        _forget_everything(signed_in, token)


def _forget_everything(cloud: Cloud, token: SignIn) -> None:
    for model in (SyncCursor, SyncRun, Quarantine, Referral, Lead, Job):
        model.objects.all().delete()
    token.save()
    for remote_id in list(cloud.partner_center.rows()):
        cloud.partner_center.remove(remote_id)
    cloud.journal.clear()
