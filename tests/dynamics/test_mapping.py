"""From facts to columns: values, what fits, what is left out and why. No database, no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import pytest

from integrations_d365.columns import (
    BY_NAME,
    COLUMNS,
    KEY_COLUMN,
    OPTION_BASE,
    OURS,
    UNKNOWN,
    Kind,
    LeadFacts,
    When,
    utc,
)
from integrations_d365.mapping import (
    ColumnShape,
    Note,
    Shape,
    Wanted,
    changed,
    cut,
    digest,
    is_digest,
    option_key,
    remembered,
    units,
    wanted,
)

NOON_IN_ISTANBUL: Final = datetime(2026, 3, 1, 12, 0, 5, tzinfo=timezone(timedelta(hours=3)))
EMPTY: Final = LeadFacts(domain="contoso.example", external_id="id-1")
FULL: Final = LeadFacts(
    domain="xn--kavakldere-1zb.example",
    shown_domain="kavaklıdere.example",
    external_id="id-2",
    company_name="Kavaklıdere Şarapları A.Ş.",
    emails=["info@kavaklidere.example", "b@kavaklidere.example"],
    city="Ankara",
    country="Türkiye",
    source="partner_center",
    tags=["wine", "export"],
    provider="M365",
    mail_service="Microsoft 365",
    gateway="Proofpoint",
    segment="Existing",
    score=64,
    confidence=85,
    priority_category="P3",
    priority_label="Call this week",
    priority_score=3,
    technical_heat="Warm",
    commercial_segment="RENEWAL",
    commercial_heat="HOT",
    tenant_size="large",
    has_spf=True,
    has_dkim=None,
    dmarc_policy="reject",
    rules_version="v1",
    rows=[["readiness", "spf", 10], ["readiness", "dmarc", 54]],
    was_rescanned=True,
    referral_id="r-1",
    referral_category="co_sell",
    has_referrals=True,
    remote_id="0aa0",
    attempts=2,
    pushed_at=NOON_IN_ISTANBUL,
)


def shape(**changes: ColumnShape | None) -> Shape:
    """An environment that has every column as d365_setup makes it; `changes` by name, None = missing."""
    columns: dict[str, ColumnShape | None] = {}
    for column in COLUMNS:
        labels = (option_key(label) for _code, label in column.options)
        numbers = {label: OPTION_BASE + index for index, label in enumerate(labels)}
        columns[column.name] = ColumnShape(str(column.kind), column.length or None, numbers)
    return Shape({name: found for name, found in (columns | changes).items() if found is not None})


def values(facts: LeadFacts, found: Shape | None = None) -> dict[str, Any]:
    plan = wanted(facts, found or shape())
    return {**plan.always, **plan.creation, **plan.about}


ROWS: Final = [{"part": "readiness", "key": "spf", "points": 10}, {"part": "readiness", "key": "dmarc", "points": 54}]
# Every column for the two leads; MISSING = the column is left as it is.
MISSING: Final = object()
TABLE: Final[Mapping[str, tuple[Any, Any]]] = {
    "hnt_domain": ("xn--kavakldere-1zb.example", "contoso.example"),
    "hnt_externalid": ("id-2", "id-1"),
    "hnt_finalscore": (64, MISSING),
    "hnt_priorityscore": (3, MISSING),
    "hnt_prioritycategory": ("P3", None),
    "hnt_prioritylabel": ("Call this week", None),
    "hnt_leadsegment": (OPTION_BASE + 1, MISSING),
    "hnt_provider": ("M365", MISSING),
    "hnt_huntertenantsize": (OPTION_BASE + 2, MISSING),
    "hnt_infrasummary": (
        "Mail: Microsoft 365 | Gateway: Proofpoint | SPF present | DKIM unknown | DMARC p=reject",
        MISSING,
    ),
    "hnt_confidence": (85, MISSING),
    "hnt_technicalheat": ("Warm", None),
    "hnt_commercialsegment": ("RENEWAL", None),
    "hnt_commercialheat": ("HOT", None),
    "hnt_m365fitscore": (64, MISSING),
    "hnt_m365matchtags": ("export, wine", MISSING),
    "hnt_source": (OPTION_BASE, OPTION_BASE + 3),
    "hnt_ispartnercenterreferral": (True, False),
    "hnt_referralid": ("r-1", None),
    "hnt_referraltype": (OPTION_BASE, None),
    "hnt_isreenriched": (True, False),
    "hnt_hunterautoscoreversion": ("v1", MISSING),
    "hnt_intelligencejson": (
        json.dumps({"rules_version": "v1", "score": 64, "segment": "Existing", "rows": ROWS}, separators=(",", ":")),
        MISSING,
    ),
    "hnt_tenantid": (MISSING, MISSING),
    "hnt_d365leadid": ("0aa0", MISSING),
    "hnt_lastsynctime": ("2026-03-01T09:00:05Z", MISSING),
    "hnt_syncattemptcount": (2, 0),
    "hnt_processingstatus": (OPTION_BASE + 2, OPTION_BASE + 2),
    "hnt_syncerrormessage": (None, None),
    "hnt_pushstatus": (OPTION_BASE, OPTION_BASE),
    "subject": ("Kavaklıdere Şarapları A.Ş. (kavaklıdere.example)", "contoso.example (contoso.example)"),
    "companyname": ("Kavaklıdere Şarapları A.Ş.", "contoso.example"),
    "lastname": ("Kavaklıdere Şarapları A.Ş.", "contoso.example"),
    "websiteurl": ("https://xn--kavakldere-1zb.example", "https://contoso.example"),
    "emailaddress1": ("info@kavaklidere.example", MISSING),
    "address1_city": ("Ankara", MISSING),
    "address1_country": ("Türkiye", MISSING),
    "description": (
        "Mail: Microsoft 365 | Gateway: Proofpoint | SPF present | DKIM unknown | DMARC p=reject",
        MISSING,
    ),
    "leadqualitycode": (2, MISSING),
    "leadsourcecode": (4, 10),
}


@pytest.mark.parametrize("name", BY_NAME)
def test_the_value_of_a_column(name: str) -> None:
    full, empty = TABLE[name]
    assert (values(FULL).get(name, MISSING), values(EMPTY).get(name, MISSING)) == (full, empty)


@pytest.mark.parametrize(
    ("name", "facts", "value"),
    [
        ("hnt_leadsegment", {"segment": "Skip"}, OPTION_BASE + 3),
        ("hnt_source", {"source": "manual"}, OPTION_BASE + 1),
        ("hnt_source", {"source": "import"}, OPTION_BASE + 2),
        ("hnt_source", {"source": "api"}, OPTION_BASE + 3),
        ("hnt_huntertenantsize", {"tenant_size": "small"}, OPTION_BASE),
        ("hnt_finalscore", {"score": 0}, 0),
        ("hnt_m365fitscore", {"provider": "Google", "score": 50}, None),  # another provider: emptied
        ("hnt_m365matchtags", {"provider": "Google", "tags": ["x"]}, None),
        ("hnt_m365matchtags", {"provider": "M365"}, None),
        (
            "hnt_infrasummary",
            {"provider": "Google", "has_spf": False, "dmarc_policy": "absent"},
            "Mail: Google | SPF absent | DKIM unknown | DMARC absent",
        ),
        ("hnt_infrasummary", {"provider": "Google"}, "Mail: Google | SPF unknown | DKIM unknown | DMARC unknown"),
        ("hnt_referraltype", {"referral_category": "marketplace"}, OPTION_BASE + 2),
        ("leadqualitycode", {"priority_score": 2}, 1),
        ("leadqualitycode", {"priority_score": 4}, 2),
        ("leadqualitycode", {"priority_score": 5}, 3),
        ("subject", {"shown_domain": "çiçek.example"}, "çiçek.example (çiçek.example)"),
    ],
)
def test_the_value_for_other_facts(name: str, facts: dict[str, Any], value: Any) -> None:
    assert values(replace(EMPTY, **facts)).get(name, MISSING) == value


def test_every_column_is_in_the_table() -> None:
    assert set(TABLE) == set(BY_NAME)
    assert "hnt_segment" not in BY_NAME  # an older column of another meaning


def test_what_is_not_known_never_empties_a_column() -> None:
    """None empties a column; facts of a scan that nobody knows are left out instead."""
    scanned = ("finalscore", "priorityscore", "leadsegment", "provider", "huntertenantsize", "infrasummary",
               "confidence", "m365fitscore", "m365matchtags", "hunterautoscoreversion", "intelligencejson",
               "tenantid")  # fmt: skip
    assert not {f"hnt_{name}" for name in scanned} & set(values(EMPTY))
    assert all(BY_NAME[f"hnt_{name}"].value(EMPTY) is UNKNOWN for name in scanned)


def test_columns_go_where_their_time_says() -> None:
    plan = wanted(FULL, shape())
    by_time = {
        When.ALWAYS: set(plan.always),
        When.CREATION: set(plan.creation),
        When.NOTE: set(plan.about),
    }
    for column in COLUMNS:
        if column.value(FULL) is not UNKNOWN:
            assert column.name in by_time[column.when]
    assert all(name.startswith("hnt_") for name in (*plan.always, *plan.about))
    assert not any(name.startswith("hnt_") for name in plan.creation)


def test_the_mapping_asks_nobody_and_changes_nothing() -> None:
    first, second = wanted(FULL, shape()), wanted(FULL, shape())
    assert (first, first.hash) == (second, second.hash)
    assert first.notes == []


# What the environment is like


@pytest.mark.parametrize(
    ("name", "found", "value", "note"),
    [
        ("hnt_finalscore", None, MISSING, Note("hnt_finalscore", "missing")),
        ("hnt_finalscore", ColumnShape("String", 100), MISSING, Note("hnt_finalscore", "other_type", "String")),
        ("hnt_finalscore", ColumnShape("Decimal"), 64, None),
        ("hnt_provider", ColumnShape("Memo", 2000), "M365", None),
        ("hnt_leadsegment", ColumnShape("String", 100), MISSING, Note("hnt_leadsegment", "other_type", "String")),
        (
            "hnt_leadsegment",
            ColumnShape("Picklist", None, {"migration": 1}),
            MISSING,
            Note("hnt_leadsegment", "no_option", "Existing"),
        ),
        ("hnt_prioritylabel", ColumnShape("String", 10), "Call this…", Note("hnt_prioritylabel", "cut", "10")),
        ("hnt_referralid", ColumnShape("String", 2), MISSING, Note("hnt_referralid", "too_long", "2")),
        ("hnt_intelligencejson", ColumnShape("Memo", 50), MISSING, Note("hnt_intelligencejson", "too_long", "50")),
        ("leadqualitycode", ColumnShape("Picklist", None, {"hot": 1, "warm": 2}), 2, None),
        (
            "leadqualitycode",
            ColumnShape("Picklist", None, {"heiss": 1, "kalt": 3}),
            MISSING,
            Note("leadqualitycode", "no_option", "2"),
        ),
        ("leadqualitycode", None, MISSING, Note("leadqualitycode", "missing")),
    ],
)
def test_a_column_that_is_not_as_it_should_be(name: str, found: ColumnShape | None, value: Any, note: Any) -> None:
    plan = wanted(FULL, shape(**{name: found}))
    there = {**plan.always, **plan.creation, **plan.about}
    assert there.get(name, MISSING) == value
    assert plan.notes == ([note] if note else [])


def test_numbers_of_choices_come_from_the_environment() -> None:
    turkish = ColumnShape("Picklist", None, {"migration": 7, "existing": 5, "cold": 3, "skip": 9, "geçiş": 7})
    assert values(FULL, shape(hnt_leadsegment=turkish))["hnt_leadsegment"] == 5


@pytest.mark.parametrize("label", ["Co-sell opportunity", "CO-SELL  OPPORTUNITY", " co-sell\topportunity "])
def test_labels_are_compared_without_case_and_spaces(label: str) -> None:
    found = ColumnShape("Picklist", None, {option_key(label): 42})
    assert values(FULL, shape(hnt_referraltype=found))["hnt_referraltype"] == 42


def test_a_missing_column_is_no_news_when_there_is_nothing_to_say() -> None:
    assert wanted(EMPTY, shape(hnt_finalscore=None)).notes == []


# Texts


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("word and word", 6, "word…"),  # no space before the ellipsis
        ("İğüşöç ığ", 7, "İğüşöç…"),
        ("abcd🚀", 6, "abcd🚀"),  # an emoji counts as two
        ("abcd🚀e", 6, "abcd…"),  # half of one is never kept
        ("🚀🚀🚀", 5, "🚀🚀…"),
        ("🚀🚀🚀", 4, "🚀…"),
        ("a\x00b\x0bc\ud800d\ufffe", 100, "abcd"),
        ("two\nlines\tand a tab", 100, "two\nlines\tand a tab"),
        ("  spaces  ", 100, "spaces"),
        ("\x00\x01", 100, None),
    ],
)
def test_a_text_as_it_fits(text: str, length: int, expected: str | None) -> None:
    plan = wanted(replace(EMPTY, priority_label=text), shape(hnt_prioritylabel=ColumnShape("String", length)))
    value = plan.always["hnt_prioritylabel"]
    assert value == expected
    assert value is None or units(value) <= length
    assert [note.kind for note in plan.notes] == (["cut"] if expected and expected.endswith("…") else [])


@pytest.mark.parametrize("length", range(2, 12))
def test_a_cut_text_never_exceeds_its_length(length: int) -> None:
    shown = cut("Şırnak 🚀🚀 Çiğdem", length)
    assert units(shown) <= length
    assert shown.endswith("…")
    shown.encode()  # no half of a pair is left


def test_a_longer_column_takes_no_more_than_hunter_promises() -> None:
    long = replace(EMPTY, company_name="x" * 90)
    assert len(values(long, shape(lastname=ColumnShape("String", 4000)))["lastname"]) == 50


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (NOON_IN_ISTANBUL, "2026-03-01T09:00:05Z"),
        (datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "2026-12-31T23:59:59Z"),
        (None, UNKNOWN),
    ],
)
def test_times_travel_in_utc(at: datetime | None, expected: Any) -> None:
    assert utc(at) == expected


def test_what_travels_is_json() -> None:
    json.dumps(values(FULL), allow_nan=False)


# What Dynamics acknowledged


def test_long_texts_are_remembered_by_their_digest() -> None:
    long = "x" * 121
    kept = remembered({"a": "x" * 120, "b": long, "c": 7, "d": None})
    assert (kept["a"], kept["c"], kept["d"]) == ("x" * 120, 7, None)
    assert is_digest(kept["b"])
    assert not is_digest(kept["a"])


def test_only_what_differs_travels() -> None:
    columns = {"a": 1, "b": "x" * 500, "c": None, "d": False}
    acked = remembered(columns)
    assert changed(columns, acked) == {}
    assert changed({**columns, "b": "y" * 500}, acked) == {"b": "y" * 500}
    assert changed({**columns, "d": True, "e": None}, acked) == {"d": True, "e": None}  # e was never acknowledged
    assert changed(columns, {}) == columns


def test_the_hash_changes_with_hunters_columns_alone() -> None:
    before = wanted(FULL, shape())
    assert before.hash == digest(remembered(before.always))
    assert wanted(replace(FULL, attempts=9, pushed_at=None), shape()).hash == before.hash  # about the push
    assert wanted(replace(FULL, city="Bursa"), shape()).hash == before.hash  # the sellers' columns
    assert wanted(replace(FULL, score=65), shape()).hash != before.hash
    reordered = Wanted(dict(reversed(before.always.items())), {}, {}, [])
    assert reordered.hash == before.hash


def test_a_shape_survives_being_stored() -> None:
    found = shape(hnt_finalscore=None)
    assert Shape.from_json(json.loads(json.dumps(found.as_json()))) == found


def test_the_table_of_columns_makes_sense() -> None:
    assert BY_NAME[KEY_COLUMN].length <= 450  # 900 octets of an alternate key (fact sheet, section 3)
    for column in OURS:
        assert column.name == column.name.lower()
        assert bool(column.length) == (column.kind in (Kind.TEXT, Kind.MEMO))
        assert bool(column.options) == (column.kind == Kind.CHOICE)
        assert len({option_key(label) for _code, label in column.options}) == len(column.options)
