"""A catalog with every column, of chance, with values missing everywhere but in the ids."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from spectrove.catalog.columns import CatalogFacts, catalog_schema

CLASSES = ("single-peak", "double-peak", "not-interesting")

FACTS = CatalogFacts(
    name="Demo catalog",
    title="Candidates with emission in Hα",
    abstract="Spectra with emission, found by a network that learns from answers, and looked at one after the other. " * 3,
    authors=("Škoda P.", "Podsztavek O."),
    survey="LAMOST",
    pool="ab" * 32,
    release="DR2",
    n_spectra=4_136_482,
    made_at="2026-11-23T04:00:00Z",
    software="spectrove 0.1.0",
    classes=CLASSES,
    targets=CLASSES[:2],
    notes=("Velocities are barycentric.",),
    references=("Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122",),
)


def whole_catalog(generator: np.random.Generator, n_rows: int = 60, missing: float = 0.3) -> pa.Table:
    """Return a table with all columns of a catalog."""
    columns = {field.name: column(generator, field, n_rows, missing) for field in catalog_schema(CLASSES)}
    return pa.table(columns)


def column(generator, field, n_rows, missing):
    if field.name == "spectrum_id":
        return pa.array([f"lamost:56{row:05d}-01-001" for row in range(n_rows)], pa.string())
    mask = generator.random(n_rows) < missing
    if field.type == pa.string():
        words = ["Be*", "ψ⁹ Aur; Hα široká", "a <b> & c", "two\nlines", "[0/1]? 5", "x" * 40]
        return pa.array([words[place] for place in generator.integers(0, len(words), n_rows)], pa.string(), mask=mask)
    if field.type == pa.bool_():
        return pa.array(generator.random(n_rows) < 0.5, pa.bool_(), mask=mask)
    if field.type == pa.int32():
        return pa.array(generator.integers(-5, 4000, n_rows).astype(np.int32), mask=mask)
    values = generator.uniform(-90, 90, n_rows) if field.name in {"ra", "dec"} else generator.normal(0, 300, n_rows)
    values = np.abs(values) if field.name == "ra" else values
    return pa.array(values.astype(field.type.to_pandas_dtype()), mask=mask)
