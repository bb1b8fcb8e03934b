"""
The spectra of a pool in the order of the sky, so that a circle of millions is found without a look at the rest.

Rows are sorted by their HEALPix cell at the finest order of the nested scheme [1]_, where what is near on the sky is mostly near
in the numbering. A circle is then a few ranges of cells; what lies in them is compared with the circle itself, so that the cells
decide nothing. Each column is an Arrow file of its own, uncompressed and mapped into memory: a search touches the pages that it
needs, and the system drops them again.

::

    INDEX/
    ├── cell.arrow … file.arrow      one column each, in the order of the sky; rows without a position come last
    ├── name.arrow                   CRC-32 of every name in lower case, sorted, and the place of its spectrum
    └── index.json                   what it was made from; written last

References
----------
.. [1] Górski et al. 2005, ApJ 622, 759: HEALPix.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import astropy.units as u
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from astropy.coordinates import Latitude, Longitude

from spectrove.contracts import BoolArray, FloatArray, IntArray, Progress, no_progress
from spectrove.errors import PoolError
from spectrove.pool.store import Pool
from spectrove.storage import atomic_path, make_directory, read_sealed_json, remove, storage_errors, write_sealed_json

FORMAT = "spectrove-sky-index"
FORMAT_VERSION = 1

ORDER = 29
"""Order of the cells: 0.4 milliarcseconds, the finest that 64 bits hold."""

NOWHERE = np.iinfo(np.int64).max
"""The cell of what has no position."""

COARSEST, FINEST = 0, 18
"""Orders of the cells that a circle is covered with; at 18 a cell is 0.8 arcseconds wide."""

FINER = 2
"""How many orders finer than its own size a circle is covered: some tens of cells; chosen."""

LARGEST_COVERED = 60.0
"""Degrees; a larger circle is most of the sky, and all rows are compared with it."""

MARGIN = 1e-9
"""Degrees by which the cells reach beyond the circle, so that rounding leaves out nothing; 4 microarcseconds."""

COLUMNS = (
    "ra",
    "dec",
    "mjd",
    "snr",
    "spectrum_id",
    "survey",
    "designation",
    "obsid",
    "release",
    "file",
    "format",
)
"""Columns of the pool's metadata that the index holds; ``row`` is the row in the pool, ``cell`` the cell."""

REPEATED = ("survey", "release", "format")
"""Texts of which there are few; each is kept once."""

NAMES = ("spectrum_id", "designation", "obsid")
"""Columns that a spectrum is called by."""

INDEX_FILE = "index.json"


