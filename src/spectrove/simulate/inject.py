r"""
Lines put into real spectra: simulated profiles, or real ones of other stars, with the noise that their light would bring.

What a search misses cannot be seen in what it finds. Lines of known strength in real spectra, with all that is wrong with these,
tell which share of them is recovered (`spectrove.simulate.completeness`).

The light of a line is photons, and brings their noise. With :math:`f` the share of the star's own photons in the variance at the
continuum :math:`c`, the added flux :math:`a` adds the variance :math:`f \sigma^2 a / c`, and ivar falls accordingly. The share
follows from the signal-to-noise ratio, see `photon_share`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from spectrove.contracts import BoolArray, FloatArray
from spectrove.errors import SpectrumError
from spectrove.simulate.emission import Emission, halpha_profile
from spectrove.simulate.photosphere import LAMOST_POWER
from spectrove.simulate.profiles import FWHM_TO_SIGMA, HALPHA, SPEED_OF_LIGHT
from spectrove.simulate.visible import LABELS, full_width, label_of, see
from spectrove.spectrum import Spectrum

STEP, REACH = 0.1, 60.0
"""Å; the grid on which shapes of lines are kept, and how far it reaches to both sides of Hα."""

CONTINUUM = (35.0, 75.0)
"""Å from Hα; stretches on both sides in which the continuum is measured."""

SKY_ELECTRONS = 160.0
"""
Variance of sky and detector in one pixel of a LAMOST spectrum, in electrons.

Chosen so that half of a pixel's photons are the star's at a signal-to-noise ratio of 10, as for a star of r = 18 in a fiber of
3.3″ under a sky of 20.7 mag a square arcsecond, which itself is of 18.4 mag in the fiber.
"""

NEAR_LINE = 8.0
"""Å around the line's center that must hold pixels, and in which pixels that are lost hide it; as in simulated surveys."""

LEAST_POWER = 200.0
"""Least λ/Δλ: a blur of 33 Å, so that what lies on the grid of shapes is nearly all of the line."""

MOST_EW = 10_000.0
"""Å; the strongest line, a safe way above any star's."""

SHARP = 60_000.0
"""λ/Δλ at which simulated shapes are kept: sharper than any spectrum that they are put into."""

LEAST_SIGNAL = 8.0
"""Least ratio of a real line's area to the noise of that area; below it the shape is mostly noise. Chosen."""


EXPECTED = {
    "ews": f"equivalent widths above 0 and to {MOST_EW:g} Å",
    "fwhms": f"widths above 0 and to {REACH:g} Å",
    "rv": "two velocities, the lower first, from -3000 to 3000 km/s",
    "copies": "1 at least",
    "resolving_power": f"a resolving power of {LEAST_POWER:g} at least",
}
"""What a `Design` may hold, in words."""


@dataclass(frozen=True, eq=False)
class LineShape:
    """
    The shape of a line, whatever its strength.

    Attributes
    ----------
    name : str
        Where it comes from: a kind of target, or the spectrum.
    offset : array of shape (n,)
        Distance from the center, Å at Hα, in even steps.
    density : array of shape (n,)
        Added light, 1/Å, negative in absorption; the emission has area 1.
    instrument : float
        FWHM of the instrument's blur that it contains, Å; 0 for none.
    """

    name: str
    offset: FloatArray
    density: FloatArray
    instrument: float

    @property
    def fwhm(self) -> float:
        """
        Return the width of the line, the instrument's blur included.

        Returns
        -------
        float
            Distance of the outermost places where it has half of its maximum, Å.
        """
        return full_width(self.offset, self.density)


