"""Spectra of any SSAP service come into a folder once, whole and with their provenance; what cannot be had is told."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from fake_ssap import LINKS, Served, fake_ssap
from layouts import lamost_table, sdm_votable
from spectrove.cli import main
from spectrove.errors import ServiceError, StorageError
from spectrove.pool import Pool
from spectrove.surveys import read
from spectrove.vo.fetch import Patience, Question, fetch, search
from spectrove.vo.fetch.folder import stem_of
from spectrove.vo.fetch.http import Door

HASTE = Patience(back_off=0.01, silence=5.0, largest=1 << 20)
FITS = "application/fits"
RESULTS = b'<VOTABLE version="1.3"><RESOURCE type="results">'


def did(number):
    return f"ivo://example.org/~?survey/hd {number}"


def spectrum(number, **how):
    return sdm_votable({"Curation.PublisherDID": ("char", "", did(number).replace(" ", "%20"))}, **how)


@pytest.fixture
def service():
    with fake_ssap() as running:
        yield running


@pytest.fixture
def get(service, tmp_path):
    """Return a function that fetches what the service offers into a folder, and returns the report."""

    def fetched(patience=HASTE, folder=tmp_path / "files", **asked):
        return fetch(search(Question(service.ssap, **asked), Door(patience)), folder, Door(patience))

    return fetched


def reasons(report):
    return dict(report.refused)


class TestSearch:
    def test_the_protocol_s_parameters_and_units_are_sent(self, service):
        service.offer(did(1), b"")
        search(Question(service.ssap + "?lang=en", (120.5, -2.5), 0.5, (6500.0, 6700.0), "2012-01-01/2013", 7))
        (query,) = service.queries
        assert {name: query[name] for name in ("REQUEST", "POS", "SIZE", "TIME", "MAXREC", "lang")} == {
            "REQUEST": "queryData", "POS": "120.5,-2.5", "SIZE": "0.5", "TIME": "2012-01-01/2013", "MAXREC": "7", "lang": "en",
        }  # fmt: skip
        assert [float(end) for end in query["BAND"].split("/")] == pytest.approx([6.5e-7, 6.7e-7])

    def test_an_open_band_is_sent_open(self):
        assert Question("http://x", band=(-np.inf, 6700.0)).parameters["BAND"] == "/6.7e-07"
        assert Question("http://x", band=(6500.0, np.inf)).parameters["BAND"] == "6.5e-07/"

    def test_fields_are_found_by_utype_whatever_they_are_called(self, service):
        path = service.offer(did(1), b"")
        found = search(Question(service.ssap))
        (one,) = found.spectra
        assert (one.did, one.offers[0].url, found.n_rows, found.overflow) == (did(1), service.url + path, 1, False)
        assert one.facts == {
            "title": f"title of {did(1)}", "target": "HD 1", "collection": "Old plates",
            "position": "120.5 -2.5", "kilobytes": "12",
        }  # fmt: skip

    def test_rows_of_one_identifier_are_one_spectrum_the_best_form_first(self, service):
        for media_type in ("image/png", "text/csv", "image/fits", LINKS, "text/xml;content=x-votable"):
            service.offer(did(1), b"", media_type)
        service.offer(did(2), b"", FITS)
        found = search(Question(service.ssap))
        assert [[offer.form for offer in one.offers] for one in found.spectra] == [
            ["votable", "fits", "datalink", "text"],
            ["fits"],
        ]
        assert (found.n_rows, found.n_others) == (6, 1)

    def test_a_size_in_bytes_is_told_in_kilobytes(self, service):
        service.offer(did(1), b"")
        served = service.table().replace(b'utype="SSA:Access.Size"', b'utype="SSA:Access.Size" unit="byte"')
        service.answer = Served(served)
        assert search(Question(service.ssap)).kilobytes == 0.012

    def test_an_overflow_that_stands_behind_the_table_is_told(self, service):
        service.offer(did(1), b"")
        service.overflow = True
        found = search(Question(service.ssap))
        assert found.overflow
        assert "ask for less at a time" in " ".join(found.told())

    @pytest.mark.parametrize(
        ("served", "words"),
        [
            (Served(b"<html><body>Welcome</body></html>", "text/html"), "what came is no VOTable"),
            (Served(b"no", "text/plain", 404), "status 404"),
            (Served(b"", "text/xml"), "what came is no VOTable"),
            (
                Served(
                    RESULTS + b'<INFO name="QUERY_STATUS" value="ERROR">POS is no place</INFO></RESOURCE></VOTABLE>',
                    status=400,
                ),
                "POS is no place",
            ),
            (Served(b'<VOTABLE version="1.3"><RESOURCE type="results"><TABLE>'), "cannot answer"),
            (
                Served(RESULTS + b'<TABLE><FIELD name="accref" datatype="int"/></TABLE></RESOURCE></VOTABLE>'),
                "no column has the utype ssa:Access.Reference",
            ),
            (
                Served(
                    b'<VOTABLE version="1.3"><RESOURCE type="results"><TABLE><FIELD name="a" datatype="int"/><DATA><BINARY>'
                    b'<STREAM href="file:///etc/passwd"/></BINARY></DATA></TABLE></RESOURCE></VOTABLE>'
                ),
                "kept elsewhere",
            ),
        ],
    )  # fmt: skip
    def test_what_is_no_answer_is_told_in_one_sentence(self, service, served, words):
        service.answer = served
        with pytest.raises(ServiceError, match=words) as caught:
            search(Question(service.ssap), Door(HASTE))
        assert str(caught.value).startswith(f"{service.ssap}: ")
        assert "\n" not in str(caught.value)

    def test_a_server_that_is_not_there_is_told(self):
        with pytest.raises(ServiceError, match=r"127\.0\.0\.1:9/ssap: the SSAP service gives no answer \(no connection"):
            search(Question("http://127.0.0.1:9/ssap"), Door(HASTE))

    def test_an_address_of_another_kind_is_not_followed(self):
        with pytest.raises(ServiceError, match="expected one of http or https"):
            search(Question("file:///etc/passwd"), Door(HASTE))


class TestFetch:
    def test_every_spectrum_is_kept_once_and_read_back(self, service, get):
        for number in range(5):
            service.offer(did(number), spectrum(number))
        report = get()
        assert (report.n_spectra, report.n_fetched, report.n_present, report.refused) == (5, 5, 0, ())
        ids = [one.spectrum_id for path in sorted(report.folder.iterdir()) for one in read(path)]
        assert sorted(ids) == [f"example.org:~?survey/hd%20{number}" for number in range(5)]

    def test_a_second_run_fetches_only_what_is_missing(self, service, get):
        for number in range(3):
            service.offer(did(number), spectrum(number))
        first = get()
        (first.folder / f"{stem_of(did(1))}.vot").unlink()
        service.fetched.clear()
        again = get()
        assert (again.n_fetched, again.n_present, len(service.fetched)) == (1, 2, 1)

    def test_the_record_tells_what_was_asked_what_the_service_said_and_what_came(self, service, get):
        service.offer(did(1), spectrum(1))
        service.offer(did(2), b"<html>", "text/xml")
        report = get(pos=(120.5, -2.5), size=0.5)
        record = json.loads(report.record.read_text())
        assert record["parameters"] == {"REQUEST": "queryData", "POS": "120.5,-2.5", "SIZE": "0.5"}
        assert record["url"].startswith(service.ssap + "?")
        good, bad = record["spectra"]
        assert (good["did"], good["collection"], good["bytes"]) == (did(1), "Old plates", len(spectrum(1)))
        assert (report.folder.parent / good["file"]).read_bytes() == spectrum(1)
        assert bad["file"] is None
        assert "web page" in bad["problem"]
        get(pos=(120.5, -2.5), size=0.5)
        assert json.loads(report.record.read_text())["spectra"][0] == good, "what is known of it stays"

    def test_of_several_forms_the_first_that_a_reader_reads_is_kept(self, service, get):
        service.offer(did(1), b"<VOTABLE/>")
        service.offer(did(1), gzip.compress(lamost_table()), FITS)
        report = get()
        (path,) = report.folder.iterdir()
        assert path.name.endswith(".fits.gz")
        (kept,) = read(path)
        assert kept.header.obsid == "939101052"

    @pytest.mark.parametrize(
        ("served", "words"),
        [
            (Served(b"gone", "text/plain", 404), "the server answered with status 404: gone"),
            (Served(b"broken", "text/plain", 500), "the server answered with status 500: broken in 3 tries"),
            (Served(b"<!DOCTYPE html><html><title>Log in</title>"), r"a web page instead of a spectrum \('Log in'\)"),
            (Served(sdm_votable(), how="cut off"), "broke off before the answer was whole in 3 tries"),
            (Served(sdm_votable()[:-500]), "cut off or no XML"),
            (Served(b"\x89PNG\r\n\x1a\n" + bytes(50)), "a PNG image"),
            (Served(b""), r"sent nothing \(0 bytes\)"),
            (Served(bytes(2 << 20)), "at most 1048576 are taken"),
            (Served(b"Not today, thank you."), "no reader takes this file .*it is text, not FITS"),
            (Served(b"file:///etc/passwd", how="moves"), "the request failed"),
            (Served(b'<VOTABLE><INFO name="QUERY_STATUS" value="ERROR">No such file</INFO></VOTABLE>'), "says: No such file"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_used_is_refused_with_its_reason_and_stops_nothing(self, service, get, served, words):
        path = service.offer(did(1), b"")
        service.files[path] = served
        service.offer(did(2), spectrum(2))
        report = get()
        assert report.n_fetched == 1
        assert list(reasons(report)) == [did(1)]
        told = reasons(report)[did(1)]
        assert told.startswith(f"{service.url}{path}: ")
        assert re.search(words, told)
        assert "\n" not in told
        assert [path.name for path in report.folder.iterdir()] == [f"{stem_of(did(2))}.vot"]

    def test_an_answer_that_passes_is_asked_for_again(self, service, get):
        path = service.offer(did(1), spectrum(1))
        service.failures[path] = 2
        assert get().n_fetched == 1
        assert len(service.fetched) == 3

    def test_few_are_fetched_at_a_time(self, service, get):
        for number in range(8):
            service.offer(did(number), spectrum(number), how="slow")
        assert get().n_fetched == 8
        assert service.most_at_once == 2

    def test_a_server_that_keeps_silent_is_given_up(self, service, get):
        service.offer(did(1), spectrum(1), how="hangs")
        report = get(Patience(silence=0.2, tries=1))
        assert "nothing came for 0.2 s" in reasons(report)[did(1)]

    def test_datalink_is_followed_to_the_spectrum_itself(self, service, get):
        service.files["/this"] = Served(spectrum(1))
        fields = "".join(
            f'<FIELD name="{name}" datatype="char" arraysize="*"/>' for name in ("ID", "access_url", "semantics", "content_type")
        )
        rows = (
            ("/preview", "#preview", "image/png"),
            ("/this", "#this", "application/x-votable+xml"),
            ("/p", "#this", "image/png"),
        )
        cells = "".join(f"<TR><TD>x</TD><TD>{url}</TD><TD>{semantics}</TD><TD>{kind}</TD></TR>" for url, semantics, kind in rows)
        links = f"<VOTABLE><RESOURCE><TABLE>{fields}<DATA><TABLEDATA>{cells}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
        path = service.offer(did(1), links.encode(), LINKS)
        report = get()
        assert report.n_fetched == 1
        assert service.fetched == [path, "/this"]

    def test_rows_without_an_identifier_are_told_apart_by_their_address(self, service, get):
        for number in range(2):
            service.offer("", sdm_votable({"Curation.PublisherDID": ("char", "", "")}, flux=np.arange(60) + number))
        report = get()
        assert report.n_fetched == 2

    def test_identifiers_cannot_lead_out_of_the_folder(self, service, get):
        service.offer("ivo://a/../../../etc/x", spectrum(1))
        service.offer("../../" + "y" * 5000, spectrum(2))
        report = get()
        assert report.n_fetched == 2
        assert {path.parent for path in report.folder.iterdir()} == {report.folder}

    def test_an_object_store_is_no_folder(self, service, get):
        from spectrove.storage import located

        with pytest.raises(StorageError, match="not into an object store"):
            get(folder=located("memory://bucket/files"))

    def test_no_thread_and_no_leftover_stays(self, service, get):
        service.offer(did(1), spectrum(1))
        before = threading.active_count()
        report = get()
        assert sorted(path.name for path in report.folder.parent.iterdir()) == sorted([report.record.name, "spectra"])
        assert threading.active_count() <= before + 1  # the server's own


def ingest(*arguments):
    with pytest.raises(SystemExit) as done:
        main(["pool", "ingest", *map(str, arguments), "--recipe", "halpha-2020"])
    return done.value.code


class TestCommand:
    def test_spectra_of_a_service_become_a_pool(self, service, tmp_path, capsys):
        wave = np.linspace(6500, 6750, 300)
        for number in range(3):
            flux = 1 + 0.1 * np.sin(wave / 9) + number
            service.offer(did(number), spectrum(number, wave=wave, flux=flux))
        service.overflow = True
        arguments = (f"ssap:{service.ssap}", "--pos", "120.5,-2.5", "--size", "1", "--band", "6500/", "--pool", tmp_path / "pool")
        assert ingest(*arguments) == 0
        told = capsys.readouterr()
        assert f"{service.ssap}: 3 spectra in 3 rows" in told.err
        assert "overflow" in told.err
        assert f"files      are kept in {tmp_path / 'pool-files'}" in told.err
        assert "spectra    3 added, 3 in the pool" in told.out
        assert list(Pool.open(tmp_path / "pool").spectrum_ids[:]) == [
            f"example.org:~?survey/hd%20{number}" for number in range(3)
        ]
        assert ingest(*arguments, "--json") == 0
        assert json.loads(capsys.readouterr().out)["fetched"][0]["n_present"] == 3

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("ssap:ftp://x", "--pool", "p"), "begins with http:// or https://"),
            (("ssap:http://x", "--pool", "p", "--size", "1"), "--size is the diameter around --pos"),
            (("ssap:http://x", "--pool", "p", "--pos", "1"), "expected RA,DEC in degrees"),
            (("ssap:http://x", "--pool", "p", "--band", "/"), "expected LO/HI in Å"),
            ((".", "--pool", "p", "--pos", "1,2"), "no ssap:URL is among PATHS"),
        ],
    )
    def test_a_wrong_call_is_told(self, arguments, words, capsys):
        assert ingest(*arguments) == 2
        assert words in capsys.readouterr().err

    def test_a_service_without_spectra_there_is_an_error(self, service, tmp_path, capsys):
        assert ingest(f"ssap:{service.ssap}", "--pool", tmp_path / "pool") == 1
        assert "knows no spectra there" in capsys.readouterr().err
        assert not (tmp_path / "pool").exists()

    @pytest.mark.slow
    def test_ctrl_c_leaves_whole_files_and_the_same_command_goes_on(self, service, tmp_path):
        wave = np.linspace(6500, 6750, 300)
        service.offer(did(1), spectrum(1, wave=wave, flux=wave))
        for number in (2, 3):
            service.offer(did(number), spectrum(number, wave=wave, flux=wave), how="hangs")
        command = [sys.executable, "-m", "spectrove", "pool", "ingest", f"ssap:{service.ssap}", "--pool", str(tmp_path / "pool")]
        with subprocess.Popen([*command, "--recipe", "halpha-2020"], stderr=subprocess.PIPE, text=True) as running:
            end = time.monotonic() + 60
            while len(service.fetched) < 3 and time.monotonic() < end:
                time.sleep(0.02)
            begun = time.monotonic()
            os.kill(running.pid, signal.SIGINT)
            _, told = running.communicate(timeout=30)
        assert (running.returncode, time.monotonic() - begun < 15) == (130, True)
        assert "the same command goes on from there" in told
        files = tmp_path / "pool-files"
        assert [path.name for path in (files / "spectra").iterdir()] == [f"{stem_of(did(1))}.vot"]
        (record,) = files.glob("ssap-*.json")
        assert [one.get("problem") for one in json.loads(record.read_text())["spectra"]] == [None, *["not fetched yet"] * 2]
