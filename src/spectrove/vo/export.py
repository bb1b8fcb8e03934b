"""A campaign's candidates as files: CSV, VOTable, and the provenance."""

from __future__ import annotations

from pathlib import Path

from spectrove.campaign import Campaign
from spectrove.catalog import candidates_of, write_csv, write_provenance
from spectrove.errors import StorageError
from spectrove.storage import storage_errors
from spectrove.vo.votable import write_votable


def export_candidates(campaign: Campaign, directory: Path) -> dict[str, Path]:
    """
    Write a campaign's candidates and return where they are.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    directory : Path
        Where to; it is made if it does not exist, and earlier exports in it are replaced.

    Returns
    -------
    dict of str to Path
        ``candidates`` (CSV), ``votable`` and ``provenance`` (JSON).

    Raises
    ------
    CampaignError
        If nothing is scored yet.
    StorageError
        If the disk is full or cannot be written, or ``directory`` is a file.
    """
    table, provenance = candidates_of(campaign)
    paths = {
        "candidates": directory / "candidates.csv",
        "votable": directory / "candidates.vot",
        "provenance": directory / "provenance.json",
    }
    made_from = provenance["made_from"]
    infos = {
        "software": f"spectrove {provenance['software']['spectrove']}",
        "made_at": provenance["made_at"],
        "pool": made_from["pool"]["content_hash"],
        "checkpoint": str(made_from["checkpoint"]),
        "iteration": str(made_from["iteration"]),
        "finished": str(made_from["finished"]).lower(),
    }
    if directory.exists() and not directory.is_dir():
        msg = f"{directory}: this is a file, and the candidates need a folder of that name. Move it away."
        raise StorageError(msg)
    with storage_errors(directory):
        directory.mkdir(parents=True, exist_ok=True)
    write_csv(table, paths["candidates"])
    write_votable(
        table, paths["votable"], "Candidates of a spectrove campaign: predicted targets, and targets found by the oracle.", infos
    )
    write_provenance(provenance, paths["provenance"])
    return paths
