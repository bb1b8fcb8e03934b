"""Emission lines and the kinds of stars that show them."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import find_peaks

from spectrove.simulate.emission import HELIUM, Emission, emission_profile, halpha_profile, make_emission
from spectrove.simulate.profiles import HALPHA, SPEED_OF_LIGHT
from spectrove.simulate.stars import KIND_NAMES, draw_stars
from spectrove.simulate.targets import (
    LABELED_TARGETS,
    POOL_TARGETS,
    TARGET_KINDS,
    TARGET_NAMES,
    draw_emission,
    draw_targets,
    spin_up,
    vary,
)

FINE = np.arange(6250.0, 6900.0, 0.1)
NEAR = np.arange(HALPHA - 100, HALPHA + 100, 0.05)
RESTING = np.zeros(1)


def line(wave=FINE, resolving_power=1800.0, rv=0.0, **values) -> np.ndarray:
    return halpha_profile(wave, make_emission(1, **values), np.array([rv]), resolving_power)[0]


def targets(mixture, n=300, seed=1):
    generator = np.random.default_rng(seed)
    kinds, codes = draw_targets(n, generator, mixture)
    hosts = draw_stars(codes, generator)
    return kinds, hosts, draw_emission(kinds, hosts, generator)


def n_maxima(profile: np.ndarray) -> int:
    return find_peaks(profile, prominence=1e-3 * profile.max())[0].size


def half_width(profile: np.ndarray) -> float:
    return float(np.ptp(NEAR[profile >= profile.max() / 2]))


@settings(max_examples=40)
@given(
    ew=st.floats(0.5, 200),
    shape=st.fixed_dictionaries(
        {
            "separation": st.floats(0, 35),
            "inner": st.floats(1, 6),
            "fwhm": st.floats(0.6, 12),
            "v_over_r": st.floats(0.4, 2.5),
            "thick": st.floats(0, 2.5),
            "wings": st.floats(0, 0.6),
        }
    ),
    resolving_power=st.sampled_from([1800.0, 13_000.0]),
)
def test_the_area_of_a_line_is_its_equivalent_width_whatever_its_shape(ew, shape, resolving_power):
    profile = line(ew=ew, wings_fwhm=30.0, resolving_power=resolving_power, **shape)
    assert np.trapezoid(profile, FINE) == pytest.approx(ew, rel=5e-3)
    assert profile.min() > -2e-3 * profile.max()


@settings(max_examples=40)
@given(v_over_r=st.floats(0.45, 2.2), separation=st.floats(4, 30), resolving_power=st.sampled_from([1800.0, 13_000.0]))
def test_v_over_r_is_the_ratio_of_the_halves_of_a_wide_double_line(v_over_r, separation, resolving_power):
    profile = line(NEAR, resolving_power, ew=10, separation=separation, fwhm=separation / 20 + 0.3, v_over_r=v_over_r)
    violet, red = NEAR < HALPHA, NEAR > HALPHA
    ratio = np.trapezoid(profile[violet], NEAR[violet]) / np.trapezoid(profile[red], NEAR[red])
    assert abs(np.log(ratio)) <= abs(np.log(v_over_r)) + 0.02
    assert np.sign(np.log(ratio)) == np.sign(np.log(v_over_r)) or abs(np.log(v_over_r)) < 0.02
    if separation > 4 * HALPHA / resolving_power:
        assert ratio == pytest.approx(v_over_r, rel=0.12)


@pytest.mark.parametrize(
    ("v_over_r", "thick", "drawn"), [(3.0, 2.5, 1.7892), (0.2, 2.5, 0.5589), (9.0, 0.0, 4.5039), (1.6, 1.0, 1.6)]
)
def test_a_disk_is_no_more_lopsided_than_leaves_all_of_it_some_light(v_over_r, thick, drawn):
    values = {"ew": 10.0, "separation": 20.0, "fwhm": 0.4, "v_over_r": v_over_r, "thick": thick}
    profile = line(NEAR, 50_000, **values)
    violet, red = NEAR < HALPHA, NEAR > HALPHA
    ratio = np.trapezoid(profile[violet], NEAR[violet]) / np.trapezoid(profile[red], NEAR[red])
    assert make_emission(1, **values).drawn_v_over_r[0] == pytest.approx(drawn, abs=1e-4)
    assert ratio == pytest.approx(drawn, rel=0.03)


@settings(max_examples=40)
@given(separation=st.floats(6, 30), v_over_r=st.floats(0.8, 1.25))
def test_a_disk_of_sharp_rings_shows_two_peaks_at_its_separation(separation, v_over_r):
    profile = line(NEAR, 13_000, ew=10, separation=separation, inner=3, fwhm=separation / 12, v_over_r=v_over_r)
    peaks = NEAR[find_peaks(profile, prominence=0.05 * profile.max())[0]]
    assert peaks.size == 2
    assert np.diff(peaks)[0] == pytest.approx(separation, rel=0.12)


def test_peaks_closer_than_the_resolution_merge():
    parted = {"ew": 10.0, "separation": 3.5, "inner": 3.0, "fwhm": 1.0}
    assert n_maxima(line(NEAR, 13_000, **parted)) == 2
    assert n_maxima(line(NEAR, 1800, **parted)) == 1


@settings(max_examples=40)
@given(rv=st.floats(-600, 600), offset=st.floats(-200, 200))
def test_a_line_moves_by_the_doppler_effect(rv, offset):
    profile = line(NEAR, 1800, rv, ew=5, fwhm=2, offset=offset)
    center = np.average(NEAR, weights=profile)
    assert center == pytest.approx(HALPHA * (1 + (rv + offset) / SPEED_OF_LIGHT), abs=0.01)


@settings(max_examples=40)
@given(fwhm=st.floats(0.3, 10), lower=st.floats(1000, 4000), factor=st.floats(1.1, 6))
def test_a_line_is_narrower_at_a_higher_resolving_power(fwhm, lower, factor):
    blurred, sharp = (half_width(line(NEAR, power, ew=5, fwhm=fwhm)) for power in (lower, lower * factor))
    assert blurred >= sharp - 0.06
    assert blurred == pytest.approx(np.hypot(fwhm, HALPHA / lower), abs=0.12)


@settings(max_examples=40)
@given(depth=st.floats(0, 1), shift=st.floats(-8, 8), fwhm=st.floats(0.5, 5), ew=st.floats(0, 50))
def test_an_absorber_never_takes_more_light_than_there_is(depth, shift, fwhm, ew):
    profile = line(NEAR, 13_000, ew=ew, fwhm=5, absorber_depth=depth, absorber_shift=shift, absorber_fwhm=fwhm, level=0.7)
    assert profile.min() >= -0.7 - 1e-6 * (1 + ew)


@settings(max_examples=40)
@given(depth=st.floats(0.1, 1), fwhm=st.floats(0.5, 5), level=st.floats(0.2, 1), power=st.sampled_from([1800.0, 13_000.0]))
def test_an_absorber_without_a_line_takes_its_equivalent_width(depth, fwhm, level, power):
    absorbed = make_emission(1, absorber_depth=depth, absorber_fwhm=fwhm, absorber_shift=-3, level=level)
    profile = halpha_profile(FINE, absorbed, RESTING, power)[0]
    assert -np.trapezoid(profile, FINE) == pytest.approx(level * absorbed.ew_absorption[0], rel=1e-3)


def test_matter_that_flows_out_absorbs_to_the_violet_and_infalling_matter_to_the_red():
    wind = {"ew": 10.0, "fwhm": 4.0, "absorber_depth": 0.9, "absorber_fwhm": 3.0}
    outflow, infall = (line(NEAR, 1800, absorber_shift=shift, **wind) for shift in (-4.0, 4.0))
    assert NEAR[np.argmin(outflow)] < NEAR[np.argmax(outflow)]
    assert NEAR[np.argmin(infall)] > NEAR[np.argmax(infall)]


def test_a_shell_parts_a_line_in_two():
    shell = {"ew": 10.0, "fwhm": 5.0, "absorber_fwhm": 1.5}
    assert n_maxima(line(NEAR, 13_000, **shell)) == 1
    assert n_maxima(line(NEAR, 13_000, absorber_depth=0.9, **shell)) == 2


@pytest.mark.parametrize("resolving_power", [1800.0, 13_000.0])
def test_other_lines_have_their_shares_of_the_area(resolving_power):
    wave = np.arange(6200.0, 6950.0, 0.05)
    shares = {"helium": 0.1, "iron": 0.02, "nitrogen": 0.3, "sulfur": 0.2, "oxygen": 0.05}
    emission = make_emission(1, ew=10, fwhm=2, lithium=0.5, **shares)
    whole, alone = (function(wave, emission, RESTING, resolving_power)[0] for function in (emission_profile, halpha_profile))
    parts = 0.1 + 3 * 0.02 + 0.3 * 4 / 3 + 0.2 + 0.05 * 4 / 3
    assert np.trapezoid(whole - alone, wave) == pytest.approx(10 * parts - 0.5, rel=0.01)
    near = np.abs(wave - HELIUM) < 10
    assert np.trapezoid(whole[near], wave[near]) == pytest.approx(1.0, rel=0.01)


def test_a_spectrum_does_not_depend_on_the_others_nor_on_the_range_of_wavelengths():
    kinds, hosts, emission = targets(POOL_TARGETS, 40)
    wave = 10 ** (1e-4 * np.arange(38_100, 38_300))
    whole = emission_profile(wave, emission, hosts.rv, 1800)
    part = emission_profile(wave[20:150], emission.rows(slice(7, 19)), hosts.rv[7:19], 1800)
    np.testing.assert_allclose(part, whole[7:19, 20:150], rtol=1e-9, atol=1e-9)
    assert kinds.size == len(emission.ew) == 40


@pytest.mark.parametrize("mixture", [POOL_TARGETS, LABELED_TARGETS], ids=["pool", "labeled"])
def test_kinds_are_as_frequent_as_the_mixture_says_and_sit_on_their_hosts(mixture):
    kinds, codes = draw_targets(20_000, np.random.default_rng(3), mixture)
    total = sum(mixture.values())
    for code, name in enumerate(TARGET_NAMES):
        expected = mixture.get(name, 0.0) / total
        assert (kinds == code).mean() == pytest.approx(expected, abs=4 * np.sqrt(expected / 20_000) + 1e-9)
        assert {KIND_NAMES[host] for host in np.unique(codes[kinds == code])} <= set(TARGET_KINDS[name].hosts)


@pytest.mark.parametrize("name", TARGET_NAMES)
@pytest.mark.parametrize("resolving_power", [1800.0, 13_000.0])
def test_every_kind_gives_possible_lines(name, resolving_power):
    _, hosts, emission = targets({name: 1.0})
    for field in fields(Emission):
        values = getattr(emission, field.name)
        assert values.shape == (300,)
        assert np.isfinite(values).all() or field.name == "inclination"
    assert (emission.ew > 0).all()
    assert ((emission.absorber_depth >= 0) & (emission.absorber_depth <= 1)).all()
    assert ((emission.wings >= 0) & (emission.wings < 1)).all()
    assert (emission.inner >= 1).all()
    profile = emission_profile(10 ** (1e-4 * np.arange(38_140, 38_290)), emission, hosts.rv, resolving_power)
    assert np.isfinite(profile).all()
    assert (profile.max(axis=1) > 0).mean() > 0.9
    assert profile.min() > -1


def test_disks_seen_edge_on_have_their_peaks_farther_apart():
    _, _, emission = targets({"be": 1.0}, 2000)
    face_on, edge_on = emission.inclination < 30, emission.inclination > 60
    assert np.median(emission.separation[edge_on]) > 1.8 * np.median(emission.separation[face_on])
    assert not (emission.absorber_depth[emission.inclination < 74] > 0).any()
    assert np.corrcoef(np.log(emission.ew[edge_on]), np.log(emission.separation[edge_on]))[0, 1] < -0.5


def test_axes_point_anywhere():
    _, _, emission = targets({"be": 1.0}, 4000)
    cosines = np.cos(np.deg2rad(emission.inclination))
    assert cosines.mean() == pytest.approx(0.5, abs=0.02)
    assert np.quantile(cosines, 0.1) == pytest.approx(0.1, abs=0.02)


def test_be_stars_rotate_as_their_disks_are_inclined_and_others_as_before():
    kinds, hosts, emission = targets(POOL_TARGETS, 1000)
    spun = spin_up(hosts, kinds, emission)
    be = np.isin(kinds, [TARGET_NAMES.index(name) for name in TARGET_NAMES if name.startswith("be")])
    np.testing.assert_array_equal(spun.vsini[~be], hosts.vsini[~be])
    assert np.corrcoef(spun.vsini[be], np.sin(np.deg2rad(emission.inclination[be])))[0, 1] > 0.8
    assert (spun.vsini[be] < 600).all()


def test_another_epoch_is_of_the_same_object_but_not_the_same():
    kinds, _, emission = targets(POOL_TARGETS, 3000)
    later = vary(emission, kinds, np.random.default_rng(5))
    change = np.log(later.ew / emission.ew)
    steady = kinds == TARGET_NAMES.index("planetary-nebula")
    assert (change[steady] == 0).all()
    assert (change[~steady] != 0).all()
    be = kinds == TARGET_NAMES.index("be")
    assert 0.02 < (change[be] < -2).mean() < 0.12
    assert np.std(change[be & (change > -2)]) == pytest.approx(0.25, abs=0.04)
    same = replace(later, ew=emission.ew, v_over_r=emission.v_over_r)
    for field in fields(Emission):
        np.testing.assert_array_equal(getattr(same, field.name), getattr(emission, field.name))


def test_chance_comes_from_the_generator_alone():
    first, second, other = (targets(POOL_TARGETS, 50, seed)[2] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.ew, second.ew)
    assert (first.ew != other.ew).any()


def test_no_targets_are_no_lines():
    kinds, hosts, emission = targets(POOL_TARGETS, 0)
    assert kinds.size == emission_profile(FINE, emission, hosts.rv, 1800).shape[0] == 0
    assert vary(emission, kinds, np.random.default_rng(1)).ew.size == 0


def test_unknown_parameters_are_named():
    with pytest.raises(TypeError, match="widht"):
        make_emission(1, widht=3.0)
