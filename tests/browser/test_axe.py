"""axe on every page of the URL configuration, both languages and themes: no violation of WCAG 2.2 A or AA.

In one look at a page everything else that is asked of every page is checked, too: nothing is refused by the content
security policy, no request leaves the site, few queries, and at 320 px, with text twice as large, and with both, only
tables scroll sideways.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import all_pages, signed_in

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
RUN = """async ([scope, everything]) => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"];
  const colours = ["color-contrast", "link-in-text-block"];
  const only = everything ? {type: "tag", values: tags} : {type: "rule", values: colours};
  // Without preload axe fetches no style sheet a second time and sets no inline style of its own.
  const options = {runOnly: only, resultTypes: ["violations"], iframes: false, preload: false};
  if (everything) options.rules = {"target-size": {enabled: true}};
  const found = await axe.run(scope || document, options);
  const why = (node) => [...node.any, ...node.all, ...node.none][0]?.message ?? "";
  const where = (node) => `${node.target.join(" ")} ${why(node)}`;
  return found.violations.map((rule) => `${rule.id}: ${rule.nodes.slice(0, 3).map(where).join(" | ")}`);
}"""
# After a change of theme or size: the next frame but one has the new styles, and transitions are over.
SETTLED = """async () => {
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  const short = (animation) => animation.effect.getComputedTiming().endTime < 1000;
  await Promise.allSettled(document.getAnimations().filter(short).map((animation) => animation.finished));
}"""
# What is wider than the page although nothing scrolls it: the page then scrolls sideways.
SIDEWAYS = """() => {
  const root = document.documentElement, room = root.clientWidth;
  if (root.scrollWidth <= room) return "";
  const scrolled = (element) => {
    for (let e = element.parentElement; e; e = e.parentElement)
      if (e !== root && e !== document.body && getComputedStyle(e).overflowX !== "visible") return true;
    return false;
  };
  const wide = [...document.body.querySelectorAll("*")].filter((e) => e.checkVisibility()
    && e.getBoundingClientRect().right > room + 1 && !scrolled(e));
  const name = (e) => [e.tagName.toLowerCase() + (e.id ? "#" + e.id : ""), ...e.classList].join(".");
  return `${root.scrollWidth - room} px: ` + wide.slice(-3).map(name).join(", ");
}"""
QUERIES = 12
# The page that joins everything about a lead has a limit of its own, and the one that asks Dynamics while it is made:
# every request passes a turnstile that all processes share through the database.
MORE_QUERIES = {"leads:detail": 15, "d365:decide": 20}
EMPTY = [
    ["empty list", "/leads/?q=nothing-has-this-name"], ["empty referrals", "/referrals/?q=nothing-has-this-name"],
    ["empty board", "/dynamics/?state=parked&q=nothing"], ["filtered list", "/leads/?segment=Migration&q=a&tag=x"],
    ["not found", "/nowhere/"], ["empty admin list", "/admin/leads/lead/?q=nothing-has-this-name"],
]  # fmt: skip
# Forms that are sent as they stand, or with these values, and come back with their errors.
REFUSED: list[tuple[str, str, dict[str, str]]] = [
    ("/leads/add/", "main form", {"textarea": "not a domain"}),
    ("/imports/", "form:has(textarea)", {"textarea": " "}),
    ("/accounts/password_change/", "main form", {"input[name=old_password]": "wrong"}),
    ("/admin/leads/lead/add/", "#lead_form", {"#id_domain": "not a domain"}),
    ("/admin/auth/user/add/", "#user_form", {"#id_username": "demo"}),
]


@pytest.fixture(scope="module")
def pages(connected: str, var: Path) -> list[tuple[str, str]]:
    """(name, address) of every page, its arguments from the running Hunter's data."""
    found = all_pages(var)
    escaped = [name for name, _ in found["refused"] if not name.startswith("admin:")]
    assert escaped == [], "nobody looked at these pages"
    return [(name, address) for name, address in [*found["pages"], *EMPTY]]


