"""
Programs with windows, as astronomers have them beside the page: a screen that nobody sees, a SAMP hub, and TOPCAT at both.

Nothing of the user is touched: home folder, hub and screen are of this module's own making, and all processes end with the
context that began them. Only the port of the Web Profile is fixed by its standard, so one such desktop runs at a time.
"""

from __future__ import annotations

import io
import os
import queue
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from astropy.io.votable import parse_single_table
from astropy.io.votable.tree import TableElement
from astropy.table import Table

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pyvo import samp

PROGRAMS = {"topcat": "topcat", "Xvfb": "xvfb", "xdotool": "xdotool", "import": "imagemagick"}
"""What is needed, and the Debian package that has it."""

WEB_PORT = 21012
"""Where web pages look for a hub: Taylor et al. 2012, SAMP 1.3, sect. 5.2.1."""

SCREEN = (1400, 900)
"""Pixels."""
PATIENCE = 20.0
"""Seconds after which a test gives up."""

JAVA = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""A program that runs for a minute is quicker with less optimization."""

MTYPES = ("table.load.votable", "table.highlight.row", "table.select.rowList", "coord.pointAt.sky", "spectrum.load.ssa-generic")


MAIN = "^TOPCAT$"
BUTTONS = {"Table Browser": (161, 40), "Row Subsets": (270, 40), "Activation Actions": (340, 40)}
"""In TOPCAT's main window; each opens a window over the table that is selected. Pixels from the upper left of the window, as they
are in Debian's TOPCAT 4.8.7, and all that follow."""
FIRST_ROW, ROW_HEIGHT = (60, 114), 16
"""In the Table Browser."""
NEW_SUBSET, TRANSMIT = (30, 40), (130, 112)
"""In the Table Browser; and in the dialog that this opens."""
ADD_ACTION, REMOVE_INACTIVE = (30, 40), (100, 40)
"""In the window of Activation Actions."""
ACTIONS = {"Send Sky Coordinates": (100, 318), "Send row index": (100, 374)}
"""In the menu that the first opens."""


class NotPossibleError(RuntimeError):
    """The desktop cannot be had, or does not do what it is told; the message says why."""


def missing_programs() -> list[str]:
    """Return the Debian packages that are to be installed first."""
    return [package for program, package in PROGRAMS.items() if shutil.which(program) is None]


def wait_for(what: str, moment: Any, patience: float = PATIENCE) -> Any:
    """Ask again and again until the answer is neither None nor empty, and return it."""
    begun = time.monotonic()
    while not (found := moment()):
        if time.monotonic() - begun > patience:
            msg = f"{what}: not there after {patience:g} s"
            raise NotPossibleError(msg)
        time.sleep(0.05)
    return found


