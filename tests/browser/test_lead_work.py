"""Work on a lead's page: nothing jumps after saving, nothing typed is lost, and the header can be told apart."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

NOTE = "Aradım, yarın öğleden sonra dönecek"


@pytest.fixture
def lead(operations: Page, site: str) -> Page:
    operations.goto(f"{site}/leads/")
    operations.locator("a.lead__name").first.click()
    operations.locator("#notes textarea").wait_for()
    return operations


def test_after_saving_a_note_one_is_at_the_notes_and_the_message_moves_nothing(lead: Page) -> None:
    top = lead.evaluate("document.querySelector('h1').getBoundingClientRect().top + scrollY")
    lead.locator("#notes textarea").fill(NOTE)
    lead.locator("#notes button[type=submit]").click()
    lead.wait_for_url("**#notes")
    expect(lead.locator("#toasts .banner")).to_have_count(1)
    assert lead.evaluate("document.activeElement.id") == "notes"
    assert lead.evaluate("document.querySelector('h1').getBoundingClientRect().top + scrollY") == top
    expect(lead.locator("#notes")).to_be_in_viewport()


def test_a_note_typed_while_the_session_ended_is_sent_again(lead: Page) -> None:
    page_of_lead = lead.url
    lead.locator("#notes textarea").fill(f"{NOTE}, kesin")
    lead.context.clear_cookies(name="hunter_session")
    lead.locator("#notes button[type=submit]").click()
    lead.fill("input[name=username]", "operations")
    lead.fill("input[name=password]", "hunter-demo")
    lead.press("input[name=password]", "Enter")
    expect(lead.locator("blockquote")).to_have_text(f"{NOTE}, kesin")
    lead.locator("form.stack button[type=submit]").click()
    lead.locator("#notes .note").first.wait_for()
    assert lead.url.partition("?")[0].partition("#")[0] == page_of_lead.partition("?")[0]
    expect(lead.locator("#notes .note").first).to_contain_text(f"{NOTE}, kesin")


def test_the_palette_acts_on_the_open_lead(lead: Page) -> None:
    lead.keyboard.press("Control+k")
    lead.locator("#palette-text").fill("snooze until")
    option = lead.locator("#option-lead-snooze-now")
    expect(option).to_have_attribute("aria-selected", "true")
    lead.keyboard.press("Enter")
    expect(lead.locator("#toasts .banner")).to_have_count(1)
    lead.keyboard.press("Control+k")
    lead.locator("#palette-text").fill("keyboard")
    expect(lead.locator("#option-shortcuts")).to_have_attribute("aria-selected", "true")
    lead.keyboard.press("Enter")
    expect(lead.locator("#shortcuts")).to_be_visible()
    expect(lead.locator("#palette")).to_be_hidden()


@pytest.mark.parametrize("width", [1024, 390, 320])
def test_the_lights_of_the_header_have_names_at_every_width(lead: Page, width: int) -> None:
    lead.set_viewport_size({"width": width, "height": 800})
    for name in ("PC", "D365"):
        expect(lead.locator(".light__short", has_text=name)).to_be_visible()
    assert lead.evaluate("document.documentElement.scrollWidth") <= width
    header = lead.locator("header.frame__header")
    assert header.evaluate("(header) => header.scrollWidth <= header.clientWidth")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_daily_work_comes_before_the_evidence(lead: Page, width: int) -> None:
    lead.set_viewport_size({"width": width, "height": 900})
    parts = ["#verdict-title", "#work", "#notes", "#reasons-title", "#facts-title"]
    tops = [lead.locator(part).evaluate("(part) => part.getBoundingClientRect().top") for part in parts]
    order = lead.evaluate("(parts) => [...document.querySelectorAll(parts.join())].map((part) => '#' + part.id)", parts)
    assert order == parts
    if width == 390:
        assert tops == sorted(tops)
    else:
        assert tops[1] < tops[3]
        assert tops[1] < tops[2] < tops[4]
    lead.locator("#work input[name=tags]").fill("fuar")
    lead.locator("#work input[name=tags]").press("Enter")  # the form's own button, not one of the days
    lead.wait_for_url("**#work")
    expect(lead.locator("#work input[name=on]")).to_have_value("")
    expect(lead.locator("#work input[name=tags]")).to_have_value("fuar")
