"""Automatic tags, and what a rescan changes (scoring-v1 sections 13 and 14)."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.rules import EXPIRES_SOON, MIGRATION_READY_FROM
from scoring.segment import priority_score
from scoring.types import Changes, Snapshot


def auto_tags(
    *,
    spf: bool | None,
    dkim: bool | None,
    dmarc_policy: str | None,
    segment: str | None,
    readiness_score: int | None,
    provider: str | None,
    expires_in_days: int | None,
) -> tuple[str, ...]:
    """Names of the tags in the order they are added; none without a score."""
    if readiness_score is None:
        return ()
    conditions = {
        "security-risk": spf is False and dkim is False,
        "migration-ready": segment == "Migration" and readiness_score >= MIGRATION_READY_FROM,
        "expire-soon": expires_in_days in EXPIRES_SOON,
        "weak-spf": spf is True and dmarc_policy == "none",
        "google-workspace": provider == "Google",
        "local-mx": provider == "Local",
    }
    return tuple(tag for tag, applies in conditions.items() if applies)


def detect_changes(*, old: Snapshot | None, new: Snapshot) -> Changes:
    """What is different from the scan before; nothing at the first scan."""
    if old is None:
        return Changes()
    found = list(_found(old, new))
    return Changes(
        changes=tuple(change for change, _, _ in found if change),
        history=tuple(history for _, history, _ in found if history),
        alerts=tuple(alert for _, _, alert in found if alert),
    )


def _found(old: Snapshot, new: Snapshot) -> Iterator[tuple[str, str, str]]:
    """(change, history record, alert type) in the order of detection; "" = none."""
    if new.spf != old.spf:
        yield "spf_changed", "spf", ""
    if new.dkim != old.dkim:
        yield "dkim_changed", "dkim", ""
    if new.dmarc_policy != old.dmarc_policy:
        added = old.dmarc_policy in (None, "none") and new.dmarc_policy in ("quarantine", "reject")
        yield ("dmarc_added", "dmarc", "dmarc_added") if added else ("dmarc_changed", "dmarc", "")
    if new.mx_root != old.mx_root:
        yield "mx_changed", "mx", "mx_changed"
    if new.expires_in_days in EXPIRES_SOON and (
        old.expires_in_days is None or old.expires_in_days >= EXPIRES_SOON.stop
    ):
        yield "expire_soon", "", "expire_soon"
    if (new.score, new.segment) != (old.score, old.segment):
        yield _score_change(old, new)


def _score_change(old: Snapshot, new: Snapshot) -> tuple[str, str, str]:
    if priority_score(new.segment, new.score) != priority_score(old.segment, old.score):
        return "priority_score_changed", "score", "score_changed"
    if new.segment != old.segment:
        return "segment_changed", "score", "score_changed"
    return "", "score", ""