class SkyIndex:
    """
    The spectra of a pool in the order of the sky; opened by `SkyIndex.of`. Several threads may ask at once.

    Parameters
    ----------
    path : Path
        The index.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.facts = read_sealed_json(path / INDEX_FILE, FORMAT, FORMAT_VERSION, PoolError)
        self._tables: dict[str, pa.Table] = {}

    @classmethod
    def of(cls, pool: Pool, folder: Path, progress: Progress = no_progress) -> SkyIndex:
        """
        Return the index of a pool, made at the first call.

        Parameters
        ----------
        pool : Pool
            The pool.
        folder : Path
            Where indexes are kept; made if it does not exist.
        progress : callable
            Told how far the making is.

        Returns
        -------
        SkyIndex
            Of all spectra that the pool has now.

        Raises
        ------
        PoolError
            If the pool's metadata cannot be read.
        StorageError
            If the disk is full or the folder cannot be written.
        """
        path = folder / f"sky-{pool.content_hash}"
        if path.exists():
            try:
                index = cls(path)
                index.check(pool)
            except (PoolError, OSError, pa.ArrowException):
                remove(path)  # damaged, or of an earlier form: all that is in it comes from the pool
            else:
                return index
        with storage_errors(folder):
            make_directory(folder)
        with atomic_path(path) as temporary:
            _make(pool, temporary, progress)
        return cls(path)

    def check(self, pool: Pool) -> None:
        """
        Make sure that the index is whole.

        Parameters
        ----------
        pool : Pool
            What it was made from.

        Raises
        ------
        PoolError
            If a column has not as many rows as it should.
        """
        for name in ("cell", "row", *COLUMNS, "name"):
            expected = self.facts["n_names"] if name == "name" else pool.n_spectra
            if len(self._table(name)) != expected:
                msg = f"{self.path}: {name}.arrow has {len(self._table(name))} rows, expected {expected}"
                raise PoolError(msg)

    def __len__(self) -> int:
        """Return how many spectra there are."""
        return int(self.facts["n_spectra"])

    def _table(self, name: str) -> pa.Table:
        # Not kept open twice, but two threads may open it at once: the later one is kept, and nothing is lost.
        if name not in self._tables:
            with pa.memory_map(str(self.path / f"{name}.arrow")) as source:
                self._tables[name] = pa.ipc.open_file(source).read_all()
        return self._tables[name]

    def numbers(self, name: str) -> Any:
        """
        Return a column of numbers.

        Parameters
        ----------
        name : str
            ``row``, ``cell``, ``ra``, ``dec``, ``mjd`` or ``snr``.

        Returns
        -------
        array of shape (n_spectra,)
            On the disk until it is looked at; NaN where the survey is silent.
        """
        return self._table(name).column(0).chunk(0).to_numpy()

    def texts(self, name: str, places: IntArray) -> list[str | None]:
        """
        Return texts of some spectra.

        Parameters
        ----------
        name : str
            A column of `COLUMNS`.
        places : array of int, shape (n,)
            Their places in the index.

        Returns
        -------
        list of str or None
            None where the survey is silent.
        """
        found: list[str | None] = self._table(name).column(0).take(pa.array(places)).to_pylist()
        return found

    def codes(self, name: str) -> tuple[list[str], IntArray]:
        """
        Return a column of few different texts.

        Parameters
        ----------
        name : str
            One of `REPEATED`.

        Returns
        -------
        texts : list of str
            The different ones.
        codes : array of int32, shape (n_spectra,)
            The number of each spectrum's; -1 where the survey is silent.
        """
        column = self._table(name).column(0).chunk(0)
        return column.dictionary.to_pylist(), pc.fill_null(column.indices, -1).to_numpy()

    @cached_property
    def has_file(self) -> BoolArray:
        """
        Return which spectra were read from a file.

        Returns
        -------
        array of bool, shape (n_spectra,)
            In the order of the index.
        """
        has_file: BoolArray = pc.is_valid(self._table("file").column(0)).to_numpy()
        return has_file

    @cached_property
    def place_of_row(self) -> IntArray:
        """
        Return where each row of the pool is.

        Returns
        -------
        array of int32, shape (n_spectra,)
            Places in the index, in the order of the pool.
        """
        places = np.empty(len(self), dtype=np.int32)
        places[self.numbers("row")] = np.arange(len(self), dtype=np.int32)
        return places

    # -- searching -------------------------------------------------------------------------------------------------------------

    def cone(self, ra: float, dec: float, radius: float) -> IntArray:
        """
        Return the spectra in a circle on the sky.

        Parameters
        ----------
        ra, dec : float
            Center, degrees.
        radius : float
            Degrees, from 0 to 180; what is exactly at this distance is inside.

        Returns
        -------
        array of int64, shape (n,)
            Places in the index, increasing.

        Raises
        ------
        ValueError
            If the center is nowhere, or the radius is not from 0 to 180.
        """
        if not (np.isfinite(ra) and abs(dec) <= 90 and 0 <= radius <= 180):
            msg = f"cone: center ({ra}, {dec}) and radius {radius} degrees, expected declinations to ±90 and a radius of 0 to 180"
            raise ValueError(msg)
        spans = self._spans(ra, dec, radius)
        ras, decs = self.numbers("ra"), self.numbers("dec")
        found = [begin + np.flatnonzero(separations(ra, dec, ras[begin:end], decs[begin:end]) <= radius) for begin, end in spans]
        return np.concatenate(found) if found else np.empty(0, dtype=np.int64)

    def _spans(self, ra: float, dec: float, radius: float) -> list[tuple[int, int]]:
        """Return the places, from one up to another, among which the circle's are."""
        located = int(self.facts["n_located"])
        if radius > LARGEST_COVERED:
            return [(begin, min(begin + AT_ONCE, located)) for begin in range(0, located, AT_ONCE)]
        first, after = _cells(ra, dec, radius)
        cells = self.numbers("cell")[:located]
        begins, ends = np.searchsorted(cells, first), np.searchsorted(cells, after)
        return [(int(begin), int(end)) for begin, end in zip(begins, ends, strict=True) if begin < end]

    def named(self, name: str) -> IntArray:
        """
        Return the spectra of a name.

        Parameters
        ----------
        name : str
            An id, a designation or an obsid, whatever the case of its letters.

        Returns
        -------
        array of int64, shape (n,)
            Places in the index, increasing; all exposures of a designation.
        """
        wanted = name.strip().lower()
        table = self._table("name")
        keys, places = (table.column(column).chunk(0).to_numpy() for column in ("key", "place"))
        key = np.uint32(_key(wanted))  # of the keys' own type, or all of them would be cast
        begin, end = np.searchsorted(keys, key), np.searchsorted(keys, key, side="right")
        near = np.unique(places[begin:end].astype(np.int64))
        is_meant = np.zeros(near.size, dtype=bool)
        for column in NAMES:
            is_meant |= np.array([text is not None and text.lower() == wanted for text in self.texts(column, near)], dtype=bool)
        return near[is_meant]

    def places_of(self, spectrum_ids: Sequence[str]) -> IntArray:
        """
        Return where some spectra are.

        Parameters
        ----------
        spectrum_ids : sequence of str
            Their ids.

        Returns
        -------
        array of int64, shape (n_ids,)
            Places in the index; -1 where the pool holds no such spectrum.
        """
        table = self._table("name")
        keys, places = (table.column(column).chunk(0).to_numpy() for column in ("key", "place"))
        wanted = np.fromiter((_key(id_.lower()) for id_ in spectrum_ids), dtype=np.uint32, count=len(spectrum_ids))
        begins, ends = np.searchsorted(keys, wanted), np.searchsorted(keys, wanted, side="right")
        which = np.repeat(np.arange(wanted.size), ends - begins)
        near = places[np.arange(which.size) - np.repeat(np.cumsum(ends - begins) - ends, ends - begins)].astype(np.int64)
        found = np.full(wanted.size, -1, dtype=np.int64)
        for number, place, text in zip(which.tolist(), near.tolist(), self.texts("spectrum_id", near), strict=True):
            if text == spectrum_ids[number]:
                found[number] = place
        return found


