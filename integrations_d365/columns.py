"""Which column of a Dynamics lead carries which fact of Hunter: the one table behind pushes, set-up and check.

Pure: facts in, values out. Names and types: DESIGN.md section 7; standard columns: fact sheet, section 7. `hnt_`
columns belong to Hunter and are written always; standard columns belong to the sellers and are written at creation
only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

KEY_COLUMN: Final = "hnt_domain"
EXTERNAL_ID: Final = "hnt_externalid"
KEY_NAME: Final = "hnt_LeadDomainKey"
OPTION_BASE: Final = 816_940_000  # publisher prefix 81694 x 10,000


class Kind(StrEnum):
    """The AttributeType that Dynamics gives a column."""

    TEXT = "String"
    MEMO = "Memo"
    INTEGER = "Integer"
    DECIMAL = "Decimal"
    CHOICE = "Picklist"
    BOOLEAN = "Boolean"
    DATETIME = "DateTime"


class When(StrEnum):
    ALWAYS = "always"
    CREATION = "creation"
    NOTE = "note"  # about the push itself: sent along with other columns, never a reason to send


class Unknown:
    """Not known: the column is left as it is. None would empty it."""


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFacts:
    """What Hunter knows about a lead, as plain values; "" and None = not known, or none; so is None for a record
    that nobody could tell about. `pushed_at` carries a timezone; `rows` are [part, key, points] and add up to the
    score."""

    domain: str
    external_id: str
    company_name: str = ""
    shown_domain: str = ""
    emails: Sequence[str] = ()
    city: str = ""
    country: str = ""
    source: str = ""
    tags: Sequence[str] = ()
    provider: str = ""
    mail_service: str = ""
    gateway: str = ""
    segment: str = ""
    score: int | None = None
    confidence: int | None = None
    priority_category: str = ""
    priority_label: str = ""
    priority_score: int | None = None
    technical_heat: str = ""
    commercial_segment: str = ""
    commercial_heat: str = ""
    tenant_size: str = ""
    has_spf: bool | None = None
    has_dkim: bool | None = None
    dmarc_policy: str = ""
    rules_version: str = ""
    rows: Sequence[Sequence[Any]] = ()
    was_rescanned: bool = False
    referral_id: str = ""
    referral_category: str = ""
    has_referrals: bool = False
    tenant_id: str = ""
    remote_id: str = ""
    attempts: int = 0
    pushed_at: datetime | None = None


Value = Callable[[LeadFacts], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`label` names it in Dynamics. `length` of texts; `low` to `high` of numbers; `options` of choices are (code of
    Hunter, label in Dynamics), numbered from OPTION_BASE when they are created. `whole` = never cut: a part of it means
    something else."""

    name: str
    kind: Kind
    label: str
    value: Value
    when: When = When.ALWAYS
    length: int = 0
    low: float = 0
    high: float = 0
    precision: int = 0
    options: tuple[tuple[str, str], ...] = ()
    whole: bool = False

    @property
    def is_ours(self) -> bool:
        return self.name.startswith("hnt_")


def utc(at: datetime | None) -> Any:
    """As Dynamics takes it (fact sheet, section 3); UNKNOWN without a time."""
    return UNKNOWN if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _known(value: Any) -> Any:
    return UNKNOWN if value in ("", None) else value


def _presence(name: str, present: bool | None) -> str:
    return f"{name} {'unknown' if present is None else 'present' if present else 'absent'}"


def _infrastructure(facts: LeadFacts) -> Any:
    """One line of technical terms that read alike in every language; what is not known says so."""
    if not facts.provider:
        return UNKNOWN
    policy = {"": "unknown", "absent": "absent"}.get(facts.dmarc_policy, f"p={facts.dmarc_policy}")
    parts = [
        f"Mail: {facts.mail_service or facts.provider}",
        f"Gateway: {facts.gateway}" if facts.gateway else "",
        _presence("SPF", facts.has_spf),
        _presence("DKIM", facts.has_dkim),
        f"DMARC {policy}",
    ]
    return " | ".join(part for part in parts if part)


