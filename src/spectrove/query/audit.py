"""
A probability sample of a scored pool, by strata of the score: what precision and recall are estimated from.

Rows are ordered by score, and rows of equal score by a hash of their ids; places in that order are drawn. So the same seed draws
the same spectra however the pool's rows are ordered, and no id is read but those of the drawn and of ties.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from spectrove.contracts import BoolArray, FloatArray, IdColumn, IntArray, Stratum
from spectrove.query.batch import SALT_BYTES, require_count, smallest_hashes
from spectrove.query.streaming import BLOCK_ROWS

ASKED_PREDICTED, ASKED_OTHER, PREDICTED = "asked, predicted", "asked, others", "predicted"
"""Names of strata: predicted targets and others that are asked about anyway; predicted targets that are not."""

FIRST_STRATUM = 100
"""Spectra beside the predicted targets that make the first stratum below them, or as many as are predicted; chosen."""

RATIO = 8
"""How much larger each stratum of the others is than the one before; chosen: four strata lead from 5,000 to four million."""

FLOOR = 3
"""
Labels for each stratum at least, whatever the model thinks of it: what it is wrong about costs width, and never a bias; chosen.
There are no more strata than use up half of the labels so.
"""


DEFENSIVE = 0.5
"""Part of the labels that is drawn in proportion to the sizes of the strata, whatever the model thinks of them; chosen."""

NO_RANKS = np.empty(0, dtype=np.intp)

TINY = 1e-9
"""Spread of a stratum in which nothing varies, in units of the largest; chosen: it is drawn from when the others are used up."""

HALVINGS = 200
"""In the search of an allotment: enough to end at neighboring numbers."""


@dataclass(frozen=True, eq=False)
class AuditDraw:
    """
    A stratified random sample, and the strata it was drawn from.

    Attributes
    ----------
    strata : tuple of Stratum
        All that is in the population: what is asked about anyway, the predicted targets, then the others by falling score.
    rows : array of int, shape (n_drawn,)
        Rows of the drawn spectra, in random order.
    stratum : array of int, shape (n_drawn,)
        Index of each one's stratum.
    inclusion_probabilities : array of float64, shape (n_drawn,)
        Probability with which each was to be drawn.
    """

    strata: tuple[Stratum, ...]
    rows: IntArray
    stratum: IntArray
    inclusion_probabilities: FloatArray


def target_probability(probabilities: FloatArray, targets: Sequence[int]) -> FloatArray:
    """
    Return the probability that a spectrum is of any target class.

    Parameters
    ----------
    probabilities : array of shape (n_spectra, n_classes)
        Predicted class probabilities, in memory or mapped from a file.
    targets : sequence of int
        Columns of the target classes.

    Returns
    -------
    array of float32, shape (n_spectra,)
        Sum over the target classes.
    """
    total: FloatArray = np.zeros(len(probabilities), dtype=np.float32)
    for begin in range(0, len(total), BLOCK_ROWS):
        block = probabilities[begin : begin + BLOCK_ROWS]
        for target in targets:
            total[begin : begin + BLOCK_ROWS] += block[:, target]
    return total


def draw_audit(  # noqa: PLR0913, PLR0917 - what there is, what is asked about anyway, and what is wanted
    score: FloatArray,
    is_predicted: BoolArray,
    excluded: BoolArray,
    asked: IntArray,
    spectrum_ids: IdColumn,
    sizes: tuple[int, int],
    generator: np.random.Generator,
) -> AuditDraw:
    """
    Draw an audit: predicted targets at random, and the others by strata of their score.

    What is asked about anyway makes strata of its own, of which everything is known once it is answered, so that no spectrum is
    asked about twice and no label is wasted. The others are cut by rank, each stratum `RATIO` times as large as the one before,
    and the labels are allotted to them by `allocate`, with the variance that targets have there if the scores are right.

    Parameters
    ----------
    score : array of float, shape (n_spectra,)
        Predicted probability of being a target.
    is_predicted : array of bool, shape (n_spectra,)
        True where the prediction is a target.
    excluded : array of bool, shape (n_spectra,)
        True where a spectrum is not in the population, such as one already labeled.
    asked : array of int, shape (n_asked,)
        Rows that are asked about anyway.
    spectrum_ids : IdColumn, n_spectra long
        Ids, each different.
    sizes : tuple of int
        Numbers of predicted targets and of others wanted; what one lacks the other gets.
    generator : numpy.random.Generator
        Source of the draw.

    Returns
    -------
    AuditDraw
        The sample and its strata; empty strata are left out.

    Raises
    ------
    ValueError
        If the lengths differ, a size is negative or a score is NaN.
    """
    if len({len(score), len(is_predicted), len(excluded), len(spectrum_ids)}) != 1:
        msg = f"score, is_predicted, excluded and spectrum_ids must have one length, got {len(score)}, {len(is_predicted)}, "
        msg += f"{len(excluded)} and {len(spectrum_ids)}"
        raise ValueError(msg)
    for name, size in zip(("number of predicted targets", "number of others"), sizes, strict=True):
        require_count(name, size)
    if np.isnan(score).any():
        msg = f"{spectrum_ids[int(np.argmax(np.isnan(score)))]}: the score is NaN; every score must be a number"
        raise ValueError(msg)
    free = ~excluded
    free[asked] = False
    salt = generator.bytes(SALT_BYTES)
    predicted = _Ranked(np.flatnonzero(free & is_predicted), score, spectrum_ids, salt)
    others = _Ranked(np.flatnonzero(free & ~is_predicted), score, spectrum_ids, salt)
    parts = [part for part in _parts(predicted, others, sizes) if part.size]
    ranks = [part.begin + np.sort(generator.choice(part.size, part.n, replace=False, shuffle=False)) for part in parts]
    rows = [
        ranked.rows_at(np.concatenate([NO_RANKS, *(some for part, some in zip(parts, ranks, strict=True) if part.of is ranked)]))
        for ranked in (predicted, others)
    ]
    strata = [*_asked(score, is_predicted, asked), *(part.stratum(is_predicted=part.of is predicted) for part in parts)]
    drawn = [part.n for part in parts]
    stratum = np.repeat(np.arange(len(strata) - len(parts), len(strata)), drawn)
    chances = np.repeat([part.n / part.size for part in parts], drawn)
    order = generator.permutation(stratum.size)
    return AuditDraw(tuple(strata), np.concatenate(rows)[order], stratum[order], chances[order])


def allocate(n: int, sizes: IntArray, spreads: FloatArray, floor: int) -> list[int]:
    r"""
    Return how many members of each stratum to draw, so that the estimated total has little variance.

    Neyman's rule has the least if the spreads are right. If they are not, the part that is drawn in proportion to the sizes
    bounds the harm: no spectrum is drawn with less than half the probability of a simple random sample. Where the floors take
    little, right spreads then have a standard error of at most 1.41 times the least.

    Parameters
    ----------
    n : int
        How many to draw in all.
    sizes : array of int, shape (n_strata,)
        Members of each.
    spreads : array of float, shape (n_strata,)
        Standard deviation within each, as expected.
    floor : int
        The least to draw from each, as far as ``n`` and its size allow; where ``n`` does not suffice for all, the first ones
        have it.

    Returns
    -------
    list of int
        Proportional to :math:`N_h \sigma_h` [1]_ where that is neither below the floor, nor below `DEFENSIVE` of a share in
        proportion to :math:`N_h` [2]_, nor above the size [3]_; rounded so that the sum is ``n``, or all there are.

    References
    ----------
    .. [1] Neyman 1934, J. R. Stat. Soc. 97, 558, sect. III.
    .. [2] Hesterberg 1995, Technometrics 37, 185; Owen & Zhou 2000, J. Am. Stat. Assoc. 95, 135: defensive mixtures.
    .. [3] Cochran 1977, Sampling Techniques, 3rd ed., sect. 5.8.
    """
    sizes = np.asarray(sizes, dtype=np.int64)
    n = min(n, int(sizes.sum()))
    least = np.minimum(sizes, floor).astype(np.float64)
    least = np.minimum(least, np.maximum(n - (np.cumsum(least) - least), 0))
    more = np.maximum(DEFENSIVE * n * sizes / max(int(sizes.sum()), 1) - least, 0)
    least += more * min(1.0, (n - least.sum()) / more.sum()) if more.any() else 0.0
    # A stratum in which nothing varies, as far as is known, comes last and not never.
    expected = np.maximum(spreads, TINY * np.max(spreads, initial=0.0)) if np.any(spreads) else np.ones(sizes.size)
    worth = sizes * expected
    low, high = 0.0, 1 / np.min(expected, initial=1.0)  # what each is to have for its worth; the highest takes all of them
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if np.clip(middle * worth, least, sizes).sum() >= n else (middle, high)
    wanted = np.clip(high * worth, least, sizes)
    drawn = np.floor(wanted).astype(np.int64)
    for number in np.argsort(drawn - wanted, kind="stable")[: n - int(drawn.sum())]:
        drawn[number] += 1
    return [int(number) for number in drawn]


def _asked(score: FloatArray, is_predicted: BoolArray, asked: IntArray) -> list[Stratum]:
    strata = []
    for name, rows, flag in (
        (ASKED_PREDICTED, asked[is_predicted[asked]], True),
        (ASKED_OTHER, asked[~is_predicted[asked]], False),
    ):
        if rows.size:
            values = score[rows]
            highest, lowest = float(values.max()), float(values.min())
            strata.append(Stratum(name, int(rows.size), flag, is_census=True, highest=highest, lowest=lowest))
    return strata


def _parts(predicted: _Ranked, others: _Ranked, sizes: tuple[int, int]) -> list[_Part]:
    n_predicted = min(sizes[0] + max(0, sizes[1] - others.size), predicted.size)
    n_others = min(sum(sizes) - n_predicted, others.size)
    edges = _edges(others.size, max(FIRST_STRATUM, predicted.size), max(1, n_others // (2 * FLOOR)))
    n_drawn = allocate(n_others, np.diff(edges), others.spreads(edges), FLOOR)
    parts = [_Part(PREDICTED, predicted, 0, predicted.size, n_predicted)]
    for number, ((begin, end), n) in enumerate(zip(pairwise(edges.tolist()), n_drawn, strict=True), 1):
        parts.append(_Part(f"others {number}", others, begin, end, n))
    return parts


def _edges(n: int, first: int, most: int) -> IntArray:
    # Ranks at which the others are cut: the last stratum is at least as large as the one before.
    edges = [0]
    size = first
    while len(edges) < most and edges[-1] + size + size * RATIO <= n:
        edges.append(edges[-1] + size)
        size *= RATIO
    return np.array([*edges, n])


class _Ranked:
    """Some rows in the order of falling score, ties by the hashes of their ids."""

    def __init__(self, rows: IntArray, score: FloatArray, spectrum_ids: IdColumn, salt: bytes) -> None:
        self._rows, self._ids, self._salt = rows, spectrum_ids, salt
        self._values = score[rows]
        self._rising = np.sort(self._values)
        self.size = int(rows.size)

    def scores(self, begin: int, end: int) -> FloatArray:
        """Return the scores at some ranks, the smallest first."""
        return self._rising[self.size - end : self.size - begin]

    def spreads(self, edges: IntArray) -> FloatArray:
        """Return the standard deviation, between the ranks, of what is 1 for a target and else 0, if the scores are right."""
        parts = (self.scores(int(begin), int(end)) for begin, end in pairwise(edges))
        means = np.array([np.mean(part, dtype=np.float64) if part.size else 0.0 for part in parts])
        means = np.clip(means, 0.0, 1.0)
        spreads: FloatArray = np.sqrt(means * (1 - means))
        return spreads

    def rows_at(self, ranks: IntArray) -> IntArray:
        """Return the rows at some ranks, in their order."""
        wanted = self._rising[self.size - 1 - ranks]
        different = np.unique(wanted)
        found = np.empty(ranks.size, dtype=np.intp)
        rows, values = self._with(different)
        for value in different:
            is_here = wanted == value
            # Ranks among those of the same score.
            places = ranks[is_here] - (self.size - int(np.searchsorted(self._rising, value, "right")))
            tied = rows[np.searchsorted(values, value) : np.searchsorted(values, value, "right")]
            if tied.size > 1:
                tied = smallest_hashes(self._ids, tied, int(places.max()) + 1, self._salt)
            found[is_here] = tied[places]
        return found

    def _with(self, different: FloatArray) -> tuple[IntArray, FloatArray]:
        # The rows that have one of some scores, and their scores, by rising score.
        is_one = np.zeros(self.size, dtype=np.bool_)
        for begin in range(0, self.size if different.size else 0, BLOCK_ROWS):
            block = self._values[begin : begin + BLOCK_ROWS]
            near = np.minimum(np.searchsorted(different, block), different.size - 1)
            is_one[begin : begin + BLOCK_ROWS] = different[near] == block
        order = np.argsort(self._values[is_one], kind="stable")
        return self._rows[is_one][order], self._values[is_one][order]


@dataclass(frozen=True, eq=False)
class _Part:
    """A stratum to draw from: some ranks of rows, and how many of them."""

    name: str
    of: _Ranked
    begin: int
    end: int
    n: int

    @property
    def size(self) -> int:
        return self.end - self.begin

    def stratum(self, *, is_predicted: bool) -> Stratum:
        scores = self.of.scores(self.begin, self.end)
        return Stratum(self.name, self.size, is_predicted, highest=float(scores[-1]), lowest=float(scores[0]))
