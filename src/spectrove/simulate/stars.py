"""
Stars over the Hertzsprung–Russell diagram: what kinds a survey points at, and parameters of each star, drawn at random.

A kind is described by a few quantiles of its effective temperature and by how many of its stars are giants, rotate fast and
belong to the thick disk or the halo. The shares of the kinds are chosen after the composition of LAMOST's first releases.

References
----------
.. [1] Luo, A.-L. et al. 2015, RAA, 15, 1095 (the first data release of LAMOST: what its spectra are, and how its pipeline names
   them).
.. [2] Pecaut, M. J. & Mamajek, E. E. 2013, ApJS, 208, 9 (effective temperatures of spectral types).
.. [3] Bland-Hawthorn, J. & Gerhard, O. 2016, ARA&A, 54, 529, sect. 5 (velocities of the disks and the halo; typical values).
.. [4] Glebocki, R. & Gnacinski, P. 2005, ESA SP-560, 571 (rotation by spectral type; typical values).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectrove.contracts import FloatArray, IntArray
from spectrove.simulate.columns import Columns

StrArray = NDArray[np.str_]
"""Names."""

Range = tuple[float, float]
"""Lowest and highest value."""


@dataclass(frozen=True)
class StarKind:
    """
    One kind of star, as the distributions of its parameters.

    Attributes
    ----------
    teff : tuple of float
        Effective temperatures in K at evenly spaced quantiles, the first and the last being the limits; straight between them.
    giants : float
        Share of giants.
    logg_dwarf, logg_giant : Range
        log10 of the surface gravity, cgs, evenly distributed.
    old : Range
        Shares of the thick disk and of the halo; the rest belongs to the thin disk.
    vsini : float
        Median projected rotational velocity, km/s.
    reddening : float
        Mean E(B - V), mag, of a gamma distribution of shape 2.
    dispersion : float
        Standard deviation of the thin disk's radial velocities, km/s: younger stars move less.
    pipeline : str
        SUBCLASS that the pipeline gives; ``""`` where it follows from the temperature.
    """

    teff: tuple[float, ...]
    giants: float = 0.0
    logg_dwarf: Range = (3.9, 4.6)
    logg_giant: Range = (2.2, 3.2)
    old: Range = (0.0, 0.0)
    vsini: float = 5.0
    reddening: float = 0.1
    dispersion: float = 35.0
    pipeline: str = ""


STAR_KINDS: Mapping[str, StarKind] = {
    "o": StarKind((29_000, 32_000, 36_000, 45_000), logg_dwarf=(3.4, 4.2), vsini=120, reddening=0.5, dispersion=20),
    "b": StarKind(
        (10_000, 10_800, 12_500, 16_000, 29_000),
        giants=0.2,
        logg_dwarf=(3.6, 4.3),
        logg_giant=(2.8, 3.6),
        old=(0.0, 0.01),
        vsini=150,
        reddening=0.5,
        dispersion=22,
    ),
    "a": StarKind(
        (7250, 7650, 8150, 8600, 9000, 9800),
        giants=0.06,
        logg_dwarf=(3.6, 4.4),
        logg_giant=(2.0, 3.4),
        old=(0.02, 0.01),
        vsini=115,
        reddening=0.3,
        dispersion=26,
    ),
    "f": StarKind(
        (5900, 6050, 6250, 6500, 6850, 7350), logg_dwarf=(3.7, 4.4), old=(0.12, 0.03), vsini=25, reddening=0.1, dispersion=31
    ),
    "g": StarKind(
        (4950, 5350, 5600, 5750, 5900, 6050), giants=0.25, logg_dwarf=(3.8, 4.6), old=(0.15, 0.02), vsini=8, reddening=0.2
    ),
    "k": StarKind(
        (3980, 4350, 4600, 4800, 5000),
        giants=0.55,
        logg_dwarf=(4.3, 4.7),
        logg_giant=(1.5, 3.0),
        old=(0.18, 0.02),
        vsini=3,
        reddening=0.2,
    ),
    "m-dwarf": StarKind((2900, 3450, 3640, 3760, 3860, 3980), logg_dwarf=(4.6, 5.1), old=(0.12, 0.01), vsini=5, reddening=0.03),
    "m-giant": StarKind((3200, 3550, 3750, 3900), giants=1.0, logg_giant=(0.3, 1.5), old=(0.2, 0.02), vsini=3, reddening=0.2),
    "white-dwarf": StarKind(
        (7000, 11_000, 16_000, 24_000, 60_000), logg_dwarf=(7.7, 8.3), old=(0.2, 0.02), vsini=0, reddening=0.02, pipeline="WD"
    ),
    "white-dwarf-db": StarKind(
        (12_000, 16_000, 19_000, 35_000), logg_dwarf=(7.7, 8.3), old=(0.2, 0.02), vsini=0, reddening=0.02, pipeline="WD"
    ),
    "white-dwarf-dc": StarKind(
        (5000, 7000, 9000, 11_000), logg_dwarf=(7.7, 8.3), old=(0.2, 0.02), vsini=0, reddening=0.02, pipeline="WD"
    ),
    "disk": StarKind((9000, 13_000, 18_000, 30_000), logg_dwarf=(4.0, 4.0), old=(0.2, 0.02), vsini=0, pipeline="CV"),
}
"""
The kinds of stars by name; a white dwarf without a suffix is a DA, and a disk is the blue light of a binary that accretes.

