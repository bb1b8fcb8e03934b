"""
Draw the map of docs/how-to/injection.md: python docs/images/completeness.py WORK OUT.png.

It runs the page's commands and its program for the classical finder in the new folder WORK, with as many spectra and lines as the
page says of its map, and prints what the page tells in words.
"""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[1] / "how-to" / "injection.md"
SURVEY = "simulate survey survey --size 300 --labeled 30 --fits 300"
INJECT = "simulate inject survey/fits/pool --output injected --ew 0.25 --ew 0.5 --ew 1 --ew 2 --ew 4 --ew 8 --copies 4"
MAP = "simulate completeness injected candidates.csv --plot"
BRIGHT = 60.0  # S/N


def finder() -> str:
    """Return the page's program that writes the classical finder's candidates."""
    programs = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return next(program for program in programs if "candidates.csv" in program and "FINDERS" in program)


def told(work: Path) -> None:
    """Print how many lines were found, of those that an expert can see, by strength, and the same of bright spectra."""
    with (work / "candidates.csv").open(encoding="utf-8") as file:
        found = {row["spectrum_id"] for row in csv.DictReader(file)}
    with (work / "injected" / "truth.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    for least in (0.0, BRIGHT):
        for width in sorted({float(line["ew"]) for line in lines}):
            some = [line for line in lines if float(line["ew"]) == width and float(line["snr"]) > least]
            seen = sum(line["label"] != "not-interesting" for line in some)
            named = sum(line["spectrum_id"] in found for line in some)
            print(f"{width:g} Å, S/N above {least:g}: {len(some)} lines, {seen} visible, {named} found")


def main(work: Path, output: Path) -> None:
    """Run the page and draw its map."""
    work.mkdir(parents=True)
    output = output.absolute()
    spectrove = ["-m", "spectrove"]
    for arguments in (
        [*spectrove, *SURVEY.split()],
        [*spectrove, *INJECT.split()],
        ["-c", finder()],
        [*spectrove, *MAP.split(), str(output)],
    ):
        subprocess.run([sys.executable, *arguments], cwd=work, check=True)  # noqa: S603 - our own page's commands
    told(work)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
