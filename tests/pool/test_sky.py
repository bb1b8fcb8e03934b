"""The index on the sky finds what is in a circle and nothing else, wherever on the sphere, and every name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from small_survey import SmallSurvey
from spectrove.errors import StorageError
from spectrove.pool import Pool
from spectrove.pool.layout import METADATA_SCHEMA
from spectrove.pool.sky import COLUMNS, NOWHERE, SkyIndex, cells_of, separations

EDGES = [
    (0.0, 90.0),
    (123.0, 90.0),
    (0.0, -90.0),
    (359.9999999, 0.0),
    (0.0, 0.0),
    (0.0, 1e-9),
    (45.0, 41.8103148957786),
    (90.0, -41.8103148957786),
    (180.0, 12.5),
    (180.0, 12.5),
]
"""Poles, the zero of right ascension, corners of HEALPix' base cells, and two exposures of one star."""

POSITIONS = st.tuples(st.floats(0, 360, exclude_max=True), st.floats(-90, 90))


class TablePool:
    """What the index asks of a pool, from a table in memory."""

    def __init__(self, positions: list[tuple[float, float] | None], **columns: list[Any]) -> None:
        self.n_spectra = len(positions)
        self.content_hash = f"{self.n_spectra:032d}"
        known: dict[str, Any] = {
            "spectrum_id": [f"test:S-{row}" for row in range(self.n_spectra)],
            "survey": ["test"] * self.n_spectra,
            "ra": [place and place[0] for place in positions],
            "dec": [place and place[1] for place in positions],
            **columns,
        }
        nothing = [None] * self.n_spectra
        self.table = pa.table({name: pa.array(known.get(name, nothing), METADATA_SCHEMA.field(name).type) for name in COLUMNS})

    def metadata(self, columns: list[str]) -> pa.Table:
        return self.table.select(columns)


def rows_in(index: SkyIndex, ra: float, dec: float, radius: float) -> list[int]:
    return sorted(index.numbers("row")[index.cone(ra, dec, radius)].tolist())


@pytest.fixture(scope="module")
def strewn(tmp_path_factory: pytest.TempPathFactory) -> tuple[SkyIndex, np.ndarray, np.ndarray]:
    """Return an index of positions all over the sky, in crowds, at its edges, and of some that have none."""
    generator = np.random.default_rng(5)
    ra, dec = generator.uniform(0, 360, 3000), np.degrees(np.arcsin(generator.uniform(-1, 1, 3000)))
    crowd = [(10 + x, 60 + y) for x, y in generator.normal(0, 0.02, (500, 2))]
    places = [*zip(ra.tolist(), dec.tolist(), strict=True), *crowd, *EDGES]
    index = SkyIndex.of(TablePool([*places, None, None]), tmp_path_factory.mktemp("sky"))
    return index, *np.array(places).T


@settings(max_examples=60)
@given(center=st.one_of(POSITIONS, st.sampled_from(EDGES)), radius=st.one_of(st.floats(0, 180), st.floats(0, 0.1)))
def test_a_circle_holds_what_astropy_finds_in_it(strewn: Any, center: tuple[float, float], radius: float) -> None:
    index, ra, dec = strewn
    distances = SkyCoord(ra, dec, unit="deg").separation(SkyCoord(*center, unit="deg")).to_value(u.deg)
    expected, found = set(np.flatnonzero(distances <= radius).tolist()), set(rows_in(index, *center, radius))
    # Their formulas differ by rounding; what lies that near to the edge may be in or out.
    assert all(abs(distances[row] - radius) < 1e-9 for row in expected ^ found)


def test_a_radius_of_zero_finds_what_is_at_the_very_place(strewn: Any) -> None:
    index, ra, _ = strewn
    assert rows_in(index, 180.0, 12.5, 0.0) == [len(ra) - 2, len(ra) - 1]


def test_the_whole_sky_holds_all_that_has_a_position(strewn: Any) -> None:
    index, ra, _ = strewn
    assert rows_in(index, 77.0, -3.0, 180.0) == list(range(len(ra)))
    assert len(index) == len(ra) + 2


@given(one=POSITIONS, other=POSITIONS)
def test_distances_are_those_of_astropy(one: tuple[float, float], other: tuple[float, float]) -> None:
    expected = SkyCoord(*one, unit="deg").separation(SkyCoord(*other, unit="deg")).deg
    # The haversine loses digits near 180 degrees, where no circle ends.
    assert separations(*one, *np.array([other]).T)[0] == pytest.approx(expected, abs=3e-6 if expected > 179 else 1e-9)


