"""
A few quick jobs, one of each room, that are timed at every release or commit.

They are small, so that they take a minute; what the package does on millions of spectra, and beside its peers, is measured by the
programs beside this folder.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

import bench_ingest
import bench_round
import bench_scoring
import material
from harness import Options

from spectrove.pool import Pool
from spectrove.query import entropy, top_utilities
from spectrove.simulate import survey_files

N_SPECTRA = 20_000
N_CHOICE = 1_000_000
N_FILES = 400
N_TRAINED = 1024
NETWORKS = ["paper-2020", "compact"]


class OnMaterial:
    """What all have in common: small material, made once."""

    timeout = 180
    warmup_time = 0

    def setup_cache(self) -> Options:
        """Make a survey, networks, files and probabilities in asv's own folder."""
        options = Options(quick=True, full=False, sizes=(N_SPECTRA,), turns=1, data=Path.cwd() / "material")
        options.data.mkdir(exist_ok=True)
        for network in NETWORKS:
            material.checkpoint(options, network)
        material.fits_files(options, "lamost-image", N_FILES)
        bench_round.probabilities_file(options.data, N_CHOICE)
        return options


class Scoring(OnMaterial):
    """A pass over a small pool."""

    params = NETWORKS
    param_names = ("network",)

    def setup(self, options: Options, network: str) -> None:
        """Open the pool."""
        self.pool = bench_scoring.opened(options, N_SPECTRA)
        self.checkpoint = material.checkpoint(options, network)
        self.into = options.data / "scores"

    def time_score(self, options: Options, network: str) -> None:  # noqa: ARG002 - asv passes them
        """Score."""
        bench_scoring.scored(self.checkpoint, self.pool, self.into)


class Training(OnMaterial):
    """An epoch of a few steps."""

    params = NETWORKS
    param_names = ("network",)

    def setup(self, options: Options, network: str) -> None:
        """Read examples."""
        from bench_training import epoch

        from spectrove.training import Checkpoint

        features = bench_scoring.opened(options, N_SPECTRA).features(slice(0, N_TRAINED))
        labels = np.arange(len(features)) % 3
        model = Checkpoint.load(material.checkpoint(options, network)).build_network()
        self.run = epoch(model, features, labels, batch_size=256)

    def time_epoch(self, options: Options, network: str) -> None:  # noqa: ARG002 - asv passes them
        """Train."""
        self.run()


class Ingest(OnMaterial):
    """A few files."""

    def setup(self, options: Options) -> None:
        """Name the files."""
        self.folder = material.fits_files(options, "lamost-image", N_FILES)[0].parents[1]

    def time_fits(self, options: Options) -> None:
        """Ingest."""
        bench_ingest.ingested(self.folder, options.data / "ingested", 1, [])


class Choosing(OnMaterial):
    """The questions, from a million scored spectra."""

    def setup(self, options: Options) -> None:
        """Map the probabilities."""
        self.probabilities: Any = np.load(bench_round.probabilities_file(options.data, N_CHOICE), mmap_mode="r")
        self.ids = np.arange(N_CHOICE).astype(str).astype(object)

    def time_choose(self, options: Options) -> None:  # noqa: ARG002 - asv passes it
        """Choose."""
        top_utilities(self.probabilities, entropy, self.ids, 100, np.random.default_rng(0))

    def peakmem_choose(self, options: Options) -> None:
        """Choose."""
        self.time_choose(options)


class Opening(OnMaterial):
    """A pool."""

    def setup(self, options: Options) -> None:
        """Name the pool."""
        self.pool = survey_files(material.survey(options, N_SPECTRA)).pool

    def time_open(self, options: Options) -> None:  # noqa: ARG002 - asv passes it
        """Open it, and read one spectrum."""
        Pool.open(self.pool).features(slice(0, 1))
