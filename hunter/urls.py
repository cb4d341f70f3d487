"""The address book: each room brings its own pages."""

from django.contrib import admin
from django.urls import include, path

from hunter import health

urlpatterns = [
    path("", include("leads.urls")),
    path("accounts/", include("django.contrib.auth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("healthz/live", health.live, name="healthz_live"),
    path("healthz/ready", health.ready, name="healthz_ready"),
    path("healthz/status", health.status, name="healthz_status"),
]
