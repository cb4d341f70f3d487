"""Sign-in, and what was sent after a session had ended: kept over the sign-in, sent again by its sender."""

from __future__ import annotations

from typing import Any, Final, TypedDict

from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

SALT: Final = "hunter.sign_in.kept"
LIMIT: Final = 1_000_000  # characters of the signed form; Django reads 2.5 MB of a request
SECRET: Final = ("csrf", "password", "secret", "token")  # a field with such a name is never kept


class Kept(TypedDict):
    """A form as it was sent: where to, and its fields in their order."""

    to: str
    fields: list[tuple[str, str]]


def keep(request: HttpRequest) -> str:
    """The posted form, signed, so that only what Hunter itself was sent is shown after the sign-in; "" when there is
    nothing to keep, or when it holds a file, which no page can send again."""
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if not any(word in name.lower() for word in SECRET)
        for value in values
        if isinstance(value, str)
    ]
    if request.FILES or not fields:
        return ""
    signed = signing.dumps(Kept(to=request.get_full_path(), fields=fields), salt=SALT, compress=True)
    return signed if len(signed) <= LIMIT else ""


def kept(signed: str) -> Kept | None:
    """What `keep` gave; None for anything else."""
    try:
        found: Kept = signing.loads(signed, salt=SALT)
    except signing.BadSignature:
        return None
    return found


def page_of_form(request: HttpRequest) -> str:
    """The page the form stood on, if that is one of ours; else the first page."""
    page = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if page and ours else reverse("leads:today")


def sign_in_again(request: HttpRequest) -> HttpResponse:
    """The answer to a form of somebody who is not signed in any more: 401 with the sign-in."""
    context = {
        "form": AuthenticationForm(request),
        "next": page_of_form(request),
        "kept": keep(request),
        "was_signed_in": True,
    }
    response = render(request, "registration/login.html", context, status=401)
    response.headers["Cache-Control"] = "no-store"
    return response


class SignIn(LoginView):
    """After it the page that was asked for; or, when a form came too late, that form to be sent again."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"kept": self.request.POST.get("kept", "")}

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """The name stays; what is to be typed again has the focus, and the reason belongs to it."""
        form.fields["username"].widget.attrs.pop("autofocus", None)
        form.fields["password"].widget.attrs |= {
            "autofocus": True,
            "aria-invalid": "true",
            "aria-describedby": "sign-in-error",
        }
        return super().form_invalid(form)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        late = kept(self.request.POST.get("kept", ""))
        if late is None:
            return super().form_valid(form)
        login(self.request, form.get_user())
        context = {
            "late": late,
            "texts": [value for name, value in late["fields"] if len(value.split()) > 1],
            "next": self.get_success_url(),
        }
        return render(self.request, "registration/send_again.html", context)
