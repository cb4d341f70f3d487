"""How the sync is, in one word and one query: the light in the header of every page; and why it is so, in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from outbound.errors import Category
from referrals.messages import REFUSED, failure, sign_in_story
from referrals.models import SignIn, SyncCursor, SyncRun
from referrals.sign_in import is_configured

_SILENT: Final = timedelta(minutes=2)  # a job that runs renews its sign of life every few seconds
_SOON: Final = timedelta(minutes=1)  # a pause as short as this is told in seconds
# Trying again does not mend these: a person has to act.
_FOR_A_PERSON: Final = (Category.PERMISSION, Category.VALIDATION, Category.CONFIG)
# Runs that stopped before their end, through nobody's fault.
_UNFINISHED: Final = (SyncRun.State.THROTTLED, SyncRun.State.PAUSED, SyncRun.State.NEEDS_SIGN_IN)

LABELS: Final = {
    "not_configured": gettext_lazy("Partner Center is not set up"),
    "not_signed_in": gettext_lazy("Partner Center: not signed in"),
    "needs_sign_in": gettext_lazy("Partner Center needs a sign-in"),
    "never": gettext_lazy("Not synced yet"),
    "running": gettext_lazy("Syncing"),
    "stalled": gettext_lazy("Sync waits for the worker"),
    "throttled": gettext_lazy("Paused by Microsoft"),
    "resuming": gettext_lazy("Sync is about to go on"),
    "failed": gettext_lazy("Sync failed"),
    "late": gettext_lazy("Sync is late"),
    "ok": gettext_lazy("Synced"),
}


@dataclass(frozen=True, slots=True)
class SyncLight:
    """`state`: a key of LABELS. `until`: end of a pause that lasts; Microsoft asked for it, or after a failure it is
    ours. `reason`: why a sign-in is needed, a key of messages.SIGN_IN. `run`: the newest one."""

    state: str
    last_success_at: datetime | None
    until: datetime | None
    reason: str = ""
    run: SyncRun | None = None

    @property
    def label(self) -> str:
        return str(LABELS[self.state])

    @property
    def detail(self) -> str:
        """What follows the label where the time of the last success is not all there is to say."""
        now = timezone.now()
        if self.state == "throttled" and self.until:
            left = self.until - now
            if left < _SOON:
                return _("goes on in %(seconds)d s") % {"seconds": max(1, round(left.total_seconds()))}
            return _("goes on at %(time)s") % {"time": moment(self.until, now)}
        if self.state == "failed" and self.last_success_at:
            return _("data from %(time)s") % {"time": moment(self.last_success_at, now)}
        return ""

    @property
    def next_try(self) -> str:
        """ "next try at 18:49" after a failure, "" otherwise."""
        if self.state != "failed" or self.until is None:
            return ""
        return _("next try at %(time)s") % {"time": moment(self.until, timezone.now())}

    @property
    def is_moving(self) -> bool:
        """Whether referrals are on their way: a sync runs, or is about to."""
        return self.state in ("running", "never", "resuming")

    @property
    def changes_soon(self) -> bool:
        """Whether it is worth a look every few seconds."""
        about_to = self.until is not None and self.until - timezone.now() < _SOON
        return self.state in ("running", "resuming") or about_to

    @property
    def needs_a_person(self) -> bool:
        """Whether the last run failed in a way that the next one will not mend."""
        return self.state == "failed" and self.run is not None and self.run.error_category in _FOR_A_PERSON

    @property
    def story(self) -> tuple[Any, Any] | None:
        """(what happened, what to do), where somebody has to do something."""
        if self.state == "needs_sign_in":
            return sign_in_story(self.reason)
        if self.needs_a_person and self.run is not None:
            return failure(self.run.error_category, self.run.error_code)
        return None

    @property
    def tone(self) -> str:
        """success, info, warning or danger."""
        tones = {"ok": "success", "needs_sign_in": "danger", "failed": "danger"}
        return "info" if self.is_moving else tones.get(self.state, "warning")


def sync_light() -> SyncLight | None:
    """None = the integration is off."""
    if not settings.HUNTER_PARTNER_CENTER_ENABLED:
        return None
    cursor, now = _cursor(), timezone.now()
    return SyncLight(
        state=_state(cursor, now),
        last_success_at=cursor.last_success_at,
        until=cursor.not_before if cursor.not_before and cursor.not_before > now else None,
        reason=cursor.sign_in.reason if cursor.sign_in else "",
        run=cursor.run,
    )


def why_refused(reason: str) -> str:
    """The whole story of a sync that cannot start now, for a key of messages.REFUSED: why a new sign-in is needed,
    and when the next try is."""
    cursor, now = _cursor(), timezone.now()
    if reason == "sign_in" and cursor.sign_in and cursor.sign_in.state == SignIn.State.REAUTH_REQUIRED:
        what, todo = sign_in_story(cursor.sign_in.reason)
        return " ".join((_("Partner Center needs a new sign-in."), str(what), str(todo)))
    if cursor.not_before and cursor.not_before > now:
        time = {"time": moment(cursor.not_before, now)}
        if reason == "throttled":
            return _("Microsoft asked for a pause. The sync goes on by itself at %(time)s.") % time
        if reason == "waiting":
            return _("The last sync failed. Hunter tries again by itself at %(time)s.") % time
    return str(REFUSED[reason])


def why_ended(run: SyncRun, light: SyncLight | None) -> tuple[Any, Any]:
    """(what happened, what to do) for a run that ended early. While the newest run waits for a sign-in, it is the
    reason that the sign-in keeps, so that every page tells the same."""
    if run.error_category == Category.AUTH and light and light.state == "needs_sign_in" and light.run == run:
        return sign_in_story(light.reason)
    return failure(run.error_category, run.error_code)


def moment(at: datetime, now: datetime) -> str:
    """The time alone on the same day, else with its date."""
    local = timezone.localtime(at)
    is_today = local.date() == timezone.localtime(now).date()
    return date_format(local, "TIME_FORMAT" if is_today else "SHORT_DATETIME_FORMAT")


def _cursor() -> SyncCursor:
    return SyncCursor.objects.select_related("run", "run__job", "sign_in").filter(pk=1).first() or SyncCursor.get()


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
    interval = timedelta(seconds=settings.HUNTER_PARTNER_CENTER_SYNC_INTERVAL)
    if cursor.last_success_at and cursor.last_success_at < now - 3 * interval - timedelta(minutes=5):
        return "late"
    if run is not None and run.state in _UNFINISHED:
        return "resuming"
    return "ok" if cursor.last_success_at else "never"
