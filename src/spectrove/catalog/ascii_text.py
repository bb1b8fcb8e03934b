"""Text in ASCII, for the forms of a catalog that hold nothing else: FITS and the files of CDS."""

from __future__ import annotations

import re
import unicodedata

SPELLED = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict.fromkeys("‘’′", "'"),
        **dict.fromkeys("“”″", '"'),
        "×": "x",
        "·": ".",
        "ß": "ss",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ı": "i",
        "☉": "Sun",
    }
)
"""Characters that no decomposition leads to ASCII, and how they are spelled there."""

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]+")
"""What stands neither in a text of FITS (4.0, sect. 4.2.1) nor in a line of a table."""


def ascii_text(text: str) -> str:
    """
    Return a text in printable ASCII.

    Letters lose their accents, Greek ones are called by their names (``Hα`` becomes ``Halpha``), line ends and other unprintable
    characters become a blank, and what has no spelling becomes a question mark.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Characters from the blank to the tilde; the text itself, without blanks at its ends, if it has no others.
    """
    if not text.isascii():
        text = "".join(_spelled(letter) for letter in unicodedata.normalize("NFKD", text.translate(SPELLED)))
    return UNPRINTABLE.sub(" ", text).strip(" ")


def _spelled(letter: str) -> str:
    if letter.isascii():
        return letter
    if unicodedata.combining(letter):
        return ""
    script, *called = unicodedata.name(letter, "unknown").split()
    if script == "GREEK" and "LETTER" in called:
        name = called[called.index("LETTER") + 1].lower()
        return name.capitalize() if letter.isupper() else name
    return letter.translate(SPELLED) if ord(letter) in SPELLED else "?"
