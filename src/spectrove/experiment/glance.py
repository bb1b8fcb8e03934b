"""The main results in one table, the paper's beside ours, each with what it is of and what it assumes."""

from __future__ import annotations

from spectrove.experiment import published
from spectrove.experiment.measure import share
from spectrove.experiment.phases import Facts
from spectrove.experiment.wording import told
from spectrove.report.page import Table
from spectrove.report.wording import NOTHING, percent

PER_MILLION = 1e6


def at_a_glance(facts: Facts) -> Table:
    """
    Return the main results beside the paper's.

    Parameters
    ----------
    facts : dict
        All of the experiment.

    Returns
    -------
    Table
        One row a quantity.
    """
    rows = (*_sizes(facts), *_before(facts), *_asking(facts), *_result(facts))
    return Table(
        "The paper's numbers and ours",
        "In brackets: limits of 95 % (Clopper-Pearson), each spectrum taken for an independent trial; exposures of one object "
        "are not quite that. The paper's precision was known to its authors by looking; ours is known from the simulation.",
        ("quantity", "paper", "here", "of what, and what it assumes"),
        rows,
        (28, 32, 40, 50),
    )


def _sizes(facts: Facts) -> list[tuple[str, ...]]:
    survey = facts["survey"]
    n_labeled = facts["active"]["iterations"][0]["n_examples"]
    pool = share(survey["n_targets"], survey["n_spectra"])
    paper = share(published.N_CANDIDATES - (published.precision()[1] - published.precision()[0]), published.N_POOL)
    return [
        (
            "spectra in the pool",
            f"{published.N_POOL:,}",
            f"{survey['n_spectra']:,}",
            f"{survey['n_refused']:,} more were refused, as no scaling exists for them",
        ),
        (
            "labeled to begin with",
            f"{sum(published.N_LABELED.values()):,}",
            f"{n_labeled:,}",
            "spectra of another telescope, biased to emission",
        ),
        (
            "targets in the pool",
            f"at least {percent(paper['value'])}",
            told(pool),
            f"visible in the spectrum; {survey['n_emitting']:,} spectra are of objects that emit. Paper: those found",
        ),
    ]


def _before(facts: Facts) -> list[tuple[str, ...]]:
    runs = facts["non_active"]
    rows: list[tuple[str, ...]] = []
    if not runs:
        return rows
    for name in facts["settings"]["campaign"]["classes"]["targets"]:
        paper = "; ".join(percent(run[name][0] / 100) for run in published.NON_ACTIVE if name in run)
        ours = "; ".join(percent(run["by_class"][name]["true"]["value"]) for run in runs)
        rows.append(
            (
                f"precision without asking, {name}",
                paper or NOTHING,
                ours,
                f"paper: estimated from {published.N_JUDGED} judged spectra a run; here: true",
            )
        )
    return [
        *rows,
        (
            "false candidates without asking",
            "; ".join(map(percent, false_candidates())),
            "; ".join(percent(_false(run)) for run in runs),
            "share of the pool wrongly predicted to be a target: how hard the survey is for a network that was taught elsewhere",
        ),
    ]


def false_candidates() -> list[float]:
    """
    Return which share of the paper's pool its networks took for targets, wrongly, without asking.

    Returns
    -------
    list of float
        One for each run of Table A.1: counts times one minus the estimated precision, over the pool.
    """
    return [
        sum(count * (1 - precision / 100) for precision, count in run.values()) / published.N_POOL for run in published.NON_ACTIVE
    ]


def _false(run: Facts) -> float:
    counts = run["confusion"]
    false: float = (run["precision"]["of"] - run["precision"]["n"]) / max(sum(map(sum, counts)), 1)
    return false


def _asking(facts: Facts) -> list[tuple[str, ...]]:
    active, labels = facts["active"], facts["active"]["labels"]
    asked = [row for row in active["iterations"] if row["kind"] != "final"]
    estimates = [row for row in asked if row["estimate"] and row["estimate"]["estimate"] is not None]
    held = sum(row["estimate"]["lower"] <= (row["precision"]["value"] or 0) <= row["estimate"]["upper"] for row in estimates)
    n_batches = published.LAST_ITERATION
    reason = active["final"]["stopped"]["reason"] if active["final"]["stopped"] else "it never stopped"
    return [
        (
            "last iteration with questions",
            str(published.LAST_ITERATION),
            str(asked[-1]["number"]),
            f"paper: its rule said stop. Here: {reason}",
        ),
        (
            "labels to teach",
            f"{n_batches * published.BATCH:,}",
            f"{labels['n_queried']:,}",
            f"paper: {published.BATCH} in each of {n_batches} iterations. Here the last iteration asked, too",
        ),
        (
            "labels to measure",
            f"{(n_batches + 1) * published.AUDIT:,}",
            f"{labels['n_audited']:,}",
            f"30 in each iteration and before the first; {labels['n_spectra']:,} different spectra were labeled in all",
        ),
        (
            "audits whose limits hold the truth",
            "not known",
            f"{held} of {len(estimates)}",
            "limits of 95 %; each audit by itself",
        ),
    ]


def _result(facts: Facts) -> list[tuple[str, ...]]:
    final, n_pool = facts["active"]["final"], facts["survey"]["n_spectra"]
    network, candidates, recall = final["network"], final["candidates"], final["recall"]
    paper = {name: share(*published.class_precision(name)) for name in published.CONFUSION}
    rate = f"{PER_MILLION * candidates['n'] / n_pool:,.0f}"
    rows = [
        (
            "precision, targets against the rest",
            told(share(*published.precision())),
            told(network["precision"]),
            "all predicted targets after the long training, without those labeled",
        )
    ]
    rows += [
        (
            f"precision, {name}",
            told(paper[name]) if name in paper else NOTHING,
            told(network["by_class"][name]),
            "only this very class counts as right",
        )
        for name in facts["settings"]["campaign"]["classes"]["targets"]
    ]
    return [
        *rows,
        (
            "candidates",
            f"{published.N_CANDIDATES:,} ({PER_MILLION * published.N_CANDIDATES / published.N_POOL:,.0f} a million)",
            f"{candidates['n']:,} ({rate} a million)",
            "the network's, and targets that the oracle met while it answered",
        ),
        (
            "of them met by the oracle",
            f"{sum(published.N_FOUND_BY_ORACLE.values())}",
            f"{sum(candidates['by_oracle'].values())}",
            "by queries, which left the pool; audits are forgotten",
        ),
        (
            "recall of visible targets",
            "not known",
            told(recall["visible"]),
            "candidates among all spectra in which one can see a target; the paper could not know it",
        ),
        ("recall of objects", "not known", told(recall["objects"]), "found in at least one exposure in which one can see it"),
        ("recall of all that emit", "not known", told(recall["emits"]), "also where noise and resolution hide the emission"),
    ]
