"""What the brief may never say, in either language (scoring-v1 section 18: D23, D25; house rules of the brief)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.utils.translation import override

from leads.brief_sentences import SENTENCES

LANGUAGES = ("en", "tr")
RECORDS = re.compile(r"\b(SPF|DKIM|DMARC)\b")
HYPE = {
    "en": r"\b(the best|guarantee\w*|amazing|revolution\w*|unique|unbeatable|world-class|leading|seamless\w*)\b",
    "tr": r"\b(en iyi|garanti\w*|eşsiz|benzersiz|rakipsiz|mükemmel|muhteşem|lider|devrim\w*|kusursuz\w*|ücretsiz)\b",
}
INCUMBENT = {
    "en": r"\b(incumbent|present partner|current partner|your partner|other partner|competitor)\b",
    "tr": r"(mevcut iş ortağ|şu anki iş ortağ|iş ortağınız|diğer iş ortağ|rakip|tedarikçiniz)",
}


def wordings(language: str, *families: str) -> Iterator[tuple[str, str]]:
    """(message id, wording) of these families, neutral wordings included."""
    with override(language):
        for message_id, message in SENTENCES.items():
            if message_id.startswith(families or ("",)):
                yield from ((message_id, str(wording)) for wording in (message.text, message.neutral) if wording)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_hype_and_no_word_about_the_present_partner(language: str) -> None:
    for message_id, wording in wordings(language):
        assert not re.search(HYPE[language], wording, re.IGNORECASE), (message_id, wording)
        assert not re.search(INCUMBENT[language], wording, re.IGNORECASE), (message_id, wording)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_percentage_is_only_ever_the_share_that_the_dmarc_record_states(language: str) -> None:
    for message_id, wording in wordings(language):
        if "%%" in wording:
            assert message_id == "security.detail.dmarc_partial"
        assert not re.search(r"\d\s*%(?!\()|%\s*\d|percent|yüzde", wording), (message_id, wording)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_of_the_call_speaks_of_the_customer_s_records(language: str) -> None:
    """D23: not even when everything is known."""
    for message_id, wording in wordings(language, "call.", "discovery."):
        assert not RECORDS.search(wording), (message_id, wording)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_call_line_is_polite_and_short(language: str) -> None:
    for message_id, wording in wordings(language, "call.", "discovery."):
        assert len(wording) < 200, (message_id, wording)
        assert "!" not in wording
        if message_id.startswith("discovery."):
            assert wording.endswith("?"), (message_id, wording)


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_claim_no_more_than_the_signals_say(language: str) -> None:
    """D25: an id that stands for several situations says what holds in all of them."""
    no_record = {
        "en": r"\b(no|without) (an? )?(DMARC|SPF|DKIM)\b|\b(DMARC|SPF|DKIM) is missing",
        "tr": r"(DMARC|SPF|DKIM)( kaydı)? (yok|eksik)",
    }
    said = dict(wordings(language, "security.summary."))
    for message_id, wording in said.items():
        assert not re.search(no_record[language], wording), (message_id, wording)
    several = {name: said[f"security.summary.{name}"] for name in ("high.multiple", "medium.one_missing", "high.all")}
    assert RECORDS.findall(several["medium.one_missing"]) == ["SPF", "DKIM"]  # DMARC may be in place
    confirmed = {"en": "confirmed", "tr": "doğrulan"}
    assert confirmed[language] in several["high.all"]  # SPF and DKIM may be unknown
    for _id, wording in wordings(language, "provider.m365.spf"):
        assert "Microsoft" not in wording


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_provider_is_never_called_absent(language: str) -> None:
    for message_id, wording in wordings(language, "provider.none", "provider.unknown.mx_missing"):
        assert {"en": "not known", "tr": "bilinmiyor"}[language] in wording, message_id


def test_every_sentence_names_what_it_rests_on() -> None:
    assert [message_id for message_id, message in SENTENCES.items() if not (message.facts or message.also)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_customer_s_page_knows_no_word_of_ours(language: str) -> None:
    ours = {
        "en": r"\b(score|segment|priority|lead|referral|price|potential|Hunter|size)\b",
        "tr": r"(\bpuan|segment|öncelik|\baday|yönlendirme|fiyat|potansiyel|Hunter|büyüklük)",
    }
    for message_id, wording in wordings(language, "public."):
        assert not re.search(ours[language], wording, re.IGNORECASE), (message_id, wording)
        assert "http" not in wording
