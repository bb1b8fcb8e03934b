"""
The kinds of stars that a survey is searched for: which stars emit, and what their lines are like.

Ranges without a number in the reference are chosen to cover what the cited papers show, and compared by eye with some 80 real
spectra of cataclysmic variables (SDSS) and 35 of Be stars (Ondřejov).

References
----------
.. [1] Hanuschik, R. W., Kozok, J. R. & Kaiser, D. 1988, A&A, 189, 147 (Be stars: separation of the peaks against strength).
.. [2] Hanuschik, R. W. et al. 1996, A&AS, 116, 309 (Be stars: profiles, strength up to some 70 Å, shells).
.. [3] Rivinius, T., Carciofi, A. C. & Martayan, C. 2013, A&ARv, 21, 69 (Be stars: fast rotation, V/R, loss of disks).
.. [4] Finkenzeller, U. & Mundt, R. 1984, A&AS, 55, 109 (Herbig stars: half of them double, a quarter single, a fifth P Cygni).
.. [5] Reipurth, B., Pedrosa, A. & Lago, M. T. V. T. 1996, A&AS, 120, 229 (T Tauri stars: types of Hα profiles).
.. [6] White, R. J. & Basri, G. 2003, ApJ, 582, 1109 (T Tauri stars: Hα wider than 270 km/s at a tenth of its peak).
.. [7] Horne, K. & Marsh, T. R. 1986, MNRAS, 218, 761 (cataclysmic variables: lines of disks).
.. [8] Szkody, P. et al. 2002, AJ, 123, 430 and later papers (cataclysmic variables in SDSS: strength and width of Hα).
.. [9] Ivison, R. J., Bode, M. F. & Meaburn, J. 1994, A&AS, 103, 201 (symbiotic stars: Hα with wings and a violet absorption).
.. [10] Hawley, S. L., Gizis, J. E. & Reid, I. N. 1996, AJ, 112, 2799 (dMe stars: Hα of 1 to 10 Å).
.. [11] Kingsburgh, R. L. & Barlow, M. J. 1994, MNRAS, 271, 257 (planetary nebulae: intensities of their lines).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from spectrove.contracts import BoolArray, FloatArray, IntArray
from spectrove.simulate.emission import Emission, make_emission
from spectrove.simulate.profiles import HALPHA, SPEED_OF_LIGHT
from spectrove.simulate.stars import KIND_NAMES, Stars

KILOMETERS = HALPHA / SPEED_OF_LIGHT
"""Å at Hα of one km/s."""

ROTATION = 0.8
"""Rotation of a Be star's surface, share of the velocity of an orbit there (Rivinius et al. 2013: typical)."""


@dataclass(frozen=True)
class TargetKind:
    """
    One kind of target.

    Attributes
    ----------
    hosts : mapping of str to float
        Kinds of stars that carry the line, with their shares.
    draw : callable
        Called with the hosts and a generator; returns an `Emission` of as many rows.
    variability : float
        Standard deviation of ln EW from epoch to epoch.
    v_over_r_variability : float
        Standard deviation of ln V/R from epoch to epoch.
    loss : float
        Chance that at another epoch the line has all but gone (a Be star's disk, a nova's outburst).
    """

    hosts: Mapping[str, float]
    draw: Callable[[Stars, np.random.Generator], Emission]
    variability: float = 0.0
    v_over_r_variability: float = 0.0
    loss: float = 0.0


def orbital_velocity(teff: FloatArray) -> FloatArray:
    """
    Return the velocity of an orbit at the surface of a hot star of the main sequence.

    Parameters
    ----------
    teff : array of shape (n_spectra,)
        Effective temperatures, K.

    Returns
    -------
    array of shape (n_spectra,)
        km/s; some 400 at A0 and 530 at B1, for stars half way through the main sequence.
    """
    velocity: FloatArray = 430 * (np.clip(teff, 7000, 40_000) / 12_000) ** 0.25
    return velocity


def _lognormal(n: int, generator: np.random.Generator, median: float, spread: float, limits: tuple[float, float]) -> FloatArray:
    """Return numbers whose logarithm is normal, cut at limits."""
    drawn: FloatArray = np.clip(median * np.exp(spread * generator.standard_normal(n)), *limits)
    return drawn


