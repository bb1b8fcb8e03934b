"""Nebulae, galaxies, QSOs and supernovae."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectrove.lines import H_ALPHA, NII_6548, NII_6583, SII_6716, SII_6731
from spectrove.simulate.confusers import (
    EXTRAGALACTIC_KINDS,
    FEATURELESS,
    GALAXY,
    OLD_GALAXY,
    QSO,
    SUPERNOVA,
    Extragalactic,
    Nebulae,
    draw_extragalactic,
    extragalactic_class,
    extragalactic_spectrum,
    nebula,
)
from spectrove.simulate.profiles import HALPHA, SPEED_OF_LIGHT

FINE = np.arange(6400.0, 6850.0, 0.1)


def some(kind: int, n: int = 150, seed: int = 1) -> Extragalactic:
    return draw_extragalactic(np.full(n, kind), np.random.default_rng(seed))


def at_redshift(kind: int, z: float, **values: float) -> Extragalactic:
    """Return one object with mean lines and an even continuum."""
    given_ = {"slope": 0.0, "strength": 1.0, "fwhm": 1.0, "nitrogen": 0.3, "oxygen": 1.0, "broad": 0.0} | values
    arrays = {name: np.array([value]) for name, value in given_.items()}
    return Extragalactic(kind=np.array([kind]), z=np.array([z]), is_type_ii=np.array([False]), **arrays)


def area(flux: np.ndarray, center: float, reach: float = 5.0) -> float:
    near = np.abs(FINE - center) < reach
    return float(np.trapezoid(flux[near], FINE[near]))


@settings(max_examples=40)
@given(
    ew=st.floats(0.1, 500),
    nitrogen=st.floats(0.05, 2),
    sulfur=st.floats(0.05, 1),
    rv=st.floats(-300, 300),
    power=st.sampled_from([1800.0, 13_000.0]),
)
def test_the_lines_of_a_nebula_have_the_given_ratios(ew, nitrogen, sulfur, rv, power):
    flux = nebula(FINE, Nebulae(*(np.array([value]) for value in (ew, nitrogen, sulfur, rv))), power)[0] / ew
    stretch = 1 + rv / SPEED_OF_LIGHT
    widths = [area(flux, line.wave * stretch, 7) for line in (H_ALPHA, NII_6548, NII_6583, SII_6716, SII_6731)]
    assert widths[0] == pytest.approx(1, abs=0.01)
    assert widths[1] == pytest.approx(nitrogen / 3, abs=0.01)
    assert widths[2] == pytest.approx(nitrogen, abs=0.01)
    assert widths[3] + widths[4] == pytest.approx(sulfur, abs=0.03)
    assert np.trapezoid(flux, FINE) == pytest.approx(1 + 4 / 3 * nitrogen + sulfur, abs=0.02)


def test_a_nebula_that_is_not_there_adds_nothing_and_one_in_the_sky_fibers_is_subtracted():
    widths = np.array([0.0, -3.0, 3.0])
    flux = nebula(FINE, Nebulae(widths, np.full(3, 0.4), np.full(3, 0.3), np.zeros(3)), 1800)
    assert (flux[0] == 0).all()
    np.testing.assert_allclose(flux[1], -flux[2])


@settings(max_examples=40)
@given(z=st.floats(0.003, 0.02))
def test_a_galaxys_halpha_is_redshifted_and_stretched(z):
    galaxy = at_redshift(GALAXY, z, strength=30.0, fwhm=200.0)
    relative, level = extragalactic_spectrum(FINE, galaxy, 1800)
    assert FINE[np.argmax(relative[0])] == pytest.approx(HALPHA * (1 + z), abs=0.2)
    doublet = area(relative[0] / level[0] - 1, HALPHA * (1 + z), 40)
    assert doublet == pytest.approx(30 * (1 + z) * (1 + 4 / 3 * 0.3), rel=0.03)


def test_oxygen_of_a_distant_galaxy_falls_onto_halpha():
    relative, _ = extragalactic_spectrum(
        FINE, at_redshift(GALAXY, HALPHA / 5008.2 - 1, strength=50.0, oxygen=4.0, fwhm=150.0), 1800
    )
    assert FINE[np.argmax(relative[0])] == pytest.approx(HALPHA, abs=0.3)


def test_a_qsos_broad_lines_are_much_wider_than_a_galaxys():
    relative, _ = extragalactic_spectrum(FINE, at_redshift(QSO, 0.01), 1800)
    above = FINE[relative[0] - 1 > (relative[0].max() - 1) / 2]
    assert 60 < np.ptp(above) < 160


def test_a_type_ii_supernova_shows_hydrogen_200_angstroms_wide_and_a_type_ia_none():
    wave = np.arange(6200.0, 7100.0, 0.5)
    supernovae = some(SUPERNOVA, 100)
    relative, level = extragalactic_spectrum(wave, supernovae, 1800)
    peak = (relative / level).max(axis=1)
    assert np.median(peak[supernovae.is_type_ii]) > 1.4
    widths = [np.ptp(wave[row > 1 + (row.max() - 1) / 2]) for row in (relative / level)[supernovae.is_type_ii]]
    assert 100 < np.median(widths) < 260
    assert np.median(peak[~supernovae.is_type_ii]) < np.median(peak[supernovae.is_type_ii])


@pytest.mark.parametrize("kind", range(len(EXTRAGALACTIC_KINDS)), ids=EXTRAGALACTIC_KINDS)
def test_every_kind_gives_possible_spectra_whose_level_is_1_at_halpha(kind):
    relative, level = extragalactic_spectrum(FINE, some(kind), 1800)
    assert relative.shape == level.shape == (150, FINE.size)
    assert np.isfinite(relative).all()
    assert (relative > 0).all()
    np.testing.assert_allclose(level[:, np.argmin(np.abs(FINE - HALPHA))], 1, atol=1e-4)


def test_absorption_absorbs_and_nothing_is_featureless():
    old, level = extragalactic_spectrum(FINE, some(OLD_GALAXY), 1800)
    assert (old <= level).all()
    assert ((old < 0.97 * level).any(axis=1)).mean() > 0.5
    flat, its_level = extragalactic_spectrum(FINE, some(FEATURELESS), 1800)
    np.testing.assert_array_equal(flat, its_level)


def test_redshifts_are_those_of_a_survey():
    assert np.median(some(QSO, 2000).z) == pytest.approx(1.3, rel=0.15)
    assert np.median(some(GALAXY, 2000).z) == pytest.approx(0.07, rel=0.15)
    for kind in range(len(EXTRAGALACTIC_KINDS)):
        assert ((some(kind).z > 0) & (some(kind).z < 4.4)).all()


def test_a_spectrum_does_not_depend_on_the_others_nor_on_the_range_of_wavelengths():
    objects = draw_extragalactic(np.arange(40) % len(EXTRAGALACTIC_KINDS), np.random.default_rng(2))
    wave = 10 ** (1e-4 * np.arange(38_100, 38_300))
    whole, _ = extragalactic_spectrum(wave, objects, 1800)
    part, _ = extragalactic_spectrum(wave[30:160], objects.rows(slice(5, 25)), 1800)
    np.testing.assert_allclose(part, whole[5:25, 30:160], rtol=1e-5)


def test_what_the_pipeline_calls_them():
    classes, subclasses = extragalactic_class(np.arange(len(EXTRAGALACTIC_KINDS)))
    assert classes.tolist() == ["QSO", "GALAXY", "GALAXY", "Unknown", "Unknown"]
    assert set(subclasses) == {"Non"}
