"""Taking an import back: what nobody touched goes, what people touched stays, and a kill changes nothing about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations_d365.models import Push
from jobs import lifecycle
from jobs.models import Job
from jobs.services import Stop
from leads import call_answers, import_undo, importing, knowledge, outcomes, scanning, services
from leads.models import DomainClaim, Event, ImportBatch, ImportRow, Lead, LeadVisit, Override, Scan, Tag
from leads.services import ReferralNote
from referrals.models import Referral, ReferralLink
from tests.factories import make_lead, make_user
from tests.jobs.dying import bell, deaths
from tests.jobs.world import World, wait_until
from tests.leads.conftest import Served, killed_after
from tests.worlds import google

pytestmark = pytest.mark.django_db
WorkOff = Callable[[], None]


@pytest.fixture
def run(work_off: WorkOff) -> Callable[..., ImportBatch]:
    """`run(lines)` imports them as a list without a scan."""

    def imported(*lines: str, owner: User | None = None, name: str = "liste.csv") -> ImportBatch:
        text = "\n".join(["FİRMA;WEB SİTESİ;E-POSTA;ŞEHİR", *lines])
        batch = importing.create_batch(SimpleUploadedFile(name, text.encode()), name, by=None)
        batch.scan_after, batch.owner = False, owner
        batch.save()
        importing.start(batch, by=None)
        work_off()
        batch.refresh_from_db()
        assert batch.state == "done"
        return batch

    return imported


Run = Callable[..., ImportBatch]
ISIK = "Işık A.Ş.;isik.example;info@isik.example;İzmir"


def what_became(batch: ImportBatch) -> list[tuple[int, str, str]]:
    return list(batch.rows.order_by("row", "part").values_list("row", "undone", "left_because"))


def undone(batch: ImportBatch, by: User) -> ImportBatch:
    assert import_undo.undo(batch, by=by)
    batch.refresh_from_db()
    assert batch.state == "undone"
    return batch


def test_what_nobody_touched_goes_with_all_that_hangs_on_it(
    run: Run, operator: User, dns: Served, work_off: WorkOff
) -> None:
    dns(google("isik.example"))
    batch = run(ISIK, "Işık Şubesi;isik.example;;", "Bakkal;;bakkal@gmail.com;")
    scanning.queue_scan(Lead.objects.all(), title="scan.list")
    work_off()
    LeadVisit.objects.create(user=operator, lead=Lead.objects.get(), at=timezone.now())  # to look is not to touch
    found = import_undo.forecast(batch)
    assert (found.removed, found.kept, found.put_back, found.changed) == (1, 0, 0, 0)
    undone(batch, operator)
    assert (Lead.objects.count(), Scan.objects.count(), Event.objects.count()) == (0, 0, 0)
    assert what_became(batch) == [(2, "removed", ""), (3, "same", ""), (4, "", "")]
    assert (batch.undone_by, batch.created_count, batch.rejected_count) == (operator, 1, 1)


def _note(lead: Lead, by: User) -> None:
    services.add_note(lead, "Aradım", by=by)


def _owner_and_back(lead: Lead, by: User) -> None:
    services.assign([lead], by, by=by)
    lead.refresh_from_db()
    services.assign([lead], None, by=by)


def _pushed(lead: Lead, by: User) -> None:
    services.note_pushes({lead.pk: ("synced", "open")})


def _known_to_dynamics(lead: Lead, by: User) -> None:
    Push.objects.create(lead=lead)  # queued for a moment; the lead's own state says nothing of it yet


def _linked(lead: Lead, by: User) -> None:
    referral = Referral.objects.create(
        remote_id="r1", raw="{}", first_seen_at=timezone.now(), last_seen_at=timezone.now()
    )
    ReferralLink.objects.update_or_create(referral=referral, defaults={"lead": lead})


TOUCHES: dict[str, tuple[str, Callable[[Lead, User], Any]]] = {
    "a note": ("note", _note),
    "an owner that was given and taken": ("owner", _owner_and_back),
    "a tag": ("tag", lambda lead, by: services.set_tags(lead, ["sıcak"], by=by)),
    "a follow-up": ("follow_up", lambda lead, by: services.set_follow_up(lead, timezone.localdate(), by=by)),
    "a dismissal": ("dismissed", lambda lead, by: services.dismiss(lead, by=by)),
    "a new name": ("touched", lambda lead, by: services.rename(lead, "Işık Holding", by=by)),
    "a watcher": ("watched", lambda lead, by: lead.watchers.add(by)),
    "Dynamics": ("dynamics", _pushed),
    "a push that waits": ("elsewhere", _known_to_dynamics),
    "a referral": ("referral", lambda lead, by: services.note_referrals({lead.pk: ReferralNote(1, "new", None)})),
    "a link of a referral": ("elsewhere", _linked),
    "the same company added by hand": (
        "other_source",
        lambda lead, by: services.add_leads(_claims("www.isik.example"), by=by),
    ),
}  # fmt: skip


def _claims(text: str) -> Any:
    from leads.company_list.claims import claims_from_text

    return claims_from_text(text).claims


@pytest.mark.parametrize("touch", TOUCHES)
def test_what_somebody_touched_stays_with_the_reason(run: Run, operator: User, touch: str) -> None:
    batch = run(ISIK, "Ay;ay.example;;")
    because, act = TOUCHES[touch]
    act(Lead.objects.get(domain="isik.example"), operator)
    assert import_undo.forecast(batch).removed == 1
    undone(batch, operator)
    assert list(Lead.objects.values_list("domain", flat=True)) == ["isik.example"]
    assert what_became(batch) == [(2, "left", because), (3, "removed", "")]


def test_outcomes_and_answers_stay(run: Run, operator: User) -> None:
    batch = run(ISIK, "Ay;ay.example;;")
    first, second = Lead.objects.order_by("pk")
    outcomes.decide(first, "won", by=operator)
    call_answers.save_answer(second, "discovery.size.small.budget", asked=True, note="var", seen="", by=operator)
    undone(batch, operator)
    assert {because for _row, _undone, because in what_became(batch)} == {"outcome", "answer"}


def test_what_was_filled_in_is_put_back_where_it_is_still_the_same(run: Run, operator: User) -> None:
    kept = make_lead("isik.example", contact_emails=["eski@isik.example"], country="Türkiye")
    renamed = make_lead("ay.example")
    batch = run(ISIK, "Ay Ltd.;ay.example;;")
    services.rename(renamed, "Ay Holding", by=operator)
    found = import_undo.forecast(batch)
    assert (found.removed, found.put_back, found.changed) == (0, 1, 1)
    undone(batch, operator)
    kept.refresh_from_db()
    renamed.refresh_from_db()
    assert (kept.company_name, kept.city, kept.country) == ("", "", "Türkiye")
    assert kept.contact_emails == ["eski@isik.example"]
    assert "izmir" not in kept.search_text
    assert renamed.company_name == "Ay Holding"
    assert what_became(batch) == [(2, "put_back", ""), (3, "left", "changed")]
    assert not DomainClaim.objects.filter(batch=batch).exists()
    last = kept.events.order_by("-pk")[0]
    assert (last.kind, last.old, last.new, last.by) == ("imported", "liste.csv", "undone", operator)


def test_what_a_later_list_says_too_is_not_taken_from_it(run: Run, operator: User) -> None:
    make_lead("ay.example")
    first = run(ISIK, "Ay Ltd.;ay.example;;")
    second = run(ISIK, "Ay Ltd.;ay.example;;", name="iki.csv")
    assert import_undo.forecast(first).nothing
    undone(first, operator)
    assert what_became(first) == [(2, "left", "other_source"), (3, "left", "other_source")]
    assert Lead.objects.get(domain="ay.example").company_name == "Ay Ltd."
    undone(second, operator)
    assert Lead.objects.count() == 2  # the second list created neither


@pytest.mark.parametrize("entered", ["before the list", "after the list"])
def test_what_a_list_confirmed_goes_with_the_entry_once_the_list_is_undone(
    run: Run, operator: User, entered: str
) -> None:
    lead = make_lead("isik.example", contact_emails=["eski@isik.example"], company_name="Işık", city="İzmir")

    def enter() -> Override:
        return knowledge.enter(lead, "contact", "INFO@isik.example", reason="Kartvizit", by=operator)

    entry = enter() if entered == "before the list" else None
    batch = run(ISIK)
    entry = entry or enter()
    assert import_undo.forecast(batch).put_back == 1
    undone(batch, operator)
    assert what_became(batch) == [(2, "put_back", "")]
    lead.refresh_from_db()
    assert lead.contact_emails == ["INFO@isik.example", "eski@isik.example"]  # the entry still stands
    knowledge.end(entry, by=operator)
    lead.refresh_from_db()
    assert lead.contact_emails == ["eski@isik.example"]


def test_a_confirmed_address_whose_entry_has_ended_goes_with_the_list(run: Run, operator: User) -> None:
    lead = make_lead("isik.example", contact_emails=["eski@isik.example"], company_name="Işık", city="İzmir")
    entry = knowledge.enter(lead, "contact", "INFO@isik.example", reason="Kartvizit", by=operator)
    batch = run(ISIK)
    knowledge.end(entry, by=operator)
    lead.refresh_from_db()
    assert lead.contact_emails == ["info@isik.example", "eski@isik.example"]
    undone(batch, operator)
    lead.refresh_from_db()
    assert lead.contact_emails == ["eski@isik.example"]


def test_a_list_that_a_later_one_repeats_leaves_its_confirmation_with_that(run: Run, operator: User) -> None:
    lead = make_lead("isik.example", company_name="Işık", city="İzmir")
    entry = knowledge.enter(lead, "contact", "info@isik.example", reason="Kartvizit", by=operator)
    first = run(ISIK)
    run(ISIK, name="iki.csv")
    undone(first, operator)
    assert what_became(first) == [(2, "left", "other_source")]
    knowledge.end(entry, by=operator)
    lead.refresh_from_db()
    assert lead.contact_emails == ["info@isik.example"]


def test_an_undone_list_is_no_reason_to_keep_a_lead(run: Run, operator: User) -> None:
    first = run(ISIK)
    second = run(ISIK.replace("isik.example;", "www.isik.example;"), name="iki.csv")
    undone(second, operator)
    undone(first, operator)
    assert not Lead.objects.exists()


def test_a_large_undo_is_a_job_that_a_kill_does_not_bend(run: Run, operator: User, work_off: WorkOff) -> None:
    batch = run(*(f"F{number};f{number}.example;;" for number in range(1300)))
    services.add_note(Lead.objects.get(domain="f700.example"), "Aradım", by=operator)
    assert import_undo.undo(batch, by=operator)
    batch.refresh_from_db()
    assert (batch.state, Lead.objects.count()) == ("undoing", 1300)
    assert not import_undo.undo(batch, by=operator)  # a second click
    job = batch.undo_job
    assert job is not None
    claimed = lifecycle.claim(job.pk)
    assert claimed is not None
    with pytest.raises(Stop):
        import_undo.run_undo(killed_after(1)(claimed))
    assert Lead.objects.count() == 800
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED)
    work_off()
    batch.refresh_from_db()
    job.refresh_from_db()
    assert (batch.state, job.done) == ("undone", 1300)
    assert list(Lead.objects.values_list("domain", flat=True)) == ["f700.example"]
    assert ImportRow.objects.filter(undone="removed").count() == 1299


def test_an_undo_that_was_stopped_can_be_gone_on_with(run: Run, operator: User, work_off: WorkOff) -> None:
    from jobs.services import cancel

    batch = run(*(f"F{number};f{number}.example;;" for number in range(300)))
    import_undo.undo(batch, by=operator)
    batch.refresh_from_db()
    assert batch.undo_job is not None
    cancel(batch.undo_job, by=operator)
    batch.refresh_from_db()
    assert import_undo.can_undo(batch)
    import_undo.undo(batch, by=operator)
    work_off()
    batch.refresh_from_db()
    assert (batch.state, Lead.objects.count()) == ("undone", 0)


def test_an_undo_stops_the_scan_and_the_import_cannot_go_on(operator: User, work_off: WorkOff) -> None:
    batch = importing.create_paste("isik.example\nay.example", by=operator)
    job = importing.start(batch, by=operator)
    from jobs.tasks import run_job

    run_job(job.pk)
    batch.refresh_from_db()
    assert batch.scan_job is not None
    undone(batch, operator)
    assert batch.scan_job is not None
    assert batch.scan_job.state == Job.State.CANCELLED
    with pytest.raises(importing.ImportStopped):
        importing.start(batch, by=operator)
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED)  # somebody tries the old job again
    run_job(job.pk)
    batch.refresh_from_db()
    assert (batch.state, Lead.objects.count()) == ("undone", 0)


def test_the_page_asks_with_the_exact_numbers_first(as_operator: Client, operator: User, run: Run) -> None:
    batch = run(ISIK, "Ay;ay.example;;", "Gün;gun.example;;")
    services.add_note(Lead.objects.get(domain="ay.example"), "Aradım", by=operator)
    url = reverse("leads:import_undo", args=[batch.pk])
    assert url in as_operator.get(batch.get_absolute_url()).content.decode()
    page = as_operator.get(url)
    html = page.content.decode()
    assert "Undo and remove 2 leads" in " ".join(html.split())
    assert "Somebody wrote a note." in html
    assert Lead.objects.count() == 3
    promised = page.context["found"].code
    services.add_note(Lead.objects.get(domain="gun.example"), "Aradım", by=operator)
    again = as_operator.post(url, {"promised": promised})
    assert "these are the numbers now" in again.content.decode()
    assert Lead.objects.count() == 3
    as_operator.post(url, {"promised": again.context["found"].code})
    assert Lead.objects.count() == 2
    done = " ".join(as_operator.get(batch.get_absolute_url()).content.decode().split())
    assert "Undone on" in done
    assert "by operator" in done
    left = as_operator.get(batch.get_absolute_url(), {"undone": "left"}).content.decode()
    assert "Somebody wrote a note." in left
    assert "isik.example" not in left
    assert as_operator.get(url).status_code == 302  # nothing is left to undo


def test_only_who_may_import_may_undo(client: Client, run: Run) -> None:
    batch = run(ISIK)
    client.force_login(make_user("satis", role="Account manager"))
    url = reverse("leads:import_undo", args=[batch.pk])
    assert url not in client.get(batch.get_absolute_url()).content.decode()
    assert client.get(url).status_code == client.post(url).status_code == 403
    assert Lead.objects.exists()


def test_a_tag_of_hunter_is_no_touch(run: Run, operator: User) -> None:
    batch = run(ISIK)
    Lead.objects.get().tags.add(Tag.objects.create(name="no_spf", automatic=True))
    undone(batch, operator)
    assert not Lead.objects.exists()


WORLD = """
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from leads import import_undo, services
from leads.models import ImportBatch, ImportRow, Lead
from leads.bulk import insert_rows
boss = User.objects.create(username="boss")
batch = ImportBatch.objects.create(file_name="liste.csv", state="done", created_count=600, matched_count=100)
insert_rows([Lead(domain=f"k{n}.example", city="Ege") for n in range(100)])
insert_rows([Lead(domain=f"n{n}.example", import_batch=batch) for n in range(600)])
created, filled = {"verdict": "created"}, {"verdict": "matched", "filled": {"city": "Ege"}}
insert_rows([
    ImportRow(batch=batch, row=lead.pk, domain=lead.domain, lead=lead, **(created if lead.import_batch_id else filled))
    for lead in Lead.objects.order_by("pk")
])
for lead in Lead.objects.filter(domain__in=["n3.example", "n500.example"]):
    services.add_note(lead, "Arandı", by=boss)
