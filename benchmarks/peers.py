"""
The others: what one would do without this package, each written as its own documentation has it.

The reference design is the one of the paper's own programs: the pool in an HDF5 file that is written anew when labeled spectra
leave it, and NumPy over whole arrays. Its code is not used here, only that design.
"""

from __future__ import annotations

import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras
    import torch

TESTS = Path(__file__).parents[1] / "tests"
WINDOW = (6519.0, 6732.0)
"""Å, of the paper's 140 points (Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.2)."""

N_WAVE = 140
GRID = np.linspace(*WINDOW, N_WAVE)
KERAS_BATCHES = (64, 256, 1024)
"""Batch sizes among which Keras's best is sought, as performance depends on it."""


# -- Networks --------------------------------------------------------------------------------------------------------------------


def keras_on_tensorflow(network: torch.nn.Module) -> keras.Sequential:
    """Return the paper's network in Keras on TensorFlow, with the weights of ours, ready to predict and to be trained."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_HOME", f"{os.devnull}/keras")
    import keras  # before the tests' peer, which asks for PyTorch where no backend has been taken yet

    sys.path.insert(0, str(TESTS))
    from keras_peer import keras_network, keras_weights

    model = keras_network(N_WAVE, 3)
    model.set_weights(keras_weights(network))
    model.compile(optimizer=keras.optimizers.Adam(), loss="sparse_categorical_crossentropy")
    return model


def conv1d_network(n_wave: int, n_classes: int) -> torch.nn.Module:
    """Return the paper's network with one-dimensional convolutions, (n_spectra, channels, n_wave), as it is first written."""
    from torch import nn

    blocks: list[nn.Module] = [nn.Unflatten(1, (1, -1))]
    for index, (n_in, n_out) in enumerate(pairwise((1, 64, 64, 128, 128, 256, 256))):
        blocks += [nn.Conv1d(n_in, n_out, 3), nn.ReLU()]
        blocks += [nn.MaxPool1d(2)] if index % 2 else []
        n_wave = (n_wave - 4) // 2 if index % 2 else n_wave
    head = [nn.Linear(n_wave * 256, 512), nn.ReLU(), nn.Dropout(0.5), nn.Linear(512, 512), nn.ReLU(), nn.Dropout(0.5)]
    return nn.Sequential(*blocks, nn.Flatten(), *head, nn.Linear(512, n_classes))


# -- Files -----------------------------------------------------------------------------------------------------------------------


def by_astropy(path: Path) -> np.ndarray:
    """Return the features of a LAMOST file by `astropy.io.fits`, `numpy.interp` and min-max."""
    from astropy.io import fits

    with fits.open(path) as hdus:
        if len(hdus) > 1:
            row = hdus[1].data[0]
            return _scaled(row["WAVELENGTH"], row["FLUX"])
        return _scaled(hdus[0].data[2], hdus[0].data[0])


def by_specutils(path: Path) -> np.ndarray:
    """Return the features of a LAMOST file by specutils' resampling; having no loader for it, astropy reads it."""
    import astropy.units as u
    from astropy.io import fits
    from specutils import Spectrum
    from specutils.manipulation import LinearInterpolatedResampler

    with fits.open(path) as hdus:
        row = hdus[1].data[0] if len(hdus) > 1 else None
        wave, flux = (hdus[0].data[2], hdus[0].data[0]) if row is None else (row["WAVELENGTH"], row["FLUX"])
        spectrum = Spectrum(spectral_axis=wave.astype(np.float64) * u.AA, flux=flux.astype(np.float64) * u.dimensionless_unscaled)
        values = LinearInterpolatedResampler()(spectrum, GRID * u.AA).flux.value
    return _min_max(values)


def _scaled(wave: Any, flux: Any) -> np.ndarray:
    return _min_max(np.interp(GRID, wave, flux))


def _min_max(values: np.ndarray) -> np.ndarray:
    low, high = values.min(), values.max()
    return (2 * (values - low) / (high - low) - 1).astype(np.float32)


# -- The reference design's pool and its choice ----------------------------------------------------------------------------------


def write_hdf5(path: Path, batches: Any, n_rows: int, dtype: str) -> None:
    """Write features batch by batch into an HDF5 file, as the reference design holds its pool."""
    import h5py

    with h5py.File(path, "w") as file:
        target = file.create_dataset("X", (n_rows, N_WAVE), dtype=dtype)
        begin = 0
        for batch in batches:
            target[begin : begin + len(batch)] = batch
            begin += len(batch)


def copy_without(source: Path, target: Path, labeled: np.ndarray) -> None:
    """Write the pool anew without the labeled: read it, delete rows, write the rest."""
    import h5py

    with h5py.File(source) as file:
        features = file["X"][...]
    with h5py.File(target, "w") as file:
        file.create_dataset("X", data=np.delete(features, labeled, axis=0))


def choose_by_numpy(probabilities: np.ndarray, k: int) -> np.ndarray:
    """Return the rows of largest entropy as the reference design does: entropies of all, all of them sorted."""
    from scipy.stats import entropy

    return np.argsort(entropy(probabilities, axis=1))[::-1][:k]


def choose_by_skactiveml(probabilities: np.ndarray, labeled: np.ndarray, k: int) -> np.ndarray:
    """Return the rows of largest entropy that scikit-activeml chooses of a network that is scored already."""
    from skactiveml.base import SkactivemlClassifier
    from skactiveml.pool import UncertaintySampling
    from skactiveml.utils import MISSING_LABEL

    class Scored(SkactivemlClassifier):
        """A classifier that looks its probabilities up by row."""

        def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: None = None) -> Scored:  # noqa: ARG002, N803 - their words
            """Learn nothing."""
            return self

        def predict_proba(self, X: np.ndarray) -> np.ndarray:  # noqa: N803 - their word
            """Return the probabilities of the rows named."""
            return probabilities[X[:, 0].astype(np.int64)]

    rows = np.arange(len(probabilities), dtype=np.float64)[:, None]
    labels = np.full(len(rows), MISSING_LABEL)
    labels[labeled] = 0
    strategy = UncertaintySampling(method="entropy", random_state=0)
    chosen: np.ndarray = strategy.query(rows, labels, Scored(classes=[0, 1, 2]), fit_clf=False, batch_size=k)
    return chosen
