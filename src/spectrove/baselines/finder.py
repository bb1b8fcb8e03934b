"""What a classical finder is: a statistic of spectra that is larger where emission is likelier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spectrove.baselines.window import LineWindow, line_window
from spectrove.contracts import FloatArray

CHUNK = 2048
"""Spectra that are measured at once: the arrays of the largest finder then take about 10 MB."""


@dataclass(frozen=True)
class Finder:
    """
    A classical finder of emission lines, called with spectra.

    Attributes
    ----------
    name : str
        Short name, the key in `spectrove.baselines.FINDERS`.
    title : str
        What it measures, in words.
    reference : str
        Whose method it follows.
    unit : str
        Unit of the statistic.
    measure : callable
        Maps a `LineWindow` of n spectra to a statistic of shape (n,).
    """

    name: str
    title: str
    reference: str
    unit: str
    measure: Callable[[LineWindow], FloatArray]

    def __call__(self, wave: FloatArray, flux: FloatArray, ivar: FloatArray | None = None) -> FloatArray:
        """
        Return the statistic of each spectrum, larger where emission is likelier.

        Parameters
        ----------
        wave : array of shape (n_wave,)
            Wavelengths in vacuum, Å, native LAMOST pixels, at least from 6517 to 6645.
        flux : array of shape (n_spectra, n_wave)
            Flux density, any unit.
        ivar : array of shape (n_spectra, n_wave), optional
            Inverse variance, 1/flux².

        Returns
        -------
        array of float32, shape (n_spectra,)
            The statistic, never NaN; -inf where a spectrum cannot be judged, as an all-zero one.
        """
        parts = [self.score(line_window(wave, flux[rows], None if ivar is None else ivar[rows])) for rows in chunks(len(flux))]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)

    def score(self, window: LineWindow) -> FloatArray:
        """
        Return the statistic of spectra that are cut and normalized already.

        Parameters
        ----------
        window : LineWindow
            The spectra.

        Returns
        -------
        array of float32, shape (n_spectra,)
            As of a call.
        """
        return np.where(window.judged, self.measure(window), -np.inf).astype(np.float32)


def chunks(n_spectra: int) -> list[slice]:
    """
    Return the rows of each chunk.

    Parameters
    ----------
    n_spectra : int
        Number of rows.

    Returns
    -------
    list of slice
        Stretches of at most `CHUNK` rows.
    """
    return [slice(start, min(start + CHUNK, n_spectra)) for start in range(0, n_spectra, CHUNK)]


def running_mean(values: FloatArray, width: int) -> FloatArray:
    """
    Return the mean of the pixels around each pixel; beyond the ends the last pixel continues.

    Parameters
    ----------
    values : array of shape (n_spectra, n_wave)
        Any quantity.
    width : int
        Number of pixels averaged, odd.

    Returns
    -------
    array of the same shape
        The means.
    """
    padded = np.pad(values, ((0, 0), (width // 2 + 1, width // 2)), mode="edge")
    summed = np.cumsum(padded, axis=1, dtype=np.float64)
    means: FloatArray = ((summed[:, width:] - summed[:, :-width]) / width).astype(np.float32)
    return means
