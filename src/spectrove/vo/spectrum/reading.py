"""A spectrum that is published, read from the survey's file when somebody asks for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

import numpy as np

from spectrove.pool import Pool
from spectrove.spectrum import HeaderFacts, Spectrum
from spectrove.surveys import read_again
from spectrove.vo.service.records import Range, Record

MOST_KEPT = 64
"""Spectra that are kept for the next request, as a client asks for picture, links and parts one after the other; some 10 MB."""


@dataclass(frozen=True, eq=False)
class Published:
    """
    A spectrum, and what is told with it.

    Attributes
    ----------
    record : Record
        What is published of it.
    spectrum : Spectrum
        Wavelengths in Å, fluxes in the survey's relative unit.
    source : str
        ``file`` if it is the survey's, at full resolution; ``pool`` if it is what the network saw.
    problem : str
        Why the survey's file was not read; empty if it was.
    """

    record: Record
    spectrum: Spectrum
    source: str
    problem: str = ""


class SpectrumReader:
    """
    Reads spectra of a pool. Several threads may ask at once.

    Parameters
    ----------
    pool : Pool
        The pool; nobody else may use this one at the same time.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[Spectrum, str, str]] = OrderedDict()

    def read(self, record: Record) -> Published:
        """
        Return a spectrum.

        Parameters
        ----------
        record : Record
            Which.

        Returns
        -------
        Published
            From the survey's file; the points that the network saw where there is no file, or it cannot be read any more.
        """
        # One at a time: astropy's reading is bound to one thread anyway, and silences its warnings for the whole process.
        with self._lock:
            if record.spectrum_id not in self._kept:
                self._kept[record.spectrum_id] = self._read(record)
                while len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(record.spectrum_id)
            return Published(record, *self._kept[record.spectrum_id])

    def _read(self, record: Record) -> tuple[Spectrum, str, str]:
        if record.file is None:
            return self._points(record), "pool", ""
        spectrum, problem = read_again(record.spectrum_id, record.file, record.format)
        if spectrum is None:
            # Where files are on this machine is nobody's business on the network.
            return self._points(record), "pool", problem.replace(record.file, record.file.rpartition("/")[2])
        return spectrum, "file", ""

    def _points(self, record: Record) -> Spectrum:
        flux = self._pool.features(np.array([record.row]))[0].astype(np.float64)
        survey, _, key = record.spectrum_id.partition(":")
        facts = HeaderFacts(survey, key, record.ra, record.dec, record.mjd, designation=record.designation, snr=record.snr)
        return Spectrum(self._pool.grid, flux, None, None, facts)


def cut_out(published: Published, band: Range) -> Published | None:
    """
    Return a part of a spectrum.

    Parameters
    ----------
    published : Published
        The spectrum.
    band : Range
        Wavelengths to keep, Å in vacuum.

    Returns
    -------
    Published or None
        The pixels of the band; where they are fewer than two, which are no spectrum, the two nearest to its middle. None if the
        spectrum covers nothing of the band.
    """
    whole = published.spectrum
    first, last = band
    if last < whole.wave[0] or first > whole.wave[-1]:
        return None
    keep = (whole.wave >= first) & (whole.wave <= last)
    if np.count_nonzero(keep) < 2:
        keep[np.argsort(np.abs(whole.wave - (first + last) / 2), kind="stable")[:2]] = True
    ivar = None if whole.ivar is None else whole.ivar[keep]
    mask = None if whole.mask is None else whole.mask[keep]
    return replace(published, spectrum=replace(whole, wave=whole.wave[keep], flux=whole.flux[keep], ivar=ivar, mask=mask))
