"""What is read out of RDAP objects and port-43 texts, and what is not believed."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.outcomes import Reason, Unknown, Unreadable
from signals.registration import whois
from signals.registration.facts import (
    NotRegistered,
    Protocol,
    Registration,
    asked_name,
    fresh_for,
    same_name,
)
from signals.registration.rdap import parse_domain, read_rdap_error

AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def _rdap(**changes: Any) -> dict[str, Any]:
    content = {
        "objectClassName": "domain",
        "ldhName": "ACME.EXAMPLE",
        "status": ["client transfer prohibited", "Active"],
        "events": [
            {"eventAction": "registration", "eventDate": "2001-08-23T04:00:00Z"},
            {"eventAction": "expiration", "eventDate": "2027-08-22T23:30:00-05:00"},
            {"eventAction": "last changed", "eventDate": "2026-08-01T10:00:00.123Z"},
            {"eventAction": "last update of RDAP database", "eventDate": "2026-11-25T00:00:00Z"},
        ],
        "entities": [
            {"roles": ["registrant"], "vcardArray": ["vcard", [["fn", {}, "text", "Ayşe Yılmaz"]]]},
            {
                "roles": ["registrar"],
                "publicIds": [{"type": "IANA Registrar ID", "identifier": "9901"}],
                "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Işık Kayıt A.Ş."]]],
                "entities": [{"roles": ["abuse"], "vcardArray": ["vcard", [["fn", {}, "text", "Abuse Desk"]]]}],
            },
        ],
        "nameservers": [
            {"ldhName": "NS1.host.example."},
            {"ldhName": "ns2.host.example"},
            {"ldhName": "ns1.host.example"},
        ],
        "secureDNS": {"delegationSigned": True, "dsData": [{"keyTag": 7, "algorithm": 13}]},
        "redacted": [{"name": {"type": "Registrant Name"}}, {"name": {"description": "Admin Email"}}],
    }
    return content | changes


def _parse(content: Any) -> Registration:
    return parse_domain(content, "acme.example", source="rdap.nic.example", at=AT)


def _events(**days: str) -> list[dict[str, str]]:
    actions = {"created": "registration", "expires": "expiration", "changed": "last changed"}
    return [{"eventAction": actions[name.rstrip("_")], "eventDate": day} for name, day in days.items()]


def _doubts(found: Registration) -> dict[str, str]:
    return {doubt.field: doubt.reason for doubt in found.doubts}


def test_an_rdap_object_is_read_with_its_evidence() -> None:
    found = _parse(_rdap())
    assert (found.registrar, found.registrar_id) == ("Işık Kayıt A.Ş.", "9901")
    assert (found.created, found.expires, found.changed) == (date(2001, 8, 23), date(2027, 8, 23), date(2026, 8, 1))
    assert found.name_servers == ("ns1.host.example", "ns2.host.example")
    assert found.statuses == ("client transfer prohibited", "active")
    assert found.signed is True
    assert found.redacted == ("registrant name", "admin email")
    assert found.doubts == ()
    proofs = {one.field: one.excerpt for one in found.evidence}
    assert proofs["registrar"] == '["fn", "Işık Kayıt A.Ş."]'
    assert "2027-08-22T23:30:00-05:00" in proofs["expires"]
    assert proofs.keys() >= {"created", "changed", "registrar_id", "name_servers", "statuses", "signed", "redacted"}


def test_nobody_but_the_registrar_is_kept() -> None:
    assert "Ayşe" not in repr(_parse(_rdap()))
    assert "Abuse" not in repr(_parse(_rdap()))


@pytest.mark.parametrize(
    ("changes", "field", "reason", "left"),
    [
        ({"events": _events(created="2015-03-01", expires="2011-03-01T00:00:00Z")}, "expires", "before_creation", None),
        ({"events": _events(created="2015-03-01", expires="2011-03-01T00:00:00Z")}, "created", "after_expiry", None),
        ({"events": _events(created="2015-03-01", expires="9999-12-31T23:59:59Z")}, "expires", "too_late", None),
        ({"events": _events(created="1970-01-01T00:00:00Z")}, "created", "too_early", None),
        ({"events": _events(created="2027-03-01T00:00:00Z")}, "created", "too_late", None),
        ({"events": _events(created="2015-03-01", changed="2014-03-01")}, "changed", "before_creation", None),
        ({"events": _events(created="2015-03-01", created_="2016-03-01")}, "created", "several", None),
        ({"events": _events(expires="soon, we hope")}, "expires", "unreadable", None),
        ({"events": [{"eventAction": "expiration"}]}, "expires", "unreadable", None),
        ({"secureDNS": {"delegationSigned": False, "dsData": [{"keyTag": 1}]}}, "signed", "several", None),
        ({"nameservers": [{"ldhName": "no host name"}]}, "name_servers", "no_host_name", ()),
    ],
)  # fmt: skip
def test_what_cannot_be_is_dropped_and_named(changes: dict[str, Any], field: str, reason: str, left: Any) -> None:
    found = _parse(_rdap(**changes))
    assert _doubts(found)[field] == reason
    assert getattr(found, field) == left
    assert field not in {one.field for one in found.evidence}


def test_the_same_day_twice_is_no_contradiction() -> None:
    found = _parse(_rdap(events=_events(created="2015-03-01", created_="2015-03-01T09:00:00Z")))
    assert (found.created, found.doubts) == (date(2015, 3, 1), ())


def test_two_registrars_are_none() -> None:
    content = _rdap()
    other = json.loads(json.dumps(content["entities"][1]).replace("9901", "9950"))
    other["vcardArray"][1][1][3] = "Başka A.Ş."
    found = _parse(_rdap(entities=[content["entities"][1], other]))
    assert (found.registrar, found.registrar_id) == (None, None)
    assert _doubts(found) == {"registrar": "several", "registrar_id": "several"}
    assert "Işık" in found.doubts[0].excerpt
    assert "Başka" in found.doubts[0].excerpt


@pytest.mark.parametrize(
    ("entity", "name"),
    [
        ({"vcardArray": ["vcard", [["fn", {}, "text", ""], ["org", {}, "text", "Örnek A.Ş."]]]}, "Örnek A.Ş."),
        ({"jscontact_card": {"name": {"full": "Örnek A.Ş."}}}, "Örnek A.Ş."),
        ({"jscontact_card": {"organizations": {"o": {"name": "Örnek A.Ş."}}}}, "Örnek A.Ş."),
        ({"vcardArray": ["vcard", [["fn", {}, "text", "REDACTED FOR PRIVACY"]]]}, None),
        ({"vcardArray": ["vcard"]}, None),
        ({"vcardArray": ["vcard", [["fn", {}]]]}, None),
        ({}, None),
    ],
)
def test_a_registrar_is_named_on_any_kind_of_card(entity: dict[str, Any], name: str | None) -> None:
    assert _parse(_rdap(entities=[entity | {"roles": ["registrar"]}])).registrar == name


def test_everything_redacted_leaves_a_registration_without_details() -> None:
    found = _parse({"objectClassName": "domain", "ldhName": "acme.example"})
    assert (found.registrar, found.expires, found.signed, found.name_servers) == (None, None, None, ())
    assert found.doubts == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([], Reason.MALFORMED),
        (None, Reason.MALFORMED),
        ("domain", Reason.MALFORMED),
        ({"objectClassName": "nameserver", "ldhName": "acme.example"}, Reason.MALFORMED),
        ({"objectClassName": "domain"}, Reason.MALFORMED),
        ({"objectClassName": "domain", "ldhName": ["acme.example"]}, Reason.MALFORMED),
        ({"objectClassName": "domain", "ldhName": "other.example"}, Reason.MISMATCH),
    ],
)
def test_what_is_no_answer_about_the_domain_is_refused(content: Any, reason: Reason) -> None:
    with pytest.raises(Unreadable) as refused:
        _parse(content)
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    ("status", "body", "counts"),
    [
        (404, "", True),
        (404, '{"errorCode": 404, "title": "Not Found"}', True),
        (404, '{"rdapConformance": []}', True),
        (404, "<html>no such page</html>", False),
        (404, '{"message": "no route matched"}', False),
        (404, "[" * 100_000, False),
        (400, '{"errorCode": 400}', True),
        (400, "", False),
        (406, "<html>", False),
        (500, "<html>", True),
        (403, "<html>", True),
    ],
)
def test_only_a_registry_can_refuse_or_deny_a_name(status: int, body: str, counts: bool) -> None:
    assert (read_rdap_error(status, body).code == "") is counts


@pytest.mark.parametrize(
    ("expires", "days"), [("2027-08-22", 30), ("2027-01-25", 30), ("2027-01-24", 7), ("2026-11-01", 7)]
)
def test_near_its_expiry_a_domain_is_asked_for_weekly(expires: str, days: int) -> None:
    assert fresh_for(_parse(_rdap(events=_events(expires=expires)))) == timedelta(days=days)


def test_how_long_the_other_outcomes_last() -> None:
    about = {"domain": "acme.example", "source": "rdap.nic.example", "at": AT}
    nobody = NotRegistered(**about, protocol=Protocol.RDAP, excerpt="HTTP 404")
    assert fresh_for(nobody) == timedelta(days=7)
    assert fresh_for(_parse(_rdap(events=[]))) == timedelta(days=30)
    assert fresh_for(Unknown(**about, reason=Reason.HELD, retry_after=90)) == timedelta(seconds=90)
    assert fresh_for(Unknown(**about, reason=Reason.NO_SERVER)) == timedelta(days=30)


@pytest.mark.parametrize("odd", ["\\ud800", "\\udfff", "\\u0000"])
def test_what_no_database_takes_is_replaced_wherever_it_stands(odd: str) -> None:
    said = json.loads(
        json.dumps(_rdap(status=["active", "active ODD"])).replace("I\\u015f\\u0131k", "ODD").replace("ODD", odd)
    )
    found = _parse(said)
    assert found.registrar == "\ufffd Kayıt A.Ş."
    assert found.statuses == ("active", "active \ufffd")
    for text in (*found.statuses, *(text for row in (*found.evidence, *found.doubts) for text in row)):
        assert "\0" not in text
        text.encode()


# Port 43

TRABIS = """
** Domain Name: {name}
Domain Status: Active
Frozen Status: -
Transfer Status: The domain is LOCKED to transfer.

