"""How good the predictions are, how well that is known, and when to stop asking."""

from spectrove.evaluate.agreement import Agreement, cohen_kappa, krippendorff_alpha
from spectrove.evaluate.combining import combine
from spectrove.evaluate.intervals import betting_limits, clopper_pearson, lower_limit, upper_limit
from spectrove.evaluate.looks import Look
from spectrove.evaluate.performance import (
    ConfusionMatrix,
    Performance,
    PrecisionEstimate,
    add_asked,
    confusion_matrix,
    estimate_class_precision,
    estimate_precision,
    precision_recall,
)
from spectrove.evaluate.recall import RecallEstimate, StratumMisses, count_hits_and_misses, estimate_recall, recall_lower
from spectrove.evaluate.stopping import (
    Budget,
    Paper2020Rule,
    Plateau,
    PrecisionAtLeast,
    RecallAtLeast,
    StopDecision,
    StoppingRule,
    UndiscoveredAtMost,
    targets_upper,
)
from spectrove.evaluate.strata import (
    AuditSample,
    StratumCount,
    hajek_mean,
    horvitz_thompson_total,
    total_confirmed,
    total_estimate,
    total_lower,
    total_upper,
    total_upper_of_looks,
    total_variance,
)

__all__ = [
    "Agreement",
    "AuditSample",
    "Budget",
    "ConfusionMatrix",
    "Look",
    "Paper2020Rule",
    "Performance",
    "Plateau",
    "PrecisionAtLeast",
    "PrecisionEstimate",
    "RecallAtLeast",
    "RecallEstimate",
    "StopDecision",
    "StoppingRule",
    "StratumCount",
    "StratumMisses",
    "UndiscoveredAtMost",
    "add_asked",
    "betting_limits",
    "clopper_pearson",
    "cohen_kappa",
    "combine",
    "confusion_matrix",
    "count_hits_and_misses",
    "estimate_class_precision",
    "estimate_precision",
    "estimate_recall",
    "hajek_mean",
    "horvitz_thompson_total",
    "krippendorff_alpha",
    "lower_limit",
    "precision_recall",
    "recall_lower",
    "targets_upper",
    "total_confirmed",
    "total_estimate",
    "total_lower",
    "total_upper",
    "total_upper_of_looks",
    "total_variance",
    "upper_limit",
]
