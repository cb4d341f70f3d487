"""What people know outranks the look-ups, survives them, and gives back what was before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.forms import Form
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from integrations_d365.facts import facts_of
from integrations_d365.models import Push
from leads import importing, knowledge, scanning, services
from leads.brief import brief_of
from leads.brief_sheet import as_text, sheet_of
from leads.export import csv_lines
from leads.models import Alert, DomainClaim, Event, Lead, Override, Scan, Tag
from leads.overtaken import Overtaken
from leads.services import ReferralNote
from leads.tasks import end_expired_entries
from sandbox.dns import Fault
from tests.factories import make_lead
from tests.leads.conftest import Served
from tests.worlds import google, microsoft

pytestmark = pytest.mark.django_db
WorkOff = Callable[[], None]
ACME = "acme.example"
TOMORROW = timedelta(days=1)


@pytest.fixture
def scanned(dns: Served, work_off: WorkOff) -> Lead:
    dns(google(ACME))
    lead = make_lead(ACME, company_name="Acme A.Ş.", contact_emails=["info@acme.example"])
    scanning.queue_scan(Lead.objects.all(), title="scan.list")
    work_off()
    lead.refresh_from_db()
    return lead


def rescan(lead: Lead, work_off: WorkOff) -> None:
    scanning.rescan_lead(lead, started_by=None)
    work_off()
    lead.refresh_from_db()


def post(client: Client, lead: Lead, field: str, value: str, **more: object) -> int:
    data = {f"{field}-value": value, f"{field}-reason": "CEO told me", f"{field}-seen": 0}
    data |= {f"{field}-{name}": given for name, given in more.items()}
    return client.post(reverse("leads:known", args=[lead.domain, field]), data).status_code


def test_a_persons_provider_is_scored_at_once_without_a_look_up(
    as_seller: Client, scanned: Lead, dns: Served, seller: User
) -> None:
    looked_at, due = scanned.scanned_at, scanned.rescan_at
    dns([], [Fault("*", "*", "servfail")])  # whoever asks gets no answer
    assert post(as_seller, scanned, "provider", "M365") == 302
    scanned.refresh_from_db()
    assert (scanned.provider, scanned.segment, scanned.priority_category) == ("M365", "Existing", "P4")
    assert scanned.mx_provider == "Google"  # the look-ups say what they said
    assert (scanned.scanned_at, scanned.rescan_at, scanned.scan_job) == (looked_at, due, None)
    stored = scanned.scans.latest("pk")
    assert (stored.facts["stated_provider"], stored.facts["seen_provider"]) == ("M365", "Google")
    assert stored.observations == scanned.scans.earliest("pk").observations
    told = {event.kind: (event.old, event.new, event.by) for event in scanned.events.all()}
    assert told["override"] == ("provider:Google", "provider:M365", seller)
    assert told["provider"] == ("Google", "M365", seller)
    assert told["segment"] == ("Migration", "Existing", seller)
    assert not Alert.objects.exists()  # whoever entered it need not be alarmed
    assert not scanned.tags.filter(name="google-workspace").exists()
    page = as_seller.get(scanned.get_absolute_url())
    assert sum(row.points for row in page.context["scan"].rows) == scanned.score
    assert page.context["conflicts"] == []  # nothing new was seen


def test_it_survives_rescans_and_the_conflict_is_shown_until_somebody_decides(
    as_seller: Client, scanned: Lead, work_off: WorkOff, seller: User
) -> None:
    entry = knowledge.enter(scanned, "provider", "M365", reason="The CEO told me.", by=seller)
    rescan(scanned, work_off)
    assert (scanned.provider, scanned.segment) == ("M365", "Existing")
    assert not Event.objects.filter(kind="provider", by=None).exists()
    page = as_seller.get(scanned.get_absolute_url())
    text = " ".join(page.content.decode().split())
    assert "sees Google Workspace. seller entered Microsoft 365" in text
    assert "The CEO told me." in text
    keep = reverse("leads:known_keep", args=[ACME, entry.pk])
    assert as_seller.post(keep, {"seen": "Google"}).status_code == 302
    assert as_seller.get(scanned.get_absolute_url()).context["conflicts"] == []
    rescan(scanned, work_off)
    assert as_seller.get(scanned.get_absolute_url()).context["conflicts"] == []  # still just Google
    assert Event.objects.filter(kind="override", new="kept", by=seller).count() == 1


def test_something_else_seen_asks_again_after_keep(
    as_seller: Client, scanned: Lead, dns: Served, work_off: WorkOff, seller: User
) -> None:
    entry = knowledge.enter(scanned, "provider", "Zoho", reason="x", by=seller)
    rescan(scanned, work_off)
    knowledge.keep(entry, "Google", by=seller)
    dns(microsoft(ACME))
    rescan(scanned, work_off)
    (conflict,) = as_seller.get(scanned.get_absolute_url()).context["conflicts"]
    assert conflict.seen == "M365"
    assert scanned.provider == "Zoho"


def test_an_entry_that_ends_gives_back_what_the_look_ups_say(as_seller: Client, scanned: Lead, seller: User) -> None:
    tags = set(scanned.tags.values_list("name", flat=True))
    entry = knowledge.enter(scanned, "provider", "M365", reason="x", by=seller)
    end = reverse("leads:known_end", args=[ACME, entry.pk])
    for _ in range(2):  # a double click ends it once
        assert as_seller.post(end).status_code == 302
    scanned.refresh_from_db()
    assert (scanned.provider, scanned.segment, scanned.score) == ("Google", "Migration", 90)
    assert set(scanned.tags.values_list("name", flat=True)) == tags
    assert Event.objects.filter(kind="override", old="provider:M365", new="ended", by=seller).count() == 1


def test_a_provider_entered_over_nothing_seen_does_not_stay_when_it_ends(
    dns: Served, work_off: WorkOff, seller: User
) -> None:
    dns([])
    lead = make_lead(ACME)
    rescan(lead, work_off)
    assert lead.provider == "Unknown"
    entry = knowledge.enter(lead, "provider", "M365", reason="x", by=seller)
    lead.refresh_from_db()
    assert lead.provider == "M365"
    knowledge.end(entry, by=seller)
    lead.refresh_from_db()
    assert lead.provider == "Unknown"


def test_a_lead_that_waits_for_its_scan_is_judged_by_that_one(dns: Served, work_off: WorkOff, seller: User) -> None:
    dns(google(ACME))
    lead = make_lead(ACME)
    scanning.rescan_lead(lead, started_by=None)
    knowledge.enter(lead, "provider", "M365", reason="x", by=seller)
    assert not Scan.objects.exists()
    work_off()
    lead.refresh_from_db()
    assert (lead.provider, lead.segment, Scan.objects.count()) == ("M365", "Existing", 1)


def test_a_lead_whose_last_look_could_not_judge_is_scanned(
    dns: Served, work_off: WorkOff, scanned: Lead, seller: User
) -> None:
    dns(google(ACME), [Fault("*", "*", "servfail")])
    rescan(scanned, work_off)
    knowledge.enter(scanned, "provider", "M365", reason="x", by=seller)
    scanned.refresh_from_db()
    assert scanned.scan_job is not None


def test_size_person_before_referral_before_mail_host(scanned: Lead, work_off: WorkOff, seller: User) -> None:
    def size() -> tuple[str, str]:
        scanned.refresh_from_db()
        return scanned.tenant_size, scanned.tenant_size_source

    assert size() == ("large", "mx")
    note = ReferralNote(count=1, state="new", deadline=None, size="small")
    services.note_referrals({scanned.pk: note})
    assert size() == ("small", "referral")
    entry = knowledge.enter(scanned, "tenant_size", "medium", reason="x", by=seller)
    assert size() == ("medium", "person")
    rescan(scanned, work_off)
    assert size() == ("medium", "person")
    knowledge.end(entry, by=seller)
    assert size() == ("small", "referral")
    services.note_referrals({scanned.pk: ReferralNote(count=0, state="", deadline=None)})
    assert size() == ("large", "mx")


def test_a_referral_that_says_another_size_is_a_conflict(as_seller: Client, scanned: Lead, seller: User) -> None:
    knowledge.enter(scanned, "tenant_size", "large", reason="900 people", by=seller)
    services.note_referrals({scanned.pk: ReferralNote(count=1, state="new", deadline=None, size="small")})
    page = as_seller.get(scanned.get_absolute_url())
    assert [conflict.seen for conflict in page.context["conflicts"]] == ["small"]
    assert "A referral says: Small." in page.content.decode()


def test_a_name_survives_imports_and_gives_back_the_one_before(scanned: Lead, work_off: WorkOff, seller: User) -> None:
    first = knowledge.enter(scanned, "company_name", "Yeni Ünvan A.Ş.", reason="Ticaret sicili", by=seller)
    second = knowledge.enter(scanned, "company_name", "En Yeni A.Ş.", reason="Kartvizit", by=seller)
    first.refresh_from_db()
    assert first.ended_at is not None
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("list.csv", f"FİRMA ADI;WEB SİTESİ\nEski Ad;{ACME}\n".encode())
    batch = importing.create_batch(file, "list.csv", by=seller)
    importing.start(batch, by=seller)
    work_off()
    batch.refresh_from_db()
    assert batch.matched_count == 1
    assert Lead.objects.get().company_name == "En Yeni A.Ş."
    assert Lead.objects.search("en yeni").count() == 1
    knowledge.end(second, by=seller)
    assert Lead.objects.get().company_name == "Acme A.Ş."
    assert Lead.objects.search("acme").count() == 1


def test_a_rename_ends_the_entry_about_the_name(scanned: Lead, seller: User) -> None:
    entry = knowledge.enter(scanned, "company_name", "Yeni A.Ş.", reason="x", by=seller)
    scanned.refresh_from_db()
    services.rename(scanned, "Daha Yeni A.Ş.", by=seller)
    entry.refresh_from_db()
    assert entry.ended_at is not None
    assert Lead.objects.get().company_name == "Daha Yeni A.Ş."


def test_a_contact_comes_first_and_goes_again(scanned: Lead, seller: User) -> None:
    knowledge.enter(scanned, "contact", "bt@acme.example", reason="x", by=seller)
    entry = knowledge.enter(scanned, "contact", "info@acme.example", reason="prefers it", by=seller)
    assert Lead.objects.get().contact_emails == ["info@acme.example"]  # the first entry took its address along
    knowledge.end(entry, by=seller)
    assert Lead.objects.get().contact_emails == ["info@acme.example"]  # it was there before
    third = knowledge.enter(scanned, "contact", "mudur@acme.example", reason="x", by=seller)
    assert Lead.objects.get().contact_emails == ["mudur@acme.example", "info@acme.example"]
    knowledge.end(third, by=seller)
    assert Lead.objects.get().contact_emails == ["info@acme.example"]


def test_an_entry_ends_the_day_after_its_last(scanned: Lead, seller: User) -> None:
    today = timezone.localdate()
    knowledge.enter(scanned, "provider", "M365", reason="x", by=seller, expires_on=today)
    end_expired_entries()
    assert Override.objects.in_force().count() == 1
    with time_machine.travel(timezone.now() + TOMORROW):
        end_expired_entries()
        end_expired_entries()
    scanned.refresh_from_db()
    assert (scanned.provider, Override.objects.in_force().count()) == ("Google", 0)
    event = Event.objects.get(kind="override", new="expired")
    assert event.by is None


def test_two_tabs_do_not_overwrite_silently(as_seller: Client, as_operator: Client, scanned: Lead) -> None:
    assert post(as_seller, scanned, "provider", "M365") == 302
    url = reverse("leads:known", args=[ACME, "provider"])
    mine = {"provider-value": "Zoho", "provider-reason": "I guess", "provider-expires_on": "2099-01-01"}
    response = as_operator.post(url, {**mine, "provider-seen": 0})
    assert response.status_code == 409
    assert "seller entered “Microsoft 365” meanwhile (CEO told me)." in response.content.decode()
    entry = Override.objects.get()
    assert entry.value == "M365"
    form = response.context["known_provider"]
    typed = {f"provider-{name}": form[name].value() for name in form.fields}
    assert typed == {**mine, "provider-seen": str(entry.pk)}  # nothing of mine is lost, and I know what I replace
    assert as_operator.post(url, typed).status_code == 302
    assert Override.objects.in_force().get().value == "Zoho"
    knowledge.end(Override.objects.in_force().get(), by=User.objects.get(username="seller"))
    response = as_operator.post(url, {**mine, "provider-reason": "Sure", "provider-seen": entry.pk})
    assert "seller ended the entry meanwhile." in response.content.decode()
    with pytest.raises(Overtaken):
        knowledge.keep(entry, "Google", by=User.objects.get(username="seller"))


def as_sent(form: Form) -> dict[str, object]:
    """What a browser sends of a form nobody touched."""
    return {name: "" if (value := form[name].value()) is None else value for name in form.fields}


@pytest.mark.parametrize(
    ("name", "first", "second", "shown"),
    [
        ("on", "2031-01-01", "2032-02-02", "1 Jan 2031"),
        ("tags", "fuar", "önemli", "fuar"),
        ("owner", "", "other", None),
    ],
)
def test_the_work_panel_notices_another_tab(
    as_seller: Client, scanned: Lead, seller: User, operator: User, name: str, first: str, second: str, shown: str
) -> None:
    Lead.objects.update(owner=seller)
    opened = as_sent(as_seller.get(scanned.get_absolute_url()).context["work_form"])
    url = reverse("leads:work", args=[ACME])
    second = str(operator.pk) if second == "other" else second
    as_seller.post(url, opened | {name: first})
    before = Lead.objects.values().get(), set(scanned.tags.values_list("name", flat=True))
    response = as_seller.post(url, opened | {name: second})
    assert response.status_code == 409
    assert "Yours is not saved" in response.content.decode()
    assert before == (Lead.objects.values().get(), set(scanned.tags.values_list("name", flat=True)))
    again = response.context["work_form"]  # what was typed is still there, beside what it is now
    assert again[name].value() == second
    [said] = again.errors[name]
    assert (f"it is “{shown}” now" if shown else "Somebody cleared this") in said
    decided = opened | {name: second, f"{name}_seen": again[f"{name}_seen"].value()}
    assert as_seller.post(url, decided).status_code == 302
    assert as_seller.get(scanned.get_absolute_url()).context["work_form"][name].value() != first


def test_the_work_panel_writes_only_what_was_changed(as_seller: Client, scanned: Lead, seller: User) -> None:
    url = reverse("leads:work", args=[ACME])
    opened = as_sent(as_seller.get(scanned.get_absolute_url()).context["work_form"])
    as_seller.post(url, opened | {"owner": str(seller.pk), "tags": "fuar, önemli"}, follow=True)  # another tab
    response = as_seller.post(url, opened | {"on": "2031-01-01"}, follow=True)
    assert [str(message) for message in response.context["messages"]] == ["Follow-up on Wednesday, 1 Jan 2031 saved."]
    scanned.refresh_from_db()
    assert (scanned.owner, scanned.follow_up_on) == (seller, date(2031, 1, 1))
    assert set(scanned.tags.filter(automatic=False).values_list("name", flat=True)) == {"fuar", "önemli"}
    response = as_seller.post(url, opened | {"on": "2032-02-02", "tags": "yeni"})  # one of them was overtaken
    again = response.context["work_form"]
    assert response.status_code == 409
    assert sorted(again.errors) == ["on", "tags"]
    assert again["owner"].value() == str(seller.pk)  # not touched here: as it is now
    response = as_seller.post(url, {"preset": "tomorrow"}, follow=True)  # a button alone
    assert Lead.objects.get().follow_up_on == timezone.localdate() + TOMORROW
    assert Lead.objects.get().owner == seller
    response = as_seller.post(url, as_sent(response.context["work_form"]), follow=True)
    assert [str(message) for message in response.context["messages"]] == ["Nothing was changed."]


def test_an_owner_who_is_no_longer_active_stays_until_somebody_else_is_chosen(
    as_seller: Client, scanned: Lead, seller: User, operator: User
) -> None:
    services.assign([scanned], operator, by=operator)
    operator.is_active = False
    operator.save()
    page = as_seller.get(scanned.get_absolute_url())
    assert "operator (no longer active)" in page.content.decode()
    opened, url = as_sent(page.context["work_form"]), reverse("leads:work", args=[ACME])
    as_seller.post(url, opened | {"preset": "tomorrow"})
    scanned.refresh_from_db()
    assert (scanned.owner, scanned.follow_up_on) == (operator, timezone.localdate() + TOMORROW)
    assert as_seller.post(url, opened | {"owner": str(seller.pk)}).status_code == 302
    assert as_seller.post(url, opened | {"preset": "tomorrow"}).status_code == 302  # as that page still shows them
    scanned.refresh_from_db()
    assert scanned.owner == seller
    another = as_sent(as_seller.get(scanned.get_absolute_url()).context["work_form"])
    assert as_seller.post(url, another | {"owner": str(operator.pk)}).status_code == 422


def test_tags_that_nobody_touched_are_not_written(as_seller: Client, scanned: Lead, seller: User) -> None:
    """More of them than anybody types, longer than a line, and names from before there were rules."""
    old = ["virgüllü, ad", '"tırnaklı"', 'hem "tırnak", hem virgül', "\u200b", "fuar", "Fuar"]
    tags = [Tag.objects.create(name=name) for name in [*old, *(f"{number:02}{' uzun' * 11}" for number in range(30))]]
    scanned.tags.add(*tags)
    opened, url = as_sent(as_seller.get(scanned.get_absolute_url()).context["work_form"]), f"/leads/{ACME}/follow-up/"
    assert as_seller.post(url, opened | {"preset": "tomorrow"}).status_code == 302
    assert Lead.objects.get().follow_up_on == timezone.localdate() + TOMORROW
    assert as_seller.post(url, opened | {"tags": f"yeni, {opened['tags']}"}).status_code == 302
    assert list(Event.objects.filter(kind="tag").values_list("old", "new")) == [("", "yeni")]
    assert set(scanned.tags.filter(automatic=False)) == {*tags, Tag.objects.get(name="yeni")}


def test_a_tag_written_with_other_capitals_is_the_same_tag(as_seller: Client, seller: User) -> None:
    lead, other = make_lead("bir.example"), make_lead("iki.example")
    services.set_tags(other, ["İzmir"], by=seller)
    as_seller.post(reverse("leads:work", args=[lead.domain]), {"tags": "izmir, SICAK, sıcak, Sıcak", "tags_seen": "="})
    assert sorted(tag.name for tag in lead.tags.all()) == ["SICAK", "İzmir"]
    services.set_tags(lead, ["IZMIR"], by=seller)
    assert [tag.name for tag in lead.tags.all()] == ["İzmir"]
    assert set(Tag.objects.filter(automatic=False).values_list("name", flat=True)) == {"İzmir", "SICAK"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a" * 61, "is longer than 60 characters"),
        ("expire-soon", "Hunter gives the tag “expire-soon” by itself"),
        ("\u200b", "can be seen"),
        ('"bir, iki"', "holds a comma"),
        (", ".join(f"t{number}" for number in range(21)), "more than 20 new tags"),
    ],
)
def test_a_tag_that_cannot_be_is_refused_with_a_sentence(
    as_seller: Client, scanned: Lead, seller: User, name: str, why: str
) -> None:
    services.set_tags(scanned, ["fuar"], by=seller)
    opened, url = as_sent(as_seller.get(scanned.get_absolute_url()).context["work_form"]), f"/leads/{ACME}/follow-up/"
    response = as_seller.post(url, opened | {"tags": f"fuar, {name}", "preset": "tomorrow"})
    assert response.status_code == 422
    assert why in response.content.decode()
    assert set(scanned.tags.filter(automatic=False).values_list("name", flat=True)) == {"fuar"}
    assert Lead.objects.get().follow_up_on is None


def test_two_presses_of_one_button_are_no_conflict(as_seller: Client, scanned: Lead, seller: User) -> None:
    url = reverse("leads:work", args=[ACME])
    opened = as_sent(as_seller.get(scanned.get_absolute_url()).context["work_form"])
    wanted = opened | {"preset": "tomorrow", "owner": str(seller.pk), "tags": "fuar, önemli"}
    assert as_seller.post(url, wanted).status_code == 302
    before = Event.objects.count()
    assert as_seller.post(url, wanted | {"tags": "önemli, fuar"}).status_code == 302
    assert Event.objects.count() == before


def test_changing_one_part_of_an_entry_loses_none_of_the_others(as_seller: Client, scanned: Lead, seller: User) -> None:
    until = timezone.localdate() + timedelta(days=30)
    for field, value in (
        ("provider", "Zoho"), ("company_name", "Acme Holding"), ("tenant_size", "medium"), ("contact", "bt@acme.test"),
    ):  # fmt: skip
        knowledge.enter(scanned, field, value, reason="Kartvizit", by=seller, expires_on=until)
        form = as_seller.get(scanned.get_absolute_url()).context[f"known_{field}"]
        shown = {f"{field}-{name}": form[name].value() for name in form.fields}
        assert as_seller.post(reverse("leads:known", args=[ACME, field]), shown).status_code == 302
        assert scanned.overrides.filter(field=field).count() == 1  # saved as it was shown: nothing happened
        shown[f"{field}-reason"] = "Sekreteri söyledi"
        assert as_seller.post(reverse("leads:known", args=[ACME, field]), shown).status_code == 302
        entry = scanned.overrides.in_force().get(field=field)
        assert (entry.value, entry.reason, entry.expires_on) == (value, "Sekreteri söyledi", until)
    set_out = as_seller.post(reverse("leads:opt_out", args=[ACME]), {"wanted": "1"}, follow=True)
    assert set_out.context["known_contact"]["value"].value() == ""


def test_an_entry_is_over_with_its_last_day_whether_or_not_the_clock_came_by(
    as_seller: Client, scanned: Lead, work_off: WorkOff, seller: User
) -> None:
    today = timezone.localdate()
    for field, value in (("provider", "M365"), ("tenant_size", "small")):
        knowledge.enter(scanned, field, value, reason="x", by=seller, expires_on=today)
    with time_machine.travel(timezone.now() + TOMORROW):
        page = as_seller.get(scanned.get_absolute_url())
        assert page.context["in_force"] == {}
        assert [entry.over_on for entry in page.context["ended_entries"]] == [today, today]
        rescan(scanned, work_off)
        assert (scanned.provider, scanned.tenant_size) == ("Google", "large")
        assert post(as_seller, scanned, "provider", "Zoho") == 302
        scanned.refresh_from_db()
        assert scanned.provider == "Zoho"
        assert Event.objects.filter(kind="override", new="expired").count() == 1
        end_expired_entries()
        assert [entry.value for entry in Override.objects.unended()] == ["Zoho"]


def test_bad_entries_are_refused_with_the_form(as_seller: Client, scanned: Lead) -> None:
    yesterday = (timezone.localdate() - TOMORROW).isoformat()
    assert post(as_seller, scanned, "provider", "Unknown") == 422
    assert post(as_seller, scanned, "tenant_size", "huge") == 422
    assert post(as_seller, scanned, "contact", "not an address") == 422
    assert post(as_seller, scanned, "company_name", "Acme", reason="") == 422
    assert post(as_seller, scanned, "company_name", "Acme", expires_on=yesterday) == 422
    assert post(as_seller, scanned, "domain", "other.example") == 404
    assert not Override.objects.exists()


def test_viewers_enter_and_end_nothing(as_viewer: Client, scanned: Lead, seller: User) -> None:
    entry = knowledge.enter(scanned, "provider", "M365", reason="x", by=seller)
    for name, args in (
        ("known", [ACME, "provider"]), ("known_end", [ACME, entry.pk]), ("known_keep", [ACME, entry.pk]),
        ("opt_out", [ACME]), ("snooze", [ACME]), ("wake", [ACME]), ("outcome", [ACME]), ("outcome_undo", [ACME]),
    ):  # fmt: skip
        assert as_viewer.post(reverse(f"leads:{name}", args=args)).status_code == 403, name
    page = as_viewer.get(scanned.get_absolute_url()).content.decode()
    assert "Correct it" not in page
    assert Override.objects.in_force().count() == 1


def test_an_opt_out_hides_the_contacts_everywhere(
    as_seller: Client, as_operator: Client, scanned: Lead, seller: User
) -> None:
    url = reverse("leads:opt_out", args=[ACME])
    assert "info@acme.example" in as_seller.get(scanned.get_absolute_url()).content.decode()
    assert "info@acme.example" in "".join(csv_lines(Lead.objects.all()))
    for _ in range(2):
        as_seller.post(url, {"wanted": "1"})
    scanned.refresh_from_db()
    assert scanned.usable_emails == []
    page = as_seller.get(scanned.get_absolute_url()).content.decode()
    assert "info@acme.example" not in page
    assert "not to be contacted" in page
    assert "info@acme.example" not in "".join(csv_lines(Lead.objects.all()))
    assert b"info@acme.example" not in b"".join(as_operator.get(reverse("leads:export")).streaming_content)
    assert brief_of(scanned).opted_out
    push = Push.objects.create(lead=scanned)
    assert facts_of([push], timezone.now())[push.pk].emails == []
    assert scanned.contact_emails == ["info@acme.example"]  # kept, for the day it is taken back
    assert list(Event.objects.filter(kind="opt_out").values_list("new", "by")) == [("asked", seller.pk)]
    as_seller.post(url, {"wanted": "0"})
    assert "info@acme.example" in as_seller.get(scanned.get_absolute_url()).content.decode()


def test_an_address_that_a_person_entered_is_hidden_with_the_others(
    as_seller: Client, as_viewer: Client, as_administrator: Client, scanned: Lead, seller: User
) -> None:
    address = "bt-muduru@acme.example"
    claim = DomainClaim.objects.create(lead=scanned, claim=address, via="email", source="manual")
    ended = knowledge.enter(scanned, "contact", address, reason="Kartvizit", by=seller)
    knowledge.end(ended, by=seller)
    entry = knowledge.enter(scanned, "contact", address, reason="Kartvizit", by=seller)
    event = Event.objects.filter(kind="override").first()
    assert event is not None
    pages = [
        scanned.get_absolute_url(), reverse("leads:peek", args=[ACME]), reverse("leads:claims", args=[ACME]),
        reverse("leads:list") + "?q=acme",
    ]  # fmt: skip
    admin = [
        *(reverse(f"admin:leads_{name}_changelist") for name in ("override", "event", "domainclaim", "lead")),
        reverse("admin:leads_override_change", args=[entry.pk]),
        reverse("admin:leads_event_change", args=[event.pk]),
        reverse("admin:leads_domainclaim_change", args=[claim.pk]),
        reverse("admin:leads_lead_change", args=[scanned.pk]),
    ]

    def showing() -> list[str]:
        readers = ((as_seller, pages), (as_viewer, pages), (as_administrator, admin))
        texts = [(url, client.get(url).content.decode()) for client, urls in readers for url in urls]
        return [url for url, text in texts if address in text.replace("<wbr>", "")]

    def found() -> list[int]:
        search = as_viewer.get(reverse("leads:list"), {"q": "bt-muduru"}).context["page"].object_list
        palette = as_viewer.get(reverse("leads:search"), {"q": "bt-muduru"}).content.decode()
        by_admin = as_administrator.get(reverse("admin:leads_lead_changelist"), {"q": "bt-muduru"}).context["cl"]
        return [len(search), palette.count(scanned.get_absolute_url()), by_admin.result_count]

    shown = showing()
    assert set(shown) >= {*pages[:3], *admin[:3], *admin[4:]}
    assert all(found())
    as_seller.post(reverse("leads:opt_out", args=[ACME]), {"wanted": "1"})
    assert showing() == []
    assert found() == [0, 0, 0]
    page = " ".join(as_viewer.get(scanned.get_absolute_url()).content.decode().split())
    assert 'Entered by a person</span> <span class="change"> <span>Contact</span>' in page
    scanned.refresh_from_db()
    scanned.save()  # whatever is saved later brings nothing back
    assert found() == [0, 0, 0]
    as_seller.post(reverse("leads:opt_out", args=[ACME]), {"wanted": "0"})
    assert showing() == shown
    assert all(found())


def test_the_reason_of_an_opt_out_is_for_colleagues_alone(
    as_seller: Client, as_administrator: Client, scanned: Lead
) -> None:
    url, reason = reverse("leads:opt_out", args=[ACME]), "Genel müdür telefonda istedi"
    assert as_seller.post(url, {"wanted": "1", "reason": "x" * 201}).status_code == 422
    as_seller.post(url, {"wanted": "1", "reason": f"  {reason}\n "})
    scanned.refresh_from_db()
    assert scanned.opted_out_reason == reason
    page = as_seller.get(scanned.get_absolute_url()).content.decode()
    assert f"Reason: {reason}" in page
    assert f"does not want to be contacted: {reason}" in page  # in the timeline
    assert reason in as_administrator.get(reverse("admin:leads_lead_change", args=[scanned.pk])).content.decode()
    brief = f"{scanned.get_absolute_url()}brief/"
    for public in ("?for=customer", "?for=customer&format=pdf"):
        assert reason.encode() not in as_seller.get(f"{brief}{public}").content
    with override("en"):
        assert reason not in as_text(sheet_of(scanned, public=True))
    assert reason not in "".join(csv_lines(Lead.objects.all()))
    as_seller.post(url, {"wanted": "0"})
    scanned.refresh_from_db()
    assert (scanned.opted_out_at, scanned.opted_out_reason) == (None, "")
    as_seller.post(url, {"wanted": "1"})
    assert Event.objects.filter(kind="opt_out").latest("pk").new == "asked"


def test_a_reason_given_for_an_opt_out_that_stands_is_kept(
    as_seller: Client, as_operator: Client, scanned: Lead, seller: User
) -> None:
    url = reverse("leads:opt_out", args=[ACME])
    as_seller.post(url, {"wanted": "1"})
    for client, reason in ((as_operator, "KVKK"), (as_operator, "KVKK"), (as_seller, "Telefonda"), (as_seller, "")):
        client.post(url, {"wanted": "1", "reason": reason})
        client.post(url, {"wanted": "1", "reason": reason})
    scanned.refresh_from_db()
    assert (scanned.opted_out_reason, scanned.opted_out_by) == ("KVKK", seller)  # the first of each
    told = Event.objects.filter(kind="opt_out").order_by("pk").values_list("old", "new", "by__username")
    assert list(told) == [
        ("", "asked", "seller"),
        ("asked", "asked:KVKK", "operator"),
        ("asked:KVKK", "asked:Telefonda", "seller"),
    ]
    page = as_seller.get(scanned.get_absolute_url()).content.decode()
    assert "Reason: KVKK" in page
    assert "does not want to be contacted: Telefonda" in page


def test_the_admin_enters_ends_and_hides_as_the_pages_do(
    as_administrator: Client, administrator: User, scanned: Lead
) -> None:
    add = reverse("admin:leads_override_add")
    form = {"lead": scanned.pk, "field": "provider", "value": "Nobody", "reason": "x", "expires_on": ""}
    assert as_administrator.post(add, form).status_code == 200  # refused, the form again
    assert as_administrator.post(add, {**form, "value": "M365"}).status_code == 302
    entry = Override.objects.get()
    scanned.refresh_from_db()
    assert (scanned.provider, entry.by) == ("M365", administrator)
    change = reverse("admin:leads_override_change", args=[entry.pk])
    assert as_administrator.get(change).status_code == 200
    assert as_administrator.post(change, {**form, "value": "Zoho"}).status_code == 403
    listed = reverse("admin:leads_override_changelist")
    as_administrator.post(listed, {"action": "end", "_selected_action": [entry.pk]})
    scanned.refresh_from_db()
    assert scanned.provider == "Google"
    leads = reverse("admin:leads_lead_changelist")
    as_administrator.post(leads, {"action": "opt_out", "_selected_action": [scanned.pk]})
    page = reverse("admin:leads_lead_change", args=[scanned.pk])
    assert "info@acme.example" not in as_administrator.get(page).content.decode()
    values = {"company_name": "Acme A.Ş.", "source": "manual", "outcome": "won", "snoozed_until": "2099-01-01"}
    assert as_administrator.post(page, values).status_code == 302
    scanned.refresh_from_db()
    assert scanned.contact_emails == ["info@acme.example"]
    kinds = list(Event.objects.filter(by=administrator).order_by("pk").values_list("kind", "new"))
    assert ("outcome", "won") in kinds
    assert ("snoozed", "2099-01-01") in kinds
    assert ("opt_out", "asked") in kinds
    setting = reverse("admin:leads_digestsetting_add")
    Alert.objects.create(lead=scanned, type="mx_changed")
    data = {"user": administrator.pk, "rhythm": "daily", "own_leads_only": "on", "language": "en"}
    assert as_administrator.post(setting, data).status_code == 302
    assert administrator.digest.sent_to == Alert.objects.get().pk