assert import_undo.undo(batch, by=boss)
"""


def test_an_undo_is_exact_whoever_dies(tmp_path: Path) -> None:
    dying = {"HUNTER_TEST_DEATHS": "5", "HUNTER_TEST_DEATHS_BEFORE": "yes"}
    with World(tmp_path, settings="tests.jobs.dying", **dying) as world:
        world.python(WORLD)
        world.start("worker")
        with bell(world):
            wait_until(lambda: world.query("SELECT state FROM leads_importbatch") == [("undone",)], 120, "the undo")
        assert deaths(world) == 5
        rows = world.query("SELECT undone, count(*) FROM leads_importrow GROUP BY 1 ORDER BY 1")
        assert rows == [("left", 2), ("put_back", 100), ("removed", 598)]
        assert world.query("SELECT domain FROM leads_lead WHERE domain LIKE 'n%' ORDER BY 1") == [
            ("n3.example",),
            ("n500.example",),
        ]
        assert world.query("SELECT count(*), count(DISTINCT lead_id) FROM leads_event WHERE kind = 'imported'") == [
            (100, 100)
        ]


@pytest.mark.parametrize("by_an_entry", [False, True])
def test_a_name_that_a_person_typed_since_is_theirs_even_if_the_list_said_it_too(
    run: Run, operator: User, by_an_entry: bool
) -> None:
    lead, other = make_lead("isik.example"), make_lead("ay.example")
    batch = run(ISIK, "Ay Ltd.;ay.example;;")
    if by_an_entry:
        for named in (lead, other):
            knowledge.enter(named, "company_name", "Başka", reason="Kartvizit", by=operator)
            knowledge.enter(named, "company_name", "Işık A.Ş." if named == lead else "Ay Ltd.", reason="x", by=operator)
    else:
        for named, name in ((lead, "Işık A.Ş."), (other, "Ay Ltd.")):
            services.rename(named, "Başka", by=operator)
            services.rename(named, name, by=operator)
    found = import_undo.forecast(batch)
    assert (found.put_back, found.changed) == (1, 1)  # the city of one; of the other nothing is left to take back
    undone(batch, operator)
    lead.refresh_from_db()
    other.refresh_from_db()
    assert (lead.company_name, lead.city, other.company_name) == ("Işık A.Ş.", "", "Ay Ltd.")
    assert what_became(batch) == [(2, "put_back", ""), (3, "left", "changed")]


def test_an_undo_whose_job_was_forgotten_can_be_gone_on_with(run: Run, operator: User) -> None:
    batch = run(*(f"F{number};f{number}.example;;" for number in range(300)))
    import_undo.undo(batch, by=operator)
    batch.refresh_from_db()
    assert batch.undo_job is not None
    assert not import_undo.can_undo(batch)
    batch.undo_job.delete()
    batch.refresh_from_db()
    assert import_undo.can_undo(batch)