@dataclass(frozen=True)
class Design:
    """
    Which lines are put into spectra: every combination, equally often, in random order.

    Attributes
    ----------
    ews : tuple of float
        Equivalent widths of the emission, Å, positive.
    fwhms : tuple of float
        Widths that shapes are stretched to, the instrument's blur included, Å, to 60; empty to leave them as they are.
    rv : tuple of float
        Range of velocities relative to the observer, km/s, drawn evenly.
    copies : int
        Injections into each spectrum.
    resolving_power : float
        λ/Δλ of the spectra that lines are put into, 200 at least; LAMOST's unless told otherwise.

    Raises
    ------
    SpectrumError
        If a value is impossible.
    """

    ews: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
    fwhms: tuple[float, ...] = ()
    rv: tuple[float, float] = (-100.0, 100.0)
    copies: int = 1
    resolving_power: float = LAMOST_POWER

    def __post_init__(self) -> None:
        """Refuse impossible designs."""
        fine = {
            "ews": bool(self.ews) and all(0 < ew <= MOST_EW for ew in self.ews),
            "fwhms": all(0 < fwhm <= REACH for fwhm in self.fwhms),
            "rv": -3000 <= self.rv[0] <= self.rv[1] <= 3000,
            "copies": self.copies >= 1,
            "resolving_power": LEAST_POWER <= self.resolving_power < np.inf,
        }
        for name in (name for name, passed in fine.items() if not passed):
            msg = f"injection: impossible {name} ({getattr(self, name)!r}), expected {EXPECTED[name]}"
            raise SpectrumError(msg)


@dataclass(frozen=True, eq=False)
class Injected:
    """
    A spectrum with a line put into it.

    Attributes
    ----------
    spectrum : Spectrum
        The spectrum.
    host : str
        Identifier of the spectrum as it was before.
    shape : str
        Name of the line's shape.
    ew : float
        Equivalent width of the added emission, Å, positive.
    fwhm : float
        Width of the added line, as the instrument sees it, Å.
    rv : float
        Its velocity, km/s.
    separation, v_over_r : float
        Distance of its two visible peaks, Å, and the ratio of their heights; 0 and 1 where there are not two.
    snr : float
        Continuum over noise of a pixel near Hα, before the injection.
    visibility : float
        Prominence of the line over the noise of a pixel.
    label : str
        What an ideal expert sees, one of `spectrove.simulate.visible.LABELS`.
    """

    spectrum: Spectrum
    host: str
    shape: str
    ew: float
    fwhm: float
    rv: float
    separation: float
    v_over_r: float
    snr: float
    visibility: float
    label: str


def simulated_shape(name: str, emission: Emission) -> LineShape:
    """
    Return the shape of a simulated line.

    Parameters
    ----------
    name : str
        What to call it.
    emission : Emission
        The line, of one row.

    Returns
    -------
    LineShape
        Without an instrument's blur.
    """
    offset = _grid()
    return LineShape(name, offset, _normalized(halpha_profile(HALPHA + offset, emission, np.zeros(1), SHARP)[0]), 0.0)


def observed_shape(spectrum: Spectrum, resolving_power: float) -> LineShape:
    """
    Return the shape of the Hα line of a real spectrum, smoothed by half of the instrument's blur.

    Parameters
    ----------
    spectrum : Spectrum
        A spectrum with little noise.
    resolving_power : float
        Its λ/Δλ, 200 at least.

    Returns
    -------
    LineShape
        The line relative to the continuum around it, centered on the rest wavelength of Hα.

    Raises
    ------
    SpectrumError
        If the spectrum does not reach 75 Å to both sides of Hα, or its emission does not stand out of its noise, or the
        resolving power is impossible.
    """
    where = spectrum.spectrum_id
    if not LEAST_POWER <= resolving_power < np.inf:
        msg = f"{where}: cannot be of λ/Δλ {resolving_power!r}, expected {EXPECTED['resolving_power']}"
        raise SpectrumError(msg)
    wave, flux = _measured(spectrum)
    excess = flux / continuum_near(wave, flux, str(where)) - 1
    noise = _scatter(excess[np.abs(wave - HALPHA) > CONTINUUM[0]])
    offset = _grid()
    blur = HALPHA / resolving_power
    shape = gaussian_filter1d(np.interp(HALPHA + offset, wave, excess), 0.5 * blur * FWHM_TO_SIGMA / STEP)
    shape *= np.clip((REACH - np.abs(offset)) / 15, 0, 1)
    area = float(np.maximum(shape, 0).sum() * STEP)
    of_noise = noise * float(np.sqrt(np.median(np.diff(wave)) * 2 * REACH))
    if not area > LEAST_SIGNAL * of_noise:
        msg = (
            f"{where}: the emission at Hα ({area:.1f} Å) is less than {LEAST_SIGNAL:g} times its noise ({of_noise:.1f} Å), "
            "expected a strong line. Take a spectrum with less noise or a stronger line."
        )
        raise SpectrumError(msg)
    return LineShape(str(where), offset, _normalized(shape), float(np.hypot(1, 0.5) * blur))


