"""
What a service answered, kept with its date: a catalog that is built again need not ask again, and says how old its matches are.

An answer is kept under the hash of what was asked (the positions, the service, the radius), as a Parquet file of its own that any
tool reads. It is written whole or not at all, and its pages carry checksums: a file that was damaged later counts as absent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from spectrove.contracts import FloatArray
from spectrove.errors import StorageError
from spectrove.storage import atomic_path, canonical_json, content_hash, make_directory

FORMAT = "spectrove-simbad-answer"
FORMAT_VERSION = 1
KEY = b"spectrove"


@dataclass(frozen=True, eq=False)
class Kept:
    """
    An answer of a service.

    Attributes
    ----------
    table : pyarrow.Table
        Its rows.
    asked_at : str
        When, ISO 8601, UTC.
    """

    table: pa.Table
    asked_at: str


def question_of(url: str, radius_arcsec: float, ra: FloatArray, dec: FloatArray) -> str:
    """
    Return the name of a question: the same positions asked of the same service give the same.

    Parameters
    ----------
    url : str
        Address of the service.
    radius_arcsec : float
        How far it looks.
    ra, dec : array of float64, shape (n,)
        Degrees, in the order in which they are asked.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    about = canonical_json({"format_version": FORMAT_VERSION, "url": url, "radius_arcsec": float(radius_arcsec), "n": len(ra)})
    return content_hash(about, ra.astype("<f8").tobytes(), dec.astype("<f8").tobytes())


def keep(folder: Path, question: str, kept: Kept, url: str, radius_arcsec: float) -> None:
    """
    Keep an answer.

    Parameters
    ----------
    folder : Path
        Where; made if it is absent.
    question : str
        What was asked, as of `question_of`.
    kept : Kept
        What was answered. An earlier answer to the same question is replaced.
    url : str
        Who was asked, for whoever reads the file.
    radius_arcsec : float
        How far was looked, for the same.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    import pyarrow.parquet as pq

    about = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "question": question,
        "asked_at": kept.asked_at,
        "url": url,
        "radius_arcsec": float(radius_arcsec),
    }
    try:
        make_directory(folder)
    except FileExistsError as error:
        msg = f"{folder}: cannot hold answers (there is a file of that name). Choose another place."
        raise StorageError(msg) from error
    with atomic_path(_place(folder, question)) as temporary:
        pq.write_table(kept.table.replace_schema_metadata({KEY: json.dumps(about).encode()}), temporary, write_page_checksum=True)


def kept_answer(folder: Path, question: str) -> Kept | None:
    """
    Return what was answered before.

    Parameters
    ----------
    folder : Path
        Where answers are kept.
    question : str
        What is asked, as of `question_of`.

    Returns
    -------
    Kept or None
        None if this was never asked, or the file is damaged or of another form.
    """
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(_place(folder, question), page_checksum_verification=True, partitioning=None)
        about = json.loads((table.schema.metadata or {})[KEY])
        if (about["format"], about["format_version"], about["question"]) != (FORMAT, FORMAT_VERSION, question):
            return None
        return Kept(table.replace_schema_metadata(None), str(about["asked_at"]))
    except (OSError, ValueError, KeyError, TypeError):  # pyarrow's errors are among these
        return None


def _place(folder: Path, question: str) -> Path:
    return folder / f"simbad-{question}.parquet"
