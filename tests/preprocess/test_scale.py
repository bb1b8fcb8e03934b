"""Min-max."""

from __future__ import annotations

import numpy as np
import pytest

from spectrove.errors import WindowError
from spectrove.preprocess import min_max


def test_it_is_equation_3_of_the_paper(generator):
    flux = generator.normal(1000.0, 30.0, 140)

    np.testing.assert_allclose(min_max(flux), 2 * (flux - flux.min()) / (flux.max() - flux.min()) - 1, rtol=0, atol=1e-12)


@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1e-17, 1.0, 1e300, 1.7e308])
def test_any_unit_gives_the_same_shape(scale):
    np.testing.assert_allclose(min_max(np.array([-1.0, 0.0, 1.0]) * scale), [-1.0, 0.0, 1.0], atol=1e-3)


@pytest.mark.parametrize("flux", [[2.5] * 5, [0.1, 0.1 + 1e-17, 0.1 - 2e-17], [1e300] * 3, [-7.0] * 2])
def test_a_constant_flux_is_refused_not_divided_by_zero(flux):
    with pytest.raises(WindowError, match=r"the flux is constant \(.*\), so min-max has nothing to divide by"):
        min_max(np.array(flux))


def test_rounding_of_a_constant_is_not_blown_up_to_a_shape():
    with pytest.raises(WindowError, match="constant"):
        min_max(np.full(100, 0.1) * (1 + 2.3e-16 * (np.arange(100) % 3)))


@pytest.mark.parametrize(
    ("flux", "reason"),
    [
        (np.zeros(10), "the flux is zero everywhere"),
        (np.array([]), "no pixel"),
        (np.array([1.0, np.nan, np.inf]), r"2 of 3 pixels are not finite"),
    ],
)
def test_other_windows_without_a_shape_are_refused_with_their_reason(flux, reason):
    with pytest.raises(WindowError, match=reason):
        min_max(flux)
