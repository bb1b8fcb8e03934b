"""A browser, and somebody at the page in it; fixtures for the tests that look at pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
"""Without a sandbox, as root has none in a container; and without all that calls its maker."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Return a running Chromium, or skip the test."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed here")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no browser here ({CHROMIUM} is missing; on Debian: apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


class Desk:
    """Somebody at the page: presses keys, and notes what was painted when."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, kind: str, text: str) -> None:
        # What the browser itself says of a request that a cut network did not answer is no fault of the page.
        if kind == "error" and "ERR_INTERNET_DISCONNECTED" not in text:
            self.complaints.append(text)

    def painted(self) -> str:
        """Wait until a spectrum is on the screen, and return it."""
        self.page.wait_for_selector("body[data-painted]", timeout=60_000)
        return str(self.page.evaluate("document.body.dataset.painted"))

    def press(self, *keys: str) -> None:
        """Press keys that do not move."""
        for key in keys:
            self.page.keyboard.press(key)

    def answer(self, key: str) -> str:
        """Press a key that answers, wait until another spectrum or none is painted, and return the one that was."""
        before = self.painted()
        self.page.keyboard.press(key)
        self.page.wait_for_selector(f'body:not([data-painted="{before}"])')
        return before

    def outbox(self, n: int) -> None:
        """Wait until so many answers are unsent."""
        self.page.wait_for_selector(f'body[data-outbox="{n}"]', timeout=60_000)


@pytest.fixture
def sit_down(chromium: Any) -> Iterator[Callable[..., Desk]]:
    """Return a function that opens the page in a browser of its own, with nothing remembered."""
    contexts = []

    def open_page(address: str, **options: Any) -> Desk:
        context = chromium.new_context(viewport={"width": 1400, "height": 900}, **options)
        context.set_default_timeout(30_000)
        contexts.append(context)
        desk = Desk(context.new_page())
        desk.page.goto(address)
        return desk

    yield open_page
    for context in contexts:
        context.close()
