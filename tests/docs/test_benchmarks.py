"""The benchmarks run, their contestants do the same job, and what they share measures what it says."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from pages import REPOSITORY

BENCHMARKS = REPOSITORY / "benchmarks"
PROGRAMS = sorted(path.stem.removeprefix("bench_") for path in BENCHMARKS.glob("bench_*.py"))


@pytest.fixture
def options(script, tmp_path):
    return script("harness").Options(quick=True, full=False, sizes=(300,), turns=1, data=tmp_path)


def test_contestants_take_turns_and_the_first_turn_does_not_count(script):
    harness = script("harness")
    calls = []
    contestants = [
        harness.Contestant("peer", lambda: calls.append("peer"), 1),
        harness.Contestant("slow", lambda: calls.append("slow"), 1, before=lambda: calls.append("before"), warms_up=False),
        harness.Contestant("ours", lambda: calls.append("ours"), 1),
    ]
    contest = harness.contest("order", "rows", contestants, 2)
    assert calls == ["peer", "ours", *(["peer", "before", "slow", "ours"] * 2)]
    assert [len(row["seconds"]) for row in contest["contestants"]] == [2, 2, 2]


def test_ratios_are_taken_within_each_turn(script, monkeypatch):
    harness = script("harness")
    taken = iter([9.0, 9.0, 1.0, 0.5, 10.0, 5.0, 4.0, 1.0])
    monkeypatch.setattr(harness, "timed", lambda _: next(taken))
    contest = harness.contest("ratios", "rows", [harness.Contestant("peer", dict, 10), harness.Contestant("ours", dict, 20)], 3)
    ours = contest["contestants"][1]
    assert ours["rate"] == {"median": 20.0, "low": 4.0, "high": 40.0}
    assert ours["ratio"] == {"median": 4.0, "low": 4.0, "high": 8.0}


def test_what_takes_long_is_not_repeated(script, monkeypatch):
    harness = script("harness")
    monkeypatch.setattr(harness, "timed", lambda _: 25.0)
    assert harness.repeated(dict, most=5, seconds=60.0) == [25.0] * 3
    assert harness.repeated(dict, most=2, seconds=60.0) == [25.0] * 2


def test_results_hold_no_number_that_json_lacks(script):
    content = {"rows": [{"value": math.nan}, {"value": 1.23456789}], "n": 4_136_482}
    assert script("harness")._finite(content) == {"rows": [{"value": None}, {"value": 1.2346}], "n": 4_136_482}


PART = """
    import subprocess, sys
    sys.path.insert(0, {benchmarks!r})
    import harness

    CHILD = "import time; held = bytearray(80_000_000); time.sleep(0.5)"

    def hold(data, megabytes):
        if megabytes < 0:
            raise ValueError("no memory")
        held = bytearray(megabytes * 1_000_000)
        subprocess.run([sys.executable, "-c", CHILD], check=True)
        return {{"held": len(held), "data": str(data)}}

    harness.main("part", "A part.", lambda options: {{}}, {{"hold": hold}})
