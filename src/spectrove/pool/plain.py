"""
Plain files of the large surveys, many at a time: read without astropy, and preprocessed as one array a wavelength grid.

What is not plain is left to the readers; what has no features, to `Recipe.apply`, which knows the reason.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from spectrove.contracts import FloatArray, make_spectrum_id
from spectrove.errors import SpectroveError
from spectrove.preprocess import Recipe
from spectrove.spectrum import HeaderFacts, Spectrum
from spectrove.surveys import FAULTS, Grid, PlainSpectrum, Wanted, parse_fast, read_fast

LARGEST_INTEGER = 2**31 - 1
"""What the columns of whole numbers hold."""

INTEGERS = ("plate", "spid", "fiberid")
"""Facts in those columns."""

MEDIUM = "vacuum"
"""Of the wavelengths of all plain files."""


def plain_outcomes(
    several: Sequence[dict[str, Any]], contents: Mapping[int, bytes], formats: frozenset[str], recipe: Recipe
) -> dict[int, dict[str, Any] | Refused]:
    """
    Return what comes of the plain files of a batch.

    Parameters
    ----------
    several : sequence of dict
        Rows of the work list.
    contents : mapping of int to bytes
        Contents of those that lie in object stores, by place in the batch.
    formats : frozenset of str
        What `fast_formats` gave.
    recipe : Recipe
        What makes features of a spectrum.

    Returns
    -------
    dict
        By place in the batch, the row of a part of each spectrum that is used, and each spectrum that the recipe refuses or
        warns of; files that are absent are left to the readers.
    """
    if not formats:
        return {}
    grids: dict[Grid, _OfGrid] = {}
    for place, spectrum in _spectra(several, contents, formats):
        if all(abs(spectrum.facts.get(name) or 0) <= LARGEST_INTEGER for name in INTEGERS):
            of_grid = grids.get(spectrum.grid)
            if of_grid is None:
                of_grid = grids[spectrum.grid] = _OfGrid(recipe.window(spectrum.grid.wave))
            # A copy, lest the contents of all files stay in memory: the next is read into the same place of the cache.
            of_grid.flux.append(spectrum.flux[of_grid.kept].copy())
            of_grid.rows.append((place, {"file": several[place]["file"], "format": spectrum.format}, spectrum.facts))
    outcomes: dict[int, dict[str, Any] | Refused] = {}
    for grid, of_grid in grids.items():
        made = _features(recipe, grid, of_grid)
        for (place, where, facts), flux, features in zip(of_grid.rows, of_grid.flux, made, strict=True):
            if features is None:
                outcomes[place] = Refused(where["format"], _spectrum(grid, of_grid.kept, flux, facts))
            else:
                spectrum_id = str(make_spectrum_id(facts["survey"], facts["key"]))
                outcomes[place] = {
                    **where,
                    "spectrum_id": spectrum_id,
                    **facts,
                    "medium": MEDIUM,
                    "kind": None,
                    "features": features,
                }
    return outcomes


class Refused(NamedTuple):
    """
    A spectrum of a plain file for which the recipe makes no features, or warns.

    Attributes
    ----------
    format : str
        Name of the reader that would give it.
    spectrum : Spectrum
        The spectrum as far as the recipe looks at it: the flux is zero elsewhere.
    """

    format: str
    spectrum: Spectrum


@dataclass
class _OfGrid:
    """Spectra of one grid: the pixels that the recipe looks at, what is known of each spectrum, and its flux in those pixels."""

    kept: slice
    rows: list[tuple[int, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    flux: list[FloatArray] = field(default_factory=list)


def _spectra(
    several: Sequence[dict[str, Any]], contents: Mapping[int, bytes], formats: frozenset[str]
) -> Iterator[tuple[int, PlainSpectrum]]:
    here = [place for place, found in enumerate(several) if found["kind"] is None and place not in contents]
    wanted = [Wanted(found["file"], found["size"], found["mtime_ns"]) for found in map(several.__getitem__, here)]
    for place, spectrum in zip(here, read_fast(wanted, formats), strict=True):
        if spectrum is not None:
            yield place, spectrum
    for place, content in contents.items():
        found = parse_fast(content, formats) if len(content) == several[place]["size"] else None
        if found is not None:
            yield place, found


def _features(recipe: Recipe, grid: Grid, of_grid: _OfGrid) -> Sequence[Any]:
    """Return the features of each spectrum of one grid, None where there are none or anything is unusual."""
    nothing = [None] * len(of_grid.rows)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            features, fine = recipe.apply_window(grid.wave, np.stack(of_grid.flux))
    except (SpectroveError, *FAULTS):
        return nothing
    # A warning counts once a spectrum, as the readers give it.
    return nothing if caught else [row if is_fine else None for row, is_fine in zip(features, fine.tolist(), strict=True)]


def _spectrum(grid: Grid, kept: slice, flux: FloatArray, facts: Mapping[str, Any]) -> Spectrum:
    whole = np.zeros(grid.wave.shape)
    whole[kept] = flux
    return Spectrum(grid.wave, whole, None, None, HeaderFacts(**facts), MEDIUM)
