"""Two at once: people, their double clicks and imports neither overwrite nor double what the other did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from threading import Thread
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads import import_undo, knowledge, services
from leads.models import ImportBatch, Lead, SavedView, ViewTab
from leads.services import ReferralNote
from tests.factories import make_lead
from tests.leads.test_importing import run, upload

WorkOff = Callable[[], None]
ACME = "acme.example"


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


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_an_import_does_not_overwrite_what_a_person_enters_meanwhile(work_off: WorkOff, seller: User) -> None:
    lead = make_lead(ACME, contact_emails=["info@acme.example"])
    batch = upload(f"domain;company;email\n{ACME};Imported;second@acme.example\n")

    def person() -> None:
        mine = Lead.objects.get(pk=lead.pk)
        knowledge.enter(mine, "company_name", "A person's word", by=seller, reason="aradım")
        knowledge.enter(mine, "contact", "person@acme.example", by=seller, reason="aradım")

    with meanwhile(person, before='UPDATE "leads_lead" SET "company_name"'):
        run(batch, work_off)
    lead.refresh_from_db()
    assert lead.company_name == "A person's word"
    assert lead.contact_emails == ["person@acme.example", "info@acme.example", "second@acme.example"]
    knowledge.end(lead.overrides.in_force().get(field="company_name"), by=seller)
    lead.refresh_from_db()
    assert lead.company_name == "Imported"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_an_undo_of_an_import_leaves_the_lead_that_somebody_adds_meanwhile(
    work_off: WorkOff, as_operator: Client, operator: User
) -> None:
    batch = upload(f"domain\n{ACME}\n")
    run(batch, work_off)

    def undo() -> None:
        assert import_undo.undo(ImportBatch.objects.get(pk=batch.pk), by=operator)

    with meanwhile(undo, before='INSERT INTO "leads_domainclaim"'):
        assert as_operator.post(reverse("leads:add"), {"text": ACME}).status_code == 302
    assert Lead.objects.get().claims.count() == 2


@pytest.mark.django_db
def test_an_address_that_an_import_names_too_stays_when_the_entry_ends(work_off: WorkOff, seller: User) -> None:
    lead = make_lead(ACME, contact_emails=["info@acme.example"])
    entry = knowledge.enter(lead, "contact", "New@acme.example", by=seller, reason="aradım")
    run(upload(f"domain;email\n{ACME};new@ACME.example\n"), work_off)
    lead.refresh_from_db()
    assert lead.contact_emails == ["New@acme.example", "info@acme.example"]
    knowledge.end(entry, by=seller)
    lead.refresh_from_db()
    assert lead.contact_emails == ["new@acme.example", "info@acme.example"]


@pytest.mark.django_db
def test_an_address_in_capitals_is_no_second_contact(seller: User) -> None:
    lead = make_lead(ACME, contact_emails=["info@acme.example", "ilk@acme.example"])
    entry = knowledge.enter(lead, "contact", "ILK@acme.example", by=seller, reason="aradım")
    lead.refresh_from_db()
    assert lead.contact_emails == ["ILK@acme.example", "info@acme.example"]
    knowledge.end(entry, by=seller)
    lead.refresh_from_db()
    assert lead.contact_emails == ["ilk@acme.example", "info@acme.example"]


def events(lead: Lead) -> list[tuple[str, str, str]]:
    return list(lead.events.order_by("pk").values_list("kind", "old", "new"))


@pytest.mark.django_db
def test_the_second_of_two_pages_of_the_same_age_changes_nothing_again(seller: User) -> None:
    lead = make_lead(ACME)
    day = date(2026, 12, 1)
    pages = Lead.objects.get(), Lead.objects.get()
    for page in pages:
        services.assign([page], seller, by=seller)
        services.set_follow_up(page, day, by=seller)
        services.rename(page, "Acme A.Ş.", by=seller)
        services.dismiss(page, by=seller, reason="rakip")
    assert events(lead) == [
        ("owner", "", "seller"),
        ("follow_up", "", "2026-12-01"),
        ("edited", "", "Acme A.Ş."),
        ("dismissed", "", "rakip"),
    ]
    pages = Lead.objects.get(), Lead.objects.get()
    for page in pages:
        services.restore(page, by=seller)
    assert [kind for kind, _old, _new in events(lead)].count("restored") == 1


@pytest.mark.django_db
def test_a_lead_that_two_people_take_up_belongs_to_the_first(seller: User, operator: User) -> None:
    lead = make_lead(ACME)
    pages = Lead.objects.get(), Lead.objects.get()
    services.take_up(pages[0], date(2026, 12, 1), by=seller, seen=None)
    services.take_up(pages[1], date(2026, 12, 1), by=operator, seen=None)
    lead.refresh_from_db()
    assert lead.owner == seller
    assert events(lead) == [("owner", "", "seller"), ("follow_up", "", "2026-12-01")]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_a_double_click_dismisses_once(as_seller: Client, as_operator: Client) -> None:
    lead = make_lead(ACME)

    def dismiss(client: Client) -> None:
        client.post(reverse("leads:dismiss", args=[ACME]), {"reason": "rakip"})

    with meanwhile(lambda: dismiss(as_operator), before='UPDATE "leads_lead" SET "dismissed_at"'):
        dismiss(as_seller)
    assert events(lead) == [("dismissed", "", "rakip")]


@pytest.mark.django_db
def test_a_note_sent_twice_is_one_note(as_seller: Client, as_operator: Client) -> None:
    lead = make_lead(ACME)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for client in (as_seller, as_seller, as_operator):
            client.post(reverse("leads:note", args=[ACME]), {"text": "Ulaşılamadı"})
        assert lead.notes.count() == 2  # one a person
        clock.shift(timedelta(hours=1))
        as_seller.post(reverse("leads:note", args=[ACME]), {"text": "Ulaşılamadı"})
    assert lead.notes.count() == lead.events.filter(kind="note").count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize("sent", ["", "Zoho", "\0", "x" * 10_000])
def test_a_person_stands_by_an_entry_against_what_shows_now(as_seller: Client, seller: User, sent: str) -> None:
    lead = make_lead(ACME)
    entry = knowledge.enter(lead, "tenant_size", "large", reason="aradım", by=seller)
    services.note_referrals({lead.pk: ReferralNote(count=1, state="new", deadline=None, size="small")})
    keep = reverse("leads:known_keep", args=[ACME, entry.pk])
    page = as_seller.post(keep, {"seen": sent}, follow=True).content.decode()
    assert "Somebody changed this since you opened the page" in page
    assert not lead.events.filter(new="kept").exists()
    as_seller.post(keep, {"seen": "small"})
    as_seller.post(keep, {"seen": "small"})
    assert lead.events.filter(new="kept").count() == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
@pytest.mark.parametrize("other", ["Hot", "Cold"])
@pytest.mark.parametrize("table", ["leads_savedview", "leads_viewtab"])
def test_a_view_that_is_sent_twice_is_saved_once(as_seller: Client, seller: User, table: str, other: str) -> None:
    twin = Client(headers={"accept-language": "en"})
    twin.force_login(seller)
    pages: dict[Client, str] = {}

    def save(client: Client, name: str) -> None:
        page = client.post(reverse("leads:view_add"), {"name": name, "opens": "on"}, follow=True)
        pages[client] = page.content.decode()

    with meanwhile(lambda: save(twin, other), before=f'INSERT INTO "{table}"'):
        save(as_seller, "Hot")
    assert "“Hot” was saved." in pages[as_seller]
    said = "You have a saved view of this name already." if other == "Hot" else "“Cold” was saved."
    assert said in pages[twin]
    assert set(SavedView.objects.values_list("name", flat=True)) == {"Hot", other}
    assert ViewTab.objects.filter(user=seller, opens=True).count() == 1
