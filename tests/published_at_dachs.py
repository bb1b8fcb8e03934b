"""A data center with what we export: made once, for all tests that need one."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import pytest

from dachs_server import Dachs, data_center, missing, serving
from searched import make_searched_campaign
from small_survey import SmallSurvey
from spectrove.campaign import Campaign
from spectrove.execution import InlineExecutor
from spectrove.pool import IngestConfig, Pool, ingest
from spectrove.preprocess import recipe
from spectrove.vo.dachs import DachsAbout, DachsContent, export_dachs

TITLE = 'Be & "shell" stars <Hα> \\rdId'
"""With all that XML, SQL and DaCHS' macros could take for their own."""

ODD_IDS = ("a <b> & c", "O'Neil", 'say "x", y', "ř\\schema/1", "100%_~+?#")
"""Keys that a survey may have, though none should."""


@dataclass(frozen=True)
class DataCenter:
    """
    A data center that serves three resources.

    Attributes
    ----------
    dachs : Dachs
        The server.
    campaign : Path
        A campaign, whose candidates are copied into the resource ``emission``.
    odd : Path
        A pool with `ODD_IDS` and no positions, copied into the resource ``odd``.
    said : dict of str to str
        What DaCHS said when it imported each.
    """

    dachs: Dachs
    campaign: Path
    odd: Path
    said: dict[str, str]

    def ssap(self, name: str = "emission") -> str:
        """Return where the spectra of a resource are searched."""
        return f"{self.dachs.url}/{name}/q/ssa/ssap.xml?"


@pytest.fixture(scope="session")
def center(small_survey: SmallSurvey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataCenter]:
    """Return a data center, or skip the test where DaCHS is not installed."""
    if why := missing():
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("exported")
    campaign, odd = make_searched_campaign(folder / "campaign", small_survey), odd_pool(folder)
    with Campaign(campaign) as opened:
        export_dachs(opened, folder / "emission", DachsAbout("emission", TITLE, ("Škoda, P.",), "2020A&A...643A.122S", "LAMOST"))
        export_dachs(opened, folder / "whole", DachsAbout("whole"), DachsContent(whole_pool=True))
    export_dachs(Pool.open(odd), folder / "odd", DachsAbout("odd"), DachsContent(copies=True, previews=False))
    with data_center() as dachs:
        move_archive(dachs, small_survey, folder / "whole" / "res")
        said = {}
        for name in ("emission", "whole", "odd"):
            dachs.put(folder / name)
            said[name] = dachs.run("dachs", "imp", f"{name}/q")
        published = dachs.run("dachs", "pub", *(f"{name}/q" for name in said))
        said = {name: f"{imported}{published}" for name, imported in said.items()}
        with serving(dachs):
            yield DataCenter(dachs, campaign, odd, said)


@pytest.fixture(scope="session")
def dachs(center: DataCenter) -> str:
    """Return the address of an SSAP service of a real DaCHS, which has some fifty spectra."""
    return center.ssap()


def odd_pool(folder: Path) -> Path:
    """Return a pool of spectra with odd names, from a table."""
    wave = [6300 + 1.5 * step for step in range(500)]
    lines = [",".join(["id", *map(str, wave)])]
    for place, key in enumerate(ODD_IDS):
        flux = [1 + 2 / (1 + ((at - 6564.6) / (5 + place)) ** 2) for at in wave]
        quoted = '"' + key.replace('"', '""') + '"'
        lines.append(",".join([quoted, *(f"{value:.6f}" for value in flux)]))
    (folder / "odd.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    ingest([folder / "odd.csv"], folder / "odd-pool", recipe("halpha-2020"), IngestConfig(), InlineExecutor())
    return folder / "odd-pool"


def move_archive(dachs: Dachs, survey: SmallSurvey, resource: Path) -> None:
    """Have the survey's files elsewhere, as a data center has, and do what the README says of that."""
    archive = dachs.folder / "archive"
    shutil.copytree(survey.files.fits_pool, archive)
    module = resource / "spectra.py"
    lines = module.read_text(encoding="utf-8").splitlines(keepends=True)
    (place,) = (place for place, line in enumerate(lines) if line.startswith("ARCHIVE = "))
    lines[place] = f"ARCHIVE = {str(archive)!r}\n"
    module.write_text("".join(lines), encoding="utf-8")
    # As `pip install --no-deps --target res/lib spectrove isal` does, from what the tests run on.
    for package in ("spectrove", "isal"):
        found = sys.modules[package] if package in sys.modules else __import__(package)
        shutil.copytree(
            Path(found.__file__).parent, resource / "lib" / package, ignore=shutil.ignore_patterns("static", "__pycache__")
        )
    told = distribution("spectrove").locate_file(f"spectrove-{distribution('spectrove').version}.dist-info")
    shutil.copytree(told, resource / "lib" / Path(str(told)).name)
    dachs.own(archive)
