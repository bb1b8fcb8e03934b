"""What a spectrum refuses to be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spectrove.errors import SpectroveError, SpectrumError
from spectrove.spectrum import HeaderFacts, Spectrum

HEADER = HeaderFacts(survey="lamost", key="56257-GAC089N38V2_sp01-006")
WAVE = np.linspace(6519, 6732, 140)


def spectrum(wave=WAVE, flux=None, ivar=None, mask=None, **more):
    return Spectrum(wave, np.ones(wave.shape) if flux is None else flux, ivar, mask, HEADER, **more)


def test_a_spectrum_is_named_by_its_survey_and_the_surveys_key():
    assert spectrum().spectrum_id == "lamost:56257-GAC089N38V2_sp01-006"


@pytest.mark.parametrize(("survey", "key"), [("", "1"), ("a:b", "1"), ("lamost", " ")])
def test_a_header_without_a_survey_or_a_key_names_nothing(survey, key):
    with pytest.raises(ValueError, match="survey without a colon and a key"):
        HeaderFacts(survey=survey, key=key).spectrum_id  # noqa: B018 - the property raises


def test_arrays_of_different_lengths_are_refused_with_all_their_shapes():
    with pytest.raises(SpectrumError) as caught:
        spectrum(flux=np.ones(140), ivar=np.ones(139))

    assert str(caught.value) == (
        "lamost:56257-GAC089N38V2_sp01-006: wave, flux, ivar must share one shape (n_pixels,), got ((140,), (140,), (139,))"
    )
    assert isinstance(caught.value, SpectroveError)


def test_a_mask_of_another_length_and_arrays_of_two_axes_are_refused():
    with pytest.raises(SpectrumError, match="must share one shape"):
        spectrum(mask=np.zeros(3, dtype=bool))
    with pytest.raises(SpectrumError, match="must share one shape"):
        spectrum(wave=np.ones((2, 70)))


@pytest.mark.parametrize("n_pixels", [0, 1])
def test_fewer_than_two_pixels_are_no_spectrum(n_pixels):
    with pytest.raises(SpectrumError, match=f"at least 2 pixels, got {n_pixels}"):
        spectrum(wave=WAVE[:n_pixels])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda wave: wave[::-1],
        lambda wave: np.where(np.arange(wave.size) == 7, np.nan, wave),
        lambda wave: np.where(np.arange(wave.size) == 139, np.inf, wave),
        lambda wave: np.where(np.arange(wave.size) == 7, wave[6], wave),
        lambda wave: wave - 6519,
        lambda wave: wave - 7000,
    ],
    ids=["falling", "unknown", "infinite", "repeated", "zero", "negative"],
)
def test_wavelengths_that_cannot_be_are_refused(spoil):
    with pytest.raises(SpectrumError, match="finite, positive and strictly increasing, in Å"):
        spectrum(wave=spoil(WAVE))


def test_a_negative_inverse_variance_is_refused_with_its_value():
    with pytest.raises(SpectrumError, match=r"inverse variances must not be negative, got -0\.5$"):
        spectrum(ivar=np.where(np.arange(140) == 3, -0.5, 1.0))


def test_a_frame_that_nobody_knows_is_refused():
    with pytest.raises(SpectrumError, match=r"frame must be one of .*, got 'galactic'"):
        spectrum(frame="galactic")


def test_a_medium_that_nobody_knows_is_refused():
    with pytest.raises(SpectrumError, match="'water'"):
        spectrum(medium="water")


def test_unknown_flux_and_distrusted_pixels_are_kept():
    flux = np.where(np.arange(140) == 5, np.nan, 1.0)
    kept = spectrum(flux=flux, ivar=np.zeros(140), mask=np.ones(140, dtype=bool), medium="undeclared")

    assert kept.flux is flux
    assert np.all(kept.ivar == 0)


@given(arrays(np.float64, st.integers(2, 50), elements=st.floats(1, 1e6), unique=True), st.randoms(use_true_random=False))
def test_rising_wavelengths_are_taken_and_any_other_order_is_refused(wave, order):
    rising = np.sort(wave)
    shuffled = list(rising)
    order.shuffle(shuffled)

    assert spectrum(wave=rising).wave is rising
    if shuffled != list(rising):
        with pytest.raises(SpectrumError):
            spectrum(wave=np.array(shuffled))
