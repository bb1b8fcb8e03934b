"""A pool as those see it who read it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spectrove.contracts import FloatArray, IdArray, IntArray, SpectrumId
from spectrove.errors import PoolError
from spectrove.pool.chunks import ChunkedRows
from spectrove.pool.coding import StoredArray, decode, scale_of
from spectrove.pool.layout import (
    FEATURES,
    FILES,
    FILES_SCHEMA,
    MANIFEST,
    METADATA,
    METADATA_SCHEMA,
    POOL_FILE,
    REFUSED,
    REFUSED_SCHEMA,
    is_pool,
    read_json,
    sealed_versions,
    table_of,
    version_directory,
)
from spectrove.pool.names import resolve_names
from spectrove.pool.parts import digest_of
from spectrove.pool.seal import DUPLICATE
from spectrove.pool.tables import StoredIds, StoredTable, by_group, rows_of
from spectrove.preprocess import Recipe
from spectrove.storage import READ_AHEAD, content_hash, is_remote, located, reading_errors

CACHED = 2**20
"""Bytes of features that are read and decoded at a time."""


class Pool:
    """
    Features and metadata of many spectra, all made by one recipe; opened by `Pool.open`.

    The versions follow one another, so that a row keeps its number when a version is added. Opening reads a few small files;
    metadata and features are read when they are asked for.

    Parameters
    ----------
    path : Path
        The pool.
    recipe : Recipe
        What made the features.
    manifests : list of dict
        What each version's manifest holds.
    """

    def __init__(self, path: Path, recipe: Recipe, manifests: list[dict[str, Any]]) -> None:
        self.path = path
        self.recipe = recipe
        self.manifests = manifests
        self._begins = np.cumsum([0, *(manifest["n_spectra"] for manifest in manifests)])

    @classmethod
    def open(cls, path: str | os.PathLike[str], content_hash: str | None = None) -> Pool:
        """
        Return the pool in a directory.

        Parameters
        ----------
        path : Path
            The directory; or in an object store, as of `spectrove.storage.located`.
        content_hash : str, optional
            Content that the pool had at some time; versions added later are left out. The whole pool if not given.

        Returns
        -------
        Pool
            With all versions that are sealed, or those up to the content asked for.

        Raises
        ------
        PoolError
            If the directory is absent, is no pool, is broken, has no sealed spectra yet, or never had the content.
        StorageError
            If an object store cannot be reached, or what reads it is not installed.
        """
        path = located(path)
        with reading_errors(path):
            return cls._open(path, content_hash)

    @classmethod
    def _open(cls, path: Path, content_hash: str | None) -> Pool:
        content = open_file(path)
        versions = sealed_versions(path)
        if not versions:
            msg = f"{path}: the pool has no sealed version yet. Run `spectrove pool ingest` to its end."
            raise PoolError(msg)
        manifests = [read_json(version_directory(path, version) / MANIFEST) for version in versions]
        recipe = Recipe.from_dict(content["recipe"])
        hashes = {recipe.hash, content["recipe_hash"], *(manifest["recipe_hash"] for manifest in manifests)}
        if len(hashes) != 1:
            msg = f"{path}: the pool is broken, its files name different recipes ({', '.join(sorted(hashes))}). Ingest again."
            raise PoolError(msg)
        pool = cls(path, recipe, manifests)
        if pool.n_spectra == 0:
            reasons = f"{path}: the pool holds no spectra, {pool.refused().num_rows} files were refused"
            msg = f"{reasons}. See `spectrove pool info`, and ingest other files."
            raise PoolError(msg)
        return pool if content_hash is None else pool._as_it_was(content_hash)

    def _as_it_was(self, content_hash: str) -> Pool:
        for n_versions in range(len(self.manifests), 0, -1):
            earlier = Pool(self.path, self.recipe, self.manifests[:n_versions])
            if earlier.content_hash == content_hash:
                return earlier
        msg = f"{self.path}: the pool never had the content {content_hash}, it has {self.content_hash}. Name the right pool."
        raise PoolError(msg)

    def __repr__(self) -> str:
        """Name the pool, its size and its recipe."""
        return f"Pool({str(self.path)!r}, n_spectra={self.n_spectra}, n_wave={self.n_wave}, recipe={self.recipe.name!r})"

    @property
    def n_spectra(self) -> int:
        """
        Return how many spectra there are.

        Returns
        -------
        int
            Rows of all versions.
        """
        return int(self._begins[-1])

    @property
    def n_wave(self) -> int:
        """
        Return how many features a spectrum has.

        Returns
        -------
        int
            Points of the recipe's grid.
        """
        return self.recipe.n_wave

    @property
    def grid(self) -> FloatArray:
        """
        Return the wavelengths of the features.

        Returns
        -------
        array of float64, shape (n_wave,)
            Vacuum wavelengths, Å.
        """
        return self.recipe.grid

    @cached_property
    def content_hash(self) -> str:
        """
        Return the name of the content: the same ids and features in the same versions give the same.

        Returns
        -------
        str
            32 hexadecimal digits.
        """
        filled = [manifest["content_hash"] for manifest in self.manifests if manifest["n_spectra"]]
        return content_hash(self.recipe.hash.encode(), *(name.encode() for name in filled))

    @cached_property
    def spectrum_ids(self) -> StoredIds:
        """
        Return the ids of all spectra.

        Returns
        -------
        IdColumn, n_spectra long
            In pool order; read where they are asked for. ``spectrum_ids[:]`` is an object array of all.
        """
        return StoredIds(self._table(METADATA, METADATA_SCHEMA))

    @property
    def scale(self) -> float | None:
        """
        Return what stored features are multiplied by, in single precision, to be those of `features`.

        Returns
        -------
        float or None
            None where they are stored as they are.
        """
        return scale_of(self._stored)

    @property
    def _stored(self) -> str:
        return str(self.manifests[0].get("stored", "float32")) if self.manifests else "float32"

    @cached_property
    def _files(self) -> list[ChunkedRows]:
        files = []
        for manifest in self.manifests:
            directory = version_directory(self.path, manifest["version"]) / FEATURES
            files.append(ChunkedRows(directory, (manifest["n_spectra"], self.n_wave), self._stored))
        return files

    def _table(self, name: str, schema: pa.Schema) -> StoredTable:
        return table_of(self.path, [manifest["version"] for manifest in self.manifests], name, schema)

    def metadata(self, columns: Sequence[str] | None = None, rows: IntArray | None = None) -> pa.Table:
        """
        Return what the survey's files say of each spectrum.

        Parameters
        ----------
        columns : sequence of str, optional
            Names of the columns wanted; all if not given.
        rows : array of int, optional
            Row numbers in pool order, in any order; all rows if not given.

        Returns
        -------
        pyarrow.Table
            One row a spectrum, in the order of the pool or of ``rows``; ``ra`` and ``dec`` in degrees ICRS, ``mjd`` in days,
            ``file`` an absolute path (null where there is no file), ``format`` the reader, ``version`` the pool's version that
            added the spectrum.

        Raises
        ------
        PoolError
            If a column is unknown.
        IndexError
            If a row does not exist.
        """
        public = [name for name in METADATA_SCHEMA.names if name != "digest"]
        wanted = public if columns is None else list(columns)
        for name in wanted:
            if name not in public:
                near = difflib.get_close_matches(name, public, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(public)}"
                msg = f"{self.path}: the metadata have no column {name!r}; {hint}"
                raise PoolError(msg)
        table = self._table(METADATA, METADATA_SCHEMA)
        return table.read(wanted) if rows is None else table.take(self._existing(rows), wanted)

    def refused(self) -> pa.Table:
        """
        Return the files and spectra that could not be used.

        Returns
        -------
        pyarrow.Table
            One row a file, or a spectrum where its id is known: file, kind (a few words), reason (a sentence), format,
            spectrum_id, version. Of a file that was tried several times, what came of the last.
        """
        refused = self._table(REFUSED, REFUSED_SCHEMA).read(REFUSED_SCHEMA.names)
        if len(self.manifests) < 2:
            return refused  # nothing was tried several times
        names = refused["file"].combine_chunks().unique()
        tables = self._table(FILES, FILES_SCHEMA).groups(["file", "version"])
        found = [table.filter(pc.is_in(table["file"], value_set=names)) for table in tables]
        tried = pa.concat_tables([refused.select(["file", "version"]).slice(0, 0), *found])
        tried = tried.group_by("file").aggregate([("version", "max")])
        last = tried["version_max"].take(pc.index_in(refused["file"], value_set=tried["file"].combine_chunks()))
        return refused.filter(pc.fill_null(pc.equal(refused["version"], last), fill_value=True))  # null: not from a file

    def features(self, rows: slice | IntArray) -> FloatArray:
        """
        Return the features of some spectra.

        Parameters
        ----------
        rows : slice or array of int
            Row numbers in pool order, in any order and with repetitions.

        Returns
        -------
        array of float32, shape (n_rows, n_wave)
            The recipe's output.

        Raises
        ------
        IndexError
            If a row does not exist.
        PoolError
            If features are missing on the disk.
        """
        if isinstance(rows, slice) and rows.indices(self.n_spectra)[2] == 1:
            begin, end, _ = rows.indices(self.n_spectra)
            features = np.empty((max(end - begin, 0), self.n_wave), dtype=np.float32)
            for first, last in self._split(begin, end):
                decode(self._rows(first, last), features[first - begin : last - begin])
            return features
        wanted = self._existing(np.arange(self.n_spectra)[rows] if isinstance(rows, slice) else rows)
        features = np.empty((wanted.size, self.n_wave), dtype=np.float32)
        order, pieces = by_group(wanted, np.array([0, *(end for _, end in self.row_ranges())]))
        starts, place = [begin for begin, _ in self.row_ranges()], 0
        for number, within in pieces:
            first, last = int(within.min()), int(within.max()) + 1
            some = self._rows(starts[number] + first, starts[number] + last)[within - first]
            decoded = np.empty(some.shape, dtype=np.float32)
            decode(some, decoded)
            features[order[place : place + within.size]] = decoded
            place += within.size
        return features

    def stored(self, rows: slice) -> StoredArray:
        """
        Return the features of some spectra as they are stored.

        Parameters
        ----------
        rows : slice
            Rows in pool order, in steps of 1.

        Returns
        -------
        array of int16 or float32, shape (n_rows, n_wave)
            Integers are to be multiplied by `scale`, in single precision.

        Raises
        ------
        ValueError
            If the slice has another step.
        PoolError
            If features are missing on the disk.
        """
        begin, end, step = rows.indices(self.n_spectra)
        if step != 1:
            msg = f"{self.path}: stored features come in steps of 1, got {rows!r}"
            raise ValueError(msg)
        return self._rows(begin, max(begin, end))

    def _rows(self, begin: int, end: int) -> StoredArray:
        rows: StoredArray = np.empty((end - begin, self.n_wave), dtype=np.dtype(self._stored).newbyteorder("<"))
        for file, first in zip(self._files, self._begins.tolist(), strict=False):
            inside = slice(max(begin, first), min(end, first + file.n_rows))
            if inside.start < inside.stop:
                file.read(inside.start - first, rows[inside.start - begin : inside.stop - begin])
        return rows

    def _split(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        # A chunk or so at a time stays in the processor's cache; from an object store, more at a time come faster.
        n = max(1, (READ_AHEAD if is_remote(self.path) else CACHED) // (self.n_wave * np.dtype(self._stored).itemsize))
        yield from ((first, min(first + n, end)) for first in range(begin, end, n))

    def _existing(self, rows: IntArray) -> IntArray:
        wanted = np.asarray(rows, dtype=np.int64)
        if wanted.size and (wanted.min() < 0 or wanted.max() >= self.n_spectra):
            msg = f"{self.path}: rows must be 0 to {self.n_spectra - 1}, got {wanted.min()} to {wanted.max()}"
            raise IndexError(msg)
        return wanted

    def row_ranges(self) -> list[tuple[int, int]]:
        """
        Return the rows divided into whole chunks, one for each task.

        Returns
        -------
        list of tuple of int
            First row and the row after the last, covering every row once and in order; no range spans two versions.
        """
        ranges: list[tuple[int, int]] = []
        for manifest, first in zip(self.manifests, self._begins.tolist(), strict=False):
            last, step = first + manifest["n_spectra"], manifest["rows_per_chunk"]
            ranges.extend((begin, min(begin + step, last)) for begin in range(first, last, step))
        return ranges

    def rows_of(self, spectrum_ids: Sequence[str] | IdArray) -> IntArray:
        """
        Return the rows of some spectra.

        Parameters
        ----------
        spectrum_ids : sequence of str
            Ids, in any order.

        Returns
        -------
        array of int64, shape (n_ids,)
            Row numbers in pool order; -1 for an id that the pool does not hold.
        """
        return rows_of(self.spectrum_ids.pieces(), spectrum_ids)

    def resolve(self, names: Sequence[str]) -> list[SpectrumId | None]:
        """
        Return the spectra that names of several kinds mean.

        A name is an id; or a survey's key, an obsid, the name of a file with or without its suffixes, or the last part of a path
        or of an IVO identifier, if that means one spectrum and no other. A path tells files of one name apart by their folders.

        Parameters
        ----------
        names : sequence of str
            As people write them in tables of labels.

        Returns
        -------
        list of SpectrumId or None
            For each name its spectrum; None if there is none or more than one.
        """
        known = self.rows_of(names) >= 0  # millions of ids are found in a moment, and only other names need more
        other = [name for name, is_known in zip(names, known, strict=True) if not is_known]
        resolved = iter(self._resolve_others(other) if other else ())
        return [SpectrumId(name) if is_known else next(resolved) for name, is_known in zip(names, known, strict=True)]

    def _resolve_others(self, names: Sequence[str]) -> list[SpectrumId | None]:
        columns = ["spectrum_id", "key", "obsid", "file"]
        twins = self.refused()
        twins = twins.filter(pc.equal(twins["kind"], DUPLICATE)).select(["spectrum_id", "file"])
        return resolve_names(self._table(METADATA, METADATA_SCHEMA).groups(columns), twins, names)

    def verify(self) -> None:
        """
        Read all features and compare them with what was sealed.

        Raises
        ------
        PoolError
            If features are missing or are not those that the metadata name by content.
        """
        begin = 0
        for table in self._table(METADATA, METADATA_SCHEMA).groups(["digest"]):
            for first, last in self._split(begin, begin + table.num_rows):
                expected = table["digest"][first - begin : last - begin].to_pylist()
                for row, (features, digest) in enumerate(zip(self._rows(first, last), expected, strict=True), first):
                    if digest_of(features) != digest:
                        broken = f"row {row} does not hold the features sealed"
                        msg = f"{self.path}: the pool is broken, {broken}. Ingest into a new pool."
                        raise PoolError(msg)
            begin += table.num_rows


def open_file(path: Path) -> dict[str, Any]:
    """
    Return what a pool says of itself.

    Parameters
    ----------
    path : Path
        The pool.

    Returns
    -------
    dict
        Content of ``pool.json``.

    Raises
    ------
    PoolError
        If the directory is absent or no pool.
    """
    if not path.is_dir():
        msg = f"{path}: there is no pool. Make one with `spectrove pool ingest FILES --pool {path} --recipe NAME`."
        raise PoolError(msg)
    if not is_pool(path):
        msg = f"{path}: this is no pool (it has no {POOL_FILE}). Name the directory that `spectrove pool ingest` made."
        raise PoolError(msg)
    return read_json(path / POOL_FILE)
