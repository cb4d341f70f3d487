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
        with World(
            tmp_path,
            settings="hunter.settings",
            HUNTER_PARTNER_CENTER_ENABLED="true",
            HUNTER_PARTNER_CENTER_CLIENT_ID="test",
            HUNTER_PARTNER_CENTER_TENANT_ID=cloud.entra.tenant,
            HUNTER_PARTNER_CENTER_SYNC_INTERVAL="86400",
            HUNTER_SANDBOX_URL=cloud.url,
        ) as world:
            _connect(world, cloud)
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


def _connect(world: World, cloud: Cloud) -> None:
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
