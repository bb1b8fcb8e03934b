"""The training of a network: one loop, readable from top to bottom (paper, sect. 3.4)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn import functional

from spectrove.contracts import FloatArray, IntArray, Progress, no_progress
from spectrove.errors import TrainingError
from spectrove.training.balance import smote

BALANCE = ("smote", "none")
"""How the classes can be balanced."""


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
        for name in ("batch_size", "patience", "max_epochs", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                msg = f"{name} must be at least 1, got {value}"
                raise ValueError(msg)
        if not 0 <= self.min_delta < math.inf:
            msg = f"min_delta must not be negative, got {self.min_delta}"
            raise ValueError(msg)
        if self.balance not in BALANCE:
            msg = f"balance must be one of {BALANCE}, got {self.balance!r}"
            raise ValueError(msg)


def with_threads(config: FitConfig) -> FitConfig:
    """
    Return the settings with their number of threads written down.

    Parameters
    ----------
    config : FitConfig
        The settings.

    Returns
    -------
    FitConfig
        The same; where no number of threads was given, with the one that PyTorch would take here.
    """
    return config if config.threads is not None else replace(config, threads=torch.get_num_threads())


@contextmanager
def _threads(number: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


LONG = FitConfig(min_delta=1e-5, patience=100)
"""The long training that comes before the result (paper, sect. 3.4)."""


@dataclass(frozen=True)
class FitResult:
    """
    How a training went.

    Attributes
    ----------
    history : tuple of float
        Loss of each epoch, nats a spectrum: the mean over the epoch's spectra, each seen by the network as it was at that step.
    best_epoch : int
        The epoch whose weights the network has now, an index into ``history``.
    stopped_by : str
        ``patience`` or ``max_epochs``.
    n_examples, n_balanced : tuple of int
        Number of examples of each class as given, and after the balancing.
    seed : int
        Seed of the order of the examples and of the dropout, drawn from the generator.
    """

    history: tuple[float, ...]
    best_epoch: int
    stopped_by: str
    n_examples: tuple[int, ...]
    n_balanced: tuple[int, ...]
    seed: int


@dataclass
class EarlyStop:
    """
    When to stop, as Keras's ``EarlyStopping`` decides on the training loss.

    Attributes
    ----------
    min_delta : float
        The loss of an epoch is better if it is smaller by more than this.
    patience : int
        The end comes after so many epochs in a row that are not better.
    best : float
        Smallest loss so far that was better.
    best_epoch : int
        Its epoch, from 0.
    """

    min_delta: float
    patience: int
    best: float = math.inf
    best_epoch: int = 0

    def is_better(self, epoch: int, loss: float) -> bool:
        """
        Take note of an epoch and return whether it is better than all before.

        Parameters
        ----------
        epoch : int
            The epoch, from 0.
        loss : float
            Its loss.

        Returns
        -------
        bool
            True if its weights are to be kept.
        """
        if not loss + self.min_delta < self.best:
            return False
        self.best, self.best_epoch = loss, epoch
        return True

    def is_over(self, epoch: int) -> bool:
        """
        Return whether the patience is at its end.

        Parameters
        ----------
        epoch : int
            The epoch that was noted last.

        Returns
        -------
        bool
            True to stop.
        """
        return epoch - self.best_epoch >= self.patience


def fit(
    network: torch.nn.Module,
    features: FloatArray,
    labels: IntArray,
    config: FitConfig,
    generator: np.random.Generator,
    progress: Progress = no_progress,
) -> FitResult:
    """
    Train a network in place and leave it with the weights of its best epoch.

    Adam [1]_ minimizes the categorical cross-entropy in steps that equal those of Keras: ε stands outside the bias
    correction (ε̂ in [1]_, end of sect. 2), so that tiny gradients make smaller steps early in the training than they do in
    `torch.optim.Adam` with the same ε. One difference to Keras remains: it clips probabilities to [1e-7, 1 - 1e-7] in the
    loss, so that an example predicted with more certainty than that gives no gradient; here nothing is clipped.

    The result depends on the network, the examples and their order, the settings, the generator and PyTorch's number of
    threads, and on nothing else. The global generators are as before when the training ends.

    Parameters
    ----------
    network : torch.nn.Module
        Maps features (n_spectra, n_wave) to logits (n_spectra, n_classes).
    features : array of float32, shape (n_spectra, n_wave)
        Scaled fluxes, dimensionless.
    labels : array of int, shape (n_spectra,)
        Class of each spectrum, from 0 to n_classes - 1.
    config : FitConfig
        The settings.
    generator : numpy.random.Generator
        Gives the seeds of the balancing, the order of the examples and the dropout.
    progress : callable
        Called after each epoch.

    Returns
    -------
    FitResult
        How it went.

    Raises
    ------
    TrainingError
        If there are examples of fewer than two classes, or a feature is not finite, or a label is no class, or the loss
        ceases to be a number.

    Warns
    -----
    UserWarning
        If classes have no example; the network is trained on the others.

    References
    ----------
    .. [1] Kingma & Ba 2015, 3rd Int. Conf. on Learning Representations, arXiv:1412.6980, algorithm 1 and sect. 2.
    """
    n_classes = _check_examples(network, features, labels)
    n_examples = np.bincount(labels, minlength=n_classes)
    if config.balance == "smote":
        features, labels = smote(features, labels, generator)
    inputs = torch.tensor(features, dtype=torch.float32)
    targets = torch.tensor(labels, dtype=torch.int64)
    optimizer = torch.optim.Adam(network.parameters(), config.learning_rate, (config.beta1, config.beta2), fused=True)
    stop = EarlyStop(config.min_delta, config.patience)
    history: list[float] = []
    best_weights = network.state_dict()
    seed = int(generator.integers(2**63))
    with _threads(config.threads), torch.random.fork_rng(devices=[]):  # dropout knows the global generator alone
        torch.default_generator.manual_seed(seed)
        while len(history) != config.max_epochs and (not history or not stop.is_over(len(history) - 1)):
            loss = _train_epoch(network, optimizer, inputs, targets, config)
            _check_loss(loss, len(history))
            if stop.is_better(len(history), loss):
                best_weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
            history.append(loss)
            progress(f"training, loss {loss:.5f}", len(history), config.max_epochs)
    network.load_state_dict(best_weights)
    network.eval()
    return FitResult(
        history=tuple(history),
        best_epoch=stop.best_epoch,
        stopped_by="patience" if stop.is_over(len(history) - 1) else "max_epochs",
        n_examples=tuple(n_examples.tolist()),
        n_balanced=tuple(np.bincount(labels, minlength=n_classes).tolist()),
        seed=seed,
    )


def _train_epoch(
    network: torch.nn.Module,
    optimizer: torch.optim.Adam,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    config: FitConfig,
) -> float:
    network.train()
    total = 0.0
    order = torch.randperm(len(targets))
    for start in range(0, len(order), config.batch_size):
        rows = order[start : start + config.batch_size]
        loss = functional.cross_entropy(network(inputs[rows]), targets[rows])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        _step_as_keras(optimizer, config)
        total += float(loss.detach()) * len(rows)
    return total / len(targets)


def _step_as_keras(optimizer: torch.optim.Adam, config: FitConfig) -> None:
    # PyTorch adds ε to the corrected root √(v/(1 - β₂ᵗ)), Keras to √v: this ε in the first is that ε in the second.
    for group in optimizer.param_groups:
        group["n_steps"] = group.get("n_steps", 0) + 1
        group["eps"] = config.epsilon / math.sqrt(1 - config.beta2 ** group["n_steps"])
    optimizer.step()


def _check_examples(network: torch.nn.Module, features: FloatArray, labels: IntArray) -> int:
    if features.ndim != 2 or labels.shape != features.shape[:1] or not labels.size or labels.dtype.kind not in "iu":
        msg = (
            "training set: features must have the shape (n_spectra, n_wave) and labels be integers of the shape (n_spectra,), "
            f"with at least one spectrum, got {features.shape} and {labels.dtype} {labels.shape}"
        )
        raise TrainingError(msg)
    finite = np.isfinite(features).all(axis=1)
    if not finite.all():
        msg = (
            f"training set: {np.count_nonzero(~finite)} of {labels.size} spectra hold values that are not finite, the first is "
            f"number {int(np.argmin(finite))} from 0. Leave them out."
        )
        raise TrainingError(msg)
    network.eval()
    with torch.inference_mode():
        n_classes = int(network(torch.tensor(features[:1], dtype=torch.float32)).shape[1])
    if labels.min() < 0 or labels.max() >= n_classes:
        wrong = sorted({int(label) for label in labels if not 0 <= label < n_classes})
        msg = f"training set: labels must be 0 to {n_classes - 1} for a network of {n_classes} classes, got {wrong}"
        raise TrainingError(msg)
    counts = np.bincount(labels, minlength=n_classes)
    missing = np.flatnonzero(counts == 0).tolist()
    if len(missing) > n_classes - 2:
        msg = f"training set: examples of at least 2 classes are needed, got {counts.tolist()} of classes 0 to {n_classes - 1}"
        raise TrainingError(msg)
    if missing:
        warnings.warn(
            f"training set: no example of {len(missing)} of {n_classes} classes (number {missing} from 0); "
            "the network is trained on the others and will hardly predict these",
            stacklevel=3,
        )
    return n_classes


def _check_loss(loss: float, epoch: int) -> None:
    if not math.isfinite(loss):
        msg = f"training: the loss is {loss} in epoch {epoch}, counted from 0. Try a smaller learning_rate."
        raise TrainingError(msg)
