"""Checks of running services, of what they hand out, and of files that lie in a folder."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import numpy as np
import pyvo
import requests
from astropy.io.votable import parse_single_table
from pyvo.dal.exceptions import DALServiceError

from spectrove.contracts import Progress, no_progress
from spectrove.vo.check.findings import Finding, finding
from spectrove.vo.check.tables import by_stilts, check_table
from spectrove.vo.service.addresses import Addresses
from spectrove.vo.service.holdings import Holdings
from spectrove.vo.service.records import Record, Selection
from spectrove.vo.service.ssap import METER

SAMPLES = 3
"""Spectra that are fetched in every form."""

LISTED = 20
"""Spectra that are listed."""

PATIENCE = 60
"""Seconds that an answer may take."""

NEAR = 1e-4
"""Degrees around a spectrum in which it must be found."""

WRONG = ("REQUEST=nonsense", "REQUEST=queryData&POS=abc", "REQUEST=queryData&POS=1,2&SIZE=-1", "REQUEST=queryData&MAXREC=-1")
"""Queries that must be answered by an error as the standard says."""


def check_services(addresses: Addresses, holdings: Holdings, progress: Progress = no_progress) -> Iterator[Finding]:
    """
    Check services that are running.

    Parameters
    ----------
    addresses : Addresses
        Where they are.
    holdings : Holdings
        What they publish, to compare with.
    progress : callable
        Told how far the checks are.

    Yields
    ------
    Finding
        Of each check.
    """
    sample = holdings.find(Selection(limit=SAMPLES)).records
    told = list(_documents(addresses, holdings, sample))
    for done, (where, url) in enumerate(told):
        progress("documents", done, len(told))
        answer = requests.get(url, timeout=PATIENCE)
        if answer.status_code != requests.codes.ok:
            yield finding(where, "HTTP", [f"status {answer.status_code}: {answer.text[:200]}"])
            continue
        yield from check_table(where, answer.content)
        if where.startswith("datalink"):
            yield by_stilts(where, answer.content, "datalinklint")
    for query in WRONG:
        yield _refused(addresses, query)
    for name in ("availability", "capabilities", "tables"):
        yield _well_formed(f"{addresses.base}/{name}")
    for check, run in (("SSAP", _ssap), ("cone search", _cone), ("DataLink and cutout", _links)):
        for record in sample:
            yield _by_pyvo(check, run, addresses, record)


def check_files(folder: Path) -> Iterator[Finding]:
    """
    Check all VOTables that lie in a folder.

    Parameters
    ----------
    folder : Path
        The folder, or one VOTable.

    Yields
    ------
    Finding
        Of each check.
    """
    files = [folder] if folder.is_file() else sorted({*folder.rglob("*.vot"), *folder.rglob("*.votable")})
    for file in files:
        where = file.name if folder.is_file() else file.relative_to(folder).as_posix()
        yield from check_table(where, file.read_bytes())


def _documents(addresses: Addresses, holdings: Holdings, sample: tuple[Record, ...]) -> Iterator[tuple[str, str]]:
    query = f"{addresses.ssap}?REQUEST=queryData"
    yield "SSAP", f"{query}&MAXREC={LISTED}"
    yield "SSAP, nothing found", f"{query}&TARGETNAME=nobody"
    yield "SSAP, FORMAT=METADATA", f"{query}&FORMAT=METADATA"
    center = next((record for record in sample if record.ra is not None), None)
    if center is not None:
        for of in ("pool", "candidates") if holdings.campaign is not None else ("pool",):
            yield f"cone search of {of}", f"{addresses.cone(of)}?{urlencode({'RA': center.ra, 'DEC': center.dec, 'SR': 1})}"
    if holdings.campaign is not None and holdings.candidates():
        yield "candidates", addresses.candidates
    for record in sample:
        yield f"spectrum {record.spectrum_id}", addresses.spectrum(record.spectrum_id)
        yield f"datalink of {record.spectrum_id}", addresses.datalink_of(record.spectrum_id)
        band = f"{record.wave_min * METER} {(record.wave_min + record.wave_max) / 2 * METER}"
        asked = urlencode({"ID": addresses.did(record.spectrum_id), "BAND": band})
        yield f"cutout of {record.spectrum_id}", f"{addresses.soda}?{asked}"
    yield "datalink of what is unknown", addresses.datalink_of("nobody:knows")


def _refused(addresses: Addresses, query: str) -> Finding:
    answer = requests.get(f"{addresses.ssap}?{query}", timeout=PATIENCE)
    is_told = answer.status_code == requests.codes.ok and b'name="QUERY_STATUS" value="ERROR"' in answer.content
    problems = [] if is_told else [f"status {answer.status_code} and no QUERY_STATUS of ERROR"]
    return finding(f"SSAP?{query}", "is refused", problems)


def _well_formed(url: str) -> Finding:
    answer = requests.get(url, timeout=PATIENCE)
    try:
        ET.fromstring(answer.content)  # noqa: S314 - of our own server
    except ET.ParseError as error:
        return finding(url, "XML", [str(error)])
    return finding(url, "XML", [] if answer.status_code == requests.codes.ok else [f"status {answer.status_code}"])


def _by_pyvo(check: str, run: Callable[[Addresses, Record], list[str]], addresses: Addresses, record: Record) -> Finding:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is wrong with a document was told before
        try:
            problems = run(addresses, record)
        except (DALServiceError, requests.RequestException, LookupError, ValueError, AttributeError) as error:
            problems = [f"{type(error).__name__}: {error}"]
    return finding(f"{check} of {record.spectrum_id}", "pyvo", problems)


def _ssap(addresses: Addresses, record: Record) -> list[str]:
    service = pyvo.dal.SSAService(addresses.ssap)
    if record.ra is None or record.dec is None:
        found = service.search(targetname=record.spectrum_id)
    else:
        found = service.search(pos=(record.ra, record.dec), diameter=2 * NEAR)
    same = [one for one in found if one["creator_did"] == record.spectrum_id]
    if len(same) != 1:
        return [f"found {len(same)} times, expected once"]
    one = same[0]
    place = [] if record.ra is None else [(one.ra, record.ra), (one.dec, record.dec)]
    problems = [f"position {told!r}, expected {known!r}" for told, known in place if told != known]
    if one.acref != addresses.spectrum(record.spectrum_id):
        problems.append(f"access reference {one.acref!r}")
    return problems


def _cone(addresses: Addresses, record: Record) -> list[str]:
    if record.ra is None or record.dec is None:
        return []
    found = pyvo.dal.SCSService(addresses.cone()).search(pos=(record.ra, record.dec), radius=NEAR)
    return [] if record.spectrum_id in {one.id for one in found} else ["is not found at its own position"]


def _links(addresses: Addresses, record: Record) -> list[str]:
    links = pyvo.dal.adhoc.DatalinkResults.from_result_url(addresses.datalink_of(record.spectrum_id))
    missing = {"#this", "#preview", "#cutout"} - {link.semantics for link in links}
    problems = [f"no link {name}" for name in sorted(missing)]
    middle = (record.wave_min + record.wave_max) / 2 * METER
    part = _wavelengths(links.get_first_proc().process(band=(middle, record.wave_max * METER)).read())
    if not part.size or part.min() * METER < middle * (1 - 1e-12):
        problems.append("the cutout holds other wavelengths than were asked for")
    return problems


def _wavelengths(content: bytes) -> Any:
    return np.asarray(parse_single_table(io.BytesIO(content)).array["wavelength"])
