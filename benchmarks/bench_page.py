"""
How soon the labeling page answers a key: from the press to the last drawing call and one more frame, in a real Chromium.

The spectra are FITS files as long as real ones, the page is as `spectrove label` opens it: line window, whole spectrum, error
band, lines, sky lines, what the network saw, measured values, neighbors. The browser draws in software and shares the
processor with the server. A press is timed by the browser's own clock, from the event to the page's mark ``settled``.
"""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import harness
import material
from bench_page_load import SERVER, cpu_seconds, free_port, until_there
from harness import Facts, Options

from spectrove.campaign import Campaign, create, run
from spectrove.campaign.campaign import TrainingSource
from spectrove.config import settings_from
from spectrove.execution import InlineExecutor
from spectrove.pool import IngestConfig, ingest
from spectrove.preprocess import recipe
from spectrove.simulate import SurveyConfig, simulate_survey

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
"""Software rendering, and nothing that calls the browser's maker."""

LAYOUT = "lamost-dr1"
"""Files of this layout."""

RATE = 30.0
"""Presses a second of a burst: a held key's usual rate."""

REST = 0.25
"""Seconds between two single presses: longer than the page waits before it fills what stands beside the spectrum."""

SETTINGS: Facts = {
    "seed": 7,
    "fit": {"max_epochs": 1},
    "query": {"batch_size": 200},
    "audit": {"size": 100},
    "review": {"second_votes": 0.0, "repeats": 0.0, "gold": 0.0},
}
"""A round that is long enough for all presses."""

WATCH = """() => {
  const isWatched = "presses" in window;
  window.presses = [];
  if (isWatched) return;
  const note = (event) => presses.push({at: event.timeStamp, painted: document.body.dataset.painted});
  addEventListener("keydown", note, true);
}"""

SETTLED = "() => performance.getEntriesByName('settled').map((mark) => ({at: mark.startTime, id: mark.detail}))"


def asked_campaign(options: Options, n_files: int) -> Path:
    """Return a campaign over long FITS files whose questions are open."""
    folder = material.emptied(options.data / "page")
    files = material.fits_files(options, LAYOUT, n_files)
    ingest([files[0].parents[1]], folder / "pool", recipe("halpha-2020"), IngestConfig(), InlineExecutor())
    survey = SurveyConfig(n_pool=20, n_labeled=120, target_fraction=0.2, unknown_fraction=0.03, n_fits=0)
    labeled = simulate_survey(folder / "survey", survey, 20200918)
    source = TrainingSource(labeled.labeled, labeled.labels)
    with create(folder / "campaign", folder / "pool", [source], settings_from(SETTINGS)) as campaign:
        run(campaign)
    return folder / "campaign"


