"""
The list of candidates: what the network found, and what the experts found on the way.

An answer outranks the prediction, in both directions: a spectrum labeled a target is a candidate whatever the network says,
and one labeled anything else is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from spectrove.contracts import Scores, SpectrumId
from spectrove.errors import LabelsError
from spectrove.pool.tables import pieces_of, rows_of
from spectrove.query import entropy

METADATA_BEFORE = {"designation": pa.string(), "ra": pa.float64(), "dec": pa.float64()}
METADATA_AFTER = {
    "file": pa.string(),
    "obsid": pa.string(),
    "mjd": pa.float64(),
    "snr": pa.float64(),
    "spectral_class": pa.string(),
    "subclass": pa.string(),
}
"""Columns of the pool's metadata that a candidate carries, before and behind what the campaign adds, and their types."""

NETWORK = "network"
ORACLE = "oracle"
"""Who found a candidate: predicted by the network and not labeled, or labeled by whoever answers."""


@dataclass(frozen=True)
class LabeledSpectrum:
    """
    What the campaign holds to be the label of a spectrum.

    Attributes
    ----------
    label : str or None
        One of the classes, or None where the answer was an abstention.
    iteration : int
        Round of the loop in which it was asked about.
    """

    label: str | None
    iteration: int


@dataclass(frozen=True)
class _Candidate:
    spectrum_id: str
    label: str
    source: str
    iteration: int
    row: int | None


def probability_column(name: str) -> str:
    """
    Return the name of the column that holds the probability of a class.

    Parameters
    ----------
    name : str
        The class.

    Returns
    -------
    str
        ``prob_`` and the class, with ``_`` for whatever is no ASCII letter or digit, as table tools want it.
    """
    return "prob_" + re.sub(r"\W", "_", name, flags=re.ASCII)


def build_candidates(
    metadata: pa.Table | Callable[[Sequence[str]], pa.Table],
    scores: Scores,
    labeled: Mapping[SpectrumId, LabeledSpectrum],
    targets: Sequence[str],
    iteration: int,
    left_out: Collection[SpectrumId] = frozenset(),
) -> pa.Table:
    """
    Return the candidates: predicted targets that nobody labeled, and targets found by the oracle.

    A spectrum whose answer was an abstention counts as not labeled. An oracle's find keeps the label it was given; its
    probabilities are those of ``scores``, null if it was not scored.

    Parameters
    ----------
    metadata : pyarrow.Table or callable
        One row for each spectrum of the pool, with ``spectrum_id``; columns that it lacks are null in the result. Or what gives
        the rows of some ids, in any order, as a table of millions is not to be read for a few of them.
    scores : Scores
        The last network's view of the pool.
    labeled : mapping of SpectrumId to LabeledSpectrum
        What was answered, by spectrum.
    targets : sequence of str
        The target classes, in the order of the list.
    iteration : int
        The iteration that ``scores`` come from, given to candidates of the network.
    left_out : collection of SpectrumId, optional
        Spectra that count as not scored, such as those that the campaign began with.

    Returns
    -------
    pyarrow.Table
        One row for each candidate: spectrum_id, designation, ra and dec (degrees, ICRS), label, one probability for each
        class (see `probability_column`), entropy (nats), source (``network`` or ``oracle``), iteration, file, obsid, mjd
        (days), snr, spectral_class and subclass (as the survey says). Ordered by label as in ``targets``, then by falling
        probability of being a target, then by id; unscored ones stand behind scored ones.

    Raises
    ------
    LabelsError
        If a label or a target is none of the classes of ``scores``, or two classes would share a column.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sec. 2.3, last paragraph.
    """
    _require_known(labeled, targets, scores.classes)
    skipped = {*left_out, *(spectrum_id for spectrum_id, answer in labeled.items() if answer.label is not None)}
    found = _found_by_network(scores, skipped, targets, iteration) + _found_by_oracle(scores, labeled, targets, left_out)
    columns = [scores.classes.index(target) for target in targets]
    rows = [candidate.row for candidate in found]
    ranks = {target: rank for rank, target in enumerate(targets)}
    certainty = [np.inf if row is None else -float(scores.probabilities[row, columns].sum(dtype=np.float64)) for row in rows]
    order = sorted(range(len(found)), key=lambda i: (ranks[found[i].label], certainty[i], found[i].spectrum_id))
    candidates = [found[i] for i in order]
    facts = metadata if isinstance(metadata, pa.Table) else metadata([candidate.spectrum_id for candidate in candidates])
    return _table(candidates, facts, scores)


