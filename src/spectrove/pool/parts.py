"""Parts: what one task made of its spectra, kept under a name that appears when it is whole."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spectrove.contracts import FloatArray
from spectrove.errors import (
    DamagedFileError,
    NoReaderError,
    RecipeError,
    SpectroveError,
    SpectrumError,
    SurveyFileError,
    WindowError,
)
from spectrove.pool.coding import StoredArray, encode
from spectrove.pool.layout import PARTS, outcome_schema, stored_type
from spectrove.pool.walk import UNREADABLE
from spectrove.storage import atomic_path, content_hash, is_remote, open_arrow

WARNINGS = b"warnings"
"""Key in a part's schema of how many warnings of each category were given while it was made."""

KINDS: tuple[tuple[type[Exception], str], ...] = (
    (NoReaderError, "no reader takes the file"),
    (DamagedFileError, "damaged file"),
    (SurveyFileError, "unusable file"),
    (WindowError, "no usable window"),
    (RecipeError, "recipe cannot be applied"),
    (SpectrumError, "impossible arrays"),
)
"""A few words for each class of error; the first that fits is taken."""


def part_path(directory: Path, number: int) -> Path:
    """
    Return where a task keeps its part.

    Parameters
    ----------
    directory : Path
        The unfinished version.
    number : int
        Number of the task.

    Returns
    -------
    Path
        ``parts/00017.arrow``.
    """
    return directory / PARTS / f"{number:05d}.arrow"


def save_part(path: Path, rows: pa.Table, features: FloatArray, warnings_by_category: Mapping[str, int]) -> None:
    """
    Keep what came of some spectra, their features as the pool stores them.

    Parameters
    ----------
    path : Path
        Where `part_path` says.
    rows : pyarrow.Table
        The columns of `outcome_schema` but for ``digest`` and ``features``, one row a spectrum, used or refused.
    features : array of float32, shape (n_rows, n_wave)
        The recipe's output, from -1 to 1 if the recipe is bounded; zeros where the spectrum is refused.
    warnings_by_category : mapping of str to int
        How many warnings were given.

    Raises
    ------
    StorageError
        If the part cannot be written.
    ValueError
        If the features are not between -1 and 1, and must be.
    """
    n_wave = features.shape[1]
    kind = stored_type(path.parents[3])  # POOL/versions/0001.unfinished/parts/00017.arrow
    stored = encode(features, kind)
    schema = outcome_schema(n_wave, kind).with_metadata({WARNINGS: json.dumps(dict(warnings_by_category))})
    used = pc.is_null(rows["kind"]).to_numpy()
    digests = [digest_of(row) if is_used else None for row, is_used in zip(stored, used, strict=True)]
    columns = {name: rows[name].combine_chunks() for name in rows.column_names}
    columns["digest"] = pa.array(digests, type=schema.field("digest").type)
    columns["features"] = pa.FixedSizeListArray.from_arrays(pa.array(stored.ravel()), n_wave)
    with atomic_path(path) as temporary, pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(pa.record_batch([columns[name] for name in schema.names], schema=schema))


def load_part(directory: Path, number: int, columns: Sequence[str] | None = None) -> pa.Table:
    """
    Return what came of a task's spectra.

    Parameters
    ----------
    directory : Path
        The unfinished version.
    number : int
        Number of the task.
    columns : sequence of str, optional
        The columns wanted, without the schema's metadata; all if not given.

    Returns
    -------
    pyarrow.Table
        Columns of `outcome_schema`.
    """
    path = part_path(directory, number)
    with open_arrow(path) if is_remote(path) else pa.memory_map(str(path)) as source:
        part = pa.ipc.open_file(source).read_all()
        if columns is None:
            return part
        # A copy, lest the features stay in memory with it.
        return part.select(list(columns)).replace_schema_metadata().take(pa.array(np.arange(part.num_rows)))


def parts_done(directory: Path) -> set[int]:
    """
    Return which parts there are, by one look at all of them.

    Parameters
    ----------
    directory : Path
        The unfinished version.

    Returns
    -------
    set of int
        Numbers of the tasks that are done.
    """
    folder = directory / PARTS
    if is_remote(folder) and not folder.exists():
        return set()
    return {int(path.stem) for path in folder.iterdir() if path.suffix == ".arrow" and path.stem.isdigit()}


def features_of(part: pa.Table, n_wave: int) -> StoredArray:
    """
    Return the features of a part, as they are stored.

    Parameters
    ----------
    part : pyarrow.Table
        With the column ``features``.
    n_wave : int
        Number of features of a spectrum.

    Returns
    -------
    array of int16 or float32, shape (n_rows, n_wave)
        Zeros where the spectrum is refused.
    """
    values = part["features"].combine_chunks().flatten().to_numpy()
    features: StoredArray = values.reshape(part.num_rows, n_wave)
    return features


def digest_of(features: StoredArray) -> bytes:
    """
    Return the name of a spectrum's features by content.

    Parameters
    ----------
    features : array of int16 or float32, shape (n_wave,)
        The features as they are stored.

    Returns
    -------
    bytes
        16 bytes.
    """
    return bytes.fromhex(content_hash(features.tobytes()))


def refusal(error: Exception, path: Path) -> dict[str, str]:
    """
    Return why a file or a spectrum cannot be used.

    Parameters
    ----------
    error : Exception
        What was raised.
    path : Path
        The file, for errors that do not name one.

    Returns
    -------
    dict
        ``kind``, a few words to count by, and ``reason``, the whole sentence.
    """
    unforeseen = f"unforeseen error ({type(error).__name__})"
    cause = error.__cause__ or error
    by_system = isinstance(cause, OSError) and cause.errno is not None  # gzip raises OSError too, but without a number
    kind = UNREADABLE if by_system else next((words for class_, words in KINDS if isinstance(error, class_)), unforeseen)
    if isinstance(error, SpectroveError):
        reason = str(error)
    elif isinstance(error, OSError) and error.strerror:
        reason = f"{path}: {error.strerror}"
    else:
        reason = f"{path}: {type(error).__name__}: {error}"
    return {"kind": kind, "reason": reason.encode("utf-8", "backslashreplace").decode()}
