"""Spectra as files that the data center hands out: small FITS tables, in full resolution."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from spectrove.storage import make_directory, write_bytes
from spectrove.vo.dachs.rows import SpectrumRow, row_of
from spectrove.vo.service.records import Record
from spectrove.vo.spectrum.preview import preview_png
from spectrove.vo.spectrum.reading import SpectrumReader
from spectrove.vo.spectrum.tabular_fits import tabular_fits

HEAD = 6_000
"""Bytes of a spectrum's VOTable beside its data, about."""


def copied(
    records: Iterable[Record], reader: SpectrumReader, directory: Path, problems: list[str], *, previews: bool
) -> Iterator[SpectrumRow]:
    """
    Copy spectra into the resource, and yield what is told of them then.

    A spectrum whose file is gone is copied as the pool has it, in the window and at the steps of its recipe.

    Parameters
    ----------
    records : iterable of Record
        The spectra.
    reader : SpectrumReader
        What reads them.
    directory : Path
        The resource.
    problems : list of str
        What could not be read, and why, is added here.
    previews : bool
        Whether pictures are made, too.

    Yields
    ------
    SpectrumRow
        In the same order; ``file``, ``preview``, ``length``, ``bytes``, ``wave_min`` and ``wave_max`` are those of the copy.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    folders: set[Path] = set()
    for record in records:
        row, published = row_of(record), reader.read(record)
        if published.problem:
            problems.append(published.problem)
        wave, preview = published.spectrum.wave, f"previews{row.accref.removeprefix('data')}.png"
        files = {f"{row.accref}.fits": tabular_fits(published)}
        if previews:
            files[preview] = preview_png(published)
        for name, content in files.items():
            path = directory / name
            if path.parent not in folders:
                make_directory(path.parent)
                folders.add(path.parent)
            write_bytes(path, content)
        yield replace(
            row,
            file=f"{row.accref}.fits",
            reader=None,
            preview=preview if previews else None,
            length=wave.size,
            bytes=HEAD + 24 * wave.size,
            wave_min=float(wave[0]),
            wave_max=float(wave[-1]),
        )
