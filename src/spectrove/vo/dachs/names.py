"""Texts and names as DaCHS can hold them."""

from __future__ import annotations

import re
from urllib.parse import quote

from spectrove.storage import content_hash

SCHEMA = re.compile(r"[a-z][a-z0-9_]{0,40}")
"""What the name of a resource may be: it becomes a schema of PostgreSQL, a folder, and a part of addresses."""

TAKEN = frozenset(
    {"data", "dc", "information_schema", "ivoa", "main", "public", "static", "tap", "tap_schema", "tap_upload", "uws"}
)
"""Schemas and paths that DaCHS or PostgreSQL have for themselves."""

LONGEST = 120
"""Characters of a file's name, far below what file systems take."""

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (5th ed., production 2) has no way to write; PostgreSQL has no NUL either."""


def plain(text: str) -> str:
    r"""
    Return a text on one line, as it may stand in a resource descriptor, once escaped, or in a cell.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Without characters that XML forbids, and with ``/`` for each ``\``, by which DaCHS would know a macro.
    """
    return " ".join(FORBIDDEN.sub(" ", text).replace("\\", "/").split())


def require_schema(name: str) -> None:
    """
    Refuse what cannot be the name of a resource.

    Parameters
    ----------
    name : str
        As it was typed.

    Raises
    ------
    ValueError
        If it is no plain lower-case word, or is taken by DaCHS or PostgreSQL itself.
    """
    if not SCHEMA.fullmatch(name) or name in TAKEN or name.startswith("pg_"):
        msg = (
            f"--schema: {name!r} cannot be the name of a schema in DaCHS; a lower-case letter is needed, then such letters, "
            f"digits or _, and no name that is taken ({', '.join(sorted(TAKEN))}, pg_…). Name another."
        )
        raise ValueError(msg)


def schema_of(name: str) -> str:
    """
    Return a name of a resource that resembles some text.

    Parameters
    ----------
    name : str
        Such as the name of a folder.

    Returns
    -------
    str
        One that `require_schema` takes.
    """
    word = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40]
    found = word if SCHEMA.fullmatch(word) else f"spectra_{word}".rstrip("_")[:40]
    return f"{found}_spectra"[:41] if found in TAKEN or found.startswith("pg_") else found


def place_of(spectrum_id: str) -> str:
    """
    Return where a spectrum is in the resource: its access reference, and the name of its file but for the ending.

    Parameters
    ----------
    spectrum_id : str
        Its id, ``survey:key``.

    Returns
    -------
    str
        ``data/survey/key`` of letters, digits, ``.``, ``-`` and ``_``; different ids have different places.
    """
    survey, _, key = spectrum_id.partition(":")
    return f"data/{_word(survey)}/{_word(key)}"


def _word(text: str) -> str:
    # Percent-encoding is one to one; its % would be encoded once more in an address, so that _ stands for it.
    word = quote(text, safe="").replace("~", "%7E").replace("_", "%5F").replace("%", "_")
    if word.startswith((".", "-")):  # neither hidden, nor taken for an option
        word = f"_{ord(word[0]):02X}{word[1:]}"
    return word if len(word) <= LONGEST else f"{word[: LONGEST - 40]}__{content_hash(text.encode())}"
