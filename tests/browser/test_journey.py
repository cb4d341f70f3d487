"""From a spreadsheet to scored, explained leads, the way a person does it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from sandbox.market import companies


def turkish_list(path: Path) -> list[str]:
    """A list as a dealer sends it: a title above the header, cp1254, semicolons, junk rows. Returns its first names."""
    market = list(companies(330))[:6]
    lines = ["2026 Bölge Listesi;;", ";;", "FİRMA ÜNVANI;İNTERNET SİTESİ;E-POSTA"]
    lines += [f"{company.name};www.{company.domain};bilgi@{company.domain}" for company in market]
    lines += ["Yeni Firma Işıltı Ltd. Şti.;yeni-isilti.example;", "Köşe Bakkal;;bakkal@hotmail.com"]
    path.write_bytes("\r\n".join(lines).encode("cp1254"))
    return [company.name for company in market]


def test_a_spreadsheet_becomes_scored_leads_without_a_reload(operations: Page, site: str, tmp_path: Path) -> None:
    path = tmp_path / "bölge listesi.csv"
    names = turkish_list(path)
    operations.goto(f"{site}/imports/")
    operations.set_input_files("input[type=file]", path)
    operations.locator("form:has(input[type=file]) button[type=submit]").click()
    expect(operations.locator("main")).to_contain_text(names[0])
    operations.locator("button[formaction$='/start/']").last.click()
    operations.wait_for_url("**/imports/*/")
    operations.evaluate("window.stillTheSamePage = true")
    expect(operations.locator("body")).to_contain_text("yeni-isilti.example")
    expect(operations.locator("body")).to_contain_text("bakkal@hotmail.com")
    assert operations.evaluate("window.stillTheSamePage") is True
    operations.goto(f"{site}/leads/yeni-isilti.example/")
    expect(operations.locator("main")).to_contain_text("Yeni Firma Işıltı")


def test_the_lead_page_explains_every_point(operations: Page, site: str) -> None:
    domain = next(iter(companies(1))).domain
    operations.goto(f"{site}/leads/{domain}/")
    rows = operations.locator(".reason:not(.reason--head) .reason__points").all_inner_texts()
    score = operations.locator(".verdict__figure").inner_text().split("/")[0]
    assert rows
    assert sum(int(points.split()[0].replace("−", "-")) for points in rows) == int(score)
    operations.locator("details:has(.reason) summary").first.click()
    expect(operations.locator("main")).to_contain_text("127.0.0.1")  # the server that answered


def test_search_finds_turkish_letters_typed_without_them_and_keeps_the_url(operations: Page, site: str) -> None:
    company = next(company for company in companies(300) if "Işık" in company.name)
    operations.goto(f"{site}/leads/")
    operations.fill("main input[name=q]", "isik")
    operations.wait_for_url("**q=isik**")
    expect(operations.locator("main")).to_contain_text(company.name)
    operations.reload()
    expect(operations.locator("main input[name=q]")).to_have_value("isik")


def test_a_rescan_shows_its_progress_in_place(operations: Page, site: str) -> None:
    domain = list(companies(5))[4].domain
    operations.goto(f"{site}/leads/{domain}/")
    operations.locator("form[action$='/rescan/'] button").first.click()
    expect(operations.locator("[hx-get$='/scan-state/']")).to_have_count(0)
    expect(operations.locator("main")).to_contain_text("just now")
