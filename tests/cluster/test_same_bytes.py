"""What is made on a cluster is byte for byte what is made in line, also if a worker dies in the middle."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from cluster_tasks import process_of
from deadly_source import DeadlySource
from noise_source import RECIPE, Source
from object_store import object_store
from scored_pools import random_checkpoint, rescaled
from spectrove.cli.frame import cli
from spectrove.errors import ExecutorError
from spectrove.execution import InlineExecutor, make_executor
from spectrove.pool import IngestConfig, Pool, ingest, write_pool
from spectrove.scoring import ScoreConfig, score, tasks
from spectrove.simulate import SurveyConfig, simulate_survey
from spectrove.simulate.inject import Design
from spectrove.simulate.inject_files import InjectionPlan, inject_files
from spectrove.storage import located


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    """Return a pool of noise that was made in line."""
    path = tmp_path_factory.mktemp("noise") / "pool"
    write_pool(path, RECIPE, Source(), InlineExecutor())
    return path


def test_a_pool_that_is_written_though_a_worker_dies(cluster, noise, tmp_path):
    source = DeadlySource(mark=str(tmp_path / "mark"))
    report = write_pool(tmp_path / "pool", RECIPE, source, cluster)
    assert (tmp_path / "mark").exists()
    assert report.content_hash == Pool.open(noise).content_hash


def test_files_that_are_read_though_a_worker_dies(cluster, small_survey, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pool, killed = Path("pool"), []  # from where the command runs, which workers elsewhere do not know

    def kill_once(what: str, done: int, total: int | None) -> None:
        if what == "files read" and done and not killed:
            killed.extend(cluster.run(process_of, [0.0]))
            os.kill(killed[0], signal.SIGKILL)

    ingest([small_survey.files.fits_pool], pool, RECIPE, IngestConfig(), cluster, kill_once)
    assert killed
    ingest([small_survey.files.fits_pool], tmp_path / "in-line", RECIPE, IngestConfig(), InlineExecutor())
    assert Pool.open(pool).content_hash == Pool.open(tmp_path / "in-line").content_hash


def test_a_survey_that_is_simulated(cluster, digests, tmp_path):
    config = SurveyConfig(n_pool=40, n_labeled=20, n_fits=4, spectra_per_plate=10)
    made = []
    for executor in (InlineExecutor(), cluster):
        files = simulate_survey(tmp_path / "survey", config, 3, executor)
        made.append(digests(files.directory))
        files.directory.rename(tmp_path / f"{len(made)}")  # the pool tells where the files were
    assert made[0] == made[1]


def test_lines_that_are_injected(cluster, digests, small_survey, tmp_path):
    files = sorted(str(path) for path in small_survey.files.fits_pool.rglob("*.fits*"))[:70]
    plan = InjectionPlan(Design(ews=(1.0, 8.0), copies=2), plain=((2.0, 0.0),), named=("be",))
    for name, executor in (("in-line", InlineExecutor()), ("cluster", cluster)):
        report = inject_files(tmp_path / name, files, plan, executor)
        assert sum(report.by_label.values()) > 100
    assert digests(tmp_path / "cluster") == digests(tmp_path / "in-line")


@pytest.fixture(scope="module")
def checkpoint(noise, tmp_path_factory):
    """Return the folder of a network that nobody trained."""
    directory = tmp_path_factory.mktemp("checkpoint")
    rescaled(random_checkpoint("compact", Pool.open(noise), seed=0), 2).save(directory)
    return directory


@pytest.fixture(scope="module")
def probabilities(noise, checkpoint, tmp_path_factory):
    """Return the probabilities that are computed in line, with the threads of this process."""
    scores = score(checkpoint, Pool.open(noise), ScoreConfig(), InlineExecutor(), directory=tmp_path_factory.mktemp("scores"))
    assert np.ptp(scores.probabilities, axis=0).min() > 0.01
    return scores.probabilities.tobytes()


def test_probabilities(cluster, noise, checkpoint, probabilities, tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "ROWS_A_TASK", 1)
    scores = score(checkpoint, Pool.open(noise), ScoreConfig(), cluster, directory=tmp_path)
    assert scores.probabilities.tobytes() == probabilities


@pytest.mark.slow  # tests/pool and tests/campaign have such pools without a cluster
def test_a_pool_in_an_object_store(noise, checkpoint, probabilities, tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "ROWS_A_TASK", 1)
    # Workers of their own, which find the store in the environment that they are started in.
    with object_store() as bucket, make_executor(2, "local") as workers:
        pool = Pool.open(write_pool(located(f"{bucket}/pool"), RECIPE, Source(), workers).pool)
        assert pool.content_hash == Pool.open(noise).content_hash
        scores = score(checkpoint, pool, ScoreConfig(), workers, directory=tmp_path)
    assert scores.probabilities.tobytes() == probabilities


def test_the_commands_take_a_scheduler(scheduler_file, small_survey, tmp_path):
    source, pool = str(small_survey.files.fits_labeled), tmp_path / "pool"
    command = ["pool", "ingest", source, "--pool", str(pool), "--recipe", "halpha-2020-ondrejov"]
    done = CliRunner().invoke(cli, [*command, "--scheduler", str(tmp_path / "absent")])
    assert isinstance(done.exception, ExecutorError)
    assert not pool.exists()
    done = CliRunner().invoke(cli, command, env={"SPECTROVE_SCHEDULER": str(scheduler_file)}, catch_exceptions=False)
    assert done.exit_code == 0
    assert Pool.open(pool).content_hash == Pool.open(small_survey.labeled).content_hash
