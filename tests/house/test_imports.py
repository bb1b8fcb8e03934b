"""Heavy packages stay where they belong, and stay out of ``spectrove --help``."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

HEAVY = {"torch", "matplotlib", "dask", "distributed", "openvino", "sqlalchemy", "fastapi", "uvicorn"}
FITS_ROOMS = {"surveys", "simulate"}


def imported(tree: ast.Module) -> set[str]:
    """Return what a module imports, names taken from packages included."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_fits_files_are_opened_only_in_surveys_and_written_only_in_simulate(sources):
    users = {source.room for source in sources if any(name.startswith("astropy.io.fits") for name in imported(source.tree))}
    assert users <= FITS_ROOMS


@pytest.mark.parametrize(
    ("what", "program"),
    [
        ("the package", "import spectrove"),
        ("the help of the command line", "from spectrove.cli import main; sys.argv = ['spectrove', '--help']; main()"),
    ],
    ids=["package", "help"],
)
def test_nothing_heavy_is_imported_for(what, program):
    assert modules_of(program) & HEAVY == set(), f"{what} imports these"


def test_the_network_is_left_alone_until_it_is_needed():
    loaded = modules_of("import spectrove.campaign, spectrove.web.app, spectrove.vo, spectrove.report")
    assert loaded & {"torch", "openvino", "sklearn"} == set()


def modules_of(program):
    """Return the names of all modules that are loaded when a program has run."""
    report = "import atexit, sys; atexit.register(lambda: print('imported:', *sys.modules)); " + program
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    modules = set(done.stdout.rpartition("imported: ")[2].split())
    assert "spectrove" in modules
    return modules
