"""Wavelength scales."""

from __future__ import annotations

import numpy as np
import pytest

from spectrove import wavelength
from spectrove.errors import RecipeError
from spectrove.preprocess import air_to_vacuum, log_to_linear, vacuum_to_air


def test_the_exponent_undoes_the_logarithm():
    wave = np.array([3690.0, 6564.608, 9100.0])

    np.testing.assert_allclose(log_to_linear(np.log10(wave)), wave, rtol=1e-14)


@pytest.mark.parametrize("strange", [np.log([6500.0, 6600.0]), [6500.0, 6600.0], [-0.18, -0.17], [3.8, np.nan]])
def test_what_is_no_decadic_logarithm_of_angstrom_is_refused(strange):
    with pytest.raises(RecipeError, match="expected decadic logarithms of Å"):
        log_to_linear(np.array(strange))


def test_air_and_vacuum_are_the_formulas_of_the_house():
    assert air_to_vacuum is wavelength.air_to_vacuum
    assert vacuum_to_air is wavelength.vacuum_to_air
