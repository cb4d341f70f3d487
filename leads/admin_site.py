"""The administration itself: Django's, with its lists in the order of the Turkish alphabet."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from leads.folding import turkish_sort_key


class HunterAdminSite(admin.AdminSite):
    empty_value_display = "–"

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Django sorts by code points, where "İçe aktarmalar" comes after "Uyarılar"."""
        apps: list[Any] = super().get_app_list(request, app_label)
        for app in apps:
            app["models"].sort(key=lambda model: turkish_sort_key(str(model["name"])))
        return sorted(apps, key=lambda app: turkish_sort_key(str(app["name"])))
