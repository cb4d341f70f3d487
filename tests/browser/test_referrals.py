"""From a fresh referral in Partner Center to a scored lead on the list, the way a person does it."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Browser, Page, expect

from sandbox.market import companies
from tests.browser.conftest import ask, signed_in

NEW = list(companies(360))[359]  # a company that nobody imported, but the sandbox's DNS knows
LIMIT = 60  # seconds from "Sync now" to a scored lead


def add_referral(cloud: str, name: str) -> str:
    team = [{"firstName": "Derya", "lastName": "Örnek", "email": f"Derya.Ornek@mail.{NEW.domain}"}]
    profile = {"name": NEW.name, "team": team}
    return str(ask(f"{cloud}/_sandbox/referrals", {"name": name, "customerProfile": profile})["id"])


def test_a_fresh_referral_is_listed_linked_scanned_and_scored_within_a_minute(
    connected: str, operations: Page, cloud: str
) -> None:
    remote_id = add_referral(cloud, "Yıldız projesi")
    operations.goto(f"{connected}/referrals/?sort=updated")
    started = time.monotonic()
    operations.get_by_role("button", name="Sync now").first.click()
    row = operations.locator("tbody tr", has_text="Yıldız projesi")
    expect(row).to_be_visible(timeout=LIMIT * 1000)
    expect(row).to_contain_text(re.compile(r"days left"))
    expect(row.locator(".score__value")).to_be_visible(timeout=LIMIT * 1000)
    assert time.monotonic() - started < LIMIT
    row.locator("th a").first.click()
    expect(operations.locator("main")).to_contain_text(remote_id)
    operations.get_by_role("link", name="Open the lead").click()
    expect(operations).to_have_url(f"{connected}/leads/{NEW.domain}/")
    expect(operations.locator("main")).to_contain_text("Yıldız projesi")


def test_a_code_signs_in_and_the_page_notices_by_itself(connected: str, operations: Page, cloud: str) -> None:
    operations.goto(f"{connected}/referrals/connect/")
    operations.get_by_role("button", name="Sign out of Partner Center").first.click()
    operations.locator("dialog[open] button[value=yes]").click()
    operations.get_by_role("button", name="Show a code").click()
    code = operations.locator(".sign-in-code").inner_text()
    ask(f"{cloud}/_sandbox/entra/approve", {"user_code": code})
    result = operations.locator("#connect-result")
    expect(result).to_contain_text("Signed in as", timeout=20_000)
    expect(result).to_be_focused()
    expect(result).to_have_css("outline-style", "none")  # a message, not a control
    expect(operations.locator("header")).to_contain_text(re.compile("Synced|Syncing"), timeout=40_000)


def test_the_dialog_shows_what_the_page_shows(connected: str, operations: Page) -> None:
    operations.goto(f"{connected}/referrals/")
    row = operations.locator("tbody tr").first
    name = row.locator("th a").first.inner_text()
    row.get_by_role("button", name="Peek").or_(row.get_by_role("link", name="Peek")).first.click()
    dialog = operations.locator("dialog[open]")
    expect(dialog).to_contain_text(name)
    expect(dialog).to_contain_text("Referral id")
    operations.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_one_key_confirms_a_suggestion_and_can_be_undone(connected: str, operations: Page) -> None:
    operations.goto(f"{connected}/referrals/needs-domain/")
    operations.keyboard.press("j")
    operations.keyboard.press("1")
    expect(operations.locator("main")).to_contain_text("linked to")
    focus = operations.evaluate("document.activeElement.tagName")
    assert focus != "BODY"
    operations.get_by_role("button", name="Undo").click()
    expect(operations.locator("main")).not_to_contain_text("linked to")


@pytest.mark.parametrize("user", ["seller", "viewer"])
def test_people_without_the_right_see_the_state_and_no_button(chromium: Browser, connected: str, user: str) -> None:
    context = signed_in(chromium, connected, user=user, locale="en-US")
    page = context.new_page()
    page.goto(f"{connected}/referrals/connect/")
    expect(page.locator("main")).to_contain_text("Signed in")
    assert page.locator("form[action*='/connect/']").count() == 0
    context.close()


def test_a_revoked_sign_in_is_a_banner_with_the_way_out(connected: str, operations: Page, cloud: str) -> None:
    ask(f"{cloud}/_sandbox/entra/revoke", {})
    operations.goto(f"{connected}/referrals/")
    operations.get_by_role("button", name="Sync now").first.click()
    for _ in range(40):
        operations.goto(f"{connected}/")
        if operations.locator(".banner", has_text="sign-in").count():
            break
        time.sleep(0.5)
    banner = operations.locator(".banner", has_text="Partner Center").first
    expect(banner).to_be_visible()
    banner.get_by_role("link").first.click()
    expect(operations.locator("main")).to_contain_text("The password was changed or the sign-in was revoked.")
    operations.locator("form[action$='/connect/browser/'] button").click()
    operations.locator("button").first.click()
    operations.wait_for_url(f"{connected}/referrals/connect/")
    expect(operations.locator("main")).to_contain_text("Signed in as")