def _intelligence(facts: LeadFacts) -> Any:
    if facts.score is None:
        return UNKNOWN
    rows = [{"part": part, "key": key, "points": points} for part, key, points in facts.rows]
    content = {"rules_version": facts.rules_version, "score": facts.score, "segment": facts.segment, "rows": rows}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _name(facts: LeadFacts) -> str:
    return facts.company_name or facts.shown_domain or facts.domain


def _quality(facts: LeadFacts) -> Any:
    """leadqualitycode: 1 hot, 2 warm, 3 cold."""
    if facts.priority_score is None:
        return UNKNOWN
    return 1 if facts.priority_score <= 2 else 2 if facts.priority_score <= 4 else 3


SOURCES: Final = (
    ("partner_center", "Partner Center"), ("manual", "Manual"), ("import", "Import"), ("other", "Other"),
)  # fmt: skip
SIZES: Final = (("small", "Small"), ("medium", "Medium"), ("large", "Large"))
SEGMENTS: Final = (("Migration", "Migration"), ("Existing", "Existing"), ("Cold", "Cold"), ("Skip", "Skip"))
REFERRAL_TYPES: Final = (
    ("co_sell", "Co-sell opportunity"), ("qualified", "Qualified lead"), ("marketplace", "Marketplace lead"),
    ("unclassified", "Unclassified"),
)  # fmt: skip
PROCESSING: Final = (("idle", "Idle"), ("working", "Working"), ("completed", "Completed"), ("error", "Error"))
PUSH_STATUS: Final = (("synced", "Synced"), ("not_synced", "Not Synced"), ("error", "Error"))


def _text(name: str, label: str, value: Value, *, length: int = 100, when: When = When.ALWAYS, **more: Any) -> Column:
    return Column(name=name, kind=Kind.TEXT, label=label, value=value, length=length, when=when, **more)


def _memo(name: str, label: str, value: Value, *, length: int = 4000, when: When = When.ALWAYS, **more: Any) -> Column:
    return Column(name=name, kind=Kind.MEMO, label=label, value=value, length=length, when=when, **more)


def _integer(name: str, label: str, value: Value, high: int, when: When = When.ALWAYS) -> Column:
    return Column(name=name, kind=Kind.INTEGER, label=label, value=value, high=high, when=when)


def _choice(name: str, label: str, value: Value, options: Any, when: When = When.ALWAYS) -> Column:
    return Column(name=name, kind=Kind.CHOICE, label=label, value=value, options=options, when=when)


def _if_m365(value: Value) -> Value:
    """Unknown provider: unknown; another provider: empty."""
    return lambda facts: value(facts) if facts.provider == "M365" else None if facts.provider else UNKNOWN


