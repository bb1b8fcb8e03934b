"""
X-Match and SIMBAD's TAP service on this machine, for tests: they play a recorded exchange, and misbehave as they are told.

The columns are those that X-Match has of SIMBAD, in its order; the objects are those of Škoda, Podsztavek & Tvrdík 2020
(App. B.5) and their neighborhood, at rounded positions.
"""

from __future__ import annotations

import csv
import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from astropy.io import votable

XMATCH_FIELDS = {
    "angDist": "double", "position": "long", "ra_in": "double", "dec_in": "double", "main_id": "char", "ra": "double",
    "dec": "double", "coo_err_maj": "float", "coo_err_min": "float", "coo_err_angle": "short", "nbref": "int", "ra_sexa": "char",
    "dec_sexa": "char", "coo_qual": "char", "coo_bibcode": "char", "main_type": "char", "other_types": "char", "radvel": "float",
    "radvel_err": "float", "redshift": "double", "redshift_err": "float", "sp_type": "char", "morph_type": "char", "plx": "float",
    "plx_err": "float", "pmra": "float", "pmdec": "float", "pm_err_maj": "float", "pm_err_min": "float", "pm_err_pa": "short",
    "size_maj": "float", "size_min": "float", "size_angle": "short", "B": "float", "V": "float", "R": "float", "J": "float",
    "H": "float", "K": "float", "u": "float", "g": "float", "r": "float", "i": "float", "z": "float",
}  # fmt: skip
"""Columns of X-Match's answer, where ``position,ra_in,dec_in`` were uploaded."""

TAP_FIELDS = {
    "position_id": "long", "main_id": "char", "otype": "char", "ra": "double", "dec": "double", "otypes": "char",
    "sp_type": "char", "v_mag": "float",
}  # fmt: skip

LABELS = {"Be*": "Be*", "*": "Star", "V*": "Variable*", "TT*": "TTauri*", "Ae*": "Ae*", "G": "Galaxy", "Y*?": "YSO_Candidate"}
"""X-Match's labels of SIMBAD's codes."""


@dataclass(frozen=True)
class SkyObject:
    """An object of SIMBAD."""

    main_id: str
    otype: str
    ra: float
    dec: float
    otypes: str = ""
    sp_type: str = ""
    v: float | None = None


RECORDED = (
    SkyObject("* 28 Tau", "Be*", 57.29673, 24.13671, "*|**|Be*|Em*|IR|PM*|UV|V*", "B8Vne", 5.09),
    SkyObject("HD  65666", "*", 120.13368, 18.84221, "*|Em*|IR|PM*|UV", "B9", 7.09),
    SkyObject("V* R Mon", "Ae*", 99.79139, 8.73634, "*|Ae*|Em*|IR|Or*|X|Y*O", "B8IIIev", 10.4),
    SkyObject("2MASS J06390907+0844380", "*", 99.7878, 8.7439, "*|IR|NIR"),
    SkyObject("* psi09 Aur", "Be*", 104.13338, 46.27405, "*|Be*|Em*|IR|PM*|UV", "B8IIIe", 5.87),
    SkyObject("LEDA 2354919", "G", 2.35133, 49.83589, "G|IR|Rad"),
)
"""What the services know."""


@dataclass
class FakeCds:
    """
    Services that answer what they are told.

    ``script`` holds what the next answers are, first come first served: names of `MISBEHAVIOR`, or ``"whole"``; once it is empty,
    all answers are whole.
    """

    objects: tuple[SkyObject, ...] = RECORDED
    script: list[str] = field(default_factory=list)
    most_rows: int = 2_000_000
    retry_after: str = "7"
    requests: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    dripped_to_the_end: bool = False

    @property
    def xmatch_url(self) -> str:
        return f"{self.url}/xmatch/api/v1/sync"

    @property
    def tap_url(self) -> str:
        return f"{self.url}/simbad/sim-tap"


