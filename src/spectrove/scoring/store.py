"""Scores on the disk: probabilities as an array that is mapped, and beside it a JSON of what they are and how exact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from spectrove.contracts import FloatArray, IntArray, Scores
from spectrove.errors import ScoresError
from spectrove.pool import Pool
from spectrove.storage import PARTIAL, atomic_path, content_hash, read_sealed_json, remove, storage_errors, write_sealed_json

FORMAT = "spectrove-scores"
FORMAT_VERSION = 1
"""Raised when scores that this software writes can no longer be read by an earlier one."""

PROBABILITIES = "probabilities.npy"
DESCRIPTION = "scores.json"
"""The two files of a directory of scores; the second is written last and names the first by its hash."""

BLOCK_ROWS = 1 << 16
"""Rows that are read or changed together."""


class ProbabilityFile:
    """
    Probabilities that are written as they come and read as an array, without being held in memory.

    Parameters
    ----------
    path : Path
        The file; it is made.
    n_spectra : int
        Number of rows.
    n_classes : int
        Number of columns.
    """

    def __init__(self, path: Path, n_spectra: int, n_classes: int) -> None:
        self.path = path
        self._shape = (n_spectra, n_classes)
        with path.open("wb") as file:
            header = {"descr": "<f4", "fortran_order": False, "shape": self._shape}
            np.lib.format.write_array_header_1_0(file, header)
            self._offset = file.tell()
        # Written, never mapped for writing: of a mapped file the system reports a full disk by ending the process.
        self._file: IO[bytes] = path.open("r+b")

    def write(self, begin: int, probabilities: FloatArray) -> None:
        """
        Write consecutive rows.

        Parameters
        ----------
        begin : int
            The first row.
        probabilities : array of float32, shape (n_rows, n_classes)
            Their probabilities.
        """
        self._file.seek(self._offset + begin * self._shape[1] * 4)
        self._file.write(np.ascontiguousarray(probabilities, dtype="<f4").data)

    def replace(self, rows: IntArray, probabilities: FloatArray) -> None:
        """
        Write some rows again.

        Parameters
        ----------
        rows : array of int, shape (n_rows,)
            In ascending order.
        probabilities : array of float32, shape (n_rows, n_classes)
            Their probabilities.
        """
        if not rows.size:
            return
        current = self.array()
        for number in np.unique(rows // BLOCK_ROWS).tolist():
            first, after = np.searchsorted(rows, [number * BLOCK_ROWS, (number + 1) * BLOCK_ROWS])
            begin, end = int(rows[first]), int(rows[after - 1]) + 1
            block = np.array(current[begin:end])
            block[rows[first:after] - begin] = probabilities[first:after]
            self.write(begin, block)
        self._file.flush()

    def array(self) -> FloatArray:
        """
        Return what is written so far.

        Returns
        -------
        array of float32, shape (n_spectra, n_classes)
            Mapped from the file, not to be written to.
        """
        self._file.flush()
        array: FloatArray = np.memmap(self.path, dtype="<f4", mode="r", offset=self._offset, shape=self._shape)
        return array

    def close(self) -> None:
        """Finish writing."""
        self._file.close()


@contextmanager
def writing(directory: Path, n_spectra: int, n_classes: int) -> Iterator[ProbabilityFile]:
    """
    Yield a file of probabilities that takes its name in the directory when the block ends well.

    Parameters
    ----------
    directory : Path
        Of the scores; it is made if it does not exist, and rid of what a crash left.
    n_spectra : int
        Number of rows.
    n_classes : int
        Number of columns.

    Yields
    ------
    ProbabilityFile
        To be filled.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    with storage_errors(directory):
        directory.mkdir(parents=True, exist_ok=True)
        for left in directory.glob(f".{PROBABILITIES}.*{PARTIAL}"):
            remove(left)
    with atomic_path(directory / PROBABILITIES) as temporary:
        file = ProbabilityFile(temporary, n_spectra, n_classes)
        try:
            yield file
        finally:
            file.close()


def describe(directory: Path, scores: Scores, exactness: Mapping[str, Any]) -> None:
    """
    Write what the probabilities of a directory are; from then on they can be loaded.

    Parameters
    ----------
    directory : Path
        Where the probabilities are.
    scores : Scores
        With the same probabilities.
    exactness : mapping
        How they were computed, as JSON can hold it.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    description = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "classes": list(scores.classes),
        "checkpoint": scores.checkpoint,
        "pool": scores.pool,
        "n_spectra": len(scores.probabilities),
        "probabilities": _hash(scores.probabilities),
        "exactness": dict(exactness),
    }
    write_sealed_json(directory / DESCRIPTION, description)


def save_scores(directory: Path, scores: Scores) -> None:
    """
    Write scores; after a crash there are whole ones or some that `load_scores` refuses.

    Parameters
    ----------
    directory : Path
        Where to; it is made if it does not exist. Earlier scores in it are replaced.
    scores : Scores
        The scores. The ids are not written: the pool has them.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    with writing(directory, *scores.probabilities.shape) as file:
        for begin in range(0, len(scores.probabilities), BLOCK_ROWS):
            file.write(begin, scores.probabilities[begin : begin + BLOCK_ROWS])
    describe(directory, scores, {})


def load_scores(directory: Path, pool: Pool) -> Scores:
    """
    Return the scores of a directory, after comparing them with their hash and the pool with its own.

    Parameters
    ----------
    directory : Path
        Where they were saved.
    pool : Pool
        The pool that was scored; it gives the ids.

    Returns
    -------
    Scores
        Its probabilities are mapped from the disk, not held in memory.

    Raises
    ------
    ScoresError
        If a file is missing or broken, the two do not belong together, a later version of this software wrote them, or they
        are of another pool or of the pool as it was before.
    """
    description = read_sealed_json(directory / DESCRIPTION, FORMAT, FORMAT_VERSION, ScoresError)
    if description["pool"] != pool.content_hash:
        msg = (
            f"{directory}: these scores are of a pool with the content {description['pool']}, but {pool.path} has "
            f"{pool.content_hash}. Score this pool."
        )
        raise ScoresError(msg)
    path = directory / PROBABILITIES
    try:
        probabilities = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        msg = f"{path}: the probabilities cannot be read ({error}). Score the pool again."
        raise ScoresError(msg) from error
    shape = (description["n_spectra"], len(description["classes"]))
    if probabilities.shape != shape or probabilities.dtype != np.dtype("<f4"):
        msg = f"{path}: {probabilities.dtype} of shape {probabilities.shape}, expected float32 of {shape}. Score the pool again."
        raise ScoresError(msg)
    if _hash(probabilities) != description["probabilities"]:
        msg = f"{path}: damaged or from another run, the hash is not the one that {DESCRIPTION} names. Score the pool again."
        raise ScoresError(msg)
    return Scores(
        spectrum_ids=pool.spectrum_ids,
        probabilities=probabilities,
        classes=tuple(description["classes"]),
        checkpoint=description["checkpoint"],
        pool=description["pool"],
    )


def _hash(probabilities: FloatArray) -> str:
    # A view: what is mapped from the disk is read and hashed, never copied.
    return content_hash(cast("bytes", np.ascontiguousarray(probabilities, dtype="<f4").data.cast("B")))
