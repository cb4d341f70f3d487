"""Real worker processes that are killed while they push through bad weather and read back: each lead arrives once."""

from __future__ import annotations

import json
import random
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from sandbox.cloud import Cloud
from sandbox.dynamics import HOST
from tests.jobs.dying import bell, deaths
from tests.jobs.world import World, kill, wait_until

pytestmark = pytest.mark.database

LEADS, KILLS = 400, 4
RATES = {"close": 0.05, "drop_after": 0.08, "throttle": 0.06, "status": 0.04, "lost": 0.04, "truncated": 0.03}
ADD = f"""
from bench.dynamics import add_scored_leads
add_scored_leads({LEADS})
"""
QUEUE = """
from integrations_d365.pushing import queue_pushes
from leads.models import Lead
pks = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
for part in (pks[::2], pks[1::2]):
    queue_pushes(Lead.objects.filter(pk__in=part), by=None, title="push.list")
"""
SAME_MOMENT = """
from integrations_d365.pushing import queue_pushes, request_push
from jobs.tasks import run_job
from leads.models import Lead
for lead in Lead.objects.order_by("pk")[:40]:
    request_push(lead, by=None)
job = queue_pushes(Lead.objects.all(), by=None, title="push.list")
if job is not None:
    run_job(job.pk)
print("done")
"""
OPEN = """
SELECT (SELECT count(*) FROM integrations_d365_push WHERE state IN ('queued', 'in_progress'))
     + (SELECT count(*) FROM jobs_job WHERE kind = 'push' AND state IN ('queued', 'running'))
"""


READ = 720  # two pages of those that are left
READ_BACK = """
import json
from integrations_d365.models import Push
from integrations_d365.read_back import request_read_back
from leads.bulk import insert_rows
from leads.models import Lead
found = json.load(open({path!r}))
state = {{"push_state": "synced", "remote_state": "open"}}
insert_rows([Lead(domain=domain, **state) for domain in found])
insert_rows([
    Push(lead=lead, state="synced", remote_state="open", remote_id=remote_id, external_id=own)
    for lead in Lead.objects.all() for remote_id, own in [found[lead.domain]]
])
request_read_back(routine=True)
"""
STATES = "SELECT push_state, remote_state, count(*) FROM leads_lead GROUP BY 1, 2 ORDER BY 2"


def hunter(folder: Path, cloud: Cloud, *, settings: str = "hunter.settings", **more: str) -> World:
    """A Hunter with a database of its own that pushes into the sandbox."""
    cloud.entra.switch(client_secret="sandbox")
    return World(
        folder,
        settings=settings,
        HUNTER_D365_ENABLED="true",
        HUNTER_D365_BASE_URL=f"https://{HOST}",
        HUNTER_D365_CLIENT_ID="test",
        HUNTER_D365_CLIENT_SECRET="sandbox",
        HUNTER_D365_TENANT_ID=cloud.entra.tenant,
        HUNTER_SANDBOX_URL=cloud.url,
        **more,
    )


def test_every_lead_arrives_once_whatever_dies_on_the_way(tmp_path: Path) -> None:
    with Cloud() as cloud, hunter(tmp_path, cloud) as world:
        world.python(ADD)
        cloud.faults.random_weather(
            5, RATES, ("batch", "lead", "lead_by_key"), throttle={"retry_after": 1}, status={"code": 503}
        )
        cloud.dynamics.switch(latency_ms=60)
        world.python(QUEUE)
        worker = world.start("worker")
        chance = random.Random(3)
        for _ in range(KILLS):
            before = _synced(world)
            wait_until(lambda before=before: _synced(world) > before or before == LEADS, 60, "progress")
            kill(wait_until(lambda: _one_of(world.descendants(worker), chance), 30, "a process to kill"))
        cloud.faults.clear()
        wait_until(lambda: not world.query(OPEN)[0][0], 120, "the end of all pushes")
        assert _in_dynamics(cloud) == (LEADS, LEADS, 1)
        assert cloud.dynamics.early_requests == 0
        assert world.query("SELECT state, count(*) FROM integrations_d365_push GROUP BY 1") == [("synced", LEADS)]
        assert world.query("SELECT count(DISTINCT remote_id) FROM integrations_d365_push") == [(LEADS,)]
        assert world.query("SELECT push_state, count(*) FROM leads_lead GROUP BY 1") == [("synced", LEADS)]
        assert world.query("SELECT count(*) FROM integrations_d365_pushattempt WHERE outcome = 'sent'") == [(0,)]


