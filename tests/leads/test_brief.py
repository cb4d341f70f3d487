"""The brief: every message id has its wording, and no sentence stands without the facts it rests on."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest
from django.utils.translation import override

import scoring
from leads.brief import Brief, build_brief, known_facts
from leads.brief_messages import MESSAGES, row_text, text
from leads.lead_page import summary_of
from leads.models import Lead, VerdictState

TODAY = date(2026, 11, 25)


def lead(**values: object) -> Lead:
    facts = {
        "domain": "acme.example", "company_name": "Acme A.Ş.", "contact_emails": ["info@acme.example"],
        "provider": "Google",
        "mx_root": "google.com", "segment": "Migration", "score": 60, "score_low": 60, "score_high": 60,
        "priority_score": 3, "priority_category": "P2", "has_spf": True, "has_dkim": False, "dmarc_policy": "none",
        "dmarc_coverage": 100, "tenant_size": "large", "verdict_state": VerdictState.COMPLETE,
    }  # fmt: skip
    return Lead(**(facts | values))


def brief(one: Lead) -> Brief:
    summary = summary_of(one)
    assert summary is not None
    return build_brief(summary, lead=one, today=TODAY)


def ids(found: Brief) -> set[str]:
    return {sentence.id for section in found.sections for sentence in section.sentences}


def test_every_id_the_summary_can_give_has_its_wording() -> None:
    segments, providers = (
        ("Migration", "Existing", "Cold", "Skip"),
        ("M365", "Google", "Yandex", "Local", "Hosting", "Amazon"),
    )
    for segment, provider, score, spf, policy, size in product(
        segments,
        providers,
        (0, 30, 55, 65, 75, 90),
        (True, False, None),
        ("reject", "none", None),
        ("large", "small", None),
    ):
        summary = scoring.sales_summary(
            domain="a.test", provider=provider, segment=segment, readiness_score=score, priority_score=3,
            tenant_size=size, local_provider=None, spf=spf, dkim=spf, dmarc_policy=policy, dmarc_coverage=50,
            contact_quality_score=10, expires_in_days=None, mx_root=None,
        )  # fmt: skip
        risk = summary.security_reasoning
        given = [
            *summary.one_liner, *summary.segment_explanation, *summary.provider_reasoning, *summary.call_script,
            *summary.discovery_questions, summary.next_step.message_id, summary.offer_tier.recommendation_id,
            *((risk.summary_id, *risk.detail_ids, risk.sales_angle_id, risk.recommended_action_id) if risk else ()),
        ]  # fmt: skip
        assert [one for one in given if one not in MESSAGES] == []


@pytest.mark.parametrize(
    ("missing", "fact"),
    [
        ({"has_spf": None}, "spf"), ({"has_dkim": None}, "dkim"), ({"dmarc_policy": ""}, "dmarc"),
        ({"tenant_size": ""}, "tenant_size"), ({"mx_root": ""}, "mx"),
    ],
)  # fmt: skip
def test_without_its_fact_a_sentence_disappears(missing: dict[str, object], fact: str) -> None:
    unknown = lead(**missing)
    assert fact not in known_facts(unknown)
    for section in brief(unknown).sections:
        for sentence in section.sentences:
            assert fact not in sentence.facts, sentence.text


def test_a_lead_without_a_verdict_has_no_brief() -> None:
    assert summary_of(lead(score=None)) is None


def test_an_unlisted_selector_is_all_the_brief_says_about_dkim() -> None:
    found = ids(brief(lead(has_dkim=None, undetermined_reason="dkim_unlisted_selector", verdict_state="partial")))
    assert "security.dkim_unlisted" in found
    assert not any("dkim_missing" in one or "dkim_present" in one or "one_known" in one for one in found)


def test_what_could_not_be_checked_is_named() -> None:
    sentences = [s.text for section in brief(lead(dmarc_policy="")).sections for s in section.sentences]
    with override("en"):
        assert any("DMARC" in sentence for sentence in sentences)


def test_both_languages_say_something_else() -> None:
    for message_id, message in MESSAGES.items():
        with override("en"):
            english = text(message_id, **dict.fromkeys(("provider", "local_provider", "country", "date"), "x"))
        with override("tr"):
            turkish = text(message_id, **dict.fromkeys(("provider", "local_provider", "country", "date"), "x"))
        assert english
        assert turkish
        if len(english.split()) > 3:
            assert english != turkish, message


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
