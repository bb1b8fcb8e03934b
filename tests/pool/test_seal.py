"""Of the spectra that share an id the first stays, whichever version holds it and whatever the hashes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectrove.pool import Pool, seal, work
from spectrove.pool.seal import CONFLICT, DUPLICATE
from text_spectra import write_table

FILES = st.lists(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 1), min_size=1, max_size=4), min_size=1, max_size=5)


@pytest.fixture(scope="module", params=["hashes of ids", "one hash for all"])
def small_steps(request):
    """Let an ingest take two files a task and look a few ids up at a time; hashes tell ids apart, or do not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "MOST_FILES_A_TASK", 2)
        patch.setattr(seal, "ROWS_AT_ONCE", 3)
        if request.param == "one hash for all":
            patch.setattr(seal, "hash", lambda name: 1, raising=False)
        yield


@pytest.mark.usefixtures("small_steps")
@settings(max_examples=8)
@given(ingests=st.lists(FILES, min_size=1, max_size=3))
def test_the_first_spectrum_of_an_id_stays_and_the_others_are_told(tmp_path_factory, fill, ingests):
    root = tmp_path_factory.mktemp("seal")
    expected, told = {}, Counter()
    for number, files in enumerate(ingests):
        for place, spectra in enumerate(files):
            write_table(root / str(number) / f"{place}.csv", spectra)
            for name, seed in spectra.items():
                if expected.setdefault(name, seed) != seed:
                    told[name, CONFLICT] += 1
                else:
                    told[name, DUPLICATE] += 1
        fill(root / str(number), root / "pool")
    told -= Counter({(name, DUPLICATE): 1 for name in expected})  # the first of each, which is none

    pool = Pool.open(root / "pool")
    pool.verify()
    refused = pool.refused()
    assert list(pool.spectrum_ids) == [f"csv:{name}" for name in expected]
    assert Counter(zip(refused["spectrum_id"].to_pylist(), refused["kind"].to_pylist(), strict=True)) == {
        (f"csv:{name}", kind): count for (name, kind), count in told.items()
    }
    for reason, file in zip(refused["reason"].to_pylist(), refused["file"].to_pylist(), strict=True):
        assert reason.startswith(f"{file}: csv:")
    write_table(root / "alone.csv", expected)
    fill(root / "alone.csv", root / "alone")
    np.testing.assert_array_equal(pool.features(slice(None)), Pool.open(root / "alone").features(slice(None)))