def test_people_bulk_runs_and_the_worker_at_the_same_moment_make_one_lead_each(tmp_path: Path) -> None:
    with Cloud() as cloud, hunter(tmp_path, cloud) as world:
        world.python(ADD)
        world.start("worker")
        people = [world.start_python(SAME_MOMENT) for _ in range(4)]
        assert [person.communicate()[0].strip() for person in people] == ["done"] * 4
        wait_until(lambda: not world.query(OPEN)[0][0], 120, "the end of all pushes")
        assert _in_dynamics(cloud) == (LEADS, LEADS, 1)
        assert world.query("SELECT state, count(*) FROM integrations_d365_push GROUP BY 1") == [("synced", LEADS)]


def test_what_sellers_did_is_read_back_once_whoever_dies(tmp_path: Path) -> None:
    dying = {"HUNTER_TEST_DEATHS": "10", "HUNTER_TEST_DEATHS_BEFORE": "yes"}
    with Cloud() as cloud, hunter(tmp_path, cloud, settings="tests.jobs.dying", **dying) as world:
        found = {}
        for number in range(READ):
            own = str(uuid4())
            row = cloud.dynamics.add_lead(hnt_domain=f"n{number}.example", hnt_externalid=own)
            found[f"n{number}.example"] = (row, own)
            (cloud.dynamics.qualify, cloud.dynamics.disqualify, cloud.dynamics.delete)[number % 8 // 3](row)
        path = tmp_path / "leads.json"
        path.write_text(json.dumps(found))
        world.python(READ_BACK.format(path=str(path)))
        worker = world.start("worker")
        with bell(world):
            wait_until(lambda: deaths(world) >= 5, 120, "half of the deaths")
            for process in world.descendants(worker):
                kill(process)
            wait_until(lambda: world.query("SELECT state FROM jobs_job") == [("done",)], 120, "the end of the job")
        assert deaths(world) == 10
        part = READ * 3 // 8
        gone, lost, won = (
            ("parked", "deleted", READ // 4),
            ("synced", "disqualified", part),
            ("synced", "qualified", part),
        )
        assert world.query(STATES) == [gone, lost, won]
        assert world.query(STATES.replace("leads_lead", "integrations_d365_push").replace("push_state", "state")) == [
            gone, lost, won,
        ]  # fmt: skip
        events = "SELECT old, new, count(*), count(DISTINCT lead_id) FROM leads_event GROUP BY 1, 2 ORDER BY 2"
        assert world.query(events) == [("open", state, count, count) for _push, state, count in (gone, lost, won)]
        assert world.query("SELECT done, total FROM jobs_job") == [(2 * part, 2 * part)]
        middle = (
            "SELECT count(*) FROM integrations_d365_governor WHERE read_back_mid IS NULL AND read_back_from IS NOT NULL"
        )
        assert world.query(middle) == [(1,)]


def _in_dynamics(cloud: Cloud) -> tuple[int, int, int]:
    """(rows, different domains, the most rows that were ever created for one)."""
    rows = cloud.dynamics.leads()
    return len(rows), len({row["hnt_domain"] for row in rows}), max(cloud.dynamics.creates.values())


def _synced(world: World) -> int:
    return int(world.query("SELECT count(*) FROM integrations_d365_push WHERE state = 'synced'")[0][0])


def _one_of(family: list[psutil.Process], chance: random.Random) -> psutil.Process | None:
    """Any process of a whole cluster: main, sentinel, two workers, monitor, pusher."""
    return chance.choice(family) if len(family) >= 6 else None