def opened(browser: Any, address: str) -> Any:
    """Return the page in a browser that remembers nothing, when its batch is there."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.goto(address)
    page.wait_for_selector("body[data-painted]", timeout=60_000)
    return page


def first_page(browser: Any, address: str, n_turns: int) -> list[float]:
    """Return the milliseconds from the start of the navigation to the first painted spectrum."""
    found = []
    for _ in range(n_turns):
        page = opened(browser, address)
        found.append(float(page.evaluate(SETTLED)[0]["at"]))
        page.context.close()
    return found


def single(page: Any, keys: list[str]) -> list[float]:
    """Press keys one after the other, with time to rest, and return how many milliseconds each took."""
    page.evaluate(WATCH)
    for key in keys:
        before = int(page.evaluate("+document.body.dataset.settled"))
        page.keyboard.press(key)
        page.wait_for_selector(f'body[data-settled="{before + 1}"]', timeout=10_000)
        time.sleep(REST)
    return waits(page)


def waits(page: Any) -> list[float]:
    """Return from each press to the first settled picture behind it, milliseconds."""
    presses, settled = page.evaluate("() => presses"), page.evaluate(SETTLED)
    return [min(mark["at"] for mark in settled if mark["at"] > press["at"]) - press["at"] for press in presses]


def burst(page: Any, key: str, n: int) -> Facts:
    """Press a key as fast as a held one repeats, and return how far behind the page was at the end."""
    page.evaluate(WATCH)
    begun = time.perf_counter()
    for number in range(n):
        time.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
        page.keyboard.press(key)
    seconds = time.perf_counter() - begun
    page.wait_for_timeout(1500)
    presses, settled = page.evaluate("() => presses"), page.evaluate(SETTLED)
    behind = min(mark["at"] for mark in settled if mark["at"] > presses[-1]["at"]) - presses[-1]["at"]
    return {"n": n, "rate": n / seconds, "behind_ms": behind, "painted": [press["painted"] for press in presses]}


def quantiles(values: list[float]) -> Facts:
    """Return milliseconds."""
    cuts = statistics.quantiles(values, n=20, method="inclusive")
    return {"n": len(values), "p50_ms": cuts[9], "p95_ms": cuts[18], "max_ms": max(values)}


def measure(options: Options) -> Facts:
    """Start server and browser, and press."""
    from playwright.sync_api import sync_playwright

    directory, port = asked_campaign(options, options.pick(400, 60)), free_port()
    address = f"http://127.0.0.1:{port}/"
    n, n_burst = options.pick(100, 6), options.pick(90, 10)
    with subprocess.Popen([sys.executable, "-c", SERVER, str(directory), str(port)], stdout=subprocess.DEVNULL) as server:
        try:
            until_there(address.rstrip("/"), server)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
                found: Facts = {"first_page_ms": harness.spread(first_page(browser, address, options.turns))}
                found |= pressed(browser, address, server.pid, (n, n_burst))
                found["browser"] = browser.version
                browser.close()
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)
    with Campaign(directory) as campaign:
        answered = [answer.spectrum_id for answer in campaign.store.answers()]
        n_pixels = _n_pixels(campaign)
    # A key labels what was on the screen when it was pressed, or nothing.
    painted = found["labeling_burst"].pop("painted")
    found["labeling_burst"] |= {"n_answers": len(answered) - n, "n_unpainted": n_astray(answered[n:], painted)}
    found["moving_burst"].pop("painted")
    return {**found, "n_pixels": n_pixels, "n_twice": len(answered) - len(set(answered))}


def n_astray(answered: list[str], painted: list[str]) -> int:
    """Return how many answers, in their order, are not for what was on the screen at one of the presses, in theirs."""
    presses = iter(painted)
    return sum(all(shown != one for shown in presses) for one in answered)


def pressed(browser: Any, address: str, pid: int, numbers: tuple[int, int]) -> Facts:
    """Press single keys and bursts, and return what they took."""
    n, n_burst = numbers
    page = opened(browser, address)
    page.wait_for_load_state("networkidle")  # the batch is there
    moving = single(page, ["ArrowRight"] * n)
    page.context.close()
    page = opened(browser, address)
    page.wait_for_load_state("networkidle")
    before = cpu_seconds(pid)
    labeling = single(page, ["1", "2", "3", "Space"] * (n // 4) + ["1"] * (n % 4))
    spent = cpu_seconds(pid) - before
    page.wait_for_selector('body[data-outbox="0"]')
    labels = burst(page, "3", n_burst)
    page.wait_for_selector('body[data-outbox="0"]')
    page.context.close()
    page = opened(browser, address)
    page.wait_for_load_state("networkidle")
    moves = burst(page, "ArrowRight", n_burst)
    page.context.close()
    return {
        "moving": quantiles(moving),
        "labeling": quantiles(labeling),
        "labeling_burst": labels,
        "moving_burst": moves,
        "server_cpu_ms_per_press": 1e3 * spent / n,
    }


def _n_pixels(campaign: Campaign) -> int:
    from spectrove.web.fullres import Spectra

    body, _ = Spectra(campaign).body(campaign.pool.spectrum_ids[0])
    length = int.from_bytes(body[4:8], "little")
    return int(json.loads(body[8 : 8 + length])["n_pixels"])


def run_page(options: Options) -> Facts:
    """Measure all."""
    found = measure(options)
    harness.say(json.dumps(found, indent=1))
    return {"page": found}


if __name__ == "__main__":
    harness.main("page", __doc__, run_page, {})
