"""Rest wavelengths."""

from __future__ import annotations

import re

import numpy as np
import pytest

from spectrove.errors import SpectroveError
from spectrove.lines import AGREEMENT, H_ALPHA, LINES, PRESETS, SKY_LINES, TELLURICS, Line
from spectrove.wavelength import vacuum_to_air

HYDROGEN = {
    # NIST Atomic Spectra Database, levels in cm⁻¹; 2p 1/2, 2s, 2p 3/2 and 3p 1/2, 3s, 3d 3/2, 3p 3/2, 3d 5/2
    "n=2": [(82258.9191133, 2), (82258.9543992821, 2), (82259.2850014, 4)],
    "n=3": [(97492.211200, 2), (97492.221701, 2), (97492.319433, 4), (97492.319611, 4), (97492.355566, 6)],
}


def test_every_line_is_in_vacuum_and_says_where_it_comes_from():
    for line in LINES:
        assert line.wave - line.air == pytest.approx(1.8e-4 * line.wave / 0.65, rel=0.02)
        assert re.search(r"NIST|A&A|MNRAS|ApJ", line.reference)


def test_lines_stand_in_order_and_each_once():
    waves = [line.wave for line in LINES]

    assert waves == sorted(set(waves))
    assert len({line.label for line in LINES}) == len(LINES)


def test_h_alpha_is_where_the_levels_of_hydrogen_put_it():
    lower, upper = (sum(level * weight for level, weight in levels) / sum(w for _, w in levels) for levels in HYDROGEN.values())

    assert pytest.approx(1e8 / (upper - lower), abs=0.003) == H_ALPHA.wave


@pytest.mark.parametrize(
    "wave", [6562.79, 6546.6, 6564.68, float("nan")], ids=["air for vacuum", "swapped digits", "slip", "nan"]
)
def test_a_mistyped_wavelength_does_not_survive_the_import(wave):
    with pytest.raises(SpectroveError, match=f"line Hα: .*expected 6562.79 Å within {AGREEMENT}"):
        Line("Hα", wave, 6562.79, "nowhere")


def test_the_presets_come_in_the_order_of_the_keys_and_are_lines_in_vacuum():
    waves = {line.wave for line in LINES}

    assert [preset.label for preset in PRESETS] == [
        "Hα",
        "Hβ",
        "He I 6678",
        "Na D",
        "Ca II triplet",
        "[O III]",
        "[N II], [S II]",
    ]
    assert len({preset.key for preset in PRESETS}) == len(PRESETS)
    assert all(preset.key.isascii() and preset.wave and set(preset.wave) <= waves for preset in PRESETS)
    assert PRESETS[0].wave == (H_ALPHA.wave,)


@pytest.mark.parametrize(
    ("label", "vacuum"),
    [
        # Table of lines of SDSS DR7, in vacuum: https://classic.sdss.org/dr7/products/spectra/vacwavelength.php
        ("[O III] 4959", 4960.30),
        ("[O III] 5007", 5008.24),
        ("Na D₂", 5891.58),
        ("Na D₁", 5897.56),
        ("Ca II 8498", 8500.36),
        ("Ca II 8542", 8544.44),
        ("Ca II 8662", 8664.52),
    ],
)
def test_lines_are_where_others_put_them(label, vacuum):
    (line,) = [line for line in LINES if line.label == label]

    assert line.wave == pytest.approx(vacuum, abs=0.03)


def test_the_sky_is_in_vacuum_in_order_and_says_where_it_comes_from():
    waves = [line.wave for line in SKY_LINES]

    assert waves == sorted(set(waves))
    assert all(re.search(r"NIST|PASP", line.reference) for line in SKY_LINES)
    for air in (5577.338, 5889.951, 5895.924, 6300.304, 6363.780, 6863.955, 7316.282, 8399.170):
        assert np.abs(vacuum_to_air(np.array(waves)) - air).min() < 0.01


def test_telluric_bands_stand_in_order_and_say_where_they_come_from():
    edges = [edge for band in TELLURICS for edge in (band.start, band.stop)]

    assert edges == sorted(set(edges))
    assert all("PASP" in band.reference for band in TELLURICS)
    assert [band.label for band in TELLURICS if band.start < 6900 < band.stop] == ["O₂ B"]
    assert not any(band.start < H_ALPHA.wave < band.stop for band in TELLURICS)
