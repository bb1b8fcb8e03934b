"""
What the benchmarks work on: synthetic surveys of several sizes, their FITS files, and networks trained on them.

All of it is kept in a folder, so that only the first run pays for it; names carry the versions that the content depends on.
"Quick" ones are tiny, to see that a benchmark runs.
"""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import numpy as np
from harness import Options, say

SEED = 1
N_LABELED = 12_936
"""Spectra of the paper's labeled set (Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.3); SMOTE makes 18,306 of them."""

N_PIXELS, COEFF0, HEADER_BYTES = 3904, 3.5682, 11_520
"""Pixels, first wavelength (log10 of Å) and bytes of the first header of LAMOST's real files."""

FILES_A_FOLDER = 1000

CLASSES = ("single-peak", "double-peak", "not-interesting")
N_FROM_POOL = 2000
"""Spectra of the pool that a network is trained on beside the labeled set, as after some rounds of questions."""

EPOCHS = {"paper-2020": 6, "compact": 12}
"""Enough for a network that knows what it sees; what is measured is not its accuracy."""


def survey(options: Options, n_pool: int) -> Path:
    """Return the directory of a synthetic survey, which is made if it is not there."""
    from spectrove.execution import make_executor
    from spectrove.pool.layout import FORMAT_VERSION
    from spectrove.simulate import SurveyConfig, is_finished, simulate_survey
    from spectrove.simulate.source import VERSION

    n_labeled = options.pick(N_LABELED, 90)
    directory = options.data / f"survey-{n_pool}-{n_labeled}-v{VERSION}.{FORMAT_VERSION}"
    if not is_finished(directory):
        say(f"making a survey of {n_pool:,} spectra in {directory}")
        config = SurveyConfig(n_pool=n_pool, n_labeled=n_labeled)
        with make_executor(options.pick(2, 1)) as executor:
            simulate_survey(directory, config, SEED, executor)
    return directory


def fits_files(options: Options, layout: str, n_files: int) -> list[Path]:
    """
    Return FITS files in a layout of LAMOST, as long as real ones are.

    Spectra of `spectrove.simulate` end soon beside Hα; these are noise on a slope, with as many pixels and cards as real ones.
    """
    directory = options.data / f"files-{layout}-{n_files}"
    if not directory.exists():
        say(f"writing {n_files:,} files into {directory}")
        generator = np.random.default_rng(SEED)
        partial = emptied(directory.with_suffix(".partial"))
        for number in range(n_files):
            folder = partial / f"{number // FILES_A_FOLDER:03d}"
            folder.mkdir(parents=True, exist_ok=True)
            name, content = _exposure(layout, number, generator)
            (folder / name).write_bytes(content)
        os.sync()  # the page cache lets go only of what is on the disk
        partial.rename(directory)
    return sorted(path for path in directory.rglob("*") if path.is_file())


def _exposure(layout: str, number: int, generator: np.random.Generator) -> tuple[str, bytes]:
    from spectrove.simulate import fits

    fiber, spectrograph, plate = number % 250 + 1, number // 250 % 16 + 1, number // 4000
    place = {"ra": number * 0.01 % 360, "dec": number * 0.001 % 80}
    exposure = fits.Exposure(
        f"HD{plate:04d}N", 56_000, spectrograph, fiber, number + 1, snr=20.0, pipeline=("STAR", "A2V"), **place
    )
    slope = np.linspace(1400, 900, N_PIXELS)
    flux, ivar = slope + generator.normal(0, 45, N_PIXELS), generator.uniform(4e-4, 6e-4, N_PIXELS)
    pixels = fits.Pixels(COEFF0, flux, ivar, flux / slope, generator.random(N_PIXELS) < 0.01)
    if layout == "lamost-table":
        content = _with_long_header(gzip.decompress(fits.lamost_table(exposure, pixels)))
        return f"spec-{exposure.key}.fits.gz", gzip.compress(content, 6, mtime=0)
    return f"spec-{exposure.key}.fits", _with_long_header(fits.lamost_image(exposure, pixels))


