"""
The wavelengths that a survey's spectra cover, as far as that is known without opening each file.

A pool knows the window that its recipe wants, in which every one of its spectra has fluxes. What a service hands out is the whole
file, which covers more: as much as the survey says that its spectra do, or else as much as some of its files do.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from spectrove.pool import Pool
from spectrove.surveys import read_again
from spectrove.vo.service.records import Range

NOMINAL = MappingProxyType(
    {
        "lamost-dr1": (3690.0, 9100.0),  # Luo et al. 2015, RAA 15, 1095, sect. 2
        "lamost-image": (3690.0, 9100.0),
        "lamost-table": (3690.0, 9100.0),
        "sdss-spec": (3800.0, 9200.0),  # York et al. 2000, AJ 120, 1579; BOSS reaches further, Smee et al. 2013, AJ 146, 32
    }
)
"""First and last wavelength in Å, by the format of the file."""

N_LOOKED_AT = 12
"""Files of a survey that says nothing which are opened, once; chosen: a tenth of a second."""


def coverage_of(pool: Pool, format_: str | None, examples: Sequence[tuple[str, str]] = ()) -> Range:
    """
    Return what a spectrum covers.

    Parameters
    ----------
    pool : Pool
        The pool that holds it.
    format_ : str or None
        Name of the reader of its file; None if it has no file.
    examples : sequence of (str, str)
        Ids and files of some spectra of that format, to be opened where the survey says nothing.

    Returns
    -------
    tuple of float
        First and last wavelength, Å in vacuum: of the survey, or else of all these spectra together; at least the pool's window.
    """
    ends = [float(pool.grid[0]), float(pool.grid[-1])]
    if format_ is not None and format_ in NOMINAL:
        ends += NOMINAL[format_]
    else:
        for spectrum_id, file in examples:
            spectrum, _ = read_again(spectrum_id, file, format_)
            if spectrum is not None and spectrum.wave.size:
                ends += [float(spectrum.wave[0]), float(spectrum.wave[-1])]
    return min(ends), max(ends)
