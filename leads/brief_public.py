"""The page for the customer: public records and how to check each, nothing of what Hunter or people made of them.

It is written from the look-ups of one scan and from the registration, never from the lead's row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from leads.brief import Brief, Writer, day
from leads.brief_sources import Material, Source, Sources, without
from leads.models import OutsideFact
from leads.verdicts import UNLISTED_SELECTOR

_RECORD_LENGTH: Final = 400
_HOSTS: Final = 5
_NAMES: Final = {"mx": "MX", "spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC"}


def build_public(material: Material) -> Brief:
    """Sections with sentences; the footnotes are commands that anybody can run."""
    if material.scan is None:
        return Brief(sections=(), notes=())
    facts: dict[str, Any] = material.scan.facts
    writer = Writer(_questions(material, facts), _values(material, facts))
    parts = [
        ("delivery", _delivery(facts)),
        ("protection", _protection(facts)),
        ("registration", (_expiry(material), "public.registrar")),
    ]
    return Brief(sections=writer.sections(parts), notes=writer.notes())


def _questions(material: Material, facts: dict[str, Any]) -> Sources:
    """Each public fact with the commands that show it."""
    domain, unknown = material.lead.domain, facts.get("unknown", [])
    registration = material.outside.get(OutsideFact.Kind.REGISTRATION)
    value = registration.value if registration else {}
    selectors = facts["dkim"]["selectors"][:3]
    source = (facts["dmarc"].get("source") or domain).removeprefix("_dmarc.")
    names = {
        "mx": [(domain, "MX")] if facts["mx_hosts"] or facts["null_mx"] else [],
        "mx_look": [(domain, "MX")] if "mx" not in unknown else [],
        "spf": [(domain, "TXT")] if facts["spf"]["present"] is not None else [],
        "dkim": [(f"{name}._domainkey.{domain}", "TXT") for name in selectors]
        or ([(f"_domainkey.{domain}", "TXT")] if facts["dkim"]["state"] == "absent" else []),
        "dkim_node": [(f"_domainkey.{domain}", "TXT")] if facts.get("reason") == UNLISTED_SELECTOR else [],
        "dmarc": [(f"_dmarc.{source}", "TXT")] if facts["dmarc"]["state"] != "unknown" else [],
        "unanswered": [(_asked(name, domain), "MX" if name == "mx" else "TXT") for name in unknown],
    }
    found = {fact: tuple(_command(*question) for question in questions) for fact, questions in names.items()}
    whois = (Source("whois", f"whois {domain}"),)
    found["expiry"] = whois if value.get("expires_on") and material.lead.expires_on else ()
    found["registration"] = whois if value.get("registrar") else ()
    return without({fact: sources for fact, sources in found.items() if sources})


def _asked(name: str, domain: str) -> str:
    return {"dkim": f"_domainkey.{domain}", "dmarc": f"_dmarc.{domain}"}.get(name, domain)


def _command(name: str, kind: str) -> Source:
    return Source(f"{kind} {name}", f"dig +short {kind} {name}   /   nslookup -type={kind} {name}")


def _values(material: Material, facts: dict[str, Any]) -> dict[str, Any]:
    registration = material.outside.get(OutsideFact.Kind.REGISTRATION)
    expires_on = material.lead.expires_on
    service = facts["mail_service"]
    return {
        "mx_hosts": ", ".join(facts["mx_hosts"][:_HOSTS]),
        "mail_service": "" if service == "self-hosted" else service,
        "spf_record": _cut(facts["spf"]["record"]),
        "selectors": ", ".join(facts["dkim"]["selectors"][:3]),
        "dmarc_record": _cut(facts["dmarc"]["record"]),
        "records": ", ".join(_NAMES[name] for name in facts.get("unknown", [])),
        "expiry": day(expires_on) if expires_on else "",
        "registrar": registration.value.get("registrar") if registration else "",
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


def _expiry(material: Material) -> str:
    expires_on = material.lead.expires_on
    return "public.expired" if expires_on is not None and expires_on < material.today else "public.expiry"


def _protection(facts: dict[str, Any]) -> Iterator[str]:
    spf, dkim, dmarc = facts["spf"], facts["dkim"], facts["dmarc"]
    yield "public.spf.record" if spf["present"] else "public.spf.none"
    if spf["multiple"]:
        yield "public.spf.multiple"
    yield "public.dkim.keys" if dkim["state"] == "present" else "public.dkim.none"
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
