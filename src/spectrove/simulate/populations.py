"""
The kinds of stars that a survey sees, and how often; drawn from uniform random numbers, one row of them a spectrum.

References
----------
.. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.3 and appendix B (classes; what the pool's other spectra are).
.. [2] Zamanov, R. K. et al. 2023, arXiv:2302.11975 (Be stars: peaks of Hα 30 to 500 km/s, 0.7 to 11 Å, apart).
.. [3] Hanuschik, R. W. et al. 1996, A&AS, 116, 309 (Be stars: strength and width of Hα).
.. [4] Horne, K. & Marsh, T. R. 1986, MNRAS, 218, 761 (cataclysmic variables: disk lines; in SDSS spectra 8 to 35 Å apart).
.. [5] Hawley, S. L., Gizis, J. E. & Reid, I. N. 1996, AJ, 112, 2799 (dMe stars: Hα emission of 1 to 10 Å).
.. [6] White, R. J. & Basri, G. 2003, ApJ, 582, 1109 (accreting young stars: Hα at 10 % of the peak wider than 270 km/s).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from spectrove.contracts import FloatArray, IntArray
from spectrove.simulate.spectra import PARAMETERS, Stars

SINGLE, DOUBLE, OTHER = "single-peak", "double-peak", "not-interesting"
"""The labels of the truth."""

Range = tuple[float, float]
"""Lowest and highest value."""

LOGARITHMIC = ("emission", "v_over_r", "nebular")
"""Parameters drawn evenly in their logarithm, the others evenly in their value."""


@dataclass(frozen=True)
class StarType:
    """
    One kind of star: a range for each parameter of its spectrum.

    Attributes
    ----------
    label : str
        What an expert calls such a spectrum at R = 1800.
    pipeline : tuple of str
        Class and subclass that the survey's pipeline would assign; it does not look at emission.
    depth, damping, broadening, helium_absorption, metals, bands, emission, fwhm, separation, v_over_r : Range
        As in `Stars`; ``fwhm`` is a share of the separation where the line is double.
    helium_emission, nebular, nitrogen, sulfur, rv, slope : Range
        As in `Stars`.
    """

    label: str
    pipeline: tuple[str, str]
    depth: Range = (0.0, 0.0)
    damping: Range = (1.0, 1.0)
    broadening: Range = (10.0, 40.0)
    helium_absorption: Range = (0.0, 0.0)
    metals: Range = (0.0, 0.0)
    bands: Range = (0.0, 0.0)
    emission: Range = (0.0, 0.0)
    fwhm: Range = (1.0, 1.0)
    separation: Range = (0.0, 0.0)
    v_over_r: Range = (1.0, 1.0)
    helium_emission: Range = (0.0, 0.0)
    nebular: Range = (0.0, 0.0)
    nitrogen: Range = (0.25, 0.6)
    sulfur: Range = (0.1, 0.5)
    rv: Range = (-100.0, 100.0)
    slope: Range = (-0.06, 0.02)


def _hot(label: str, emission: Range, fwhm: Range, separation: Range, v_over_r: Range) -> StarType:
    return StarType(
        label, ("STAR", "A2V"), depth=(0.2, 0.4), damping=(3.0, 4.5), broadening=(100, 400), helium_absorption=(0.0, 0.5),
        emission=emission, fwhm=fwhm, separation=separation, v_over_r=v_over_r, helium_emission=(0.0, 0.04),
    )  # fmt: skip


TYPES: Mapping[str, StarType] = {
    "gk": StarType(OTHER, ("STAR", "G5"), depth=(0.5, 0.85), damping=(0.35, 1.1), metals=(0.7, 2.7)),
    "f": StarType(OTHER, ("STAR", "F5"), depth=(0.45, 0.65), damping=(1.2, 3.0), broadening=(10, 80), metals=(0.4, 1.2)),
    "a": StarType(OTHER, ("STAR", "A5V"), depth=(0.4, 0.56), damping=(3.5, 9.0), broadening=(30, 250), metals=(0.0, 0.5)),
    "b": StarType(
        OTHER, ("STAR", "B9"), depth=(0.3, 0.5), damping=(2.5, 4.5), broadening=(50, 350), helium_absorption=(0.1, 0.7)
    ),
    "m": StarType(
        OTHER, ("STAR", "M0"), depth=(0.0, 0.4), damping=(0.5, 0.7), metals=(1.5, 3.0), bands=(0.1, 1.0), slope=(-0.15, 0.2)
    ),
    "featureless": StarType(OTHER, ("Unknown", "Non"), metals=(0.0, 0.3), slope=(-0.15, 0.15)),
    "nebula": StarType(
        OTHER, ("STAR", "F5"), depth=(0.45, 0.65), damping=(0.8, 4.0), metals=(0.2, 1.0), nebular=(1.0, 20.0), rv=(-50, 50)
    ),
    "galaxy": StarType(
        OTHER, ("GALAXY", "Non"), broadening=(200, 500), metals=(1.0, 2.5), nebular=(0.5, 30.0), rv=(2000, 7500)
    ),
    "be": _hot(SINGLE, emission=(3, 50), fwhm=(3.5, 9.0), separation=(0.0, 3.5), v_over_r=(0.7, 1.43)),
    "be-double": _hot(DOUBLE, emission=(8, 45), fwhm=(0.35, 0.5), separation=(6.0, 11.0), v_over_r=(0.7, 1.43)),
    "yso": StarType(
        SINGLE, ("STAR", "F5"), depth=(0.0, 0.3), metals=(0.2, 1.0), emission=(8, 80), fwhm=(4.0, 12.0),
        helium_emission=(0.0, 0.03),
    ),
    "dme": StarType(
        SINGLE, ("STAR", "M3"), metals=(1.5, 3.0), bands=(0.3, 1.0), emission=(2, 10), fwhm=(1.0, 2.0), slope=(-0.15, 0.2)
    ),
    "cv": StarType(SINGLE, ("STAR", "CV"), emission=(20, 120), fwhm=(15, 35), helium_emission=(0.03, 0.15), slope=(-0.1, 0.05)),
    "cv-double": StarType(
        DOUBLE, ("STAR", "CV"), emission=(20, 120), fwhm=(0.5, 0.75), separation=(8, 35), v_over_r=(0.7, 1.43),
        helium_emission=(0.03, 0.15), slope=(-0.1, 0.05),
    ),
}  # fmt: skip
"""
The kinds of stars by name; a name is the truth table's ``subtype``.