The quantiles of A to K follow the spectral types of some 1,300 stars in LAMOST files; O, B, M and white dwarfs are chosen.
"""

KIND_NAMES: tuple[str, ...] = tuple(STAR_KINDS)
"""Names of the kinds; a code is an index into them."""

POOL_STARS: Mapping[str, float] = {
    "o": 0.0002, "b": 0.006, "a": 0.10, "f": 0.30, "g": 0.335, "k": 0.19, "m-dwarf": 0.058, "m-giant": 0.004,
    "white-dwarf": 0.002, "white-dwarf-db": 0.0002, "white-dwarf-dc": 0.0002,
}  # fmt: skip
"""
Shares of the kinds in a survey of everything, relative to each other.

Chosen after LAMOST's first releases (Luo et al. 2015, RAA, 15, 1095): F, G and K stars by far the most, some 5 % of M stars.
"""

LABELED_STARS: Mapping[str, float] = {"o": 0.01, "b": 0.52, "a": 0.30, "f": 0.10, "g": 0.05, "k": 0.02}
"""
Shares of the kinds among the absorption spectra of an archive of Be and other hot stars, relative to each other; chosen.

Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.3: Be stars, and stars that were observed for comparison.
"""

DISK_FEH, OLD_FEH, HALO_FEH = (-0.05, 0.2), (-0.5, 0.25), (-1.4, 0.4)
"""Mean and standard deviation of [Fe/H], dex, of thin disk, thick disk and halo (typical; Bland-Hawthorn & Gerhard 2016)."""

OLD_RV, HALO_RV = (-12.0, 55.0), (-40.0, 150.0)
"""
Mean and standard deviation of the radial velocity, km/s, relative to the thin disk's stars around (typical).

What these move on average depends on where one looks: `spectrove.simulate.motion`.
"""

FASTEST = 600.0
"""km/s; no star moves faster: about the speed of escape (Bland-Hawthorn & Gerhard 2016)."""

HIGH_VELOCITY = 3e-4
"""Share of stars whose velocity is drawn evenly between the limits: a few hypervelocity stars and close binaries; chosen."""

ROTATION_SPREAD = 0.7
"""Standard deviation of ln v sin i about the kind's median; chosen."""

STRENGTH_SPREAD, STRENGTH_LIMITS = 0.09, (0.6, 1.25)
"""
Standard deviation of the strength of Hα at given parameters, and its limits: companions, filled cores, peculiar abundances.

Measured: depths of Hα in LAMOST stars of types A, F and G scatter by about 0.1 more than temperature and gravity explain.
"""

FASTEST_ROTATION = 420.0
"""km/s; about where a B star breaks up, chosen."""


