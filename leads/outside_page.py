"""What the lead page says about facts from outside DNS: each with its source and time, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads import outside
from leads.models import Lead, OutsideFact
from signals.mail.extra_posture import Mark, Sign, signed_delegation

Kind = OutsideFact.Kind
State = OutsideFact.State

# The setting that turns a kind on; "" = it is always on.
FLAGS: Final = {
    Kind.REGISTRATION: "HUNTER_RDAP_ENABLED",
    Kind.HOSTING: "HUNTER_ENRICHMENT_ENABLED",
    Kind.TENANT: "HUNTER_TENANT_LOOKUP_ENABLED",
    Kind.POSTURE: "",
}
# Why the last look brought nothing (signals.outcomes.Reason, signals.hosting.NoHosting, and words of leads.outside).
REASONS: Final[dict[str, Any]] = {
    "invalid_name": _("The registry cannot be asked for this name."),
    "no_server": _("No registry is known that answers for this ending."),
    "rate_limited": _("The source asked for a pause."),
    "refused": _("The source refused to answer."),
    "timeout": _("The source did not answer in time."),
    "network": _("The source could not be reached."),
    "server": _("The source has trouble at the moment."),
    "malformed": _("The source sent something that cannot be read."),
    "mismatch": _("The source answered about another name."),
    "not_configured": _("No file with networks is set up (MAXMIND_ASN_DB, MAXMIND_CITY_DB)."),
    "missing": _("The file with networks is not there. Check MAXMIND_ASN_DB and MAXMIND_CITY_DB."),
    "corrupt": _("The file with networks is broken. Fetch it again."),
    "no_address": _("No web address of this domain is known."),
    "not_listed": _("The address is in no file."),
}
# Why a value was left out although the source said something (signals.outcomes.Doubt.reason).
DOUBTS: Final[dict[str, Any]] = {
    "unreadable": _("cannot be read"),
    "several": _("several that contradict each other"),
    "too_early": _("earlier than can be"),
    "too_late": _("later than can be"),
    "after_expiry": _("after the expiry date"),
    "before_creation": _("before the creation date"),
    "no_single_registrar": _("no single registrar"),
    "no_host_name": _("no host name"),
    "too_many": _("more than are kept"),
}
FIELDS: Final[dict[str, Any]] = {
    "registrar": _("Registrar"),
    "registrar_id": _("Number of the registrar"),
    "created": _("Registered on"),
    "expires": _("Expires on"),
    "changed": _("Last changed"),
    "name_servers": _("Name servers"),
    "statuses": _("State at the registry"),
    "signed": "DNSSEC",
    "tenant_id": _("Tenant"),
    "sign_in": _("Sign-in"),
    "state": _("Answer"),
    "redacted": _("Withheld by the registry"),
    "address": _("Address"),
    "asn": _("Number of the network"),
    "organisation": _("Operator of the network"),
    "country": _("Country"),
    "no_country": _("Why no country"),
    "is_cloud": _("A cloud"),
    "database": _("File"),
    "database_date": _("Date of the file"),
    "federation_host": _("Sign-in system"),
    "is_godaddy": "GoDaddy",
    "brand": _("Name of the tenant"),
    "region": _("Region of the tenant"),
    "mta_sts": "MTA-STS",
    "tls_rpt": "TLS-RPT",
    "bimi": "BIMI",
    "dnssec": "DNSSEC",
}
SIGN_INS: Final[dict[str, Any]] = {
    "managed": _("by Microsoft Entra itself"),
    "federated": _("by another system (federated)"),
}
MARKS: Final = (
    ("mta_sts", "MTA-STS"), ("tls_rpt", "TLS-RPT"), ("bimi", "BIMI"), ("dnssec", "DNSSEC"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFact:
    """One kind. `is_on`: this installation looks it up. `fact` None = nobody looked yet. `why` is the reason of the
    last failure, "" without; `next_look`: when a kind that is not known, or whose last look failed, has its turn."""

    kind: str
    label: str
    flag: str
    is_on: bool
    fact: OutsideFact | None
    why: str
    next_look: datetime | None
    # What the registry says about DNSSEC, for the further mail records.
    signed: bool | None = None

    @property
    def is_known(self) -> bool:
        return self.fact is not None and self.fact.state != State.UNKNOWN

    @property
    def found(self) -> bool:
        return self.fact is not None and self.fact.state == State.FOUND

    @property
    def value(self) -> dict[str, Any]:
        return self.fact.value if self.fact is not None else {}

    @property
    def doubts(self) -> list[tuple[Any, Any, str]]:
        """(field, what is odd, the words of the source)."""
        rows = self.fact.doubts if self.fact is not None else []
        return [(FIELDS.get(name, name), DOUBTS.get(reason, reason), text) for name, reason, text in rows]

    @property
    def evidence(self) -> list[tuple[Any, str]]:
        """(field, the words of the source)."""
        rows = self.fact.evidence if self.fact is not None else {}
        return [(FIELDS.get(name, name), text) for name, text in rows.items() if text]

    def day(self, name: str) -> date | None:
        text = self.value.get(name)
        return date.fromisoformat(text) if text else None

    @property
    def created_on(self) -> date | None:
        return self.day("created_on")

    @property
    def expires_on(self) -> date | None:
        return self.day("expires_on")

    @property
    def database_date(self) -> date | None:
        return self.day("database_date")

    @property
    def is_old(self) -> bool:
        return self.fact is not None and outside.is_old(self.fact, timezone.localdate())

    @property
    def kept(self) -> list[tuple[Any, datetime]]:
        """(field, when it was learned) of what the last look did not learn."""
        names = FIELDS | dict(MARKS)
        rows = self.value.get("as_of", {}).items()
        found = [(names.get(outside.said_as(name)), datetime.fromisoformat(at)) for name, at in rows if at]
        return [(name, at) for name, at in found if name]

    @property
    def days_left(self) -> int | None:
        return (self.expires_on - timezone.localdate()).days if self.expires_on else None

    @property
    def sign_in(self) -> Any:
        return SIGN_INS.get(self.value.get("sign_in") or "", "")

    @property
    def marks(self) -> list[tuple[str, str]]:
        """(name, present, invalid, absent or unknown)."""
        return [(label, self._mark(name)) for name, label in MARKS]

    def _mark(self, name: str) -> str:
        state = Mark(self.value.get(name, {}).get("state", Mark.UNKNOWN))
        if name != "dnssec":
            return state
        return signed_delegation(Sign(state=state, name="", type="DS"), self.signed).state


def shown_facts(lead: Lead) -> list[ShownFact]:
    """Every kind, in the order of the page; one query."""
    known, on, now = outside.facts_of(lead), outside.enabled_kinds(), timezone.now()
    registration = known.get(Kind.REGISTRATION)
    found = []
    for kind in Kind:
        fact = known.get(kind)
        failed = fact is not None and fact.failed_at is not None
        waits = fact is not None and (failed or fact.state == State.UNKNOWN)
        found.append(
            ShownFact(
                kind=kind,
                label=str(kind.label),
                flag=FLAGS[kind],
                is_on=kind in on,
                fact=fact,
                why=str(REASONS.get(fact.reason, fact.reason)) if fact is not None and failed else "",
                signed=registration.value.get("signed") if registration else None,
                next_look=fact.due_at if fact is not None and waits and fact.due_at > now else None,
            )
        )
    return found


def is_moving(facts: list[ShownFact]) -> bool:
    """Whether a look is due now or under way: the page then asks for the result."""
    now = timezone.now()
    return any(
        one.is_on and (one.fact is None or one.fact.due_at <= now or outside.is_being_asked(one.fact, now))
        for one in facts
    )
