"""Whether a line has changed between two exposures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.catalog.variability import SPEED_OF_LIGHT, VariabilityConfig, compare_group, compare_profiles
from spectrove.lines import H_ALPHA, H_BETA

VELOCITY = np.arange(-16, 17) * 69.0
FLAT = VariabilityConfig(pixel=0, level=0, slope=0, excess=0, shift=0, width=0, continuum_pixels=np.inf, spike_pixels=0)


@dataclass
class Line:
    """A line over its continuum, its noise as told."""

    velocity: np.ndarray
    relative: np.ndarray
    noise: np.ndarray


def emission(peak=1.5, center=0.0, width=150.0, velocity=VELOCITY):
    return 1 + peak * np.exp(-((velocity - center) ** 2) / (2 * width**2))


def observed(relative, generator, sigma=0.03, velocity=VELOCITY):
    return Line(velocity, relative + generator.normal(0, sigma, velocity.size), np.full(velocity.size, sigma))


def test_without_systematic_errors_the_statistic_is_the_textbooks(generator):
    first, second = observed(emission(), generator), observed(emission(), generator)

    found = compare_profiles(first, second, FLAT)

    assert found.dof == VELOCITY.size
    assert found.chi2 == pytest.approx(((second.relative - first.relative) ** 2).sum() / (2 * 0.03**2), rel=1e-6)


def test_noise_alone_makes_p_values_uniform_and_pulls_of_unit_width(generator):
    found = [compare_profiles(observed(emission(), generator), observed(emission(), generator), FLAT) for _ in range(2000)]

    counts, _ = np.histogram([one.p_value for one in found], bins=10, range=(0, 1))
    assert ((counts - 200) ** 2).sum() / 200 < 27.9  # 99.9 % of chi² with 9 degrees of freedom
    pulls = np.array([one.delta_ew / one.delta_ew_err for one in found])
    assert np.std(pulls) == pytest.approx(1, abs=0.06)
    assert abs(np.mean(pulls)) < 0.08


@pytest.mark.parametrize(
    "reduced",
    [
        lambda line: line * 1.02,
        lambda line: line * (1 + 0.02 * VELOCITY / VELOCITY.max()),
        lambda line: (line + 0.03) / 1.03,
        lambda line: np.interp(VELOCITY - 15, VELOCITY, line),
    ],
    ids=["level", "slope", "sky left", "zero point"],
)
def test_what_the_reduction_does_to_a_constant_star_is_no_change_of_it(reduced):
    first = Line(VELOCITY, emission(), np.full(VELOCITY.size, 0.005))
    second = replace(first, relative=reduced(first.relative))

    assert compare_profiles(first, second, replace(FLAT, pixel=0.003)).p_value < 1e-3
    assert compare_profiles(first, second).p_value > 0.05


def test_a_double_peak_that_turns_its_brighter_side_is_a_change(generator):
    violet, red = emission(0.9, -150, 90), emission(0.4, 150, 90)
    first, second = observed(violet + red - 1, generator), observed((violet + red - 1)[::-1], generator)

    found = compare_profiles(first, second)

    assert found.p_value < 1e-6
    assert abs(found.delta_ew) < 3 * found.delta_ew_err, "the strength has not changed, the shape has"


def test_the_equivalent_width_grows_more_negative_with_emission(generator):
    first, second = observed(emission(1.0), generator, 0.01), observed(emission(2.0), generator, 0.01)

    found = compare_profiles(first, second)

    wanted = -(150 * np.sqrt(2 * np.pi)) * H_ALPHA.wave / SPEED_OF_LIGHT
    assert found.delta_ew == pytest.approx(wanted, abs=0.15)
    assert found.p_value < 1e-6
    in_blue = compare_profiles(first, second, rest_wave=H_BETA.wave)
    assert in_blue.delta_ew == pytest.approx(found.delta_ew * H_BETA.wave / H_ALPHA.wave)


@given(st.floats(0, 3), st.floats(0, 3), st.integers(0, 2**32 - 1))
def test_whichever_comes_first_the_chance_is_the_same_and_the_change_has_the_other_sign(one, other, seed):
    generator = np.random.default_rng(seed)
    first, second = observed(emission(one), generator), observed(emission(other), generator)

    forth, back = compare_profiles(first, second), compare_profiles(second, first)

    assert forth.p_value == pytest.approx(back.p_value, rel=1e-6, abs=1e-12)
    assert forth.delta_ew == pytest.approx(-back.delta_ew, abs=1e-12)
    assert forth.delta_ew_err == pytest.approx(back.delta_ew_err)


@given(st.floats(0, 3))
def test_a_profile_has_not_changed_from_itself(peak):
    line = Line(VELOCITY, emission(peak), np.full(VELOCITY.size, 0.02))

    found = compare_profiles(line, line)

    assert (found.chi2, found.p_value, found.delta_ew) == (0, 1, 0)


def test_larger_systematic_errors_never_make_a_change_more_significant(generator):
    first, second = observed(emission(1.0), generator), observed(emission(1.2), generator)
    sizes = [VariabilityConfig(pixel=0.01 * k, level=0.01 * k, excess=0.02 * k, shift=12.0 * k) for k in range(1, 6)]

    chances = [compare_profiles(first, second, size).p_value for size in sizes]

    assert chances == sorted(chances)


def test_a_cosmic_ray_is_no_change(generator):
    first, second = observed(emission(), generator), observed(emission(), generator)
    second.relative[20:22] += 2.0

    assert compare_profiles(first, second, VariabilityConfig(spike_pixels=0)).p_value < 1e-6
    assert compare_profiles(first, second).p_value > 1e-3
    assert not compare_group([first, second]).variable


def test_pixels_of_another_grid_are_compared_where_both_are_and_lost_ones_left_out(generator):
    fine = np.linspace(-900, 1400, 140)
    first = observed(emission(velocity=fine), generator, velocity=fine)
    second = observed(emission(), generator)
    second.relative[[3, 20]] = np.nan

    found = compare_profiles(first, second)

    assert found.dof == np.count_nonzero(VELOCITY >= -900) - 2
    assert found.p_value > 1e-3
    assert compare_profiles(second, first).dof == found.dof


def test_what_shares_no_stretch_is_not_compared():
    near, far = (Line(VELOCITY + shift, emission(), np.full(VELOCITY.size, 0.1)) for shift in (0, 5000))

    found = compare_profiles(near, far)

    assert found.dof == 0
    assert np.isnan([found.chi2, found.p_value, found.delta_ew, found.delta_ew_err]).all()
    group = compare_group([near, far])
    assert (group.variable, group.pair, group.strongest, group.n_pairs) == (False, None, None, 0)
    assert np.isnan(group.p_value)
    assert compare_profiles(Line(*np.ones((3, 1))), near).dof == 0


def test_of_several_exposures_the_pair_that_differs_most_is_told(generator):
    profiles = [observed(emission(peak), generator) for peak in (1.0, 1.0, 2.5, 1.0)]
    profiles[3].noise[:] = 0.5

    group = compare_group(profiles)

    assert group.variable
    assert group.n_pairs == 6
    assert group.pair in {(0, 2), (1, 2)}
    assert group.strongest == compare_profiles(*(profiles[place] for place in group.pair))


def test_the_chance_of_a_group_counts_its_pairs(generator):
    profiles = [observed(emission(), generator) for _ in range(4)]

    group = compare_group(profiles)

    assert group.p_value == pytest.approx(min(1, 6 * group.strongest.p_value))
    assert not group.variable
    assert compare_group(profiles[:1]).n_pairs == 0


def test_impossible_profiles_are_refused():
    line = Line(VELOCITY, emission(), np.ones(VELOCITY.size))

    with pytest.raises(ValueError, match=r"noise of the second profile must share one shape .*\(32,\)"):
        compare_profiles(line, replace(line, noise=np.ones(32)))
    with pytest.raises(ValueError, match="velocities of the first profile must increase"):
        compare_profiles(replace(line, velocity=VELOCITY[::-1]), line)
