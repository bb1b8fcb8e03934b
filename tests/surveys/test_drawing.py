"""Pictures of spectra."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from layouts import FLUX, WAVE, ascii_columns, csv_rows, lamost_image, ondrejov_table, sdss_spec
from spectrove.errors import SurveyFileError
from spectrove.spectrum import HeaderFacts, Spectrum
from spectrove.surveys import Inspection, draw, inspect


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Return a function that draws an inspection and returns the figure that was saved."""
    from matplotlib.figure import Figure

    saved = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda figure, *args, **more: (saved.append(figure), save(figure, *args, **more)))

    def figure_of(inspection):
        draw(inspection, tmp_path / "out.png")
        return saved[-1]

    return figure_of


def words(figure):
    texts = [figure.get_suptitle()]
    for panel in figure.axes:
        texts += [panel.get_xlabel(), panel.get_ylabel(), *(text.get_text() for text in panel.texts)]
        texts += [text.get_text() for text in (panel.get_legend().get_texts() if panel.get_legend() else ())]
    return texts


def of_arrays(tmp_path, *fluxes, wave=WAVE, **more):
    spectra = [Spectrum(wave, flux, None, None, HeaderFacts("test", str(n)), **more) for n, flux in enumerate(fluxes)]
    return Inspection(tmp_path / "file", "test", {}, spectra, None)


@pytest.mark.parametrize("content", [lamost_image("dr1"), ondrejov_table(), sdss_spec(), ascii_columns(), csv_rows()])
def test_a_picture_is_written_for_every_kind_of_file(put, tmp_path, content):
    output = draw(inspect(put(content)), tmp_path / "spectrum.png")

    assert output.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("suffix", ["svg", "pdf"])
def test_the_suffix_names_the_format(put, tmp_path, suffix):
    output = draw(inspect(put(sdss_spec())), tmp_path / f"spectrum.{suffix}")

    assert output.stat().st_size > 1000


def test_the_title_names_spectrum_class_and_signal_to_noise(put, drawn):
    title = drawn(inspect(put(lamost_image("dr1")))).get_suptitle()

    assert title == "lamost:56284-GAC122S02V2_sp04-083   STAR A2V   S/N 93.8   LAMOST J080043.30-025243.9"


def test_axes_name_quantity_unit_and_medium(put, drawn):
    assert "wavelength [Å, vacuum]" in words(drawn(inspect(put(sdss_spec()))))
    assert "wavelength [Å, air or vacuum: not declared]" in words(drawn(inspect(put(ascii_columns()))))


def test_distrusted_and_masked_pixels_are_marked_in_their_places_and_counted(put, drawn):
    inspection = inspect(put(lamost_image("image")))
    (spectrum,) = inspection.spectra
    figure = drawn(inspection)
    inside = spectrum.wave >= 6519

    marked = [collection.get_offsets().data for collection in figure.axes[1].collections]

    np.testing.assert_allclose(marked[0][:, 0], spectrum.wave[inside & (spectrum.ivar == 0)])
    assert {"ivar = 0, kept: 3"} <= set(words(figure))
    assert not np.any(inside & spectrum.mask)


def test_pixels_masked_in_the_window_are_crossed(put, drawn):
    (spectrum,) = inspect(put(lamost_image("image"))).spectra
    moved = Spectrum(spectrum.wave + 20, spectrum.flux, spectrum.ivar, spectrum.mask, spectrum.header)

    figure = drawn(Inspection(put(b"x"), "lamost-image", {}, [moved], None))

    assert "masked in every exposure, kept: 1" in words(figure)


def test_the_window_is_that_of_the_paper_and_is_drawn_as_it_is(put, drawn):
    inspection = inspect(put(lamost_image("image")))
    figure = drawn(inspection)

    window = figure.axes[1]
    assert window.get_xlim() == (6519, 6732)
    line = max(window.lines, key=lambda one: len(one.get_xdata()))
    np.testing.assert_array_equal(line.get_ydata(), inspection.spectra[0].flux[inspection.spectra[0].wave >= 6519])


def test_of_several_spectra_the_first_with_pixels_in_the_window_is_drawn_and_counted(tmp_path, drawn):
    figure = drawn(of_arrays(tmp_path, np.zeros(WAVE.size), FLUX, FLUX))

    assert figure.get_suptitle() == "test:1   class unknown   S/N unknown   2 of 3 in the file"


def test_spikes_beyond_the_scale_are_counted(tmp_path, drawn):
    wave = np.linspace(4000, 9000, 3000)
    flux = 1 + 0.01 * np.sin(wave)
    flux[5] = 1e6

    assert "pixels off the scale: 1" in words(drawn(of_arrays(tmp_path, flux, wave=wave)))


@pytest.mark.parametrize(
    ("flux", "wave", "said"),
    [
        (np.full(WAVE.size, np.nan), WAVE, "no flux in this window"),
        (FLUX, WAVE - 2000, "no flux in this window"),
        (np.full(WAVE.size, np.nan), WAVE, "no flux in any pixel"),
    ],
)
def test_what_is_not_there_is_said(tmp_path, drawn, flux, wave, said):
    assert said in words(drawn(of_arrays(tmp_path, flux, wave=wave)))


@pytest.mark.parametrize("level", [0.0, 1.0, -5.0])
def test_a_constant_spectrum_has_a_picture(tmp_path, level):
    output = draw(of_arrays(tmp_path, np.full(WAVE.size, level)), tmp_path / "constant.png")

    assert output.stat().st_size > 1000


def test_a_file_without_a_spectrum_has_no_picture(put, tmp_path):
    inspection = inspect(put(b"id,label\n"))

    with pytest.raises(SurveyFileError, match="there is no spectrum to draw"):
        draw(inspection, tmp_path / "out.png")


@pytest.mark.parametrize("name", ["absent/out.png", "out.nothing"])
def test_a_picture_that_cannot_be_written_is_an_error_of_ours(put, tmp_path, name):
    with pytest.raises(SurveyFileError, match="the image cannot be written"):
        draw(inspect(put(sdss_spec())), tmp_path / name)


def test_pyplot_and_its_state_are_not_used(put, tmp_path):
    draw(inspect(put(sdss_spec())), tmp_path / "out.png")

    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
