"""The brief and what people said: their entries are evidence of their own, and their wishes decide the next step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.translation import override

from leads import knowledge, scanning
from leads.brief import Brief, Sentence, brief_of, build_brief
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
    assert {"provider.person", "provider.records", "stated.one_liner.existing.medium"} <= seen
