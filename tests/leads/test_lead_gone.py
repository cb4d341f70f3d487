"""An undo of an import that takes a lead away while somebody's page of it is made or their form is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from leads import import_undo, importing
from leads.models import ImportBatch, Lead, LeadVisit, Note
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def batch(work_off: Callable[[], None]) -> ImportBatch:
    text = "FİRMA;WEB SİTESİ\nIşık;isik.example\nAy;ay.example"
    batch = importing.create_batch(SimpleUploadedFile("liste.csv", text.encode()), "liste.csv", by=None)
    batch.scan_after = False
    batch.save()
    importing.start(batch, by=None)
    work_off()
    batch.refresh_from_db()
    return batch


@contextmanager
def undone_once_read(batch: ImportBatch, by: User) -> Iterator[list[str]]:
    """The undo comes between the reading of the lead and whatever is asked of the database next."""
    read: list[str] = []
    done: list[str] = []

    def undo() -> None:
        assert import_undo.undo(ImportBatch.objects.get(pk=batch.pk), by=by)
        connection.close()

    def watch(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if read and not done:
            done.append(sql)
            other = Thread(target=undo)  # a connection of its own: what this side rolls back stays undone
            other.start()
            other.join(20)
        if sql.startswith("SELECT") and 'FROM "leads_lead"' in sql and 'domain" ' in sql:
            read.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        yield done


FORMS: dict[str, dict[str, str]] = {
    "notes": {"text": "Arandı"},
    "follow-up": {"on": "2099-01-01", "on_seen": "="},
    "snooze": {"snooze-until": "2099-01-01"},
    "outcome": {"outcome-outcome": "won"},
    "dismiss": {"reason": "x"},
    "opt-out": {"wanted": "1"},
    "rescan": {},
}


@pytest.mark.parametrize("address", FORMS)
def test_a_form_for_a_lead_that_goes_meanwhile_says_so(batch: ImportBatch, address: str) -> None:
    operator = make_user("operator", role="Sales operations")
    client = Client(headers={"accept-language": "en"})
    client.force_login(operator)
    with undone_once_read(batch, operator) as done:
        answer = client.post(f"/leads/isik.example/{address}/", FORMS[address])
    assert done
    # 404 where the lead is read twice: it is not found any more
    assert answer.status_code == 409 or (answer.status_code == 404 and address in ("snooze", "follow-up"))
    assert "removed" in answer.content.decode() or answer.status_code == 404
    assert not Note.objects.exists()


def test_a_page_of_a_lead_that_goes_meanwhile_says_so(batch: ImportBatch) -> None:
    operator = make_user("operator", role="Sales operations")
    client = Client(headers={"accept-language": "en"})
    client.force_login(operator)
    with undone_once_read(batch, operator) as done:
        answer = client.get("/leads/isik.example/")
    assert done
    assert answer.status_code == 404
    assert "This lead was just removed" in answer.content.decode()
    assert not LeadVisit.objects.exists()


def test_a_lead_that_is_there_is_not_said_to_be_gone(batch: ImportBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another lead that is looked up wrongly is a fault of ours, and shows as one."""
    client = Client(headers={"accept-language": "en"}, raise_request_exception=False)
    client.force_login(make_user("operator", role="Sales operations"))

    def miss(*_args: object, **_kwargs: object) -> None:
        Lead.objects.get(pk=0)

    monkeypatch.setattr("leads.services.add_note", miss)
    assert client.post("/leads/isik.example/notes/", FORMS["notes"]).status_code == 500
    Lead.objects.filter(domain="ay.example").delete()
    assert client.post("/leads/isik.example/notes/", FORMS["notes"]).status_code == 500