@pytest.mark.parametrize("wrong", [(np.nan, 0, 1), (0, 91, 1), (0, 0, -1), (0, 0, 181), (0, 0, np.nan)])
def test_a_circle_that_is_none_is_refused(strewn: Any, wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="expected declinations to ±90"):
        strewn[0].cone(*wrong)


def test_without_a_position_there_is_no_cell() -> None:
    cells = cells_of(np.array([1.0, np.nan, 1.0]), np.array([1.0, 1.0, 95.0]))
    assert (cells == NOWHERE).tolist() == [False, True, True]


# -- names -----------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> SkyIndex:
    names = ["V395 Aur", "HD 53416", "V395 Aur", None, "plumless", "buckeroo", "Škoda 1"]
    obsids = ["101", None, "102", "103", None, None, "104"]
    pool = TablePool([(40.0 - row, 1.0 * row) for row in range(len(names))], designation=names, obsid=obsids)
    return SkyIndex.of(pool, tmp_path_factory.mktemp("named"))


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("V395 Aur", [0, 2]),
        ("  v395 aur ", [0, 2]),
        ("TEST:s-4", [4]),
        ("102", [2]),
        ("škoda 1", [6]),
        ("nobody", []),
        ("", []),
        ("buckeroo", [5]),  # its CRC-32 is that of the next
        ("plumless", [4]),
    ],
)
def test_a_name_means_every_spectrum_that_is_called_so(named: SkyIndex, name: str, rows: list[int]) -> None:
    assert sorted(named.numbers("row")[named.named(name)].tolist()) == rows


def test_ids_are_found_as_they_are_and_no_other_way(named: SkyIndex) -> None:
    places = named.places_of(["test:S-6", "TEST:S-6", "V395 Aur", "test:S-0", "nobody"])
    assert (places >= 0).tolist() == [True, False, False, True, False]
    assert named.numbers("row")[places[[0, 3]]].tolist() == [6, 0]
    assert named.places_of([]).size == 0


# -- files -----------------------------------------------------------------------------------------------------------------------


def test_of_a_real_pool_each_row_has_its_own_facts(small_survey: SmallSurvey, tmp_path: Path) -> None:
    pool = Pool.open(small_survey.pool)
    index = SkyIndex.of(pool, tmp_path / "made" / "here")
    table = pool.metadata()
    rows = index.numbers("row")
    places = np.arange(len(index))
    assert index.texts("spectrum_id", places) == table["spectrum_id"].take(pa.array(rows)).to_pylist()
    assert index.texts("file", places) == table["file"].take(pa.array(rows)).to_pylist()
    assert np.array_equal(index.numbers("ra"), table["ra"].to_numpy()[rows], equal_nan=True)
    assert np.array_equal(rows[index.place_of_row], places)
    surveys, codes = index.codes("survey")
    assert [surveys[code] for code in codes] == table["survey"].take(pa.array(rows)).to_pylist()


def test_an_index_is_made_once_and_anew_where_it_was_damaged(tmp_path: Path) -> None:
    pool = TablePool(EDGES)
    made = SkyIndex.of(pool, tmp_path).path
    before = (made / "index.json").stat().st_mtime_ns
    assert SkyIndex.of(pool, tmp_path).path == made
    assert (made / "index.json").stat().st_mtime_ns == before
    for damaged in ("ra.arrow", "name.arrow", "index.json"):
        (made / damaged).write_bytes((made / damaged).read_bytes()[:100])
        assert rows_in(SkyIndex.of(pool, tmp_path), 180.0, 12.5, 1e-3) == [8, 9], damaged
    (made / "cell.arrow").unlink()
    assert rows_in(SkyIndex.of(pool, tmp_path), 180.0, 12.5, 1e-3) == [8, 9]


def test_where_nothing_can_be_written_one_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file"):
        SkyIndex.of(TablePool(EDGES), tmp_path / "file" / "vo")


def test_what_was_interrupted_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupt(what: str, done: int, total: int | None) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SkyIndex.of(TablePool(EDGES), tmp_path, interrupt)
    assert list(tmp_path.iterdir()) == []
