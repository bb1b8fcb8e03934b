"""The truth about a pool as arrays over its rows: a few bytes a spectrum, so that four million fit anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spectrove.contracts import BoolArray, FloatArray, IntArray
from spectrove.errors import PoolError
from spectrove.pool import Pool
from spectrove.simulate import SurveyTruth

TARGET = "target"
"""What the truth table calls an object that emits as targets do, whether or not one can see it in this spectrum."""


@dataclass(frozen=True, eq=False)
class PoolTruth:
    """
    What is true of every spectrum of a pool, in the order of its rows.

    Attributes
    ----------
    classes : tuple of str
        The classes that ``labels`` are indices of.
    labels : array of int8, shape (n_spectra,)
        What can be seen in the spectrum.
    is_target : array of bool, shape (n_spectra,)
        True where that is a target class.
    emits : array of bool, shape (n_spectra,)
        True where the object emits as targets do, visible or not.
    subtypes : tuple of str
        The kinds that ``subtype_of`` are indices of.
    subtype_of : array of int16, shape (n_spectra,)
        The kind of target, star or galaxy; -1 where there is none.
    objects : array of int64, shape (n_spectra,)
        Number of the object; exposures of one object share it.
    snr : array of float32, shape (n_spectra,)
        Signal-to-noise ratio of a pixel of the continuum.
    visibility : array of float32, shape (n_spectra,)
        Of targets, the largest prominence of a peak over the noise of a pixel; NaN elsewhere.
    """

    classes: tuple[str, ...]
    labels: IntArray
    is_target: BoolArray
    emits: BoolArray
    subtypes: tuple[str, ...]
    subtype_of: IntArray
    objects: IntArray
    snr: FloatArray
    visibility: FloatArray

    @property
    def n_spectra(self) -> int:
        """
        Return how many spectra there are.

        Returns
        -------
        int
            Rows of the pool.
        """
        return int(self.labels.size)


def truth_of(pool: Pool, truth: SurveyTruth, classes: Sequence[str], targets: Sequence[str]) -> PoolTruth:
    """
    Return the truth of a pool's spectra.

    Parameters
    ----------
    pool : Pool
        The pool of a synthetic survey.
    truth : SurveyTruth
        Its truth table.
    classes : sequence of str
        The classes of the search.
    targets : sequence of str
        Those that are searched for.

    Returns
    -------
    PoolTruth
        One entry for each row of the pool.

    Raises
    ------
    LabelsError
        If the truth table cannot be read.
    PoolError
        If the truth table is of other spectra, or in another order, or has a label that is none of the classes.
    """
    ids = pool.metadata(["spectrum_id"])["spectrum_id"]
    if not ids.equals(truth.table(["spectrum_id"])["spectrum_id"]):
        msg = (
            f"{truth.path}: its {truth.n_spectra} rows are not the {pool.n_spectra} spectra of {pool.path}, in their order. "
            "Simulate the survey again."
        )
        raise PoolError(msg)
    labels = truth.codes(list(classes))
    if labels.size and labels.min() < 0:
        msg = f"{truth.path}: {int((labels < 0).sum())} labels are none of {tuple(classes)}. Search for the survey's own classes."
        raise PoolError(msg)
    table = truth.table(["kind", "subtype", "object", "snr", "visibility"])
    subtypes, subtype_of = _codes(table["subtype"])
    return PoolTruth(
        classes=tuple(classes),
        labels=labels,
        is_target=np.isin(labels, [list(classes).index(name) for name in targets]),
        emits=pc.fill_null(pc.equal(table["kind"].cast(pa.string()), TARGET), fill_value=False).to_numpy().astype(np.bool_),
        subtypes=subtypes,
        subtype_of=subtype_of,
        objects=_numbers(table["object"], -1, np.int64),
        snr=_numbers(table["snr"], np.nan, np.float32),
        visibility=_numbers(table["visibility"], np.nan, np.float32),
    )


def _codes(column: pa.ChunkedArray) -> tuple[tuple[str, ...], IntArray]:
    encoded = column.cast(pa.string()).dictionary_encode().combine_chunks()
    parts = encoded.chunks if isinstance(encoded, pa.ChunkedArray) else [encoded]
    if not parts:
        return (), np.empty(0, dtype=np.int16)
    codes = pc.fill_null(parts[0].indices, -1).to_numpy(zero_copy_only=False).astype(np.int16)
    return tuple(parts[0].dictionary.to_pylist()), codes


def _numbers(column: pa.ChunkedArray, absent: float, kind: Any) -> Any:
    return pc.fill_null(column, pa.scalar(absent, column.type)).to_numpy().astype(kind)
