"""
Take the picture of the candidates view with Aladin Lite: PYTHONPATH=tests python docs/images/aladin.py CAMPAIGN OUTPUT.

CAMPAIGN is one with candidates. Aladin Lite has to be installed (`spectrove vo aladin --install`); without a network its sky is
empty.
"""

from __future__ import annotations

import sys
from pathlib import Path

from page import ARGUMENTS, small
from playwright.sync_api import sync_playwright

from label_command import running_command

SIZE = {"width": 1500, "height": 1000}


def main(campaign: Path, output: Path) -> None:
    """Open the candidates, and the sky of the first one."""
    with running_command("vo", "serve", campaign, "--annotator", "Vera", "--no-loop") as served, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(f"{served.address.rstrip('/')}/#/candidates")
        page.wait_for_selector("body[data-painted]")
        page.locator(".sky-host svg.finder").scroll_into_view_if_needed()
        page.keyboard.press("i")
        page.wait_for_selector(".sky-host[data-aladin]")
        page.locator(".sky-host").scroll_into_view_if_needed()
        page.wait_for_timeout(2000)
        (output / "page-aladin.png").write_bytes(small(page.screenshot(), 64))
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
