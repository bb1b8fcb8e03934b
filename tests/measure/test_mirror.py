"""Velocities by mirroring agree with what SPLAT's would be, and combine as measurements do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from line_spectra import profile
from spectrove.errors import ConfigError, SpectrumError
from spectrove.lines import H_ALPHA
from spectrove.measure import PARTS, combine_velocities, mirror_velocity

WAVE = 10 ** (1e-4 * np.arange(38100, 38260))
C = 299_792.458


def by_hand(wave, relative, rest_wave):
    """Slide the mirror image over the profile, as somebody does in SPLAT, and return c · (offset / 2) / rest wavelength."""
    offsets = np.arange(-20.0, 20.0, 0.02)
    misfit = []
    for offset in offsets:
        mirrored = np.interp(wave, (2 * rest_wave - wave[::-1]) + offset, relative[::-1])
        misfit.append(((relative - mirrored) ** 2).sum())
    return C * offsets[int(np.argmin(misfit))] / 2 / rest_wave


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_symmetric_line_has_one_velocity_in_all_its_parts(part, sign, generator):
    shift = 2.5
    relative = 1 + sign * profile((0.8, shift - 3, 5.0), (0.8, shift + 3, 5.0), wave=WAVE)
    found = mirror_velocity(WAVE, relative, np.full(WAVE.size, 0.01), H_ALPHA.wave, part, generator=generator)
    assert found.rv == pytest.approx(C * shift / H_ALPHA.wave, abs=1.5)
    assert found.part == part
    assert 0 < found.rv_err < 5
    assert found.agreement > 0.98


@given(st.floats(-8.0, 8.0), st.floats(4.0, 12.0))
def test_it_is_what_an_eye_finds_with_splat(shift, width):
    relative = 1 + profile((1.0, shift, width), wave=WAVE)
    found = mirror_velocity(
        WAVE, relative, np.full(WAVE.size, 0.005), H_ALPHA.wave, generator=np.random.default_rng(1), n_draws=10
    )
    assert found.rv == pytest.approx(by_hand(WAVE, relative, H_ALPHA.wave), abs=3.0)


@given(st.floats(-6.0, 6.0))
def test_a_mirrored_spectrum_has_the_opposite_velocity(shift):
    wave = np.linspace(H_ALPHA.wave - 60, H_ALPHA.wave + 60, 121)
    relative = 1 + profile((1.0, shift, 6.0), (0.4, shift + 4, 5.0), wave=wave)
    noise = np.full(wave.size, 0.01)
    first, second = (
        mirror_velocity(wave, values, noise, H_ALPHA.wave, generator=np.random.default_rng(1), n_draws=10)
        for values in (relative, relative[::-1])
    )
    assert first.rv == pytest.approx(-second.rv, abs=1e-6)


def test_the_agreement_of_a_lopsided_line_is_less(generator):
    noise = np.full(WAVE.size, 0.01)
    even, lopsided = (
        mirror_velocity(WAVE, 1 + profile(*parts, wave=WAVE), noise, H_ALPHA.wave, generator=generator)
        for parts in (((1.0, 0.0, 6.0),), ((1.0, -4.0, 5.0), (0.3, 5.0, 9.0)))
    )
    assert lopsided.agreement < even.agreement


def test_the_error_is_the_scatter_of_repeated_observations(generator):
    noise = np.full(WAVE.size, 0.05)
    clean = 1 + profile((1.0, 0.0, 8.0), wave=WAVE)
    found = [
        mirror_velocity(WAVE, clean + generator.normal(0, noise), noise, H_ALPHA.wave, generator=generator) for _ in range(200)
    ]
    scatter, stated = np.std([one.rv for one in found]), np.median([one.rv_err for one in found])
    assert stated == pytest.approx(scatter, rel=0.3)


def test_nothing_but_noise_has_no_velocity(generator):
    found = mirror_velocity(WAVE, np.ones(WAVE.size), np.full(WAVE.size, 0.1), H_ALPHA.wave, generator=generator)
    assert np.isnan(found.rv)
    assert np.isnan(found.rv_err)


def test_an_unknown_part_is_refused(generator):
    with pytest.raises(ConfigError, match="no part 'flank' of a profile, expected one of whole, wings, core"):
        mirror_velocity(WAVE, WAVE, WAVE, H_ALPHA.wave, "flank", generator=generator)


def test_velocities_of_lines_combine_by_their_weights():
    found = combine_velocities(np.array([10.0, 20.0, np.nan, 5.0]), np.array([1.0, 2.0, 1.0, 0.0]))
    assert (found.n, found.mean) == (2, pytest.approx(12.0))
    assert found.scatter == pytest.approx(np.std([10.0, 20.0], ddof=1))
    assert found.chi2 == pytest.approx(4.0 + 16.0)
    assert found.error == pytest.approx(np.sqrt(0.8) * np.sqrt(20.0))  # the lines disagree: the error grows


def test_one_line_has_no_scatter_and_none_has_no_velocity():
    one = combine_velocities(np.array([7.0]), np.array([2.0]))
    assert (one.mean, one.error, one.n, one.chi2) == (7.0, 2.0, 1, 0.0)
    assert np.isnan(one.scatter)
    none = combine_velocities(np.array([np.nan]), np.array([2.0]))
    assert none.n == 0
    assert np.isnan([none.mean, none.error, none.scatter]).all()


def test_velocities_without_their_errors_are_refused():
    with pytest.raises(SpectrumError, match="share one shape"):
        combine_velocities(np.array([1.0, 2.0]), np.array([1.0]))


@given(st.lists(st.tuples(st.floats(-500, 500), st.floats(0.5, 50)), min_size=1, max_size=6), st.randoms())
def test_the_order_of_the_lines_does_not_matter(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    first, second = (combine_velocities(*np.array(rows).T) for rows in (pairs, shuffled))
    assert first.mean == pytest.approx(second.mean, abs=1e-6)
    assert min(rv for rv, _ in pairs) - 1e-6 <= first.mean <= max(rv for rv, _ in pairs) + 1e-6
