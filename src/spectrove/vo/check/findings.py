"""What a check came to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """
    What one check of one thing came to.

    Attributes
    ----------
    where : str
        What was checked: an address or a file.
    check : str
        By what.
    state : str
        ``ok``, ``wrong`` or ``skipped``.
    detail : str
        What is wrong, or why it was skipped; empty where all is well.
    """

    where: str
    check: str
    state: str
    detail: str = ""


def finding(where: str, check: str, problems: list[str]) -> Finding:
    """
    Return what a check came to.

    Parameters
    ----------
    where, check : str
        As of `Finding`.
    problems : list of str
        What is wrong; empty if nothing is.

    Returns
    -------
    Finding
        ``ok`` or ``wrong``.
    """
    return Finding(where, check, "wrong" if problems else "ok", "; ".join(dict.fromkeys(problems)))
