"""A survey's spectra as arrays, plate by plate."""

from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from scipy.ndimage import gaussian_filter1d

from spectrove.errors import ConfigError
from spectrove.simulate import LabeledSource, PoolSource, SurveyConfig
from spectrove.simulate import labeled as labeled_set
from spectrove.simulate import source as pool_source
from spectrove.simulate.objects import KINDS, Objects, observed_objects
from spectrove.simulate.photosphere import photosphere
from spectrove.simulate.plates import NebularLines, fibers, nebular_lines, plate_of
from spectrove.simulate.profiles import HALPHA, SPEED_OF_LIGHT
from spectrove.simulate.source import WINDOW, arriving_light
from spectrove.simulate.stars import KIND_NAMES
from spectrove.simulate.targets import TARGET_NAMES

CONFIG = SurveyConfig(n_pool=600, n_labeled=90, target_fraction=0.3, unknown_fraction=0.05, spectra_per_plate=150)
SOURCE = PoolSource(CONFIG, 5)
CLOUDED = PoolSource(replace(CONFIG, nebular_share=1.0, target_fraction=0.02), 23)
NUMBERS = {pa.float32(), pa.float64(), pa.int16(), pa.int64()}


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_the_same_pixels_have_the_same_flux_and_truth_whatever_the_length(number):
    short, whole = SOURCE.spectra(number), SOURCE.spectra(number, whole=True)
    for name in ("flux", "ivar", "normalized", "flagged"):
        np.testing.assert_array_equal(getattr(short, name), getattr(whole, name)[:, WINDOW], err_msg=name)
    np.testing.assert_array_equal(short.wave, whole.wave[WINDOW])
    assert short.truth.equals(whole.truth)
    assert short.facts.equals(whole.facts)


def test_whole_spectra_are_as_long_as_their_files_and_have_no_seams():
    spectra = SOURCE.spectra(0, whole=True)
    assert spectra.wave[[0, -1]] == pytest.approx([6300.9, 6948.6], abs=0.5)
    bright = np.flatnonzero(spectra.facts["snr"].to_numpy(zero_copy_only=False) > 100)
    steps = np.abs(np.diff(spectra.flux[bright] / np.median(spectra.flux[bright], axis=1, keepdims=True), axis=1))
    for seam in (WINDOW.start - 1, WINDOW.stop - 1):
        around = np.r_[seam - 6 : seam, seam + 1 : seam + 7]
        assert np.median(steps[:, seam]) < 3 * np.median(steps[:, around])


def test_a_source_travels_and_makes_the_same_there():
    there = pickle.loads(pickle.dumps(SOURCE))
    np.testing.assert_array_equal(there.batch(1).features, SOURCE.batch(1).features)


def test_a_plate_that_does_not_exist_is_refused():
    with pytest.raises(IndexError):
        SOURCE.spectra(4)
    with pytest.raises(IndexError, match="expected 0 to 0"):
        LabeledSource(CONFIG, 5).spectra(1)


def test_identities_tell_surveys_apart_and_forget_what_does_not_matter():
    others = [SurveyConfig(n_pool=601), SurveyConfig(target_fraction=0.1), SurveyConfig(layout_shares=(1, 1, 1))]
    identities = [str(PoolSource(config, 5).identity) for config in (SurveyConfig(), *others)]
    assert len({*identities, str(PoolSource(SurveyConfig(), 6).identity)}) == 5
    assert str(PoolSource(SurveyConfig(n_labeled=7, n_fits=3), 5).identity) == identities[0]


def columns_of(table) -> dict[str, np.ndarray]:
    """Return a table's columns, numbers as floats with NaN for null."""
    return {
        name: np.array(table[name].to_pylist(), dtype=float if table.schema.field(name).type in NUMBERS else object)
        for name in table.column_names
    }


def made(source: PoolSource, number: int) -> tuple[Objects, NebularLines, dict[str, np.ndarray]]:
    """Return what lies behind a plate's spectra, and its truth."""
    plate = plate_of(number, source.config.plates, source.seed)
    places = fibers(plate, source.seed)
    objects = observed_objects(plate, places, source.config, source.seed)
    lines = nebular_lines(plate, places, pool_source._dimming(objects, places))
    return objects, lines, columns_of(source.spectra(number).truth)


