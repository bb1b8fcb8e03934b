"""What a stopping rule is, and the rules that promise nothing: the paper's, a budget, a plateau."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from typing import Protocol

from spectrove.errors import ConfigError
from spectrove.evaluate.looks import Look


@dataclass(frozen=True)
class StopDecision:
    """
    Whether to stop, and why or why not.

    Attributes
    ----------
    stop : bool
        True if no more questions are to be asked.
    reason : str
        One sentence for the report.
    """

    stop: bool
    reason: str


class StoppingRule(Protocol):
    """
    Decides when the questions end; an entry point of ``spectrove.stopping`` names its class.

    The class is made with the settings as keyword arguments. `spectrove.testing.check_stopping_rule` is its contract.
    """

    def decide(self, history: Sequence[Look]) -> StopDecision:
        """
        Return whether to stop, and why or why not.

        Parameters
        ----------
        history : sequence of Look
            One for each iteration so far, the oldest first.

        Returns
        -------
        StopDecision
            The decision, with its reason.
        """


@dataclass(frozen=True)
class Paper2020Rule:
    """
    Stops when the estimated precision has been above a threshold so many times, in a row or not.

    The paper stopped "in the 17th iteration when the estimated precision reached more than the predefined threshold (in our
    case 80%) for the third time" [1]_. The rule looks at the point estimates only, which is optimistic: with 30 labels in
    each of 18 iterations it fires with probability 0.74 at a true precision of 0.75.

    Attributes
    ----------
    threshold : float
        The precision to be exceeded, from 0 to less than 1.
    times : int
        How many iterations must exceed it, at least 1.

    Raises
    ------
    ConfigError
        If ``threshold`` or ``times`` is out of range.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sec. 3.4.
    """

    threshold: float = 0.8
    times: int = 3

    def __post_init__(self) -> None:
        """Refuse settings with which the rule stops at once or never."""
        if not 0 <= self.threshold < 1:
            msg = f"stopping rule paper-2020: threshold must lie between 0 and 1 and be less than 1, got {self.threshold!r}"
            raise ConfigError(msg)
        if self.times < 1:
            msg = f"stopping rule paper-2020: times must be at least 1, got {self.times!r}"
            raise ConfigError(msg)

    def decide(self, history: Sequence[Look]) -> StopDecision:
        """
        Return whether the estimated precision has exceeded the threshold often enough.

        Parameters
        ----------
        history : sequence of Look
            One for each iteration, the oldest first; one without an estimate does not count.

        Returns
        -------
        StopDecision
            Stop if at least ``times`` estimates lie above ``threshold``.
        """
        known = [(number, look.precision.estimate) for number, look in enumerate(history)]
        above = [number for number, estimate in known if estimate is not None and estimate > self.threshold]
        stop = len(above) >= self.times
        where = f" (number {', '.join(map(str, above))})" if above else ""
        reason = (
            f"the estimated precision exceeded {self.threshold:g} in {len(above)} of {len(history)} iterations{where}; "
            f"{self.times} are needed to stop"
        )
        return StopDecision(stop, reason)

    def false_stop_probability(self, precision: float, n_labels: int, n_looks: int) -> float:
        """
        Return how probable it is that the rule has fired although the precision does not exceed the threshold.

        Parameters
        ----------
        precision : float
            True precision, the same in all looks.
        n_labels : int
            Labels in each look, of a simple random sample.
        n_looks : int
            How many looks there are.

        Returns
        -------
        float
            Probability that the rule fires at one of these looks.
        """
        needed = int(self.threshold * n_labels + 1e-9) + 1
        once = sum(binomial(k, n_labels, precision) for k in range(needed, n_labels + 1))
        return 1 - sum(binomial(k, n_looks, once) for k in range(min(self.times, n_looks + 1)))


def binomial(k: int, n: int, share: float) -> float:
    """
    Return the probability of a number of successes.

    Parameters
    ----------
    k, n : int
        Successes and trials.
    share : float
        Probability of a success.

    Returns
    -------
    float
        Of the binomial distribution.
    """
    return comb(n, k) * share**k * (1 - share) ** (n - k)


@dataclass(frozen=True)
class Budget:
    """
    Stops when so many spectra are answered, or so many iterations closed.

    Attributes
    ----------
    answers : int or None
        Answers allowed; None: any number.
    iterations : int or None
        Iterations allowed; None: any number.

    Raises
    ------
    ConfigError
        If neither is given, or one is less than 1.
    """

    answers: int | None = None
    iterations: int | None = None

    def __post_init__(self) -> None:
        """Refuse a budget that allows nothing or everything."""
        given = [value for value in (self.answers, self.iterations) if value is not None]
        if not given or min(given) < 1:
            msg = f"stopping rule budget: answers or iterations must be given, at least 1, got {self.answers!r} and "
            msg += f"{self.iterations!r}"
            raise ConfigError(msg)

    def decide(self, history: Sequence[Look]) -> StopDecision:
        """
        Return whether the budget is spent.

        Parameters
        ----------
        history : sequence of Look
            The oldest first.

        Returns
        -------
        StopDecision
            Stop if one of the limits is reached.
        """
        n_answers = history[-1].n_answers if history else 0
        told, stop = [], False
        if self.answers is not None:
            told.append(f"{n_answers:,} of {self.answers:,} answers")
            stop |= n_answers >= self.answers
        if self.iterations is not None:
            told.append(f"{len(history)} of {self.iterations} iterations")
            stop |= len(history) >= self.iterations
        return StopDecision(stop and bool(history), f"{' and '.join(told)} of the budget are spent")


@dataclass(frozen=True)
class Plateau:
    """
    Stops when the predictions have stopped changing. It says nothing of how good they are.

    Attributes
    ----------
    looks : int
        In how many iterations in a row they must not change, at least 1.
    share : float
        What counts as no change: so many spectra as this share of the predicted targets, at most.

    Raises
    ------
    ConfigError
        If a number is out of range.

    References
    ----------
    .. [1] Bloodgood & Vijay-Shanker 2009, Proc. 13th Conf. Comput. Nat. Lang. Learn., 39: stopping by stable predictions.
    """

    looks: int = 3
    share: float = 0.01

    def __post_init__(self) -> None:
        """Refuse a plateau that is always or never there."""
        require_shares("plateau", share=self.share)
        if self.looks < 1:
            msg = f"stopping rule plateau: looks must be at least 1, got {self.looks!r}"
            raise ConfigError(msg)

    def decide(self, history: Sequence[Look]) -> StopDecision:
        """
        Return whether the predictions stayed as they were.

        Parameters
        ----------
        history : sequence of Look
            The oldest first.

        Returns
        -------
        StopDecision
            Stop if the last ``looks`` iterations changed little.
        """
        n_still = 0
        for look in reversed(history):
            if look.n_changed is None or look.n_changed > self.share * max(look.precision.n_predicted, 1):
                break
            n_still += 1
        last = history[-1].n_changed if history else None
        changed = "nothing to compare with yet" if last is None else f"{last:,} predictions changed in the last iteration"
        reason = f"{changed}; {n_still} iterations in a row changed at most {self.share:.1%} of the predicted targets, "
        return StopDecision(n_still >= self.looks, reason + f"{self.looks} are needed to stop")


def require_shares(rule: str, **values: float) -> None:
    """
    Refuse options that are no shares.

    Parameters
    ----------
    rule : str
        Name of the rule, for the message.
    **values : float
        Its options.

    Raises
    ------
    ConfigError
        If one does not lie between 0 and 1.
    """
    for name, value in values.items():
        if not 0 < value < 1:
            msg = f"stopping rule {rule}: {name} must lie between 0 and 1, got {value!r}"
            raise ConfigError(msg)
