"""
What a pool costs: opening it, finding spectra in it, reading it from end to end, and adding a release to it.

Peers: the features in one HDF5 file, as the reference design has them, and in one array of NumPy that is mapped from the disk.
Each pool is opened in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import harness
import material
import numpy as np
import peers
import pyarrow as pa
from bench_scoring import opened
from harness import Contestant, Facts, Options

N_ADDED = 400_000
"""Spectra of a data release, as one of LAMOST's has."""

READ_AT_ONCE = 65_536
N_LOOKED_UP = 100
A_BATCH = 4096


@dataclass(frozen=True)
class Release:
    """Spectra under new ids, whose features are those of another pool."""

    pool: Path
    n_rows: int

    @property
    def name(self) -> str:
        """Return what people call it."""
        return f"release of {self.n_rows:,}"

    @property
    def identity(self) -> Mapping[str, Any]:
        """Return what its spectra follow from."""
        return {"release": self.n_rows}

    @property
    def n_batches(self) -> int:
        """Return how many batches there are."""
        return -(-self.n_rows // A_BATCH)

    def batch(self, number: int) -> Any:
        """Return a batch, by its number alone."""
        from spectrove.pool import Pool, RowBatch

        first, last = number * A_BATCH, min((number + 1) * A_BATCH, self.n_rows)
        pool = Pool.open(self.pool)
        features = pool.features(np.arange(first, last) % pool.n_spectra)
        names = pa.array([f"release:{row:09d}" for row in range(first, last)])
        return RowBatch(pa.table({"spectrum_id": names}), features)


def opening(data: Path, pool: str, turns: int) -> Facts:  # noqa: ARG001 - every part is told where the data lie
    """Open a pool several times, and look spectra up in it."""
    from spectrove.pool import Pool

    def open_it() -> None:
        searched = Pool.open(Path(pool))
        searched.features(slice(searched.n_spectra - 1, searched.n_spectra))

    seconds = harness.repeated(open_it, most=turns)
    searched = Pool.open(Path(pool))
    wanted = [searched.spectrum_ids[int(row)] for row in np.linspace(0, searched.n_spectra - 1, N_LOOKED_UP)]
    lookup = harness.repeated(lambda: Pool.open(Path(pool)).rows_of(wanted), most=turns)
    return {"n_rows": searched.n_spectra, "seconds": seconds, "lookup_seconds": lookup, "n_looked_up": N_LOOKED_UP}


def through(read: Callable[[slice], np.ndarray], n_rows: int) -> float:
    """Read all rows in order; return the sum, so that every value is looked at."""
    return float(sum(read(slice(begin, begin + READ_AT_ONCE)).sum(dtype=np.float64) for begin in range(0, n_rows, READ_AT_ONCE)))


def reading(options: Options) -> Facts:
    """Let the formats take turns; each value is summed, so that what is mapped is read."""
    import h5py

    pool = opened(options, options.sizes[min(2, len(options.sizes) - 1)])
    n_rows, folder = pool.n_spectra, options.data / "formats"
    folder.mkdir(exist_ok=True)
    batches = (pool.features(slice(begin, begin + READ_AT_ONCE)) for begin in range(0, n_rows, READ_AT_ONCE))
    peers.write_hdf5(folder / "features.h5", batches, n_rows, "float32")
    mapped = np.lib.format.open_memmap(folder / "features.npy", mode="w+", dtype="<f4", shape=(n_rows, pool.n_wave))
    with h5py.File(folder / "features.h5") as file:
        stored = file["X"]
        for begin in range(0, n_rows, READ_AT_ONCE):
            mapped[begin : begin + READ_AT_ONCE] = stored[begin : begin + READ_AT_ONCE]
        mapped.flush()
        readonly = np.load(folder / "features.npy", mmap_mode="r")
        wide = {"file cache": 4.0 * pool.n_wave}
        narrow = {"file cache": float(pool.stored(slice(0, 1)).nbytes)}
        contestants = [
            Contestant("HDF5, float32", lambda: through(lambda rows: stored[rows], n_rows), n_rows, work=wide),
            Contestant("NumPy, float32, mapped", lambda: through(lambda rows: readonly[rows], n_rows), n_rows, work=wide),
            Contestant("Pool.features", lambda: through(pool.features, n_rows), n_rows, work=narrow),
            Contestant("Pool.stored", lambda: through(pool.stored, n_rows), n_rows, work=narrow),
        ]
        return harness.contest("reading", "rows", contestants, options.turns)


def add_version(pool: Path, recipe: Any, source: Release) -> None:
    """Add a source's spectra to a pool as a version of it, by the steps that `write_pool` takes for the first one."""
    from spectrove.contracts import no_progress
    from spectrove.execution import InlineExecutor
    from spectrove.pool.direct import ROWS_PER_CHUNK, _begin, _make
    from spectrove.pool.door import writing
    from spectrove.pool.seal import Job, seal

    # An ingest adds versions too, but what it would measure at 400,000 files is the reading of them.
    with writing(pool, recipe):
        job = Job(pool, recipe, _begin(pool, source, source.identity, ROWS_PER_CHUNK))
        _make(job, source, InlineExecutor(), no_progress)
        seal(job, lambda done, total: no_progress("sealed", done, total))


def adding(data: Path, pool: str | None, base: str, n_added: int) -> Facts:
    """Add a release to a copy of a pool, or to a new one; the time to make the copy does not count."""
    from spectrove.pool import Pool

    target = data / "grown.pool"
    if pool is None:
        material.emptied(target)
    else:
        material.linked(Path(pool), target)
    run = partial(add_version, target, Pool.open(Path(base)).recipe, Release(Path(base), n_added))
    seconds = harness.timed(run)
    n_rows = Pool.open(target).n_spectra
    material.emptied(target)
    return {"n_rows": n_rows - n_added, "n_added": n_added, "seconds": [seconds]}


PARTS = {"opening": opening, "adding": adding}


def run(options: Options) -> Facts:
    """Measure all."""
    pools = {size: f"{material.survey(options, size)}/pool.pool" for size in options.sizes}
    found = []
    for pool in pools.values():
        found.append(harness.in_own_process(__file__, "opening", options.data, pool=pool, turns=options.turns))
        times = f"opened in {min(found[-1]['seconds']):.3f} s, looked up in {min(found[-1]['lookup_seconds']):.3f} s"
        harness.say(f"  {found[-1]['n_rows']:>10,} rows {times}, {found[-1]['memory']}")
    contest = reading(options)
    base, n_added, grown = pools[options.sizes[0]], options.pick(N_ADDED, 100), []
    for pool in [None, *pools.values()]:
        grown.append(harness.in_own_process(__file__, "adding", options.data, pool=pool, base=base, n_added=n_added))
        added = f"{grown[-1]['n_added']:,} to {grown[-1]['n_rows']:,}"
        harness.say(f"  {added:<24} {grown[-1]['seconds'][0]:>8.2f} s, {grown[-1]['memory']}")
    return {"contests": [contest], "opening": found, "adding": grown}


if __name__ == "__main__":
    harness.main("pool", __doc__, run, PARTS)
