"""Where the services are, and by which names they call what they publish."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote, urlencode

PREFIX = "/vo"
"""Below this path are all services."""

COLLECTION = "spectrove"
"""The name of what is published, in the identifiers of its spectra."""


@dataclass(frozen=True)
class Addresses:
    """
    Addresses of the services, and identifiers of what they publish.

    Attributes
    ----------
    base : str
        Address of all services, no slash at its end: ``http://127.0.0.1:8765/vo``, and a key behind it where one is needed.
    authority : str
        Authority of the publisher in IVO identifiers; names that begin with ``x-`` are registered nowhere.
    """

    base: str
    authority: str = "x-spectrove"

    @property
    def ssap(self) -> str:
        """
        Return where spectra are searched.

        Returns
        -------
        str
            Without parameters.
        """
        return f"{self.base}/ssap"

    def cone(self, of: str = "pool") -> str:
        """
        Return where a cone search is.

        Parameters
        ----------
        of : str
            ``pool`` or ``candidates``.

        Returns
        -------
        str
            Without parameters.
        """
        return f"{self.base}/cone/{of}"

    @property
    def soda(self) -> str:
        """
        Return where parts are cut out of spectra.

        Returns
        -------
        str
            Without parameters.
        """
        return f"{self.base}/soda"

    @property
    def datalink(self) -> str:
        """
        Return where links are told.

        Returns
        -------
        str
            Without parameters.
        """
        return f"{self.base}/datalink"

    @property
    def candidates(self) -> str:
        """
        Return where the table of all candidates is.

        Returns
        -------
        str
            Of a VOTable.
        """
        return f"{self.base}/candidates.vot"

    def datalink_of(self, spectrum_id: str) -> str:
        """
        Return where the links of one spectrum are.

        Parameters
        ----------
        spectrum_id : str
            Its id.

        Returns
        -------
        str
            With the parameter ``ID``.
        """
        return f"{self.datalink}?{urlencode({'ID': self.did(spectrum_id)})}"

    def spectrum(self, spectrum_id: str, form: str = "votable") -> str:
        """
        Return where a spectrum is.

        Parameters
        ----------
        spectrum_id : str
            Its id.
        form : str
            ``votable``, ``fits`` or ``native``, which is the survey's own file.

        Returns
        -------
        str
            Without parameters, as some clients add their own.
        """
        return f"{self.base}/spectrum/{form}/{quote(spectrum_id, safe=':')}"

    def preview(self, spectrum_id: str) -> str:
        """
        Return where a picture of a spectrum is.

        Parameters
        ----------
        spectrum_id : str
            Its id.

        Returns
        -------
        str
            Of a PNG.
        """
        return f"{self.base}/preview/{quote(spectrum_id, safe=':')}"

    def did(self, spectrum_id: str) -> str:
        """
        Return a spectrum's publisher dataset identifier.

        Parameters
        ----------
        spectrum_id : str
            Its id.

        Returns
        -------
        str
            An IVO identifier (IVOA Identifiers 2.0, sect. 4.1), from which `id_of` gets the id back.
        """
        return f"ivo://{self.authority}/{COLLECTION}?{quote(spectrum_id, safe=':')}"

    def id_of(self, did: str) -> str | None:
        """
        Return the spectrum that an identifier means.

        Parameters
        ----------
        did : str
            A publisher dataset identifier, or a plain id.

        Returns
        -------
        str or None
            None if it is the identifier of another publisher.
        """
        if not did.lower().startswith("ivo://"):
            return did
        start = f"ivo://{self.authority}/{COLLECTION}?"
        return unquote(did[len(start) :]) if did.lower().startswith(start.lower()) else None
