"""What is around a spectrum in its pool: other exposures of the same object, and fibers beside it on the same plate."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spectrove.contracts import FloatArray, IntArray
from spectrove.pool import Pool

ROWS_AT_ONCE = 2**17
"""Rows whose metadata are read at a time, so that the texts of millions never lie in memory together."""

UNKNOWN = np.iinfo(np.int32).min
"""In place of a fiber's number or of an exposure's, where the survey gives none."""

EXPOSURE = ("survey", "planid", "plate", "spid")
"""With the night, what fibers share that were exposed together, in one spectrograph."""

SEPARATOR = "\x1f"
"""Between those facts where they are put together to a name; no survey writes it."""

STRIP_MARGIN = 1e-9
"""Degrees by which a strip of declinations is wider than the radius, so that rounding loses nothing."""


class Surroundings:
    """
    Finds neighbors among millions of spectra, by position and by fiber; may be asked by several threads at once.

    It is filled at the first question and takes 32 bytes a spectrum: 130 MB for 4.1 million.

    Parameters
    ----------
    pool : Pool
        The spectra.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._sky: _Sky | None = None
        self._plates: _Plates | None = None

    def exposures(self, row: int, radius_arcsec: float = 5.0) -> IntArray:
        """
        Return the other spectra of what is probably the same object.

        Parameters
        ----------
        row : int
            A row of the pool.
        radius_arcsec : float
            How far from its position, arc seconds.

        Returns
        -------
        array of int64, shape (n_rows,)
            Rows of the pool without ``row`` itself, the nearest first; none where the spectrum has no position.
        """
        sky, _ = self._made()
        return sky.near(row, radius_arcsec / 3600)

    def fibers(self, row: int, n: int = 6) -> IntArray:
        """
        Return the spectra of the fibers beside a spectrum's own, exposed with it in the same spectrograph.

        Parameters
        ----------
        row : int
            A row of the pool.
        n : int
            At most so many.

        Returns
        -------
        array of int64, shape (n_rows,)
            Rows of the pool without ``row`` itself, the nearest fiber's first; none where the survey names no plate or fiber.
        """
        _, plates = self._made()
        return plates.beside(row, n)

    def _made(self) -> tuple[_Sky, _Plates]:
        with self._lock:
            if self._sky is None or self._plates is None:
                self._sky, self._plates = _read(self._pool)
            return self._sky, self._plates


class _Sky:
    """Positions in degrees, sorted by declination; those that are not known (NaN) come last."""

    def __init__(self, ra: FloatArray, dec: FloatArray) -> None:
        self._ra, self._dec = ra, dec
        self._order = np.argsort(dec, kind="stable").astype(np.int32)
        self._n_known = int(np.count_nonzero(~np.isnan(dec)))

    def near(self, row: int, radius: float) -> IntArray:
        ra, dec = float(self._ra[row]), float(self._dec[row])
        if not np.isfinite(ra) or not np.isfinite(dec):
            return np.empty(0, dtype=np.int64)
        # A strip of sky at one declination holds some hundreds of spectra of millions: few enough to look at each.
        half = radius + STRIP_MARGIN
        first = bisect_left(self._order, dec - half, hi=self._n_known, key=self._dec_of)
        last = bisect_right(self._order, dec + half, hi=self._n_known, key=self._dec_of)
        rows = self._order[first:last].astype(np.int64)
        rows = rows[rows != row]
        separations = _separations(ra, dec, self._ra[rows], self._dec[rows])
        inside = separations <= radius
        found: IntArray = rows[inside][np.argsort(separations[inside], kind="stable")]
        return found

    def _dec_of(self, row: Any) -> float:
        return float(self._dec[row])


class _Plates:
    """Exposures of plates as numbers, their rows side by side, and the numbers of the fibers."""

    def __init__(self, exposures: IntArray, fibers: IntArray) -> None:
        self._exposures, self._fibers = exposures, fibers
        self._order = np.argsort(exposures, kind="stable").astype(np.int32)

    def beside(self, row: int, n: int) -> IntArray:
        exposure, fiber = int(self._exposures[row]), int(self._fibers[row])
        if UNKNOWN in {exposure, fiber}:
            return np.empty(0, dtype=np.int64)
        first = bisect_left(self._order, exposure, key=self._exposure_of)
        last = bisect_right(self._order, exposure, key=self._exposure_of)
        rows = self._order[first:last].astype(np.int64)
        fibers = self._fibers[rows].astype(np.int64)
        is_other = (rows != row) & (fibers != UNKNOWN)
        rows, fibers = rows[is_other], fibers[is_other]
        nearest: IntArray = rows[np.lexsort((fibers, np.abs(fibers - fiber)))[:n]]
        return nearest

    def _exposure_of(self, row: Any) -> int:
        return int(self._exposures[row])


def _separations(ra: float, dec: float, ras: FloatArray, decs: FloatArray) -> FloatArray:
    # Haversine: near zero the arc cosine would lose all digits.
    half_ra, half_dec = np.radians(ras - ra) / 2, np.radians(decs - dec) / 2
    chords = np.sin(half_dec) ** 2 + np.cos(np.radians(dec)) * np.cos(np.radians(decs)) * np.sin(half_ra) ** 2
    separations: FloatArray = np.degrees(2 * np.arcsin(np.sqrt(np.clip(chords, 0.0, 1.0))))
    return np.where(np.isnan(separations), np.inf, separations)


def _read(pool: Pool) -> tuple[_Sky, _Plates]:
    n = pool.n_spectra
    ra, dec = np.empty(n), np.empty(n)
    exposures, fibers = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    numbers: dict[str, int] = {}
    for begin in range(0, n, ROWS_AT_ONCE):
        end = min(begin + ROWS_AT_ONCE, n)
        table = pool.metadata([*EXPOSURE, "mjd", "ra", "dec", "fiberid"], np.arange(begin, end))
        for name, values in (("ra", ra), ("dec", dec)):
            values[begin:end] = table[name].to_numpy()
        fibers[begin:end] = pc.fill_null(table["fiberid"], UNKNOWN).to_numpy()
        exposures[begin:end] = _exposures(table, numbers)
    return _Sky(ra, dec), _Plates(exposures, fibers)


def _exposures(table: pa.Table, numbers: dict[str, int]) -> IntArray:
    night = pc.cast(pc.floor(table["mjd"]), pa.int64())
    parts = [pc.cast(column, pa.string()) for column in (*(table[name] for name in EXPOSURE), night)]
    together = pc.binary_join_element_wise(*parts, SEPARATOR, null_handling="replace", null_replacement="")
    coded = together.combine_chunks().dictionary_encode()
    of_code = np.array([numbers.setdefault(name, len(numbers)) for name in coded.dictionary.to_pylist()], dtype=np.int32)
    exposures: IntArray = of_code[coded.indices.to_numpy()]
    has_plate = pc.or_(pc.is_valid(table["planid"]), pc.is_valid(table["plate"])).to_numpy()
    return np.where(has_plate, exposures, UNKNOWN)
