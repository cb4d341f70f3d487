"""How I hear about alerts by e-mail."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from leads import digest
from leads.forms import DigestForm
from leads.models import DigestSetting
from leads.preferences import language_of, remember_language
from leads.views.pages import Request, allowed, show


@allowed("leads.change_digestsetting")
@require_http_methods(["GET", "POST"])
def digest_setting(request: Request) -> HttpResponse:
    current = DigestSetting.objects.filter(user=request.user).first()
    current = current or DigestSetting(user=request.user)
    form = DigestForm(request.POST or None, instance=current)
    if request.method == "POST" and form.is_valid():
        digest.choose(request.user, **form.cleaned_data)
        if not language_of(request.user):  # the e-mails then speak as this page does
            remember_language(request.user, get_language() or settings.LANGUAGE_CODE)
        messages.success(request, _("Saved."))
        return redirect("leads:digest")
    context = {
        "form": form,
        "setting": current,
        "doubtful": digest.in_doubt(request.user, timezone.now()),
        "email_enabled": settings.HUNTER_EMAIL_ENABLED,
    }
    return show(request, "leads/digest_setting.html", "leads/_digest_form.html", context)
