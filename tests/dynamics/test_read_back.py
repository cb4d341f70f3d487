"""What sellers do with pushed leads comes back: state, owner, deletion, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from integrations_d365 import read_back
from integrations_d365.models import Push, Reason
from integrations_d365.pushing import queue_pushes
from integrations_d365.read_back import request_read_back
from jobs.models import Job
from leads.models import Event, Lead
from sandbox.cloud import Cloud
from tests.dynamics.conftest import scored, work


@pytest.fixture
def pushed(connected: Cloud) -> list[Push]:
    """Three leads in Dynamics, read back once."""
    for n in range(3):
        scored(f"firma{n}.example")
    work(queue_pushes(Lead.objects.all(), by=None, title="push.list"))
    work(request_read_back(routine=True))
    return list(Push.objects.order_by("pk"))


def read() -> None:
    work(request_read_back(routine=True))


@pytest.mark.parametrize("state", ["qualified", "disqualified"])
def test_a_closed_lead_shows_it_and_says_so_in_the_timeline(connected: Cloud, pushed: list[Push], state: str) -> None:
    push = pushed[0]
    getattr(connected.dynamics, {"qualified": "qualify", "disqualified": "disqualify"}[state])(push.remote_id)
    read()
    push.refresh_from_db()
    push.lead.refresh_from_db()
    assert (push.state, push.remote_state, push.lead.remote_state) == ("synced", state, state)
    event = Event.objects.get(lead=push.lead, kind=Event.Kind.REMOTE)
    assert (event.old, event.new) == ("open", state)
    read()
    assert Event.objects.filter(kind=Event.Kind.REMOTE).count() == 1


def test_a_reopened_lead_is_written_again(connected: Cloud, pushed: list[Push]) -> None:
    push = pushed[0]
    connected.dynamics.qualify(push.remote_id)
    read()
    Lead.objects.filter(pk=push.lead_id).update(score=80, scanned_at=timezone.now())
    connected.dynamics.reopen(push.remote_id)
    read()
    work(queue_pushes(Lead.objects.filter(pk=push.lead_id), by=None, title="push.list"))
    assert connected.dynamics.lead(push.remote_id)["hnt_finalscore"] == 80


def test_the_owner_is_known_by_name(connected: Cloud, pushed: list[Push]) -> None:
    name = next(name for name in connected.dynamics.systemusers().values() if not name.startswith("#"))
    connected.dynamics.assign(pushed[0].remote_id, name)
    read()
    pushed[0].refresh_from_db()
    assert pushed[0].remote_owner == name


def test_the_application_user_is_said_in_words(connected: Cloud, pushed: list[Push], as_seller: Client) -> None:
    assert pushed[0].remote_owner.startswith("# ")  # as Dataverse names it
    name = pushed[0].remote_owner.removeprefix("# ")
    for language, words in (("en", "application user"), ("tr", "uygulama kullanıcısı")):
        with translation.override(language):
            assert pushed[0].owner_there == f"{name} ({words})"
    for url in (reverse("d365:board"), pushed[0].get_absolute_url()):
        text = as_seller.get(url).content.decode()
        assert f"{name} (application user)" in text
        assert f"# {name}" not in text
    assert Push(remote_owner="Ayşe #2").owner_there == "Ayşe #2"
    assert Push(remote_owner="#").owner_there == "#"


def test_a_deleted_lead_is_noticed_without_a_push(connected: Cloud, pushed: list[Push]) -> None:
    connected.dynamics.delete(pushed[1].remote_id)
    Push.objects.update(remote_seen_at=timezone.now() - timedelta(days=2))
    read()
    states = [(push.state, push.reason, push.remote_state) for push in Push.objects.order_by("pk")]
    assert states == [("synced", "", "open"), ("parked", Reason.DELETED, "deleted"), ("synced", "", "open")]
    assert Lead.objects.get(pk=pushed[1].lead_id).push_state == "parked"


def test_only_what_is_due_is_asked_for_by_id(connected: Cloud, pushed: list[Push]) -> None:
    connected.journal.clear()
    read()
    assert {entry.route for entry in connected.journal.requests()} == {"query", "records"}  # the changes, the owners


def test_pages_are_followed_to_the_end(connected: Cloud, pushed: list[Push], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations_d365.client.PAGE_SIZE", 1)
    for push in pushed:
        connected.dynamics.qualify(push.remote_id)
    read()
    assert set(Push.objects.values_list("remote_state", flat=True)) == {"qualified"}


def test_trouble_loses_nothing_and_the_next_one_catches_up(connected: Cloud, pushed: list[Push]) -> None:
    connected.dynamics.qualify(pushed[0].remote_id)
    connected.faults.add("query", "close")
    job = request_read_back(routine=True)
    work(job)
    read()
    pushed[0].refresh_from_db()
    assert pushed[0].remote_state == "qualified"
    assert not Job.objects.filter(state=Job.State.FAILED).exists()


def test_nothing_is_read_while_nothing_was_pushed(connected: Cloud) -> None:
    assert read_back.read_back_when_due(timezone.now()) is None
    assert connected.journal.requests() == []
