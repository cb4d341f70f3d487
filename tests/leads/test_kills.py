"""Real worker processes that are killed while they change many leads, ask other sources and send e-mails: nothing is
lost, nothing is done twice."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from sandbox.dns import serve
from sandbox.market import market_world
from tests.jobs.dying import bell, deaths, going_on
from tests.jobs.world import World, kill, wait_until
from tests.post_office import ASKED, CALLED, KEPT, LOST, PostOffice, post_office
from tests.signals.registries import MARKET, town

pytestmark = pytest.mark.database

LEADS = 4 * 1_100  # three chunks for each kind
KINDS = ("assign", "tag", "snooze", "dismiss")
DRAFT = f"""
from datetime import timedelta
from django.contrib.auth.models import User
from django.utils import timezone
from leads import bulk_actions
from leads.bulk import insert_rows
from leads.models import BulkAction, Lead
boss, owner = (User.objects.create(username=name) for name in ("boss", "owner"))
insert_rows([Lead(domain=f"n{{n}}.example") for n in range({LEADS})])
day = (timezone.localdate() + timedelta(days=9)).isoformat()
params = {{
    "assign": {{"owner": owner.pk}}, "tag": {{"name": "fuar"}},
    "snooze": {{"until": day, "until_change": False}}, "dismiss": {{"reason": "rakip"}},
}}
pks = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
for n, kind in enumerate({KINDS!r}):
    draft = bulk_actions.draft(kind, Lead.objects.filter(pk__in=pks[n::4]), query="", by=boss)
    bulk_actions.start(draft, params[kind], by=boss)
"""
DONE = """
from jobs.models import Job
from jobs.tasks import run_job
for pk in Job.objects.values_list("pk", flat=True):
    run_job(pk)
"""
UNDO = """
for action in BulkAction.objects.all():
    assert bulk_actions.undo(action, by=boss)
"""
ROWS = "SELECT a.state, r.result, count(*), count(DISTINCT r.lead_id), count(DISTINCT a.id) "
ROWS += "FROM leads_bulkaction a JOIN leads_bulkrow r ON r.action_id = a.id GROUP BY 1, 2"
EVENTS = "SELECT kind, count(*), count(DISTINCT lead_id) FROM leads_event GROUP BY 1 ORDER BY 1"
ACTIVE = "SELECT count(*) FROM jobs_job WHERE state IN ('queued', 'running')"


def changed(world: World) -> tuple[int, ...]:
    return world.query(
        "SELECT (SELECT count(*) FROM leads_lead WHERE owner_id IS NOT NULL), (SELECT count(*) FROM leads_lead_tags),"
        " (SELECT count(*) FROM leads_lead WHERE snoozed_until IS NOT NULL),"
        " (SELECT count(*) FROM leads_lead WHERE dismissed_at IS NOT NULL)"
    )[0]


@pytest.mark.parametrize("undone", [False, True])
def test_many_leads_are_changed_and_given_back_once_whoever_dies(tmp_path: Path, undone: bool) -> None:
    each = LEADS // 4
    with World(tmp_path, settings="tests.jobs.dying", HUNTER_TEST_DEATHS="12") as world:
        world.python(DRAFT + (DONE + UNDO if undone else ""))
        worker = world.start("worker")
        with bell(world):
            wait_until(lambda: deaths(world) >= 6, 120, "half of the deaths")
            for process in world.descendants(worker):
                kill(process)
            wait_until(lambda: not world.query(ACTIVE)[0][0], 120, "the end of all jobs")
        assert deaths(world) == 12
        if undone:
            assert world.query(ROWS) == [("undone", "undone", LEADS, LEADS, 4)]
            assert changed(world) == (0, 0, 0, 0)
            kinds = {"dismissed": each, "owner": 2 * each, "restored": each, "snoozed": 2 * each, "tag": 2 * each}
        else:
            assert world.query(ROWS) == [("done", "changed", LEADS, LEADS, 4)]
            assert changed(world) == (each,) * 4
            kinds = {"dismissed": each, "owner": each, "snoozed": each, "tag": each}
        assert world.query(EVENTS) == [(kind, count, each) for kind, count in kinds.items()]
        assert world.query("SELECT DISTINCT state, error FROM jobs_job") == [("done", "")]


KNOWN = 40
LOOK = f"""
from django.utils import timezone
from leads.bulk import insert_rows
from leads.models import Lead, OutsideFact
from tests.signals.registries import MARKET
now = timezone.now()
insert_rows([Lead(domain=company.domain, scanned_at=now) for company in MARKET[:{KNOWN}]])
before = {{"registrar": "Önceki", "name_servers": ["ns.onceki.example"], "expires_on": None}}
insert_rows([
    OutsideFact(lead=lead, kind="registration", state="found", value=before, due_at=now) for lead in Lead.objects.all()
])
"""
# Lets the quarter of an hour pass for which a dead worker's look and its host are left alone.
LATER = """
import time
from django.utils import timezone
from leads.models import OutsideFact, SourceState
while True:
    SourceState.objects.all().delete()
    OutsideFact.objects.filter(asked_at__isnull=False).update(due_at=timezone.now())
    time.sleep(0.5)
