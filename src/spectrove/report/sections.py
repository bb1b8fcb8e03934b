"""The report's parts, in order: plain facts in, sentences, pictures and tables out."""

from __future__ import annotations

from spectrove.report import tables
from spectrove.report.confusions import abstentions_table, classes_table, confusion_tables
from spectrove.report.estimates import NO_RECALL
from spectrove.report.figures import (
    draw_examples,
    draw_map,
    draw_reliability,
    draw_rounds,
    draw_times,
    draw_yields,
)
from spectrove.report.glance import HOW_TO_INJECT, audited_iteration, is_of_predicted, open_sentence, sentences, three_recalls
from spectrove.report.page import Picture, Section
from spectrove.report.wording import Facts, estimated, in_words, percent, spectra

ROUNDS_TEXT = (
    "Each iteration trains a network anew and asks; the random part of its questions, the audit, judges that very network. "
    "Limits of one iteration hold for it by itself; whoever picks an iteration by its result needs those over all looks."
)
CALIBRATION_TEXT = (
    "A probability means what it says if, of the spectra that have it, that share are targets. Training on balanced classes "
    "and on spectra that were asked for shifts it."
)
NOT_YET = "No audit is closed yet, so there is nothing to be shown."
"""Where a part needs the first estimate."""


def build_sections(facts: Facts) -> list[Section]:
    """
    Return the report's parts, in order.

    Parameters
    ----------
    facts : dict
        All of the campaign.

    Returns
    -------
    list of Section
        With figures and tables.
    """
    parts = [
        Section("glance", "At a glance", points=sentences(facts), tables=(three_recalls(facts),)),
        _open(facts),
        _rounds(facts),
        _stopping(facts),
        _yields(facts),
        _undiscovered(facts),
        _calibration(facts),
        _confusion(facts),
        _examples(facts),
        _abstentions(facts),
        _time(facts),
        _injection(facts),
        Section("settings", "Settings", ("Everything that the numbers follow from.",), tables=(tables.settings_table(facts),)),
    ]
    return [part for part in parts if part is not None]


def _open(facts: Facts) -> Section | None:
    now = facts["open"]
    if now is None:
        return None
    text = [open_sentence(now)]
    so_far = now["precision"]
    if so_far is None:
        text.append(f"Nothing is said of the precision of this iteration before its audit is closed: {now['why_not']}.")
    else:
        untold = f"; {so_far['n_abstained']:,} more nobody could tell" if so_far["n_abstained"] else ""
        text.append(
            f"So far {so_far['n_correct']:,} of {so_far['n_labeled']:,} predicted targets of its audit are targets, of "
            f"{so_far['n_population']:,} predicted targets that are not asked about anyway: "
            f"{estimated(so_far['estimate'], so_far)}{untold}. These limits of "
            f"{100 * so_far['level']:g} % hold at every look together, so one may look after each answer."
        )
    return Section("open", "What is open", tuple(text))


def _rounds(facts: Facts) -> Section:
    closed = [row for row in facts["iterations"] if row["precision"] is not None]
    text = [ROUNDS_TEXT]
    pictures: tuple[Picture, ...] = ()
    if closed:
        caption = (
            "Precision and recall of each iteration's network: estimates (circles), two-sided limits (bars), one-sided lower "
            "limits that hold over all looks together (dashes)"
        )
        if any(row["recall"] is not None for row in closed):
            caption += ", and the lower limit of the recall under a monotone score (triangles)"
        pictures = (Picture(draw_rounds(closed, facts["stopping"]["goals"]), f"{caption}."),)
    else:
        text.append(NOT_YET)
    if is_of_predicted(facts):
        text.append(NO_RECALL)
    return Section("iterations", "Precision and recall", tuple(text), pictures=pictures, tables=(tables.rounds_table(facts),))


def _stopping(facts: Facts) -> Section:
    stopping = facts["stopping"]
    options = f" with {tables.value_in_words(stopping['options'])}" if stopping["options"] else ""
    bounds = [
        f"at most {stopping[key]:,} {what}"
        for key, what in (("max_iterations", "iterations"), ("max_answers", "answers"))
        if stopping[key] is not None
    ]
    text = [f"The rule is {stopping['rule']}{options}{'; ' + ', '.join(bounds) if bounds else ''}."]
    if not stopping["looks"]:
        text.append(f"It waits: {stopping['reason']}.")
    found = [tables.looks_table(facts)] if stopping["looks"] else []
    if any(rule["false_stops"] for rule in stopping["paper_2020"]):
        found.append(tables.false_stops_table(facts))
    return Section("stopping", "When to stop", tuple(text), tables=tuple(found))


def _yields(facts: Facts) -> Section | None:
    if not facts["yields"]:
        return None
    text = (
        "Queries are asked because an answer teaches much, audits because they were drawn; their labels are not to be mixed in "
        "any estimate. How many targets a label brings says what the work of labeling yields."
    )
    caption = "Targets per label of queries (circles), audited predicted targets (squares) and audited others (triangles)."
    return Section(
        "yield", "Targets per label", (text,), pictures=(Picture(draw_yields(facts["yields"]), caption),),
        tables=(tables.yields_table(facts),),
    )  # fmt: skip


