"""A spectrum that a pool was made from, read once more from its file, which may have changed or gone since."""

from __future__ import annotations

from spectrove.errors import SpectroveError
from spectrove.spectrum import Spectrum
from spectrove.storage import is_remote, located, reading_errors
from spectrove.surveys.file import LARGEST, SurveyFile
from spectrove.surveys.reader import reader_of


def read_again(spectrum_id: str, file: str | None, format: str | None) -> tuple[Spectrum | None, str]:  # noqa: A002 - the pool's word
    """
    Return a spectrum from the file that the pool names, or one sentence that says why there is none.

    Parameters
    ----------
    spectrum_id : str
        The spectrum.
    file : str or None
        Path or URL that the pool has of it; None if it was not made from a file.
    format : str or None
        Name of the reader that read it then.

    Returns
    -------
    spectrum : Spectrum or None
        None where the file is gone, damaged, or holds another spectrum now.
    problem : str
        Why; empty if there is a spectrum.
    """
    if file is None:
        return None, f"{spectrum_id}: was not made from a file."
    try:
        with _opened(file) as opened:
            return _found(spectrum_id, opened, format)
    except FileNotFoundError:
        return None, f"{file}: the file was moved or deleted since the pool was made."
    except SpectroveError as error:
        return None, str(error)
    except OSError as error:
        return None, f"{file}: the file cannot be read ({error.strerror or error})."


def _opened(file: str) -> SurveyFile:
    path = located(file)
    with reading_errors(path):
        size = path.stat().st_size
        if not is_remote(path) or size > LARGEST:
            return SurveyFile(path)  # says why, where it is too large or cannot be read
        return SurveyFile(path, path.read_bytes())


def _found(spectrum_id: str, file: SurveyFile, format_name: str | None) -> tuple[Spectrum | None, str]:
    held: list[str] = []
    for spectrum in reader_of(file, format_name).read(file):
        if spectrum.spectrum_id == spectrum_id:
            return spectrum, ""
        held.append(str(spectrum.spectrum_id))
    more = f" and {len(held) - 1} more" if len(held) > 1 else ""
    what = f"holds {held[0]}{more}" if held else "holds no spectrum"
    return None, f"{file.path}: now {what}, not {spectrum_id} as when the pool was made."