def stretched(shape: LineShape, fwhm: float) -> LineShape:
    """
    Return a shape made wider or narrower, its peaks farther apart or closer.

    Parameters
    ----------
    shape : LineShape
        The shape.
    fwhm : float
        The width to bring it to, Å.

    Returns
    -------
    LineShape
        Of the same area.
    """
    factor = fwhm / max(shape.fwhm, STEP)
    density = np.interp(shape.offset / factor, shape.offset, shape.density, left=0.0, right=0.0)
    return replace(shape, density=_normalized(density), instrument=shape.instrument * factor)


def seen_through(shape: LineShape, resolving_power: float) -> LineShape:
    """
    Return a shape as an instrument sees it that is not sharper than the one it comes from.

    Parameters
    ----------
    shape : LineShape
        The shape.
    resolving_power : float
        λ/Δλ of the instrument; what the shape already contains of its blur is left out.

    Returns
    -------
    LineShape
        Of the same emission, but where it fills absorption of its own.
    """
    blur = HALPHA / resolving_power
    missing = float(np.sqrt(max(blur**2 - shape.instrument**2, 0.0)))
    if missing < STEP / 10:
        return shape
    density = gaussian_filter1d(shape.density, missing * FWHM_TO_SIGMA / STEP, mode="constant")
    return replace(shape, density=density, instrument=max(blur, shape.instrument))


def photon_share(snr: float) -> float:
    r"""
    Return the share of the star's own photons in the variance of a pixel, from the signal-to-noise ratio.

    A pixel of :math:`n` photons of the star and a variance :math:`s` of all else has :math:`q^2 = n^2 / (n + s)`, and the share
    :math:`f = n / (n + s)` solves :math:`f^2 s = q^2 (1 - f)`.

    Parameters
    ----------
    snr : float
        Signal-to-noise ratio of a pixel, not negative.

    Returns
    -------
    float
        0 to 1; 0.54 at 10, 0.94 at 50.
    """
    ratio = snr**2 / SKY_ELECTRONS
    return float((np.sqrt(ratio**2 + 4 * ratio) - ratio) / 2)


def continuum_near(wave: FloatArray, flux: FloatArray, where: str) -> FloatArray:
    """
    Return the continuum around Hα: a line through the medians of two stretches beside it.

    Parameters
    ----------
    wave : array of shape (n_pixels,)
        Vacuum wavelengths, Å.
    flux : array of shape (n_pixels,)
        Flux, any unit; finite.
    where : str
        What errors call the spectrum.

    Returns
    -------
    array of shape (n_pixels,)
        The line, positive at Hα; far from it, level.

    Raises
    ------
    SpectrumError
        If pixels are missing beside Hα or the continuum there is not positive.
    """
    near, far = CONTINUUM
    sides = [(wave > HALPHA + low) & (wave < HALPHA + high) for low, high in ((-far, -near), (near, far))]
    if min(int(side.sum()) for side in sides) < 10:
        msg = f"{where}: fewer than 10 pixels lie {near:g} to {far:g} Å on one side of Hα ({HALPHA:.1f} Å), expected both sides"
        raise SpectrumError(msg)
    places, levels = ([float(np.median(values[side])) for side in sides] for values in (wave, flux))
    if min(levels) <= 0:
        msg = f"{where}: the continuum beside Hα is {min(levels):g}, expected positive flux"
        raise SpectrumError(msg)
    level: FloatArray = np.interp(wave, places, levels)
    return level