def _require_known(labeled: Mapping[SpectrumId, LabeledSpectrum], targets: Sequence[str], classes: tuple[str, ...]) -> None:
    for target in targets:
        if target not in classes:
            msg = f"candidates: {target!r} is searched for, but the network tells apart {classes}"
            raise LabelsError(msg)
    for spectrum_id, answer in labeled.items():
        if answer.label is not None and answer.label not in classes:
            msg = f"candidates: {spectrum_id} is labeled {answer.label!r}, expected one of {classes}"
            raise LabelsError(msg)
    if len({probability_column(name) for name in classes}) != len(classes):
        msg = f"candidates: two of the classes {classes} would share the column of their probabilities. Rename one."
        raise LabelsError(msg)


def _found_by_network(
    scores: Scores, skipped: Collection[SpectrumId], targets: Sequence[str], iteration: int
) -> list[_Candidate]:
    if len(scores.spectrum_ids) == 0:
        return []
    predicted = scores.predicted()
    rows = np.flatnonzero(np.isin(scores.classes, list(targets))[predicted])
    return [
        _Candidate(spectrum_id, scores.classes[predicted[row]], NETWORK, iteration, row)
        for row, spectrum_id in zip(rows.tolist(), scores.spectrum_ids[rows].tolist(), strict=True)
        if spectrum_id not in skipped
    ]


def _found_by_oracle(
    scores: Scores, labeled: Mapping[SpectrumId, LabeledSpectrum], targets: Sequence[str], left_out: Collection[SpectrumId]
) -> list[_Candidate]:
    wanted = [spectrum_id for spectrum_id, answer in labeled.items() if answer.label in targets]
    rows = rows_of(pieces_of(scores.spectrum_ids), wanted).tolist()
    return [
        _Candidate(
            spectrum_id,
            str(labeled[spectrum_id].label),
            ORACLE,
            labeled[spectrum_id].iteration,
            None if row < 0 or spectrum_id in left_out else row,
        )
        for spectrum_id, row in zip(wanted, rows, strict=True)
    ]


def _table(candidates: Sequence[_Candidate], metadata: pa.Table, scores: Scores) -> pa.Table:
    ids = [candidate.spectrum_id for candidate in candidates]
    at = rows_of(metadata["spectrum_id"].chunks, ids)
    rows = pa.array(at, mask=at < 0)

    def carried(types: Mapping[str, pa.DataType]) -> dict[str, pa.ChunkedArray | pa.Array]:
        present = metadata.column_names
        return {
            name: metadata[name].take(rows).cast(kind) if name in present else pa.nulls(len(ids), kind)
            for name, kind in types.items()
        }

    return pa.table(
        {
            "spectrum_id": pa.array(ids, pa.string()),
            **carried(METADATA_BEFORE),
            "label": pa.array([candidate.label for candidate in candidates], pa.string()),
            **_network_columns([candidate.row for candidate in candidates], scores),
            "source": pa.array([candidate.source for candidate in candidates], pa.string()),
            "iteration": pa.array([candidate.iteration for candidate in candidates], pa.int32()),
            **carried(METADATA_AFTER),
        }
    )


def _network_columns(rows: Sequence[int | None], scores: Scores) -> dict[str, pa.Array]:
    unscored = np.array([row is None for row in rows], dtype=bool)
    probabilities = np.full((len(rows), len(scores.classes)), 1 / len(scores.classes), dtype=np.float32)
    probabilities[~unscored] = scores.probabilities[[row for row in rows if row is not None]]
    columns = {
        probability_column(name): pa.array(probabilities[:, column], pa.float32(), mask=unscored)
        for column, name in enumerate(scores.classes)
    }
    columns["entropy"] = pa.array(entropy(probabilities).astype(np.float32), pa.float32(), mask=unscored)
    return columns
