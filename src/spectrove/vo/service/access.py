"""
Who may use the services where the page wants a token.

Clients of the Virtual Observatory carry no cookies and know of no log-in; what they are given is an address. So the address
itself holds a key, which is made of the token: whoever has it can read spectra and candidates, but can neither find the token
from it nor answer a question.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from spectrove.vo.service.addresses import PREFIX

PURPOSE = b"spectrove services"
"""What the key is for, so that a key for something else is another one."""

BYTES = 15
"""Length of the key: 120 bits, which nobody guesses; 20 characters."""


def key_of(token: str) -> str:
    """
    Return the key of the services.

    Parameters
    ----------
    token : str
        The page's token.

    Returns
    -------
    str
        Letters, digits, ``-`` and ``_``.
    """
    digest = hmac.new(token.encode(), PURPOSE, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:BYTES]).decode("ascii")


def root_of(token: str | None, *, is_public: bool = False) -> str:
    """
    Return the path below which the services are.

    Parameters
    ----------
    token : str or None
        The page's token; None if it has none.
    is_public : bool
        Whether everybody who reaches the server may read.

    Returns
    -------
    str
        Without a slash at its end.
    """
    return PREFIX if token is None or is_public else f"{PREFIX}/{key_of(token)}"