Depths and dampings are chosen so that Hα at R = 1800 is as deep and wide as in some 250 LAMOST stars: 0.46 and 17 Å (FWHM) in
the median A star, 0.38 and 7.6 Å in F, 0.29 and 7.6 Å in G, 0.18 and 6 Å in K.
"""

Mixture = Mapping[str, Mapping[str, float]]
"""For each label the share of each kind of star."""

POOL: Mixture = {
    SINGLE: {"be": 0.6, "yso": 0.2, "dme": 0.1, "cv": 0.1},
    DOUBLE: {"be-double": 0.5, "cv-double": 0.5},
    OTHER: {"gk": 0.38, "f": 0.18, "a": 0.2, "b": 0.03, "m": 0.09, "featureless": 0.05, "nebula": 0.05, "galaxy": 0.02},
}
"""A survey of everything: shares as in the LAMOST files that people have put on the web, with more of the confusers."""

LABELED: Mixture = {
    SINGLE: {"be": 0.85, "yso": 0.1, "cv": 0.05},
    DOUBLE: {"be-double": 0.85, "cv-double": 0.15},
    OTHER: {"a": 0.45, "b": 0.35, "f": 0.1, "gk": 0.1},
}
"""An archive of Be and related stars; neither noise nor M stars nor nebulae are in it (paper, sect. 3.3)."""


def allocate(n: int, shares: FloatArray) -> IntArray:
    """
    Return whole numbers in given proportions that add up exactly.

    Parameters
    ----------
    n : int
        Their sum.
    shares : array of shape (n_kinds,)
        Proportions, not negative, with a positive sum.

    Returns
    -------
    array of int, shape (n_kinds,)
        Counts by largest remainders.
    """
    exact = n * np.asarray(shares, dtype=np.float64) / np.sum(shares)
    counts = np.floor(exact + 1e-9).astype(np.int64)
    largest = np.argsort(counts - exact, kind="stable")
    counts[largest[: n - counts.sum()]] += 1
    return counts


def draw_types(counts: Mapping[str, int], mixture: Mixture, generator: np.random.Generator) -> list[str]:
    """
    Return the kind of star of each spectrum, in random order.

    Parameters
    ----------
    counts : mapping
        Number of spectra of each label.
    mixture : Mixture
        Share of each kind of star under each label.
    generator : numpy.random.Generator
        Shuffles.

    Returns
    -------
    list of str
        Keys of `TYPES`.
    """
    names: list[str] = []
    for label, n in counts.items():
        kinds = list(mixture[label])
        for kind, number in zip(kinds, allocate(n, np.array([mixture[label][kind] for kind in kinds])), strict=True):
            names += [kind] * int(number)
    return [names[row] for row in generator.permutation(len(names))]


def draw_stars(kinds: list[str], uniforms: FloatArray) -> Stars:
    """
    Return the parameters of spectra of given kinds.

    Parameters
    ----------
    kinds : list of str, length n_spectra
        Keys of `TYPES`.
    uniforms : array of shape (n_spectra, len(PARAMETERS))
        Random numbers from 0 to 1; a spectrum's parameters depend on its own row alone.

    Returns
    -------
    Stars
        The parameters.
    """
    values: dict[str, FloatArray] = {}
    for column, name in enumerate(PARAMETERS):
        low, high = np.array([getattr(TYPES[kind], name) for kind in kinds]).reshape(-1, 2).T
        place = uniforms[:, column]
        if name in LOGARITHMIC:
            present = low > 0
            ratio = np.where(present, high, 1.0) / np.where(present, low, 1.0)
            values[name] = low * ratio**place
        else:
            values[name] = low + place * (high - low)
    double = np.array([TYPES[kind].label == DOUBLE for kind in kinds], dtype=bool)
    values["fwhm"] = values["fwhm"] * np.where(double, values["separation"], 1.0)
    return Stars(**values)


CHANCES = ("snr", "ra", "dec", "mjd", "scale", "artefact", "place", "size", "strength")
"""What is drawn for each spectrum beside its star's parameters, one uniform number each."""


