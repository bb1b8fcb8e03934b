"""The classical finders over a survey, joined to the pool's rows although the recipe refused some spectra."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from spectrove.baselines import FINDERS, FinderReport
from spectrove.errors import PoolError
from spectrove.execution import InlineExecutor
from spectrove.experiment import finders
from spectrove.experiment.finders import compare, run_classical

N_PLATES = 5


@dataclass(frozen=True)
class FakePool:
    """A pool of which only the ids matter."""

    ids: tuple[str, ...]
    path: str = "pool"

    @property
    def n_spectra(self) -> int:
        return len(self.ids)

    def metadata(self, columns):
        return pa.table({name: pa.array(self.ids) for name in columns})


@dataclass(frozen=True)
class FakeSource:
    """Spectra whose every statistic is their number."""

    n_batches: int = N_PLATES
    a_plate: int = 4

    def numbers(self, plate):
        return range(plate * self.a_plate, (plate + 1) * self.a_plate)

    def spectra(self, plate):
        ids = [f"lamost:{number}" for number in self.numbers(plate)]
        flux = np.array([[float(number)] for number in self.numbers(plate)])
        return SimpleNamespace(truth=pa.table({"spectrum_id": ids}), wave=np.array([6564.6]), flux=flux, ivar=None)


@pytest.fixture(autouse=True)
def _numbers_for_statistics(monkeypatch):
    def run(batches):
        ((_, flux, _, is_target),) = batches
        values = {name: flux[:, 0].astype(np.float32) for name in FINDERS}
        return FinderReport(dict(FINDERS), is_target, values, {}, dict.fromkeys(FINDERS, 1.0), 2.0)

    monkeypatch.setattr(finders, "run_finders", run)


@pytest.mark.parametrize("refused", [(), (0,), (3, 4), (8, 9, 10, 11), (19,)], ids=str)
def test_each_statistic_comes_to_its_own_spectrum_whatever_the_recipe_refused(refused):
    kept = [number for number in range(20) if number not in refused]
    pool = FakePool(tuple(f"lamost:{number}" for number in kept))
    truth = SimpleNamespace(is_target=np.array(kept) > 15)
    report = run_classical(FakeSource(), pool, truth, InlineExecutor(), lambda *_: None)
    for name in FINDERS:
        assert report.statistics[name].tolist() == kept
        assert report.best[name].f1 == 1, "the largest numbers are the targets"
        assert report.seconds[name] == N_PLATES
    assert report.seconds_shared == 2 * N_PLATES


def test_a_pool_of_another_survey_is_refused():
    pool = FakePool(("lamost:0", "lamost:99"))
    with pytest.raises(PoolError, match="make only 1 of its 2 spectra"):
        run_classical(FakeSource(), pool, SimpleNamespace(is_target=np.zeros(2, bool)), InlineExecutor(), lambda *_: None)


def test_the_table_has_every_finder_the_network_and_the_search(finished, campaign):
    truth = finished.truth
    statistics = {name: truth.is_target.astype(np.float32) for name in FINDERS}
    best = {name: finders.best_f1(values, truth.is_target) for name, values in statistics.items()}
    classical = FinderReport(dict(FINDERS), truth.is_target, statistics, best, dict.fromkeys(FINDERS, 0.0), 0.0)
    table = compare(classical, campaign, truth)
    assert [row["name"] for row in table["rows"]] == [*FINDERS, "network", "search"]
    assert [row["f1"] for row in table["rows"][: len(FINDERS)]] == [1.0] * len(FINDERS)
    search = table["rows"][-1]
    p, r = search["precision"]["value"] or 0, search["recall"]["value"]
    assert search["f1"] == pytest.approx(2 * p * r / (p + r) if p else 0)
    assert set(table["curves"]) == {*FINDERS, "network"}
