"""Is the connection to Dynamics 365 healthy? (HUNTER_DOCTORS)"""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations_d365.messages import REFUSED
from integrations_d365.models import Push
from integrations_d365.status import connection
from leads.doctor import Check


def checks() -> list[Check]:
    return [Check("dynamics_365", _("Dynamics 365"), *_state())]


def _state() -> tuple[bool | None, str]:
    if not settings.HUNTER_D365_ENABLED:
        return None, _("off (%(flag)s)") % {"flag": "HUNTER_D365_ENABLED"}
    try:
        found = connection()
        parked = Push.objects.parked().count()
    except DatabaseError:
        return False, _("The database does not answer.")
    if found.state == "not_configured":
        return False, str(REFUSED["not_configured"])
    if found.state == "never_checked":
        return False, _("Not checked yet: python manage.py d365_check.")
    if found.state in ("paused", "down"):
        return False, " ".join(map(str, found.story))
    if parked:
        return False, ngettext(
            "%(count)d push needs attention. Look at it on the push board.",
            "%(count)d pushes need attention. Look at them on the push board.",
            parked,
        ) % {"count": parked}
    if found.story:
        return True, " ".join(map(str, found.story))
    at = date_format(localtime(found.check.created_at), "SHORT_DATETIME_FORMAT") if found.check else "–"
    return True, _("ready; checked %(time)s") % {"time": at}
