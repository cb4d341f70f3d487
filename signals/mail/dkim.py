"""DKIM keys (RFC 6376): which selectors hold a live key, and what proves that none exists.

Selectors cannot be listed, so an absence needs a proof: `_domainkey` itself does not exist, or what lies there
is explained (mail-dns-signals section 2.4).
"""

from __future__ import annotations

from functools import lru_cache

from signals.mail.answers import DEFINITE, Answers, Question
from signals.mail.tags import parse_tags
from signals.types import DkimFacts

COMMON_SELECTORS = ("selector1", "selector2", "google", "default")
SELECTORS = (*COMMON_SELECTORS, "mail", "dkim", "k1", "s1", "s2", "zoho", "protonmail", "fm1", "sig1")
# A few old servers deny an existing node, so the selectors its provider uses are asked all the same.
PROVIDER_SELECTORS = {
    "M365": ("selector1", "selector2"),
    "Google": ("google",),
    "Yandex": ("mail",),
    "Zoho": ("zoho",),
    "SendGrid": ("s1",),
    "Mailgun": ("k1",),
}
IMPROBABLE_SELECTOR = "hunter-no-such-key-7f3a"  # a name nobody publishes, to notice wildcards


def selector_question(domain: str, selector: str) -> Question:
    return f"{selector}._domainkey.{domain}", "TXT"


def node_question(domain: str) -> Question:
    return f"_domainkey.{domain}", "TXT"


@lru_cache(maxsize=8192)
def is_live_key(text: str) -> bool:
    """Whether a TXT text is a key in use: `v` absent or exactly DKIM1, `p` not empty (section 3.6.1)."""
    tags = parse_tags(text)
    return tags.get("v", "DKIM1") == "DKIM1" and bool("".join(tags.get("p", "").split()))


def likely_selectors(provider: str, answers: Answers, domain: str) -> tuple[str, ...]:
    """The selectors worth asking first: those of the provider when the node is denied, else the common ones."""
    node = answers.get(node_question(domain))
    if node is not None and node.status == "nxdomain":
        return PROVIDER_SELECTORS.get(provider, ("default",))
    return COMMON_SELECTORS


def long_list_is_needed(domain: str, answers: Answers) -> bool:
    """The node exists and none of the common selectors holds a key: the others, and a wildcard, may explain it."""
    node = answers.get(node_question(domain))
    asked = selector_question(domain, COMMON_SELECTORS[0]) in answers
    return asked and node is not None and node.status in ("ok", "nodata") and not _live(domain, answers)


def long_list(domain: str) -> list[Question]:
    names = (*SELECTORS[len(COMMON_SELECTORS) :], IMPROBABLE_SELECTOR)
    return [selector_question(domain, selector) for selector in names]


def judge(domain: str, answers: Answers) -> DkimFacts:
    """The state of DKIM over the probes that were asked."""
    live = _live(domain, answers)
    if live:
        return DkimFacts(state="present", selectors=tuple(sorted(live)))
    node = answers.get(node_question(domain))
    if node is None or unanswered(domain, answers):
        return DkimFacts(state="unknown", reason="unanswered")
    if node.status == "nxdomain" or node.status == "ok" or _explained(domain, answers):
        return DkimFacts(state="absent")
    return DkimFacts(state="unknown", reason="unlisted_selector")


def unanswered(domain: str, answers: Answers) -> bool:
    """Whether any probe that was asked got no answer."""
    node = f"_domainkey.{domain}"
    return any(lookup.status not in DEFINITE and name.endswith(node) for (name, _), lookup in answers.items())


def _live(domain: str, answers: Answers) -> list[str]:
    below = f"._domainkey.{domain}"
    return [
        name.removesuffix(below)
        for (name, _), lookup in answers.items()
        if lookup.values
        and name.endswith(below)
        and any(map(is_live_key, lookup.values))
        and name.removesuffix(below) in SELECTORS
    ]


def _explained(domain: str, answers: Answers) -> bool:
    """Something that is no live key lies at a selector: a revoked or malformed record, or a dangling alias. Or the
    improbable name exists, so the node is the work of a wildcard."""
    below = f"._domainkey.{domain}"
    if any((lookup.values or lookup.cnames) and name.endswith(below) for (name, _), lookup in answers.items()):
        return True
    improbable = answers.get(selector_question(domain, IMPROBABLE_SELECTOR))
    return improbable is not None and (improbable.status != "nxdomain" or bool(improbable.cnames))
