"""
The campaign's candidates as one VOTable, in versions that are named by their content.

Programs that are told of a row by SAMP are told its number alone. So a table that was sent is never another one under the same
name: its version is a hash of its rows, which stands in its address and in its id for SAMP, and which the page gives back with
the rows that come from outside.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

import pyarrow as pa
from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse, Response

from spectrove.campaign import Campaign
from spectrove.campaign.queue import secrets_of
from spectrove.catalog import candidates_of
from spectrove.errors import CampaignError
from spectrove.vo.service.addresses import Addresses
from spectrove.vo.votable import votable_of

if TYPE_CHECKING:
    from spectrove.vo.service.service import Service

KEPT = 30.0
"""Seconds for which the table is given again as it was while answers come in: many are asked for at once; chosen."""

VERSIONS = 8
"""Versions that are remembered, so that a program may fetch the table that it was told of after the next answer; chosen."""

MEDIA_TYPE = "application/x-votable+xml"

LEFT_OUT = ("file",)
"""Columns that are nobody's business on the network: where the files are on this machine."""

LINKS = (
    ("accref", "The spectrum, as a VOTable", "meta.ref.url;meta.dataset"),
    ("preview", "A picture of the spectrum", "meta.ref.url;meta.preview"),
    ("datalink", "All that there is of the spectrum, as DataLink tells it", "meta.ref.url"),
)
"""Columns with addresses: name, meaning and UCD."""

DESCRIPTION = "Candidates of a spectrove campaign: predicted targets, and targets found by those who answered."


@dataclass(frozen=True)
class CandidateTable:
    """
    The candidates as they stood at some moment.

    Attributes
    ----------
    version : str
        Hash of the rows: equal for equal content, and different for any other.
    table : pyarrow.Table
        One row a candidate, as of `spectrove.catalog.candidates_of`, without what is still asked about.
    ids : tuple of str
        The spectra, in the order of the rows.
    """

    version: str
    table: pa.Table
    ids: tuple[str, ...]

    def address(self, addresses: Addresses) -> str:
        """
        Return where this version is, and never another.

        Parameters
        ----------
        addresses : Addresses
            Where the services are.

        Returns
        -------
        str
            With the version.
        """
        return f"{addresses.candidates}?{urlencode({'v': self.version})}"

    def votable(self, addresses: Addresses) -> bytes:
        """
        Return the table as a VOTable.

        Parameters
        ----------
        addresses : Addresses
            Where spectra, previews and links are.

        Returns
        -------
        bytes
            The columns of the catalog, and addresses of each spectrum.
        """
        links = {
            "accref": [addresses.spectrum(id_) for id_ in self.ids],
            "preview": [addresses.preview(id_) for id_ in self.ids],
            "datalink": [addresses.datalink_of(id_) for id_ in self.ids],
        }
        table = self.table
        for name, _, _ in LINKS:
            table = table.append_column(name, pa.array(links[name], pa.string()))
        document = votable_of(table, DESCRIPTION, {"version": self.version})
        fields = {field.name: field for field in document.get_first_table().fields}
        for name, meaning, ucd in LINKS:
            fields[name].description, fields[name].ucd = meaning, ucd
        written = io.BytesIO()
        document.to_xml(written)
        return written.getvalue()


class CandidateTables:
    """
    The candidates of a campaign, and how they stood a short while ago.

    Parameters
    ----------
    campaign : Campaign
        The campaign; nothing is read of it yet.
    """

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self._making = threading.Lock()
        self._listed_at = 0.0
        self._scored: tuple[int, ...] = ()
        self._listed: pa.Table | None = None
        self._asked: frozenset[str] = frozenset()
        self._now: CandidateTable | None = None
        self._before: OrderedDict[str, CandidateTable] = OrderedDict()

    def now(self) -> CandidateTable:
        """
        Return the candidates as they stand, or stood some seconds ago.

        Returns
        -------
        CandidateTable
            Without spectra that somebody is still asked about: nobody is to see the network's opinion before they answer.

        Raises
        ------
        CampaignError
            If nothing is scored yet.
        """
        with self._making:
            asked = frozenset(map(str, secrets_of(self._campaign)))
            scored = tuple(row.number for row in self._campaign.store.iterations() if row.scores is not None)
            if self._listed is None or scored != self._scored or monotonic() - self._listed_at > KEPT:
                self._listed, self._scored, self._now = candidates_of(self._campaign)[0], scored, None
                self._listed_at = monotonic()
            if self._now is None or asked != self._asked:
                self._now, self._asked = _version_of(self._listed, asked), asked
            return self._remembered(self._now)

    def _remembered(self, table: CandidateTable) -> CandidateTable:
        self._before[table.version] = table
        self._before.move_to_end(table.version)
        while len(self._before) > VERSIONS:
            self._before.popitem(last=False)
        return table

    def of(self, version: str) -> CandidateTable | None:
        """
        Return some version.

        Parameters
        ----------
        version : str
            Which.

        Returns
        -------
        CandidateTable or None
            None if it is not known any more, or never was.

        Raises
        ------
        CampaignError
            If nothing is scored yet.
        """
        known = self._before.get(version)
        if known is not None:
            return known
        # As after a restart: equal content has the same name.
        now = self.now()
        return now if now.version == version else None


def _version_of(table: pa.Table, asked: frozenset[str]) -> CandidateTable:
    table = table.drop_columns([name for name in LEFT_OUT if name in table.column_names])
    keep = [id_ not in asked for id_ in table["spectrum_id"].to_pylist()]
    table = table.filter(pa.array(keep, pa.bool_())).combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    version = hashlib.sha256(sink.getvalue()).hexdigest()[:16]
    return CandidateTable(version, table, tuple(table["spectrum_id"].to_pylist()))


def routes(service: Service) -> APIRouter:
    """
    Return the address of the candidates' table.

    Parameters
    ----------
    service : Service
        What is published.

    Returns
    -------
    APIRouter
        Of ``/candidates.vot``; without a campaign it tells that there are none.
    """
    router = APIRouter(include_in_schema=False)

    @router.api_route("/candidates.vot", methods=["GET", "HEAD"])
    def read_candidates(request: Request, v: Annotated[str, Query(max_length=100)] = "") -> Response:
        tables = service.candidates
        if tables is None:
            return PlainTextResponse("A pool without a campaign has no candidates.", 404)
        try:
            table = tables.of(v) if v else tables.now()
        except CampaignError as error:
            return PlainTextResponse(str(error), 404)
        if table is None:
            told = f"The candidates have changed since version {v!r}. Send the table again from the page, or leave out ?v=."
            return PlainTextResponse(told, 404)
        headers = {"Content-Disposition": 'attachment; filename="candidates.vot"', "ETag": f'"{table.version}"'}
        return Response(table.votable(service.addresses(request)), media_type=MEDIA_TYPE, headers=headers)

    return router
