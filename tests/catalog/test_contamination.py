"""Candidates whose light is also in their neighbors' spectra."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.catalog import contamination
from spectrove.catalog.contamination import CROSS_TALK, NEBULAR, find_shared_light
from spectrove.catalog.line_light import line_light, similarity
from spectrove.catalog.surroundings import Surroundings
from spectrove.execution import InlineExecutor
from spectrove.lines import H_ALPHA, NII_6548, NII_6583, SII_6716, SII_6731
from spectrove.pool import IngestConfig, Pool, ingest
from spectrove.pool.layout import METADATA_SCHEMA
from spectrove.preprocess import recipe
from spectrove.simulate import SurveyConfig, SurveyTruth, simulate_survey

GRID = np.linspace(6519, 6732, 140)
ARCSEC = 1 / 3600


class Sky:
    """A pool of features and metadata alone; unless told otherwise fibers of one spectrograph and night, a minute apart."""

    grid = GRID

    def __init__(self, features, **columns):
        n = len(features)
        usual = {
            "spectrum_id": [f"s:{row}" for row in range(n)], "survey": ["s"] * n, "planid": ["P"] * n, "plate": [None] * n,
            "spid": [8] * n, "fiberid": list(range(1, n + 1)), "mjd": [56204.0] * n, "ra": [80 + row / 60 for row in range(n)],
            "dec": [33.0] * n, "snr": [40.0] * n,
        }  # fmt: skip
        values = {**usual, **columns}
        self.table = pa.table({name: pa.array(v, METADATA_SCHEMA.field(name).type) for name, v in values.items()})
        self.spectra = np.array(features)
        self.n_spectra = n

    def metadata(self, columns, rows):
        return self.table.select(columns).take(pa.array(rows))

    def features(self, rows):
        return self.spectra[rows]


def line(wave, height, sigma=1.6):
    return height * np.exp(-((GRID - wave) ** 2) / (2 * sigma**2))


def nebula(height, forbidden=0.35, redshift=1.0):
    lines = ((H_ALPHA, 1), (NII_6548, forbidden / 3), (NII_6583, forbidden), (SII_6716, forbidden / 2), (SII_6731, forbidden / 2))
    return sum(line(each.wave * redshift, height * strength) for each, strength in lines)


def star(generator, added=0.0, absorption=0.4, noise=0.01):
    """Return the features of a star with broad Hα absorption and what is added, scaled to 0 to 1 as a recipe does."""
    flux = 1 + 3e-4 * generator.normal() * (GRID - 6620) - line(H_ALPHA.wave, absorption, 9) + added
    flux += generator.normal(0, noise, GRID.size)
    return (flux - flux.min()) / np.ptp(flux)


def found(sky, rows=(0,)):
    return find_shared_light(np.array(rows), sky, Surroundings(sky))


def test_a_nebula_before_neighboring_fibers_is_told_by_its_forbidden_lines(generator):
    sky = Sky([star(generator, nebula(1.0), 0.4), star(generator, nebula(0.6), 0.1), star(generator)])

    (shared,) = found(sky)

    assert (shared.row, shared.flag) == (0, NEBULAR)
    (neighbor,) = shared.neighbors
    assert (neighbor.spectrum_id, neighbor.kind, neighbor.suspicion) == ("s:1", "fiber", NEBULAR)
    assert neighbor.separation_arcsec == pytest.approx(60 * np.cos(np.radians(33)), abs=0.1)
    assert neighbor.similarity > 0.95
    assert neighbor.reason == (
        "Hα of nearly the same profile in the next fiber (S/N 40 there, 40 here), [N II] and [S II] in both"
    )


def test_a_nebula_without_forbidden_lines_is_told_by_the_many_fibers_it_shines_into(generator):
    spectra = [star(generator, nebula(0.7, forbidden=0)) for _ in range(4)]

    (shared,) = found(Sky(spectra))

    assert shared.flag == NEBULAR
    assert len(shared.neighbors) == 3
    assert shared.neighbors[0].reason.endswith("and so in 3 neighbors")
    assert [each.similarity for each in shared.neighbors] == sorted((each.similarity for each in shared.neighbors), reverse=True)


@pytest.mark.parametrize(("away", "flag"), [(1, CROSS_TALK), (2, CROSS_TALK), (3, "")])
def test_a_stars_light_may_leak_into_the_fibers_beside_its_own(generator, away, flag):
    disk = line(H_ALPHA.wave - 4, 1.5, 2.2) + line(H_ALPHA.wave + 4, 1.1, 2.2)
    sky = Sky([star(generator, disk, 0.1), star(generator, 0.15 * disk, 0.1, 0.005)], fiberid=[100, 100 + away], snr=[90, 20])

    leaking, leaked = found(sky, [0, 1])

    assert leaking.flag == leaked.flag == flag
    if flag:
        assert leaked.neighbors[0].reason.endswith("(S/N 90 there, 20 here)")


def test_the_papers_two_stars_24_arc_seconds_apart_are_flagged(generator):
    emission = nebula(1.2, forbidden=0)
    place = {"ra": [81.011708, 81.006375], "dec": [33.683806, 33.689139], "mjd": [56204.0, 56306.0], "fiberid": [234, 234]}
    sky = Sky([star(generator, emission), star(generator, emission)], planid=["GAC080N33B101", "GAC080N33B2"], **place)

    (shared,) = found(sky)

    assert shared.flag == CROSS_TALK
    (neighbor,) = shared.neighbors
    assert neighbor.kind == "same-fiber"
    assert neighbor.separation_arcsec == pytest.approx(24.9, abs=0.5)
    assert neighbor.reason == "Hα of nearly the same profile in the same fiber on MJD 56306, 25″ away (S/N 40 there, 40 here)"


@pytest.mark.parametrize(
    "changes",
    [
        {"fiberid": [234, 235]},
        {"spid": [8, 9]},
        {"spid": [None, None]},
        {"ra": [80.0, 80.0 + 2 * ARCSEC]},
        {"ra": [80.0, 80.2]},
        {"mjd": [56204.0, None]},
    ],
    ids=["another fiber", "another spectrograph", "no spectrograph", "the same object", "far away", "no night"],
)
def test_other_exposures_are_no_duplicates_unless_of_one_fiber_and_of_another_object_nearby(generator, changes):
    emission = nebula(1.2)
    usual = {"ra": [80.0, 80.01], "mjd": [56204.0, 56306.0], "planid": ["P", "Q"], "fiberid": [234, 234]}

    assert found(Sky([star(generator, emission)] * 2, **usual))[0].flag == NEBULAR
    assert found(Sky([star(generator, emission)] * 2, **{**usual, **changes}))[0].flag == ""


def test_lines_of_other_shape_are_not_shared(generator):
    single, double = line(H_ALPHA.wave, 1), line(H_ALPHA.wave - 7, 1, 2) + line(H_ALPHA.wave + 7, 1, 2)
    spectra = [star(generator, single), star(generator, double), star(generator), star(generator, absorption=0.8)]

    assert [shared.flag for shared in found(Sky(spectra), range(4))] == [""] * 4


def test_absorption_is_no_shared_light_however_alike(generator):
    sky = Sky([star(generator, absorption=0.6, noise=0.003) for _ in range(5)])

    assert [shared.flag for shared in found(sky, range(5))] == [""] * 5
    assert (line_light(sky.spectra, GRID).halpha < 5).all()


def test_candidates_are_taken_a_part_at_a_time(monkeypatch, generator):
    sky = Sky([star(generator, nebula(strength)) for strength in (1.0, 0.8, 0.0, 0.9, 0.0, 0.7, 1.2)])
    whole = found(sky, range(7))
    monkeypatch.setattr(contamination, "CANDIDATES_AT_ONCE", 2)

    assert found(sky, range(7)) == whole
    assert [bool(shared.flag) for shared in whole] == [True, True, False, True, False, True, True]
    assert found(sky, []) == []


@given(st.floats(-1.5, 1.5), st.integers(0, 2**32 - 1))
def test_scale_and_level_of_the_flux_change_nothing(power, seed):
    generator = np.random.default_rng(seed)
    spectra = np.array([star(generator, nebula(0.5)) for _ in range(3)])

    light, scaled = (line_light(each, GRID) for each in (spectra, 3 + 10**power * spectra))

    np.testing.assert_allclose(scaled.response, light.response, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(scaled.halpha, light.halpha, rtol=1e-6)
    np.testing.assert_allclose(scaled.forbidden, light.forbidden, rtol=1e-6, atol=1e-6)


@given(st.floats(-350, 350), st.integers(0, 2**32 - 1))
def test_forbidden_lines_are_found_at_halphas_own_velocity(velocity, seed):
    moving = star(np.random.default_rng(seed), nebula(1.5, redshift=1 + velocity / 299_792.458), absorption=0.0)

    light = line_light(moving[None], GRID)

    assert light.velocity[0] == pytest.approx(velocity, abs=50)
    assert light.forbidden[0] > 4


def test_similarity_is_1_for_one_line_at_any_strength_and_nothing_is_like_no_line(generator):
    light = line_light(np.array([star(generator, nebula(h)) for h in (2.0, 0.5, 0.2)] + [np.ones(140)]), GRID)

    alike = similarity(np.repeat(light.response[:1], 4, axis=0), light.response, GRID)

    assert (alike[:3] > 0.93).all()
    assert np.isnan(alike[3])
    assert alike[0] == 1
    np.testing.assert_allclose(similarity(light.response[:1], light.response[1:2], GRID), alike[1:2])


def test_noise_alone_stands_out_by_its_own_amount(generator):
    light = line_light(generator.normal(0, 1, (2000, 140)), GRID)

    assert np.std(light.response) == pytest.approx(1, abs=0.15)
    assert np.mean(light.forbidden > 4) < 0.005


@pytest.mark.parametrize(
    ("features", "grid", "message"),
    [
        (np.ones((2, 3)), GRID, r"got \(2, 3\) and \(140,\)"),
        (np.ones((2, 140)), np.linspace(6550, 6732, 140), "hold 6539 to 6729 Å"),
        (np.ones((2, 140)), np.geomspace(6519, 6732, 140) ** 3 / 6600**2, "must be even"),
        (np.ones((2, 140)), GRID[::-1], "must be even"),
    ],
    ids=["shapes", "no [N II]", "uneven", "falling"],
)
def test_a_grid_without_the_lines_is_refused(features, grid, message):
    with pytest.raises(ValueError, match=message):
        line_light(features, grid)


@pytest.fixture(scope="module")
def nebular_survey(tmp_path_factory):
    """Return pool and truth of six plates, most of them in nebulae, one of them a second visit."""
    folder = tmp_path_factory.mktemp("nebular-survey")
    config = SurveyConfig(n_pool=3600, spectra_per_plate=600, n_labeled=40, n_fits=0, nebular_share=1.0, target_fraction=0.03)
    files = simulate_survey(folder / "survey", config, 43)
    pool, truth = Pool.open(files.pool), SurveyTruth.open(files.truth)
    ids = pool.metadata(["spectrum_id"])["spectrum_id"].to_pylist()
    return pool, truth.table().take(truth.rows_of(ids)), ids


def test_most_pairs_of_fibers_before_a_simulated_nebula_are_found(nebular_survey):
    pool, truth, ids = nebular_survey
    around, nebular = Surroundings(pool), np.nan_to_num(truth["nebular_ew"].to_numpy())
    strong = np.flatnonzero(nebular > 3)

    shared = find_shared_light(strong, pool, around)

    pairs = [
        ids[other] in {neighbor.spectrum_id for neighbor in one.neighbors}
        for one in shared
        for other in around.fibers(one.row).tolist()
        if nebular[other] > 3
    ]
    assert len(pairs) > 2000
    assert np.mean(pairs) > 0.9
    assert np.mean([one.flag == NEBULAR for one in shared]) > 0.85


def test_hardly_any_simulated_target_without_nebula_is_flagged(nebular_survey):
    pool, truth, _ = nebular_survey
    unlit = np.abs(np.nan_to_num(truth["nebular_ew"].to_numpy())) < 0.2
    target = np.array(truth["label"].to_pylist()) != "not-interesting"

    shared = find_shared_light(np.flatnonzero(unlit), pool, Surroundings(pool))

    flagged = np.array([one.flag != "" for one in shared])
    assert target[unlit].sum() > 10
    assert flagged[~target[unlit]].mean() < 0.002
    assert flagged[target[unlit]].mean() <= 0.05


def test_real_stars_before_one_nebula_are_told_from_their_neighbors(shared_data, tmp_path):
    plate = sorted(shared_data.glob("lamost/*/*/*-GAC089S00B2_sp*"))
    ingest(plate, tmp_path / "pool", recipe("halpha-2020"), IngestConfig(), InlineExecutor())
    pool = Pool.open(tmp_path / "pool")

    shared = find_shared_light(np.arange(pool.n_spectra), pool, Surroundings(pool))

    flagged = {pool.spectrum_ids[one.row].split("B2_")[1]: one for one in shared if one.flag}
    assert set(flagged) == {"sp05-175", "sp05-237", "sp15-008", "sp15-061"}
    assert {one.flag for one in flagged.values()} == {NEBULAR}
    assert flagged["sp05-175"].neighbors[0].spectrum_id.endswith("sp05-237")
