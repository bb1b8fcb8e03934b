"""
Take pictures of the labeling page: python docs/images/page.py SEARCH OUTPUT.

SEARCH is a campaign as of docs/tutorials/labeling.md whose first questions are open; two people answer in it first.
"""

from __future__ import annotations

import io
import subprocess
import sys
import uuid
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from spectrove.campaign import Campaign, run

VIEWS = ("queue", "overview", "history", "progress", "candidates", "disagreements", "criteria")
SIZE = {"width": 1240, "height": 800}
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


def answer(address: str, name: str, n: int, labels: list[str | None], *, seen: list[str] | None = None) -> list[str]:
    """Let somebody answer the first spectra of their queue, or some that others have seen."""
    with httpx.Client(base_url=address, timeout=60) as client:
        client.headers["X-CSRF-Token"] = client.get("/api/v1/session").json()["csrf_token"]
        client.put("/api/v1/session", json={"annotator": name}).raise_for_status()
        ids = seen or [item["spectrum_id"] for item in client.get("/api/v1/queue").json()["items"]][:n]
        for number, spectrum_id in enumerate(ids):
            body = {
                "spectrum_id": spectrum_id,
                "label": labels[number % len(labels)],
                "flags": ["interesting"] if number == 2 else [],
            }
            client.put(f"/api/v1/answers/{uuid.uuid4()}", json=body).raise_for_status()
        return ids


def small(picture: bytes, colors: int = 24) -> bytes:
    """Return a picture of few colors."""
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(colors, dither=Image.Dither.NONE)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def take(page: Page, address: str, view: str, path: Path) -> None:
    """Open a view, let it settle, and keep its picture."""
    page.goto(f"{address}#/{view}")
    page.wait_for_selector(f'body[data-view="{view}"] #view > *')
    page.wait_for_timeout(2500 if view == "queue" else 1200)
    path.write_bytes(small(page.screenshot()))


def main(search: Path, output: Path) -> None:
    """Answer a round and a half, and take every view, light and dark."""
    command = [
        sys.executable,
        "-m",
        "spectrove",
        "label",
        str(search),
        "--no-browser",
        "--no-loop",
        "--port",
        "8766",
        "--annotator",
        "Vera",
    ]
    for is_last in (False, True):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - our own command
            address = next(line.split()[-1] for line in server.stdout if "http://" in line)
            with httpx.Client(transport=httpx.HTTPTransport(retries=20)) as client:
                client.get(address)
            ids = answer(address, "Vera", 40 if is_last else 200, ["not-interesting", "single-peak", "double-peak", None])
            answer(address, "Sven", 0, ["not-interesting", "double-peak"], seen=ids[:12])
            if is_last:
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
                    for scheme in ("light", "dark"):
                        page = browser.new_context(viewport=SIZE, color_scheme=scheme).new_page()
                        for view in VIEWS:
                            take(page, address, view, output / f"page-{view}-{scheme}.png")
                    browser.close()
            server.terminate()
        if not is_last:
            with Campaign(search) as campaign:
                for _ in range(2):
                    run(campaign)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
