"""
Whatever specutils reads, as an extra: asked last, and believed only where the file itself gives the unit of wavelength.

specutils guesses: its loader ``wcs1d-fits`` takes Å where a header names no unit, and ignores IRAF's DC-FLAG, which says that
the dispersion is logarithmic. A wrong wavelength is worse than a refusal, so such files are declined, and so is everything
whose dispersion axis is not a length or lies outside 10 Å to 3 mm. Nothing is known of the medium unless the header has
VACUUM, or CTYPE1 ``WAVE`` (vacuum) or ``AWAV`` (air) [1]_.

References
----------
.. [1] Greisen et al. 2006, A&A, 446, 747, table 1 (FITS paper III).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from spectrove.errors import DamagedFileError, NoReaderError
from spectrove.spectrum import HeaderFacts, Spectrum
from spectrove.surveys.arrays import Arrays, flags, floats, inverse_variance, spectrum_from
from spectrove.surveys.facts import text, whole
from spectrove.surveys.file import FAULTS, SurveyFile, brief, faults_as_damage
from spectrove.surveys.text import WITH_UNIT

LOADER_FAULTS = (*FAULTS, AssertionError, ImportError, NotImplementedError, RuntimeError)
"""What the loaders of specutils were seen to raise, and what they raise on purpose."""

UNCERTAINTIES = {"std": -2, "var": -1, "ivar": 1}
"""Power that turns an uncertainty of this type of astropy's into inverse variance."""

_Rows = list[tuple[Arrays, str, str | None]]


class Specutils:
    """
    Reads what one of the loaders of specutils identifies and reads, with a dispersion axis that is a length.

    Attributes
    ----------
    name : str
        Name of the reader's entry point.
    title : str
        The layout in a few words.
    """

    name = "specutils"
    title = "whatever specutils reads with wavelengths (an extra)"

    def decline(self, file: SurveyFile) -> str | None:
        """
        Return why the file is not this reader's.

        Parameters
        ----------
        file : SurveyFile
            Any file.

        Returns
        -------
        str or None
            The reason; None if the reader takes the file.
        """
        rows = self._rows(file)
        return rows if isinstance(rows, str) else None

    def _rows(self, file: SurveyFile) -> _Rows | str:
        if self.name not in file.cache:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                file.cache[self.name] = _first_read(file)
        rows: _Rows | str = file.cache[self.name]
        return rows

    def read(self, file: SurveyFile) -> Iterator[Spectrum]:
        """
        Yield the file's spectra.

        Parameters
        ----------
        file : SurveyFile
            A file that has not been declined.

        Yields
        ------
        Spectrum
            One for each row of flux; named after the file, and numbered from 1 if there are several.

        Raises
        ------
        NoReaderError
            If the reader declines the file.
        DamagedFileError
            If no spectrum can have the arrays that specutils gave.
        """
        rows = self._rows(file)
        if isinstance(rows, str):
            msg = f"{file.path}: {rows}"
            raise NoReaderError(msg)
        for count, (arrays, medium, designation) in enumerate(rows, start=1):
            key = file.stem if len(rows) == 1 else f"{file.stem}-{count}"
            with faults_as_damage(file.path, "what specutils read is no spectrum"):
                spectrum = spectrum_from(arrays, HeaderFacts(survey=self.name, key=key, designation=designation), medium)
            yield spectrum


def _first_read(file: SurveyFile) -> _Rows | str:
    """Return what the first loader reads that identifies the file, or why none does."""
    try:
        from specutils import SpectrumList
    except ImportError:
        return "specutils is not installed (pip install spectrove[specutils])"
    loaders = _loaders(file, SpectrumList)
    if isinstance(loaders, str):
        return loaders
    reasons: list[str] = []
    for loader in loaders:
        read = _refused_header(file, loader) or _read(file, SpectrumList, loader)
        if not isinstance(read, str):
            return read
        reasons.append(f"{loader}: {read}")
    return "; ".join(reasons)


def _loaders(file: SurveyFile, container: Any) -> list[str] | str:
    from astropy.io.registry import identify_format

    try:
        found: list[str] = identify_format("read", container, str(file.path), None, [], {})
    except LOADER_FAULTS as error:
        return f"specutils cannot tell the format ({brief(error)})"
    return list(dict.fromkeys(found)) or "no loader of specutils knows the format"


def _refused_header(file: SurveyFile, loader: str) -> str | None:
    """Return why this loader would guess at the wavelengths of this file."""
    if loader != "wcs1d-fits" or file.hdus is None:
        return None
    try:
        with faults_as_damage(file.path, "its header cannot be parsed"):
            header = file.hdus[0].header
            if whole(header.get("DC-FLAG")) == 1:
                return "wavelengths are logarithmic (DC-FLAG is 1), and specutils would read them as linear"
            if text(header.get("CUNIT1")) is None and "units=" not in (text(header.get("WAT1_001")) or ""):
                return "the header names no unit of wavelength (CUNIT1, WAT1_001), and specutils would guess Å"
    except DamagedFileError as error:
        return str(error).removeprefix(f"{file.path}: ")
    return None


def _read(file: SurveyFile, container: Any, loader: str) -> _Rows | str:
    """Return arrays, medium and designation of each row of flux, or why there are none."""
    try:
        spectra = container.read(str(file.path), format=loader)
        rows = [row for spectrum in spectra for row in _rows(spectrum)]
    except LOADER_FAULTS as error:
        return f"specutils cannot read it ({brief(error)})"
    if not rows:
        return "specutils reads no spectrum from it"
    for wave, *_ in (arrays for arrays, _, _ in rows):
        low, high = WITH_UNIT
        if wave.min() < low or wave.max() > high:
            return f"specutils reads wavelengths from {wave.min():g} to {wave.max():g} Å, expected {low:g} to {high:g}"
    return rows


def _rows(spectrum: Any) -> Iterator[tuple[Arrays, str, str | None]]:
    axis = spectrum.spectral_axis
    if axis.unit.physical_type != "length":
        msg = f"its dispersion axis is in {axis.unit}, no length"
        raise ValueError(msg)
    wave = floats(axis.to_value("Angstrom"))
    flux = np.asarray(spectrum.flux.value, dtype=np.float64).reshape(-1, wave.size)
    mask = None if spectrum.mask is None else flags(np.broadcast_to(spectrum.mask, spectrum.flux.shape)).reshape(flux.shape)
    power = UNCERTAINTIES.get(getattr(spectrum.uncertainty, "uncertainty_type", ""))
    ivar = None
    if power is not None:
        ivar = inverse_variance(np.broadcast_to(spectrum.uncertainty.array, spectrum.flux.shape), power).reshape(flux.shape)
    header = spectrum.meta.get("header") or {}
    for row in range(flux.shape[0]):
        arrays = (wave, flux[row], None if ivar is None else ivar[row], None if mask is None else mask[row])
        yield arrays, _medium(header), text(header.get("OBJECT"))


def _medium(header: Any) -> str:
    vacuum = header.get("VACUUM")
    if isinstance(vacuum, bool):
        return "vacuum" if vacuum else "air"
    axis = (text(header.get("CTYPE1")) or "").upper().split("-")[0]
    return {"WAVE": "vacuum", "AWAV": "air"}.get(axis, "undeclared")


SPECUTILS = Specutils()
