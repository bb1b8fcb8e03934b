"""One file, opened once: what it is, and what is wrong with it."""

from __future__ import annotations

import gzip
import os
import re
from io import BytesIO

import numpy as np
import pytest
from astropy.io import fits

from layouts import as_bytes, ascii_columns, lamost_image, lamost_table, ondrejov_table, packed
from spectrove.errors import DamagedFileError, NoReaderError, SpectrumError
from spectrove.surveys import SurveyFile, read
from spectrove.surveys.file import FAULTS, LARGEST, faults_as_damage


class TestWhatAFileIs:
    @pytest.mark.parametrize("pack", [bytes, packed], ids=["plain", "gzipped"])
    def test_fits_is_known_by_its_first_bytes(self, put, pack):
        with SurveyFile(put(pack(lamost_table()), "notes.txt")) as file:
            assert file.kind == "FITS"
            assert [hdu.name for hdu in file.hdus] == ["PRIMARY", "COADD"]
            assert file.text is None

    @pytest.mark.parametrize("content", [b"6500 1\n", "λ 6500\n".encode(), b"\xef\xbb\xbf6500 1\n", "é\n".encode("latin-1")])
    def test_text_is_what_has_no_control_characters(self, put, content):
        with SurveyFile(put(content, "spectrum.fits")) as file:
            assert file.kind == "text"
            assert file.hdus is None
            assert not file.text.startswith("\ufeff")

    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            (b"\x89PNG\r\n\x1a\n" + bytes(20), "a PNG image"),
            (b"PK\x03\x04" + bytes(20), "a zip archive (as .npz files are)"),
            (b"\x89HDF\r\n\x1a\n" + bytes(20), "an HDF5 file"),
            (gzip.compress(gzip.compress(b"6500 1", mtime=0), mtime=0), "a gzip file within a gzip file"),
            (bytes(range(16)), "binary data that begin with 00 01 02 03 04 05 06 07"),
        ],
    )
    def test_everything_else_is_named(self, put, content, kind):
        with SurveyFile(put(content)) as file:
            assert (file.kind, file.hdus, file.text) == (kind, None, None)

    @pytest.mark.parametrize(
        ("name", "stem"),
        [
            ("spec-1-catB.dat.gz", "spec-1-catB"),
            ("spec-1.fits.fits", "spec-1"),
            ("a.b.c", "a.b.c"),
            ("101008", "101008"),
            (".txt", ".txt"),
            ("X.FITS.GZ", "X"),
        ],
    )
    def test_the_stem_is_the_name_without_what_names_formats(self, put, name, stem):
        with SurveyFile(put(b"6500 1", name)) as file:
            assert file.stem == stem