@pytest.mark.parametrize(
    ("column", "table", "attribute"),
    [
        ("teff", "stars", "teff"),
        ("logg", "stars", "logg"),
        ("vsini", "stars", "vsini"),
        ("rv", "stars", "rv"),
        ("redshift", "outside", "z"),
        ("fwhm", "emission", "fwhm"),
        ("inclination", "emission", "inclination"),
    ],
)
def test_the_truth_tells_the_number_that_was_put_in(column, table, attribute):
    objects, _, truth = made(SOURCE, 0)
    rows = {"stars": objects.outer < 0, "outside": objects.outer >= 0, "emission": objects.emitter >= 0}[table]
    put_in = getattr(getattr(objects, table), attribute)
    expected = np.full(rows.size, np.nan)
    expected[rows] = put_in[rows] if table == "stars" else put_in
    assert np.isfinite(expected).sum() > 2
    np.testing.assert_array_equal(truth[column], expected.astype(np.float32))


def test_the_truth_tells_names_and_lines_as_observers_write_them():
    objects, _, truth = made(SOURCE, 0)
    np.testing.assert_array_equal(truth["kind"], np.array(KINDS, dtype=object)[objects.kinds])
    targets, lines = objects.targets, objects.emission
    np.testing.assert_array_equal(truth["ew"][targets], -lines.ew.astype(np.float32))
    two = lines.separation > 0
    assert 0 < two.sum() < two.size
    np.testing.assert_array_equal(truth["separation"][targets[two]], lines.separation[two].astype(np.float32))
    assert np.isnan(truth["separation"][targets[~two]]).all()
    assert np.isnan(truth["v_over_r"][targets[~two]]).all()


def test_the_truth_of_the_labeled_set_tells_what_was_put_in(monkeypatch):
    samples = []

    def remembered(wanted, generator, draw=labeled_set._draw_sample):
        samples.append(draw(wanted, generator))
        return samples[-1]

    monkeypatch.setattr(labeled_set, "_draw_sample", remembered)
    truth = columns_of(LabeledSource(CONFIG, 5).spectra(0).truth)
    (sample,) = samples
    rows = np.empty(90, dtype=int)  # of the truth, in the sample's order
    rows[np.lexsort((sample.stars.teff, sample.snr.astype(np.float32)))] = np.lexsort((truth["teff"], truth["snr"]))
    np.testing.assert_array_equal(truth["snr"][rows], sample.snr.astype(np.float32))
    for name in ("teff", "logg", "vsini", "rv"):
        np.testing.assert_array_equal(truth[name][rows], getattr(sample.stars, name).astype(np.float32), err_msg=name)
    targets, rest = np.split(rows, [sample.target_kinds.size])
    apart = sample.emission.separation > 0
    put_in = {
        "ew": -sample.emission.ew,
        "fwhm": sample.emission.fwhm,
        "separation": np.where(apart, sample.emission.separation, np.nan),
        "inclination": sample.emission.inclination,
    }
    for name, values in put_in.items():
        np.testing.assert_array_equal(truth[name][targets], values.astype(np.float32), err_msg=name)
        assert np.isnan(truth[name][rest]).all()
    assert truth["subtype"][targets].tolist() == [TARGET_NAMES[kind] for kind in sample.target_kinds]
    assert truth["subtype"][rest].tolist() == [KIND_NAMES[kind] for kind in sample.stars.kind[targets.size :]]


def test_the_widths_in_the_truth_of_the_labeled_set_are_those_of_its_spectra():
    spectra = LabeledSource(CONFIG, 5).spectra(0)
    truth = columns_of(spectra.truth)
    near = np.abs(spectra.wave - HALPHA) < 30
    missing = ((1 - spectra.flux[:, near]) * np.gradient(spectra.wave)[near]).sum(axis=1)
    stars = truth["kind"] == "star"
    assert np.ptp(truth["ew_absorption"][stars]) > 3
    np.testing.assert_allclose(missing[stars], truth["ew_absorption"][stars], atol=0.3)
    disks = truth["subtype"] == "be"  # most of them without an absorber that takes from the light
    assert disks.sum() > 20
    light = (missing - truth["ew_absorption"])[disks] / truth["ew"][disks]
    assert np.median(light) == pytest.approx(1, abs=0.01)
    assert light.max() < 1.05


@pytest.mark.parametrize("source", [SOURCE, LabeledSource(CONFIG, 5)], ids=["pool", "labeled"])
def test_the_v_over_r_in_the_truth_is_the_one_that_was_drawn(source, monkeypatch):
    def lopsided(kinds, hosts, generator, draw=labeled_set.draw_emission):
        values = {"v_over_r": np.full(kinds.size, 3.0), "thick": np.full(kinds.size, 2.5)}
        return replace(draw(kinds, hosts, generator), **values)

    monkeypatch.setattr("spectrove.simulate.objects.draw_emission", lopsided)
    monkeypatch.setattr(labeled_set, "draw_emission", lopsided)
    told = columns_of(source.spectra(0).truth)["v_over_r"]
    assert np.isfinite(told).sum() > 10
    np.testing.assert_allclose(told[np.isfinite(told)], 1.789175, rtol=1e-6)


