"""Ids of many spectra on the disk behave as an array of them in memory does."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.errors import PoolError
from spectrove.pool import tables, writers
from spectrove.pool.tables import StoredIds, StoredTable, pieces_of, rows_of

SCHEMA = pa.schema({"spectrum_id": pa.string(), "number": pa.int32()})
SIZES = (25, 0, 7)
N = sum(SIZES)
NAMES = np.array([f"s:{number * 7 % N}" for number in range(N)], dtype=object)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Return 32 rows in three files, ten to a group."""
    root, begin, files = tmp_path_factory.mktemp("tables"), 0, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writers, "ROWS_A_GROUP", 10)
        for number, size in enumerate(SIZES):
            files.append(root / f"{number}.parquet")
            with writers.TableWriter(files[-1], SCHEMA) as writer:
                for row in range(begin, begin + size):
                    writer.append(pa.table({"spectrum_id": [NAMES[row]], "number": [row]}))
            begin += size
    return StoredTable(files, SCHEMA)


@pytest.fixture(scope="module")
def ids(table):
    """Return the ids, of which two groups are kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "GROUPS_KEPT", 2)
        patch.setattr(tables, "ROWS_AT_ONCE", 12)
        yield StoredIds(table)


def test_all_of_them_are_there_in_their_order(ids, table):
    assert len(ids) == len(table) == N
    assert table.begins.tolist() == [0, 10, 20, 25, 32]
    assert list(ids) == list(NAMES)
    assert np.asarray(ids).tolist() == NAMES.tolist()
    assert ids[:].dtype == object


@given(row=st.integers(-N, N - 1))
def test_an_id_is_that_of_its_row(ids, row):
    assert ids[row] == NAMES[row]
    assert isinstance(ids[np.int64(row)], str)


@given(rows=st.slices(N))
def test_a_slice_is_that_of_an_array(ids, rows):
    np.testing.assert_array_equal(ids[rows], NAMES[rows])


@given(rows=st.lists(st.integers(-N, N - 1), max_size=50))
def test_rows_come_in_any_order_and_as_often_as_asked_for(ids, table, rows):
    np.testing.assert_array_equal(ids[np.array(rows, dtype=np.int32)], NAMES[rows])
    forward = np.array(rows, dtype=np.int64) % N
    assert table.take(forward, ["number", "spectrum_id"]).to_pydict() == {
        "number": forward.tolist(),
        "spectrum_id": NAMES[forward].tolist(),
    }


@given(mask=st.lists(st.booleans(), min_size=N, max_size=N))
def test_a_mask_chooses(ids, mask):
    np.testing.assert_array_equal(ids[np.array(mask)], NAMES[mask])


@pytest.mark.parametrize("rows", [N, -N - 1, np.array([0, N]), np.zeros(N - 1, dtype=bool)])
def test_what_is_not_there_is_an_index_error(ids, rows):
    with pytest.raises(IndexError, match="ids: "):
        ids[rows]


@given(wanted=st.lists(st.integers(0, N + 5), max_size=40))
def test_ids_lead_to_their_rows_in_files_and_in_memory(ids, wanted):
    names = [f"s:{number}" for number in wanted]
    expected = [NAMES.tolist().index(name) if name in NAMES else -1 for name in names]

    assert rows_of(ids.pieces(), names).tolist() == expected
    assert rows_of(pieces_of(NAMES), np.array(names, dtype=object)).tolist() == expected
    assert rows_of(pieces_of(ids), pa.array(names, pa.string())).tolist() == expected


def test_of_an_id_that_stands_twice_the_first_row_is_told():
    pieces = [pa.array(["a", "b", "a"]), pa.array(["b", "c", "c"])]

    assert rows_of(pieces, ["c", "b", "a", "d"]).tolist() == [4, 1, 0, -1]


def test_no_more_is_read_than_it_takes_to_find_all():
    def pieces():
        yield pa.array(["a", "b"])
        yield pa.array(["c"])
        raise AssertionError

    assert rows_of(pieces(), ["c", "a"]).tolist() == [2, 0]
    assert rows_of(pieces(), []).tolist() == []


def test_groups_are_read_once_as_long_as_they_are_kept(ids, table, monkeypatch):
    read = []
    group = table.group
    monkeypatch.setattr(table, "group", lambda number, columns: (read.append(number), group(number, columns))[1])
    fresh = StoredIds(table)
    for row in (0, 1, 11, 2, 21, 12, 3, 3):
        assert fresh[row] == NAMES[row]

    assert read == [0, 1, 2, 0]


def test_a_table_that_is_gone_is_one_sentence(tmp_path):
    (tmp_path / "cut.parquet").write_bytes(b"PAR1")
    for name in ("cut.parquet", "absent.parquet"):
        lost = StoredTable([tmp_path / name], SCHEMA)
        for ask in (len, lambda lost: lost.read(["number"])):
            with pytest.raises(PoolError, match=rf"{name}: this table is missing or cannot be read\. Restore it"):
                ask(lost)
