"""Noise-free spectra of stars around Hα, and their continua."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.lines import HEI_6678
from spectrove.simulate.photosphere import LAMOST_POWER, SEEN_REDDENING, STANDARDS_REDDENING, TEFF, continuum, photosphere
from spectrove.simulate.profiles import HALPHA, SPEED_OF_LIGHT
from spectrove.simulate.stars import KIND_NAMES, POOL_STARS, Stars, draw_kinds, draw_stars

WHOLE = 10 ** (1e-4 * np.arange(37_994, 38_420))
"""The pixels of LAMOST from 6300 to 6950 Å."""

WINDOW = WHOLE[(WHOLE > 6515) & (WHOLE < 6736)]


def star(kind: str = "g", **values: float) -> Stars:
    parameters = {"teff": 5700.0, "logg": 4.3, "feh": -0.12, "vsini": 0.0, "rv": 0.0, "ebv": 0.0, "strength": 1.0} | values
    return Stars(
        np.array([KIND_NAMES.index(kind)], dtype=np.int8), **{name: np.array([value]) for name, value in parameters.items()}
    )


def width(flux: np.ndarray, wave: np.ndarray, low: float, high: float) -> float:
    """Return the equivalent width between two wavelengths below the straight line through the flux there."""
    inside = (wave > low) & (wave < high)
    edges = np.interp(wave, [low, high], np.interp([low, high], wave, flux))
    return float(np.trapezoid((1 - flux / edges)[inside], wave[inside]))


def halpha(teff: float, power: float = LAMOST_POWER, **values: float) -> tuple[float, float]:
    """Return the equivalent width within 30 Å, and the depth, of Hα."""
    flux = photosphere(WHOLE, star(teff=teff, **values), power)[0]
    near = np.abs(WHOLE - HALPHA) < 30
    return float(np.trapezoid(1 - flux[near], WHOLE[near])), float(1 - flux[np.abs(WHOLE - HALPHA) < 3].min())


@pytest.mark.parametrize("wave", [WHOLE, np.arange(6263.0, 6744.0, 0.2567)])
@pytest.mark.parametrize("power", [1500, 1800, 13_000])
def test_spectra_are_shares_of_a_continuum(wave, power):
    generator = np.random.default_rng(30)
    kinds = np.repeat(np.arange(len(KIND_NAMES), dtype=np.int8), 20)
    stars = draw_stars(kinds, generator)
    flux = photosphere(wave, stars, power)
    assert flux.shape == (kinds.size, wave.size)
    assert flux.dtype == np.float32
    assert flux.min() >= 0
    assert flux.max() <= 1 + 1e-6
    assert continuum(wave, stars).shape == flux.shape


def test_a_part_of_the_wavelengths_gives_the_same_numbers():
    generator = np.random.default_rng(31)
    stars = draw_stars(draw_kinds(POOL_STARS, 500, generator), generator)
    inside = np.isin(WHOLE, WINDOW)
    np.testing.assert_array_equal(photosphere(WINDOW, stars, LAMOST_POWER), photosphere(WHOLE, stars, LAMOST_POWER)[:, inside])
    np.testing.assert_array_equal(continuum(WINDOW, stars), continuum(WHOLE, stars)[:, inside])


def test_a_star_does_not_depend_on_its_neighbors():
    generator = np.random.default_rng(32)
    stars = draw_stars(draw_kinds(POOL_STARS, 600, generator), generator)
    some = generator.permutation(600)[:50]
    np.testing.assert_array_equal(
        photosphere(WINDOW, stars.rows(some), LAMOST_POWER), photosphere(WINDOW, stars, LAMOST_POWER)[some]
    )


def test_even_and_uneven_wavelengths_agree():
    stars = star("k", teff=4400, rv=-37)
    uneven = np.delete(WINDOW, 5)
    np.testing.assert_array_equal(
        photosphere(uneven, stars, LAMOST_POWER)[0], np.delete(photosphere(WINDOW, stars, LAMOST_POWER)[0], 5)
    )


@pytest.mark.parametrize(
    ("teff", "logg", "expected_width", "expected_depth"),
    [
        (9000, 4.0, 10.4, 0.46),
        (7700, 4.0, 8.4, 0.43),
        (6600, 4.2, 4.5, 0.37),
        (5850, 4.4, 3.1, 0.32),
        (4800, 2.6, 1.4, 0.22),
        (4050, 4.6, -0.7, 0.08),
    ],
)
def test_halpha_is_about_as_strong_as_in_real_stars(teff, logg, expected_width, expected_depth):
    """Measured in LAMOST files of types A1, A7, F5, G2, G5 (giants) and K7, against continua beside the line."""
    rotation = 120 if teff > 7000 else 5
    flux = photosphere(WHOLE, star(teff=teff, logg=logg, vsini=rotation), LAMOST_POWER)[0]
    beside = ((WHOLE > 6455) & (WHOLE < 6490)) | ((WHOLE > 6640) & (WHOLE < 6665))
    flux = flux / np.polyval(np.polyfit(WHOLE[beside], flux[beside], 1), WHOLE)
    near = np.abs(WHOLE - HALPHA) < 30
    assert np.trapezoid(1 - flux[near], WHOLE[near]) == pytest.approx(expected_width, rel=0.3, abs=0.4)
    assert 1 - flux[np.abs(WHOLE - HALPHA) < 3].min() == pytest.approx(expected_depth, abs=0.06)


def test_halpha_is_strongest_in_a_stars():
    widths = [halpha(teff)[0] for teff in (30_000, 17_000, 9000, 7200, 6000, 5200)]
    assert np.argmax(widths) == 2
    assert widths[0] < widths[1] < widths[2]
    assert widths[2] > widths[3] > widths[4] > widths[5]


def test_giants_have_narrower_wings_than_dwarfs_in_hot_stars():
    assert halpha(9000, logg=2.0)[0] < 0.8 * halpha(9000, logg=4.3)[0]


@given(rv=st.floats(-600, 600))
def test_lines_move_with_the_star(rv):
    flux = photosphere(WHOLE, star(teff=6000, rv=rv), LAMOST_POWER)[0]
    near = np.abs(WHOLE - HALPHA) < 25
    absorbed = np.where(near & (flux < 0.85), 1 - flux, 0)
    measured = (np.sum(absorbed * WHOLE) / np.sum(absorbed) / HALPHA - 1) * SPEED_OF_LIGHT
    assert measured == pytest.approx(rv, abs=25)


@given(vsini=st.floats(0, 300), more=st.floats(60, 120))
def test_rotation_makes_lines_shallower_and_leaves_their_area(vsini, more):
    slow, fast = (photosphere(WHOLE, star(teff=6000, vsini=value), 13_000)[0] for value in (vsini, vsini + more))
    near = np.abs(WHOLE - HALPHA) < 40
    assert slow[near].min() < fast[near].min()
    assert np.sum(1 - fast[near]) == pytest.approx(np.sum(1 - slow[near]), rel=0.03)


def test_more_metals_make_deeper_lines_and_leave_halpha():
    poor, rich = (photosphere(WHOLE, star(teff=5200, feh=feh), LAMOST_POWER)[0] for feh in (-1.5, 0.3))
    assert width(rich, WHOLE, 6487, 6507) > 2.5 * width(poor, WHOLE, 6487, 6507)
    assert rich[np.argmin(np.abs(WHOLE - HALPHA))] == pytest.approx(poor[np.argmin(np.abs(WHOLE - HALPHA))], abs=0.03)


def test_lines_grow_sharper_with_the_resolving_power():
    wave = np.arange(6430.0, 6450.0, 0.05)
    depths = [1 - photosphere(wave, star(teff=5700), power)[0].min() for power in (1500, 1800, 5000, 13_000)]
    assert depths == sorted(depths)
    assert depths[-1] > 2 * depths[0]


def test_helium_shows_in_b_stars_alone():
    widths = {
        teff: width(photosphere(WHOLE, star("b", teff=teff, logg=4.0), 1800)[0], WHOLE, 6668, 6692) for teff in (8000, 20_000)
    }
    assert widths[20_000] == pytest.approx(0.58, abs=0.15)
    assert widths[8000] < 0.15
    flux = photosphere(WHOLE, star("b", teff=20_000), 1800)[0]
    inside = (WHOLE > 6668) & (WHOLE < 6692)
    assert WHOLE[inside][np.argmin(flux[inside])] == pytest.approx(HEI_6678.wave, abs=1.6)


def test_bands_grow_towards_cool_m_stars_and_break_at_their_heads():
    drops = []
    for teff in (4400, 3850, 3500, 3000):
        flux = photosphere(WHOLE, star("m-dwarf", teff=teff, logg=4.8), LAMOST_POWER)[0]
        drops.append(flux[(WHOLE > 6640) & (WHOLE < 6648)].mean() - flux[(WHOLE > 6724) & (WHOLE < 6740)].mean())
    assert drops == sorted(drops)
    assert drops[0] < 0.05
    assert drops[2] > 0.15


def test_white_dwarfs_have_broad_hydrogen_or_helium_or_nothing():
    def spectrum(kind: str) -> np.ndarray:
        return photosphere(WHOLE, star(kind, teff=15_000, logg=8.0), LAMOST_POWER)[0]

    at_halpha, at_helium = np.argmin(np.abs(WHOLE - HALPHA)), np.argmin(np.abs(WHOLE - HEI_6678.wave))
    da, db, dc = spectrum("white-dwarf"), spectrum("white-dwarf-db"), spectrum("white-dwarf-dc")
    assert da[at_halpha] < 0.6
    assert np.interp(HALPHA + 25, WHOLE, da) < 0.85
    assert db[at_helium] < 0.85
    assert db[at_halpha] > 0.97
    assert dc.min() > 0.99


def test_a_disk_is_blue_and_has_no_lines():
    disk = star("disk", teff=15_000)
    assert photosphere(WHOLE, disk, LAMOST_POWER).min() > 0.99
    level = continuum(WHOLE, disk)[0]
    assert level[0] > 1 > level[-1]


def test_water_vapor_stays_where_it_is_while_stars_move():
    still, moving = (photosphere(WHOLE, star("disk", teff=15_000, rv=rv), LAMOST_POWER) for rv in (0, 300))
    np.testing.assert_array_equal(still, moving)
    assert WHOLE[np.argmin(still)] == pytest.approx(6522, abs=5)


def test_dust_reddens_and_brings_the_band_at_6613():
    clear, dusty = star("b", teff=20_000), star("b", teff=20_000, ebv=1.0)
    assert (np.diff(continuum(WHOLE, dusty)[0] / continuum(WHOLE, clear)[0]) > 0).all()
    ratio = (photosphere(WHOLE, dusty, LAMOST_POWER) / photosphere(WHOLE, clear, LAMOST_POWER))[0]
    assert width(ratio, WHOLE, 6605, 6626) == pytest.approx(0.22, abs=0.05)


@pytest.mark.parametrize(("teff", "slope"), [(9000, -0.035), (5700, -0.016), (4000, 0.007)])
def test_continua_follow_plancks_law(teff, slope):
    """The slope is d ln F / dλ at Hα for 100 Å, from the logarithmic derivative of Planck's law."""
    as_red_as_the_standards = star(teff=teff, ebv=STANDARDS_REDDENING / SEEN_REDDENING)
    level = continuum(np.array([HALPHA - 50, HALPHA, HALPHA + 50]), as_red_as_the_standards)[0]
    assert level[1] == pytest.approx(1, abs=1e-6)
    assert level[2] - level[0] == pytest.approx(slope, abs=0.003)


def test_temperatures_beyond_the_templates_count_as_the_limits():
    hottest = photosphere(WINDOW, star("o", teff=60_000), LAMOST_POWER)
    np.testing.assert_array_equal(hottest, photosphere(WINDOW, star("o", teff=TEFF[-1]), LAMOST_POWER))
