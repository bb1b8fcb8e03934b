"""What is wrong with a query, as services of the Virtual Observatory tell it: in a VOTable, never as a failure of the server."""

from __future__ import annotations

from spectrove.vo.service.documents import Document

STATUS = "QUERY_STATUS"
"""Name of the INFO element that says how a query ended (DALI 1.1, sect. 4.4)."""


class QueryError(Exception):
    """
    A query that cannot be answered: who asks has to change it.

    Parameters
    ----------
    detail : str
        What is wrong, and what was expected.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def error_document(detail: str, protocol: str = "") -> bytes:
    """
    Return the answer to a query that cannot be answered.

    Parameters
    ----------
    detail : str
        What is wrong, and what was expected.
    protocol : str
        Of which service this is: ``SSAP``; empty for none.

    Returns
    -------
    bytes
        A VOTable without a table.
    """
    infos = [(STATUS, "ERROR", detail)]
    if protocol:
        infos.insert(0, ("SERVICE_PROTOCOL", "1.1", protocol))
    return Document(rows=None, infos=tuple(infos)).to_bytes()


def cone_error_document(detail: str) -> bytes:
    """
    Return the answer of a cone search to a query that cannot be answered (SCS 1.03, sect. 2.3).

    Parameters
    ----------
    detail : str
        What is wrong, and what was expected.

    Returns
    -------
    bytes
        A VOTable without a table.
    """
    return Document(rows=None, infos=(("Error", detail, ""), (STATUS, "ERROR", detail))).to_bytes()
