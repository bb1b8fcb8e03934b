"""
Contracts that plug-ins keep, for the tests of whoever writes one.

Each function takes a plug-in, tries it on small cases, and raises `AssertionError` with one sentence if it breaks its contract::

    def test_my_strategy_keeps_the_contract():
        check_strategy(my_strategy)
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spectrove.contracts import FloatArray
from spectrove.evaluate import Look, StopDecision, StoppingRule, StratumCount, estimate_precision
from spectrove.query import Strategy
from spectrove.surveys import Reader, SurveyFile

if TYPE_CHECKING:
    import torch

SHAPES = ((0, 3), (1, 3), (50, 2), (50, 3), (50, 7))
"""Numbers of spectra and classes that a strategy is tried on."""


def check_reader(reader: Reader, own: Sequence[Path], foreign: Sequence[Path]) -> None:
    """
    Check that a reader takes its own files and says why it declines others.

    A reader has a name and a title. To a foreign file it says the reason, one clause without a final stop; it takes its own
    and reads at least one spectrum from each, with ids that differ, and the same ones when the file is read again.

    Parameters
    ----------
    reader : Reader
        What an entry point of ``spectrove.formats`` names.
    own : sequence of Path
        Files in the reader's layout.
    foreign : sequence of Path
        Files of any other kind.

    Raises
    ------
    AssertionError
        If the contract is broken.
    """
    _require(bool(reader.name and reader.title), "a reader must have a name and a title")
    for path in foreign:
        with SurveyFile(path) as file:
            reason = reader.decline(file)
        _require(isinstance(reason, str), f"{reader.name} must say why {path} is not its own, but returns {reason!r}")
        _require(bool(reason) and reason == str(reason).strip(" ."), f"a reason must be a clause, got {reason!r} on {path}")
    for path in own:
        ids = _ids(reader, path)
        _require(bool(ids), f"{reader.name} must read at least one spectrum from {path}")
        _require(len(set(ids)) == len(ids), f"the spectra of {path} must have different ids, got {ids}")
        _require(_ids(reader, path) == ids, f"{reader.name} must read the same spectra from {path} when it reads it again")


def _ids(reader: Reader, path: Path) -> list[str]:
    with SurveyFile(path) as file:
        reason = reader.decline(file)
        _require(reason is None, f"{reader.name} must take {path}, but declines it: {reason}")
        return [spectrum.spectrum_id for spectrum in reader.read(file)]


def check_network(network_class: Callable[[int, int, torch.Generator | None], torch.nn.Module], n_wave: int = 140) -> None:
    """
    Check that a network classifies each spectrum by itself, and that only its generator decides its weights.

    A network maps features, float32 of shape (n_spectra, n_wave), to finite logits, float32 of shape (n_spectra, n_classes).
    A generator of the same seed gives the same weights, another one gives others, and PyTorch's global generator is left alone.
    Outside training, the logits of a spectrum do not depend on the others of its batch.

    Parameters
    ----------
    network_class : callable
        What an entry point of ``spectrove.models`` names.
    n_wave : int
        Number of points of a spectrum to try it on.

    Raises
    ------
    AssertionError
        If the contract is broken.
    """
    import torch

    def new(seed: int) -> torch.nn.Module:
        return network_class(n_wave, 3, torch.Generator().manual_seed(seed)).eval()

    before = torch.get_rng_state()
    features = torch.rand((5, n_wave), generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.inference_mode():
        logits, again, other = (new(seed)(features) for seed in (1, 1, 2))
        alone = torch.cat([new(1)(features[row : row + 1]) for row in range(len(features))])
    _require(
        logits.shape == (5, 3) and logits.dtype == torch.float32 and bool(logits.isfinite().all()),
        f"a network must return finite logits, float32 of shape (5, 3), got {logits.dtype} of shape {tuple(logits.shape)}",
    )
    _require(torch.equal(torch.get_rng_state(), before), "a network must not draw from PyTorch's global generator")
    _require(torch.equal(logits, again), "a generator of the same seed must give the same weights, but does not")
    _require(not torch.equal(logits, other), "a generator of another seed must give other weights, but does not")
    _require(
        torch.allclose(logits, alone, rtol=1e-4, atol=1e-5),
        "the logits of a spectrum must not depend on the others of its batch, but do",
    )


def check_strategy(strategy: Strategy) -> None:
    """
    Check that a strategy gives every spectrum a number of its own.

    A strategy takes probabilities of shape (n_spectra, n_classes), in single or double precision and with rows as extreme as
    (1, 0, 0), leaves them as they are, and returns finite utilities of shape (n_spectra,). It gives the same utilities for
    the same probabilities, and a spectrum keeps its utility when the rows change their order and when others are absent: pools
    are taken block by block.

    Parameters
    ----------
    strategy : callable
        What an entry point of ``spectrove.strategies`` names.

    Raises
    ------
    AssertionError
        If the contract is broken.
    """
    generator = np.random.default_rng(1)
    for n_spectra, n_classes in SHAPES:
        for precision in (np.float32, np.float64):
            drawn = generator.dirichlet(np.full(n_classes, 0.3), size=n_spectra)
            probabilities: FloatArray = drawn.astype(precision)
            probabilities[: n_spectra // 10] = np.eye(n_classes)[0]
            _check_utilities(strategy, probabilities, generator.permutation(n_spectra))


def _check_utilities(strategy: Strategy, probabilities: FloatArray, order: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    before = probabilities.copy()
    utilities = strategy(probabilities)
    where = f"for {probabilities.dtype} probabilities of shape {probabilities.shape}"
    _require(np.array_equal(probabilities, before), f"a strategy must not change its argument, but it did {where}")
    _require(
        isinstance(utilities, np.ndarray) and utilities.shape == probabilities.shape[:1],
        f"a strategy must return an array of shape {probabilities.shape[:1]}, got {np.shape(utilities)} {where}",
    )
    _require(
        np.issubdtype(utilities.dtype, np.floating) and bool(np.isfinite(utilities).all()),
        f"utilities must be finite floating-point numbers, but they are not {where}",
    )
    _require(
        np.array_equal(strategy(probabilities), utilities),
        f"the same probabilities must get the same utilities, but do not {where}",
    )
    _require(
        np.allclose(strategy(probabilities[order]), utilities[order], rtol=1e-6, atol=1e-9),
        f"a spectrum must keep its utility when the rows change their order, but does not {where}",
    )
    part = order[: max(1, order.size // 3)]
    _require(
        np.allclose(strategy(probabilities[part]), utilities[part], rtol=1e-6, atol=1e-9),
        f"a spectrum must keep its utility when other rows are absent, but does not {where}",
    )


def check_stopping_rule(rule: StoppingRule) -> None:
    """
    Check that a stopping rule decides on any history, says why, and remembers nothing.

    A rule takes the looks of the iterations so far, the oldest first, leaves them as they are, and returns a `StopDecision`
    whose reason is a sentence. It gives the same decision on the same history, whatever it was asked before. It does not stop
    before the first look, and it stands looks without any answer, and audits of the predicted targets alone as well as those
    of the whole pool.

    Parameters
    ----------
    rule : StoppingRule
        An instance of what an entry point of ``spectrove.stopping`` names.

    Raises
    ------
    AssertionError
        If the contract is broken.
    """
    counts: tuple[tuple[int | None, ...], ...] = ((0, 0, 0), (30, 30, 30, 30), (28, 25, None), (10, 25, None, 24, 28, None, 30))
    histories: list[list[Look]] = [[], *(_history(some, by_strata) for some in counts for by_strata in (False, True))]
    first = [_decision(rule, history) for history in histories]
    _require(not first[0].stop, f"a rule must not stop before the first look, but says {first[0].reason!r}")
    again = [_decision(rule, history) for history in reversed(histories)]
    _require(again[::-1] == first, "a rule must decide the same on the same history, whatever it was asked before")


def _history(n_correct: Sequence[int | None], by_strata: bool) -> list[Look]:  # noqa: FBT001 - private, and told by its place
    return [_look(number, count, by_strata) for number, count in enumerate(n_correct)]


def _look(number: int, n_correct: int | None, by_strata: bool) -> Look:  # noqa: FBT001 - private, and told by its place
    answers = [None if n_correct is None else "target" if place < n_correct else "other" for place in range(30)]
    answered = 0 if n_correct is None else 30
    look = Look(
        iteration=number,
        precision=estimate_precision(["target"] * 30, answers, 1000, ("target",)),
        n_found=10 * number,
        n_answers=130 * (number + 1),
        n_unlabeled=100_000 - 130 * number,
        n_changed=100 // number if number else None,
    )
    if not by_strata:
        return look
    return replace(
        look,
        hits=(StratumCount("predicted", 1000, 30, answered, n_correct or 0),),
        misses=(StratumCount("others 1", 1000, 20, answered and 20, answered and 1), StratumCount("others 2", 98_000, 10, 10, 0)),
    )


def _decision(rule: StoppingRule, history: list[Look]) -> StopDecision:
    before = copy.copy(history)
    decision = rule.decide(history)
    _require(history == before, "a rule must not change the history")
    _require(isinstance(decision, StopDecision), f"a rule must return a StopDecision, got {type(decision).__name__}")
    _require(bool(decision.reason.strip()), "a rule must give the reason of its decision")
    return decision


def _require(kept: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not kept:
        raise AssertionError(otherwise)
