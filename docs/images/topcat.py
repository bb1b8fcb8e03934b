"""
Take pictures of TOPCAT with a campaign's candidates: PYTHONPATH=tests python docs/images/topcat.py CAMPAIGN OUTPUT.

CAMPAIGN is one with candidates. It needs Debian's topcat, xvfb, xdotool, imagemagick and chromium; nothing is seen on the screen.
"""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from page import ARGUMENTS, small
from PIL import Image
from playwright.sync_api import sync_playwright

from desktop_programs import desktop
from label_command import running_command

SIZE = (1600, 900)
PAGE = (760, 900)
"""Of the browser's window, which is on the left."""


def main(campaign: Path, output: Path) -> None:
    """Take the page beside TOPCAT with the row highlighted, and TOPCAT by itself with rows selected."""
    with (
        TemporaryDirectory() as folder,
        desktop(Path(folder), SIZE) as topcat,
        running_command("vo", "serve", campaign, "--annotator", "Vera") as served,
        sync_playwright() as playwright,
    ):
        window = ["--window-position=0,0", f"--window-size={PAGE[0]},{PAGE[1]}"]
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[*ARGUMENTS, *window],
            headless=False,
            env={**topcat.screen.environment},
        )
        page = browser.new_context(no_viewport=True, color_scheme="light").new_page()
        page.goto(f"{served.address.rstrip('/')}/#/candidates")
        page.wait_for_selector("body[data-painted]")
        page.click('[data-samp="connect"]')
        page.locator('.samp [role="status"]').filter(has_text="topcat has the table").wait_for()
        topcat.table(f"candidates of {campaign.name}")
        (main_window,) = topcat.screen.windows("^TOPCAT$")
        topcat.screen.place(main_window, PAGE[0], 0)
        rows = topcat.show("Table Browser", (PAGE[0], 330))
        topcat.screen.place(rows, PAGE[0], 330, (SIZE[0] - PAGE[0], SIZE[1] - 330))
        time.sleep(1)
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        page.locator(".samp").scroll_into_view_if_needed()
        time.sleep(2)
        (output / "topcat-beside-page.png").write_bytes(small(topcat.screen.picture(), 64))
        browser.close()
        topcat.scroll_up(rows)
        topcat.click_row(rows, 1)
        topcat.click_row(rows, 4, more=True)
        topcat.screen.place(main_window, 0, 0)
        topcat.screen.place(rows, 0, 330)
        time.sleep(1)
        (output / "topcat-candidates.png").write_bytes(
            small(cut(topcat.screen.picture(), (0, 0, SIZE[0] - PAGE[0], SIZE[1])), 64)
        )


def cut(picture: bytes, box: tuple[int, int, int, int]) -> bytes:
    """Return a part of a picture: left, upper, right and lower edge in pixels."""
    file = io.BytesIO()
    Image.open(io.BytesIO(picture)).crop(box).save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
