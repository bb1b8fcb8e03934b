"""The types of profile by cross-correlation with templates."""

from __future__ import annotations

import numpy as np
import pytest

from line_spectra import DEEP_ABSORPTION, REVERSAL, WAVE, observe, profile
from spectrove.baselines import PROFILE_TYPES, classify_profiles
from spectrove.baselines.templates import OTHER, TYPE_PROFILES, draw_templates

PROFILES = {
    "I": ((0.8, 1.0, 7.0),),
    "II": REVERSAL,
    "III": ((0.8, -7.5, 8.0), (0.7, 7.5, 8.0)),
    "IV": (*DEEP_ABSORPTION, (0.3, -5.0, 5.0), (0.3, 5.0, 5.0)),
    "V": ((0.8, 0.5, 6.0), (-0.5, -7.5, 6.0)),
    "VI": DEEP_ABSORPTION,
}


def test_there_are_six_types_and_twenty_seven_templates_for_all_but_the_last():
    assert len(PROFILE_TYPES) == 6
    assert len(TYPE_PROFILES) == 27
    assert {code for code, _ in TYPE_PROFILES} == set(range(OTHER))


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_seen_well_is_given_its_type(name, generator):
    flux, ivar = observe(profile(*PROFILES[name]), 100, 50, generator)
    codes, _ = classify_profiles(WAVE, flux, ivar)
    expected = [text.split(":")[0] for text in PROFILE_TYPES].index(name)
    assert np.mean(codes == expected) > 0.9


def test_noise_and_ruined_spectra_are_of_the_last_type(generator):
    noise, _ = observe(profile(), 100, 30, generator)
    ruined = np.vstack([np.zeros(WAVE.size), np.full(WAVE.size, np.nan), np.full(WAVE.size, 4.0)])
    codes, correlations = classify_profiles(WAVE, np.vstack([noise, ruined]))
    assert codes.dtype == np.int8
    assert (codes == OTHER).mean() > 0.95
    assert (codes[-3:] == OTHER).all()
    assert (correlations[-3:] == 0).all()
    assert (np.abs(correlations) <= 1 + 1e-6).all()


def test_a_template_correlates_with_itself_entirely():
    flux = np.stack([3 + 2 * profile(*components) for _, components in TYPE_PROFILES])
    codes, correlations = classify_profiles(WAVE, np.maximum(flux, 0.01))
    unclipped = (flux > 0.01).all(axis=1)
    assert unclipped.sum() > 15
    assert (correlations[unclipped] > 0.999).all()
    assert (codes == [code for code, _ in TYPE_PROFILES])[unclipped].all()


def test_templates_have_length_one_and_no_straight_part():
    templates = draw_templates(WAVE, tuple(components for _, components in TYPE_PROFILES))
    np.testing.assert_allclose(np.linalg.norm(templates, axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(templates.sum(axis=-1), 0, atol=1e-5)
    np.testing.assert_allclose(templates @ np.linspace(-1, 1, WAVE.size), 0, atol=1e-5)
