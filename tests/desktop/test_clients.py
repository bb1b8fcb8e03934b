"""Our services as other people's programs use them: stilts and pyvo at a server that was started by its command."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
import pyvo
from astropy.coordinates import SkyCoord
from astropy.table import Table

from votables import fetched, votable

pytestmark = pytest.mark.desktop

H_ALPHA = 6564.6e-10
"""In vacuum, meters."""
ADVICE = ("WARNING: Multi-Cone is somewhat deprecated", "WARNING: There is probably a much faster way")
"""What stilts says of every search around several places."""


@pytest.fixture(scope="module")
def somewhere(everything):
    """Return the place of the first candidate with a position, as right ascension and declination in degrees."""
    first = everything[0]
    return float(first["ra"]), float(first["dec"])


@pytest.fixture(scope="module")
def run_stilts(stilts, tmp_path_factory):
    """Return a function that runs stilts and gives what it wrote; anything else that it says fails the test."""
    home = tmp_path_factory.mktemp("stilts")

    def run(*words):
        command = [stilts, f"-Duser.home={home}", "-Xshare:auto", "-XX:TieredStopAtLevel=1", *map(str, words)]
        done = subprocess.run(command, capture_output=True, check=False, timeout=120)
        said = [
            line for line in done.stderr.decode().splitlines() if not (line.startswith(("INFO", *ADVICE)) or "<init>" in line)
        ]
        assert (done.returncode, said) == (0, []), (command, done.stderr.decode())
        return done.stdout

    return run


def around(everything, place, radius):
    """Return the identifiers of spectra within a circle, by our own reckoning."""
    places = SkyCoord(everything.to_table()["ra"], everything.to_table()["dec"], unit="deg")
    near = places.separation(SkyCoord(*place, unit="deg")).deg <= radius
    return sorted(np.asarray(everything.to_table()["pubdid"])[near])


def places_file(folder, place):
    path = folder / "places.csv"
    Table({"id": ["a"], "ra": [place[0]], "dec": [place[1]]}).write(path, format="ascii.csv")
    return path


def test_pyvo_finds_and_reads_spectra(everything, vo, somewhere):
    found = pyvo.dal.SSAService(f"{vo}/ssap").search(pos=SkyCoord(*somewhere, unit="deg"), diameter=2.0)
    assert sorted(found["pubdid"]) == around(everything, somewhere, 1.0)
    record = found[0]
    assert (record.ra, record.dec) == pytest.approx((float(record["ra"]), float(record["dec"])))
    spectrum = fetched(record.acref)
    assert len(spectrum) > 400
    wave = np.asarray(spectrum.columns[0])
    assert np.all(np.diff(wave) > 0)
    assert max(wave[0] * 1e-10, record["em_min"]) < H_ALPHA < min(wave[-1] * 1e-10, record["em_max"])


def test_pyvo_follows_the_links_and_cuts_out_the_line(everything):
    links = next(everything.iter_datalinks())
    semantics = {str(link.semantics) for link in links}
    assert {"#this", "#preview", "#cutout", "#progenitor"} <= semantics
    cut = votable(links.get_first_proc().process(band=(6500e-10, 6650e-10)).read())
    wave = np.asarray(cut.columns[0])
    assert 6500 <= wave.min() < 6510
    assert 6640 < wave.max() <= 6650


@pytest.mark.parametrize("of", ["pool", "candidates"])
def test_pyvo_searches_cones(vo, everything, somewhere, of):
    found = pyvo.dal.SCSService(f"{vo}/cone/{of}").search(SkyCoord(*somewhere, unit="deg"), radius=1.0)
    ids = {record.id for record in found}
    assert len(ids) == len(found)
    expected = {did.rpartition("?")[2] for did in around(everything, somewhere, 1.0)}
    assert {str(one).rpartition("?")[2] for one in ids} <= expected
    assert len(found) == len(expected) or of == "candidates"
    assert all(record.pos.separation(SkyCoord(*somewhere, unit="deg")).deg <= 1.0 for record in found)


def test_stilts_searches_by_ssap_and_by_cone(run_stilts, vo, everything, somewhere, tmp_path):
    given = [
        "sr=1",
        "ra=ra",
        "dec=dec",
        f"in={places_file(tmp_path, somewhere)}",
        "ifmt=csv",
        "copycols=id",
        "ofmt=votable",
        "usefoot=false",
    ]
    for kind, where in (("ssa", "ssap"), ("cone", "cone/pool")):
        found = votable(run_stilts("coneskymatch", f"servicetype={kind}", f"serviceurl={vo}/{where}", *given))
        assert len(found) == len(around(everything, somewhere, 1.0))


def test_stilts_reads_answers_and_spectra(run_stilts, vo, everything):
    counted = run_stilts("tpipe", f"in={vo}/ssap?REQUEST=queryData&MAXREC=10000", "ifmt=votable", "omode=count").decode()
    assert f"rows: {len(everything)}" in counted
    copied = run_stilts("tcopy", f"in={everything[0].acref}", "ifmt=votable", "ofmt=csv").decode().splitlines()
    assert len(copied) == 1 + len(fetched(everything[0].acref))


@pytest.mark.parametrize("path", ["ssap?REQUEST=queryData&MAXREC=5", "ssap?REQUEST=queryData&FORMAT=METADATA", "candidates.vot"])
def test_votlint_has_nothing_to_say(run_stilts, vo, path):
    assert run_stilts("votlint", f"votable={vo}/{path}") == b""


def test_votlint_and_datalinklint_have_nothing_to_say_of_one_spectrum(run_stilts, everything):
    record = everything[0]
    assert run_stilts("votlint", f"votable={record.acref}") == b""
    said = run_stilts("datalinklint", f"votable={record['datalink']}").decode()
    assert "ERROR" not in said
    assert "WARNING" not in said
