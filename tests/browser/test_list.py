"""The lead list as people use it all day: quick filters, views, many leads at once, the keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import signed_in


def rows(page: Page) -> list[str]:
    return page.locator(".lead__name").all_inner_texts()


def heads(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(".leads thead th").all_inner_texts()]


@pytest.fixture
def leads(operations: Page, site: str) -> Page:
    operations.goto(f"{site}/leads/")
    return operations


def test_two_filters_set_at_once_both_count(leads: Page) -> None:
    leads.evaluate(
        """() => {
            for (const box of document.querySelectorAll(
                "#filter [name=segment][value=Migration], #filter [name=provider][value=Google]"
            )) {
                box.checked = true;
                box.dispatchEvent(new Event("change", { bubbles: true }));
            }
        }"""
    )
    leads.wait_for_url(re.compile(r"segment=Migration&provider=Google"))
    expect(leads.locator(".chip")).to_have_count(2)
    # The second while the first is on its way
    leads.evaluate(
        """async () => {
            const set = (selector) => {
                const box = document.querySelector(selector);
                box.checked = true;
                box.dispatchEvent(new Event("change", { bubbles: true }));
            };
            set("#filter [name=posture][value=no_dkim]");
            await new Promise((resolve) => setTimeout(resolve, 70));
            set("#filter [name=priority][value=P2]");
        }"""
    )
    leads.wait_for_url(re.compile(r"(?=.*posture=no_dkim)(?=.*priority=P2)"))
    expect(leads.locator(".chip")).to_have_count(4)


def test_a_pasted_url_gives_rows_order_columns_and_page(chromium: Browser, site: str, leads: Page) -> None:
    leads.goto(f"{site}/leads/?sort=name&cols=score&cols=city&density=compact&page=2")
    shown, titles = rows(leads), heads(leads)
    assert len(shown) == 50
    assert titles[1:] == ["Company", "Score", "City"]
    context = signed_in(chromium, site, user="operations", locale="en-US")
    other = context.new_page()
    other.goto(leads.url)
    assert (rows(other), heads(other)) == (shown, titles)
    context.close()


def test_typing_is_one_entry_and_back_works(leads: Page) -> None:
    before = leads.evaluate("history.length")
    first = rows(leads)
    for text in ("a", "an", "ana"):
        leads.fill("#q", text)
        leads.wait_for_url(re.compile(rf"q={text}$"))
    assert leads.evaluate("history.length") == before + 1
    assert leads.evaluate("document.activeElement.id") == "q"
    leads.go_back()
    leads.wait_for_url(re.compile(r"/leads/$"))
    expect(leads.locator("#q")).to_have_value("")
    assert rows(leads) == first


LISTENS = """() => {
    window.asked = [];
    window.lost = [];
    document.addEventListener("htmx:beforeSend", (event) => {
        const { elt, requestConfig } = event.detail;
        if (!requestConfig.elt.getAttribute("hx-trigger")?.startsWith("every")) asked.push(elt.id);
    });
    document.addEventListener("htmx:oobErrorNoTarget", (event) => lost.push(event.detail.content.id));
}"""


def test_a_search_that_was_answered_undoes_no_page_and_no_order(leads: Page, site: str) -> None:
    leads.goto(f"{site}/leads/?view=all")
    leads.evaluate(LISTENS)
    leads.locator("#q").press_sequentially("a")
    leads.wait_for_url(re.compile(r"q=a"))
    leads.wait_for_timeout(400)
    leads.locator("#page-next").click()
    leads.wait_for_url(re.compile(r"page=2"))
    leads.wait_for_timeout(400)
    assert "page=2" in leads.url
    expect(leads.locator(".paging")).to_contain_text("51–100")
    leads.fill("#q", "an")
    leads.keyboard.press("Enter")  # sends it before the pause after typing does
    leads.wait_for_url(re.compile(r"q=an(?!.*page)"))
    leads.wait_for_timeout(400)
    leads.locator("#sort-name").click()
    leads.wait_for_url(re.compile(r"sort=name"))
    leads.wait_for_timeout(400)
    assert "sort=name" in leads.url
    expect(leads.locator("th[aria-sort]")).to_have_text(re.compile("Company"))
    expect(leads.locator("#sort")).to_have_value("name")
    assert leads.evaluate("asked") == ["filter", "page-next", "filter", "sort-name"]
    assert leads.evaluate("lost") == []


def test_what_is_searched_for_is_listed_whatever_is_clicked_meanwhile(leads: Page, site: str) -> None:
    leads.goto(f"{site}/leads/?view=all")
    leads.evaluate(LISTENS)
    held: list[Route] = []
    leads.route(re.compile(r"[?&]q="), lambda route: held.append(route))
    leads.fill("#q", "an")
    leads.wait_for_timeout(600)
    leads.locator("#page-next").click()
    leads.wait_for_timeout(400)
    held[0].continue_()
    leads.wait_for_url(re.compile(r"q=an"))
    leads.wait_for_timeout(400)
    assert "page=2" not in leads.url
    assert leads.evaluate("asked") == ["filter"]
    assert leads.evaluate("lost") == []


@pytest.mark.parametrize("path", ["/leads/?view=all", "/referrals/"])
def test_a_field_that_is_left_asks_for_nothing(leads: Page, site: str, path: str) -> None:
    leads.goto(f"{site}{path}")
    leads.evaluate(LISTENS)
    leads.locator("#q").press_sequentially("a")
    leads.wait_for_url(re.compile(r"q=a"))
    leads.wait_for_timeout(400)
    leads.locator("h1").click()
    leads.wait_for_timeout(400)
    assert leads.evaluate("asked") == ["filter"]


def test_a_view_is_saved_left_and_found_again(leads: Page) -> None:
    leads.locator("summary", has_text="Security").click()
    leads.locator("#filter [name=posture][value=dmarc_none]").check()
    leads.wait_for_url(re.compile(r"posture=dmarc_none"))
    leads.keyboard.press("Escape")
    leads.locator("#columns-menu").click()
    leads.locator("[name=cols][value=city]").check()
    leads.wait_for_url(re.compile(r"cols=city"))
    leads.keyboard.press("Escape")
    leads.locator("#view-new summary").click()
    leads.fill("#view-name", "Open doors")
    leads.keyboard.press("Enter")
    tab = leads.locator(".views__tab[aria-current]")
    expect(tab).to_have_text(re.compile("Open doors"))
    expect(tab).not_to_contain_text("modified")
    saved = leads.url
    leads.locator("#sort").select_option("name")
    leads.wait_for_url(re.compile(r"sort=name"))
    expect(leads.locator(".views__tab[aria-current]")).to_contain_text("modified")
    leads.locator(".views__tab", has_text="All leads").click()
    leads.locator(".views__tab", has_text="Open doors").click()
    assert leads.url == saved
    assert "City" in heads(leads)
    leads.locator("#view-edit summary").click()
    leads.get_by_role("button", name="Delete the view").click()
    leads.locator("#confirm-view-delete [value=yes]").click()
    expect(leads.locator(".views__tab", has_text="Open doors")).to_have_count(0)


def test_fifty_leads_are_tagged_with_the_keyboard_and_untagged(leads: Page, site: str) -> None:
    leads.focus("[data-checks-page]")
    leads.keyboard.press("Space")
    expect(leads.locator("[data-selected]")).to_have_text("50")
    leads.focus("#bulk [value=tag]")
    leads.keyboard.press("Enter")
    expect(leads.locator("h1")).to_contain_text("50 leads")
    leads.focus("#id_tag")
    leads.keyboard.type("fuar-2026")
    leads.keyboard.press("Enter")
    expect(leads.locator("#bulk-result")).to_contain_text("Changed")
    result = leads.url
    leads.goto(f"{site}/leads/?tag=fuar-2026")
    expect(leads.locator("#count")).to_contain_text("50 leads")
    leads.goto(result)
    leads.focus("#bulk-undo")
    leads.keyboard.press("Enter")
    expect(leads.locator("#bulk-result")).to_contain_text("Undone")
    leads.goto(f"{site}/leads/?tag=fuar-2026")
    expect(leads.locator("#count")).to_contain_text("0 leads")


def test_all_of_a_list_runs_as_a_job_and_shows_itself(leads: Page) -> None:
    total = int(leads.locator("#bulk [name=total]").get_attribute("value") or 0)
    assert total > 200
    leads.locator("[name=lead]").first.check()
    leads.locator("#bulk-all").check()
    expect(leads.locator("[data-selected]")).to_have_text(str(total))
    leads.locator("#bulk [value=tag]").click()
    leads.fill("#id_tag", "hepsi")
    leads.keyboard.press("Enter")
    expect(leads.locator("#bulk-result .badge").first).to_have_text("Done", timeout=60_000)
    expect(leads.locator(".keyfacts")).to_contain_text(str(total))
    leads.locator("#bulk-undo").click()
    expect(leads.locator("#bulk-result .badge").first).to_have_text("Undone", timeout=60_000)


def test_triage_with_the_keyboard_alone(leads: Page) -> None:
    names = rows(leads)
    leads.keyboard.press("j")
    leads.keyboard.press("j")
    leads.keyboard.press("x")
    expect(leads.locator("[name=lead]").nth(1)).to_be_checked()
    leads.keyboard.press("x")
    leads.keyboard.press("k")
    assert leads.evaluate("document.activeElement.innerText") == names[0]
    leads.keyboard.press("p")
    expect(leads.locator("#peek")).to_be_visible()
    expect(leads.locator("#peek-title")).to_have_text(names[0])
    leads.keyboard.press("Escape")
    expect(leads.locator("#peek")).to_be_hidden()
    assert leads.evaluate("document.activeElement.innerText") == names[0]
    leads.keyboard.press("/")
    leads.keyboard.type("jk")  # letters in a field stay letters
    assert leads.input_value("#q") == "jk"
    leads.fill("#q", "")
    leads.wait_for_url(re.compile(r"/leads/$"))
    leads.evaluate("document.activeElement.blur()")
    leads.keyboard.press("j")
    leads.keyboard.press("j")
    leads.keyboard.press("o")
    leads.wait_for_url(re.compile(r"/leads/[^/]+/\?from="))
    expect(leads.locator("h1")).to_have_text(names[1])
    leads.keyboard.press("j")
    expect(leads.locator("h1")).to_have_text(names[2])
    leads.keyboard.press("k")
    expect(leads.locator("h1")).to_have_text(names[1])


def test_the_list_goes_on_where_a_lead_was_left(leads: Page) -> None:
    names = rows(leads)
    focused = "document.activeElement.innerText"
    for _ in range(5):
        leads.keyboard.press("j")
    leads.keyboard.press("o")
    expect(leads.locator("h1")).to_have_text(names[4])
    leads.keyboard.press("j")
    expect(leads.locator("h1")).to_have_text(names[5])
    leads.locator("main a[href='/leads/']").first.click()
    expect(leads.locator(":focus")).to_have_text(names[5])
    leads.keyboard.press("k")
    assert leads.evaluate(focused) == names[4]


def test_triage_in_the_drawer_goes_from_lead_to_lead_and_back(leads: Page) -> None:
    names = rows(leads)
    title = leads.locator("#peek-title")
    leads.keyboard.press("j")
    leads.keyboard.press("p")
    expect(title).to_have_text(names[0])
    leads.keyboard.press("j")
    expect(title).to_have_text(names[1])
    leads.keyboard.press("s")  # the next one opens, and this one can be woken beside it
    expect(title).to_have_text(names[2])
    expect(title).to_be_focused()
    assert names[1] not in rows(leads)
    leads.locator("#peek [data-undo] button").click()
    expect(leads.locator(":focus")).to_have_text(names[1])
    expect(leads.locator("#peek")).to_be_hidden()


def test_a_follow_up_in_the_drawer_is_one_press_and_the_drawer_stays(leads: Page) -> None:
    drawer = leads.locator("#peek")
    leads.locator(".leads__peek").first.click(force=True)
    title = drawer.locator(".peek__title").inner_text()
    for day in ("week", "month"):
        drawer.locator(f"[name=preset][value={day}]").click()
        expect(drawer.locator("[data-told]")).to_contain_text("Follow-up on")
        expect(drawer.locator(".peek__title")).to_have_text(title)


def test_a_lead_takes_two_lines_and_a_compact_one_takes_one(leads: Page, site: str) -> None:
    heights = "[...document.querySelectorAll('.leads tbody tr')].map((row) => row.getBoundingClientRect().height)"
    wider = "document.documentElement.scrollWidth - innerWidth"
    for density, most in (("", 52), ("compact", 36)):
        for width in (1024, 1280, 1366, 1440, 1920):
            leads.set_viewport_size({"width": width, "height": 768})
            leads.goto(f"{site}/leads/?density={density}&sort=name")
            assert max(leads.evaluate(heights)) <= most, (density, width)
            assert leads.evaluate(wider) <= 0, (density, width)


USUAL = ("segment", "priority", "score", "mail", "security", "referral", "dynamics", "owner", "scanned")


@pytest.mark.parametrize(("locale", "date"), [("tr-TR", "27.11.2026"), ("en-US", "27 Nov 2026")])
def test_more_columns_leave_the_company_its_room_and_dates_whole(
    chromium: Browser, site: str, locale: str, date: str
) -> None:
    context = signed_in(chromium, site, user="operations", locale=locale, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{site}/leads/?view=all&" + "&".join(f"cols={name}" for name in (*USUAL, "city", "follow_up")))
    lines = """([selector, text]) => {
        const cell = document.querySelector(selector), range = document.createRange();
        cell.textContent = text;
        range.selectNodeContents(cell);
        return range.getClientRects().length;
    }"""
    assert page.evaluate(lines, ["td.leads__follow_up", date]) == 1
    box = page.locator(".leads__company").bounding_box()
    assert box is not None
    assert box["width"] >= 180
    assert page.locator(".table-wrap").evaluate("(wrap) => wrap.scrollWidth - wrap.clientWidth") <= 0
    page.goto(f"{site}/leads/?view=all")
    cut = "(badges) => badges.filter((badge) => badge.scrollWidth > badge.clientWidth).length"
    assert page.locator(".leads__segment .badge").evaluate_all(cut) == 0
    context.close()


@pytest.mark.parametrize("width", [1024, 1280, 1440])
def test_a_compact_lead_has_its_name_first_and_a_domain_that_can_be_read(leads: Page, site: str, width: int) -> None:
    leads.set_viewport_size({"width": width, "height": 900})
    leads.goto(f"{site}/leads/?view=all&density=compact")
    # [name, its room and what it wants, room of a domain that is in sight]
    found = leads.locator(".leads .lead").evaluate_all(
        """(all) => all.map((lead) => {
            const name = lead.querySelector(".lead__name"), domain = lead.querySelector(".lead__domain");
            const seen = domain && domain.getBoundingClientRect().top < lead.getBoundingClientRect().bottom;
            const whole = name.scrollWidth <= name.clientWidth || name.clientWidth >= lead.clientWidth - 1;
            return [whole || !!lead.querySelector(".badge--warning"), seen ? domain.clientWidth : null];
        })"""
    )
    assert all(name for name, _domain in found)
    assert min((room for _name, room in found if room is not None), default=60) >= 60


def test_the_menu_says_which_columns_the_window_has_no_room_for(leads: Page, site: str) -> None:
    hint = leads.locator(".columns__hidden:visible")
    for width, columns, hidden in ((1440, "", ["scanned"]), (1920, "", []), (1440, "&cols=score&cols=scanned", [])):
        leads.set_viewport_size({"width": width, "height": 900})
        leads.goto(f"{site}/leads/?view=all{columns}")
        leads.locator("#columns-menu").click()
        expect(hint).to_have_count(len(hidden))
        for name in hidden:
            expect(leads.locator(f".columns__hidden--{name}")).to_have_text("hidden while the window is narrow")
            expect(leads.locator(f"th.leads__{name}")).to_be_hidden()


def test_focus_is_never_lost_when_the_list_changes(leads: Page) -> None:
    leads.focus("#sort-name")
    leads.keyboard.press("Enter")
    leads.wait_for_url(re.compile(r"sort=name"))
    assert leads.evaluate("document.activeElement.id") == "sort-name"
    leads.focus("#page-next")
    leads.keyboard.press("Enter")
    leads.wait_for_url(re.compile(r"page=2"))
    assert leads.evaluate("document.activeElement.tagName") != "BODY"
    leads.focus("#sort")
    leads.locator("#sort").select_option("score")
    leads.wait_for_url(re.compile(r"sort=score"))
    assert leads.evaluate("document.activeElement.id") == "sort"


def test_many_leads_are_changed_without_javascript(chromium: Browser, site: str) -> None:
    context = signed_in(chromium, site, user="operations", locale="en-US", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/leads/?segment=Migration")
    page.locator("[name=lead]").nth(0).check()
    page.locator("[name=lead]").nth(1).check()
    page.locator("#bulk [value=dismiss]").click()
    expect(page.locator("h1")).to_contain_text("2 leads")
    page.locator("main form .button--danger").click()
    expect(page.locator("#bulk-result")).to_contain_text("Changed")
    page.locator("#bulk-undo").click()
    expect(page.locator("#bulk-result")).to_contain_text("Undone")
    context.close()


def tops(page: Page) -> set[int]:
    """Where the lines of the toolbar begin."""
    found: list[int] = page.locator("#filter .search, #filter summary").evaluate_all(
        "all => all.filter(one => one.checkVisibility()).map(one => Math.round(one.getBoundingClientRect().top))"
    )
    return set(found)


@pytest.mark.parametrize("locale", ["tr-TR", "en-US"])
def test_the_toolbar_is_one_line_and_the_search_says_all_it_takes(chromium: Browser, site: str, locale: str) -> None:
    context = signed_in(chromium, site, user="operations", locale=locale)
    page = context.new_page()
    for width in (1280, 1366, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        for query in ("", "?segment=Cold&segment=Skip&priority=P2&provider=Google&posture=no_spf&owner=me"):
            page.goto(f"{site}/leads/{query}")
            assert len(tops(page)) == 1, (width, query)
        page.goto(f"{site}/leads/")
        # As a value a text that does not fit is as wide as it is; as a placeholder it is not told
        room = page.evaluate(
            """() => {
                const field = document.querySelector("#q");
                field.value = field.placeholder;
                return [field.scrollWidth, field.clientWidth];
            }"""
        )
        assert room[0] <= room[1], width
    context.close()


@pytest.mark.parametrize("javascript", [True, False])
def test_on_a_phone_the_leads_begin_in_sight_and_the_filters_unfold(
    chromium: Browser, site: str, javascript: bool
) -> None:
    signed = signed_in(chromium, site, user="operations", locale="en-US")
    context = chromium.new_context(
        storage_state=signed.storage_state(), viewport={"width": 390, "height": 844}, java_script_enabled=javascript
    )
    signed.close()
    page = context.new_page()
    page.goto(f"{site}/leads/?segment=Migration&priority=P2&q=a")
    expect(page.locator("#filters > summary")).to_have_text(re.compile(r"Filters\s*2"))
    page.goto(f"{site}/leads/")
    first, search = page.locator(".leads tbody tr").first.bounding_box(), page.locator(".search").bounding_box()
    assert first
    assert search
    assert search["y"] < 260
    assert first["y"] < 400
    segment = page.locator("#filter summary", has_text="Segment")
    expect(segment).to_be_hidden()
    page.locator("#filters > summary").click()
    segment.click()
    page.locator("#filter [name=segment][value=Migration]").check()
    if javascript:
        page.wait_for_url(re.compile("segment=Migration"))
        expect(page.locator("#filters > summary")).to_have_text(re.compile(r"Filters\s*1"))
    page.locator("#list-actions > summary").click(force=True)
    expect(page.get_by_role("link", name="Export (CSV)")).to_be_visible()
    page.locator(".page-head .gather > summary").click(force=True)
    box = page.get_by_role("link", name="Import a list").bounding_box()
    assert box
    assert box["x"] >= 0
    context.close()