"""
FACTS = "SELECT kind, count(*), count(DISTINCT lead_id) FROM leads_outsidefact WHERE state <> 'unknown' GROUP BY 1"


def test_every_source_is_asked_and_every_change_told_once_whoever_dies(tmp_path: Path) -> None:
    with town() as place:
        soon = (timezone.localdate() + timedelta(days=12)).isoformat()
        for company in MARKET[:KNOWN]:
            place.cloud.registry.edit(company.domain, registrar="Yeni", expires=soon)
        dns = serve(market_world(MARKET))
        world = World(
            tmp_path,
            settings="tests.jobs.dying",
            HUNTER_TEST_DEATHS="18",
            HUNTER_DNS_SERVERS=f"{dns.host}:{dns.port}",
            HUNTER_RDAP_ENABLED="true",
            HUNTER_TENANT_LOOKUP_ENABLED="true",
            HUNTER_SANDBOX_URL=place.cloud.url,
            HUNTER_WHOIS_SERVER="{}:{}".format(*place.whois.address),
        )
        with world:
            world.python(LOOK)
            worker = world.start("worker")
            with bell(world), going_on(world, LATER):
                wait_until(lambda: deaths(world) >= 9, 120, "half of the deaths")
                for process in world.descendants(worker):
                    kill(process)
                facts = [(kind, KNOWN, KNOWN) for kind in ("posture", "registration", "tenant")]
                wait_until(lambda: sorted(world.query(FACTS)) == facts, 120, "all facts")
                wait_until(lambda: not world.query(ACTIVE)[0][0], 60, "the end of all jobs")
            assert deaths(world) == 18
            events = dict.fromkeys(("expiry", "name_server", "registrar"), KNOWN)
            assert world.query(EVENTS) == [(kind, count, KNOWN) for kind, count in events.items()]
            assert world.query("SELECT type, count(*), count(DISTINCT lead_id) FROM leads_alert GROUP BY 1") == [
                ("expire_soon", KNOWN, KNOWN)
            ]
            assert world.query("SELECT DISTINCT expires_on FROM leads_lead") in (
                [(soon,)],
                [(date.fromisoformat(soon),)],
            )
        dns.stop()


REFUSED = """
from datetime import timedelta
from django.utils import timezone
from leads.bulk import insert_rows
from leads.models import Lead, OutsideFact
now = timezone.now()
insert_rows([Lead(domain=f"n{n}.example", scanned_at=now) for n in range(20)])
never = now + timedelta(days=9)
insert_rows([OutsideFact(lead=lead, kind="posture", due_at=never) for lead in Lead.objects.all()])
"""
# Whoever dies over a question leaves the host closed for 15 seconds, then for 30: as long as all of this takes.
QUESTIONS = (1, 2, 3)


def test_a_registry_that_refuses_is_left_alone_whoever_dies(tmp_path: Path) -> None:
    with town() as place:
        place.cloud.faults.add("rdap", "throttle", times=None, retry_after=600)
        world = World(
            tmp_path,
            settings="tests.jobs.dying",
            HUNTER_TEST_DEATHS="14",
            HUNTER_RDAP_ENABLED="true",
            HUNTER_SANDBOX_URL=place.cloud.url,
        )
        with world:
            world.python(REFUSED)
            world.start("worker")
            with bell(world):
                wait_until(lambda: deaths(world) == 14, 120, "all deaths")
                wait_until(lambda: not world.query(ACTIVE)[0][0], 60, "the end of the job")
        assert len(place.cloud.journal.requests("rdap")) in QUESTIONS


READERS = ("called", "asked", "lost", "kept", "quiet")
WRITE = f"""
from datetime import timedelta
from django.contrib.auth.models import Group, User
from django.utils import timezone
from leads import digest
from leads.models import Alert, Lead
from leads.preferences import remember_language
for name in {READERS!r}:
    user = User.objects.create(username=name, email=f"{{name}}@partner.example")
    user.groups.add(Group.objects.get(name="Account manager"))
    remember_language(user, "en")
    digest.choose(user, rhythm="immediate", own_leads_only=False)
