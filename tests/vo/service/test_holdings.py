"""What is published is found by all that is known of it, and no opinion of the network is told of what is still asked about."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searched import make_searched_campaign
from small_survey import SmallSurvey
from spectrove.campaign import Campaign, run
from spectrove.campaign.answers import now
from spectrove.campaign.queue import queue_of
from spectrove.contracts import Answer, SpectrumId
from spectrove.execution import InlineExecutor
from spectrove.pool import IngestConfig, Pool, ingest
from spectrove.pool.sky import separations
from spectrove.preprocess import recipe
from spectrove.surveys import read_again
from spectrove.vo.service.candidates import CandidateTables
from spectrove.vo.service.coverage import coverage_of
from spectrove.vo.service.holdings import Holdings
from spectrove.vo.service.records import Cone, Selection

RANGE = st.tuples(st.floats(-1e3, 1e5), st.floats(-1e3, 1e5)).map(sorted).map(tuple)


@pytest.fixture(scope="module")
def pool(small_survey: SmallSurvey) -> Pool:
    return Pool.open(small_survey.pool)


@pytest.fixture(scope="module")
def holdings(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Holdings:
    return Holdings.open(pool, tmp_path_factory.mktemp("vo"))


@settings(max_examples=50)
@given(
    times=st.lists(RANGE, max_size=2).map(tuple),
    snrs=st.lists(RANGE, max_size=2).map(tuple),
    radius=st.none() | st.floats(0, 180),
    limit=st.integers(0, 400),
)
def test_a_search_finds_what_a_look_at_every_row_finds(holdings, pool, times, snrs, radius, limit) -> None:
    table = pool.metadata(["spectrum_id", "ra", "dec", "mjd", "snr"]).to_pydict()
    center = (table["ra"][0], table["dec"][0])
    meets = np.ones(pool.n_spectra, dtype=bool)
    for name, ranges in (("mjd", times), ("snr", snrs)):
        if ranges:
            values = np.array(table[name], dtype=float)
            meets &= np.any([(values >= low) & (values <= high) for low, high in ranges], axis=0)
    if radius is not None:
        meets &= separations(*center, np.array(table["ra"]), np.array(table["dec"])) <= radius
    expected = {table["spectrum_id"][row] for row in np.flatnonzero(meets)}
    selection = Selection(None if radius is None else Cone(*center, radius), times=times, snrs=snrs, limit=limit)
    found = holdings.find(selection)
    ids = [record.spectrum_id for record in found.records]
    assert len(ids) == min(limit, len(expected))
    assert set(ids) <= expected
    assert found.overflow == (len(expected) > limit)
    assert holdings.find(selection) == found


def test_a_record_holds_what_the_pool_holds(holdings, pool) -> None:
    for row, facts in enumerate(pool.metadata().slice(0, 20).to_pylist()):
        record = holdings.record(facts["spectrum_id"])
        assert record is not None
        assert record.row == row
        for name in ("spectrum_id", "survey", "designation", "ra", "dec", "mjd", "snr", "release", "file", "format"):
            assert getattr(record, name) == facts[name], name
    assert holdings.record("nobody") is None


def test_a_band_is_met_by_what_covers_a_part_of_it(holdings, pool) -> None:
    records = {record.format: record for record in holdings.find(Selection()).records}
    assert len(records) > 1
    for record in records.values():
        first, last = record.wave_min, record.wave_max
        assert (first, last) == coverage_of(pool, record.format if record.file else None)
        bands = {(0, first): True, (0, first - 1): False, (last, np.inf): True, (last + 1, 1e9): False}
        for band, is_met in bands.items():
            selection = Selection(bands=(band,), spectrum_ids=(record.spectrum_id,))
            assert bool(holdings.find(selection).records) == is_met, band


@pytest.fixture(scope="module")
def of_two_surveys(small_survey: SmallSurvey, tmp_path_factory: pytest.TempPathFactory) -> Holdings:
    folder = tmp_path_factory.mktemp("two")
    files = small_survey.files
    ingest([files.fits_pool, files.fits_labeled], folder / "pool", recipe("halpha-2020"), IngestConfig(), InlineExecutor())
    return Holdings.open(Pool.open(folder / "pool"), folder / "vo")


def test_where_a_survey_says_nothing_its_files_tell_what_is_covered(of_two_surveys) -> None:
    records = of_two_surveys.find(Selection(surveys=("ondrejov",))).records
    assert records
    for record in records:
        spectrum, _ = read_again(record.spectrum_id, record.file, record.format)
        assert record.wave_min <= spectrum.wave[0] < spectrum.wave[-1] <= record.wave_max
        assert spectrum.wave[0] < of_two_surveys.pool.grid[0] - 50, "the window alone would not do"
        found = of_two_surveys.find(Selection(bands=((spectrum.wave[0], spectrum.wave[0] + 10),), limit=1000)).records
        assert record.spectrum_id in {one.spectrum_id for one in found}


def test_a_survey_finds_its_spectra_and_no_others(of_two_surveys) -> None:
    for survey in ("ondrejov", "lamost"):
        records = of_two_surveys.find(Selection(surveys=(survey,), limit=1000)).records
        assert {record.survey for record in records} == {survey}
    assert of_two_surveys.find(Selection(surveys=())).records == ()


def test_what_has_no_file_covers_what_the_network_saw(pool) -> None:
    assert coverage_of(pool, None) == (pool.grid[0], pool.grid[-1])
    assert coverage_of(pool, "lamost-table") == (3690, 9100)


def test_without_a_campaign_nothing_has_a_class(holdings) -> None:
    assert holdings.find(Selection(classes=("single-peak",))).records == ()
    assert holdings.find(Selection(candidates_only=True)).records == ()
    assert holdings.candidates() == []


# -- with a campaign whose first questions are open ------------------------------------------------------------------------------


def test_of_what_is_still_asked_about_no_class_is_told(served) -> None:
    campaign = served.holdings.campaign
    asked = {str(question.spectrum_id) for question in campaign.open_questions()}
    assert asked
    for id_ in asked:
        record = served.holdings.record(id_)
        assert (record.predicted_class, record.target_class) == (record.label, record.label)
    for name in campaign.settings.classes.names:
        told = served.holdings.find(Selection(classes=(name,), limit=10**6)).records
        assert not {record.spectrum_id for record in told if record.label is None} & asked
    assert not {record.spectrum_id for record in served.holdings.candidates()} & asked


def test_a_class_finds_all_that_it_is_told_of_and_nothing_else(served) -> None:
    everything = served.holdings.find(Selection(limit=10**6)).records
    for name in served.holdings.campaign.settings.classes.names:
        expected = {record.spectrum_id for record in everything if record.target_class == name}
        found = served.holdings.find(Selection(classes=(name.upper(), "nonsense"), limit=10**6)).records
        assert {record.spectrum_id for record in found} == expected
    assert {record.target_class for record in everything} >= {"single-peak", "not-interesting"}


def test_the_index_is_kept_in_the_campaign_s_folder(served) -> None:
    folder = Path(served.holdings.campaign.directory) / "vo"
    assert [path.name for path in folder.iterdir()] == [f"sky-{served.holdings.pool.content_hash}"]


def test_of_what_a_round_asks_no_class_is_told_as_soon_as_it_is_opened(small_survey: SmallSurvey, tmp_path: Path) -> None:
    folder = make_searched_campaign(tmp_path / "campaign", small_survey)
    with Campaign(folder) as campaign, Campaign(folder) as beside:
        holdings = Holdings.open(beside.pool, tmp_path / "vo", beside)
        before = [question.spectrum_id for question in campaign.open_questions()]
        assert all(holdings.record(str(id_)).predicted_class is None for id_ in before)
        say(campaign, "ada", *before)
        run(campaign)
        after = {question.spectrum_id for question in campaign.open_questions()}
        assert after
        assert all(holdings.record(str(id_)).predicted_class is None for id_ in after)
        assert any(holdings.record(str(id_)).predicted_class is not None for id_ in before)


def test_of_what_somebody_else_is_asked_a_second_time_no_class_is_told(small_survey: SmallSurvey, tmp_path: Path) -> None:
    folder = make_searched_campaign(tmp_path / "campaign", small_survey, review={"second_votes": 1.0})
    with Campaign(folder) as campaign:
        holdings = Holdings.open(campaign.pool, tmp_path / "vo", campaign)
        asked = queue_of(campaign, "ada")[0].spectrum_id
        say(campaign, "ada", asked)
        assert asked not in {question.spectrum_id for question in campaign.open_questions()}
        assert asked in {item.spectrum_id for item in queue_of(campaign, "bob")}
        assert holdings.record(str(asked)).target_class is None
        told = holdings.find(Selection(classes=("single-peak",), limit=10**6)).records
        assert str(asked) not in {record.spectrum_id for record in told}
        assert str(asked) not in CandidateTables(campaign).now().ids


def say(campaign: Campaign, annotator: str, *ids: SpectrumId) -> None:
    campaign.store.record_answers([Answer(uuid4().hex, id_, "single-peak", annotator, now()) for id_ in ids])
