"""The documentation does what it says: README, tutorials and how-to pages are run from top to bottom."""

from __future__ import annotations

import pytest

from pages import REPOSITORY, blocks, pages_to_run, run_page, typed

PAGE = """\
# A page

```console
$ echo one \\
    two > numbers.txt
$ cat numbers.txt
one two
$ for n in 1 2; do
>   echo "n=$n"
> done
```

1. An item

    ```python
    from pathlib import Path

    print(Path("numbers.txt").read_text().upper())
    ```

<!-- not run: it would fail -->
```console
$ false
```

```text
$ false
```
"""


def as_parameter(page):
    marks = [pytest.mark.slow] if "<!-- slow -->" in page.read_text(encoding="utf-8") else []
    return pytest.param(page, marks=marks, id=page.relative_to(REPOSITORY).as_posix())


@pytest.mark.parametrize("page", [as_parameter(page) for page in pages_to_run()])
def test_the_page_does_what_it_says(page, tmp_path, request):
    needs_real_spectra = "shared/data" in page.read_text(encoding="utf-8")
    run_page(page, tmp_path, request.getfixturevalue("shared_data") if needs_real_spectra else None)


@pytest.fixture
def page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    return page


def test_blocks_are_found_with_language_place_and_exemption(page):
    found = [(block.line, block.language, block.not_run, block.is_run_with_its_page) for block in blocks(page)]
    assert found == [
        (3, "console", None, True),
        (15, "python", None, True),
        (22, "console", "it would fail", False),
        (26, "text", None, False),
    ]


def test_of_a_console_block_only_the_commands_are_typed(page):
    assert list(typed(blocks(page)[0].text)) == [
        "echo one \\\n    two > numbers.txt",
        "cat numbers.txt",
        'for n in 1 2; do\n  echo "n=$n"\ndone',
    ]


def test_a_page_is_run_in_one_shell_and_one_folder(page, tmp_path):
    printed = run_page(page, tmp_path).splitlines()
    assert [line for line in printed if line in {"one two", "n=1", "n=2", "ONE TWO"}] == ["one two", "n=1", "n=2", "ONE TWO"]


def test_the_real_spectra_stand_where_a_page_expects_them(page, tmp_path):
    spectra = tmp_path / "elsewhere"
    spectra.mkdir()
    (spectra / "README.md").write_text("facts and traps")
    page.write_text("```console\n$ cat shared/data/README.md\n$ ls $SPECTROVE_SHARED_DATA\n```\n")
    assert "facts and traps" in run_page(page, tmp_path, spectra)


@pytest.mark.parametrize(
    "broken", ["```console\n$ false\n$ true\n```", "```console\n$ false | cat\n```", "```python\n1 / 0\n```"]
)
def test_a_page_that_fails_says_where(page, tmp_path, broken):
    page.write_text(f"# A page\n\n{broken}\n")
    with pytest.raises(AssertionError, match=r"page.md does not do what it says \(exit 1\)(.|\n)*page.md:3"):
        run_page(page, tmp_path)
