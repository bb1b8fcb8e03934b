"""The result in sentences that can be quoted: every number with its interval and what it takes for granted."""

from __future__ import annotations

from collections.abc import Iterator

from spectrove.campaign.telling import MONOTONE
from spectrove.report.estimates import NO_RECALL
from spectrove.report.page import Table
from spectrove.report.wording import NOTHING, Facts, at_most, estimated, interval, percent, spectra

UNASKED = "Nobody has labeled anything yet, so nothing is known of the candidates."
"""Said before the first answer."""

HOW_TO_INJECT = (
    "Not measured. Put lines into spectra of the pool with `spectrove simulate inject`, and name the folder: "
    "`spectrove campaign report DIR --injected FOLDER`."
)
"""How the third recall is got."""


def audited_iteration(facts: Facts) -> Facts | None:
    """
    Return the last iteration whose audit is closed.

    Parameters
    ----------
    facts : dict
        All of the campaign.

    Returns
    -------
    dict or None
        One of its iterations.
    """
    return next((row for row in facts["iterations"] if row["number"] == facts["audited"]), None)


def is_of_predicted(facts: Facts) -> bool:
    """
    Return whether the audits are drawn from predicted targets alone, so that nothing is known of the others.

    Parameters
    ----------
    facts : dict
        All of the campaign.

    Returns
    -------
    bool
        Also of a campaign that was begun before audits were drawn by strata.
    """
    audited = audited_iteration(facts)
    return facts["campaign"]["design"] == "predicted" if audited is None else audited["recall"] is None


def sentences(facts: Facts) -> tuple[tuple[str, str], ...]:
    """
    Return the result.

    Parameters
    ----------
    facts : dict
        All of the campaign.

    Returns
    -------
    tuple of (str, str)
        What each sentence speaks of, and the sentence, which can be quoted by itself.
    """
    audited = audited_iteration(facts)
    said = [("Labels", _labels(facts))]
    if audited is not None:
        said += [*_precision(facts, audited), *_recall(facts, audited), *_undiscovered(audited)]
    if facts["injection"] is not None:
        said.append(("Recall, by injection and recovery", _injection(facts)))
    if facts["open"] is not None:
        said.append(("Open", open_sentence(facts["open"])))
    said.append(("Stop", _stop(facts["stopping"])))
    said += [("Stopping rule of the paper", paper_sentence(rule)) for rule in facts["stopping"]["paper_2020"]]
    last = facts["iterations"][-1]
    if last["kind"] == "final" and last["n_predicted_targets"] is not None:
        said.append(("Last network", _final(last)))
    return tuple(said)


def _labels(facts: Facts) -> str:
    labels = facts["labels"]
    if not labels["n_answered"]:
        return UNASKED
    untold = f"; {spectra(labels['n_abstained'])} more could not be told" if labels["n_abstained"] else ""
    return (
        f"{labels['n_labeled']:,} of {spectra(facts['campaign']['n_spectra'])} were labeled (by "
        f"{', '.join(labels['annotators'])}), {labels['n_targets']:,} of them as targets{untold}. The search began with "
        f"{labels['n_began_with']:,} labels of other spectra."
    )


def _precision(facts: Facts, audited: Facts) -> Iterator[tuple[str, str]]:
    precision, number, n_looks = audited["precision"], audited["number"], len(facts["stopping"]["looks"])
    of = f"{spectra(precision['n_predicted'])} that the network of iteration {number} takes for targets and nobody had labeled"
    if not precision["n_predicted"]:
        said = f"The network of iteration {number} takes no unlabeled spectrum for a target, so there is no precision to be told."
    elif precision["estimate"] is None:
        said = f"The precision of the {of} is unknown, as too few of them have a label: {interval(precision)}."
    else:
        said = (
            f"Of the {of}, {estimated(precision['estimate'], precision)} are targets. "
            f"That is told by the labels of {precision['method']}. This takes for granted that "
            f"{facts['assumptions']['precision']}."
        )
    yield "Precision", said
    if n_looks > 1 and precision["estimate"] is not None:
        said = (
            f"The campaign looked {n_looks} times and might have ended at any of these looks. With {_level(precision)} "
            f"confidence over all of them together, the precision is at least {percent(precision['lower_over_all_looks'])}."
        )
        yield "Precision, whenever the search had ended", said


def _recall(facts: Facts, audited: Facts) -> Iterator[tuple[str, str]]:
    recall, number = audited["recall"], audited["number"]
    if recall is None:
        yield "Recall", NO_RECALL
        return
    said = (
        f"{estimated(recall['estimate'], recall)} of all targets of the pool were labeled before iteration {number} asked or are "
        f"predicted by its network, with limits of {_level(recall)}. This takes for granted that "
        f"{facts['assumptions']['design']}.{_unseen(audited)}"
    )
    yield "Recall, by the design of the sample alone", said
    said = f"At least {percent(recall['monotone_lower'])} {MONOTONE}: the lower one of two-sided limits of {_level(recall)}."
    yield "Recall, under a monotone score", said


def _unseen(audited: Facts) -> str:
    # An estimate that saw no target among the others takes it that there is none.
    drawn = [one for one in audited["undiscovered"]["strata"] if one["n_sampled"] < one["n_spectra"]]
    if not drawn or any(one["n_events"] for one in drawn):
        return ""
    n_labels, n_spectra = (sum(one[name] for one in drawn) for name in ("n_answered", "n_spectra"))
    return (
        f" No target was seen among the {n_labels:,} labels that stand for {n_spectra:,} spectra, so the estimate is as a rule "
        "too high; trust the limits."
    )