@dataclass(frozen=True, eq=False)
class Draws:
    """
    Some spectra before an instrument sees them.

    Attributes
    ----------
    first : int
        Row of the first of them in the whole set.
    kinds : list of str, length n_spectra
        Keys of `TYPES`.
    stars : Stars
        Parameters.
    chances : mapping of str to array of shape (n_spectra,)
        A random number from 0 to 1 for each of `CHANCES`.
    normals : array of shape (n_spectra, n_normals)
        Independent standard normal numbers.
    """

    first: int
    kinds: list[str]
    stars: Stars
    chances: Mapping[str, FloatArray]
    normals: FloatArray


def draw(
    kinds: list[str], n_normals: int, chunk_size: int, evenly: np.random.Generator, normally: np.random.Generator
) -> Iterator[Draws]:
    """
    Draw a set of spectra in chunks; how large the chunks are changes nothing in what is drawn.

    Parameters
    ----------
    kinds : list of str
        Keys of `TYPES`, one a spectrum.
    n_normals : int
        Number of normal numbers a spectrum.
    chunk_size : int
        Spectra a chunk.
    evenly : numpy.random.Generator
        Gives the uniform numbers, row by row.
    normally : numpy.random.Generator
        Gives the normal numbers, row by row; another generator than ``evenly``.

    Yields
    ------
    Draws
        The next chunk.
    """
    for first in range(0, len(kinds), chunk_size):
        part = kinds[first : first + chunk_size]
        uniforms = evenly.random((len(part), len(PARAMETERS) + len(CHANCES)))
        chances = dict(zip(CHANCES, uniforms[:, len(PARAMETERS) :].T, strict=True))
        stars = draw_stars(part, uniforms[:, : len(PARAMETERS)])
        yield Draws(first, part, stars, chances, normally.standard_normal((len(part), n_normals)))
