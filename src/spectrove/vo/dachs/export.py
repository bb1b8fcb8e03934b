"""The folder that an operator of DaCHS drops into its inputs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spectrove.campaign import Campaign
from spectrove.campaign.answers import now
from spectrove.campaign.queue import secrets_of
from spectrove.catalog import candidates_of, software_versions
from spectrove.contracts import IntArray, Progress, no_progress
from spectrove.errors import StorageError
from spectrove.pool import Pool
from spectrove.storage import is_remote, make_directory, remove, storage_errors, write_bytes
from spectrove.vo.dachs.columns import Declared, declared
from spectrove.vo.dachs.names import place_of, plain, require_schema
from spectrove.vo.dachs.rows import Opinions, SpectrumRow, records_of, row_of, write_rows, write_table
from spectrove.vo.dachs.spectra import copied
from spectrove.vo.service.records import Record
from spectrove.vo.spectrum.reading import SpectrumReader

DESCRIPTOR = "q.rd"
"""What DaCHS reads; written last, so that a folder which holds it is whole."""

BUILDING = ".building"
"""Ending of the folder that an export is made in."""

UNTITLED = "Spectra searched with spectrove"


@dataclass(frozen=True)
class DachsAbout:
    """
    What the publishers say of a resource; what they leave empty is marked in the descriptor, to be filled in.

    Attributes
    ----------
    schema : str
        Its name: of the folder in DaCHS' inputs, and of the schema in its database.
    title : str
        One line.
    authors : tuple of str
        As ``Škoda, P.``, in order.
    reference : str
        Bibcode or DOI of the paper.
    facility : str
        The telescope.
    """

    schema: str
    title: str = ""
    authors: tuple[str, ...] = ()
    reference: str = ""
    facility: str = ""


@dataclass(frozen=True)
class DachsContent:
    """
    What is in a resource.

    Attributes
    ----------
    whole_pool : bool
        All spectra of a campaign's pool, and not the candidates alone.
    copies : bool or None
        Whether the spectra are copied into the folder, or read where the survey's files are. Candidates are copied and a whole
        pool is not, unless told.
    previews : bool
        Whether pictures of copied spectra are made.
    """

    whole_pool: bool = False
    copies: bool | None = None
    previews: bool = True


@dataclass
class DachsExport:
    """
    What was exported.

    Attributes
    ----------
    directory : Path
        The resource.
    n_spectra : int
        Spectra that it serves.
    n_candidates : int
        Rows of its table of candidates; 0 without one.
    n_left_out : int
        Candidates that are not told, as people are still asked about them.
    n_without_file : int
        Spectra that cannot be served by reference, as they were not made from files.
    problems : list of str
        Why spectra are not from the survey's file, a sentence each.
    """

    directory: Path
    n_spectra: int = 0
    n_candidates: int = 0
    n_left_out: int = 0
    n_without_file: int = 0
    problems: list[str] = field(default_factory=list)


def export_dachs(
    source: Campaign | Pool,
    directory: Path,
    about: DachsAbout,
    content: DachsContent | None = None,
    progress: Progress = no_progress,
) -> DachsExport:
    """
    Write a campaign's candidates, or a pool, as a resource of DaCHS.

    It is made in a folder beside ``directory``, which it replaces when it is whole.

    Parameters
    ----------
    source : Campaign or Pool
        What is published; of a campaign the candidates, or its pool.
    directory : Path
        The resource's folder.
    about : DachsAbout
        What is said of it.
    content : DachsContent, optional
        What is in it.
    progress : Progress, optional
        Called as the work goes on.

    Returns
    -------
    DachsExport
        What was written.

    Raises
    ------
    CampaignError
        If candidates are wanted, and nothing is scored yet.
    ValueError
        If the schema's name is impossible.
    StorageError
        If the disk is full or cannot be written, or ``directory`` holds something else.
    """
    require_schema(about.schema)
    _require_ours(directory)
    work = _Work(source, about, content or DachsContent())
    building = directory.absolute().with_name(f".{directory.absolute().name}{BUILDING}")
    remove(building)
    make_directory(building / "res")
    try:
        done = work.write(building, progress)
    except BaseException:
        remove(building)
        raise
    remove(directory)
    with storage_errors(directory):
        building.rename(directory)
    done.directory = directory
    return done


def _require_ours(directory: Path) -> None:
    if is_remote(directory):
        msg = f"{directory}: this is no folder of this machine. Name one with --output, and copy it to the data center then."
        raise StorageError(msg)
    if directory.exists() and not directory.is_dir():
        msg = f"{directory}: this is a file, and the resource needs a folder. Move it away, or name another with --output."
        raise StorageError(msg)
    if directory.is_dir() and any(directory.iterdir()) and not (directory / DESCRIPTOR).is_file():
        msg = f"{directory}: holds files that are no resource of DaCHS, which would be replaced. Name a new folder with --output."
        raise StorageError(msg)


class _Work:
    def __init__(self, source: Campaign | Pool, about: DachsAbout, content: DachsContent) -> None:
        self.campaign = source if isinstance(source, Campaign) else None
        self.pool = source if isinstance(source, Pool) else source.pool
        self.about = about
        self.whole_pool = content.whole_pool or self.campaign is None
        self.copies = not self.whole_pool if content.copies is None else content.copies
        self.previews = content.previews and self.copies
        self.surveys: set[str] = set()
        self.example = ""

    def write(self, directory: Path, progress: Progress) -> DachsExport:
        done = DachsExport(directory)
        candidates, done.n_left_out = self._candidates()
        if candidates is None or self.whole_pool:
            rows: IntArray = np.arange(self.pool.n_spectra)
        else:
            rows = self.pool.rows_of(candidates["spectrum_id"].to_pylist())
        archive = "" if self.copies else self._archive(rows)
        records = self._seen(records_of(self.pool, rows, Opinions.of(self.campaign)), len(rows), progress)
        if self.copies:
            told = copied(records, SpectrumReader(self.pool), directory, done.problems, previews=self.previews)
        else:
            told = _referred(records, archive, done)
        done.n_spectra = write_rows(told, directory / "spectra.csv")
        columns: list[Declared] = []
        if candidates is not None and candidates.num_rows:
            table, columns = declared(candidates)
            done.n_candidates = write_table(table, directory / "candidates.csv")
        facts = {**self._facts(done, archive), "candidates": columns, "test_cone": _first_position(candidates)}
        _render("spectra.py.jinja", directory / "res" / "spectra.py", facts)
        _render("README.md.jinja", directory / "README.md", facts)
        _render(f"{DESCRIPTOR}.jinja", directory / DESCRIPTOR, facts)
        return done

    def _candidates(self) -> tuple[pa.Table | None, int]:
        if self.campaign is None:
            return None, 0
        if self.whole_pool and not any(row.scores is not None for row in self.campaign.store.iterations()):
            return None, 0
        table, _ = candidates_of(self.campaign)
        asked = [str(id_) for id_ in secrets_of(self.campaign)]
        kept = table.filter(pc.invert(pc.is_in(table["spectrum_id"], value_set=pa.array(asked, pa.string()))))
        return kept, table.num_rows - kept.num_rows

    def _archive(self, rows: IntArray) -> str:
        """Return the folder that all of the survey's files are below."""
        common: str | None = None
        for record in records_of(self.pool, rows, Opinions()):
            if record.file and "://" not in record.file:
                folder = os.path.dirname(record.file)  # noqa: PTH120 - millions of paths
                common = folder if common is None else os.path.commonpath([common, folder])
        return common or ""

    def _seen(self, records: Iterable[Record], total: int, progress: Progress) -> Iterator[Record]:
        for n, record in enumerate(records):
            progress("spectra", n, total)
            self.surveys.add(record.survey)
            self.example = self.example or record.spectrum_id
            yield record

    def _facts(self, done: DachsExport, archive: str) -> dict[str, Any]:
        about, what = self.about, "all spectra that were searched" if self.whole_pool else "candidates of a search"
        title, surveys = plain(about.title) or UNTITLED, plain(", ".join(sorted(self.surveys)))
        return {
            "software": f"spectrove {software_versions()['spectrove']}",
            "made_at": now(),
            "schema": about.schema,
            "short_name": about.schema[:11],
            "title": title,
            "description": f"{title}: {what}, {done.n_spectra:,} spectra of {surveys}, {SERVED}",
            "description_of_spectra": f"Spectra, one a row: {what}.",
            "description_of_candidates": "Candidates, one a spectrum: predicted by the network, or confirmed by people.",
            "creator": "; ".join(plain(name) for name in about.authors) or "unknown",
            "instrument": surveys,
            "facility": plain(about.facility),
            "source": plain(about.reference),
            "refers": not self.copies,
            "archive": repr(archive),
            "previews": self.previews,
            "n_spectra": done.n_spectra,
            "n_candidates": done.n_candidates,
            "test_accref": f"{about.schema}/{place_of(self.example)}",
        }


SERVED = (
    "handed out in full resolution, with wavelengths in vacuum and the relative fluxes of the survey. Classes are those that "
    "people gave, and those that a network predicts which learned from answers of people."
)


def _referred(records: Iterable[Record], archive: str, done: DachsExport) -> Iterator[SpectrumRow]:
    for record in records:
        row = row_of(record)
        if not row.file:
            done.n_without_file += 1
            continue
        row.file = row.file if "://" in row.file else os.path.relpath(row.file, archive)
        yield row


def _first_position(candidates: pa.Table | None) -> tuple[float, float]:
    if candidates is None:
        return 0.0, 0.0
    pairs = zip(candidates["ra"].to_pylist(), candidates["dec"].to_pylist(), strict=True)
    return next(((ra, dec) for ra, dec in pairs if ra is not None and dec is not None), (0.0, 0.0))


def _render(name: str, path: Path, facts: dict[str, Any]) -> None:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("spectrove.vo.dachs"),
        autoescape=name.startswith(DESCRIPTOR),  # the others are no markup
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    write_bytes(path, environment.get_template(name).render(**facts).encode("utf-8"))
