"""VOTables as their readers have them, with no word about what astropy only warns of, such as Å for a unit."""

from __future__ import annotations

import io
import urllib.request
import warnings

from astropy.io.votable import parse_single_table
from astropy.table import Table


def votable(content: bytes) -> Table:
    """Return a table of a VOTable's bytes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return parse_single_table(io.BytesIO(content)).to_table()


def fetched(url: str) -> Table:
    """Return the table at an address. pyvo's own `getdataset` would first ask ivoa.net what the words of DataLink mean."""
    with urllib.request.urlopen(url) as answer:
        return votable(answer.read())
