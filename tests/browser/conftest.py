"""A whole Hunter as `make run` starts it (web, worker, sandbox, demo data) and Debian's Chromium in front of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "site" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed"))


@pytest.fixture(scope="session")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the running Hunter writes."""
    return tmp_path_factory.mktemp("hunter")


@pytest.fixture(scope="session")
def site(var: Path) -> Iterator[str]:
    """The address of a running Hunter whose 300 demo companies are scored."""
    with running(var) as address:
        yield address


@contextmanager
def running(var: Path) -> Iterator[str]:
    """A Hunter that writes to `var`, as `make run` starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("HUNTER_DNS_SERVERS", "DATABASE_URL")},
        "HUNTER_ENV": "dev",
        "HUNTER_VAR": str(var),
    }
    with (var / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "start", "--port", str(port)],
            cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            _wait(f"http://127.0.0.1:{port}/healthz/ready", var / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def cloud(site: str, var: Path) -> str:
    """The address of the sandbox cloud behind it."""
    lines = dict(line.split("=", 1) for line in (var / "sandbox.env").read_text().split())
    return lines["HUNTER_SANDBOX_URL"]


def ask(url: str, body: Any = None) -> Any:
    """The control API of the sandbox: GET, or POST with a JSON body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"null")


def _wait(url: str, log: Path) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(log.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def chromium(site: str) -> Iterator[Browser]:
    """For one module only: while Playwright runs, its event loop keeps others out of this thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def signed_in(browser: Browser, site: str, *, user: str = "demo", **options: Any) -> BrowserContext:
    """A browser window of this person; `options` are Playwright's (viewport, locale, color_scheme …). The account
    remembers the language of an earlier window, so that of `locale` is chosen anew."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.goto(f"{site}/accounts/login/")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", "hunter-demo")
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{site}/")
    if "locale" in options:
        token = page.locator("form[action$='/setlang/'] [name=csrfmiddlewaretoken]").first.input_value()
        form = {"csrfmiddlewaretoken": token, "language": options["locale"][:2], "next": "/"}
        assert context.request.post(f"{site}/i18n/setlang/", form=form, headers={"Referer": f"{site}/"}).ok
    page.close()
    return context


@pytest.fixture(scope="module")
def connected(chromium: Browser, site: str) -> str:
    """Somebody of operations has signed in to Partner Center, and the first sync is done."""
    connect(chromium, site)
    return site


def connect(chromium: Browser, site: str) -> None:
    """Sign in to Partner Center as operations, and wait for the first referrals."""
    context = signed_in(chromium, site, user="operations", locale="en-US")
    page = context.new_page()
    page.goto(f"{site}/referrals/connect/")
    if page.locator("form[action$='/connect/browser/']").count():
        page.locator("form[action$='/connect/browser/'] button").click()
        page.locator("button[value=approve], button[type=submit]").first.click()
        page.wait_for_url(f"{site}/referrals/connect/")
    deadline = time.monotonic() + 120  # the first scans run at the same time
    while time.monotonic() < deadline and not page.locator("tbody tr").count():
        time.sleep(1)
        page.goto(f"{site}/referrals/")
    page.locator("tbody tr").first.wait_for()
    context.close()


def all_pages(var: Path) -> dict[str, list[list[str]]]:
    """What tests/browser/pages.py finds in the Hunter that writes to `var`."""
    lines = (var / "sandbox.env").read_text().split()
    environment = {**os.environ, **dict(line.split("=", 1) for line in lines)}
    environment.pop("DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-m", "tests.browser.pages"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, list[list[str]]] = json.loads(done.stdout)
    return found


@pytest.fixture
def operations(chromium: Browser, site: str) -> Iterator[Page]:
    context = signed_in(chromium, site, user="operations", locale="en-US", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    context.close()
