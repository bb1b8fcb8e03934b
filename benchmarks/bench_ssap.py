"""
How fast the spectra of an archive are found on the sky by SSAP, and what memory the server takes.

The server runs as people run it, `spectrove vo serve POOL`, in a process of its own; circles around random spectra of the pool
are asked for over loopback, one after the other on one connection, and each answer is read to its end. The peer does in memory
what needs no server: astropy's separation to all positions, and a VOTable of the rows that are near enough.
"""

from __future__ import annotations

import http.client
import io
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import harness
import machine
import numpy as np
from harness import Contestant, Facts, Options
from material import survey

if TYPE_CHECKING:
    from collections.abc import Iterator

N_POOL, QUICK_POOL = 4_136_482, 2_000
"""The paper's archive (Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.4)."""

N_QUERIES, QUICK_QUERIES = 400, 20
N_PEER, QUICK_PEER = 5, 2
"""Circles; of the peer fewer, as each takes a look at all positions."""

SIZES = (0.1, 1.0)
"""Diameters in degrees, drawn evenly in the logarithm."""

SEED = 8
PATIENCE = 120.0
"""Seconds that the server has to be there."""

Circle = tuple[float, float, float]


def circles(pool: Path, n: int) -> list[Circle]:
    """Return centers and diameters of circles around spectra of a pool, degrees."""
    from spectrove.pool import Pool

    opened = Pool.open(pool)
    generator = np.random.default_rng(SEED)
    table = opened.metadata(["ra", "dec"], np.sort(generator.choice(opened.n_spectra, n, replace=False)))
    sizes = np.exp(generator.uniform(*np.log(SIZES), n))
    return list(zip(table["ra"].to_pylist(), table["dec"].to_pylist(), sizes.tolist(), strict=True))


@contextmanager
def server(pool: Path) -> Iterator[tuple[int, int]]:
    """Run the server, and yield its port and its process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "spectrove", "vo", "serve", str(pool), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"}) as process:
        try:
            _await(port)
            yield port, process.pid
        finally:
            process.send_signal(signal.SIGINT)


def _await(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    msg = f"the server is not there after {PATIENCE:g} s"
    raise RuntimeError(msg)


def ask(connection: http.client.HTTPConnection, circle: Circle) -> bytes:
    """Return the answer to one query."""
    ra, dec, size = circle
    connection.request("GET", f"/vo/ssap?REQUEST=queryData&POS={ra},{dec}&SIZE={size}&MAXREC=100000")
    return connection.getresponse().read()


def ask_all(port: int, asked: list[Circle]) -> None:
    """Ask several queries on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for circle in asked:
        ask(connection, circle)
    connection.close()


def by_astropy(ra: Any, dec: Any, ids: Any, asked: list[Circle]) -> None:
    """Answer queries from arrays in memory."""
    from astropy import units
    from astropy.coordinates import SkyCoord
    from astropy.table import Table

    positions = SkyCoord(ra, dec, unit="deg")
    for center_ra, center_dec, size in asked:
        near = np.flatnonzero(positions.separation(SkyCoord(center_ra, center_dec, unit="deg")) <= size / 2 * units.deg)
        table = Table({"id": ids.take(near).to_pylist(), "ra": ra[near], "dec": dec[near]})
        table.write(io.BytesIO(), format="votable")


def build(pool: str, data: Path) -> Facts:
    """Make the index anew."""
    from spectrove.pool import Pool
    from spectrove.pool.sky import SkyIndex

    opened = Pool.open(pool)
    with tempfile.TemporaryDirectory(dir=data) as folder:
        begun = time.perf_counter()
        index = SkyIndex.of(opened, Path(folder))
        seconds = time.perf_counter() - begun
        size = sum(file.stat().st_size for file in index.path.iterdir())
    return {"seconds": [seconds], "bytes": size, "n": opened.n_spectra}


PARTS = {"build": build}


def latencies(port: int, pid: int, asked: list[Circle]) -> Facts:
    """Ask for circles one by one."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    waited, rows = [], []
    for circle in asked:
        begun = time.perf_counter()
        answer = ask(connection, circle)
        waited.append(1000 * (time.perf_counter() - begun))
        rows.append(answer.count(b"<TR>"))
    connection.close()
    if not min(rows):
        msg = "a circle around a spectrum holds no spectrum"
        raise RuntimeError(msg)
    ordered = statistics.quantiles(waited, n=100)
    memory = machine.memory_of(pid)
    return {
        "n": len(waited),
        "p50_ms": ordered[49],
        "p95_ms": ordered[94],
        "p99_ms": ordered[98],
        "max_ms": max(waited),
        "rows": harness.spread(rows),
        "memory_mb": memory["peak_mb"],
        "anonymous_mb": memory["anonymous_mb"],
    }


def run(options: Options) -> Facts:
    """Ask the server, and let the peer answer the same."""
    from spectrove.pool import Pool

    pool = survey(options, options.pick(N_POOL, QUICK_POOL)) / "pool.pool"
    asked = circles(pool, options.pick(N_QUERIES, QUICK_QUERIES))
    few = asked[: options.pick(N_PEER, QUICK_PEER)]
    opened = Pool.open(pool)
    table = opened.metadata(["ra", "dec", "spectrum_id"])
    ra, dec = (table[name].to_numpy() for name in ("ra", "dec"))
    ids = table["spectrum_id"].combine_chunks()
    made = harness.in_own_process(__file__, "build", options.data, pool=str(pool))
    harness.say(f"  index of {made['n']:,}: {made['seconds'][0]:.1f} s, {made['bytes'] / 1e6:.0f} MB, {made['memory']}")
    with server(pool) as (port, pid):
        ask_all(port, asked[:1])  # the first query opens the index
        told = latencies(port, pid, asked)
        contestants = [
            Contestant("astropy, separation and VOTable, in memory", partial(by_astropy, ra, dec, ids, few), len(few)),
            Contestant("spectrove vo serve, SSAP over HTTP", partial(ask_all, port, few), len(few)),
        ]
        contest = harness.contest("circles", "queries", contestants, options.turns)
        told["memory_mb"] = machine.memory_of(pid)["peak_mb"]
    harness.say(f"  median {told['p50_ms']:.1f} ms, 95 of 100 within {told['p95_ms']:.1f} ms, {told['memory_mb']:.0f} MB")
    return {"n_pool": opened.n_spectra, "queries": told, "contests": [contest], "index": made}


if __name__ == "__main__":
    harness.main("ssap", __doc__, run, PARTS)
