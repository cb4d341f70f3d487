"""The first page and the command palette in a browser: by keyboard, on a phone, after the session is lost."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import signed_in


def test_the_first_page_leads_from_reason_to_step(connected: str, operations: Page) -> None:
    page = operations
    page.goto(f"{connected}/")
    first = page.locator(".work__row").first
    expect(first).to_contain_text("waits for an answer")
    first.locator(".work__step").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_be_visible()
    assert "/referrals/of/" in page.url


def test_figures_lead_to_their_leads_and_stand_in_tables(connected: str, operations: Page) -> None:
    page = operations
    page.goto(f"{connected}/")
    chart = page.locator(".chart").filter(has=page.get_by_role("heading", name="Segments"))
    chart.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(chart.locator("table")).to_be_visible()
    link = chart.locator("tbody a").first
    count = chart.locator("tbody tr").first.locator("td").first.inner_text()
    link.click()
    expect(page.locator(".list-head__count")).to_contain_text(count)


def test_a_phone_and_a_script_that_does_not_run(chromium: Browser, connected: str) -> None:
    context = signed_in(chromium, connected, user="seller", locale="tr-TR", viewport={"width": 320, "height": 700})
    page = context.new_page()
    for path in ("/", "/search/?q=isik"):
        page.goto(connected + path)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
        small = page.evaluate(
            """() => [...document.querySelectorAll("main .button, main .tile, .segmented__link, .chart summary")]
            .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 24).map((e) => e.outerHTML)"""
        )
        assert small == [], path
    cookies = context.cookies()
    context.close()
    bare = chromium.new_context(java_script_enabled=False, locale="tr-TR")
    bare.add_cookies(cookies)  # type: ignore[arg-type]
    page = bare.new_page()
    page.goto(f"{connected}/")
    page.locator("[data-palette-open]").click()
    page.fill("#search-text", "isik")
    page.press("#search-text", "Enter")
    expect(page.locator("main .items a").first).to_be_visible()
    bare.close()


def test_the_palette_by_keyboard(connected: str, operations: Page) -> None:
    page = operations
    page.goto(f"{connected}/alerts/")
    opener = page.locator("[data-palette-open]")
    opener.focus()
    page.keyboard.press("Enter")
    field = page.locator("#palette-text")
    expect(field).to_be_focused()
    for _ in range(6):  # the focus does not leave the window for the page behind it
        page.keyboard.press("Tab")
        assert page.evaluate("!document.activeElement || !document.activeElement.closest('.frame')")
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("IŞIK")
    option = page.locator("#palette-results [role=option][aria-selected=true]")
    expect(option).to_contain_text("Işık")
    before = field.get_attribute("aria-activedescendant")
    page.keyboard.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") != before
    chosen = option.get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{connected}{chosen}")


def test_the_palette_switches_theme_and_language(connected: str, operations: Page) -> None:
    page = operations
    page.goto(f"{connected}/alerts/")
    page.keyboard.press("Control+k")
    page.keyboard.type("dark")
    expect(page.locator("#option-dark")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    for typed, language in (("türkçe", "tr"), ("english", "en")):
        page.keyboard.press("Control+k")
        page.locator("#palette-text").fill(typed)
        expect(page.locator("#palette-results [aria-selected=true]")).to_have_attribute("value", language)
        page.keyboard.press("Enter")
        expect(page.locator("html")).to_have_attribute("lang", language)


def test_a_lost_session_is_told_and_leads_back(chromium: Browser, connected: str) -> None:
    context = signed_in(chromium, connected, user="viewer", locale="en-US", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{connected}/leads/?segment=Migration")
    context.clear_cookies(name="hunter_session")
    page.locator("main input[name=q]").first.fill("abc")
    banner = page.locator("#toasts [role=alert]")
    expect(banner).to_contain_text("Your session has ended.")
    expect(page.locator("main input[name=q]").first).to_have_value("abc")
    assert page.locator("main form[action*='login']").count() == 0
    banner.get_by_role("link", name="Sign in").click()
    page.fill("input[name=username]", "viewer")
    page.fill("input[name=password]", "hunter-demo")
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: url.startswith(f"{connected}/leads/?"))
    context.close()


def test_a_failure_stays_until_it_is_closed(connected: str, operations: Page) -> None:
    page = operations
    page.goto(f"{connected}/leads/")
    page.route("**/leads/?*", lambda route: route.fulfill(status=500, headers={"X-Reference": "ab12cd34"}))
    page.locator("main input[name=q]").first.fill("abc")
    banner = page.locator("#toasts [role=alert]")
    expect(banner).to_contain_text("ab12cd34")
    page.wait_for_timeout(7_000)
    expect(banner).to_be_visible()
    banner.get_by_role("button", name="Close").click()
    expect(banner).to_have_count(0)