AT_ONCE = 2**19
"""Rows that are compared with a circle at once; some 30 MB."""


def separations(ra: float, dec: float, ras: FloatArray, decs: FloatArray) -> FloatArray:
    """
    Return distances on the sky by the haversine formula, which keeps its digits where they are small.

    Parameters
    ----------
    ra, dec : float
        One position, degrees.
    ras, decs : array of shape (n,)
        Others, degrees.

    Returns
    -------
    array of float64, shape (n,)
        Degrees.

    References
    ----------
    .. [1] Sinnott 1984, Sky and Telescope 68, 159.
    """
    delta, deltas = np.radians(dec), np.radians(decs)
    across = np.sin(np.radians(ras - ra) / 2) ** 2 * np.cos(delta) * np.cos(deltas)
    chord = np.sqrt(np.sin((deltas - delta) / 2) ** 2 + across)
    degrees: FloatArray = np.degrees(2 * np.arcsin(np.minimum(chord, 1)))
    return degrees


def _cells(ra: float, dec: float, radius: float) -> tuple[IntArray, IntArray]:
    """Return the first cell of each range that covers a circle, and the one after its last."""
    from cdshealpix.nested import cone_search

    reach = radius + MARGIN
    order = int(np.clip(np.floor(np.log2(58.6 / reach)) + FINER, COARSEST, FINEST))  # a cell of order 0 is 58.6 degrees wide
    cells, orders, _ = cone_search(Longitude(ra % 360, u.deg), Latitude(dec, u.deg), reach * u.deg, depth=order)
    shift = 2 * (ORDER - np.asarray(orders, dtype=np.int64))
    first = np.asarray(cells, dtype=np.int64) << shift
    after = (np.asarray(cells, dtype=np.int64) + 1) << shift
    by_first = np.argsort(first)
    first, after = first[by_first], after[by_first]
    begins: BoolArray = np.concatenate([[True], first[1:] != after[:-1]])
    return first[begins], after[np.concatenate([begins[1:], [True]])]


