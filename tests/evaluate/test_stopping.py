"""When the questions end."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from spectrove import registry
from spectrove.errors import ConfigError
from spectrove.evaluate import (
    Budget,
    Look,
    Paper2020Rule,
    Plateau,
    PrecisionAtLeast,
    RecallAtLeast,
    StopDecision,
    StratumCount,
    UndiscoveredAtMost,
    estimate_precision,
    recall_lower,
    total_upper,
)
from spectrove.evaluate.recall import HIT_SHARE
from spectrove.evaluate.stopping import NO_STRATA, spent, targets_upper, tried
from spectrove.testing import check_stopping_rule

OPTIONS = {"budget": {"answers": 300}, "undiscovered-at-most": {"number": 10}}
"""What the rules that need some are made with."""


def look(n_correct=0, n=30, **facts):
    """Return the look of one iteration at 4161 predicted targets; None stands for an audit without answers."""
    answers = [None] * n if n_correct is None else ["target"] * n_correct + ["other"] * (n - n_correct)
    precision = estimate_precision(["target"] * n, answers, facts.pop("n_predicted", 4161), ("target",))
    return Look(**{"iteration": 0, "precision": precision, **facts})


def look_at_strata(n_hit=95, n_missed=(0, 0), n_sampled=(200, 800), n_found=50):
    """Return a look at 1000 predicted targets and 9000 others; of those, so many in each stratum are targets."""
    misses = zip((1000, 8000), n_sampled, n_missed, strict=True)
    return look(
        n_hit,
        100,
        n_predicted=1000,
        n_found=n_found,
        hits=(StratumCount("predicted", 1000, 100, 100, n_hit),),
        misses=tuple(StratumCount(f"others {size}", size, n, n, n_events) for size, n, n_events in misses),
    )


# -- the rule of the paper ------------------------------------------------------------------------------------------------------


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
    assert Paper2020Rule().false_stop_probability(precision, 30, 18) == pytest.approx(binom.sf(2, 18, above), rel=1e-9)

    generator = np.random.default_rng(18)
    looks = [look(n) for n in range(31)]
    fired = [Paper2020Rule().decide([looks[n] for n in generator.binomial(30, precision, size=18)]).stop for _ in range(1000)]
    assert np.mean(fired) == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 1000) + 0.01)


@given(st.integers(1, 60), st.sampled_from([0.5, 0.7, 0.8, 0.9]), st.integers(1, 3))
def test_the_rule_counts_the_labels_that_exceed_its_threshold_as_it_decides(n_labels, threshold, times):
    rule = Paper2020Rule(threshold=threshold, times=times)
    enough = [n for n in range(n_labels + 1) if rule.decide([look(n, n_labels)] * times).stop]
    above = binom.sf(min(enough) - 1, n_labels, 0.6) if enough else 0.0
    assert rule.false_stop_probability(0.6, n_labels, times) == pytest.approx(above**times, rel=1e-9)
    assert rule.false_stop_probability(0.6, n_labels, times - 1) == pytest.approx(0, abs=1e-12)


# -- promises -------------------------------------------------------------------------------------------------------------------


def test_the_risks_of_all_tries_add_up_to_alpha():
    assert sum(spent(0.05, number) for number in range(1, 10_000)) == pytest.approx(0.05 * (1 - 1 / 10_000))
    assert spent(0.05, 1) == 0.025


def test_a_look_is_a_try_if_the_look_before_it_met_the_goal():
    history = [look(n) for n in (10, 25, 30, 3, 30, None, 30)]
    near = PrecisionAtLeast(goal=0.8)._is_near

    assert [tried(history[:end], near) for end in range(len(history) + 1)] == [0, 0, 0, 1, 2, 0, 3, 0]


def test_the_precision_is_promised_by_the_lower_limit_at_the_risk_of_the_try():
    rule = PrecisionAtLeast(goal=0.8, alpha=0.1)
    history = [look(30), look(29), look(28)]

    first, second = rule.decide(history[:2]), rule.decide(history)

    assert first.stop
    assert first.reason == (
        f"the precision is at least {history[1].precision.lower_at(0.05):.3f} (try 1, risk 0.1 over all tries); 0.8 is wished"
    )
    assert not second.stop
    assert f"at least {history[2].precision.lower_at(0.1 / 6):.3f} (try 2, " in second.reason


def test_at_a_look_that_is_no_try_only_what_the_labels_prove_counts_and_it_is_said_why():
    rule = PrecisionAtLeast(goal=0.8)
    assert rule.decide([]).reason == "there is no audit yet"
    assert rule.decide([look(30)]).reason == (
        f"the precision is at least {30 / 4161:.3f} (no try, as there is no estimate before); 0.8 is wished"
    ), "30 labels can be enough at a first try"
    assert "(no try, as the estimate before was not that good)" in rule.decide([look(3), look(30)]).reason
    assert rule.decide([look(25, n_predicted=30)]).stop, "all of them were looked at, so that there is nothing to be wrong about"
    assert not rule.decide([look(23, n_predicted=30)]).stop


@pytest.mark.parametrize("n_before", [0, 1, 4])
@pytest.mark.parametrize("asked", [{}, {"n_asked": 1000, "n_asked_answered": 1000, "n_asked_correct": 1000}])
def test_it_is_said_how_many_labels_the_goal_needs_at_least(n_before, asked):
    rule = PrecisionAtLeast(goal=0.8)
    few = look(2, 5)
    history = [look(30)] * n_before + [replace(few, precision=replace(few.precision, **asked))]
    reason = rule.decide(history).reason
    n = int(re.search(r"0.8 is wished, for which the next try needs (\d+) labels of predicted targets", reason)[1])

    def limit(n_labels):
        return replace(look(n_labels, n_labels).precision, **asked).lower_at(spent(0.05, n_before + 1))

    assert limit(n) >= 0.8 > limit(n - 1)
    enough = look(n - 1, n)
    assert "for which" not in rule.decide([*history[:-1], replace(enough, precision=replace(enough.precision, **asked))]).reason


def stopped(stops, histories):
    """Return the share of histories at some look of which a decision is to stop."""
    return np.mean([any(stops(history[:end]) for end in range(1, len(history) + 1)) for history in histories])


@pytest.mark.parametrize("n", [30, 200])
def test_just_under_the_goal_the_rule_stops_falsely_less_often_than_it_says_in_20_looks(n):
    looks = [look(count, n) for count in range(n + 1)]
    drawn = np.random.default_rng(n).binomial(n, 0.799, (400, 20))
    histories = [[looks[count] for count in counts] for counts in drawn]
    rule = PrecisionAtLeast(goal=0.8, alpha=0.05)

    assert stopped(lambda history: rule.decide(history).stop, histories) <= 0.05
    assert stopped(lambda history: history[-1].precision.lower_at(0.05) >= 0.8, histories) > 0.3, "what it would be by each look"


def test_a_precision_above_the_goal_is_seen_in_time():
    looks = [look(count, 100) for count in range(101)]
    drawn = np.random.default_rng(3).binomial(100, 0.95, (200, 5))
    rule = PrecisionAtLeast(goal=0.8, alpha=0.05)

    assert stopped(lambda history: rule.decide(history).stop, [[looks[n] for n in counts] for counts in drawn]) > 0.99


PROMISING = {
    "recall none": RecallAtLeast(goal=0.5),
    "recall monotone": RecallAtLeast(goal=0.5, assumption="monotone"),
    "undiscovered none": UndiscoveredAtMost(number=500),
    "undiscovered monotone": UndiscoveredAtMost(number=500, assumption="monotone"),
}


@pytest.mark.parametrize("rule", PROMISING.values(), ids=PROMISING)
def test_rules_about_the_recall_stop_where_the_audit_was_drawn_from_the_whole_pool_and_say_why_not_elsewhere(rule):
    by_strata = look_at_strata()

    assert not rule.decide([by_strata]).stop, "the first look is no try"
    assert "no try, as there is no estimate before" in rule.decide([by_strata]).reason
    assert rule.decide([by_strata] * 2).stop
    assert rule.decide([by_strata, look(100, 100)]) == StopDecision(stop=False, reason=NO_STRATA)
    assert rule.decide([]) == StopDecision(stop=False, reason="there is no audit yet")
    assert "audit.design" in NO_STRATA


def told(decision):
    """Return the number that a reason begins with."""
    return float(re.search(r"at (?:least|most) ([\d.,]+)", decision.reason)[1].replace(",", ""))


@pytest.mark.parametrize("assumption", ["none", "monotone"])
def test_the_recall_is_promised_by_the_better_of_this_look_alone_and_all_together(assumption):
    history, monotone = [look_at_strata(), look_at_strata(n_missed=(0, 0))], assumption == "monotone"
    last, risk = history[-1], 0.05 / 4
    alone = recall_lower(last.hits, last.misses, last.n_found, risk, monotone=monotone)
    together = (1000 * binom_lower(95, 100, risk * HIT_SHARE) + 50) / targets_upper(
        history, 0.025 * (1 - HIT_SHARE), monotone=monotone
    )

    decision = RecallAtLeast(goal=0.99, assumption=assumption).decide(history)

    assert told(decision) == pytest.approx(max(alone, together), abs=5.1e-4)
    assert not decision.stop
    assert ("does not rise as the score falls" in decision.reason) == monotone


def binom_lower(k, n, alpha):
    """Return the share at which so many successes or more are as rare as alpha."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if binom.sf(k - 1, n, middle) < alpha else (low, middle)
    return low


