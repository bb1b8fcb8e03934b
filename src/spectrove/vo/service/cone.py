"""
Simple Cone Search: what is in a circle on the sky, of the whole pool or of the candidates.

References
----------
.. [1] Plante et al. 2008, Simple Cone Search 1.03, IVOA Recommendation. Its columns are known by UCDs of the first kind.
"""

from __future__ import annotations

from collections.abc import Sequence

from spectrove.vo.service.addresses import Addresses
from spectrove.vo.service.documents import Document, Field, Value
from spectrove.vo.service.errors import STATUS, QueryError
from spectrove.vo.service.params import Parameters
from spectrove.vo.service.records import Cone, Record, Selection
from spectrove.vo.service.service import Service
from spectrove.vo.service.ssap_columns import MOST, SYSTEMS, USUAL

OF = ("pool", "candidates")
"""What can be searched."""

FIELDS = (
    Field("spectrum_id", "unicodeChar", "ID_MAIN", description="Id of the spectrum"),
    Field("ra", "double", "POS_EQ_RA_MAIN", "deg", description="Right ascension of the fiber", ref="icrs"),
    Field("dec", "double", "POS_EQ_DEC_MAIN", "deg", description="Declination of the fiber", ref="icrs"),
    Field("designation", "unicodeChar", "meta.id;src", description="Designation of the target"),
    Field("mjd", "double", "time.epoch", "d", description="Modified Julian date", ref="mjd"),
    Field("snr", "double", "stat.snr", description="Signal-to-noise ratio a pixel"),
    Field("label", "unicodeChar", "meta.code.class", description="What people say that it is"),
    Field("predicted_class", "unicodeChar", "meta.code.class;meta.modelled", description="What the last network says"),
    Field("accref", "char", "meta.ref.url;meta.dataset", description="Address of the spectrum"),
    Field("datalink", "char", "meta.ref.url", description="All that there is of the spectrum"),
    Field("preview", "char", "meta.ref.url;meta.preview", description="A picture of it"),
)
"""The columns; the last five are told from ``VERB=2`` on."""

CUT = f"There are more than MAXREC allows, or than {MOST:,}, which is the most of one answer."

TERSE = 6
"""How many columns ``VERB=1`` tells."""


def answer(service: Service, of: str, given: Parameters, addresses: Addresses) -> bytes:
    """
    Return what is in a circle.

    Parameters
    ----------
    service : Service
        What is published.
    of : str
        One of `OF`.
    given : Parameters
        The query's: ``RA``, ``DEC``, ``SR`` in degrees, ``VERB``, ``MAXREC``.
    addresses : Addresses
        Where spectra and links are.

    Returns
    -------
    bytes
        A VOTable.

    Raises
    ------
    QueryError
        If the query cannot be understood.
    """
    center = []
    for name, least, most in (("RA", -360.0, 360.0), ("DEC", -90.0, 90.0), ("SR", 0.0, 180.0)):
        value = given.number(name, least, most)
        if value is None:
            msg = f"{name}: not given, expected a number of degrees"
            raise QueryError(msg)
        center.append(value)
    verbosity = given.one("VERB") or "2"
    if verbosity not in {"1", "2", "3"}:
        msg = f"VERB: {verbosity[:20]!r}, expected 1, 2 or 3"
        raise QueryError(msg)
    limit = given.count("MAXREC")
    limit = USUAL if limit is None else min(limit, MOST)
    ra, dec, radius = center
    n_columns = TERSE if verbosity == "1" else len(FIELDS)
    selection = Selection(cone=Cone(ra % 360, dec, radius), candidates_only=of == "candidates", limit=limit)
    # A radius of zero asks for the columns alone (SCS 1.03, sect. 2.1).
    found = service.holdings.find(selection) if radius > 0 else None
    return Document(
        fields=FIELDS[:n_columns],
        rows=[] if found is None else rows(found.records, addresses, n_columns),
        infos=((STATUS, "OK", ""),),
        infos_after=((STATUS, "OVERFLOW", f"There are more than MAXREC allows, or than {MOST:,}."),)
        if found is not None and found.overflow
        else (),
        description=f"{'Candidates' if of == 'candidates' else 'Spectra'} within {radius:g} degrees of {ra:g}, {dec:g}",
        systems=SYSTEMS,
    ).to_bytes()


def rows(records: Sequence[Record], addresses: Addresses, n_columns: int = len(FIELDS)) -> list[list[Value]]:
    """
    Return the rows of an answer.

    Parameters
    ----------
    records : sequence of Record
        The spectra.
    addresses : Addresses
        Where they are.
    n_columns : int
        How many columns are told.

    Returns
    -------
    list of list
        A value for each of these columns.
    """
    found = []
    for record in records:
        values: list[Value] = [record.spectrum_id, record.ra, record.dec, record.designation, record.mjd, record.snr]
        if n_columns > TERSE:
            values += [record.label, record.predicted_class, addresses.spectrum(record.spectrum_id)]
            values += [addresses.datalink_of(record.spectrum_id), addresses.preview(record.spectrum_id)]
        found.append(values)
    return found
