"""``spectrove vo serve``: from the command to a spectrum, and what it says where it cannot serve."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import pyvo

from small_survey import SmallSurvey
from spectrove.cli.frame import main


@pytest.mark.parametrize("n_presses", [1, 2], ids=["once", "twice, in a hurry"])
def test_a_pool_is_served_until_ctrl_c(small_survey: SmallSurvey, n_presses: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    command = [sys.executable, "-m", "spectrove", "vo", "serve", str(small_survey.pool), "--port", str(port)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as server:
        try:
            said = ""
            while not (found := re.search(r"SSAP\D*(http://\S+/ssap)", said)):
                line = server.stdout.readline()
                assert line, server.stderr.read()
                said += line
            with pytest.warns(pyvo.dal.DALOverflowWarning):
                assert len(pyvo.dal.SSAService(found[1]).search(MAXREC=5)) == 5
            for _ in range(n_presses):
                server.send_signal(signal.SIGINT)
            rest, errors = server.communicate(timeout=60)
        finally:
            server.kill()
    assert server.returncode == 0
    assert "stopped" in rest
    assert "Traceback" not in errors


def fail(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """Run a command that must end with status 1, and return its one sentence."""
    with pytest.raises(SystemExit) as left:
        main(["vo", "serve", *map(str, arguments)])
    assert left.value.code == 1
    (error,) = capsys.readouterr().err.splitlines()
    return error.removeprefix("error: ")


def test_where_nothing_can_be_served_one_sentence_says_so(
    small_survey: SmallSurvey, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert str(tmp_path) in fail(capsys, tmp_path)
    assert str(tmp_path / "nothing") in fail(capsys, tmp_path / "nothing")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port}: nothing can listen here" in fail(capsys, small_survey.pool, "--port", str(port))
