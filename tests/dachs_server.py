"""
A data center of our own for tests: DaCHS, the server that many publish by, with a database that nobody else has.

Database, folders and settings are below one folder and end with the context that made them. The machine's own database cluster,
``/etc/gavo.rc`` and ``/var/gavo`` are left alone. As PostgreSQL refuses to run as root, all of it runs as ``dachsroot``, the user
that Debian's package makes.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

USER = "dachsroot"
"""Made by Debian's package gavodachs2-server; runs database and server."""

AUTHORITY = "x-spectrove-test"
"""Names that begin with ``x-`` are registered nowhere."""

PATIENCE = 120.0
"""Seconds after which a test gives up."""

SETTINGS = """\
[general]
rootDir: {root}
group: {group}
gavoGroup: {group}
maintainerAddress: nobody@example.org

[web]
serverURL: http://127.0.0.1:{port}
bindAddress: 127.0.0.1
serverPort: {port}
user: {user}
sitename: A data center for tests

[ivoa]
authority: {authority}
"""

DATABASE_SETTINGS = """\
listen_addresses = ''
unix_socket_directories = '{folder}'
port = {port}
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 32MB
"""
"""One that is thrown away need not survive a loss of power."""


class NotPossibleError(RuntimeError):
    """DaCHS cannot be had, or does not do what it is told; the message says why."""


def missing() -> str:
    """Return why there can be no DaCHS here, in a few words; empty if there can."""
    if shutil.which("dachs") is None:
        return "DaCHS is not installed (Debian: apt-get install --no-install-recommends gavodachs2-server)"
    if _binaries() is None:
        return "PostgreSQL's server is not installed"
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        return f"there is no user {USER}, whom Debian's gavodachs2-server makes"
    if os.geteuid() not in {0, user.pw_uid}:
        return f"only root can run a database as {USER}"
    return ""


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@dataclass(frozen=True)
class Dachs:
    """
    A data center: where it is, and how it is told what to do.

    Attributes
    ----------
    folder : Path
        All that it has.
    port : int
        Where it serves, once it is started.
    """

    folder: Path
    port: int

    @property
    def inputs(self) -> Path:
        """Return where its resources are."""
        return self.folder / "root" / "inputs"

    @property
    def url(self) -> str:
        """Return where it serves."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """Return what DaCHS is to know; nothing of the environment of Python that the tests have."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
        own = {"GAVOSETTINGS": str(self.folder / "gavo.rc"), "GAVOCUSTOM": os.devnull, "HOME": str(self.folder)}
        return {**kept, **own, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}

    def run(self, *words: object) -> str:
        """Run a command as the data center's user, and return what it says."""
        done = subprocess.run(
            [str(word) for word in words],
            env=self.environment(),
            cwd=self.inputs if self.inputs.is_dir() else self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE,
            **_as_user(),
        )
        if done.returncode:
            msg = f"{' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout}"
            raise NotPossibleError(msg)
        return done.stdout

    def put(self, folder: Path) -> Path:
        """Copy a resource into the inputs, as its operator does, and return where it is."""
        there = self.inputs / folder.name
        shutil.copytree(folder, there)
        _give(there)
        return there

    def own(self, path: Path) -> None:
        """Let the data center's user have a file or folder."""
        _give(path)

    def get(self, path: str) -> bytes:
        """Return what is at an address of the server, be it an error."""
        try:
            with urllib.request.urlopen(f"{self.url}/{path.lstrip('/')}", timeout=PATIENCE) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return bytes(error.read())


def _as_user() -> dict[str, object]:
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(USER)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _give(path: Path) -> None:
    if os.geteuid() != 0:
        return
    user = pwd.getpwnam(USER)
    for one in (path, *path.rglob("*")):
        os.chown(one, user.pw_uid, user.pw_gid, follow_symlinks=False)


@contextmanager
def _database(dachs: Dachs) -> Iterator[str]:
    binaries, data, port = _binaries(), dachs.folder / "database", _free_port()
    if binaries is None:
        raise NotPossibleError(missing())
    dachs.run(binaries / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    with (data / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write(DATABASE_SETTINGS.format(folder=dachs.folder, port=port))
    dachs.run(binaries / "pg_ctl", "-D", data, "-l", dachs.folder / "database.log", "-w", "start")
    try:
        dachs.run(binaries / "createdb", "-h", dachs.folder, "-p", port, "-U", USER, "gavo")
        yield f"host={dachs.folder} port={port} user={USER} dbname=gavo"
    finally:
        dachs.run(binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


@contextmanager
def data_center() -> Iterator[Dachs]:
    """Make a data center that has ObsCore and TAP, and nothing yet to serve; needs half a minute."""
    with TemporaryDirectory(prefix="dachs-", dir="/tmp") as name:  # a short path: sockets have at most 107 characters
        dachs = Dachs(Path(name), _free_port())
        group = pwd.getpwnam(USER).pw_gid
        words = {"root": dachs.folder / "root", "port": dachs.port, "user": USER, "authority": AUTHORITY}
        text = SETTINGS.format(**words, group=grp.getgrgid(group).gr_name)
        (dachs.folder / "gavo.rc").write_text(text, encoding="utf-8")
        _give(dachs.folder)
        with _database(dachs) as dsn:
            dachs.run("dachs", "init", "-d", dsn)
            for resource in ("//obscore", "//tap"):
                dachs.run("dachs", "imp", resource)
            yield dachs


@contextmanager
def serving(dachs: Dachs) -> Iterator[str]:
    """Let the data center serve, and give its address."""
    log = dachs.folder / "serve.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            ["dachs", "serve", "debug"],
            env=dachs.environment(),
            cwd=dachs.inputs,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **_as_user(),
        ) as process,
    ):
        try:
            _wait(dachs, process, log)
            yield dachs.url
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _wait(dachs: Dachs, process: subprocess.Popen[bytes], log: Path) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{dachs.url}/robots.txt", timeout=5):
                return
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.1)
    msg = f"dachs serve debug: does not serve at {dachs.url}\n{log.read_text(errors='replace')}"
    raise NotPossibleError(msg)
