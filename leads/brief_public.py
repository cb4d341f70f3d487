"""The page for the customer: public records and how to check each, nothing of what Hunter or people made of them.

It is written from the look-ups of one scan and from the registration, never from the lead's row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from leads import outside
from leads.brief import STALE_AFTER, Brief, Parts, Writer, day, dmarc_defect
from leads.brief_sources import Material, Source, Sources, is_open, open_records, without
from leads.lead_page import Evidence
from leads.models import Lead, OutsideFact, Scan
from leads.verdicts import UNLISTED_SELECTOR
from signals.mail.providers import service_of

_RECORD_LENGTH: Final = 400
_HOSTS: Final = 5
_NAMES_SHOWN: Final = 3
_FAILED_SHOWN: Final = 4


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
    """Before any look could judge: what was asked and got no answer, and what the registry says."""
    last, found, values = material.last, _registered(material), _registration_values(material)
    names = [] if last is None else open_records(last)
    no_host = "MX" in names
    if last is not None:
        rows = [Evidence.of(row) for row in last.observations]
        failed = [row for row in rows if row.outcome == "failed" and is_open(last, row)]
        if no_host:
            failed = [row for row in failed if row.type == "MX"]
        found["unanswered"] = tuple(_command(row.name, row.type) for row in failed[:_FAILED_SHOWN])
        values |= {"asked_on": day(last.created_at), "records": ", ".join(names)}
    writer = Writer(_only_known(found), values)
    parts: Parts = [
        ("delivery", ("public.asked",)) if no_host else ("protection", ("public.asked_records",)),
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
        "expiry": whois if material.expiry else (),
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
    return _registration_values(material) | {
        "mx_hosts": ", ".join(facts["mx_hosts"][:_HOSTS]),
        "mail_service": _service(material.lead.domain, facts),
        "spf_record": _cut(facts["spf"]["record"]),
        "selectors": ", ".join(facts["dkim"]["selectors"][:_NAMES_SHOWN]),
        "asked": ", ".join(name.removesuffix(node) for name in _dkim_names(material.lead, scan)),
        "dmarc_record": _cut(facts["dmarc"]["record"]),
        "records": ", ".join(open_records(scan)),
    }


def _service(domain: str, facts: dict[str, Any]) -> str:
    """The service that every host belongs to that is shown; "" where they have none in common."""
    hosts = facts["mx_hosts"][:_HOSTS]
    own = [host == domain or host.endswith(f".{domain}") for host in hosts]
    services = {service_of(host, own=is_own, alias=False) for host, is_own in zip(hosts, own, strict=True)}
    return facts["mail_service"] if services == {facts["mail_service"]} and not any(own) else ""


def _registration_values(material: Material) -> dict[str, Any]:
    registration, absent = material.outside.get(OutsideFact.Kind.REGISTRATION), material.not_registered
    return {
        "expiry": day(material.expiry) if material.expiry else "",
        "expiry_seen": _learned(registration, "expires_on"),
        "registrar": registration.value.get("registrar") if registration else "",
        "registrar_seen": _learned(registration, "registrar"),
        "not_registered": day(absent.seen_at) if absent and absent.seen_at else "",
    }


def _learned(fact: OutsideFact | None, name: str) -> str:
    at = outside.learned_at(fact, (name,)) if fact else None
    return day(at) if at else ""


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
    is_over = material.expiry is not None and material.expiry < material.today
    return "public.expired" if is_over else "public.expiry", "public.registrar"


def _protection(lead: Lead, scan: Scan) -> Iterator[str]:
    facts = scan.facts
    spf, dkim, dmarc = facts["spf"], facts["dkim"], facts["dmarc"]
    if spf["multiple"]:
        yield "public.spf.multiple"
    else:
        yield "public.spf.record" if spf["present"] else "public.spf.none"
    if dkim["state"] == "present":
        yield "public.dkim.keys"
    else:
        yield "public.dkim.unfound" if _dkim_names(lead, scan) else "public.dkim.none"
    yield "public.dkim.unlisted"
    defect = dmarc_defect(dmarc)
    if dmarc["state"] == "absent":
        yield "public.dmarc.absent"
    elif defect == "multiple":
        yield "public.dmarc.multiple"
    else:
        yield "public.dmarc.record"
        if defect or dmarc["policy"] in ("none", "quarantine", "reject"):
            yield f"public.dmarc.{defect or dmarc['policy']}"
    partly = facts.get("dmarc_testing") or dmarc["pct"] not in (None, 100)
    if partly and not defect:
        yield "public.dmarc.testing"
    yield "public.unanswered"
