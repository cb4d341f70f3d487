"""The answers gathered so far for one domain, and how a judgement reads them."""

from __future__ import annotations

from collections.abc import Mapping

from signals.types import Lookup

Question = tuple[str, str]  # name, type
Answers = Mapping[Question, Lookup]

DEFINITE = frozenset(("ok", "nodata", "nxdomain"))


def texts(answers: Answers, name: str) -> tuple[str, ...] | None:
    """The TXT texts at a name, () for a definite absence, None when it was not asked or got no answer."""
    lookup = answers.get((name, "TXT"))
    return lookup.values if lookup is not None and lookup.status in DEFINITE else None
