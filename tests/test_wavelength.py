"""Air and vacuum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spectrove.wavelength import SHORTEST_IN_AIR, air_to_vacuum, vacuum_to_air

OPTICAL_TO_INFRARED = arrays(np.float64, st.integers(1, 40), elements=st.floats(2001, 100_000))


@pytest.mark.parametrize(
    ("air", "vacuum"),
    [(6562.79, 6564.60), (4861.33, 4862.69), (3968.469, 3969.591), (5889.951, 5891.583)],
    ids=["Hα", "Hβ", "Ca II H", "Na I D2"],
)
def test_known_lines_are_where_the_tables_have_them(air, vacuum):
    assert air_to_vacuum(np.array(air)) == pytest.approx(vacuum, abs=0.005)
    assert vacuum_to_air(np.array(vacuum)) == pytest.approx(air, abs=0.005)


def test_h_alpha_in_air_and_in_vacuum_are_1_8_angstrom_apart():
    assert air_to_vacuum(np.array(6562.79)) - 6562.79 == pytest.approx(1.81, abs=0.01)


@given(OPTICAL_TO_INFRARED)
def test_there_and_back_is_where_one_began(wave):
    np.testing.assert_allclose(air_to_vacuum(vacuum_to_air(wave)), wave, rtol=0, atol=1e-6)
    np.testing.assert_allclose(vacuum_to_air(air_to_vacuum(wave)), wave, rtol=0, atol=1e-6)


@given(OPTICAL_TO_INFRARED)
def test_wavelengths_are_longer_in_vacuum_by_about_one_part_in_3500(wave):
    excess = air_to_vacuum(wave) / wave - 1

    assert np.all((excess > 2.6e-4) & (excess < 3.3e-4))


@given(arrays(np.float64, 20, elements=st.floats(500, 100_000), unique=True))
def test_rising_wavelengths_in_air_still_rise_in_vacuum(wave):
    assert np.all(np.diff(air_to_vacuum(np.sort(wave))) >= 0)


@given(arrays(np.float64, 10, elements=st.floats(1, SHORTEST_IN_AIR, exclude_max=True)))
def test_below_2000_angstrom_wavelengths_are_in_vacuum_by_convention(wave):
    np.testing.assert_array_equal(air_to_vacuum(wave), wave)
    np.testing.assert_array_equal(vacuum_to_air(wave), wave)


@pytest.mark.parametrize("convert", [air_to_vacuum, vacuum_to_air])
def test_an_unknown_wavelength_stays_unknown_and_its_neighbors_are_converted(convert):
    converted = convert(np.array([6500.0, np.nan, 6600.0]))

    assert np.isnan(converted[1])
    np.testing.assert_array_equal(converted[[0, 2]], convert(np.array([6500.0, 6600.0])))


@pytest.mark.parametrize("convert", [air_to_vacuum, vacuum_to_air])
def test_no_wavelengths_give_no_wavelengths(convert):
    assert convert(np.array([])).shape == (0,)


@pytest.mark.parametrize("convert", [air_to_vacuum, vacuum_to_air])
def test_the_argument_is_left_as_it_is_and_single_precision_is_not_kept(convert):
    wave = np.array([6500, 6600], dtype=np.float32)

    assert convert(wave).dtype == np.float64
    np.testing.assert_array_equal(wave, np.array([6500, 6600], dtype=np.float32))
