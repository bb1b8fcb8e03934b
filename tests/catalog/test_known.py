"""Which candidates are known: the first catalog that has them, how near, how likely by chance, and bright stars beside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spectrove.catalog.known import KnownSettings, bright_columns, find_known, match_catalogs
from spectrove.catalog.local_tables import read_catalog
from spectrove.errors import CatalogError

RA, DEC, MJD = (
    np.array([10.0, 20.0, 30.0, np.nan]),
    np.array([5.0, -5.0, 60.0, np.nan]),
    np.array([56000.0, np.nan, 56000.0, 56000.0]),
)
PLACES = (RA, DEC, MJD)


def table(path: Path, rows: list[tuple[str, float, float, str, float]]) -> Path:
    lines = [",".join(map(str, row)) for row in rows]
    path.write_text("\n".join(["name,ra,dec,type,mag", *lines]) + "\n")
    return path


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return table(tmp_path / "first.csv", [("A", 10.0, 5.0 + 2 / 3600, "Be*", 9.0), ("far", 20.0, -5.0 + 8 / 3600, "CV*", 15.0)])


@pytest.fixture
def second(tmp_path: Path) -> Path:
    return table(tmp_path / "second.csv", [("B", 10.0, 5.0, "TT*", 9.0), ("C", 30.0, 60.0 - 4 / 3600, "", 4.0)])


def test_a_candidate_is_of_the_first_catalog_that_has_it(first, second):
    columns, types = match_catalogs(PLACES, [read_catalog(first), read_catalog(second)], 5.0)
    assert columns["catalog_name"] == ["first", None, "second", None]
    assert columns["catalog_match"] == ["A", None, "C", None]
    assert types == ["Be*", None, None, None]
    assert columns["catalog_sep"][0] == pytest.approx(2, abs=1e-3)
    assert columns["catalog_sep"][2] == pytest.approx(4, abs=1e-3)


def test_the_radius_decides(first):
    columns, _ = match_catalogs(PLACES, [read_catalog(first)], 10.0)
    assert columns["catalog_match"] == ["A", "far", None, None]
    columns, _ = match_catalogs(PLACES, [read_catalog(first)], 1.0)
    assert columns["catalog_match"] == [None] * 4


def test_chance_grows_with_the_distance(tmp_path, generator):
    n = 100_000
    ra, dec = generator.uniform(0, 360, n), np.degrees(np.arcsin(generator.uniform(-1, 1, n)))
    rows = [(f"s{i}", ra[i], dec[i], "*", 15.0) for i in range(n)]
    near, far = (10.0, 5.0 + 1 / 3600), (20.0, -5.0 + 4 / 3600)
    sky = read_catalog(table(tmp_path / "sky.csv", [("near", *near, "*", 15.0), ("far", *far, "*", 15.0), *rows]))
    columns, _ = match_catalogs(PLACES, [sky], 5.0)
    close, distant = columns["catalog_chance"][:2]
    density = n / (4 * np.pi / np.radians(1 / 3600) ** 2)
    assert 0 < close < distant < 1e-3
    assert distant == pytest.approx(np.pi * 16 * density, rel=2)


def test_a_bright_star_beside_the_fiber_is_told_and_the_one_it_is_on_is_not(second):
    columns = bright_columns(PLACES, read_catalog(second))
    assert list(columns["bright_neighbor"]) == [None, None, "C", None]
    assert columns["bright_mag"][2] == 4.0
    assert columns["bright_sep"][2] == pytest.approx(4, abs=1e-3)


def test_without_tables_everything_is_unknown_and_nothing_fails(generator):
    known = find_known(["a:1", "a:2", "a:3", "a:4"], PLACES, KnownSettings(), generator)
    assert {name for name, column in known.columns.items() if any(value is not None for value in column)} == set()
    assert known.curves == {}
    assert known.problems == ()


def test_curves_are_made_of_each_catalog(first, second, generator):
    known = find_known(["a:1", "a:2", "a:3", "a:4"], PLACES, KnownSettings(catalogs=(first, second)), generator)
    assert set(known.curves) == {"first", "second"}
    assert known.curves["second"].matches[-1] == 2
    assert [one["name"] for one in known.sources["catalogs"]] == ["first", "second"]


def test_stars_without_magnitudes_are_refused(tmp_path, generator):
    path = tmp_path / "stars.csv"
    path.write_text("name,ra,dec\nA,10,5\n")
    with pytest.raises(CatalogError, match="magnitudes"):
        find_known(["a:1", "a:2", "a:3", "a:4"], PLACES, KnownSettings(bright=path), generator)


def test_without_any_position_nothing_is_matched_and_no_curve_is_drawn(first, generator):
    nowhere = (np.full(2, np.nan), np.full(2, np.nan), np.full(2, np.nan))
    known = find_known(["a:1", "a:2"], nowhere, KnownSettings(catalogs=(first,)), generator)
    assert known.columns["catalog_name"] == [None, None]
    assert known.curves == {}


def test_tables_of_one_name_and_one_called_simbad_keep_apart(first, tmp_path, generator):
    (tmp_path / "other").mkdir()
    rows = [("B", 30.0, 60.0, "TT*", 9.0)]
    tables = (first, table(tmp_path / "other" / "first.csv", rows), table(tmp_path / "SIMBAD.csv", rows))
    known = find_known(["a:1", "a:2", "a:3", "a:4"], PLACES, KnownSettings(catalogs=tables), generator)
    assert list(known.curves) == ["first", "first #2", "SIMBAD (table)"]
    assert known.columns["catalog_name"] == ["first", None, "first #2", None]
    assert [Path(one["path"]) for one in known.sources["catalogs"]] == list(tables)