def inject(spectrum: Spectrum, shape: LineShape, ew: float, rv: float, generator: np.random.Generator) -> Injected:
    """
    Return a spectrum with a line put into it.

    Parameters
    ----------
    spectrum : Spectrum
        The spectrum; lost pixels, those without a finite flux and those of flux 0 for which no ivar vouches, stay as they are.
    shape : LineShape
        The line as the spectrum's instrument sees it, see `seen_through`.
    ew : float
        Equivalent width of its emission, Å at Hα, positive.
    rv : float
        Its velocity relative to the observer, km/s.
    generator : numpy.random.Generator
        The noise of the added light.

    Returns
    -------
    Injected
        The spectrum, whose identifier is still that of the host, and what was put in. If most pixels within 8 Å of the line are
        lost, nothing of it is seen.

    Raises
    ------
    SpectrumError
        If the spectrum has no continuum around Hα, or fewer than 3 pixels within 8 Å of the line.
    """
    wave, flux = _measured(spectrum)
    level = continuum_near(wave, flux, str(spectrum.spectrum_id))
    sigma = _noise(wave, flux, level, spectrum)
    stretch = 1 + rv / SPEED_OF_LIGHT
    profile = ew * np.interp(wave / stretch - HALPHA, shape.offset, shape.density, left=0.0, right=0.0)
    center = HALPHA * stretch
    near = np.abs(wave - center) < NEAR_LINE
    if near.sum() < 3:
        where = f"{spectrum.spectrum_id}: fewer than 3 pixels lie within {NEAR_LINE:g} Å of the line ({center:.1f} Å)"
        msg = f"{where}, expected a whole spectrum. Leave it out."
        raise SpectrumError(msg)
    snr = float(np.median((level / sigma)[near]))
    variance = photon_share(snr) * sigma**2 * np.maximum(profile, 0)
    lost = _lost(spectrum)
    added = np.where(lost, 0, profile * level + np.sqrt(variance) * generator.standard_normal(wave.size))
    ivar = spectrum.ivar
    if ivar is not None:
        ivar = np.divide(ivar, 1 + ivar * variance)
    observed = replace(spectrum, flux=np.asarray(spectrum.flux, np.float64) + added, ivar=ivar)
    behind = gaussian_filter1d(np.interp(wave, wave[~lost], flux[~lost]) / level, 2.0)
    noise = float(np.sqrt(np.mean((sigma**2 + variance)[near])) / np.median(level[near]))
    light = np.zeros_like(profile) if lost[near].mean() > 0.5 else profile
    seen = see(wave, behind[None], light[None], np.array([noise]), np.array([center]))
    return Injected(
        observed, str(spectrum.spectrum_id), shape.name, ew, shape.fwhm, rv, float(seen.separation[0]),
        float(seen.v_over_r[0]), snr, float(seen.prominence[0]), LABELS[int(label_of(seen)[0])],
    )  # fmt: skip


def _grid() -> FloatArray:
    n = round(REACH / STEP)
    offset: FloatArray = STEP * np.arange(-n, n + 1)
    return offset


def _normalized(density: FloatArray) -> FloatArray:
    normalized: FloatArray = density / (np.maximum(density, 0).sum() * STEP)
    return normalized


def _measured(spectrum: Spectrum) -> tuple[FloatArray, FloatArray]:
    """Return wavelengths and fluxes, gaps in these filled from beside them."""
    flux = np.asarray(spectrum.flux, dtype=np.float64)
    fine = np.isfinite(flux)
    if not fine.any():
        msg = f"{spectrum.spectrum_id}: no flux is finite, expected a spectrum"
        raise SpectrumError(msg)
    return spectrum.wave, np.interp(spectrum.wave, spectrum.wave[fine], flux[fine])


def _lost(spectrum: Spectrum) -> BoolArray:
    """Return which pixels hold nothing: those the pipeline made zeros of, or that are not finite."""
    zero = spectrum.flux == 0
    lost: BoolArray = ~np.isfinite(spectrum.flux) | (zero if spectrum.ivar is None else zero & ~(spectrum.ivar > 0))
    return lost


def _scatter(values: FloatArray) -> float:
    """Return the noise of a pixel from differences of neighbors, whatever the slope (1.4826: a normal's MAD)."""
    return float(1.4826 * np.median(np.abs(np.diff(values))) / np.sqrt(2))


def _noise(wave: FloatArray, flux: FloatArray, level: FloatArray, spectrum: Spectrum) -> FloatArray:
    """Return the noise of each pixel: from ivar where it says something, else from the scatter around Hα."""
    around = np.abs(wave - HALPHA) < CONTINUUM[1]
    typical = max(_scatter((flux / level)[around]), 1e-4) * level
    if spectrum.ivar is None or not (spectrum.ivar[around] > 0).any():
        return typical
    told = np.sqrt(1 / np.where(spectrum.ivar > 0, spectrum.ivar, np.inf))
    noise: FloatArray = np.where(told > 0, told, float(np.median(told[around & (told > 0)])))
    return noise