def _undiscovered(facts: Facts) -> Section:
    audited = audited_iteration(facts)
    title = "Undiscovered targets"
    if audited is None or audited["undiscovered"] is None:
        return Section("undiscovered", title, (NO_RECALL if is_of_predicted(facts) else NOT_YET,))
    text = (
        "A label drawn from a large stratum stands for many spectra: no target among ten labels of a stratum of 100,000 leaves "
        "room for tens of thousands. More labels there lower the limit, and so does the assumption of a monotone score."
    )
    return Section("undiscovered", title, (text,), tables=(tables.strata_table(audited["undiscovered"]),))


def _calibration(facts: Facts) -> Section:
    title, found = "Calibration", facts["calibration"]
    if found is None:
        why = "Only predicted targets were drawn, so the probabilities of all others cannot be judged."
        return Section("calibration", title, (why if is_of_predicted(facts) else NOT_YET,))
    text = [CALIBRATION_TEXT, f"Expected calibration error: {percent(found['before']['error'])}"]
    if found["after"] is None:
        text[1] += "; it cannot be corrected, as the scores are gone or a class had no example."
    else:
        before, after = found["prior_before"], found["prior_after"]
        priors = ", ".join(f"{name} {percent(before[name])} to {percent(after[name])}" for name in facts["campaign"]["classes"])
        text[1] += f", and {percent(found['after']['error'])} after the shares of the classes are corrected ({priors})."
    text.append(
        f"This is estimated from {found['n_labels']:,} labels, as they are now. Chance makes the estimate too large, and most of "
        "its weight lies on the bulk of the pool."
    )
    caption = (
        f"Share of targets against the predicted probability, of all questions of iteration {found['iteration']}, each weighted "
        "by one over its inclusion probability; bars: limits of each bin by itself; numbers: labels."
    )
    return Section("calibration", title, tuple(text), pictures=(Picture(draw_reliability(found), caption),))


def _confusion(facts: Facts) -> Section:
    if facts["confusion"] is None:
        return Section("confusion", "What is confused with what", (NOT_YET,))
    text = "By the labels as they are now; precision and recall above are as they were when the iteration was closed."
    return Section(
        "confusion", "What is confused with what", (text,),
        tables=(*confusion_tables(facts), classes_table(facts)),
    )  # fmt: skip


def _examples(facts: Facts) -> Section | None:
    found = facts["examples"]
    if found is None or not found["cells"]:
        return None
    wave = found["wave"]
    caption = (
        f"Spectra as the network sees them, {len(wave)} points from {wave[0]:.0f} to {wave[-1]:.0f} Å, each scaled to its own "
        "range; dotted: Hα at rest; p: predicted probability of being a target."
    )
    text = (
        f"Of the questions of iteration {found['iteration']}: those drawn at random first, in the order of the draw, not chosen."
    )
    return Section("examples", "Spectra", (text,), pictures=(Picture(draw_examples(found), caption),))


def _abstentions(facts: Facts) -> Section:
    labels, audited = facts["labels"], audited_iteration(facts)
    text = f"Of {spectra(labels['n_answered'])} answered, {labels['n_abstained']:,} could not be told"
    if audited is None:
        return Section("abstentions", "What nobody could tell", (f"{text}.",))
    n_missing = audited["precision"]["n_abstained"] + audited["precision"]["n_asked"] - audited["precision"]["n_asked_answered"]
    text += f"; of the predicted targets that iteration {audited['number']} asked about, {n_missing:,} have no label"
    if audited["recall"] is not None and audited["recall"]["n_untold"]:
        text += f"; {spectra(audited['recall']['n_untold'])} of earlier iterations count as missed targets in its worst case"
    return Section("abstentions", "What nobody could tell", (f"{text}.",), tables=(abstentions_table(audited),))


def _time(facts: Facts) -> Section:
    pace = facts["pace"]
    if pace is None:
        why = "The answers came together, as those of a file or of an oracle do, or are too few to say how long a label takes."
        return Section("time", "Time per label", (why,))
    text = (
        f"A label takes {in_words(pace['median'])} (median), from an answer to the next one of the same person. Pauses of more "
        f"than {in_words(pace['longest'])} and answers that came together are left out."
    )
    caption = f"How long labels took: {pace['n_times']:,} times between two answers of one person; dashed: the median."
    return Section(
        "time", "Time per label", (text,), pictures=(Picture(draw_times(pace), caption),), tables=(tables.pace_table(pace),)
    )


def _injection(facts: Facts) -> Section:
    found = facts["injection"]
    title = "Injection and recovery"
    if found is None:
        return Section("injection", title, (HOW_TO_INJECT,))
    visible, whole = found["visible"], found["all"]
    absent = (
        f" {spectra(found['n_absent'])} could not be read by the campaign's recipe and count as not found."
        if found["n_absent"]
        else ""
    )
    text = (
        f"Lines of known strength were put into {visible['n_hosts']:,} spectra and scored by the network of iteration "
        f"{found['iteration']}. Of {visible['n']:,} that an expert could see, {visible['n_found']:,} are taken for targets: "
        f"{estimated(visible['estimate'], visible)}; of all {whole['n']:,}, {estimated(whole['estimate'], whole)}. The limits of "
        f"{100 * found['level']:g} % know that copies of one host are alike; those of the map do not.{absent}"
    )
    pictures: tuple[Picture, ...] = ()
    if found["map"] is not None:
        caption = (
            "Share of the visible injected lines that the network takes for targets, by equivalent width and S/N of a pixel; in "
            "each cell the share, its limits, and the number of lines."
        )
        pictures = (Picture(draw_map(found["map"]), caption),)
    return Section("injection", title, (text,), pictures=pictures)