def test_the_width_of_the_photosphere_in_the_truth_is_the_stars_own_with_a_nebula_before_it_or_not():
    objects, _, truth = made(CLOUDED, 0)
    wave = np.arange(HALPHA - 30, HALPHA + 30, 0.1)
    expected = np.trapezoid(1 - photosphere(wave, objects.stars, 1500.0), wave, axis=1)
    stars = objects.outer < 0
    behind = stars & (np.abs(truth["nebular_ew"]) > 0.5)
    assert behind.sum() > 10
    for rows in (behind, stars):
        np.testing.assert_allclose(truth["ew_absorption"][rows], expected[rows], rtol=0.04, atol=0.25)
    assert np.isnan(truth["ew_absorption"][~stars]).all()


def test_the_lines_of_a_nebula_are_where_and_as_strong_as_the_truth_says():
    objects, lines, truth = made(CLOUDED, 0)
    assert np.count_nonzero(lines.ew) > 10
    np.testing.assert_array_equal(truth["nebular_ew"], np.where(lines.ew == 0, np.nan, lines.ew).astype(np.float32))
    wave = np.arange(6400.0, 6850.0, 0.1)
    one = np.array([np.flatnonzero(objects.outer < 0)[0]])
    light = arriving_light(wave, objects.rows(one), NebularLines(*(np.array([value]) for value in (8.0, 0.5, 0.2, 0.0))))
    added = (light.background - light.photosphere)[0]
    for center, reach, width in ((6549.85, 5, 8 * 0.5 / 3), (HALPHA, 8, 8.0), (6585.27, 8, 8 * 0.5), (6725.5, 20, 8 * 0.2)):
        near = np.abs(wave - center) < reach
        assert np.trapezoid(added[near], wave[near]) == pytest.approx(width, rel=0.05), center


@pytest.fixture
def spectra_at(monkeypatch):
    """Return what makes a source's first plate, the wavelengths of all its spectra being wrong by a velocity, km/s."""

    def made_at(source, velocity):
        def displaced(plate, seed):
            places = fibers(plate, seed)
            return replace(places, zero_point=np.full(places.spid.size, velocity))

        monkeypatch.setattr(pool_source, "fibers", displaced)
        return source.spectra(0)

    return made_at


def test_the_error_of_the_wavelengths_moves_the_spectrum_and_not_the_truth(spectra_at):
    resting, moved = spectra_at(SOURCE, 0.0), spectra_at(SOURCE, 300.0)
    truth = columns_of(resting.truth)
    np.testing.assert_array_equal(columns_of(moved.truth)["rv"], truth["rv"])
    np.testing.assert_array_equal(columns_of(moved.truth)["redshift"], truth["redshift"])
    strong = np.flatnonzero((truth["label"] == "single-peak") & (truth["visibility"] > 100) & (truth["artefact"] == None))  # noqa: E711
    assert strong.size > 3
    peaks = [spectra.wave[np.argmax(spectra.normalized[strong], axis=1)] for spectra in (resting, moved)]
    np.testing.assert_allclose(np.median(peaks[1] - peaks[0]), HALPHA * 300 / SPEED_OF_LIGHT, atol=1.6)


def test_the_error_of_the_wavelengths_moves_a_nebula_with_the_star_behind_it(spectra_at):
    resting, moved = spectra_at(CLOUDED, 0.0), spectra_at(CLOUDED, 300.0)
    truth = columns_of(resting.truth)
    strong = np.flatnonzero((truth["nebular_ew"] > 5) & (truth["kind"] == "star") & (truth["artefact"] == None))  # noqa: E711
    assert strong.size > 3
    near = np.abs(resting.wave - HALPHA) < 15
    peaks = [spectra.wave[near][np.argmax(spectra.normalized[strong][:, near], axis=1)] for spectra in (resting, moved)]
    np.testing.assert_allclose(np.median(peaks[1] - peaks[0]), HALPHA * 300 / SPEED_OF_LIGHT, atol=1.6)


def test_the_signal_to_noise_in_the_truth_is_the_headers():
    spectra = SOURCE.spectra(0)
    told, header = (np.array(table["snr"].to_pylist(), float) for table in (spectra.truth, spectra.facts))
    np.testing.assert_allclose(told[np.isfinite(header)], header[np.isfinite(header)], atol=0.006)


