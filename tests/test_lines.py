"""Rest wavelengths."""

from __future__ import annotations

import re

import pytest

from spectrove.errors import SpectroveError
from spectrove.lines import AGREEMENT, H_ALPHA, LINES, Line

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
