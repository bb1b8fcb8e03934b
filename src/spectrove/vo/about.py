"""What a catalog says of itself: title, abstract, notes, files, and what it was made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spectrove.campaign import Campaign
from spectrove.catalog.assemble import Catalog
from spectrove.catalog.columns import CatalogFacts
from spectrove.catalog.pages import Download

NAME = "catalog"
"""Stem of the tables' files."""


@dataclass(frozen=True)
class About:
    """
    What a catalog's makers say of it.

    Attributes
    ----------
    title : str
        One line; made of the targets unless given.
    authors : tuple of str
        As ``Škoda P.``, in order.
    """

    title: str = ""
    authors: tuple[str, ...] = ()


WHAT_FILES_ARE = {
    ".vot": "VOTable with UCDs, units and descriptions: TOPCAT, Aladin, astropy",
    ".fits": "FITS table with the same: TOPCAT, IRAF, astropy",
    ".csv": "CSV: spreadsheets, pandas",
    ".parquet": "Parquet with units and descriptions: Arrow, Dask, databases",
    ".dat": "text of fixed width that ReadMe describes byte by byte: for the CDS",
    ".bib": "BibTeX of the methods that were used",
    ".pdf": "figures for a paper",
    ".json": "JSON",
}
"""What the files are, by suffix."""

NAMED_FILES = {
    "ReadMe": "description of the text table, byte by byte, as the CDS wants it",
    "footprint.fits": "MOC of the sky that was searched: TOPCAT, Aladin, mocpy",
    "footprint.json": "the same MOC as JSON",
    "provenance.json": "all that the catalog was made from: settings, hashes, versions, matches",
    "figures/examples.pdf": "figure: examples of each class",
    "figures/profiles.pdf": "figure: the profile of each object",
}
"""What is said of single files."""


def downloads(paths: Sequence[str]) -> tuple[Download, ...]:
    """
    Return what the index says of the catalog's files.

    Parameters
    ----------
    paths : sequence of str
        Paths within the catalog's folder.

    Returns
    -------
    tuple of Download
        In the same order.
    """
    found = []
    for path in paths:
        suffix = "." + path.rpartition(".")[2]
        found.append(Download(path, NAMED_FILES.get(path) or WHAT_FILES_ARE[suffix]))
    return tuple(found)


def catalog_facts(campaign: Campaign, catalog: Catalog, about: About) -> CatalogFacts:
    """
    Return what a catalog says of itself.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    catalog : Catalog
        Its catalog.
    about : About
        Title and authors.

    Returns
    -------
    CatalogFacts
        Counts as they are in the table.
    """
    classes = campaign.settings.classes
    made_from, targets = catalog.provenance["made_from"], " and ".join(classes.targets)
    surveys = sorted({str(id_).partition(":")[0] for id_ in catalog.table["spectrum_id"].to_pylist()})
    return CatalogFacts(
        name=NAME,
        title=about.title or f"Spectra of the classes {targets} in {campaign.pool.n_spectra:,} spectra of {', '.join(surveys)}",
        abstract=_abstract(campaign, catalog),
        authors=about.authors,
        survey=", ".join(surveys),
        pool=made_from["pool"]["content_hash"],
        release="",
        n_spectra=campaign.pool.n_spectra,
        made_at=catalog.provenance["made_at"],
        software=f"spectrove {catalog.provenance['software']['spectrove']}",
        classes=classes.names,
        targets=classes.targets,
        notes=_notes(catalog),
        references=(REFERENCE,),
    )


REFERENCE = "Škoda P., Podsztavek O., Tvrdík P., 2020, A&A 643, A122 (2020A&A...643A.122S)"
"""The method."""


def _abstract(campaign: Campaign, catalog: Catalog) -> str:
    table = catalog.table
    sources, statuses = Counter(table["source"].to_pylist()), Counter(table["status"].to_pylist())
    groups = table["group_id"].to_pylist()
    n_objects = len(set(groups) - {None}) + groups.count(None)  # without a position, each is taken for an object of its own
    return (
        f"{table.num_rows:,} spectra of {n_objects:,} objects were found among {campaign.pool.n_spectra:,} by a network that "
        f"learned from {catalog.provenance['n_answers']:,} answers on the way: {sources['network']:,} are predicted, "
        f"{sources['oracle']:,} were answered. {_comparison(catalog, statuses)}{statuses['rejected']:,} were rejected by who "
        "verified them, and are kept. Lines were measured in the spectra of full resolution."
    )


