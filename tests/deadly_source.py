"""A source of noise that ends the process that makes it; in a module of its own, so that other processes can import it."""

from __future__ import annotations

from dataclasses import dataclass

from cluster_tasks import die_once
from noise_source import Source
from spectrove.pool import RowBatch


@dataclass(frozen=True)
class DeadlySource(Source):
    """Makes noise; the first process that makes its third batch ends when that is made."""

    mark: str = ""

    def batch(self, number: int) -> RowBatch:
        """Return a batch, or end."""
        batch = super().batch(number)
        if number == 2:
            die_once(self.mark)
        return batch
