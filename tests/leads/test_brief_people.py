"""The brief and what people said: their entries are evidence of their own, and their wishes decide the next step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from leads import knowledge, outcomes, scanning, services, snoozing
from leads.brief import Brief, Sentence, brief_of, build_brief, day
from leads.brief_public import build_public
from leads.brief_sentences import SENTENCES
from leads.brief_sources import material_of, sources_of, without
from leads.lead_page import scan_behind
from leads.models import Event, Lead
from sandbox.dns import Record, serve
from sandbox.market import companies, market_world
from tests.factories import make_lead
from tests.leads.conftest import Served
from tests.worlds import google

pytestmark = pytest.mark.django_db
ACME = "acme.example"
BEHIND_PROOFPOINT = [
    Record(ACME, "MX", "10 mxa-0013ab01.gslb.pphosted.com"),
    Record(ACME, "TXT", "v=spf1 include:spf.protection.outlook.com -all"),
    Record(f"selector1._domainkey.{ACME}", "CNAME", "selector1-acme-example._domainkey.acme.onmicrosoft.com"),
    Record("selector1-acme-example._domainkey.acme.onmicrosoft.com", "TXT", "v=DKIM1; k=rsa; p=MIIB"),
    Record(f"autodiscover.{ACME}", "CNAME", "autodiscover.outlook.com"),
]  # fmt: skip
Look = Callable[..., Lead]


@pytest.fixture
def looked_at(dns: Served) -> Look:
    def look(records: list[Record] | None = None, **values: Any) -> Lead:
        dns(google(ACME) if records is None else records)
        lead = make_lead(ACME, company_name="Acme A.Ş.", **values)
        list(scanning.scan_now(Lead.objects.all(), thorough=True))
        lead.refresh_from_db()
        return lead

    return look


def said(brief: Brief) -> dict[str, Sentence]:
    return {sentence.id: sentence for section in brief.sections for sentence in section.sentences}


def notes_of(brief: Brief, sentence: Sentence) -> str:
    return "\n".join(note.text for note in brief.notes if note.number in sentence.notes)


def enter(lead: Lead, field: str, value: str, by: User) -> None:
    knowledge.enter(lead, field, value, reason="told on the phone", by=by)
    lead.refresh_from_db()


@pytest.mark.parametrize(
    ("records", "value", "own", "seen"),
    [
        (BEHIND_PROOFPOINT, "Google", "Google Workspace",
         "The records show Microsoft 365 behind the gateway Proofpoint."),
        (None, "M365", "Microsoft 365",
         "The records show Google Workspace: the mail host (MX) lies under google.com."),
        ([], "Zoho", "Zoho Mail", "The records show no mail host (MX)."),
    ],
)  # fmt: skip
def test_no_record_is_cited_for_what_a_person_says(
    looked_at: Look, seller: User, records: list[Record] | None, value: str, own: str, seen: str
) -> None:
    lead = looked_at([Record(ACME, "A", "192.0.2.7")] if records == [] else records)
    enter(lead, "provider", value, seller)
    with override("en"):
        brief = brief_of(lead)
    sentences = said(brief)
    claim = sentences["provider.person"]
    assert claim.text.startswith(f"seller says that the mail is at {own} (entered on ")
    assert "told on the phone" in claim.text
    assert notes_of(brief, claim).startswith(f"Mail provider: {own} (told on the phone); entered by seller on ")
    section = brief.section("provider")
    assert section is not None
    assert [one.text for one in section.sentences if own in one.text] == [claim.text]
    records_say = section.sentences[1]
    assert records_say.text == seen
    assert "entered by" not in notes_of(brief, records_say)
    for one in sentences.values():
        if "provider" in one.facts and own in one.text:
            assert "seller" in one.text, one.text
    assert not any("In public records" in one.text for one in sentences.values())
    public = " ".join(one.text for one in said(build_public(material_of(lead))).values())
    assert own not in public


def test_an_entry_that_the_records_confirm_leaves_the_records_their_say(looked_at: Look, seller: User) -> None:
    lead = looked_at()
    enter(lead, "provider", "Google", seller)
    with override("en"):
        brief = brief_of(lead)
    assert "MX acme.example" in notes_of(brief, said(brief)["provider.google.mx_known"])
    assert "entered by seller" in notes_of(brief, said(brief)["provider.person"])


def test_the_row_of_the_score_names_the_person(looked_at: Look, as_viewer: Client, seller: User) -> None:
    lead = looked_at()
    sure = lead.confidence
    enter(lead, "provider", "M365", seller)
    shown = scan_behind(lead)
    assert shown is not None
    row = shown.rows[0]
    assert (row.part, row.stated, row.evidence) == ("provider", True, [])
    assert lead.confidence is not None
    assert sure is not None
    assert lead.confidence < sure
    for url in (lead.get_absolute_url(), f"{lead.get_absolute_url()}scans/{shown.scan.pk}/"):
        page = " ".join(as_viewer.get(url).content.decode().split())
        assert "Mail provider, entered by a person: Microsoft 365" in page
        assert "Entered by seller on" in page
        assert "“told on the phone”" in page
    page = as_viewer.get(lead.get_absolute_url()).content.decode()
    assert "E-mail is with Microsoft 365 by what a person entered." in page
    assert "not what the look-ups show" in page


def test_what_a_person_enters_is_no_change_that_a_look_saw(looked_at: Look, seller: User) -> None:
    lead = looked_at()
    enter(lead, "provider", "M365", seller)
    assert [(event.by, event.scan) for event in lead.events.filter(kind=Event.Kind.PROVIDER)] == [(seller, None)]
    assert "today.change.1" not in said(brief_of(lead))


def next_step(lead: Lead) -> tuple[str, str]:
    """(kind of the step, what the brief says about it)."""
    with override("en"):
        brief = brief_of(lead)
    section = brief.section("next")
    assert brief.step is not None
    assert section is not None
    assert all(one.notes for one in section.sentences)
    return brief.step.kind, " ".join(one.text for one in section.sentences)


@pytest.mark.parametrize(
    ("outcome", "said_so"), [("won", "Won on"), ("lost", "Lost on"), ("not_a_fit", "Not a fit, noted on")]
)
def test_a_lead_that_has_ended_is_not_called(
    looked_at: Look, as_seller: Client, seller: User, outcome: str, said_so: str
) -> None:
    lead = looked_at()
    outcomes.decide(lead, outcome, reason="signed", by=seller)
    lead.refresh_from_db()
    kind, words = next_step(lead)
    assert kind == "closed"
    assert words.startswith(said_so)
    assert "seller" in words
    brief = brief_of(lead)
    assert brief.figures is None
    assert {section.key for section in brief.sections} == {"next", "provider", "security"}
    assert any("signed" in note.text and "seller" in note.text for note in brief.notes)
    page = as_seller.get(f"{lead.get_absolute_url()}brief/").content.decode()
    assert "Call within" not in page
    assert "call.migration.open" not in page
    assert "Make it my follow-up" not in page
    asked = as_seller.get(f"{lead.get_absolute_url()}brief/?call=1").content.decode()
    assert "call.migration.open" in asked
    assert "Call within" not in asked
    as_seller.post(f"{lead.get_absolute_url()}brief/follow-up/")
    assert Lead.objects.get().follow_up_on is None
    assert "Prepare the call" not in as_seller.get(lead.get_absolute_url()).content.decode()


def test_a_dismissed_lead_is_not_called(looked_at: Look, seller: User) -> None:
    lead = looked_at()
    services.dismiss(lead, by=seller, reason="twice here")
    lead.refresh_from_db()
    kind, words = next_step(lead)
    assert kind == "closed"
    assert "by seller (twice here)" in words


@pytest.mark.parametrize("until_change", [True, False])
def test_nothing_is_due_before_a_lead_wakes(
    looked_at: Look, as_seller: Client, seller: User, until_change: bool
) -> None:
    lead, wakes = looked_at(), timezone.localdate() + timedelta(days=20)
    snoozing.snooze(lead, until=wakes, until_change=until_change, by=seller)
    lead.refresh_from_db()
    brief = brief_of(lead)
    assert brief.step is not None
    assert (brief.step.kind, brief.step.due) == ("rest", wakes)
    _kind, words = next_step(lead)
    assert words.startswith("This lead rests until ")
    assert ("or until something changes" in words) == until_change
    page = as_seller.get(lead.get_absolute_url()).content.decode()
    assert "Prepare the call" not in page
    as_seller.post(f"{lead.get_absolute_url()}brief/follow-up/")
    assert Lead.objects.get().follow_up_on == wakes


def test_a_sleep_without_a_date_offers_no_follow_up(looked_at: Look, as_seller: Client, seller: User) -> None:
    lead = looked_at()
    snoozing.snooze(lead, until=None, until_change=True, by=seller)
    lead.refresh_from_db()
    assert next_step(lead)[1] == "This lead rests until something changes; nothing is due before that."
    assert "Make it my follow-up" not in as_seller.get(lead.get_absolute_url()).content.decode()
    as_seller.post(f"{lead.get_absolute_url()}brief/follow-up/")
    assert Lead.objects.get().follow_up_on is None


def test_waiting_has_one_day_and_no_deadline(looked_at: Look) -> None:
    lead = looked_at([Record(ACME, "MX", "10 mx.yandex.net")])
    with override("en"):
        brief = brief_of(lead)
        waits = day(timezone.localdate() + timedelta(days=30))
    text = " ".join(one.text for one in said(brief).values())
    assert brief.step is not None
    assert f"{brief.action} {brief.timeline}" == "Wait for a month"
    assert f"look at it again on {waits}." in text
    assert "If the next look shows nothing new, another one three to six months later is enough." in text


def test_the_brief_says_whom_to_contact(looked_at: Look, seller: User) -> None:
    lead = looked_at(contact_emails=["info@acme.example"])
    enter(lead, "contact", "cem@acme.example", seller)
    with override("en"):
        brief = brief_of(lead)
    section = brief.section("contact")
    assert section is not None
    entered, record = section.sentences
    assert entered.text.startswith("cem@acme.example, entered by seller on ")
    assert "told on the phone" in notes_of(brief, entered)
    assert record.text == "On record: info@acme.example."
    assert notes_of(brief, record).startswith("Record of the lead")


def test_an_e_mail_is_written_and_not_read_out(looked_at: Look, as_viewer: Client) -> None:
    lead = looked_at(
        [Record(ACME, "MX", f"10 mail.{ACME}"), Record(ACME, "TXT", "v=spf1 a -all")],
        contact_emails=["bilgi+iş@acme.example"],
    )
    brief = brief_of(lead)
    assert brief.step is not None
    assert brief.step.kind == "email"
    keys = [section.key for section in brief.sections]
    assert keys.index("why") < keys.index("call")
    page = as_viewer.get(f"{lead.get_absolute_url()}brief/?lang=en").content.decode()
    page = page[page.index('id="brief-page"') :]
    assert 'href="mailto:bilgi%2Bi%C5%9F@acme.example?subject=An%20introduction%20from%20a%20Microsoft%20' in page
    assert page[: page.index("</header>")].count("button--primary") == 1
    assert "<details" in page[: page.index("call.cold.open")]


def test_opted_out_pages_offer_no_contact(looked_at: Look, as_seller: Client, seller: User) -> None:
    lead = looked_at(contact_emails=["info@acme.example"])
    knowledge.set_opt_out(lead, wanted=True, by=seller)
    detail = as_seller.get(lead.get_absolute_url()).content.decode()
    brief = as_seller.get(f"{lead.get_absolute_url()}brief/").content.decode()
    for page in (detail, brief):
        for word in ("Prepare the call", "Before you call", "Call script", "For the customer", "Write the e-mail"):
            assert word not in page, word
        assert "Does not want to be contacted (noted by seller on " in page
    known = detail[detail.index('id="known"') :]
    assert "hidden: it does not want to be contacted" in known
    assert reverse("leads:known", args=[ACME, "contact"]) not in detail
    public = as_seller.get(f"{lead.get_absolute_url()}brief/?for=customer").content.decode()
    assert "do not send it this page" in public


def test_without_a_persons_word_every_sentence_that_rests_on_it_is_gone(settings: Any, seller: User) -> None:
    """The promise of the brief, for a market about which people entered what they know."""
    market = list(companies(120))
    Lead.objects.bulk_create([Lead(domain=one.domain, company_name=one.name) for one in market])
    server = serve(market_world(market))
    settings.HUNTER_DNS_SERVERS = ((server.host, server.port),)
    list(scanning.scan_now(Lead.objects.all(), thorough=True))
    server.stop()
    providers = ("M365", "Google", "Yandex", "Local", "Zoho")
    seen: set[str] = set()
    for number, lead in enumerate(Lead.objects.order_by("pk")):
        enter(lead, "provider", providers[number % 5], seller)
        if number % 2:
            enter(lead, "tenant_size", ("small", "medium", "large")[number % 3], seller)
        if number % 3:
            enter(lead, "contact", f"kisi@{lead.domain}", seller)
        if number % 4 == 1:
            outcomes.decide(lead, ("won", "lost", "not_a_fit")[number % 3], by=seller)
        elif number % 4 == 2:
            snoozing.snooze(lead, until=timezone.localdate() + timedelta(days=9), until_change=True, by=seller)
        elif number % 8 == 3:
            knowledge.set_opt_out(lead, wanted=True, by=seller)
        lead.refresh_from_db()
        material = material_of(lead)
        sources = sources_of(material)
        brief = build_brief(material, sources)
        numbers = {note.number for note in brief.notes if note.text}
        for sentence in said(brief).values():
            assert sentence.notes
            assert numbers >= {*sentence.notes}
            for fact in SENTENCES[sentence.id].facts:
                left = build_brief(material, without(sources, fact))
                assert sentence.text not in [one.text for one in said(left).values()], (lead.domain, fact)
        seen |= said(brief).keys()
    assert {
        "provider.person", "provider.records", "stated.one_liner.existing.medium", "contact.entry", "closed.won",
        "rest.either", "today.opted_out",
    } <= seen  # fmt: skip


def test_no_list_puts_what_a_person_says_behind_the_gateway_of_the_records(
    looked_at: Look, as_viewer: Client, seller: User
) -> None:
    lead = looked_at(BEHIND_PROOFPOINT)
    enter(lead, "provider", "Google", seller)
    for url in ("/", reverse("leads:list"), reverse("leads:peek", args=[ACME])):
        page = " ".join(as_viewer.get(url).content.decode().split())
        assert "gateway Proofpoint" in page, url
        assert "behind Proofpoint" not in page, url
