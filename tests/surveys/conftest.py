"""Files for readers."""

from __future__ import annotations

import pytest

from spectrove.surveys import SurveyFile, inspect, read


@pytest.fixture
def put(tmp_path):
    """Return a function that writes bytes to a file of a given name and returns its path."""

    def write(content, name="file"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def only(put):
    """Return a function that returns the one spectrum of some bytes."""

    def one(content, name="file", reader=None):
        (spectrum,) = read(put(content, name), reader)
        return spectrum

    return one


@pytest.fixture
def reason(put):
    """Return a function that returns why a reader declines some bytes."""

    def why(reader, content, name="file"):
        with SurveyFile(put(content, name)) as file:
            from spectrove.surveys import readers

            return readers()[reader].decline(file)

    return why


@pytest.fixture
def error(put):
    """Return a function that returns why some bytes cannot be used."""

    def words(content, name="file"):
        return inspect(put(content, name)).error

    return words