def _even(n: int, generator: np.random.Generator, low: float, high: float) -> FloatArray:
    return low + (high - low) * generator.random(n)


def _inclined(n: int, generator: np.random.Generator, low: float = 0.0, high: float = 90.0) -> FloatArray:
    """Return inclinations of axes that point anywhere, degrees."""
    near, far = np.cos(np.deg2rad([low, high]))
    inclination: FloatArray = np.rad2deg(np.arccos(near + (far - near) * generator.random(n)))
    return inclination


def _disk(hosts: Stars, ew: FloatArray, inclination: FloatArray, wide: float, generator: np.random.Generator) -> Emission:
    """Return the line of a Be star's disk, peaks ``wide`` times as far apart as the mean's, with a shell if seen edge-on."""
    n = ew.size
    sine = np.sin(np.deg2rad(inclination))
    orbit = orbital_velocity(hosts.teff)
    share = 10 ** (-0.4 * np.log10(ew) - 0.1 + 0.1 * generator.standard_normal(n))  # Hanuschik et al. 1988
    outer = np.clip(wide * share, 0.15, 1.0) * ROTATION * orbit
    shell = (inclination > 75 + 8 * generator.random(n)) & (generator.random(n) < 0.85)
    strong = np.clip(ew / 20, 0, 1)
    return make_emission(
        n,
        ew=ew,
        separation=2 * outer * sine * KILOMETERS,
        inner=np.clip(0.95 * orbit / outer, 1, 6),
        fwhm=_even(n, generator, 45, 80) * KILOMETERS * (1 + 0.8 * strong),
        v_over_r=np.exp(np.where(generator.random(n) < 0.3, 0.35, 0.06) * generator.standard_normal(n)),
        thick=np.clip(1.2 * sine * np.tan(np.deg2rad(np.minimum(inclination, 75))), 0, 2.5) * _even(n, generator, 0.3, 1),
        inclination=inclination,
        wings=_even(n, generator, 0.08, 0.3) * np.clip(ew / 10, 0.2, 1),
        wings_fwhm=_even(n, generator, 450, 1000) * KILOMETERS,
        absorber_depth=np.where(shell, _even(n, generator, 0.4, 0.95), 0),
        absorber_fwhm=_even(n, generator, 40, 110) * KILOMETERS,
        absorber_shift=15 * KILOMETERS * generator.standard_normal(n),
        level=_behind(hosts),
        helium=np.where(hosts.teff > 15_000, _even(n, generator, 0, 0.04), 0),
        iron=np.where(ew > 8, _even(n, generator, 0, 0.02), 0),
    )


def _behind(hosts: Stars) -> FloatArray:
    """Return the photosphere's light in the core of Hα, share of the continuum: a little less than stars of these kinds show."""
    level: FloatArray = np.interp(
        hosts.teff, [3500, 5500, 7500, 9000, 12_000, 20_000, 30_000], [0.9, 0.5, 0.4, 0.3, 0.4, 0.55, 0.7]
    )
    return level


def _be(hosts: Stars, generator: np.random.Generator) -> Emission:
    n = hosts.teff.size
    return _disk(hosts, _lognormal(n, generator, 10, 0.9, (1, 70)), _inclined(n, generator), 1.0, generator)


def _be_wide(hosts: Stars, generator: np.random.Generator) -> Emission:
    n = hosts.teff.size
    return _disk(hosts, _lognormal(n, generator, 7, 0.45, (3, 18)), _inclined(n, generator, 45, 80), 1.6, generator)


def _be_shell(hosts: Stars, generator: np.random.Generator) -> Emission:
    n = hosts.teff.size
    disk = _disk(hosts, _lognormal(n, generator, 9, 0.5, (3, 30)), _inclined(n, generator, 72), 1.2, generator)
    deep = _even(n, generator, 0.75, 0.98)
    return replace(disk, absorber_depth=deep, absorber_fwhm=_even(n, generator, 80, 190) * KILOMETERS)


def _be_reversal(hosts: Stars, generator: np.random.Generator) -> Emission:
    n = hosts.teff.size
    return _disk(hosts, _lognormal(n, generator, 2, 0.6, (0.4, 7)), _inclined(n, generator, 15, 80), 1.0, generator)


