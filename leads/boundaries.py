"""“Why not higher”: which single change would move points, segment or priority, and what would settle an open question.
Pure; the frozen core judges every world that is tried (scoring-v1 sections 8 to 11).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import scoring

ENFORCING: Final = ("quarantine", "reject")


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The scored values of a verdict: provider, records (None = not known), the policy that counts ("" = none applies),
    and the SPF text. `unknown` names records that got no answer."""

    domain: str
    provider: str
    mx_hosts: tuple[str, ...]
    spf: bool | None
    dkim: bool | None
    policy: str | None
    spf_record: str | None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that could be otherwise. `key`: spf, dkim, dmarc_quarantine, dmarc_reject or fewer_includes. `points`
    is the difference, positive; `segment` and `priority` (1-7, 1 is best) are those it would lead to; `moves` names
    what changes: points, segment, priority. `is_open` = nobody knows which is true, so a new look may settle it;
    otherwise the company itself would have to change it."""

    key: str
    points: int
    score: int
    segment: str
    priority: int
    category: str
    moves: tuple[str, ...]
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """The nearest score above at which the rules say something else: `missing` points away."""

    score: int
    missing: int
    segment: str
    priority: int
    category: str


def changes(basis: Basis) -> list[Change]:
    """What would raise the score, the greatest first. Empty where nothing can, as without a mail host."""
    now = _verdict(basis, basis.spf, basis.dkim, basis.policy, basis.spf_record)
    found = []
    for key, verdict in _worlds(basis):
        points = verdict.score - now.score
        if points > 0:
            moved = (
                ("points", True),
                ("segment", verdict.segment != now.segment),
                ("priority", verdict.priority_score != now.priority_score),
            )
            found.append(
                Change(
                    key=key,
                    points=points,
                    score=verdict.score,
                    segment=verdict.segment,
                    priority=verdict.priority_score,
                    category=verdict.priority_category or "",
                    moves=tuple(name for name, is_moved in moved if is_moved),
                    is_open=key.partition("_")[0] in basis.unknown,
                )
            )
    return sorted(found, key=lambda change: (-change.points, change.key))


def _worlds(basis: Basis) -> Iterator[tuple[str, scoring.Verdict]]:
    if not basis.spf:
        yield "spf", _verdict(basis, True, basis.dkim, basis.policy, basis.spf_record)
    if not basis.dkim:
        yield "dkim", _verdict(basis, basis.spf, True, basis.policy, basis.spf_record)
    for policy in ENFORCING:
        if basis.policy != policy:
            yield f"dmarc_{policy}", _verdict(basis, basis.spf, basis.dkim, policy, basis.spf_record)
    if basis.spf_record:
        yield "fewer_includes", _verdict(basis, basis.spf, basis.dkim, basis.policy, None)


def _verdict(
    basis: Basis, spf: bool | None, dkim: bool | None, policy: str | None, record: str | None
) -> scoring.Verdict:
    return scoring.score(
        scoring.Signals(
            domain=basis.domain,
            provider=basis.provider,
            spf=spf,
            dkim=dkim,
            dmarc_policy=policy or None,
            spf_record=record,
            mx_records=basis.mx_hosts,
        )
    )


def next_boundary(provider: str, score: int) -> Boundary | None:
    """The nearest higher score with another segment or priority; None = the rules know none above."""
    here = scoring.classify_score(provider, score)
    for higher in range(score + 1, 101):
        there = scoring.classify_score(provider, higher)
        if (there.segment, there.priority_score) != (here.segment, here.priority_score):
            return Boundary(
                score=higher,
                missing=higher - score,
                segment=there.segment,
                priority=there.priority_score,
                category=there.priority_category or "",
            )
    return None


def ceiling(basis: Basis) -> int:
    """The highest score this provider can reach with every record in place."""
    return _verdict(basis, True, True, "reject", None).score
