"""Lines put into real spectra, and the share of them that is found."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from spectrove import surveys
from spectrove.cli.inject import completeness
from spectrove.cli.inject import inject as inject_command
from spectrove.errors import SpectrumError, StorageError
from spectrove.evaluate import clopper_pearson
from spectrove.execution import InlineExecutor
from spectrove.simulate.completeness import completeness_map, draw_completeness, edges_between
from spectrove.simulate.emission import make_emission
from spectrove.simulate.inject import (
    STEP,
    Design,
    Injected,
    LineShape,
    continuum_near,
    inject,
    observed_shape,
    photon_share,
    seen_through,
    simulated_shape,
    stretched,
)
from spectrove.simulate.inject_files import InjectionPlan, inject_files
from spectrove.simulate.inject_many import inject_design
from spectrove.simulate.injections import found_among, read_injections, write_injections
from spectrove.simulate.profiles import HALPHA, SPEED_OF_LIGHT
from spectrove.spectrum import HeaderFacts, Spectrum

WAVE = 10 ** (1e-4 * np.arange(38_000, 38_400))


def host(snr: float = 50.0, level: float = 300.0, key: str = "host", seed: int = 1, **arrays) -> Spectrum:
    """Return a noisy spectrum with a sloping continuum and a shallow Hα absorption."""
    smooth = level * (1 - 0.0003 * (WAVE - HALPHA)) * (1 - 0.3 * np.exp(-0.5 * ((WAVE - HALPHA) / 4) ** 2))
    flux = smooth + level / snr * np.random.default_rng(seed).standard_normal(WAVE.size)
    given_ = {"flux": flux, "ivar": np.full(WAVE.size, (snr / level) ** 2)} | arrays
    return Spectrum(WAVE, mask=None, header=HeaderFacts("test", key), **given_)


def table_of(path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def shape(**values: float) -> LineShape:
    return simulated_shape("line", make_emission(1, ew=1, **({"fwhm": 2.0} | values)))


def put(spectrum: Spectrum, ew: float, rv: float = 0.0, line: LineShape | None = None, seed: int = 2) -> Injected:
    seen = seen_through(line or shape(), 1800)
    return inject(spectrum, seen, ew, rv, np.random.default_rng(seed))


@settings(max_examples=40)
@given(ew=st.floats(0.5, 100), rv=st.floats(-300, 300), separation=st.floats(0, 20))
def test_the_added_light_has_the_equivalent_width_and_the_velocity(ew, rv, separation):
    spectrum = host(snr=1e5)
    done = put(spectrum, ew, rv, shape(separation=separation))
    added = done.spectrum.flux - spectrum.flux
    continuum = continuum_near(WAVE, spectrum.flux, "host")
    assert np.trapezoid(added / continuum, WAVE) == pytest.approx(ew * (1 + rv / SPEED_OF_LIGHT), rel=0.02)
    center = np.average(WAVE, weights=np.maximum(added, 0))
    assert center == pytest.approx(HALPHA * (1 + rv / SPEED_OF_LIGHT), abs=0.3)


@settings(max_examples=40)
@given(ew=st.floats(1, 100), snr=st.floats(3, 300))
def test_noise_grows_with_the_lines_light_and_ivar_tells_it(ew, snr):
    spectrum = host(snr)
    done = put(spectrum, ew)
    assert (done.spectrum.ivar <= spectrum.ivar).all()
    far = np.abs(WAVE - HALPHA) > 40
    np.testing.assert_array_equal(done.spectrum.ivar[far], spectrum.ivar[far])
    np.testing.assert_array_equal(done.spectrum.flux[far], spectrum.flux[far])
    peak = np.argmin(done.spectrum.ivar)
    assert abs(WAVE[peak] - HALPHA) < 2


def test_the_scatter_of_repeated_injections_is_what_ivar_says():
    spectrum, line = host(30.0), seen_through(shape(fwhm=8), 1800)
    generator = np.random.default_rng(3)
    repeated = [inject(spectrum, line, 60.0, 0.0, generator).spectrum for _ in range(400)]
    scatter = np.var([one.flux for one in repeated], axis=0)
    told = 1 / repeated[0].ivar - 1 / spectrum.ivar
    near = np.abs(WAVE - HALPHA) < 5
    assert np.mean(scatter[near] / told[near]) == pytest.approx(1, abs=0.08)


def test_bright_stars_are_limited_by_their_own_photons_and_faint_ones_by_the_sky():
    shares = [photon_share(snr) for snr in (0.0, 1.0, 10.0, 50.0, 500.0)]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[2] == pytest.approx(0.54, abs=0.01)
    assert 0.99 < shares[-1] <= 1


def test_the_same_seed_gives_the_same_spectrum_and_another_does_not():
    first, second, other = (put(host(), 5, seed=seed).spectrum.flux for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_what_the_pipeline_lost_stays_lost():
    flux, ivar = host().flux.copy(), host().ivar.copy()
    line = np.flatnonzero(np.abs(WAVE - HALPHA) < 3)
    flux[line[0]], ivar[line[0]] = 0, 0
    ivar[line[1]] = 0
    flux[line[2]] = np.nan
    done = put(host(flux=flux, ivar=ivar), 20).spectrum
    assert done.flux[line[0]] == done.ivar[line[0]] == 0
    assert done.ivar[line[1]] == 0
    assert done.flux[line[1]] > flux[line[1]]
    assert np.isnan(done.flux[line[2]])


def test_a_spectrum_without_ivar_is_given_the_noise_of_its_scatter():
    done = put(host(snr=40, ivar=None), 5)
    assert done.spectrum.ivar is None
    assert done.snr == pytest.approx(40, rel=0.2)


def test_labels_are_what_can_be_seen():
    double = shape(separation=15, inner=2.5)
    assert put(host(100), 30, line=double).label == "double-peak"
    assert put(host(100), 30).label == "single-peak"
    assert put(host(3), 0.5).label == "not-interesting"
    strong, weak = put(host(100), 30, line=double), put(host(100), 3, line=double)
    assert strong.visibility > weak.visibility
    assert strong.separation == pytest.approx(15, abs=3)
    assert strong.fwhm > strong.separation


@pytest.mark.parametrize("flux", [np.zeros(WAVE.size), np.full(WAVE.size, np.nan), -np.ones(WAVE.size)])
def test_spectra_without_a_continuum_are_refused_with_a_reason(flux):
    with pytest.raises(SpectrumError, match=r"test:host: .* expected"):
        put(host(flux=flux), 5)


def test_spectra_that_do_not_reach_hydrogen_are_refused():
    spectrum = host()
    cut = Spectrum(WAVE[:150], spectrum.flux[:150], spectrum.ivar[:150], None, spectrum.header)
    with pytest.raises(SpectrumError, match="one side of Hα"):
        put(cut, 5)


@settings(max_examples=40)
@given(fwhm=st.floats(1, 15), wanted=st.floats(2, 30), separation=st.floats(0, 20))
def test_a_stretched_shape_has_the_width_and_keeps_its_area(fwhm, wanted, separation):
    line = stretched(shape(fwhm=fwhm, separation=separation), wanted)
    assert line.fwhm == pytest.approx(wanted, abs=2 * STEP)
    assert line.density.sum() * STEP == pytest.approx(1, rel=0.01)


@settings(max_examples=40)
@given(fwhm=st.floats(0.5, 10), power=st.floats(900, 5000))
def test_an_instrument_widens_a_shape_by_its_resolution_once(fwhm, power):
    line = shape(fwhm=fwhm)
    once = seen_through(line, power)
    assert once.fwhm == pytest.approx(np.hypot(fwhm, HALPHA / power), abs=STEP)
    np.testing.assert_array_equal(seen_through(once, power).density, once.density)


@settings(max_examples=40)
@given(ew=st.floats(20, 200), separation=st.floats(8, 30), rv=st.floats(-30, 30))
def test_the_shape_of_a_real_line_is_recovered_from_a_good_spectrum(ew, separation, rv):
    line = shape(separation=separation, inner=2.5)
    source = put(host(200.0), ew, rv, line).spectrum
    found = observed_shape(source, 1800)
    expected = seen_through(line, 1800)
    assert found.fwhm == pytest.approx(expected.fwhm, rel=0.15)
    assert np.maximum(found.density, 0).sum() * STEP == pytest.approx(1, abs=1e-6)
    assert found.name == "test:host"


def test_a_line_that_drowns_in_noise_gives_no_shape():
    with pytest.raises(SpectrumError, match="Take a spectrum with less noise"):
        observed_shape(host(5.0), 1800)


def test_every_combination_is_used_equally_often():
    design = Design(ews=(1, 4, 16), fwhms=(3, 8), rv=(-50, 50), copies=3)
    lines = [shape(), replace(shape(separation=10), name="double")]
    spectra = [host(key=f"h{number}", seed=number) for number in range(12)]
    done = list(inject_design(spectra, lines, design, np.random.default_rng(1)))
    assert len(done) == 36
    assert len({str(one.spectrum.spectrum_id) for one in done}) == 36
    counts = {(shape_, ew): 0 for shape_ in ("line", "double") for ew in design.ews}
    for one in done:
        counts[one.shape, one.ew] += 1
        assert -50 <= one.rv <= 50
        assert one.host.startswith("test:h")
    assert set(counts.values()) == {6}


def test_a_spectrum_that_cannot_be_used_is_told_once_and_stops_nothing():
    spectra = [host(flux=np.zeros(WAVE.size), key="dark"), host(key="fine")]
    done = list(inject_design(spectra, [shape()], Design(copies=2), np.random.default_rng(1)))
    assert [isinstance(one, Injected) for one in done] == [False, True, True]
    assert done[0][0] == "test:dark"


@pytest.mark.parametrize("values", [{"ews": ()}, {"ews": (0.0,)}, {"fwhms": (-1.0,)}, {"rv": (5.0, -5.0)}, {"copies": 0}])
def test_impossible_designs_are_refused(values):
    with pytest.raises(SpectrumError, match=f"impossible {next(iter(values))}"):
        Design(**values)


def injected(n: int = 6, ews: tuple[float, ...] = (2, 20)) -> list:
    spectra = [host(key=f"h{number}", seed=number) for number in range(n)]
    return list(inject_design(spectra, [shape()], Design(ews=ews), np.random.default_rng(1)))


def test_files_are_read_as_they_were_written_and_named_as_the_table_says(tmp_path):
    done = injected()
    report = write_injections(tmp_path / "out", [*done, ("test:dark", "no light")])
    assert sum(report.by_label.values()) == 6
    assert report.refused == (("test:dark", "no light"),)
    rows = table_of(tmp_path / "out" / "truth.csv")
    for row, one in zip(rows, done, strict=True):
        read = next(iter(surveys.read(tmp_path / "out" / row["file"])))
        assert str(read.spectrum_id) == row["spectrum_id"]
        assert read.medium == "vacuum"
        np.testing.assert_allclose(read.flux, one.spectrum.flux, rtol=1e-6)
        np.testing.assert_allclose(read.ivar, one.spectrum.ivar, rtol=1e-6)
        np.testing.assert_allclose(read.wave, WAVE, atol=1e-4)
        assert row["label"] == one.label
    ids, snr, ew, labels = read_injections(tmp_path / "out")
    assert ids == [row["spectrum_id"] for row in rows]
    np.testing.assert_allclose(snr, [one.snr for one in done], rtol=1e-3)
    assert ew.tolist() == [one.ew for one in done]
    assert labels == [one.label for one in done]


def test_a_finished_injection_is_not_written_over(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(StorageError, match="finished injection"):
        read_injections(out)
    write_injections(out, injected())
    with pytest.raises(StorageError, match=r"holds 'spectra' already"):
        write_injections(out, injected())


def test_over_files_every_combination_is_used_equally_often_and_a_file_that_is_none_is_told(tmp_path):
    write_injections(tmp_path / "hosts", injected(12))
    (tmp_path / "notes.txt").write_text("nothing")
    files = [*sorted(map(str, (tmp_path / "hosts" / "spectra").iterdir())), str(tmp_path / "notes.txt")]
    plan = InjectionPlan(Design(ews=(1.0, 4.0, 9.0), copies=2), plain=((2.0, 0.0), (2.0, 8.0)))
    report = inject_files(tmp_path / "out", files, plan, InlineExecutor())
    used = Counter((row["shape"], row["ew"]) for row in table_of(tmp_path / "out" / "truth.csv"))
    assert (len(used), set(used.values())) == (6, {4})
    assert len(report.passed_over) == 1
    assert "notes.txt" in report.passed_over[0]
    written = {path.name for path in (tmp_path / "out" / "spectra").iterdir()}
    assert written == {Path(row["file"]).name for row in table_of(tmp_path / "out" / "truth.csv")}


def _stop():
    msg = "stopped"
    raise RuntimeError(msg)


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000))
def test_a_map_counts_every_line_within_its_edges_once(seed):
    generator = np.random.default_rng(seed)
    snr, ew = generator.uniform(5, 100, 200), generator.choice([1.0, 2.0, 4.0], 200)
    found = generator.random(200) < 0.5
    shares = completeness_map(snr, ew, found, (np.array([5.0, 20.0, 100.0]), edges_between(ew, 8)))
    assert shares.n_injected.sum() == 200
    assert shares.n_found.sum() == found.sum()
    assert ((shares.lower <= shares.completeness) & (shares.completeness <= shares.upper)).all()
    low = (snr < 20) & (ew == 2.0)
    assert shares.n_found[0, 1] == (found & low).sum()
    assert (shares.lower[0, 1], shares.upper[0, 1]) == clopper_pearson(int((found & low).sum()), int(low.sum()))


def test_cells_without_lines_know_nothing():
    shares = completeness_map(
        np.array([10.0]), np.array([1.0]), np.array([True]), (np.array([1.0, 5.0, 20.0]), np.array([0.5, 2.0]))
    )
    assert np.isnan(shares.completeness[0, 0])
    assert (shares.lower[0, 0], shares.upper[0, 0]) == (0, 1)


def test_impossible_maps_are_refused():
    one = np.ones(1)
    with pytest.raises(SpectrumError, match="share one shape"):
        completeness_map(one, np.ones(2), one > 0, (np.array([0.0, 2.0]), np.array([0.0, 2.0])))
    with pytest.raises(SpectrumError, match="edges must increase"):
        completeness_map(one, one, one > 0, (np.array([2.0, 1.0]), np.array([0.0, 2.0])))


def test_a_map_is_drawn_and_other_suffixes_are_refused(tmp_path):
    shares = completeness_map(
        np.array([10.0]), np.array([1.0]), np.array([True]), (np.array([1.0, 5.0, 20.0]), np.array([0.5, 2.0]))
    )
    assert draw_completeness(shares, tmp_path / "map.png").stat().st_size > 5000
    with pytest.raises(SpectrumError, match="names no format"):
        draw_completeness(shares, tmp_path / "map.doc")


def test_lists_of_candidates_need_a_column_of_identifiers(tmp_path):
    path = tmp_path / "found.csv"
    path.write_text("spectrum_id,p\na:1,0.9\n", encoding="utf-8")
    assert found_among(path, ["a:1", "a:2"]).tolist() == [True, False]
    path.write_text("name\na:1\n", encoding="utf-8")
    with pytest.raises(SpectrumError, match="column"):
        found_among(path, ["a:1"])
    with pytest.raises(SpectrumError, match="cannot be read"):
        found_among(tmp_path / "absent.csv", [])


def run(command, *arguments) -> str:
    result = CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_commands_inject_and_measure(tmp_path):
    write_injections(tmp_path / "hosts", injected(8, (0.01,)))
    output = tmp_path / "out"
    options = ("--ew", 1, "--ew", 30, "--copies", 4, "--separation", 0, "--separation", 12)
    said = run(inject_command, tmp_path / "hosts" / "spectra", "--output", output, *options)
    assert "32" in said.splitlines()[0]
    rows = table_of(output / "truth.csv")
    assert {row["shape"] for row in rows} == {"plain 2 Å  0 Å apart", "plain 2 Å  12 Å apart"}
    found = tmp_path / "found.csv"
    found.write_text("spectrum_id\n" + "\n".join(row["spectrum_id"] for row in rows if row["ew"] == "30"), encoding="utf-8")
    facts = json.loads(run(completeness, output, found, "--json", "--plot", tmp_path / "map.png").split("plot:")[0])
    assert np.array(facts["n_found"])[:, 0].sum() == 0
    assert np.array(facts["n_found"])[:, -1].sum() == 16
    assert (tmp_path / "map.png").is_file()
    assert "in all: 16 of" in run(completeness, output, found, "--visible")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--profile", "nothing"), "neither a file nor one of plain, be"),
        (("--profile", "be", "--separation", "3"), "--separation is for"),
        (("--profile", "be", "--profile", "plain", "--fwhm", "3"), "run them apart"),
    ],
)
def test_wrong_calls_are_explained(tmp_path, arguments, reason):
    write_injections(tmp_path / "hosts", injected(2))
    result = CliRunner().invoke(inject_command, [str(tmp_path / "hosts"), "--output", str(tmp_path / "out"), *arguments])
    assert result.exit_code == 2
    assert reason in result.output


def test_real_lines_go_into_real_spectra(shared_data, tmp_path):
    table = table_of(shared_data / "sdss-cv" / "labels.csv")
    best = max((row for row in table if row["label"] == "double-peak"), key=lambda row: float(row["snr"]))
    hosts = sorted((shared_data / "lamost" / "dr9-table").rglob("*.fits*"))[:20]
    options = ("--profile", shared_data / best["file"], "--ew", 40, "--rv", 0, 0)
    said = run(inject_command, *hosts, "--output", tmp_path / "out", *options)
    rows = table_of(tmp_path / "out" / "truth.csv")
    assert len(rows) + said.count("refused") >= 15
    assert np.mean([row["label"] == "double-peak" for row in rows]) > 0.7


def zeroed(reach: float, **arrays) -> Spectrum:
    """Return a host whose pixels around Hα the pipeline made zeros of."""
    lost = np.abs(WAVE - HALPHA) < reach
    spectrum = host()
    return host(flux=np.where(lost, 0, spectrum.flux), **({"ivar": np.where(lost, 0, spectrum.ivar)} | arrays))


@pytest.mark.parametrize("arrays", [{}, {"ivar": None}])
def test_a_line_whose_pixels_are_lost_is_not_seen(arrays):
    done = put(zeroed(12, **arrays), 16)
    assert not done.spectrum.flux[np.abs(WAVE - HALPHA) < 5].any()
    assert (done.label, done.visibility, done.separation, done.v_over_r) == ("not-interesting", 0, 0, 1)


def test_a_line_without_finite_flux_is_not_seen():
    spectrum = host()
    flux = np.where(np.abs(WAVE - HALPHA) < 12, np.nan, spectrum.flux)
    assert put(host(flux=flux), 16).label == "not-interesting"


def test_a_line_that_loses_few_pixels_is_still_seen():
    done = put(zeroed(1.2), 16, line=shape(fwhm=8.0))
    assert done.label == "single-peak"
    assert done.visibility == pytest.approx(put(host(), 16, line=shape(fwhm=8.0)).visibility, rel=0.2)


def test_a_spectrum_without_pixels_where_the_line_belongs_is_refused():
    spectrum = host()
    kept = np.abs(WAVE - HALPHA) > 15
    gap = Spectrum(WAVE[kept], spectrum.flux[kept], spectrum.ivar[kept], None, spectrum.header)
    with pytest.raises(SpectrumError, match=r"test:host: fewer than 3 pixels lie within 8 Å of the line \(6564"):
        put(gap, 5)
    dark, fine = inject_design([gap, host(key="fine")], [shape()], Design(rv=(0, 0)), np.random.default_rng(1))
    assert not isinstance(dark, Injected)
    assert isinstance(fine, Injected)


def test_what_lies_in_the_folder_already_is_not_taken_for_an_injection(tmp_path):
    out = tmp_path / "out"
    (out / "spectra").mkdir(parents=True)
    (out / "spectra" / "old.dat").write_text("wave flux\n", encoding="utf-8")
    with pytest.raises(StorageError, match=r"out: holds 'spectra' already"):
        write_injections(out, injected())
    assert [path.name for path in tmp_path.rglob("*.dat")] == ["old.dat"]


def test_what_is_interrupted_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError, match="stopped"):
        write_injections(tmp_path / "new" / "out", (one if number < 3 else _stop() for number, one in enumerate(injected())))
    assert list((tmp_path / "new").iterdir()) == []


def test_an_empty_folder_can_be_written_to_and_a_file_cannot(tmp_path):
    (tmp_path / "out").mkdir()
    write_injections(tmp_path / "out", injected(2))
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"file: is no directory, expected a new one"):
        write_injections(tmp_path / "file", injected(2))
    with pytest.raises(StorageError, match=r"/proc/nope/out: cannot be written"):
        write_injections(Path("/proc/nope/out"), injected(2))


def test_an_injection_without_hosts_leaves_nothing_behind(tmp_path):
    (tmp_path / "empty").mkdir()
    result = CliRunner().invoke(inject_command, [str(tmp_path / "empty"), "--output", str(tmp_path / "out")])
    assert result.exit_code != 0
    assert not (tmp_path / "out").exists()


def test_a_map_that_cannot_be_written_is_refused_before_the_table(tmp_path):
    write_injections(tmp_path / "out", injected())
    (tmp_path / "found.csv").write_text("spectrum_id\n", encoding="utf-8")
    plot = tmp_path / "nodir" / "map.png"
    arguments = [str(tmp_path / "out"), str(tmp_path / "found.csv"), "--plot", str(plot)]
    result = CliRunner().invoke(completeness, arguments)
    assert isinstance(result.exception, StorageError)
    assert "map.png: there is no folder" in str(result.exception)
    assert not result.output


@pytest.mark.parametrize(
    "values",
    [
        {"ews": (float("nan"),)}, {"ews": (float("inf"),)}, {"fwhms": (500.0,)}, {"fwhms": (2.0, float("nan"))},
        {"resolving_power": 10.0}, {"resolving_power": float("nan")},
    ],
)  # fmt: skip
def test_designs_beyond_the_grid_of_shapes_are_refused(values):
    with pytest.raises(SpectrumError, match=f"impossible {next(iter(values))}"):
        Design(**values)


@pytest.mark.parametrize("power", [0.0, -1.0, float("nan")])
def test_an_impossible_resolving_power_of_a_real_line_is_refused(power):
    with pytest.raises(SpectrumError, match="expected a resolving power of 200 at least"):
        observed_shape(put(host(200.0), 50).spectrum, power)


IMPOSSIBLE = [
    (("--separation", "-5"), "--separation -5"),
    (("--separation", "80"), "--separation 80"),
    (("--separation", "nan"), "--separation nan"),
    (("--fwhm", "0"), "--fwhm 0"),
    (("--fwhm", "-2"), "--fwhm -2"),
    (("--fwhm", "500"), "--fwhm 500"),
    (("--fwhm", "40", "--separation", "40"), "--separation 40"),
    (("--profile", "be", "--fwhm", "500"), "--fwhm 500"),
    (("--profile-resolving-power", "0"), "--profile-resolving-power 0"),
    (("--resolving-power", "0"), "--resolving-power 0"),
    (("--ew", "-1"), "--ew -1"),
    (("--rv", "5", "-5"), "--rv 5 -5"),
]


@pytest.mark.parametrize(("arguments", "reason"), IMPOSSIBLE)
def test_impossible_options_are_refused_at_the_door(tmp_path, arguments, reason):
    (tmp_path / "hosts").mkdir()
    result = CliRunner().invoke(inject_command, [str(tmp_path / "hosts"), "--output", str(tmp_path / "out"), *arguments])
    assert result.exit_code == 2, result.output
    assert f"{reason}: " in result.output
    assert "expected" in result.output
