"""The list as the URL says it: filters, folded search, sorting, and pages that never overlap."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leads.list_query import LeadQuery
from leads.models import Lead, Tag
from tests.factories import make_lead

pytestmark = pytest.mark.django_db


def domains(url: str, user: User | None = None) -> list[str]:
    return [lead.domain for lead in LeadQuery.from_url(QueryDict(url)).ordered(user)]


def scored(domain: str, score: int, **values: object) -> Lead:
    return make_lead(domain, score=score, score_low=score, score_high=score, **values)


@pytest.mark.parametrize(
    "typed", ["isik", "IŞIK", "Işık", "ışık", "ISIK tekstil", "tekstil istanbul", "ISIK-TEKSTIL", "info@isik"]
)
def test_search_folds_turkish_letters_case_and_punctuation(typed: str) -> None:
    make_lead(
        "isik-tekstil.example", company_name="IŞIK TEKSTİL SAN. A.Ş.", city="İstanbul",
        contact_emails=["info@isik-tekstil.example"],
    )  # fmt: skip
    make_lead("baska.example", company_name="Başka Gıda")
    assert [lead.domain for lead in LeadQuery.from_url(QueryDict(f"q={typed}")).leads(None)] == ["isik-tekstil.example"]


def test_search_wants_every_word_and_takes_no_pattern() -> None:
    make_lead("a.example", company_name="Ege %100 Pamuk")
    assert domains("q=ege+pamuk") == ["a.example"]
    assert domains("q=ege+yok") == []


def test_best_first_is_priority_then_score() -> None:
    scored("c.example", 70, priority_score=2)
    scored("a.example", 80, priority_score=2)
    scored("b.example", 90, priority_score=3)
    assert domains("") == ["a.example", "c.example", "b.example"]


def test_turkish_names_sort_as_in_turkish() -> None:
    for number, name in enumerate(
        ["Zeytin", "Çınar", "Cam", "İpek", "Irmak", "Ilgaz", "Şafak", "Sedir", "Ömer", "Oba"]
    ):
        make_lead(f"d{number}.example", company_name=name)
    ordered = [lead.company_name for lead in LeadQuery.from_url(QueryDict("sort=name")).ordered(None)]
    assert ordered == ["Cam", "Çınar", "Ilgaz", "Irmak", "İpek", "Oba", "Ömer", "Sedir", "Şafak", "Zeytin"]


def test_each_filter_keeps_what_it_says(seller: User) -> None:
    tag = Tag.objects.create(name="fuar")
    lead = scored(
        "a.example", 75, segment="Migration", provider="Google", priority_category="P2", owner=seller, has_spf=False,
        has_dkim=True, dmarc_policy="none", gateway="Mimecast", verdict_state="partial", source="import",
        changed_at=timezone.now() - timedelta(days=3),
    )  # fmt: skip
    lead.tags.add(tag)
    scored("b.example", 20, segment="Cold", provider="Local", has_spf=True, has_dkim=False, dmarc_policy="absent")
    for url in (
        "segment=Migration", "provider=Google", "priority=P2", "score_min=70", "tag=fuar", "owner=me", "posture=no_spf",
        "posture=dmarc_none", "posture=gateway", "changed=7", "state=partial", "source=import",
        f"owner={seller.pk}", "segment=Migration&provider=Google&score_max=80",
    ):  # fmt: skip
        assert domains(url, seller) == ["a.example"], url
    for url in ("segment=Cold", "score_max=30", "owner=none", "posture=no_dkim", "posture=no_dmarc"):
        assert domains(url, seller) == ["b.example"], url


def test_an_unknown_is_in_neither_posture() -> None:
    """Never looked at, or never answered: not "no SPF"."""
    make_lead("a.example")
    for posture in ("no_spf", "no_dkim", "no_dmarc", "dmarc_none", "enforced"):
        assert domains(f"posture={posture}") == [], posture


@pytest.mark.parametrize(
    "url",
    [
        "segment=Nonsense",
        "page=-3",
        "page=x",
        "score_min=abc",
        "sort=;drop",
        "owner=zzz",
        "tag=%00",
        "q=%00",
        "changed=9",
    ],
)
def test_a_mistyped_link_still_opens_a_list(as_seller: Client, url: str) -> None:
    make_lead("a.example")
    assert as_seller.get(f"{reverse('leads:list')}?{url}").status_code == 200


def test_the_url_survives_a_round_trip() -> None:
    url = "q=i%C5%9F%C4%B1k&segment=Migration&segment=Cold&score_min=40&posture=no_spf&sort=name"
    query = LeadQuery.from_url(QueryDict(url))
    assert LeadQuery.from_url(QueryDict(query.url()[1:])) == query


def test_pages_hold_every_lead_once(as_seller: Client) -> None:
    for number in range(120):
        scored(f"n{number}.example", 50, priority_score=5)
    seen: list[str] = []
    for page in (1, 2, 3):
        response = as_seller.get(reverse("leads:list"), {"page": page})
        seen += [lead.domain for lead in response.context["page"]]
    assert len(seen) == len(set(seen)) == 120


def test_the_list_asks_no_more_than_ten_questions(as_seller: Client) -> None:
    for number in range(60):
        scored(f"n{number}.example", 50).tags.add(Tag.objects.get(name="local-mx"))
    with CaptureQueriesContext(connection) as queries:
        as_seller.get(reverse("leads:list"), {"segment": "Migration", "q": "n", "sort": "name"})
        as_seller.get(reverse("leads:list"))
    assert len(queries) <= 20


def test_dismissed_leads_are_listed_only_when_asked_for() -> None:
    make_lead("a.example", dismissed_at=timezone.now())
    make_lead("b.example")
    assert domains("") == ["b.example"]
    assert domains("dismissed=1") == ["a.example"]


def test_the_filters_are_counted_without_the_search_and_how_the_list_looks(as_seller: Client) -> None:
    query = LeadQuery.from_url(
        QueryDict("q=a&segment=Cold&segment=Skip&score_min=3&sort=name&cols=city&density=compact")
    )
    assert query.filter_count == 3
    page = as_seller.get(f"/leads/{query.url()}").content.decode()
    assert "data-filter-count>3<" in page
    assert "data-filter-count><" in as_seller.get("/leads/").content.decode()


def test_one_tag_is_shown_and_the_others_are_counted_and_named(as_seller: Client) -> None:
    lead = make_lead("a.example")
    for name in ("fuar", "müşteri", "sıcak"):
        lead.tags.add(Tag.objects.create(name=name))
    lead.tags.add(Tag.objects.get(name="local-mx"))
    row = as_seller.get(reverse("leads:list")).content.decode().partition("<tbody")[2]
    assert row.count('class="tag') == 2
    assert '<span class="tag" title="fuar">fuar</span>' in row
    assert 'title="müşteri, sıcak"><span aria-hidden="true">+2</span>' in row
    assert '<span class="visually-hidden">müşteri, sıcak</span>' in row


def test_a_title_that_sorts_says_so_before_and_after(as_seller: Client) -> None:
    make_lead("a.example")
    page = as_seller.get("/leads/?sort=score").content.decode()
    heads = page.split("<thead")[1].split("</thead>")[0]
    assert heads.count("#sort") >= 2  # what could be sorted by
    assert heads.count("#arrow-down") == 1  # what is
    assert heads.count('aria-sort="descending"') == 1
