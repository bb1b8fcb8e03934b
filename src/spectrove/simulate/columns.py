"""Structures of arrays: what many spectra are made of, one row a spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self, TypeVar

import numpy as np

from spectrove.contracts import BoolArray, IntArray

Struct = TypeVar("Struct", bound="Columns")


@dataclass(frozen=True, eq=False)
class Columns:
    """A base class for dataclasses whose attributes all are arrays of shape (n_spectra, ...), or such structures themselves."""

    def rows(self, selection: IntArray | BoolArray | slice) -> Self:
        """
        Return some of the spectra.

        Parameters
        ----------
        selection : array of int or bool, or slice
            Their rows, in any order and with repetitions, or a flag for every row.

        Returns
        -------
        Columns
            Of the same class, with these rows of every attribute.
        """
        values = (getattr(self, field.name) for field in fields(self))
        return type(self)(*(value.rows(selection) if isinstance(value, Columns) else value[selection] for value in values))


def stacked(parts: Sequence[Struct]) -> Struct:
    """
    Return several structures as one, the rows of the first before those of the next.

    Parameters
    ----------
    parts : sequence of Columns
        One or more, of one class.

    Returns
    -------
    Columns
        Of the same class.
    """
    columns = ([getattr(part, field.name) for part in parts] for field in fields(parts[0]))
    return type(parts[0])(*(stacked(some) if isinstance(some[0], Columns) else np.concatenate(some) for some in columns))
