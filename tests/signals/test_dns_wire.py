"""The parser against dnspython as the oracle, on well-formed and on broken messages."""

from __future__ import annotations

from contextlib import suppress

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.dns.wire import HEADER, WireError, build_query, encode_question, parse_answer

LABELS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20)
NAMES = st.lists(LABELS, min_size=1, max_size=5).map(lambda labels: ".".join(labels) + ".")
TEXTS = st.lists(st.binary(min_size=0, max_size=255), min_size=1, max_size=4)
QUESTION = encode_question("acme.test", 15)


def response(records: list[tuple[str, str, str]], rtype: str, *, owner: str = "acme.test.") -> bytes:
    message = dns.message.make_response(dns.message.make_query(owner, rtype))
    for name, kind, value in records:
        message.answer.append(dns.rrset.from_text(name, 300, "IN", kind, value))
    return message.to_wire()


@given(st.lists(st.tuples(st.integers(0, 65535), NAMES), min_size=1, max_size=10, unique=True))
def test_mx_records_are_read_as_dnspython_reads_them(hosts: list[tuple[int, str]]) -> None:
    wire = response([("acme.test.", "MX", f"{preference} {host}") for preference, host in hosts], "MX")
    answer = parse_answer(wire, QUESTION)
    assert answer.status == "ok"
    assert set(answer.values) == {f"{preference} {host.removesuffix('.')}" for preference, host in hosts}


@given(TEXTS)
def test_the_strings_of_a_text_are_joined_with_nothing_between(strings: list[bytes]) -> None:
    message = dns.message.make_response(dns.message.make_query("acme.test.", "TXT"))
    rdata = dns.rdata.from_wire(
        dns.rdataclass.IN, dns.rdatatype.TXT, data := b"".join(bytes((len(s),)) + s for s in strings), 0, len(data)
    )
    message.answer.append(dns.rrset.from_rdata("acme.test.", 300, rdata))
    answer = parse_answer(message.to_wire(), encode_question("acme.test", 16))
    joined = b"".join(strings)
    try:
        expected = joined.decode()
    except UnicodeDecodeError:
        expected = joined.decode("latin-1")
    assert answer.values == (expected.replace("\0", "\ufffd"),)


@given(NAMES, NAMES)
def test_aliases_are_followed_inside_the_message(alias: str, host: str) -> None:
    if alias in ("acme.test.", host) or host == "acme.test.":
        return
    records = [("acme.test.", "CNAME", alias), (alias, "MX", f"5 {host}")]
    answer = parse_answer(response(records, "MX"), QUESTION)
    assert answer.cnames == (alias.removesuffix("."),)
    assert answer.values == (f"5 {host.removesuffix('.')}",)


@settings(max_examples=400)
@given(st.data())
def test_a_broken_message_never_does_worse_than_a_wire_error(data: st.DataObject) -> None:
    wire = bytearray(response([("acme.test.", "MX", "10 mail.acme.test."), ("acme.test.", "MX", "20 b.test.")], "MX"))
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(HEADER + len(QUESTION.wire), len(wire) - 1))
        wire[position] = data.draw(st.integers(0, 255))
    cut = bytes(wire[: data.draw(st.integers(HEADER + len(QUESTION.wire), len(wire)))])
    try:
        answer = parse_answer(cut, QUESTION)
    except WireError:
        return
    try:
        oracle = dns.message.from_wire(cut)
    except (dns.exception.DNSException, ValueError):
        return
    if answer.status == "ok" and not answer.cnames:
        name = dns.name.from_text("acme.test.")
        found = oracle.get_rrset(oracle.answer, name, dns.rdataclass.IN, dns.rdatatype.MX)
        assert found is not None
        assert {value.split()[0] for value in answer.values} == {str(rdata.preference) for rdata in found}


@settings(max_examples=400)
@given(st.binary(max_size=300))
def test_any_octets_are_survived(tail: bytes) -> None:
    header = b"\x12\x34\x81\x80\x00\x01" + (tail[:6]).ljust(6, b"\0")
    with suppress(WireError):
        parse_answer(header + QUESTION.wire + tail[6:], QUESTION)


@given(NAMES)
def test_a_query_is_what_dnspython_would_send(name: str) -> None:
    ours = dns.message.from_wire(build_query(4711, encode_question(name, 15).wire))
    assert ours.id == 4711
    assert ours.question[0].name == dns.name.from_text(name)
    assert (ours.edns, ours.payload) == (0, 1232)
    assert ours.flags == dns.flags.RD


@pytest.mark.parametrize(("rcode", "status"), [(dns.rcode.NOERROR, "nodata"), (dns.rcode.NXDOMAIN, "nxdomain")])
def test_an_empty_answer_keeps_the_life_of_its_absence(rcode: int, status: str) -> None:
    message = dns.message.make_response(dns.message.make_query("acme.test.", "MX"), recursion_available=True)
    message.set_rcode(dns.rcode.Rcode(rcode))
    message.authority.append(dns.rrset.from_text("test.", 900, "IN", "SOA", "ns.test. h.test. 1 2 3 4 60"))
    answer = parse_answer(message.to_wire(), QUESTION)
    assert (answer.status, answer.ttl) == (status, 60)


@pytest.mark.parametrize("rcode", [dns.rcode.NOERROR, dns.rcode.NXDOMAIN])
def test_a_lame_server_knows_nothing(rcode: int) -> None:
    """Neither authoritative nor recursive: an empty answer of such a server proves no absence."""
    message = dns.message.make_response(dns.message.make_query("acme.test.", "MX"))
    message.set_rcode(dns.rcode.Rcode(rcode))
    assert parse_answer(message.to_wire(), QUESTION).status == "servfail"
