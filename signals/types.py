"""What a look at the outside world brings back. Nothing here knows Django or the network.

The data classes have no slots: those would make pickling them, between two processes, three times as slow.
Terms are those of RFC 1035 (query, rcode), RFC 7208 (SPF), RFC 6376 (DKIM), RFC 9989 (DMARC).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple


class Outcome(StrEnum):
    """The three outcomes of every query. A failed query says nothing about the record."""

    FOUND = "found"
    ABSENT = "absent"
    FAILED = "failed"


class Lookup(NamedTuple):
    """One question and what came of it.

    `status` is the exact answer behind `outcome`: ok (found); nodata, nxdomain (absent); servfail,
    refused, timeout, bad (failed; `bad` is a malformed or contradictory answer).
    `values` are in presentation form: MX "10 mail.acme.test" (host in lower case, no trailing dot,
    "0 ." for a null MX), TXT the strings joined with nothing between, A/AAAA the address, CNAME the target.
    `cnames` is the chain of targets followed, in order. `ttl` is in seconds. `server` is "ip:port" of the
    server that gave the answer, "" when none did. `at` is Unix time in seconds.
    """

    name: str
    type: str
    status: str
    values: tuple[str, ...] = ()
    cnames: tuple[str, ...] = ()
    ttl: int | None = None
    server: str = ""
    at: float = 0.0

    @property
    def outcome(self) -> Outcome:
        if self.status == "ok":
            return Outcome.FOUND
        return Outcome.ABSENT if self.status in ("nodata", "nxdomain") else Outcome.FAILED


@dataclass(frozen=True, kw_only=True)
class SpfFacts:
    """`present`, `valid`, `multiple`: None = unknown. `lookups`: terms that cost a look-up in the whole
    tree, None when the tree cannot be followed (RFC 7208 section 4.6.4)."""

    present: bool | None = None
    record: str | None = None
    valid: bool | None = None
    lookups: int | None = None
    multiple: bool | None = None


@dataclass(frozen=True, kw_only=True)
class DkimFacts:
    """`state`: present, absent, unknown. `reason` of an unknown: "unanswered" (a probe failed, may pass)
    or "unlisted_selector" (_domainkey exists, no selector we know answers: lasting). Else None."""

    state: str = "unknown"
    selectors: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class DmarcFacts:
    """`state`: present, absent, unknown. `policy` is the policy a receiver applies (RFC 9989), `pct` the
    RFC 7489 reading, `testing` the t=y flag, `source` the name whose record applies."""

    state: str = "unknown"
    policy: str | None = None
    pct: int | None = None
    record: str | None = None
    valid: bool | None = None
    testing: bool = False
    source: str | None = None


class MailboxEvidence(NamedTuple):
    """One sign of the mailbox provider: `provider` M365 or Google, `kind` as in the hints, `weight` points,
    `name`/`type` the question whose answer shows it."""

    provider: str
    kind: str
    weight: int
    name: str
    type: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything judged from the look-ups of one domain."""

    status: str = "failed"  # complete, partial, failed
    mx_status: str = "unknown"  # ok, nodata, nxdomain, unknown
    mx_hosts: tuple[str, ...] = ()
    null_mx: bool = False
    provider: str = "Unknown"
    provider_reference_rules: str = "Unknown"
    mail_service: str | None = None
    local_provider: str | None = None
    gateway: str | None = None
    behind_gateway_provider: str | None = None
    mailbox_evidence: tuple[MailboxEvidence, ...] = ()
    spf: SpfFacts = field(default_factory=SpfFacts)
    dkim: DkimFacts = field(default_factory=DkimFacts)
    dmarc: DmarcFacts = field(default_factory=DmarcFacts)
    hints: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The JSON shape of the scenario files: status, mx_status, mx_hosts, null_mx, provider,
        provider_reference_rules, mail_service, local_provider, gateway, behind_gateway_provider, spf, dkim,
        dmarc, hints."""
        spf, dkim, dmarc = self.spf, self.dkim, self.dmarc
        policy: dict[str, Any] = {
            "state": dmarc.state,
            "policy": dmarc.policy,
            "pct": dmarc.pct,
            "record": dmarc.record,
            "valid": dmarc.valid,
        }
        if dmarc.source is not None:
            policy["source"] = dmarc.source
        return {
            "status": self.status,
            "mx_status": self.mx_status,
            "mx_hosts": list(self.mx_hosts),
            "null_mx": self.null_mx,
            "provider": self.provider,
            "provider_reference_rules": self.provider_reference_rules,
            "mail_service": self.mail_service,
            "local_provider": self.local_provider,
            "gateway": self.gateway,
            "behind_gateway_provider": self.behind_gateway_provider,
            "spf": {
                "present": spf.present,
                "record": spf.record,
                "valid": spf.valid,
                "lookups": spf.lookups,
                "multiple": spf.multiple,
            },
            "dkim": {"state": dkim.state, "selectors": list(dkim.selectors)},
            "dmarc": policy,
            "hints": list(self.hints),
        }


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One look at one domain: every query that was asked for it, and the facts judged from them."""

    domain: str
    lookups: tuple[Lookup, ...]
    facts: Facts
    duration: float  # seconds