** Registrant:
   Hidden upon user request

** Registrar:
NIC Handle\t\t: isk12-metu
Organization Name\t: Işıkçağ Gömülü İnternet ve Şebeke Hizmetleri A.Ş.
Address\t\t\t: Örnek Mah. Deneme Sok. No:1 Çankaya Ankara,
\t\t\t  Türkiye
Phone\t\t\t: + 90-312-5550000-
Fax\t\t\t: + 90-312-5550001-

** Domain Servers:
NS1.sunucu.example
ns2.sunucu.example 192.0.2.7

** Additional Info:
Created on..............: 2001-Aug-23.
Expires on..............: 2026-Dec-22.
"""


def _whois(text: str, name: str = "ornek.com.tr") -> Registration | NotRegistered:
    return whois.parse_trabis(text, name, source="whois.trabis.gov.tr", at=AT)


@pytest.mark.parametrize("encoding", ["utf-8", "iso8859-9", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_trabis_answer_is_read_in_either_encoding(encoding: str, end: str) -> None:
    octets = TRABIS.format(name="ornek.com.tr").replace("\n", end).encode(encoding)
    found = _whois(whois.decode(octets))
    assert isinstance(found, Registration)
    assert found.registrar == "Işıkçağ Gömülü İnternet ve Şebeke Hizmetleri A.Ş."
    assert (found.created, found.expires, found.changed) == (date(2001, 8, 23), date(2026, 12, 22), None)
    assert found.name_servers == ("ns1.sunucu.example", "ns2.sunucu.example")
    assert found.statuses == ("active", "transfer locked")
    assert found.redacted == ("registrant",)
    assert (found.signed, found.doubts) == (None, ())
    proofs = {one.field: one.excerpt for one in found.evidence}
    assert proofs["created"] == "Created on..............: 2001-Aug-23."
    assert proofs["registrar"] == "Organization Name : Işıkçağ Gömülü İnternet ve Şebeke Hizmetleri A.Ş."


def test_a_registrant_who_is_not_hidden_is_not_kept_either() -> None:
    found = _whois(TRABIS.format(name="ornek.com.tr").replace("Hidden upon user request", "Ayşe Yılmaz"))
    assert isinstance(found, Registration)
    assert found.redacted == ()
    assert "Ayşe" not in repr(found)


@pytest.mark.parametrize("name", ["xn--k-ekaa7p.com.tr", "ışık.com.tr", "IŞIK.com.tr"])
def test_a_turkish_name_may_come_back_in_any_spelling(name: str) -> None:
    """DNS reads the capital I as i, so `IŞIK` is another name than `ışık`."""
    text = TRABIS.format(name=name)
    if name == "IŞIK.com.tr":
        with pytest.raises(Unreadable):
            _whois(text, "xn--k-ekaa7p.com.tr")
    else:
        assert isinstance(_whois(text, "xn--k-ekaa7p.com.tr"), Registration)


def test_the_dotted_capital_i_is_an_i() -> None:
    assert same_name("İSTANBUL.com.tr", "istanbul.com.tr")
    assert not same_name("xn--istanbul-o0e.com.tr", "istanbul.com.tr")


@pytest.mark.parametrize(
    ("old", "new", "field", "reason"),
    [
        ("2026-Dec-22.", "1999-Dec-22.", "expires", "before_creation"),
        ("2026-Dec-22.", "9999-Dec-31.", "expires", "too_late"),
        ("2026-Dec-22.", "2026-Ara-22.", "expires", "unreadable"),
        ("2026-Dec-22.", "2026-Feb-30.", "expires", "unreadable"),
        ("2026-Dec-22.", "", "expires", "unreadable"),
        ("NIC Handle", "Organization Name: Başka A.Ş.\nNIC Handle", "registrar", "several"),
        ("NS1.sunucu.example", "yok", "name_servers", "no_host_name"),
    ],
)
def test_contradictions_of_a_trabis_answer_are_named(old: str, new: str, field: str, reason: str) -> None:
    found = _whois(TRABIS.format(name="ornek.com.tr").replace(old, new))
    assert isinstance(found, Registration)
    assert _doubts(found)[field] == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.MALFORMED),
        ("<html><h1>Gateway</h1>", Reason.MALFORMED),
        ("** Registrar:\nOrganization Name: A", Reason.MALFORMED),
        ("Your query limit has been exceeded.", Reason.REFUSED),
        ("ERROR: Too many queries from 192.0.2.1", Reason.REFUSED),
        ("Access denied.", Reason.REFUSED),
        (TRABIS.format(name="baska.com.tr"), Reason.MISMATCH),
        (TRABIS.format(name="ornek.com.tr") + TRABIS.format(name="baska.com.tr"), Reason.MISMATCH),
    ],
)
def test_what_is_no_answer_of_trabis_proves_nothing(text: str, reason: Reason) -> None:
    with pytest.raises(Unreadable) as refused:
        _whois(text)
    assert refused.value.reason is reason


def test_an_answer_of_trabis_is_taken_whole_or_not_at_all() -> None:
    text = TRABIS.format(name="ornek.com.tr")
    whole = _whois(text)
    for end in range(len(text)):
        with pytest.raises(Unreadable):
            _whois(text[:end])
    assert _whois(text + "\n** Whois Server:\nLast Upd") == whole


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('No match found for "baska.com.tr"\r\n', Reason.MISMATCH),
        ("No match found for ornek.com.t", Reason.MISMATCH),
        ("No match found", Reason.MALFORMED),
        ("No match found for your request, query limit exceeded", Reason.REFUSED),
    ],
)
def test_no_match_for_something_else_says_nothing_of_the_domain(text: str, reason: Reason) -> None:
    with pytest.raises(Unreadable) as refused:
        _whois(text)
    assert refused.value.reason is reason


@pytest.mark.parametrize("text", ['No match found for "ornek.com.tr"\r\n', "\n** No match found for ornek.com.tr"])
def test_no_match_means_not_registered(text: str) -> None:
    found = _whois(text)
    assert isinstance(found, NotRegistered)
    assert "No match found" in found.excerpt


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("Acme.Example.", "acme.example"), ("a.co", "a.co"), ("localhost", None), ("", None), ("a..b", None),
        ("acme.example\r\nquit", None), ("şirket.example", None), ("-a.example", None), ("a" * 64 + ".example", None),
        ("192.0.2.1", None), ("a b.example", None), ("a/b.example", None),
    ],
)  # fmt: skip
def test_only_real_names_are_asked_for(said: str, asked: str | None) -> None:
    assert asked_name(said) == asked


# Whatever comes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(
        ["domain", "registrar", "acme.example", "registration", "expiration", "fn", "2020-01-01T00:00:00Z"]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(
            ["objectClassName", "ldhName", "events", "eventAction", "eventDate", "entities", "roles", "vcardArray",
             "publicIds", "type", "identifier", "nameservers", "secureDNS", "dsData", "redacted", "name", "status"]
        ), inner, max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip
GARBAGE = settings(max_examples=150, deadline=timedelta(milliseconds=500))


@GARBAGE
@given(st.dictionaries(st.sampled_from(sorted(_rdap())), JSON))
def test_no_json_makes_the_rdap_parser_raise(changes: dict[str, Any]) -> None:
    try:
        found = _parse(_rdap(**changes))
    except Unreadable:
        return
    json.dumps([found.evidence, found.doubts, found.statuses, found.redacted])
    assert found.created is None or found.expires is None or found.created <= found.expires


@GARBAGE
@given(st.binary(max_size=3000), st.integers(0, len(TRABIS)))
def test_no_octets_make_the_port_43_parser_raise(octets: bytes, cut: int) -> None:
    text = TRABIS.format(name="ornek.com.tr").encode("iso8859-9")
    for answer in (octets, text[:cut] + octets, text[:cut], octets + text):
        try:
            _whois(whois.decode(answer))
        except Unreadable:
            continue


@pytest.mark.parametrize(
    "piece",
    [
        "** Domain Name: ornek.com.tr\n",
        "a" * 5000,
        "*",
        " " * 4000 + "\n",
        "Created on....: ",
        "limit exceeded ",
        "İ.",
        "-",
    ],
)
def test_huge_answers_are_read_quickly(piece: str) -> None:
    head = "** Domain Name: ornek.com.tr\n** Additional Info:\nCreated on: "
    size = whois.LIMIT
    long = (piece * (size // len(piece) + 1))[:size]
    began = time.perf_counter()
    for text in (long, head + long):
        try:
            _whois(text)
        except Unreadable:
            continue
    with_long_values = {
        "ldhName": "a." * 50_000,
        "status": [long[:300]] * 1000,
        "nameservers": [{"ldhName": long[start : start + 900]} for start in range(200)] + [{"ldhName": long}],
        "events": [{"eventAction": "registration", "eventDate": long}] * 3,
    }
    with pytest.raises(Unreadable):
        _parse(_rdap(**with_long_values))
    _parse(_rdap(**with_long_values | {"ldhName": "acme.example"}))
    assert time.perf_counter() - began < 0.5
