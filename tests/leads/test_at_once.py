"""Two at once: people, their double clicks and imports neither overwrite nor double what the other did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from leads import knowledge
from leads.models import Lead
from tests.factories import make_lead
from tests.leads.test_importing import run, upload

WorkOff = Callable[[], None]
ACME = "acme.example"
SAID = {"reason": "aradım"}


@contextmanager
def meanwhile(do: Callable[[], object], *, before: str) -> Iterator[None]:
    """Somebody else does `do`, begun just before this side's first statement that starts with `before`. They get half
    a second; whoever has to wait for us goes on when we are done."""
    threads: list[Thread] = []

    def other() -> None:
        do()
        connection.close()

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not threads and sql.startswith(before):
            threads.append(Thread(target=other))
            threads[0].start()
            threads[0].join(0.5)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield
    assert threads, f"nothing began with {before}"
    threads[0].join(20)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_an_import_does_not_overwrite_what_a_person_enters_meanwhile(work_off: WorkOff, seller: User) -> None:
    lead = make_lead(ACME, contact_emails=["info@acme.example"])
    batch = upload(f"domain;company;email\n{ACME};Imported;second@acme.example\n")

    def person() -> None:
        mine = Lead.objects.get(pk=lead.pk)
        knowledge.enter(mine, "company_name", "A person's word", by=seller, **SAID)
        knowledge.enter(mine, "contact", "person@acme.example", by=seller, **SAID)

    with meanwhile(person, before='UPDATE "leads_lead" SET "company_name"'):
        run(batch, work_off)
    lead.refresh_from_db()
    assert lead.company_name == "A person's word"
    assert lead.contact_emails == ["person@acme.example", "info@acme.example", "second@acme.example"]
    knowledge.end(lead.overrides.in_force().get(field="company_name"), by=seller)
    lead.refresh_from_db()
    assert lead.company_name == "Imported"


@pytest.mark.django_db
def test_an_address_that_an_import_names_too_stays_when_the_entry_ends(work_off: WorkOff, seller: User) -> None:
    lead = make_lead(ACME, contact_emails=["info@acme.example"])
    entry = knowledge.enter(lead, "contact", "New@acme.example", by=seller, **SAID)
    run(upload(f"domain;email\n{ACME};new@ACME.example\n"), work_off)
    lead.refresh_from_db()
    assert lead.contact_emails == ["New@acme.example", "info@acme.example"]
    knowledge.end(entry, by=seller)
    lead.refresh_from_db()
    assert lead.contact_emails == ["new@acme.example", "info@acme.example"]


@pytest.mark.django_db
def test_an_address_in_capitals_is_no_second_contact(seller: User) -> None:
    lead = make_lead(ACME, contact_emails=["info@acme.example", "ilk@acme.example"])
    entry = knowledge.enter(lead, "contact", "ILK@acme.example", by=seller, **SAID)
    lead.refresh_from_db()
    assert lead.contact_emails == ["ILK@acme.example", "info@acme.example"]
    knowledge.end(entry, by=seller)
    lead.refresh_from_db()
    assert lead.contact_emails == ["ilk@acme.example", "info@acme.example"]
