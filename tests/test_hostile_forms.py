"""Whatever a browser can send in any field of any form: it is refused or kept, and the page says so. Never an error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import Resolver404, get_resolver, resolve, reverse
from django.utils import timezone

from integrations_d365 import auth
from leads import importing, knowledge, scanning, services
from leads.models import Alert, BulkAction, Event, Lead, SavedView
from referrals.storing import store_rows
from sandbox.cloud import Cloud
from sandbox.dns import World, serve
from sandbox.dynamics import HOST
from tests.browser.pages import arguments, routes
from tests.factories import make_lead
from tests.worlds import google

pytestmark = pytest.mark.django_db
ROOMS: Final = ("leads:", "referrals:", "d365:")
# Bytes as they arrive. What no database keeps, more than any column holds, a number that fits nowhere, no digit at all.
NASTY: Final = (b"a\0b", b"\xed\xa0\x80" + b"x" * 10_000, b"9" * 30, "²".encode())
# Fields that forms hold only at times.
HIDDEN: Final = ("seen", "next", "query", "all", "action", "total", "lead", "undo", "handled", "full", "wanted")


class _Forms(HTMLParser):
    """The forms of a page: (address, {field: value})."""

    def __init__(self, page: str, text: str) -> None:
        super().__init__()
        self.page = page
        self.found: list[tuple[str, dict[str, str]]] = []
        self._form: dict[str, str] | None = None
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = {}
            if given.get("method", "").lower() == "post":
                self.found.append((urlsplit(urljoin(self.page, given.get("action", ""))).path, self._form))
        elif self._form is not None and tag in ("input", "textarea", "select", "button") and "name" in given:
            self._form.setdefault(given["name"], given.get("value", ""))
            self._select = given["name"] if tag == "select" else ""
        elif tag == "option" and self._form is not None and self._select and "selected" in given:
            self._form[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None


@pytest.fixture
def furnished(settings: Any, administrator: User) -> Iterator[Lead]:
    """A lead that was scanned and contradicts an entry, a referral, and both integrations switched on."""
    dns = serve(World(google("acme.example"), ()))
    with Cloud() as cloud:
        cloud.entra.switch(client_secret="sandbox")
        settings.HUNTER_DNS_SERVERS = ((dns.host, dns.port),)
        settings.HUNTER_SANDBOX_URL = cloud.url
        settings.HUNTER_PARTNER_CENTER_ENABLED = settings.HUNTER_D365_ENABLED = True
        settings.HUNTER_D365_BASE_URL = f"https://{HOST}"
        for name in ("CLIENT_ID", "TENANT_ID"):
            setattr(settings, f"HUNTER_D365_{name}", cloud.entra.tenant)
            setattr(settings, f"HUNTER_PARTNER_CENTER_{name}", cloud.entra.tenant)
        settings.HUNTER_D365_CLIENT_SECRET = "sandbox"
        auth.forget()
        lead = make_lead("acme.example", company_name="Acme A.Ş.")
        entry = knowledge.enter(lead, "provider", "M365", reason="aradım", by=administrator)
        type(entry).objects.filter(pk=entry.pk).update(created_at=timezone.now() - timedelta(days=1))
        list(scanning.scan_now(Lead.objects.all(), thorough=False))
        services.set_tags(lead, ["fuar"], by=administrator)
        event = Event.objects.create(lead=lead, kind="mx", at=timezone.now())
        Alert.objects.create(lead=lead, event=event, type="mx_changed", created_at=timezone.now())
        SavedView.objects.create(owner=administrator, name="Hepsi", query="")
        importing.create_batch(SimpleUploadedFile("l.csv", b"domain\nb.example\n"), "l.csv", by=administrator)
        BulkAction.objects.create(kind="assign", leads=[lead.pk], total=1, by=administrator)
        with transaction.atomic():
            store_rows([REFERRAL], now=timezone.now())
        yield Lead.objects.get(pk=lead.pk)
    dns.stop()
    auth.forget()


REFERRAL: Final = {
    "id": "6f0d1c52-7b0e-4a53-9a0c-000000000001", "engagementId": "deal-1", "name": "Geçiş",
    "organizationName": "Örnek Bilişim A.Ş.", "createdDateTime": "2026-10-12T06:15:09Z",
    "updatedDateTime": "2026-10-14T08:41:27Z", "expirationDateTime": "2027-10-14T08:41:27Z", "status": "New",
    "substatus": "Pending", "qualification": "SalesQualified", "type": "Shared", "mpnId": "7001234",
    "customerProfile": {"name": "Ege Ltd.", "size": "51to250employees", "address": {"country": "TR"}, "team": []},
    "team": [], "details": {"notes": "", "dealValue": 4, "currency": "TRY", "requirements": {}},
}  # fmt: skip


def addresses() -> dict[str, str]:
    """Name -> address of each route of our rooms."""
    found = {}
    for name, wanted in routes(get_resolver().url_patterns):
        if name.startswith(ROOMS):
            kwargs = arguments(name, wanted)
            found[name] = reverse(name, kwargs=kwargs)
            if name == "leads:known":
                found |= {f"{name} {field}": reverse(name, args=[kwargs["domain"], field]) for field in FIELDS}
    return found


FIELDS: Final = ("company_name", "tenant_size", "provider", "contact")


def forms(client: Client, pages: dict[str, str]) -> dict[str, dict[str, str]]:
    """Address -> fields of the forms that these pages show, and of the actions that no page shows now."""
    found: dict[str, dict[str, str]] = {address: {} for address in pages.values()}
    for page in pages.values():
        response = client.get(page)
        if response.status_code == 200 and response.headers["Content-Type"].startswith("text/html"):
            for address, fields in _Forms(page, response.content.decode()).found:
                found[address] = found.get(address, {}) | fields
    return found


def route(address: str) -> tuple[str, object] | None:
    """The route of our rooms that answers; the questions of a brief are alike."""
    try:
        match = resolve(address)
    except Resolver404:
        return None
    return (match.view_name, match.kwargs.get("field")) if match.view_name.startswith(ROOMS) else None


def body(fields: dict[str, str], nasty: Iterable[str], value: bytes) -> str:
    sent = [(name, text.encode()) for name, text in fields.items()] + [(name, value) for name in nasty]
    return "&".join(f"{quote(name)}={quote(text)}" for name, text in sent)


def test_no_field_of_any_form_breaks_a_page(furnished: Lead, as_administrator: Client) -> None:
    routes_found: dict[tuple[str, object], tuple[str, dict[str, str]]] = {}
    for address, fields in forms(as_administrator, addresses()).items():
        if (key := route(address)) is not None:
            routes_found.setdefault(key, (address, fields))
    as_administrator.raise_request_exception = False
    broken = []
    for address, fields in routes_found.values():
        kept = {name: value for name, value in fields.items() if name != "csrfmiddlewaretoken"}
        for nasty in [[name] for name in kept] + [[name for name in HIDDEN if name not in kept]]:
            for value in NASTY:
                with transaction.atomic():
                    response = as_administrator.post(
                        address, body(kept, nasty, value), content_type="application/x-www-form-urlencoded"
                    )
                    transaction.set_rollback(True)
                if response.status_code >= 500:
                    broken.append((address, nasty, value[:20]))
    assert not broken
