"""Lists of pairs."""

from __future__ import annotations

import re

import pytest

from spectrove.errors import LabelsError
from spectrove.preprocess import read_pairs


@pytest.fixture
def survey(tmp_path):
    """Return a folder of one survey's files, apart from the folder of the list."""
    folder = tmp_path / "survey" / "plate" / "deep"
    folder.mkdir(parents=True)
    for name in ("low-1.fits", "low-2.fits.gz", "12345"):
        (folder / name).write_text(name)
    (tmp_path / "list").mkdir()
    for name in ("high-1.fits", "high-2.fits"):
        (tmp_path / "list" / name).write_text(name)
    return tmp_path / "survey"


@pytest.fixture
def write(tmp_path, survey):
    def write(text, encoding="utf-8"):
        path = tmp_path / "list" / "pairs.csv"
        path.write_text(text, encoding=encoding)
        return path

    return write


def names(pairs):
    return [(high.name, low.name) for high, low in pairs]


@pytest.mark.parametrize("header", ["", "high,low\n", "Ondrejov file,LAMOST file\n"])
def test_a_list_with_or_without_a_header_names_files_beside_it_and_below_the_roots(header, write, survey):
    pairs = read_pairs(write(header + "high-1.fits,low-1.fits\n\nhigh-2.fits, low-2.fits.gz\n"), [survey])

    assert names(pairs) == [("high-1.fits", "low-1.fits"), ("high-2.fits", "low-2.fits.gz")]
    assert all(path.is_file() for pair in pairs for path in pair)


def test_a_name_may_lead_through_folders_that_are_elsewhere_now(write, survey):
    assert names(read_pairs(write("data/high-1.fits,old/place/low-1.fits"), [survey])) == [("high-1.fits", "low-1.fits")]


def test_a_name_may_be_a_bare_number(write, survey):
    assert names(read_pairs(write("high-1.fits,12345"), [survey])) == [("high-1.fits", "12345")]


def test_a_mark_at_the_beginning_of_the_text_is_no_part_of_a_name(write, survey):
    assert names(read_pairs(write("high-1.fits,low-1.fits", "utf-8-sig"), [survey])) == [("high-1.fits", "low-1.fits")]


def test_copies_of_one_file_are_one(write, survey):
    (survey / "low-1.fits").write_text("low-1.fits")

    assert names(read_pairs(write("high-1.fits,low-1.fits"), [survey, survey])) == [("high-1.fits", "low-1.fits")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("high-1.fits,absent.fits", "line 1: no file is named 'absent.fits', beside the list or below"),
        ("high-1.fits,low-1.fits\n99999,low-1.fits", "line 2: no file is named '99999'"),
        ("high-1.fits", "line 1 holds ['high-1.fits'], expected two file names"),
        ("high-1.fits,low-1.fits\na,b,c", "line 2 holds ['a', 'b', 'c']"),
        ("high-1.fits,", "line 1 holds ['high-1.fits', '']"),
        ("", "the list of pairs is empty"),
        ("high,low\n", "the list of pairs is empty"),
    ],
)
def test_a_list_that_cannot_be_followed_is_refused_in_one_sentence(text, message, write, survey):
    with pytest.raises(LabelsError, match=re.escape(message)) as refusal:
        read_pairs(write(text), [survey])
    assert "\n" not in str(refusal.value)


def test_two_different_files_of_one_name_are_refused(write, survey):
    (survey / "low-1.fits").write_text("another star")

    with pytest.raises(LabelsError, match=r"line 1: 'low-1.fits' is the name of 2 files that differ \(.*low-1.fits, .*\)"):
        read_pairs(write("high-1.fits,low-1.fits"), [survey])


def test_a_list_that_is_absent_or_no_text_is_refused(tmp_path, write):
    with pytest.raises(LabelsError, match="no list of pairs can be read"):
        read_pairs(tmp_path / "absent.csv")
    path = write("")
    path.write_bytes(b"\xff\xfe\x00SIMPLE")
    with pytest.raises(LabelsError, match="no list of pairs can be read"):
        read_pairs(path)


def test_the_real_list_names_eighteen_pairs(shared_data):
    pairs = read_pairs(shared_data / "ondrejov" / "cross-matched.csv", [shared_data / "lamost"])

    assert len(pairs) == 18
    assert all("ondrejov" in high.parts and "lamost" in low.parts for high, low in pairs)