@pytest.mark.parametrize("assumption", ["none", "monotone"])
def test_the_undiscovered_are_at_most_what_this_look_alone_or_all_together_allow_beside_those_just_labeled(assumption):
    history, monotone = [look_at_strata(), look_at_strata(n_missed=(1, 0))], assumption == "monotone"
    alone = total_upper(history[-1].misses, 0.05 / 4 * (1 - HIT_SHARE), monotone=monotone)
    found = 1000 * binom_lower(95, 100, 0.05 / 4 * HIT_SHARE) + 50
    together = targets_upper(history, 0.025 * (1 - HIT_SHARE), monotone=monotone) - found

    decision = UndiscoveredAtMost(number=5, assumption=assumption).decide(history)

    assert told(decision) == np.ceil(min(alone, together) - 1)
    assert not decision.stop
    assert ("does not rise as the score falls" in decision.reason) == monotone


@pytest.mark.parametrize("kind", [RecallAtLeast, lambda **options: UndiscoveredAtMost(number=1, **options)])
def test_who_takes_more_for_granted_is_told_no_less(kind):
    history = [look_at_strata(n_sampled=(600, 3))] * 3
    limits = [told(kind(assumption=assumption).decide(history)) for assumption in ("none", "monotone")]
    assert limits == sorted(limits, reverse=kind is not RecallAtLeast)
    assert limits[0] != limits[1]


