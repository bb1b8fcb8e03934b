"""Fixtures for every test: the real data, seeded generators, and the guard over the global ones."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from browsers import chromium, sit_down  # noqa: F401 - fixtures, here so that a run has one browser only
from small_survey import SmallSurvey, make_small_survey

settings.register_profile("spectrove", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("spectrove")

SHARED_DATA = Path(os.environ.get("SPECTROVE_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real spectra, or skip the test."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real spectra are not here ({SHARED_DATA} is no folder; SPECTROVE_SHARED_DATA names another)")
    return SHARED_DATA


@pytest.fixture
def generator() -> np.random.Generator:
    """Return a generator with a fixed seed."""
    return np.random.default_rng(20200918)


@pytest.fixture(autouse=True)
def _global_generators_stay_untouched() -> Iterator[None]:
    """Fail a test that draws from NumPy's or PyTorch's global generator."""
    numpy_before = np.random.get_state(legacy=False)  # noqa: NPY002 - looked at, never drawn from
    torch = sys.modules.get("torch")
    torch_before = torch.get_rng_state() if torch else None
    yield
    numpy_after = np.random.get_state(legacy=False)  # noqa: NPY002
    if not np.array_equal(numpy_before["state"]["key"], numpy_after["state"]["key"]) or (
        numpy_before["state"]["pos"] != numpy_after["state"]["pos"]
    ):
        pytest.fail("the test drew from NumPy's global generator; pass a numpy.random.Generator")
    if torch is not None and torch_before is not None and not torch.equal(torch_before, torch.get_rng_state()):
        pytest.fail("the test drew from PyTorch's global generator; pass a torch.Generator")


@pytest.fixture(scope="session")
def small_survey(tmp_path_factory: pytest.TempPathFactory) -> SmallSurvey:
    """Return 240 noisy spectra and 90 labeled ones of another telescope, as files and as pools."""
    return make_small_survey(tmp_path_factory.mktemp("small-survey"))
