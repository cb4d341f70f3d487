"""Is the connection to Partner Center healthy? (HUNTER_DOCTORS)"""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads.doctor import Check
from referrals.models import Quarantine
from referrals.status import sync_light, why_refused


def checks() -> list[Check]:
    return [Check("partner_center", _("Partner Center"), *_connection())]


def _connection() -> tuple[bool | None, str]:
    if not settings.HUNTER_PARTNER_CENTER_ENABLED:
        return None, _("off (%(flag)s)") % {"flag": "HUNTER_PARTNER_CENTER_ENABLED"}
    try:
        light = sync_light()
    except DatabaseError:
        return False, _("The database does not answer.")
    assert light is not None
    if light.state == "not_configured":
        return False, why_refused("not_configured")
    if light.state == "not_signed_in":
        return False, _("Sign in: python manage.py partner_center_login, or the page “Connect Partner Center”.")
    if light.story:
        return False, " ".join(map(str, light.story))
    if unread := Quarantine.objects.filter(resolved_at__isnull=True).count():
        return False, ngettext(
            "%(count)d row could not be read. Look at it under Referrals → Sync runs → Unreadable rows.",
            "%(count)d rows could not be read. Look at them under Referrals → Sync runs → Unreadable rows.",
            unread,
        ) % {"count": unread}
    last = date_format(localtime(light.last_success_at), "SHORT_DATETIME_FORMAT") if light.last_success_at else "–"
    state = ", ".join(filter(None, (light.label, light.next_try)))
    text = _("%(state)s; last success: %(time)s") % {"state": state, "time": last}
    return light.is_moving or light.state in ("ok", "throttled"), text
