"""A first load with real worker processes that are killed: it finishes, and nothing is missing."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from sandbox.cloud import Cloud
from tests.jobs.world import ROOT, World, kill, wait_until

pytestmark = pytest.mark.database

REFERRALS, KILLS = 400, 4
ACTIVE = "SELECT count(*) FROM jobs_job WHERE kind = 'referrals' AND state IN ('queued', 'running')"
SYNC = """
import time
from jobs.tasks import run_job
from referrals.sync import request_sync
job = request_sync(by=None, asked=True)
while job.is_active:
    run_job(job.pk)
    time.sleep(0.05)
    job.refresh_from_db()
print(job.state)
"""
CONNECT = """
from referrals import sign_in, sync
pending = sign_in.start_device_code(by=None)
print(pending.user_code, flush=True)
input()
sign_in.SignIn.objects.update(next_poll_at=None)
assert sign_in.poll_device_code().state == "ok"
sync.request_sync(by=None)
"""


def test_a_first_load_outlives_the_death_of_its_workers(tmp_path: Path) -> None:
    with Cloud() as cloud:
        cloud.entra.switch(interval=1)
        cloud.partner_center.switch(page_size=10)
        for number in range(REFERRALS):
            team = [{"email": f"a@firma-{number % 150}.example"}]
            cloud.partner_center.add(customerProfile={"name": f"Firma {number % 150}", "team": team})
        cloud.faults.add("referrals", "slow", times=None, seconds=0.02, chunk=16_384)
        with hunter(tmp_path, cloud) as world:
            connect(world, cloud)
            worker = world.start("worker")
            chance = random.Random(3)
            for _ in range(KILLS):
                before = _stored(world)
                wait_until(lambda before=before: _stored(world) > before, 40, "progress")
                kill(wait_until(lambda: _one_of(world.descendants(worker), chance), 20, "a process to kill"))
            wait_until(lambda: _state(world) == "done", 90, "the end of the sync")
            assert _stored(world) == REFERRALS
            links = "SELECT state, count(*), count(DISTINCT lead_id) FROM referrals_referrallink GROUP BY 1"
            assert world.query(links) == [("linked", REFERRALS, 150)]
            assert world.query("SELECT sum(referral_count) FROM leads_lead") == [(REFERRALS,)]
            ledger = "SELECT count(*), sum(created), sum(fetched - created - updated - unchanged - quarantined)"
            assert world.query(f"{ledger} FROM referrals_syncrun") == [(1, REFERRALS, 0)]


def hunter(folder: Path, cloud: Cloud) -> World:
    """A Hunter with a database of its own that knows the sandbox."""
    return World(
        folder,
        settings="hunter.settings",
        HUNTER_PARTNER_CENTER_ENABLED="true",
        HUNTER_PARTNER_CENTER_CLIENT_ID="test",
        HUNTER_PARTNER_CENTER_TENANT_ID=cloud.entra.tenant,
        HUNTER_PARTNER_CENTER_SYNC_INTERVAL="86400",
        HUNTER_SANDBOX_URL=cloud.url,
    )


def connect(world: World, cloud: Cloud) -> None:
    """Sign in and ask for the first sync."""
    with subprocess.Popen(
        [sys.executable, "-c", f"import django; django.setup()\n{CONNECT}"],
        env=world.env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        cloud.entra.approve(process.stdout.readline().strip())
        process.communicate("\n")
        assert process.returncode == 0


def _stored(world: World) -> int:
    return int(world.query("SELECT count(*) FROM referrals_referral")[0][0])


def _state(world: World) -> str:
    return str(world.query("SELECT state FROM referrals_syncrun ORDER BY id DESC")[0][0])


def _one_of(family: list[psutil.Process], chance: random.Random) -> psutil.Process | None:
    """Any process of a whole cluster: main, sentinel, two workers, monitor, pusher."""
    return chance.choice(family) if len(family) >= 6 else None


def test_workers_and_people_who_sync_at_the_same_moment_store_everything_once(tmp_path: Path) -> None:
    with Cloud() as cloud:
        cloud.entra.switch(interval=1)
        cloud.partner_center.switch(page_size=10)
        for number in range(120):
            team = [{"email": f"a@firma-{number % 40}.example"}]
            cloud.partner_center.add(customerProfile={"name": f"Firma {number % 40}", "team": team})
        with hunter(tmp_path, cloud) as world:
            connect(world, cloud)
            world.start("worker")
            people = [world.start_python(SYNC) for _ in range(4)]
            assert [person.communicate()[0].strip() for person in people] == ["done"] * 4
            wait_until(lambda: not world.query(ACTIVE)[0][0], 60, "the end of all syncs")
            assert _stored(world) == 120
            assert world.query("SELECT sum(referral_count), count(*) FROM leads_lead") == [(120, 40)]
            balance = "SELECT sum(created), sum(fetched - created - updated - unchanged - quarantined)"
            assert world.query(f"{balance} FROM referrals_syncrun") == [(120, 0)]
            assert world.query("SELECT count(*) FROM leads_event WHERE kind = 'linked'") == [(120,)]
