"""A lead in the administration: only what a person changed there is saved, and the timeline tells of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads import import_undo, importing, services, snoozing
from leads.event_words import change_of
from leads.list_query import LeadQuery
from leads.models import Event, Lead, SavedView, Tag
from tests.factories import make_lead, make_user

pytestmark = pytest.mark.django_db


def sent_by_a_browser(page: Any) -> dict[str, list[str]]:
    """What a browser would send of the lead's form as it stands on the page."""
    from html.parser import HTMLParser

    class Form(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.sent: dict[str, list[str]] = {}
            self.inside, self.select, self.area = False, "", ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            at = {name: value or "" for name, value in attrs}
            if tag == "form":
                self.inside = at.get("id") == "lead_form"
            elif not self.inside:
                return
            elif tag == "input" and at.get("name") and at.get("type") not in ("submit", "checkbox"):
                self.sent.setdefault(at["name"], []).append(at.get("value", ""))
            elif tag == "select":
                self.select = at["name"]
            elif tag == "option" and "selected" in at:
                self.sent.setdefault(self.select, []).append(at["value"])
            elif tag == "textarea":
                self.area = at["name"]
                self.sent[self.area] = [""]

        def handle_data(self, data: str) -> None:
            if self.area:
                self.sent[self.area][0] += data

        def handle_endtag(self, tag: str) -> None:
            if tag == "textarea":
                self.area = ""
            elif tag == "form":
                self.inside = False

    form = Form()
    form.feed(page.content.decode())
    return form.sent


def page_of(lead: Lead) -> str:
    return reverse("admin:leads_lead_change", args=[lead.pk])


def test_what_a_person_edits_there_keeps_the_lead_when_its_import_is_undone(
    as_administrator: Client, administrator: User, operator: User, work_off: Any
) -> None:
    text = "FİRMA;WEB SİTESİ;E-POSTA;ŞEHİR\nIşık;isik.example;;\nAy;ay.example;;\nGün;gun.example;;\nSu;su.example;;"
    batch = importing.create_batch(SimpleUploadedFile("liste.csv", text.encode()), "liste.csv", by=None)
    batch.scan_after = False
    batch.save()
    importing.start(batch, by=None)
    work_off()
    vip = Tag.objects.create(name="önemli")
    edits = {
        "isik.example": {"contact_emails": ["mehmet@isik.example"]},
        "ay.example": {"city": ["Bursa"]},
        "gun.example": {"tags": [str(vip.pk)]},
        "su.example": {},
    }
    for domain, values in edits.items():
        url = page_of(Lead.objects.get(domain=domain))
        form = sent_by_a_browser(as_administrator.get(url)) | values
        assert as_administrator.post(url, form).status_code == 302
    batch.refresh_from_db()
    import_undo.undo(batch, by=operator)
    assert set(Lead.objects.values_list("domain", flat=True)) == {"isik.example", "ay.example", "gun.example"}
    city = Event.objects.get(kind="edited", new__startswith="city:")
    shown = change_of(city)
    assert (shown.field, shown.old, shown.new, city.by) == ("City", "", "Bursa", administrator)
    assert Event.objects.get(kind="tag").new == "önemli"
    told = Event.objects.get(kind="edited", new__startswith="contact_emails")
    assert "mehmet" not in told.old + told.new
    assert change_of(told).field == "Contacts"


def test_an_old_page_there_takes_nothing_back_that_others_did_since(
    as_administrator: Client, administrator: User, operator: User
) -> None:
    lead = make_lead(company_name="Anadolu", city="Ankara")
    old, automatic = Tag.objects.create(name="eski"), Tag.objects.create(name="no_spf", automatic=True)
    services.set_tags(lead, ["eski"], by=operator)
    lead.tags.add(automatic)
    form = sent_by_a_browser(as_administrator.get(page_of(lead)))
    assert form["initial-company_name"] == ["Anadolu"]
    assert str(automatic.pk) not in form["tags"]
    day = timezone.localdate()
    services.assign([lead], operator, by=operator)
    services.rename(lead, "Anadolu A.Ş.", by=operator)
    services.set_follow_up(lead, day, by=operator)
    services.set_tags(lead, ["eski", "sıcak"], by=operator)
    lead.watchers.add(operator)
    form |= {"city": ["Bursa"], "watchers": [str(administrator.pk)], "tags": []}
    assert as_administrator.post(page_of(lead), form).status_code == 302
    lead.refresh_from_db()
    assert (lead.owner, lead.company_name, lead.follow_up_on) == (operator, "Anadolu A.Ş.", day)
    assert (lead.city, "bursa" in lead.search_text) == ("Bursa", True)
    assert set(lead.tags.values_list("name", flat=True)) == {"sıcak", "no_spf"}
    assert set(lead.watchers.all()) == {operator, administrator}
    assert Event.objects.filter(by=administrator).count() == 2  # the city, and the tag taken off
    assert old.leads.count() == 0


def test_a_page_saved_without_a_change_changes_nothing(as_administrator: Client, operator: User) -> None:
    until = timezone.make_aware(timezone.datetime(2099, 1, 1))
    lead = make_lead(company_name="Anadolu", contact_emails=["a@b.example"], owner=operator, snoozed_until=until)
    before = Lead.objects.values().get(pk=lead.pk)
    form = sent_by_a_browser(as_administrator.get(page_of(lead)))
    assert as_administrator.post(page_of(lead), form).status_code == 302
    assert Lead.objects.values().get(pk=lead.pk) == before
    assert not Event.objects.exists()


def test_tags_and_watchers_of_a_new_lead_are_kept(as_administrator: Client, operator: User) -> None:
    vip = Tag.objects.create(name="önemli")
    add = reverse("admin:leads_lead_add")
    form = sent_by_a_browser(as_administrator.get(add))
    form |= {"domain": ["acme.example"], "tags": [str(vip.pk)], "watchers": [str(operator.pk)]}
    assert as_administrator.post(add, form).status_code == 302
    lead = Lead.objects.get()
    assert (list(lead.tags.all()), list(lead.watchers.all())) == ([vip], [operator])
    assert list(lead.events.order_by("pk").values_list("kind", flat=True)) == ["created", "tag"]


def test_what_a_person_keeps_to_themselves_is_not_to_be_read_there(client: Client, operator: User) -> None:
    seller = make_user("satis", role="Account manager", is_staff=True)
    private = SavedView.objects.create(owner=operator, name="Gizli", query="?q=gizli-firma")
    shared = SavedView.objects.create(owner=operator, name="Ortak", query="?segment=Cold", shared=True)
    own = SavedView.objects.create(owner=seller, name="Benim", query="?segment=Cold")
    listed, changes = reverse("admin:leads_savedview_changelist"), "admin:leads_savedview_change"
    client.force_login(seller)
    page = client.get(listed).content.decode()
    assert "gizli-firma" not in page
    assert "Ortak" in page
    assert client.get(reverse(changes, args=[private.pk])).status_code == 302  # not found: back to the index
    form = {"name": "Yeni", "query": "?q=a", "shared": "on", "owner": str(operator.pk)}
    assert client.post(reverse(changes, args=[shared.pk]), form).status_code == 403
    client.post(reverse(changes, args=[private.pk]), form)
    assert client.post(reverse(changes, args=[own.pk]), form).status_code == 302
    assert client.post(reverse("admin:leads_savedview_add"), {**form, "name": "İkinci"}).status_code == 302
    assert set(SavedView.objects.values_list("name", "owner", "shared")) == {
        ("Gizli", operator.pk, False), ("Ortak", operator.pk, True), ("Yeni", seller.pk, False),
        ("İkinci", seller.pk, False),
    }  # fmt: skip
    operator.is_staff = True
    operator.save()
    client.force_login(operator)
    client.get(listed)  # tells what was said to the seller, whose browser this is
    page = client.get(listed).content.decode()
    assert "gizli-firma" in page
    assert "Yeni" not in page  # who may change many leads reads no more than anybody
    assert client.post(reverse(changes, args=[own.pk]), {**form, "name": "Alındı"}).status_code == 302
    own.refresh_from_db()
    assert (own.name, own.owner, own.shared) == ("Yeni", seller, False)
    assert client.post(reverse(changes, args=[private.pk]), {**form, "name": "Açık"}).status_code == 302
    private.refresh_from_db()
    assert (private.name, private.owner, private.shared) == ("Açık", operator, True)
    client.force_login(make_user("yonetici", role="Administrator", is_staff=True, is_superuser=True))
    client.get(listed)
    page = client.get(listed).content.decode()
    assert "Açık" in page
    assert "Yeni" not in page


def test_a_view_there_keeps_only_what_the_list_understands(as_administrator: Client, administrator: User) -> None:
    add = reverse("admin:leads_savedview_add")
    form = {"name": "Soğuk", "query": "?segment=Cold&evil=javascript:alert(1)"}
    assert as_administrator.post(add, form).status_code == 302
    assert SavedView.objects.get().query == LeadQuery.from_url(QueryDict("segment=Cold")).saved_as()
    again = as_administrator.post(add, form)
    assert again.status_code == 200
    assert "a saved view of this name" in again.content.decode()


def test_a_tag_there_keeps_the_rules_of_the_pages(as_administrator: Client) -> None:
    add = reverse("admin:leads_tag_add")
    for name in ("bir, iki", "\u200b"):
        assert as_administrator.post(add, {"name": name}).status_code == 200  # refused, the form again
    assert as_administrator.post(add, {"name": "fuar"}).status_code == 302
    old = Tag.objects.create(name="üç, dört")
    change = reverse("admin:leads_tag_change", args=[old.pk])
    assert as_administrator.post(change, {"name": old.name}).status_code == 302  # nobody changed it
    assert as_administrator.post(change, {"name": "beş, altı"}).status_code == 200
    assert as_administrator.post(change, {"name": "altı"}).status_code == 302
    assert set(Tag.objects.filter(automatic=False).values_list("name", flat=True)) == {"fuar", "altı"}


def test_a_follow_up_there_is_on_no_day_that_is_over(as_administrator: Client) -> None:
    over = timezone.localdate() - timedelta(days=1)
    lead = make_lead(follow_up_on=over - timedelta(days=30))
    form = sent_by_a_browser(as_administrator.get(page_of(lead)))
    assert as_administrator.post(page_of(lead), form | {"follow_up_on": [over.isoformat()]}).status_code == 200
    assert as_administrator.post(page_of(lead), form | {"city": ["Bursa"]}).status_code == 302  # nobody touched it
    assert Lead.objects.get().follow_up_on == lead.follow_up_on


def test_a_sleep_there_is_a_day_to_come_and_may_still_end_by_a_change(
    as_administrator: Client, administrator: User
) -> None:
    today, lead = timezone.localdate(), make_lead()
    snoozing.snooze(lead, until=today + timedelta(days=1), until_change=True, by=administrator)

    def save(**values: str) -> int:
        sent = {name: [value] for name, value in values.items()}
        form = sent_by_a_browser(as_administrator.get(page_of(lead))) | sent
        return as_administrator.post(page_of(lead), form).status_code

    def sleep() -> str:
        row = Lead.objects.get()
        return snoozing.code(row.snoozed_until, row.snoozed_until_change_since)

    for over in (today - timedelta(days=400), today):
        assert save(snoozed_until=over.isoformat()) == 200  # refused, the form again
    assert save(snoozed_until="2099-03-05") == 302
    assert sleep() == "2099-03-05 change"
    assert save(snoozed_until="") == 302
    assert sleep() == "change"
    Lead.objects.update(snoozed_until=timezone.now() - timedelta(days=30))
    before = Lead.objects.values().get()
    assert save() == 302  # an old sleep that nobody touched is no mistake
    assert Lead.objects.values().get() == before
    assert save(snoozed_until="") == 302
    assert sleep() == ""
    add = sent_by_a_browser(as_administrator.get(reverse("admin:leads_lead_add")))
    add |= {"domain": ["acme.example"], "snoozed_until": ["2099-03-05"]}
    assert as_administrator.post(reverse("admin:leads_lead_add"), add).status_code == 302
    new = Lead.objects.get(domain="acme.example")
    assert (snoozing.code(new.snoozed_until, None), new.snoozed_by) == ("2099-03-05", administrator)


def test_a_name_that_a_person_enters_there_is_as_long_as_on_the_pages(
    as_administrator: Client, as_seller: Client
) -> None:
    """An import may bring a longer one; it stays until somebody corrects it, there or on the lead's page."""
    imported = "Çok Uzun " * 400
    lead = make_lead("acme.example", company_name=imported)

    def save(**values: str) -> int:
        sent = {name: [value] for name, value in values.items()}
        form = sent_by_a_browser(as_administrator.get(page_of(lead))) | sent
        return as_administrator.post(page_of(lead), form).status_code

    assert save(city="Bursa") == 302
    assert save(company_name="a" * 301) == 200  # refused, the form again
    lead.refresh_from_db()
    assert (lead.city, lead.company_name) == ("Bursa", imported)
    add = {"domain": "ege.example", "source": "manual", "company_name": "a" * 301}
    assert as_administrator.post(reverse("admin:leads_lead_add"), add).status_code == 200
    assert save(company_name="a" * 300) == 302
    Lead.objects.update(company_name=imported)
    known = reverse("leads:known", args=["acme.example", "company_name"])
    page = as_seller.get(lead.get_absolute_url())
    assert page.status_code == 200
    shown = page.context["known_company_name"]
    assert (shown["value"].value(), shown["seen"].value()) == (imported, 0)
    sent = {"company_name-value": imported, "company_name-reason": "imza", "company_name-seen": "0"}
    assert as_seller.post(known, sent).status_code == 422
    assert as_seller.post(known, sent | {"company_name-value": "Ege  Tekstil"}).status_code == 302
    lead.refresh_from_db()
    assert lead.company_name == "Ege Tekstil"
