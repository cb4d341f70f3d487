"""`make screenshots`: every page at 1440 and 390 px, light and dark, in both languages, into var/screenshots/.

`python -m tests.browser.screenshots [PART …]` takes only the pages whose name or address holds one of the parts.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import sys
import tempfile
from itertools import product
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, ROOT, all_pages, connect, running, signed_in

LOOKS = list(product(("tr", "en"), (1440, 390), ("light", "dark")))
HEIGHTS = {1440: 900, 390: 844}
LOCALES = {"tr": "tr-TR", "en": "en-US"}


def take(page: Page, site: str, address: str, path: Path) -> None:
    page.goto(site + address)
    page.wait_for_load_state("networkidle")
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=True, type="jpeg", quality=80, animations="disabled")


def file_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def index(folder: Path, names: list[str]) -> None:
    """One row a page, one column a look."""
    looks = ["-".join(map(str, look)) for look in LOOKS]
    head = "".join(f"<th>{look}</th>" for look in looks)
    rows = "".join(
        f"<tr><th>{html.escape(name)}</th>"
        + "".join(
            f'<td><a href="{look}/{file_name(name)}.jpeg"><img loading="lazy" width="220" alt="{look}" '
            f'src="{look}/{file_name(name)}.jpeg"></a></td>'
            for look in looks
        )
        + "</tr>"
        for name in names
    )
    table = f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table>"
    (folder / "index.html").write_text(
        f"<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Hunter: every page</title>{table}</html>",
        encoding="utf-8",
    )


def main(parts: list[str]) -> None:
    folder = Path(os.environ.get("HUNTER_VAR", ROOT / "var")) / "screenshots"
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as var, running(Path(var)) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        connect(browser, site)
        found = [("login", "/accounts/login/"), *((name, path) for name, path in all_pages(Path(var))["pages"])]
        chosen = [(n, a) for n, a in dict(found).items() if not parts or any(part in n + a for part in parts)]
        for language, width, theme in LOOKS:
            look = {
                "locale": LOCALES[language],
                "color_scheme": theme,
                "viewport": {"width": width, "height": HEIGHTS[width]},
            }
            context, stranger = signed_in(browser, site, **look), browser.new_context(**look)
            page, outside = context.new_page(), stranger.new_page()
            for name, address in chosen:
                path = folder / f"{language}-{width}-{theme}" / f"{file_name(name)}.jpeg"
                take(outside if name == "login" else page, site, address, path)
            context.close()
            stranger.close()
            print(f"{language} {width} {theme}: {len(chosen)} pages", flush=True)
        browser.close()
    index(folder, [name for name, _ in chosen])
    print(f"Open {folder / 'index.html'}")


if __name__ == "__main__":
    main(sys.argv[1:])
