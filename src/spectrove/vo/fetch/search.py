"""
Which spectra a service of the Simple Spectral Access Protocol offers, and in which forms.

pyvo asks. What a column or a PARAM of the answer means is told by its utype [1]_, never by its name or place; prefixes differ
from service to service, and are not looked at.

References
----------
.. [1] Tody et al. 2012, Simple Spectral Access Protocol 1.1, IVOA Recommendation, sections 4.1 and 4.2.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urljoin

from spectrove.errors import ServiceError
from spectrove.vo.fetch.http import AnswerError, Door, Reply

METERS: Final = 1e-10
"""Of one Å; BAND is in meters."""

REFERENCE: Final = "access.reference"
FORMAT: Final = "access.format"
DID: Final = "curation.publisherdid"
"""Utypes in small letters without prefix, of what cannot be done without."""

SIZE: Final = "access.size"

TOLD: Final = {
    "title": "dataid.title",
    "target": "target.name",
    "collection": "dataid.collection",
    "date": "dataid.date",
    "creator_did": "dataid.creatordid",
    "position": "target.pos",
    "location": "char.spatialaxis.coverage.location.value",
    "time": "char.timeaxis.coverage.location.value",
    "snr": "derived.snr",
    "kilobytes": SIZE,
}
"""What is kept of each spectrum, by its utype."""

FORMS: Final = {
    "votable": (
        "application/x-votable+xml",
        "application/votable",
        "text/x-votable+xml",
        "text/xml",
        "application/xml",
        "votable",
    ),
    "fits": ("application/fits", "image/fits", "application/x-fits", "application/x-fits-bintable", "binary/fits", "fits"),
    "datalink": (),
    "text": ("text/plain", "text/csv", "text/tab-separated-values"),
    "unknown": ("", "application/octet-stream", "application/gzip", "application/x-gzip", "application/unknown"),
}
"""Media types of each form, the forms in the order in which they are wanted: a VOTable of the data model explains itself."""


@dataclass(frozen=True)
class Question:
    """
    Which spectra are wanted of which service.

    Attributes
    ----------
    url : str
        Address of the service.
    pos : (float, float) or None
        Degrees, ICRS.
    size : float or None
        Diameter of the circle around it, degrees.
    band : (float, float) or None
        Wavelengths in Å, one of them infinite where it is open.
    time : str or None
        An ISO 8601 date, or two with a slash between them, of which one may be absent.
    maxrec : int or None
        At most so many; what the service thinks right unless given.
    """

    url: str
    pos: tuple[float, float] | None = None
    size: float | None = None
    band: tuple[float, float] | None = None
    time: str | None = None
    maxrec: int | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """
        Return what the service is asked.

        Returns
        -------
        dict of str to str
            Parameters of the protocol.
        """
        band = self.band and "/".join(f"{end * METERS:.9g}" if 0 < end < math.inf else "" for end in self.band)
        asked = {
            "REQUEST": "queryData",
            "POS": self.pos and f"{self.pos[0]!r},{self.pos[1]!r}",
            "SIZE": None if self.size is None else repr(self.size),
            "BAND": band,
            "TIME": self.time,
            "MAXREC": None if self.maxrec is None else str(self.maxrec),
        }
        return {name: value for name, value in asked.items() if value is not None}


@dataclass(frozen=True)
class Offer:
    """
    A form in which a spectrum can be had.

    Attributes
    ----------
    url : str
        Where.
    media_type : str
        What the service says that it is.
    form : str
        One of `FORMS`.
    """

    url: str
    media_type: str
    form: str


@dataclass(frozen=True)
class Offered:
    """
    A spectrum that a service offers.

    Attributes
    ----------
    did : str
        The publisher's identifier; the address of the first offer where there is none.
    offers : tuple of Offer
        The forms, the best first.
    facts : mapping of str to str
        What is told of it, by the names of `TOLD`.
    """

    did: str
    offers: tuple[Offer, ...]
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SearchResult:
    """
    What a service answered.

    Attributes
    ----------
    question : Question
        What it was asked.
    asked_at : str
        When, ISO 8601 in UTC.
    url : str
        The whole address that was asked.
    n_rows : int
        Rows of the answer.
    spectra : tuple of Offered
        The spectra, one for each identifier, in the answer's order.
    overflow : bool
        Whether the service has more than it told.
    n_others : int
        Rows that are no spectra in a form that could be read: pictures, pages.
    """

    question: Question
    asked_at: str
    url: str
    n_rows: int
    spectra: tuple[Offered, ...]
    overflow: bool
    n_others: int

    @property
    def kilobytes(self) -> float:
        """
        Return how large the best form of all spectra is, as far as the service tells.

        Returns
        -------
        float
            Thousands of bytes.
        """
        told = (_positive(one.facts.get("kilobytes", "")) for one in self.spectra)
        return sum(told)

    def to_dict(self) -> dict[str, Any]:
        """
        Return the answer but for its spectra, as JSON can hold it.

        Returns
        -------
        dict
            Question, address, time and counts.
        """
        question = {name: value for name, value in asdict(self.question).items() if value is not None}
        return {
            "service": self.question.url,
            "parameters": self.question.parameters,
            "pos": question.get("pos"),
            "url": self.url,
            "asked_at": self.asked_at,
            "n_rows": self.n_rows,
            "n_spectra": len(self.spectra),
            "n_rows_that_are_no_spectra": self.n_others,
            "overflow": self.overflow,
        }

    def told(self) -> list[str]:
        """
        Return what there is, in lines to read.

        Returns
        -------
        list of str
            One or two lines.
        """
        size = f", about {self.kilobytes / 1e3:,.1f} MB" if self.kilobytes else ""
        others = f", {self.n_others} rows are no spectra" if self.n_others else ""
        lines = [f"service    {self.question.url}: {len(self.spectra)} spectra in {self.n_rows} rows{size}{others}"]
        if self.overflow:
            lines.append("overflow   the service has more than it told; ask for less at a time, or for more with --maxrec")
        return lines


def _positive(told: str) -> float:
    try:
        value = float(told)
    except ValueError:
        return 0.0
    return value if 0 < value < math.inf else 0.0


def search(question: Question, door: Door | None = None) -> SearchResult:
    """
    Ask a service for spectra.

    Parameters
    ----------
    question : Question
        Which.
    door : Door, optional
        Who asks.

    Returns
    -------
    SearchResult
        What there is.

    Raises
    ------
    ServiceError
        If there is no usable answer, or the service says that it cannot answer.
    """
    from pyvo.dal.exceptions import DALAccessError
    from pyvo.dal.ssa import SSAQuery

    asked_at = datetime.now(UTC).isoformat(timespec="seconds")
    session = _Session(door or Door())
    query = SSAQuery(question.url, session=session)
    query.update(question.parameters)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the service gets wrong in its XML, and can be read all the same
            results = query.execute()
            return _understood(question, results, asked_at, session.reply.url)
    except DALAccessError as error:
        failure = error.__context__
        if isinstance(failure, AnswerError):  # pyvo takes every failure for one of the format
            msg = f"{question.url}: the SSAP service gives no answer ({failure}). Check the address, or ask again later."
        elif b"VOTABLE" not in session.reply.content[:4096]:
            begins = _shortened(session.reply.content[:60].decode("utf-8", "replace"))
            msg = f"{question.url}: what came is no VOTable (it begins with {begins!r}). Check the address of the SSAP service."
        else:
            words = _shortened(getattr(error, "reason", None) or error)
            msg = f"{question.url}: the SSAP service cannot answer this question ({words}). Check the address and what is asked."
        raise ServiceError(msg) from error


class _Session:
    """What pyvo takes for a session: asks by our door, and keeps what came."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.reply = Reply("", b"", "", 200)
        self.raw = _Raw()

    def get(self, url: str, params: Mapping[str, str], **_how: object) -> _Session:
        """Ask, and stand for the response; a service may tell of an error with status 400."""
        self.reply = self.door.get(url, params, any_status=True)
        content = self.reply.content
        if re.search(rb"<STREAM[^>]*\shref\s*=", content):
            msg = "its table is kept elsewhere, which is not looked at"
            raise AnswerError(msg, passes=False)
        self.raw = _Raw(content)
        return self

    def raise_for_status(self) -> None:
        """Do nothing: what the answer says is worth more than its status."""


