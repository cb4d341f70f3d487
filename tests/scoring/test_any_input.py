"""Whatever a file, a person or a name server brings, the rules answer and never raise."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

import scoring

_PIECES = st.sampled_from(["www.", "http://", "@", ".", "com.tr", "İ", "ş", "xn--", "\u200d", " ", "[", ":", "/", "a"])
_NAMES = st.text() | st.lists(_PIECES, max_size=8).map("".join)
_TAGS = st.sampled_from(["v=DMARC1", "v=DKIM1", ";", "p=", "pct=", "reject", " ", "=", "9" * 5000, "²"])
_RECORDS = st.lists(st.text() | st.lists(_TAGS, max_size=8).map("".join), max_size=3)


@given(value=_NAMES)
@example(value="www. www.com.tr")
@example(value="ş" * 10_000 + ".com")
def test_a_normalised_name_is_valid_and_stays_the_same(value: str) -> None:
    for read in (
        scoring.normalize_domain,
        scoring.extract_domain_from_email,
        scoring.extract_domain_from_website,
    ):
        name = read(value)
        assert name == "" or scoring.is_valid_domain(name)
        assert scoring.normalize_domain(name) == name


@given(host=_NAMES)
def test_every_host_has_a_provider(host: str) -> None:
    assert scoring.classify_provider(host)
    assert scoring.extract_mx_root(host) != ""


@given(txt=_RECORDS)
def test_every_text_is_a_record_or_none(txt: list[str]) -> None:
    dmarc = scoring.parse_dmarc(txt)
    assert (dmarc.policy is None) == (dmarc.coverage is None)
    assert dmarc.policy in (None, "none", "quarantine", "reject")
    assert dmarc.coverage is None or 0 <= dmarc.coverage <= 100
    assert scoring.has_spf(txt) in (True, False)
    assert scoring.has_dkim({"default": txt}) in (True, False)
