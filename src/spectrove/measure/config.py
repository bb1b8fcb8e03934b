"""Where a line is measured: its window, the side bands of its continuum, and what is known of the instrument."""

from __future__ import annotations

from dataclasses import dataclass

from spectrove.errors import ConfigError
from spectrove.lines import CA_8542, H_ALPHA, H_BETA, HEI_6678, NII_6583, OIII_5007, Line

CATALOG_LINES: tuple[tuple[str, Line], ...] = (
    ("ha", H_ALPHA),
    ("hb", H_BETA),
    ("hei", HEI_6678),
    ("nii", NII_6583),
    ("oiii", OIII_5007),
    ("cat", CA_8542),
)
"""The lines that a catalog measures by default, under the keys of its columns."""


@dataclass(frozen=True)
class MeasureConfig:
    """
    Where and how a line is measured.

    Attributes
    ----------
    half_window : float
        Half the width of the window of the line, Å; the equivalent width is integrated over it.
    bands : tuple of float
        Begin and end of the side bands of the continuum on both sides of the line, Å from its rest wavelength.
    resolving_power : float or None
        λ/Δλ of the instrument; where it is known, blended peaks are parted by a fit that cannot be narrower than it.
    n_draws : int
        Draws of the noise by which errors are found.
    continuum_floor : float
        Error of the continuum that no exposure time removes, as a share of it.
    noise_factor : float
        By how much the errors of pixels are raised: neighbors are correlated a little, and sky lines leave residuals.
    velocity_floor : float
        Error of a velocity by mirroring that no exposure time removes, km/s.
    separation_floor : float
        The same of the separation of two peaks, as a share of it: disks are no pairs of Gaussians.

    Raises
    ------
    ConfigError
        If a value is impossible.

    Notes
    -----
    Window and bands are those of the labeling page: ±25 Å hold Hα of nearly all stars, [N II] 6549.86 and 6585.27 Å with it; the
    bands end short of He I 6678 and the [S II] lines. Floors and factor are calibrated on simulated LAMOST spectra; see
    ``docs/reference/measurements.md``.
    """

    half_window: float = 25.0
    bands: tuple[float, float] = (25.0, 60.0)
    resolving_power: float | None = None
    n_draws: int = 100
    continuum_floor: float = 0.004
    noise_factor: float = 1.1
    velocity_floor: float = 4.5
    separation_floor: float = 0.09

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        _check("half_window", self.half_window, "more than 0 Å", fine=self.half_window > 0)
        _check("bands", self.bands, "0 <= begin < end, Å", fine=len(self.bands) == 2 and 0 <= self.bands[0] < self.bands[1])
        power = self.resolving_power
        _check("resolving_power", power, "None or more than 0", fine=power is None or power > 0)
        _check("n_draws", self.n_draws, "at least 10", fine=self.n_draws >= 10)
        _check("continuum_floor", self.continuum_floor, "0 to 1", fine=0 <= self.continuum_floor < 1)
        _check("noise_factor", self.noise_factor, "at least 1", fine=self.noise_factor >= 1)
        _check("velocity_floor", self.velocity_floor, "at least 0 km/s", fine=self.velocity_floor >= 0)
        _check("separation_floor", self.separation_floor, "0 to 1", fine=0 <= self.separation_floor < 1)


def _check(name: str, value: object, expected: str, *, fine: bool) -> None:
    if not fine:
        msg = f"measure.{name}: impossible value ({value!r}), expected {expected}"
        raise ConfigError(msg)


WINDOWS: dict[float, tuple[float, tuple[float, float]]] = {
    HEI_6678.wave: (14.0, (16.0, 45.0)),
    NII_6583.wave: (6.0, (6.5, 13.0)),
    OIII_5007.wave: (10.0, (12.0, 40.0)),
    CA_8542.wave: (14.0, (18.0, 40.0)),
}
"""
Windows and bands of lines that need others than Hα and Hβ, by rest wavelength, Å; chosen.

He I 6678 stays short of Li I 6708; [N II] 6585 stands on the red wing of Hα, so that its level is that of its nearest
surroundings, which end before the core of Hα; [O III] 5008 has no wings; Ca II 8544 keeps clear of Ca II 8500 and of the Paschen
lines beside it.
"""


def config_of(line: Line, *, resolving_power: float | None = None) -> MeasureConfig:
    """
    Return where a line is measured by default.

    Parameters
    ----------
    line : Line
        Of `spectrove.lines`; one without window and bands of its own is measured like Hα.
    resolving_power : float, optional
        λ/Δλ of the instrument, if it is known.

    Returns
    -------
    MeasureConfig
        Its window and bands.
    """
    half_window, bands = WINDOWS.get(line.wave, (25.0, (25.0, 60.0)))
    return MeasureConfig(half_window=half_window, bands=bands, resolving_power=resolving_power)
