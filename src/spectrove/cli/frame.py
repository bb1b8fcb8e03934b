"""The command's outermost frame: the groups, and errors as one sentence."""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import TextIO

import click

from spectrove import __version__
from spectrove.cli.campaign import campaign
from spectrove.cli.catalog import catalog
from spectrove.cli.config import config
from spectrove.cli.demo import demo
from spectrove.cli.experiment import experiment
from spectrove.cli.fit_blur import fit_blur
from spectrove.cli.inspect import inspect_file
from spectrove.cli.label import label
from spectrove.cli.pool import pool
from spectrove.cli.simulate import simulate
from spectrove.cli.vo import vo
from spectrove.errors import SpectroveError

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells count it: 128 and the signal's number."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="spectrove")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """
    Find rare objects with characteristic spectral shapes in archives of millions of spectra.

    A first look: `spectrove demo DIR`. Your own files: `spectrove inspect FILE`, `spectrove pool ingest`, `spectrove campaign
    new`, and `spectrove label DIR` to answer its questions in the browser.
    """
    del debug  # read by `main`, which is around everything


for command in (inspect_file, fit_blur, pool, campaign, label, catalog, vo, simulate, experiment, config, demo):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Run the command and leave the process.

    The status is 0 if all went well, 1 after an error, 2 after a wrong call, 130 after Ctrl-C.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name; that of the process unless given.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    warnings.showwarning = _show_warning
    try:
        status = cli.main(given, prog_name="spectrove", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; what was finished is kept, and the same command goes on from there", err=True)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the outermost frame
        if "--debug" in given:
            traceback.print_exc()
        known = isinstance(error, SpectroveError)
        sentence = (
            str(error) if known else f"unexpected {type(error).__name__}: {error}. Run `spectrove --debug …` and report it."
        )
        click.echo(f"error: {sentence}", err=True)
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    del category, filename, lineno, file, line
    click.echo(f"warning: {message}", err=True)
