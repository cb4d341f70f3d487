"""“Why not higher”: which single change would move points, segment or priority, and what would settle an open question.
Where a record is not known the score is a range, and a change is counted from both of its ends. Pure; the frozen core
judges every world that is tried (scoring-v1 sections 8 to 11).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import scoring

ENFORCING: Final = ("quarantine", "reject")
POLICIES: Final = (None, "none", *ENFORCING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The scored values of a verdict: provider, records (None = not known), the policy that counts ("" = none applies),
    and the SPF text. `unknown` names records that nobody knows: no answer came, or no key could be looked up."""

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
    what changes: points, segment, priority."""

    key: str
    points: int
    score: int
    segment: str
    priority: int
    category: str
    moves: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """The nearest score above at which the rules say something else: `missing` points away."""

    score: int
    missing: int
    segment: str
    priority: int
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranged:
    """One change from both ends of a range; None = that end counts it already. `is_open`: nobody knows whether it
    is so, which is what makes the range."""

    key: str
    low: Change | None
    high: Change | None
    is_open: bool


def ends(basis: Basis) -> tuple[Basis, Basis]:
    """The basis with all that is unknown settled: so that the score is lowest, and so that it is highest."""
    worlds = [
        replace(basis, spf=spf, dkim=dkim, policy=policy, unknown=())
        for spf in ((False, True) if "spf" in basis.unknown else (basis.spf,))
        for dkim in ((False, True) if "dkim" in basis.unknown else (basis.dkim,))
        for policy in (POLICIES if "dmarc" in basis.unknown else (basis.policy,))
    ]
    return min(worlds, key=score_of), max(worlds, key=score_of)


def ranged_changes(basis: Basis) -> list[Ranged]:
    """Every change that raises an end of the range: what is open first, then the greatest."""
    low, high = ({change.key: change for change in changes(end)} for end in ends(basis))
    found = [
        Ranged(key=key, low=low.get(key), high=high.get(key), is_open=key.partition("_")[0] in basis.unknown)
        for key in {**high, **low}
    ]
    return sorted(found, key=lambda one: (not one.is_open, -max(c.points for c in (one.low, one.high) if c), one.key))


def score_of(basis: Basis) -> int:
    return _verdict(basis, basis.spf, basis.dkim, basis.policy, basis.spf_record).score


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