def _herbig(hosts: Stars, generator: np.random.Generator) -> Emission:
    n = hosts.teff.size
    chance = generator.random(n)
    double, wind = chance < 0.5, (chance >= 0.75) & (chance < 0.95)
    violet = generator.random(n) < 0.7
    return make_emission(
        n,
        ew=_lognormal(n, generator, 20, 0.9, (2, 150)),
        fwhm=_even(n, generator, 180, 420) * KILOMETERS,
        wings=_even(n, generator, 0.05, 0.35),
        wings_fwhm=_even(n, generator, 500, 1100) * KILOMETERS,
        absorber_depth=np.where(double | wind, _even(n, generator, 0.4, 0.98), 0),
        absorber_fwhm=np.where(wind, _even(n, generator, 90, 200), _even(n, generator, 50, 130)) * KILOMETERS,
        absorber_shift=np.where(wind, -_even(n, generator, 120, 320), np.where(violet, -1, 0.6) * _even(n, generator, 10, 110))
        * KILOMETERS,
        level=_behind(hosts),
        helium=_even(n, generator, 0, 0.02),
        iron=_even(n, generator, 0, 0.02),
        oxygen=_even(n, generator, 0, 0.03),
    )


def _t_tauri(hosts: Stars, generator: np.random.Generator) -> Emission:
    n = hosts.teff.size
    chance = generator.random(n)
    absorbed = chance < 0.55
    red = chance < 0.12
    jet = generator.random(n) < 0.25
    return make_emission(
        n,
        ew=_lognormal(n, generator, 14, 1.1, (1.5, 200)),
        fwhm=_lognormal(n, generator, 190, 0.4, (80, 420)) * KILOMETERS,
        wings=_even(n, generator, 0.1, 0.4),
        wings_fwhm=_even(n, generator, 350, 700) * KILOMETERS,
        absorber_depth=np.where(absorbed, _even(n, generator, 0.2, 0.95), 0),
        absorber_fwhm=_even(n, generator, 40, 130) * KILOMETERS,
        absorber_shift=np.where(red, 1, -1) * _even(n, generator, 10, 200) * KILOMETERS,
        level=_behind(hosts),
        helium=_even(n, generator, 0, 0.03),
        oxygen=np.where(jet, _even(n, generator, 0, 0.08), 0),
        sulfur=np.where(jet, _even(n, generator, 0, 0.06), 0),
        nitrogen=np.where(jet, _even(n, generator, 0, 0.04), 0),
        lithium=_even(n, generator, 0.2, 0.6),
    )


def _p_cygni(hosts: Stars, generator: np.random.Generator) -> Emission:
    n = hosts.teff.size
    outflow = _lognormal(n, generator, 180, 0.45, (70, 500))
    return make_emission(
        n,
        ew=_lognormal(n, generator, 12, 0.8, (2, 80)),
        fwhm=_even(n, generator, 0.7, 1.2) * outflow * KILOMETERS,
        wings=_even(n, generator, 0.15, 0.5),
        wings_fwhm=_even(n, generator, 600, 1500) * KILOMETERS,
        absorber_depth=_even(n, generator, 0.4, 0.95),
        absorber_fwhm=_even(n, generator, 0.5, 0.9) * outflow * KILOMETERS,
        absorber_shift=-outflow * KILOMETERS,
        level=np.clip(_behind(hosts) + 0.15, 0, 0.9),
        helium=_even(n, generator, 0, 0.12),
        iron=_even(n, generator, 0, 0.02),
        nitrogen=np.where(generator.random(n) < 0.3, _even(n, generator, 0, 0.05), 0),
    )


def _inverse_p_cygni(hosts: Stars, generator: np.random.Generator) -> Emission:
    n = hosts.teff.size
    infall = _lognormal(n, generator, 180, 0.35, (80, 350))
    return make_emission(
        n,
        ew=_lognormal(n, generator, 10, 0.7, (2, 50)),
        fwhm=_even(n, generator, 0.8, 1.5) * infall * KILOMETERS,
        wings=_even(n, generator, 0, 0.3),
        wings_fwhm=_even(n, generator, 350, 700) * KILOMETERS,
        absorber_depth=_even(n, generator, 0.5, 0.95),
        absorber_fwhm=_even(n, generator, 0.5, 0.9) * infall * KILOMETERS,
        absorber_shift=infall * KILOMETERS,
        level=np.clip(_behind(hosts) + 0.15, 0, 0.9),
        helium=_even(n, generator, 0, 0.02),
        lithium=np.where(hosts.teff < 6000, _even(n, generator, 0.1, 0.5), 0),
    )


