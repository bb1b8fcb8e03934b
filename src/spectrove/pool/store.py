"""A pool as those see it who read it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spectrove.contracts import FloatArray, IdArray, IntArray, SpectrumId
from spectrove.errors import PoolError
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
    read_columns,
    read_json,
    sealed_versions,
    version_directory,
)
from spectrove.pool.names import resolve_names
from spectrove.pool.parts import digest_of
from spectrove.pool.seal import DUPLICATE
from spectrove.preprocess import Recipe
from spectrove.storage import content_hash


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
    def open(cls, path: Path, content_hash: str | None = None) -> Pool:
        """
        Return the pool in a directory.

        Parameters
        ----------
        path : Path
            The directory.
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
        """
        path = Path(path)
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
    def spectrum_ids(self) -> IdArray:
        """
        Return the ids of all spectra.

        Returns
        -------
        array of str, shape (n_spectra,)
            In pool order.
        """
        ids: IdArray = self._ids.to_numpy().astype(object)
        return ids

    @cached_property
    def _ids(self) -> pa.ChunkedArray:
        return self.metadata(["spectrum_id"])["spectrum_id"]

    @cached_property
    def _arrays(self) -> list[Any]:
        import zarr

        directories = [version_directory(self.path, manifest["version"]) / FEATURES for manifest in self.manifests]
        arrays = []
        for directory, manifest in zip(directories, self.manifests, strict=True):
            try:
                array = zarr.open_array(directory, mode="r")
            except FileNotFoundError as error:
                msg = f"{directory}: the pool is broken, these features are missing. Restore them, or ingest into a new pool."
                raise PoolError(msg) from error
            if array.shape != (manifest["n_spectra"], self.n_wave):
                msg = (
                    f"{directory}: the pool is broken, the features have the shape {array.shape}, "
                    f"expected {(manifest['n_spectra'], self.n_wave)}. Restore them, or ingest into a new pool."
                )
                raise PoolError(msg)
            arrays.append(array)
        return arrays

    def metadata(self, columns: Sequence[str] | None = None) -> pa.Table:
        """
        Return what the survey's files say of each spectrum.

        Parameters
        ----------
        columns : sequence of str, optional
            Names of the columns wanted; all if not given.

        Returns
        -------
        pyarrow.Table
            One row a spectrum, in pool order; ``ra`` and ``dec`` in degrees ICRS, ``mjd`` in days, ``file`` an absolute path
            (null where there is no file), ``format`` the reader, ``version`` the pool's version that added the spectrum.

        Raises
        ------
        PoolError
            If a column is unknown.
        """
        public = [name for name in METADATA_SCHEMA.names if name != "digest"]
        wanted = public if columns is None else list(columns)
        for name in wanted:
            if name not in public:
                near = difflib.get_close_matches(name, public, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(public)}"
                msg = f"{self.path}: the metadata have no column {name!r}; {hint}"
                raise PoolError(msg)
        return self._read(METADATA, METADATA_SCHEMA, wanted)

    def refused(self) -> pa.Table:
        """
        Return the files and spectra that could not be used.

        Returns
        -------
        pyarrow.Table
            One row a file, or a spectrum where its id is known: file, kind (a few words), reason (a sentence), format,
            spectrum_id, version. Of a file that was tried several times, what came of the last.
        """
        refused = self._read(REFUSED, REFUSED_SCHEMA, REFUSED_SCHEMA.names)
        tried = self._read(FILES, FILES_SCHEMA, ["file", "version"]).group_by("file").aggregate([("version", "max")])
        last = tried["version_max"].take(pc.index_in(refused["file"], value_set=tried["file"].combine_chunks()))
        return refused.filter(pc.fill_null(pc.equal(refused["version"], last), fill_value=True))  # null: not from a file

    def _read(self, name: str, schema: pa.Schema, columns: Sequence[str]) -> pa.Table:
        return read_columns(self.path, [manifest["version"] for manifest in self.manifests], name, schema, columns)

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
            features = self._stretch(begin, max(begin, end))
        else:
            wanted = np.arange(self.n_spectra)[rows] if isinstance(rows, slice) else np.asarray(rows, dtype=np.int64)
            if wanted.size and (wanted.min() < 0 or wanted.max() >= self.n_spectra):
                msg = f"{self.path}: rows must be 0 to {self.n_spectra - 1}, got {wanted.min()} to {wanted.max()}"
                raise IndexError(msg)
            features = np.empty((wanted.size, self.n_wave), dtype=np.float32)
            ranges = np.array(self.row_ranges())
            range_of = np.searchsorted(ranges[:, 1], wanted, side="right")
            order = np.argsort(range_of, kind="stable")
            for at in np.split(order, np.flatnonzero(np.diff(range_of[order])) + 1) if wanted.size else ():
                begin, end = ranges[range_of[at[0]]]
                features[at] = self._stretch(begin, end)[wanted[at] - begin]
        if np.isnan(features).any():
            msg = f"{self.path}: the pool is broken, features of some rows are missing. Restore them, or ingest into a new pool."
            raise PoolError(msg)
        return features

    def _stretch(self, begin: int, end: int) -> FloatArray:
        pieces = [np.empty((0, self.n_wave), dtype=np.float32)]
        for array, first in zip(self._arrays, self._begins, strict=False):
            inside = slice(max(begin - first, 0), min(end - first, array.shape[0]))
            if inside.start < inside.stop:
                pieces.append(array[inside])
        return np.concatenate(pieces) if len(pieces) != 2 else pieces[1]

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
        ids = pa.array([str(spectrum_id) for spectrum_id in spectrum_ids], type=pa.string())
        rows: IntArray = pc.fill_null(pc.index_in(ids, value_set=self._ids), -1).to_numpy().astype(np.int64)
        return rows

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
        return resolve_names(self.metadata(columns), twins, names)

    def verify(self) -> None:
        """
        Read all features and compare them with what was sealed.

        Raises
        ------
        PoolError
            If features are missing or are not those that the metadata name by content.
        """
        digests = self._read(METADATA, METADATA_SCHEMA, ["digest"])["digest"]
        for begin, end in self.row_ranges():
            expected = digests[begin:end].to_pylist()
            for row, (features, digest) in enumerate(zip(self.features(slice(begin, end)), expected, strict=True), begin):
                if digest_of(features) != digest:
                    msg = f"{self.path}: the pool is broken, row {row} does not hold the features sealed. Ingest into a new pool."
                    raise PoolError(msg)


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