class _Raw(io.BytesIO):
    """A stream that pyvo tells to unpack what it reads, which is done."""

    def read(self, size: int | None = -1, *, decode_content: bool = True) -> bytes:
        """Return what is left, or so many bytes."""
        del decode_content
        return super().read(size)


def _shortened(words: object) -> str:
    told = " ".join(str(words).split())
    return told if len(told) <= 300 else told[:300] + "…"


# -- What the answer says --------------------------------------------------------------------------------------------------------


def _role(utype: str | None) -> str:
    return (utype or "").rpartition(":")[2].strip().lower()


def _understood(question: Question, results: Any, asked_at: str, url: str) -> SearchResult:
    table = results.resultstable
    columns = {_role(one.utype): one.ID for one in reversed(table.fields) if one.utype}
    in_bytes = any(_role(one.utype) == SIZE and str(one.unit or "").lower() == "byte" for one in (*table.fields, *table.params))
    constants = {_role(one.utype): _words(one.value) for one in (*table.params, *_params(results)) if one.utype}
    if REFERENCE not in columns:
        msg = (
            f"{question.url}: this is no answer of an SSAP service: no column has the utype ssa:Access.Reference. "
            "Check the address."
        )
        raise ServiceError(msg)
    spectra: dict[str, Offered] = {}
    others = 0
    for row in table.array:
        told = {role: _words(row[name]) for role, name in columns.items()}
        offer = _offer({**constants, **told}, url)
        if offer is None:
            others += 1
            continue
        did = told.get(DID) or offer.url
        facts = {name: words for name, role in TOLD.items() if (words := told.get(role) or constants.get(role, ""))}
        if in_bytes and SIZE in columns:  # against the standard, as DaCHS does
            facts["kilobytes"] = f"{_positive(facts.get('kilobytes', '')) / 1e3:g}"
        before = spectra.get(did)
        spectra[did] = Offered(did, (*before.offers, offer), before.facts) if before else Offered(did, (offer,), facts)
    wanted = list(FORMS)
    ordered = tuple(
        Offered(one.did, tuple(sorted(one.offers, key=lambda offer: wanted.index(offer.form))), one.facts)
        for one in spectra.values()
    )
    return SearchResult(question, asked_at, url, len(table.array), ordered, _overflows(results), others)