@contextmanager
def fake_cds(**how) -> Iterator[FakeCds]:
    """Run the services, and yield what they know and were asked."""
    cds = FakeCds(**how)
    handler = type("Handler", (_Handler,), {"cds": cds})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = False  # joined at the end: no thread outlives the test
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    cds.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield cds
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    cds: FakeCds

    def log_message(self, *args) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        form = _form(self.headers["Content-Type"], self.rfile.read(int(self.headers["Content-Length"])))
        self.cds.requests.append({"path": self.path, **form})
        content = (
            _by_tap(self.cds, form) if self.path.endswith("/sync") and "sim-tap" in self.path else _by_xmatch(self.cds, form)
        )
        what = self.cds.script.pop(0) if self.cds.script else "whole"
        MISBEHAVIOR[what](self, content)

    def do_GET(self) -> None:
        self.send(404, b"uploads are posted", "text/plain")

    def send(self, status: int, content: bytes, kind: str = "application/x-votable+xml", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)


def _form(kind: str, body: bytes) -> dict[str, str]:
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    return {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True).decode()
        for part in message.iter_parts()
    }


# -- Answers ---------------------------------------------------------------------------------------------------------------------


def _by_xmatch(cds: FakeCds, form: dict[str, str]) -> bytes:
    if missing := {"request", "cat1", "cat2", "colRA1", "colDec1", "distMaxArcsec", "RESPONSEFORMAT"} - form.keys():
        return error_table(f"Missing parameter {min(missing)}.")
    uploaded = list(csv.DictReader(io.StringIO(form["cat1"])))
    ra, dec = ([float(row[form[name]]) for row in uploaded] for name in ("colRA1", "colDec1"))
    rows = []
    for at, one, separation in _pairs(cds, ra, dec, float(form["distMaxArcsec"])):
        known = {"main_id": one.main_id, "ra": one.ra, "dec": one.dec, "main_type": LABELS.get(one.otype, one.otype)}
        known |= {"other_types": one.otypes, "sp_type": one.sp_type, "V": one.v, "nbref": 3, "coo_qual": "A"}
        rows.append({"angDist": round(separation, 6), **uploaded[at], **known})
    return table_of(XMATCH_FIELDS, rows[: cds.most_rows], is_cut=len(rows) > cds.most_rows)


def _by_tap(cds: FakeCds, form: dict[str, str]) -> bytes:
    name = form["UPLOAD"].split(",param:")[1]
    uploaded = votable.parse(io.BytesIO(form[name].encode())).get_first_table().to_table()
    radius = float(re.search(r"CIRCLE\('ICRS', u.ra_in, u.dec_in, ([\d.]+)\)", form["QUERY"])[1]) * 3600
    rows = []
    for at, one, _ in _pairs(cds, uploaded["ra_in"], uploaded["dec_in"], radius):
        known = {"main_id": one.main_id, "otype": one.otype, "ra": one.ra, "dec": one.dec, "otypes": one.otypes}
        rows.append({"position_id": uploaded["position_id"][at], **known, "sp_type": one.sp_type, "v_mag": one.v})
    return table_of(TAP_FIELDS, rows[: cds.most_rows], is_cut=len(rows) > cds.most_rows)


def _pairs(cds: FakeCds, ra, dec, radius: float) -> Iterator[tuple[int, SkyObject, float]]:
    ra, dec = np.radians(np.asarray(ra, dtype=float)), np.radians(np.asarray(dec, dtype=float))
    for at in range(len(ra)):
        for one in cds.objects:
            alpha, delta = np.radians(one.ra), np.radians(one.dec)
            haversine = np.sin((delta - dec[at]) / 2) ** 2
            haversine += np.cos(delta) * np.cos(dec[at]) * np.sin((alpha - ra[at]) / 2) ** 2
            separation = float(np.degrees(2 * np.arcsin(np.sqrt(haversine))) * 3600)
            if separation <= radius:
                yield at, one, separation