def _accretion_disk(n: int, inclination: FloatArray, generator: np.random.Generator) -> Emission:
    sine = np.sin(np.deg2rad(inclination))
    outer = _lognormal(n, generator, 540, 0.25, (300, 1000)) * sine
    return make_emission(
        n,
        ew=_lognormal(n, generator, 58, 0.75, (5, 250)),
        separation=2 * outer * KILOMETERS,
        inner=_even(n, generator, 1.8, 4),
        fwhm=_lognormal(n, generator, 260, 0.35, (120, 550)) * KILOMETERS,
        v_over_r=np.exp(0.16 * generator.standard_normal(n)),
        thick=np.clip(1.2 * sine * np.tan(np.deg2rad(np.minimum(inclination, 75))), 0, 2.5) * _even(n, generator, 0, 1),
        inclination=inclination,
        absorber_depth=np.where(inclination > 72, _even(n, generator, 0.1, 0.7), 0),
        absorber_fwhm=_even(n, generator, 150, 400) * KILOMETERS,
        level=0.4,
        offset=120 * generator.standard_normal(n),
        helium=_lognormal(n, generator, 0.11, 0.35, (0.02, 0.25)),
    )


def _cv(hosts: Stars, generator: np.random.Generator) -> Emission:
    """Return single lines: disks seen from above, and winds, streams and magnetic columns."""
    n = hosts.teff.size
    disk = _accretion_disk(n, _inclined(n, generator, 5, 30), generator)
    stream = generator.random(n) < 0.55
    streams = make_emission(
        n,
        ew=_lognormal(n, generator, 65, 0.8, (4, 300)),
        fwhm=_lognormal(n, generator, 560, 0.4, (220, 1200)) * KILOMETERS,
        wings=_even(n, generator, 0.2, 0.6),
        wings_fwhm=_even(n, generator, 1100, 2200) * KILOMETERS,
        offset=160 * generator.standard_normal(n),
        helium=_lognormal(n, generator, 0.11, 0.35, (0.02, 0.25)),
    )
    return _where(stream, streams, disk)


def _cv_double(hosts: Stars, generator: np.random.Generator) -> Emission:
    n = hosts.teff.size
    return _accretion_disk(n, _inclined(n, generator, 40, 88), generator)


def _symbiotic(hosts: Stars, generator: np.random.Generator) -> Emission:
    n = hosts.teff.size
    absorbed = generator.random(n) < 0.75
    dusty = generator.random(n) < 0.2
    return make_emission(
        n,
        ew=_lognormal(n, generator, 80, 0.8, (8, 600)),
        fwhm=_even(n, generator, 80, 190) * KILOMETERS,
        wings=_even(n, generator, 0.08, 0.35),
        wings_fwhm=_even(n, generator, 400, 1200) * KILOMETERS,
        absorber_depth=np.where(absorbed, _even(n, generator, 0.3, 0.95), 0),
        absorber_fwhm=_even(n, generator, 25, 60) * KILOMETERS,
        absorber_shift=-_even(n, generator, 0, 60) * KILOMETERS,
        level=_behind(hosts),
        offset=12 * generator.standard_normal(n),
        helium=_even(n, generator, 0.01, 0.06),
        nitrogen=np.where(dusty, _even(n, generator, 0, 0.2), 0),
    )


def _dme(hosts: Stars, generator: np.random.Generator) -> Emission:
    n = hosts.teff.size
    return make_emission(
        n,
        ew=_lognormal(n, generator, 2.2, 0.8, (0.3, 25)),
        fwhm=_even(n, generator, 35, 60) * KILOMETERS,
        separation=_even(n, generator, 25, 40) * KILOMETERS,  # a reversal in the core, seen at high resolving power alone
        level=_behind(hosts),
        helium=_even(n, generator, 0, 0.01),
    )


