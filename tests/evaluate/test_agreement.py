"""Agreement of people, beyond chance: as scikit-learn has it, and as the published examples do."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import cohen_kappa_score

from spectrove.evaluate import cohen_kappa, krippendorff_alpha

labels = st.sampled_from(["single", "double", "none"])


@given(st.lists(st.tuples(labels, labels), min_size=2, max_size=60))
def test_kappa_is_that_of_scikit_learn(pairs):
    first, second = zip(*pairs, strict=True)
    found = cohen_kappa(first, second)
    assert found.n == len(pairs)
    assert found.observed == pytest.approx(np.mean([one == other for one, other in pairs]))
    if found.kappa is None:
        assert set(first) == set(second)
        assert len(set(first)) == 1
    else:
        assert found.kappa == pytest.approx(cohen_kappa_score(first, second))
        assert -1 <= found.lower <= found.kappa <= found.upper <= 1


def test_the_limits_of_kappa_cover_it(generator):
    # Two people who each see the truth with a probability of 0.85 and else guess; kappa of the population by a large sample.
    def labeled(n):
        truth = generator.integers(0, 3, n)
        return [np.where(generator.random(n) < 0.85, truth, generator.integers(0, 3, n)).astype(str).tolist() for _ in range(2)]

    truth = cohen_kappa_score(*labeled(400_000))
    found = [cohen_kappa(*labeled(200)) for _ in range(400)]
    covered = np.mean([one.lower <= truth <= one.upper for one in found])
    assert covered > 0.92  # 0.95 less three standard deviations of 400 trials


def test_kappa_of_nobody_is_refused():
    with pytest.raises(ValueError, match="labels of two people for the same spectra, got 0 and 0"):
        cohen_kappa([], [])
    with pytest.raises(ValueError, match="got 1 and 2"):
        cohen_kappa(["single"], ["single", "double"])


def test_alpha_is_that_of_the_worked_example():
    # Krippendorff 2011, sect. B: two observers, ten units, binary data; alpha = 0.095.
    first, second = "0100000100", "1110010000"
    assert krippendorff_alpha(list(zip(first, second, strict=True))) == pytest.approx(0.095, abs=5e-4)


@given(st.lists(st.lists(labels, max_size=4), max_size=20))
def test_alpha_is_one_without_a_disagreement_and_never_more(votes):
    found = krippendorff_alpha(votes)
    differ = any(len(set(some)) > 1 for some in votes)
    assert found is None or (found <= 1 and (found == 1) == (not differ))
