"""Several rules as one."""

from __future__ import annotations

from functools import partial
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove import registry
from spectrove.errors import ConfigError, PlugInError
from spectrove.evaluate import Budget, Look, Paper2020Rule, PrecisionAtLeast, StopDecision, combine, estimate_precision
from spectrove.testing import check_stopping_rule

load = partial(registry.load, "spectrove.stopping")

LOOK = Look(0, estimate_precision(["target"], ["target"], 10, ("target",)))


class Says:
    """A rule that decides as it is told."""

    def __init__(self, stop=False, word="said"):  # noqa: FBT002 - a setting, as in a file
        self.decision = StopDecision(stop, word)

    def decide(self, history):
        return self.decision


def decided(text, **stops):
    """Return what rules that decide so decide together."""
    return combine(text, {name: {"stop": stop, "word": name} for name, stop in stops.items()}, lambda name: Says).decide([LOOK])


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a", lambda a, b, c: a),
        ("(a)", lambda a, b, c: a),
        ("a and b", lambda a, b, c: a and b),
        ("a or b", lambda a, b, c: a or b),
        ("a or b and c", lambda a, b, c: a or (b and c)),
        ("a and b or c", lambda a, b, c: (a and b) or c),
        ("(a or b) and c", lambda a, b, c: (a or b) and c),
        ("a and (b or c)", lambda a, b, c: a and (b or c)),
        ("((a) and ((b) or (c and a)))", lambda a, b, c: a and (b or (c and a))),
        ("a\n  and b\tand c", lambda a, b, c: a and b and c),
    ],
)
def test_and_binds_more_tightly_than_or_and_parentheses_more_than_both(text, meant):
    for a, b, c in product((False, True), repeat=3):
        stops = {name: value for name, value in {"a": a, "b": b, "c": c}.items() if name in text.replace("and", "")}
        assert decided(text, **stops).stop == meant(a, b, c)


def test_the_reasons_of_all_rules_are_told():
    decision = decided("first and (second or third)", first=True, second=False, third=True)
    assert decision == StopDecision(stop=True, reason="first; and (second; or third)")


def test_a_single_rule_takes_its_options_plainly_or_in_a_table_by_its_name():
    for options in ({"goal": 0.9}, {"precision-at-least": {"goal": 0.9}}):
        assert combine("precision-at-least", options, load) == PrecisionAtLeast(goal=0.9)
    assert combine("paper-2020", {}, load) == Paper2020Rule()


def test_each_of_several_rules_takes_its_own_table_and_one_without_keeps_its_defaults():
    joined = combine("precision-at-least or (paper-2020 and budget)", {"budget": {"answers": 7}}, load)
    assert joined.word == "or"
    assert joined.rules[0] == PrecisionAtLeast()
    assert joined.rules[1].rules == (Paper2020Rule(), Budget(answers=7))


def test_one_rule_may_be_named_twice():
    assert decided("a and (b or a)", a=True, b=False).stop


@pytest.mark.parametrize(
    "text",
    ["", "  ", "()", "and", "a and", "or a", "a b", "a and and b", "(a", "a)", "a (b)", "a()", "(a) (b)", "not a", "a and ()",
     "(" * 51 + "a" + ")" * 51],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_one_sentence(text):
    with pytest.raises(ConfigError, match=r"^stopping.rule: .* cannot be read. Join names of rules by 'and', 'or' and parenth"):
        combine(text, {}, lambda name: Says)


@given(st.text(alphabet="ab()&|,#.'\\\" \n-01", max_size=20))
def test_no_text_does_anything_but_name_rules_or_be_refused(text):
    named = []

    def note(name):
        named.append(name)
        return Says

    try:
        rule = combine(text, {}, note)
    except ConfigError:
        return
    assert named == text.replace("(", " ").replace(")", " ").split()
    assert rule.decide([]).stop is False


@pytest.mark.parametrize("text", ["precision-atleast", "plateau and precision-atleast", "budget or # plateau"])
def test_an_unknown_name_is_told_with_the_nearest_one(text):
    hint = "there are budget" if "#" in text else "did you mean 'precision-at-least'"
    with pytest.raises(PlugInError, match=rf"no plug-in is named '(precision-atleast|#)'; {hint}"):
        combine(text.replace("#", "# and"), {"budget": {"answers": 1}} if "budget" in text else {}, load)


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        ("paper-2020", {"treshold": 0.5}, r"stopping rule paper-2020: unknown option 'treshold'; did you mean 'threshold'\?"),
        ("paper-2020", {"zzz": 0.5}, r"stopping rule paper-2020: unknown option 'zzz'; there are threshold, times"),
        ("paper-2020", {"times": "often"}, r"paper-2020: its options cannot be used \(.*\). Correct stopping.options"),
        ("undiscovered-at-most", {}, r"stopping rule undiscovered-at-most: its options cannot be used .*'number'"),
        ("budget and plateau", {"budget": {"answer": 5}}, r"rule budget: unknown option 'answer'; did you mean 'answers'"),
        ("budget and plateau", {"paper-2020": {"times": 5}}, r"'paper-2020' is none of the rules budget, plateau\. Give each"),
        ("budget and plateau", {"answers": 5}, r"'answers' is none of the rules budget, plateau\. Give each rule a table"),
        ("budget and plateau", {"budget": 5}, r"stopping.options: budget needs a table of its options, got 5"),
        ("budget and plateau", {"budget": {"answers": 0}}, r"stopping rule budget: answers or iterations must be given"),
    ],
)
def test_options_that_a_rule_does_not_take_are_refused(text, options, sentence):
    with pytest.raises(ConfigError, match=sentence):
        combine(text, options, load)


def test_joined_rules_keep_the_contract_of_a_rule():
    check_stopping_rule(combine("(precision-at-least and recall-at-least) or paper-2020", {}, load))