"""


@pytest.fixture
def part(tmp_path):
    path = tmp_path / "part.py"
    path.write_text(textwrap.dedent(PART.format(benchmarks=str(BENCHMARKS))))
    return str(path)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory of other processes is told by Linux only")
def test_a_part_tells_its_memory_with_that_of_its_own_processes(script, part, tmp_path):
    found = script("harness").in_own_process(part, "hold", tmp_path, megabytes=100)
    assert (found["held"], found["data"]) == (100_000_000, str(tmp_path))
    memory = found["memory"]
    assert 95 < memory["own_peak_mb"] < memory["peak_mb"]
    assert memory["peak_mb"] > memory["peak_anonymous_mb"] > 170


def test_a_part_that_fails_is_named(script, part, tmp_path):
    with pytest.raises(RuntimeError, match=r"part\.py: the part 'hold' with \{'megabytes': -1\} failed with exit 1"):
        script("harness").in_own_process(part, "hold", tmp_path, megabytes=-1)


@pytest.mark.parametrize("layout", ["lamost-image", "lamost-table"])
def test_all_readers_make_the_same_features_of_files_as_long_as_real_ones(script, options, layout):
    from spectrove.pool import Pool

    material, peers = script("material"), script("peers")
    files = material.fits_files(options, layout, 12)
    script("bench_ingest").ingested(files[0].parents[1], options.data / "pool", 1, [])
    pool = Pool.open(options.data / "pool")
    ours = dict(zip(pool.metadata(["file"])["file"].to_pylist(), pool.features(slice(None)), strict=True))
    assert sorted(Path(file).name for file in ours) == [file.name for file in files]
    for name, features in ours.items():
        np.testing.assert_allclose(features, peers.by_astropy(Path(name)), rtol=0, atol=2e-5)
    if layout == "lamost-image":
        assert files[0].stat().st_size == 92_160
        assert np.array_equal(peers.by_specutils(files[0]), peers.by_astropy(files[0]))


def test_all_ways_to_choose_choose_the_same(script, options):
    bench_round = script("bench_round")
    ids = np.array([f"survey:{row}" for row in range(3000)], dtype=object)
    choice = bench_round.Choice(options.data, len(ids), ids)
    chosen = choice.by_numpy().tolist()
    assert choice.by_ours().tolist() == chosen
    assert not set(chosen) & set(choice.gone.tolist())


def test_a_pool_copied_without_the_labeled_lacks_these_rows(script, tmp_path, generator):
    h5py = pytest.importorskip("h5py")
    peers = script("peers")
    features = generator.uniform(-1, 1, (50, peers.N_WAVE)).astype(np.float32)
    peers.write_hdf5(tmp_path / "pool.h5", [features[:30], features[30:]], 50, "float64")
    peers.copy_without(tmp_path / "pool.h5", tmp_path / "copy.h5", np.array([0, 31]))
    with h5py.File(tmp_path / "copy.h5") as file:
        assert np.array_equal(file["X"][...], np.delete(features.astype(np.float64), [0, 31], axis=0))


@pytest.mark.slow
def test_the_other_peers_do_the_same_job(script, generator):
    pytest.importorskip("tensorflow")
    pytest.importorskip("skactiveml")
    program = """
        import sys
        sys.path.insert(0, {benchmarks!r})
        import numpy as np, peers, torch
        from spectrove.models import build

        generator = np.random.default_rng(0)
        network = build("paper-2020", 140, 3, generator).eval()
        features = generator.uniform(-1, 1, (20, 140)).astype(np.float32)
        theirs = peers.keras_on_tensorflow(network).predict(features[:, :, None], verbose=0)
        ours = torch.softmax(network(torch.from_numpy(features)), dim=1).detach().numpy()
        assert np.allclose(ours, theirs, atol=1e-5), np.abs(ours - theirs).max()
        n_weights = sum(weight.numel() for weight in network.parameters())
        assert sum(weight.numel() for weight in peers.conv1d_network(140, 3).parameters()) == n_weights
        probabilities = generator.dirichlet([0.3] * 3, 500)
        chosen = peers.choose_by_skactiveml(probabilities, np.arange(20), 30)
        assert set(chosen.tolist()) == set((peers.choose_by_numpy(probabilities[20:], 30) + 20).tolist())
    """
    text = textwrap.dedent(program.format(benchmarks=str(BENCHMARKS)))
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_benchmark_runs_and_fills_its_tables(script, name, tmp_path):
    if name in {"scoring", "training", "round"}:
        pytest.importorskip("tensorflow" if name != "round" else "skactiveml")
    output = tmp_path / f"{name}.json"
    command = [sys.executable, str(BENCHMARKS / f"bench_{name}.py"), "--quick", "--data", str(tmp_path), "--output", str(output)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-4000:]
    speed_page = script("speed_page")
    found = {name: json.loads(output.read_text(encoding="utf-8"))}
    page = speed_page.filled((REPOSITORY / "docs" / "benchmarks.md").read_text(encoding="utf-8"), speed_page.TABLES, found)
    assert f"Not measured yet: `python benchmarks/bench_{name}.py`" not in page
    assert f"| {name} | " in page
