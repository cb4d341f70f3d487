"""What the TXT records say (scoring-v1 section 7). A record is given as one text, its strings joined."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from scoring.rules import DKIM_SELECTORS, DMARC_POLICIES, FULL_COVERAGE
from scoring.types import Dmarc

_SPF = re.compile(r"v=spf1( |\Z)", re.IGNORECASE | re.ASCII)


def has_spf(txt: Iterable[str]) -> bool:
    """Whether one of the TXT records at the domain is an SPF record."""
    return any(_SPF.match(text) for text in txt)


def has_dkim(records: Mapping[str, Iterable[str]]) -> bool:
    """Whether one of the known selectors holds a key that is not revoked. `records`: selector -> TXT records."""
    return any(_is_key(text) for selector in DKIM_SELECTORS for text in records.get(selector) or ())


def parse_dmarc(txt: Iterable[str]) -> Dmarc:
    """Policy and coverage of the first DMARC record among the TXT records at `_dmarc.<domain>`."""
    record = next((text for text in txt if _tag(text.partition(";")[0]) == ("v", "DMARC1")), None)
    if record is None:
        return Dmarc(policy=None, coverage=None)
    tags = _tags(record)
    policy = tags.get("p", "").lower()
    return Dmarc(policy=policy if policy in DMARC_POLICIES else "none", coverage=_coverage(tags.get("pct", "")))


def _is_key(text: str) -> bool:
    tags = _tags(text)
    return tags.get("v", "DKIM1") == "DKIM1" and bool(tags.get("p"))


def _coverage(pct: str) -> int:
    if not (pct.isascii() and pct.isdigit()):
        return FULL_COVERAGE
    # A record may hold thousands of digits, more than int() takes.
    significant = pct.lstrip("0")
    return int(significant or "0") if len(significant) <= 2 else FULL_COVERAGE


def _tags(record: str) -> dict[str, str]:
    """Names in lower case; of a name that occurs twice the first counts."""
    return dict(_tag(part) for part in reversed(record.split(";")) if "=" in part)


def _tag(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip().lower(), value.strip()
