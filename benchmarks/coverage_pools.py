"""Pools made of scores and truth alone, as large as the paper's, and the strata that an audit cuts them into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from scipy.special import expit

from spectrove.contracts import BoolArray, FloatArray, IdArray, IntArray, SpectrumId, Stratum
from spectrove.query.audit import draw_audit

N_SPECTRA = 4_136_482
"""Of the paper's pool."""

N_ASKED = 100
"""Spectra of a round that the network is least sure of, which are asked about anyway."""

PREDICTED_SHARE = 0.5
"""Part of an audit that is drawn from the predicted targets: the default of ``audit.predicted_share``."""

MEAN, SPREAD = -65.6, 21.0
"""Of the normal that the logarithm of the odds follows above the knee: one in a thousand is a target."""

KNEE, SLOPE = -6.0, 0.08
"""Below this the logarithm of the odds falls by so much for each unit: the bulk holds a few targets in a hundred."""

SHARPER = 2.0
"""How much too large the logarithm of the odds is where the scores are over-confident."""

PRIOR = 20.0
"""Factor of the odds where the network has learned from a training set with more targets than the pool has."""

CLUMP, MANY = 0.0003, 0.05
"""Parts of the pool that are targets of a kind that the network does not know: some, and so many that a limit can miss them."""

CLUMP_RANKS = (0.5, 0.6)
"""Between which ranks of the pool those lie, 1 the lowest score."""


@dataclass(frozen=True, eq=False)
class MadePool:
    """
    A pool of which nothing is kept but what an audit needs.

    Attributes
    ----------
    log_odds : array of float64, shape (n_spectra,)
        What the network says: the logarithm of the odds of being a target.
    is_target : array of bool, shape (n_spectra,)
        The truth.
    score : array of float64, shape (n_spectra,)
        What the network says, as a probability.
    """

    log_odds: FloatArray
    is_target: BoolArray
    score: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        """Work out the probabilities."""
        object.__setattr__(self, "score", expit(self.log_odds))

    @property
    def is_predicted(self) -> BoolArray:
        """Where the network says target."""
        return self.log_odds > 0

    @property
    def n_targets(self) -> int:
        """How many targets there are."""
        return int(np.count_nonzero(self.is_target))

    @property
    def n_hit(self) -> int:
        """How many of them are predicted."""
        return int(np.count_nonzero(self.is_target & self.is_predicted))

    @property
    def n_missed(self) -> int:
        """How many of them are not."""
        return self.n_targets - self.n_hit

    @property
    def precision(self) -> float:
        """Share of targets among the predicted ones."""
        return self.n_hit / int(np.count_nonzero(self.is_predicted))

    @property
    def recall(self) -> float:
        """Share of predicted ones among the targets."""
        return self.n_hit / self.n_targets

    def asked(self) -> IntArray:
        """Return the rows that the network is least sure of."""
        rows: IntArray = np.argpartition(np.abs(self.log_odds), N_ASKED)[:N_ASKED]
        return rows


class Names:
    """The ids of a made pool: its rows' numbers, made where they are asked for."""

    def __len__(self) -> int:
        """Return the number of spectra."""
        return N_SPECTRA

    def __getitem__(self, rows: int | slice | IntArray | BoolArray) -> SpectrumId | IdArray:
        """Return the id of a row, or of some."""
        chosen = np.arange(N_SPECTRA)[rows]
        return np.array([f"made:{row}" for row in chosen], dtype=object) if np.ndim(chosen) else f"made:{chosen}"


def true_log_odds(generator: np.random.Generator, slope: float = SLOPE) -> FloatArray:
    """Return for each spectrum the logarithm of the odds that it is a target."""
    drawn = generator.normal(MEAN, SPREAD, N_SPECTRA)
    return np.where(drawn > KNEE, drawn, KNEE + slope * (drawn - KNEE))


def calibrated(generator: np.random.Generator, slope: float = SLOPE) -> MadePool:
    """Return a pool whose scores are the very probabilities."""
    log_odds = true_log_odds(generator, slope)
    return MadePool(log_odds, generator.random(log_odds.size) < expit(log_odds))


def over_confident(generator: np.random.Generator) -> MadePool:
    """Return a pool whose scores are too near to 0 and 1."""
    pool = calibrated(generator)
    return MadePool(SHARPER * pool.log_odds, pool.is_target)


