"""Catalogs as they are assembled, filled with numbers that mean nothing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from spectrove.catalog.columns import LINE_NAMES, PROFILES, CatalogFacts, catalog_schema
from spectrove.catalog.previews import PreviewItem, PreviewPaths
from spectrove.lines import H_ALPHA

CLASSES = ("single-peak", "double-peak", "not-interesting")
SCRIPT = "</script><script>document.title='taken'</script><img src=x onerror=document.title='taken'>"
STATUSES = ("known-catalog", "known-simbad", "new", "not-compared", "rejected")

FACTS = CatalogFacts(
    name="emission-2026",
    title="Emission-line stars",
    abstract="Found by active learning.",
    authors=("Škoda P.", SCRIPT),
    survey="LAMOST",
    release="DR2",
    n_spectra=4_136_482,
    made_at="2026-11-23T04:00:00Z",
    software="spectrove 0.1.0",
    classes=CLASSES,
    targets=CLASSES[:2],
    notes=(SCRIPT,),
    references=("A&A 643, A122",),
)


def spectrum(seed: int = 0, height: float = 4.0, n: int = 3900) -> tuple[np.ndarray, np.ndarray]:
    """Return wavelengths and flux of a star with Hα in emission, as LAMOST would see it."""
    generator = np.random.default_rng(seed)
    wave = np.geomspace(3700.0, 9100.0, n)
    line = height * np.exp(-0.5 * ((wave - H_ALPHA.wave) / 3.0) ** 2)
    return wave, 100 * (1 + line) + generator.normal(0, 2.0, n)


def items(n: int, **changes: object) -> list[PreviewItem]:
    """Return spectra to be drawn, one like the other but for the noise."""
    made = []
    for number in range(n):
        wave, flux = spectrum(number)
        facts = {"title": f"J{number:06d}", "label": CLASSES[number % 2], "wave": wave, "flux": flux, "mjd": 56000.0 + number}
        made.append(PreviewItem(f"lamost:{number}", **{**facts, **changes}))
    return made


def table(n: int, *, seed: int = 0, paths: list[PreviewPaths] | None = None, **changes: object) -> pa.Table:
    """Return a catalog of so many rows, each column by its type; ``changes`` replace whole columns."""
    generator = np.random.default_rng(seed)
    schema = catalog_schema(CLASSES)
    columns = {field.name: _column(field, n, generator) for field in schema}
    given = {
        "spectrum_id": [f"lamost:{number:05d}" for number in range(n)],
        "designation": [f"J{number:06d}" for number in range(n)],
        "ra": generator.uniform(0, 360, n),
        "dec": generator.uniform(-10, 60, n),
        "mjd": generator.uniform(55800, 56800, n),
        "group_id": [number // 2 if number < 10 else 1000 + number for number in range(n)],
        "n_exposures": [2 if number < 10 else 1 for number in range(n)],
        "label": [CLASSES[number % 2] for number in range(n)],
        "pred_class": [CLASSES[number % 2] for number in range(n)],
        "status": [STATUSES[number % len(STATUSES)] for number in range(n)],
        "obsid": [str(100_000 + number) for number in range(n)],
        "preview_line": [one.line for one in paths or [PreviewPaths(None, None)] * n],
        "preview_whole": [one.whole for one in paths or [PreviewPaths(None, None)] * n],
        **{f"profile_{key}": [PROFILES[number % len(PROFILES)] for number in range(n)] for key in LINE_NAMES},
        **changes,
    }
    for name, values in given.items():
        columns[name] = pa.array(list(values), schema.field(name).type)
    return pa.table(columns, schema=schema)


def _column(field: pa.Field, n: int, generator: np.random.Generator) -> pa.Array:
    if pa.types.is_floating(field.type):
        values = np.abs(generator.normal(2.0, 1.0, n)) if field.name.endswith("_err") else generator.normal(0, 10, n)
        return pa.array(values, field.type, mask=generator.random(n) < 0.1)
    if pa.types.is_integer(field.type):
        return pa.array(generator.integers(0, 9, n), field.type)
    if pa.types.is_boolean(field.type):
        return pa.array(generator.random(n) < 0.1)
    return pa.array([None] * n, field.type)
