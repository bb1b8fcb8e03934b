"""Oracles for simulated campaigns: a table of truth, and one that errs and abstains at known rates."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, MutableMapping, Sequence

import numpy as np

from spectrove.contracts import Oracle, SpectrumId
from spectrove.errors import LabelsError


class TruthTableOracle:
    """
    Answers from a table, and abstains where the table has no row.

    Parameters
    ----------
    labels : mapping of SpectrumId to str or None
        The truth; None where the table itself abstains.
    name : str
        Recorded as the annotator of its answers.
    """

    def __init__(self, labels: Mapping[SpectrumId, str | None], name: str = "truth table") -> None:
        self.name = name
        self._labels = dict(labels) if isinstance(labels, MutableMapping) else labels
        self._unknown: set[SpectrumId] = set()

    @property
    def n_unknown(self) -> int:
        """
        Return how many different spectra were asked about that the table does not know.

        Returns
        -------
        int
            Count since the oracle was made.
        """
        return len(self._unknown)

    def ask(self, spectrum_ids: Sequence[SpectrumId]) -> list[str | None]:
        """
        Return the label of each spectrum, in order.

        Parameters
        ----------
        spectrum_ids : sequence of SpectrumId
            The spectra.

        Returns
        -------
        list of str or None
            Labels; None where the table abstains or has no row.
        """
        self._unknown.update(spectrum_id for spectrum_id in spectrum_ids if spectrum_id not in self._labels)
        return [self._labels.get(spectrum_id) for spectrum_id in spectrum_ids]


class NoisyOracle:
    """
    Answers as another oracle does, but errs and abstains at given rates, as people do.

    Whether it errs on a spectrum, and how, depends on the spectrum's id and the generator's seed alone: it gives the same answer
    however often and in whatever order it is asked.

    Parameters
    ----------
    inner : Oracle
        Knows the truth.
    classes : sequence of str
        All classes; a wrong label is any of the others with equal probability.
    error_rate : float
        Probability of a wrong label where there is a label, 0 to 1.
    abstention_rate : float
        Probability of abstaining, 0 to 1; an abstention of ``inner`` stays one.
    generator : numpy.random.Generator
        Used once, when the oracle is made.

    Raises
    ------
    ValueError
        If a rate does not lie between 0 and 1, or there are fewer than two different classes.
    """

    def __init__(
        self, inner: Oracle, classes: Sequence[str], error_rate: float, abstention_rate: float, generator: np.random.Generator
    ) -> None:
        for name, rate in (("error_rate", error_rate), ("abstention_rate", abstention_rate)):
            if not 0 <= rate <= 1:
                msg = f"{name} must lie between 0 and 1, got {rate!r}"
                raise ValueError(msg)
        if len(set(classes)) != len(classes) or len(classes) < 2:
            msg = f"a noisy oracle needs at least two different classes, got {tuple(classes)}"
            raise ValueError(msg)
        self.name = f"noisy {inner.name}"
        self._inner = inner
        self._classes = tuple(classes)
        self._error_rate = error_rate
        self._abstention_rate = abstention_rate
        self._salt = generator.bytes(16)

    def ask(self, spectrum_ids: Sequence[SpectrumId]) -> list[str | None]:
        """
        Return a label for each spectrum, in order.

        Parameters
        ----------
        spectrum_ids : sequence of SpectrumId
            The spectra.

        Returns
        -------
        list of str or None
            Labels; None for an abstention.

        Raises
        ------
        LabelsError
            If ``inner`` gives a label that is none of the classes.
        """
        labels = self._inner.ask(spectrum_ids)
        return [self._blur(spectrum_id, label) for spectrum_id, label in zip(spectrum_ids, labels, strict=True)]

    def _blur(self, spectrum_id: SpectrumId, label: str | None) -> str | None:
        if label is None:
            return None
        if label not in self._classes:
            msg = f"{self._inner.name}: {spectrum_id} is labeled {label!r}, expected one of {self._classes}"
            raise LabelsError(msg)
        digest = hashlib.blake2b(spectrum_id.encode(), key=self._salt, digest_size=24).digest()
        abstains, errs, which = ((np.frombuffer(digest, dtype=">u8") >> 11) / 2.0**53).tolist()
        if abstains < self._abstention_rate:
            return None
        if errs < self._error_rate:
            others = [name for name in self._classes if name != label]
            return others[int(which * len(others))]
        return label
