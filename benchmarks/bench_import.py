"""
How long the command takes to say anything, as a ratio to Python's own start.

Everybody waits for this at every command, and for every <TAB>. NumPy stands beside it for comparison.
"""

from __future__ import annotations

import subprocess
import sys
import time

ROUNDS = 7
PROGRAMS = {
    "python": "pass",
    "import numpy": "import numpy",
    "import spectrove": "import spectrove",
    "spectrove --help": "from spectrove.cli import main; main(['--help'])",
}


def fastest(program: str) -> float:
    """Return the fastest of several starts in seconds: what else runs on the machine only ever adds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print a line for each program."""
    seconds = {name: fastest(program) for name, program in PROGRAMS.items()}
    for name, taken in seconds.items():
        print(f"{name:18s} {1000 * taken:7.0f} ms {taken / seconds['python']:6.1f} × python")


if __name__ == "__main__":
    main()
