"""A campaign's catalog as files: tables for every tool, pages, pictures, the footprint, and what it was made from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from spectrove.campaign import Campaign
from spectrove.catalog.assemble import Catalog, CatalogSettings, make_catalog
from spectrove.catalog.bibliography import write_bibtex
from spectrove.catalog.figures import write_figures
from spectrove.catalog.files import write_csv, write_provenance
from spectrove.catalog.footprint import positions_of, write_moc
from spectrove.catalog.match_curves import write_curve
from spectrove.catalog.pages import IndexParts, write_pages
from spectrove.catalog.readme import write_readme
from spectrove.contracts import Progress, no_progress
from spectrove.errors import StorageError
from spectrove.execution import Executor
from spectrove.storage import make_directory, remove, storage_errors
from spectrove.vo.about import About, catalog_facts, downloads, methods_of, provenance_of
from spectrove.vo.fits_table import write_fits
from spectrove.vo.parquet import write_parquet
from spectrove.vo.votable import write_votable

PROVENANCE = "provenance.json"
"""Written last: a folder that holds it holds a whole catalog."""

BUILDING = ".building"
"""Ending of the folder that a catalog is made in; it takes the place of the old one when it is whole."""


def publish(
    campaign: Campaign,
    directory: Path,
    settings: CatalogSettings,
    about: About,
    executor: Executor | None = None,
    progress: Progress = no_progress,
) -> tuple[Catalog, list[Path]]:
    """
    Make a campaign's catalog and write it in every form.

    It is made in a folder beside ``directory``, which it replaces when it is whole: an earlier catalog stays until then.

    Parameters
    ----------
    campaign : Campaign
        The campaign; something is scored.
    directory : Path
        The catalog's folder.
    settings : CatalogSettings
        What candidates are matched with, and how.
    about : About
        Title and authors.
    executor : Executor, optional
        Where spectra are read, measured and drawn.
    progress : Progress, optional
        Called as the work goes on.

    Returns
    -------
    tuple of (Catalog, list of Path)
        The catalog, and its files but for the pictures of single spectra, the index first.

    Raises
    ------
    CampaignError
        If nothing is scored yet.
    CatalogError
        If there is no candidate, or a table to match with cannot be used.
    StorageError
        If the disk is full or cannot be written, or ``directory`` holds something else.
    """
    _require_ours(directory)
    building = directory.absolute().with_name(f".{directory.absolute().name}{BUILDING}")
    remove(building)
    make_directory(building)
    try:
        catalog = make_catalog(campaign, building, settings, executor, progress)
        names = _write(campaign, catalog, (about, settings), building, progress)
    except BaseException:
        remove(building)
        raise
    remove(directory)
    with storage_errors(directory):
        building.rename(directory)
    return catalog, [directory / name for name in names]


def _require_ours(directory: Path) -> None:
    if not directory.exists():
        return
    if not directory.is_dir():
        msg = f"{directory}: this is a file, and the catalog needs a folder. Move it away, or name another with --output."
        raise StorageError(msg)
    if any(directory.iterdir()) and not (directory / PROVENANCE).is_file():
        msg = (
            f"{directory}: holds files that are no catalog, which would be replaced. Name an empty or a new folder with --output."
        )
        raise StorageError(msg)


def _write(
    campaign: Campaign, catalog: Catalog, asked: tuple[About, CatalogSettings], directory: Path, progress: Progress
) -> list[str]:
    about, settings = asked
    facts = catalog_facts(campaign, catalog, about)
    name, table = facts.name, catalog.table
    infos = {"software": facts.software, "made_at": facts.made_at, "pool": facts.pool}
    written: list[str] = []

    def make(what: str, path: str, write: Callable[[Path], Any]) -> None:
        progress(f"write {what}", len(written), None)
        write(directory / path)
        written.append(path)

    make("VOTable", f"{name}.vot", lambda path: write_votable(table, path, facts.title, infos))
    make("FITS", f"{name}.fits", lambda path: write_fits(table, path, facts.title, infos))
    make("CSV", f"{name}.csv", lambda path: write_csv(table, path))
    make("Parquet", f"{name}.parquet", lambda path: write_parquet(table, path, facts.title, infos))
    make("ReadMe", "ReadMe", lambda path: written.append(write_readme(table, path.parent, facts)["data"].name))
    make("MOC", "footprint.fits", lambda path: write_moc(path, path.with_suffix(".json"), positions_of(campaign.pool)))
    written.append("footprint.json")
    make("BibTeX", "references.bib", lambda path: write_bibtex(path, methods_of(catalog)))
    make_directory(directory / "figures")
    generator = np.random.default_rng(settings.seed)
    make(
        "figures",
        "figures/examples.pdf",
        lambda path: write_figures(path.parent, catalog.items, generator=generator, title=facts.title),
    )
    written.append("figures/profiles.pdf")
    curves = tuple(write_curve(directory, curve, name) for name, curve in catalog.known.curves.items())
    parts = IndexParts(catalog.confusion, curves, downloads(written))
    pages = [path.relative_to(directory).as_posix() for path in write_pages(directory, table, facts, parts)]
    write_provenance(provenance_of(catalog, facts), directory / PROVENANCE)
    return [*pages, *written, PROVENANCE]
