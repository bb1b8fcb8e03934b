"""
When to stop asking: rules that look at what the audits have said so far; those that promise something stand here.

Such a rule spends its risk over tries. The network changes in every iteration, so each look is at another hypothesis, and a look
at which the rule may stop is a try: number k = 1, 2, … may be wrong with a probability of α / (k (k + 1)), and these sum to α
however long the campaign lasts. A look is a try if the estimate of the look *before* it met the goal. That is settled before
anything of this look is drawn, so it biases nothing, and looks without hope cost nothing. What needs no risk counts at every
look: what the labels prove, and limits that hold at all looks together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, log

from spectrove.errors import ConfigError
from spectrove.evaluate.looks import Look, looks_at_strata
from spectrove.evaluate.recall import ASSUMPTIONS, HIT_SHARE
from spectrove.evaluate.rules import Budget, Paper2020Rule, Plateau, StopDecision, StoppingRule, require_shares
from spectrove.evaluate.strata import StratumCount, total_estimate, total_lower, total_upper, total_upper_of_looks

__all__ = [
    "Budget",
    "Paper2020Rule",
    "Plateau",
    "PrecisionAtLeast",
    "RecallAtLeast",
    "StopDecision",
    "StoppingRule",
    "UndiscoveredAtMost",
    "spent",
    "targets_upper",
    "tried",
]


@dataclass(frozen=True)
class PrecisionAtLeast:
    """
    Stops when the precision is at least as good as wished, with a guarantee.

    Attributes
    ----------
    goal : float
        The precision wished for, between 0 and 1.
    alpha : float
        Probability with which the rule may ever stop while the precision is lower.

    Raises
    ------
    ConfigError
        If a number is out of range.

    References
    ----------
    .. [1] Clopper & Pearson 1934, Biometrika 26, 404: the limit of one look.
    """

    goal: float = 0.8
    alpha: float = 0.05

    def __post_init__(self) -> None:
        """Refuse goals that are always or never reached."""
        require_shares("precision-at-least", goal=self.goal, alpha=self.alpha)

    def decide(self, history: Sequence[Look]) -> StopDecision:
        """
        Return whether the last look's lower limit has reached the goal.

        Parameters
        ----------
        history : sequence of Look
            The oldest first.

        Returns
        -------
        StopDecision
            Stop if the limit at the risk of this try is the goal or more; at a look that is no try, if the labels prove it.
        """
        if not history or history[-1].n_open:
            return StopDecision(stop=False, reason=CUT_SHORT if history else NO_AUDIT)
        number = tried(history, self._is_near)
        limit = history[-1].precision.lower_at(spent(self.alpha, number))
        reason = f"the precision is at least {limit:.3f} ({_on_what(history, number, self.alpha)}); {self.goal:g} is wished"
        least = self._least_labels(history)
        if limit < self.goal and least > history[-1].precision.n_sampled:
            reason += (
                f", for which the next try needs {least:,} labels of predicted targets if all of these are right, and more if not"
            )
        return StopDecision(limit >= self.goal, reason)

    def _is_near(self, look: Look) -> bool:
        return look.precision.estimate is not None and look.precision.estimate >= self.goal

    def _least_labels(self, history: Sequence[Look]) -> int:
        # The smallest sample of as many predicted targets whose limit is the goal if every label is right: risk^(1/n) of them.
        precision = history[-1].precision
        n_rest = precision.n_predicted - precision.n_asked
        share = (self.goal * precision.n_predicted - precision.n_asked) / n_rest if n_rest else 0.0
        risk = spent(self.alpha, sum(map(self._is_near, history[:-1])) + 1)
        return min(ceil(log(risk) / log(share)), ceil(share * n_rest)) if share > 0 else 0


@dataclass(frozen=True)
class RecallAtLeast:
    """
    Stops when at least a wished share of all targets is labeled or predicted, with a guarantee.

    As in `spectrove.evaluate.RecallEstimate`, labeled means before this iteration asked; what it found itself comes on top.

    Attributes
    ----------
    goal : float
        The recall wished for, between 0 and 1.
    alpha : float
        Probability with which the rule may ever stop while the recall is lower.
    assumption : str
        ``none``, or ``monotone``: that the share of targets does not rise as the score falls.

    Raises
    ------
    ConfigError
        If a number is out of range or the assumption unknown.
    """

    goal: float = 0.9
    alpha: float = 0.05
    assumption: str = "none"

    def __post_init__(self) -> None:
        """Refuse goals that are always or never reached."""
        require_shares("recall-at-least", goal=self.goal, alpha=self.alpha)
        _require_assumption("recall-at-least", self.assumption)

    def decide(self, history: Sequence[Look]) -> StopDecision:
        """
        Return whether the lower limit of the recall has reached the goal.

        Half of the risk goes to what the last look says by itself if it is a try, half to what all looks together say of the
        number of targets; the better limit counts.

        Parameters
        ----------
        history : sequence of Look
            The oldest first.

        Returns
        -------
        StopDecision
            Stop if the limit is the goal or more.
        """
        if (reason := _nothing_known(history)) is not None:
            return StopDecision(stop=False, reason=reason)
        number = tried(history, self._is_near)
        found, missed = _limits(history, number, self.alpha, self.assumption)
        limit = found / (found + missed) if found + missed > 0 else 0.0
        told = _on_what(history, number, self.alpha, self.assumption)
        return StopDecision(limit >= self.goal, f"the recall is at least {limit:.3f} ({told}); {self.goal:g} is wished")

    def _is_near(self, look: Look) -> bool:
        hit, missed = total_estimate(look.hits), total_estimate(look.misses)
        if hit is None or missed is None:
            return False
        found = look.n_found + hit
        return found > 0 and found >= self.goal * (found + missed)


@dataclass(frozen=True)
class UndiscoveredAtMost:
    """
    Stops when at most a given number of targets is neither labeled nor predicted, with a guarantee.

    Those that this iteration's own questions found are labeled by then.

    Attributes
    ----------
    number : int
        How many may be left, at least 0.
    alpha : float
        Probability with which the rule may ever stop while there are more.
    assumption : str
        ``none``, or ``monotone``: that the share of targets does not rise as the score falls.

    Raises
    ------
    ConfigError
        If a number is out of range or the assumption unknown.
    """

    number: int
    alpha: float = 0.05
    assumption: str = "none"

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be."""
        require_shares("undiscovered-at-most", alpha=self.alpha)
        _require_assumption("undiscovered-at-most", self.assumption)
        if self.number < 0:
            msg = f"stopping rule undiscovered-at-most: number must not be negative, got {self.number!r}"
            raise ConfigError(msg)

    def decide(self, history: Sequence[Look]) -> StopDecision:
        """
        Return whether the upper limit of the undiscovered targets is small enough.

        Half of the risk goes to what the last look says by itself if it is a try, half to what all looks together say of the
        number of targets; the better limit counts.

        Parameters
        ----------
        history : sequence of Look
            The oldest first.

        Returns
        -------
        StopDecision
            Stop if the limit is ``number`` or less.
        """
        if (reason := _nothing_known(history)) is not None:
            return StopDecision(stop=False, reason=reason)
        tries = tried(history, self._is_near)
        limit = max(_limits(history, tries, self.alpha, self.assumption)[1] - _n_missed_seen(history[-1]), 0.0)
        told = _on_what(history, tries, self.alpha, self.assumption)
        reason = f"at most {ceil(limit):,} targets are neither labeled nor predicted ({told}); {self.number:,} are allowed"
        return StopDecision(limit <= self.number, reason)

    def _is_near(self, look: Look) -> bool:
        missed = total_estimate(look.misses)
        return missed is not None and missed - _n_missed_seen(look) <= self.number


