"""Files are whole or absent, full disks are one sentence, and content has a name."""

from __future__ import annotations

import errno
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.catalog.files import write_provenance
from spectrove.errors import PoolError, StorageError
from spectrove.storage import atomic_path, content_hash, remove, replace_atomically, storage_errors, write_bytes


def names(folder):
    """Return the names in a folder."""
    return sorted(entry.name for entry in folder.iterdir())


def test_a_file_takes_its_name_when_it_is_whole(tmp_path):
    with atomic_path(tmp_path / "file") as temporary:
        temporary.write_text("half")
        assert not (tmp_path / "file").exists()
        temporary.write_text("whole")
    assert (tmp_path / "file").read_text() == "whole"
    assert names(tmp_path) == ["file"]


def test_a_failure_leaves_the_old_content_and_nothing_else(tmp_path):
    write_bytes(tmp_path / "file", b"old")
    with pytest.raises(FileExistsError), atomic_path(tmp_path / "file") as temporary:
        temporary.write_bytes(b"new") and temporary.mkdir()
    assert (tmp_path / "file").read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_a_folder_takes_its_name_when_it_is_whole(tmp_path):
    with atomic_path(tmp_path / "folder") as temporary:
        (temporary / "inner").mkdir(parents=True)
        (temporary / "inner" / "file").write_text("x")
    assert (tmp_path / "folder" / "inner" / "file").read_text() == "x"
    (tmp_path / "next").mkdir()
    replace_atomically(tmp_path / "next", tmp_path / "last")
    assert names(tmp_path) == ["folder", "last"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_one_sentence_that_says_how_to_go_on(tmp_path, number):
    said = r"pool: the disk is full \(.+\)\. Free some space and run the same command again"
    with pytest.raises(StorageError, match=said), storage_errors(tmp_path / "pool"):
        raise OSError(number, "words of a library")


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match=r"file/inner: cannot be written \(Not a directory"):
        write_bytes(tmp_path / "file" / "inner", b"x")


@pytest.mark.parametrize("inner", ["file", "deeper/file"])
def test_a_missing_folder_is_one_sentence_that_names_it(tmp_path, inner):
    path = tmp_path / "nodir" / inner
    said = rf"{path}: cannot be written \(there is no folder {path.parent}\)\. Make that folder first, or choose another place\.$"
    with pytest.raises(StorageError, match=said):
        write_bytes(path, b"x")
    with pytest.raises(StorageError, match=said), atomic_path(path) as temporary:
        (temporary / "part").write_bytes(b"x")
    with pytest.raises(StorageError, match=said), storage_errors(path):
        raise FileNotFoundError(errno.ENOENT, "words of a library")
    assert names(tmp_path) == []


@pytest.mark.parametrize("place", ["/proc/nope", "/proc/nope/deeper", "/proc/nope/deeper/still"])
def test_a_place_where_the_system_makes_nothing_is_one_sentence(place):
    said = rf"^{place}: cannot be written \(the system makes nothing named nope in /proc\)\. Choose another place\.$"
    with pytest.raises(StorageError, match=said), storage_errors(Path(place)):
        Path(place).mkdir(parents=True)


def test_the_numbers_of_a_summary_find_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StorageError, match=r"^nodir/x\.json: cannot be written \(there is no folder nodir\)\. Make that folder"):
        write_provenance({"n": 1}, Path("nodir/x.json"))


@pytest.mark.parametrize("name", ["input.fits", "out/part", "elsewhere/input.fits"])
def test_what_is_missing_and_not_being_written_passes_unchanged(tmp_path, name):
    (tmp_path / "out").mkdir()
    with pytest.raises(FileNotFoundError), storage_errors(tmp_path / "out"):
        (tmp_path / name).read_bytes()


@pytest.mark.parametrize(
    "error", [FileNotFoundError(errno.ENOENT, "gone"), PoolError("ours"), StorageError("ours"), OSError("odd")]
)
def test_other_errors_pass_unchanged(tmp_path, error):
    with pytest.raises(type(error)) as caught, storage_errors(tmp_path):
        raise error
    assert caught.value is error


def test_what_is_not_there_is_removed_without_complaint(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    for name in ("link", "absent"):
        remove(tmp_path / name)
    assert names(tmp_path) == ["kept"]
    remove(tmp_path / "kept")
    assert names(tmp_path) == []


@given(content=st.binary(max_size=40), cuts=st.lists(st.integers(0, 40), max_size=4), other=st.binary(max_size=40))
def test_a_content_has_one_name_however_it_is_cut(content, cuts, other):
    places = [0, *sorted(cuts), len(content)]
    pieces = [content[begin:end] for begin, end in pairwise(places)]
    assert content_hash(*pieces) == content_hash(content)
    assert len(content_hash(content)) == 32
    assert (content_hash(content) == content_hash(other)) == (content == other)
