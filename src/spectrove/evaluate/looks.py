"""What is known after an iteration: all that a stopping rule looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from spectrove.evaluate.performance import PrecisionEstimate
from spectrove.evaluate.strata import StratumCount


@dataclass(frozen=True)
class Look:
    """
    What an iteration's audit says, and what had been done until then.

    Attributes
    ----------
    iteration : int
        Its number, from 0.
    precision : PrecisionEstimate
        Of the predicted targets.
    hits, misses : tuple of StratumCount
        Targets among the predicted and among the other spectra, by falling score; empty where only predicted ones were drawn.
    n_found : int
        Targets known before the iteration asked.
    n_answers : int
        Spectra answered so far.
    n_unlabeled : int
        Spectra in the population.
    n_changed : int or None
        Spectra of it that the network takes for a target and the one before did not, or the other way round; None in the first
        iteration.
    n_open : int
        Questions of the iteration that nobody had answered when it was closed. Whoever closes it after a look at answers chooses
        what is counted, so that no limit of it holds by itself; abstentions are answers.
    """

    iteration: int
    precision: PrecisionEstimate
    hits: tuple[StratumCount, ...] = ()
    misses: tuple[StratumCount, ...] = ()
    n_found: int = 0
    n_answers: int = 0
    n_unlabeled: int = 0
    n_changed: int | None = None
    n_open: int = 0

    def to_dict(self) -> dict[str, Any]:
        """
        Return the look as plain data, for JSON.

        Returns
        -------
        dict
            What `from_dict` reads.
        """
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Look:
        """
        Return the look that plain data describe.

        Parameters
        ----------
        data : dict
            As of `to_dict`.

        Returns
        -------
        Look
            The same.
        """
        counts = {name: tuple(StratumCount(**count) for count in data[name]) for name in ("hits", "misses")}
        return cls(**{**data, "precision": PrecisionEstimate(**data["precision"]), **counts})


def looks_at_strata(history: Sequence[Look]) -> list[Look]:
    """
    Return the looks whose audits were drawn from the whole population.

    Parameters
    ----------
    history : sequence of Look
        All looks.

    Returns
    -------
    list of Look
        In their order.
    """
    return [look for look in history if look.hits or look.misses]
