"""The lead table of an environment: its columns, what they take, and its alternate keys.

Lengths, ranges and choices: the fact sheet on the Dataverse Web API, section 7, and Hunter's list of `hnt_` columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Final, Literal
from uuid import NAMESPACE_URL, uuid5

from sandbox.dynamics import errors

Environment = Literal["complete", "empty", "conflict"]
FIRST_CHOICE: Final = 816_940_000  # publisher option prefix 81694 x 10000
DOMAIN: Final = "hnt_domain"
KEY: Final = "hnt_leaddomainkey"
KEY_STATES: Final = {
    "pending": "Pending",
    "inprogress": "InProgress",
    "active": "Active",
    "failed": "Failed",
}
EDM: Final[Mapping[str, str]] = {
    "String": "String",
    "Memo": "String",
    "Integer": "Int32",
    "BigInt": "Int64",
    "Decimal": "Decimal",
    "Double": "Double",
    "Money": "Decimal",
    "DateTime": "DateTimeOffset",
    "Boolean": "Boolean",
    "Picklist": "Int32",
    "State": "Int32",
    "Status": "Int32",
    "Uniqueidentifier": "Guid",
    "Lookup": "Guid",
    "Owner": "Guid",
}
LOOKUPS: Final[Mapping[str, str]] = {  # navigation property, which is also the column: the entity set it binds
    "ownerid": "systemusers",
    "parentaccountid": "accounts",
    "parentcontactid": "contacts",
    "transactioncurrencyid": "transactioncurrencies",
    "campaignid": "campaigns",
}
SEGMENT_CHOICES = ("Migration", "Existing", "Cold", "Skip")


@dataclass(frozen=True, slots=True)
class Column:
    """`kind` is the AttributeType. `length` in characters; `low` and `high` are included; `choices`: value → label."""

    name: str
    kind: str
    length: int = 0
    low: float = 0
    high: float = 0
    precision: int = 0
    choices: Mapping[int, str] = field(default_factory=dict)
    format: str = ""
    label: str = ""
    required: str = "None"
    for_create: bool = True
    for_update: bool = True

    @property
    def id(self) -> str:
        """MetadataId"""
        return str(uuid5(NAMESPACE_URL, f"sandbox-lead-column-{self.name}"))

    @property
    def is_lookup(self) -> bool:
        return self.kind in ("Lookup", "Owner")

    @property
    def property(self) -> str:
        """The name under which a query reads it."""
        return f"_{self.name}_value" if self.is_lookup else self.name

    def take(self, value: Any) -> Any:
        """`value` of a body as it is stored; raises Refused for a wrong type, length, range or choice."""
        if value is None:
            return None
        return _TAKE[self.kind](self, value)


def _take_text(column: Column, value: Any) -> str | None:
    if not isinstance(value, str):
        raise errors.wrong_type(value, "String")
    if _utf16(value) > column.length:
        raise errors.Refused(
            400,
            "0x80044331",
            f"A validation error occurred.  The length of the '{column.name}' attribute of the 'lead' entity exceeded "
            f"the maximum allowed length of '{column.length}'.",
        )
    return value or None  # an empty text is stored as null


def _utf16(text: str) -> int:
    """Length as the platform counts it: a character outside the basic plane counts twice."""
    return len(text) if text.isascii() else len(text) + sum(letter > "\uffff" for letter in text)


def _take_whole(column: Column, value: Any) -> int:
    if type(value) is not int:
        raise errors.wrong_type(value, EDM[column.kind])
    if not column.low <= value <= column.high:
        raise errors.Refused(
            400, "0x80044330", "An integer value provided is outside of the allowed values for this attribute."
        )
    return value


def _take_number(column: Column, value: Any) -> float:
    if type(value) not in (int, float):
        raise errors.wrong_type(value, EDM[column.kind])
    if not column.low <= value <= column.high:
        raise errors.Refused(
            400, "0x80044330", "A decimal value provided is outside of the allowed values for this attribute."
        )
    return round(float(value), column.precision)


def _take_choice(column: Column, value: Any) -> int:
    if type(value) is not int:
        raise errors.wrong_type(value, "Int32")
    if value not in column.choices:
        raise errors.bad_choice(column.name, value, ",".join(map(str, column.choices)))
    return value


def _take_boolean(column: Column, value: Any) -> bool:
    if type(value) is not bool:
        raise errors.wrong_type(value, "Boolean")
    return value


def _take_moment(column: Column, value: Any) -> str:
    """A DateOnly column keeps the date, any other whole seconds in UTC."""
    edm = "Date" if column.format == "DateOnly" else "DateTimeOffset"
    try:
        if column.format == "DateOnly":
            return date.fromisoformat(value).isoformat()
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise errors.wrong_type(value, edm) from error
    if moment.tzinfo is None:
        raise errors.wrong_type(value, edm)
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _take_as_is(column: Column, value: Any) -> Any:
    return value


_TAKE: Final[Mapping[str, Callable[[Column, Any], Any]]] = {
    "String": _take_text,
    "Memo": _take_text,
    "Integer": _take_whole,
    "BigInt": _take_as_is,
    "Decimal": _take_number,
    "Double": _take_number,
    "Money": _take_number,
    "DateTime": _take_moment,
    "Boolean": _take_boolean,
    "Picklist": _take_choice,
    "State": _take_choice,
    "Status": _take_choice,
    "Uniqueidentifier": _take_as_is,
    "Lookup": _take_as_is,
    "Owner": _take_as_is,
}


@dataclass(slots=True)
class Key:
    """An alternate key. `polls`: reads that still find it undecided; None = it stays as it is."""

    schema_name: str
    attributes: tuple[str, ...]
    state: str  # a value of KEY_STATES
    label: str = ""
    polls: int | None = None

    @property
    def name(self) -> str:
        return self.schema_name.lower()

    @property
    def id(self) -> str:
        """MetadataId"""
        return str(uuid5(NAMESPACE_URL, f"sandbox-lead-key-{self.name}"))

    @property
    def is_active(self) -> bool:
        return self.state == "Active"


class Table:
    """The columns and keys of `lead`; columns keep their order."""

    def __init__(self) -> None:
        self.columns: dict[str, Column] = {}
        self.keys: dict[str, Key] = {}
        self.reset("complete")

    def reset(self, kind: Environment) -> None:
        """The columns and the key of one of the environments."""
        if kind not in ("complete", "empty", "conflict"):
            raise ValueError(f"The environment {kind!r} is unknown; one of complete, empty, conflict")
        columns = standard_columns()
        if kind != "empty":
            columns += hunter_columns()
        self.columns = {column.name: column for column in columns}
        self.keys = {} if kind == "empty" else {KEY: Key("hnt_LeadDomainKey", (DOMAIN,), "Active", "Domain")}
        if kind == "conflict":
            self.columns["hnt_finalscore"] = Column("hnt_finalscore", "String", length=100, label="Final Score")
            self.change("hnt_leadsegment", choices=_choices(*SEGMENT_CHOICES[:-1]))
            self.change("hnt_infrasummary", length=100)

    def column(self, name: str) -> Column:
        """Raises LookupError for a column that is not there."""
        if name not in self.columns:
            raise LookupError(f"The lead table has no column {name!r}")
        return self.columns[name]

    def change(self, name: str, **changes: Any) -> None:
        self.columns[name] = replace(self.column(name), **changes)

    def remove(self, name: str) -> None:
        """Takes a column away, and every key over it."""
        self.column(name)
        del self.columns[name]
        self.keys = {key.name: key for key in self.keys.values() if name not in key.attributes}

    def key_over(self, names: frozenset[str]) -> Key:
        """The active key over exactly these columns; raises Refused when there is none."""
        for key in self.keys.values():
            if frozenset(key.attributes) == names and key.is_active:
                return key
        raise errors.invalid_key()


def _choices(*labels: str, first: int = FIRST_CHOICE) -> dict[int, str]:
    return dict(enumerate(labels, start=first))


def _text(name: str, length: int, required: str = "None", format: str = "Text") -> Column:
    return Column(name, "String", length=length, required=required, format=format)


def _number(name: str, kind: str, low: float, high: float, precision: int = 0) -> Column:
    return Column(name, kind, low=low, high=high, precision=precision)


def _set_by_server(name: str, kind: str, **more: Any) -> Column:
    return Column(name, kind, for_create=False, for_update=False, **more)


def standard_columns() -> list[Column]:
    """What every environment with Sales has, as far as section 7 of the fact sheet lists it."""
    sources = "Advertisement,Employee Referral,External Referral,Partner,Public Relations,Seminar,Trade Show,Web,"
    reasons = ("New", "Contacted", "Qualified", "Lost", "Cannot Contact", "No Longer Interested", "Canceled")
    return [
        Column("leadid", "Uniqueidentifier", required="SystemRequired", for_update=False),
        _text("subject", 300, "ApplicationRequired"),
        _text("firstname", 50, "Recommended"),
        _text("lastname", 50, "ApplicationRequired"),
        _text("companyname", 100, "Recommended"),
        _set_by_server("fullname", "String", length=160),
        _text("jobtitle", 100),
        *(_text(f"emailaddress{number}", 100, format="Email") for number in (1, 2, 3)),
        *(_text(f"telephone{number}", 50, format="Phone") for number in (1, 2, 3)),
        _text("mobilephone", 20, format="Phone"),
        _text("websiteurl", 200, format="Url"),
        Column("description", "Memo", length=2000),
        Column("qualificationcomments", "Memo", length=2000),
        _text("sic", 20),
        _number("numberofemployees", "Integer", 0, 1_000_000),
        _number("revenue", "Money", 0, 1e14, 2),
        _number("estimatedamount", "Money", 0, 1e12, 2),
        _number("budgetamount", "Money", 0, 1e12, 2),
        _number("estimatedvalue", "Double", 0, 1e9, 2),
        Column("leadsourcecode", "Picklist", choices=_choices(*f"{sources}Word of Mouth,Other".split(","), first=1)),
        Column("leadqualitycode", "Picklist", choices=_choices("Hot", "Warm", "Cold", first=1)),
        Column("industrycode", "Picklist", choices={number: f"Industry {number}" for number in range(1, 34)}),
        Column(
            "statecode",
            "State",
            choices=_choices("Open", "Qualified", "Disqualified", first=0),
            required="SystemRequired",
            for_create=False,
        ),
        Column("statuscode", "Status", choices=_choices(*reasons, first=1)),
        *(_text(f"address1_line{number}", 250) for number in (1, 2, 3)),
        _text("address1_name", 100),
        _text("address1_city", 80),
        _text("address1_country", 80),
        _text("address1_county", 50),
        _text("address1_fax", 50),
        _text("address1_postalcode", 20),
        _text("address1_stateorprovince", 50),
        Column("ownerid", "Owner", required="SystemRequired"),
        *(Column(name, "Lookup") for name in LOOKUPS if name != "ownerid"),
        _set_by_server("qualifyingopportunityid", "Lookup"),
        _set_by_server("masterid", "Lookup"),
        _set_by_server("merged", "Boolean"),
        _set_by_server("createdby", "Lookup"),
        _set_by_server("modifiedby", "Lookup"),
        _set_by_server("createdon", "DateTime", format="DateAndTime"),
        _set_by_server("modifiedon", "DateTime", format="DateAndTime"),
        _set_by_server("versionnumber", "BigInt"),
    ]


def hunter_columns() -> list[Column]:
    """The `hnt_` columns of an environment that Hunter writes to; `hnt_segment` is an old one of another meaning."""

    def text(name: str, label: str, length: int = 100) -> Column:
        return Column(name, "String", length=length, format="Text", label=label)

    def memo(name: str, label: str, length: int = 4000) -> Column:
        return Column(name, "Memo", length=length, format="TextArea", label=label)

    def whole(name: str, label: str, high: int = 100) -> Column:
        return Column(name, "Integer", low=0, high=high, format="None", label=label)

    def choice(name: str, label: str, *options: str) -> Column:
        return Column(name, "Picklist", choices=_choices(*options), label=label)

    return [
        text(DOMAIN, "Domain", 253),
        text("hnt_externalid", "Hunter Id"),
        whole("hnt_finalscore", "Final Score"),
        whole("hnt_priorityscore", "Priority Score"),
        text("hnt_provider", "Provider"),
        choice("hnt_huntertenantsize", "Tenant Size", "Small", "Medium", "Large"),
        memo("hnt_infrasummary", "Infrastructure Summary"),
        Column("hnt_confidence", "Decimal", low=0, high=100, precision=2, label="Confidence"),
        text("hnt_referralid", "Referral Id"),
        choice(
            "hnt_referraltype",
            "Referral Type",
            "Co-sell opportunity",
            "Qualified lead",
            "Marketplace lead",
            "Unclassified",
        ),
        text("hnt_tenantid", "Tenant Id"),
        choice("hnt_source", "Source", "Partner Center", "Manual", "Import", "Other"),
        whole("hnt_m365fitscore", "M365 Fit Score"),
        memo("hnt_m365matchtags", "M365 Match Tags"),
        text("hnt_d365leadid", "D365 Lead Id"),
        Column("hnt_lastsynctime", "DateTime", format="DateAndTime", label="Last Sync Time"),
        whole("hnt_syncattemptcount", "Sync Attempt Count", 1_000_000),
        choice("hnt_processingstatus", "Processing Status", "Idle", "Working", "Completed", "Error"),
        memo("hnt_syncerrormessage", "Sync Error Message"),
        choice("hnt_pushstatus", "Push Status", "Synced", "Not Synced", "Error"),
        text("hnt_hunterautoscoreversion", "Score Version"),
        Column("hnt_isreenriched", "Boolean", label="Re-enriched"),
        memo("hnt_intelligencejson", "Intelligence JSON", 100_000),
        choice("hnt_leadsegment", "Lead Segment", *SEGMENT_CHOICES),
        choice("hnt_segment", "Segment", "SMB", "MidMarket", "Enterprise"),
        text("hnt_prioritycategory", "Priority Category"),
        text("hnt_prioritylabel", "Priority Label"),
        text("hnt_technicalheat", "Technical Heat"),
        text("hnt_commercialsegment", "Commercial Segment"),
        text("hnt_commercialheat", "Commercial Heat"),
        Column("hnt_ispartnercenterreferral", "Boolean", label="Partner Center Referral"),
    ]
