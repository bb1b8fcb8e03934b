"""The files of an injection: a spectrum a text file, and a table of what was put into each."""

from __future__ import annotations

import csv
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spectrove.contracts import BoolArray, FloatArray, Progress, make_spectrum_id, no_progress
from spectrove.errors import SpectrumError, StorageError
from spectrove.simulate.inject import Injected
from spectrove.spectrum import Spectrum
from spectrove.storage import PARTIAL, atomic_path, storage_errors

TRUTH = "truth.csv"
"""Name of the table."""

COLUMNS = (
    "spectrum_id", "label", "file", "host", "shape", "ew", "fwhm", "separation", "v_over_r", "rv", "snr", "visibility"
)  # fmt: skip
"""Columns of the table; ``ew`` is positive here, all else as in `spectrove.simulate.inject.Injected`."""

TEXT_SURVEY = "ascii"
"""The survey's name in the identifiers of spectra in text."""

HEAD = "# wavelengths in vacuum, Angstrom\nwave flux ivar\n"
"""What a text file begins with."""


@dataclass(frozen=True)
class InjectionReport:
    """
    What became of an injection.

    Attributes
    ----------
    directory : Path
        Where the files are.
    by_label : dict of str to int
        Number of spectra by what an ideal expert sees in them.
    refused : tuple of tuple of str
        Identifier and reason of each spectrum that no line could be put into.
    passed_over : tuple of str
        Why each file could not be read that could not.
    """

    directory: Path
    by_label: dict[str, int]
    refused: tuple[tuple[str, str], ...]
    passed_over: tuple[str, ...] = ()


def write_injections(
    directory: Path, results: Iterable[Injected | tuple[str, str]], progress: Progress = no_progress
) -> InjectionReport:
    """
    Write injected spectra and the table of what was put into them.

    Parameters
    ----------
    directory : Path
        New or empty; it appears whole when all is written, and one that is interrupted leaves nothing.
    results : iterable of Injected or tuple of str
        What `spectrove.simulate.inject_many.inject_design` yields.
    progress : Progress
        Called after each spectrum.

    Returns
    -------
    InjectionReport
        Counts, and what was refused.

    Raises
    ------
    StorageError
        If the directory holds an injection or something else, or cannot be written.
    """
    check_free(directory)
    rows: list[dict[str, str]] = []
    refused: list[tuple[str, str]] = []
    with atomic_path(directory.absolute()) as aside:
        (aside / "spectra").mkdir(parents=True)
        for result in results:
            if isinstance(result, Injected):
                rows.append(write_spectrum(aside / "spectra", f"{len(rows):06d}", result))
            else:
                refused.append(result)
            progress("injecting lines", len(rows), None)
        write_truth(aside, rows)
    return InjectionReport(directory, count_labels(rows), tuple(refused))


