"""Signs of Microsoft and Google beside the MX: hints, and the mailbox provider behind a gateway
(mail-dns-signals section 1.5)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from signals.mail.answers import Answers, Question, texts
from signals.mail.dkim import is_live_key, selector_question
from signals.types import MailboxEvidence, SpfFacts

NEEDED_WEIGHT = 2  # below that a provider is not named
# Service name -> the target of its alias that shows a Microsoft tenant.
SERVICES = {
    "autodiscover": ("autodiscover.outlook.com",),
    "lyncdiscover": ("webdir.online.lync.com",),
    "enterpriseregistration": ("enterpriseregistration.windows.net",),
    "enterpriseenrollment": (
        "enterpriseenrollment.manage.microsoft.com",
        "enterpriseenrollment-s.manage.microsoft.com",
    ),
}
_HINT_OF_SERVICE = {"autodiscover": "autodiscover_outlook"}
_WEIGHTS = {"dkim_tenant": 3, "autodiscover_outlook": 3, "spf_outlook": 2, "dkim_google": 3, "spf_google": 2}

_TENANT = re.compile(r"._domainkey\.([^.]+)\.(?:onmicrosoft\.com|[a-z]-v1\.dkim\.mail\.microsoft)$")
_MS_TEXT = re.compile(r"MS=(?:ms\d+|[0-9a-f]{40})", re.IGNORECASE)
_SPF_OUTLOOK = re.compile(r"(?:^|\s)[+?~-]?include:spf\.protection\.(?:outlook\.com|office365\.us)\.?(?=\s|$)", re.I)
_SPF_GOOGLE = re.compile(r"(?:^|\s)(?:[+?~-]?include:|redirect=)_spf\.google\.com\.?(?=\s|$)", re.I)


def service_questions(domain: str) -> list[Question]:
    return [(f"{service}.{domain}", "CNAME") for service in SERVICES]


def evidence(domain: str, answers: Answers, spf: SpfFacts) -> list[MailboxEvidence]:
    """Every sign, with the question whose answer shows it. A sign that was not asked for is not there."""
    return [
        MailboxEvidence(provider, kind, _WEIGHTS.get(kind.partition(":")[0], 1), *question)
        for provider, kind, question in _signs(domain, answers, spf)
    ]


def shows_microsoft(domain: str, answers: Answers, spf: SpfFacts) -> bool:
    """Whether any sign of Microsoft is there."""
    return any(provider == "M365" for provider, _, _ in _signs(domain, answers, spf))


def _signs(domain: str, answers: Answers, spf: SpfFacts) -> Iterable[tuple[str, str, Question]]:
    own: Question = (domain, "TXT")
    for selector in ("selector1", "selector2"):
        question = selector_question(domain, selector)
        lookup = answers.get(question)
        for target in lookup.cnames if lookup is not None else ():
            if tenant := _TENANT.search(target):
                yield "M365", f"dkim_tenant:{tenant[1]}", question
                break
    for service, targets in SERVICES.items():
        question = (f"{service}.{domain}", "CNAME")
        lookup = answers.get(question)
        if lookup is not None and any(value in targets for value in lookup.values):
            yield "M365", _HINT_OF_SERVICE.get(service, service), question
    if any(_MS_TEXT.fullmatch(text) for text in texts(answers, domain) or ()):
        yield "M365", "ms_txt", own
    if spf.record is not None and _SPF_OUTLOOK.search(spf.record):
        yield "M365", "spf_outlook", own
    google = selector_question(domain, "google")
    if google in answers and any(map(is_live_key, answers[google].values)):
        yield "Google", "dkim_google", google
    if spf.record is not None and _SPF_GOOGLE.search(spf.record):
        yield "Google", "spf_google", own


def hints(domain: str, answers: Answers, signs: Iterable[MailboxEvidence]) -> tuple[str, ...]:
    """The kinds of the signs, and Google's site verification, which weighs nothing for mail; sorted."""
    kinds = {sign.kind for sign in signs}
    if any(text.lower().startswith("google-site-verification=") for text in texts(answers, domain) or ()):
        kinds.add("google_site_verification")
    return tuple(sorted(kinds))


def winner(signs: Iterable[MailboxEvidence]) -> str | None:
    """The provider with the strictly higher weight, at least `NEEDED_WEIGHT`; None for a tie or too little."""
    weights = {"M365": 0, "Google": 0}
    for sign in signs:
        weights[sign.provider] += sign.weight
    (best, most), (_, second) = sorted(weights.items(), key=lambda item: -item[1])
    return best if most >= NEEDED_WEIGHT and most > second else None
