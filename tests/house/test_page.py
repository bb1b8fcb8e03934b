"""What the labeling page's modules, templates and style sheets keep to, and tsc does not see."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

LONGEST_MODULE = 500
LONGEST_LINE = 130
AS_MARKUP = re.compile(r"\b(innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|document\.write|DOMParser|srcdoc)\b")
AS_CODE = re.compile(r"\beval\(|\bnew Function\b|javascript:|\bset(Timeout|Interval)\(\s*[\"'`]")
IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']""")
ELSEWHERE = re.compile(r"""(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}""")
NAMESPACE = "http://www.w3.org/2000/svg"


@pytest.fixture(scope="module")
def web(repository) -> Path:
    return repository / "src" / "spectrove" / "web"


def texts(folder: Path, *patterns: str) -> dict[str, str]:
    """Return what is written in our files of these names, by path."""
    files = sorted(file for pattern in patterns for file in folder.rglob(pattern) if "vendor" not in file.parts)
    return {file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for file in files}


@pytest.fixture(scope="module")
def modules(web) -> dict[str, str]:
    found = texts(web / "static" / "js", "*.js")
    assert "pure/decide.js" in found
    return found


def found_in(written: dict[str, str], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number} {match.group()}"
        for name, text in written.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := pattern.search(line)) and not line.lstrip().startswith(("*", "//", "/**"))
    ]


def test_every_module_is_checked(modules):
    assert [name for name, text in modules.items() if not text.startswith("// @ts-check\n")] == []


def test_no_check_is_switched_off(modules, repository):
    scripts = modules | texts(repository / "tests" / "web" / "js", "*.js")
    assert found_in(scripts, re.compile(r"@ts-(ignore|nocheck)")) == []
    # An error that is expected says why, after it.
    assert [name for name, text in scripts.items() if re.search(r"@ts-expect-error\s*(\*/)?$", text, flags=re.MULTILINE)] == []


def test_no_text_becomes_markup_or_code(modules):
    assert found_in(modules, AS_MARKUP) == []
    assert found_in(modules, AS_CODE) == []


def test_nothing_is_loaded_from_elsewhere(web):
    written = texts(web, "*.js", "*.css", "*.html")
    wrong = [found for found in found_in(written, ELSEWHERE) if not found.endswith((NAMESPACE, "http://www.w3.org"))]
    assert wrong == []


def test_modules_import_files_by_relative_paths(modules, web):
    targets = {
        (name, target): (web / "static" / "js" / name).parent / target
        for name, text in modules.items()
        for target in IMPORT.findall(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))  # not the types in comments
    }
    wrong = [place for place, file in targets.items() if not (place[1].startswith(("./", "../")) and file.is_file())]
    assert wrong == []


def test_pure_modules_import_pure_modules_alone(modules):
    targets = {name: IMPORT.findall(text) for name, text in modules.items() if name.startswith("pure/")}
    assert {
        name: found for name, found in targets.items() if not all(re.fullmatch(r"\./\w+\.js", target) for target in found)
    } == {}


def test_every_pure_module_has_its_test(modules, repository):
    tests = {file.name.removesuffix(".test.js") for file in (repository / "tests" / "web" / "js").glob("*.test.js")}
    assert {Path(name).stem for name in modules if name.startswith("pure/")} == tests


def test_no_module_is_longer_than_five_hundred_lines_and_no_line_than_python_s(modules):
    assert {name: len(text.splitlines()) for name, text in modules.items() if len(text.splitlines()) > LONGEST_MODULE} == {}
    long = [
        f"{name}:{number} ({len(line)})"
        for name, text in modules.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if len(line) > LONGEST_LINE
    ]
    assert long == []


class Inline(HTMLParser):
    """Notes what a strict Content-Security-Policy forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(f"line {self.getpos()[0]}: <{tag}>")
        self.found += [f"line {self.getpos()[0]}: {name}" for name in names if name == "style" or name.startswith("on")]


def test_templates_hold_no_script_and_no_style(web):
    wrong = {}
    for name, text in texts(web, "*.html").items():
        parser = Inline()
        parser.feed(text)
        wrong[name] = parser.found
    assert {name: found for name, found in wrong.items() if found} == {}
