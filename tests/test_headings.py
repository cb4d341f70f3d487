"""Headings are the outline that screen readers jump along: one title a page, and no level skipped on the way down."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from leads.models import Lead
from tests.browser.pages import SKIPPED, arguments, routes
from tests.leads.conftest import dns, work_off  # noqa: F401 - fixtures
from tests.test_no_mixed_page import ACME, furnished  # noqa: F401 - a fixture

HEADING = re.compile(r"<h([1-6])[\s>]")


def skipped(html: str) -> list[str]:
    """Steps down the outline that are too long; a page starts with level 1, a fragment of one at 2 at most."""
    levels = [int(level) for level in HEADING.findall(html)]
    start = 0 if "<html" in html else 1
    return [f"h{above} → h{below}" for above, below in pairwise([start, *levels]) if below > above + 1]


def own_pages() -> dict[str, str]:
    """Name to address of every page that is not the administration's, and other states of some."""
    found = {
        "brief for the customer": reverse("leads:brief", args=[ACME]) + "?for=customer",
        "empty list": reverse("leads:list") + "?q=nothing-has-this-name",
        "today without leads": reverse("leads:today") + "?owner=me",
    }
    for name, wanted in routes(get_resolver().url_patterns):
        if name in SKIPPED or name == "logout" or name.startswith("admin:"):
            continue
        try:
            found[name] = reverse(name, kwargs=arguments(name, wanted))
        except (AssertionError, IndexError):
            continue  # its row lives in another room; the walk in the browser sees that page
    return found


@pytest.mark.django_db
def test_no_page_skips_a_level(as_administrator: Client, furnished: None) -> None:  # noqa: F811
    seen, wrong = set(), {}
    for state in ("judged", "never scanned"):
        for name, address in own_pages().items():
            answer = as_administrator.get(address)
            if answer.status_code != 200 or not answer.headers.get("Content-Type", "").startswith("text/html"):
                continue
            html = answer.content.decode()
            seen.add(name)
            if steps := skipped(html):
                wrong[f"{name}, {state}"] = steps
            if "<html" in html:
                assert html.count("<h1") == 1, name
        Lead.objects.update(score=None, verdict_state="never", scan_job=None)
    assert {"leads:today", "leads:list", "leads:detail", "leads:brief", "referrals:list", "d365:board"} <= seen
    assert wrong == {}


def test_a_skipped_level_is_found() -> None:
    assert skipped("<html><h1>a</h1><h2>b</h2><h3>c</h3><h2>d</h2></html>") == []
    assert skipped("<html><h1>a</h1><h3>b</h3></html>") == ["h1 → h3"]
    assert skipped("<html><h2>b</h2></html>") == ["h0 → h2"]
    assert skipped("<section><h2>b</h2><h3>c</h3></section>") == []
