"""Several stopping rules as one: joined by ``and``, ``or`` and parentheses."""

from __future__ import annotations

import ast
import difflib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spectrove.errors import ConfigError
from spectrove.evaluate.looks import Look
from spectrove.evaluate.stopping import StopDecision, StoppingRule

NAME = re.compile(r"[^\s()]+")
"""How a word looks: the name of a rule, ``and`` or ``or``."""

WORDS = ("and", "or")
"""What joins rules."""

MOST_PARENTHESES = 50
"""A text with more of them is refused; chosen."""


@dataclass(frozen=True)
class Joined:
    """
    Stops when all of some rules do, or when one of them does.

    Attributes
    ----------
    word : str
        ``and`` or ``or``.
    rules : tuple of StoppingRule
        The rules.
    """

    word: str
    rules: tuple[StoppingRule, ...]

    def decide(self, history: Sequence[Look]) -> StopDecision:
        """
        Return what the rules decide together.

        Parameters
        ----------
        history : sequence of Look
            One for each iteration so far, the oldest first.

        Returns
        -------
        StopDecision
            With the reasons of all of them.
        """
        decisions = [rule.decide(history) for rule in self.rules]
        stop = (all if self.word == "and" else any)(decision.stop for decision in decisions)
        reasons = f"; {self.word} ".join(decision.reason for decision in decisions)
        return StopDecision(stop, f"({reasons})" if self.word == "or" else reasons)


def combine(text: str, options: Mapping[str, Any], load: Callable[[str], Callable[..., StoppingRule]]) -> StoppingRule:
    """
    Return the rule that a text names.

    Parameters
    ----------
    text : str
        A name, or names joined by ``and``, ``or`` and parentheses, such as ``precision-at-least and (plateau or budget)``;
        ``and`` binds more tightly.
    options : mapping
        Of one rule: what it is made with. Of several: such a mapping for each that needs one, by its name.
    load : callable
        Gives the class of a rule by its name.

    Returns
    -------
    StoppingRule
        Ready to decide.

    Raises
    ------
    ConfigError
        If the text cannot be read, an option is unknown, or a rule refuses its options.
    PlugInError
        If ``load`` does not know a name.
    """
    names: list[str] = []

    def placed(match: re.Match[str]) -> str:
        if match[0] in WORDS:
            return match[0]
        names.append(match[0])
        return f"rule_{len(names) - 1}"

    replaced = NAME.sub(placed, text)
    if not names or replaced.count("(") > MOST_PARENTHESES:
        raise _unreadable(text)
    try:
        tree = ast.parse(f"({replaced})", mode="eval").body
    except SyntaxError as error:
        raise _unreadable(text) from error
    if len(names) == 1 and not _is_table_of(names[0], options):
        options = {names[0]: options}
    strangers = sorted(set(options) - set(names))
    if strangers:
        msg = f"stopping.options: {strangers[0]!r} is none of the rules {', '.join(dict.fromkeys(names))}. "
        msg += f"Give each rule a table of its own, such as {{ {names[0]} = {{ … }} }}."
        raise ConfigError(msg)
    return _joined(tree, text, [_made(name, _table(name, options), load) for name in names])


def _is_table_of(name: str, options: Mapping[str, Any]) -> bool:
    return set(options) == {name} and isinstance(options[name], Mapping)


def _joined(tree: ast.expr, text: str, rules: Sequence[StoppingRule]) -> StoppingRule:
    if isinstance(tree, ast.Name):
        return rules[int(tree.id.removeprefix("rule_"))]
    if isinstance(tree, ast.BoolOp):
        word = "and" if isinstance(tree.op, ast.And) else "or"
        return Joined(word, tuple(_joined(part, text, rules) for part in tree.values))
    raise _unreadable(text)


def _table(name: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
    table = options.get(name, {})
    if not isinstance(table, Mapping):
        msg = f"stopping.options: {name} needs a table of its options, got {table!r}"
        raise ConfigError(msg)
    return table


def _made(name: str, options: Mapping[str, Any], load: Callable[[str], Callable[..., StoppingRule]]) -> StoppingRule:
    rule = load(name)
    known = list(inspect.signature(rule).parameters)
    for option in options:
        if option not in known:
            near = difflib.get_close_matches(option, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            msg = f"stopping rule {name}: unknown option {option!r}; {hint}"
            raise ConfigError(msg)
    try:
        return rule(**options)
    except TypeError as error:
        msg = f"stopping rule {name}: its options cannot be used ({error}). Correct stopping.options."
        raise ConfigError(msg) from error


def _unreadable(text: str) -> ConfigError:
    msg = f"stopping.rule: {text!r} cannot be read. Join names of rules by 'and', 'or' and parentheses."
    return ConfigError(msg)
