"""
The part of the sky that was searched, as a multi-order coverage map.

It is the union of the HEALPix cells that hold a searched spectrum. Cells of order 8 are 13.7 arcmin wide: a plate of LAMOST with
some 200 fibers to the square degree leaves hardly a cell of its field empty, and its edge is drawn no more than a cell too wide.
Gaps between fibers are part of the map; what was searched is the sample of stars that the survey observed there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units
from astropy.coordinates import Latitude, Longitude
from mocpy import MOC

from spectrove.contracts import FloatArray
from spectrove.pool import Pool
from spectrove.storage import atomic_path

ORDER = 8
"""HEALPix order of the map's cells unless another is asked for: 786,432 cells of 0.052 square degrees."""

ROWS_AT_ONCE = 2**18
"""Positions that are read and looked up at a time."""

WHOLE_SKY = 4 * np.pi * (180 / np.pi) ** 2
"""Square degrees."""


@dataclass(frozen=True)
class Footprint:
    """
    What a footprint's file holds.

    Attributes
    ----------
    n_positions : int
        Positions that it covers.
    n_without : int
        Spectra without a position, which no map can show.
    area : float
        Its area, square degrees.
    order : int
        HEALPix order of its smallest cells.
    """

    n_positions: int
    n_without: int
    area: float
    order: int


def write_moc(
    path_fits: Path, path_json: Path, positions: Iterable[tuple[FloatArray, FloatArray]], order: int = ORDER
) -> Footprint:
    """
    Write the footprint of positions as FITS and as JSON.

    Parameters
    ----------
    path_fits : Path
        Where the FITS file goes; replaced if it exists, whole or not at all.
    path_json : Path
        The same for the JSON file.
    positions : iterable of pairs of arrays, each of shape (n_positions,)
        Right ascensions and declinations in degrees, ICRS, a piece at a time; see `positions_of`. Those that are no numbers are
        counted and left out.
    order : int
        HEALPix order of the cells, from 0 to 29.

    Returns
    -------
    Footprint
        What was written.

    Raises
    ------
    ValueError
        If there is no such order, or a declination is none.
    StorageError
        If the disk is full or cannot be written.

    References
    ----------
    .. [1] Fernique et al. 2022, MOC: Multi-Order Coverage map 2.0, IVOA Recommendation.
    """
    if not 0 <= order <= 29:
        msg = f"footprint: {order} is no order of HEALPix cells, expected 0 to 29"
        raise ValueError(msg)
    whole, n_positions, n_without = MOC.new_empty(order), 0, 0
    for ra, dec in positions:
        known = np.isfinite(ra) & np.isfinite(dec)
        n_without += int(known.size - known.sum())
        if known.any():
            n_positions += int(known.sum())
            whole = whole.union(_cells(ra[known], dec[known], order))
    with atomic_path(path_fits) as temporary:
        whole.save(temporary, format="fits", overwrite=True, fits_keywords={"COORDSYS": "C"})
    with atomic_path(path_json) as temporary:
        whole.save(temporary, format="json", overwrite=True)
    return Footprint(n_positions, n_without, float(whole.sky_fraction) * WHOLE_SKY, order)


def _cells(ra: FloatArray, dec: FloatArray, order: int) -> Any:
    if (worst := float(np.abs(dec).max())) > 90:
        msg = f"footprint: {worst!r} degrees is no declination, expected -90 to 90"
        raise ValueError(msg)
    return MOC.from_lonlat(Longitude(ra, unit=units.deg), Latitude(dec, unit=units.deg), max_norder=order)


def positions_of(pool: Pool, rows_at_once: int = ROWS_AT_ONCE) -> Iterator[tuple[FloatArray, FloatArray]]:
    """
    Yield the positions of a pool, a piece at a time.

    Parameters
    ----------
    pool : Pool
        The spectra.
    rows_at_once : int
        How many are read at a time.

    Yields
    ------
    tuple of two arrays of float64, shape (n_rows,)
        Right ascension and declination, degrees; NaN where the survey gives none.
    """
    for start in range(0, pool.n_spectra, rows_at_once):
        rows = np.arange(start, min(start + rows_at_once, pool.n_spectra))
        table = pool.metadata(["ra", "dec"], rows)
        yield table["ra"].to_numpy(), table["dec"].to_numpy()
