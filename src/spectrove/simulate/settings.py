"""What a synthetic survey is like."""

from __future__ import annotations

from dataclasses import dataclass

from spectrove.errors import ConfigError

LAYOUTS = ("lamost-dr1", "lamost-image", "lamost-table")
"""The layouts of the pool's files."""


@dataclass(frozen=True)
class SurveyConfig:
    """
    What a synthetic survey is like.

    Attributes
    ----------
    n_pool, n_labeled : int
        Number of spectra in the pool and in the labeled set.
    target_fraction : float
        Share of the pool that shows a single or double peak.
    double_fraction : float
        Share of double peaks among the pool's targets.
    labeled_single, labeled_double : float
        Shares of the labeled set; the rest is absorption (paper, sect. 3.3: 41 %, 12 %, 47 %).
    layout_shares : tuple of float
        Shares of the pool's files in the layouts of DR1, DR2 to DR8, DR9 and later.
    spike_fraction, zeroed_fraction : float
        Shares of the pool's uninteresting spectra that a cosmic ray or zeroed pixels spoil.
    snr_median, snr_spread : float
        Median and standard deviation of ln of the pool's signal-to-noise ratio, clipped to 3 and 300.
    visibility : float
        Least height of a target's deciding feature over the noise of one pixel.
    pool_wave, labeled_wave : tuple of float
        First and last wavelength of the files: the pool's in vacuum, the labeled set's in air, Å.
    pool_resolving_power, labeled_resolving_power : float
        λ/Δλ.
    chunk_size : int
        Spectra made at once; changes the memory used and nothing else.

    Raises
    ------
    ConfigError
        If a value is impossible.
    """

    n_pool: int = 3000
    n_labeled: int = 600
    target_fraction: float = 0.03
    double_fraction: float = 0.25
    labeled_single: float = 0.41
    labeled_double: float = 0.12
    layout_shares: tuple[float, float, float] = (0.3, 0.4, 0.3)
    spike_fraction: float = 0.04
    zeroed_fraction: float = 0.02
    snr_median: float = 45.0
    snr_spread: float = 1.0
    visibility: float = 5.0
    pool_wave: tuple[float, float] = (6300.0, 6950.0)
    labeled_wave: tuple[float, float] = (6282.0, 6733.0)
    pool_resolving_power: float = 1800.0
    labeled_resolving_power: float = 13_000.0
    chunk_size: int = 256

    def __post_init__(self) -> None:
        """Refuse impossible surveys."""
        for name in ("n_pool", "n_labeled", "chunk_size"):
            _check(name, getattr(self, name), getattr(self, name) >= 1, "at least 1")
        for name in (
            "target_fraction",
            "double_fraction",
            "labeled_single",
            "labeled_double",
            "spike_fraction",
            "zeroed_fraction",
        ):
            _check(name, getattr(self, name), 0 <= getattr(self, name) <= 1, "between 0 and 1")
        for name in ("snr_median", "pool_resolving_power", "labeled_resolving_power"):
            _check(name, getattr(self, name), getattr(self, name) > 0, "positive")
        for name in ("snr_spread", "visibility"):
            _check(name, getattr(self, name), getattr(self, name) >= 0, "not negative")
        peaks = self.labeled_single + self.labeled_double
        _check("labeled_single + labeled_double", peaks, peaks <= 1, "at most 1")
        spoiled = self.spike_fraction + self.zeroed_fraction
        _check("spike_fraction + zeroed_fraction", spoiled, spoiled <= 1, "at most 1")
        shares = self.layout_shares
        _check("layout_shares", shares, len(shares) == len(LAYOUTS) and min(shares) >= 0 < sum(shares), "three shares, not all 0")
        for name in ("pool_wave", "labeled_wave"):
            first, last = getattr(self, name)
            _check(
                name,
                (first, last),
                3000 <= first <= 6510 and 6732 <= last <= 10_000,
                "a range within 3000 to 10000 Å that holds 6510 to 6732 Å",
            )


def _check(name: str, value: object, fine: bool, expected: str) -> None:  # noqa: FBT001 - a verdict, not an option
    if not fine:
        msg = f"simulate.{name}: impossible value ({value!r}), expected {expected}"
        raise ConfigError(msg)
