"""A headless Chromium for tests: it opens pages from disk, lets nothing through to a network, and writes down what it saw."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from helpers.report.export.pdf import chromium

playwright = pytest.importorskip("playwright.sync_api", reason="the browser's driver is missing: pip install playwright")
axe_package = pytest.importorskip(
    "axe_playwright_python", reason="axe-core is missing: pip install axe-playwright-python"
)

# WULI_CHROMIUM names another; playwright's own download is never used.
CHROMIUM = chromium()
if not CHROMIUM:
    pytest.skip("no Chromium on this machine: apt-get install chromium, or name one in WULI_CHROMIUM", allow_module_level=True)

AXE = (Path(axe_package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
AXE_VERSION = AXE[:40].split("axe v")[1].split()[0]
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
LANGS = ("zh", "en")
SCHEMES = ("light", "dark")
WIDTHS = (360, 1440)
HEIGHT = 900
LOCAL = ("file:", "data:", "blob:", "about:")


@dataclass
class Seen:
    """A page in the browser, and everything it did that a page must not do."""

    page: Any
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    @property
    def troubles(self) -> list[str]:
        """Return requests to elsewhere, errors on the console (breaches of the policy among them) and dialogs."""
        return [*self.requests, *self.errors, *self.dialogs]

    def speak(self, lang: str) -> None:
        """Choose a language as a reader does."""
        self.page.locator(f"#in-{lang}").check(force=True)

    def screen(self, *, scheme: str, width: int) -> None:
        """Take another colour scheme or width without loading the page again."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.set_viewport_size({"width": width, "height": HEIGHT})
        # Two pictures later the page has seen its new size.
        self.page.evaluate("() => new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen)))")

    def until(self, expression: str, seconds: float = 5) -> None:
        """Wait until an expression holds; the driver's own way needs `eval`, which the pages' policy forbids."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(expression):
            assert time.monotonic() < end, f"not within {seconds} s: {expression}"
            self.page.wait_for_timeout(30)


@contextmanager
def launched() -> Iterator[Any]:
    """Give a browser that ends with the block."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Any, path: Path, *, anchor: str = "", **options: Any) -> Iterator[Seen]:
    """Open a file as a reader does from disk; `options` are those of a browser context."""
    context = browser.new_context(**{"viewport": {"width": 1440, "height": HEIGHT}, **options})
    try:
        seen = Seen(context.new_page())

        def handle(route: Any) -> None:
            if route.request.url.startswith(LOCAL):
                route.continue_()
            else:
                seen.requests.append(f"request: {route.request.url}")
                route.abort()

        context.route("**/*", handle)
        seen.page.on("console", lambda said: seen.errors.append(said.text) if said.type == "error" else None)
        seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
        seen.page.on("dialog", lambda dialog: (seen.dialogs.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        seen.page.goto(path.resolve().as_uri() + anchor)
        yield seen
    finally:
        context.close()
