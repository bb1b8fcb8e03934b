"""When the questions end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from spectrove import registry
from spectrove.errors import ConfigError
from spectrove.evaluate import Paper2020Rule, StopDecision, estimate_precision
from spectrove.testing import check_stopping_rule


def look(n_correct, n=30):
    """Return the estimate of one iteration; None stands for an audit without answers."""
    answers = [None] * n if n_correct is None else ["target"] * n_correct + ["other"] * (n - n_correct)
    return estimate_precision(["target"] * n, answers, 4161, ("target",))


def test_the_rule_of_the_paper_stops_at_the_third_estimate_above_80_percent_in_a_row_or_not():
    history = [look(n) for n in (3, 25, 20, 26, 12, 25)]

    decisions = [Paper2020Rule().decide(history[:end]).stop for end in range(len(history) + 1)]

    assert decisions == [False] * 6 + [True]


def test_an_estimate_at_the_threshold_is_not_above_it():
    assert not Paper2020Rule(times=1).decide([look(24)]).stop
    assert Paper2020Rule(times=1).decide([look(25)]).stop
    assert not Paper2020Rule(threshold=0.7, times=1).decide([look(21)]).stop


def test_the_reason_says_which_iterations_count():
    decision = Paper2020Rule(threshold=0.8, times=2).decide([look(10), look(27), look(None), look(28)])

    assert decision.reason == "the estimated precision exceeded 0.8 in 2 of 4 iterations (number 1, 3); 2 are needed to stop"


@given(st.lists(st.one_of(st.none(), st.integers(0, 30)), max_size=20), st.integers(1, 4))
def test_once_stopped_the_rule_stays_stopped(counts, times):
    rule = Paper2020Rule(times=times)
    stops = [rule.decide([look(n) for n in counts[:end]]).stop for end in range(len(counts) + 1)]

    assert stops == sorted(stops)
    assert stops[-1] == (sum(n is not None and n > 24 for n in counts) >= times)


@pytest.mark.parametrize(("precision", "expected"), [(0.75, 0.74), (0.70, 0.16)])
def test_the_rule_stops_as_often_by_luck_as_the_binomial_distribution_says(precision, expected):
    """Within 18 iterations of 30 labels, at a true precision below the threshold."""
    above = binom.sf(24, 30, precision)
    assert binom.sf(2, 18, above) == pytest.approx(expected, abs=0.01)

    generator = np.random.default_rng(18)
    estimates = [look(n) for n in range(31)]
    fired = [Paper2020Rule().decide([estimates[n] for n in generator.binomial(30, precision, size=18)]).stop for _ in range(1000)]
    assert np.mean(fired) == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 1000) + 0.01)


@pytest.mark.parametrize("settings", [{"threshold": 1.0}, {"threshold": -0.1}, {"threshold": float("nan")}, {"times": 0}])
def test_settings_with_which_the_rule_stops_at_once_or_never_are_refused(settings):
    with pytest.raises(ConfigError, match=r"stopping rule paper-2020: (threshold|times) must"):
        Paper2020Rule(**settings)


@pytest.mark.parametrize("name", registry.names("spectrove.stopping"))
def test_every_rule_that_is_installed_keeps_the_contract_of_its_group(name):
    check_stopping_rule(registry.load("spectrove.stopping", name)())


class _Rule:
    def __init__(self, decide):
        self.decide = decide


class _Counts:
    asked = 0

    def decide(self, history):
        self.asked += 1
        return StopDecision(stop=bool(history) and self.asked > 5, reason="asked often enough")


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (_Rule(lambda history: StopDecision(stop=True, reason="tired")), "before the first estimate, but says 'tired'"),
        (_Rule(lambda history: StopDecision(stop=False, reason=" ")), "give the reason"),
        (_Rule(lambda history: False), "return a StopDecision, got bool"),
        (_Rule(lambda history: history.clear() or StopDecision(stop=False, reason="new")), "must not change the history"),
        (_Counts(), "whatever it was asked before"),
    ],
)
def test_the_contract_catches_a_broken_rule(broken, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_stopping_rule(broken)


def test_the_rule_of_the_paper_is_found_by_its_name():
    assert registry.load("spectrove.stopping", "paper-2020") is Paper2020Rule