def test_more_looks_at_the_same_targets_tell_more():
    rule = UndiscoveredAtMost(number=0, alpha=0.05)
    known = (StratumCount("predicted", 100, 100, 100, 95),)
    looks = [replace(look_at_strata(n_sampled=(50, 50)), hits=known)] * 8
    short, long = (told(rule.decide(looks[:end])) for end in (2, 8))
    assert long < short / 2, "though the eighth look alone is tried at a smaller risk"


@pytest.mark.parametrize("assumption", ["none", "monotone"])
def test_at_a_look_that_is_no_try_all_looks_together_say_what_they_say_at_any(assumption):
    rule, monotone = RecallAtLeast(goal=0.99, assumption=assumption), assumption == "monotone"
    history = [look_at_strata(n_missed=(9, 0)), look_at_strata()]
    whole = targets_upper(history, 0.025 * (1 - HIT_SHARE), monotone=monotone)
    decision = rule.decide(history)
    assert "no try, as the estimate before was not that good" in decision.reason
    assert told(decision) == pytest.approx((50 + 95) / whole, abs=5.1e-4)
    undiscovered = UndiscoveredAtMost(number=0, assumption=assumption).decide(history)
    assert told(undiscovered) == np.ceil(whole - 50 - 95)


def test_a_population_that_was_looked_at_as_a_whole_needs_no_try():
    known = {"hits": (StratumCount("predicted", 30, 30, 30, 27),), "misses": (StratumCount("others 1", 70, 70, 70, 3),)}
    history = [look(27, n_predicted=30, **known)]
    assert RecallAtLeast(goal=0.9).decide(history).stop
    assert not RecallAtLeast(goal=0.91).decide(history).stop
    assert UndiscoveredAtMost(number=0).decide(history).stop, "the three that were missed are labeled now"


def test_a_population_of_predicted_targets_alone_has_nothing_undiscovered():
    everything = look(100, 100, n_predicted=1000, n_found=50, hits=(StratumCount("predicted", 1000, 100, 100, 100),))
    assert UndiscoveredAtMost(number=0).decide([everything] * 2).stop
    assert RecallAtLeast(goal=0.9).decide([everything] * 2).stop


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        (PrecisionAtLeast, {"goal": 1.0}),
        (PrecisionAtLeast, {"alpha": 0.0}),
        (RecallAtLeast, {"goal": 80}),
        (RecallAtLeast, {"alpha": float("nan")}),
        (RecallAtLeast, {"assumption": "monotonic"}),
        (UndiscoveredAtMost, {"number": -1}),
        (UndiscoveredAtMost, {"number": 1, "alpha": 1}),
        (UndiscoveredAtMost, {"number": 1, "assumption": "all"}),
        (Budget, {}),
        (Budget, {"answers": 0}),
        (Budget, {"answers": 10, "iterations": 0}),
        (Plateau, {"looks": 0}),
        (Plateau, {"share": 1.0}),
        (Paper2020Rule, {"threshold": 1.0}),
        (Paper2020Rule, {"threshold": -0.1}),
        (Paper2020Rule, {"threshold": float("nan")}),
        (Paper2020Rule, {"times": 0}),
    ],
)
def test_options_with_which_a_rule_stops_at_once_or_never_are_refused(rule, options):
    with pytest.raises(ConfigError, match=rf"^stopping rule [a-z\d-]+: .*(must|got).*{next(reversed(options.values()), None)!r}"):
        rule(**options)


