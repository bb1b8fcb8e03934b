"""How good the predictions are, and how well that is known: precision, recall, their limits, the confusion matrix."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from spectrove.contracts import FloatArray, IntArray
from spectrove.evaluate.intervals import clopper_pearson, lower_limit


@dataclass(frozen=True)
class PrecisionEstimate:
    """
    The precision of a set of predicted targets, estimated from a simple random sample of it.

    Where some of the set were asked about anyway, the sample is one of the others, and the two are added up.

    Every attribute is a plain number or text, so that ``dataclasses.asdict`` writes an estimate to JSON and
    ``PrecisionEstimate(**fields)`` reads it back.

    Attributes
    ----------
    n_predicted : int
        Size of the population: all spectra predicted to be targets and not labeled yet.
    n_sampled : int
        Number of them drawn.
    n_answered : int
        Number of drawn spectra with a label.
    n_abstained : int
        Number of drawn spectra without one: the expert abstained, or the question was left open.
    n_correct : int
        Number of drawn spectra whose label is a target class.
    n_same_class : int
        Number of drawn spectra whose label is the very class that was predicted.
    estimate : float or None
        ``n_correct / n_answered``; None if there is no answer.
    lower, upper : float
        Two-sided limits of the precision, the abstentions left out, as if they were abstained from at random; those of spectra
        asked about anyway count as the worst case.
    worst_lower, worst_upper : float
        Lower limit if every abstention were wrong, upper limit if every abstention were right.
    level : float
        Confidence level of all four limits.
    method : str
        How the numbers came about, in words.
    n_asked : int
        Number of predicted targets asked about anyway, whatever chance says; the other counts leave them out.
    n_asked_answered : int
        How many of those have a label.
    n_asked_correct : int
        How many of those are right.
    """

    n_predicted: int
    n_sampled: int
    n_answered: int
    n_abstained: int
    n_correct: int
    n_same_class: int
    estimate: float | None
    lower: float
    upper: float
    worst_lower: float
    worst_upper: float
    level: float
    method: str
    n_asked: int = 0
    n_asked_answered: int = 0
    n_asked_correct: int = 0

    def lower_at(self, alpha: float) -> float:
        """
        Return a one-sided lower limit of the precision, missing labels treated as in ``lower``.

        Parameters
        ----------
        alpha : float
            Probability with which the limit may lie above the truth.

        Returns
        -------
        float
            Clopper and Pearson's limit, but never below what the labels prove.
        """
        n_rest = self.n_predicted - self.n_asked
        if not self.n_predicted:
            return 0.0
        n_right = max(n_rest * lower_limit(self.n_correct, self.n_answered, alpha), self.n_correct)
        return (self.n_asked_correct + n_right) / self.n_predicted


@dataclass(frozen=True)
class Performance:
    """
    Precision and recall of predictions whose truth is known, targets against the rest.

    Attributes
    ----------
    n_true_positive : int
        Number of predicted targets that are targets.
    n_predicted : int
        Number of predicted targets whose truth is known.
    n_targets : int
        Number of true targets.
    n_unknown : int
        Number of spectra without a truth; they count nowhere else.
    precision, recall : float or None
        ``n_true_positive / n_predicted`` and ``n_true_positive / n_targets``; None where the denominator is 0.
    precision_limits, recall_limits : tuple of float
        Two-sided Clopper-Pearson limits, (lower, upper), each target or prediction taken as an independent trial.
    level : float
        Confidence level of the limits.
    """

    n_true_positive: int
    n_predicted: int
    n_targets: int
    n_unknown: int
    precision: float | None
    recall: float | None
    precision_limits: tuple[float, float]
    recall_limits: tuple[float, float]
    level: float


@dataclass(frozen=True, eq=False)
class ConfusionMatrix:
    """
    Counts of spectra by predicted and actual class, laid out as Table 1 of the paper [1]_.

    Attributes
    ----------
    classes : tuple of str
        Names of the rows and of the columns.
    counts : array of int, shape (n_classes, n_classes)
        Row: predicted class; column: actual class.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, Table 1.
    """

    classes: tuple[str, ...]
    counts: IntArray

    def fractions(self) -> FloatArray:
        """
        Return each count as a fraction of its row, that is of all spectra predicted for a class.

        Returns
        -------
        array of float, shape (n_classes, n_classes)
            Fractions; NaN in the row of a class that was never predicted.
        """
        totals = self.counts.sum(axis=1, keepdims=True)
        fractions: FloatArray = np.divide(self.counts, totals, out=np.full(self.counts.shape, np.nan), where=totals > 0)
        return fractions


def estimate_precision(
    predicted: Sequence[str], answers: Sequence[str | None], n_predicted: int, targets: Collection[str], level: float = 0.95
) -> PrecisionEstimate:
    """
    Return the precision of the predicted targets, estimated from the answers to a simple random sample of them.

    A predicted target is correct if its label is any target class: the paper's eq. 2 counts target spectra against the rest,
    and its Table 1 lists the confusion of single with double peaks apart from the rejected spectra [1]_. The stricter
    count, label and prediction the same class, is ``n_same_class``. Abstentions are left out of the estimate and its limits,
    counted, and bounded by the two worst cases. The limits are Clopper and Pearson's, and never beyond what the labels prove
    of the finite population; where all of it was drawn and answered, the number is exact and they fall together.

    Parameters
    ----------
    predicted : sequence of str
        Predicted class of each drawn spectrum, a target class.
    answers : sequence of str or None
        Label of each drawn spectrum, in the same order; None where the expert abstained or has not answered.
    n_predicted : int
        Number of predicted targets that the sample was drawn from.
    targets : collection of str
        The target classes.
    level : float
        Confidence level of the limits.

    Returns
    -------
    PrecisionEstimate
        Estimate, limits and counts.

    Raises
    ------
    ValueError
        If ``predicted`` and ``answers`` differ in length, a prediction is no target class, the sample is larger than the
        population, or ``level`` does not lie between 0 and 1.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sec. 2.3, 3.4, eq. 2 and Table 1.
    """
    n_sampled = len(predicted)
    if len(answers) != n_sampled:
        msg = f"each drawn spectrum needs one answer or None, got {n_sampled} spectra and {len(answers)} answers"
        raise ValueError(msg)
    if n_sampled > n_predicted:
        msg = f"a sample drawn without replacement cannot be larger ({n_sampled}) than its population ({n_predicted})"
        raise ValueError(msg)
    strangers = sorted(set(predicted) - set(targets))
    if strangers:
        msg = f"the sample must hold predicted targets only ({', '.join(targets)}), got {', '.join(strangers)}"
        raise ValueError(msg)
    n_answered = sum(label is not None for label in answers)
    n_correct = sum(label in targets for label in answers if label is not None)
    n_missing = n_sampled - n_answered
    lower, upper = _limits(n_correct, n_answered, n_predicted, level)
    return PrecisionEstimate(
        n_predicted=n_predicted,
        n_sampled=n_sampled,
        n_answered=n_answered,
        n_abstained=n_missing,
        n_correct=n_correct,
        n_same_class=sum(label == prediction for label, prediction in zip(answers, predicted, strict=True)),
        estimate=n_correct / n_answered if n_answered else None,
        lower=lower,
        upper=upper,
        worst_lower=_limits(n_correct, n_sampled, n_predicted, level)[0],
        worst_upper=_limits(n_correct + n_missing, n_sampled, n_predicted, level)[1],
        level=level,
        method=_method(n_sampled, n_missing, n_predicted, n_correct, level),
    )


def add_asked(rest: PrecisionEstimate, n_asked: int, n_answered: int, n_correct: int) -> PrecisionEstimate:
    """
    Return the precision of all predicted targets where some were asked about anyway and the rest was sampled.

    Parameters
    ----------
    rest : PrecisionEstimate
        Of those that nobody would have asked about but for the sample.
    n_asked : int
        Number of predicted targets asked about anyway.
    n_answered : int
        How many of those have a label. The estimate takes the others for alike, the limits for the worst case, as no chance is at
        work there.
    n_correct : int
        How many of those are right.

    Returns
    -------
    PrecisionEstimate
        Of both together.

    Raises
    ------
    ValueError
        If the numbers rise from one to the next.
    """
    if not n_asked >= n_answered >= n_correct >= 0:
        msg = f"asked, answered and correct must not rise, nor be negative, got {(n_asked, n_answered, n_correct)}"
        raise ValueError(msg)
    if not n_asked:
        return rest
    n_predicted = rest.n_predicted + n_asked

    def together(n_right: float, share: float) -> float:
        return (n_right + rest.n_predicted * share) / n_predicted if rest.n_predicted else n_right / n_predicted

    estimate = None
    if n_answered and (rest.estimate is not None or not rest.n_predicted):
        estimate = together(n_asked * n_correct / n_answered, rest.estimate or 0.0)
    most = n_correct + n_asked - n_answered
    return replace(
        rest,
        n_predicted=n_predicted,
        n_asked=n_asked,
        n_asked_answered=n_answered,
        n_asked_correct=n_correct,
        estimate=estimate,
        lower=together(n_correct, rest.lower),
        upper=together(most, rest.upper),
        worst_lower=together(n_correct, rest.worst_lower),
        worst_upper=together(most, rest.worst_upper),
        method=_method_with_asked(rest, n_asked, n_asked - n_answered, n_correct),
    )


def _method_with_asked(rest: PrecisionEstimate, n_asked: int, n_missing: int, n_correct: int) -> str:
    missing = f", {n_missing} without a label, the worst case in the limits" if n_missing else ""
    asked = f"all {n_asked} that were asked about anyway ({n_correct} right{missing})"
    if rest.n_predicted:
        return f"{asked}; of the others: {rest.method}"
    return asked if n_missing else f"{asked}, so the number is exact"


def estimate_class_precision(
    predicted: Sequence[str], answers: Sequence[str | None], n_predicted: Mapping[str, int], level: float = 0.95
) -> dict[str, PrecisionEstimate]:
    """
    Return the precision of each target class by itself, from the same sample as the precision of all.

    Here a prediction is correct only if the label is the predicted class.

    Parameters
    ----------
    predicted : sequence of str
        Predicted class of each drawn spectrum.
    answers : sequence of str or None
        Label of each drawn spectrum, in the same order; None where there is none.
    n_predicted : mapping of str to int
        Number of spectra predicted for each target class; its keys are the target classes.
    level : float
        Confidence level of the limits, which hold for each class by itself and not for all classes together.

    Returns
    -------
    dict of str to PrecisionEstimate
        The estimate of each class, in the order of ``n_predicted``.

    Raises
    ------
    ValueError
        As `estimate_precision`.
    """
    if len(answers) != len(predicted):
        msg = f"each drawn spectrum needs one answer or None, got {len(predicted)} spectra and {len(answers)} answers"
        raise ValueError(msg)
    strangers = sorted(set(predicted) - set(n_predicted))
    if strangers:
        msg = f"the sample must hold predicted targets only ({', '.join(n_predicted)}), got {', '.join(strangers)}"
        raise ValueError(msg)
    pairs = list(zip(predicted, answers, strict=True))
    estimates = {}
    for name, population in n_predicted.items():
        of_class = [label for prediction, label in pairs if prediction == name]
        estimates[name] = estimate_precision([name] * len(of_class), of_class, population, (name,), level)
    return estimates


def precision_recall(
    truth: Sequence[str | None], predicted: Sequence[str], targets: Collection[str], level: float = 0.95
) -> Performance:
    """
    Return precision and recall of predictions whose truth is known, targets against the rest.

    Parameters
    ----------
    truth : sequence of str or None
        Actual class of each spectrum; None where it is not known.
    predicted : sequence of str
        Predicted class of each spectrum, in the same order.
    targets : collection of str
        The target classes.
    level : float
        Confidence level of the limits.

    Returns
    -------
    Performance
        Precision, recall, limits and counts.

    Raises
    ------
    ValueError
        If ``truth`` and ``predicted`` differ in length, or ``level`` does not lie between 0 and 1.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, eq. 2 and footnote 2.
    """
    if len(truth) != len(predicted):
        msg = f"each spectrum needs a truth and a prediction, got {len(truth)} and {len(predicted)}"
        raise ValueError(msg)
    known = [(actual in targets, guess in targets) for actual, guess in zip(truth, predicted, strict=True) if actual is not None]
    n_true_positive = sum(actual and guess for actual, guess in known)
    n_predicted = sum(guess for _, guess in known)
    n_targets = sum(actual for actual, _ in known)
    return Performance(
        n_true_positive=n_true_positive,
        n_predicted=n_predicted,
        n_targets=n_targets,
        n_unknown=len(truth) - len(known),
        precision=n_true_positive / n_predicted if n_predicted else None,
        recall=n_true_positive / n_targets if n_targets else None,
        precision_limits=clopper_pearson(n_true_positive, n_predicted, level),
        recall_limits=clopper_pearson(n_true_positive, n_targets, level),
        level=level,
    )


def confusion_matrix(truth: Sequence[str | None], predicted: Sequence[str], classes: Sequence[str]) -> ConfusionMatrix:
    """
    Return how many spectra of each actual class were predicted for each class.

    Parameters
    ----------
    truth : sequence of str or None
        Actual class of each spectrum; where it is None the spectrum is left out.
    predicted : sequence of str
        Predicted class of each spectrum, in the same order.
    classes : sequence of str
        The classes, in the order of rows and columns.

    Returns
    -------
    ConfusionMatrix
        Rows by predicted, columns by actual class.

    Raises
    ------
    ValueError
        If ``truth`` and ``predicted`` differ in length or hold something that is no class.
    """
    if len(truth) != len(predicted):
        msg = f"each spectrum needs a truth and a prediction, got {len(truth)} and {len(predicted)}"
        raise ValueError(msg)
    index = {name: number for number, name in enumerate(classes)}
    strangers = sorted({name for name in (*truth, *predicted) if name is not None} - set(index))
    if strangers:
        msg = f"every label must be one of the classes {tuple(classes)}, got {', '.join(strangers)}"
        raise ValueError(msg)
    counts = np.zeros((len(index), len(index)), dtype=np.int64)
    for actual, guess in zip(truth, predicted, strict=True):
        if actual is not None:
            counts[index[guess], index[actual]] += 1
    return ConfusionMatrix(tuple(classes), counts)


def _limits(n_correct: int, n: int, n_predicted: int, level: float) -> tuple[float, float]:
    lower, upper = clopper_pearson(n_correct, n, level)
    if n_predicted == 0:
        return lower, upper
    n_wrong = n - n_correct
    return max(lower, n_correct / n_predicted), min(upper, (n_predicted - n_wrong) / n_predicted)


def _method(n_sampled: int, n_missing: int, n_predicted: int, n_correct: int, level: float) -> str:
    if n_sampled == 0:
        return f"none of {n_predicted} predicted targets drawn; nothing is known of the precision"
    drawn = f"all {n_predicted} predicted targets looked at ({n_correct} right)"
    if n_sampled < n_predicted:
        drawn = f"simple random sample of {n_sampled} of {n_predicted} predicted targets ({n_correct} right)"
    missing = f"; {n_missing} without a label left out" if n_missing else ""
    if n_sampled == n_predicted and not n_missing:
        return f"{drawn}, so the number is exact"
    return f"{drawn}{missing}; Clopper-Pearson limits of {100 * level:g} %"
