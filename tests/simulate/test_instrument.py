"""Noise, sky, calibration, and artefacts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spectrove.lines import H_ALPHA
from spectrove.simulate import artefacts
from spectrove.simulate.artefacts import Events, draw_events
from spectrove.simulate.instrument import (
    FAINTEST,
    Conditions,
    correlated,
    draw_clean_snr,
    draw_conditions,
    observe,
    observe_clean,
    pixel_noise,
)
from spectrove.simulate.plates import PlateSettings, fibers, plate_of
from spectrove.simulate.sky import sky_lines

FIRST = 38_139
WAVE = 10 ** (1e-4 * np.arange(FIRST, FIRST + 146))
LINE = np.exp(-(((WAVE - H_ALPHA.wave) / 3) ** 2))
SURVEY = PlateSettings(n_spectra=20_000, spectra_per_plate=2000)


def plate_with(**facts):
    return replace(plate_of(0, SURVEY, 1), **facts)


def conditions_of(plate, generator, dimming=None):
    return draw_conditions(plate, fibers(plate, 1), generator, dimming)


def no_events(n):
    events = draw_events(np.full(n, 30.0), "lamost-dr1", np.random.default_rng(0))
    off = {name: np.zeros_like(value) for name, value in vars(events).items()}
    return Events(**off)


def calm(n, snr=50.0, **changes):
    """Return conditions under which nothing happens but photon noise."""
    zeros = np.zeros(n)
    plain = Conditions(
        snr=np.full(n, snr), scale=np.full(n, 200.0), sky=zeros, ratio=np.ones(n), floor=zeros, neighbor=zeros,
        response=np.zeros((n, 11), np.float32), residual=np.zeros((n, 8), np.float32), events=no_events(n),
    )  # fmt: skip
    return replace(plain, **changes)


def seen(conditions, generator, relative=None, wave=WAVE):
    n = conditions.snr.size
    relative = np.ones((n, wave.size)) if relative is None else relative
    return observe(wave, relative, np.ones_like(relative), conditions, generator.standard_normal((n, wave.size + 4)))


def event(n=1, **changes):
    return replace(no_events(n), **{name: np.full(n, value) for name, value in changes.items()})


def test_the_same_spectrum_has_the_same_flux_in_every_range(generator):
    plate = plate_with(layout="lamost-table", sky_residual=0.3)
    conditions = conditions_of(plate, generator)
    wide = 10 ** (1e-4 * np.arange(37_994, 38_420))
    relative = generator.uniform(0.5, 1.5, (plate.n_spectra, wide.size))
    normals = generator.standard_normal((plate.n_spectra, wide.size + 4))
    start = FIRST - 37_994
    window = slice(start, start + WAVE.size)
    whole = observe(wide, relative, np.ones_like(relative), conditions, normals)
    rows = np.flatnonzero(conditions.snr > 3)[::3]
    part = observe(
        WAVE, relative[rows, window], np.ones((rows.size, WAVE.size)), conditions.rows(rows),
        normals[rows, start : start + WAVE.size + 4],
    )  # fmt: skip
    for name in ("flux", "ivar", "normalized", "flagged"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[rows, window])
    np.testing.assert_array_equal(part.artefact, whole.artefact[rows])


def test_the_noise_is_what_is_announced(generator):
    plate = plate_with(layout="lamost-dr1", kind="M")
    drawn = conditions_of(plate, generator)
    conditions = replace(drawn, response=0 * drawn.response, residual=0 * drawn.residual, events=no_events(plate.n_spectra))
    relative = np.tile(1 + 2 * LINE, (plate.n_spectra, 1))
    noise = (seen(conditions, generator, relative).flux / conditions.scale[:, None] - relative) / pixel_noise(
        WAVE, relative, conditions
    )
    assert noise.std(axis=0) == pytest.approx(1, abs=0.1)


def test_inverse_variance_and_header_agree_about_the_signal_to_noise_ratio(generator):
    observed = seen(calm(5, snr=30.0), generator)
    near = np.abs(WAVE - H_ALPHA.wave) < 5
    np.testing.assert_allclose((200 * np.sqrt(observed.ivar[:, near])).mean(), 1.3 * 30, rtol=0.04)


def test_neighboring_pixels_share_noise_as_much_as_they_are_told(generator):
    normals = generator.standard_normal((2, 200_002))
    white, mixed = correlated(normals, np.array([0, 0.2]))
    assert abs(np.corrcoef(white[1:], white[:-1])[0, 1]) < 0.01
    for lag, value in {1: 0.4 / 1.08, 2: 0.04 / 1.08, 5: 0}.items():
        assert np.corrcoef(mixed[lag:], mixed[:-lag])[0, 1] == pytest.approx(value, abs=0.01)


def test_correlated_noise_keeps_its_strength_and_its_few_outliers(generator):
    values = correlated(generator.standard_normal((1, 1_000_002)), np.full(1, 0.1))
    assert values.std() == pytest.approx(1, abs=0.01)
    assert (np.abs(values) > 4).mean() < 2e-4


def test_signal_to_noise_ratios_reach_from_1_to_500_and_follow_the_plates(generator):
    by_kind = {kind: conditions_of(plate_with(kind=kind), generator).snr for kind in "VBMF"}
    places = fibers(plate_with(), 1)
    assert min(snr.min() for snr in by_kind.values()) >= FAINTEST
    assert max(snr.max() for snr in by_kind.values()) <= 500
    bright = draw_conditions(plate_with(kind="V"), replace(places, magnitude=places.magnitude * 0 + 8.0), generator)
    faint = draw_conditions(plate_with(kind="F"), replace(places, magnitude=places.magnitude * 0 + 20.0), generator)
    assert np.median(bright.snr) > 300
    assert np.median(faint.snr) < 5


def test_fainter_objects_have_less_flux_and_a_lower_signal_to_noise_ratio():
    plate = plate_with()
    plain, dimmed = (conditions_of(plate, np.random.default_rng(3), dim) for dim in (None, np.full(plate.n_spectra, 1.0)))
    np.testing.assert_allclose(dimmed.scale, plain.scale / 10**0.4)
    assert (dimmed.snr < plain.snr).all()
    assert (dimmed.sky > plain.sky).all()


def test_the_night_sky_makes_noise_at_its_lines_in_faint_stars_only(generator):
    wave = 10 ** (1e-4 * np.arange(37_994, 38_420))
    observed = seen(calm(2, sky=np.array([0.0, 0.9])), generator, wave=wave)
    error = 1 / np.sqrt(observed.ivar)
    line, beside = np.abs(wave - 6302.05).argmin(), np.abs(wave - 6315).argmin()
    assert error[0, line] / error[0, beside] == pytest.approx(1, abs=0.02)
    assert error[1, line] / error[1, beside] > 1.8


def test_a_badly_subtracted_sky_leaves_lines_and_is_named(generator):
    bad, good = (
        seen(conditions_of(plate_with(kind="F", sky_residual=left), np.random.default_rng(2)), generator) for left in (2.0, 0.001)
    )
    named = [np.char.count(observed.artefact.astype(str), "sky-residual").mean() for observed in (bad, good)]
    assert named[0] > 0.2
    assert named[1] < 0.01
    lines = sky_lines(FIRST, WAVE.size)[1]
    far = np.abs(WAVE - H_ALPHA.wave) > 15
    projected = ((bad.normalized - 1)[:, far] @ (lines[far] - lines[far].mean())).std()
    assert projected > 2 * ((good.normalized - 1)[:, far] @ (lines[far] - lines[far].mean())).std()


def test_flux_calibration_tilts_spectra_and_spectrographs_have_errors_in_common(generator):
    plate = plate_with()
    conditions = conditions_of(plate, generator)
    slope, spid = conditions.response[:, 0], fibers(plate, 1).spid
    assert 0.005 < slope.std() < 0.02
    means = np.array([slope[spid == number].mean() for number in np.unique(spid)])
    assert means.std() > 3 * slope.std() / np.sqrt(plate.n_spectra / means.size)


def test_a_spike_is_up_to_four_pixels_wide_and_stands_far_above_the_noise(generator):
    spiked = event(4, spike_pixel=FIRST + 40, spike_height=30.0)
    conditions = calm(4, events=replace(spiked, spike_width=np.arange(1, 5), spike_seen=np.array([True, False] * 2)))
    observed = seen(conditions, generator)
    above = observed.flux > 200 * (1 + 6 / 67)
    np.testing.assert_array_equal(above.sum(axis=1), [1, 2, 3, 4])
    np.testing.assert_array_equal(observed.flagged, above)
    np.testing.assert_array_equal((observed.ivar == 0).any(axis=1), [True, False] * 2)
    assert set(observed.artefact) == {"spike"}


def test_lost_pixels_have_neither_flux_nor_inverse_variance(generator):
    observed = seen(calm(3, events=event(3, zero_pixel=FIRST + 50, zero_length=4)), generator)
    assert (observed.flagged.sum(axis=1) == 4).all()
    np.testing.assert_array_equal(observed.flux == 0, observed.flagged)
    np.testing.assert_array_equal(observed.ivar == 0, observed.flagged)
    assert set(observed.artefact) == {"zeroed"}


def test_a_comb_of_zeros_is_lost_in_pieces(generator):
    comb = event(1, zero_pixel=artefacts.FIRST, zero_length=FIRST + 100 - artefacts.FIRST, zero_period=10)
    gone = seen(calm(1, events=comb), generator).flux[0] == 0
    assert gone[:95].any()
    assert not gone[:95].all()
    assert not gone[100:].any()


def test_a_masked_run_keeps_its_flux(generator):
    masked = calm(1, events=event(1, mask_pixel=FIRST + 60, mask_length=6))
    observed = seen(masked, generator)
    assert (observed.ivar == 0).sum() == 6
    assert (observed.flux > 0).all()
    assert observed.artefact[0] == ""


def test_an_empty_spectrum_is_zero_everywhere_and_has_no_other_name(generator):
    empty = event(1, empty=True, spike_pixel=FIRST + 40, spike_width=2, spike_height=20.0)
    observed = seen(calm(1, events=empty), generator)
    assert not observed.flux.any()
    assert not observed.ivar.any()
    assert observed.artefact[0] == "all-zero"


def test_a_bad_join_is_a_step(generator):
    observed = seen(calm(1, 300.0, events=event(1, join_pixel=FIRST + 70, join_height=-0.1)), generator)
    blue, red = observed.flux[0, :68].mean(), observed.flux[0, 73:].mean()
    assert red / blue == pytest.approx(0.9, abs=0.01)
    assert observed.artefact[0] == "join"


def test_strong_emission_is_distrusted_at_its_peak_and_keeps_its_flux(generator):
    relative = np.stack([1 + 5 * LINE, 1 + LINE, 1 - 0.5 * LINE])
    observed = seen(calm(3, events=event(3, distrusts=True)), generator, relative)
    lost = observed.ivar == 0
    assert 3 <= lost[0].sum() <= 14
    assert lost[0, np.argmax(LINE)]
    assert not lost[1:].any()
    assert observed.flux.max() > 5 * 200
    assert list(observed.artefact) == ["distrusted", "", ""]


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("spike", 0.025, 0.045), ("zeroed", 0.04, 0.09), ("all-zero", 0.0008, 0.004), ("join", 0.001, 0.006)],
)
def test_artefacts_are_as_frequent_as_in_real_files(name, low, high, generator):
    happened = artefacts.happened(draw_events(np.full(30_000, 30.0), "lamost-table", generator))
    assert low < happened[:, artefacts.NAMES.index(name)].mean() < high


def test_cosmic_rays_drown_in_the_light_of_bright_stars(generator):
    faint, bright = (
        artefacts.happened(draw_events(np.full(30_000, snr), "lamost-table", generator))[:, artefacts.NAMES.index("spike")].mean()
        for snr in (30.0, 300.0)
    )
    assert bright < 0.6 * faint


def test_only_late_pipelines_leave_short_zeros(generator):
    early = draw_events(np.full(20_000, 30.0), "lamost-dr1", generator)
    short = (early.zero_length > 0) & (early.zero_length < 10)
    assert not short.any()
    assert early.distrusts.mean() > draw_events(np.full(20_000, 30.0), "lamost-table", generator).distrusts.mean()


def test_names_are_joined_in_order():
    flags = np.array([[0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1]], dtype=bool)
    assert list(artefacts.named(flags)) == ["", "spike+zeroed", "distrusted"]


def test_the_labeled_set_is_clean(generator):
    snr = draw_clean_snr(2000, generator)
    assert 20 <= snr.min() < snr.max() <= 800
    assert np.median(snr) == pytest.approx(140, rel=0.1)
    relative = np.full((2000, 200), 1.0)
    noise = observe_clean(relative, snr, generator.standard_normal((2000, 202))) - 1
    np.testing.assert_allclose(noise.std(axis=1) * snr, 1, rtol=0.3)
    assert np.corrcoef((noise[:, 1:] * snr[:, None]).ravel(), (noise[:, :-1] * snr[:, None]).ravel())[0, 1] == pytest.approx(
        0.29, abs=0.02
    )
