"""Class balancing by SMOTE: Chawla, Bowyer, Hall & Kegelmeyer 2002, J. Artif. Intell. Res. 16, 321 (paper, sect. 2.2)."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from spectrove.contracts import FloatArray, IntArray

N_NEIGHBORS = 5
"""Nearest neighbors that SMOTE interpolates to: Chawla et al. 2002, sect. 4.2, and imbalanced-learn's default."""


def smote(features: FloatArray, labels: IntArray, generator: np.random.Generator) -> tuple[FloatArray, IntArray]:
    """
    Return the examples with synthetic ones appended until each class present is as large as the largest.

    A class of n examples with n at most 5 has only n - 1 neighbors to interpolate to, and these are taken; the only example
    of a class is repeated. A class without examples stays without.

    Parameters
    ----------
    features : array of float32, shape (n_spectra, n_wave)
        Scaled fluxes, dimensionless.
    labels : array of int, shape (n_spectra,)
        Class of each spectrum.
    generator : numpy.random.Generator
        Gives the seeds of the interpolation.

    Returns
    -------
    features : array of float32, shape (n_balanced, n_wave)
        The given features, then the synthetic ones.
    labels : array of int, shape (n_balanced,)
        Their classes.
    """
    # Here, not above: it takes as long to import as PyTorch, and processes that only score never need it.
    from imblearn.over_sampling import SMOTE, RandomOverSampler

    classes, counts = np.unique(labels, return_counts=True)
    largest = int(counts.max())
    by_neighbors: dict[int, dict[int, int]] = defaultdict(dict)
    for label, count in zip(classes.tolist(), counts.tolist(), strict=True):
        if count < largest:
            by_neighbors[min(N_NEIGHBORS, count - 1)][label] = largest
    all_features, all_labels = [features], [labels]
    for n_neighbors, wanted in sorted(by_neighbors.items(), reverse=True):
        seed = int(generator.integers(2**32))
        if n_neighbors == 0:
            sampler = RandomOverSampler(sampling_strategy=wanted, random_state=seed)
        else:
            sampler = SMOTE(sampling_strategy=wanted, k_neighbors=n_neighbors, random_state=seed)
        more_features, more_labels = sampler.fit_resample(features, labels)
        all_features.append(more_features[labels.size :])
        all_labels.append(more_labels[labels.size :])
    return np.concatenate(all_features), np.concatenate(all_labels)