# -- budget and plateau ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (Budget(answers=300), [False, False, False, True]),
        (Budget(iterations=2), [False, False, True, True]),
        (Budget(answers=300, iterations=2), [False, False, True, True]),
        (Budget(answers=100, iterations=2), [False, True, True, True]),
    ],
)
def test_a_budget_is_spent_with_its_last_answer_or_its_last_iteration(budget, expected):
    history = [look(n_answers=130 * number) for number in (1, 2, 3)]
    assert [budget.decide(history[:end]).stop for end in range(4)] == expected


def test_a_budget_says_how_much_of_it_is_spent():
    reason = Budget(answers=2000, iterations=20).decide([look(n_answers=1300)]).reason
    assert reason == "1,300 of 2,000 answers and 1 of 20 iterations of the budget are spent"


def test_a_plateau_is_reached_when_few_predictions_changed_several_times_in_a_row():
    rule = Plateau(looks=2, share=0.01)  # of 4161 predicted targets: 41
    history = [look(n_changed=n) for n in (None, 0, 42, 41, 3)]
    decisions = [rule.decide(history[:end]) for end in range(6)]
    assert [decision.stop for decision in decisions] == [False] * 5 + [True]
    assert decisions[1].reason.startswith("nothing to compare with yet; 0 iterations in a row changed at most 1.0%")
    assert decisions[-1].reason == (
        "3 predictions changed in the last iteration; 2 iterations in a row changed at most 1.0% of the predicted targets, "
        "2 are needed to stop"
    )


# -- the contract ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", registry.names("spectrove.stopping"))
def test_every_rule_that_is_installed_keeps_the_contract_of_its_group(name):
    check_stopping_rule(registry.load("spectrove.stopping", name)(**OPTIONS.get(name, {})))


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
        (_Rule(lambda history: StopDecision(stop=True, reason="tired")), "before the first look, but says 'tired'"),
        (_Rule(lambda history: StopDecision(stop=False, reason=" ")), "give the reason"),
        (_Rule(lambda history: False), "return a StopDecision, got bool"),
        (_Rule(lambda history: history.clear() or StopDecision(stop=False, reason="new")), "must not change the history"),
        (_Counts(), "whatever it was asked before"),
    ],
)
def test_the_contract_catches_a_broken_rule(broken, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_stopping_rule(broken)


@pytest.mark.parametrize(
    ("decide", "error"),
    [
        (lambda history: StopDecision(bool(history) and history[-1].misses[0].n_events > 9, "not yet"), IndexError),
        (lambda history: StopDecision(bool(history) and history[-1].precision.estimate > 0.9, "not yet"), TypeError),
    ],
)
def test_the_contract_tries_rules_on_looks_without_strata_and_without_answers(decide, error):
    with pytest.raises(error):
        check_stopping_rule(_Rule(decide))


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("paper-2020", Paper2020Rule),
        ("precision-at-least", PrecisionAtLeast),
        ("recall-at-least", RecallAtLeast),
        ("undiscovered-at-most", UndiscoveredAtMost),
        ("budget", Budget),
        ("plateau", Plateau),
    ],
)
def test_the_rules_are_found_by_their_names(name, rule):
    assert registry.load("spectrove.stopping", name) is rule


# -- a round that was closed with questions open --------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [PrecisionAtLeast(0.5), RecallAtLeast(0.1), UndiscoveredAtMost(9000)])
def test_a_promise_is_not_given_at_a_round_that_was_cut_short(rule):
    history = [replace(look_at_strata(), iteration=number) for number in range(4)]
    assert rule.decide(history).stop
    decision = rule.decide([*history[:-1], replace(history[-1], n_open=1)])
    assert not decision.stop
    assert "questions open" in decision.reason


def test_what_was_left_open_counts_as_the_worst_in_the_limits_of_all_looks():
    """As if whoever closed the round had seen that the missing ones are targets."""
    whole = look_at_strata()
    short = replace(whole, n_open=60, misses=(whole.misses[0], replace(whole.misses[1], n_answered=740)))
    seen = replace(whole, misses=(whole.misses[0], replace(whole.misses[1], n_events=60)))
    limits = [targets_upper([whole, one, whole], 0.05) for one in (whole, short, seen)]
    assert limits[0] < limits[1] == limits[2]
