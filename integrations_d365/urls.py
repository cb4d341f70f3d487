"""The pages about pushes (DESIGN.md section 10)."""

from __future__ import annotations

app_name = "d365"
urlpatterns: list[object] = []