def _planetary_nebula(hosts: Stars, generator: np.random.Generator) -> Emission:
    n = hosts.teff.size
    nitrogen = _lognormal(n, generator, 0.4, 0.9, (0.02, 4))
    return make_emission(
        n,
        ew=_lognormal(n, generator, 500, 1.1, (20, 4000)),
        fwhm=_even(n, generator, 22, 35) * KILOMETERS,
        separation=2 * _lognormal(n, generator, 18, 0.4, (6, 45)) * KILOMETERS,
        level=_behind(hosts),
        offset=15 * generator.standard_normal(n),
        helium=_lognormal(n, generator, 0.013, 0.25, (0.005, 0.03)),
        nitrogen=nitrogen,
        sulfur=nitrogen * _lognormal(n, generator, 0.12, 0.5, (0.03, 0.5)),
        oxygen=nitrogen * _even(n, generator, 0, 0.1),
    )


TARGET_KINDS: Mapping[str, TargetKind] = {
    "be": TargetKind({"b": 0.93, "o": 0.02, "a": 0.05}, _be, 0.25, 0.15, 0.06),
    "be-wide": TargetKind({"b": 0.95, "a": 0.05}, _be_wide, 0.25, 0.15, 0.08),
    "be-shell": TargetKind({"b": 0.95, "a": 0.05}, _be_shell, 0.25, 0.15, 0.05),
    "be-reversal": TargetKind({"b": 0.8, "a": 0.2}, _be_reversal, 0.35, 0.15, 0.12),
    "herbig": TargetKind({"b": 0.4, "a": 0.45, "f": 0.15}, _herbig, 0.2),
    "t-tauri": TargetKind({"f": 0.05, "g": 0.15, "k": 0.45, "m-dwarf": 0.35}, _t_tauri, 0.3),
    "p-cygni": TargetKind({"o": 0.2, "b": 0.65, "a": 0.15}, _p_cygni, 0.15),
    "inverse-p-cygni": TargetKind({"a": 0.3, "f": 0.2, "g": 0.2, "k": 0.3}, _inverse_p_cygni, 0.3),
    "cv": TargetKind({"disk": 0.85, "white-dwarf": 0.05, "m-dwarf": 0.1}, _cv, 0.35, 0.2, 0.15),
    "cv-double": TargetKind({"disk": 0.8, "white-dwarf": 0.1, "m-dwarf": 0.1}, _cv_double, 0.35, 0.2, 0.1),
    "symbiotic": TargetKind({"m-giant": 0.9, "k": 0.1}, _symbiotic, 0.2),
    "dme": TargetKind({"m-dwarf": 1.0}, _dme, 0.35),
    "planetary-nebula": TargetKind({"o": 0.6, "white-dwarf": 0.4}, _planetary_nebula),
}
"""
The kinds of targets by name; a name is the truth table's ``subtype``.

``be`` are disks seen from anywhere, ``be-wide`` the weaker ones seen from the side, whose peaks R = 1800 may tell apart, and
``be-shell`` those seen edge-on; ``be-reversal`` do not fill the absorption.
"""

TARGET_NAMES = tuple(TARGET_KINDS)
"""Codes of kinds are indices into it."""

POOL_TARGETS: Mapping[str, float] = {
    "be": 0.3, "be-wide": 0.07, "be-shell": 0.02, "be-reversal": 0.17, "herbig": 0.06, "t-tauri": 0.12, "p-cygni": 0.015,
    "inverse-p-cygni": 0.01, "cv": 0.03, "cv-double": 0.02, "symbiotic": 0.005, "dme": 0.15, "planetary-nebula": 0.025,
}  # fmt: skip
"""
Shares of a survey of everything; chosen so that early types lead, as among the emission stars of LAMOST.

Hou, W. et al. 2016, RAA, 16, 138 (emission stars of LAMOST DR2); Škoda et al. 2020, A&A 643, A122, sect. 4 (six single peaks to
one double).
"""

LABELED_TARGETS: Mapping[str, float] = {
    "be": 0.67, "be-wide": 0.1, "be-shell": 0.09, "be-reversal": 0.04, "herbig": 0.04, "p-cygni": 0.02, "inverse-p-cygni": 0.005,
    "symbiotic": 0.015, "cv": 0.01,
}  # fmt: skip
"""Shares of an archive of Be and related stars (Škoda et al. 2020, sect. 3.3)."""


