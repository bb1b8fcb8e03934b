"""The page in the frame in which Aladin Lite draws, with a policy of its own, so that the labeling page keeps its strict one."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response

from spectrove.web.aladin import SHA256, installed
from spectrove.web.files import IMMUTABLE
from spectrove.web.problems import Problem
from spectrove.web.security import IMAGES

FRAME = "/aladin"
"""Where the page in the frame is."""

SCRIPT = f"{FRAME}/{SHA256}.js"
"""Where Aladin Lite itself is."""

SURVEY = f"{IMAGES}/DSS/DSSColor"
"""Pictures of the sky, by their address: a bare name, which nobody resolves without a network, would be looked for here."""

CDS = "https://*.cds.unistra.fr https://*.unistra.fr https://*.u-strasbg.fr"

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' blob:; worker-src blob:; style-src 'self' 'unsafe-inline'; "
    f"img-src 'self' data: blob: {CDS}; connect-src data: blob: {CDS}; font-src data:; form-action 'none'; "
    "frame-ancestors 'self'; base-uri 'none'"
)
"""
Content-Security-Policy of the frame: WebAssembly and inline styles, without which Aladin Lite does not run, and pictures of the
CDS. It can ask nothing of the labeling page's interface: ``connect-src`` lacks it.
"""

HEADERS = {"Content-Security-Policy": POLICY, "X-Frame-Options": "SAMEORIGIN"}


def add_aladin(app: FastAPI) -> None:
    """
    Add the frame's page and Aladin Lite itself.

    Parameters
    ----------
    app : FastAPI
        The labeling page, with ``state.files``.
    """

    @app.get(FRAME, include_in_schema=False)
    def frame() -> HTMLResponse:
        if installed() is None:
            raise Problem(404, "Aladin Lite is not installed here: `spectrove vo aladin --install` fetches it")
        return HTMLResponse(app.state.files.page("aladin.html", script=SCRIPT, survey=SURVEY), headers=HEADERS)

    @app.get(SCRIPT, include_in_schema=False)
    def script() -> Response:
        content = installed()
        if content is None:
            raise Problem(404, "Aladin Lite is not installed here: `spectrove vo aladin --install` fetches it")
        return Response(content, media_type="text/javascript", headers={"Cache-Control": IMMUTABLE})