def write_truth(directory: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """
    Write the table of what was put into spectra.

    Parameters
    ----------
    directory : Path
        Of the injection.
    rows : sequence of mapping
        What `write_spectrum` returned of each spectrum.
    """
    lines = [",".join(COLUMNS), *(",".join(row[name] for name in COLUMNS) for row in rows)]
    (directory / TRUTH).write_text("\n".join(lines) + "\n", encoding="utf-8")


def count_labels(rows: Sequence[Mapping[str, str]]) -> dict[str, int]:
    """
    Return how many spectra have each label.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of the table.

    Returns
    -------
    dict of str to int
        In the order of the labels' names.
    """
    return dict(sorted(Counter(row["label"] for row in rows).items()))


def read_injections(directory: Path) -> tuple[list[str], FloatArray, FloatArray, list[str]]:
    """
    Return what was put into spectra.

    Parameters
    ----------
    directory : Path
        Of a finished injection.

    Returns
    -------
    ids : list of str
        Identifiers of the spectra.
    snr : array of shape (n_injected,)
        Their signal-to-noise ratios a pixel.
    ew : array of shape (n_injected,)
        Equivalent widths of the added emission, Å, positive.
    labels : list of str
        What an ideal expert sees.

    Raises
    ------
    StorageError
        If there is no finished injection.
    """
    path = directory / TRUTH
    if not path.is_file():
        msg = f"{directory}: holds no {TRUTH}, expected a finished injection. Run `spectrove simulate inject` first."
        raise StorageError(msg)
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    snr, ew = (np.array([float(row[name]) for row in rows]) for name in ("snr", "ew"))
    return [row["spectrum_id"] for row in rows], snr, ew, [row["label"] for row in rows]


def found_among(path: Path, ids: list[str]) -> BoolArray:
    """
    Return which spectra a list of candidates names.

    Parameters
    ----------
    path : Path
        A CSV file with a column ``spectrum_id``, such as a campaign's exported candidates.
    ids : list of str
        The spectra that were put lines into.

    Returns
    -------
    array of bool, shape (n_injected,)
        True where the file names the spectrum.

    Raises
    ------
    SpectrumError
        If the file cannot be read or has no such column.
    """
    try:
        reader = csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read ({error}), expected a CSV file with a column spectrum_id"
        raise SpectrumError(msg) from error
    if "spectrum_id" not in (reader.fieldnames or ()):
        msg = (
            f"{path}: has the columns {list(reader.fieldnames or ())}, expected one named spectrum_id. Export candidates as CSV."
        )
        raise SpectrumError(msg)
    named = {row["spectrum_id"] for row in reader}
    return np.array([spectrum_id in named for spectrum_id in ids], dtype=np.bool_)


def check_free(directory: Path) -> None:
    """
    Refuse what is no directory, or one that holds something.

    Parameters
    ----------
    directory : Path
        Where an injection is to be written.

    Raises
    ------
    StorageError
        If it cannot be.
    """
    if not directory.is_dir():
        if directory.exists():
            msg = f"{directory}: is no directory, expected a new one. Name another, or remove it."
            raise StorageError(msg)
        return
    with storage_errors(directory):
        names = [path.name for path in directory.iterdir()]
    if names:
        msg = f"{directory}: holds {min(names)!r} already, expected a new directory. Name another, or remove it."
        raise StorageError(msg)


def write_spectrum(directory: Path, number: str, result: Injected) -> dict[str, str]:
    """
    Write one spectrum, whole or not at all.

    Parameters
    ----------
    directory : Path
        Where to.
    number : str
        What its name begins with; no other spectrum's does.
    result : Injected
        The spectrum, and what was put into it.

    Returns
    -------
    dict of str to str
        Its row of the table.
    """
    name = f"{number}-" + re.sub(r"[^\w.+-]", "_", result.spectrum.header.key)
    temporary = directory / f".{name}.{uuid.uuid4().hex[:8]}{PARTIAL}"  # the folder is forced to the disk when all are written
    temporary.write_text(_text(result.spectrum), encoding="utf-8")
    temporary.replace(directory / f"{name}.dat")
    numbers = ("ew", "fwhm", "separation", "v_over_r", "rv", "snr", "visibility")
    told = {"label": result.label, "file": f"spectra/{name}.dat", "host": result.host.replace(",", " ")}
    told |= {"spectrum_id": make_spectrum_id(TEXT_SURVEY, name), "shape": result.shape.replace(",", " ")}
    return told | {column: f"{getattr(result, column):.4g}" for column in numbers}


def _text(spectrum: Spectrum) -> str:
    """Return a spectrum as text: wavelengths to 0.1 mÅ, fluxes to seven digits."""
    ivar = np.zeros_like(spectrum.flux) if spectrum.ivar is None else spectrum.ivar
    rows = zip(spectrum.wave.tolist(), spectrum.flux.tolist(), ivar.tolist(), strict=True)
    return HEAD + "".join(f"{wave:.4f} {flux:.7g} {weight:.7g}\n" for wave, flux, weight in rows)
