"""The daily journeys twice: with the keyboard alone, and with JavaScript off. No HTMX answer may drop the focus."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from sandbox.market import companies
from tests.browser.conftest import signed_in
from tests.browser.test_journey import turkish_list

COMPANIES = list(companies(300))
SLOW = 60_000  # milliseconds until a job has done its work
STEPS = 250  # more presses of Tab than any page needs
# Remembers each HTMX answer after which the focus, which was somewhere, is nowhere.
WATCH_FOCUS = """
window.lostFocus = [];
const held = new WeakSet();
const somewhere = () => document.activeElement && document.activeElement !== document.body;
document.addEventListener("htmx:beforeRequest", (event) => { if (somewhere()) held.add(event.detail.xhr); });
document.addEventListener("htmx:afterSettle", (event) => {
  if (!held.has(event.detail.xhr)) return;
  // Pieces out of band settle before the rest of the same answer.
  setTimeout(() => { if (!somewhere()) window.lostFocus.push(event.detail.pathInfo.requestPath); }, 500);
});
"""


class Hands:
    """How a person reaches what is on the page: `use` presses it, `write` fills it."""

    def __init__(self, page: Page, *, keyboard: bool) -> None:
        self.page, self.keyboard = page, keyboard

    def reach(self, target: Locator) -> None:
        """Step with Tab until the focus is there."""
        expect(target).to_be_visible()
        for _ in range(STEPS):
            if target.evaluate("(element) => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{target} cannot be reached with Tab")

    def use(self, target: Locator) -> None:
        if not self.keyboard:
            target.click()
            return
        self.reach(target)
        self.page.keyboard.press("Enter")

    def write(self, target: Locator, text: str) -> None:
        if not self.keyboard:
            target.fill(text)
            return
        self.reach(target)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def no_focus_was_lost(self) -> None:
        if self.keyboard:
            self.page.wait_for_timeout(600)
            assert self.page.evaluate("window.lostFocus") == []


@pytest.fixture(params=["keyboard", "without JavaScript"])
def hands(request: pytest.FixtureRequest, chromium: Browser, connected: str) -> Iterator[Hands]:
    keyboard = request.param == "keyboard"
    context = signed_in(
        chromium, connected, user="operations", locale="en-US", viewport={"width": 1440, "height": 900},
        java_script_enabled=keyboard,
    )  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(20_000)
    if keyboard:
        page.add_init_script(WATCH_FOCUS)
    yield Hands(page, keyboard=keyboard)
    context.close()


def test_find_a_lead_read_its_brief_note_the_follow_up_and_push(hands: Hands, connected: str) -> None:
    page, company = hands.page, COMPANIES[60 if hands.keyboard else 61]
    page.goto(f"{connected}/leads/")
    search = page.locator("main input[name=q]")
    hands.write(search, company.domain)
    if not hands.keyboard:
        search.press("Enter")
    page.wait_for_url("**q=**")
    expect(page.locator(".lead__name")).to_have_count(1)
    hands.no_focus_was_lost()
    hands.use(page.locator(".lead__name"))
    page.wait_for_url(f"**/leads/{company.domain}/**")
    hands.use(page.locator(f"main a[href*='/leads/{company.domain}/brief/']").first)
    page.wait_for_url("**/brief/**")
    hands.use(page.locator("form[action$='/brief/follow-up/'] button"))
    expect(page.locator("main")).to_contain_text("Noted for ")
    page.goto(f"{connected}/leads/{company.domain}/")
    hands.no_focus_was_lost()
    if hands.keyboard:
        hands.use(page.locator("#lead-push"))
    else:
        page.goto(f"{connected}/dynamics/push/{company.domain}/")  # the panel is loaded by script
    hands.use(page.get_by_role("button", name="Push to Dynamics 365"))
    if hands.keyboard:
        expect(page.locator("#lead-dynamics")).to_contain_text("Synced", timeout=SLOW)
        hands.no_focus_was_lost()
        return
    for _ in range(60):
        if page.locator("main").get_by_text("Synced").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator("main")).to_contain_text("Synced")


def test_a_referral_gets_its_lead(hands: Hands, connected: str) -> None:
    page = hands.page
    page.goto(f"{connected}/referrals/needs-domain/")
    hands.use(page.locator("button.suggestion").first)
    expect(page.locator("main")).to_contain_text(re.compile("linked to", re.IGNORECASE))
    hands.no_focus_was_lost()


def test_a_file_is_imported(hands: Hands, connected: str, tmp_path: Path) -> None:
    page, path = hands.page, tmp_path / "liste.csv"
    names = turkish_list(path)
    page.goto(f"{connected}/imports/")
    page.set_input_files("input[type=file]", path)  # the window of the system is not ours
    hands.use(page.locator("form:has(input[type=file]) button[type=submit]"))
    expect(page.locator("main")).to_contain_text(names[0])
    hands.use(page.locator("button[formaction$='/start/']").last)
    for _ in range(60):
        if page.get_by_text("bakkal@hotmail.com").count():
            break
        page.wait_for_timeout(500)
        if not hands.keyboard:
            page.reload()
    expect(page.locator("main")).to_contain_text("bakkal@hotmail.com")
    hands.no_focus_was_lost()


def test_a_list_is_pasted_imported_and_undone(hands: Hands, connected: str) -> None:
    page, name = hands.page, "klavye" if hands.keyboard else "fare"
    page.goto(f"{connected}/imports/")
    hands.write(page.locator("textarea[name=text]"), f"Yapıştır A.Ş.; {name}-yapistir.example, kasap@hotmail.com")
    hands.use(page.locator("form:has(textarea[name=text]) button[type=submit]"))
    expect(page.locator("main")).to_contain_text("kasap@hotmail.com: This mail service is open to everyone")
    hands.use(page.locator("button[formaction$='/start/']"))
    undo = page.locator("a[href$='/undo/']")
    for _ in range(60):
        if undo.count():
            break
        page.wait_for_timeout(500)
        if not hands.keyboard:
            page.reload()
    hands.use(undo)
    hands.use(page.get_by_role("button", name="Undo and remove 1 lead"))
    expect(page.locator("main")).to_contain_text("Undone on")
    expect(page.locator("main")).to_contain_text("Lead removed")
    page.goto(f"{connected}/leads/{name}-yapistir.example/")
    expect(page.locator("main")).not_to_contain_text("Yapıştır A.Ş.")
    hands.no_focus_was_lost()


def test_a_view_is_saved(hands: Hands, connected: str) -> None:
    page, name = hands.page, "Keys" if hands.keyboard else "Plain"
    page.goto(f"{connected}/leads/?segment=Migration")
    hands.use(page.locator("#view-new summary"))
    hands.write(page.locator("#view-name"), name)
    page.keyboard.press("Enter")
    expect(page.locator(".views__tab[aria-current]")).to_contain_text(name)


def test_fifty_leads_are_tagged(hands: Hands, connected: str) -> None:
    page, tag = hands.page, "keys" if hands.keyboard else "plain"
    page.goto(f"{connected}/leads/?sort=name")
    if hands.keyboard:
        hands.reach(page.locator("[data-checks-page]"))
        page.keyboard.press("Space")
    else:
        for box in page.locator("[name=lead]").all():
            box.check()
    hands.use(page.locator("#bulk [value=tag]"))
    hands.write(page.locator("#id_tag"), tag)
    page.keyboard.press("Enter")
    page.locator("#bulk-result").wait_for()
    page.goto(f"{connected}/leads/?tag={tag}")
    expect(page.locator("#count")).to_contain_text("50 leads")


def test_partner_center_is_connected(hands: Hands, connected: str) -> None:
    """The last journey: it signs out first."""
    page = hands.page
    page.goto(f"{connected}/referrals/connect/")
    sign_out = page.locator("form[action$='/connect/sign-out/'] button")
    if sign_out.count():
        hands.use(sign_out)
        if hands.keyboard:
            hands.use(page.locator("dialog[open] button[value=yes]"))
    hands.use(page.locator("form[action$='/connect/browser/'] button"))
    page.locator("button[value=approve], button[type=submit]").first.press("Enter")  # Microsoft's page, not ours
    page.wait_for_url(f"{connected}/referrals/connect/")
    expect(page.locator("main")).to_contain_text("Signed in")
