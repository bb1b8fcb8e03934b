"""
Take pictures of a catalog's pages: python docs/images/catalog.py CATALOG OUTPUT.

CATALOG is a folder that `spectrove catalog build` has written.
"""

from __future__ import annotations

import sys
from pathlib import Path

from page import ARGUMENTS, SIZE, small
from playwright.sync_api import sync_playwright


def main(catalog: Path, output: Path) -> None:
    """Take the index and the page of what is new."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        page = browser.new_context(viewport=SIZE, color_scheme="light").new_page()
        for name in ("index", "new"):
            page.goto((catalog / f"{name}.html").resolve().as_uri())
            page.wait_for_timeout(1500)
            (output / f"catalog-{name}-light.png").write_bytes(small(page.screenshot()))
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
