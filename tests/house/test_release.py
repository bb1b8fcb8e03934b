"""What is told to users at a release: the version, the changes, the files in the wheel."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile

import pytest

import spectrove

FRAGMENT = re.compile(r"[a-z0-9-]+\.(feature|fix|change|doc)\.md")


@pytest.fixture(scope="module")
def version(repository) -> str:
    with (repository / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]["version"]


def test_the_package_knows_its_version(version):
    assert spectrove.__version__ == version, "pyproject.toml is newer than the environment; run make test"


def test_the_newest_release_in_the_changelog_is_this_version(repository, version):
    released = re.findall(r"^## (\S+)", (repository / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert released[:1] in ([], [version])


def test_the_citation_names_this_version(repository, version):
    assert f"\nversion: {version}\n" in (repository / "CITATION.cff").read_text(encoding="utf-8")


def test_every_change_is_one_sentence_to_the_user(repository):
    wrong = []
    for fragment in sorted((repository / "changes").iterdir()):
        text = fragment.read_text(encoding="utf-8").strip()
        one_sentence = text.endswith(".") and "\n\n" not in text and not re.search(r"[.!?] [A-Z]", text)
        if fragment.suffix != ".jinja" and not (FRAGMENT.fullmatch(fragment.name) and one_sentence):
            wrong.append(fragment.name)
    assert wrong == []


def test_the_wheel_holds_every_file_of_the_package(repository, tmp_path):
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--quiet",
        "--wheel-dir",
        tmp_path,
        repository,
    ]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        packed = {name for name in wheel.namelist() if name.startswith("spectrove/")}
    files = (repository / "src" / "spectrove").rglob("*")
    written = {
        file.relative_to(repository / "src").as_posix() for file in files if file.is_file() and "__pycache__" not in file.parts
    }
    assert packed == written
