"""
How long a cross-match of 4,400 positions with ten million takes, and what memory.

Peers: astropy's `search_around_sky` and `match_to_catalog_sky` on arrays in memory; `stilts tmatch2` from the same FITS files,
which all that take part in that contest read anew in each turn. What they find is compared, pair by pair. Half of the ten million
are evenly strewn, half stand in crowds; six in ten of the 4,400 have a counterpart.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import harness
import numpy as np
from harness import Contestant, Facts, Options

N_FEW, N_MANY = 4400, 10_000_000
QUICK_FEW, QUICK_MANY = 50, 20_000
SEED = 1
RADIUS = 20.0
"""Arc seconds, the radius that the paper settled for (Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, App. B.5)."""

MJD, EPOCH = 56_300.0, 2016.0
N_CROWDS, CROWD = 60, 2.0
SHARE_REAL = 0.6
BYTES, OPERATIONS = 17.0, 10.0
"""What one of the many must cost: 16 bytes of position and one of the map of the sky."""

Pairs = set[tuple[int, int]]
Arrays = dict[str, np.ndarray]


def positions(n_few: int, n_many: int) -> tuple[Arrays, Arrays]:
    """Return the few and the many, as columns."""
    generator = np.random.default_rng(SEED)
    ra, dec = generator.uniform(0, 360, n_many), np.degrees(np.arcsin(generator.uniform(-1, 1, n_many)))
    n_crowded = n_many // 2
    crowd = generator.integers(0, N_CROWDS, n_crowded)
    centers = generator.uniform(0, 360, N_CROWDS), generator.uniform(-10, 60, N_CROWDS)
    dec[:n_crowded] = centers[1][crowd] + generator.normal(0, CROWD, n_crowded)
    ra[:n_crowded] = (centers[0][crowd] + generator.normal(0, CROWD, n_crowded) / np.cos(np.radians(dec[:n_crowded]))) % 360
    mixed = generator.permutation(n_many)
    ra, dec = ra[mixed], dec[mixed]
    size, angle = np.exp(generator.normal(1.5, 1.2, n_many)), generator.uniform(0, 2 * np.pi, n_many)
    many = {"ra": ra, "dec": dec, "pmra": size * np.cos(angle), "pmdec": size * np.sin(angle)}

    rows = generator.choice(n_many, n_few, replace=False)
    off = generator.normal(0, 2 / 3600, (2, n_few))
    off[:, int(SHARE_REAL * n_few) :] = generator.uniform(-0.5, 0.5, (2, n_few - int(SHARE_REAL * n_few)))
    few_dec = np.clip(dec[rows] + off[1], -90, 90)
    return {"ra": (ra[rows] + off[0] / np.cos(np.radians(few_dec))) % 360, "dec": few_dec}, many


def files(data: Path, n_few: int, n_many: int) -> tuple[Path, Path]:
    """Return the two tables as FITS files, which are written if they are not there."""
    folder = data / f"crossmatch-{n_few}-{n_many}-{SEED}"
    paths = folder / "few.fits", folder / "many.fits"
    if not all(path.exists() for path in paths):
        from astropy.table import Table

        folder.mkdir(parents=True, exist_ok=True)
        for path, columns in zip(paths, positions(n_few, n_many), strict=True):
            Table({"row": np.arange(len(columns["ra"])), **columns}).write(path, overwrite=True)
    return paths


# -- The ways --------------------------------------------------------------------------------------------------------------------


def ours_from_files(few: Path, many: Path) -> Pairs:
    """Read both, and find all pairs."""
    from spectrove.catalog.crossmatch import match_all
    from spectrove.catalog.local_tables import read_catalog

    one, other = read_catalog(few), read_catalog(many, epoch=EPOCH)
    pairs = match_all(one.ra, one.dec, other, RADIUS)
    return set(zip(pairs.row.tolist(), pairs.index.tolist(), strict=True))


def astropy_from_files(few: Path, many: Path) -> Pairs:
    """Do the same by astropy."""
    from astropy.table import Table

    one, other = (Table.read(path, memmap=True) for path in (few, many))
    return by_astropy(
        {name: np.asarray(one[name]) for name in ("ra", "dec")}, {name: np.asarray(other[name]) for name in ("ra", "dec")}
    )


def by_astropy(few: Arrays, many: Arrays) -> Pairs:
    """Find all pairs in memory by astropy; coordinates are made anew, as they remember their trees."""
    from astropy import units
    from astropy.coordinates import SkyCoord

    one, other = (SkyCoord(columns["ra"], columns["dec"], unit="deg") for columns in (few, many))
    row, index, _, _ = other.search_around_sky(one, RADIUS * units.arcsec)
    return set(zip(row.tolist(), index.tolist(), strict=True))


def nearest_by_astropy(few: Arrays, many: Arrays) -> Any:
    """Find the nearest in memory by astropy."""
    from astropy.coordinates import SkyCoord

    one, other = (SkyCoord(columns["ra"], columns["dec"], unit="deg") for columns in (few, many))
    return one.match_to_catalog_sky(other)


def by_stilts(few: Path, many: Path, output: Path, find: str = "all") -> Pairs:
    """Have STILTS read both, find all pairs and write their rows; what it writes is read after."""
    command = ["stilts", "tmatch2", "matcher=sky", f"params={RADIUS}", f"find={find}", "join=1and2", "progress=none"]
    command += [f"in1={few}", f"in2={many}", "values1=ra dec", "values2=ra dec", "ocmd=keepcols 'row_1 row_2'", f"out={output}"]
    subprocess.run([*command, "ofmt=fits"], check=True, stdout=subprocess.DEVNULL)
    return written(output)


def written(output: Path) -> Pairs:
    """Return the pairs that STILTS wrote."""
    from astropy.table import Table

    table = Table.read(output)
    return set(zip(np.asarray(table["row_1"]).tolist(), np.asarray(table["row_2"]).tolist(), strict=True))


def in_memory(options: Options, few: Arrays, many: Arrays) -> Facts:
    """Let the ways take turns on arrays."""
    from spectrove.catalog.crossmatch import match_all, nearest
    from spectrove.catalog.local_tables import LocalCatalog

    stars = LocalCatalog("stars", many["ra"], many["dec"])
    moving = LocalCatalog("stars", many["ra"], many["dec"], many["pmra"], many["pmdec"], EPOCH)
    n, work = len(many["ra"]), {"memory": BYTES}
    place = few["ra"], few["dec"]
    contestants = [
        Contestant("astropy, search_around_sky", partial(by_astropy, few, many), n, warms_up=False),
        Contestant("astropy, match_to_catalog_sky", partial(nearest_by_astropy, few, many), n, warms_up=False),
        Contestant("match_all", lambda: match_all(*place, stars, RADIUS), n, work=work),
        Contestant("nearest", lambda: nearest(*place, stars, RADIUS), n, work=work),
        Contestant("nearest, moved to the epoch", lambda: nearest(*place, moving, RADIUS, MJD), n, work={"memory": BYTES + 16}),
    ]
    return harness.contest("in memory", "positions", contestants, options.turns)


def from_files(options: Options, paths: tuple[Path, Path]) -> Facts:
    """Let the ways take turns from the files on, and compare what they find."""
    n = options.pick(N_MANY, QUICK_MANY)
    ways: dict[str, Callable[[], Pairs]] = {
        "astropy, search_around_sky": partial(astropy_from_files, *paths),
        "read_catalog, match_all": partial(ours_from_files, *paths),
    }
    if shutil.which("stilts"):
        ways = {"stilts tmatch2 find=all": partial(by_stilts, *paths, paths[0].parent / "pairs.fits"), **ways}
    found: dict[str, Pairs] = {}

    def keep(name: str) -> None:
        found[name] = ways[name]()

    contestants = [Contestant(name, partial(keep, name), n, warms_up=False) for name in ways]
    told = harness.contest("from files", "positions", contestants, options.turns)
    ours = found["read_catalog, match_all"]
    same = [{"name": name, "n_pairs": len(pairs), "n_other": len(pairs ^ ours)} for name, pairs in found.items()]
    return {**told, "same": same}


# -- Memory ----------------------------------------------------------------------------------------------------------------------


def memory_part(data: Path, name: str, n_few: int, n_many: int) -> Facts:
    """Do the job once from the files on, in a process of its own."""
    paths = files(data, n_few, n_many)
    ways: dict[str, Callable[[], Any]] = {
        "read_catalog, match_all": partial(ours_from_files, *paths),
        "read_catalog, match_curve to 300″": partial(curve_from_files, *paths),
        "astropy, search_around_sky": partial(astropy_from_files, *paths),
        "stilts tmatch2 find=all": partial(by_stilts, *paths, paths[0].parent / "pairs.fits"),
    }
    return {"name": name, "seconds": [harness.timed(ways[name])]}


def curve_from_files(few: Path, many: Path) -> Any:
    """Read both, and count matches by radius beside those by chance."""
    from spectrove.catalog.chance import match_curve
    from spectrove.catalog.local_tables import read_catalog

    one = read_catalog(few)
    return match_curve(one.ra, one.dec, read_catalog(many, epoch=EPOCH), np.random.default_rng(SEED))


PARTS = {"memory": memory_part}


def run(options: Options) -> Facts:
    """Measure all."""
    sizes = options.pick(N_FEW, QUICK_FEW), options.pick(N_MANY, QUICK_MANY)
    paths = files(options.data, *sizes)
    contests = [in_memory(options, *positions(*sizes)), from_files(options, paths)]
    names = ["read_catalog, match_all", "read_catalog, match_curve to 300″", "astropy, search_around_sky"]
    names += ["stilts tmatch2 find=all"] if shutil.which("stilts") else []
    memory = []
    for name in names:
        memory.append(harness.in_own_process(__file__, "memory", options.data, name=name, n_few=sizes[0], n_many=sizes[1]))
        harness.say(f"  {name:<40} {memory[-1]['seconds'][0]:>8.2f} s, {memory[-1]['memory']}")
    return {"contests": contests, "memory": memory}


if __name__ == "__main__":
    harness.main("crossmatch", __doc__, run, PARTS)
