"""Small pictures of spectra."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_tables import SCRIPT, items, spectrum
from spectrove.catalog.curves import outline, robust_range, round_ticks, tick_labels
from spectrove.catalog.previews import HALF_WINDOW, PreviewItem, file_name, line_svg, whole_svg, write_previews
from spectrove.errors import StorageError
from spectrove.lines import H_ALPHA

SVG = "{http://www.w3.org/2000/svg}"
IDS = st.text(min_size=1, max_size=120)


def curve(svg):
    """Return the pieces of the curve, each its points."""
    (path,) = (one for one in ET.fromstring(svg).iter(f"{SVG}path") if one.get("class") == "c")
    return [piece for piece in path.get("d").split("M") if piece]


def texts(svg):
    return [one.text or "" for one in ET.fromstring(svg).iter(f"{SVG}text")]


def test_a_line_of_one_pixel_is_as_high_in_the_outline_as_in_the_spectrum():
    wave, flux = np.linspace(4000, 9000, 5000), np.ones(5000)
    flux[1234], flux[4321] = 9.0, -3.0
    x, y = outline(wave, flux, (4000.0, 9000.0), 300)
    assert len(x) <= 2 * 300
    assert y.max() == 9.0
    assert y.min() == -3.0
    assert abs(x[y.argmax()] - 1234 / 5000 * 300) <= 1


@given(st.integers(1, 3000), st.integers(2, 300), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_an_outline_reaches_exactly_as_high_and_low_as_the_spectrum_and_stays_within_the_picture(n, n_columns, seed, holes):
    generator = np.random.default_rng(seed)
    wave = np.sort(generator.uniform(4000, 9000, n))
    flux = np.where(generator.random(n) < holes, np.nan, generator.normal(size=n))
    x, y = outline(wave, flux, (4000.0, 9000.0), n_columns)
    known = np.isfinite(flux)
    assert known.any() == (len(x) > 0)
    if known.any():
        assert (np.nanmin(y), np.nanmax(y)) == (flux[known].min(), flux[known].max())
        assert np.nanmin(x) >= 0
        assert np.nanmax(x) <= n_columns
    assert np.array_equal(np.isnan(x), np.isnan(y))


def test_where_there_is_no_flux_the_curve_is_parted():
    wave, flux = spectrum()
    flux[(wave > 5600) & (wave < 6000)] = np.nan
    joined = whole_svg(items(1, wave=wave, flux=np.nan_to_num(flux, nan=100.0))[0])
    parted = whole_svg(items(1, wave=wave, flux=flux)[0])
    assert len(curve(joined)) == 1
    assert len(curve(parted)) == 2


def test_where_the_axis_has_a_hole_the_curve_is_parted():
    wave, flux = spectrum()
    kept = (wave < 5600) | (wave > 6000)
    assert len(curve(whole_svg(items(1, wave=wave[kept], flux=flux[kept])[0]))) == 2


def test_a_cosmic_ray_does_not_flatten_the_line():
    _, flux = spectrum(height=1.0)
    usual = robust_range(flux)
    flux[1000] = 1e6
    assert robust_range(flux) == pytest.approx(usual, rel=0.02)


def test_pixels_that_hold_nothing_do_not_flatten_the_line():
    _, flux = spectrum(height=1.0)
    usual = robust_range(flux)
    flux[1000:1020] = 0.0
    assert robust_range(flux) == pytest.approx(usual, rel=0.02)


def test_a_line_of_three_pixels_fits_in():
    flux = np.random.default_rng(1).normal(1.0, 0.01, 140)
    flux[69:72] = 3.0, 5.0, 3.0
    assert robust_range(flux)[1] > 5.0


def test_the_line_fits_into_the_picture_of_the_whole_spectrum():
    wave, flux = spectrum(height=80.0)
    assert robust_range(flux, np.zeros(len(flux), dtype=bool))[1] < flux.max()
    assert robust_range(flux, np.abs(wave - H_ALPHA.wave) < 30)[1] > flux.max()
    shown = whole_svg(items(1, wave=wave, flux=flux)[0])
    assert 'class="o"' not in shown


def test_what_leaves_the_picture_is_marked():
    wave, flux = spectrum()
    flux[1000] = 1e6
    assert 'class="o"' in whole_svg(items(1, wave=wave, flux=flux)[0])


@given(st.lists(st.floats(-1e30, 1e30) | st.just(np.nan) | st.just(np.inf), max_size=50))
def test_a_range_is_a_range_whatever_the_flux(flux):
    low, high = robust_range(np.array(flux, dtype=np.float64))
    assert np.isfinite([low, high]).all()
    assert low < high


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 8))
def test_ticks_are_round_within_the_range_and_each_has_its_own_label(low, height, n_most):
    high = low + height
    ticks = round_ticks(low, high, n_most)
    slack = 1e-6 * max(abs(low), abs(high))
    assert all(low - slack <= tick <= high + slack for tick in ticks)
    assert len(ticks) <= n_most + 1
    labels, _ = tick_labels(ticks)
    assert all(re.fullmatch(r"−?\d+(\.\d+)?", label) for label in labels)
    assert height < 1e-2 * abs(low) or len(set(labels)) == len(labels)


def test_labels_of_large_and_small_numbers_share_a_power_of_ten():
    assert tick_labels([0.0, 20000.0, 40000.0]) == (["0", "2", "4"], 4)
    assert tick_labels([-2e-16, 0.0, 2e-16]) == (["−2", "0", "2"], -16)
    assert tick_labels([0.0, 0.5, 1.0]) == (["0.0", "0.5", "1.0"], 0)


def test_axes_name_the_quantity_and_the_unit():
    (item,) = items(1)
    for picture in (line_svg(item), whole_svg(item)):
        assert "wavelength [Å]" in texts(picture)
        assert "flux" in texts(picture)
        assert {item.title, item.label} <= set(texts(picture))
    assert "6550" in texts(line_svg(item))


def test_what_a_reader_needs_to_know_stands_in_the_picture():
    (item,) = items(1, note="only the points that the network saw")
    assert item.note in texts(line_svg(item))
    assert item.note in texts(whole_svg(item))


def test_pictures_are_small():
    for item in items(5):
        assert len(line_svg(item).encode()) < 5_000
        assert len(whole_svg(item).encode()) < 10_000


def test_pictures_are_made_for_light_and_dark_and_as_stamps():
    picture = line_svg(items(1)[0])
    assert "prefers-color-scheme:dark" in picture
    assert re.search(r"@media\(max-width:\d+px\)\{\.a\{display:none\}", picture)


def test_the_window_is_around_the_line():
    wave, flux = spectrum()
    item = items(1, wave=wave, flux=flux, rest_wave=5008.24)[0]
    assert "5000" in texts(line_svg(item))
    assert line_svg(replace(item, rest_wave=wave[-1] + HALF_WINDOW + 10)) is None


def test_what_cannot_be_drawn_is_not_drawn():
    wave, flux = spectrum()
    for nothing in (
        items(1, wave=None, flux=None),
        items(1, wave=wave, flux=np.full_like(flux, np.nan)),
        items(1, wave=wave[:0], flux=flux[:0]),
    ):
        assert line_svg(nothing[0]) is None
        assert whole_svg(nothing[0]) is None


def test_texts_are_no_markup():
    (item,) = items(1, title=SCRIPT + "\x00\x1b\u202e", label="<b>&", note='"')
    for picture in (line_svg(item), whole_svg(item)):
        kinds = {one.tag.removeprefix(SVG) for one in ET.fromstring(picture).iter()}
        assert kinds <= {"svg", "title", "style", "rect", "g", "path", "text", "tspan"}


@given(IDS, IDS)
def test_a_file_name_is_taken_by_every_file_system_and_stands_for_one_id(one, other):
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,90}", file_name(one))
    assert (file_name(one).casefold() == file_name(other).casefold()) == (one == other)


def test_pictures_are_written_beside_the_catalog(tmp_path):
    spectra = [*items(2), PreviewItem("lamost:3/../x", "J3", "single-peak", None, None)]
    paths = write_previews(tmp_path, iter(spectra))
    assert [one.line is None for one in paths] == [False, False, True]
    assert paths[0].line == f"previews/line/{file_name('lamost:0')}.svg"
    assert (tmp_path / paths[1].whole).read_text(encoding="utf-8") == whole_svg(spectra[1])
    assert sum(1 for _ in tmp_path.rglob("*.svg")) == 4


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "previews").write_text("in the way")
    with pytest.raises(StorageError):
        write_previews(tmp_path, items(1))