COLUMNS: Final[tuple[Column, ...]] = (
    _text(KEY_COLUMN, "Domain", lambda facts: facts.domain, length=253, whole=True),
    _text(EXTERNAL_ID, "Hunter Id", lambda facts: facts.external_id, whole=True),
    _integer("hnt_finalscore", "Final Score", lambda facts: _known(facts.score), 100),
    _integer("hnt_priorityscore", "Priority Score", lambda facts: _known(facts.priority_score), 100),
    _text("hnt_prioritycategory", "Priority Category", lambda facts: facts.priority_category or None),
    _text("hnt_prioritylabel", "Priority Label", lambda facts: facts.priority_label or None),
    _choice("hnt_leadsegment", "Lead Segment", lambda facts: _known(facts.segment), SEGMENTS),
    _text("hnt_provider", "Provider", lambda facts: _known(facts.provider)),
    _choice("hnt_huntertenantsize", "Tenant Size", lambda facts: _known(facts.tenant_size), SIZES),
    _memo("hnt_infrasummary", "Infrastructure Summary", _infrastructure),
    Column(
        name="hnt_confidence", kind=Kind.DECIMAL, label="Confidence", high=100, precision=2,
        value=lambda facts: _known(facts.confidence),
    ),
    _text("hnt_technicalheat", "Technical Heat", lambda facts: facts.technical_heat or None),
    _text("hnt_commercialsegment", "Commercial Segment", lambda facts: facts.commercial_segment or None),
    _text("hnt_commercialheat", "Commercial Heat", lambda facts: facts.commercial_heat or None),
    _integer("hnt_m365fitscore", "M365 Fit Score", _if_m365(lambda facts: _known(facts.score)), 100),
    _memo("hnt_m365matchtags", "M365 Match Tags", _if_m365(lambda facts: ", ".join(sorted(facts.tags)) or None)),
    _choice(
        "hnt_source", "Source",
        lambda facts: facts.source if facts.source in ("partner_center", "manual", "import") else "other", SOURCES,
    ),
    Column(
        name="hnt_ispartnercenterreferral", kind=Kind.BOOLEAN, label="Is Partner Center Referral",
        value=lambda facts: facts.has_referrals,
    ),
    _text("hnt_referralid", "Referral Id", lambda facts: facts.referral_id or None, whole=True),
    _choice("hnt_referraltype", "Referral Type", lambda facts: facts.referral_category or None, REFERRAL_TYPES),
    Column(
        name="hnt_isreenriched", kind=Kind.BOOLEAN, label="Is Re-enriched", value=lambda facts: facts.was_rescanned
    ),
    _text("hnt_hunterautoscoreversion", "Rules Version", lambda facts: _known(facts.rules_version)),
    _memo("hnt_intelligencejson", "Intelligence JSON", _intelligence, length=100_000, whole=True),
    _text("hnt_tenantid", "Tenant Id", lambda facts: _known(facts.tenant_id), whole=True),
    _text("hnt_d365leadid", "Dynamics Lead Id", lambda facts: _known(facts.remote_id), when=When.NOTE, whole=True),
    Column(
        name="hnt_lastsynctime", kind=Kind.DATETIME, label="Last Sync Time", when=When.NOTE,
        value=lambda facts: utc(facts.pushed_at),
    ),
    _integer("hnt_syncattemptcount", "Sync Attempt Count", lambda facts: facts.attempts, 100_000, When.NOTE),
    _choice("hnt_processingstatus", "Processing Status", lambda _facts: "completed", PROCESSING, When.NOTE),
    _memo("hnt_syncerrormessage", "Sync Error Message", lambda _facts: None, when=When.NOTE),
    _choice("hnt_pushstatus", "Push Status", lambda _facts: "synced", PUSH_STATUS, When.NOTE),
    _text("subject", "Topic", lambda facts: f"{_name(facts)} ({facts.shown_domain or facts.domain})", length=300,
          when=When.CREATION),
    _text("companyname", "Company Name", _name, length=100, when=When.CREATION),
    # Forms demand it; a lead without it could not be saved by a seller (fact sheet, section 7).
    _text("lastname", "Last Name", _name, length=50, when=When.CREATION),
    _text("websiteurl", "Website", lambda facts: f"https://{facts.domain}", length=200, when=When.CREATION, whole=True),
    _text("emailaddress1", "Email", lambda facts: _known(next(iter(facts.emails), "")), when=When.CREATION, whole=True),
    _text("address1_city", "City", lambda facts: _known(facts.city), length=80, when=When.CREATION),
    _text("address1_country", "Country", lambda facts: _known(facts.country), length=80, when=When.CREATION),
    _memo("description", "Description", _infrastructure, length=2000, when=When.CREATION),
    _integer("leadqualitycode", "Rating", _quality, 3, When.CREATION),
    _integer("leadsourcecode", "Lead Source", lambda facts: 4 if facts.has_referrals else 10, 10, When.CREATION),
)  # fmt: skip
BY_NAME: Final = {column.name: column for column in COLUMNS}
OURS: Final = tuple(column for column in COLUMNS if column.is_ours)
# Changes with the table, so that a new release looks at the environment anew.
VERSION: Final = sha256(
    repr([(c.name, c.kind, c.when, c.length, c.low, c.high, c.options) for c in COLUMNS]).encode()
).hexdigest()
