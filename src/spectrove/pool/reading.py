"""One task of an ingest: reads some files, applies the recipe, and keeps what came of each spectrum in one part."""

from __future__ import annotations

import errno
import os
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from spectrove.contracts import FloatArray
from spectrove.errors import RecipeError
from spectrove.pool.fetching import fetched
from spectrove.pool.layout import FACTS, WORK, outcome_schema
from spectrove.pool.parts import part_path, refusal, save_part
from spectrove.pool.plain import Refused, plain_outcomes
from spectrove.preprocess import Recipe
from spectrove.spectrum import Spectrum
from spectrove.storage import is_remote, located, open_arrow
from spectrove.surveys import SurveyFile, fast_formats, reader_of

Outcome = dict[str, Any]
"""A row of a part: a spectrum that is used or refused, or a file that gave none."""

AT_A_TIME = 256
"""Files that are read together at most: some 20 MB of LAMOST's, and enough for one plate to be preprocessed as one array."""

BYTES_AT_A_TIME = 1 << 26
"""Bytes of the files that are read together, one larger file excepted; chosen: a worker's memory stays small."""

NO_SPECTRUM = "no spectrum inside"
"""Kind of refusal: a reader takes the file and finds no spectrum in it."""

CHANGED = "changed while ingested"
"""Kind of refusal: the file is not the one that the work list names."""


@dataclass(frozen=True)
class ReadingTask:
    """
    A batch of the work list, to be read by one worker.

    Attributes
    ----------
    directory : Path
        The unfinished version.
    number : int
        Number of the batch, from 0.
    recipe : Recipe
        What makes features of a spectrum.
    format : str or None
        Name of the only reader to try; None tries all.
    """

    directory: Path
    number: int
    recipe: Recipe
    format: str | None


def read_part(task: ReadingTask) -> int:
    """
    Read the files of one batch and keep what came of them; do nothing if that is done already.

    Parameters
    ----------
    task : ReadingTask
        Which files, and how.

    Returns
    -------
    int
        Number of files.

    Raises
    ------
    StorageError
        If the part cannot be written.
    """
    with open_arrow(task.directory / WORK) as source:
        batch = pa.ipc.open_file(source).get_batch(task.number)
    path = part_path(task.directory, task.number)
    if not path.exists():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            outcomes = [outcome for several in _portions(batch.to_pylist()) for outcome in _read(several, task)]
        counts = Counter(warning.category.__name__ for warning in caught)
        _save(path, outcomes, task.recipe.n_wave, counts)
    return int(batch.num_rows)


def _portions(files: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    # Neighbours, as many as may be held at a time.
    several: list[dict[str, Any]] = []
    n_bytes = 0
    for file in files:
        size = file["size"] or 0
        if several and (len(several) == AT_A_TIME or n_bytes + size > BYTES_AT_A_TIME):
            yield several
            several, n_bytes = [], 0
        several.append(file)
        n_bytes += size
    if several:
        yield several


def _read(several: list[dict[str, Any]], task: ReadingTask) -> list[Outcome]:
    formats = fast_formats(task.format)
    contents = fetched(several)
    plain = plain_outcomes(several, contents, formats, task.recipe)
    outcomes: list[Outcome] = []
    for place, found in enumerate(several):
        known = plain.get(place)
        if known is None:
            outcomes += _outcomes(found, task, contents.get(place))
        elif isinstance(known, Refused):
            outcomes.append(_used_or_refused(known.spectrum, task.recipe, {"file": found["file"], "format": known.format}))
        else:
            outcomes.append(known)
    return outcomes


def _outcomes(found: dict[str, Any], task: ReadingTask, content: bytes | None) -> list[Outcome]:
    # The frame in which no error of a reader, foreseen or not, stops the ingest: it becomes the file's reason.
    path = Path(found["file"])
    where: Outcome = {"file": found["file"], "format": task.format}
    if found["kind"] is not None:
        return [{**where, "kind": found["kind"], "reason": found["reason"]}]
    outcomes: list[Outcome] = []
    try:
        path = located(found["file"])
        if _changed(path, found, content):
            reason = f"{path}: it changed after the work list was made. Run the same command again."
            return [{**where, "kind": CHANGED, "reason": reason}]
        with SurveyFile(path, content) as file:
            reader = reader_of(file, task.format)
            where["format"] = reader.name
            outcomes.extend(_used_or_refused(spectrum, task.recipe, where) for spectrum in reader.read(file))
    except Exception as error:  # noqa: BLE001 - one of the two places where everything is caught
        refused = refusal(error, path)
        if outcomes:
            refused["reason"] += f" (the {len(outcomes)} spectra before it were read, none after it)"
        outcomes.append({**where, **refused})
    if not outcomes:
        reason = f"{path}: the reader {where['format']} finds no spectrum in it"
        outcomes.append({**where, "kind": NO_SPECTRUM, "reason": reason})
    return outcomes


def _changed(path: Path, found: dict[str, Any], content: bytes | None) -> bool:
    # Asking an object store for the time would cost as much as fetching a spectrum; the size is told with the content.
    if content is not None:
        return len(content) != int(found["size"])
    try:
        status = path.stat()
    except FileNotFoundError:  # of a store it has no number, by which the system's errors are known
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from None
    return bool(status.st_size != found["size"] or (not is_remote(path) and status.st_mtime_ns != found["mtime_ns"]))


def _used_or_refused(spectrum: Spectrum, recipe: Recipe, where: Outcome) -> Outcome:
    row: Outcome = {**where, "spectrum_id": str(spectrum.spectrum_id)}
    try:
        facts = {name: pa.scalar(getattr(spectrum.header, name), type=kind).as_py() for name, kind in FACTS.items()}
        features = _checked_features(recipe, spectrum)
    except Exception as error:  # noqa: BLE001 - the same frame: the file's other spectra go on
        return {**row, **refusal(error, Path(where["file"]))}
    facts["medium"] = spectrum.medium
    return {**row, **facts, "kind": None, "features": features}


def _checked_features(recipe: Recipe, spectrum: Spectrum) -> FloatArray:
    features: FloatArray = np.asarray(recipe.apply(spectrum), dtype="<f4")
    if features.shape != (recipe.n_wave,) or not np.all(np.isfinite(features)):
        n_bad = int(np.count_nonzero(~np.isfinite(features)))
        msg = (
            f"{spectrum.spectrum_id}: the recipe {recipe.name!r} gives an array of shape {features.shape} with {n_bad} values "
            f"that are not finite, expected ({recipe.n_wave},) and none. Mend the recipe's steps."
        )
        raise RecipeError(msg)
    return features


def _save(path: Path, outcomes: list[Outcome], n_wave: int, warnings_by_category: Counter[str]) -> None:
    used = np.array([outcome["kind"] is None for outcome in outcomes], dtype=bool)
    features = np.zeros((len(outcomes), n_wave), dtype=np.float32)
    for row in np.flatnonzero(used):
        features[row] = outcomes[row]["features"]
    schema = pa.schema([field for field in outcome_schema(n_wave) if field.name not in {"digest", "features"}])
    columns = [pa.array([outcome.get(field.name) for outcome in outcomes], type=field.type) for field in schema]
    save_part(path, pa.table(columns, schema=schema), features, warnings_by_category)
