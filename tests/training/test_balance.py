"""Class balancing by SMOTE."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imblearn.over_sampling import SMOTE

from spectrove.training import smote


def labeled_set(counts: list[int], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.repeat(np.arange(len(counts)), counts))
    return generator.uniform(-1, 1, (labels.size, 4)).astype(np.float32), labels


COUNTS = st.lists(st.integers(0, 12), min_size=2, max_size=5).filter(lambda counts: sum(n > 0 for n in counts) >= 2)


@given(counts=COUNTS, seed=st.integers(0, 2**32 - 1))
def test_every_class_present_becomes_as_large_as_the_largest_and_the_others_stay_absent(counts, seed):
    balanced = np.bincount(smote(*labeled_set(counts), np.random.default_rng(seed))[1], minlength=len(counts))
    assert balanced.tolist() == [max(counts) if n else 0 for n in counts]


@given(counts=COUNTS)
def test_the_given_examples_come_first_and_unchanged(counts):
    features, labels = labeled_set(counts)
    more_features, more_labels = smote(features, labels, np.random.default_rng(1))
    np.testing.assert_array_equal(more_features[: labels.size], features)
    np.testing.assert_array_equal(more_labels[: labels.size], labels)
    assert more_features.dtype == np.float32


@given(counts=COUNTS)
def test_a_synthetic_example_lies_between_two_of_its_class(counts):
    features, labels = labeled_set(counts)
    more_features, more_labels = smote(features, labels, np.random.default_rng(2))
    for row in range(labels.size, more_labels.size):
        members = features[labels == more_labels[row]].astype(float)
        # On the way from a to b, the detour over any point of the segment is nothing.
        to_each = np.linalg.norm(members - more_features[row], axis=1)
        between = np.linalg.norm(members[:, None] - members[None], axis=2)
        assert np.abs(to_each[:, None] + to_each[None] - between).min() < 1e-5


def test_with_enough_neighbors_it_is_imbalanced_learn_s_smote():
    features, labels = labeled_set([20, 6, 11])
    seed = int(np.random.default_rng(5).integers(2**32))
    expected_features, expected_labels = SMOTE(random_state=seed).fit_resample(features, labels)
    found_features, found_labels = smote(features, labels, np.random.default_rng(5))
    np.testing.assert_array_equal(found_features, expected_features)
    np.testing.assert_array_equal(found_labels, expected_labels)


def test_the_only_example_of_a_class_is_repeated():
    features, labels = labeled_set([9, 1])
    more_features, more_labels = smote(features, labels, np.random.default_rng(0))
    assert np.unique(more_features[more_labels == 1], axis=0).tolist() == features[labels == 1].tolist()


def test_a_balanced_set_stays_as_it_is():
    features, labels = labeled_set([4, 4])
    found_features, found_labels = smote(features, labels, np.random.default_rng(0))
    np.testing.assert_array_equal(found_features, features)
    np.testing.assert_array_equal(found_labels, labels)


@pytest.mark.parametrize("counts", [[20, 6], [20, 3], [20, 10, 4, 1]])
def test_the_generator_alone_decides_the_synthetic_examples(counts):
    first, again, other = (smote(*labeled_set(counts), np.random.default_rng(seed))[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