def draw_targets(
    n: int, generator: np.random.Generator, mixture: Mapping[str, float] = POOL_TARGETS
) -> tuple[IntArray, IntArray]:
    """
    Return kinds of targets and of the stars that carry their lines.

    Parameters
    ----------
    n : int
        Number of targets.
    generator : numpy.random.Generator
        Where chance comes from.
    mixture : mapping of str to float
        Shares of the kinds; they need not add up to 1.

    Returns
    -------
    kinds : array of int8, shape (n,)
        Indices into `TARGET_NAMES`.
    hosts : array of int8, shape (n,)
        Indices into `spectrove.simulate.stars.KIND_NAMES`.
    """
    kinds = _choose(mixture, TARGET_NAMES, generator.random(n))
    chance = generator.random(n)
    hosts = np.zeros(n, dtype=np.int8)
    for code in np.unique(kinds):
        some = kinds == code
        hosts[some] = _choose(TARGET_KINDS[TARGET_NAMES[code]].hosts, KIND_NAMES, chance[some])
    return kinds, hosts


def _choose(shares: Mapping[str, float], names: tuple[str, ...], chances: FloatArray) -> IntArray:
    """Return codes into names, by shares, for numbers from 0 to 1."""
    codes = np.array([names.index(name) for name in shares], dtype=np.int8)
    edges = np.cumsum(np.fromiter(shares.values(), float))
    return codes[np.minimum(np.searchsorted(edges / edges[-1], chances, side="right"), codes.size - 1)]


def draw_emission(kinds: IntArray, hosts: Stars, generator: np.random.Generator) -> Emission:
    """
    Return the lines of targets.

    Parameters
    ----------
    kinds : array of int, shape (n_targets,)
        Indices into `TARGET_NAMES`.
    hosts : Stars
        The stars that carry them, in the same order.
    generator : numpy.random.Generator
        Where chance comes from.

    Returns
    -------
    Emission
        Of n_targets rows.
    """
    emission = make_emission(kinds.size)
    for code in np.unique(kinds):
        some = np.flatnonzero(kinds == code)
        drawn = TARGET_KINDS[TARGET_NAMES[code]].draw(hosts.rows(some), generator)
        for field in fields(Emission):
            getattr(emission, field.name)[some] = getattr(drawn, field.name)
    return emission


def spin_up(hosts: Stars, kinds: IntArray, emission: Emission) -> Stars:
    """
    Return the hosts with the rotation of Be stars that fits their disks.

    Parameters
    ----------
    hosts : Stars
        The stars that carry the lines.
    kinds : array of int, shape (n_targets,)
        Indices into `TARGET_NAMES`.
    emission : Emission
        Their lines.

    Returns
    -------
    Stars
        The same, but for ``vsini`` of Be stars: 0.8 times the orbital velocity at the surface, projected.
    """
    be = np.isin(kinds, [TARGET_NAMES.index(name) for name in ("be", "be-wide", "be-shell", "be-reversal")])
    vsini = ROTATION * orbital_velocity(hosts.teff) * np.sin(np.deg2rad(np.where(be, emission.inclination, 0)))
    return replace(hosts, vsini=np.where(be, vsini, hosts.vsini))


def vary(emission: Emission, kinds: IntArray, generator: np.random.Generator) -> Emission:
    """
    Return the lines of the same objects at another epoch.

    Parameters
    ----------
    emission : Emission
        The lines at one epoch.
    kinds : array of int, shape (n_targets,)
        Indices into `TARGET_NAMES`.
    generator : numpy.random.Generator
        Where chance comes from.

    Returns
    -------
    Emission
        Lines of other strength and other V/R; some have all but gone.
    """
    steps = generator.standard_normal((2, kinds.size))
    lost = generator.random(kinds.size)
    some = [TARGET_KINDS[name] for name in TARGET_NAMES]
    strength, lopsided, loss = (
        np.array([getattr(kind, name) for kind in some])[kinds] for name in ("variability", "v_over_r_variability", "loss")
    )
    ew = emission.ew * np.exp(strength * steps[0]) * np.where(lost < loss, 0.05, 1.0)
    v_over_r = np.where(emission.separation > 0, emission.v_over_r * np.exp(lopsided * steps[1]), emission.v_over_r)
    return replace(emission, ew=ew, v_over_r=v_over_r)


def _where(chosen: BoolArray, these: Emission, those: Emission) -> Emission:
    """Return lines of one set where chosen, of the other elsewhere."""
    return Emission(*(np.where(chosen, getattr(these, field.name), getattr(those, field.name)) for field in fields(Emission)))
