"""
How long the command takes to say anything, as a ratio to Python's own start.

Everybody waits for this at every command, and for every <TAB>. NumPy stands beside it for comparison.
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import harness
from harness import Contestant, Facts, Options

PROGRAMS = {
    "python": "pass",
    "import numpy": "import numpy",
    "import spectrove": "import spectrove",
    "spectrove --help": "from spectrove.cli import main; main(['--help'])",
}


def start(program: str) -> None:
    """Run a program in a Python of its own."""
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


def run(options: Options) -> Facts:
    """Measure all."""
    contestants = [Contestant(name, partial(start, program), 1) for name, program in PROGRAMS.items()]
    return {"contests": [harness.contest("start", "starts", contestants, options.turns)]}


if __name__ == "__main__":
    harness.main("import", __doc__, run, {})
