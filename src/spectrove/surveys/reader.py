"""What a reader is, and the two ways to use them: read a file, or inspect which reader takes it and why the others do not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from spectrove import registry
from spectrove.errors import DamagedFileError, NoReaderError, SurveyFileError
from spectrove.spectrum import Spectrum
from spectrove.surveys.file import SurveyFile, faults_as_damage

GROUP = "spectrove.formats"
"""Entry points of the readers."""

LAST = "specutils"
"""The reader that is asked only after all others have declined: it guesses more than they do."""


class Reader(Protocol):
    """
    Reads one layout of one survey.

    Attributes
    ----------
    name : str
        Name of the reader's entry point, as ``--format`` takes it.
    title : str
        The layout in a few words.
    """

    name: str
    title: str

    def decline(self, file: SurveyFile) -> str | None:
        """
        Return why the file is not this reader's, decided by its content alone.

        Parameters
        ----------
        file : SurveyFile
            Any file.

        Returns
        -------
        str or None
            The true reason, one clause without a final stop; None if the reader takes the file. Nothing is raised.
        """

    def read(self, file: SurveyFile) -> Iterator[Spectrum]:
        """
        Return the spectra of a file that the reader has not declined.

        Parameters
        ----------
        file : SurveyFile
            The file.

        Returns
        -------
        iterator of Spectrum
            The spectra, in the file's order.

        Raises
        ------
        DamagedFileError
            If what the file promised cannot be read.
        """


class FitsReader(ABC):
    """
    Base of readers of FITS files with one spectrum.

    Attributes
    ----------
    name : str
        Name of the reader's entry point.
    title : str
        The layout in a few words.
    """

    name: str
    title: str

    def decline(self, file: SurveyFile) -> str | None:
        """
        Return why the file is not this reader's.

        Parameters
        ----------
        file : SurveyFile
            Any file.

        Returns
        -------
        str or None
            The reason; None if the reader takes the file.
        """
        if file.hdus is None:
            return f"it is {file.kind}, not FITS"
        try:
            with faults_as_damage(file.path, "its headers cannot be parsed"):
                return self._refusal(file.hdus)
        except DamagedFileError as error:
            return str(error).removeprefix(f"{file.path}: ")

    def read(self, file: SurveyFile) -> Iterator[Spectrum]:
        """
        Return the file's spectrum.

        Parameters
        ----------
        file : SurveyFile
            A file that has not been declined.

        Returns
        -------
        iterator of Spectrum
            The one spectrum.

        Raises
        ------
        DamagedFileError
            If its data cannot be read.
        """
        with faults_as_damage(file.path, f"its data cannot be read as {self.title}"):
            spectrum = self._spectrum(file.hdus)
        return iter((spectrum,))

    @abstractmethod
    def _refusal(self, hdus: Any) -> str | None:
        """Return why these HDUs are not this reader's; may raise any of `FAULTS`."""

    @abstractmethod
    def _spectrum(self, hdus: Any) -> Spectrum:
        """Return the spectrum of HDUs that were not refused; may raise any of `FAULTS`."""


@dataclass(frozen=True)
class Inspection:
    """
    What the readers say of a file.

    Attributes
    ----------
    path : Path
        The file.
    reader : str or None
        Name of the reader that takes it; None if none does.
    declined : dict of str to str
        The reason of each reader that does not take it, in the order they were asked.
    spectra : list of Spectrum
        The file's spectra; empty where ``error`` is set.
    error : str or None
        Why the file cannot be used: every reader declined it, or it is damaged.
    """

    path: Path
    reader: str | None = None
    declined: dict[str, str] = field(default_factory=dict)
    spectra: list[Spectrum] = field(default_factory=list)
    error: str | None = None


@cache
def _loaded() -> dict[str, Reader]:
    found = registry.load_all(GROUP)
    return {name: found[name] for name in sorted(found, key=lambda name: (name == LAST, name))}


def readers() -> dict[str, Reader]:
    """
    Return all readers by name, in the order in which they are asked.

    Returns
    -------
    dict of str to Reader
        By name, sorted; the specutils reader is last.
    """
    return dict(_loaded())


def asked(format: str | None) -> dict[str, Reader]:  # noqa: A002 - the command's word
    """
    Return the readers that are asked about a file, in their order.

    Parameters
    ----------
    format : str, optional
        Name of the only reader to ask.

    Returns
    -------
    dict of str to Reader
        By name.

    Raises
    ------
    PlugInError
        If no reader has the name ``format``.
    """
    if format is None:
        return _loaded()
    return {format: _loaded().get(format) or registry.load(GROUP, format)}


def read(path: Path, format: str | None = None) -> Iterator[Spectrum]:  # noqa: A002 - the command's word
    """
    Return the spectra of a file, by the first reader that takes it.

    Parameters
    ----------
    path : Path
        The file, gzipped or not, whatever its name.
    format : str, optional
        Name of the only reader to ask.

    Returns
    -------
    iterator of Spectrum
        The spectra, in the file's order.

    Raises
    ------
    NoReaderError
        If every reader declines the file; the message gives every reader's reason.
    DamagedFileError
        If the file is cut off, corrupt or empty; while iterating too.
    PlugInError
        If no reader has the name ``format``.
    """
    asked(format)
    file = SurveyFile(path)
    return reader_of(file, format).read(file)


def reader_of(file: SurveyFile, format: str | None = None) -> Reader:  # noqa: A002 - the command's word
    """
    Return the first reader that takes a file.

    Parameters
    ----------
    file : SurveyFile
        The file.
    format : str, optional
        Name of the only reader to ask.

    Returns
    -------
    Reader
        The reader.

    Raises
    ------
    NoReaderError
        If every reader declines the file; the message gives every reader's reason.
    PlugInError
        If no reader has the name ``format``.
    """
    declined: dict[str, str] = {}
    for name, reader in asked(format).items():
        reason = reader.decline(file)
        if reason is None:
            return reader
        declined[name] = reason
    raise _no_reader(file.path, declined, format)


def _no_reader(path: Path, declined: dict[str, str], format: str | None) -> NoReaderError:  # noqa: A002
    alike: dict[str, list[str]] = {}
    for name, reason in declined.items():
        alike.setdefault(reason, []).append(name)
    reasons = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in alike.items())
    if format is not None:
        return NoReaderError(f"{path}: the reader named by the format does not take this file ({reasons}). Try without --format.")
    return NoReaderError(f"{path}: no reader takes this file ({reasons}). Name one with --format to ask it alone.")


def inspect(path: Path, format: str | None = None) -> Inspection:  # noqa: A002 - the command's word
    """
    Return what every reader says of a file, and the spectra that the first one to take it reads.

    Parameters
    ----------
    path : Path
        The file.
    format : str, optional
        Name of the only reader to ask.

    Returns
    -------
    Inspection
        Reader, reasons of the others, spectra; a file that cannot be used gives an ``error`` instead of raising.

    Raises
    ------
    PlugInError
        If no reader has the name ``format``.
    """
    each = asked(format)
    path = Path(path)
    taker: str | None = None
    declined: dict[str, str] = {}
    try:
        with SurveyFile(path) as file:
            for name, reader in each.items():
                reason = f"not asked, as {taker} takes the file" if name == LAST and taker else reader.decline(file)
                if reason is None and taker is not None:
                    reason = f"would take the file too, but {taker} comes first"
                if reason is None:
                    taker = name
                else:
                    declined[name] = reason
            if taker is None:
                raise _no_reader(path, declined, format)
            return Inspection(path, taker, declined, list(each[taker].read(file)))
    except SurveyFileError as error:
        return Inspection(path, taker, declined, error=str(error))
