"""What a synthetic survey is like."""

from __future__ import annotations

from dataclasses import dataclass

from spectrove.errors import ConfigError
from spectrove.simulate.plates import LAYOUT_NAMES, PlateSettings

MOST_A_PLATE = 2000
"""Spectra of one plate unless told otherwise: few enough for little memory, many enough that what a plate costs once is cheap."""

LEAST_A_PLATE, PLATES_OF_A_SMALL_SURVEY = 25, 12
"""A small survey is divided into this many plates, if they are not smaller, so that it has every layout and later visits."""

ONDREJOV_SINGLE, ONDREJOV_DOUBLE, ONDREJOV_ABSORPTION = 5301, 1533, 6102
"""Labels of the paper's training set (Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.3)."""


@dataclass(frozen=True)
class SurveyConfig:
    """
    What a synthetic survey is like.

    Attributes
    ----------
    n_pool, n_labeled : int
        Number of spectra observed for the pool, and in the labeled set.
    target_fraction : float
        Share of the pool's objects that emit at Hα as targets do; in fewer of their spectra one can see it.
    galaxy_fraction, qso_fraction, supernova_fraction, unknown_fraction : float
        Shares of confusers; the last are spectra in which a pipeline recognizes nothing. The rest is stars without emission.
    nebular_share : float
        Chance that a field near the Galactic plane lies in nebulosity; elsewhere a tenth of it.
    labeled_single, labeled_double : float
        Shares of the labeled set; the rest is absorption.
    layout_shares : tuple of float
        Shares of the pool's plates in the layouts of DR1, DR2 to DR8, DR9 and later.
    spectra_per_plate : int or None
        Spectra of one plate, at most 4000; None: a twelfth of the pool, within 25 and 2000.
    n_fits : int
        As many spectra of the pool, and as many of the labeled set if it has them, are also written as FITS files.

    Raises
    ------
    ConfigError
        If a value is impossible.

    References
    ----------
    .. [1] Luo, A.-L. et al. 2015, RAA, 15, 1095 (LAMOST DR1), table 1: about nine tenths of its spectra are stars, one per cent
       are galaxies and QSOs, and the rest is unknown; the shares here are rounded and chosen.
    """

    n_pool: int = 3000
    n_labeled: int = 600
    target_fraction: float = 0.0013
    galaxy_fraction: float = 0.009
    qso_fraction: float = 0.002
    supernova_fraction: float = 2e-5
    unknown_fraction: float = 0.07
    nebular_share: float = 0.5
    labeled_single: float = ONDREJOV_SINGLE / (ONDREJOV_SINGLE + ONDREJOV_DOUBLE + ONDREJOV_ABSORPTION)
    labeled_double: float = ONDREJOV_DOUBLE / (ONDREJOV_SINGLE + ONDREJOV_DOUBLE + ONDREJOV_ABSORPTION)
    layout_shares: tuple[float, float, float] = (0.3, 0.4, 0.3)
    spectra_per_plate: int | None = None
    n_fits: int = 0

    def __post_init__(self) -> None:
        """Refuse impossible surveys."""
        for name in ("n_pool", "n_labeled"):
            _check(name, getattr(self, name), getattr(self, name) >= 1, "at least 1")
        for name in (*SHARES, "nebular_share", "labeled_single", "labeled_double"):
            _check(name, getattr(self, name), 0 <= getattr(self, name) <= 1, "between 0 and 1")
        for names in (SHARES, ("labeled_single", "labeled_double")):
            total = sum(getattr(self, name) for name in names)
            _check(" + ".join(names), total, total <= 1, "at most 1")
        shares = self.layout_shares
        fine = len(shares) == len(LAYOUT_NAMES) and min(shares) >= 0 < sum(shares) < float("inf")
        _check("layout_shares", shares, fine, "three shares, not all 0")
        a_plate = self.spectra_per_plate
        _check("spectra_per_plate", a_plate, a_plate is None or 1 <= a_plate <= 4000, "None or 1 to 4000")
        _check("n_fits", self.n_fits, 0 <= self.n_fits <= self.n_pool, f"0 to n_pool ({self.n_pool})")

    @property
    def plates(self) -> PlateSettings:
        """
        Return how the pool is divided into plates.

        Returns
        -------
        PlateSettings
            Of `spectrove.simulate.plates`.
        """
        a_plate = self.spectra_per_plate or min(max(self.n_pool // PLATES_OF_A_SMALL_SURVEY, LEAST_A_PLATE), MOST_A_PLATE)
        return PlateSettings(self.n_pool, a_plate, self.layout_shares, self.nebular_share)


SHARES = ("target_fraction", "galaxy_fraction", "qso_fraction", "supernova_fraction", "unknown_fraction")
"""Settings that say what share of the pool's objects is of a kind, in the order of `spectrove.simulate.objects.KINDS`."""


def _check(name: str, value: object, fine: bool, expected: str) -> None:  # noqa: FBT001 - a verdict, not an option
    if not fine:
        msg = f"simulate.{name}: impossible value ({value!r}), expected {expected}"
        raise ConfigError(msg)
