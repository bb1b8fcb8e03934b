"""A source of spectra of noise; in a module of its own, so that other processes can import it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from spectrove.pool import RowBatch, row_batch
from spectrove.preprocess import recipe

RECIPE = recipe("halpha-2020")
WAVE = 10 ** (1e-4 * np.arange(38_100, 38_330))


class StoppedError(Exception):
    """Stands for a kill."""


@dataclass(frozen=True)
class Source:
    """Batches of noise, some of whose spectra are constant; it may be told to stop, to repeat ids or to give nonsense."""

    sizes: tuple[int, ...] = (7, 0, 12, 5)
    seed: int = 1
    constant: tuple[int, ...] = (2, 9)
    stop_at: int | None = None
    repeat: int | None = None
    spoil: str = ""
    name = "noise"

    @property
    def identity(self) -> Mapping[str, object]:
        return {"kind": "noise", "seed": self.seed, "sizes": list(self.sizes)}

    @property
    def n_batches(self) -> int:
        return len(self.sizes)

    @property
    def n_rows(self) -> int:
        return sum(self.sizes)

    def spectra(self, number: int) -> tuple[list[str], np.ndarray]:
        flux = np.random.default_rng([self.seed, number]).normal(100.0, 5.0, (self.sizes[number], WAVE.size))
        flux[[row for row in self.constant if row < len(flux)]] = 0.0
        keys = [f"{number}-{row}" for row in range(len(flux))]
        if number == self.repeat:
            keys[-1] = "0-1"
        return keys, flux.astype(np.float32)

    def batch(self, number: int) -> RowBatch:
        if number == self.stop_at:
            raise StoppedError
        keys, flux = self.spectra(number)
        metadata = pa.table(
            {
                "survey": pa.array(["lamost"] * len(keys), type=pa.string()),
                "key": pa.array(keys, type=pa.string()),
                "ra": np.full(len(keys), 10.5),
                "plate": pa.array(np.full(len(keys), number)),
            }
        )
        batch, _ = row_batch(RECIPE, metadata, WAVE, flux)
        if self.spoil == "column":
            return replace(batch, metadata=batch.metadata.append_column("colour", batch.metadata["key"]))
        if self.spoil == "id":
            return replace(batch, metadata=batch.metadata.drop_columns("spectrum_id"))
        if self.spoil == "shape":
            return replace(batch, features=batch.features[:, 1:])
        if self.spoil == "nan":
            return replace(batch, features=np.full_like(batch.features, np.nan))
        if self.spoil == "large":
            batch.features[3, 5] = 1.0001
        return batch
