"""Leads on their way into Dynamics, the way people send, decide and repair."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Locator, Page, expect

from sandbox.market import companies
from tests.browser.conftest import ask, signed_in

COMPANIES = list(companies(300))
SLOW = 60_000  # milliseconds until a scored lead is there, or a push has arrived


def open_lead(page: Page, site: str, number: int) -> Locator:
    """The Dynamics panel of a demo lead that has its verdict."""
    page.goto(f"{site}/leads/{COMPANIES[number].domain}/")
    for _ in range(30):
        if page.locator(".verdict__figure").count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    panel = page.locator("#lead-dynamics")
    expect(panel).to_contain_text("not in Dynamics 365 yet", timeout=SLOW)
    return panel


def push(panel: Locator) -> None:
    """From the panel: look at what is sent, then send it."""
    panel.get_by_role("link", name="Push to Dynamics 365").click()
    expect(panel).to_contain_text("Written at creation only")
    panel.get_by_role("button", name="Push to Dynamics 365").click()


def test_a_lead_is_previewed_pushed_and_receipted_on_its_page(site: str, operations: Page) -> None:
    panel = open_lead(operations, site, 40)
    push(panel)
    expect(panel).to_contain_text("Created in Dynamics 365.", timeout=SLOW)
    expect(panel).to_contain_text("Request id")
    expect(operations.locator("#lead-push-badge")).to_have_text("Synced")
    with operations.expect_popup() as opened:
        panel.get_by_role("link", name="Open in Dynamics").click()
    expect(opened.value.locator("body")).to_contain_text(COMPANIES[40].domain)


def test_a_foreign_lead_waits_for_a_decision_and_is_taken_over(site: str, cloud: str, operations: Page) -> None:
    company = COMPANIES[41]
    found = {"hnt_domain": company.domain, "companyname": "Somebody's lead", "subject": "Call Ayşe", "lastname": "D"}
    remote = ask(f"{cloud}/_sandbox/dynamics/leads", found)["id"]
    panel = open_lead(operations, site, 41)
    push(panel)
    expect(panel).to_contain_text("Hunter did not make", timeout=SLOW)
    panel.get_by_role("link", name="Decide").click()
    expect(operations.locator("h1")).to_have_text("Is this the same company?")
    expect(operations.locator("main")).to_contain_text("Call Ayşe")
    operations.get_by_role("button", name=re.compile("take it over")).click()
    expect(operations.locator("main")).to_contain_text("Taken over", timeout=SLOW)
    row = ask(f"{cloud}/_sandbox/dynamics/leads/{remote}")
    assert (row["subject"], row["companyname"]) == ("Call Ayşe", "Somebody's lead")
    assert row["hnt_finalscore"] is not None


def test_a_parked_push_is_found_on_the_board_and_retried(site: str, cloud: str, operations: Page) -> None:
    domain = COMPANIES[42].domain
    fault = {"route": "*", "kind": "plugin_veto", "times": 1, "domain": domain}
    ask(f"{cloud}/_sandbox/faults", fault)
    panel = open_lead(operations, site, 42)
    push(panel)
    expect(panel).to_contain_text("A plug-in in your Dynamics refused this lead.", timeout=SLOW)
    operations.goto(f"{site}/dynamics/?state=parked")
    row = operations.locator("tbody tr", has_text=domain)
    expect(row).to_contain_text("The lead was refused by a business rule.")
    row.get_by_role("button", name="Retry").click()
    operations.goto(f"{site}/dynamics/?q={domain}")
    expect(operations.locator("tbody tr", has_text=domain)).to_contain_text("Synced", timeout=SLOW)


def test_a_filter_is_counted_and_pushed_as_a_job(site: str, operations: Page) -> None:
    operations.goto(f"{site}/leads/?q={COMPANIES[43].domain}")
    operations.get_by_role("link", name="Push to Dynamics").click()
    expect(operations.locator("main")).to_contain_text("All leads of this filter")
    operations.get_by_role("button", name=re.compile("Push 1 lead")).click()
    expect(operations.locator("#job")).to_contain_text("1 created", timeout=SLOW)
    operations.get_by_role("link", name="Pushes of this job").click()
    expect(operations.locator("tbody tr")).to_have_count(1)


def test_a_seller_pushes_on_the_phone(chromium: Browser, site: str) -> None:
    context = signed_in(chromium, site, user="seller", locale="en-US", viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(20_000)
    panel = open_lead(page, site, 44)
    push(panel)
    expect(panel).to_contain_text("Created in Dynamics 365.", timeout=SLOW)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider == 0
    context.close()