@dataclass(frozen=True, eq=False)
class Stars(Columns):
    """
    What a set of stars is made of; every attribute is an array of shape (n,).

    Attributes
    ----------
    kind : array of int8
        Indices into `KIND_NAMES`.
    teff : array
        Effective temperature, K.
    logg : array
        log10 of the surface gravity, cgs.
    feh : array
        Metallicity [Fe/H], dex.
    vsini : array
        Projected rotational velocity, km/s.
    rv : array
        Radial velocity, km/s, barycentric once the disk's motion in the star's direction is added.
    ebv : array
        Reddening E(B - V), mag.
    strength : array
        Strength of the hydrogen lines relative to other stars of these parameters, 1 in the mean.
    """

    kind: IntArray
    teff: FloatArray
    logg: FloatArray
    feh: FloatArray
    vsini: FloatArray
    rv: FloatArray
    ebv: FloatArray
    strength: FloatArray


def draw_kinds(shares: Mapping[str, float], n: int, generator: np.random.Generator) -> IntArray:
    """
    Return kinds of stars at random.

    Parameters
    ----------
    shares : mapping of str to float
        How often each kind occurs, relative to each other.
    n : int
        How many stars.
    generator : numpy.random.Generator
        Where chance comes from.

    Returns
    -------
    array of int8, shape (n,)
        Indices into `KIND_NAMES`.

    Raises
    ------
    ValueError
        If a kind is not one of `STAR_KINDS`, or the shares have no positive sum.
    """
    if strange := [name for name in shares if name not in STAR_KINDS]:
        msg = f"shares of stars: unknown kind {strange[0]!r}, expected some of {', '.join(KIND_NAMES)}"
        raise ValueError(msg)
    edges = np.cumsum(list(shares.values()))
    if not edges.size or not edges[-1] > 0:
        msg = f"shares of stars: they add up to {edges[-1] if edges.size else 0!r}, expected a positive sum"
        raise ValueError(msg)
    codes = np.array([KIND_NAMES.index(name) for name in shares], dtype=np.int8)
    places = np.searchsorted(edges / edges[-1], generator.random(n), side="right")
    drawn: IntArray = codes[np.minimum(places, codes.size - 1)]
    return drawn


def draw_stars(kinds: IntArray, generator: np.random.Generator) -> Stars:
    """
    Return the parameters of stars of given kinds.

    Parameters
    ----------
    kinds : array of int, shape (n,)
        Indices into `KIND_NAMES`.
    generator : numpy.random.Generator
        Where chance comes from; every star takes as many numbers from it as every other.

    Returns
    -------
    Stars
        The parameters; velocities are relative to the mean motion of the disk's stars in the same direction.
    """
    kinds = np.asarray(kinds, dtype=np.int8)
    chance = generator.random((5, kinds.size))
    normal = generator.standard_normal((4, kinds.size))
    spread = generator.standard_gamma(2, kinds.size) / 2
    teff = _quantiles(kinds, chance[0])
    giants = chance[1] < _each(kinds, "giants")
    low, high = np.where(giants, _each(kinds, "logg_giant"), _each(kinds, "logg_dwarf"))
    feh, rv = _population(kinds, chance[3], chance[4], normal[:2])
    vsini = _each(kinds, "vsini") * np.exp(ROTATION_SPREAD * normal[2])
    vsini = np.where(giants & (teff < 6000), np.minimum(vsini, 8.0), vsini)
    return Stars(
        kind=kinds,
        teff=teff,
        logg=low + chance[2] * (high - low),
        feh=feh,
        vsini=np.clip(vsini, 0, FASTEST_ROTATION),
        rv=rv,
        ebv=np.minimum(_each(kinds, "reddening") * spread, 3.0),
        strength=np.clip(1 + STRENGTH_SPREAD * normal[3], *STRENGTH_LIMITS),
    )


def _each(kinds: IntArray, name: str) -> FloatArray:
    """Return an attribute of each star's kind, shape (n,), or (2, n) for a range."""
    table = np.array([getattr(kind, name) for kind in STAR_KINDS.values()], dtype=np.float64)
    return np.ascontiguousarray(table[kinds].T)


