"""``spectrove vo serve``: spectra and candidates for TOPCAT, Aladin, SPLAT and pyvo."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TypedDict, Unpack

import click

from spectrove.cli.places import Place
from spectrove.cli.progress import showing_progress


class _Given(TypedDict):
    host: str
    port: int
    annotator: str | None
    workers: int
    token: str | None
    public: bool
    url: str
    title: str
    publisher: str
    authority: str
    browser: bool
    no_loop: bool


@click.command(short_help="Serve spectra and candidates.")
@click.argument("directory", type=Place())
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen to; for any but this machine's own, a token."
)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Port to listen to; 8765, or a free one, unless given.")
@click.option("--public", is_flag=True, help="Let everybody who reaches the server read spectra and candidates, without a key.")
@click.option("--url", default="", metavar="URL", help="The server's address as others know it, such as that of a proxy.")
@click.option("--title", default="Spectra served by spectrove", show_default=True, help="What the collection is called.")
@click.option("--publisher", default="spectrove", show_default=True, help="Who publishes it.")
@click.option("--authority", default="x-spectrove", show_default=True, help="Your authority of IVO identifiers, if you have one.")
@click.option("--annotator", metavar="NAME", help="Who answers, unless the page is told; you, unless given.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Processes that score.")
@click.option("--token", envvar="SPECTROVE_TOKEN", show_envvar=True, help="What lets somebody in; made where it is needed.")
@click.option("--browser", is_flag=True, help="Open the labeling page in the browser.")
@click.option("--no-loop", is_flag=True, help="Train and score nothing; another process runs `spectrove campaign run`.")
def serve(directory: Path, **given: Unpack[_Given]) -> None:
    """
    Serve the spectra in DIRECTORY, a campaign or a pool, to tools of the Virtual Observatory.

    SSAP, DataLink, cutouts and cone searches. With a campaign, the labeling page is there as well, and the candidates. The first
    time an index on the sky is made, which takes some seconds for each million spectra. Ctrl-C stops it.
    """
    from spectrove.pool.layout import is_pool
    from spectrove.vo.service.service import ServiceFacts
    from spectrove.web import PageConfig
    from spectrove.web.serve import serve as serve_campaign
    from spectrove.web.serve import serve_pool

    facts = ServiceFacts(given["title"], given["publisher"], given["authority"])
    config = PageConfig(
        given["annotator"] or getpass.getuser(),
        given["host"],
        given["port"],
        given["workers"],
        given["token"],
        not given["no_loop"],
        given["public"],
        given["url"].rstrip("/"),
    )
    click.echo("Ctrl-C stops it")
    with showing_progress() as progress:
        if is_pool(directory):
            serve_pool(directory, config, say=click.echo, facts=facts, progress=progress)
        else:
            serve_campaign(directory, config, open_browser=given["browser"], say=click.echo, facts=facts, progress=progress)
