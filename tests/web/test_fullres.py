"""Spectra at full resolution, from survey files that may have been moved, deleted, damaged or replaced since."""

from __future__ import annotations

import gzip
import json
import shutil
import struct
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from spectrove.execution import InlineExecutor
from spectrove.pool import IngestConfig, Pool, ingest
from spectrove.preprocess import recipe
from spectrove.surveys import again, read
from spectrove.web import fullres
from spectrove.web.fullres import POOL_TAG, Spectra
from text_spectra import write_columns, write_table

REAL = {
    "lamost-dr1": "lamost/dr1-image",
    "lamost-image": "lamost/dr2-dr8-image",
    "lamost-table": "lamost/dr9-table",
    "sdss-spec": "sdss",
    "ascii": "sdss-cv",
    "ondrejov": "ondrejov",
}
"""A folder of real files for each reader."""


def spectra_of(pool):
    return Spectra(SimpleNamespace(pool=Pool.open(pool)))


def pool_of(paths, folder):
    ingest(paths, folder / "pool", recipe("halpha-2020"), IngestConfig(), InlineExecutor())
    return folder / "pool"


def parse(body):
    """Return the head, and flux and features."""
    (length,) = struct.unpack_from("<I", body, 4)
    head = json.loads(body[8 : 8 + length])
    n, m, floats = (
        head["n_pixels"],
        head["n_features"],
        np.frombuffer(body[8 + length :][: len(body) // 4 * 4 - 8 - length], "<f4"),
    )
    begin = n * (3 if head["has_ivar"] else 2)
    return head, floats[n : 2 * n], floats[begin + m : begin + 2 * m]


@pytest.fixture
def files(tmp_path):
    """Return the files of three spectra and a table of two, which a test may harm."""
    folder = tmp_path / "files"
    for number in range(2):
        write_columns(folder / f"star-{number}.dat", seed=number)
    write_columns(folder / "packed.dat.gz", seed=9)
    write_table(folder / "table.csv", {"a": 20, "b": 21})
    return folder


@pytest.fixture
def pool(files, tmp_path):
    """Return the pool of these files."""
    return pool_of([files], tmp_path)


def id_of(pool, name):
    """Return the id of the spectrum that stands in a file."""
    (spectrum_id,) = Pool.open(pool).resolve([name])
    return str(spectrum_id)


def test_the_body_is_what_the_file_holds_and_what_the_network_saw(files, pool):
    spectrum_id = id_of(pool, "star-0.dat")

    head, flux, features = parse(spectra_of(pool).body(spectrum_id)[0])

    (spectrum,) = read(files / "star-0.dat")
    opened = Pool.open(pool)
    assert np.array_equal(flux, spectrum.flux.astype(np.float32), equal_nan=True)
    assert np.array_equal(features, opened.features(opened.rows_of([spectrum_id]))[0])
    assert (head["spectrum_id"], head["source"], head["problem"], head["medium"]) == (spectrum_id, "file", None, spectrum.medium)
    assert head["n_pixels"] == spectrum.wave.size
    assert set(head["facts"]) >= {"designation", "ra", "dec", "mjd", "snr", "planid", "fiberid", "obsid", "release", "survey"}


def test_each_spectrum_of_a_table_is_its_own(files, pool):
    spectra = spectra_of(pool)

    by_id = {spectrum.spectrum_id: spectrum for spectrum in read(files / "table.csv")}

    assert len(by_id) == 2
    for spectrum_id, spectrum in by_id.items():
        assert np.array_equal(parse(spectra.body(spectrum_id)[0])[1], spectrum.flux.astype(np.float32), equal_nan=True)


def test_a_packed_file_is_read_like_any_other(pool):
    head, flux, _ = parse(spectra_of(pool).body(id_of(pool, "packed.dat.gz"))[0])

    assert head["problem"] is None
    assert flux.size == head["n_pixels"] > 100


def delete(path):
    path.unlink()


def move(path):
    path.rename(path.with_name("elsewhere.dat"))


def truncate(path):
    path.write_bytes(path.read_bytes()[:40])


def empty(path):
    path.write_bytes(b"")


def replace_by_a_picture(path):
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))


def make_a_folder_of_it(path):
    path.unlink()
    path.mkdir()


def make_a_loop_of_it(path):
    path.unlink()
    path.symlink_to(path)


HARM = {
    delete: "was moved or deleted",
    move: "was moved or deleted",
    truncate: "star-0.dat",
    empty: "is empty",
    replace_by_a_picture: "PNG",
    make_a_folder_of_it: "is a folder",
    make_a_loop_of_it: "star-0.dat",
}


