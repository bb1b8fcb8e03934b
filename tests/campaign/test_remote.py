"""A campaign over pools that lie in an object store asks what it asks over the same pools on the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from object_store import object_store
from small_survey import SmallSurvey
from spectrove.campaign import Campaign, TrainingSource, create, step
from spectrove.storage import located


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    with object_store() as url:
        yield url


def uploaded(folder: Path, url: str) -> Path:
    """Copy a folder, file by file, and return where it is."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            located(f"{url}/{path.relative_to(folder).as_posix()}").write_bytes(path.read_bytes())
    return located(url)


def test_the_pools_may_be_in_an_object_store(
    small_survey: SmallSurvey, new_campaign: Callable[..., Campaign], store: str, tmp_path: Path
) -> None:
    near = new_campaign("near")
    pool, labeled = (uploaded(folder, f"{store}/{folder.name}") for folder in (small_survey.pool, small_survey.labeled))
    create(tmp_path / "far", pool, [TrainingSource(labeled, small_survey.files.labels)], near.settings).store.close()
    with Campaign(tmp_path / "far") as far:
        for campaign in (near, far):
            step(campaign)
            step(campaign)
        assert far.store.campaign().pool_path == f"{store}/{small_survey.pool.name}"
        assert far.open_questions() == near.open_questions()
