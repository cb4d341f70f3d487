"""The brief: every message id has its wording, and no sentence stands without what shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone
from django.utils.translation import override

import scoring
from leads import scanning
from leads.brief import Brief, Sentence, brief_of, build_brief
from leads.brief_messages import MESSAGES, row_text
from leads.brief_public import build_public
from leads.brief_sentences import SENTENCES
from leads.brief_sources import material_of, sources_of, without
from leads.models import Event, Lead, OutsideFact, Override, Price, SizeSource
from leads.prices import fill_with_v1
from sandbox.dns import Fault, Record, serve
from sandbox.market import companies, market_world
from tests.factories import make_lead, make_user
from tests.leads.conftest import Served
from tests.worlds import google, microsoft

ACME = "acme.example"
YANDEX = [Record(ACME, "MX", "10 mx.yandex.net")]  # Skip, whatever DMARC says
Scan = Callable[..., Lead]


@pytest.fixture
def scanned(db: None, dns: Served) -> Scan:
    """A lead whose domain was looked at: `records` are its DNS world."""

    def scan(records: list[Record] | None = None, faults: list[Fault] | None = None, **values: Any) -> Lead:
        dns(google(ACME) if records is None else records, faults or [])
        lead = Lead.objects.filter(domain=ACME).first() or make_lead(ACME, company_name="Acme A.Ş.", **values)
        list(scanning.scan_now(Lead.objects.all(), thorough=True))
        lead.refresh_from_db()
        return lead

    return scan


def said(brief: Brief) -> list[Sentence]:
    return [sentence for section in brief.sections for sentence in section.sentences]


def ids(brief: Brief) -> set[str]:
    return {sentence.id for sentence in said(brief)}


def words(brief: Brief) -> str:
    return "\n".join(sentence.text for sentence in said(brief))


def unfounded(brief: Brief) -> list[str]:
    """Sentences without a footnote, or with one that says nothing."""
    notes = {note.number: note.text for note in brief.notes}
    return [one.text for one in said(brief) if not one.notes or not all(notes[number] for number in one.notes)]


def every_input() -> Iterator[dict[str, Any]]:
    segments, providers = ("Migration", "Existing", "Cold", "Skip", None), (
        "M365", "Google", "Yandex", "Zoho", "Local", "Hosting", "Amazon", "Unknown", None,
    )  # fmt: skip
    scores, presence, policies = (None, 0, 30, 55, 65, 75, 90), (True, False, None), ("reject", "none", None)
    for segment, provider, score in product(segments, providers, scores):
        for spf, policy, size in product(presence, policies, ("large", "medium", "small", None)):
            yield {
                "domain": ACME, "provider": provider, "segment": segment, "readiness_score": score,
                "priority_score": 3, "tenant_size": size, "local_provider": "Natro" if spf else None, "spf": spf,
                "dkim": not spf, "dmarc_policy": policy, "dmarc_coverage": 50, "contact_quality_score": 10,
                "expires_in_days": 70 if spf else None, "mx_root": "outlook.com" if spf else "acme.example",
                "ip_context": scoring.IpContext(country="TR", is_proxy=bool(spf)), "infrastructure_summary": "x",
            }  # fmt: skip


def test_every_id_the_summary_can_give_has_its_wording() -> None:
    for values in every_input():
        summary = scoring.sales_summary(**values)
        risk = summary.security_reasoning
        given = [
            *summary.one_liner, *summary.segment_explanation, *summary.provider_reasoning, *summary.call_script,
            *summary.discovery_questions, summary.next_step.message_id, summary.offer_tier.recommendation_id,
            *((risk.summary_id, *risk.detail_ids, risk.sales_angle_id, risk.recommended_action_id) if risk else ()),
        ]  # fmt: skip
        assert [one for one in given if one not in SENTENCES] == []


@pytest.mark.parametrize("spf", [True, False, None])
@pytest.mark.parametrize("provider", ["M365", "Google", "Local", "Hosting", "Unknown"])
def test_every_row_of_a_verdict_has_its_label(provider: str, spf: bool | None) -> None:
    for records, domain in ((("mx.a.test",), "a.test"), ((), "a.test"), (("mx.a.test",), "not a domain")):
        verdict = scoring.score(
            scoring.Signals(
                domain=domain, provider=provider, spf=spf, dkim=spf, dmarc_policy="none", spf_record=None,
                mx_records=records,
            )
        )  # fmt: skip
        for row in verdict.rows:
            assert row_text(row.part, row.key)


def test_the_whole_market_says_nothing_without_evidence(db: None, settings: Any) -> None:
    """Every sentence of every brief has footnotes, in both languages; without a fact, each sentence that rests on it
    is gone and the others still have theirs."""
    market = list(companies(300))
    Lead.objects.bulk_create([Lead(domain=company.domain, company_name=company.name) for company in market])
    fill_with_v1()
    server = serve(market_world(market))
    settings.HUNTER_DNS_SERVERS = ((server.host, server.port),)
    list(scanning.scan_now(Lead.objects.all(), thorough=True))
    server.stop()
    seen: set[str] = set()
    count = 0
    for lead in Lead.objects.all():
        material = material_of(lead)
        sources = sources_of(material)
        for language in ("tr", "en"):
            with override(language):
                brief = build_brief(material, sources)
                assert unfounded(brief) == [], lead.domain
                assert unfounded(build_public(material)) == [], lead.domain
        resting: dict[str, list[str]] = {}
        for sentence in said(brief):
            for fact in SENTENCES[sentence.id].facts:
                resting.setdefault(fact, []).append(sentence.text)
        for fact, texts in resting.items():
            left = build_brief(material, without(sources, fact))
            remaining = words(left)
            assert [text for text in texts if text in remaining] == [], (lead.domain, fact)
            assert unfounded(left) == []
        count += len(said(brief))
        seen |= ids(brief)
    assert count > 5_000
    assert len(seen) > 60


@pytest.mark.parametrize(
    ("record", "fact", "gone"),
    [("MX", "mx", "provider.google.mx_known"), ("_dmarc", "dmarc", "security.detail.dmarc_policy"),
     ("_domainkey", "dkim", "security.detail.dkim_present")],
)  # fmt: skip
def test_without_its_look_up_a_sentence_disappears(scanned: Scan, record: str, fact: str, gone: str) -> None:
    lead = scanned()
    assert gone in ids(brief_of(lead))
    scan = lead.scans.get()
    scan.observations = [row for row in scan.observations if record not in (row[0].partition(".")[0], row[1])]
    if record == "_domainkey":
        scan.observations = [row for row in scan.observations if "_domainkey" not in row[0]]
    scan.save()
    left = brief_of(lead)
    assert gone not in ids(left)
    assert all(fact not in sentence.facts for sentence in said(left))


def test_a_footnote_names_record_server_and_time(scanned: Scan) -> None:
    with override("en"):
        brief = brief_of(scanned())
    sentence = next(one for one in said(brief) if one.id == "provider.google.mx_known")
    note = next(note for note in brief.notes if note.number == sentence.notes[0])
    assert note.text.startswith(f"MX {ACME} → 1 smtp.google.com; server 127.0.0.1:")
    assert str(timezone.localdate().year) in note.text
    assert note.raw is not None
    assert note.raw.lookup is not None
    assert note.raw.lookup.values == ["1 smtp.google.com"]


def test_a_rule_names_the_footnotes_of_its_facts(scanned: Scan) -> None:
    with override("en"):
        brief = brief_of(scanned())
    headline = said(brief)[0]
    rule = next(note.text for note in brief.notes if note.number == headline.notes[0])
    assert rule.startswith("Rule 17.5 of v1 (one-liner), on segment [")


def test_a_value_kept_from_an_earlier_look_cites_that_look(scanned: Scan) -> None:
    scanned([*YANDEX, Record(f"_dmarc.{ACME}", "TXT", "v=DMARC1; p=reject")])
    lead = scanned(YANDEX, faults=[Fault(f"_dmarc.{ACME}", "*", "servfail")])
    assert lead.verdict_state == "partial"
    brief = brief_of(lead)
    sentence = next(one for one in said(brief) if one.id == "security.detail.dmarc_policy")
    first, _second = lead.scans.order_by("created_at")
    notes = [note for note in brief.notes if note.number in sentence.notes]
    assert [note.raw and note.raw.anchor.split("-")[1] for note in notes] == [str(first.pk)]


def test_what_got_no_answer_is_named_and_nothing_is_said_about_it(scanned: Scan) -> None:
    lead = scanned(YANDEX, faults=[Fault(f"_dmarc.{ACME}", "*", "servfail")])
    assert lead.verdict_state == "partial"
    brief = brief_of(lead)
    with override("en"):
        assert "DMARC" in next(one.text for one in said(brief_of(lead)) if one.id == "security.unknown")
    assert not any("dmarc" in sentence.facts for sentence in said(brief))
    assert not ids(brief) & {"security.detail.dmarc_missing", "security.angle.high", "security.action.high"}


def test_an_unlisted_selector_is_all_the_brief_says_about_dkim(scanned: Scan) -> None:
    records = [*google(ACME, dkim=False), Record(f"hidden123._domainkey.{ACME}", "TXT", "v=DKIM1; k=rsa; p=MIIB")]
    found = ids(brief_of(scanned(records)))
    assert "security.dkim_unlisted" in found
    assert not any("dkim_missing" in one or "dkim_present" in one or "one_known" in one for one in found)


def test_prices_appear_only_when_an_administrator_entered_them(scanned: Scan) -> None:
    lead = scanned()
    assert not [one for one in ids(brief_of(lead)) if one.startswith("price.")]
    assert fill_with_v1() == 3
    with override("en"):
        assert "Price list, Enterprise: 20.00 EUR per user and month." in words(brief_of(lead))
        assert "Price list, move to Microsoft 365: 10,000.00 EUR." in words(brief_of(lead))
    with override("tr"):
        assert "kullanıcı başına aylık 20,00 EUR" in words(brief_of(lead))


@pytest.mark.django_db
def test_filling_again_changes_nothing() -> None:
    Price.objects.create(tier="Enterprise", currency="TRY", per_user_per_month=900)
    assert fill_with_v1() == 2
    assert fill_with_v1() == 0
    assert Price.objects.get(tier="Enterprise").currency == "TRY"
    assert Price.objects.get(tier="Business Basic").migration_fee == 500
    assert Price.objects.get(tier="Business Basic").consulting_fee is None


def test_the_size_says_where_it_comes_from(scanned: Scan) -> None:
    lead, person = scanned(microsoft(ACME)), make_user("ayse", first_name="Ayşe", last_name="Kaya")
    with override("en"):
        assert "weak estimate" in words(brief_of(lead))
        lead.tenant_size, lead.tenant_size_source = "large", SizeSource.REFERRAL
        lead.referral_size, lead.referral_remote_id = "large", "ref-1"
        brief = brief_of(lead)
        assert {"size.referral", "size.unused"} <= ids(brief)
        assert "medium (estimate from the mail host)" in words(brief)
        assert any(note.text == "Partner Center, referral ref-1" for note in brief.notes)
        lead.tenant_size, lead.tenant_size_source = "small", SizeSource.PERSON
        assert not any(one.startswith(("size.", "offer.")) for one in ids(brief_of(lead)))  # nobody's entry shows it
        Override.objects.create(lead=lead, field="tenant_size", value="small", reason="12 users, by phone", by=person)
        brief = brief_of(lead)
    assert "size.person" in ids(brief)
    assert any("Ayşe Kaya" in note.text and "12 users, by phone" in note.text for note in brief.notes)


def test_a_person_s_provider_is_cited_as_such(scanned: Scan) -> None:
    lead = scanned()
    lead.provider = "Zoho"
    Override.objects.create(lead=lead, field="provider", value="Zoho", reason="told us", by=make_user("ali"))
    with override("en"):
        brief = brief_of(lead)
    assert "provider.person" in ids(brief)
    assert any(note.text.startswith("Mail provider: Zoho Mail (told us); entered by ali on") for note in brief.notes)


def test_referral_push_and_changes_are_reasons_to_call(scanned: Scan) -> None:
    lead = scanned()
    lead.referral_count, lead.referral_state, lead.referral_remote_id = 1, "new", "ref-7"
    lead.referral_deadline = timezone.now() + timedelta(days=2)
    lead.push_state, lead.remote_state = "synced", "open"
    Event.objects.create(lead=lead, kind=Event.Kind.DMARC, old="none", new="reject", scan=lead.scans.get())
    found = ids(brief_of(lead))
    assert {"today.referral.new", "today.push.open", "today.change.1"} <= found
    lead.referral_deadline = timezone.now() - timedelta(hours=1)
    assert "today.referral.overdue" in ids(brief_of(lead))
    with override("en"):
        assert "DMARC changed (p=none → p=reject)" in words(brief_of(lead))


def test_registration_hosting_and_tenant_are_cited_with_their_source(scanned: Scan) -> None:
    lead = scanned()
    lead.expires_on = timezone.localdate() + timedelta(days=30)
    seen = timezone.now()
    values = {
        "registration": {"registrar": "Güneşli", "expires_on": lead.expires_on.isoformat()},
        "hosting": {"organisation": "Örnek Telekom", "country": "TR", "address": "192.0.2.1"},
        "tenant": {"tenant_id": "a1"},
    }
    for kind, value in values.items():
        OutsideFact.objects.create(
            lead=lead, kind=kind, state="found", value=value, source=f"{kind}.example", seen_at=seen
        )
    brief = brief_of(lead)
    assert {"today.expiry.ahead", "provider.tenant", "website.network", "website.country"} <= ids(brief)
    assert all(any(f"{kind}.example" in note.text for note in brief.notes) for kind in values)
    lead.outside_facts.all().delete()
    assert not ids(brief_of(lead)) & {"today.expiry.ahead", "provider.tenant", "website.network", "website.country"}


def test_year_old_facts_are_called_old(scanned: Scan) -> None:
    lead = scanned()
    past = timezone.now() - timedelta(days=365)
    lead.scans.update(created_at=past)
    Lead.objects.update(scanned_at=past)
    lead.refresh_from_db()
    brief = brief_of(lead)
    assert brief.stale
    with override("en"):
        said_now = words(brief_of(lead))
    assert "365 days ago." in said_now
    assert "Scan again first: the facts are 365 days old." in said_now
    assert not [one for one in ids(brief) if one.startswith("due.")]
    assert brief.step is not None
    assert (brief.step.kind, brief.step.due) == ("scan", None)


def test_who_asked_not_to_be_contacted_is_not_called(scanned: Scan) -> None:
    lead = scanned(contact_emails=["info@acme.example"])
    lead.opted_out_at, lead.opted_out_by = timezone.now(), make_user("ayse")
    brief = brief_of(lead)
    assert brief.opted_out
    assert brief.step is None
    assert brief.figures is None
    assert [section.key for section in brief.sections] == ["contact", "provider", "security"]
    assert [one.id for one in said(brief)[:2]] == ["today.opted_out", "opted_out.remains"]
    assert not [one for one in ids(brief) if one.startswith(("security.angle", "security.action"))]
    with override("en"):
        brief = brief_of(lead)
    first = said(brief)[0]
    assert first.text.startswith("Does not want to be contacted (noted by ayse on ")
    assert next(note.text for note in brief.notes if note.number in first.notes).startswith("contact opt-out; entered")
    for word in ("call you", "before you call", "Defender", "Offer", "Talk about", "info@"):
        assert word not in words(brief)


@pytest.mark.django_db
def test_a_lead_about_which_nothing_is_known_has_an_honest_brief(dns: Served) -> None:
    lead = make_lead(ACME)
    brief = brief_of(lead)
    assert {"known.never", "todo.scan", "todo.no_statement"} <= ids(brief)
    assert unfounded(brief) == []
    dns([], [Fault(ACME, "*", "servfail")])
    list(scanning.scan_now(Lead.objects.all(), thorough=True))
    lead.refresh_from_db()
    brief = brief_of(lead)
    assert {"known.unanswered", "todo.again"} <= ids(brief)
    assert unfounded(brief) == []
    with override("en"):
        public = build_public(material_of(lead))
    assert words(public).startswith("On ")
    assert words(public).endswith("we asked for the mail host (MX) of the domain, and no answer came.")
    assert [note.text for note in public.notes] == [f"dig +short MX {ACME}   /   nslookup -type=MX {ACME}"]


@pytest.mark.django_db
def test_what_the_registry_says_stands_although_no_look_up_was_answered(dns: Served) -> None:
    lead, seen = make_lead(ACME, expires_on=timezone.localdate() + timedelta(days=400)), timezone.now()
    dns([], [Fault(ACME, "*", "servfail")])
    list(scanning.scan_now(Lead.objects.all(), thorough=True))
    lead.refresh_from_db()
    value = {"registrar": "Güneşli", "expires_on": lead.expires_on and lead.expires_on.isoformat()}
    fact = OutsideFact.objects.create(
        lead=lead, kind="registration", state="found", value=value, source="rdap.example", seen_at=seen
    )
    assert {"known.registered", "known.registrar"} <= ids(brief_of(lead))
    assert {"public.asked", "public.expiry", "public.registrar"} == ids(build_public(material_of(lead)))
    Lead.objects.update(expires_on=None)
    lead.refresh_from_db()
    OutsideFact.objects.filter(pk=fact.pk).update(state="absent", value={})
    brief, public = brief_of(lead), build_public(material_of(lead))
    assert "known.not_registered" in ids(brief)
    assert ids(public) == {"public.asked", "public.not_registered"}
    assert unfounded(brief) == []
    assert unfounded(public) == []


def test_a_name_that_does_not_exist_is_not_sold_to(scanned: Scan) -> None:
    lead = scanned([Record("other.example", "A", "192.0.2.1")])
    brief = brief_of(lead)
    assert {"known.nxdomain", "todo.spelling"} <= ids(brief)
    assert brief.step is None
    public = build_public(material_of(lead))
    assert ids(public) == {"public.nxdomain"}
    assert [note.text for note in public.notes] == [
        f"dig MX {ACME}   (status: NXDOMAIN)   /   nslookup -type=MX {ACME}"
    ]


def test_the_customer_s_page_holds_public_facts_only(scanned: Scan) -> None:
    fill_with_v1()
    lead = scanned(contact_emails=["info@acme.example"])
    lead.referral_count, lead.referral_state, lead.referral_remote_id = 1, "new", "ref-7"
    lead.remote_state = "open"
    brief = build_public(material_of(lead))
    assert all(one.startswith("public.") for one in ids(brief))
    commands = [note.text for note in brief.notes]
    assert f"dig +short MX {ACME}   /   nslookup -type=MX {ACME}" in commands
    assert f"dig +short TXT google._domainkey.{ACME}   /   nslookup -type=TXT google._domainkey.{ACME}" in commands
    records = {one.id: one.record for one in said(brief)}
    assert records["public.dmarc.record"] == "v=DMARC1; p=reject"
    assert "v=" not in words(brief)


@pytest.mark.parametrize(
    ("more", "said_of_dkim", "command"),
    [
        ([], "public.dkim.none", f"dig TXT _domainkey.{ACME}   (status: NXDOMAIN)"),
        ([Record(f"k._domainkey.{ACME}", "TXT", "v=DKIM1; p=MIIB")], "public.dkim.unlisted", "(status: NOERROR)"),
        ([Record(f"default._domainkey.{ACME}", "TXT", "v=DKIM1; p=")], "public.dkim.unfound",
         f"dig +short TXT default._domainkey.{ACME}"),
    ],
)  # fmt: skip
def test_a_customer_can_check_what_is_said_about_dkim(
    scanned: Scan, more: list[Record], said_of_dkim: str, command: str
) -> None:
    brief = build_public(material_of(scanned([*google(ACME, dkim=False), *more])))
    sentence = next(one for one in said(brief) if one.id.startswith("public.dkim"))
    assert sentence.id == said_of_dkim
    assert command in " ".join(note.text for note in brief.notes if note.number in sentence.notes)


def test_both_languages_say_something_else() -> None:
    for message_id, message in MESSAGES.items():
        for wording in (message.text, message.neutral):
            with override("en"):
                english = str(wording)
            with override("tr"):
                turkish = str(wording)
            if len(english.split()) > 3:
                assert english != turkish, message_id