def _comparison(catalog: Catalog, statuses: Counter[str]) -> str:
    """Return how many were known to what they were compared with, and nothing of what they were not."""
    if not catalog.known.is_compared:
        return "They were compared with no earlier catalog and not with SIMBAD. "
    told = [f"{statuses['known-catalog']:,} were in earlier catalogs"] if catalog.known.sources["catalogs"] else []
    if _asked_simbad(catalog):
        told.append(f"{statuses['known-simbad']:,} {'more were ' if told else 'were '}in SIMBAD")
    return f"{', '.join(told)}, {statuses['new']:,} in nothing that was compared. "


HONEST = (
    (
        "Errors of equivalent widths hold noise and the fit of the continuum, not where it is drawn: bands and the wings of "
        "broad lines shift it by an angstrom or so, more in cool stars."
    ),
    (
        "Errors of velocities and separations were checked on lines as Be stars have them; of broad, lopsided or nebular lines, "
        "as in cataclysmic variables and planetary nebulae, the true ones are several times larger."
    ),
)
"""What the errors do not hold (docs/reference/measurements.md)."""


def _asked_simbad(catalog: Catalog) -> bool:
    return catalog.known.sources.get("simbad", {}).get("source") not in {None, "not asked", "none"}


def _notes(catalog: Catalog) -> tuple[str, ...]:
    verdicts = Counter(catalog.table["verdict"].to_pylist())
    frames = sorted({str(frame) for frame in catalog.table["rv_frame"].to_pylist()})
    notes = [
        "Equivalent widths are negative in emission, and of all in the window of the line, photosphere and nebula included.",
        f"Velocities are of profiles mirrored onto themselves, in the frame that rv_frame names (here: {', '.join(frames)}).",
    ]
    notes += HONEST
    if verdicts["none"]:
        notes.append(f"{verdicts['none']:,} of {catalog.table.num_rows:,} spectra were not verified by anybody.")
    if not catalog.provenance["made_from"]["finished"]:
        notes.append("The search was not finished when this was made.")
    if not catalog.known.sources.get("catalogs"):
        notes.append("No earlier catalog was compared with: 'new' says nothing of those.")
    if not _asked_simbad(catalog):
        notes.append("SIMBAD was not compared with: 'new' says nothing of what it knows.")
    return (*notes, *catalog.problems)


def methods_of(catalog: Catalog) -> tuple[str, ...]:
    """
    Return the methods that a catalog used, by the keys of `spectrove.catalog.bibliography`.

    Parameters
    ----------
    catalog : Catalog
        The catalog.

    Returns
    -------
    tuple of str
        Keys, each once.
    """
    surveys = {str(id_).partition(":")[0] for id_ in catalog.table["spectrum_id"].to_pylist()}
    used = [*METHODS, *(("lamost",) if "lamost" in surveys else ())]
    source = catalog.known.sources.get("simbad", {}).get("source")
    if source not in {None, "not asked", "none"}:
        used += ["simbad", *(() if source == "local" else ("x-match",))]
    return tuple(used)


METHODS = (
    "entropy",
    "audit",
    "binomial-limits",
    "smote",
    "equivalent-widths",
    "noise",
    "mirror-velocities",
    "groups",
    "footprint",
)
"""What every catalog is made with, beside `spectrove.catalog.bibliography.ALWAYS`."""


def provenance_of(catalog: Catalog, facts: CatalogFacts) -> dict[str, Any]:
    """
    Return what a catalog was made from, as plain data.

    Parameters
    ----------
    catalog : Catalog
        The catalog.
    facts : CatalogFacts
        What it says of itself.

    Returns
    -------
    dict
        For JSON: the campaign's provenance, and what the candidates were matched with.
    """
    curves = {name: {"knee_arcsec": curve.knee, "n_shifts": curve.n_shifts} for name, curve in catalog.known.curves.items()}
    return {
        **catalog.provenance,
        "catalog": {"title": facts.title, "authors": facts.authors, "n_rows": catalog.table.num_rows, "notes": facts.notes},
        "matched": {**catalog.known.sources, "curves": curves},
        "problems": catalog.problems,
    }
