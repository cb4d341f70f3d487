"""The page for the customer: public records and how to check each, nothing of what Hunter or people made of them.

It is written from the look-ups of one scan and from the registration, never from the lead's row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from leads.brief import STALE_AFTER, Brief, Parts, Writer, day
from leads.brief_sources import Material, Source, Sources, without
from leads.lead_page import Evidence
from leads.models import Lead, OutsideFact, Scan
from leads.verdicts import UNLISTED_SELECTOR

_RECORD_LENGTH: Final = 400
_HOSTS: Final = 5
_NAMES_SHOWN: Final = 3
_NAMES: Final = {"mx": "MX", "spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC"}


def build_public(material: Material) -> Brief:
    """Sections with sentences; the footnotes are commands that anybody can run."""
    if material.scan is None:
        return _unanswered(material)
    facts: dict[str, Any] = material.scan.facts
    writer = Writer(_questions(material, material.scan), _values(material, material.scan))
    if facts["mx_status"] == "nxdomain":
        parts: Parts = [("existence", ("public.nxdomain",))]
    else:
        parts = [
            ("delivery", _delivery(facts)),
            ("protection", _protection(material.lead, material.scan)),
            ("registration", _registration(material)),
        ]
    return Brief(sections=writer.sections(parts), notes=writer.notes(), stale=material.age >= STALE_AFTER)


def _unanswered(material: Material) -> Brief:
    """Before any look brought an answer: what was asked, and what the registry says."""
    last, found = material.last, _registered(material)
    rows = [] if last is None else [Evidence.of(row) for row in last.observations]
    failed = [row for row in rows if row.outcome == "failed" and row.type == "MX"]
    found["unanswered"] = tuple(_command(row.name, row.type) for row in failed)
    values = _registration_values(material) | {"asked_on": day(last.created_at) if last else ""}
    writer = Writer(_only_known(found), values)
    parts: Parts = [
        ("delivery", ("public.asked",)),
        ("registration", (*_registration(material), "public.not_registered")),
    ]
    return Brief(sections=writer.sections(parts), notes=writer.notes())


def _questions(material: Material, scan: Scan) -> Sources:
    """Each public fact with the commands that show it."""
    facts, domain = scan.facts, material.lead.domain
    unknown = facts.get("unknown", [])
    source = (facts["dmarc"].get("source") or domain).removeprefix("_dmarc.")
    names = {
        "mx": [(domain, "MX")] if facts["mx_hosts"] or facts["null_mx"] else [],
        "mx_look": [(domain, "MX")] if "mx" not in unknown else [],
        "spf": [(domain, "TXT")] if facts["spf"]["present"] is not None else [],
        "dkim": [(name, "TXT") for name in _dkim_names(material.lead, scan)],
        "dmarc": [(f"_dmarc.{source}", "TXT")] if facts["dmarc"]["state"] != "unknown" else [],
        "unanswered": [(_asked(name, domain), "MX" if name == "mx" else "TXT") for name in unknown],
    }
    found = {fact: tuple(_command(*question) for question in questions) for fact, questions in names.items()}
    node = f"_domainkey.{domain}"
    if facts["dkim"]["state"] == "absent" and not found["dkim"]:
        found["dkim"] = (_status(node, "TXT", "NXDOMAIN"),)
    if facts.get("reason") == UNLISTED_SELECTOR:
        found["dkim_node"] = (_status(node, "TXT", "NOERROR"),)
    if facts["mx_status"] == "nxdomain":
        found["nxdomain"] = (_status(domain, "MX", "NXDOMAIN"),)
    return _only_known(found | _registered(material))


def _only_known(found: Sources) -> Sources:
    return without({fact: sources for fact, sources in found.items() if sources})


def _registered(material: Material) -> Sources:
    registration = material.outside.get(OutsideFact.Kind.REGISTRATION)
    value = registration.value if registration else {}
    whois = (Source("whois", f"whois {material.lead.domain}"),)
    return {
        "expiry": whois if value.get("expires_on") and material.lead.expires_on else (),
        "registration": whois if value.get("registrar") else (),
        "not_registered": whois if material.not_registered else (),
    }


def _dkim_names(lead: Lead, scan: Scan) -> list[str]:
    """Names whose look-up shows the state of DKIM: the keys, or some of the names that hold none. Where nothing exists
    below _domainkey, no name is needed."""
    facts, node = scan.facts["dkim"], f"_domainkey.{lead.domain}"
    if facts["state"] == "present":
        return [f"{name}.{node}" for name in facts["selectors"][:_NAMES_SHOWN]]
    if facts["state"] != "absent" or _denied(scan, node):
        return []
    asked = [row for row in scan.observations if row[0].endswith(f".{node}") and row[1] == "TXT"]
    return [row[0] for row in sorted(asked, key=lambda row: row[2] != "ok")][:_NAMES_SHOWN]


def _denied(scan: Scan, name: str) -> bool:
    return any(row[0] == name and row[2] == "nxdomain" for row in scan.observations)


def _asked(name: str, domain: str) -> str:
    return {"dkim": f"_domainkey.{domain}", "dmarc": f"_dmarc.{domain}"}.get(name, domain)


def _command(name: str, kind: str) -> Source:
    return Source(f"{kind} {name}", f"dig +short {kind} {name}   /   nslookup -type={kind} {name}")


def _status(name: str, kind: str, status: str) -> Source:
    """The command whose status, not its answer, is the proof."""
    return Source(f"{kind} {name}", f"dig {kind} {name}   (status: {status})   /   nslookup -type={kind} {name}")


def _values(material: Material, scan: Scan) -> dict[str, Any]:
    facts, node = scan.facts, f"._domainkey.{material.lead.domain}"
    service = facts["mail_service"]
    return _registration_values(material) | {
        "mx_hosts": ", ".join(facts["mx_hosts"][:_HOSTS]),
        "mail_service": "" if service == "self-hosted" else service,
        "spf_record": _cut(facts["spf"]["record"]),
        "selectors": ", ".join(facts["dkim"]["selectors"][:_NAMES_SHOWN]),
        "asked": ", ".join(name.removesuffix(node) for name in _dkim_names(material.lead, scan)),
        "dmarc_record": _cut(facts["dmarc"]["record"]),
        "records": ", ".join(_NAMES[name] for name in facts.get("unknown", [])),
    }


def _registration_values(material: Material) -> dict[str, Any]:
    registration, expires_on = material.outside.get(OutsideFact.Kind.REGISTRATION), material.lead.expires_on
    absent = material.not_registered
    return {
        "expiry": day(expires_on) if expires_on else "",
        "registrar": registration.value.get("registrar") if registration else "",
        "not_registered": day(absent.seen_at) if absent and absent.seen_at else "",
    }


def _cut(record: str | None) -> str:
    said = record or ""
    return said if len(said) <= _RECORD_LENGTH else f"{said[: _RECORD_LENGTH - 1]}…"


def _delivery(facts: dict[str, Any]) -> Iterator[str]:
    if facts["null_mx"]:
        yield "public.mx.null"
    elif facts["mx_hosts"]:
        yield from ("public.mx.hosts", "public.service")
    else:
        yield "public.mx.none"


def _registration(material: Material) -> tuple[str, str]:
    expires_on = material.lead.expires_on
    is_over = expires_on is not None and expires_on < material.today
    return "public.expired" if is_over else "public.expiry", "public.registrar"


def _protection(lead: Lead, scan: Scan) -> Iterator[str]:
    facts = scan.facts
    spf, dkim, dmarc = facts["spf"], facts["dkim"], facts["dmarc"]
    yield "public.spf.record" if spf["present"] else "public.spf.none"
    if spf["multiple"]:
        yield "public.spf.multiple"
    if dkim["state"] == "present":
        yield "public.dkim.keys"
    else:
        yield "public.dkim.unfound" if _dkim_names(lead, scan) else "public.dkim.none"
    yield "public.dkim.unlisted"
    if dmarc["state"] == "absent":
        yield "public.dmarc.absent"
    else:
        yield "public.dmarc.record"
        if dmarc["policy"] in ("none", "quarantine", "reject"):
            yield f"public.dmarc.{dmarc['policy']}"
        if facts.get("dmarc_testing") or (dmarc["pct"] or 100) < 100 or dmarc["pct"] == 0:
            yield "public.dmarc.testing"
    yield "public.unanswered"