class TestWhatIsWrongWithAFile:
    def test_an_empty_file_is_said_to_be_empty(self, put):
        with pytest.raises(DamagedFileError, match=r"is empty \(0 bytes\), expected spectra\. Fetch it again\.$"):
            SurveyFile(put(b""))

    def test_a_gzip_file_of_nothing_is_said_to_hold_nothing(self, put):
        with pytest.raises(DamagedFileError, match="is a gzip file of nothing"):
            SurveyFile(put(packed(b"")))

    def test_a_folder_is_no_file(self, tmp_path):
        with pytest.raises(NoReaderError, match=rf"^{re.escape(str(tmp_path))}: is a folder, expected a file\."):
            SurveyFile(tmp_path)

    def test_an_absent_file_is_said_to_be_absent(self, tmp_path):
        with pytest.raises(DamagedFileError, match=r"cannot be opened \(No such file or directory\)"):
            SurveyFile(tmp_path / "absent.fits")

    def test_an_unreadable_file_is_said_so(self, put, monkeypatch):
        path = put(b"6500 1")

        def refuse(self):
            raise PermissionError(13, "Permission denied", str(self))

        monkeypatch.setattr(type(path), "read_bytes", refuse)
        with pytest.raises(DamagedFileError, match=r"cannot be opened \(Permission denied\)"):
            SurveyFile(path)

    def test_a_pipe_is_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(NoReaderError, match="is no regular file"):
            SurveyFile(tmp_path / "pipe")

    def test_a_path_that_no_file_can_have_is_an_error_of_ours(self):
        with pytest.raises(DamagedFileError, match="cannot be opened"):
            SurveyFile("a\0b")

    def test_a_huge_file_is_refused_unread(self, tmp_path):
        path = tmp_path / "huge.fits"
        with path.open("wb") as sparse:
            sparse.truncate(LARGEST + 1)
        with pytest.raises(NoReaderError, match=f"holds {LARGEST + 1} bytes"):
            SurveyFile(path)

    def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(self, put, monkeypatch):
        monkeypatch.setattr("spectrove.surveys.file.LARGEST", 1000)
        with pytest.raises(NoReaderError, match="unpacks to more than 1000 bytes"):
            SurveyFile(put(gzip.compress(bytes(100_000))))

    @pytest.mark.parametrize("end", [11, 100, -9, -1])
    def test_a_gzip_file_that_is_cut_off_is_damaged(self, put, end):
        with pytest.raises(DamagedFileError, match="it begins as a gzip file but cannot be unpacked"):
            SurveyFile(put(packed(lamost_image("dr1"))[:end]))

    @pytest.mark.parametrize("place", [20, 300, -6])
    def test_a_gzip_file_with_a_changed_byte_is_damaged(self, put, place):
        content = bytearray(packed(lamost_image("dr1")))
        content[place] ^= 0xFF
        with pytest.raises(DamagedFileError, match="it begins as a gzip file but cannot be unpacked"):
            SurveyFile(put(bytes(content)))

    def test_data_that_are_cut_off_are_measured(self, put):
        path = put(lamost_image("dr1")[:5000])
        with pytest.raises(DamagedFileError) as caught:
            SurveyFile(path)
        assert str(caught.value) == f"{path}: is cut off: HDU 0 ends at byte 5760, the file at byte 5000. Fetch it again."

    def test_a_header_that_is_cut_off_is_damage(self, put):
        content = ondrejov_table()
        with pytest.raises(DamagedFileError, match="its headers cannot be read"):
            SurveyFile(put(content[:1000]))
        with pytest.raises(DamagedFileError, match="after HDU 0 comes a header that is cut off"):
            SurveyFile(put(content[:4000]))

    def test_something_else_after_the_last_hdu_is_damage_and_blank_space_is_not(self, put):
        with pytest.raises(DamagedFileError, match="something that is no FITS"):
            SurveyFile(put(lamost_image("dr1") + b"<html>error 500</html>"))
        assert len(list(read(put(lamost_image("dr1") + bytes(2880))))) == 1

    def test_a_real_file_that_is_cut_off_is_damaged(self, shared_data, put):
        content = next((shared_data / "sdss").glob("*/spec-2942-*")).read_bytes()
        with pytest.raises(DamagedFileError, match="is cut off: HDU 1 ends at byte"):
            read(put(content[: len(content) // 3], "spec.fits"))

    def test_every_real_file_is_whole(self, shared_data):
        for path in sorted(shared_data.glob("other/*/*.fits")) + sorted(shared_data.glob("lamost-mrs/*/*")):
            with SurveyFile(path) as file:
                assert file.kind == "FITS"


class TestTheOnePlaceWhereFaultsBecomeErrors:
    @pytest.mark.parametrize("fault", FAULTS)
    def test_each_fault_becomes_damage_that_names_it(self, tmp_path, fault):
        two_lines = "first line\nsecond line"

        with pytest.raises(DamagedFileError) as caught, faults_as_damage(tmp_path, "its data cannot be read"):
            raise fault(two_lines)

        assert str(caught.value).startswith(f"{tmp_path}: its data cannot be read ({fault.__name__}: ")
        assert "second line" not in str(caught.value)
        assert isinstance(caught.value.__cause__, fault)

    def test_errors_of_ours_pass_and_impossible_arrays_get_the_files_name(self, tmp_path):
        ours, impossible = NoReaderError("as it is"), SpectrumError("lamost:1: impossible")

        with pytest.raises(NoReaderError, match=r"^as it is$"), faults_as_damage(tmp_path, "unused"):
            raise ours
        with pytest.raises(DamagedFileError, match=r"lamost:1: impossible$"), faults_as_damage(tmp_path, "unused"):
            raise impossible

    def test_a_mistake_of_ours_is_not_hidden(self, tmp_path):
        with pytest.raises(AssertionError), faults_as_damage(tmp_path, "unused"):
            raise AssertionError

    def test_unknown_flux_in_fits_is_kept_as_nan(self, only):
        flux = np.where(np.arange(60) == 3, np.nan, 1.0)
        with fits.open(BytesIO(lamost_image("image"))) as hdus:
            hdus[0].data[0] = flux
            content = as_bytes(*hdus)

        assert np.flatnonzero(np.isnan(only(content).flux)).tolist() == [3]

    def test_a_text_is_left_in_peace(self, only):
        assert only(ascii_columns()).wave.size == 60
