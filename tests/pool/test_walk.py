"""Which files a walk finds, and in which order."""

from __future__ import annotations

import os

import pytest

from spectrove.errors import PoolError
from spectrove.pool.walk import BAD_NAME, NO_FILE, UNREADABLE, check_paths, walk


def found(*paths):
    return [entry.file for entry in walk(paths)]


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return [str(path) for path in paths]


def test_files_come_in_the_order_of_their_names_whatever_the_order_of_the_arguments(tmp_path):
    expected = touch(tmp_path / "a" / "1", tmp_path / "a" / "b" / "2", tmp_path / "a" / "c", tmp_path / "z" / "3")
    assert found(tmp_path / "a", tmp_path / "z") == found(tmp_path / "z", tmp_path / "a") == found(tmp_path) == expected


def test_paths_within_one_another_give_each_file_once(tmp_path):
    expected = touch(tmp_path / "a" / "1", tmp_path / "a" / "b" / "2")
    assert found(tmp_path / "a" / "b", tmp_path / "a", tmp_path / "a" / "b" / "2", tmp_path / "a" / ".." / "a" / "1") == expected


def test_hidden_files_and_folders_are_skipped_unless_they_are_named(tmp_path):
    visible, hidden, inside = touch(tmp_path / "1", tmp_path / ".2", tmp_path / ".git" / "3")
    assert found(tmp_path) == [visible]
    assert found(tmp_path, tmp_path / ".2") == [visible, hidden]
    assert found(tmp_path / ".git") == [inside]


def test_a_linked_folder_is_walked_once_and_after_the_others(tmp_path):
    (real,) = touch(tmp_path / "b" / "1")
    (elsewhere,) = touch(tmp_path / "far" / "2")
    (tmp_path / "b" / "loop").symlink_to(tmp_path / "b")
    (tmp_path / "b" / "a").symlink_to(tmp_path / "far")
    assert found(tmp_path / "b") == [real, str(tmp_path / "b" / "a" / "2")]
    assert found(tmp_path) == [real, elsewhere]


def test_a_linked_file_is_found_by_the_name_of_the_link(tmp_path):
    (real,) = touch(tmp_path / "archive" / "1.dat")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "star.dat").symlink_to(real)
    (entry,) = walk([tmp_path / "mine"])
    assert entry.file == str(tmp_path / "mine" / "star.dat")
    assert (entry.size, entry.kind) == (1, None)


def test_what_cannot_be_a_file_is_told_without_opening_it(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "broken").symlink_to(tmp_path / "nothing")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    told = {entry.file.rpartition("/")[2]: entry.kind for entry in walk([tmp_path])}
    assert told == {"pipe": NO_FILE, "broken": NO_FILE, "circle": NO_FILE}


def test_a_name_that_is_no_text_is_told_in_text(tmp_path):
    with open(os.fsencode(tmp_path) + b"/star-\xff.dat", "wb") as file:  # noqa: PTH123 - pathlib takes no bytes
        file.write(b"x")
    (entry,) = walk([tmp_path])
    assert entry.kind == BAD_NAME
    assert entry.file.endswith("/star-\\xff.dat")


def test_a_folder_that_may_not_be_listed_is_told(tmp_path):
    (readable,) = touch(tmp_path / "1")
    touch(tmp_path / "closed" / "2")
    (tmp_path / "closed").chmod(0)
    if os.access(tmp_path / "closed", os.R_OK):
        pytest.skip("this user may list any folder")
    try:
        entries = list(walk([tmp_path]))
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert [(entry.file, entry.kind) for entry in entries] == [(readable, None), (str(tmp_path / "closed"), UNREADABLE)]


def test_pools_are_not_walked(tmp_path, folder, fill):
    before = found(folder)
    fill(folder, folder / "night-1" / "pool")
    assert found(folder) == found(folder, folder / "night-1" / "pool") == before


@pytest.mark.parametrize("names", [["missing"], ["empty"], ["empty", "hidden"]])
def test_a_path_without_files_is_one_sentence(tmp_path, names):
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    touch(tmp_path / "hidden" / ".file")
    with pytest.raises(PoolError, match=r"missing: there is no such|a directory without spectra") as caught:
        check_paths([tmp_path / name for name in names])
    assert "\n" not in str(caught.value)
