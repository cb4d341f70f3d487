"""The administration says in words what each column and field is; only words can be translated."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import User
from django.core.exceptions import FieldDoesNotExist
from django.test import RequestFactory
from django.utils.functional import Promise

ROOMS = ("integrations_d365", "jobs", "leads", "referrals")
SAME_IN_EVERY_LANGUAGE = {"id", "eTag", "SPF", "DKIM", "DMARC", "Dynamics 365"}


@pytest.mark.django_db
def test_whatever_the_administration_shows_has_a_name(administrator: User) -> None:
    request: Any = RequestFactory().get("/admin/")
    request.user = administrator
    nameless = []
    for model, shown in admin.site._registry.items():
        if model._meta.app_label not in ROOMS:
            continue
        names = {*shown.get_list_display(request), *flatten_fieldsets(shown.get_fieldsets(request, None))}
        for name in map(str, names):
            if callable(getattr(shown, name, None)):
                continue  # computed, and named where it is written
            try:
                label: Any = getattr(model._meta.get_field(name), "verbose_name", None)
            except FieldDoesNotExist:
                continue
            if not isinstance(label, Promise) and label not in SAME_IN_EVERY_LANGUAGE:
                nameless.append(f"{model._meta.label}.{name}")
    assert sorted(nameless) == []
