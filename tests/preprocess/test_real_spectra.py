"""Recipes on real files, against the paper's steps written out in NumPy and astropy."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.convolution import Gaussian1DKernel, convolve

from spectrove.errors import WindowError
from spectrove.preprocess import RECIPES, recipe
from spectrove.spectrum import HeaderFacts, Spectrum
from spectrove.surveys import read

GRID = np.linspace(6519, 6732, 140)
LAMOST_DR1 = "lamost/dr1-image/podondra_bt-spectraldl"
ALL_ZERO = "lamost/dr1-image/grd349_LearningLAMOST/spec-55862-B6212_sp06-145.fits"


def first(path):
    return next(iter(read(path)))


def paper(wave, flux):
    flux = np.interp(GRID, wave, flux)
    return 2 * (flux - flux.min()) / (flux.max() - flux.min()) - 1


def test_lamost_spectra_come_out_as_in_the_paper(shared_data):
    paths = sorted((shared_data / LAMOST_DR1).glob("*.fits"))
    assert len(paths) >= 15
    for path in paths:
        spectrum = first(path)
        features = recipe("halpha-2020").apply(spectrum)
        np.testing.assert_allclose(features, paper(spectrum.wave, spectrum.flux), rtol=0, atol=1e-6)


def test_ondrejov_spectra_come_out_as_in_the_paper(shared_data):
    paths = sorted((shared_data / "ondrejov").glob("*.fits"))
    assert len(paths) >= 20
    for path in paths:
        spectrum = first(path)
        blurred = convolve(spectrum.flux, Gaussian1DKernel(7), boundary="extend")
        features = recipe("halpha-2020-ondrejov").apply(spectrum)
        np.testing.assert_allclose(features, paper(spectrum.wave, blurred), rtol=0, atol=1e-6)


def test_a_spectrum_of_zeros_is_refused(shared_data):
    with pytest.raises(WindowError, match=r"^lamost:55862-B6212_sp06-145: window 6519 to 6732 Å: the flux is zero everywhere"):
        recipe("halpha-2020").apply(first(shared_data / ALL_ZERO))


def test_digitised_ondrejov_profiles_end_68_angstrom_early(shared_data):
    """The plain recipe refuses them; the extended one continues their last value over the last third of the grid."""
    profiles = np.load(shared_data / "ondrejov-digitised" / "spectra.npz")
    for row, flux in enumerate(profiles["flux_minmax"]):
        header = HeaderFacts("csv", str(row))
        spectrum = Spectrum(profiles["wavelength_air"], flux.astype(np.float64), None, None, header, "undeclared")
        with pytest.raises(WindowError, match=r"spans 6464.73 to 6664.50 Å only, and must cover 6519 to 6732 Å"):
            recipe("halpha-2020-ondrejov").apply(spectrum)
        features = recipe("halpha-2020-ondrejov-extended").apply(spectrum)
        assert (features.min(), features.max()) == (-1.0, 1.0)
        assert np.flatnonzero(np.diff(features) != 0)[-1] == np.searchsorted(GRID, 6664.37) - 1


def test_sdss_spectra_fill_the_window_whatever_their_format(shared_data):
    paths = [*sorted((shared_data / "sdss-cv").glob("*.gz"))[::8], *sorted((shared_data / "sdss").rglob("*.fits"))[::4]]
    assert len(paths) >= 14
    for path in paths:
        features = recipe("halpha-2020").apply(first(path))
        assert (features.min(), features.max()) == (-1.0, 1.0)


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_pixels_that_the_survey_distrusts_stay(name, shared_data):
    """The peak of this star is where its pipeline set ivar = 0."""
    spectrum = first(shared_data / LAMOST_DR1 / "spec-56284-GAC122S02V2_sp14-183.fits")
    distrusted = (spectrum.ivar == 0) & (np.abs(spectrum.wave - 6564.6) < 10)
    assert distrusted.any()

    features = recipe(name).apply(spectrum)

    assert GRID[np.argmax(features)] == pytest.approx(spectrum.wave[distrusted].mean(), abs=6)
