"""Drawings of a blur fit."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from spectrove.errors import RecipeError, StorageError, WindowError
from spectrove.preprocess import BlurFit, BlurFitConfig, PairFit
from spectrove.preprocess.draw import draw_blur_fit, draw_pair
from spectrove.spectrum import HeaderFacts, Spectrum

PNG = b"\x89PNG\r\n\x1a\n"
CONFIG = BlurFitConfig()


@pytest.fixture
def fit():
    bests = (6.5, 7.0, 7.2, 20.0)
    pairs = tuple(
        PairFit(f"sharp:{best}", f"dull:{best}", best, (best - 0.5, best), 4 * (CONFIG.sigmas - best) ** 2, 0.0, 0.01, 140, 0.257)
        for best in bests
    )
    return BlurFit(7.0, (6.8, 7.1), CONFIG.sigmas, 0.1 * (CONFIG.sigmas - 7.0) ** 2, pairs, (), CONFIG)


@pytest.fixture
def pair():
    high, low = np.arange(6284.0, 6735.0, 0.257), np.arange(6400.0, 6800.0, 1.5)
    return tuple(
        Spectrum(wave, 1 - 0.5 * np.exp(-0.5 * ((wave - 6564.6) / 3) ** 2), None, None, HeaderFacts("ascii", name))
        for name, wave in (("sharp", high), ("dull", low))
    )


def test_the_curve_and_the_pair_become_images(fit, pair, tmp_path):
    for path in (draw_blur_fit(fit, tmp_path / "curve.png"), draw_pair(*pair, 7.0, CONFIG, tmp_path / "pair.png")):
        assert path.read_bytes().startswith(PNG)
        assert path.stat().st_size > 20_000


def test_the_suffix_names_the_format(fit, tmp_path):
    assert draw_blur_fit(fit, tmp_path / "curve.SVG").read_text().startswith("<?xml")
    with pytest.raises(RecipeError, match=r"'\.jpeg2000' names no format of images, expected one of .*png"):
        draw_blur_fit(fit, tmp_path / "curve.jpeg2000")


def test_a_place_that_cannot_be_written_is_told_in_one_sentence(fit, tmp_path):
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(StorageError, match="cannot be written"):
        draw_blur_fit(fit, tmp_path / "file" / "curve.png")


def test_a_pair_that_cannot_be_compared_is_not_drawn(pair, tmp_path):
    high, low = pair
    with pytest.raises(WindowError, match="ascii:dull: the median flux"):
        draw_pair(high, Spectrum(low.wave, -low.flux, None, None, low.header), 7.0, CONFIG, tmp_path / "pair.png")


def test_the_room_does_not_import_matplotlib():
    code = "import sys, spectrove.preprocess, spectrove.preprocess.draw; sys.exit('matplotlib' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
