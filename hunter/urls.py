"""The address book: each room brings its own pages."""

from django.contrib import admin
from django.urls import include, path

from hunter import health, trouble
from hunter.sign_in import SignIn
from hunter.styleguide import styleguide
from leads.views.language import switch_language

handler500 = trouble.server_error
urlpatterns = [
    path("", include("leads.urls")),
    path("referrals/", include("referrals.urls")),
    path("dynamics/", include("integrations_d365.urls")),
    path("accounts/login/", SignIn.as_view(), name="login"),
    path("accounts/", include("django.contrib.auth.urls")),
    path("i18n/setlang/", switch_language, name="set_language"),
    path("admin/", admin.site.urls),
    path("healthz/live", health.live, name="healthz_live"),
    path("healthz/ready", health.ready, name="healthz_ready"),
    path("healthz/status", health.status, name="healthz_status"),
    path("styleguide/", styleguide, name="styleguide"),
]
