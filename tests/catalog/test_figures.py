"""Figures of a catalog as PDF."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace

import numpy as np
import pytest

from catalog_tables import items
from spectrove.catalog import figures
from spectrove.catalog.figures import N_EXAMPLES, write_figures


def drawn(directory, spectra, seed=0):
    return write_figures(directory, iter(spectra), generator=np.random.default_rng(seed), title="Emission-line stars")


def n_pages(path):
    return len(re.findall(rb"/Type /Page\b", path.read_bytes()))


def colors(path):
    """Return the colors of lines on all pages."""
    content = b"".join(
        zlib.decompress(stream)
        for stream in re.findall(rb"/FlateDecode.*?stream\n(.*?)\nendstream", path.read_bytes(), re.DOTALL)
    )
    return {
        tuple(round(float(one), 2) for one in found) for found in re.findall(rb"([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+RG", content)
    }


def as_rgb(color):
    return tuple(round(int(color[place : place + 2], 16) / 255, 2) for place in (1, 3, 5))


def test_every_class_has_a_page_of_examples_and_every_object_a_profile(tmp_path):
    spectra = items(43)
    examples, profiles = drawn(tmp_path, spectra)
    assert (n_pages(examples), n_pages(profiles)) == (2, 2)


def test_exposures_of_an_object_stand_over_each_other_in_order_of_time(tmp_path):
    spectra = [replace(one, group=7, mjd=57000.0 - one.mjd) for one in items(3)]
    _, objects = figures._collected(spectra)
    (only,) = objects
    assert [one.mjd for one in only.profiles] == [998.0, 999.0, 1000.0]
    assert only.title == "J000000"
    _, profiles = drawn(tmp_path, spectra)
    assert {as_rgb(color) for color in figures.EPOCHS[:3]} <= colors(profiles)
    assert as_rgb(figures.EPOCHS[3]) not in colors(profiles)


def test_spectra_of_unknown_objects_stand_alone():
    _, objects = figures._collected(items(3, group=-1))
    assert len(objects) == 3


def test_profiles_are_shown_over_their_continuum():
    spectra, _ = figures._collected(items(1, mjd=None))
    (profile,) = spectra[0].profiles
    assert np.median(profile.y) == pytest.approx(1.0, abs=0.02)
    assert profile.y.max() == pytest.approx(5.0, rel=0.1)
    assert abs(profile.x[profile.y.argmax()]) < 0.03


def test_examples_are_a_random_part_of_each_class():
    spectra, _ = figures._collected(items(100, label="single-peak"))
    ((heading, chosen),) = figures._example_pages(spectra, np.random.default_rng(1))
    assert heading == f"single-peak: {N_EXAMPLES} of 100 spectra, chosen at random"
    titles = [cell.title for cell in chosen]
    assert titles == sorted(set(titles))
    ((_, others),) = figures._example_pages(spectra, np.random.default_rng(2))
    assert [cell.title for cell in others] != titles


def test_the_same_spectra_give_the_same_bytes(tmp_path):
    spectra = items(30)
    first = [path.read_bytes() for path in drawn(tmp_path, spectra)]
    assert [path.read_bytes() for path in drawn(tmp_path, spectra)] == first
    assert b"CreationDate" not in first[0]
    assert b"Emission-line stars: examples of each class" in first[0]


def test_names_that_no_font_has_and_formulas_are_drawn_as_text(tmp_path):
    names = ["$\\frac", "星", "a\x00\u202eb", "x" * 500, ""]
    drawn(tmp_path, [replace(one, title=name, label=name) for one, name in zip(items(5), names, strict=True)])
    assert figures._printable("Hα 星\x00") == "Hα \ufffd\ufffd"


def test_a_catalog_without_spectra_has_figures_that_say_so(tmp_path):
    examples, profiles = drawn(tmp_path, items(2, wave=None, flux=None))
    assert (n_pages(examples), n_pages(profiles)) == (1, 1)


def test_flux_around_zero_is_not_divided_by_it():
    wave = np.linspace(6400, 6700, 300)
    spectra, _ = figures._collected(items(1, wave=wave, flux=np.sin(wave) - 0.2))
    assert np.abs(spectra[0].profiles[0].y).max() < 1.3


def test_settings_of_the_reader_change_nothing(tmp_path):
    import matplotlib as mpl

    first = [path.read_bytes() for path in drawn(tmp_path, items(3))]
    with mpl.rc_context({"font.size": 30, "lines.linewidth": 9, "figure.facecolor": "red"}):
        assert [path.read_bytes() for path in drawn(tmp_path, items(3))] == first