NO_AUDIT = "there is no audit yet"
"""Why no rule stops before the first look."""

CUT_SHORT = "this iteration was closed with questions open, and whoever does so may choose what counts; the next one decides"
"""Why a rule that promises something does not stop at a look that was cut short."""

NO_STRATA = "the audit was not drawn from the whole pool, so nothing is known of the recall; set audit.design to 'strata'"
"""Why a rule about the recall does not stop."""


def tried(history: Sequence[Look], is_near: Callable[[Look], bool]) -> int:
    """
    Return which try the last look is.

    Parameters
    ----------
    history : sequence of Look
        The oldest first.
    is_near : callable
        Says of a look whether its estimate has met the goal, so that the look after it is a try.

    Returns
    -------
    int
        Its number from 1; 0 if it is none, as the first look always is.
    """
    before = [is_near(look) for look in history[:-1]]
    return sum(before) if before and before[-1] else 0


def spent(alpha: float, number: int) -> float:
    r"""
    Return the risk that a try may take.

    Parameters
    ----------
    alpha : float
        Risk of all tries together.
    number : int
        Number of the try, from 1; 0 for a look that is none.

    Returns
    -------
    float
        :math:`\alpha / (k (k + 1))`, which sums to :math:`\alpha`; 0 without a try.
    """
    return alpha / (number * (number + 1)) if number else 0.0