# -- making ----------------------------------------------------------------------------------------------------------------------


def _make(pool: Pool, path: Path, progress: Progress) -> None:
    path.mkdir()
    steps = len(COLUMNS) + 2
    say: Callable[[int], None] = lambda done: progress("index on the sky", done, steps)  # noqa: E731 - a name for a call
    say(0)
    ra, dec = (_numbers(pool, name) for name in ("ra", "dec"))
    cell = cells_of(ra, dec)
    order = np.argsort(cell, kind="stable")
    _write(path / "cell.arrow", {"cell": pa.array(cell[order])})
    _write(path / "row.arrow", {"row": pa.array(order)})
    place = np.empty(order.size, dtype=np.int32)
    place[order] = np.arange(order.size, dtype=np.int32)
    keys, places = [], []
    for done, name in enumerate(COLUMNS, 1):
        say(done)
        column = _column(pool, name)
        if name in NAMES:
            for key, row in _keys(column):
                keys.append(key)
                places.append(place[row])
        _write(path / f"{name}.arrow", {name: column.take(pa.array(order))})
        del column
        pa.default_memory_pool().release_unused()
    say(steps - 1)
    key, where = np.concatenate(keys), np.concatenate(places)
    by_key = np.lexsort((where, key))
    _write(path / "name.arrow", {"key": pa.array(key[by_key]), "place": pa.array(where[by_key])})
    facts = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "pool": pool.content_hash,
        "n_spectra": pool.n_spectra,
        "n_located": int(np.count_nonzero(cell != NOWHERE)),
        "n_names": int(key.size),
    }
    write_sealed_json(path / INDEX_FILE, facts)
    say(steps)


def cells_of(ra: FloatArray, dec: FloatArray) -> IntArray:
    """
    Return the finest HEALPix cell of each position.

    Parameters
    ----------
    ra, dec : array of float, shape (n,)
        Degrees; NaN where there is no position.

    Returns
    -------
    array of int64, shape (n,)
        Nested numbering of order `ORDER`; `NOWHERE` without a position.
    """
    from cdshealpix.nested import lonlat_to_healpix

    cells = np.full(ra.size, NOWHERE)
    there = np.flatnonzero(np.isfinite(ra) & (np.abs(dec) <= 90))
    for begin in range(0, there.size, AT_ONCE):
        some = there[begin : begin + AT_ONCE]
        cells[some] = lonlat_to_healpix(Longitude(ra[some] % 360, u.deg), Latitude(dec[some], u.deg), ORDER).astype(np.int64)
    return cells


def _numbers(pool: Pool, name: str) -> FloatArray:
    numbers: FloatArray = pool.metadata([name])[name].to_numpy()
    return numbers


def _column(pool: Pool, name: str) -> pa.Array:
    column = pool.metadata([name])[name].combine_chunks()
    if name in REPEATED:
        return column.dictionary_encode()
    if pa.types.is_floating(column.type):
        return pc.fill_null(column, np.nan)  # so that it is an array of numbers without a copy
    return column.cast(pa.large_string())


def _keys(column: pa.Array) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield the keys of all names in a column, and their rows, some at a time."""
    for begin in range(0, len(column), AT_ONCE):
        texts = column.slice(begin, AT_ONCE)
        rows = begin + np.flatnonzero(pc.is_valid(texts).to_numpy(zero_copy_only=False))
        yield np.fromiter(map(_key, pc.utf8_lower(texts).drop_null().to_pylist()), dtype=np.uint32, count=rows.size), rows


def _key(name: str) -> int:
    return zlib.crc32(name.encode("utf-8", "surrogatepass"))


def _write(path: Path, columns: dict[str, pa.Array]) -> None:
    table = pa.table(columns).combine_chunks()
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
