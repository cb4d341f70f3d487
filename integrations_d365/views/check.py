"""Is the environment ready? Who we are there, what is missing, who mends it."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from integrations_d365 import pushing
from integrations_d365.governor import Busy, NotNow
from integrations_d365.messages import REFUSED, failure
from integrations_d365.models import EnvironmentCheck
from integrations_d365.preflight import check_environment
from integrations_d365.status import connection
from leads.views.pages import Request, allowed, back, show

SHOWN: Final = 20
SETTINGS: Final = (
    "HUNTER_D365_BASE_URL", "HUNTER_D365_CLIENT_ID", "HUNTER_D365_CLIENT_SECRET", "HUNTER_D365_TENANT_ID",
)  # fmt: skip


@allowed("integrations_d365.connect_d365")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def check(request: Request) -> HttpResponse:
    """GET shows the last check, POST checks."""
    if request.method == "POST":
        _check(request)
        return back(request, "d365:check")
    state = connection()
    context = {
        "connection": state,
        "missing": [name for name in SETTINGS if not getattr(settings, name)],
        "base_url": settings.HUNTER_D365_BASE_URL,
        "checks": list(state.governor.checks.select_related("by").order_by("-pk")[:SHOWN]) if state.governor else [],
    }
    return show(request, "dynamics/check.html", "dynamics/_check.html", context)


def _check(request: Request) -> None:
    if reason := pushing.why_off():
        messages.error(request, str(REFUSED[reason]))
        return
    try:
        found = check_environment(by=request.user)
    except Busy:
        messages.warning(request, _("Hunter is talking to Dynamics at this moment. Check again in a few seconds."))
    except NotNow as pause:
        time = date_format(localtime(pause.until), "H:i:s")
        text = _("Dynamics asked for a pause; no request may be sent before %(time)s. Check again then.")
        messages.warning(request, text % {"time": time})
    else:
        _say(request, found)


def _say(request: Request, found: EnvironmentCheck) -> None:
    if found.error_category:
        what, advice = failure(found.error_category, found.error_code)
        messages.error(request, f"{what} {advice}")
    elif not found.ok:
        messages.error(request, _("The connection works, but nothing can be pushed yet; the check says why."))
    elif found.problems:
        messages.warning(request, _("The connection works. Some columns are left out or cut; the check says which."))
    else:
        messages.success(request, _("The connection works and the environment has everything."))
