"""The gates of ``make check`` refuse what they are there to refuse."""

from __future__ import annotations

import pytest
from numpydoc.hooks import validate_docstrings

GOOD = '''"""Doubles."""


def double(number: int) -> int:
    """
    Return twice a number.

    Parameters
    ----------
    number : int
        The number.

    Returns
    -------
    int
        Twice the number.
    """
    return 2 * number
'''


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("GL08", GOOD[GOOD.index('    """\n') : GOOD.index("    return")], ""),
        ("PR01", "    Parameters\n    ----------\n    number : int\n        The number.\n\n", ""),
        ("RT01", "    Returns\n    -------\n    int\n        Twice the number.\n", ""),
        ("SS05", "Return twice", "Returns twice"),
    ],
)
def test_the_docstring_gate_refuses(repository, tmp_path, capsys, code, old, new):
    module = tmp_path / "module.py"
    module.write_text(GOOD)
    assert validate_docstrings.run_hook([str(module)], config=repository) == 0
    module.write_text(GOOD.replace(old, new))
    assert validate_docstrings.run_hook([str(module)], config=repository) == 1
    assert f": {code} " in capsys.readouterr().err
