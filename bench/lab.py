"""What a browser measures on a page: largest contentful paint, layout shift, the slowest answer to an interaction."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LOADS = 5
_WATCH = """
window.lab = {lcp: 0, cls: 0, slowest: 0};
const watch = (type, more, take) => new PerformanceObserver((list) => list.getEntries().forEach(take))
  .observe({type, buffered: true, ...more});
watch("largest-contentful-paint", {}, (entry) => { lab.lcp = entry.startTime; });
watch("layout-shift", {}, (entry) => { if (!entry.hadRecentInput) lab.cls += entry.value; });
watch("event", {durationThreshold: 16}, (entry) => {
  if (entry.interactionId) lab.slowest = Math.max(lab.slowest, entry.duration);
});
"""


@contextmanager
def served() -> Iterator[str]:
    """The web server alone, on a loopback port, over the database in the environment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "hunter.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz/ready", timeout=2).close()
                    break
                except (urllib.error.URLError, OSError):
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def figures(site: str, paths: dict[str, str], *, user: str, password: str) -> dict[str, Any]:
    """The worst of `LOADS` loads of each page; keys pressed and menus opened as a person does."""
    from playwright.sync_api import sync_playwright

    results: dict[str, Any] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="tr-TR")
        page = context.new_page()
        page.goto(f"{site}/accounts/login/")
        page.fill("input[name=username]", user)
        page.fill("input[name=password]", password)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"{site}/")
        page.add_init_script(_WATCH)
        for name, path in paths.items():
            rows = []
            for _ in range(LOADS):
                page.goto(site + path)
                page.wait_for_load_state("networkidle")
                page.keyboard.press("/")
                page.keyboard.type("anadolu", delay=40)
                page.keyboard.press("Escape")
                for menu in page.locator("main details:not([open]) > summary").all()[:3]:
                    if menu.is_visible():
                        menu.click()
                page.wait_for_timeout(500)
                rows.append(page.evaluate("lab"))
            results[name] = {
                "lcp_ms": round(max(row["lcp"] for row in rows)),
                "cls": round(max(row["cls"] for row in rows), 4),
                "slowest_interaction_ms": round(max(row["slowest"] for row in rows)),
            }
        browser.close()
    return results
