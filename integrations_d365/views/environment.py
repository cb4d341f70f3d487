"""A person says whether another environment is a new one or a copy of the one that leads were pushed into."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from integrations_d365 import governor, preflight, pushing
from leads.views.pages import Request, allowed


@allowed("integrations_d365.connect_d365")
@require_POST
def environment(request: Request) -> HttpResponse:
    """choice=anew: what was pushed elsewhere is not here. choice=copy: the ids stand, contents are sent again."""
    row = governor.current()
    check = preflight.latest(row)
    choice = request.POST.get("choice", "")
    if check is None or not check.organization_id or choice not in ("anew", "copy"):
        messages.error(request, _("Check the connection first."))
        return redirect("d365:check")
    if choice == "anew":
        count = pushing.start_anew(check.organization_id, by=request.user)
        text = ngettext("%(count)d lead is not pushed yet here.", "%(count)d leads are not pushed yet here.", count)
    else:
        count = pushing.keep_ids(check.organization_id)
        text = ngettext("%(count)d lead is sent once more.", "%(count)d leads are sent once more.", count)
    governor.resume(row)
    messages.success(request, text % {"count": count})
    return redirect("d365:board")
