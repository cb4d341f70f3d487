"""The address book: each room brings its own pages."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from hunter import health

urlpatterns = [
    path("", include("leads.urls")),
    path("referrals/", include("referrals.urls")),
    path("dynamics/", include("integrations_d365.urls")),
    path("accounts/", include("django.contrib.auth.urls")),
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    path("admin/", admin.site.urls),
    path("healthz/live", health.live, name="healthz_live"),
    path("healthz/ready", health.ready, name="healthz_ready"),
    path("healthz/status", health.status, name="healthz_status"),
]
