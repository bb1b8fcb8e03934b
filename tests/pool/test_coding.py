"""Features are stored in half the bytes, and nobody decides otherwise for it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from noise_source import WAVE, Source
from spectrove.execution import InlineExecutor
from spectrove.pool import IngestConfig, Pool, ingest, write_pool
from spectrove.pool.coding import LARGEST, MISSING, SCALE, decode, encode, scale_of
from spectrove.preprocess import Recipe, recipe
from spectrove.query import entropy
from text_spectra import write_table

RECIPE = recipe("halpha-2020")
UNBOUNDED = Recipe("unscaled", RECIPE.steps[:1])
BETWEEN = arrays.arrays(np.float32, (3, 5), elements=st.floats(-1, 1, width=32))
ANY = arrays.arrays(np.float32, (3, 5), elements=st.floats(width=32, allow_nan=False, allow_infinity=False))


def seen(features, stored):
    """Return features as a reader sees them."""
    result = np.empty(features.shape, dtype=np.float32)
    decode(encode(features, stored), result)
    return result


@given(features=BETWEEN)
def test_a_bounded_feature_is_off_by_half_a_step_at_most(features):
    back = seen(features, "int16")

    assert np.max(np.abs(back.astype(np.float64) - features)) <= 0.5 / LARGEST + np.finfo(np.float32).eps / 2
    np.testing.assert_array_equal(back[np.abs(features) == 1], features[np.abs(features) == 1])
    np.testing.assert_array_equal(seen(back, "int16"), back)


def test_every_integer_comes_back_and_none_marks_what_is_missing():
    integers = np.arange(-LARGEST, LARGEST + 1, dtype=np.int16)[None]
    features = np.empty(integers.shape, dtype=np.float32)
    decode(integers, features)

    assert (features[0, 0], features[0, -1]) == (-1, 1)
    np.testing.assert_array_equal(encode(features, "int16"), integers)
    assert MISSING not in integers
    np.testing.assert_array_equal(features, integers.astype(np.float32) * np.float32(SCALE))


@given(features=ANY)
def test_other_features_are_stored_as_they_are(features):
    np.testing.assert_array_equal(seen(features, "float32"), features)
    assert scale_of("float32") is None


@pytest.mark.parametrize("bad", [1.0001, -1.0001, np.inf, np.nan])
def test_what_no_integer_stands_for_is_refused(bad):
    with pytest.raises(ValueError, match="expected -1 to 1"):
        encode(np.array([[0.5, bad]], dtype=np.float32), "int16")


def test_only_a_recipe_that_ends_in_min_max_is_bounded():
    assert RECIPE.is_bounded
    assert not UNBOUNDED.is_bounded


def test_the_pool_of_a_recipe_without_bounds_keeps_every_digit(tmp_path):
    write_table(tmp_path / "three.csv", {"a": 1, "b": 2, "c": 3})
    pools = {}
    for made in (RECIPE, UNBOUNDED):
        ingest([tmp_path / "three.csv"], tmp_path / made.name, made, IngestConfig(), InlineExecutor())
        pools[made.name] = Pool.open(tmp_path / made.name)

    unscaled, scaled = pools["unscaled"], pools["halpha-2020"]
    assert (unscaled.scale, unscaled.stored(slice(None)).dtype) == (None, np.float32)
    np.testing.assert_array_equal(unscaled.features(slice(None)), unscaled.stored(slice(None)))
    assert unscaled.features(slice(None)).max() > 1
    assert (scaled.scale, scaled.stored(slice(None)).dtype) == (SCALE, np.int16)
    np.testing.assert_array_equal(
        scaled.features(slice(None)), scaled.stored(slice(None)).astype(np.float32) * np.float32(scaled.scale)
    )
    assert scaled.stored(slice(2, 1)).shape == (0, 140)
    with pytest.raises(ValueError, match="steps of 1"):
        scaled.stored(slice(None, None, 2))
    for pool in pools.values():
        pool.verify()


def as_version_1(pool):
    """Make a pool one that was written before features were integers."""
    content = json.loads((pool / "pool.json").read_bytes())
    del content["stored"]
    (pool / "pool.json").write_text(json.dumps({**content, "format_version": 1}))


def test_a_pool_of_the_first_format_stays_what_it_is_when_it_grows(tmp_path, fill, halpha):
    write_table(tmp_path / "one.csv", {"a": 1, "b": 2})
    write_table(tmp_path / "two.csv", {"c": 3})
    (tmp_path / "old").mkdir()
    content = {"format": "spectrove-pool", "format_version": 1, "recipe_hash": halpha.hash, "recipe": halpha.to_dict()}
    (tmp_path / "old" / "pool.json").write_text(json.dumps(content))
    fill(tmp_path / "one.csv", tmp_path / "old")
    manifest = tmp_path / "old" / "versions" / "0001" / "manifest.json"
    sealed = json.loads(manifest.read_bytes())
    assert sealed.pop("stored") == "float32"
    manifest.write_text(json.dumps({**sealed, "format_version": 1}))

    fill(tmp_path / "two.csv", tmp_path / "old")
    fill([tmp_path / "one.csv", tmp_path / "two.csv"], tmp_path / "new")

    old, new = Pool.open(tmp_path / "old"), Pool.open(tmp_path / "new")
    old.verify()
    assert (old.scale, old.stored(slice(None)).dtype, list(old.spectrum_ids)) == (None, np.float32, list(new.spectrum_ids))
    np.testing.assert_array_equal(new.features(slice(None)), seen(old.features(slice(None)), "int16"))
    assert old.content_hash != new.content_hash


@pytest.fixture(scope="module")
def spectra(tmp_path_factory):
    """Return the features of 4,000 spectra as the recipe makes them, and as the pool gives them."""
    source = Source(sizes=(4000,), constant=())
    made, _ = RECIPE.apply_many(WAVE, source.spectra(0)[1])
    path = tmp_path_factory.mktemp("decisions") / "pool"
    write_pool(path, RECIPE, source, InlineExecutor())
    return made, Pool.open(path).features(slice(None))


def probabilities_of(features, generator):
    """Return what a random network of two layers says."""
    first = generator.normal(0, 140**-0.5, (140, 64))
    second = generator.normal(0, 3 * 64**-0.5, (64, 3))
    logits = np.maximum(features @ first, 0) @ second
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def test_random_networks_decide_the_same(spectra):
    """
    Of 80,000 decisions of 20 networks none is another, and none of their 2,000 questions.

    Noise is the hardest case: its decisions are closer than those on spectra of stars. A decision could only change where it was
    a coin's toss, and the differences of the probabilities show how far from one it would be.
    """
    made, read = spectra
    n_changed, n_other_questions, largest = 0, 0, 0.0
    for seed in range(20):
        exact, stored = (probabilities_of(features, np.random.default_rng([1, seed])) for features in (made, read))
        n_changed += np.count_nonzero(exact.argmax(axis=1) != stored.argmax(axis=1))
        questions = [set(np.argsort(-entropy(values))[:100].tolist()) for values in (exact, stored)]
        n_other_questions += len(questions[0] - questions[1])
        largest = max(largest, float(np.abs(exact - stored).max()))

    assert (n_changed, n_other_questions) == (0, 0)
    assert 0 < largest < 1e-4
