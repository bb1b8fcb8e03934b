"""Places on the command line: paths, and URLs of object stores."""

from __future__ import annotations

from pathlib import Path

import click


class Place(click.ParamType[Path]):
    """A path of this machine, or a URL such as ``s3://bucket/pool``."""

    name = "place"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """
        Return where a text points to.

        Parameters
        ----------
        value : str or Path
            As it was typed.
        param : click.Parameter or None
            Not looked at.
        ctx : click.Context or None
            Not looked at.

        Returns
        -------
        Path
            A path; of a URL, one that is read and written over the network.
        """
        from spectrove.storage import located

        del param, ctx

        return located(value)
