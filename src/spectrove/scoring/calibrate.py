"""Which screen a pool is scored by, and what it deviates from float32 on a sample of the pool."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch

from spectrove.contracts import FloatArray, IntArray
from spectrove.errors import ConfigError
from spectrove.execution import InlineExecutor
from spectrove.pool import Pool
from spectrove.query import Strategy
from spectrove.scoring import openvino
from spectrove.scoring.bands import Deviations, first_reach, first_width
from spectrove.scoring.config import ScoreConfig
from spectrove.scoring.exact import network_of
from spectrove.scoring.rescore import MAX_SHARE, Band
from spectrove.scoring.tasks import EXACT, Screen, Work, compute, tasks_of_some

MIN_SCREENED = 65_536
"""Smaller pools are not screened: calibration and check would cost more than is saved."""

N_CALIBRATION = 8192
"""Rows of the sample; chosen: two seconds of the paper's network."""

N_CHUNKS = 64
"""Chunks that the sample is drawn from, so that it costs little reading; chosen."""

N_RANGES = 2048
"""Rows of the sample by which the ranges for int8 are found; chosen."""

MANY_MULTIPLICATIONS = 4_000_000
"""A network of more a spectrum is screened in int8, a smaller one in bfloat16: there, rescoring more costs what int8 saves."""


DEVICE = "cuda"
"""The device of `spectrove.scoring.gpu`."""


@dataclass(frozen=True)
class Calibration:
    """
    A screen, and what a sample says of it.

    Attributes
    ----------
    screen : Screen
        What the pool is to be scored by; `EXACT` if no screen is worth it.
    band : Band
        Around the decisions, for the rescoring to begin with.
    facts : dict
        For the scores' description.
    """

    screen: Screen
    band: Band
    facts: dict[str, Any]


def calibrate(work: Work, pool: Pool, config: ScoreConfig, strategy: Strategy, generator: np.random.Generator) -> Calibration:
    """
    Choose a screen and compare it with float32 on a sample of the pool.

    Parameters
    ----------
    work : Work
        Checkpoint, pool and threads.
    pool : Pool
        The pool.
    config : ScoreConfig
        The settings.
    strategy : Strategy
        What questions are chosen by.
    generator : numpy.random.Generator
        Draws the sample.

    Returns
    -------
    Calibration
        What to screen with.

    Raises
    ------
    ConfigError
        If a device or a runtime is asked for that is not here.
    """
    require_device(config)
    if pool.n_spectra < MIN_SCREENED:
        return _exact(f"the pool has fewer than {MIN_SCREENED} spectra")
    runtime = "device" if _on_gpu(config) else _runtime(config)
    if runtime == "torch" and config.precision in {"auto", "float32"}:
        return _exact("asked for" if config.runtime == "torch" else "OpenVINO is not installed")
    rows = sample(pool, generator)
    screen = _screen(work, pool, config.precision, runtime, rows)
    screened, exact = (_probabilities(work, one, rows) for one in (screen, EXACT))
    seen = Deviations.between(screened, exact)
    band = Band(first_width(seen), first_reach(strategy(screened), strategy(exact)))
    share = float(np.mean(seen.margins <= band.width))
    facts = {
        "n_calibration": rows.size,
        "calibrated": {"width": band.width, "reach": band.reach, "share": share},
    }
    if share > MAX_SHARE:
        exactly = _exact(f"the band of {screen.precision} would hold {share:.0%} of the pool")
        return Calibration(EXACT, exactly.band, {**facts, **exactly.facts})
    return Calibration(screen, band, {**facts, "runtime": screen.runtime, "precision": screen.precision})


def sample(pool: Pool, generator: np.random.Generator) -> IntArray:
    """
    Return rows of a random sample, drawn from some chunks.

    Parameters
    ----------
    pool : Pool
        The pool.
    generator : numpy.random.Generator
        Draws them.

    Returns
    -------
    array of int, shape (at most `N_CALIBRATION`,)
        In ascending order.
    """
    ranges = pool.row_ranges()
    chosen = np.sort(generator.choice(len(ranges), min(N_CHUNKS, len(ranges)), replace=False))
    from_each = -(-N_CALIBRATION // chosen.size)
    drawn = [
        begin + generator.choice(end - begin, min(from_each, end - begin), replace=False)
        for begin, end in (ranges[number] for number in chosen.tolist())
    ]
    return np.sort(np.concatenate(drawn))


def _exact(reason: str) -> Calibration:
    return Calibration(EXACT, Band(0.0, 0.0), {"runtime": EXACT.runtime, "precision": EXACT.precision, "reason": reason})


def require_device(config: ScoreConfig) -> None:
    """
    Make sure that the device asked for is there.

    Parameters
    ----------
    config : ScoreConfig
        The settings.

    Raises
    ------
    ConfigError
        If a GPU is asked for and PyTorch sees none.
    """
    if config.device == "cuda" and not torch.cuda.is_available():
        msg = "scoring: device 'cuda' is asked for, and PyTorch finds no CUDA device here. Choose 'cpu' or 'auto'."
        raise ConfigError(msg)


def _on_gpu(config: ScoreConfig) -> bool:
    wanted = config.device == "cuda" or (config.device == "auto" and config.precision != "int8" and config.runtime == "auto")
    return wanted and torch.cuda.is_available()


def _runtime(config: ScoreConfig) -> str:
    if config.runtime == "torch" or find_spec("openvino") is not None:
        return "torch" if config.runtime == "torch" else "openvino"
    if config.runtime == "openvino" or config.precision == "int8":
        msg = "OpenVINO is not installed, and the settings ask for it. Install it with `pip install openvino`."
        raise ConfigError(msg)
    warnings.warn(
        "OpenVINO is not installed, so the pool is scored by PyTorch in float32, several times slower. "
        "Install it with `pip install openvino`.",
        stacklevel=2,
    )
    return "torch"


def _screen(work: Work, pool: Pool, precision: str, runtime: str, rows: IntArray) -> Screen:
    if runtime == "device":
        return Screen(runtime, "bfloat16" if precision == "auto" else precision, device=DEVICE)
    if runtime == "torch":
        return Screen(runtime, precision)
    model = openvino.convert(network_of(work.checkpoint, work.checkpoint_hash), pool.n_wave, work.batch_size)
    if precision == "auto":
        small = "bfloat16" if openvino.has_bfloat16() else "float32"
        precision = "int8" if openvino.multiplications(model) >= MANY_MULTIPLICATIONS else small
    if precision != "int8":
        return Screen(runtime, precision)
    features = pool.features(rows[:: max(1, rows.size // N_RANGES)])
    n_batches = max(1, len(features) // work.batch_size)
    whole = np.resize(features, (n_batches * work.batch_size, pool.n_wave))
    return Screen(runtime, precision, openvino.observe(model, np.split(whole, n_batches)))


def _probabilities(work: Work, screen: Screen, rows: IntArray) -> FloatArray:
    return np.concatenate(list(InlineExecutor().run(compute, tasks_of_some(work, screen, rows))))
