"""The page's own files: read once, when the program starts, and served from a table. No path of a request meets a disk."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from jinja2 import Environment, PackageLoader, StrictUndefined

IMMUTABLE = "public, max-age=31536000, immutable"
"""What is served under a hash of its content never changes."""

TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".json": "application/json",
}
"""Types of the files that the page loads; the system's own table may say something else."""

PAGES = ("index.html", "login.html", "aladin.html")
"""The templates."""


@dataclass(frozen=True)
class StaticFile:
    """
    A file as it is served.

    Attributes
    ----------
    content : bytes
        All of it.
    media_type : str
        Its type.
    """

    content: bytes
    media_type: str


class StaticFiles:
    """All of the page's own files, by a path that begins with a hash of them all."""

    def __init__(self) -> None:
        found = dict(_walked(files("spectrove.web") / "static", ""))
        digest = hashlib.sha256()
        for name in sorted(found):
            digest.update(f"{name}\0{len(found[name])}\0".encode() + found[name])
        version = digest.hexdigest()[:16]
        self.prefix = f"/static/{version}"
        self._table = {f"{version}/{name}": StaticFile(content, _type_of(name)) for name, content in found.items()}
        environment = Environment(loader=PackageLoader("spectrove.web"), autoescape=True, undefined=StrictUndefined)
        self._pages = {name: environment.get_template(name) for name in PAGES}

    def get(self, path: str) -> StaticFile | None:
        """
        Return a file.

        Parameters
        ----------
        path : str
            Behind ``/static/`` in a request, looked up as it is.

        Returns
        -------
        StaticFile or None
            None if the table holds no such path.
        """
        return self._table.get(path)

    def page(self, name: str, **told: object) -> str:
        """
        Return one of the pages.

        Parameters
        ----------
        name : str
            One of `PAGES`.
        **told : object
            What the template is told beside ``static``.

        Returns
        -------
        str
            HTML.
        """
        return self._pages[name].render(static=self.prefix, **told)


def _walked(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            found += _walked(entry, f"{name}/")
        elif not entry.name.startswith(".") and not entry.name.endswith((".d.ts", ".py")):
            found.append((name, entry.read_bytes()))
    return found


def _type_of(name: str) -> str:
    suffix = name[name.rfind(".") :] if "." in name else ""
    return TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "text/plain"
