"""
The wavelengths that a survey's spectra cover, as far as that is known without opening each file.

A pool knows the window that its recipe wants, in which every one of its spectra has fluxes. What a service hands out is the whole
file, which covers more: as much as the survey says that its spectra do.
"""

from __future__ import annotations

from types import MappingProxyType

from spectrove.pool import Pool
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


def coverage_of(pool: Pool, format_: str | None) -> Range:
    """
    Return what a spectrum covers.

    Parameters
    ----------
    pool : Pool
        The pool that holds it.
    format_ : str or None
        Name of the reader of its file; None if it has no file.

    Returns
    -------
    tuple of float
        First and last wavelength, Å in vacuum: of the survey, or else of the pool's window; the wider of both.
    """
    grid = pool.grid
    first, last = NOMINAL.get(format_ or "", (float(grid[0]), float(grid[-1])))
    return min(first, float(grid[0])), max(last, float(grid[-1]))
