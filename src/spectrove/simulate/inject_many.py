"""Lines put into many spectra: every combination of a design, equally often."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from spectrove.errors import SpectrumError
from spectrove.simulate.inject import Design, Injected, LineShape, inject, seen_through, stretched
from spectrove.spectrum import Spectrum


def inject_design(
    spectra: Iterable[Spectrum], shapes: Sequence[LineShape], design: Design, generator: np.random.Generator
) -> Iterator[Injected | tuple[str, str]]:
    """
    Put lines into many spectra.

    Parameters
    ----------
    spectra : iterable of Spectrum
        The spectra.
    shapes : sequence of LineShape
        The shapes of the lines, at least one.
    design : Design
        Strengths, widths and velocities.
    generator : numpy.random.Generator
        Order, velocities, and noise.

    Yields
    ------
    Injected or tuple of str
        ``design.copies`` injections for each spectrum, of keys that are the host's with ``-i`` and a number; or the identifier
        of a spectrum that no line can be put into, and the reason.
    """
    lines = lines_of(shapes, design)
    cells = _shuffled(len(lines), generator)
    for spectrum in spectra:
        yield from inject_copies(spectrum, lines, cells, design, generator)


def lines_of(shapes: Sequence[LineShape], design: Design) -> list[tuple[LineShape, float]]:
    """
    Return every line of a design, as the spectra's instrument sees it.

    Parameters
    ----------
    shapes : sequence of LineShape
        The shapes of the lines, at least one.
    design : Design
        Strengths and widths.

    Returns
    -------
    list of tuple of LineShape and float
        Every combination of shape, width and strength: the line, and its equivalent width in Å.
    """
    widths: tuple[float | None, ...] = design.fwhms or (None,)
    ready = [
        seen_through(shape if width is None else stretched(shape, width), design.resolving_power)
        for shape, width in itertools.product(shapes, widths)
    ]
    return list(itertools.product(ready, design.ews))


def inject_copies(
    spectrum: Spectrum,
    lines: Sequence[tuple[LineShape, float]],
    cells: Iterator[int],
    design: Design,
    generator: np.random.Generator,
) -> Iterator[Injected | tuple[str, str]]:
    """
    Put lines into copies of one spectrum.

    Parameters
    ----------
    spectrum : Spectrum
        The spectrum.
    lines : sequence of tuple of LineShape and float
        Those of `lines_of`.
    cells : iterator of int
        Which of them to use next.
    design : Design
        Number of copies and range of velocities.
    generator : numpy.random.Generator
        Velocities and noise.

    Yields
    ------
    Injected or tuple of str
        As of `inject_design`.
    """
    for copy in range(design.copies):
        shape, ew = lines[next(cells)]
        rv = float(generator.uniform(*design.rv))
        try:
            done = inject(spectrum, shape, ew, rv, generator)
        except SpectrumError as error:
            yield str(spectrum.spectrum_id), str(error)
            break
        header = replace(spectrum.header, key=f"{spectrum.header.key}-i{copy + 1}")
        yield replace(done, spectrum=replace(done.spectrum, header=header))


def _shuffled(n: int, generator: np.random.Generator) -> Iterator[int]:
    while True:
        yield from reversed(generator.permutation(n).tolist())
