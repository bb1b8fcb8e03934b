"""Where others tell what they know of a place on the sky, or of a spectrum: addresses, nothing is asked of them here."""

from __future__ import annotations

import re
from urllib.parse import urlencode

RADIUS = 5
"""Arc seconds around a position that are asked about."""

FIELD = 0.05
"""Side of the sky that Aladin shows, degrees."""

NAMES = {
    "simbad": "SIMBAD",
    "vizier": "VizieR",
    "aladin": "Aladin",
    "survey": "Survey",
    "sdss": "SDSS",
}
"""What the links are called, in the order in which they are shown."""

SDSS_KEY = re.compile(r"(\d{1,5})-(\d{5})-(\d{1,4})")
"""Plate, day and fiber in a spectrum's id."""


def sky_links(ra: float | None, dec: float | None) -> dict[str, str]:
    """
    Return where others tell what lies at a position.

    Parameters
    ----------
    ra, dec : float or None
        Degrees, ICRS; None if the survey says nothing of it.

    Returns
    -------
    dict of str to str
        Addresses of SIMBAD, VizieR, Aladin Lite and SDSS by ``simbad``, ``vizier``, ``aladin`` and ``sdss``; empty without a
        position.
    """
    if ra is None or dec is None:
        return {}
    place = f"{ra:.6f} {dec:+.6f}"
    return {
        "simbad": "https://simbad.cds.unistra.fr/simbad/sim-coo?"
        + urlencode({"Coord": place, "Radius": RADIUS, "Radius.unit": "arcsec"}),
        "vizier": "https://vizier.cds.unistra.fr/viz-bin/VizieR-4?" + urlencode({"-c": place, "-c.rs": RADIUS}),
        "aladin": "https://aladin.cds.unistra.fr/AladinLite/?" + urlencode({"target": place, "fov": FIELD}),
        "sdss": "https://skyserver.sdss.org/dr18/VisualTools/explore/summary?" + urlencode({"ra": ra, "dec": dec}),
    }


def survey_link(spectrum_id: str, obsid: str | None) -> str | None:
    """
    Return where the survey shows a spectrum.

    Parameters
    ----------
    spectrum_id : str
        Its id, ``survey:key``.
    obsid : str or None
        The survey's number of the observation.

    Returns
    -------
    str or None
        The address; None where there is none.
    """
    survey, _, key = spectrum_id.partition(":")
    if survey == "lamost" and obsid:
        return "https://www.lamost.org/dr10/v2.0/spectrum/view?" + urlencode({"obsid": obsid})
    if survey == "sdss" and (found := SDSS_KEY.fullmatch(key)):
        plate, mjd, fiber = (int(part) for part in found.groups())
        return "https://dr18.sdss.org/optical/spectrum/view?" + urlencode({"plateid": plate, "mjd": mjd, "fiberid": fiber})
    return None


def links_of(spectrum_id: str, ra: float | None, dec: float | None, obsid: str | None) -> dict[str, str]:
    """
    Return where others tell what they know of a spectrum and its place.

    Parameters
    ----------
    spectrum_id : str
        Its id, ``survey:key``.
    ra, dec : float or None
        Degrees, ICRS; None if the survey says nothing of it.
    obsid : str or None
        The survey's number of the observation.

    Returns
    -------
    dict of str to str
        Addresses by keys of `NAMES`.
    """
    links = sky_links(ra, dec)
    survey = survey_link(spectrum_id, obsid)
    return links if survey is None else {**links, "survey": survey}