@pytest.mark.parametrize(("harm", "words"), HARM.items(), ids=[harm.__name__ for harm in HARM])
def test_a_file_that_cannot_be_used_is_told_of_and_the_points_are_shown(harm, words, files, pool):
    spectrum_id = id_of(pool, "star-0.dat")
    harm(files / "star-0.dat")

    body, tag = spectra_of(pool).body(spectrum_id)

    head, _, features = parse(body)
    opened = Pool.open(pool)
    assert (head["source"], head["n_pixels"]) == ("pool", 0)
    assert words in head["problem"]
    assert "\n" not in head["problem"]
    assert np.array_equal(features, opened.features(opened.rows_of([spectrum_id]))[0])
    assert tag.startswith(POOL_TAG)


def test_a_file_that_holds_another_spectrum_now_is_not_shown_as_the_old_one(files, pool):
    spectra = spectra_of(pool)
    (first, _) = (str(spectrum.spectrum_id) for spectrum in read(files / "table.csv"))
    write_table(files / "table.csv", {"other": 5, "another": 6})

    head, _, _ = parse(spectra.body(first)[0])

    assert (head["source"], head["n_pixels"]) == ("pool", 0)
    assert head["problem"].endswith(f"not {first} as when the pool was made. {fullres.ONLY_POINTS}")


def test_a_file_of_the_same_name_with_other_fluxes_is_shown_and_told_of(files, pool):
    spectrum_id = id_of(pool, "star-0.dat")
    write_columns(files / "star-0.dat", seed=77)

    body, tag = spectra_of(pool).body(spectrum_id)

    head, flux, _ = parse(body)
    assert (head["source"], flux.size) == ("file", head["n_pixels"])
    assert "was changed since the pool was made" in head["problem"]
    assert tag.startswith(POOL_TAG)


def test_a_file_that_comes_back_is_seen_at_once(files, pool, tmp_path):
    spectra, spectrum_id = spectra_of(pool), id_of(pool, "star-0.dat")
    shutil.move(files / "star-0.dat", tmp_path / "away")
    gone = spectra.body(spectrum_id)
    shutil.move(tmp_path / "away", files / "star-0.dat")

    back = spectra.body(spectrum_id)

    assert parse(gone[0])[0]["source"] == "pool"
    assert parse(back[0])[0]["source"] == "file"
    assert gone[1] != back[1]


def test_the_tag_names_the_body(pool):
    bodies = [spectra_of(pool).body(id_of(pool, name)) for name in ("star-0.dat", "star-0.dat", "star-1.dat")]

    assert bodies[0] == bodies[1]
    assert bodies[0][1] != bodies[2][1]
    assert all(tag[0] == tag[-1] == '"' for _, tag in bodies)


def test_what_was_read_is_kept_within_bounds(pool, monkeypatch):
    spectra = spectra_of(pool)
    ids = [str(spectrum_id) for spectrum_id in Pool.open(pool).spectrum_ids[:]]
    size = max(len(spectra.body(spectrum_id)[0]) for spectrum_id in ids)
    monkeypatch.setattr(fullres, "MOST_KEPT", 2 * size)
    few = spectra_of(pool)

    for spectrum_id in ids * 2:
        few.body(spectrum_id)

    assert 0 < sum(len(body) for body, _ in few._kept.values()) == few._n_bytes <= 2 * size


def test_several_threads_get_the_same_bodies(pool):
    ids = [str(spectrum_id) for spectrum_id in Pool.open(pool).spectrum_ids[:]] * 5
    spectra, alone = spectra_of(pool), spectra_of(pool)

    with ThreadPoolExecutor(6) as executor:
        together = list(executor.map(spectra.body, ids))

    assert together == [alone.body(spectrum_id) for spectrum_id in ids]


@pytest.mark.parametrize(
    "name", ["", "../files/star-0.dat", "/etc/passwd", "..", "%2e%2e/x", "a\0b", "lamost:" + "x" * 10_000, "\ud800", "star-0.dat"]
)
def test_a_name_that_is_no_spectrum_of_the_pool_never_reaches_the_disk(name, pool, monkeypatch):
    spectra = spectra_of(pool)
    monkeypatch.setattr(again, "located", lambda place: pytest.fail(f"{place} was looked for"))
    name = name.encode("utf-8", "replace").decode()  # as what comes by HTTP

    with pytest.raises(KeyError):
        spectra.body(name)