@contextmanager
def _running(command: list[str], log: Path, environment: Mapping[str, str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    # In a session of its own, as a shell script that starts Java is two processes: the signal is for both.
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**environment},
            start_new_session=True,
            **options,
        ) as process,
    ):
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@dataclass(frozen=True)
class Screen:
    """A display of the X Window System, with no window manager: windows lie where they are put, the last one on top."""

    environment: Mapping[str, str]

    def xdotool(self, *words: object) -> list[str]:
        """Use mouse, keyboard and windows; return the lines that were said."""
        told = subprocess.run(
            ["xdotool", *map(str, words)], env={**self.environment}, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        return told.stdout.split()

    def windows(self, title: str) -> list[str]:
        """Return the windows whose title a pattern finds."""
        return self.xdotool("search", "--onlyvisible", "--name", title)

    def click(self, window: str, x: int, y: int, button: int = 1) -> None:
        """Raise a window and click at a place in it, pixels from its upper left."""
        self.xdotool("windowraise", window, "mousemove", "--window", window, x, y, "click", button)

    def place(self, window: str, x: int, y: int, size: tuple[int, int] | None = None) -> None:
        """Move a window, raise it, and perhaps give it another size."""
        self.xdotool("windowmove", window, x, y, "windowraise", window)
        if size:
            self.xdotool("windowsize", window, *size)

    def picture(self) -> bytes:
        """Return all that is on the screen, as PNG."""
        command = ["import", "-window", "root", "png:-"]
        return subprocess.run(command, env={**self.environment}, capture_output=True, check=True, timeout=PATIENCE).stdout


class Listener:
    """A program at the hub that takes every message about tables, places and spectra, and remembers them."""

    def __init__(self, name: str) -> None:
        self._client = samp.SAMPIntegratedClient(name=name, addr="127.0.0.1")
        self._client.connect()
        self._told: queue.Queue[tuple[str, str, dict[str, Any]]] = queue.Queue()
        self._kept: list[tuple[str, str, dict[str, Any]]] = []
        for mtype in MTYPES:
            self._client.bind_receive_notification(mtype, self._take)
            self._client.bind_receive_call(mtype, self._answer)

    def __enter__(self) -> Self:
        """Return the listener."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the hub."""
        self._client.disconnect()

    def _take(self, _key: str, sender: str, mtype: str, params: dict[str, Any], _extra: object) -> None:
        self._told.put((self.name_of(sender), mtype, params))

    def _answer(self, _key: str, sender: str, message: str, mtype: str, params: dict[str, Any], _extra: object) -> None:
        self._client.reply(message, {"samp.status": "samp.ok", "samp.result": {}})
        self._told.put((self.name_of(sender), mtype, params))

    def name_of(self, client: str) -> str:
        """Return how a program calls itself."""
        return str(self._client.get_metadata(client).get("samp.name", client))

    def find(self, name: str) -> str | None:
        """Return the id of the program of some name, None if it is not at the hub."""
        return next((one for one in self._client.get_registered_clients() if self.name_of(one) == name), None)

    def takes(self, client: str, mtype: str) -> bool:
        """Tell whether a program takes such messages."""
        return mtype in self._client.get_subscriptions(client)

    def forget(self) -> None:
        """Forget what was said."""
        while not self._told.empty():
            self._told.get_nowait()
        self._kept.clear()

    def _next(self, mtype: str, seconds: float, sender: str | None) -> dict[str, Any] | None:
        """Return the first message of some kind that nobody asked for so far, or None if there is none for so long."""
        end = time.monotonic() + seconds
        while True:
            for one in self._kept:
                if one[1] == mtype and sender in {None, one[0]}:
                    self._kept.remove(one)
                    return one[2]
            try:
                self._kept.append(self._told.get(timeout=max(0.0, end - time.monotonic())))
            except queue.Empty:
                return None

    def hear(self, mtype: str, sender: str = "topcat", patience: float = 10.0) -> dict[str, Any]:
        """Wait for a message of this kind from that program, in whatever order they come, and return its parameters."""
        told = self._next(mtype, patience, sender)
        if told is None:
            msg = f"{sender} sent no {mtype} within {patience:g} s, but {self._kept}"
            raise NotPossibleError(msg)
        return told

    def is_silent(self, mtype: str, seconds: float = 1.0) -> bool:
        """Tell whether nobody sends a message of this kind for a while."""
        return self._next(mtype, seconds, None) is None

    def say(self, mtype: str, **params: Any) -> None:
        """Tell everybody else."""
        self._client.notify_all({"samp.mtype": mtype, "samp.params": _named(params)})

    def call(self, client: str, mtype: str, **params: Any) -> dict[str, Any]:
        """Send a message and return the whole answer."""
        message = {"samp.mtype": mtype, "samp.params": _named(params)}
        return dict(self._client.call_and_wait(client, message, str(int(PATIENCE))))


def _named(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters by the names that SAMP gives them."""
    return {name.replace("_", "-"): value for name, value in params.items()}


@dataclass
class Topcat:
    """TOPCAT, by its windows and by SAMP."""

    screen: Screen
    listener: Listener
    client: str

    def load(self, url: str, table_id: str, name: str) -> Table:
        """Send a VOTable, and return it as TOPCAT has it then."""
        told = self.listener.call(self.client, "table.load.votable", url=url, table_id=table_id, name=name)
        if told["samp.status"] != "samp.ok":
            msg = f"TOPCAT does not load {url}: {told}"
            raise NotPossibleError(msg)
        return self.table(name)

    def table(self, name: str) -> Table:
        """Wait until the table of some name is selected, as the one that was loaded last is, and return it as TOPCAT has it."""
        told = wait_for(f"the table {name!r} in TOPCAT", lambda: self._selected(name))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return told.to_table(use_names_over_ids=True)

    def _selected(self, name: str) -> TableElement | None:
        # An answer that a table was loaded comes before the table is there.
        told = self.listener.call(self.client, "table.get.stil", format="votable")
        if told["samp.status"] != "samp.ok":
            return None
        with warnings.catch_warnings(), urllib.request.urlopen(told["samp.result"]["url"], timeout=PATIENCE) as answer:
            warnings.simplefilter("ignore")
            found = parse_single_table(io.BytesIO(answer.read()))
        return found if found.name == name else None

    def show(self, kind: str, place: tuple[int, int] = (0, 330)) -> str:
        """Open a window over the selected table, by its button; return the window, which is new."""
        title = rf"^TOPCAT\([0-9]+\): {kind}$"
        before = set(self.screen.windows(title))
        (main,) = self.screen.windows(MAIN)
        self.screen.click(main, *BUTTONS[kind])
        new = wait_for(f"TOPCAT's window {kind}", lambda: set(self.screen.windows(title)) - before).pop()
        self.screen.place(new, *place)
        return str(new)

    def scroll_up(self, browser: str) -> None:
        """Turn the wheel until the first row of the Table Browser is on its top."""
        self.screen.xdotool("windowraise", browser, "mousemove", "--window", browser, *FIRST_ROW, "click", "--repeat", 30, 4)

    def click_row(self, browser: str, row: int, *, more: bool = False) -> None:
        """Click at a row of the Table Browser, counted from zero at its top; with `more`, beside those that are selected."""
        x, y = FIRST_ROW
        if more:
            self.screen.xdotool("keydown", "ctrl")
        self.screen.click(browser, x, y + row * ROW_HEIGHT)
        if more:
            self.screen.xdotool("keyup", "ctrl")

    def activate_by(self, actions: str, names: Sequence[str]) -> None:
        """Add to what TOPCAT does when somebody clicks at a row of the selected table; an action that is added is ticked."""
        self.screen.click(actions, *REMOVE_INACTIVE)
        for name in names:
            self.screen.click(actions, *ADD_ACTION)
            time.sleep(0.3)  # a menu is no window that could be waited for
            self.screen.xdotool("mousemove", "--window", actions, *ACTIONS[name], "click", 1)
            time.sleep(0.3)

    def transmit_selection(self, browser: str) -> None:
        """Send the selected rows to all programs, as a subset."""
        self.screen.click(browser, *NEW_SUBSET)
        (dialog,) = wait_for("TOPCAT's dialog New Subset", lambda: self.screen.windows("^New Subset$"))
        self.screen.click(dialog, *TRANSMIT)
        wait_for("the end of TOPCAT's dialog", lambda: not self.screen.windows("^New Subset$"))


@contextmanager
def screen(folder: Path, size: tuple[int, int] = SCREEN) -> Iterator[Screen]:
    """Start a display with a number that nobody has."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{size[0]}x{size[1]}x24", "-nolisten", "tcp"]
    with os.fdopen(reading) as told, _running(command, folder / "screen.log", os.environ, pass_fds=[writing]):
        os.close(writing)
        number = told.readline().strip()
        if not number:
            msg = f"Xvfb does not start: {(folder / 'screen.log').read_text()}"
            raise NotPossibleError(msg)
        yield Screen({**os.environ, "DISPLAY": f":{number}", "HOME": str(folder)})


@contextmanager
def hub(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Start a hub for programs and for web pages, which asks nobody before it lets a page in; give where its lock file is."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", WEB_PORT))
        except OSError as error:
            msg = f"port {WEB_PORT} is taken ({error}): another SAMP hub runs here. Close it (TOPCAT, Aladin), and try again."
            raise NotPossibleError(msg) from None
    lock, log = folder / "hub.samp", folder / "hub.log"
    variable = f"std-lockurl:{lock.as_uri()}"
    command = [
        "topcat",
        *JAVA,
        f"-Duser.home={folder}",
        "-jsamp",
        "hub",
        "-mode",
        "no-gui",
        "-profiles",
        "std,web",
        "-web:auth",
        "true",
    ]
    with _running(command, log, {**environment, "SAMP_HUB": variable}):
        wait_for("the hub's lock file", lambda: lock.exists() and "samp.hub.xmlrpc.url=" in lock.read_text())
        wait_for("the hub's port for web pages", lambda: _listens(WEB_PORT))
        yield variable


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


@contextmanager
def desktop(folder: Path, size: tuple[int, int] = SCREEN) -> Iterator[Topcat]:
    """Start screen, hub and TOPCAT; meanwhile, ``$SAMP_HUB`` of this process leads to the hub."""
    before = os.environ.get("SAMP_HUB")
    samp.conf.use_internet = False
    with ExitStack() as stack:
        shown = stack.enter_context(screen(folder, size))
        os.environ["SAMP_HUB"] = stack.enter_context(hub(folder, shown.environment))
        stack.callback(_restore, "SAMP_HUB", before)
        command = ["topcat", *JAVA, f"-Duser.home={folder}", "-samp", "-nohub"]
        environment = {**shown.environment, "SAMP_HUB": os.environ["SAMP_HUB"]}
        stack.enter_context(_running(command, folder / "topcat.log", environment))
        listener = stack.enter_context(Listener("listener"))
        client = wait_for("TOPCAT at the hub", lambda: listener.find("topcat"))
        # It registers first, and says a moment later what it takes.
        wait_for("what TOPCAT takes", lambda: listener.takes(client, "table.select.rowList"))
        wait_for("TOPCAT's window", lambda: shown.windows(MAIN))
        yield Topcat(shown, listener, client)


def _restore(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
