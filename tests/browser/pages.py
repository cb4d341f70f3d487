"""Every page of the URL configuration with arguments from real data; run beside a Hunter to furnish its database.

`python -m tests.browser.pages` prints a JSON object: `pages` ([name, address] of every page), `fragments` (what answers
with a piece of a page), `files` (downloads and data). A route that refuses GET is an action and left out; a route
whose arguments nobody told here is an error, so that no new page escapes the tests that walk this list.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import django

from tests.browser.work import a_day

SKIPPED = {
    "admin:view_on_site": "a redirect to another page",
    "referrals:connect_callback": "the way back from the sign-in of Microsoft, never opened by hand",
    "password_reset_confirm": "redirects to the form with the token in the session",
}

QUESTION = "discovery.size.small.budget"
# What is no free text where a row is made for a page to show.
WORDS = {"question": QUESTION}


def routes(patterns: Iterable[Any], spaces: tuple[str, ...] = ()) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(name, names of the arguments) of each route with a name."""
    from django.urls.resolvers import URLResolver

    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from routes(pattern.url_patterns, inner)
        elif pattern.name is not None:
            found = tuple(pattern.pattern.converters) or tuple(re.compile(str(pattern.pattern)).groupindex)
            yield ":".join((*spaces, pattern.name)), found


def some(model: Any) -> Any:
    """A row of this model: the first one, or a new one with honest defaults."""
    from django.db import models
    from django.utils import timezone

    if (row := model._default_manager.first()) is not None:
        return row
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.primary_key or field.has_default() or getattr(field, "auto_now_add", False) or field.null:
            continue
        if isinstance(field, models.ForeignKey):
            # Not for the first user, who looks at the pages: their own choices would change what they see.
            last = field.related_model._default_manager.order_by("pk").last()
            values[field.name] = last or some(field.related_model)
        elif field.choices:
            values[field.name] = field.choices[0][0]
        elif isinstance(field, models.DateTimeField):
            values[field.name] = timezone.now()
        elif isinstance(field, models.DateField):
            values[field.name] = timezone.localdate() + timedelta(days=30)
        elif isinstance(field, (models.IntegerField, models.DecimalField, models.FloatField)):
            values[field.name] = 1
        elif isinstance(field, models.CharField | models.TextField) and not field.blank:
            values[field.name] = WORDS.get(field.name, "Örnek")
    return model._default_manager.create(**values)


def undoable(batches: Any) -> Any:
    """An import that wrote something and ended."""
    found = batches.objects.filter(state="done", created_count__gt=0).order_by("pk").first()
    return found or batches.objects.create(file_name="liste.csv", state="cancelled", created_count=1)


def arguments(name: str, wanted: tuple[str, ...]) -> dict[str, Any]:
    """Real values for the arguments of the route `name`."""
    from django.apps import apps
    from django.contrib.auth.models import User

    from integrations_d365.models import AutoPush, Push
    from jobs.models import Job
    from leads import models
    from referrals.models import Quarantine, Referral, SyncRun

    lead = models.Lead.objects.filter(scanned_at__isnull=False).order_by("pk").first()
    assert lead is not None
    keys = {
        "leads:scan": lambda: lead.scans.order_by("pk")[0],
        "leads:known_end": lambda: some(models.Override),
        "leads:known_keep": lambda: some(models.Override),
        "leads:import_undo": lambda: undoable(models.ImportBatch),
        "leads:import": lambda: some(models.ImportBatch),
        "leads:job": lambda: some(Job),
        "referrals:run": lambda: some(SyncRun),
        "referrals:quarantine": lambda: some(Quarantine),
        "referrals:": lambda: Referral.objects.order_by("pk")[0],
        "d365:rule": lambda: some(AutoPush).saved_view,
        "leads:view": lambda: some(models.SavedView),
        "leads:bulk": lambda: some(models.BulkAction),
    }
    found: dict[str, Any] = {}
    for argument in wanted:
        if argument == "domain":
            found[argument] = lead.domain
            if name == "d365:decide" or name == "d365:steps":
                pushes = Push.objects.select_related("lead").order_by("pk")
                push = pushes.filter(state="parked", reason="foreign").first() or pushes.first()
                found[argument] = push.lead.domain if push else lead.domain
        elif argument == "object_id":
            app, _, model = name.removeprefix("admin:").rpartition("_")[0].rpartition("_")
            found[argument] = some(apps.get_model(app, model)).pk
        elif argument == "id":
            found[argument] = some(User).pk
        elif argument == "app_label":
            found[argument] = "leads"
        elif argument == "field":
            found[argument] = "tenant_size"
        elif argument == "question":
            found[argument] = QUESTION
        elif argument == "uidb64":
            found[argument] = "MQ"
        elif argument == "token":
            found[argument] = "set-password"
        elif argument == "pk":
            row = next((find() for start, find in keys.items() if name.startswith(start)), None)
            assert row is not None, f"{name}: tell tests/browser/pages.py which row it shows"
            found[argument] = row.pk
        else:
            raise AssertionError(f"{name}: tell tests/browser/pages.py a value of {argument}")
    return found


def walk() -> dict[str, list[list[str]]]:
    from django.contrib.auth.models import User
    from django.test import Client
    from django.urls import get_resolver, reverse

    client = Client(headers={"accept-language": "en"}, SERVER_NAME="localhost")
    client.force_login(User.objects.get(username="demo"))
    found: dict[str, list[list[str]]] = {"pages": [], "fragments": [], "files": [], "refused": []}
    for name, wanted in routes(get_resolver().url_patterns):
        if name in SKIPPED:
            continue
        address = reverse(name, kwargs=arguments(name, wanted))
        response = client.get(address)
        if name == "logout" or response.status_code == 405:
            continue
        kind = "files"
        if response.status_code >= 400:
            kind = "refused"
        elif response.status_code in (301, 302):
            continue
        elif response.headers.get("Content-Type", "").startswith("text/html"):
            kind = "pages" if b"<html" in b"".join(response)[:2000] else "fragments"  # type: ignore[arg-type]
        found[kind].append([name, address])
    return found


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hunter.settings")
    django.setup()
    logging.disable()
    a_day()
    json.dump(walk(), sys.stdout)
