"""Types that several rooms share: identifiers, questions, answers, scores, progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NewType, Protocol, overload

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
"""Real numbers of any width."""

BoolArray = NDArray[np.bool_]
"""Flags."""

IntArray = NDArray[np.integer[Any]]
"""Row numbers or counts of any width."""

IdArray = NDArray[np.object_]
"""Spectrum identifiers, an object array of str."""

SpectrumId = NewType("SpectrumId", str)
"""Our key of a spectrum, ``survey:key``: unique, stable, and the only thing that data are joined by."""


class IdColumn(Protocol):
    """Ids of many spectra, read where they are asked for: an object array is one, and so is the column of a pool on the disk."""

    def __len__(self) -> int:
        """Return the number of spectra."""

    @overload
    def __getitem__(self, rows: int, /) -> SpectrumId: ...

    @overload
    def __getitem__(self, rows: slice | IntArray | BoolArray, /) -> IdArray: ...

    def __getitem__(self, rows: int | slice | IntArray | BoolArray, /) -> SpectrumId | IdArray:
        """Return the id of a row, or those of some rows as an object array of str."""


Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, how much of it is done, and how much there is (None: unknown)."""


def no_progress(what: str, done: int, total: int | None) -> None:
    """
    Do nothing; the default of every ``progress`` argument.

    Parameters
    ----------
    what : str
        What is being done.
    done : int
        How much of it is done.
    total : int or None
        How much there is of it; None if that is not known.
    """


def make_spectrum_id(survey: str, key: str) -> SpectrumId:
    """
    Return the identifier of a spectrum from its survey and the survey's own key.

    Parameters
    ----------
    survey : str
        Short name of the survey, without a colon.
    key : str
        Key that is unique within the survey and stable between its releases.

    Returns
    -------
    SpectrumId
        ``survey:key``.

    Raises
    ------
    ValueError
        If either part is empty, or the survey's name holds a colon.
    """
    if not survey or ":" in survey or not key.strip():
        msg = f"a spectrum id needs a survey without a colon and a key, got {survey!r} and {key!r}"
        raise ValueError(msg)
    return SpectrumId(f"{survey}:{key.strip()}")


@dataclass(frozen=True)
class Answer:
    """
    What somebody said about one spectrum.

    Attributes
    ----------
    answer_id : str
        Made by whoever answers, so that sending it twice records it once.
    spectrum_id : SpectrumId
        The spectrum that was looked at.
    label : str or None
        One of the campaign's classes, or None to abstain.
    annotator : str
        Who answered: a person's name or an oracle's.
    answered_at : str
        When, in UTC, ISO 8601.
    comment : str
        Free text.
    quality : int or None
        How sure one can be of what is seen, from 0 (nothing can be told) to 4 (beyond doubt), as in DESI's inspections [1]_.
    flags : tuple of str
        Short remarks from a list, such as ``artefact``.
    shown : mapping
        What was on the screen, as plain data: line, smoothing, velocity, whether the prediction was revealed.
    shown_at : str
        When the spectrum had been painted, in UTC, ISO 8601; empty if nobody noted it.
    purpose : str
        ``vote``: counts for the label; ``repeat``: a second look at one's own earlier vote; ``gold``: at a spectrum whose
        label is known; ``decision``: settles a disagreement; ``verify``: a verdict on a candidate.
    undoes : str
        Id of an earlier answer of the same annotator that this one takes back, saying nothing else; empty for every other answer.

    References
    ----------
    .. [1] Lan et al. 2023, ApJ 943, 68, sect. 2.2.
    """

    answer_id: str
    spectrum_id: SpectrumId
    label: str | None
    annotator: str
    answered_at: str
    comment: str = ""
    quality: int | None = None
    flags: tuple[str, ...] = ()
    shown: Mapping[str, Any] = field(default_factory=dict)
    shown_at: str = ""
    purpose: str = "vote"
    undoes: str = ""


@dataclass(frozen=True)
class CheckQuestion:
    """
    A spectrum that one person is shown to measure people, not to label it.

    Attributes
    ----------
    iteration : int
        Round of the loop in which it is shown.
    annotator : str
        Who is shown it.
    spectrum_id : SpectrumId
        The spectrum.
    kind : str
        ``second``: somebody else has labeled it, this is a blind second vote; ``repeat``: this person has labeled it before;
        ``gold``: its label is known.
    """

    iteration: int
    annotator: str
    spectrum_id: SpectrumId
    kind: str


@dataclass(frozen=True)
class Question:
    """
    A spectrum that the campaign asks about, and why.

    Attributes
    ----------
    iteration : int
        Round of the loop that asked, from 0.
    spectrum_id : SpectrumId
        The spectrum asked about.
    arm : str
        ``query`` (asked because an answer teaches much) or ``audit`` (drawn at random to measure precision and recall).
    position : int
        Place in the arm, from 0.
    utility : float
        Value of asking as the strategy saw it; NaN in the audit.
    inclusion_probability : float
        Probability with which the draw included this spectrum: 1 for a query that an audit by strata counts too, else NaN in the
        query.
    predicted : str
        Class of the largest probability when the question was asked.
    probabilities : tuple of float
        Predicted probability of each class, in the campaign's order.
    stratum : str
        Part of the population that it was asked from, of an audit by strata; else empty.
    """

    iteration: int
    spectrum_id: SpectrumId
    arm: str
    position: int
    utility: float
    inclusion_probability: float
    predicted: str
    probabilities: tuple[float, ...]
    stratum: str = ""


@dataclass(frozen=True, eq=False)
class Scores:
    """
    What a checkpoint says of every spectrum of a pool.

    Attributes
    ----------
    spectrum_ids : IdColumn, n_spectra long
        The spectra, in the pool's order.
    probabilities : array of float32, shape (n_spectra, n_classes)
        Predicted class probabilities; each row sums to 1.
    classes : tuple of str
        Names of the columns.
    checkpoint : str
        Content hash of the checkpoint.
    pool : str
        Content hash of the pool.
    """

    spectrum_ids: IdColumn
    probabilities: FloatArray
    classes: tuple[str, ...]
    checkpoint: str
    pool: str

    def predicted(self) -> IntArray:
        """
        Return the column of the largest probability of each spectrum.

        Returns
        -------
        array of int, shape (n_spectra,)
            Indices into ``classes``.
        """
        columns: IntArray = np.argmax(self.probabilities, axis=1)
        return columns


@dataclass(frozen=True)
class Stratum:
    """
    A part of a population of which some members are drawn at random, or all are asked about.

    Attributes
    ----------
    name : str
        What it is called.
    n_spectra : int
        How many it holds.
    is_predicted : bool
        True if its spectra are predicted targets, False if none is.
    is_census : bool
        True if all of them are asked about, whatever chance says.
    highest, lowest : float
        Largest and smallest predicted probability of being a target in it; NaN if it is empty.
    """

    name: str
    n_spectra: int
    is_predicted: bool
    is_census: bool = False
    highest: float = float("nan")
    lowest: float = float("nan")


class Oracle(Protocol):
    """Somebody or something that labels spectra."""

    name: str

    def ask(self, spectrum_ids: Sequence[SpectrumId]) -> list[str | None]:
        """
        Return a label, or None to abstain, for each spectrum.

        Parameters
        ----------
        spectrum_ids : sequence of SpectrumId
            The spectra asked about.

        Returns
        -------
        list of str or None
            What the oracle says of each, in their order.
        """
