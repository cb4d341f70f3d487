"""The language switch: for this browser and, when somebody is signed in, for their account."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from leads.preferences import remember_language


@login_not_required
@require_POST
def switch_language(request: HttpRequest) -> HttpResponseBase:
    language = request.POST.get("language", "")
    if request.user.is_authenticated and language and check_for_language(language):
        remember_language(request.user, language)
    return set_language(request)