def test_a_row_of_another_spectrum_is_refused(pool):
    opened = Pool.open(pool)

    with pytest.raises(KeyError):
        spectra_of(pool).body(str(opened.spectrum_ids[0]), 1)


def test_spectra_that_came_from_no_file_are_shown_by_their_points(small_survey):
    opened = Pool.open(small_survey.pool)
    spectra = Spectra(SimpleNamespace(pool=opened))
    files = opened.metadata(["file"])["file"].to_pylist()

    head, _, features = parse(spectra.body(str(opened.spectrum_ids[0]), 0)[0])

    assert features.size == opened.n_wave
    assert (head["source"] == "pool") == (files[0] is None)


def test_the_facts_of_many_spectra_are_read_once(pool, monkeypatch):
    opened, spectra = Pool.open(pool), spectra_of(pool)
    ids = [str(spectrum_id) for spectrum_id in opened.spectrum_ids[:]]
    alone = [spectra_of(pool).body(spectrum_id) for spectrum_id in ids]

    spectra.prepare(range(len(ids)))
    monkeypatch.setattr(spectra._pool, "metadata", lambda *_: pytest.fail("the metadata were read again"))

    assert [spectra.body(spectrum_id, row) for row, spectrum_id in enumerate(ids)] == alone


def test_facts_are_kept_within_bounds(pool, monkeypatch):
    monkeypatch.setattr(fullres, "MOST_KNOWN", 2)
    spectra = spectra_of(pool)

    for row, spectrum_id in enumerate(Pool.open(pool).spectrum_ids[:]):
        assert parse(spectra.body(str(spectrum_id), row)[0])[0]["spectrum_id"] == spectrum_id

    assert len(spectra._known) <= 2


# -- real files ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(shared_data, tmp_path_factory):
    """Return the pool of the first three real files of each reader, and their folder."""
    folder = tmp_path_factory.mktemp("real")
    for name, place in REAL.items():
        found = [path for path in sorted((shared_data / place).rglob("*")) if ".fits" in path.name or ".dat" in path.name]
        (folder / "files" / name).mkdir(parents=True)
        for path in found[:3]:
            shutil.copy(path, folder / "files" / name)
    return pool_of([folder / "files"], folder)


def test_every_real_file_is_shown_as_its_reader_reads_it(real):
    opened, spectra = Pool.open(real), spectra_of(real)
    rows = opened.metadata(["spectrum_id", "file", "format"]).to_pylist()

    assert {row["format"] for row in rows} >= {"lamost-dr1", "lamost-image", "lamost-table", "sdss-spec", "ascii"}
    for row in rows:
        head, flux, _ = parse(spectra.body(row["spectrum_id"])[0])
        wanted = next(one for one in read(row["file"]) if one.spectrum_id == row["spectrum_id"])
        assert head["problem"] is None, row
        assert np.array_equal(flux, np.where(np.isfinite(wanted.flux), wanted.flux, np.nan).astype(np.float32), equal_nan=True)


def test_a_real_file_that_is_cut_off_or_unpacked_is_told_of(real, tmp_path):
    table = Pool.open(real).metadata(["spectrum_id", "file", "format"]).to_pylist()
    row = next(row for row in table if row["format"] == "lamost-table")
    path = tmp_path / row["file"].rpartition("/")[2]
    shutil.copy(row["file"], path)
    pool = pool_of([path], tmp_path)
    whole = path.read_bytes()

    path.write_bytes(whole[: len(whole) // 2])
    cut, _, _ = parse(spectra_of(pool).body(row["spectrum_id"])[0])
    path.write_bytes(gzip.decompress(whole))
    unpacked, _, _ = parse(spectra_of(pool).body(row["spectrum_id"])[0])

    assert (cut["source"], cut["n_pixels"]) == ("pool", 0)
    assert "cannot be unpacked" in cut["problem"]
    assert (unpacked["source"], unpacked["problem"]) == ("file", None)


def test_a_real_file_with_another_star_in_it_is_told_of(real, tmp_path):
    table = Pool.open(real).metadata(["spectrum_id", "file", "format"]).to_pylist()
    first, second = [row for row in table if row["format"] == "lamost-image"][:2]
    path = tmp_path / first["file"].rpartition("/")[2]
    shutil.copy(first["file"], path)
    pool = pool_of([path], tmp_path)
    shutil.copy(second["file"], path)

    head, _, _ = parse(spectra_of(pool).body(first["spectrum_id"])[0])

    assert (head["source"], head["n_pixels"]) == ("pool", 0)
    assert f"now holds {second['spectrum_id']}, not {first['spectrum_id']}" in head["problem"]
