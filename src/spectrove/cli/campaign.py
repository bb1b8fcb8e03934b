"""``spectrove campaign``: the loop with an expert in it."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectrove.cli.executors import on_workers
from spectrove.cli.progress import showing_progress
from spectrove.storage import located

if TYPE_CHECKING:
    from spectrove.campaign import Campaign, TrainingSource

FEW_EXAMPLES = 6
"""With fewer labels of a class, SMOTE has not its five neighbors (Chawla et al. 2002)."""

DIRECTORY = click.argument("directory", type=click.Path(path_type=Path))
ON_WORKERS = on_workers(what="Processes that score.")


class _TrainingSet(click.ParamType["TrainingSource"]):
    name = "POOL:LABELS.csv"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> TrainingSource:
        from spectrove.campaign import TrainingSource

        pool, _, labels = value.rpartition(":")
        if not pool or not labels:
            self.fail(f"{value!r} is no POOL:LABELS.csv", param, ctx)
        return TrainingSource(located(pool), Path(labels))


@click.group(short_help="Train, score, ask, estimate, until it is good enough.")
def campaign() -> None:
    """Search a pool: train, score, ask, estimate, again and again, until the candidates are good enough."""


@campaign.command(short_help="Make a campaign.")
@DIRECTORY
@click.option("--pool", "pool_path", type=located, required=True, metavar="POOL", help="The pool to search, a folder or a URL.")
@click.option(
    "--training", type=_TrainingSet(), multiple=True, required=True, help="A labeled set: its pool and its labels; repeatable."
)
@click.option(
    "--preset",
    default="standard",
    show_default=True,
    metavar="NAME",
    help="Settings to begin with: standard, archive, paper-2020.",
)
@click.option(
    "--config", "config_path", type=click.Path(path_type=Path), metavar="FILE.toml", help="Settings that differ from the preset."
)
@click.option("--seed", type=click.IntRange(min=0), help="The same seed, with as many threads, asks the same questions.")
def new(
    directory: Path,
    pool_path: Path,
    training: tuple[TrainingSource, ...],
    preset: str,
    config_path: Path | None,
    seed: int | None,
) -> None:
    """Make a campaign in DIRECTORY."""
    from spectrove.campaign import create
    from spectrove.config import load_settings

    with create(directory, pool_path, training, load_settings(config_path, preset, seed)) as made:
        labels = list(made.training_labels().values())
        counts = {name: labels.count(name) for name in made.settings.classes.names}
        told = ", ".join(f"{count} {name}" for name, count in counts.items())
        click.echo(f"{directory}: a campaign over {made.pool.n_spectra} spectra, beginning with {len(labels)} labels ({told})")
        for name, count in counts.items():
            if count < FEW_EXAMPLES:
                click.echo(f"warning: only {count} labels are {name}; the first predictions will be poor", err=True)
    click.echo(f"next: spectrove campaign step {directory}")


@campaign.command(short_help="Do the next thing.")
@DIRECTORY
@ON_WORKERS
@click.option("--skip-open", is_flag=True, help="Go on although questions are open; they count as abstentions.")
def step(directory: Path, workers: int, scheduler: str | None, skip_open: bool) -> None:
    """Do the next thing: train, score and ask, close the queries, or estimate precision and recall."""
    from spectrove.campaign import Campaign, step
    from spectrove.execution import make_executor

    with Campaign(directory) as opened:
        with make_executor(workers, scheduler) as executor, showing_progress() as progress:
            done = step(opened, executor, progress, skip_open=skip_open)
        click.echo(done)
        _print_next(opened)


@campaign.command(short_help="Prepare the next iteration while people answer.")
@DIRECTORY
@ON_WORKERS
def prepare(directory: Path, workers: int, scheduler: str | None) -> None:
    """
    Train and score the next iteration while people answer the questions of this one.

    It begins when as many queries are answered as query.prepare_after says; answers can be recorded meanwhile. When the rest
    is answered, the next questions are there at once.
    """
    from spectrove.campaign import Campaign, prepare
    from spectrove.execution import make_executor

    with Campaign(directory) as opened:
        with make_executor(workers, scheduler) as executor, showing_progress() as progress:
            done = prepare(opened, executor, progress)
        click.echo(done)
        _print_next(opened)


@campaign.command(short_help="Take steps until questions are open.")
@DIRECTORY
@ON_WORKERS
@click.option(
    "--oracle",
    "oracle_path",
    type=click.Path(path_type=Path),
    metavar="TRUTH",
    help="Labels, CSV or Parquet, that answer every question.",
)
def run(directory: Path, workers: int, scheduler: str | None, oracle_path: Path | None) -> None:
    """Take steps until questions are open, or, with an oracle, until the campaign is finished."""
    from spectrove.campaign import Campaign, read_labels, run
    from spectrove.execution import make_executor
    from spectrove.oracles import TruthTableOracle

    with Campaign(directory) as opened:
        oracle = None
        if oracle_path is not None:
            labels = read_labels(oracle_path, opened.settings.classes, opened.pool.resolve)
            oracle = TruthTableOracle(labels.by_id, name=f"truth table {oracle_path.name}")
        with make_executor(workers, scheduler) as executor, showing_progress() as progress:
            run(opened, oracle, executor, progress, report=click.echo)
        if oracle is not None and oracle.n_unknown:
            click.echo(f"warning: {oracle.n_unknown} spectra are not in {oracle_path}; they were abstained from", err=True)
        _print_next(opened)


@campaign.command(short_help="Say where the campaign stands.")
@DIRECTORY
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def status(directory: Path, as_json: bool) -> None:
    """Say where the campaign stands: iterations, precision and recall, the stopping rule, open questions, and what to do next."""
    from spectrove.campaign import Campaign, status, write_questions

    with Campaign(directory) as opened:
        write_questions(opened)
        facts = status(opened)
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        _print_status(facts)


@campaign.command(short_help="Record the answers of a CSV file.")
@DIRECTORY
@click.argument("answers", type=click.Path(path_type=Path))
@click.option("--annotator", default=None, metavar="NAME", help="Who answers; you, unless given.")
def answer(directory: Path, answers: Path, annotator: str | None) -> None:
    """Record the labels of the CSV file ANSWERS: all of its lines, or none if one of them is wrong."""
    from spectrove.campaign import Campaign

    with Campaign(directory) as opened:
        n_new, n_known = opened.import_answers(answers, annotator or getpass.getuser())
        known = f", {n_known} were recorded before" if n_known else ""
        click.echo(f"{n_new} answers recorded{known}; {len({q.spectrum_id for q in opened.open_questions()})} questions are open")
        _print_next(opened)


@campaign.command(short_help="Write the candidates.")
@DIRECTORY
def export(directory: Path) -> None:
    """Write the candidates as CSV and VOTable, and what they were made from as JSON."""
    from spectrove.campaign import Campaign
    from spectrove.vo import export_candidates

    with Campaign(directory) as opened:
        paths = export_candidates(opened, directory / "export")
    counts = json.loads(paths["provenance"].read_text(encoding="utf-8"))["n_candidates"]
    click.echo(f"{sum(counts.values())} candidates: {counts['network']} by the network, {counts['oracle']} by answers")
    for name, path in paths.items():
        click.echo(f"{name:<12} {path}")


def _print_next(opened: Campaign) -> None:
    from spectrove.campaign import status, write_questions

    write_questions(opened)
    click.echo(f"next: {status(opened)['next']}")


def _print_status(facts: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    from spectrove.campaign.telling import tell_audit

    state = "finished" if facts["finished"] else f"iteration {facts['iteration']}, phase {facts['phase']}"
    click.echo(f"{facts['campaign']}: {state}; {facts['n_answers']} answers, {facts['n_open']} questions open")
    table = Table()
    for column in ("iteration", "phase", "trained on", "answers", "predicted targets", "precision", "recall", "decision"):
        table.add_column(column)
    for row in facts["iterations"]:
        table.add_row(
            f"{row['number']}{' (final)' if row['kind'] == 'final' else ''}",
            row["phase"],
            str((row["trained"] or {}).get("n_examples", "")),
            _answers_known(row["trained"] or {}),
            str((row["population"] or {}).get("n_predicted_targets", "")),
            _share(row["precision"]),
            _share((row["recall"] or {}).get("")),
            "" if row["decision"] is None else "stop" if row["decision"]["stop"] else "go on",
        )
    Console().print(table)
    closed = [row for row in facts["iterations"] if row["precision"] is not None]
    for row in closed[-1:]:
        click.echo(f"what the audit of iteration {row['number']} says:")
        for sentence in tell_audit(row):
            click.echo(f"  {sentence}")
    rule = facts["stopping"]
    click.echo(f"stopping rule {rule['rule']}: {'stop' if rule['stop'] else 'go on'}; {rule['reason']}")
    if facts["prepared"]:
        click.echo(f"iteration {facts['iteration'] + 1} is prepared: its questions are there at once when these are answered")
    click.echo(f"next: {facts['next']}")


def _answers_known(trained: dict[str, Any]) -> str:
    missed = trained.get("n_answers_missed", 0)
    return f"{trained.get('n_answers', '')}{f' ({missed} came too late)' if missed else ''}"


def _share(estimate: dict[str, Any] | None) -> str:
    if estimate is None:
        return ""
    if estimate["estimate"] is None:
        return "unknown"
    return f"{estimate['estimate']:.2f} ({estimate['lower']:.2f}–{estimate['upper']:.2f})"


# -- plan -----------------------------------------------------------------------------------------------------------------------


@campaign.command(short_help="Say how many more labels a wish needs.")
@DIRECTORY
@click.option(
    "--half-width",
    default=0.05,
    show_default=True,
    type=click.FloatRange(0, 0.5, min_open=True, max_open=True),
    help="How well precision and recall are to be known: ± this.",
)
@click.option(
    "--undiscovered",
    type=click.IntRange(min=1),
    metavar="N",
    help="At most so many targets are to be neither labeled nor predicted.",
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def plan(directory: Path, half_width: float, undiscovered: int | None, as_json: bool) -> None:
    """Say how many more labels, and hours at your pace, it takes to know precision and recall better."""
    from spectrove.campaign import Campaign
    from spectrove.campaign.plan import plan, plan_sentences

    with Campaign(directory) as opened:
        facts = plan(opened, half_width, undiscovered)
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    click.echo(f"{directory}: planned from the audit of iteration {facts['iteration']}")
    for sentence in plan_sentences(facts):
        click.echo(f"  {sentence}")


# -- report ---------------------------------------------------------------------------------------------------------------------


@campaign.command(short_help="Write the report: one page with all numbers.")
@DIRECTORY
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="Where to; DIRECTORY/report unless given.")
@click.option(
    "--injected",
    type=located,
    metavar="FOLDER|POOL",
    help="Spectra with injected lines: the folder of `simulate inject`, or a pool of its spectra with --truth.",
)
@click.option("--truth", type=click.Path(path_type=Path), metavar="CSV", help="What was injected; FOLDER/truth.csv unless given.")
def report(directory: Path, output: Path | None, injected: Path | None, truth: Path | None) -> None:
    """
    Write what is known of the campaign as one page, and all numbers as JSON.

    Precision, recall by each of three ways, undiscovered targets, calibration: each with its limits and what it takes for
    granted. It works in the middle of a campaign, too.
    """
    from spectrove.campaign import Campaign
    from spectrove.report import Injections, sentences, write_report

    if truth is not None and injected is None:
        msg = "--truth says what was injected into the spectra that --injected names; name these, too"
        raise click.UsageError(msg)
    injections = None if injected is None else Injections(injected, truth)
    with Campaign(directory) as opened:
        files, facts = write_report(opened, output or directory / "report", injections)
    for lead, sentence in sentences(facts):
        click.echo(f"{lead}: {sentence}")
    click.echo(f"page         {files.html}")
    click.echo(f"numbers      {files.json}")
