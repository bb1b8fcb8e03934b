"""When to stop asking: rules that look at the precision estimated so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from spectrove.errors import ConfigError
from spectrove.evaluate.performance import PrecisionEstimate


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

    def decide(self, history: Sequence[PrecisionEstimate]) -> StopDecision:
        """
        Return whether to stop, and why or why not.

        Parameters
        ----------
        history : sequence of PrecisionEstimate
            One estimate for each iteration so far, the oldest first.

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

    def decide(self, history: Sequence[PrecisionEstimate]) -> StopDecision:
        """
        Return whether the estimated precision has exceeded the threshold often enough.

        Parameters
        ----------
        history : sequence of PrecisionEstimate
            One estimate for each iteration, the oldest first; one without answers does not count.

        Returns
        -------
        StopDecision
            Stop if at least ``times`` estimates lie above ``threshold``.
        """
        above = [look for look, past in enumerate(history) if past.estimate is not None and past.estimate > self.threshold]
        stop = len(above) >= self.times
        where = f" (number {', '.join(map(str, above))})" if above else ""
        reason = (
            f"the estimated precision exceeded {self.threshold:g} in {len(above)} of {len(history)} iterations{where}; "
            f"{self.times} are needed to stop"
        )
        return StopDecision(stop, reason)