class Inspector:
    """One window; `problems` collects what is wrong."""

    def __init__(self, page: Page, site: str, themes: tuple[str, str]) -> None:
        self.page, self.site, self.themes = page, site, themes
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.tell(str(error)))
        page.on("console", lambda message: self.tell(message.text) if message.type == "error" else None)
        page.on("request", lambda request: None if request.url.startswith((site, "data:")) else self.tell(request.url))

    def tell(self, problem: str) -> None:
        if "status of 4" not in problem:  # a refused form and the page that is not there answer so
            self.problems.append(f"{self.page.url.removeprefix(self.site)}: {problem}")

    def axe(self, scope: str = "", *, everything: bool = True) -> None:
        for violation in self.page.evaluate(RUN, [scope, everything]):
            self.tell(violation)

    def look(self, name: str, address: str) -> None:
        own, theme = not address.startswith("/admin/"), self.themes[0]
        self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        response = self.page.goto(self.site + address)
        assert response is not None
        count = int(response.headers["x-query-count"])
        if own and count > MORE_QUERIES.get(name, QUERIES):
            self.tell(f"{count} queries")
        self.page.evaluate(AXE)
        self.inspect(own)
        if re.search(r"\{[#%]|[#%]\}", self.page.locator("body").inner_text()):
            self.tell("shows template code")

    def inspect(self, own: bool) -> None:
        """The page as it stands: axe, its windows, the other theme, the narrow window."""
        self.page.evaluate(
            "document.querySelectorAll('main details:not(.menu), #content details').forEach((part) => part.open = true)"
        )
        self.axe()
        if own:
            self.dialogs()
            self.page.emulate_media(color_scheme=self.themes[1])  # type: ignore[arg-type]
            self.page.evaluate(SETTLED)
            self.axe(everything=False)
        for width, text in ((320, "100%"), (320, "200%"), (1280, "200%")):
            self.page.set_viewport_size({"width": width, "height": 800})
            self.page.evaluate("(size) => { document.documentElement.style.fontSize = size; }", text)
            self.page.evaluate(SETTLED)
            if wide := self.page.evaluate(SIDEWAYS):
                self.tell(f"scrolls sideways at {width} px with text at {text} by {wide}")
        self.page.evaluate("document.documentElement.style.fontSize = ''")
        self.page.set_viewport_size({"width": 1440, "height": 900})

    def dialogs(self) -> None:
        for index in range(self.page.locator("dialog").count()):
            dialog = self.page.locator("dialog").nth(index)
            if dialog.inner_text().strip() == "" and not dialog.locator("*").count():
                continue  # filled when it opens
            dialog.evaluate("(dialog) => { dialog.showModal(); dialog.dataset.looked = ''; }")
            self.axe("dialog[data-looked]")
            dialog.evaluate("(dialog) => { dialog.close(); delete dialog.dataset.looked; }")


@pytest.mark.parametrize(
    ("locale", "themes"), [("tr-TR", ("light", "dark")), ("en-US", ("dark", "light"))], ids=["tr", "en"]
)
def test_no_page_breaks_wcag(
    chromium: Browser, connected: str, pages: list[tuple[str, str]], locale: str, themes: tuple[str, str]
) -> None:
    context = signed_in(chromium, connected, locale=locale, viewport={"width": 1440, "height": 900})
    inspector = Inspector(context.new_page(), connected, themes)
    for name, address in pages:
        if name == "login":
            continue  # below, signed out
        inspector.look(name, address)
    for address, form, values in REFUSED:
        inspector.page.goto(connected + address)
        inspector.page.evaluate("document.querySelectorAll('form').forEach((form) => form.noValidate = true)")
        for field, value in values.items():
            inspector.page.locator(f"{form} {field}").first.fill(value)
        inspector.page.locator(f"{form} [type=submit]").last.click()
        inspector.page.wait_for_load_state()
        inspector.page.evaluate(AXE)
        inspector.inspect(not address.startswith("/admin/"))
    context.close()
    signed_out = chromium.new_context(locale=locale, viewport={"width": 1440, "height": 900})
    stranger = Inspector(signed_out.new_page(), connected, themes)
    for address in ("/accounts/login/", "/admin/login/", "/accounts/password_reset/"):
        stranger.look("signed out", address)
    signed_out.close()
    assert inspector.problems + stranger.problems == []
