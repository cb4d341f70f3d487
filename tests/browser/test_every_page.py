"""Every page at the width of a desk, a tablet and a phone: no script error, no sideways scroll."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from sandbox.market import companies
from tests.browser.conftest import signed_in

DOMAIN = next(iter(companies(1))).domain
PATHS = [
    "/", "/leads/", "/leads/?segment=Migration&q=a", "/leads/?q=nothing-has-this-name", f"/leads/{DOMAIN}/",
    "/referrals/", "/referrals/?status=New&link=needs_domain", "/referrals/?q=nothing-has-this-name",
    "/referrals/needs-domain/", "/referrals/runs/", "/referrals/connect/", "/referrals/quarantine/",
    "/dynamics/", "/dynamics/?state=parked&q=nothing", f"/dynamics/push/{DOMAIN}/", f"/dynamics/push/{DOMAIN}/decide/",
    f"/dynamics/of/{DOMAIN}/", f"/dynamics/steps/{DOMAIN}/", "/dynamics/bulk/?segment=Migration", "/dynamics/rules/",
    "/dynamics/check/", "/leads/add/", "/imports/", "/jobs/", "/alerts/", "/healthz/status",
    "/accounts/password_change/", "/admin/", "/admin/leads/lead/", "/admin/referrals/referral/",
    "/admin/integrations_d365/push/", "/nowhere/",
]  # fmt: skip
# Turkish words are the longer ones; themes, English and narrower windows are in test_axe.py.
LOOKS = [("tr-TR", (1440, 900), "light"), ("tr-TR", (390, 844), "dark"), ("en-US", (1024, 800), "dark")]


@pytest.mark.parametrize(("locale", "size", "theme"), LOOKS, ids=lambda value: str(value))
def test_every_page_is_sound(chromium: Browser, connected: str, locale: str, size: tuple[int, int], theme: str) -> None:
    site, viewport = connected, {"width": size[0], "height": size[1]}
    context = signed_in(chromium, site, locale=locale, viewport=viewport, color_scheme=theme)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
    page.on(
        "console", lambda message: problems.append(f"{page.url}: {message.text}") if message.type == "error" else None
    )
    page.on(
        "request", lambda request: None if request.url.startswith((site, "data:")) else problems.append(request.url)
    )
    page.goto(f"{site}/referrals/")
    referral = page.locator("tbody th a").first.get_attribute("href") or ""
    for path in (*PATHS, referral):
        page.goto(site + path)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wider > 0 and not path.startswith("/admin/"):
            problems.append(f"{path} is {wider} px too wide")
        if not path.startswith("/admin/"):
            assert page.locator("html").get_attribute("lang") == locale[:2]
            assert page.locator("h1").count() == 1, path
    context.close()
    assert [problem for problem in problems if "/nowhere/" not in problem] == []
