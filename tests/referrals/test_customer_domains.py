"""Which domain a referral is linked by, and why other domains of the team are not taken."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.company_list.shared_domains import PARTNER_DOMAINS
from referrals.customer_domains import Candidate, CustomerDomain, customer_domain

VERDICTS = {
    "usable",
    "consumer",
    "own",
    "seller_side",
    "blocked",
    "tenant_only",
    "kep",
    "ambiguous_provider",
    "invalid",
}


def judge(
    *customer_emails: Any, sellers: tuple[Any, ...] = (), own: tuple[str, ...] = ("ortak.example",)
) -> CustomerDomain:
    return customer_domain(customer_emails, sellers, own)


def verdicts(outcome: CustomerDomain) -> list[tuple[str, str]]:
    return [(candidate.domain, candidate.verdict) for candidate in outcome.candidates]


@pytest.mark.parametrize(
    ("email", "domain", "address"),
    [
        ("ali@kuzeyyapi.example", "kuzeyyapi.example", "ali@kuzeyyapi.example"),
        ("  Ali.Veli@KUZEYYAPI.example.\t", "kuzeyyapi.example", "Ali.Veli@kuzeyyapi.example"),
        ("ali@mail.sube.kuzeyyapi.example", "kuzeyyapi.example", "ali@mail.sube.kuzeyyapi.example"),
        ("Ali Veli <ali@kuzeyyapi.example>", "kuzeyyapi.example", "ali@kuzeyyapi.example"),
        ('"Veli, Ali" <ali@kuzeyyapi.example>', "kuzeyyapi.example", "ali@kuzeyyapi.example"),
        ("<ali@kuzeyyapi.example>", "kuzeyyapi.example", "ali@kuzeyyapi.example"),
        ("mailto:ali@kuzeyyapi.example", "kuzeyyapi.example", "ali@kuzeyyapi.example"),
        ("SMTP:ali@kuzeyyapi.example", "kuzeyyapi.example", "ali@kuzeyyapi.example"),
        ("o'neil@kuzeyyapi.example", "kuzeyyapi.example", "o'neil@kuzeyyapi.example"),
        ("ali@İSTANBULCAM.example", "istanbulcam.example", "ali@istanbulcam.example"),
        ("ali@ISIK.example", "isik.example", "ali@isik.example"),
        ("ali@ışık.example", "xn--k-ekaa7p.example", "ali@xn--k-ekaa7p.example"),
        ("ali@xn--k-ekaa7p.example", "xn--k-ekaa7p.example", "ali@xn--k-ekaa7p.example"),
    ],
)
def test_one_address_in_any_form_decides(email: str, domain: str, address: str) -> None:
    assert judge(email) == CustomerDomain("one", domain, (Candidate(domain, address, "usable"),), "")


@pytest.mark.parametrize(
    ("email", "domain", "verdict"),
    [
        ("ali@gmail.com", "gmail.com", "consumer"),
        ("ali@GMAİL.COM", "gmail.com", "consumer"),
        ("ali@hotmail.com.tr", "hotmail.com.tr", "consumer"),
        ("ali@live.com.tr", "live.com.tr", "consumer"),
        ("ali@superonline.com", "superonline.com", "consumer"),
        ("ali@uyduportal.net", "uyduportal.net", "consumer"),
        ("x7@privaterelay.appleid.com", "appleid.com", "consumer"),
        ("ali@mailinator.com", "mailinator.com", "consumer"),
        ("ali@ortak.example", "ortak.example", "own"),
        ("ali@satis.ortak.example", "ortak.example", "own"),
        ("ali@microsoft.com", "microsoft.com", "blocked"),
        ("ali@kuzeyyapi.onmicrosoft.com", "onmicrosoft.com", "tenant_only"),
        ("firma@hs01.kep.tr", "hs01.kep.tr", "kep"),
        ("firma@hs99.kep.tr", "hs99.kep.tr", "kep"),
        ("ali@turkcell.com.tr", "turkcell.com.tr", "ambiguous_provider"),
        ("ali@vodafone.com.tr", "vodafone.com.tr", "ambiguous_provider"),
        ("ali@kuzeyyapi.local", "", "invalid"),
        ("ali@kuzeyyapi.cmo", "", "invalid"),
        ("ali@com.tr", "", "invalid"),
        ("ali@kep.tr", "", "invalid"),
        ("ali@192.0.2.1", "", "invalid"),
        ("ali@localhost", "", "invalid"),
        ("ali@kuzey_yapi.example", "", "invalid"),
        ("ali@", "", "invalid"),
        ("@kuzeyyapi.example", "", "invalid"),
        ("kuzeyyapi.example", "", "invalid"),
        ("Ali Veli", "", "invalid"),
        ("@", "", "invalid"),
    ],
)
def test_what_cannot_be_the_customer_stays_visible_with_its_reason(email: str, domain: str, verdict: str) -> None:
    outcome = judge(email)
    assert (outcome.state, outcome.domain) == ("none", "")
    assert verdicts(outcome) == [(domain, verdict)]


def test_it_ignores_what_cannot_be_the_customer_next_to_what_can() -> None:
    outcome = judge("ayse@gmail.com", "ali@kuzeyyapi.example", "ada@turkcell.com.tr", "can@ortak.example")
    assert (outcome.state, outcome.domain) == ("one", "kuzeyyapi.example")
    assert verdicts(outcome) == [
        ("gmail.com", "consumer"),
        ("kuzeyyapi.example", "usable"),
        ("turkcell.com.tr", "ambiguous_provider"),
        ("ortak.example", "own"),
    ]


def test_two_companies_leave_the_choice_to_a_person_in_the_order_of_the_team() -> None:
    outcome = judge("ali@zirve.example", "ayse@kuzeyyapi.example", "can@zirve.example")
    assert outcome == CustomerDomain(
        "several",
        "",
        (
            Candidate("zirve.example", "ali@zirve.example", "usable"),
            Candidate("kuzeyyapi.example", "ayse@kuzeyyapi.example", "usable"),
        ),
        "",
    )


def test_hosts_of_one_company_are_one_domain_with_its_first_address() -> None:
    outcome = judge("ali@kuzeyyapi.example", "ayse@posta.kuzeyyapi.example", "ALI@KUZEYYAPI.EXAMPLE")
    assert (outcome.state, outcome.domain) == ("one", "kuzeyyapi.example")
    assert outcome.candidates == (Candidate("kuzeyyapi.example", "ali@kuzeyyapi.example", "usable"),)


@pytest.mark.parametrize(
    "text",
    [
        "ali@zirve.example; ayse@kuzeyyapi.example",
        "ali@zirve.example,ayse@kuzeyyapi.example",
        "ali@zirve.example ayse@kuzeyyapi.example",
        "ali@zirve.example|ayse@kuzeyyapi.example",
        "Ali <ali@zirve.example>, Ayşe <ayse@kuzeyyapi.example>",
        "ali@zirve.example\nayse@kuzeyyapi.example\n",
    ],
)
def test_several_addresses_in_one_field_are_all_read(text: str) -> None:
    assert verdicts(judge(text)) == [("zirve.example", "usable"), ("kuzeyyapi.example", "usable")]


def test_a_domain_of_the_seller_side_is_not_the_customer() -> None:
    outcome = judge(
        "ali@kuzeyyapi.example", "can@satici.example", sellers=("Ada <ada@posta.SATICI.example.>", None, "")
    )
    assert (outcome.state, outcome.domain) == ("one", "kuzeyyapi.example")
    assert verdicts(outcome) == [("kuzeyyapi.example", "usable"), ("satici.example", "seller_side")]


def test_odd_seller_addresses_block_nothing() -> None:
    assert judge("ali@kuzeyyapi.example", sellers=("kuzeyyapi.example", "@kuzeyyapi.example", 7)).state == "one"


def test_own_domains_are_read_as_hosts_are() -> None:
    outcome = judge("ali@ışık.example", own=("WWW.ışık.example", "", "com.tr"))
    assert verdicts(outcome) == [("xn--k-ekaa7p.example", "own")]


@pytest.mark.parametrize(
    ("email", "hint"),
    [
        ("ali@kuzeyyapi.onmicrosoft.com", "kuzeyyapi"),
        ("ali@KuzeyYapi.OnMicrosoft.com", "kuzeyyapi"),
        ("ali@kuzeyyapi.mail.onmicrosoft.com", "kuzeyyapi"),
        ("ali@onmicrosoft.com", ""),
        ("ali@kuzeyyapi.onmicrosoft.example", ""),
    ],
)
def test_a_tenant_address_is_a_hint(email: str, hint: str) -> None:
    assert judge(email).tenant_hint == hint


def test_the_first_tenant_that_is_not_a_sellers_is_the_hint_and_decides_nothing() -> None:
    outcome = judge(
        "ada@satici.onmicrosoft.com",
        "ali@zirve.onmicrosoft.com",
        "can@kuzeyyapi.onmicrosoft.com",
        "can@kuzeyyapi.example",
        sellers=("admin@satici.onmicrosoft.com",),
    )
    assert outcome == CustomerDomain(
        "one",
        "kuzeyyapi.example",
        (
            Candidate("onmicrosoft.com", "ada@satici.onmicrosoft.com", "tenant_only"),
            Candidate("kuzeyyapi.example", "can@kuzeyyapi.example", "usable"),
        ),
        "zirve",
    )


@pytest.mark.parametrize("domain", sorted(PARTNER_DOMAINS))
def test_the_vendor_and_distributors_are_never_the_customer(domain: str) -> None:
    outcome = judge(f"ali@{domain}", sellers=(f"ada@{domain}",))
    assert (outcome.state, verdicts(outcome)) == ("none", [(domain, "blocked")])


@pytest.mark.parametrize("value", [None, "", "  \t\n", 7, 1.5, True, b"ali@zirve.example", [], {}, object()])
def test_what_is_not_a_text_is_passed_over(value: Any) -> None:
    assert judge(value) == CustomerDomain("none", "", (), "")
    assert judge(value, "ali@zirve.example").state == "one"


def test_no_team_is_no_domain() -> None:
    assert judge() == CustomerDomain("none", "", (), "")


@pytest.mark.parametrize(
    ("junk", "shown"),
    [
        ("x" * 300, "x" * 300),
        ("x" * 5000, "x" * 320),
        ("ali@" + "x" * 300 + ".example", ("ali@" + "x" * 300 + ".example")),
        ("ali@zirve\0.example", "ali@zirve.example"),
        ("\0", ""),
        ("ali\ud800@zirve\udfff.example", "ali@zirve.example"),
    ],
)
def test_junk_is_invalid_and_can_be_stored(junk: str, shown: str) -> None:
    assert judge(junk).candidates == (Candidate("", shown, "invalid"),)


def test_a_mountain_of_junk_is_read_in_no_time() -> None:
    started = time.perf_counter()
    judge("x" * 1_000_000, "@" * 1_000_000, "a." * 500_000 + "@x", "a@" + "ı." * 500_000)
    assert time.perf_counter() - started < 2


PIECES = st.lists(
    st.sampled_from(
        ["ali", "@", ".", "<", ">", ";", " ", '"', "\0", "İ", "ş", "xn--", "gmail.com", "zirve.example", ".kep.tr", ":"]
    )
).map("".join)
VALUES = st.lists(st.none() | st.integers() | st.binary(max_size=5) | st.text(max_size=40) | PIECES, max_size=6)


@given(VALUES, VALUES, st.lists(st.text(max_size=20) | PIECES, max_size=3))
def test_no_team_breaks_it_and_the_same_team_gives_the_same_answer(
    customers: list[Any], sellers: list[Any], own: list[str]
) -> None:
    outcome = customer_domain(customers, sellers, own)
    assert outcome == customer_domain(iter(customers), iter(sellers), tuple(own))

    usable = [candidate.domain for candidate in outcome.candidates if candidate.verdict == "usable"]
    assert outcome.state == {0: "none", 1: "one"}.get(len(usable), "several")
    assert outcome.domain == (usable[0] if len(usable) == 1 else "")
    named = [candidate.domain for candidate in outcome.candidates if candidate.domain]
    assert len(named) == len(set(named))
    assert all(candidate.verdict in VERDICTS and candidate.email.isprintable() for candidate in outcome.candidates)
    assert all(bool(candidate.domain) == (candidate.verdict != "invalid") for candidate in outcome.candidates)
