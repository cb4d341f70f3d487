"""The brief's page, its variants, and what people write into it."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leads import scanning
from leads.brief import brief_of
from leads.call_answers import AnsweredMeanwhile, save_answer, version_of
from leads.models import CallAnswer, Event, Lead, Price
from leads.prices import fill_with_v1
from tests.factories import make_lead
from tests.leads.conftest import Served
from tests.worlds import google

pytestmark = pytest.mark.django_db
ACME = "acme.example"
BUDGET = "discovery.common.budget"
URL = reverse("leads:brief", args=[ACME])
ANSWER = reverse("leads:brief_answer", args=[ACME, BUDGET])
FOLLOW_UP = reverse("leads:brief_follow_up", args=[ACME])


@pytest.fixture
def lead(dns: Served) -> Lead:
    dns(google(ACME))
    made = make_lead(ACME, company_name="Işık Acme A.Ş.", contact_emails=["info@acme.example"])
    list(scanning.scan_now(Lead.objects.all(), thorough=True))
    made.refresh_from_db()
    return made


def body(client: Client, query: str = "", **options: Any) -> str:
    response = client.get(URL + query, **options)
    assert response.status_code == 200
    return response.content.decode()


def test_footnotes_lead_to_raw_rows_on_the_same_page(as_viewer: Client, lead: Lead) -> None:
    page = body(as_viewer)
    scan = lead.scans.get()
    assert '<a href="#note-1">[1]</a>' in page
    assert 'id="note-1"' in page
    assert f'href="#lookup-{scan.pk}-0"' in page
    assert f'id="lookup-{scan.pk}-0"' in page


def test_the_page_has_every_section_and_no_source_that_nothing_refers_to(as_viewer: Client, lead: Lead) -> None:
    values = {
        "registration": {"registrar": "Güneşli", "expires_on": timezone.localdate().isoformat()},
        "hosting": {"organisation": "Örnek Telekom", "country": "TR", "address": "192.0.2.1"},
        "tenant": {"tenant_id": "a1"},
    }
    for kind, value in values.items():
        lead.outside_facts.create(
            kind=kind, state="found", value=value, source=f"{kind}.example", seen_at=timezone.now()
        )
    assert 'id="section-website"' in body(as_viewer)
    for query in ("", "?call=1", "?for=customer"):
        page = body(as_viewer, query)
        brief = as_viewer.get(URL + query).context["brief"]
        for section in brief.sections:
            assert section.key in ("call", "questions") or f'id="section-{section.key}"' in page, (query, section.key)
        assert {str(note.number) for note in brief.notes} == set(re.findall(r'id="note-(\d+)"', page))
        referred = set(re.findall(r'href="#note-(\d+)"', page))
        named = {number for note in brief.notes for number in re.findall(r"\[(\d+)\]", note.text)}
        assert {str(note.number) for note in brief.notes} <= referred | named, query


def test_both_languages_by_address_whatever_the_reader_s_own(as_viewer: Client, lead: Lead) -> None:
    assert '<html lang="tr">' in body(as_viewer, "?lang=tr")
    assert "Görüşme metni" in body(as_viewer, "?lang=tr")
    assert "Call script" in body(as_viewer, "?lang=en")
    assert "Call script" in body(as_viewer, "?lang=xx")


def test_the_customer_s_page_says_nothing_of_ours(as_administrator: Client, lead: Lead) -> None:
    fill_with_v1()
    Lead.objects.update(referral_count=1, referral_state="new", referral_remote_id="ref-7", remote_state="open")
    for language in ("tr", "en"):
        page = body(as_administrator, f"?for=customer&lang={language}")
        main = page[page.index("<main") : page.index("</main>")]
        article = main[main.index("<article") :]
        assert "dig +short MX acme.example" in article
        for ours in ("ref-7", "EUR", "info@", "P1", "P2", "badge", "score", "puan", "segment", "Segment", "Dynamics"):
            assert ours not in article, ours
        assert 'href="http' not in article


@pytest.mark.parametrize("query", ["", "&for=customer"])
def test_a_pdf_for_each_variant(as_viewer: Client, lead: Lead, query: str) -> None:
    response = as_viewer.get(f"{URL}?format=pdf&lang=tr{query}")
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"].startswith(f'inline; filename="brief-{ACME}')
    assert response.content.startswith(b"%PDF-")


def test_a_page_costs_at_most_twelve_queries(as_seller: Client, seller: User, lead: Lead) -> None:
    save_answer(lead, BUDGET, asked=True, note="yıllık", seen="", by=seller)
    for query in ("", "?for=customer"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            body(as_seller, query)
        assert len(queries) <= 12


def test_a_lead_about_which_nothing_is_known_has_a_page_and_a_pdf(as_viewer: Client) -> None:
    make_lead(ACME)
    assert "Nobody has looked at this domain yet" in body(as_viewer)
    assert "Nothing was looked up yet" in body(as_viewer, "?for=customer")
    for query in ("?format=pdf", "?format=pdf&for=customer"):
        assert as_viewer.get(URL + query).content.startswith(b"%PDF-")
    assert as_viewer.get(reverse("leads:detail", args=[ACME])).status_code == 200


def test_old_facts_offer_a_rescan(as_seller: Client, as_viewer: Client, lead: Lead) -> None:
    past = timezone.now() - timedelta(days=365)
    lead.scans.update(created_at=past)
    Lead.objects.update(scanned_at=past)
    rescan = f'action="{reverse("leads:rescan", args=[ACME])}"'
    assert "These facts are old" in body(as_seller)
    assert body(as_seller).count(rescan) >= 1
    assert "These facts are old" in body(as_viewer)
    assert rescan not in body(as_viewer)


def test_an_unknown_lead_is_not_found(as_viewer: Client) -> None:
    assert as_viewer.get(reverse("leads:brief", args=["yok.example"])).status_code == 404


def test_a_stranger_sees_nothing(client: Client, lead: Lead) -> None:
    assert client.get(URL).status_code == 302
    assert client.get(f"{URL}?format=pdf&for=customer").status_code == 302


def test_a_viewer_reads_answers_and_writes_none(as_viewer: Client, lead: Lead) -> None:
    assert "<textarea" not in body(as_viewer)
    assert as_viewer.post(ANSWER, {"asked": "on", "seen": ""}).status_code == 403
    assert as_viewer.post(FOLLOW_UP).status_code == 403
    assert not CallAnswer.objects.exists()


def test_actions_refuse_get(as_seller: Client, lead: Lead) -> None:
    assert as_seller.get(ANSWER).status_code == 405
    assert as_seller.get(FOLLOW_UP).status_code == 405


def test_an_answer_is_kept_without_javascript(as_seller: Client, seller: User, lead: Lead) -> None:
    response = as_seller.post(ANSWER, {"asked": "on", "note": "Bütçe ocakta belli olur", "seen": ""})
    assert response.headers["Location"] == f"{URL}#{BUDGET}"
    answer = CallAnswer.objects.get()
    assert (answer.asked, answer.note, answer.by) == (True, "Bütçe ocakta belli olur", seller)
    page = body(as_seller)
    assert "Bütçe ocakta belli olur" in page
    assert version_of(answer) in page


def test_an_answer_is_a_question_asked(as_seller: Client, lead: Lead) -> None:
    as_seller.post(ANSWER, {"note": "Ocakta", "seen": ""})
    assert CallAnswer.objects.get().asked
    page = body(as_seller)
    assert "checked" in page[page.index(f'id="asked-{BUDGET}"') :][:120]
    CallAnswer.objects.update(asked=False)  # as it was stored before
    line = next(one for one in command(ACME, lang="en").splitlines() if "budget for such a project" in one)
    assert "☑" in line


def test_with_htmx_only_its_line_comes_back(as_seller: Client, lead: Lead) -> None:
    response = as_seller.post(ANSWER, {"asked": "on", "note": "x", "seen": ""}, headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert response.content.decode().lstrip().startswith(f'<li class="call" id="{BUDGET}">')


@pytest.mark.parametrize("htmx", [True, False])
def test_two_windows_do_not_overwrite_each_other(as_seller: Client, operator: User, lead: Lead, htmx: bool) -> None:
    first = save_answer(lead, BUDGET, asked=True, note="theirs", seen="", by=operator)
    headers = {"HX-Request": "true"} if htmx else {}
    response = as_seller.post(ANSWER, {"asked": "on", "note": "mine", "seen": ""}, headers=headers)
    page = response.content.decode()
    assert response.status_code == 422
    assert CallAnswer.objects.get().note == "theirs"
    assert "mine" in page
    assert "operator saved this on" in page
    assert version_of(first) in page
    if not htmx:
        assert page.count("operator saved this on") == 1
    as_seller.post(ANSWER, {"asked": "on", "note": "mine", "seen": version_of(first)})
    assert CallAnswer.objects.get().note == "mine"


def test_saving_what_is_there_changes_nothing(seller: User, operator: User, lead: Lead) -> None:
    first = save_answer(lead, BUDGET, asked=True, note="x", seen="", by=operator)
    again = save_answer(lead, BUDGET, asked=True, note="x", seen="", by=seller)
    assert (again.at, again.by) == (first.at, operator)
    with pytest.raises(AnsweredMeanwhile):
        save_answer(lead, BUDGET, asked=True, note="y", seen="", by=seller)


def test_too_long_an_answer_comes_back_with_its_text(as_seller: Client, lead: Lead) -> None:
    response = as_seller.post(ANSWER, {"note": "u" * 1001, "seen": ""})
    assert response.status_code == 422
    assert "u" * 1001 in response.content.decode()
    assert not CallAnswer.objects.exists()


@pytest.mark.parametrize("question", ["security.none", "discovery.nobody.asks", "one_liner.skip"])
def test_only_lines_of_the_call_take_answers(as_seller: Client, lead: Lead, question: str) -> None:
    url = reverse("leads:brief_answer", args=[ACME, question])
    assert as_seller.post(url, {"asked": "on", "seen": ""}).status_code == 404


def test_answers_to_questions_that_are_not_asked_any_more_stay(as_viewer: Client, seller: User, lead: Lead) -> None:
    save_answer(lead, "discovery.size.small.budget", asked=True, note="aylık 100", seen="", by=seller)
    page = body(as_viewer)
    assert "Asked in earlier calls" in page
    assert "aylık 100" in page


def test_the_next_step_becomes_my_follow_up(as_seller: Client, seller: User, lead: Lead) -> None:
    step = brief_of(lead).step
    assert step is not None
    for _twice in range(2):
        assert as_seller.post(FOLLOW_UP).headers["Location"] == URL
    lead.refresh_from_db()
    assert (lead.follow_up_on, lead.owner) == (step.due, seller)
    assert Event.objects.filter(kind=Event.Kind.FOLLOW_UP).count() == 1
    assert "Noted for seller" in body(as_seller)


def test_an_owner_keeps_the_lead(as_seller: Client, operator: User, lead: Lead) -> None:
    Lead.objects.update(owner=operator)
    as_seller.post(FOLLOW_UP)
    lead.refresh_from_db()
    assert lead.owner == operator


def test_a_later_follow_up_is_changed_knowingly_and_can_be_given_back(
    as_seller: Client, as_operator: Client, seller: User, lead: Lead
) -> None:
    step = brief_of(lead).step
    assert step is not None
    assert step.due is not None
    later = step.due + timedelta(days=3)
    Lead.objects.update(owner=seller, follow_up_on=later)
    words = f"Change my follow-up from {later.day} {later:%b %Y} to {step.due.day} {step.due:%b %Y}"
    assert words in body(as_seller)
    assert "Change the follow-up from" in body(as_operator)
    done = as_seller.post(FOLLOW_UP, {"seen": later.isoformat()}, follow=True).content.decode()
    assert Lead.objects.get().follow_up_on == step.due
    assert FOLLOW_UP not in done.replace(f"{FOLLOW_UP}undo/", "")  # there is nothing to change any more
    [undo] = re.findall(rf'action="({FOLLOW_UP}undo/[^"]+)"', done)
    as_seller.post(html.unescape(undo))
    assert Lead.objects.get().follow_up_on == later
    answer = as_seller.post(html.unescape(undo), follow=True)  # that one was taken back already
    assert "Somebody changed this" in answer.content.decode()
    assert Lead.objects.get().follow_up_on == later
    sooner = step.due - timedelta(days=1)
    Lead.objects.update(follow_up_on=sooner)
    answer = as_seller.post(FOLLOW_UP, {"seen": later.isoformat()}, follow=True)  # from a page made before that
    assert "Somebody changed this" in answer.content.decode()
    assert Lead.objects.get().follow_up_on == sooner
    assert "Change my follow-up" not in body(as_seller)
    assert "Noted for seller" in body(as_seller)


def test_a_lead_that_became_mine_by_its_follow_up_is_given_back_whole(as_seller: Client, lead: Lead) -> None:
    done = as_seller.post(FOLLOW_UP, follow=True).content.decode()
    [undo] = re.findall(rf'action="({FOLLOW_UP}undo/[^"]+)"', done)
    as_seller.post(html.unescape(undo))
    lead.refresh_from_db()
    assert (lead.follow_up_on, lead.owner) == (None, None)
    for wrong in ("?follow_up=x", "?follow_up=999999", ""):
        as_seller.post(f"{FOLLOW_UP}undo/{wrong}")


def test_without_a_next_step_there_is_nothing_to_follow_up(as_seller: Client) -> None:
    make_lead(ACME)
    as_seller.post(FOLLOW_UP)
    assert Lead.objects.get().follow_up_on is None


def test_prices_are_entered_by_an_administrator_alone(as_administrator: Client, as_viewer: Client) -> None:
    url = reverse("admin:leads_price_fill")
    assert as_viewer.post(url).status_code == 302  # to the sign-in of the administration
    assert not Price.objects.exists()
    assert as_administrator.get(url).status_code == 405
    as_administrator.post(url)
    assert set(Price.objects.values_list("tier", "per_user_per_month")) == {
        ("Enterprise", 20), ("Business Standard", 10), ("Business Basic", 5),
    }  # fmt: skip
    assert "Fill with the figures" in as_administrator.get(reverse("admin:leads_price_changelist")).content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"currency": "TL"}, {"currency": ""}, {"per_user_per_month": "0"}, {"per_user_per_month": "-5"},
        {"migration_fee": "-500"}, {"defender_per_user_per_month": "0"}, {"consulting_fee": "-0.01"},
    ],
)  # fmt: skip
def test_no_price_that_nobody_can_mean(as_administrator: Client, wrong: dict[str, str]) -> None:
    url = reverse("admin:leads_price_add")
    right = {"tier": "Enterprise", "currency": "TRY", "per_user_per_month": "900", "migration_fee": "0"}
    refused = as_administrator.post(url, right | wrong)
    assert list(refused.context["adminform"].form.errors) == list(wrong)
    assert not Price.objects.exists()
    assert as_administrator.post(url, right).status_code == 302
    assert (Price.objects.get().currency, Price.objects.get().consulting_fee) == ("TRY", None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Price.objects.update(per_user_per_month=0)


def command(*arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command("brief", *arguments, stdout=out, **options)
    return out.getvalue()


def test_the_command_prints_sentences_with_their_footnotes(lead: Lead, tmp_path: Path) -> None:
    text = command(ACME, lang="en")
    assert "Strong candidate for a move to Microsoft 365; size class: large (estimate from the mail host). [1]" in text
    assert "\n  [1] Rule 17.5 of v1 (one-liner)" in text
    assert "nslookup" in command(ACME, lang="tr", customer=True)
    path = tmp_path / "brief.pdf"
    assert str(path) in command(ACME, pdf=path)
    assert path.read_bytes().startswith(b"%PDF-")
    with pytest.raises(CommandError, match="cannot be written"):
        command(ACME, pdf=tmp_path / "no folder" / "brief.pdf")


def test_the_command_knows_leads_about_which_nothing_is_known() -> None:
    make_lead(ACME)
    assert "Nobody has looked at this domain yet" in command(ACME, lang="en")