def shifted_prior(generator: np.random.Generator) -> MadePool:
    """Return a pool whose network takes targets for far more frequent than they are."""
    pool = calibrated(generator)
    return MadePool(pool.log_odds + np.log(PRIOR), pool.is_target)


def clump(generator: np.random.Generator, share: float = CLUMP, ranks: tuple[float, float] = CLUMP_RANKS) -> MadePool:
    """Return a pool whose network knows some targets well, and of one kind nothing: their scores are low, and all alike."""
    pool = calibrated(generator, slope=1.0)
    lowest, highest = np.quantile(pool.log_odds, [1 - rank for rank in reversed(ranks)])
    low = np.flatnonzero((pool.log_odds > lowest) & (pool.log_odds < highest))
    is_target = pool.is_target.copy()
    is_target[generator.choice(low, round(share * N_SPECTRA), replace=False)] = True
    return MadePool(pool.log_odds, is_target)


def everywhere(generator: np.random.Generator) -> MadePool:
    """Return a pool with many targets of which the network knows nothing, whatever their score."""
    pool = calibrated(generator, slope=1.0)
    return MadePool(pool.log_odds, pool.is_target | (generator.random(N_SPECTRA) < MANY))


SCENARIOS: dict[str, Callable[[np.random.Generator], MadePool]] = {
    "calibrated": calibrated,
    "over-confident": over_confident,
    "shifted prior": shifted_prior,
    "clump": clump,
    "many, everywhere": everywhere,
    "many, in a clump": partial(clump, share=MANY),
}


@dataclass(frozen=True, eq=False)
class Design:
    """
    The strata of a pool, how many are drawn from each, and what is in them.

    Attributes
    ----------
    strata : tuple of Stratum
        As `draw_audit` cuts them.
    n_drawn : tuple of int
        How many it draws from each; all of a stratum that is asked about anyway.
    n_targets : tuple of int
        How many targets each holds.
    """

    strata: tuple[Stratum, ...]
    n_drawn: tuple[int, ...]
    n_targets: tuple[int, ...]


def sizes_of(n_labels: int) -> tuple[int, int]:
    """Return how many of an audit's labels go to predicted targets and to others."""
    n_predicted = round(n_labels * PREDICTED_SHARE)
    return n_predicted, n_labels - n_predicted


def strata_of(
    pool: MadePool, asked: IntArray, n_labels: int, generator: np.random.Generator
) -> tuple[tuple[Stratum, ...], tuple[int, ...]]:
    """Return the strata that the package itself cuts, and how many it draws from each."""
    nobody = np.zeros(N_SPECTRA, dtype=np.bool_)
    draw = draw_audit(pool.score, pool.is_predicted, nobody, asked, Names(), sizes_of(n_labels), generator)
    drawn = np.bincount(draw.stratum, minlength=len(draw.strata))
    return draw.strata, tuple(one.n_spectra if one.is_census else int(n) for one, n in zip(draw.strata, drawn, strict=True))


def design_of(pool: MadePool, asked: IntArray, n_labels: int, generator: np.random.Generator) -> Design:
    """Return the strata that the package itself cuts, how many it draws from each, and what is in them."""
    strata, n_drawn = strata_of(pool, asked, n_labels, generator)
    return Design(strata, n_drawn, tuple(int(pool.is_target[rows].sum()) for rows in members_of(pool, asked, strata)))


def members_of(pool: MadePool, asked: IntArray, strata: tuple[Stratum, ...]) -> list[IntArray]:
    """Return the rows of each stratum, found by counting down from the highest score."""
    is_free = np.ones(N_SPECTRA, dtype=np.bool_)
    is_free[asked] = False
    by_score = np.argsort(-pool.log_odds)
    left = {is_predicted: by_score[(is_free & (pool.is_predicted == is_predicted))[by_score]] for is_predicted in (True, False)}
    members = []
    for stratum in strata:
        if stratum.is_census:
            members.append(asked[pool.is_predicted[asked] == stratum.is_predicted])
        else:
            members.append(left[stratum.is_predicted][: stratum.n_spectra])
            left[stratum.is_predicted] = left[stratum.is_predicted][stratum.n_spectra :]
    return members