earlier = timezone.now() - timedelta(minutes=5)
Alert.objects.create(lead=Lead.objects.create(domain="acme.example"), type="mx_changed", created_at=earlier)
"""
SENDER = "SELECT token FROM jobs_lease WHERE name = 'duty:send digests' AND token <> ''"


@pytest.mark.parametrize("whole_cluster", [True, False])
def test_an_e_mail_is_sent_once_or_its_reader_hears_that_it_may_be_missing(tmp_path: Path, whole_cluster: bool) -> None:
    moments = {"called": CALLED, "asked": ASKED, "lost": LOST, "kept": KEPT} if whole_cluster else {"asked": ASKED}
    with (
        post_office() as post,
        World(tmp_path, settings="tests.jobs.dying", EMAIL_URL=post.url) as world,
    ):
        worker = world.start("worker")
        wait_until(lambda: world.query("SELECT 1 FROM jobs_workerheartbeat"), 40, "the first answer")
        for number, (reader, moment) in enumerate(moments.items()):
            post.stop_at(moment, "" if moment == CALLED else f"{reader}@partner.example")
            if not number:
                world.python(WRITE)
            post.wait_for_stop(40)
            sender = int(world.query(SENDER)[0][0].split(":")[1])
            for process in world.descendants(worker):
                if whole_cluster or process.pid == sender:
                    kill(process)
            post.go_on()
        told = {"asked", "lost", "kept"} & moments.keys()
        mails = {reader: ["news"] for reader in READERS} | {reader: ["notice"] for reader in told}
        mails |= {"kept": ["news", "notice"]} if "kept" in told else {}
        wait_until(lambda: _mails(post) == mails, 40, "all e-mails")
        rounds = "SELECT last_run FROM jobs_schedulestate WHERE name = 'send digests'"
        before = world.query(rounds)
        wait_until(lambda: world.query(rounds) != before, 20, "another round")
        assert _mails(post) == mails
        assert world.query("SELECT doubt, count(*) FROM leads_digestsetting GROUP BY 1") == [("", len(READERS))]


def _mails(post: PostOffice) -> dict[str, list[str]]:
    """What each reader got, in order."""
    found: dict[str, list[str]] = {}
    for mail in list(post.kept):
        notice = "may not have reached you" in str(mail["subject"])
        text = mail.get_body(("plain",))
        assert text is not None
        assert ("acme.example" in text.get_content()) is not notice
        found.setdefault(str(mail["to"]).partition("@")[0], []).append("notice" if notice else "news")
    return found
