"""One domain: which questions its mail analysis needs, and what the answers say. Pure.

`questions` is called until nothing is missing; `judge` then reads the answers. Thorough analysis asks every probe
of the scenario definitions; lean analysis skips what an answer already at hand makes needless.
"""

from __future__ import annotations

import scoring
from signals.mail import dkim, dmarc, mailbox, spf
from signals.mail.answers import DEFINITE, Answers, Question
from signals.mail.providers import gateway_of, provider_of, service_of
from signals.types import DkimFacts, Facts, SpfFacts


def questions(domain: str, answers: Answers, *, thorough: bool) -> list[Question]:
    """The questions that are to be asked next; [] when the analysis is complete."""
    mx = answers.get((domain, "MX"))
    if mx is None:
        return _first(domain, thorough)
    wanted = dmarc.walk_questions(domain, answers)
    if mx.status != "nxdomain":
        facts, missing = spf.walk(domain, answers)
        wanted += missing
        wanted += _own_host(domain, answers) if thorough else _lean(domain, answers, facts)
    return [question for question in dict.fromkeys(wanted) if question not in answers]


def _first(domain: str, thorough: bool) -> list[Question]:
    selectors = (*dkim.SELECTORS, dkim.IMPROBABLE_SELECTOR) if thorough else ()
    return [
        (domain, "MX"),
        (domain, "TXT"),
        dmarc.own_question(domain),
        dkim.node_question(domain),
        *(dkim.selector_question(domain, selector) for selector in selectors),
        *(mailbox.service_questions(domain) if thorough else ()),
    ]


def _own_host(domain: str, answers: Answers) -> list[Question]:
    hosts, _null = mail_hosts(answers, domain)
    return [(hosts[0], "A")] if hosts and _is_own(domain, hosts[0]) else []


def _is_own(domain: str, host: str) -> bool:
    return host == domain or host.endswith("." + domain)


def _lean(domain: str, answers: Answers, facts: SpfFacts) -> list[Question]:
    hosts, _null = mail_hosts(answers, domain)
    provider = provider_of(hosts[0]) if hosts else "Unknown"
    gateway = gateway_of(hosts[0]) if hosts else None
    likely = dkim.COMMON_SELECTORS if gateway else dkim.likely_selectors(provider, answers, domain)
    wanted = [dkim.selector_question(domain, selector) for selector in likely]
    if dkim.long_list_is_needed(domain, answers):
        wanted += dkim.long_list(domain)
    # A Microsoft MX needs no further sign; a gateway, or Microsoft's traces without its MX, do.
    if hosts and provider != "M365" and (gateway or mailbox.shows_microsoft(domain, answers, facts)):
        wanted += mailbox.service_questions(domain)
    return wanted


def mail_hosts(answers: Answers, domain: str) -> tuple[tuple[str, ...], bool]:
    """The MX hosts sorted by (preference, host), without repeats and without the root name; and whether the one
    record is a null MX (RFC 7505)."""
    lookup = answers.get((domain, "MX"))
    if lookup is None or not lookup.values:
        return (), False
    ranked = []
    for value in lookup.values:
        preference, _, host = value.partition(" ")
        ranked.append((int(preference), host))
    hosts = tuple(dict.fromkeys([host for _, host in sorted(ranked) if host != "."]))
    return hosts, not hosts and len(ranked) == 1


def judge(domain: str, answers: Answers) -> Facts:
    """The facts of the domain, three-valued where a look-up failed."""
    mx = answers.get((domain, "MX"))
    mx_status = mx.status if mx is not None and mx.status in DEFINITE else "unknown"
    missing = mx_status == "nxdomain"  # RFC 8020: nothing lies below a name that does not exist
    hosts, null_mx = mail_hosts(answers, domain)
    spf_facts, _missing = spf.walk(domain, answers)
    dkim_facts = DkimFacts(state="absent") if missing else dkim.judge(domain, answers)
    dmarc_facts = dmarc.judge(domain, answers, exists=not missing)
    signs = mailbox.evidence(domain, answers, spf_facts)
    first = hosts[0] if hosts else None
    provider = provider_of(first) if first else "Unknown"
    gateway = gateway_of(first) if first else None
    unanswered = not missing and dkim.unanswered(domain, answers)
    definite = [mx_status != "unknown", spf_facts.present is not None, dmarc_facts.state != "unknown"]
    settled = spf_facts.valid is not None or spf_facts.present is False
    complete = all(definite) and settled and not unanswered
    return Facts(
        status="complete" if complete else "partial" if any(definite) else "failed",
        mx_status=mx_status,
        mx_hosts=hosts,
        null_mx=null_mx,
        provider=provider,
        provider_reference_rules=scoring.classify_provider(first) if first else "Unknown",
        mail_service=_service(domain, first, answers) if first else None,
        local_provider=scoring.classify_local_provider(first) if first and provider == "Local" else None,
        gateway=gateway,
        behind_gateway_provider=mailbox.winner(signs) if gateway else None,
        mailbox_evidence=tuple(signs),
        spf=spf_facts,
        dkim=dkim_facts,
        dmarc=dmarc_facts,
        hints=mailbox.hints(domain, answers, signs),
    )


def _service(domain: str, host: str, answers: Answers) -> str | None:
    address = answers.get((host, "A"))
    return service_of(host, own=_is_own(domain, host), alias=address is not None and bool(address.cnames))
