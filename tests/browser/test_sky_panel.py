"""The sky beside the spectrum: a chart that needs nobody, and Aladin Lite, the real one, in a frame of its own."""

from __future__ import annotations

import pytest

from label_command import label_command
from spectrove.errors import ServiceError
from spectrove.web import aladin

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def data_home(tmp_path_factory):
    """Return a data folder in which Aladin Lite is not installed yet."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def address(campaign_of, data_home):
    """Return where a page is, whose program looks into that folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(data_home))
        with label_command(campaign_of(6, 3), "--annotator", "Ann") as command:
            yield command.address


def in_queue(sit_down, address):
    desk = sit_down(address)
    desk.page.context.route("https://**", lambda route: route.abort("internetdisconnected"))
    desk.painted()
    return desk


def test_the_chart_stands_there_without_a_network(sit_down, address):
    desk = in_queue(sit_down, address)
    chart = desk.page.locator(".sky-host svg.finder")
    chart.wait_for()
    assert "other spectra within 10′" in chart.get_attribute("aria-label")
    assert chart.locator(".candidate").count() == 0, "nobody who is asked sees what a neighbor is taken for"
    assert desk.complaints == []


@pytest.mark.desktop
def test_aladin_lite_shows_the_place_in_its_frame(sit_down, address, data_home, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(data_home))
    try:
        aladin.install()
    except ServiceError as error:
        pytest.skip(f"npm's registry is not reachable here: {error}")
    desk = in_queue(sit_down, address)
    desk.page.locator(".sky-host svg.finder").wait_for()
    desk.press("i")
    desk.page.wait_for_selector(".sky-host[data-aladin]")
    frame = next(one for one in desk.page.frames if one.url.endswith("/aladin"))
    assert frame.locator("canvas").count() > 0
    asked = frame.evaluate("fetch('/api/v1/session').then(() => 'answered', () => 'refused')")
    assert asked == "refused", "the frame is not to ask the page's interface"
    # Aladin Lite complains of pictures that nobody sent, and without a network looks for the usual one on this server: that
    # is forbidden. Else it is to need nothing that is forbidden.
    expected = ("/api/v1/session", "P/DSS2/color/properties")
    forbidden = [
        text for text in desk.complaints if "Content Security Policy" in text and not any(name in text for name in expected)
    ]
    assert forbidden == []