def table_of(fields: dict[str, str], rows: list[dict], *, is_cut: bool = False) -> bytes:
    """Return rows as a VOTable, as the services write it."""
    names = "".join(f'<FIELD name="{name}" datatype="{kind}"{_size(kind)}/>' for name, kind in fields.items())
    cells = ("".join(f"<TD>{_cell(row.get(name))}</TD>" for name in fields) for row in rows)
    data = "".join(f"<TR>{row}</TR>\n" for row in cells)
    overflow = '<INFO name="QUERY_STATUS" value="OVERFLOW"/>' if is_cut else ""
    return _document(
        f'<INFO name="QUERY_STATUS" value="OK"/><TABLE>{names}<DATA><TABLEDATA>\n{data}</TABLEDATA></DATA></TABLE>{overflow}'
    )


def error_table(reason: str) -> bytes:
    """Return the VOTable by which the services tell of an error."""
    return _document(f'<INFO name="QUERY_STATUS" value="ERROR">\nMessage: {reason}\n</INFO>')


def _document(inner: str) -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">'
    return f'{head}\n<RESOURCE type="results">{inner}</RESOURCE>\n</VOTABLE>\n'.encode()


def _size(kind: str) -> str:
    return ' arraysize="*"' if kind == "char" else ""


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("&", "&amp;").replace("<", "&lt;")


# -- Misbehavior -----------------------------------------------------------------------------------------------------------------


def _late(handler: _Handler, content: bytes) -> None:
    time.sleep(0.3)
    handler.close_connection = True


def _drips(handler: _Handler, content: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.close_connection = True
    try:
        for at in range(400):  # 12 s
            handler.wfile.write(content[at : at + 1])
            handler.wfile.flush()
            time.sleep(0.03)
        handler.cds.dripped_to_the_end = True
    except OSError:  # nobody listens any more
        return


def _breaks_off(handler: _Handler, content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])
    handler.close_connection = True


def _moved(handler: _Handler, content: bytes) -> None:
    handler.send(302, b"", Location=handler.path.replace("/sync", "/moved/sync"))


def _ends_in_error(handler: _Handler, content: bytes) -> None:
    told = b'<INFO name="QUERY_STATUS" value="ERROR">lost the database</INFO></RESOURCE>'
    handler.send(200, content.replace(b"</RESOURCE>", told))


PAGE = b"<!DOCTYPE html>\n<html><head><title>Welcome to the airport's network</title></head><body>Sign in.</body></html>"

MISBEHAVIOR: dict[str, Callable[[_Handler, bytes], None]] = {
    "whole": lambda handler, content: handler.send(200, content),
    "busy": lambda handler, content: handler.send(503, error_table("Too many jobs."), Retry_After=handler.cds.retry_after),
    "down": lambda handler, content: handler.send(502, b"<html>bad gateway</html>", "text/html"),
    "forbidden": lambda handler, content: handler.send(403, b"your address is banned", "text/plain"),
    "late": _late,
    "drips": _drips,
    "half": lambda handler, content: handler.send(200, content[: len(content) // 2]),
    "breaks off": _breaks_off,
    "page": lambda handler, content: handler.send(200, PAGE, "text/html"),
    "nothing": lambda handler, content: handler.send(200, b""),
    "error": lambda handler, content: handler.send(400, error_table("something went wrong during the processing")),
    "ends in error": _ends_in_error,
    "mangled": lambda handler, content: handler.send(200, content.replace(b"</TR>", b"</TD>", 1)),
    "other columns": lambda handler, content: handler.send(200, content.replace(b'"main_id"', b'"name"')),
    "other places": lambda handler, content: handler.send(
        200, re.sub(rb"<TR><TD>[^<]*</TD><TD>\d+", b"<TR><TD>1.0</TD><TD>77", content)
    ),
    "moved": _moved,
}
"""What a service may do in place of answering."""
