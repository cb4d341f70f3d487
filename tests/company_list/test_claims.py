"""Which domains a text names, and why others are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from leads.company_list import shared_domains
from leads.company_list.claims import claims_from_text, judge_host
from leads.company_list.messages import FLAGS, REJECTIONS, reason_text
from leads.company_list.shared_domains import CONSUMER_DOMAINS, PARTNER_DOMAINS, PLATFORM_DOMAINS

DATA = Path(shared_domains.__file__).parent / "data"


def domains(text: str) -> list[str]:
    return [claim.domain for claim in claims_from_text(text).claims]


def reasons(text: str) -> list[str]:
    return [rejection.reason for rejection in claims_from_text(text).rejections]


@pytest.mark.parametrize(
    ("text", "domain", "via"),
    [
        ("acme.com", "acme.com", "domain"),
        ("ACME.COM.TR", "acme.com.tr", "domain"),
        ("firma.tr", "firma.tr", "domain"),
        ("firma.com.tr", "firma.com.tr", "domain"),
        ("mail.acme.com.tr", "acme.com.tr", "domain"),
        ("a.b.c.acme.bel.tr", "acme.bel.tr", "domain"),
        ("www.acme.com", "acme.com", "website"),
        ("WWW.acme.com.tr.", "acme.com.tr", "website"),
        ("http://www.acme.com.tr/", "acme.com.tr", "website"),
        ("https://shop.acme.com:8443/a/b?x=y@z.com#top", "acme.com", "website"),
        ("http://user:secret@acme.com/", "acme.com", "website"),
        ("acme.com:8080", "acme.com", "website"),
        ("acme.com/urunler/index.php", "acme.com", "website"),
        ("http:/acme.com", "acme.com", "website"),
        (r"http:\\www.acme.com\tr", "acme.com", "website"),
        ("Web:www.acme.com", "acme.com", "website"),
        ("info@acme.com.tr", "acme.com.tr", "email"),
        ("mailto:info@acme.com?subject=Teklif", "acme.com", "email"),
        ("E-posta:info@mail.acme.com", "acme.com", "email"),
        ("Ayşe Işık <ayse@acme.com.tr>", "acme.com.tr", "email"),
        ("@acme.com", "acme.com", "domain"),
        ("(acme.com)", "acme.com", "domain"),
        ("acme.com'un sitesi", "acme.com", "domain"),
        ("- acme.com.", "acme.com", "domain"),
        ("İSTANBULCAM.com.tr", "istanbulcam.com.tr", "domain"),
        ("ışık.com.tr", "xn--k-ekaa7p.com.tr", "domain"),
        ("xn--k-ekaa7p.com.tr", "xn--k-ekaa7p.com.tr", "domain"),
        ("sube.firma.example", "firma.example", "domain"),
    ],
)
def test_one_name_in_any_form(text: str, domain: str, via: str) -> None:
    found = claims_from_text(text)
    assert [(claim.domain, claim.via, claim.flag) for claim in found.claims] == [(domain, via, "")]
    assert found.rejections == []


@pytest.mark.parametrize(
    "text",
    [
        "a.com b.com.tr c.net",
        "a.com, b.com.tr,c.net",
        "a.com;b.com.tr; c.net",
        "a.com\nb.com.tr\r\n\nc.net\n",
        "a.com / b.com.tr / c.net",
        "a.com/b.com.tr/c.net",
        "a.com ve b.com.tr veya c.net",
        "a.com|b.com.tr|c.net",
        "a.com • b.com.tr\tc.net",
        "info@a.com/bilgi@b.com.tr - c.net",
        "A <i@a.com>, B Ltd. <i@b.com.tr>; http://c.net/",
        "Işık San. Tic.Ltd. Şti. a.com Tel.No: 12 b.com.tr T.C. c.net",
    ],
)
def test_several_names_however_they_are_parted(text: str) -> None:
    assert domains(text) == ["a.com", "b.com.tr", "c.net"]
    assert reasons(text) == []


def test_a_claim_keeps_what_was_written_and_the_address() -> None:
    (claim,) = claims_from_text("mailto:Ali.Veli@MAIL.Acme.com.tr").claims
    assert (claim.raw, claim.email) == ("mailto:Ali.Veli@MAIL.Acme.com.tr", "Ali.Veli@mail.acme.com.tr")


def test_the_same_thing_twice_is_one_claim() -> None:
    assert domains("acme.com\nacme.com") == ["acme.com"]
    assert domains("www.acme.com acme.com") == ["acme.com", "acme.com"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("acme", "invalid_domain"),
        ("Işık Şişe A.Ş.", "invalid_domain"),
        ("A.Ş.", "invalid_domain"),
        ("Ltd.Şti.", "invalid_domain"),
        ("!!!", "invalid_domain"),
        ("http://", "invalid_domain"),
        ("http://acme", "invalid_domain"),
        ("ftp://acme.com", "invalid_domain"),
        ("a_b.com", "invalid_domain"),
        ("_dmarc.acme_.com", "invalid_domain"),
        ("www.-acme.com", "invalid_domain"),
        ("info@acme", "invalid_domain"),
        ("xn--a.com", "invalid_domain"),
        ("0212.555.44.33", "invalid_domain"),
        ("12.5", "invalid_domain"),
        ("a" * 64 + ".com", "too_long"),
        ("a." * 130 + "com", "too_long"),
        ("192.168.1.1", "ip_address"),
        ("http://10.0.0.1:8080/x", "ip_address"),
        ("com.tr", "public_suffix_only"),
        ("http://gov.tr/", "public_suffix_only"),
        ("info@bel.tr", "public_suffix_only"),
        ("ali@gmail.com", "consumer_email"),
        ("ali@hotmail.com.tr", "consumer_email"),
        ("ali@yahoo.com", "consumer_email"),
        ("ali@yandex.com.tr", "consumer_email"),
        ("ali@mynet.com", "consumer_email"),
        ("ali@windowslive.com", "consumer_email"),
        ("ali@superonline.com", "consumer_email"),
        ("ali@ttmail.com", "consumer_email"),
        ("ali@uyduportal.net", "consumer_email"),
        ("ali@hey.com", "consumer_email"),
        ("ali@proton.me", "consumer_email"),
        ("ali@mailinator.com", "consumer_email"),
        ("ali@acme.onmicrosoft.com", "consumer_email"),
        ("firma@hs03.kep.tr", "consumer_email"),
        ("firma@hs11.kep.tr", "consumer_email"),
        ("www.hotmail.com", "consumer_email"),
        ("facebook.com/acme", "shared_platform"),
        ("https://www.facebook.com/acme.com.tr", "shared_platform"),
        ("instagram.com/acme.com", "shared_platform"),
        ("https://tr.linkedin.com/company/acme", "shared_platform"),
        ("https://acme.sahibinden.com", "shared_platform"),
        ("n11.com/magaza/acme", "shared_platform"),
        ("www.trendyol.com/acme", "shared_platform"),
        ("linktr.ee/acme", "shared_platform"),
        ("https://wa.me/905551112233", "shared_platform"),
        ("https://www.google.com/maps/place/Acme", "shared_platform"),
        ("https://maps.app.goo.gl/x1", "shared_platform"),
        ("acme.blogspot.com", "shared_platform"),
        ("https://medium.com/@acme", "shared_platform"),
    ],
)
def test_what_names_no_company_is_refused_with_a_reason(text: str, reason: str) -> None:
    assert domains(text) == []
    assert reasons(text) == [reason]


def test_a_person_at_a_platforms_own_company_names_that_company() -> None:
    assert domains("ali@trendyol.com") == ["trendyol.com"]


def test_a_line_that_names_nothing_is_reported_next_to_lines_that_do() -> None:
    found = claims_from_text("acme.com\nBir Firma\nIşık A.Ş. isik.com")
    assert [claim.domain for claim in found.claims] == ["acme.com", "isik.com"]
    assert [(rejection.raw, rejection.reason) for rejection in found.rejections] == [("Bir Firma", "invalid_domain")]


def test_nothing_is_nothing() -> None:
    assert claims_from_text(" \n\t ") == claims_from_text("")
    assert claims_from_text("").claims == []
    assert claims_from_text("").rejections == []


def test_a_capital_i_next_to_turkish_letters_is_read_as_dns_reads_it_and_flagged() -> None:
    (claim,) = claims_from_text("www.IŞIK.com.tr").claims
    assert (claim.domain, claim.flag) == ("xn--iik-sza.com.tr", "mixed_dotless_i")
    (plain,) = claims_from_text("ISIK.com.tr").claims
    assert (plain.domain, plain.flag) == ("isik.com.tr", "")


def test_an_ending_that_is_not_in_use_is_flagged() -> None:
    (claim,) = claims_from_text("acme.cmo").claims
    assert (claim.domain, claim.flag) == ("acme.cmo", "unknown_ending")


def test_every_code_has_a_sentence_in_english() -> None:
    with translation.override("en"):
        for sentences in (REJECTIONS, FLAGS):
            assert all(str(sentence).endswith(".") for sentence in sentences.values())
        (rejection,) = claims_from_text("com.tr").rejections
        assert rejection.text() == "This is an ending shared by many companies. Give the full name."
    assert reason_text("of_an_older_version") == "of_an_older_version"


def test_the_lists_of_shared_domains_hold_domains_only() -> None:
    for listed in (CONSUMER_DOMAINS, PLATFORM_DOMAINS, PARTNER_DOMAINS):
        assert all(name == name.strip().casefold() and "." in name and " " not in name for name in listed)


def listed_in(name: str) -> set[str]:
    lines = (DATA / name).read_text("utf-8").splitlines()
    return {name for line in lines if (name := line.partition("#")[0].strip())}


def test_our_lists_add_to_the_published_one_what_it_lacks_and_correct_what_it_has() -> None:
    published = listed_in("free_email_domains.txt")
    added = listed_in("consumer_domains.txt")
    wrong = listed_in("not_consumer_domains.txt")
    assert len(published) == 14_125
    assert added.isdisjoint(published)
    assert wrong <= published
    assert (published | added) - wrong == CONSUMER_DOMAINS


def test_our_lists_hold_registrable_domains() -> None:
    names = PLATFORM_DOMAINS | PARTNER_DOMAINS | listed_in("consumer_domains.txt")
    assert {name for name in names if judge_host(name) != ("", name)} == set()


@pytest.mark.parametrize("domain", sorted(listed_in("not_consumer_domains.txt")))
def test_a_company_in_the_published_list_is_a_company(domain: str) -> None:
    assert domains(f"ali@{domain}") == [domain]


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    found = claims_from_text(text)
    assert all(claim.domain.isascii() and "." in claim.domain for claim in found.claims)
    assert all(rejection.reason in REJECTIONS for rejection in found.rejections)
    assert bool(found.claims or found.rejections) == bool(text.strip())


@given(
    st.lists(st.sampled_from(["a.com", "@", "/", ":", "//", "http", "www.", "İ", "I", "ş", ".", " ", "xn--", "[", "]"]))
)
def test_no_mixture_of_its_own_marks_breaks_it(parts: list[str]) -> None:
    claims_from_text("".join(parts))