def _undiscovered(audited: Facts) -> Iterator[tuple[str, str]]:
    found = audited["undiscovered"]
    if found is not None:
        said = (
            f"With {_level(found)} confidence (one-sided) at most {at_most(found['upper'])} targets are neither labeled by now "
            f"nor predicted by the network of iteration {audited['number']}; at most {at_most(found['monotone_upper'])} "
            f"{MONOTONE}."
        )
        yield "Undiscovered", said


def _injection(facts: Facts) -> str:
    found = facts["injection"]
    visible = found["visible"]
    if not visible["n"]:
        return "No line was put in that an expert could see."
    return (
        f"Of {visible['n']:,} injected lines that an expert could see, the network of iteration {found['iteration']} finds "
        f"{estimated(visible['estimate'], visible)}, with limits of {_level(found)}. As a recall of the pool this takes for "
        f"granted that {facts['assumptions']['injection']}."
    )


def open_sentence(now: Facts) -> str:
    """
    Return what the iteration in progress waits for.

    Parameters
    ----------
    now : dict
        As of `spectrove.report.progress.open_facts`.

    Returns
    -------
    str
        One sentence.
    """
    return (
        f"Iteration {now['iteration']} is in phase {now['phase']}: {now['n_answered']:,} of {spectra(now['n_asked'])} that it "
        f"asks about are answered; {now['n_open']:,} are open."
    )


def _stop(stopping: Facts) -> str:
    if not stopping["looks"]:
        return f"The questions go on: no audit is closed yet, and the rule {stopping['rule']} waits for one."
    last = stopping["looks"][-1]
    if not last["stop"]:
        return f"The questions go on; the rule {stopping['rule']} waits: {last['reason']}."
    if last["limit"]:
        said = (
            f"The questions ended after iteration {last['iteration']}, though the rule {stopping['rule']} had not stopped them: "
        )
        return f"{said}{last['limit']}."
    why = "; ".join(rule["reason"] for rule in last["rules"] if rule["stop"]) or last["reason"]
    return f"The questions ended after iteration {last['iteration']} by the rule {stopping['rule']}: {why}."


def paper_sentence(rule: Facts) -> str:
    """
    Return how often the paper's rule stops by mistake.

    Parameters
    ----------
    rule : dict
        As of `spectrove.report.decisions.stopping_facts`.

    Returns
    -------
    str
        One sentence.
    """
    what = f"paper-2020 (estimated precision above {rule['threshold']:g} in {rule['times']} iterations) looks at estimates alone"
    if not rule["false_stops"]:
        return f"{what}, so it promises nothing."
    chances = " and ".join(f"{one['probability']:.2g} if it is {one['precision']:.2f}" for one in rule["false_stops"])
    return (
        f"{what}: with {rule['n_labels']} random labels in each of {rule['n_looks']} looks, and if its estimate came from these "
        f"alone, the probability that it has stopped although the true precision is lower is {chances}."
    )


def _final(last: Facts) -> str:
    changed = (
        f"it changes {last['n_changed']:,} of the predictions" if last["n_changed"] is not None else "it changes some predictions"
    )
    return (
        f"The long training at the end made another network, which nobody audited: {changed} about unlabeled spectra and takes "
        f"{last['n_predicted_targets']:,} of them for targets. Precision and recall are of the network before it."
    )


def three_recalls(facts: Facts) -> Table:
    """
    Return the ways to the recall side by side.

    Parameters
    ----------
    facts : dict
        All of the campaign.

    Returns
    -------
    Table
        One row each.
    """
    audited = audited_iteration(facts)
    recall = None if audited is None else audited["recall"]
    taken = facts["assumptions"]
    unknown = "unknown: only predicted targets are drawn" if is_of_predicted(facts) else "no audit is closed yet"
    if recall is None:
        rows = [
            ("design of the sample", NOTHING, unknown, taken["design"]),
            ("monotone score", NOTHING, unknown, taken["monotone"]),
        ]
    else:
        rows = [
            ("design of the sample", percent(recall["estimate"]), interval(recall), taken["design"]),
            ("monotone score", NOTHING, f"at least {percent(recall['monotone_lower'])}", taken["monotone"]),
        ]
    found = facts["injection"]
    if found is None:
        rows.append(("injection and recovery", NOTHING, HOW_TO_INJECT, taken["injection"]))
    else:
        visible = found["visible"]
        judged = "" if facts["audited"] == found["iteration"] else ", which no audit has judged"
        by = f"injection and recovery, of the network of iteration {found['iteration']}{judged}"
        rows.append((by, percent(visible["estimate"]), interval(visible), taken["injection"]))
    return Table(
        "Recall, three ways",
        f"Limits of {_level(facts['campaign'])}, two-sided; the first two are of the targets labeled before the last audited "
        "iteration asked or predicted by its network, the third of lines put into spectra.",
        ("by", "recall", "limits", "takes for granted that"),
        tuple(rows),
    )


def _level(fact: Facts) -> str:
    return f"{100 * fact['level']:g}\N{NO-BREAK SPACE}%"
