"""The truth about every spectrum of a synthetic survey, and an oracle that knows it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from spectrove.contracts import IntArray, SpectrumId
from spectrove.errors import LabelsError
from spectrove.pool.tables import StoredIds, StoredTable, rows_of

NAMES = pa.dictionary(pa.int8(), pa.string())
"""A column of few different words."""

SCHEMA = pa.schema(
    {
        "spectrum_id": pa.string(),
        "object": pa.int64(),
        "visit": pa.int16(),
        "label": pa.string(),
        "kind": pa.string(),
        "subtype": pa.string(),
        "ew": pa.float32(),
        "ew_absorption": pa.float32(),
        "fwhm": pa.float32(),
        "separation": pa.float32(),
        "v_over_r": pa.float32(),
        "inclination": pa.float32(),
        "visibility": pa.float32(),
        "n_peaks": pa.int16(),
        "rv": pa.float32(),
        "redshift": pa.float32(),
        "teff": pa.float32(),
        "logg": pa.float32(),
        "vsini": pa.float32(),
        "nebular_ew": pa.float32(),
        "snr": pa.float32(),
        "artefact": pa.string(),
        "file": pa.string(),
    }
)
"""
Columns of the truth; what a spectrum does not have is null.

``object`` is equal for exposures of one object, ``visit`` counts them from 0. ``label`` is what can be seen in this spectrum,
``kind`` what the object is (of `spectrove.simulate.objects.KINDS`), ``subtype`` the kind of target, star or galaxy. What was put
in: ``ew``, Å, of the target's emission at Hα, negative as observers count; ``ew_absorption``, Å, of the photosphere within 30 Å
of it, positive; ``fwhm`` of each peak and ``separation``, Å; ``v_over_r``; ``inclination``, degrees; ``rv`` km/s; ``redshift``;
``teff`` K; ``logg`` dex (cgs); ``vsini`` km/s; ``nebular_ew``, Å, of the nebula before the star, positive if it emits. What can
be seen of a target: ``visibility``, the largest prominence of a peak over the noise of a pixel, and ``n_peaks``. ``snr`` is the
continuum's, a pixel; ``artefact`` what the pipeline did, names joined by ``+``; ``file`` the FITS file, if there is one.
"""

WORDS = ("label", "kind", "subtype", "artefact")
"""Columns of few different words, read as dictionaries."""


class SurveyTruth:
    """
    The truth table of a survey, its rows in the order of the pool.

    Parameters
    ----------
    path : Path
        A Parquet file with the columns of `SCHEMA`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, path: Path) -> Self:
        """
        Return the truth in a file; rows are read when they are asked for.

        Parameters
        ----------
        path : Path
            ``truth.parquet`` of a survey.

        Returns
        -------
        SurveyTruth
            The truth.

        Raises
        ------
        LabelsError
            If the file cannot be read or has other columns.
        """
        path = Path(path)
        try:
            schema = pq.read_schema(path)
        except (OSError, pa.ArrowInvalid) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            msg = f"{path}: this truth table cannot be read ({reason}). Name the truth.parquet of a synthetic survey."
            raise LabelsError(msg) from error
        if missing := [name for name in SCHEMA.names if name not in schema.names]:
            msg = f"{path}: this truth table has no column {', '.join(missing)}. Name the truth.parquet of a synthetic survey."
            raise LabelsError(msg)
        return cls(path)

    @cached_property
    def n_spectra(self) -> int:
        """
        Return how many spectra there are.

        Returns
        -------
        int
            As many as in the pool.
        """
        return int(pq.read_metadata(self.path).num_rows)

    @cached_property
    def _ids(self) -> StoredIds:
        return StoredIds(StoredTable([self.path], SCHEMA))

    @cached_property
    def _labels(self) -> pa.ChunkedArray:
        return self.table(["label"])["label"]

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """
        Return columns of the truth.

        Parameters
        ----------
        columns : sequence of str, optional
            Names of `SCHEMA`; all if not given.

        Returns
        -------
        pyarrow.Table
            One row a spectrum, in pool order; labels, kinds, subtypes and artefacts as dictionaries.

        Raises
        ------
        LabelsError
            If there is no such column.
        """
        wanted = list(SCHEMA.names if columns is None else columns)
        if unknown := [name for name in wanted if name not in SCHEMA.names]:
            msg = f"{self.path}: the truth has no column {unknown[0]!r}; there are {', '.join(SCHEMA.names)}"
            raise LabelsError(msg)
        words = [name for name in wanted if name in WORDS]
        return pq.read_table(self.path, columns=wanted, read_dictionary=words).select(wanted).unify_dictionaries()

    def rows_of(self, spectrum_ids: Sequence[str]) -> IntArray:
        """
        Return the rows of some spectra.

        Parameters
        ----------
        spectrum_ids : sequence of str
            Ids, in any order.

        Returns
        -------
        array of int64, shape (n_ids,)
            Row numbers in pool order; -1 for an id that the table does not hold.
        """
        return rows_of(self._ids.pieces(), spectrum_ids)

    def labels_of(self, spectrum_ids: Sequence[str]) -> list[str | None]:
        """
        Return the labels of some spectra.

        Parameters
        ----------
        spectrum_ids : sequence of str
            Ids, in any order.

        Returns
        -------
        list of str or None
            None for an id that the table does not hold.
        """
        rows = self.rows_of(spectrum_ids)
        known = pa.array(rows, mask=rows < 0)
        labels: list[str | None] = self._labels.take(known).to_pylist()
        return labels

    def codes(self, names: Sequence[str]) -> IntArray:
        """
        Return the label of every spectrum as a number.

        Parameters
        ----------
        names : sequence of str
            Labels, such as a campaign's classes.

        Returns
        -------
        array of int8, shape (n_spectra,)
            Indices into ``names``, in pool order; -1 for a label that is none of them.
        """
        column = self._labels.combine_chunks()
        chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
        code_of = {name: code for code, name in enumerate(names)}
        codes = [
            np.array([code_of.get(word, -1) for word in chunk.dictionary.to_pylist()], dtype=np.int8)[chunk.indices.to_numpy()]
            for chunk in chunks
        ]
        result: IntArray = np.concatenate([np.empty(0, dtype=np.int8), *codes])
        return result


class SurveyOracle:
    """
    Answers from a survey's truth, and abstains where it has no row.

    Parameters
    ----------
    truth : SurveyTruth
        The truth.
    name : str
        Recorded as the annotator of its answers.
    """

    def __init__(self, truth: SurveyTruth, name: str = "truth table") -> None:
        self.name = name
        self._truth = truth

    def ask(self, spectrum_ids: Sequence[SpectrumId]) -> list[str | None]:
        """
        Return the label of each spectrum, in order.

        Parameters
        ----------
        spectrum_ids : sequence of SpectrumId
            The spectra.

        Returns
        -------
        list of str or None
            Labels; None where the table has no row.
        """
        return self._truth.labels_of(spectrum_ids)
