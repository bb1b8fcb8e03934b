"""Reading a file, and inspecting what every reader says of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from layouts import LAYOUTS, ascii_columns, csv_rows, lamost_image
from spectrove.errors import DamagedFileError, NoReaderError, PlugInError
from spectrove.surveys import inspect, read, readers

OURS = ["ascii", "csv", "lamost-dr1", "lamost-image", "lamost-table", "ondrejov", "sdm", "sdss-spec"]


def test_readers_are_asked_in_the_order_of_their_names_and_specutils_last():
    assert list(readers()) == [*OURS, "specutils"]
    assert all(reader.name == name and reader.title for name, reader in readers().items())


@pytest.mark.parametrize("name", OURS)
def test_each_layout_is_taken_by_its_own_reader_and_by_no_other(put, name):
    inspection = inspect(put(LAYOUTS[name]()))

    assert inspection.reader == name
    assert set(inspection.declined) == set(readers()) - {name}
    assert all(reason.strip() == reason and not reason.endswith(".") for reason in inspection.declined.values())
    assert inspection.declined["specutils"] == f"not asked, as {name} takes the file"
    assert inspection.error is None


@pytest.mark.parametrize("name", OURS)
def test_a_format_asks_one_reader_alone(put, name):
    path = put(LAYOUTS[name]())

    assert inspect(path, name).declined == {}
    assert [one.spectrum_id for one in read(path, name)] == [one.spectrum_id for one in read(path)]


def test_a_format_that_does_not_fit_is_refused_with_its_reason(put):
    path = put(LAYOUTS["sdss-spec"]())

    with pytest.raises(NoReaderError) as caught:
        read(path, "lamost-table")
    assert str(caught.value) == (
        f"{path}: the reader named by the format does not take this file "
        "(lamost-table: TELESCOP is 'SDSS 2.5-M', not 'LAMOST'). Try without --format."
    )


@pytest.mark.parametrize("use", [read, inspect])
def test_a_format_that_nobody_has_is_refused_with_the_nearest(put, use):
    with pytest.raises(PlugInError, match=r"no plug-in is named 'lamost-tabel'; did you mean 'lamost-table'\?"):
        use(put(b"6500 1"), "lamost-tabel")


def test_a_file_that_nobody_takes_gets_every_readers_reason_once(put):
    path = put(b"\x89PNG\r\n\x1a\n" + bytes(30), "picture.fits")

    with pytest.raises(NoReaderError) as caught:
        read(path)

    message = str(caught.value)
    assert message.startswith(
        f"{path}: no reader takes this file (ascii, csv, sdm: it is a PNG image, not text; "
        "lamost-dr1, lamost-image, lamost-table, ondrejov, sdss-spec: it is a PNG image, not FITS; specutils: "
    )
    assert inspect(path).error == message
    assert set(inspect(path).declined) == set(readers())


def test_a_damaged_file_is_an_error_of_read_and_a_word_of_inspect(put):
    path = put(lamost_image("dr1")[:5000])

    with pytest.raises(DamagedFileError) as caught:
        read(path)
    inspection = inspect(path)
    assert (inspection.reader, inspection.declined, inspection.spectra) == (None, {}, [])
    assert inspection.error == str(caught.value)


def test_damage_that_shows_only_while_reading_is_a_word_of_inspect_too(put):
    path = put(csv_rows().replace(b"101.0000", b"bad"))

    inspection = inspect(path)

    assert inspection.reader == "csv"
    assert "'bad' is no flux" in inspection.error
    assert inspection.spectra == []


def test_read_opens_the_file_at_once_and_needs_it_no_longer(put):
    path = put(csv_rows())

    spectra = read(path)
    path.unlink()

    assert len(list(spectra)) == 3


def test_a_folder_is_refused_by_both(tmp_path):
    with pytest.raises(NoReaderError, match="is a folder"):
        read(tmp_path)
    assert "is a folder" in inspect(tmp_path).error


def test_a_path_may_be_text(put):
    assert inspect(str(put(ascii_columns()))).reader == "ascii"


def test_importing_the_room_imports_neither_matplotlib_nor_specutils_nor_torch():
    code = (
        "import sys, spectrove.surveys as room; room.readers(); print(*{'matplotlib', 'specutils', 'torch'} & set(sys.modules))"
    )

    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert shown.stdout.strip() == ""
