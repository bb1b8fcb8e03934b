"""
Checks of one VOTable: by astropy's strict parser, the vocabulary of UCDs, the standard of units, and STILTS where there is one.

References
----------
.. [1] Preite Martinez et al. 2021, The UCD1+ controlled vocabulary 1.4, IVOA Recommendation.
.. [2] Gray et al. 2023, Units in the VO 1.1, IVOA Recommendation.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from astropy import units as u
from astropy.io.votable import parse
from astropy.io.votable.ucd import check_ucd

from spectrove.vo.check.findings import Finding, finding

OF_THE_FIRST_KIND = frozenset({"ID_MAIN", "POS_EQ_RA_MAIN", "POS_EQ_DEC_MAIN"})
"""UCDs of the first kind, by which Simple Cone Search 1.03 knows its columns (sect. 2.2)."""

KNOWN_UNITS = frozenset({"Angstrom"})
"""Units that the standard gives up and programs of the field want, in spectra."""

MEANT = rf"(.*Invalid UCD '({'|'.join(sorted(OF_THE_FIRST_KIND))})'|The unit '({'|'.join(sorted(KNOWN_UNITS))})' has been)"
"""What astropy warns of in those, as it knows no other kind."""

PATIENCE = 120
"""Seconds that a validator has."""


def check_table(where: str, content: bytes) -> list[Finding]:
    """
    Check a VOTable.

    Parameters
    ----------
    where : str
        What it is.
    content : bytes
        The document.

    Returns
    -------
    list of Finding
        By the parser, of UCDs and units, and by votlint.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=MEANT)
        try:
            document = parse(io.BytesIO(content), verify="warn")
        except (ValueError, OSError, Warning, TypeError) as error:
            return [finding(where, "astropy", [f"{type(error).__name__}: {error}"]), by_stilts(where, content)]
    described = list(_described(document))
    return [
        finding(where, "astropy", []),
        finding(where, "UCDs", [problem for one in described if (problem := _wrong_ucd(one))]),
        finding(where, "units", [problem for one in described if (problem := _wrong_unit(one))]),
        by_stilts(where, content),
    ]


def _described(document: Any) -> Iterator[Any]:
    for resource in _all(document.resources):
        yield from resource.params
        for table in resource.tables:
            yield from table.fields
            yield from table.params
        for group in resource.groups:
            yield from (entry for entry in group.entries if hasattr(entry, "ucd"))


def _all(resources: Iterable[Any]) -> Iterator[Any]:
    for resource in resources:
        yield resource
        yield from _all(resource.resources)


def _wrong_ucd(one: Any) -> str:
    if not one.ucd or one.ucd in OF_THE_FIRST_KIND or check_ucd(one.ucd, check_controlled_vocabulary=True, has_colon=True):
        return ""
    return f"{one.name}: the UCD {one.ucd!r} is not of the vocabulary"


def _wrong_unit(one: Any) -> str:
    unit = str(one.unit) if one.unit is not None else ""
    if not unit or unit in KNOWN_UNITS:
        return ""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            u.Unit(one.unit, format="vounit")
            u.Unit(u.Unit(one.unit).to_string("vounit"), format="vounit")
        except (ValueError, Warning) as error:
            return f"{one.name}: the unit {unit!r} is not of the standard ({error})"
    return ""


def by_stilts(where: str, content: bytes, command: str = "votlint") -> Finding:
    """
    Check a document by STILTS.

    Parameters
    ----------
    where : str
        What it is.
    content : bytes
        The document.
    command : str
        ``votlint`` or ``datalinklint``.

    Returns
    -------
    Finding
        ``skipped`` where STILTS is not installed.
    """
    check = f"stilts {command}"
    stilts = shutil.which("stilts")
    if stilts is None:
        return Finding(where, check, "skipped", "stilts is not installed")
    with tempfile.TemporaryDirectory(prefix="spectrove-check-") as folder:
        file = Path(folder) / "document.vot"
        file.write_bytes(content)
        try:
            done = subprocess.run(  # noqa: S603 - a program that was looked up, and a file of ours
                [stilts, command, str(file)], capture_output=True, text=True, check=False, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired:
            return Finding(where, check, "wrong", f"no answer within {PATIENCE} s")
    said = (done.stdout + done.stderr).replace(f"{file}", where)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if command == "datalinklint":
        lines = [line for line in lines if line.startswith(("E-", "W-", "F-"))]
    problems = lines or ([f"exit {done.returncode}"] if done.returncode else [])
    return finding(where, check, problems)