def _params(results: Any) -> list[Any]:
    return [param for resource in results.votable.resources for param in resource.params]


def _overflows(results: Any) -> bool:
    """Return whether there is more; the standard puts that behind the table, where pyvo does not look (DALI 1.1, sect. 4.4.1)."""
    infos = (info for resource in results.votable.resources for info in resource.infos)
    return any(info.name == "QUERY_STATUS" and (info.value or "").upper() == "OVERFLOW" for info in infos)


def _words(value: Any) -> str:
    """Return a cell in words; nothing for what is masked or no number."""
    import numpy as np

    if value is None or value is np.ma.masked:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    if isinstance(value, np.ndarray) and value.ndim:
        parts = [_words(one) for one in np.ma.asarray(value).tolist()]
        return " ".join(parts) if all(parts) else ""
    words = " ".join(str(value).split())
    return "" if words.lower() in {"nan", "--", "none"} else words


def _offer(told: Mapping[str, str], base: str) -> Offer | None:
    """Return the form that a row offers; None if it is none that could be read."""
    reference, media_type = told.get(REFERENCE, ""), told.get(FORMAT, "")
    kind, _, parameters = media_type.lower().partition(";")
    form = next((form for form, types in FORMS.items() if kind.strip() in types), None)
    if form == "votable" and "content=datalink" in parameters.replace(" ", "").replace('"', ""):
        form = "datalink"
    if not reference or form is None:
        return None
    return Offer(urljoin(base, reference), media_type, form)