def targets_upper(history: Sequence[Look], alpha: float, *, monotone: bool = False) -> float:
    """
    Return an upper limit of all targets of the pool, from all audits together.

    The number of targets does not change while the campaign goes on, so that each audit, whatever the network, tells of the
    same number: those known before, and those in its strata.

    Parameters
    ----------
    history : sequence of Look
        The oldest first; those whose audit was not drawn from the whole population say nothing.
    alpha : float
        Probability with which a limit of this or of any other iteration may lie below the truth.
    monotone : bool
        Take for granted that the share of targets does not rise as the score falls.

    Returns
    -------
    float
        Number of targets, those known included; infinite if no audit tells of it.
    """
    known = looks_at_strata(history)
    return total_upper_of_looks([(look.n_found, _counts(look)) for look in known], alpha, monotone=monotone)


def _nothing_known(history: Sequence[Look]) -> str | None:
    # Why the last look tells nothing of the recall that a promise could rest on; None if it does.
    if not history:
        return NO_AUDIT
    if not (history[-1].hits or history[-1].misses):
        return NO_STRATA
    return CUT_SHORT if history[-1].n_open else None


def _counts(look: Look) -> tuple[StratumCount, ...]:
    # Of a look that was cut short, every missing label is the worst: else events could be left out by closing before them.
    counts = (*look.hits, *look.misses)
    return tuple(count.if_missing(is_event=True) for count in counts) if look.n_open else counts


def _limits(history: Sequence[Look], number: int, alpha: float, assumption: str) -> tuple[float, float]:
    # Of the targets that are known or hit at least, and of those that are missed at most: together at the risk of the rule.
    look, monotone = history[-1], assumption == "monotone"
    n_targets = targets_upper(history, alpha / 2 * (1 - HIT_SHARE), monotone=monotone)
    if not number:
        found: float = look.n_found + sum(count.n_events for count in look.hits)
        return found, max(n_targets - found, 0.0)
    risk = spent(alpha, number) / 2
    found = look.n_found + total_lower(look.hits, risk * HIT_SHARE)
    alone = total_upper(look.misses, risk * (1 - HIT_SHARE), monotone=monotone)
    return found, max(min(alone, n_targets - found), 0.0)


def _n_missed_seen(look: Look) -> int:
    return sum(count.n_events for count in look.misses)


def _on_what(history: Sequence[Look], number: int, alpha: float, assumption: str = "none") -> str:
    taken = "" if assumption == "none" else ", taking for granted that the share of targets does not rise as the score falls"
    if number:
        return f"try {number}, risk {alpha:g} over all tries{taken}"
    before = "there is no estimate before" if len(history) < 2 else "the estimate before was not that good"
    return f"no try, as {before}{taken}"


def _require_assumption(rule: str, assumption: str) -> None:
    if assumption not in ASSUMPTIONS:
        msg = f"stopping rule {rule}: assumption must be one of {', '.join(ASSUMPTIONS)}, got {assumption!r}"
        raise ConfigError(msg)
