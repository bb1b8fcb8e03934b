"""The page on a port."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from spectrove.errors import StorageError
from spectrove.web.config import PageConfig
from spectrove.web.serve import address_of, listening

PROGRAM = """
import sys
from functools import partial
from pathlib import Path
from spectrove.web import PageConfig, serve
config = PageConfig(annotator="ada", port=int(sys.argv[2]), runs_loop=False)
serve(Path(sys.argv[1]), config, open_browser=False, say=partial(print, flush=True))
"""


@pytest.mark.parametrize("n_presses", [1, 2], ids=["once", "twice, in a hurry"])
def test_the_page_is_served_until_ctrl_c_and_says_where(asked: Path, tmp_path: Path, n_presses: int) -> None:
    shutil.copytree(asked, tmp_path / "campaign")
    with listening("127.0.0.1", 0) as door:
        port = door.getsockname()[1]
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "campaign"), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            address = server.stdout.readline().split()[-1]
            assert address == f"http://127.0.0.1:{port}/"
            with urllib.request.urlopen(f"{address}api/v1/session", timeout=60) as answer:  # the door is open before it is said
                assert json.load(answer)["annotator"] == "ada"
            for _ in range(n_presses):
                server.send_signal(signal.SIGINT)
            rest, errors = server.communicate(timeout=60)
        finally:
            server.kill()
    assert server.returncode == 0
    assert "stopped" in rest
    assert "Traceback" not in errors


def test_a_port_that_is_taken_is_said_so_and_the_usual_one_gives_way() -> None:
    with listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StorageError, match=f"127.0.0.1:{port}: nothing can listen here"):
            listening("127.0.0.1", port)
    with listening("127.0.0.1", 0) as first, listening("127.0.0.1", 0) as second:
        assert first.getsockname()[1] != second.getsockname()[1]


@pytest.mark.parametrize(
    ("config", "address"),
    [
        (PageConfig("ada", port=1), "http://127.0.0.1:1/"),
        (PageConfig("ada", "::1", 1), "http://[::1]:1/"),
        (PageConfig("ada", "192.0.2.7", 1, token="t"), "http://192.0.2.7:1/?token=t"),
        (PageConfig("ada", "0.0.0.0", 1, token="t"), f"http://{socket.gethostname()}:1/?token=t"),
    ],
)
def test_the_address_is_one_that_a_browser_takes(config: PageConfig, address: str) -> None:
    assert address_of(config) == address
