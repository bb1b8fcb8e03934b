"""What an experiment is made of: a survey, a campaign, and how often the network is trained without asking anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from spectrove.campaign import CampaignSettings
from spectrove.campaign.campaign import check_plug_ins
from spectrove.config import PRESETS, checked, merge, read_toml
from spectrove.errors import ConfigError
from spectrove.simulate import SurveyConfig
from spectrove.storage import read_sealed_json, storage_errors, write_sealed_json

FORMAT = "spectrove-experiment-settings"
FORMAT_VERSION = 1
"""Raised when settings that this software writes can no longer be read by an earlier one."""

SETTINGS = "experiment.json"
"""What an experiment's folder says of itself."""

DEFAULTS: Mapping[str, Any] = {"campaign": merge(PRESETS["paper-2020"], {"stopping": {"max_iterations": 40}})}
"""The paper's settings, and an end where its stopping rule never fires; the paper itself needed 17 iterations (sec. 3.4)."""


@dataclass(frozen=True)
class ExperimentSettings:
    """
    All that an experiment follows from, apart from the number of processes.

    Attributes
    ----------
    seed : int
        Seed of the survey, of the trainings and of every draw.
    survey : SurveyConfig
        The survey that is simulated.
    campaign : CampaignSettings
        The active search; its network and its long training are those of the runs without one, too.
    n_runs : int
        How many networks are trained on the labeled set alone; the paper's Table A.1 has three.
    n_judged : int
        How many spectra of each target class are then judged; 100 in the paper (Appendix A).

    Raises
    ------
    ValueError
        If a number is too small.
    """

    seed: int = 2020
    survey: SurveyConfig = field(default_factory=SurveyConfig)
    campaign: CampaignSettings = field(default_factory=CampaignSettings)
    n_runs: int = 3
    n_judged: int = 100

    def __post_init__(self) -> None:
        """Refuse numbers with which nothing can be measured."""
        for name, least in (("seed", 0), ("n_runs", 0), ("n_judged", 1)):
            if getattr(self, name) < least:
                msg = f"{name} must be at least {least}, got {getattr(self, name)}"
                raise ValueError(msg)


def load_experiment(path: Path | None = None, changes: Mapping[str, Any] | None = None) -> ExperimentSettings:
    """
    Return an experiment's settings: the paper's, changed by a file, changed by what else is said.

    Parameters
    ----------
    path : Path, optional
        A TOML file with the keys of `ExperimentSettings`: ``[survey]``, ``[campaign.fit]`` and so on.
    changes : mapping, optional
        Plain data, laid out as the file, that outrank it.

    Returns
    -------
    ExperimentSettings
        All settings, checked; the campaign's seed is the experiment's.

    Raises
    ------
    ConfigError
        If the file cannot be read, a key is unknown, or a value is impossible.
    PlugInError
        If the settings name a network, strategy or rule that cannot be had.
    """
    chosen = merge(merge(DEFAULTS, read_toml(path) if path is not None else {}), changes or {})
    settings = checked(ExperimentSettings, chosen, str(path) if path is not None else "settings of the experiment")
    settings = replace(settings, campaign=replace(settings.campaign, seed=settings.seed))
    check_plug_ins(settings.campaign)
    return settings


def plain(settings: ExperimentSettings) -> dict[str, Any]:
    """
    Return settings as JSON can hold them.

    Parameters
    ----------
    settings : ExperimentSettings
        The settings.

    Returns
    -------
    dict
        Plain data.
    """
    data: dict[str, Any] = TypeAdapter(ExperimentSettings).dump_python(settings, mode="json")
    return data


def keep_settings(directory: Path, settings: ExperimentSettings) -> None:
    """
    Write down what an experiment is made of, or compare it with what was written before.

    Parameters
    ----------
    directory : Path
        The experiment's folder; made if it does not exist.
    settings : ExperimentSettings
        The settings.

    Raises
    ------
    ConfigError
        If the folder holds something else, or an experiment with other settings.
    StorageError
        If the disk is full or cannot be written.
    """
    path = directory / SETTINGS
    if path.exists():
        before = read_sealed_json(path, FORMAT, FORMAT_VERSION, ConfigError)["settings"]
        different = sorted(_differences(before, plain(settings)))
        if different:
            msg = (
                f"{directory}: there is an experiment here already, with other settings ({'; '.join(different)}). Give the same "
                "ones to go on, or name a new folder."
            )
            raise ConfigError(msg)
        return
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        msg = f"{directory}: an experiment needs a folder of its own, and this is something else. Name a new one."
        raise ConfigError(msg)
    with storage_errors(directory):
        directory.mkdir(parents=True, exist_ok=True)
    write_sealed_json(path, {"format": FORMAT, "format_version": FORMAT_VERSION, "settings": plain(settings)})


def _differences(before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> list[str]:
    found = []
    for key in sorted({*before, *now}):
        old, new = before.get(key), now.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += _differences(old, new, f"{prefix}{key}.")
        elif old != new:
            found.append(f"{prefix}{key} is {new!r}, was {old!r}")
    return found
