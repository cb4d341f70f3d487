"""Alerts by e-mail for whoever asked: at once or once a day, in their language, at most one line a lead a day.

At most once, on purpose, and never lost in silence. One transaction moves the watermark (`sent_to`) and writes down
that the e-mail may be missing (`doubt`), then the e-mail is handed over, then the doubt is taken back. Whoever is
killed in between may have sent it; sending it again could double it, and an e-mail cannot be taken back. So its
reader is told instead: on the page of alerts, and by a notice without the news themselves. A mail server that is down
is found out before anything is claimed, and one that says "later" gives the claim back; one that falls silent in the
middle of a message, or refuses it for good, leaves its doubt to the next e-mail.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from smtplib import SMTPException, SMTPNotSupportedError, SMTPRecipientsRefused, SMTPResponseException
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import Max, Min, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads.models import Alert, DigestSetting, Lead
from leads.preferences import language_of

logger = logging.getLogger(__name__)

DAILY_AT: Final = time(8)  # local time
# Keys are handed out before transactions end: an alert with a lower key may still appear behind a higher one. No
# transaction that writes alerts lives this long.
SETTLED: Final = timedelta(minutes=2)
LINES: Final = 40  # in one e-mail; the others are counted
_ALERTS: Final = 6  # of one line; the others are among the alerts
_SENDING: Final = timedelta(minutes=2)  # the queue ends whoever sends for longer


@dataclass(frozen=True, slots=True)
class Line:
    """One lead, or one matter without a lead, and the newest that happened there since the last e-mail."""

    alerts: list[Alert]

    @property
    def first(self) -> Alert:
        return self.alerts[0]

    @property
    def url(self) -> str:
        return settings.HUNTER_PUBLIC_URL + self.first.get_absolute_url()


@dataclass(frozen=True, slots=True)
class Digest:
    """What `setting` is due: `lines` to send, how many `more` there are, the `leads` they are about, and the key up to
    which alerts are done with. Without lines it is a notice that an e-mail may be missing, or, without a doubt either,
    nothing to send."""

    setting: DigestSetting
    lines: list[Line]
    up_to: int
    more: int = 0
    leads: frozenset[int] = frozenset()


def choose(user: User, *, rhythm: str, own_leads_only: bool) -> DigestSetting:
    """How `user` wants to hear. Whoever begins hears of what comes, not of what was."""
    with transaction.atomic():
        setting, created = DigestSetting.objects.select_for_update().get_or_create(user=user)
        if created or setting.rhythm == DigestSetting.Rhythm.OFF:
            setting.sent_to = Alert.objects.aggregate(newest=Max("pk"))["newest"] or 0
            setting.doubt, setting.doubt_since = "", None
        setting.rhythm, setting.own_leads_only = rhythm, own_leads_only
        setting.save()
    return setting


def in_doubt(user: User, now: datetime) -> DigestSetting | None:
    """The setting of a person to whom an e-mail may be missing. One that is being sent at this moment is none."""
    unsure = DigestSetting.objects.exclude(rhythm=DigestSetting.Rhythm.OFF).exclude(doubt="")
    unsure = unsure.exclude(doubt=DigestSetting.Doubt.STOPPED, doubt_since__gt=now - _SENDING)
    return unsure.filter(user=user).first()


def send_due(now: datetime) -> int:
    """Send what is due to everyone (a duty, of which one runs at a time: a doubt it finds is nobody's who still sends).
    Returns how many e-mails went out. One that fails stops nobody's but itself; a mail server that is down is asked
    again the next time."""
    if not settings.HUNTER_EMAIL_ENABLED:
        return 0
    wanting = DigestSetting.objects.exclude(rhythm=DigestSetting.Rhythm.OFF).exclude(user__email="")
    sent = 0
    for setting in wanting.filter(user__is_active=True).select_related("user__preference").order_by("pk"):
        try:
            digest = due_for(setting, now)
            sent += digest is not None and send(digest, now)
        except OSError as error:  # SMTPException is one
            logger.warning("Digests wait: the mail server cannot be used (%s).", type(error).__name__)
            break
        except Exception:
            logger.exception("The digest of %s failed", setting.user.get_username())
    return sent


def due_for(setting: DigestSetting, now: datetime) -> Digest | None:
    """None when nothing new happened, or it is not yet time. The notice that an e-mail may be missing waits for
    neither, unless the server fell silent or refused: it would do so each time."""
    new = Alert.objects.filter(pk__gt=setting.sent_to)
    too_young = new.filter(created_at__gt=_until(setting.rhythm, now)).aggregate(first=Min("pk"))["first"]
    if too_young is not None:
        new = new.filter(pk__lt=too_young)
    up_to = new.aggregate(last=Max("pk"))["last"]
    if up_to is None:
        return Digest(setting, [], setting.sent_to) if setting.doubt == DigestSetting.Doubt.STOPPED else None
    told = _told_today(setting, now) if setting.rhythm == DigestSetting.Rhythm.IMMEDIATE else set()
    found: dict[Any, list[int]] = {}
    mine = _concerning(new, setting, now).order_by("-pk").values_list("pk", "lead_id", "path")
    for pk, lead, path in mine.iterator(chunk_size=5_000):
        if lead is None or lead not in told:
            found.setdefault(lead or path or f"#{pk}", []).append(pk)
    shown = [keys[:_ALERTS] for keys in list(found.values())[:LINES]]
    alerts = Alert.objects.select_related("lead", "event").in_bulk([pk for keys in shown for pk in keys])
    return Digest(
        setting,
        [Line(still) for keys in shown if (still := [alerts[pk] for pk in keys if pk in alerts])],
        up_to,
        more=len(found) - len(shown),
        leads=frozenset(key for key in found if isinstance(key, int)),
    )


def _until(rhythm: str, now: datetime) -> datetime:
    """Alerts after this time wait for the next e-mail."""
    settled = now - SETTLED
    if rhythm == DigestSetting.Rhythm.IMMEDIATE:
        return settled
    local = timezone.localtime(settled)
    morning = timezone.make_aware(datetime.combine(local.date(), DAILY_AT))
    return morning if morning <= settled else morning - timedelta(days=1)


def _concerning(alerts: QuerySet[Alert], setting: DigestSetting, now: datetime) -> QuerySet[Alert]:
    """Those this person asked for. What they have read, put to sleep or dismissed is no news to them."""
    user = setting.user
    if not user.has_perm("leads.view_alert"):
        return alerts.none()
    found = alerts.exclude(read_by=user).exclude(lead__dismissed_at__isnull=False)
    found = found.exclude(lead__in=Lead.objects.asleep(now).values("pk"))
    if setting.own_leads_only:
        found = found.filter(Q(lead__owner=user) | Q(lead__in=user.watched_leads.values("pk")))
    return found


def _told_today(setting: DigestSetting, now: datetime) -> set[int]:
    """Leads that had their line today. None for sure, when an e-mail may be missing."""
    if setting.doubt or setting.told.get("on") != timezone.localdate(now).isoformat():
        return set()
    return set(setting.told["leads"])


def send(digest: Digest, now: datetime) -> bool:
    """Claim the alerts, then send them. False when there is nothing to say, when another process was quicker or when
    the server refused this message. Raises OSError when the server cannot be reached, and nothing is claimed then, or
    when it broke off."""
    setting = digest.setting
    if not digest.lines and setting.doubt != DigestSetting.Doubt.STOPPED:
        _rows(setting).update(sent_to=digest.up_to)
        return False
    connection = get_connection()
    message = _message(digest, connection)
    connection.open()
    try:
        if not _claim(digest, now):
            return False
        claimed = DigestSetting.objects.filter(pk=setting.pk, sent_to=digest.up_to, sent_at=now)
        try:
            connection.send_messages([message])
        except (SMTPResponseException, SMTPRecipientsRefused, SMTPNotSupportedError) as error:
            return _refused(setting, claimed, error)
        except ValueError:  # nothing was handed over: a header cannot hold this
            _give_back(setting, claimed, doubt=setting.doubt or DigestSetting.Doubt.ADDRESS, since=now)
            if not setting.doubt:
                logger.warning("No digest can be written to the address of %s", setting.user.get_username())
            return False
        except OSError:
            claimed.update(doubt=DigestSetting.Doubt.SILENT)
            raise
        claimed.update(doubt="", doubt_since=None)
    finally:
        connection.close()
    return True


def _rows(setting: DigestSetting) -> QuerySet[DigestSetting]:
    """The setting, as long as nobody has sent anything since it was read."""
    return DigestSetting.objects.filter(pk=setting.pk, sent_to=setting.sent_to, sent_at=setting.sent_at)


def _claim(digest: Digest, now: datetime) -> bool:
    since = digest.setting.doubt_since or now
    told = sorted(_told_today(digest.setting, now) | digest.leads)
    claimed = _rows(digest.setting).update(
        sent_to=digest.up_to,
        sent_at=now,
        told={"on": timezone.localdate(now).isoformat(), "leads": told},
        doubt=DigestSetting.Doubt.STOPPED,
        doubt_since=since,
    )
    return bool(claimed)


def _give_back(setting: DigestSetting, claimed: QuerySet[DigestSetting], *, doubt: str, since: datetime | None) -> None:
    claimed.update(
        sent_to=setting.sent_to,
        sent_at=setting.sent_at,
        told=setting.told,
        doubt=doubt,
        doubt_since=setting.doubt_since or since,
    )


def _refused(setting: DigestSetting, claimed: QuerySet[DigestSetting], error: SMTPException) -> bool:
    """The server took nothing. What it refuses for good (5xx) would be refused each time; the rest is tried again."""
    logger.warning("The mail server refused the digest of %s: %s", setting.user.get_username(), type(error).__name__)
    codes = [code for code, _text in getattr(error, "recipients", {}).values()] or [getattr(error, "smtp_code", 500)]
    if all(code < 500 for code in codes):
        _give_back(setting, claimed, doubt=setting.doubt, since=None)
    else:
        claimed.update(doubt=DigestSetting.Doubt.REFUSED)
    return False


def _message(digest: Digest, connection: Any) -> EmailMultiAlternatives:
    setting = digest.setting
    with translation.override(language_of(setting.user) or settings.LANGUAGE_CODE):
        context = {
            "user": setting.user,
            "lines": digest.lines,
            "more": digest.more,
            "count": len(digest.lines) + digest.more,
            "setting": setting,
            "doubtful": setting.doubt not in ("", DigestSetting.Doubt.ADDRESS),
            "alerts_url": settings.HUNTER_PUBLIC_URL + reverse("leads:alerts"),
            "settings_url": settings.HUNTER_PUBLIC_URL + reverse("leads:digest"),
        }
        message = EmailMultiAlternatives(
            subject=_subject(digest),
            body=render_to_string("leads/digest.txt", context),
            to=[setting.user.email],
            headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
            connection=connection,
        )
        message.attach_alternative(render_to_string("leads/digest.html", context), "text/html")
    return message


def _subject(digest: Digest) -> str:
    """The one thing that happened, or how many did; a header is one line. Without lines, that one may be missing."""
    count = len(digest.lines) + digest.more
    if not count:
        return _("Hunter: an e-mail may not have reached you")
    if count == 1:
        alert = digest.lines[0].first
        return " ".join(f"Hunter: {alert.subject}: {alert.get_type_display()}".split())[:150]
    return ngettext("Hunter: news at %(count)d lead", "Hunter: news at %(count)d leads", count) % {"count": count}