def _quantiles(kinds: IntArray, uniforms: FloatArray) -> FloatArray:
    """Return temperatures from uniform numbers by each kind's quantiles."""
    teff = np.empty(kinds.size)
    for code, kind in enumerate(STAR_KINDS.values()):
        chosen = kinds == code
        if chosen.any():
            teff[chosen] = np.interp(uniforms[chosen], np.linspace(0, 1, len(kind.teff)), kind.teff)
    return teff


def _population(kinds: IntArray, which: FloatArray, place: FloatArray, normal: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return metallicities and velocities of stars of the disks and the halo."""
    thick, halo = _each(kinds, "old")
    code = np.where(which < halo, 2, np.where(which < halo + thick, 1, 0))
    mean_feh, sd_feh = np.array([DISK_FEH, OLD_FEH, HALO_FEH]).T
    mean_rv, sd_rv = np.array([(0, 0), OLD_RV, HALO_RV]).T
    feh = np.clip(mean_feh[code] + sd_feh[code] * normal[0], -3.0, 0.5)
    rv = mean_rv[code] + np.where(code == 0, _each(kinds, "dispersion"), sd_rv[code]) * normal[1]
    rv = np.where(place < HIGH_VELOCITY, FASTEST * (2 * place / HIGH_VELOCITY - 1), rv)
    return feh, np.clip(rv, -FASTEST, FASTEST)


SUBCLASSES: tuple[tuple[float, str], ...] = (
    (2950, "M6"), (3100, "M5"), (3250, "M4"), (3400, "M3"), (3540, "M2"), (3720, "M1"), (3980, "M0"), (4250, "K7"), (4600, "K5"),
    (4700, "K3"), (4800, "K1"), (5050, "G9"), (5250, "G8"), (5420, "G7"), (5500, "G6"), (5580, "G4"), (5720, "G3"), (5850, "G2"),
    (5950, "G0"), (6050, "F9"), (6250, "F7"), (6400, "F6"), (6750, "F5"), (6850, "F2"), (7300, "F0"), (7450, "A9"), (7900, "A7"),
    (8100, "A6"), (8500, "A5"), (8650, "A3"), (8900, "A2"), (9700, "A1"), (10_000, "A0"), (11_500, "B9"), (20_000, "B6"),
    (29_000, "B"), (np.inf, "O"),
)  # fmt: skip
"""Spectral types in LAMOST's files and the temperature, K, up to which each reaches (after Pecaut & Mamajek 2013, rounded)."""

RED_CLUMP = "G5"
"""
What LAMOST's pipeline calls most giants of the red clump.

Measured: Hα of 85 files of this type has a median equivalent width of 1.35 Å within 30 Å, that of G4 2.6 Å and of G7 2.1 Å.
"""


def pipeline_class(stars: Stars) -> tuple[StrArray, StrArray]:
    """
    Return what a survey's pipeline would write into CLASS and SUBCLASS; it does not look at emission.

    Parameters
    ----------
    stars : Stars
        The stars.

    Returns
    -------
    classes : array of str, shape (n,)
        ``STAR``.
    subclasses : array of str, shape (n,)
        ``A5``, ``dM1``, ``gM0``, ``WD`` and so on.
    """
    limits = np.array([limit for limit, _ in SUBCLASSES])
    names = np.array([name for _, name in SUBCLASSES])
    subclasses = names[np.searchsorted(limits, stars.teff, side="right").clip(0, limits.size - 1)].astype("U3")
    giants = stars.logg < 3.5
    subclasses[giants & (stars.teff > 4600) & (stars.teff < 5200)] = RED_CLUMP
    cool = np.char.startswith(subclasses, "M")
    subclasses[cool] = np.char.add(np.where(giants[cool], "g", "d"), subclasses[cool])
    for code, kind in enumerate(STAR_KINDS.values()):
        if kind.pipeline:
            subclasses[stars.kind == code] = kind.pipeline
    return np.full(stars.teff.size, "STAR"), subclasses