def _with_long_header(content: bytes) -> bytes:
    card, block = 80, 2880
    end = next(at for at in range(0, len(content), card) if content[at : at + card] == b"END".ljust(card))
    history = b"HISTORY as long as the headers of real files".ljust(card)
    header = content[:end] + history * ((HEADER_BYTES - end) // card - 1) + b"END".ljust(card)
    return header + content[-(-(end + card) // block) * block :]


def examples(directory: Path, n_from_pool: int) -> tuple[np.ndarray, np.ndarray]:
    """Return features and classes of a survey's labeled set, and of some spectra of its pool with their true labels."""
    import pyarrow.csv

    from spectrove.pool import Pool
    from spectrove.simulate import SurveyTruth, survey_files

    files = survey_files(directory)
    labeled, pool = Pool.open(files.labeled), Pool.open(files.pool)
    table = pyarrow.csv.read_csv(
        files.labels, convert_options=pyarrow.csv.ConvertOptions(include_columns=["spectrum_id", "label"])
    )
    label_of = dict(zip(table["spectrum_id"].to_pylist(), table["label"].to_pylist(), strict=True))
    labels = [CLASSES.index(label_of[id_]) for id_ in labeled.spectrum_ids[:]]
    truth = SurveyTruth.open(files.truth).codes(CLASSES)
    known = np.flatnonzero(truth >= 0)[:n_from_pool]
    features = np.concatenate([labeled.features(slice(None)), pool.features(known)])
    return features, np.concatenate([np.array(labels), truth[known]]).astype(np.int64)


def training_set(options: Options, n_examples: int) -> tuple[np.ndarray, np.ndarray]:
    """Return as many balanced examples as the paper trains on in each epoch, or fewer."""
    from spectrove.training.balance import smote

    features, labels = examples(survey(options, options.sizes[0]), 0)
    features, labels = smote(features, labels, np.random.default_rng(SEED))
    rows = np.random.default_rng(SEED).permutation(len(labels))[:n_examples]
    return features[rows].astype(np.float32), labels[rows]


def checkpoint(options: Options, network: str) -> Path:
    """Return the directory of a network that was trained on a survey's labeled set and a few spectra of its pool."""
    from spectrove.models import build
    from spectrove.pool import Pool
    from spectrove.simulate import survey_files
    from spectrove.training import Checkpoint, FitConfig, fit, weights_of

    source = survey(options, options.sizes[0])
    directory = options.data / f"checkpoint-{network}-{source.name}"
    if not _is_of_today(directory):
        epochs = options.pick(EPOCHS[network], 1)
        say(f"training {network} for {epochs} epochs, kept in {directory}")
        features, labels = examples(source, options.pick(N_FROM_POOL, 50))
        pool, generator = Pool.open(survey_files(source).pool), np.random.default_rng(SEED)
        model = build(network, pool.n_wave, len(CLASSES), generator)
        fit(model, features, labels, FitConfig(max_epochs=epochs, batch_size=256), generator)
        Checkpoint(network, pool.n_wave, CLASSES, pool.recipe.hash, weights_of(model)).save(directory)
    return directory


def _is_of_today(directory: Path) -> bool:
    from spectrove.errors import CheckpointError
    from spectrove.training import Checkpoint

    try:
        Checkpoint.load(directory).build_network()
    except CheckpointError:  # none, or of a network of the same name with other layers
        return False
    return True


def emptied(directory: Path) -> Path:
    """Return a directory's path after removing what was there."""
    shutil.rmtree(directory, ignore_errors=True)
    return directory


def linked(source: Path, target: Path) -> Path:
    """Return a copy of a directory whose files are links to the same data: it costs no room, and no benchmark rewrites them."""
    emptied(target)
    shutil.copytree(source, target, copy_function=lambda one, other: Path(other).hardlink_to(one))
    return target
