"""The classical finders over the same survey, plate by plate, and the network in the same table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spectrove.baselines import FINDERS, FinderReport, best_f1, run_finders
from spectrove.campaign import Campaign
from spectrove.contracts import BoolArray, FloatArray, Progress
from spectrove.errors import PoolError
from spectrove.execution import Executor
from spectrove.experiment.measure import asked_in, share, trade_off
from spectrove.experiment.non_active import target_probability
from spectrove.experiment.phases import Facts
from spectrove.experiment.truth import PoolTruth
from spectrove.pool import Pool
from spectrove.simulate import PoolSource


@dataclass(frozen=True)
class _Plate:
    source: PoolSource
    number: int


def _examine(plate: _Plate) -> tuple[list[str], FinderReport]:
    """Return the ids of a plate's spectra, which a worker simulates again, and what the finders make of them."""
    spectra = plate.source.spectra(plate.number)
    ids = spectra.truth["spectrum_id"].to_pylist()
    nothing = np.zeros(len(ids), dtype=np.bool_)  # the truth is joined to the statistics by the coordinator
    return ids, run_finders([(spectra.wave, spectra.flux, spectra.ivar, nothing)])


def run_classical(source: PoolSource, pool: Pool, truth: PoolTruth, executor: Executor, progress: Progress) -> FinderReport:
    """
    Return what every classical finder makes of a survey's pool, on the spectra as the instrument gives them.

    Spectra that the pool's recipe refused are left out, so that finders and network are compared on the same ones.

    Parameters
    ----------
    source : PoolSource
        Makes the spectra, plate by plate, in the order of the pool.
    pool : Pool
        The pool that was made from it.
    truth : PoolTruth
        The truth about the pool.
    executor : Executor
        Where the plates are examined.
    progress : Progress
        Called after each plate.

    Returns
    -------
    FinderReport
        Statistics of the pool's spectra in its order, best thresholds and times.

    Raises
    ------
    PoolError
        If the pool holds spectra that the source does not make.
    """
    statistics = {name: np.full(pool.n_spectra, -np.inf, dtype=np.float32) for name in FINDERS}
    seconds, shared = dict.fromkeys(FINDERS, 0.0), 0.0
    tasks = (_Plate(source, number) for number in range(source.n_batches))
    kept = _kept(pool, (examined for examined in executor.run(_examine, tasks)))
    done = 0
    for fine, report in kept:
        n = int(np.count_nonzero(fine))
        for name, values in report.statistics.items():
            statistics[name][done : done + n] = values[fine]
            seconds[name] += report.seconds[name]
        shared += report.seconds_shared
        done += n
        progress("classical finders", done, pool.n_spectra)
    if done != pool.n_spectra:
        msg = f"{pool.path}: the survey's settings make only {done} of its {pool.n_spectra} spectra. Simulate the survey again."
        raise PoolError(msg)
    best = {name: best_f1(values, truth.is_target) for name, values in statistics.items()}
    return FinderReport(dict(FINDERS), truth.is_target, statistics, best, seconds, shared)


def _kept(pool: Pool, examined: Iterator[tuple[list[str], FinderReport]]) -> Iterator[tuple[BoolArray, FinderReport]]:
    # The pool holds each plate's spectra in their order, but for the refused ones: they stand among the next rows, or nowhere.
    ids = pool.metadata(["spectrum_id"])["spectrum_id"].combine_chunks()
    done = 0
    for names, report in examined:
        fine = pc.is_in(pa.array(names, pa.string()), value_set=ids.slice(done, len(names))).to_numpy(zero_copy_only=False)
        done += int(np.count_nonzero(fine))
        yield fine, report


def compare(classical: FinderReport, campaign: Campaign, truth: PoolTruth) -> Facts:
    """
    Return the classical finders and the network in one table.

    Every finder stands at the threshold of its best F1, chosen with the truth in hand, which flatters it. The network stands
    there in the same way, on the spectra that nobody labeled, so that it is not asked about what it was taught; and once more
    as it was used, with the answers, where nothing was chosen by the truth.

    Parameters
    ----------
    classical : FinderReport
        The finders.
    campaign : Campaign
        A finished campaign over the same pool.
    truth : PoolTruth
        The truth.

    Returns
    -------
    dict
        ``rows``: name, title, reference, shares, F1 and AUC of each; ``curves`` by name.
    """
    rows = [{**_row(row["finder"], row["title"], row["reference"], row), **_costs(row)} for row in classical.rows()]
    curves = {name: trade_off(values, truth.is_target) for name, values in classical.statistics.items()}
    scores, last = campaign.scores()
    codes = [scores.classes.index(name) for name in campaign.settings.classes.targets]
    asked = asked_in(campaign)
    free = ~asked.gone(truth.n_spectra, last.number)
    statistic: FloatArray = target_probability(scores, codes)
    best = asdict(best_f1(statistic[free], truth.is_target[free]))
    rows.append(_row("network", "last network, at its best threshold, spectra that nobody labeled", "this experiment", best))
    curves["network"] = trade_off(statistic[free], truth.is_target[free])
    candidates = asked.candidates(np.isin(scores.predicted(), codes), codes, last.number)
    counts = {
        "n_true_positive": int(np.count_nonzero(candidates & truth.is_target)),
        "n_predicted": int(np.count_nonzero(candidates)),
        "n_targets": int(np.count_nonzero(truth.is_target)),
    }
    f1 = 2 * counts["n_true_positive"] / max(counts["n_predicted"] + counts["n_targets"], 1)
    title = "active search as it was used: largest probability, and the answers"
    rows.append(_row("search", title, "this experiment", {**counts, "threshold": None, "f1": f1, "auc": None}))
    return {"rows": rows, "curves": curves, "seconds_shared": classical.seconds_shared}


def _row(name: object, title: object, reference: object, best: Facts) -> Facts:
    return {
        "name": name,
        "title": title,
        "reference": reference,
        "threshold": best["threshold"] if best["threshold"] is not None and np.isfinite(best["threshold"]) else None,
        "precision": share(best["n_true_positive"], best["n_predicted"]),
        "recall": share(best["n_true_positive"], best["n_targets"]),
        "f1": best["f1"],
        "auc": best["auc"],
    }


def _costs(row: Facts) -> Facts:
    return {"unit": row["unit"], "n_unjudged": row["n_unjudged"], "seconds": row["seconds"], "n_spectra": row["n_spectra"]}
