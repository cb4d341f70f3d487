"""The brief in a browser: what is ticked and written stays, two windows notice each other, paper takes one page."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from sandbox.market import companies
from tests.browser.conftest import signed_in

DOMAINS = [company.domain for company in companies(12)]
BUDGET = "li[id='discovery.common.budget']"


def test_what_is_ticked_and_written_is_kept_in_place(operations: Page, site: str) -> None:
    operations.goto(f"{site}/leads/{DOMAINS[0]}/brief/")
    operations.evaluate("window.stillTheSamePage = true")
    row = operations.locator(BUDGET)
    row.locator("input[type=checkbox]").check()
    expect(row).to_contain_text("operations")
    row.locator("textarea").fill("Ocakta belli olur")
    row.locator("button").click()
    expect(row.locator("input[name=seen]")).not_to_have_value("")
    expect(operations.locator(BUDGET).locator("textarea")).to_have_value("Ocakta belli olur")
    assert operations.evaluate("window.stillTheSamePage") is True
    operations.reload()
    expect(row.locator("input[type=checkbox]")).to_be_checked()
    expect(row.locator("textarea")).to_have_value("Ocakta belli olur")


def test_two_windows_do_not_overwrite_each_other(chromium: Browser, site: str) -> None:
    windows = [signed_in(chromium, site, user=user, locale="en-US") for user in ("operations", "seller")]
    mine, theirs = (window.new_page() for window in windows)
    for page in (mine, theirs):
        page.goto(f"{site}/leads/{DOMAINS[1]}/brief/")
    theirs.locator(f"{BUDGET} textarea").fill("theirs")
    theirs.locator(f"{BUDGET} button").click()
    expect(theirs.locator(BUDGET)).to_contain_text("just now")
    mine.locator(f"{BUDGET} textarea").fill("mine")
    mine.locator(f"{BUDGET} button").click()
    expect(mine.locator(f"{BUDGET} [role=alert]")).to_contain_text("theirs")
    expect(mine.locator(f"{BUDGET} textarea")).to_have_value("mine")
    mine.locator(f"{BUDGET} button").click()
    expect(mine.locator(f"{BUDGET} [role=alert]")).to_have_count(0)
    theirs.reload()
    expect(theirs.locator(f"{BUDGET} textarea")).to_have_value("mine")
    for window in windows:
        window.close()


def test_a_footnote_leads_to_its_raw_row(operations: Page, site: str) -> None:
    operations.goto(f"{site}/leads/{DOMAINS[0]}/brief/")
    operations.locator(".notes a").first.click()
    note = operations.locator("#note-1")
    expect(note).to_be_in_viewport()
    link = operations.locator(".brief__notes a").first
    link.click()
    anchor = (link.get_attribute("href") or "").removeprefix("#")
    expect(operations.locator(f"[id='{anchor}']")).to_be_in_viewport()


@pytest.mark.skipif(shutil.which("pdfinfo") is None, reason="pdfinfo is not installed (Debian: poppler-utils)")
def test_paper_takes_one_page_without_navigation(operations: Page, site: str, tmp_path: Path) -> None:
    for domain in DOMAINS:
        for query in ("?lang=tr", "?lang=en&for=customer"):
            operations.goto(f"{site}/leads/{domain}/brief/{query}")
            path = tmp_path / "brief.pdf"
            operations.pdf(path=path, prefer_css_page_size=True)
            info = subprocess.run(["pdfinfo", path], check=True, capture_output=True, text=True).stdout
            assert re.search(r"Pages:\s+1\n", info), (domain, query)
            text = subprocess.run(["pdftotext", path, "-"], check=True, capture_output=True, text=True).stdout
            for chrome in ("Bugün", "Today", "Kaydet", "Save", "PDF", "Deneme ortamı"):
                assert chrome not in text, chrome
