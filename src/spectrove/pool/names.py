"""What people call a spectrum, and which one they mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from spectrove.contracts import SpectrumId

SUFFIXES = r"(?i)(\.(gz|fits|fit|fts|dat|txt|csv|tsv|asc|ascii|ecsv|spec))+$"
"""What a file's name may end in without meaning another spectrum."""


def resolve_names(spectra: Iterable[pa.Table], twins: pa.Table, names: Sequence[str]) -> list[SpectrumId | None]:
    """
    Return the spectrum that each name means.

    Parameters
    ----------
    spectra : iterable of pyarrow.Table
        Columns spectrum_id, key, obsid and file, one row a spectrum; some spectra in each.
    twins : pyarrow.Table
        Columns spectrum_id and file: further files of the same spectra.
    names : sequence of str
        The names.

    Returns
    -------
    list of SpectrumId or None
        None where a name means no spectrum or several.
    """
    forms = [_forms(name) for name in names]
    wanted = pa.array(sorted({form for several in forms for form in several}), type=pa.string())
    meant: dict[str, set[tuple[str, str]]] = defaultdict(set)
    exact: set[str] = set()
    for table in spectra:
        exact.update(_matching(table["spectrum_id"], wanted, table)["spectrum_id"].to_pylist())
        _add_meant(meant, table, ("key", "obsid"), wanted)
    _add_meant(meant, twins, (), wanted)
    return [_one(name.strip(), several, exact, meant) for name, several in zip(names, forms, strict=True)]


def _forms(name: str) -> list[str]:
    # As it is, its last part, and that without suffixes.
    name = name.strip()
    last = name.rstrip("/").rpartition("/")[2]
    stem = pc.replace_substring_regex(pa.scalar(last), SUFFIXES, "").as_py()
    return [form for form in dict.fromkeys((name, last, stem)) if form]


def _matching(column: pa.ChunkedArray, wanted: pa.Array, table: pa.Table) -> pa.Table:
    return table.filter(pc.is_in(column, value_set=wanted))


def _add_meant(meant: dict[str, set[tuple[str, str]]], table: pa.Table, columns: Sequence[str], wanted: pa.Array) -> None:
    # For each form the spectra it may mean, each with the file that it is known from.
    files = pc.replace_substring_regex(table["file"], r"^.*/", "")
    stems = pc.replace_substring_regex(files, SUFFIXES, "")
    for column in (*(table[name] for name in columns), files, stems):
        found = _matching(column, wanted, table.append_column("form", column))
        for form, *known in zip(*(found[name].to_pylist() for name in ("form", "spectrum_id", "file")), strict=True):
            meant[form].add(tuple(known))


def _one(name: str, forms: list[str], exact: set[str], meant: dict[str, set[tuple[str, str]]]) -> SpectrumId | None:
    if name in exact:
        return SpectrumId(name)
    known = {pair for form in forms for pair in meant.get(form, ())}
    spectra = {spectrum_id for spectrum_id, _ in known}
    if len(spectra) > 1 and "/" in name:
        spectra = {spectrum_id for spectrum_id, file in known if f"/{file}".endswith(f"/{name.lstrip('./')}")}
    return SpectrumId(spectra.pop()) if len(spectra) == 1 else None