def test_the_visibility_of_a_labeled_line_is_its_prominence_over_the_noise_after_the_blur(generator, monkeypatch):
    blurred = gaussian_filter1d(generator.standard_normal((400, 400)), 7, axis=1)[:, 40:-40]
    truth = columns_of(LabeledSource(CONFIG, 5).spectra(0).truth)

    def seen_without_noise(wave, stars, profile, sigma, center, see=labeled_set.see):
        return replace(
            see(wave, stars, profile, sigma, center), prominence=see(wave, stars, profile, 0 * sigma + 1, center).prominence
        )

    monkeypatch.setattr(labeled_set, "see", seen_without_noise)
    bare = columns_of(LabeledSource(CONFIG, 5).spectra(0).truth)
    assert np.isfinite(bare["visibility"]).sum() > 40
    np.testing.assert_allclose(truth["visibility"], bare["visibility"] * bare["snr"] / blurred.std(), rtol=0.02)


def test_the_signal_to_noise_of_a_labeled_spectrum_is_that_of_its_pixels():
    spectra = LabeledSource(CONFIG, 5).spectra(0)
    truth = columns_of(spectra.truth)
    quiet = (spectra.wave > 6620) & (spectra.wave < 6660)
    hot = np.flatnonzero((truth["kind"] == "star") & (truth["teff"] > 9000))
    x = spectra.wave[quiet] - 6640
    flux = spectra.flux[hot][:, quiet]
    left = flux - np.polynomial.polynomial.polyval(x, np.polynomial.polynomial.polyfit(x, flux.T, 3))
    assert np.median(left.std(axis=1) * truth["snr"][hot]) == pytest.approx(1, abs=0.1)


def test_the_truth_of_a_hidden_line_is_not_interesting():
    rows = [row for number in range(4) for row in SOURCE.spectra(number).truth.to_pylist() if row["kind"] == "target"]
    assert any(row["label"] == "not-interesting" for row in rows)
    for row in rows:
        if row["artefact"] == "all-zero" or row["visibility"] < 3:
            assert row["label"] == "not-interesting"


@pytest.mark.parametrize("source", [SOURCE, LabeledSource(CONFIG, 5)], ids=["pool", "labeled"])
def test_a_target_has_visible_peaks_where_its_visibility_is_three(source):
    truth = columns_of(pa.concat_tables([source.spectra(number).truth for number in range(source.n_batches)]))
    targets = truth["kind"] == "target"
    assert targets.sum() > 30
    np.testing.assert_array_equal(truth["n_peaks"][targets] > 0, truth["visibility"][targets] >= 3)


def test_faint_spectra_and_bright_ones_are_there():
    snr = np.concatenate([SOURCE.spectra(number).truth["snr"].to_numpy() for number in range(4)])
    assert snr.min() < 8
    assert snr.max() > 150


def test_the_labeled_set_is_clean_and_has_the_labels_asked_for():
    spectra = LabeledSource(CONFIG, 5).spectra(0)
    counts = Counter(spectra.truth["label"].to_pylist())
    assert counts == {"single-peak": 37, "double-peak": 11, "not-interesting": 42}
    assert np.median(spectra.truth["snr"].to_numpy()) > 60
    assert spectra.flux.min() >= -0.1
    assert set(spectra.truth["kind"].to_pylist()) == {"star", "target"}
    assert spectra.wave[0] - spectra.wave_in_air[0] == pytest.approx(1.74, abs=0.05)
    unlabeled = [row for row in spectra.truth.to_pylist() if row["label"] == "not-interesting"]
    assert all(row["ew"] is None for row in unlabeled)


def test_batches_of_the_labeled_set_differ_and_add_up():
    source = LabeledSource(SurveyConfig(n_labeled=labeled_set.A_BATCH + 30), 5)
    sizes = [source.spectra(number).truth.num_rows for number in range(source.n_batches)]
    assert sizes == [labeled_set.A_BATCH, 30]


def test_labels_that_nothing_shows_are_given_up_with_a_word(monkeypatch):
    monkeypatch.setattr(labeled_set, "LABELED_TARGETS", {"planetary-nebula": 1.0})
    monkeypatch.setattr(labeled_set, "MOST_DRAWS", 2)
    with pytest.raises(ConfigError, match=r"after 2 draws targets are missing .*'double-peak': 11"):
        LabeledSource(CONFIG, 5).spectra(0)
