"""Which rows of a screened pool are computed again in float32, until no decision can be another one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from spectrove.contracts import BoolArray, FloatArray, IntArray, Progress
from spectrove.execution import Executor
from spectrove.query import best_rows, predicted_classes, rows_above
from spectrove.scoring.bands import SAFETY, Deviations, margins_of, needed_reach, upper_limit
from spectrove.scoring.config import Focus
from spectrove.scoring.store import BLOCK_ROWS, ProbabilityFile
from spectrove.scoring.tasks import EXACT, Work, compute, tasks_of_some

SLACK = 300
"""
How many spectra beyond the questions are exact, so that as many may be labeled between scoring and asking; chosen: two batches of
the paper's. Many more, and in a pool of some hundred thousand their utilities are near zero, and so is the band's edge.
"""

FEW_TARGETS = 20_000
FEW_TARGETS_SHARE = 0.01
"""
Up to so many predicted targets, or such a share of the pool if that is more, are computed exactly, and so are the excluded ones,
of which some are listed with their probabilities because somebody labeled them; chosen.
"""

N_CHECKED = 4096
"""Size of the random sample of the rows left as screened that is checked; chosen: what it misses is rarer than 1 in 1,300."""

MAX_SHARE = 0.4
"""If more of the pool would have to be computed again, all of it is; chosen: screening takes a fifth to a half of the time."""


@dataclass
class Band:
    """
    How far from a decision a screened row must be to stay as it is.

    Attributes
    ----------
    width : float
        Of margins, differences of logits, dimensionless.
    reach : float
        Of utilities, in the strategy's unit.
    """

    width: float
    reach: float


@dataclass(frozen=True)
class Runs:
    """
    Where rows are computed.

    Attributes
    ----------
    work : Work
        What the tasks share.
    executor : Executor
        Runs them.
    progress : Progress
        Is told.
    """

    work: Work
    executor: Executor
    progress: Progress

    def exact(self, rows: IntArray) -> Iterator[FloatArray]:
        """
        Yield exact probabilities.

        Parameters
        ----------
        rows : array of int, shape (n_rows,)
            Row numbers in pool order.

        Yields
        ------
        array of float32, shape (n_some, n_classes)
            Of some of the rows, in their order.
        """
        done = 0
        for part in self.executor.run(compute, tasks_of_some(self.work, EXACT, rows)):
            yield part
            done += len(part)
            self.progress("rescoring", done, len(rows))


class Rescoring:
    """
    The state of a pool between its screening and its exact decisions.

    Parameters
    ----------
    file : ProbabilityFile
        The screened probabilities.
    band : Band
        As the calibration suggests; it is widened.
    focus : Focus
        Which decisions count.
    targets : tuple of int
        Columns of the targets.
    runs : Runs
        Computes rows exactly.
    """

    def __init__(self, file: ProbabilityFile, band: Band, focus: Focus, targets: tuple[int, ...], runs: Runs) -> None:
        self._file, self._focus, self._targets, self._runs = file, focus, targets, runs
        self.band = band
        self.n_spectra = len(file.array())
        self.is_exact: BoolArray = np.zeros(self.n_spectra, dtype=np.bool_)
        self.facts: dict[str, Any] = {"n_changed": 0, "n_changed_outside": 0, "largest_deviation_at_edge": 0.0}
        self._n_checked = 0

    def settle(self, generator: np.random.Generator) -> None:
        """
        Compute rows again until no decision can be another one.

        Parameters
        ----------
        generator : numpy.random.Generator
            Draws the rows that are checked.
        """
        while True:
            rows = self._undecided()
            if self.is_exact.sum() + rows.size > MAX_SHARE * self.n_spectra:
                self.facts["reason"] = f"the band would hold more than {MAX_SHARE:.0%} of the pool"
                self._rescore(np.flatnonzero(~self.is_exact))
                return
            if rows.size:
                self._rescore(rows)
            elif self._n_checked < N_CHECKED and not self.is_exact.all():
                left = np.flatnonzero(~self.is_exact)
                self._check(np.sort(generator.choice(left, min(N_CHECKED, left.size), replace=False)))
            else:
                return

    def describe(self) -> dict[str, Any]:
        """
        Return what was done, for the scores' description.

        Returns
        -------
        dict
            The band, how many rows are exact, how many of those changed their class, and how many did so outside the band as it
            was then (each of them widened it); the largest deviation at the band's edge; the number of rows of the random
            sample of the rest, all of them found right, and the upper limit (95 %) of the share of wrong ones.
        """
        return {
            **self.facts,
            "safety": SAFETY,
            "width": self.band.width,
            "reach": self.band.reach,
            "n_exact": int(self.is_exact.sum()),
            "n_questions_exact": self._n_top(),
            "n_checked": self._n_checked,
            "upper_limit": upper_limit(0, self._n_checked) if self._n_checked else None,
        }

    def _n_top(self) -> int:
        return self._focus.n_query + SLACK

    def _n_few(self) -> float:
        return max(FEW_TARGETS, FEW_TARGETS_SHARE * self.n_spectra)

    def _undecided(self) -> IntArray:
        probabilities = self._file.array()
        wanted = np.zeros(self.n_spectra, dtype=np.bool_)
        for begin in range(0, self.n_spectra, BLOCK_ROWS):
            inside = slice(begin, begin + BLOCK_ROWS)
            wanted[inside] = margins_of(probabilities[inside]) <= self.band.width
        predicted = predicted_classes(probabilities)
        is_target = np.isin(predicted, self._targets)
        n_targets = int(is_target.sum())
        self.facts["targets_exact"] = n_targets <= self._n_few()
        if self.facts["targets_exact"]:
            wanted |= is_target
        if self._focus.excluded is not None and self._focus.excluded.sum() <= self._n_few():
            wanted |= self._focus.excluded
        _, utilities = best_rows(probabilities, self._focus.strategy, self._n_top(), self._focus.excluded)
        if utilities.size:
            last = np.sort(utilities)[-min(self._n_top(), utilities.size)]
            settled = self.is_exact if self._focus.excluded is None else self.is_exact | self._focus.excluded
            wanted[rows_above(probabilities, self._focus.strategy, last - self.band.reach, settled)[0]] = True
        return np.flatnonzero(wanted & ~self.is_exact)

    def _rescore(self, rows: IntArray) -> None:
        """Compute rows exactly, and widen the band where they ask for it."""
        band, done = Band(self.band.width, self.band.reach), 0
        for exact in self._runs.exact(rows):
            some = rows[done : done + len(exact)]
            screened = np.array(self._file.array()[some])
            self._file.replace(some, exact)
            self._learn(band, screened, exact)
            done += len(exact)
        self.is_exact[rows] = True
        self.band = band

    def _learn(self, band: Band, screened: FloatArray, exact: FloatArray) -> None:
        seen = Deviations.between(screened, exact)
        is_changed = np.argmax(screened, axis=1) != np.argmax(exact, axis=1)
        at_edge = (seen.margins > self.band.width / 2) & (seen.margins <= 2 * self.band.width)
        largest = float(seen.deviations[at_edge].max(initial=0))
        self.facts["largest_deviation_at_edge"] = max(self.facts["largest_deviation_at_edge"], largest)
        self.facts["n_changed"] += int(is_changed.sum())
        self.facts["n_changed_outside"] += int((is_changed & (seen.margins > self.band.width)).sum())
        utilities = [self._focus.strategy(probabilities) for probabilities in (screened, exact)]
        band.width = max(band.width, seen.needed(self.band.width))
        band.reach = max(band.reach, needed_reach(utilities[0], utilities[1], self.band.reach))

    def _check(self, rows: IntArray) -> None:
        before = self.band
        self._rescore(rows)
        # If the band is wider now, what lies outside is another population, and is checked anew.
        self._n_checked = self._n_checked + rows.size if self.band == before else 0
