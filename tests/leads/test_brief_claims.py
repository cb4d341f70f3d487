"""What a brief may claim: each fact as what it is, of the day it was seen, and the same to seller and customer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from leads import scanning
from leads.brief import Brief, brief_of, day
from leads.brief_public import build_public
from leads.brief_sheet import as_text, sheet_of
from leads.brief_sources import material_of
from leads.models import Lead, OutsideFact
from sandbox.dns import Fault, Record
from tests.factories import make_lead
from tests.leads.conftest import Served
from tests.worlds import google, microsoft

pytestmark = pytest.mark.django_db
ACME = "acme.example"
REPORTS = "rua=mailto:dmarc@acme.example"
Scan = Callable[..., Lead]


@pytest.fixture
def scanned(dns: Served) -> Scan:
    def scan(records: list[Record], faults: list[Fault] | None = None) -> Lead:
        dns(records, faults or [])
        lead = make_lead(ACME, company_name="Acme A.Ş.")
        list(scanning.scan_now(Lead.objects.all(), thorough=True))
        lead.refresh_from_db()
        return lead

    return scan


def said(brief: Brief) -> dict[str, str]:
    """Text by id."""
    return {sentence.id: sentence.text for section in brief.sections for sentence in section.sentences}


def public(lead: Lead) -> Brief:
    return build_public(material_of(lead))


def learned(lead: Lead, kind: str, *, days_ago: int = 0, **value: Any) -> OutsideFact:
    seen = timezone.now() - timedelta(days=days_ago)
    return OutsideFact.objects.create(
        lead=lead, kind=kind, state="found", value=value, source=f"{kind}.example", seen_at=seen
    )


def registered(lead: Lead, *, ends_in: int, days_ago: int = 0) -> OutsideFact:
    lead.expires_on = timezone.localdate() + timedelta(days=ends_in)
    lead.save()
    return learned(lead, "registration", days_ago=days_ago, registrar="Güneşli", expires_on=lead.expires_on.isoformat())


def urgency(lead: Lead) -> str:
    with override("en"):
        figures = brief_of(lead).figures
    assert figures is not None
    return figures.urgency


@pytest.mark.parametrize(
    ("language", "title", "country"), [("en", "Web site", "Netherlands"), ("tr", "Web sitesi", "Hollanda")]
)
def test_where_the_web_site_is_hosted_is_said_of_the_web_site_alone(
    scanned: Scan, language: str, title: str, country: str
) -> None:
    lead = scanned(google(ACME))
    assert lead.segment == "Migration"
    learned(lead, "hosting", organisation="Örnek Telekom", country="NL", address="192.0.2.1")
    with override(language):
        brief = brief_of(lead)
    named = [
        (section.title, one.text)
        for section in brief.sections
        for one in section.sentences
        if country in one.text or "Örnek Telekom" in one.text
    ]
    assert [heading for heading, _text in named] == [title, title]
    assert title in named[0][1] or "web site" in named[0][1]
    assert "call.migration.open" in said(brief)


def test_a_mail_host_of_a_provider_nobody_knows_is_said_where_nothing_could_be_judged(
    scanned: Scan, as_seller: Client
) -> None:
    faults = [Fault(ACME, "TXT", "servfail"), Fault("*", "*", "servfail", below=f"_domainkey.{ACME}")]
    lead = scanned([Record(ACME, "MX", "1 mx.bilinmeyen.example")], [*faults, Fault(f"_dmarc.{ACME}", "*", "servfail")])
    assert lead.verdict_state == "undetermined"
    with override("en"):
        internal = said(brief_of(lead))
    root = "bilinmeyen.example"
    wanted = f"The mail host (MX) lies under {root}; the provider behind it was not recognised."
    assert internal["known.mx_unrecognised"] == wanted
    page = as_seller.get(lead.get_absolute_url()).content.decode()
    assert "not recognised" in page
    assert f"mx.{root}" in page
    assert "nothing certain" not in page


@pytest.mark.parametrize(("language", "network"), [("en", "Operator of the network"), ("tr", "Ağ işleticisi")])
def test_the_raw_row_of_a_look_outside_names_its_fields_in_words(scanned: Scan, language: str, network: str) -> None:
    lead = scanned(google(ACME))
    learned(lead, "hosting", asn=64500, organisation="Örnek Telekom", country="NL", is_cloud=False, database="ASN")
    fact = learned(lead, "registration", registrar="Güneşli", expires_on="2031-01-01")
    fact.evidence = {"registrar": "fn: Güneşli"}
    fact.save()
    with override(language):
        raws = {note.raw.anchor: dict(note.raw.words) for note in brief_of(lead).notes if note.raw is not None}
    assert raws["outside-hosting"][network] == "Örnek Telekom"
    assert not raws["outside-hosting"].keys() & {"asn", "organisation", "country", "is_cloud", "database"}
    assert [*raws["outside-registration"].values()] == ["fn: Güneşli"]
    assert "registrar" not in raws["outside-registration"]


def test_the_expiry_among_the_facts_says_when_it_was_read(scanned: Scan, as_seller: Client) -> None:
    lead = scanned(google(ACME))
    registered(lead, ends_in=300, days_ago=90)  # too old for the brief, still shown
    with override("en"):
        read = day(timezone.now() - timedelta(days=90))
    assert f"read on {read}" in as_seller.get(lead.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("signals", "names"), [(("spf", "dkim"), "SPF, DKIM"), (("spf", "dkim", "dmarc"), "SPF, DKIM, DMARC")]
)
def test_a_lead_that_was_never_judged_names_what_got_no_answer(
    scanned: Scan, signals: tuple[str, ...], names: str
) -> None:
    faults = {
        "spf": Fault(ACME, "TXT", "servfail"),
        "dkim": Fault("*", "*", "servfail", below=f"_domainkey.{ACME}"),
        "dmarc": Fault(f"_dmarc.{ACME}", "*", "servfail"),
    }
    lead = scanned([Record(ACME, "MX", "1 smtp.google.com")], [faults[name] for name in signals])
    assert lead.verdict_state == "undetermined"
    with override("en"):
        brief, page, sheet = brief_of(lead), public(lead), as_text(sheet_of(lead, public=True))
    internal = said(brief)
    assert "known.unanswered" not in internal
    assert internal["known.undecided"].startswith(f"The last look got no answer about {names};")
    shown = "The records show Google Workspace: the mail host (MX) lies under google.com."
    assert internal["known.mx"] == shown  # what did answer is said
    assert [*said(page)] == ["public.asked_records"]
    assert f"we asked for {names} of the domain" in said(page)["public.asked_records"]
    assert sheet.endswith(f"got no answer about {names}.")
    for notes in (brief.notes, page.notes):
        assert any(f"TXT {ACME}" in note.text for note in notes)
    assert not any("MX" in note.text for note in page.notes)


@pytest.mark.parametrize(
    ("hosts", "service"),
    [
        (("aspmx.l.google.com", "alt1.aspmx.l.google.com", "aspmx2.googlemail.com"), "Google Workspace"),
        (("aspmx.l.google.com", "mail.natro.com"), ""),
        (("aspmx.l.google.com", f"mail.{ACME}"), ""),
        (("aspmx.l.google.com", "mx.unheard-of.example"), ""),
        (("acme-example.mail.protection.outlook.com", "mx.yandex.net"), ""),
        ((f"mail.{ACME}",), ""),
    ],
)
def test_hosts_are_given_to_a_service_only_where_all_of_them_are_its_own(
    scanned: Scan, hosts: tuple[str, ...], service: str
) -> None:
    lead = scanned([Record(ACME, "MX", f"{number}0 {host}") for number, host in enumerate(hosts, start=1)])
    with override("en"):
        page = said(public(lead))
    assert hosts[-1] in page["public.mx.hosts"]
    assert page.get("public.service") == (f"These hosts belong to {service}." if service else None)


@pytest.mark.parametrize(
    ("records", "internal", "on_the_page"),
    [
        ([f"v=DMARC1; p=rejct; {REPORTS}"], "policy is missing or not valid; receivers treat it as p=none",
         "policy is missing or not valid; receivers treat it as p=none"),
        ([f"v=DMARC1; {REPORTS}"], "policy is missing or not valid; receivers treat it as p=none",
         "policy is missing or not valid; receivers treat it as p=none"),
        (["v=DMARC1; p=rejct"], "policy is missing or not valid; receivers ignore the record",
         "policy is missing or not valid; receivers ignore the record"),
        (["v=DMARC1; p=reject", "v=DMARC1; p=none"], "more than one record is published; receivers ignore them all",
         "More than one record is published; receivers then ignore them all"),
        (["v=DMARC1; p=none"], "the record says p=none", "With p=none receivers are asked for reports only"),
        ([], "there is no record", "No such record is published"),
    ],
)  # fmt: skip
def test_seller_and_customer_read_the_same_of_a_dmarc_record(
    scanned: Scan, records: list[str], internal: str, on_the_page: str
) -> None:
    """mail-dns-signals section 2.5: what receivers make of a policy that is missing or not valid."""
    lead = scanned([*google(ACME, dmarc=None), *(Record(f"_dmarc.{ACME}", "TXT", record) for record in records)])
    with override("en"):
        brief, page = said(brief_of(lead)), said(public(lead))
    dmarc = " ".join(text for name, text in page.items() if name.startswith("public.dmarc."))
    assert internal in brief["security.detail.dmarc_missing"]
    assert on_the_page in dmarc
    states_none = records == ["v=DMARC1; p=none"]
    assert ("the record says p=none" in brief["security.detail.dmarc_missing"]) == states_none
    assert ("With p=none" in dmarc) == states_none


def test_seller_and_customer_read_the_same_of_two_spf_records(scanned: Scan) -> None:
    lead = scanned([*google(ACME), Record(ACME, "TXT", "v=spf1 include:mailgun.org -all")])
    with override("en"):
        brief, page = brief_of(lead), said(public(lead))
    internal = said(brief)
    assert internal["security.detail.spf_multiple"] == (
        "SPF: more than one record is published; receivers then ignore them all."
    )
    assert page["public.spf.multiple"].endswith("More than one record is published; receivers then ignore them all.")
    assert "public.spf.record" not in page
    assert not internal.keys() & {"security.detail.spf_present", "security.detail.spf_missing"}
    assert not any(name.startswith("security.summary.") for name in internal)
    assert brief.figures is not None
    assert brief.figures.risk == "Medium"


def test_the_customers_page_dates_what_the_registry_said(scanned: Scan) -> None:
    lead = scanned(google(ACME))
    registered(lead, ends_in=200, days_ago=20)
    with override("en"):
        page = said(public(lead))
        seen, ends = (day(timezone.localdate() + timedelta(days=days)) for days in (-20, 200))
    assert page["public.expiry"] == f"The domain is registered until {ends} (as of {seen})."
    assert page["public.registrar"] == f"Registrar: Güneşli (as of {seen})"


@pytest.mark.parametrize("ends_in", [-150, 10])
def test_a_registration_that_nobody_confirmed_for_months_is_not_said_and_hurries_nobody(
    scanned: Scan, ends_in: int
) -> None:
    lead = scanned(microsoft(ACME))
    fact = registered(lead, ends_in=ends_in, days_ago=420)
    for brief in (brief_of(lead), public(lead)):
        assert not any("expir" in name or "registra" in name for name in said(brief))
    assert urgency(lead) == "Low"
    OutsideFact.objects.filter(pk=fact.pk).update(seen_at=timezone.now())
    assert urgency(lead) == "High"
    assert any("expir" in name for name in said(public(lead)))


def test_a_registration_that_the_newest_look_contradicts_hurries_nobody(scanned: Scan) -> None:
    lead = scanned(microsoft(ACME))
    fact = registered(lead, ends_in=10)
    assert urgency(lead) == "High"
    OutsideFact.objects.filter(pk=fact.pk).update(state="absent", value={})
    assert urgency(lead) == "Low"
    kept = fact.value | {"as_of": {"expires_on": (timezone.now() - timedelta(days=30)).isoformat()}}
    OutsideFact.objects.filter(pk=fact.pk).update(state="found", value=kept)
    assert urgency(lead) == "Low"
    assert "today.expiry.ahead" not in said(brief_of(lead))


def test_nobody_says_that_a_registration_has_ended_who_has_not_asked_since(scanned: Scan) -> None:
    lead = scanned(microsoft(ACME))
    fact = registered(lead, ends_in=-5, days_ago=20)
    assert "public.expired" not in said(public(lead))
    assert "today.expiry.passed" not in said(brief_of(lead))
    OutsideFact.objects.filter(pk=fact.pk).update(seen_at=timezone.now() - timedelta(days=2))
    assert "public.expired" in said(public(lead))
    assert "today.expiry.passed" in said(brief_of(lead))
