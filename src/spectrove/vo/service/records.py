"""What a service tells of a spectrum, and what can be asked of it: shared by all protocols."""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]
"""Lower and upper end, both included; infinite where one is open."""


@dataclass(frozen=True)
class Record:
    """
    What is published of one spectrum.

    Attributes
    ----------
    spectrum_id : str
        Its id.
    row : int
        Its row in the pool.
    survey : str
        Short name of the survey.
    designation : str or None
        The survey's designation, or the target's name.
    ra, dec : float or None
        Position, degrees, ICRS.
    mjd : float or None
        Modified Julian date of the observation, days.
    snr : float or None
        Signal-to-noise ratio a pixel.
    release : str or None
        Data release or pipeline version.
    wave_min, wave_max : float
        What the spectrum covers, Å in vacuum.
    file : str or None
        The survey's file, as the pool keeps it; None if the spectrum was not made from a file.
    format : str or None
        Name of the reader that read it.
    label : str or None
        What people say it is; None if nobody was asked.
    predicted_class : str or None
        What the last network says it is; None before there is one, or where there is no campaign.
    """

    spectrum_id: str
    row: int
    survey: str
    designation: str | None
    ra: float | None
    dec: float | None
    mjd: float | None
    snr: float | None
    release: str | None
    wave_min: float
    wave_max: float
    file: str | None
    format: str | None
    label: str | None = None
    predicted_class: str | None = None

    @property
    def target_class(self) -> str | None:
        """
        Return the class of the target: what people say, or else the network.

        Returns
        -------
        str or None
            None where nobody said anything.
        """
        return self.label or self.predicted_class


@dataclass(frozen=True)
class Cone:
    """
    A circle on the sky.

    Attributes
    ----------
    ra, dec : float
        Center, degrees, ICRS.
    radius : float
        Degrees.
    """

    ra: float
    dec: float
    radius: float


@dataclass(frozen=True)
class Selection:
    """
    Which spectra are wanted: those that meet all that is given.

    Attributes
    ----------
    cone : Cone or None
        Where.
    bands : tuple of Range
        Wavelengths, Å in vacuum; a spectrum that covers a part of one of them will do. Empty: any.
    times : tuple of Range
        Modified Julian dates, days. Empty: any.
    snrs : tuple of Range
        Signal-to-noise ratios a pixel. Empty: any.
    names : tuple of str
        Designations or ids, whatever the case of their letters. Empty: any.
    classes : tuple of str
        Classes of targets, whatever the case of their letters. Empty: any.
    spectrum_ids : tuple of str or None
        These spectra and no others; None: any.
    surveys : tuple of str or None
        Short names of surveys; None: any.
    candidates_only : bool
        Only what is listed as a candidate of the campaign.
    limit : int
        At most so many.
    """

    cone: Cone | None = None
    bands: tuple[Range, ...] = ()
    times: tuple[Range, ...] = ()
    snrs: tuple[Range, ...] = ()
    names: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    spectrum_ids: tuple[str, ...] | None = None
    surveys: tuple[str, ...] | None = None
    candidates_only: bool = False
    limit: int = 10_000


@dataclass(frozen=True)
class Found:
    """
    What was found.

    Attributes
    ----------
    records : tuple of Record
        The spectra, in the same order whenever the same is asked.
    overflow : bool
        Whether there are more than the limit.
    """

    records: tuple[Record, ...]
    overflow: bool = False
