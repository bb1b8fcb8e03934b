"""``spectrove label``: the page in the browser where people answer."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

if TYPE_CHECKING:
    from spectrove.campaign import Campaign


class _Given(TypedDict):
    host: str
    port: int
    annotator: str | None
    workers: int
    token: str | None
    no_browser: bool
    no_loop: bool


@click.command(short_help="Answer questions in the browser.")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen to; for any but this machine's own, a token."
)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Port to listen to; 8765, or a free one, unless given.")
@click.option("--annotator", metavar="NAME", help="Who answers, unless the page is told; you, unless given.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Processes that score.")
@click.option("--token", envvar="SPECTROVE_TOKEN", show_envvar=True, help="What lets somebody in; made where it is needed.")
@click.option("--no-browser", is_flag=True, help="Open no browser.")
@click.option("--no-loop", is_flag=True, help="Train and score nothing; another process runs `spectrove campaign run`.")
def label(directory: Path, **given: Unpack[_Given]) -> None:
    """
    Answer the questions of the campaign in DIRECTORY, on a page in the browser.

    When all is answered, the next network is trained and the pool is scored in the background, and the next questions appear
    by themselves. Ctrl-C stops it; every answer is recorded by then.
    """
    from spectrove.campaign import Campaign
    from spectrove.web import PageConfig, serve

    with Campaign(directory) as opened:
        click.echo(_state(opened))
    annotator = given["annotator"] or getpass.getuser()
    config = PageConfig(annotator, given["host"], given["port"], given["workers"], given["token"], not given["no_loop"])
    click.echo("Ctrl-C stops it")
    serve(directory, config, open_browser=not given["no_browser"], say=click.echo)


def _state(opened: Campaign) -> str:
    row = opened.iteration()
    if opened.is_finished():
        return (
            f"{opened.directory}: this campaign is finished. Its candidates can be verified on the page, and taken with "
            f"`spectrove campaign export {opened.directory}`."
        )
    n_open = len(opened.open_questions())
    return f"{opened.directory}: iteration {row.number}, phase {row.phase}; {n_open} questions open"
