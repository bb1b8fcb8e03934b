"""How a network is trained: the settings of `spectrove.training.fit`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spectrove.errors import TrainingError

if TYPE_CHECKING:
    import torch

BALANCE = ("smote", "none")
"""How the classes can be balanced."""

PRECISIONS = ("float32", "bfloat16")
"""What the network can be computed in while it is trained."""

DEVICES = ("auto", "cpu", "cuda")
"""Where it can be trained."""


@dataclass(frozen=True)
class FitConfig:
    """
    How a network is trained; the defaults are the paper's (sect. 3.4) and, where it says nothing, Keras's.

    Attributes
    ----------
    learning_rate : float
        Adam's step size.
    beta1, beta2 : float
        Adam's decay rates of the first and second moment.
    epsilon : float
        Adam's constant against division by zero, used as Keras uses it (see `fit`).
    batch_size : int
        Number of spectra in one step.
    min_delta : float
        The loss of an epoch is better if it is smaller by more than this.
    patience : int
        Training stops after so many epochs in a row that are not better.
    max_epochs : int or None
        Training stops after so many epochs at the latest; None sets no limit.
    balance : str
        ``smote`` or ``none``.
    threads : int or None
        Threads that compute; their number is part of what determines the result. None takes PyTorch's own number.
    precision : str
        ``float32``, or ``bfloat16``: the layers are computed in numbers of 8 significant bits where PyTorch's autocast holds that
        to be safe, which saves time where the processor has instructions for them. Loss, weights and Adam stay float32.
    device : str
        ``cpu``, ``cuda``, or ``auto``: a GPU if PyTorch sees one. Results are reproduced bit by bit on the same device only.
    warm_start : bool
        Whether a campaign goes on from the weights of its last network, see `spectrove.training.continue_from`; `fit` trains from
        the weights that the network has, whatever stands here.
    warm_epochs : int or None
        ``max_epochs`` of such a training; None leaves it as it is.

    Raises
    ------
    ValueError
        If a setting is out of its range.
    """

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-7
    batch_size: int = 64
    min_delta: float = 1e-4
    patience: int = 10
    max_epochs: int | None = None
    balance: str = "smote"
    threads: int | None = None
    precision: str = "float32"
    device: str = "auto"
    warm_start: bool = False
    warm_epochs: int | None = None

    def __post_init__(self) -> None:
        """Refuse settings with which no training can run."""
        for name in ("learning_rate", "epsilon"):
            if not 0 < getattr(self, name) < math.inf:
                msg = f"{name} must be positive and finite, got {getattr(self, name)}"
                raise ValueError(msg)
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                msg = f"{name} must be at least 0 and less than 1, got {getattr(self, name)}"
                raise ValueError(msg)
        for name in ("batch_size", "patience", "max_epochs", "threads", "warm_epochs"):
            value = getattr(self, name)
            if value is not None and value < 1:
                msg = f"{name} must be at least 1, got {value}"
                raise ValueError(msg)
        if not 0 <= self.min_delta < math.inf:
            msg = f"min_delta must not be negative, got {self.min_delta}"
            raise ValueError(msg)
        for name, known in (("balance", BALANCE), ("precision", PRECISIONS), ("device", DEVICES)):
            if getattr(self, name) not in known:
                msg = f"{name} must be one of {known}, got {getattr(self, name)!r}"
                raise ValueError(msg)


def device_of(config: FitConfig) -> torch.device:
    """
    Return the device that settings mean here.

    Parameters
    ----------
    config : FitConfig
        The settings.

    Returns
    -------
    torch.device
        A GPU if one is asked for, or ``auto`` and PyTorch sees one; else the processor.

    Raises
    ------
    TrainingError
        If a GPU is asked for and PyTorch sees none.
    """
    import torch

    is_there = config.device != "cpu" and torch.cuda.is_available()
    if config.device == "cuda" and not is_there:
        msg = "training: device is 'cuda', but PyTorch sees no GPU. Set it to 'auto' or 'cpu', or install PyTorch for your GPU."
        raise TrainingError(msg)
    return torch.device("cuda", torch.cuda.current_device()) if is_there else torch.device("cpu")


def settled(config: FitConfig) -> FitConfig:
    """
    Return the settings with all written down that they leave to the machine.

    Parameters
    ----------
    config : FitConfig
        The settings.

    Returns
    -------
    FitConfig
        The same; where no number of threads was given, with the one that PyTorch would take here, and with the device that
        ``auto`` means here.

    Raises
    ------
    TrainingError
        If a GPU is asked for and PyTorch sees none.
    """
    import torch

    return replace(config, threads=config.threads or torch.get_num_threads(), device=device_of(config).type)


LONG = FitConfig(min_delta=1e-5, patience=100)
"""The long training that comes before the result (paper, sect. 3.4)."""
