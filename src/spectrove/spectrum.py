"""One spectrum as every room sees it: vacuum wavelengths in ångström, flux, and the header's facts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spectrove.contracts import BoolArray, FloatArray, SpectrumId, make_spectrum_id
from spectrove.errors import SpectrumError

MEDIA = ("vacuum", "undeclared")
"""What is known of the wavelengths: in vacuum (told so, or converted by the reader), or not declared in the file."""

FRAMES = ("barycentric", "heliocentric", "topocentric", "undeclared")
"""What the wavelengths are corrected for: the motion about the barycenter or the Sun, nothing, or the file does not say."""


@dataclass(frozen=True)
class HeaderFacts:
    """
    What a survey's file says about a spectrum, under one set of names.

    Facts that the file does not give, or gives as a placeholder (such as -9999), are None.

    Attributes
    ----------
    survey : str
        Short name of the survey; the first half of the spectrum's id.
    key : str
        The survey's own key of this spectrum; the second half of the id.
    ra, dec : float or None
        Position, degrees, ICRS.
    mjd : float or None
        Modified Julian date of the observation, days.
    plate : int or None
        Plate number (SDSS).
    planid : str or None
        Observing plan (LAMOST).
    spid, fiberid : int or None
        Spectrograph and fiber.
    obsid : str or None
        The survey's number of the observation.
    designation : str or None
        The survey's designation, or the target's name.
    snr : float or None
        Signal-to-noise ratio a pixel: the r band where the survey gives bands, else its median.
    spectral_class, subclass : str or None
        Class and subclass that the survey's own pipeline assigned.
    release : str or None
        Data release or pipeline version.
    """

    survey: str
    key: str
    ra: float | None = None
    dec: float | None = None
    mjd: float | None = None
    plate: int | None = None
    planid: str | None = None
    spid: int | None = None
    fiberid: int | None = None
    obsid: str | None = None
    designation: str | None = None
    snr: float | None = None
    spectral_class: str | None = None
    subclass: str | None = None
    release: str | None = None

    @property
    def spectrum_id(self) -> SpectrumId:
        """
        Return the spectrum's identifier.

        Returns
        -------
        SpectrumId
            ``survey:key``.
        """
        return make_spectrum_id(self.survey, self.key)


@dataclass(frozen=True, eq=False)
class Spectrum:
    """
    Arrays of one spectrum and the facts of its header.

    Attributes
    ----------
    wave : array of float64, shape (n_pixels,)
        Vacuum wavelengths in Å, strictly increasing, finite and positive.
    flux : array of float64, shape (n_pixels,)
        Flux density in the survey's relative unit; NaN where there is no measurement.
    ivar : array of float64, shape (n_pixels,), or None
        Inverse variance, 1/flux²; 0 means not trusted by the survey, which is no reason to drop the pixel.
    mask : array of bool, shape (n_pixels,), or None
        True where the survey flags the pixel in every exposure.
    header : HeaderFacts
        What the file says of the spectrum.
    medium : str
        ``vacuum`` if the file says so or the reader converted from air; ``undeclared`` if the file does not say.
    frame : str
        One of `FRAMES`: in which velocities that are measured on ``wave`` are.

    Raises
    ------
    SpectrumError
        If the arrays do not share one shape (n_pixels,) with at least two pixels, or ``wave`` is not finite, positive and
        strictly increasing, or ``ivar`` is negative somewhere, or ``medium`` or ``frame`` is unknown.
    """

    wave: FloatArray
    flux: FloatArray
    ivar: FloatArray | None
    mask: BoolArray | None
    header: HeaderFacts
    medium: str = "vacuum"
    frame: str = "undeclared"

    def __post_init__(self) -> None:
        """Refuse impossible arrays."""
        where = self.header.spectrum_id
        named = {"wave": self.wave, "flux": self.flux, "ivar": self.ivar, "mask": self.mask}
        given = {name: array for name, array in named.items() if array is not None}
        shapes = tuple(array.shape for array in given.values())
        if len(set(shapes)) != 1 or self.wave.ndim != 1:
            msg = f"{where}: {', '.join(given)} must share one shape (n_pixels,), got {shapes}"
            raise SpectrumError(msg)
        if self.wave.size < 2:
            msg = f"{where}: a spectrum needs at least 2 pixels, got {self.wave.size}"
            raise SpectrumError(msg)
        if not np.all(np.isfinite(self.wave)) or self.wave[0] <= 0 or np.any(np.diff(self.wave) <= 0):
            msg = f"{where}: wavelengths must be finite, positive and strictly increasing, in Å"
            raise SpectrumError(msg)
        if self.ivar is not None and np.any(self.ivar < 0):
            msg = f"{where}: inverse variances must not be negative, got {float(np.nanmin(self.ivar))!r}"
            raise SpectrumError(msg)
        if self.medium not in MEDIA:
            msg = f"{where}: medium must be one of {MEDIA}, got {self.medium!r}"
            raise SpectrumError(msg)
        if self.frame not in FRAMES:
            msg = f"{where}: frame must be one of {FRAMES}, got {self.frame!r}"
            raise SpectrumError(msg)

    @property
    def spectrum_id(self) -> SpectrumId:
        """
        Return the spectrum's identifier.

        Returns
        -------
        SpectrumId
            ``survey:key``.
        """
        return self.header.spectrum_id
