"""
An SSAP service on this machine, for tests: its answers are legal and odd, and its spectra misbehave as they are told.

Columns have names that say nothing, utypes in small letters with a prefix that nobody expects, and the collection is told once
by a PARAM. OVERFLOW stands behind the table, as DALI has it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import quoteattr

COLUMNS = {
    "c1": ("char", "SSA:curation.publisherdid"),
    "c2": ("char", "SSA:Access.Format"),
    "name": ("char", "SSA:DataID.Title"),
    "url": ("char", "SSA:Access.Reference"),
    "c5": ("double", "SSA:Target.Pos"),
    "c6": ("char", "SSA:Target.Name"),
    "c7": ("long", "SSA:Access.Size"),
}
"""Name, type and utype; the column that is called url is the fourth."""

SDM = "application/x-votable+xml"
LINKS = "application/x-votable+xml;content=datalink"


@dataclass
class Served:
    """A file of the service: what is sent, and how."""

    content: bytes = b""
    media_type: str = SDM
    status: int = 200
    how: str = "whole"


@dataclass
class FakeSsap:
    """
    What the service offers and was asked.

    ``rows`` are (did, path, media type) of its answer, ``files`` what is at each path; ``failures`` counts down answers of status
    503 before a path is served.
    """

    rows: list[tuple[str, str, str]] = field(default_factory=list)
    files: dict[str, Served] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    answer: Served | None = None
    overflow: bool = False
    queries: list[dict[str, str]] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    url: str = ""
    released: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ssap(self) -> str:
        return f"{self.url}/ssap"

    def offer(self, did: str, content: bytes, media_type: str = SDM, **how) -> str:
        """Offer a spectrum in one more form; return its path."""
        path = f"/get/{len(self.rows)}"
        self.rows.append((did, path, media_type))
        self.files[path] = Served(content, media_type, **how)
        return path

    def table(self) -> bytes:
        """Return the answer to a query."""
        fields = "".join(
            f'<FIELD name="{name}" datatype="{kind}" arraysize="{2 if kind == "double" else "*" if kind == "char" else 1}"'
            f' utype="{utype}"/>'
            for name, (kind, utype) in COLUMNS.items()
        )
        cells = ((did, media, f"title of {did}", self.url + path, "120.5 -2.5", "HD 1", "12") for did, path, media in self.rows)
        rows = "".join(f"<TR>{''.join(f'<TD>{quoteattr(cell)[1:-1]}</TD>' for cell in row)}</TR>" for row in cells)
        after = '<INFO name="QUERY_STATUS" value="OVERFLOW"/>' if self.overflow else ""
        return (
            '<VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">'
            '<INFO name="QUERY_STATUS" value="OK"/><TABLE>'
            '<PARAM name="x" datatype="char" arraysize="*" utype="ssa:DataID.Collection" value="Old plates"/>'
            f"{fields}<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE>{after}</RESOURCE></VOTABLE>"
        ).encode()


@contextmanager
def fake_ssap() -> Iterator[FakeSsap]:
    """Run the service, and yield what it offers and was asked."""
    service = FakeSsap()
    handler = type("Handler", (_Handler,), {"service": service})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = False  # joined at the end: no thread outlives the test
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield service
    finally:
        service.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    service: FakeSsap

    def log_message(self, *args) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        service = self.service
        if asked.path == "/ssap":
            service.queries.append(dict(parse_qsl(asked.query)))
            self._send(service.answer or Served(service.table()))
            return
        with service._lock:
            service.fetched.append(asked.path)
            service.at_once += 1
            service.most_at_once = max(service.most_at_once, service.at_once)
        try:
            if service.failures.get(asked.path, 0) > 0:
                service.failures[asked.path] -= 1
                self._send(Served(b"busy", "text/plain", 503))
            else:
                self._send(service.files.get(asked.path, Served(b"gone", "text/plain", 404)))
        finally:
            with service._lock:
                service.at_once -= 1

    def _send(self, served: Served) -> None:
        if served.how == "moves":
            self.send_response(302)
            self.send_header("Location", served.content.decode())
            self.end_headers()
            return
        if served.how == "hangs":
            self.service.released.wait(20)
        if served.how == "slow":
            time.sleep(0.05)
        self.send_response(served.status)
        self.send_header("Content-Type", served.media_type)
        self.send_header("Content-Length", str(len(served.content)))
        self.end_headers()
        end = len(served.content) // 2 if served.how == "cut off" else None
        self.wfile.write(served.content[:end])
