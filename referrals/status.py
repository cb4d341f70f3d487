"""How the sync is, in one word and one query: the light in the header of every page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referrals.models import SignIn, SyncCursor, SyncRun
from referrals.sign_in import is_configured

_SILENT: Final = timedelta(minutes=2)  # a job that runs renews its sign of life every few seconds

LABELS: Final = {
    "not_configured": _("Partner Center is not set up"),
    "not_signed_in": _("Partner Center: not signed in"),
    "needs_sign_in": _("Partner Center needs a sign-in"),
    "never": _("Not synced yet"),
    "running": _("Syncing"),
    "stalled": _("Sync waits for the worker"),
    "throttled": _("Paused by Microsoft"),
    "failed": _("Sync failed"),
    "late": _("Sync is late"),
    "ok": _("Synced"),
}


@dataclass(frozen=True, slots=True)
class SyncLight:
    """`state`: a key of LABELS. `until`: end of a pause."""

    state: str
    last_success_at: datetime | None
    until: datetime | None
    reason: str = ""

    @property
    def label(self) -> str:
        return str(LABELS[self.state])

    @property
    def is_moving(self) -> bool:
        """Whether referrals are on their way: a sync runs, or the first one is about to."""
        return self.state in ("running", "never")

    @property
    def tone(self) -> str:
        """success, info, warning or danger."""
        tones = {"ok": "success", "running": "info", "never": "info", "needs_sign_in": "danger", "failed": "danger"}
        return tones.get(self.state, "warning")


def sync_light() -> SyncLight | None:
    """None = the integration is off."""
    if not settings.HUNTER_PARTNER_CENTER_ENABLED:
        return None
    cursor = SyncCursor.objects.select_related("run", "run__job", "sign_in").filter(pk=1).first() or SyncCursor.get()
    return SyncLight(
        state=_state(cursor, timezone.now()),
        last_success_at=cursor.last_success_at,
        until=cursor.not_before,
        reason=cursor.sign_in.reason if cursor.sign_in else "",
    )


def _state(cursor: SyncCursor, now: datetime) -> str:
    run, sign_in = cursor.run, cursor.sign_in
    if not is_configured():
        return "not_configured"
    if sign_in is None or sign_in.state == SignIn.State.NONE:
        return "not_signed_in"
    if sign_in.state == SignIn.State.REAUTH_REQUIRED:
        return "needs_sign_in"
    if run is not None and run.state == SyncRun.State.RUNNING:
        seen = run.job.heartbeat if run.job else None
        return "running" if seen and seen > now - _SILENT else "stalled"
    if run is not None and run.state == SyncRun.State.THROTTLED and cursor.not_before and cursor.not_before > now:
        return "throttled"
    if run is not None and run.state == SyncRun.State.FAILED:
        return "failed"
    if cursor.last_success_at is None:
        return "never"
    interval = timedelta(seconds=settings.HUNTER_PARTNER_CENTER_SYNC_INTERVAL)
    return "late" if cursor.last_success_at < now - 3 * interval - timedelta(minutes=5) else "ok"
